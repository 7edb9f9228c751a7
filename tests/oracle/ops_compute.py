# SPDX-License-Identifier: LGPL-2.1-or-later
"""Convolution, pooling, element-wise ops, linear algebra, reductions,
normalisation and quantisation against OpenVINO."""
import sys

import numpy
import openvino.opset1 as opset1
import openvino.opset8 as opset8
import openvino.opset14 as op
import openvino.opset15 as opset15

from oplib import Ops, close


class Case:
    """An op for Ops.case(); `expected` is for those where OpenVINO's CPU device
    does not follow the op's definition."""

    def __init__(self, name, build, *inputs, expected=None):
        self.name = name
        self.build = build
        self.inputs = inputs
        self.check = expected and (
            lambda ours, theirs: close(ours[0], expected[0], 1e-5))


def random(seed, *shape, low=-1.0, high=1.0, dtype=numpy.float32):
    """Numbers in [low, high), the same ones for the same seed."""
    generator = numpy.random.default_rng(seed)
    if numpy.issubdtype(dtype, numpy.floating):
        return generator.uniform(low, high, shape).astype(dtype)
    return generator.integers(int(low), int(high), shape).astype(dtype)


def constant(array, dtype=None):
    return op.constant(numpy.asarray(array, dtype))


def convolutions():
    weights = random(1, 6, 4, 3, 3)
    for name, shape, strides, begin, end, dilations, pad in (
            ('plain', (2, 4, 9, 8), [1, 1], [0, 0], [0, 0], [1, 1], 'explicit'),
            ('strided', (1, 4, 9, 8), [2, 3], [1, 0], [0, 2], [1, 1], 'explicit'),
            ('dilated', (1, 4, 11, 9), [1, 2], [2, 1], [2, 1], [2, 3], 'explicit'),
            ('upper', (1, 4, 9, 8), [2, 2], [0, 0], [0, 0], [1, 1], 'same_upper'),
            ('lower', (1, 4, 8, 8), [2, 2], [0, 0], [0, 0], [1, 1], 'same_lower'),
            ('valid', (1, 4, 8, 8), [1, 1], [3, 3], [3, 3], [1, 1], 'valid')):
        yield Case(f'convolution {name}',
                   lambda x, a=(strides, begin, end, dilations, pad):
                   op.convolution(x, constant(weights), *a), random(2, *shape))
        yield Case(f'group_convolution {name}',
                   lambda x, a=(strides, begin, end, dilations, pad):
                   op.group_convolution(
                       x, constant(random(3, 2, 3, 2, 3, 3)), *a), random(4, *shape))
        if pad == 'explicit':
            yield Case(f'backprop {name}',
                       lambda x, s=strides, b=begin, e=end, d=dilations:
                       op.convolution_backprop_data(
                           x, constant(random(5, 4, 3, 3, 3)), s, None, b, e, d,
                           'explicit', [s[0] - 1, s[1] - 1]), random(6, *shape))
            yield Case(f'group_backprop {name}',
                       lambda x, s=strides, b=begin, e=end, d=dilations:
                       op.group_convolution_backprop_data(
                           x, constant(random(7, 2, 2, 3, 3, 3)), s, None, b, e, d),
                       random(8, *shape))
    for pad in ('explicit', 'same_upper', 'same_lower', 'valid'):
        for size in ([8, 9], [12, 13]):
            yield Case(f'backprop output_shape {pad} {size}',
                       lambda x, p=pad, s=size: op.convolution_backprop_data(
                           x, constant(random(9, 2, 3, 3, 3)), [2, 2],
                           constant(s, numpy.int64), [1, 1], [1, 1], [1, 1], p),
                       random(10, 1, 2, 5, 5))
    yield Case('convolution 1d', lambda x: op.convolution(
        x, constant(random(11, 3, 2, 3)), [2], [1], [1], [1]), random(12, 2, 2, 9))
    yield Case('convolution 3d', lambda x: op.convolution(
        x, constant(random(13, 3, 2, 3, 2, 2)), [1, 2, 1], [1, 0, 1], [1, 0, 0],
        [1, 1, 2]), random(14, 1, 2, 5, 6, 7))


