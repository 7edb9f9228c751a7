# SPDX-License-Identifier: LGPL-2.1-or-later
"""Detection ops against OpenVINO."""
import sys

import numpy as np
from openvino import opset1, opset2, opset5, opset8, opset9
from openvino.utils.node_factory import NodeFactory

from oplib import Ops, close

ops = Ops()


def constant(values, dtype=np.int64):
    return opset8.constant(np.array(values, dtype))


def priors(n, size, normalized):
    """Plausible boxes, with variances in the second row."""
    low = ops.uniform(0, 0.6, n, 2)
    boxes = np.concatenate([low, low + ops.uniform(0.1, 0.4, n, 2)], 1)
    if not normalized:
        boxes = np.concatenate([np.zeros((n, 1), np.float32), boxes * size], 1)
    variances = np.full((n, 4), 0.1, np.float32)
    variances[:, 2:] = 0.2
    flat = np.zeros((1, 2, boxes.size), np.float32)
    flat[0, 0] = boxes.reshape(-1)
    flat[0, 1, :variances.size] = variances.reshape(-1)
    return flat


def rows(ours, theirs):
    """Compares up to the row that ends the list."""
    a, b = ours[0].reshape(-1, 7), theirs[0].reshape(-1, 7)
    if a.shape != b.shape:
        return f'shape {a.shape} instead of {b.shape}'
    end = np.argmax(b[:, 0] < 0) if (b[:, 0] < 0).any() else len(b)
    if end < len(a) and a[end, 0] != -1:
        return 'no end mark'
    return close(a[:end], b[:end], 1e-5)


def detection(name, share=True, images=2, **extra):
    n, classes = 30, 4
    attrs = dict(
        num_classes=classes, background_label_id=0, top_k=20,
        variance_encoded_in_target=False, keep_top_k=[15],
        code_type='caffe.PriorBoxParameter.CENTER_SIZE', share_location=share,
        nms_threshold=0.4, confidence_threshold=0.2, clip_after_nms=False,
        clip_before_nms=False, decrease_label_id=False, normalized=True,
        input_height=1, input_width=1, objectness_score=0.0)
    attrs.update(extra)
    loc = ops.normal(images, n * 4 * (1 if share else classes))
    conf = ops.uniform(0, 1, images, n * classes)
    boxes = priors(n, 100, attrs['normalized'])
    if attrs['variance_encoded_in_target']:
        boxes = boxes[:, :1]
    inputs = [loc, conf, boxes]
    if attrs['objectness_score']:
        inputs += [ops.uniform(0, 1, images, n * 2),
                   ops.normal(images, n * 4) * 0.1]
    ops.case('DetectionOutput-1 ' + name,
             lambda *p: opset1.detection_output(
                 p[0], p[1], p[2], attrs, *p[3:]), inputs, check=rows)
    if len(inputs) == 3:
        newer = {k: v for k, v in attrs.items() if k != 'num_classes'}
        ops.case('DetectionOutput-8 ' + name,
                 lambda *p: opset8.detection_output(p[0], p[1], p[2], newer),
                 inputs, check=rows)


detection('center')
detection('corner', code_type='caffe.PriorBoxParameter.CORNER')
detection('per class', share=False)
detection('all kept', keep_top_k=[-1])
detection('clipped', clip_before_nms=True)
detection('clipped after', clip_after_nms=True)
detection('pixels', normalized=False, input_height=100, input_width=100)
detection('mxnet', decrease_label_id=True)
detection('two stages', objectness_score=0.3)
detection('variances in target', variance_encoded_in_target=True)


def prior_box(name, shape=(3, 4), image=(60, 90), **extra):
    attrs = dict(offset=0.5)
    attrs.update(extra)
    # Inputs that are no constants keep OpenVINO from folding the node away.
    for form, opset in (1, opset1), (8, opset8):
        ops.case(f'PriorBox-{form} {name}',
                 lambda a, b: opset.prior_box(
                     opset8.convert(a, 'i64'), opset8.convert(b, 'i64'), attrs),
                 [np.array(shape, np.int32), np.array(image, np.int32)])


prior_box('sizes', min_size=[16.], max_size=[32.], aspect_ratio=[2.])
prior_box('flip', min_size=[16., 24.], max_size=[32., 40.],
          aspect_ratio=[2., 3.], flip=True, step=16.)
prior_box('clip', min_size=[50.], aspect_ratio=[1.5], clip=True,
          variance=[0.1, 0.1, 0.2, 0.2])
prior_box('density', fixed_size=[16., 24.], density=[2., 1.], step=16.)
prior_box('one scale', min_size=[0.2, 0.4], aspect_ratio=[2.],
          scale_all_sizes=False)

