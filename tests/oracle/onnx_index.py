# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ops of ONNX that pick and place elements, in forms that the node tests of a
distribution are too old for: run by ONNX Runtime, by the reference device, and
by OpenVINO after ir-convert.

usage: onnx_index.py [FILTER]
"""
import functools
import sys

import numpy as np

import onnx_bodies
from onnx_bodies import model, node, uniform


def case(nodes, feeds, opset, constants=None, outputs=('y',)):
    return functools.partial(model, nodes, feeds, outputs, constants, opset)


def scatters():
    data, updates = uniform(3, 4), uniform(2, 4)
    indices = np.array([[0, 2, 1, 1], [0, -1, 1, 2]])
    for reduction in ('none', 'add', 'mul', 'min', 'max'):
        if reduction == 'none':
            indices = np.array([[0, 2, 1, 1], [1, -1, 2, -3]])
        yield f'ScatterElements {reduction}', case(
            [node('ScatterElements', 'x i u', 'y', axis=0, reduction=reduction)],
            {'x': data, 'i': indices, 'u': updates}, 18)
        yield f'ScatterND {reduction}', case(
            [node('ScatterND', 'x i u', 'y', reduction=reduction)],
            {'x': data, 'i': np.array([[1], [-1]]), 'u': updates}, 18)


def one_hots():
    for axis in (0, 1, -1):
        for kind in (np.int32, np.int64, np.float32):
            yield f'OneHot {axis} {np.dtype(kind)}', case(
                [node('OneHot', 'x d v', 'y', axis=axis)],
                {'x': np.array([[0, -1, 3], [5, -7, 2]], kind)}, 11,
                {'d': np.array([5], kind), 'v': np.array([-1, 2], np.float32)})
    yield 'OneHot depth', case(
        [node('OneHot', 'x d v', 'y')],
        {'x': np.array([0, -1, 3]), 'd': np.array(4),
         'v': np.array([0, 1], np.float32)}, 11)


def crops():
    for shape, axes in (((4, 7), None), ((9, 2), None), ((5, 6), [1, 0]), ((3,), [-1])):
        fields = {} if axes is None else {'axes': axes}
        for source in ((6, 5), (5, 6)):
            yield f'CenterCropPad {source} {shape} {axes}', case(
                [node('CenterCropPad', 'x s', 'y', **fields)], {'x': uniform(*source)}, 18,
                {'s': np.array(shape)})


def unpools():
    x = uniform(2, 3, 4, 6)
    pool = node('MaxPool', 'x', 'p i', kernel_shape=[2, 2], strides=[2, 2])
    yield 'MaxUnpool', case(
        [pool, node('MaxUnpool', 'p i', 'y', kernel_shape=[2, 2], strides=[2, 2])],
        {'x': x}, 12)


def grids():
    for corners in (0, 1):
        for size, theta in (((2, 3, 4, 5), (2, 2, 3)), ((1, 1, 2, 3, 4), (1, 3, 4))):
            yield f'AffineGrid {size} {corners}', case(
                [node('AffineGrid', 't s', 'y', align_corners=corners)],
                {'t': uniform(*theta)}, 20, {'s': np.array(size)})


def columns():
    for image, block, fields, places in (
            ([5, 5], [1, 5], {}, 5), ([5, 5], [2, 2], {}, 16),
            ([5, 6], [2, 3], {'strides': [2, 2]}, 4),
            ([5, 5], [3, 3], {'pads': [1, 1, 1, 1]}, 25),
            ([6, 6], [2, 2], {'dilations': [2, 3]}, 12),
            ([9], [3], {'strides': [2]}, 4)):
        size = int(np.prod(block))
        yield f'Col2Im {image} {block} {fields}', case(
            [node('Col2Im', 'x i b', 'y', **fields)], {'x': uniform(2, 3 * size, places)},
            18, {'i': np.array(image), 'b': np.array(block)})


def sums():
    for equation, *sizes in (
            ('ij, jk -> ik', (2, 3), (3, 4)), ('ii', (3, 3)), ('... i -> ...', (2, 3)),
            ('b i j , b j k', (2, 3, 4), (2, 4, 5)), ('ij,j', (2, 3), (3,))):
        feeds = {f'x{i}': uniform(*size) for i, size in enumerate(sizes)}
        yield f'Einsum {equation}', case(
            [node('Einsum', ' '.join(feeds), 'y', equation=equation)], feeds, 13)


def boxes():
    low = np.random.default_rng(3).uniform(0, 1, (2, 30, 2)).astype(np.float32)
    sizes = np.random.default_rng(4).uniform(0.1, 0.4, (2, 30, 2)).astype(np.float32)
    scores = uniform(2, 3, 30)
    limits = {'n': np.array([4]), 'o': np.array([0.3], np.float32),
              't': np.array([0.2], np.float32)}
    for center in (0, 1):
        corners = np.concatenate([low, sizes if center else low + sizes], 2)
        for names in ('n', 'n o', 'n o t'):
            yield f'NonMaxSuppression {center} {names}', case(
                [node('NonMaxSuppression', f'b s {names}', 'y', center_point_box=center)],
                {'b': corners, 's': scores}, 11, {k: limits[k] for k in names.split()},
                [onnx_bodies.value('y', kind=onnx_bodies.TensorProto.INT64)])


def transforms():
    for size in (1, 2):
        for inverse, onesided in ((0, 0), (0, 1), (1, 0)):
            if onesided and size == 2:
                continue
            for length in (None, 4, 9):
                names = 'x' if length is None else 'x n'
                yield f'DFT {size} {inverse} {onesided} {length}', case(
                    [node('DFT', names, 'y', axis=1, inverse=inverse, onesided=onesided)],
                    {'x': uniform(2, 6, 3, size)}, 17,
                    {} if length is None else {'n': np.array(length)})


CASES = [*scatters(), *one_hots(), *crops(), *unpools(), *grids(), *columns(), *sums(),
         *boxes(), *transforms()]

if __name__ == '__main__':
    onnx_bodies.CASES[:] = CASES
    onnx_bodies.REFUSED.clear()
    sys.exit(onnx_bodies.main())