def pools():
    x = random(20, 2, 3, 7, 8)
    for pad in ('explicit', 'same_upper', 'same_lower', 'valid'):
        for rounding in ('floor', 'ceil', 'ceil_torch'):
            for begin, end in (([0, 0], [0, 0]), ([1, 1], [1, 1]), ([0, 1], [1, 0])):
                name = f'{pad} {rounding} {begin} {end}'
                sizes = ([2, 3], begin, end, [3, 3])
                if rounding != 'ceil_torch':
                    yield Case(f'max_pool-1 {name}',
                               lambda x, a=(*sizes, rounding, pad):
                               opset1.max_pool(x, *a), x)
                yield Case(f'max_pool-14 {name}',
                           lambda x, r=rounding, p=pad, b=begin, e=end:
                           op.max_pool(x, [2, 3], [1, 2], b, e, [3, 2], r, p,
                                       'i32', 2), x)
                for exclude in (True, False):
                    # The last window has no element: NaN there, 0 here.
                    if exclude and (pad, rounding, begin, end) == (
                            'explicit', 'ceil', [1, 1], [1, 1]):
                        continue
                    yield Case(f'avg_pool {name} exclude={exclude}',
                               lambda x, a=(*sizes, exclude, rounding, pad):
                               op.avg_pool(x, *a), x)
    for axis in (0, 1, 2, -1):
        yield Case(f'max_pool-8 axis {axis}', lambda x, a=axis: opset8.max_pool(
            x, [1, 1], [1, 1], [0, 0], [0, 0], [2, 2], 'floor', 'explicit', 'i64', a), x)
    yield Case('max_pool 1d', lambda x: opset1.max_pool(x, [2], [1], [1], [3]),
               random(21, 1, 2, 9))
    yield Case('max_pool 3d', lambda x: opset1.max_pool(
        x, [2, 1, 2], [1, 1, 1], [1, 1, 1], [3, 3, 3]), random(22, 1, 2, 5, 6, 7))


UNARY = {
    'abs': (-2, 2), 'acos': (-1, 1), 'acosh': (1, 4), 'asin': (-1, 1),
    'asinh': (-4, 4), 'atan': (-4, 4), 'atanh': (-0.9, 0.9), 'ceiling': (-4, 4),
    'cos': (-4, 4), 'cosh': (-3, 3), 'erf': (-3, 3), 'exp': (-5, 5),
    'floor': (-4, 4), 'hsigmoid': (-5, 5), 'hswish': (-5, 5), 'log': (0.1, 9),
    'mish': (-5, 5), 'negative': (-4, 4), 'relu': (-4, 4), 'sigmoid': (-8, 8),
    'sign': (-4, 4), 'sin': (-4, 4), 'sinh': (-3, 3), 'softplus': (-8, 8),
    'softsign': (-5, 5), 'sqrt': (0, 9), 'tan': (-1.4, 1.4), 'tanh': (-4, 4)}


def unaries():
    for name, (low, high) in UNARY.items():
        yield Case(name, getattr(op, name), random(30, 2, 3, 17, low=low, high=high))
    for name in ('abs', 'negative', 'sign', 'relu'):
        yield Case(f'{name} i32', getattr(op, name),
                   random(31, 3, 7, low=-9, high=9, dtype=numpy.int32))
    half = numpy.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.2, 0.8], numpy.float32)
    for mode in ('half_to_even', 'half_away_from_zero'):
        yield Case(f'round {mode}', lambda x, m=mode: op.round(x, m), half)
    x = random(32, 2, 3, 5, low=-4, high=4)
    yield Case('clamp', lambda x: op.clamp(x, -1.5, 2), x)
    yield Case('clamp i32', lambda x: op.clamp(x, -1.5, 2.5),
               random(33, 30, low=-9, high=9, dtype=numpy.int32))
    yield Case('elu', lambda x: op.elu(x, 0.7), x)
    yield Case('selu', lambda x: op.selu(
        x, constant([1.67], numpy.float32), constant([1.05], numpy.float32)), x)
    yield Case('hard_sigmoid', lambda x: op.hard_sigmoid(
        x, constant(0.3, numpy.float32), constant(0.4, numpy.float32)), x)
    yield Case('swish', op.swish, x)
    yield Case('swish beta', lambda x: op.swish(x, constant(1.7, numpy.float32)), x)
    yield Case('gelu erf', lambda x: op.gelu(x, 'erf'), x)
    yield Case('gelu tanh', lambda x: op.gelu(x, 'tanh'), x)
    for shape in ((3,), (1,), (3, 1), (2, 3, 5)):
        yield Case(f'prelu {shape}',
                   lambda x, s=shape: op.prelu(x, constant(random(34, *s))), x)
    odd = numpy.array([1, -numpy.inf, numpy.inf, numpy.nan, 0], numpy.float32)
    yield Case('is_finite', op.is_finite, odd)
    yield Case('is_nan', op.is_nan, odd)
    yield Case('is_inf', lambda x: op.is_inf(x), odd)
    yield Case('is_inf negative', lambda x: op.is_inf(
        x, {'detect_positive': False, 'detect_negative': True}), odd)
    yield Case('logical_not', op.logical_not, numpy.array([True, False]))
    for kind in (numpy.int32, numpy.uint8, numpy.bool_, numpy.int64, numpy.float16):
        yield Case(f'convert {numpy.dtype(kind)}',
                   lambda x, k=kind: op.convert(x, numpy.dtype(k).name.replace(
                       'bool', 'boolean').replace('uint', 'u').replace('int', 'i')
                       .replace('float', 'f')),
                   random(35, 40, low=0, high=200))
    yield Case('convert_like', lambda x: op.convert_like(
        x, constant([1], numpy.int32)), x)


