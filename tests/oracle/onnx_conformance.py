# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the conformance sets of the test data that are ONNX.

usage: onnx_conformance.py [--device NAME] [--filter TEXT] [--write-docs] [-v]
"""
import argparse
import json
import os
import sys

import numpy
import onnx

import onnxcases

ROOT = os.path.join(onnxcases.TESTDATA, 'conformance')
NEEDED = 0.9


def model_inputs(model):
    graph = onnx.load(model, load_external_data=False).graph
    constant = {tensor.name for tensor in graph.initializer}
    return [value.name for value in graph.input if value.name not in constant]


def openvino_cases():
    root = os.path.join(ROOT, 'openvino_onnx')
    for entry in json.load(open(os.path.join(root, 'cases.json'))):
        folder = os.path.join(root, entry['name'])
        inputs = [(name, numpy.load(os.path.join(folder, f'input_{i}.npy')))
                  for i, name in enumerate(entry['inputs'])]
        outputs = [numpy.load(os.path.join(folder, f'output_{i}.npy'))
                   for i in range(len(entry['outputs']))]
        # Values that nobody verified are transcribed with few digits and maybe flat.
        yield onnxcases.Case('openvino_onnx/' + entry['name'],
                             os.path.join(folder, 'model.onnx'), inputs, outputs,
                             flat=True, rtol=1e-2, atol=1e-2)


def opencv_cases():
    root = os.path.join(ROOT, 'opencv_extra')
    for entry in json.load(open(os.path.join(root, 'cases.json'))):
        if entry['framework'] != 'onnx':
            continue
        folder = os.path.join(root, 'onnx', entry['name'])
        models = entry['model'] if isinstance(entry['model'], list) else [entry['model']]
        model = os.path.join(folder, models[0])
        inputs = [(name, numpy.load(os.path.join(folder, file)))
                  for name, file in zip(model_inputs(model), entry['inputs'])]
        outputs = [numpy.load(os.path.join(folder, file)) for file in entry['outputs']]
        yield onnxcases.Case('opencv_extra/' + entry['name'], model, inputs, outputs,
                             flat=True, rtol=1e-4, atol=1e-4)


def report(results, device):
    passed = sum(verdict == 'pass' for verdict, _ in results.values())
    lines = ['', f'{passed} of {len(results)} pass on {device or "the evaluator"}.']
    rest = [(case, reason) for case, (verdict, reason) in results.items() if verdict != 'pass']
    if rest:
        lines += ['', '| case | reason |', '|---|---|']
        lines += [f'| {case.name} | {onnxcases.short(reason)} |' for case, reason in rest]
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
        print(f'no test data in {onnxcases.TESTDATA}')
        print('0 passed, 0 failed, 1 skipped')
        return 0
    cases = [case for case in [*openvino_cases(), *opencv_cases()] if options.filter in case.name]
    results = onnxcases.run_all(cases, options.device)
    counts = {verdict: 0 for verdict in ('pass', 'refused', 'wrong', 'crash')}
    for case, (verdict, reason) in results.items():
        counts[verdict] += 1
        if verdict in ('wrong', 'crash') or (verdict == 'refused' and options.v):
            print(f'FAIL {case.name}: {verdict}: {onnxcases.short(reason)}')
    enough = counts['pass'] >= NEEDED * len(cases) or options.filter
    if not enough:
        print(f'less than the {NEEDED:.0%} that are wanted pass')
    if options.write_docs:
        onnxcases.write_docs('Conformance sets of the test data',
                             report(results, options.device))
    failed = counts['wrong'] + counts['crash'] + (options.bar and not enough)
    print(f'{counts["pass"]} passed, {failed} failed, {counts["refused"]} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
