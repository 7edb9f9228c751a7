# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recurrent networks and control flow of ONNX: models built here, run by ONNX
Runtime, by the reference device, and by OpenVINO after ir-convert; and broken
ones, which have to be refused.

usage: onnx_bodies.py [FILTER]
"""
import multiprocessing
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


# --- control flow -------------------------------------------------------------------

TRUE = np.array(True)
I64, BOOL = TensorProto.INT64, TensorProto.BOOL
LOOP_INPUTS = [value('i', kind=I64, shape=[]), value('go', kind=BOOL, shape=[])]


def loop_body(nodes, states, outputs, constants=None, **shapes):
    """The outputs' first one is the condition."""
    return graph(nodes, LOOP_INPUTS + [value(name) for name in states],
                 [value(name, kind=BOOL if index == 0 else TensorProto.FLOAT,
                        shape=shapes.get(name)) for index, name in enumerate(outputs)],
                 constants)


def counted(trip, condition='', constant=True, body_condition=None):
    """y += x, up to `trip` times, with what y was each time."""
    nodes = [node('Add', 's x', 's2'), node('Identity', 's2', 'each'),
             body_condition or node('Identity', 'go', 'more')]
    known = {}
    if trip is not None:
        known['n'] = np.array(trip, np.int64)
    if condition:
        known[condition] = TRUE
    feeds = {'x': uniform(2, 3), 'y': uniform(2, 3)}
    feeds.update({} if constant else known)
    body = loop_body(nodes, ['s'], ['more', 's2', 'each'],
                     {'three': np.array(3, np.int64)}, each=[2, 3])
    return model([helper.make_node('Loop', ['n' if trip is not None else '', condition, 'y'],
                                   ['last', 'all'], body=body)],
                 feeds, ['last', 'all'], known if constant else {})


def growing():
    """The state gets longer in each iteration."""
    body = loop_body([node('Concat', 's x', 's2', axis=0), node('Identity', 'go', 'more'),
                      node('ReduceSum', 's2 axis', 'sum', keepdims=0)],
                     ['s'], ['more', 's2', 'sum'], {'axis': np.int64([0])})
    return model([helper.make_node('Loop', ['n', '', 's0'], ['last', 'sums'], body=body)],
                 {'x': uniform(2, 3), 's0': uniform(1, 3)}, ['last', 'sums'],
                 {'n': np.array(3, np.int64)})


def searching():
    """Two states, of which one counts and ends the loop."""
    body = loop_body([node('Add', 's x', 's2'), node('Add', 'k one', 'k2'),
                      node('ReduceMax', 's2', 'top', keepdims=0),
                      node('Less', 'top limit', 'more')],
                     ['s', 'k'], ['more', 's2', 'k2'],
                     {'limit': np.float32(5), 'one': np.float32(1)})
    return model([helper.make_node('Loop', ['n', 'go0', 's0', 'k0'], ['last', 'count'],
                                   body=body)],
                 {'x': uniform(2, 3) + 1.5, 's0': uniform(2, 3), 'n': np.array(100, np.int64),
                  'go0': TRUE}, ['last', 'count'], {'k0': np.float32(0)})


def nested():
    """A loop in a branch in a loop; all read what is outside of all."""
    inner = graph([node('Mul', 't outside', 't1'), node('Add', 't1 s', 't2'),
                   node('Identity', 'going', 'going2')],
                  [value('j', kind=I64, shape=[]), value('going', kind=BOOL, shape=[]),
                   value('t')], [value('going2', kind=BOOL), value('t2')])
    yes = graph([helper.make_node('Loop', ['two', '', 's'], ['u'], body=inner)], [],
                [value('u')], name='yes')
    no = graph([node('Sub', 's outside', 'v')], [], [value('v')], name='no')
    body = loop_body([node('Greater', 'i one', 'late'),
                      node('If', 'late', 's2', then_branch=yes, else_branch=no),
                      node('Identity', 'go', 'more')], ['s'], ['more', 's2'])
    return model([node('Neg', 'x', 'outside'),
                  helper.make_node('Loop', ['four', '', 'y'], ['last'], body=body)],
                 {'x': uniform(2, 3), 'y': uniform(2, 3)}, ['last'],
                 {'one': np.array(1, np.int64), 'two': np.array(2, np.int64),
                  'four': np.array(4, np.int64)})