PAIRS = (((2, 3, 4), (2, 3, 4)), ((2, 3, 4), (3, 1)), ((4,), (2, 3, 4)),
         ((2, 1, 4), (1, 3, 1)), ((2, 3, 4), ()))
ARITHMETIC = ('add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'mod',
              'floor_mod', 'power', 'squared_difference')
COMPARISON = ('equal', 'not_equal', 'less', 'less_equal', 'greater', 'greater_equal')


def binaries():
    for name in ARITHMETIC + COMPARISON:
        build = getattr(op, name)
        for index, (left, right) in enumerate(PAIRS):
            low = 0.5 if name == 'power' else -3
            yield Case(f'{name} {left} {right}', build,
                       random(40 + index, *left, low=low, high=3),
                       random(50 + index, *right, low=low, high=3))
        low = 1 if name in ('power', 'mod', 'floor_mod', 'divide') else -9
        yield Case(f'{name} i32', build,
                   random(60, 5, 7, low=low, high=5, dtype=numpy.int32),
                   random(61, 7, low=low, high=5, dtype=numpy.int32))
    yield Case('divide floor', op.divide, numpy.array([-7, 7, -7, 7], numpy.int32),
               numpy.array([2, -2, -2, 2], numpy.int32),
               expected=[numpy.array([-4, -4, 3, 3], numpy.int32)])
    truth = random(62, 3, 4, low=0, high=2, dtype=numpy.uint8).astype(bool)
    for name in ('logical_and', 'logical_or', 'logical_xor'):
        yield Case(name, getattr(op, name), truth, truth[:1])
    for name, opset in (('bitwise_and', op), ('bitwise_or', op), ('bitwise_xor', op),
                        ('bitwise_left_shift', opset15),
                        ('bitwise_right_shift', opset15)):
        yield Case(name, getattr(opset, name),
                   random(63, 3, 4, low=0, high=200, dtype=numpy.int32),
                   random(64, 4, low=0, high=7, dtype=numpy.int32))
    yield Case('bitwise_not', op.bitwise_not,
               random(65, 9, low=-9, high=9, dtype=numpy.int32))
    yield Case('select', op.select, truth, random(66, 2, 3, 4), random(67, 4))


def linear():
    for left, right, a, b in (
            ((3, 4), (4, 5), False, False), ((4, 3), (4, 5), True, False),
            ((3, 4), (5, 4), False, True), ((2, 1, 3, 4), (5, 4, 6), False, False),
            ((4,), (4,), False, False), ((4,), (2, 4, 3), False, False),
            ((2, 3, 4), (4,), False, False), ((2, 70, 9), (9, 130), False, False)):
        yield Case(f'matmul {left} {right} {a} {b}',
                   lambda x, y, a=a, b=b: op.matmul(x, y, a, b),
                   random(70, *left), random(71, *right))
    x = random(72, 2, 3, 4, 5, low=-5, high=5)
    for axis in (0, 1, 3, -1, -2):
        if axis >= 0:
            yield Case(f'softmax-1 {axis}', lambda x, a=axis: opset1.softmax(x, a), x)
        yield Case(f'softmax-8 {axis}', lambda x, a=axis: op.softmax(x, a), x)
        yield Case(f'log_softmax {axis}', lambda x, a=axis: op.log_softmax(x, a), x)
        for exclusive in (False, True):
            for reverse in (False, True):
                yield Case(f'cum_sum {axis} {exclusive} {reverse}',
                           lambda x, a=axis, e=exclusive, r=reverse:
                           op.cum_sum(x, constant(a, numpy.int64), e, r), x)


REDUCTIONS = ('reduce_l1', 'reduce_l2', 'reduce_max', 'reduce_mean', 'reduce_min',
              'reduce_prod', 'reduce_sum')