for name, extra in (
        ('plain', {}),
        ('clipped', dict(clip=True)),
        ('steps', dict(step_w=16., step_h=12.)),
        ('variance', dict(variance=[0.1, 0.1, 0.2, 0.2]))):
    attributes = dict(offset=0.5, width=[10., 30.], height=[20., 15.],
                      clip=False, step_w=0., step_h=0., variance=[0.1])
    attributes.update(extra)
    ops.case('PriorBoxClustered-1 ' + name,
             lambda a, b, attributes=attributes: opset1.prior_box_clustered(
                 opset8.convert(a, 'i64'), opset8.convert(b, 'i64'), attributes),
             [np.array([3, 4], np.int32), np.array([60, 90], np.int32)])

low = ops.uniform(0, 0.7, 2, 40, 2)
boxes = np.concatenate([low, low + ops.uniform(0.1, 0.3, 2, 40, 2)], 2)
scores = ops.uniform(0, 1, 2, 3, 40)
for name, extra in (
        ('corner', {}),
        ('sorted by class', dict(sort_result_descending=False)),
        ('center', dict(box_encoding='center')),
        ('i32', dict(output_type='i32'))):
    arguments = dict(box_encoding='corner', sort_result_descending=True,
                     output_type='i64')
    arguments.update(extra)
    for form, opset in (5, opset5), (9, opset9):
        ops.case(f'NonMaxSuppression-{form} {name}',
                 lambda b, s: opset.non_max_suppression(
                     b, s, constant(6), constant(0.4, np.float32),
                     constant(0.3, np.float32), **arguments),
                 [boxes, scores])
    ops.case(f'NonMaxSuppression-5 soft {name}',
             lambda b, s: opset5.non_max_suppression(
                 b, s, constant(6), constant(0.6, np.float32),
                 constant(0.3, np.float32), constant(0.5, np.float32),
                 **arguments), [boxes, scores])

ops.case('RegionYolo-1 softmax',
         lambda x: opset1.region_yolo(x, 4, 5, 3, True, [], 1, 3, []),
         [ops.normal(2, 30, 4, 5)])
ops.case('RegionYolo-1 masks',
         lambda x: opset1.region_yolo(x, 4, 5, 6, False, [0, 1, 2], 1, 3, []),
         [ops.normal(2, 30, 4, 5)])
ops.case('ReorgYolo-2', lambda x: opset2.reorg_yolo(x, [2]),
         [ops.normal(2, 8, 6, 4)])



def case(op, name, inputs, check=None, **attrs):
    """`op` is "Type-opset"; attributes as in the IR."""
    kind, opset = op.rsplit('-', 1)
    ops.case(f'{op} {name}',
             lambda *p: NodeFactory(f'opset{opset}').create(
                 kind, [node.output(0) for node in p], attrs), inputs,
             check=check)


def proposed(ours, theirs):
    """OpenVINO leaves the scores behind the end of an image's list unset; ours
    are zeros."""
    rows = theirs[0].reshape(-1, 20, 5)
    listed = np.logical_and.accumulate(rows[:, :, 0] != -1, 1).reshape(-1)
    if ours[0].shape != theirs[0].shape:
        return 'other shape'
    for a, b in zip(ours[1:], theirs[1:]):
        if a.shape != b.shape or a[~listed].any():
            return 'other scores'
    return close(ours[0], theirs[0], 1e-5) or next(
        filter(None, (close(a[listed], b[listed], 1e-5)
                      for a, b in zip(ours[1:], theirs[1:]))), None)


def proposal(name, image=(80, 100, 1), form=4, ratios=(0.5, 1., 2.),
             scales=(2., 4.), images=2, **extra):
    anchors = len(ratios) * len(scales)
    attrs = dict(base_size=np.uint64(16), pre_nms_topn=np.uint64(60),
                 post_nms_topn=np.uint64(20), nms_thresh=0.6,
                 feat_stride=np.uint64(16), min_size=np.uint64(10),
                 ratio=list(ratios), scale=list(scales))
    attrs.update(extra)
    case(f'Proposal-{form}', name,
         [ops.uniform(0, 1, images, 2 * anchors, 5, 6),
          ops.normal(images, 4 * anchors, 5, 6) * 0.3,
          np.array(image, np.float32)], check=proposed, **attrs)


proposal('plain')
proposal('plain', form=1)
proposal('one image', images=1)
proposal('few', nms_thresh=0.05)
proposal('two scales', image=(80, 100, 2, 0.5), min_size=np.uint64(20))
proposal('not clipped', clip_before_nms=False)
proposal('clipped after', clip_before_nms=False, clip_after_nms=True)
proposal('normalized', normalize=True)
proposal('box scales', box_size_scale=2., box_coordinate_scale=5.)
proposal('tensorflow', framework='tensorflow')
proposal('tensorflow', framework='tensorflow', form=1, normalize=True,
         box_size_scale=5., box_coordinate_scale=10.)


