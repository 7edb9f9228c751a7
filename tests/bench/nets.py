#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes networks of well-known shapes, with random weights, as ONNX files: for
timing, where only shapes matter. Batch normalization is taken to be folded.

usage: nets.py FOLDER [NAME...]    names: those of NETS below
"""

import pathlib
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save


class Net:
    """A graph under construction; layers take and return (name, channels)."""

    def __init__(self, name, size, channels=3):
        self.name, self.nodes, self.weights = name, [], []
        self.random = np.random.default_rng(7)
        self.input = helper.make_tensor_value_info(
            "input", TensorProto.FLOAT, [1, channels, size, size])
        self.start = ("input", channels)

    def constant(self, array):
        name = "w%d" % len(self.weights)
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def numbers(self, *shape):
        scale = np.sqrt(2 / max(np.prod(shape[1:]), 1))
        return self.constant(
            (self.random.standard_normal(shape) * scale).astype(np.float32))

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = ["t%d_%d" % (len(self.nodes), i) for i in range(outputs)]
        self.nodes.append(helper.make_node(
            kind, list(inputs), names, name=names[0], **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x, out, kernel=1, stride=1, groups=1, act="relu", dilation=1):
        name, channels = x
        pad = (kernel - 1) // 2 * dilation
        y = self.op("Conv", name,
                    self.numbers(out, channels // groups, kernel, kernel),
                    self.numbers(out), strides=[stride] * 2, pads=[pad] * 4,
                    kernel_shape=[kernel] * 2, group=groups,
                    dilations=[dilation] * 2)
        return self.act(y, act), out

    def depthwise(self, x, kernel=3, stride=1, act="relu", dilation=1):
        return self.conv(x, x[1], kernel, stride, x[1], act, dilation)

    def act(self, name, kind):
        if kind == "relu":
            return self.op("Relu", name)
        if kind == "relu6":
            return self.op("Clip", name, self.scalar(0), self.scalar(6))
        if kind == "silu":
            return self.op("Mul", name, self.op("Sigmoid", name))
        if kind == "hswish":
            return self.op("HardSwish", name)
        return name

    def scalar(self, value):
        return self.constant(np.array(value, np.float32))

    def add(self, a, b, act=None):
        return self.act(self.op("Add", a[0], b[0]), act), a[1]

    def concat(self, *parts):
        return (self.op("Concat", *(p[0] for p in parts), axis=1),
                sum(p[1] for p in parts))

    def pool(self, x, kernel, stride, kind="MaxPool", pad=None):
        pad = (kernel - 1) // 2 if pad is None else pad
        return self.op(kind, x[0], kernel_shape=[kernel] * 2,
                       strides=[stride] * 2, pads=[pad] * 4), x[1]

    def resize(self, x, scale, mode="nearest"):
        scales = self.constant(np.array([1, 1, scale, scale], np.float32))
        turned = {"coordinate_transformation_mode":
                  "asymmetric" if mode == "nearest" else "half_pixel"}
        if mode == "nearest":
            turned["nearest_mode"] = "floor"
        return self.op("Resize", x[0], "", scales, mode=mode, **turned), x[1]

    def squeeze_excite(self, x, middle, gate):
        y = (self.op("GlobalAveragePool", x[0]), x[1])
        y = self.conv(y, middle, act="silu" if gate == "sigmoid" else "relu")
        y = self.conv(y, x[1], act=None)
        g = self.op("Sigmoid" if gate == "sigmoid" else "HardSigmoid", y[0])
        return self.op("Mul", x[0], g), x[1]

    def classifier(self, x, classes=1000):
        y = self.op("Flatten", self.op("GlobalAveragePool", x[0]), axis=1)
        return self.op("Gemm", y, self.numbers(classes, x[1]),
                       self.numbers(classes), transB=1)

    def write(self, path, *outputs):
        outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None)
                   for o in outputs]
        graph = helper.make_graph(
            self.nodes, self.name, [self.input], outputs, self.weights)
        save(helper.make_model(
            graph, ir_version=8,
            opset_imports=[helper.make_opsetid("", 14)]), str(path))


# --- classifiers ------------------------------------------------------------------


def resnet(path, blocks, bottleneck):
    net = Net(path.stem, 224)
    x = net.pool(net.conv(net.start, 64, 7, 2), 3, 2)
    for stage, count in enumerate(blocks):
        width = 64 << stage
        out = width * 4 if bottleneck else width
        for i in range(count):
            stride = 2 if stage and not i else 1
            skip = x
            if stride == 2 or x[1] != out:
                skip = net.conv(x, out, 1, stride, act=None)
            if bottleneck:
                y = net.conv(net.conv(x, width), width, 3, stride)
                y = net.conv(y, out, act=None)
            else:
                y = net.conv(net.conv(x, width, 3, stride), out, 3, act=None)
            x = net.add(y, skip, "relu")
    net.write(path, net.classifier(x))


def mobilenet_v1_features(net, x):
    x = net.conv(x, 32, 3, 2)
    for out, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
                        *((512, 1),) * 5):
        x = net.conv(net.depthwise(x, 3, stride), out)
    return x


def mobilenet_v1(path):
    net = Net(path.stem, 224)
    x = mobilenet_v1_features(net, net.start)
    x = net.conv(net.depthwise(x, 3, 2), 1024)
    net.write(path, net.classifier(net.conv(net.depthwise(x), 1024)))


def inverted(net, x, middle, out, kernel, stride, act, excite=None, dilation=1):
    y = net.conv(x, middle, act=act) if middle != x[1] else x
    y = net.depthwise(y, kernel, stride, act, dilation)
    if excite:
        y = net.squeeze_excite(y, *excite)
    y = net.conv(y, out, act=None)
    return net.add(y, x) if stride == 1 and out == x[1] else y


MOBILENET_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def mobilenet_v2(path):
    net = Net(path.stem, 224)
    x = net.conv(net.start, 32, 3, 2, act="relu6")
    for expand, out, count, stride in MOBILENET_V2:
        for i in range(count):
            x = inverted(net, x, x[1] * expand, out, 3, stride if not i else 1,
                         "relu6")
    net.write(path, net.classifier(net.conv(x, 1280, act="relu6")))


def mobilenet_v3(path):
    net = Net(path.stem, 224)
    x = net.conv(net.start, 16, 3, 2, act="hswish")
    for k, middle, out, excite, act, stride in (
            (3, 16, 16, 0, "relu", 1), (3, 64, 24, 0, "relu", 2),
            (3, 72, 24, 0, "relu", 1), (5, 72, 40, 1, "relu", 2),
            (5, 120, 40, 1, "relu", 1), (5, 120, 40, 1, "relu", 1),
            (3, 240, 80, 0, "hswish", 2), (3, 200, 80, 0, "hswish", 1),
            (3, 184, 80, 0, "hswish", 1), (3, 184, 80, 0, "hswish", 1),
            (3, 480, 112, 1, "hswish", 1), (3, 672, 112, 1, "hswish", 1),
            (5, 672, 160, 1, "hswish", 2), (5, 960, 160, 1, "hswish", 1),
            (5, 960, 160, 1, "hswish", 1)):
        x = inverted(net, x, middle, out, k, stride, act,
                     (middle // 4, "hsigmoid") if excite else None)
    net.write(path, net.classifier(net.conv(x, 960, act="hswish")))


def efficientnet_b0(path):
    net = Net(path.stem, 224)
    x = net.conv(net.start, 32, 3, 2, act="silu")
    for expand, out, count, stride, k in (
            (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
            (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)):
        for i in range(count):
            x = inverted(net, x, x[1] * expand, out, k, stride if not i else 1,
                         "silu", (max(x[1] // 4, 1), "sigmoid"))
    net.write(path, net.classifier(net.conv(x, 1280, act="silu")))


def squeezenet(path):
    net = Net(path.stem, 224)

    def fire(x, squeeze, expand):
        y = net.conv(x, squeeze)
        return net.concat(net.conv(y, expand), net.conv(y, expand, 3))

    x = net.pool(net.conv(net.start, 64, 3, 2), 3, 2, pad=0)
    x = net.pool(fire(fire(x, 16, 64), 16, 64), 3, 2, pad=0)
    x = net.pool(fire(fire(x, 32, 128), 32, 128), 3, 2, pad=0)
    x = fire(fire(fire(fire(x, 48, 192), 48, 192), 64, 256), 64, 256)
    x = net.conv(x, 1000)
    net.write(path, net.op("GlobalAveragePool", x[0]))


# --- detectors and segmentation -----------------------------------------------------


def flat(net, x, last):
    y = net.op("Transpose", x[0], perm=[0, 2, 3, 1])
    shape = net.constant(np.array([1, -1, last], np.int64))
    return net.op("Reshape", y, shape)


def ssd_mobilenet(path):
    net = Net(path.stem, 300)
    x = mobilenet_v1_features(net, net.start)
    sources = [x]
    x = net.conv(net.depthwise(x, 3, 2), 1024)
    sources.append(net.conv(net.depthwise(x), 1024))
    x = sources[-1]
    for middle, out in ((256, 512), (128, 256), (128, 256), (64, 128)):
        x = net.conv(net.conv(x, middle), out, 3, 2)
        sources.append(x)
    boxes = [flat(net, net.conv(s, 6 * 4, act=None), 4) for s in sources]
    scores = [flat(net, net.conv(s, 6 * 91, act=None), 91) for s in sources]
    net.write(path, net.op("Concat", *boxes, axis=1),
              net.op("Sigmoid", net.op("Concat", *scores, axis=1)))


def yolov8n(path):
    net = Net(path.stem, 640)

    def part(x, begin, end):
        name = net.op("Slice", x[0],
                      net.constant(np.array([begin], np.int64)),
                      net.constant(np.array([end], np.int64)),
                      net.constant(np.array([1], np.int64)))
        return name, end - begin

    def c2f(x, out, count, shortcut):
        half = out // 2
        y = net.conv(x, out, act="silu")
        parts = [part(y, 0, half), part(y, half, out)]
        for _ in range(count):
            z = net.conv(net.conv(parts[-1], half, 3, act="silu"), half, 3,
                         act="silu")
            parts.append(net.add(z, parts[-1]) if shortcut else z)
        return net.conv(net.concat(*parts), out, act="silu")

    def down(x, out):
        return net.conv(x, out, 3, 2, act="silu")

    x = c2f(down(down(net.start, 16), 32), 32, 1, True)
    p3 = c2f(down(x, 64), 64, 2, True)
    p4 = c2f(down(p3, 128), 128, 2, True)
    x = c2f(down(p4, 256), 256, 1, True)
    y = net.conv(x, 128, act="silu")
    pools = [y]
    for _ in range(3):
        pools.append(net.pool(pools[-1], 5, 1))
    p5 = net.conv(net.concat(*pools), 256, act="silu")
    n4 = c2f(net.concat(net.resize(p5, 2), p4), 128, 1, False)
    n3 = c2f(net.concat(net.resize(n4, 2), p3), 64, 1, False)
    n4 = c2f(net.concat(down(n3, 64), n4), 128, 1, False)
    n5 = c2f(net.concat(down(n4, 128), p5), 256, 1, False)
    heads = []
    for x in (n3, n4, n5):
        box = net.conv(net.conv(x, 64, 3, act="silu"), 64, 3, act="silu")
        name = net.conv(net.conv(x, 80, 3, act="silu"), 80, 3, act="silu")
        both = net.concat(net.conv(box, 64, act=None), net.conv(name, 80, act=None))
        shape = net.constant(np.array([1, 144, -1], np.int64))
        heads.append(net.op("Reshape", both[0], shape))
    net.write(path, net.op("Concat", *heads, axis=2))


def deeplab(path):
    net = Net(path.stem, 257)
    x = net.conv(net.start, 32, 3, 2, act="relu6")
    for stage, (expand, out, count, stride) in enumerate(MOBILENET_V2):
        for i in range(count):
            x = inverted(net, x, x[1] * expand, out, 3,
                         stride if not i and stage < 5 and stage != 3 else 1,
                         "relu6", dilation=1 if stage < 4 else 2)
    branches = [net.conv(x, 256)]
    for dilation in (6, 12, 18):
        branches.append(net.conv(
            net.depthwise(x, 3, dilation=dilation), 256))
    y = net.conv(net.concat(*branches), 256)
    y = net.conv(y, 21, act=None)
    net.write(path, net.resize(y, 8, "linear")[0])


NETS = {
    "resnet-18": lambda p: resnet(p, (2, 2, 2, 2), False),
    "resnet-50": lambda p: resnet(p, (3, 4, 6, 3), True),
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "mobilenet-v3": mobilenet_v3,
    "efficientnet-b0": efficientnet_b0,
    "squeezenet-1.1": squeezenet,
    "ssd-mobilenet-300": ssd_mobilenet,
    "yolov8n-640": yolov8n,
    "deeplab-257": deeplab,
}


def main():
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= set(NETS):
        sys.exit(__doc__ + "\n" + " ".join(NETS))
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETS:
        NETS[name](folder / (name + ".onnx"))


if __name__ == "__main__":
    main()
