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

from openvino.utils.node_factory import NodeFactory

from oplib import Ops

ops = Ops()


def constant(array, dtype=numpy.int64):
    return op.constant(numpy.asarray(array, dtype))


def series(*shape, dtype=numpy.float32):
    return numpy.arange(numpy.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def reverse(data, axes, mode):
    """Has no function in openvino.opset1."""
    return NodeFactory('opset1').create('Reverse', [data.output(0), axes.output(0)],
                                        {'mode': mode})


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


def orders():
    x = ops.normal(3, 4, 5)
    for axes in ([0], [1, 2], [-1], []):
        ops.case(f'Reverse {axes}', lambda x, a=axes: reverse(
            x, constant(a), 'index'), [x])
    ops.case('Reverse mask', lambda x: reverse(
        x, constant([True, False, True], bool), 'mask'), [x])
    for batch, sequence in ((0, 1), (1, 0), (2, 0), (0, -1), (-1, 1)):
        lengths = ops.integers(1, x.shape[sequence] + 1, x.shape[batch],
                               dtype=numpy.int32)
        ops.case(f'ReverseSequence {batch} {sequence}',
                 lambda x, n, b=batch, s=sequence: op.reverse_sequence(x, n, b, s),
                 [x, lengths])
    for shift, axes in (([1], [0]), ([-2], [1]), ([7, -9], [2, 0]),
                        ([1, 2], [1, 1])):
        ops.case(f'Roll {shift} {axes}', lambda x, a=(shift, axes): op.roll(
            x, *(constant(v) for v in a)), [x])
    ops.case('Roll scalar', lambda x: op.roll(x, constant(2), constant([-1])), [x])


def blocks():
    for shape, block, begin, end in (
            ((12, 3, 2, 4), [1, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 0]),
            ((12, 3, 2, 4), [1, 1, 2, 3], [0, 0, 1, 2], [0, 0, 0, 3]),
            ((8, 2, 3, 2, 2), [1, 2, 1, 2, 1], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0])):
        a = [constant(v) for v in (block, begin, end)]
        ops.case(f'BatchToSpace {shape} {begin}', lambda x, a=a: op.batch_to_space(
            x, *a), [ops.normal(*shape)])
    for shape, block, begin, end in (
            ((2, 3, 4, 6), [1, 1, 2, 3], [0, 0, 0, 0], [0, 0, 0, 0]),
            ((2, 3, 3, 4), [1, 1, 2, 3], [0, 0, 1, 0], [0, 0, 0, 2]),
            ((1, 3, 2, 3, 2), [1, 2, 1, 2, 1], [0, 0, 1, 0, 0], [0, 1, 0, 1, 0])):
        a = [constant(v) for v in (block, begin, end)]
        ops.case(f'SpaceToBatch {shape} {begin}', lambda x, a=a: op.space_to_batch(
            x, *a), [ops.normal(*shape)])
    x = ops.normal(2, 12, 4, 6)
    for mode in ('blocks_first', 'depth_first'):
        ops.case(f'DepthToSpace {mode}', lambda x, m=mode: op.depth_to_space(x, m, 2), [x])
        ops.case(f'SpaceToDepth {mode}', lambda x, m=mode: op.space_to_depth(x, m, 2), [x])
    for axis, group in ((1, 3), (1, 4), (2, 2), (-1, 3)):
        ops.case(f'ShuffleChannels {axis} {group}', lambda x, a=axis, g=group:
                 op.shuffle_channels(x, a, g), [x])
    for shape, size in (((2, 3, 7), [3]), ((1, 2, 5, 8), [2, 3]), ((1, 2, 3, 4), [5, 9]),
                        ((2, 1, 4, 5, 6), [3, 2, 4])):
        ops.case(f'AdaptiveAvgPool {shape} {size}', lambda x, s=size:
                 op.adaptive_avg_pool(x, constant(s)), [ops.normal(*shape)])
        ops.case(f'AdaptiveMaxPool {shape} {size}', lambda x, s=size:
                 op.adaptive_max_pool(x, constant(s), 'i32'), [ops.normal(*shape)])


