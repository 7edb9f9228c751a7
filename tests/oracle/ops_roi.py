# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ops on regions of interest and on windows against OpenVINO."""
import itertools
import sys

import numpy as np
import openvino as ov
from openvino import opset3, opset8, opset15
from openvino.utils.node_factory import NodeFactory

from oplib import Ops, close

ops = Ops()


def case(op, name, inputs, tolerance=1e-5, check=None, **attrs):
    """`op` is "Type-opset"; attributes as in the IR."""
    kind, opset = op.rsplit('-', 1)
    ops.case(f'{op} {name}',
             lambda *p: NodeFactory(f'opset{opset}').create(
                 kind, [node.output(0) for node in p], attrs),
             inputs, tolerance, check=check)


def first_rows(n):
    """Compares the first rows of output 0; OpenVINO leaves the others unset, ours
    are zeros."""
    def check(ours, theirs):
        a, b = (out[0].reshape(-1, 4) for out in (ours, theirs))
        if ours[0].shape != theirs[0].shape or a[n:].any():
            return 'wrong shape or no zeros at the end'
        return close(a[:n], b[:n], 1e-5)
    return check


def regions(n, images, size, whole=False):
    """[image, x1, y1, x2, y2]: some reach beyond the picture, one is empty."""
    low = ops.uniform(-0.1, 0.7, n, 2) * size
    boxes = np.concatenate([low, low + ops.uniform(0.05, 0.6, n, 2) * size], 1)
    boxes[1, 2:] = boxes[1, :2]
    if whole:
        boxes = np.round(boxes)
    numbers = ops.integers(0, images, n, 1)
    return np.concatenate([numbers, boxes], 1).astype(np.float32)


def ended(rows):
    """The list ends before its last two rows."""
    rows = rows.copy()
    rows[-2:] = 0
    rows[-2, 0] = -1
    return rows


maps = ops.normal(2, 3, 14, 17)
rois = regions(9, 2, 60)

# --- ROIAlign ----------------------------------------------------------------
for mode, ratio in itertools.product(('avg', 'max'), (0, 1, 2, 3)):
    case('ROIAlign-3', f'{mode} {ratio}',
         [maps, rois[:, 1:], rois[:, 0].astype(np.int32)], pooled_h=3, pooled_w=4,
         sampling_ratio=ratio, spatial_scale=0.25, mode=mode)
    for aligned in ('asymmetric', 'half_pixel_for_nn', 'half_pixel'):
        # An aligned region without area has no samples of its own choice.
        boxes = rois[rois[:, 3] > rois[:, 1]]
        case('ROIAlign-9', f'{mode} {ratio} {aligned}',
             [maps, boxes[:, 1:], boxes[:, 0].astype(np.int32)], pooled_h=3,
             pooled_w=2, sampling_ratio=ratio, spatial_scale=0.25, mode=mode,
             aligned_mode=aligned)

# --- ROIPooling --------------------------------------------------------------
for (h, w), scale in itertools.product(((1, 1), (3, 4), (7, 7)), (0.25, 0.0625)):
    for name, rows in ('', rois), (' ended', ended(rois)):
        case('ROIPooling-2', f'max {h}x{w} {scale}{name}', [maps, rows],
             output_size=[h, w], output_roi=[h, w], pooled_h=h, pooled_w=w,
             spatial_scale=scale, method='max')
unit = regions(9, 2, 1)
unit[:, 1:] = unit[:, 1:].clip(0, 1)
for h, w in (1, 1), (3, 4), (2, 1):
    case('ROIPooling-2', f'bilinear {h}x{w}', [maps, unit], output_size=[h, w],
         output_roi=[h, w], pooled_h=h, pooled_w=w, spatial_scale=1.,
         method='bilinear')

# --- PSROIPooling ------------------------------------------------------------
for group, scale in itertools.product((1, 2, 3), (0.25, 0.1)):
    case('PSROIPooling-1', f'average {group} {scale}',
         [ops.normal(2, 2 * group * group, 14, 17), rois], output_dim=2,
         group_size=group, spatial_scale=scale, mode='average',
         spatial_bins_x=1, spatial_bins_y=1)