def reductions():
    x = random(80, 2, 3, 4, 5, low=-2, high=2)
    whole = random(81, 2, 3, 4, low=-4, high=5, dtype=numpy.int32)
    truth = random(82, 2, 3, 4, low=0, high=2, dtype=numpy.uint8).astype(bool)
    for keep in (False, True):
        for axes in ([0], [1], [2, 3], [-1], [0, 2], [0, 1, 2, 3], [1, -2]):
            for name in REDUCTIONS:
                yield Case(f'{name} {axes} {keep}',
                           lambda x, n=name, a=axes, k=keep: getattr(op, n)(
                               x, constant(a, numpy.int64), k), x)
        for name in REDUCTIONS:
            if name != 'reduce_l2' and name != 'reduce_mean':
                yield Case(f'{name} i32 {keep}', lambda x, n=name, k=keep:
                           getattr(op, n)(x, constant([0, 2], numpy.int32), k), whole)
        for name in ('reduce_logical_and', 'reduce_logical_or'):
            yield Case(f'{name} {keep}', lambda x, n=name, k=keep: getattr(op, n)(
                x, constant([1], numpy.int32), k), truth)


def lrn(x, axes, alpha, beta, bias, size):
    """LRN by its definition."""
    squares = x.astype(numpy.float64) ** 2
    for axis in axes:
        pads = [(0, 0)] * x.ndim
        pads[axis] = ((size - 1) // 2, (size - 1) // 2)
        squares = numpy.lib.stride_tricks.sliding_window_view(
            numpy.pad(squares, pads), 2 * ((size - 1) // 2) + 1, axis).sum(-1)
    return (x / (bias + alpha / size ** len(axes) * squares) ** beta).astype(x.dtype)


def normalisations():
    x = random(90, 2, 6, 5, 4, low=-2, high=3)
    for axes in ([1], [2, 3], [1, 2, 3]):
        # OpenVINO's CPU device cuts the bias to an integer and takes at most two
        # axes for what they are.
        yield Case(f'lrn {axes}', lambda x, a=axes: op.lrn(
            x, constant(a, numpy.int64), 0.3, 0.75, 1.5, 3), x,
                   expected=[lrn(x, axes, 0.3, 0.75, 1.5, 3)])
        for mode in ('add', 'max'):
            yield Case(f'normalize_l2 {axes} {mode}', lambda x, a=axes, m=mode:
                       op.normalize_l2(x, constant(a, numpy.int64), 0.01, m), x)
        for variance in (True, False):
            for mode in ('inside_sqrt', 'outside_sqrt'):
                yield Case(f'mvn-6 {axes} {variance} {mode}',
                           lambda x, a=axes, v=variance, m=mode:
                           op.mvn(x, constant(a, numpy.int64), v, 0.01, m), x)
    yield Case('lrn size 5', lambda x: op.lrn(
        x, constant([1], numpy.int64), 1e-2, 0.75, 1, 5), x)
    yield Case('lrn size 4', lambda x: op.lrn(
        x, constant([1], numpy.int64), 1e-2, 0.75, 1, 4), x)
    yield Case('grn', lambda x: opset1.grn(x, 0.4), x)
    lists = [random(91 + index, 6, low=0.5, high=2) for index in range(4)]
    yield Case('batch_norm-5', lambda x: op.batch_norm_inference(
        x, *(constant(values) for values in lists), 0.01), x)
    yield Case('batch_norm-1', lambda x: opset1.batch_norm_inference(
        x, *(constant(values) for values in lists), 0.01), x)
    for groups in (1, 2, 3, 6):
        yield Case(f'group_normalization {groups}', lambda x, g=groups:
                   op.group_normalization(x, constant(lists[0]), constant(lists[1]),
                                          g, 1e-3), x)


def quantisation():
    x = random(100, 2, 3, 4, 5, low=-3, high=3)
    for levels in (2, 16, 255, 256):
        for shape in ((), (1, 3, 1, 1)):
            yield Case(f'fake_quantize {levels} {shape}',
                       lambda x, n=levels, s=shape: op.fake_quantize(
                           x, constant(numpy.full(s, -1.93, numpy.float32)),
                           constant(numpy.full(s, 2.11, numpy.float32)),
                           constant(numpy.full(s, -1.5, numpy.float32)),
                           constant(numpy.full(s, 3.7, numpy.float32)), n), x)


def all_cases():
    for family in (convolutions, pools, unaries, binaries, linear, reductions,
                   normalisations, quantisation):
        yield from family()


def main():
    ops = Ops()
    for case in all_cases():
        ops.case(case.name, case.build, case.inputs, check=case.check)
    return ops.finish()


if __name__ == '__main__':
    sys.exit(main())