def searches():
    buckets = [-1., 0., 0.5, 2.]
    x = numpy.array([[-2, -1, 0, 0.1], [0.5, 2, 3, 1]], numpy.float32)
    for right in (True, False):
        for kind in ('i32', 'i64'):
            ops.case(f'Bucketize {right} {kind}', lambda x, r=right, k=kind:
                     op.bucketize(x, constant(buckets, numpy.float32), k, r), [x])
        ops.case(f'Bucketize integers {right}', lambda x, r=right: op.bucketize(
            x, constant([-3, 0, 4], numpy.int32), 'i64', r), [ops.integers(-5, 6, 3, 9)])
        ops.case(f'Bucketize nothing {right}', lambda x, r=right: op.bucketize(
            x, constant(numpy.zeros(0), numpy.float32), 'i64', r), [x])
        rows = numpy.sort(ops.integers(-9, 9, 2, 3, 6).astype(numpy.float32))
        ops.case(f'SearchSorted {right}', lambda s, v, r=right: op.search_sorted(
            s, v, r), [rows, ops.integers(-9, 9, 2, 3, 5).astype(numpy.float32)])
        ops.case(f'SearchSorted one list {right}', lambda s, v, r=right:
                 op.search_sorted(s, v, r), [rows[0, 0], ops.normal(2, 3, 5) * 5])
    for rows, columns, diagonal in ((3, 4, 0), (4, 3, 2), (3, 3, -1), (2, 2, 5)):
        ops.case(f'Eye {rows} {columns} {diagonal}', lambda r, a=(columns, diagonal): op.eye(
            r, constant(a[0]), constant(a[1]), 'f32'), [numpy.array(rows)])
    ops.case('Eye batch', lambda r: op.eye(r, constant(3), constant(1), 'i32',
                                           constant([2, 2])), [numpy.array(2)])
    for sort in (True, False):
        for kind in (numpy.float32, numpy.int32, numpy.int64):
            data = ops.integers(-2, 3, 3, 4, dtype=kind)
            ops.case(f'Unique {sort} {numpy.dtype(kind)}', lambda x, s=sort: op.unique(
                x, None, s, 'i32', 'i64'), [data])
        for axis in (0, 1, -1):
            data = ops.integers(0, 2, 4, 5, 2, dtype=numpy.float32)
            ops.case(f'Unique {sort} axis {axis}', lambda x, s=sort, a=axis: op.unique(
                x, constant(a), s), [data])


def embeddings():
    table = ops.normal(5, 2, 3)
    whole = ops.integers(-9, 9, 5, 4, dtype=numpy.int32)
    indices = numpy.array([0, 2, 3, 4, 1, 1], numpy.int32)
    weights = ops.normal(6)
    offsets = numpy.array([0, 0, 2, 5], numpy.int32)
    segments = numpy.array([0, 0, 2, 2, 2, 4], numpy.int32)
    for extra in ((), (constant(3, numpy.int32),),
                  (constant(3, numpy.int32), constant(weights, numpy.float32))):
        ops.case(f'EmbeddingBagOffsetsSum {len(extra)}',
                 lambda t, i, o, e=extra: op.embedding_bag_offsets_sum(t, i, o, *e),
                 [table, indices, offsets])
        ops.case(f'EmbeddingSegmentsSum {len(extra)}',
                 lambda t, i, s, e=extra: op.embedding_segments_sum(
                     t, i, s, constant(5, numpy.int32), *e), [table, indices, segments])
    ops.case('EmbeddingBagOffsetsSum i32', op.embedding_bag_offsets_sum,
             [whole, indices, offsets])
    packed = indices.reshape(3, 2)
    ops.case('EmbeddingBagPackedSum', op.embedding_bag_packed_sum, [table, packed])
    ops.case('EmbeddingBagPackedSum weights', op.embedding_bag_packed_sum,
             [table, packed, weights.reshape(3, 2)])


EQUATIONS = (
    ('ij,jk->ik', (2, 3), (3, 4)), ('ij,jk', (2, 3), (3, 4)), ('bij,bjk->bik', (2, 2, 3), (2, 3, 4)),
    ('...i->...', (2, 3)), ('...i->i', (2, 3)), ('bA->Ab', (2, 3)), ('ba', (2, 3)),
    ('ii->i', (3, 3)), ('ii->', (3, 3)), ('iji->j', (3, 2, 3)), ('i,i->', (3,), (3,)),
    ('ij,j', (3, 4), (4,)), ('ij->', (3, 4)), ('ab,cd->abcd', (2, 3), (2, 2)),
    ('...ij,...jk->...ik', (5, 1, 2, 3), (4, 3, 2)), ('i...->...i', (2, 3, 4)),
    ('ij,kj->ik', (2, 1), (2, 3)), ('ij,->ij', (2, 2), ()),
    ('abc,cd,de->abe', (2, 3, 4), (4, 2), (2, 3)), ('b...,b...->...', (2, 3), (2, 3)),
    ('ij->...ij', (2, 3)), ('bhqd,bhkd->bhqk', (1, 2, 3, 4), (1, 2, 5, 4)),
    ('nkctv,kvw->nctw', (1, 2, 3, 4, 5), (2, 5, 5)))


def equations():
    for equation, *sizes in EQUATIONS:
        for kind in (numpy.float32, numpy.int32):
            data = [ops.uniform(-5, 5, *size).astype(kind) for size in sizes]
            ops.case(f'Einsum {equation} {numpy.dtype(kind)}',
                     lambda *p, e=equation: op.einsum(list(p), e),
                     [numpy.asarray(array, kind) for array in data])


def transforms():
    x = ops.normal(3, 4, 5, 2)
    for axes in ([0], [1, 2], [-1], [2, 0, 1]):
        for sizes in (None, [3, 7, -1][:len(axes)]):
            extra = () if sizes is None else (constant(sizes),)
            for name in ('dft', 'idft'):
                ops.case(f'{name} {axes} {sizes}', lambda x, n=name, a=axes, e=extra:
                         getattr(op, n)(x, constant(a), *e), [x])


FAMILIES = (shapes, parts, picks, places, orders, blocks, searches, embeddings,
            equations, transforms)


def main():
    for family in FAMILIES:
        if len(sys.argv) < 2 or family.__name__ in sys.argv[1:]:
            family()
    return ops.finish()


if __name__ == '__main__':
    sys.exit(main())
