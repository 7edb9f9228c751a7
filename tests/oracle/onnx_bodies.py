# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recurrent networks and control flow of ONNX: models built here, run by ONNX
Runtime, by the reference device, and by OpenVINO after ir-convert.

usage: onnx_bodies.py [FILTER]
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

RTOL, ATOL = 1e-4, 1e-5
KINDS = {np.dtype('float32'): TensorProto.FLOAT, np.dtype('int64'): TensorProto.INT64,
         np.dtype('int32'): TensorProto.INT32, np.dtype('bool'): TensorProto.BOOL}

random = np.random.default_rng(7)


def uniform(*shape):
    return random.uniform(-1, 1, shape).astype(np.float32)


def value(name, array=None, kind=TensorProto.FLOAT, shape=None):
    """A typed name: like `array`, or of a kind, without a shape unless given."""
    if array is not None:
        return helper.make_tensor_value_info(name, KINDS[array.dtype], array.shape)
    return helper.make_tensor_value_info(name, kind, shape)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def graph(nodes, inputs, outputs, constants=None, name='body'):
    constants = [numpy_helper.from_array(array, key)
                 for key, array in (constants or {}).items()]
    return helper.make_graph(nodes, name, inputs, outputs, constants)


def model(nodes, feeds, outputs, constants=None, opset=14):
    """`feeds` are the inputs with their values, `outputs` names or typed names."""
    outputs = [value(output) if isinstance(output, str) else output for output in outputs]
    made = helper.make_model(
        graph(nodes, [value(name, array) for name, array in feeds.items()], outputs,
              constants, 'main'),
        opset_imports=[helper.make_opsetid('', opset)], ir_version=8)
    return made, feeds


# --- recurrent networks ---------------------------------------------------------

BATCH, TIME, FEATURES, HIDDEN = 3, 4, 5, 2
GATES = {'LSTM': 4, 'GRU': 3, 'RNN': 1}


def recurrent(op, direction='forward', lengths=None, states=True, biases=True,
              peepholes=False, layout=0, fed=False, opset=14, **attributes):
    """With `fed` weights are inputs of the model."""
    n = 2 if direction == 'bidirectional' else 1
    rows = GATES[op] * HIDDEN
    feeds = {'X': uniform(TIME, BATCH, FEATURES)}
    rest = {'W': uniform(n, rows, FEATURES), 'R': uniform(n, rows, HIDDEN)}
    if biases:
        rest['B'] = uniform(n, 2 * rows)
    if lengths is not None:
        rest['lengths'] = np.array(lengths, np.int32)
    if states:
        feeds['h'] = uniform(n, BATCH, HIDDEN)
        if op == 'LSTM':
            feeds['c'] = uniform(n, BATCH, HIDDEN)
    if peepholes:
        rest['P'] = uniform(n, 3 * HIDDEN)
    if layout:
        for name in set(feeds) & {'X', 'h', 'c'}:
            feeds[name] = np.ascontiguousarray(feeds[name].swapaxes(0, 1))
        attributes['layout'] = layout
    if fed:
        feeds.update(rest)
        rest = {}
    known = {**feeds, **rest}
    order = ['X', 'W', 'R', 'B', 'lengths', 'h'] + (['c', 'P'] if op == 'LSTM' else [])
    inputs = [name if name in known else '' for name in order]
    while not inputs[-1]:
        inputs.pop()
    outputs = ['Y', 'Yh'] + (['Yc'] if op == 'LSTM' else [])
    return model([helper.make_node(op, inputs, outputs, hidden_size=HIDDEN,
                                   direction=direction, **attributes)],
                 feeds, outputs, rest, opset)


