# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Caffe nets of the parity suite, each a function that builds one: small ones with
seeded weights, shaped like those that people have, and one per group of layers."""

import numpy as np

from caffe_write import Net, Word, blob_message

NETS = []


def net(function):
    NETS.append(function)
    return function


# --- nets that people have ---------------------------------------------------------


@net
def lenet():
    n = Net("lenet")
    top = n.input("data", 1, 1, 28, 28)
    top = n.conv("conv1", top, 8, kernel=5)
    top = n.pool("pool1", top, kernel_size=2, stride=2)
    top = n.conv("conv2", top, 12, kernel=5)
    top = n.pool("pool2", top, kernel_size=2, stride=2)
    top = n.full("ip1", top, 12 * 16, 32)
    top = n.relu(top)
    top = n.full("ip2", top, 32, 10)
    n.add("Softmax", "prob", top)
    return n


def residual(n, name, bottom, width, stride, project):
    """A bottleneck of ResNet-50 with the stride on its first convolution."""
    short = bottom
    if project:
        short = n.norm(n.conv(name + "_branch1", bottom, width * 4, kernel=1,
                              stride=stride, bias=False))
    top = n.conv(name + "_branch2a", bottom, width, kernel=1, stride=stride, bias=False)
    top = n.relu(n.norm(top))
    top = n.conv(name + "_branch2b", top, width, pad=1, bias=False)
    top = n.relu(n.norm(top))
    top = n.norm(n.conv(name + "_branch2c", top, width * 4, kernel=1, bias=False))
    top = n.add("Eltwise", name, [short, top])
    return n.relu(top)


def resnet(name, blocks, width, size, classes):
    n = Net(name)
    top = n.input("data", 1, 3, size, size)
    top = n.relu(n.norm(n.conv("conv1", top, width, kernel=7, stride=2, pad=3)))
    top = n.pool("pool1", top, kernel_size=3, stride=2)
    for stage, count in enumerate(blocks):
        for block in range(count):
            top = residual(n, "res%d%s" % (stage + 2, chr(97 + block)), top,
                           width << stage, 2 if stage and not block else 1, not block)
    top = n.pool("pool5", top, "AVE", global_pooling=True)
    top = n.full("fc", top, width * 4 << len(blocks) - 1, classes)
    n.add("Softmax", "prob", top)
    return n


@net
def resnet50():
    return resnet("resnet50", (3, 4, 6, 3), 3, 64, 10)


@net
def resnet_short():
    return resnet("resnet_short", (1, 2), 4, 32, 5)


def head(n, name, bottom, priors, size, low, high):
    """Location, confidence and prior boxes of one scale of an SSD."""
    flat = []
    for kind, outputs in (("loc", 4), ("conf", 3)):
        top = n.conv("%s_%s" % (name, kind), bottom, priors * outputs, pad=1)
        top = n.add("Permute", "%s_%s_perm" % (name, kind), top,
                    permute_param={"order": [0, 2, 3, 1]})
        flat.append(n.add("Flatten", "%s_%s_flat" % (name, kind), top,
                          flatten_param={"axis": 1}))
    box = n.add("PriorBox", name + "_priorbox", [bottom, "data"], prior_box_param={
        "min_size": low, "max_size": high, "aspect_ratio": [2], "flip": True,
        "clip": False, "variance": [0.1, 0.1, 0.2, 0.2], "offset": 0.5, "step": size})
    return flat + [box]


def detector(n, loc, conf, prior, **more):
    concat = [n.add("Concat", "mbox_" + what, tops, concat_param={"axis": axis})
              for what, tops, axis in (("loc", loc, 1), ("conf", conf, 1),
                                       ("priorbox", prior, 2))]
    top = n.add("Reshape", "mbox_conf_reshape", concat[1],
                reshape_param={"shape": {"dim": [0, -1, 3]}})
    top = n.add("Softmax", "mbox_conf_softmax", top, softmax_param={"axis": 2})
    top = n.add("Flatten", "mbox_conf_flatten", top, flatten_param={"axis": 1})
    param = {"num_classes": 3, "share_location": True, "background_label_id": 0,
             "nms_param": {"nms_threshold": 0.45, "top_k": 100},
             "code_type": Word("CENTER_SIZE"), "keep_top_k": 20,
             "confidence_threshold": 0.2}
    param.update(more)
    n.add("DetectionOutput", "detection_out", [concat[0], top, concat[2]],
          detection_output_param=param)


@net
def ssd():
    n = Net("ssd")
    top = n.input("data", 1, 3, 64, 64)
    top = n.relu(n.conv("conv1", top, 8, stride=2, pad=1))
    top = n.relu(n.conv("conv2", top, 12, stride=4, pad=1))
    first = n.add("Normalize", "conv2_norm", top, blobs=[n.positive(12) * 10],
                  norm_param={"across_spatial": False, "channel_shared": False})
    second = n.relu(n.conv("conv3", top, 16, stride=2, pad=1))
    loc, conf, prior = zip(head(n, "m1", first, 4, 8, 10.0, 20.0),
                           head(n, "m2", second, 4, 16, 25.0, 40.0))
    detector(n, loc, conf, prior)
    return n


@net
def alexnet():
    """Grouped convolutions as the first converters wrote them."""
    n = Net("alexnet")
    top = n.input("data", 1, 3, 67, 67)
    top = n.relu(n.conv("conv1", top, 16, kernel=11, stride=4))
    top = n.add("LRN", "norm1", top, lrn_param={"local_size": 5, "alpha": 0.0001,
                                                "beta": 0.75})
    top = n.pool("pool1", top, kernel_size=3, stride=2)
    halves = n.add("Slice", "slice2", top, top=["conv2_a", "conv2_b"], channels=8,
                   slice_param={"axis": 1, "slice_point": 8})
    halves = [n.conv("conv2_%d" % i, "conv2_" + half, 12, kernel=5, pad=2)
              for i, half in enumerate("ab")]
    top = n.add("Concat", "conv2", halves, channels=24)
    top = n.relu(top)
    top = n.conv("conv3", top, 24, pad=1, group=2)
    top = n.relu(top)
    top = n.pool("pool5", top, kernel_size=3, stride=2)
    top = n.full("fc6", top, 24 * 9, 32)
    top = n.relu(top)
    top = n.add("Dropout", "drop6", top, top=top, dropout_param={"dropout_ratio": 0.5})
    top = n.full("fc7", top, 32, 10, bias_term=False)
    n.add("Softmax", "prob", top)
    return n


@net
def mobilenet():
    n = Net("mobilenet")
    top = n.input("data", 1, 3, 32, 32)
    top = n.relu(n.norm(n.conv("conv1", top, 8, stride=2, pad=1, bias=False)))
    for i, (outputs, stride) in enumerate(((12, 1), (16, 2), (16, 1))):
        inputs = n.channels[top]
        top = n.conv("conv%d_dw" % i, top, inputs, stride=stride, pad=1, group=inputs,
                     bias=False)
        top = n.relu(n.norm(top))
        top = n.conv("conv%d_sep" % i, top, outputs, kernel=1, bias=False)
        top = n.norm(top)
        top = n.add("ReLU6", "relu6_%d" % i, top)
    top = n.pool("pool6", top, "AVE", global_pooling=True)
    top = n.conv("fc7", top, 10, kernel=1)
    n.add("Softmax", "prob", top)
    return n


@net
def densenet():
    """Normalization before the convolution: factors that can only go forward."""
    n = Net("densenet")
    top = n.input("data", 1, 3, 24, 24)
    top = n.conv("conv1", top, 8, pad=1)
    for i in range(3):
        name = "b%d" % i
        n.add("BatchNorm", name + "_bn", top, blobs=[
            n.weights(n.channels[top], scale=0.1), n.positive(n.channels[top]),
            np.ones(1, "f4")])
        branch = n.scale(name + "_bn", name + "_scale")
        branch = n.relu(branch)
        branch = n.conv(name + "_conv", branch, 4, pad=1, bias=False)
        top = n.add("Concat", name + "_concat", [top, branch],
                    channels=n.channels[top] + 4)
    top = n.pool("pool", top, "AVE", kernel_size=2, stride=2)
    n.conv("out", top, 4, kernel=1)
    return n


@net
def inception():
    """Convolutions side by side that read the same tensor."""
    n = Net("inception")
    top = n.relu(n.conv("conv1", n.input("data", 1, 3, 24, 24), 8, pad=1))
    a = n.relu(n.conv("a", top, 4, kernel=1))
    b = n.relu(n.conv("b2", n.relu(n.conv("b1", top, 4, kernel=1)), 6, pad=1))
    c = n.relu(n.conv("c2", n.relu(n.conv("c1", top, 4, kernel=1)), 6, kernel=5, pad=2))
    d = n.conv("d2", n.pool("d1", top, kernel_size=3, stride=1, pad=1), 4, kernel=1)
    top = n.add("Concat", "join", [a, b, c, d], channels=20)
    n.full("fc", n.pool("mean", top, "AVE", kernel_size=24), 20, 5)
    return n


@net
def squeeze():
    """Channels weighted by Axpy, as in SENet."""
    n = Net("squeeze")
    top = n.conv("conv1", n.input("data", 1, 3, 16, 16), 8, pad=1)
    w = n.pool("squeeze", top, "AVE", global_pooling=True)
    w = n.relu(n.conv("down", w, 4, kernel=1))
    w = n.add("Sigmoid", "gate", n.conv("up", w, 8, kernel=1))
    other = n.conv("conv2", top, 8, pad=1)
    n.conv("conv3", n.add("Axpy", "axpy", [w, top, other]), 4, kernel=1)
    return n


@net
def fcn():
    """Transposed convolutions, cropped to the size of another tensor."""
    n = Net("fcn")
    data = n.input("data", 1, 3, 30, 28)
    fine = n.relu(n.conv("conv1", data, 6, stride=2, pad=1))
    coarse = n.relu(n.conv("conv2", fine, 8, stride=2, pad=1))
    up = n.deconv("up2", n.conv("score2", coarse, 4, kernel=1), 4, kernel=4, stride=2,
                  bias=False, group=4)
    up = n.add("Crop", "crop", [up, n.conv("score1", fine, 4, kernel=1)],
               crop_param={"axis": 2, "offset": 1})
    top = n.add("Eltwise", "sum", [up, "score1"])
    top = n.deconv("up1", top, 3, kernel=4, stride=2, pad=1)
    n.add("Softmax", "prob", top)
    return n


@net
def faces():
    """Prior boxes by width and height, no shared normalization, corner boxes."""
    n = Net("faces")
    top = n.relu(n.conv("conv1", n.input("data", 1, 3, 32, 32), 8, stride=4, pad=1))
    flat = []
    for kind, outputs in (("loc", 8), ("conf", 6)):
        top2 = n.conv("f_" + kind, top, outputs, pad=1)
        top2 = n.add("Permute", "f_%s_perm" % kind, top2,
                     permute_param={"order": [0, 2, 3, 1]})
        flat.append(n.add("Flatten", "f_%s_flat" % kind, top2))
    box = n.add("PriorBoxClustered", "f_box", [top, "data"], prior_box_param={
        "width": [8.0, 14.0], "height": [9.0, 17.0], "step": 4, "clip": True,
        "variance": [0.1, 0.1, 0.2, 0.2], "flip": False, "offset": 0.5})
    detector(n, [flat[0]], [flat[1]], [box], code_type=Word("CORNER"),
             share_location=True, nms_param={"nms_threshold": 0.3}, keep_top_k=-1)
    return n


@net
def yolo():
    n = Net("yolo")
    fine = n.conv("conv1", n.input("data", 1, 3, 32, 32), 6, stride=2, pad=1)
    fine = n.relu(fine, negative_slope=0.1)
    coarse = n.relu(n.conv("conv2", fine, 8, stride=2, pad=1), negative_slope=0.1)
    reorg = n.add("ReorgYolo", "reorg", fine, channels=24,
                  reorg_yolo_param={"stride": 2})
    top = n.add("Concat", "route", [reorg, coarse], channels=32)
    top = n.conv("conv3", top, 16, kernel=1)
    n.add("RegionYolo", "region", top, region_yolo_param={
        "coords": 4, "classes": 3, "num": 2, "do_softmax": True},
        flatten_param={"axis": 1, "end_axis": -1})
    return n


@net
def rfcn():
    n = Net("rfcn")
    top = n.relu(n.conv("conv1", n.input("data", 1, 3, 48, 64), 8, stride=8, pad=1))
    n.input("im_info", 1, 3)
    score = n.conv("rpn_cls", top, 2 * 6, kernel=1)
    score = n.add("Reshape", "rpn_cls_reshape", score,
                  reshape_param={"shape": {"dim": [0, 2, -1, 0]}})
    score = n.add("Softmax", "rpn_prob", score)
    score = n.add("Reshape", "rpn_prob_reshape", score,
                  reshape_param={"shape": {"dim": [0, 12, -1, 0]}})
    boxes = n.conv("rpn_box", top, 4 * 6, kernel=1)
    rois = n.add("Proposal", "rois", [score, boxes, "im_info"], proposal_param={
        "feat_stride": 8, "base_size": 8, "min_size": 4, "ratio": [0.5, 1.0, 2.0],
        "scale": [1.0, 2.0], "pre_nms_topn": 100, "post_nms_topn": 12,
        "nms_thresh": 0.7})
    maps = n.conv("maps", top, 2 * 9, kernel=1)
    n.add("PSROIPooling", "psroi", [maps, rois], psroi_pooling_param={
        "spatial_scale": 0.125, "output_dim": 2, "group_size": 3})
    n.add("ROIPooling", "roi", [top, rois], roi_pooling_param={
        "pooled_h": 2, "pooled_w": 3, "spatial_scale": 0.125})
    return n


# --- one per group of layers ---------------------------------------------------------


@net
def activations():
    n = Net("activations")
    top = n.conv("conv1", n.input("data", 1, 4, 9, 11), 4, pad=1)
    top = n.add("PReLU", "prelu", top, blobs=[n.positive(4) * 0.3])
    top = n.conv("conv2", top, 4, pad=1)
    top = n.add("PReLU", "prelu_shared", top, blobs=[np.array([0.2], "f4")],
                prelu_param={"channel_shared": True})
    n.relu(n.conv("leaky", top, 3, kernel=1), negative_slope=0.1)
    n.add("ELU", "elu", top, elu_param={"alpha": 0.7})
    n.add("Sigmoid", "sigmoid", top)
    n.add("TanH", "tanh", top)
    n.add("Power", "power", "sigmoid", power_param={
        "power": 1.5, "scale": 0.8, "shift": 0.3})
    n.add("Power", "linear", top, power_param={"scale": -2.0, "shift": 0.25})
    return n


@net
def eltwise():
    n = Net("eltwise")
    data = n.input("data", 1, 3, 8, 10)
    a, b, c = (n.conv("conv_" + i, data, 5, pad=1) for i in "abc")

    def add(name, bottoms, kind, **more):
        return n.add("Eltwise", name, bottoms,
                     eltwise_param=dict(operation=Word(kind), **more))

    add("sum2", [a, b], "SUM", coeff=[0.5, -1.5])
    add("sum3", [a, b, c], "SUM", coeff=[1.0, -1.0, 0.25])
    add("product", [a, b, c], "PROD")
    add("largest", [a, b, c], "MAX")
    add("difference", ["largest", "product"], "SUM", coeff=[1.0, -1.0])
    return n


@net
def ceilings():
    """Pooling whose last window would begin in the padding, and other corners."""
    n = Net("ceilings")
    top = n.conv("conv1", n.input("data", 1, 3, 12, 15), 4, pad=1)
    for kind in ("MAX", "AVE"):
        word = kind.lower()
        n.pool("clipped_" + word, top, kind, kernel_size=2, stride=2, pad=1)
        n.pool("overhang_" + word, top, kind, kernel_size=3, stride=2)
        n.pool("padded_" + word, top, kind, kernel_size=3, stride=2, pad=1)
        n.pool("wide_" + word, top, kind, kernel_h=2, kernel_w=3, stride_h=2,
               stride_w=4, pad_h=0, pad_w=1)
        n.pool("floor_" + word, top, kind, kernel_size=3, stride=2, ceil_mode=False)
        n.pool("global_" + word, top, kind, global_pooling=True)
    return n


@net
def windows():
    n = Net("windows")
    data = n.input("data", 1, 4, 13, 17)
    top = n.conv("wide", data, 6, kernel_h=3, kernel_w=5, pad_h=1, pad_w=2, stride_h=2,
                 stride_w=1)
    n.conv("dilated", top, 5, pad=2, dilation=2)
    n.conv("grouped", data, 8, group=2, pad=1)
    n.deconv("up", top, 3, kernel=3, stride=2, pad=1)
    n.deconv("up_grouped", data, 6, kernel=4, stride=2, pad=1, group=2)
    return n


@net
def shapes():
    n = Net("shapes")
    top = n.conv("conv1", n.input("data", 2, 3, 6, 8), 12, pad=1)
    n.add("Reshape", "reshape", top, reshape_param={"shape": {"dim": [0, 3, -1, 8]}})
    n.add("Permute", "permute", "reshape", permute_param={"order": [0, 2, 3, 1]})
    n.add("Flatten", "flat_middle", top, flatten_param={"axis": 1, "end_axis": 2})
    n.add("Flatten", "flat", top)
    n.add("Softmax", "softmax_last", "permute", softmax_param={"axis": 3})
    n.add("Slice", "slice", top, top=["s0", "s1", "s2"], channels=4,
          slice_param={"axis": 1, "slice_point": [4, 8]})
    n.add("Slice", "halves", "s0", top=["h0", "h1"], slice_param={"axis": 3})
    n.add("Concat", "concat", ["h0", "h1", "h0"], concat_param={"axis": 2})
    n.add("Concat", "concat_dim", ["s1", "s2"], concat_param={"concat_dim": 0})
    n.add("Tile", "tile", "h1", tile_param={"axis": 2, "tiles": 2})
    n.add("ShuffleChannel", "shuffle", top, shuffle_channel_param={"group": 3})
    return n


@net
def resizing():
    n = Net("resizing")
    top = n.conv("conv1", n.input("data", 1, 3, 9, 11), 3, pad=1)
    n.add("Interp", "to_size", top, interp_param={"height": 20, "width": 15})
    n.add("Interp", "zoomed", top, interp_param={"zoom_factor": 2})
    n.add("Interp", "shrunk", top, interp_param={"shrink_factor": 2})
    n.add("Resample", "nearest", top, resample_param={
        "factor": 2.0, "type": Word("NEAREST"), "antialias": False})
    return n


@net
def normalizing():
    n = Net("normalizing")
    top = n.conv("conv1", n.input("data", 1, 3, 8, 9), 6, pad=1)
    n.add("LRN", "across", top, lrn_param={"local_size": 3, "alpha": 0.5, "beta": 0.75,
                                           "k": 2.0})
    n.add("LRN", "within", top, lrn_param={
        "local_size": 3, "alpha": 0.5, "beta": 0.75,
        "norm_region": Word("WITHIN_CHANNEL")})
    n.add("MVN", "mvn", top)
    n.add("MVN", "mvn_all", top, mvn_param={"across_channels": True, "eps": 0.001})
    n.add("MVN", "mean_only", top, mvn_param={"normalize_variance": False})
    n.add("Normalize", "l2", top, blobs=[n.positive(6)],
          norm_param={"across_spatial": False, "channel_shared": False, "eps": 1e-6})
    n.add("Normalize", "l2_all", top, blobs=[n.positive(1)],
          norm_param={"across_spatial": True, "channel_shared": True})
    n.add("GRN", "grn", top, grn_param={"bias": 0.5})
    return n


@net
def factors():
    """Scale, Bias and BatchNorm in every combination."""
    n = Net("factors")
    data = n.scale(n.input("data", 1, 3, 10, 10), "first")
    top = n.norm(n.conv("conv1", data, 6, pad=1), gain=False, factor=4.0)
    top = n.scale(top, "only_gain", bias=False)
    top = n.conv("conv2", top, 6, kernel=1, bias=False)
    top = n.add("Bias", "bias", top, blobs=[n.weights(6)])
    top = n.norm(n.relu(top), eps=0.001)
    weights = n.add("Sigmoid", "weights", n.conv("conv3", top, 6, kernel=1))
    n.add("Scale", "by_tensor", [top, weights], scale_param={"axis": 0})
    n.norm(n.full("fc", "by_tensor", 600, 7))
    return n


@net
def choosing():
    n = Net("choosing")
    top = n.conv("conv1", n.input("data", 1, 3, 5, 6), 4, pad=1)
    n.add("ArgMax", "best", top, argmax_param={"axis": 1, "top_k": 2})
    return n


@net
def choosing_all():
    n = Net("choosing_all")
    top = n.conv("conv1", n.input("data", 1, 3, 5, 6), 4, pad=1)
    n.add("ArgMax", "best", top, argmax_param={"top_k": 3})
    return n


@net
def two_inputs():
    n = Net("two_inputs")
    n.input("image", 1, 3, 16, 16)
    n.input("info", 1, 4)
    top = n.pool("mean", n.relu(n.conv("conv1", "image", 8, stride=2, pad=1)), "AVE",
                 global_pooling=True)
    top = n.add("Flatten", "flat", top)
    top = n.add("Concat", "both", [top, "info"], channels=12)
    n.full("fc", top, 12, 5, transpose=True)
    return n


@net
def header_shapes():
    n = Net("header_shapes", unpacked=True)
    n.header_input("data", 1, 3, 12, 12)
    n.header_input("mask", 1, 3, 12, 12)
    top = n.add("Eltwise", "masked", ["data", "mask"],
                eltwise_param={"operation": Word("PROD")})
    n.conv("conv1", top, 4, pad=1)
    return n


@net
def old_lenet():
    """V1 layers, blobs with the old sizes, `input_dim`."""
    n = Net("old_lenet", v1=True)
    top = n.header_input("data", 1, 1, 20, 20, style="input_dim")
    top = n.relu(n.conv("conv1", top, 6, kernel=5))
    top = n.pool("pool1", top, kernel_size=2, stride=2)
    top = n.full("ip1", top, 6 * 64, 16)
    top = n.add("TanH", "tanh1", top)
    top = n.full("ip2", top, 16, 4)
    n.add("Softmax", "prob", top)
    return n


@net
def old_layers():
    n = Net("old_layers", v1=True)
    data = n.header_input("data", 1, 3, 18, 18, style="input_dim")
    top = n.conv("conv1", data, 8, pad=1, stride=2)
    n.add("Slice", "slice", top, top=["s0", "s1"], channels=4,
          slice_param={"slice_dim": 1, "slice_point": 4})
    a = n.conv("a", "s0", 4, pad=1)
    b = n.add("Power", "b", "s1", power_param={"scale": 0.5, "shift": 1.0})
    top = n.add("Eltwise", "sum", [a, b],
                eltwise_param={"operation": Word("SUM"), "coeff": [1.0, -1.0]})
    top = n.add("Concat", "concat", [top, a], channels=8,
                concat_param={"concat_dim": 1})
    top = n.add("LRN", "lrn", top, lrn_param={"local_size": 3})
    top = n.add("Dropout", "drop", top, top=top)
    n.deconv("up", top, 2, kernel=2, stride=2)
    return n


@net
def training():
    """A net as it is trained: data layers, a loss and its measure, in both phases."""
    n = Net("training")
    phase = {"include": {"phase": Word("TRAIN")}}
    n.add("Data", "source", [], top=["data", "label"], channels=3, data_param={
        "source": "train_lmdb", "batch_size": 64, "backend": Word("LMDB")}, **phase)
    n.add("Input", "data", [], top="data", channels=3, include={
        "phase": Word("TEST")}, input_param={"shape": {"dim": [1, 3, 16, 16]}})
    top = n.relu(n.conv("conv1", "data", 6, stride=2, pad=1))
    top = n.full("fc", top, 6 * 64, 4)
    n.add("SoftmaxWithLoss", "loss", [top, "label"], **phase)
    n.add("Softmax", "prob", top, include={"phase": Word("TEST")})
    return n


@net
def phases():
    """A layer that is there in training only."""
    n = Net("phases")
    top = n.conv("conv1", n.input("data", 1, 3, 10, 10), 4, pad=1)
    n.add("Power", "jitter", top, top=top, power_param={"scale": 3.0},
          include={"phase": Word("TRAIN")})
    n.relu(top)
    n.conv("conv2", top, 2, kernel=1)
    return n


@net
def splits():
    n = Net("splits")
    top = n.relu(n.conv("conv1", n.input("data", 1, 3, 10, 10), 4, pad=1))
    n.add("Split", "split", top, top=["left", "right"])
    n.conv("a", "left", 3, kernel=1)
    n.pool("b", "right", kernel_size=2, stride=2)
    return n


# --- files -----------------------------------------------------------------------


def write_mean(folder):
    """A mean image, larger than the nets' inputs."""
    values = np.random.RandomState(7).uniform(90, 130, (1, 3, 40, 44))
    (folder / "mean.binaryproto").write_bytes(
        blob_message(values.astype("f4"), legacy=True))


def write_wrong(folder):
    """Nets with a mistake each."""
    good = NETS[0]().prototxt()
    changes = {"wrong_field": good.replace("num_output", "num_outputs", 1),
               "wrong_type": good.replace('"Softmax"', '"Softermax"'),
               "wrong_brace": good.rstrip().rstrip("}"),
               "wrong_bottom": good.replace('bottom: "pool1"', 'bottom: "pool9"'),
               "wrong_empty": 'name: "nothing"\n'}
    for name, text in changes.items():
        (folder / (name + ".prototxt")).write_text(text)
        (folder / (name + ".caffemodel")).write_bytes(NETS[0]().caffemodel())
    (folder / "wrong_weights.prototxt").write_text(good)
    (folder / "wrong_weights.caffemodel").write_bytes(b"<html>not found</html>")
    (folder / "alone.caffemodel").write_bytes(NETS[0]().caffemodel())


def write_all(folder):
    for build in NETS:
        build().write(folder)
    write_mean(folder)
    write_wrong(folder)
