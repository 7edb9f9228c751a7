# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ops that move, pick and place elements against OpenVINO.

usage: ops_shape.py [FAMILY...]
"""
import sys

import numpy
import openvino.opset1 as opset1
import openvino.opset8 as opset8
import openvino.opset12 as opset12
import openvino.opset15 as op

from oplib import Ops

ops = Ops()


def constant(array, dtype=numpy.int64):
    return op.constant(numpy.asarray(array, dtype))


def series(*shape, dtype=numpy.float32):
    return numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def shapes():
    x = series(2, 3, 4)
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0], []):
        ops.case(f'Transpose {order}', lambda x, o=order: op.transpose(x, constant(o)),
                 [x])
    for target, special in (([4, 6], False), ([-1], False), ([0, -1], True),
                            ([0, 0, 2, 2], True), ([2, -1, 1, 4], False)):
        ops.case(f'Reshape {target}', lambda x, t=target, s=special:
                 op.reshape(x, constant(t), s), [x])
    for axes in ([0], [2], [0, 2], [-1, 0], [1, -1]):
        ops.case(f'Unsqueeze {axes}', lambda x, a=axes: op.unsqueeze(x, constant(a)),
                 [x])
    thin = series(1, 3, 1, 2, 1)
    for axes in ([0], [2, 4], [-1], [0, -3]):
        ops.case(f'Squeeze {axes}', lambda x, a=axes: op.squeeze(x, constant(a)),
                 [thin])
    ops.case('Squeeze all', op.squeeze, [thin])
    ops.case('ShapeOf-3 i32', lambda x: op.shape_of(x, 'i32'), [x])
    for repeats in ([2], [1, 2, 1], [2, 1, 3], [2, 1, 1, 2], [0, 1, 1]):
        ops.case(f'Tile {repeats}', lambda x, r=repeats: op.tile(x, constant(r)), [x])
    for target in ([2, 3, 4], [5, 2, 3, 4], [1, 2, 3, 4]):
        ops.case(f'Broadcast {target}', lambda x, t=target:
                 op.broadcast(x, constant(t)), [series(3, 1)])
    ops.case('Broadcast bidirectional', lambda x: op.broadcast(
        x, constant([1, 4]), None, 'BIDIRECTIONAL'), [series(3, 1)])
    ops.case('Broadcast explicit', lambda x: op.broadcast(
        x, constant([2, 3, 4]), constant([1]), 'EXPLICIT'), [series(3)])


def parts():
    x = series(4, 6, 5)
    for axis in (0, 1, -1):
        ops.case(f'Concat {axis}', lambda *p, a=axis: op.concat(list(p), a), [x, x + 9])
    for axis, count in ((0, 2), (1, 3), (-1, 5)):
        ops.case(f'Split {axis}', lambda x, a=axis, c=count:
                 op.split(x, constant(a), c), [x])
    for axis, lengths in ((0, [1, 3]), (1, [2, -1, 1]), (-1, [0, 5])):
        ops.case(f'VariadicSplit {axis} {lengths}', lambda x, a=axis, s=lengths:
                 op.variadic_split(x, constant(a), constant(s)), [x])
    for start, stop, step, axes in (
            ([1], [3], [1], [0]), ([-1], [-9], [-2], [1]), ([0, 4], [99, 0], [2, -1], [0, 2]),
            ([2, 1], [-1, -2], [1, 1], [1, -1]), ([3], [1], [1], [0])):
        ops.case(f'Slice {start} {stop} {step} {axes}',
                 lambda x, a=(start, stop, step, axes): op.slice(
                     x, *(constant(v) for v in a)), [x])
    for begin, end, stride, masks in (
            ([0, 1], [2, 4], [1, 2], {}),
            ([1, -1, 0], [0, 0, 5], [1, -2, 1], {'begin_mask': [0, 0, 1]}),
            ([1, 0, 2], [0, 0, 0], [1, 1, 1], {'shrink_axis_mask': [1, 0, 1],
                                              'begin_mask': [0, 1, 0],
                                              'end_mask': [0, 1, 0]}),
            ([0, 0, 1], [0, 0, 3], [1, 1, 1], {'new_axis_mask': [1, 0, 0],
                                              'ellipsis_mask': [0, 1, 0]})):
        fields = {'begin_mask': [0] * len(begin), 'end_mask': [0] * len(begin), **masks}
        ops.case(f'StridedSlice {begin} {masks}',
                 lambda x, a=(begin, end, stride), f=fields: op.strided_slice(
                     x, *(constant(v) for v in a), **f), [x])
    for mode in ('constant', 'edge', 'reflect', 'symmetric'):
        for begin, end in (([1, 0, 2], [0, 3, 1]), ([0, 2, 1], [2, 0, 3])):
            ops.case(f'Pad {mode} {begin}', lambda x, a=(begin, end), m=mode: op.pad(
                x, constant(a[0]), constant(a[1]), m,
                constant(7, numpy.float32) if m == 'constant' else None), [x])
    ops.case('Pad negative', lambda x: op.pad(
        x, constant([-1, 2, 0]), constant([1, -3, -2]), 'constant'), [x])


def picks():
    x = series(4, 6, 5)
    for axis, shape in ((0, (3,)), (1, (2, 2)), (-1, ()), (2, (1, 3))):
        indices = ops.integers(-4, 4, *shape, dtype=numpy.int32)
        ops.case(f'Gather-8 {axis} {shape}', lambda x, i, a=axis: op.gather(
            x, i, constant(a)), [x, numpy.asarray(indices)])
    for batch in (1, 2, -1):
        ops.case(f'Gather-8 batch {batch}', lambda x, i, b=batch: op.gather(
            x, i, constant(2), b), [x, ops.integers(0, 5, 4, 6, 3)])
    ops.case('Gather-1', lambda x, i: opset1.gather(x, i, constant(1)),
             [x, ops.integers(0, 6, 2, 3)])
    for axis, shape in ((0, (7, 6, 5)), (1, (4, 2, 5)), (-1, (4, 6, 9))):
        ops.case(f'GatherElements {axis}', lambda x, i, a=axis: op.gather_elements(
            x, i, a), [x, ops.integers(0, 4, *shape)])
    for depth in (1, 2, 3):
        ops.case(f'GatherND {depth}', lambda x, i: opset8.gather_nd(x, i),
                 [x, ops.integers(0, 4, 3, 2, depth)])
    ops.case('GatherND batch', lambda x, i: opset8.gather_nd(x, i, 1),
             [x, ops.integers(0, 5, 4, 3, 2)])
    ops.case('GatherTree', lambda s, p: op.gather_tree(
        s, p, constant([3, 2], numpy.int32), constant(9, numpy.int32)),
             [ops.integers(0, 9, 3, 2, 4, dtype=numpy.int32),
              ops.integers(0, 4, 3, 2, 4, dtype=numpy.int32)])
    for mode in ('max', 'min'):
        for sort in ('value', 'index'):
            for axis, k in ((0, 2), (1, 6), (-1, 1)):
                ops.case(f'TopK {mode} {sort} {axis}',
                         lambda x, a=(axis, mode, sort), k=k: op.topk(
                             x, constant(k), *a), [ops.normal(4, 6, 5)])
    for kind in (numpy.float32, numpy.int32, numpy.bool_):
        ops.case(f'NonZero {numpy.dtype(kind)}', lambda x: op.non_zero(x),
                 [ops.integers(0, 2, 3, 4, 5, dtype=kind)])
    for start, stop, step in ((0, 9, 2), (5, -5, -3), (3, 3, 1)):
        ops.case(f'Range {start} {stop} {step}', lambda a, b, c: op.range(
            a, b, c, 'i64'), [numpy.array(v, numpy.int64) for v in (start, stop, step)])


def places():
    x = ops.normal(3, 4, 5)
    for axis, shape in ((0, (2,)), (1, (2, 2)), (-1, (3,))):
        indices = ops.random.permutation(3)[:numpy.prod(shape) if axis else 2]
        if axis == 1:
            indices = numpy.arange(4).reshape(2, 2)[::-1]
        updates = x.shape[:axis % 3] + indices.shape + x.shape[axis % 3 + 1:]
        ops.case(f'ScatterUpdate {axis}', lambda x, i, u, a=axis: op.scatter_update(
            x, i, u, constant(a)), [x, indices.astype(numpy.int64), ops.normal(*updates)])
    for axis, shape in ((0, (2, 4, 5)), (1, (3, 3, 2)), (-1, (2, 2, 4))):
        order = numpy.argsort(ops.random.random(shape), axis)
        ops.case(f'ScatterElementsUpdate-3 {axis}',
                 lambda x, i, u, a=axis: opset8.scatter_elements_update(
                     x, i, u, constant(a)),
                 [x, order.astype(numpy.int64), ops.normal(*shape)])
    for initial in (True, False):
        for reduction in ('none', 'sum', 'prod', 'min', 'max', 'mean'):
            for kind in (numpy.float32, numpy.int32):
                repeated = ops.integers(-4, 4, 3, 6, 2)
                if reduction == 'none':
                    repeated = numpy.argsort(ops.random.random((3, 4, 2)), 1)
                data = ops.uniform(-9, 9, 3, 4, 5).astype(kind)
                updates = ops.uniform(-9, 9, *repeated.shape).astype(kind)
                ops.case(f'ScatterElementsUpdate-12 {reduction} {initial} '
                         f'{numpy.dtype(kind)}',
                         lambda x, i, u, r=reduction, v=initial:
                         opset12.scatter_elements_update(x, i, u, constant(1), r, v),
                         [data, repeated.astype(numpy.int64), updates])
    for depth in (1, 2, 3):
        places_of = numpy.argwhere(numpy.ones((3, 4, 5)[:depth]))
        indices = ops.random.permutation(places_of)[:3].astype(numpy.int64)
        updates = ops.normal(*indices.shape[:1], *x.shape[depth:])
        ops.case(f'ScatterNDUpdate-4 {depth}', lambda x, i, u: opset8.scatter_nd_update(
            x, i, u), [x, indices, updates])
    for reduction in ('none', 'sum', 'sub', 'prod', 'min', 'max'):
        for kind in (numpy.float32, numpy.int32):
            indices = ops.integers(-3, 3, 2, 2, 1)
            if reduction == 'none':
                indices = numpy.array([[2], [-3]])
            updates = ops.uniform(-5, 5, *indices.shape[:-1], 4, 5).astype(kind)
            ops.case(f'ScatterNDUpdate-15 {reduction} {numpy.dtype(kind)}',
                     lambda x, i, u, r=reduction: op.scatter_nd_update(x, i, u, r),
                     [ops.uniform(-5, 5, 3, 4, 5).astype(kind), indices, updates])
    for axis in (0, 1, -1):
        for values in ((1., 0.), (7, -3)):
            kind = numpy.asarray(values).dtype.type
            kind = numpy.float32 if kind == numpy.float64 else numpy.int32
            ops.case(f'OneHot {axis} {values}',
                     lambda i, a=axis, v=values, k=kind: op.one_hot(
                         i, constant(5), constant(v[0], k), constant(v[1], k), a),
                     [ops.integers(0, 7, 3, 4)])
    ops.case('OneHot of one', lambda i: op.one_hot(
        i, constant(5), constant(1, numpy.float32), constant(0, numpy.float32), 0),
             [numpy.array(3)])


FAMILIES = (shapes, parts, picks, places)


def main():
    for family in FAMILIES:
        if len(sys.argv) < 2 or family.__name__ in sys.argv[1:]:
            family()
    return ops.finish()


if __name__ == '__main__':
    sys.exit(main())