def recurrent_cases():
    for op in GATES:
        for direction in ('forward', 'reverse', 'bidirectional'):
            for lengths in (None, [4, 1, 2], [3, 0, 4]):
                yield f'{op} {direction} {lengths}', lambda a=(op, direction, lengths): \
                    recurrent(*a)
            yield f'{op} {direction} bare', lambda o=op, d=direction: \
                recurrent(o, d, states=False, biases=False)
        yield f'{op} fed', lambda o=op: recurrent(o, 'bidirectional', [2, 4, 3], fed=True)
        yield f'{op} clip', lambda o=op: recurrent(o, clip=0.3)
        yield f'{op} opset 7', lambda o=op: recurrent(o, opset=7)
    for linear in (0, 1):
        for functions in (['Sigmoid', 'Tanh'], ['HardSigmoid', 'Softsign']):
            yield f'GRU {functions} linear {linear}', \
                lambda l=linear, f=functions: recurrent(
                    'GRU', 'bidirectional', [4, 1, 2], linear_before_reset=l,
                    activations=f * 2)
    for functions, more in (
            (['Sigmoid', 'Relu', 'Tanh'], {}),
            (['HardSigmoid', 'Tanh', 'Elu'],
             dict(activation_alpha=[0.3, 1.5], activation_beta=[0.6])),
            (['Tanh', 'HardSigmoid', 'LeakyRelu'],
             dict(activation_alpha=[0.3, 0.2], activation_beta=[0.4])),
            (['Sigmoid', 'ScaledTanh', 'Softsign'],
             dict(activation_alpha=[0.7], activation_beta=[1.3])),
            (['Sigmoid', 'Affine', 'Softplus'],
             dict(activation_alpha=[0.7], activation_beta=[0.1])),
            (['Sigmoid', 'ThresholdedRelu', 'Tanh'], dict(activation_alpha=[0.2]))):
        yield f'LSTM {functions}', lambda f=functions, m=more: \
            recurrent('LSTM', 'reverse', [4, 1, 2], activations=f, **m)
    yield 'LSTM two kinds of activations', lambda: recurrent(
        'LSTM', 'bidirectional', activations=['Sigmoid', 'Tanh', 'Tanh',
                                              'Sigmoid', 'Relu', 'Softsign'])
    yield 'LSTM coupled', lambda: recurrent('LSTM', 'bidirectional', input_forget=1)
    for direction in ('forward', 'bidirectional'):
        for clip in ({}, {'clip': 0.3}):
            yield f'LSTM peepholes {direction} {clip}', lambda d=direction, c=clip: \
                recurrent('LSTM', d, [4, 0, 2], peepholes=True, **c)
    yield 'LSTM peepholes fed', lambda: recurrent('LSTM', peepholes=True, fed=True)


CASES = [*recurrent_cases()]


# --- running ----------------------------------------------------------------------

def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f'{words[0]} {done.returncode}: '
                             + (done.stdout + done.stderr).strip()[-300:])


def compare(who, got, want):
    for index, (have, wanted) in enumerate(zip(got, want, strict=True)):
        if have.shape != wanted.shape:
            raise AssertionError(f'{who}: output {index} has the shape {have.shape}, '
                                 f'not {wanted.shape}')
        if not np.allclose(have, wanted, RTOL, ATOL):
            raise AssertionError(f'{who}: output {index} differs by '
                                 f'{np.abs(have - wanted).max():g}')


def check(make):
    made, feeds = make()
    session = onnxruntime.InferenceSession(made.SerializeToString(),
                                           providers=['CPUExecutionProvider'])
    names = [output.name for output in made.graph.output]
    want = session.run(names, feeds)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.onnx')
        onnx.save(made, path)
        words = []
        for name, array in feeds.items():
            np.save(os.path.join(folder, f'{name}.npy'), array)
            words += ['-i', f'{name}={folder}/{name}.npy']
        run('ir-infer', '-silent', '-m', path, '-d', 'REFERENCE', '-o', folder, *words)
        compare('REFERENCE', [np.load(f'{folder}/{name}.npy') for name in names], want)
        run('ir-convert', '--silent', '--input_model', path, '--output_dir', folder)
        core = openvino.Core()
        compiled = core.compile_model(os.path.join(folder, 'model.xml'), 'CPU',
                                      {'INFERENCE_PRECISION_HINT': 'f32'})
        results = compiled(feeds)
        compare('OpenVINO', [results[name] for name in names], want)


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ''
    passed = failed = 0
    for name, make in CASES:
        if wanted not in name:
            continue
        try:
            check(make)
            passed += 1
            print(f'ok {name}')
        except Exception as reason:  # of whatever was run
            failed += 1
            print(f'FAIL {name}: {str(reason).strip()[-400:]}')
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