def branching(taken, known=False, different=False):
    """Both branches read x; one reads y, the other a constant."""
    yes = graph([node('Mul', 'x y', 'p'), node('Identity', 'x', 'x2')], [],
                [value('p'), value('x2')], name='yes')
    no = graph([node('Concat', 'x x', 'q', axis=0) if different else node('Add', 'x c', 'q'),
                node('Identity', 'c', 'c2')], [], [value('q'), value('c2')], name='no')
    feeds = {'x': uniform(2, 3), 'y': uniform(1, 3)}
    constants = {'c': uniform(2, 3)}
    (constants if known else feeds)['taken'] = np.array(taken)
    return model([node('If', 'taken', 'a b', then_branch=yes, else_branch=no)],
                 feeds, ['a', 'b'], constants)


def shadowing():
    """The body's names are those that the node gives its outputs."""
    body = loop_body([node('Add', 's x', 'last'), node('Identity', 'last', 'all'),
                      node('Identity', 'go', 'more')], ['s'], ['more', 'last', 'all'])
    return model([helper.make_node('Loop', ['n', '', 'y'], ['last', 'all'], body=body)],
                 {'x': uniform(2, 3), 'y': uniform(2, 3)}, ['last', 'all'],
                 {'n': np.array(3, np.int64)})


def scan(in_axes, in_directions, out_axes, out_directions, opset=11):
    """Running sums over the columns and rows of two matrices."""
    body = graph([node('Add', 's a', 's1'), node('Mul', 's1 b', 's2'),
                  node('Mul', 's2 w', 'each'), node('Sub', 'a b', 'other')],
                 [value('s'), value('a'), value('b')],
                 [value('s2'), value('each'), value('other')])
    shapes = [(4, 3) if axis % 2 == 0 else (3, 4) for axis in in_axes]
    return model([node('Scan', 's0 x y', 'last each2 other2', body=body, num_scan_inputs=2,
                       scan_input_axes=in_axes, scan_input_directions=in_directions,
                       scan_output_axes=out_axes, scan_output_directions=out_directions)],
                 {'s0': uniform(3), 'x': uniform(*shapes[0]), 'y': uniform(*shapes[1]),
                  'w': uniform(3)}, ['last', 'each2', 'other2'], opset=opset)


def scan_8(batch, directions):
    body = graph([node('Add', 's a', 's2'), node('Mul', 's2 b', 'each')],
                 [value('s', shape=[3]), value('a', shape=[3]), value('b', shape=[1])],
                 [value('s2', shape=[3]), value('each', shape=[3])])
    return model([helper.make_node('Scan', ['', 's0', 'x', 'y'], ['last', 'all'], body=body,
                                   num_scan_inputs=2, directions=directions)],
                 {'s0': uniform(batch, 3), 'x': uniform(batch, 4, 3),
                  'y': uniform(batch, 4, 1)}, ['last', 'all'], opset=8)


def control_cases():
    for constant in (True, False):
        for trip in (0, 1, 5, -3):
            yield f'Loop {trip} times constant={constant}', \
                lambda t=trip, c=constant: counted(t, constant=c)
        yield f'Loop with condition constant={constant}', \
            lambda c=constant: counted(5, 'go0', c)
        yield f'Loop that stops constant={constant}', lambda c=constant: counted(
            50, 'go0', c, node('Less', 'i three', 'more'))
    yield 'Loop without a count', lambda: counted(
        None, 'go0', body_condition=node('Less', 'i three', 'more'))
    yield 'Loop without a count or condition', lambda: counted(
        None, body_condition=node('Less', 'i three', 'more'))
    yield 'Loop with a huge count', lambda: counted(
        2**62, 'go0', body_condition=node('Less', 'i three', 'more'))
    yield 'Loop growing', growing
    yield 'Loop searching', searching
    yield 'Loop nested', nested
    yield 'Loop shadowing', shadowing
    for taken in (True, False):
        for known in (True, False):
            yield f'If {taken} known={known}', lambda t=taken, k=known: branching(t, k)
            yield f'If {taken} known={known} different', \
                lambda t=taken, k=known: branching(t, k, True)
    for axes in ([0, 0], [1, 0], [-1, 1]):
        yield f'Scan along {axes}', lambda a=axes: scan(a, [0, 0], [0, 0], [0, 0])
    yield 'Scan backwards', lambda: scan([0, 1], [1, 0], [0, 0], [0, 0])
    yield 'Scan to columns', lambda: scan([0, 0], [0, 1], [1, -1], [0, 1])
    yield 'Scan prepending', lambda: scan([0, 0], [1, 1], [0, 1], [1, 1])
    yield 'Scan opset 9', lambda: scan([0, 0], [0, 0], [0, 0], [0, 0], 9)
    for batch in (1, 3):
        yield f'Scan-8 {batch}', lambda b=batch: scan_8(b, [0, 0])
        yield f'Scan-8 {batch} backwards', lambda b=batch: scan_8(b, [1, 0])