def anchors(*shape):
    low = ops.uniform(0, 60, *shape, 2)
    return np.concatenate([low, low + ops.uniform(4, 40, *shape, 2)], -1)


for name, extra in (('plain', {}), ('few', dict(nms_threshold=0.1)),
                    ('large', dict(min_size=20., post_nms_count=10)),
                    ('best', dict(pre_nms_count=15, post_nms_count=6))):
    attributes = dict(min_size=0., nms_threshold=0.6, post_nms_count=25,
                      pre_nms_count=50)
    attributes.update(extra)
    case('ExperimentalDetectronGenerateProposalsSingleImage-6', name,
         [np.array([80, 100, 1], np.float32), anchors(60),
          ops.normal(12, 4, 5) * 0.3, ops.uniform(0, 1, 3, 4, 5)], **attributes)
    for normalized, numbers in (True, 3), (False, 4):
        case('GenerateProposals-9', f'{name} {normalized} {numbers}',
             [np.array([[80, 100, 1, 1], [60, 70, 0.5, 2]],
                       np.float32)[:, :numbers], anchors(4, 5, 3),
              ops.normal(2, 12, 4, 5) * 0.3, ops.uniform(0, 1, 2, 3, 4, 5)],
             normalized=normalized, nms_eta=1.,
             roi_num_type='i64' if normalized else 'i32', **attributes)

for name, extra in (('plain', {}), ('few', dict(nms_threshold=0.1)),
                    ('per class', dict(post_nms_count=3)),
                    ('best', dict(max_detections_per_image=8)),
                    ('all', dict(max_detections_per_image=100))):
    attributes = dict(score_threshold=0.2, nms_threshold=0.5,
                      max_delta_log_wh=4.135, num_classes=4, post_nms_count=10,
                      max_detections_per_image=30,
                      class_agnostic_box_regression=False,
                      deltas_weights=[10., 10., 5., 5.])
    attributes.update(extra)
    boxes = anchors(30)
    boxes[3, 2:] = boxes[3, :2]
    case('ExperimentalDetectronDetectionOutput-6', name,
         [boxes, ops.normal(30, 16), ops.uniform(0, 1, 30, 4),
          np.array([[80, 100, 1]], np.float32)], **attributes)

# --- classes ------------------------------------------------------------------
low = ops.uniform(0, 0.6, 2, 25, 2)
boxes = np.concatenate([low, low + ops.uniform(0.1, 0.4, 2, 25, 2)], 2)
scores = ops.uniform(0, 1, 2, 3, 25)
scores[1] *= 0.9
variants = (
    ('plain', {}),
    ('score', dict(sort_result_type='score')),
    ('class', dict(sort_result_type='classid')),
    ('score across', dict(sort_result_type='score',
                          sort_result_across_batch=True)),
    ('class across', dict(sort_result_type='classid',
                          sort_result_across_batch=True)),
    ('i32', dict(output_type='i32')),
    ('best', dict(nms_top_k=8, keep_top_k=10)),
    ('best of class', dict(nms_top_k=5, keep_top_k=7,
                           sort_result_type='classid')),
    ('no background', dict(background_class=1)),
    ('pixels', dict(normalized=False)),
    ('one image without', dict(score_threshold=0.895)),
)
for name, extra in variants:
    common = dict(sort_result_type='none', sort_result_across_batch=False,
                  output_type='i64', score_threshold=0.2, nms_top_k=-1,
                  keep_top_k=-1, background_class=-1, normalized=True)
    common.update(extra)
    size = 1 if common['normalized'] else 100
    for decay, post in ('linear', 0.), ('gaussian', 0.1):
        case('MatrixNms-8', f'{name} {decay}', [boxes * size, scores],
             decay_function=decay, gaussian_sigma=1.5, post_threshold=post,
             **common)
    for eta in 1., 0.8:
        common.update(iou_threshold=0.55, nms_eta=eta)
        case('MulticlassNms-8', f'{name} {eta}', [boxes * size, scores], **common)
        case('MulticlassNms-9', f'{name} {eta}', [boxes * size, scores], **common)
        case('MulticlassNms-9', f'{name} {eta} counted',
             [np.concatenate([boxes, boxes[:1] * 0.9]) * size,
              ops.uniform(0, 1, 3, 25), np.array([9, 0, 14], np.int32)], **common)

sys.exit(ops.finish())
