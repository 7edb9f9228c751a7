#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long single ops take, ours by ir-bench and OpenVINO's, as a Markdown table: what
detectors end in, in the sizes of well-known ones and with scores as they have them, and
what joins elements over axes. The engines take turns; written are the least times in
milliseconds and their ratio, below 1 gst-ir is faster. Not part of the tests.

usage: ops.py [--threads N] [-t SECONDS] [-r ROUNDS] [--json FILE] [--write-docs]
              [WORD...]      only cases that have one of the words in their name
"""

import argparse
import os
import pathlib
import tempfile

import numpy as np
import openvino
from openvino import opset8
from openvino.utils.node_factory import NodeFactory

from common import circumstances, ir_bench, save_json, write_docs
from compare import timed

random = np.random.default_rng(7)

# --- arrays -----------------------------------------------------------------------


def normal(*shape):
    return random.normal(size=shape).astype(np.float32)


def corners(n, size=1.):
    """Boxes x1, y1, x2, y2 of all sizes."""
    low = random.uniform(0, 0.8, (n, 2))
    high = low + random.uniform(0.02, 0.5, (n, 2)) ** 2 + 0.01
    return (np.concatenate([low, high], 1) * size).astype(np.float32)


def softmax(x):
    x = np.exp(x - x.max(-1, keepdims=True))
    return x / x.sum(-1, keepdims=True)


def confidences(priors, classes):
    """Nearly all is background."""
    logits = normal(priors, classes)
    logits[:, 0] += 7
    hits = random.integers(0, priors, 60)
    logits[hits, random.integers(1, classes, 60)] += 9
    return softmax(logits).reshape(1, -1).astype(np.float32)


def sparse_scores(classes, n):
    """Of a detector with sigmoids: some 300 boxes of 20 objects."""
    scores = random.uniform(0, 0.02, (1, classes, n)).astype(np.float32)
    for _ in range(20):
        at, label = random.integers(0, n - 16), random.integers(0, classes)
        scores[0, label, at:at + 15] = random.uniform(0.3, 0.95, 15)
    return scores


def priors(n):
    variances = np.tile(np.array([0.1, 0.1, 0.2, 0.2], np.float32), n)
    return np.stack([corners(n).reshape(-1), variances])[None]


def rois(n, size, image=True):
    boxes = corners(n, size)
    return np.concatenate([np.zeros((n, 1), np.float32), boxes], 1) if image \
        else boxes


def scalars(*values):
    return [opset8.constant(np.array(v)) for v in values]


# --- cases ------------------------------------------------------------------------
#
# Name, op, opset, arrays, constants behind them, attributes.


def detection_output(n, classes, **attributes):
    return ("DetectionOutput", 8,
            [normal(1, 4 * n), confidences(n, classes), priors(n)], [],
            dict(background_label_id=0, variance_encoded_in_target=False,
                 code_type="caffe.PriorBoxParameter.CENTER_SIZE",
                 share_location=True, normalized=True, **attributes))


def nms(score, classes=80, n=8400):
    return ("NonMaxSuppression", 9,
            [corners(n, 640.)[None], sparse_scores(classes, n)],
            scalars(np.int64(300), np.float32(0.7), np.float32(score)),
            dict(box_encoding="corner", sort_result_descending=True,
                 output_type="i64"))


def class_nms(kind, **attributes):
    return (kind, 8, [corners(8400, 640.)[None], sparse_scores(80, 8400)], [],
            dict(score_threshold=0.01, nms_top_k=400, keep_top_k=100,
                 sort_result_type="score", **attributes))


def top_k(shape, k, axis, sort="value"):
    return ("TopK", 3, [normal(*shape)], scalars(np.int64(k)),
            dict(axis=axis, mode="max", sort=sort, index_element_type="i32"))


def proposal():
    scores = softmax(normal(38, 63, 12, 2)).transpose(3, 2, 0, 1)
    return ("Proposal", 4,
            [scores.reshape(1, 24, 38, 63), normal(1, 48, 38, 63) * 0.3,
             np.array([600, 1000, 1], np.float32)], [],
            dict(base_size=np.uint64(16), pre_nms_topn=np.uint64(6000),
                 post_nms_topn=np.uint64(300), nms_thresh=0.7,
                 feat_stride=np.uint64(16), min_size=np.uint64(16),
                 ratio=[0.5, 1., 2.], scale=[2., 4., 8., 16.]))


def roi_align(mode="avg"):
    return ("ROIAlign", 3,
            [normal(1, 256, 50, 68), rois(1000, 800., False),
             np.zeros(1000, np.int32)], [],
            dict(pooled_h=7, pooled_w=7, sampling_ratio=2, spatial_scale=0.0625,
                 mode=mode))


def roi_pooling(method, size):
    return ("ROIPooling", 2, [normal(1, 512, 38, 50), rois(300, size)], [],
            dict(output_size=[7, 7], output_roi=[7, 7], pooled_h=7, pooled_w=7,
                 spatial_scale=0.0625, method=method))


def psroi(kind="PSROIPooling", **attributes):
    return (kind, 1, [normal(1, 21 * 49, 38, 63), rois(300, 600.)], [],
            dict(output_dim=21, group_size=7, spatial_scale=0.0625, **attributes))


def deformable(channels, size):
    return ("DeformableConvolution", 8,
            [normal(1, channels, size, size), normal(1, 18, size, size)],
            scalars(normal(channels, channels, 3, 3)),
            dict(strides=[1, 1], dilations=[1, 1], pads_begin=[1, 1],
                 pads_end=[1, 1], auto_pad="explicit", group=1,
                 deformable_group=1, bilinear_interpolation_pad=True))


def grid_sample(mode):
    grid = random.uniform(-1.1, 1.1, (1, 64, 64, 2)).astype(np.float32)
    return ("GridSample", 9, [normal(1, 64, 64, 64), grid], [],
            dict(mode=mode, padding_mode="zeros", align_corners=False))


def over_axes(kind, opset, shape, axes, **attributes):
    return (kind, opset, [normal(*shape)], scalars(np.array(axes)), attributes)


def mvn(shape, axes):
    return over_axes("MVN", 6, shape, axes, eps=1e-5, eps_mode="inside_sqrt",
                     normalize_variance=True)


def pixels(kind, opset, **attributes):
    return kind, opset, [normal(1, 64, 112, 112)], [], attributes


CASES = {
    "DetectionOutput SSD-MobileNet": lambda: detection_output(
        1917, 91, keep_top_k=[100], top_k=100, nms_threshold=0.6,
        confidence_threshold=0.3),
    "DetectionOutput SSD300": lambda: detection_output(
        8732, 21, keep_top_k=[200], top_k=400, nms_threshold=0.45,
        confidence_threshold=0.01),
    "NonMaxSuppression YOLO 0.25": lambda: nms(0.25),
    "NonMaxSuppression YOLO 0.001": lambda: nms(0.001, 8),
    "MatrixNms": lambda: class_nms(
        "MatrixNms", decay_function="linear", post_threshold=0.),
    "MulticlassNms": lambda: class_nms("MulticlassNms", iou_threshold=0.6),
    "TopK 8400, 300": lambda: top_k((1, 8400), 300, 1),
    "TopK 8400, 300 by index": lambda: top_k((1, 8400), 300, 1, "index"),
    "TopK 1000, 5": lambda: top_k((1, 1000), 5, 1),
    "TopK 1000 x 14 x 14, 5": lambda: top_k((1, 1000, 14, 14), 5, 1),
    "TopK 64 x 1000, 5": lambda: top_k((64, 1000), 5, 1),
    "TopK 80 x 8400, 1": lambda: top_k((1, 80, 8400), 1, 1),
    "Proposal": proposal,
    "ROIAlign avg": roi_align,
    "ROIAlign max": lambda: roi_align("max"),
    "ROIPooling max": lambda: roi_pooling("max", 600.),
    "ROIPooling bilinear": lambda: roi_pooling("bilinear", 1.),
    "PSROIPooling average": lambda: psroi(
        mode="average", spatial_bins_x=1, spatial_bins_y=1),
    "DeformablePSROIPooling": lambda: psroi(
        "DeformablePSROIPooling", mode="bilinear_deformable", spatial_bins_x=4,
        spatial_bins_y=4, part_size=7, trans_std=0.1),
    "DeformableConvolution 64 x 56": lambda: deformable(64, 56),
    "DeformableConvolution 256 x 14": lambda: deformable(256, 14),
    "GridSample bilinear": lambda: grid_sample("bilinear"),
    "GridSample bicubic": lambda: grid_sample("bicubic"),
    "CTCGreedyDecoder 88 x 71": lambda: (
        "CTCGreedyDecoder", 1,
        [softmax(normal(88, 1, 71)).astype(np.float32),
         np.ones((88, 1), np.float32)], [], dict(ctc_merge_repeated=True)),
    "NonZero 8400 x 80": lambda: (
        "NonZero", 3, [(sparse_scores(80, 8400) > 0.25).astype(np.float32)], [],
        dict(output_type="i64")),
    "Unique 8400": lambda: (
        "Unique", 10, [random.integers(0, 500, 8400).astype(np.int32)], [],
        dict(sorted=True)),
    "MVN 64 x 112 x 112": lambda: mvn((1, 64, 112, 112), [2, 3]),
    "MVN 197 x 768": lambda: mvn((1, 197, 768), [2]),
    "NormalizeL2 512 x 38 x 38": lambda: over_axes(
        "NormalizeL2", 1, (1, 512, 38, 38), [1], eps=1e-10, eps_mode="add"),
    "LRN 64 x 56 x 56": lambda: over_axes(
        "LRN", 1, (1, 64, 56, 56), [1], alpha=1e-4, beta=0.75, bias=1.,
        size=np.int64(5)),
    "LRN 64 x 56 x 56 over planes": lambda: over_axes(
        "LRN", 1, (1, 64, 56, 56), [2, 3], alpha=1e-4, beta=0.75, bias=1.,
        size=np.int64(5)),
    "GroupNormalization 320 x 64 x 64": lambda: (
        "GroupNormalization", 12, [normal(1, 320, 64, 64)],
        scalars(normal(320), normal(320)),
        dict(num_groups=np.int64(32), epsilon=1e-5)),
    "ReduceSum 64 x 112 x 112 over channels": lambda: over_axes(
        "ReduceSum", 1, (1, 64, 112, 112), [1], keep_dims=True),
    "ReduceL2 64 x 112 x 112": lambda: over_axes(
        "ReduceL2", 4, (1, 64, 112, 112), [1, 2, 3], keep_dims=True),
    "CumSum 64 x 112 x 112": lambda: (
        "CumSum", 3, [normal(1, 64, 112, 112)], scalars(np.int64(2)),
        dict(exclusive=False, reverse=False)),
    "LogSoftmax 64 x 112 x 112": lambda: pixels("LogSoftmax", 5, axis=1),
    "Erf 64 x 112 x 112": lambda: pixels("Erf", 1),
    "PReLU 64 x 112 x 112": lambda: (
        "PRelu", 1, [normal(1, 64, 112, 112)], scalars(normal(64)), {}),
}

# --- measuring --------------------------------------------------------------------


def make(case, folder):
    """The op as an IR and its inputs as files, in the folder."""
    kind, opset, arrays, constants, attributes = case
    inputs = [opset8.parameter(a.shape, a.dtype, name=f"in{i}")
              for i, a in enumerate(arrays)]
    node = NodeFactory(f"opset{opset}").create(
        kind, [n.output(0) for n in inputs + constants], attributes)
    model = openvino.Model(node.outputs(), inputs, kind)
    openvino.save_model(model, folder / "op.xml", compress_to_fp16=False)
    options = []
    for i, array in enumerate(arrays):
        np.save(folder / f"in{i}.npy", array)
        options += ["-i", f"in{i}={folder / f'in{i}.npy'}"]
    return model, arrays, options


def theirs(model, arrays, options):
    config = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    if options.threads:
        config["INFERENCE_NUM_THREADS"] = options.threads
    request = openvino.Core().compile_model(
        model, "CPU", config).create_infer_request()
    for i, array in enumerate(arrays):
        request.set_input_tensor(i, openvino.Tensor(array))
    run = timed(lambda: request.infer(share_outputs=True), options.t)
    return lambda: run()[1]


def ours(folder, inputs, options):
    more = ["-api", "sync", *inputs]
    more += ["-nthreads", options.threads] if options.threads else []

    def run(n):
        return ir_bench(folder / "op.xml", "f32", "-niter", n,
                        *more)["latency_min_ms"]
    # The seconds that ir-bench takes are whole ones.
    n = min(max(int(1000 * options.t / run(3)), 2), 2000)
    return lambda: run(n)


def measure(name, options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model, arrays, inputs = make(CASES[name](), folder)
        runs = ours(folder, inputs, options), theirs(model, arrays, options)
        rounds = [[run() for run in runs] for _ in range(options.r)]
    return [min(column) for column in zip(*rounds)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("-t", type=float, default=0.3)
    parser.add_argument("-r", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    lines = ["| op | gst-ir ms | OpenVINO ms | ratio |", "|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    figures = {}
    for name in CASES:
        if options.words and not any(w in name for w in options.words):
            continue
        figures[name] = mine, other = measure(name, options)
        lines.append("| %s | %.3f | %.3f | %.2f |" % (name, mine, other,
                                                      mine / other))
        print(lines[-1], flush=True)
    lines = ["%s OpenVINO %s, %s threads, f32, least of %d rounds." % (
        circumstances(load), openvino.__version__.split("-")[0],
        options.threads or "all", options.r), "", *lines]
    if options.json:
        save_json(options.json, figures)
    if options.write_docs:
        write_docs("ops.py", lines)


if __name__ == "__main__":
    main()
