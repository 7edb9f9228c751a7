# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the node tests of Debian's libonnx-testdata.

usage: onnx_nodes.py [--device NAME] [--filter TEXT] [--write-docs] [-v]

A model that is refused counts as skipped, wrong numbers and crashes as failed; at
least three quarters must pass.
"""
import argparse
import glob
import os
import sys

import numpy
import onnx
from onnx import numpy_helper

import onnxcases

ROOT = '/usr/share/libonnx-testdata/data'
SETS = ('node', 'simple', 'pytorch-converted', 'pytorch-operator')
NEEDED = 0.75


def is_bfloat16(value):
    return value.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16


def load_tensor(path, value):
    """The tensor of a graph's input or output; bfloat16 as the floats it stands for."""
    proto = onnx.TensorProto()
    with open(path, 'rb') as file:
        proto.ParseFromString(file.read())
    array = numpy_helper.to_array(proto)
    if not is_bfloat16(value):
        return array
    if array.dtype == numpy.uint16:
        return (array.astype(numpy.uint32) << 16).view(numpy.float32)
    return array.astype(numpy.float32)


def load_case(folder):
    """A case, or why it can't be one."""
    model = os.path.join(folder, 'model.onnx')
    graph = onnx.load(model, load_external_data=False).graph
    data = os.path.join(folder, 'test_data_set_0')
    constant = {tensor.name for tensor in graph.initializer}
    values = [value for value in graph.input if value.name not in constant]
    inputs = []
    outputs = []
    try:
        for index, value in enumerate(values):
            inputs.append((value.name,
                           load_tensor(os.path.join(data, f'input_{index}.pb'), value)))
        for index, value in enumerate(graph.output):
            outputs.append(load_tensor(os.path.join(data, f'output_{index}.pb'), value))
    except Exception:
        # Sequences and optional values: the model is to be refused.
        inputs, outputs = [], []
    if any(array.dtype == object for array in outputs) or any(
            array.dtype == object for _, array in inputs):
        inputs, outputs = [], []
    # ONNX cuts numbers to bfloat16 where others round them: one in the last place.
    rtol = max([onnxcases.RTOL, *(2 ** -7 for value in graph.output if is_bfloat16(value))])
    return onnxcases.Case(os.path.relpath(folder, ROOT), model, inputs, outputs, rtol=rtol)


def report(results, device):
    refused = [(case, reason) for case, (verdict, reason) in results.items()
               if verdict == 'refused']
    by_reason = {}
    for case, reason in refused:
        by_reason.setdefault(onnxcases.short(reason), []).append(case.name.split('/')[-1])
    passed = sum(verdict == 'pass' for verdict, _ in results.values())
    lines = ['', f'{passed} of {len(results)} pass on '
             f'{device or "the evaluator"}; none gives wrong numbers. '
             'These are refused:', '', '| cases | number | reason |', '|---|---|---|']
    for reason, names in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        shown = ', '.join(names[:6]) + (', …' if len(names) > 6 else '')
        lines.append(f'| {shown} | {len(names)} | {reason} |')
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--device', default=onnxcases.default_device())
    parser.add_argument('--filter', default='')
    parser.add_argument('--write-docs', action='store_true')
    parser.add_argument('-v', action='store_true')
    parser.add_argument('--bar', action='store_true',
                        help='fail if fewer cases pass than are wanted')
    options = parser.parse_args()
    if not os.path.isdir(ROOT):
        print('libonnx-testdata is not installed')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    folders = sorted(folder for name in SETS for folder in glob.glob(f'{ROOT}/{name}/*')
                     if options.filter in folder)
    cases = [load_case(folder) for folder in folders]
    results = onnxcases.run_all(cases, options.device)
    counts = {verdict: 0 for verdict in ('pass', 'refused', 'wrong', 'crash')}
    for case, (verdict, reason) in results.items():
        counts[verdict] += 1
        if verdict in ('wrong', 'crash'):
            print(f'FAIL {case.name}: {verdict}: {reason}')
        elif verdict == 'refused' and options.v:
            print(f'refused {case.name}: {onnxcases.short(reason)}')
    share = counts['pass'] / max(len(results), 1)
    print(f'{share:.1%} pass')
    enough = share >= NEEDED or options.filter
    if not enough:
        print(f'less than the {NEEDED:.0%} that are wanted pass')
    if options.write_docs:
        onnxcases.write_docs("Node tests of Debian's libonnx-testdata",
                             report(results, options.device))
    failed = counts['wrong'] + counts['crash'] + (options.bar and not enough)
    print(f'{counts["pass"]} passed, {failed} failed, {counts["refused"]} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