case('PSROIPooling-1', 'average ended', [ops.normal(2, 8, 14, 17), ended(rois)],
     output_dim=2, group_size=2, spatial_scale=0.25, mode='average',
     spatial_bins_x=1, spatial_bins_y=1)
for group, (x, y) in itertools.product((1, 3), ((1, 1), (2, 3))):
    case('PSROIPooling-1', f'bilinear {group} {x}x{y}',
         [ops.normal(2, 2 * x * y, 14, 17), unit], output_dim=2,
         group_size=group, spatial_scale=1., mode='bilinear',
         spatial_bins_x=x, spatial_bins_y=y)

# --- DeformablePSROIPooling --------------------------------------------------
for group, (x, y) in itertools.product((1, 3), ((1, 1), (4, 2))):
    data = ops.normal(2, 4 * group * group, 14, 17)
    attributes = dict(output_dim=4, spatial_scale=0.25, group_size=group,
                      mode='bilinear_deformable', spatial_bins_x=x,
                      spatial_bins_y=y, trans_std=0.1)
    case('DeformablePSROIPooling-1', f'{group} {x}x{y}', [data, rois],
         part_size=1, **attributes)
    for part, classes in itertools.product((1, 3), (1, 2)):
        case('DeformablePSROIPooling-1',
             f'{group} {x}x{y} offsets {part} {classes}',
             [data, rois, ops.normal(9, 2 * classes, part, part)],
             part_size=part, **attributes)