CASES = [*recurrent_cases(), *control_cases()]


# --- what has to be refused -------------------------------------------------------

def broken_loop(nodes, states, outputs, inputs=('n', '', 'y'), trip=3, more=()):
    body = loop_body([node('Identity', 'go', 'more'), *nodes], states, outputs)
    return model([helper.make_node('Loop', inputs, ['last'], body=body), *more],
                 {'x': uniform(2, 3), 'y': uniform(2, 3)}, ['last'],
                 {'n': np.array(trip)})


def broken_if(yes_outputs, yes_inputs=(), **branches):
    yes = graph([node('Neg', 'x', 'p'), node('Cast', 'x', 'p64', to=I64)],
                [value(name) for name in yes_inputs], [value(name) for name in yes_outputs])
    no = graph([node('Abs', 'x', 'q')], [], [value('q')])
    return model([helper.make_node('If', ['c'], ['a'], **(branches or dict(
        then_branch=yes, else_branch=no)))], {'x': uniform(2, 3), 'c': TRUE}, ['a'])


def broken_scan(lengths=(4, 4), **attributes):
    body = graph([node('Add', 's a', 's1'), node('Add', 's1 b', 's2')],
                 [value('s'), value('a'), value('b')], [value('s2')])
    return model([helper.make_node('Scan', ['s0', 'x', 'y'], ['last'], body=body,
                                   **attributes)],
                 {'s0': uniform(3), 'x': uniform(lengths[0], 3), 'y': uniform(lengths[1], 3)},
                 ['last'], opset=11)


ADD = [node('Add', 's x', 's2')]
REFUSED = {
    'reads its own output': (
        'cycle', lambda: broken_loop([node('Add', 's last', 's2')], ['s'], ['more', 's2'])),
    'reads what comes after it': (
        'cycle', lambda: broken_loop([node('Add', 's z', 's2')], ['s'], ['more', 's2'],
                                     more=[node('Neg', 'last', 'z')])),
    'cycle in a body': (
        'cycle', lambda: broken_loop([node('Add', 's q', 's2'), node('Neg', 's2', 'q')],
                                     ['s'], ['more', 's2'])),
    'reads nothing known': (
        '"nowhere"', lambda: broken_loop([node('Add', 's nowhere', 's2')], ['s'],
                                         ['more', 's2'])),
    'few body inputs': (
        '2 inputs, where 3', lambda: broken_loop(ADD, [], ['more', 's2'])),
    'many body inputs': (
        '4 inputs, where 3', lambda: broken_loop(ADD, ['s', 't'], ['more', 's2'])),
    'few body outputs': (
        '1 outputs, where 2', lambda: broken_loop(ADD, ['s'], ['more'])),
    'many body outputs': (
        '3 outputs, where 2', lambda: broken_loop(ADD + [node('Neg', 's2', 's3')], ['s'],
                                                  ['more', 's2', 's3'])),
    'no state': ('lacks an input', lambda: broken_loop(ADD, ['s'], ['more', 's2'],
                                                       ('n', '', ''))),
    'no inputs': ('two inputs', lambda: broken_loop(ADD, ['s'], ['more', 's2'], ())),
    'many trip counts': (
        'not one number', lambda: broken_loop(ADD, ['s'], ['more', 's2'], trip=[1, 2])),
    'real trip count': (
        'type f32', lambda: broken_loop(ADD, ['s'], ['more', 's2'], trip=np.float32(2))),
    'real condition': ('not boolean', lambda: broken_loop(
        ADD + [node('Neg', 's2', 's3')], ['s'], ['s3', 's2'])),
    'type changes': (
        'f32 here and boolean there', lambda: broken_loop(
            [node('Greater', 's x', 's2')], ['s'], ['more', 's2'])),
    'endless': ('ends it', lambda: broken_loop(ADD, ['s'], ['more', 's2'], ('', '', 'y'))),
    'next to endless': (
        'ends it', lambda: broken_loop(ADD, ['s'], ['more', 's2'], trip=2**62)),
    'too long': (
        'iterations', lambda: broken_loop(ADD, ['s'], ['more', 's2'], trip=10**9)),
    'no branch': ('no graph "else_branch"', lambda: broken_if(
        [], then_branch=graph([node('Neg', 'x', 'p')], [], [value('p')]))),
    'branch with an input': ('1 inputs', lambda: broken_if(['p'], ['w'])),
    'branch with two outputs': ('2 outputs', lambda: broken_if(['p', 'p64'])),
    'branches of different types': (
        'i64 here and f32 there', lambda: broken_if(['p64'])),
    'no number of slices': ('num_scan_inputs 0', broken_scan),
    'many slices': ('num_scan_inputs 9', lambda: broken_scan(num_scan_inputs=9)),
    'slices along no axis': (
        'axis 7', lambda: broken_scan(num_scan_inputs=2, scan_input_axes=[7, 0])),
    'many axes': (
        'not of 2 values', lambda: broken_scan(num_scan_inputs=2, scan_input_axes=[0] * 3)),
    'slices of two numbers': (
        '5 slices', lambda: broken_scan((4, 5), num_scan_inputs=2)),
    'unknown direction': ('"sideways"', lambda: recurrent('GRU', 'sideways')),
    'unknown activation': (
        '"Foo"', lambda: recurrent('RNN', activations=['Foo'])),
    'few activations': (
        '1 activations', lambda: recurrent('LSTM', activations=['Tanh'])),
    'sequence too long': (
        'length 9', lambda: recurrent('LSTM', lengths=[9, 1, 1])),
}


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