# --- DeformableConvolution ---------------------------------------------------
for group, deformable, stride, dilation, pad in (
        (1, 1, 1, 1, 0), (1, 1, 2, 1, 1), (2, 1, 1, 2, 2), (1, 2, 1, 1, 1),
        (2, 2, 2, 2, 1), (2, 4, 1, 1, 0)):
    out = [(n + 2 * pad - 2 * dilation - 1) // stride + 1 for n in (9, 11)]
    data = ops.normal(2, 4, 9, 11)
    weights = ops.normal(6, 4 // group, 3, 3)
    offsets = ops.normal(2, 18 * deformable, *out) * 2
    mask = ops.uniform(0, 1, 2, 9 * deformable, *out)
    name = f'{group} {deformable} {stride} {dilation} {pad}'
    attributes = dict(
        strides=[stride] * 2, dilations=[dilation] * 2, pads_begin=[pad] * 2,
        pads_end=[pad] * 2, auto_pad='explicit', group=group,
        deformable_group=deformable)
    case('DeformableConvolution-1', name, [data, offsets, weights], **attributes)
    for bilinear in False, True:
        case('DeformableConvolution-8', f'{name} {bilinear}',
             [data, offsets, weights], bilinear_interpolation_pad=bilinear,
             **attributes)
        case('DeformableConvolution-8', f'{name} {bilinear} mask',
             [data, offsets, weights, mask],
             bilinear_interpolation_pad=bilinear, **attributes)
for auto_pad in 'same_upper', 'same_lower', 'valid':
    out = (3, 4) if auto_pad == 'valid' else (4, 5)
    case('DeformableConvolution-8', auto_pad,
         [ops.normal(1, 2, 8, 9), ops.normal(1, 18, *out),
          ops.normal(3, 2, 3, 3)],
         strides=[2, 2], dilations=[1, 1], pads_begin=[0, 0], pads_end=[0, 0],
         auto_pad=auto_pad, group=1, deformable_group=1,
         bilinear_interpolation_pad=True)

# --- GridSample --------------------------------------------------------------
grid = ops.uniform(-1.6, 1.6, 2, 5, 6, 2)
for mode, padding, corners in itertools.product(
        ('bilinear', 'bicubic', 'nearest'), ('zeros', 'border', 'reflection'),
        (False, True)):
    case('GridSample-9', f'{mode} {padding} {corners}', [maps, grid], mode=mode,
         padding_mode=padding, align_corners=corners)
    case('GridSample-9', f'{mode} {padding} {corners} one row',
         [maps[:, :, :1], grid * 4], mode=mode, padding_mode=padding,
         align_corners=corners)

# --- Detectron's -------------------------------------------------------------
for flatten, h, w, stride in ((True, 0, 0, 0.), (False, 0, 0, 0.),
                              (True, 3, 5, 0.), (False, 0, 0, 16.),
                              (True, 2, 2, 4.5), (False, 2, 2, 4.5)):
    case('ExperimentalDetectronPriorGridGenerator-6',
         f'{flatten} {h} {w} {stride}',
         [ops.normal(3, 4) * 20, ops.normal(1, 2, 4, 5), ops.normal(1, 3, 60, 90)],
         check=first_rows(3 * (h or 4) * (w or 5)),
         flatten=flatten, h=h, w=w, stride_x=stride, stride_y=stride)
for n in 4, 12, 20:
    case('ExperimentalDetectronTopKROIs-6', f'{n} of 12',
         [ops.normal(12, 4), ops.uniform(0, 1, 12)],
         check=first_rows(min(n, 12)), max_rois=n)
levels = [ops.normal(1, 3, n, n + 5) for n in (32, 16, 8)]
for ratio, aligned, n in itertools.product((0, 2), (False, True), (1, 3)):
    boxes = regions(11, 1, 130)[:, 1:]
    boxes[2:5] *= 5
    case('ExperimentalDetectronROIFeatureExtractor-6', f'{ratio} {aligned} {n}',
         [boxes, *levels[:n]], output_size=3, sampling_ratio=ratio,
         pyramid_scales=[4, 8, 16], aligned=aligned)

# --- Windows -----------------------------------------------------------------
def bits(*shape):
    return ops.integers(0, 2, *shape)


def binary_convolution(data, weights, **attributes):
    constant = ov.op.Constant(ov.Type.u1, ov.Shape(weights.shape),
                              weights.reshape(-1).tolist())
    return NodeFactory('opset1').create(
        'BinaryConvolution', [data.output(0), constant.output(0)], attributes)


for stride, dilation, pad, value in ((1, 1, 0, 0.), (2, 1, 1, 0.), (1, 2, 2, 1.),
                                     (2, 2, 1, -1.)):
    # OpenVINO's CPU plugin takes the bits of a byte from the other end than its
    # constants and its reference do, so these read the same from both ends; and
    # it mixes up channels that do not fill bytes.
    half = bits(36, 4)
    weights = np.concatenate([half, half[:, ::-1]], 1).reshape(4, 8, 3, 3)
    ops.case(f'BinaryConvolution-1 {stride} {dilation} {pad} {value}',
             lambda x, weights=weights: binary_convolution(
                 x, weights, strides=[stride] * 2, dilations=[dilation] * 2,
                 pads_begin=[pad] * 2, pads_end=[pad] * 2, auto_pad='explicit',
                 mode='xnor-popcount', pad_value=value),
             [bits(2, 8, 8, 9).astype(np.float32)])

for auto_pad in 'valid', 'same_upper', 'same_lower':
    for size, stride, rate in ((2, 3), (1, 1), (1, 1)), ((3, 2), (5, 4), (1, 2)), (
            (3, 3), (2, 1), (2, 1)):
        for dtype in np.float32, np.int32:
            ops.case(f'ExtractImagePatches-3 {auto_pad} {size} {dtype.__name__}',
                     lambda x: opset3.extract_image_patches(
                         x, list(size), list(stride), list(rate), auto_pad),
                     [ops.integers(-50, 50, 2, 3, 9, 10, dtype=dtype)])

for shape, size, kernel, extra in (
        ((2, 12, 42), (7, 8), (2, 2), {}),
        ((12, 12), (8, 8), (2, 3), dict(strides=[2, 2])),
        ((1, 12, 56), (8, 8), (2, 2), dict(pads_begin=[0, 1], pads_end=[0, 0])),
        ((1, 9, 16), (8, 8), (3, 3), dict(dilations=[2, 2]))):
    ops.case(f'Col2Im-15 {shape} {size} {kernel}',
             lambda x: opset15.col2im(
                 x, opset8.constant(np.array(size, np.int64)),
                 opset8.constant(np.array(kernel, np.int64)), **extra),
             [ops.normal(*shape)])

sys.exit(ops.finish())