def run_openvino(pipe, path, names, feeds):
    compiled = openvino.Core().compile_model(path, 'CPU',
                                             {'INFERENCE_PRECISION_HINT': 'f32'})
    results = compiled(feeds)
    pipe.send([results[name] for name in names])


class Died(Exception):
    """Not a process of ours."""


def ask_openvino(path, names, feeds):
    """In a process of its own: compiling a Loop ends in a division by zero on some
    processors."""
    ours, theirs = multiprocessing.Pipe(False)
    process = multiprocessing.get_context('fork').Process(
        target=run_openvino, args=(theirs, path, names, feeds))
    process.start()
    theirs.close()
    try:
        return ours.recv()
    except EOFError:
        process.join()
        if process.exitcode >= 0:
            raise AssertionError('OpenVINO refuses the IR') from None
        raise Died(f'OpenVINO died of signal {-process.exitcode}') from None
    finally:
        process.join()


def check(make):
    made, feeds = make()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(made.SerializeToString(), options,
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
        compare('OpenVINO', ask_openvino(os.path.join(folder, 'model.xml'), names, feeds),
                want)


def check_refused(text, make):
    made, feeds = make()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.onnx')
        with open(path, 'wb') as file:
            file.write(made.SerializeToString())
        words = ['ir-infer', '-silent', '-m', path, '-d', 'REFERENCE', '-o', folder]
        for name, array in feeds.items():
            np.save(os.path.join(folder, f'{name}.npy'), array)
            words += ['-i', f'{name}={folder}/{name}.npy']
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 1 or text not in done.stderr or done.stderr.count('ERROR') != 1:
        raise AssertionError(f'{done.returncode}: {done.stderr.strip()[-300:]}')


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ''
    passed = failed = skipped = 0
    checks = [(name, lambda m=make: check(m)) for name, make in CASES]
    checks += [(f'refused: {name}', lambda w=why: check_refused(*w))
               for name, why in REFUSED.items()]
    for name, test in checks:
        if wanted not in name:
            continue
        try:
            test()
            passed += 1
            print(f'ok {name}')
        except Died as reason:
            skipped += 1
            print(f'skip {name}: {reason}')
        except Exception as reason:  # of whatever was run
            failed += 1
            print(f'FAIL {name}: {str(reason).strip()[-400:]}')
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
