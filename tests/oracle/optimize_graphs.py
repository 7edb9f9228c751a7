#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each optimization of ir-convert on a small ONNX graph, converted with its switch
off and on: the numbers of both in OpenVINO and on REFERENCE are ONNX Runtime's to
1e-5 of their range, and the ops that it is about are counted. With --write-docs the
graphs before and after become docs/optimizations.md; without it the page must be
what would be written.

The last line is "N passed, N failed, N skipped"."""

import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import helper, numpy_helper

from engines import TOP, Report, onnx_run, openvino_run, ours

TOLERANCE = 1e-5  # of the output's range
PAGE = TOP / "docs/optimizations.md"

report = Report()


class Net:
    """An ONNX graph from "x" to "y"; constants are random, but always the same."""

    def __init__(self, *shape):
        self.shape = list(shape)
        self.random = np.random.RandomState(5)
        self.nodes, self.values = [], []

    def constant(self, array):
        name = "c%d" % len(self.values)
        array = np.asarray(array)
        if array.dtype == np.float64:
            array = array.astype("f4")
        self.values.append(numpy_helper.from_array(array, name))
        return name

    def some(self, *shape, low=-1, high=1):
        return self.constant(self.random.uniform(low, high, shape))

    def add(self, op, *inputs, n=1, **attributes):
        names = ["%s%d" % (op.lower(), len(self.nodes))]
        if n > 1:
            names = ["%s.%d" % (names[0], i) for i in range(n)]
        self.nodes.append(helper.make_node(op, inputs, names, names[0],
                                           **attributes))
        return names if n > 1 else names[0]

    def conv(self, x, out, channels, kernel=3, stride=1, group=1):
        extent = (channels // group * kernel * kernel) ** -0.5
        weights = self.some(out, channels // group, kernel, kernel,
                            low=-2 * extent, high=2 * extent)
        return self.add("Conv", x, weights, self.some(out), group=group,
                        strides=[stride] * 2, pads=[kernel // 2] * 4)

    def norm(self, x, channels):
        return self.add("BatchNormalization", x,
                        self.some(channels, low=0.5, high=1.5),
                        self.some(channels), self.some(channels),
                        self.some(channels, low=0.5, high=2))

    def save(self, y, path):
        self.nodes.append(helper.make_node("Identity", [y], ["y"], "y"))
        model = helper.make_model(helper.make_graph(
            self.nodes, "m",
            [helper.make_tensor_value_info("x", 1, self.shape)],
            [helper.make_tensor_value_info("y", 1, None)], self.values),
            opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        onnx.save(model, path)


# --- the graphs ---------------------------------------------------------------


def batch_norm(net):
    x = net.norm(net.conv("x", 4, 3), 4)
    x = net.add("Mul", x, net.some(4, 1, 1))
    return net.add("Relu", net.add("Sub", x, net.some(1, 4, 1, 1)))


def before_conv(net):
    x = net.add("Mul", "x", net.some(3, 1, 1))
    return net.add("Concat", net.conv(x, 4, 3), net.conv(x, 4, 3), axis=1)


def padding(net):
    around = net.constant(np.array([0, 0, 1, 1, 0, 0, 1, 1]))
    x = net.add("Pad", "x", around)
    weights = net.some(4, 3, 3, 3)
    x = net.add("Relu", net.add("Conv", x, weights))
    return net.add("MaxPool", net.add("Pad", x, around), kernel_shape=[3, 3],
                   strides=[2, 2])


def groups(net):
    parts = net.add("Split", "x", n=2, axis=1)
    return net.add("Concat", *[net.add("Relu", net.conv(p, 4, 3)) for p in parts],
                   axis=1)


def strides(net):
    x = net.add("Relu", net.conv(net.add("Relu", net.conv("x", 4, 4)), 8, 4, 1))
    x = net.add("Relu", net.add("Add", x, net.conv("x", 8, 4, 1)))
    y = net.add("Relu", net.conv(x, 6, 8, 1))
    x = net.add("Relu", net.add("Add", x, net.conv(y, 8, 6)))
    return net.add("Add", net.conv(x, 6, 8, 1, stride=2),
                   net.conv(x, 6, 8, 1, stride=2))


def transposes(net):
    x = net.add("Transpose", net.conv("x", 4, 3), perm=[0, 2, 3, 1])
    x = net.add("Relu", net.add("Add", x, net.some(4)))
    return net.conv(net.add("Transpose", x, perm=[0, 3, 1, 2]), 4, 4)


def formulas(net):
    x = net.conv("x", 4, 3)
    limits = [net.constant(np.float32(v)) for v in (0, 6)]
    gate = net.add("Clip", net.add("Add", x, net.constant(np.float32(3))), *limits)
    x = net.add("Div", net.add("Mul", x, gate), net.constant(np.float32(6)))
    x = net.conv(x, 4, 4)
    return net.add("Mul", x, net.add("Sigmoid", x))


def layer_norm(net):
    d = net.add("Sub", "x", net.add("ReduceMean", "x", axes=[-1]))
    square = net.add("Pow", d, net.constant(np.float32(2)))
    root = net.add("Sqrt", net.add("Add", net.add("ReduceMean", square, axes=[-1]),
                                   net.constant(np.float32(1e-5))))
    return net.add("Add", net.add("Mul", net.add("Div", d, root), net.some(8)),
                   net.some(8))


def quantize(net):
    x = net.add("Mul", net.add("Relu", "x"), net.constant(np.float32(0.7)))
    scale, zero = net.constant(np.float32(0.013)), net.constant(np.uint8(0))
    x = net.add("QuantizeLinear", x, scale, zero)
    x = net.add("DequantizeLinear", x, scale, zero)
    return net.add("Sigmoid", net.add("Mul", x, net.some(1, 3, 1, 1)))


def side_by_side(net):
    ends = [net.add("Relu", net.conv("x", n, 3, 1)) for n in (4, 2, 5)]
    ends[1] = net.add("Sigmoid", ends[1])
    return net.add("Concat", *ends, axis=1)


def preprocessing(net):
    return net.add("Relu", net.conv("x", 4, 3))


MEAN = ["--mean_values", "[104,117,123]", "--scale", "58",
        "--reverse_input_channels"]


def prepared(x):
    mean = np.array([104, 117, 123], "f4").reshape(1, 3, 1, 1)
    return (x[:, ::-1] - mean) / np.float32(58)


OFF = {"fusing": ["--disable_fusing"], "groups": ["--disable_gfusing"],
       "strides": ["--disable_resnet_optimization"],
       "side by side": ["--enable_horizontal_fusing=false"]}

# title, text, the switch, the graph, its input, ops and how many of them there are
# before and after, options for both and for after only
CASES = [
    ("Linear operations behind a layer", "`batch-norm` and `linear` make "
     "multiplications and additions of batch normalization, divisions and "
     "subtractions, `merge-linear` one of each of a run of them, and "
     "`multiply-back` puts the factor into the weights of the convolution, "
     "transposed convolution or matrix product.",
     "fusing", batch_norm, (1, 3, 8, 8),
     {"BatchNormInference": (1, 0), "Multiply": (1, 0), "Add": (1, 1)}, [], []),
    ("Factors in front of layers", "`multiply-forward` puts a factor into the "
     "weights of all the convolutions that read the product. What is added stays: "
     "the pads of a convolution are zeros of what comes after the addition.",
     "fusing", before_conv, (1, 3, 8, 8), {"Multiply": (1, 0)}, [], []),
    ("Padding", "`pad` gives padding to the pads of convolutions and poolings: "
     "zeros to convolutions and averages, and to the largest of a window what is "
     "not above anything else there.",
     "fusing", padding, (1, 3, 9, 9), {"Pad": (2, 0)}, [], []),
    ("Groups", "`group-convolutions` makes one convolution with groups of those of "
     "the parts of a tensor, if weights, strides, pads, dilations and the layers "
     "up to the Concat are alike.",
     "groups", groups, (1, 6, 8, 8),
     {"Convolution": (2, 0), "GroupConvolution": (0, 1), "Split": (1, 0),
      "Concat": (1, 0), "ReLU": (2, 1)}, [], []),
    ("Strides", "`strides` moves the strides of 1x1 convolutions up to the layer "
     "from which on only every other element is needed. A shortcut gets a pooling "
     "that takes these out. Convolutions one of whose fellow readers wants "
     "something else keep theirs.",
     "strides", strides, (1, 4, 12, 12), {"MaxPool": (0, 1)}, [], []),
    ("Transposes", "`transposes` takes two Transposes together, through the "
     "element-wise layers between them. If they undo each other, `nop` takes "
     "what is left away.",
     "fusing", transposes, (1, 3, 8, 8), {"Transpose": (2, 0)}, [], []),
    ("Activations", "`activations` finds Swish, HSwish, HSigmoid, Mish, Gelu and "
     "SoftPlus in the formulas that exporters make of them.",
     "fusing", formulas, (1, 3, 8, 8),
     {"HSwish": (0, 1), "Swish": (0, 1), "Multiply": (2, 0), "Divide": (1, 0)},
     [], []),
    ("Normalisation", "`layer-norm` makes an MVN of a formula.",
     "fusing", layer_norm, (2, 3, 8),
     {"MVN": (0, 1), "ReduceMean": (2, 0), "Divide": (1, 0)}, [], []),
    ("Ranges of FakeQuantize", "`quantize-pairs` makes a FakeQuantize of ONNX' two "
     "operations, if halves between two levels go to the same of them, "
     "`quantize-before` and `quantize-after` put factors "
     "and sums into the ranges that a FakeQuantize takes and gives; a ReLU in front "
     "of one that gives nothing below 0 goes away.",
     "fusing", quantize, (1, 3, 8, 8),
     {"FakeQuantize": (0, 1), "Multiply": (3, 0), "Round": (1, 0), "ReLU": (1, 0)}, [], []),
    ("Preprocessing", "With `%s` the scale goes into the weights "
     "(`multiply-forward`) and the order of the channels, too "
     "(`reverse-channels`). The mean stays." % " ".join(MEAN),
     "fusing", preprocessing, (1, 3, 8, 8), {"Multiply": (1, 0)}, MEAN, []),
    ("Convolutions side by side", "`join-convolutions` makes one of convolutions "
     "that read the same tensor in the same way, and a VariadicSplit of what comes "
     "out. Only with `--enable_horizontal_fusing`: whether it is faster is for the "
     "device to say.",
     "side by side", side_by_side, (1, 3, 8, 8),
     {"Convolution": (3, 1), "ReLU": (3, 1), "VariadicSplit": (0, 1)}, [],
     ["--enable_horizontal_fusing"]),
]


# --- ResNet -------------------------------------------------------------------


def resnet(net):
    """ResNet-50 with strides in the 1x1 convolutions, as the authors' own in Caffe,
    an eighth as wide."""
    def unit(x, out, channels, kernel, stride=1):
        return net.norm(net.conv(x, out, channels, kernel, stride), out)

    x = net.add("Relu", unit("x", 8, 3, 7, 2))
    x = net.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    width = 8
    for mid, blocks in ((8, 3), (16, 4), (32, 6), (64, 3)):
        for block in range(blocks):
            stride = 2 if mid > 8 and block == 0 else 1
            y = net.add("Relu", unit(x, mid, width, 1, stride))
            y = net.add("Relu", unit(y, mid, mid, 3))
            y = unit(y, 4 * mid, mid, 1)
            x = unit(x, 4 * mid, width, 1, stride) if block == 0 else x
            x = net.add("Relu", net.add("Add", y, x))
            width = 4 * mid
    x = net.add("Flatten", net.add("GlobalAveragePool", x))
    return net.add("Gemm", x, net.some(width, 10), net.some(10))


RESNET = [
    ("`--disable_fusing --disable_resnet_optimization`",
     ["--disable_fusing", "--disable_resnet_optimization"]),
    ("`--disable_resnet_optimization`", ["--disable_resnet_optimization"]),
    ("all", []),
]


# --- converting ---------------------------------------------------------------


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-400:])
    return done.stdout


def convert(folder, path, name, options):
    run("ir-convert", "--silent", "-m", path, "-o", folder, "-n", name,
        "--report", os.path.join(folder, name + ".json"), *options)
    return os.path.join(folder, name + ".xml")


def graph_of(xml):
    """The ops by type, and the picture in the language that pages draw."""
    dot = run("ir-inspect", "--dot", xml)
    numbers, counts, lines = {}, {}, []
    for number, kind in re.findall(r'^  n(\d+) \[label="(\w+)', dot, re.M):
        numbers[number] = "n%d" % len(numbers)
        counts[kind] = counts.get(kind, 0) + 1
        lines.append("    %s[%s]" % (numbers[number], kind))
    for a, b, shape in re.findall(
            r'^  n(\d+) -> n(\d+) \[label="\[?([\d,]*)', dot, re.M):
        lines.append('    %s -- "%s" --> %s' % (numbers[a], shape, numbers[b]))
    return counts, "\n".join(["```mermaid", "flowchart LR"] + lines + ["```"])


def differences(want, xml, x):
    """What is wrong with the model's numbers, or None."""
    extent = max(float(np.ptp(want)), 1e-6)
    for who, got in (("OpenVINO", openvino_run(xml, [x])),
                     ("REFERENCE", ours(xml, [x], "REFERENCE"))):
        if got[0].shape != want.shape:
            return "%s: shape %s, not %s" % (who, got[0].shape, want.shape)
        worst = float(np.max(np.abs(got[0] - want)))
        if not worst <= TOLERANCE * extent:
            return "%s: off by %g of %g" % (who, worst, extent)
    return None


def switch_text(switch):
    if switch == "side by side":
        return "Switch: `--enable_horizontal_fusing`."
    return "Off with `%s`." % " ".join(OFF[switch])


def check(folder, case):
    title, text, switch, build, shape, ops, both, on = case
    path = os.path.join(folder, "m.onnx")
    net = Net(*shape)
    net.save(build(net), path)
    x = np.random.RandomState(1).uniform(-2, 2, shape).astype("f4")
    off = [] if on else OFF[switch]
    before = convert(folder, path, "before", both + off)
    after = convert(folder, path, "after", both + on)
    want = onnx_run(path, [prepared(x) if both else x])[0]
    for name, xml in (("off", before), ("on", after)):
        report.note("%s, %s" % (title, name), differences(want, xml, x))
    (had, picture), (has, picture_after) = graph_of(before), graph_of(after)
    for op, (a, b) in ops.items():
        report.check("%s, %s" % (title, op),
                     (had.get(op, 0), has.get(op, 0)) == (a, b),
                     "%d before, %d after" % (had.get(op, 0), has.get(op, 0)))
    inner = [sum(n for op, n in c.items() if op not in ("Parameter", "Result"))
             for c in (had, has)]
    return "\n".join(["## " + title, "", text, switch_text(switch), "",
                      "Before, %d ops:" % inner[0], "", picture, "",
                      "After, %d:" % inner[1], "", picture_after, ""])


def check_resnet(folder):
    path = os.path.join(folder, "m.onnx")
    shape = (1, 3, 64, 64)
    net = Net(*shape)
    net.save(resnet(net), path)
    x = np.random.RandomState(1).uniform(-2, 2, shape).astype("f4")
    want = onnx_run(path, [x])[0]
    rows, macs = [], []
    for title, options in RESNET:
        xml = convert(folder, path, "m", options)
        report.note("ResNet, " + title, differences(want, xml, x))
        with open(os.path.join(folder, "m.json")) as file:
            numbers = json.load(file)
        counts, _ = graph_of(xml)
        macs.append(numbers["macs"])
        rows.append("| %s | %d | %d | %d | %d | %.1f |" % (
            title, sum(counts.values()) - 2,
            counts.get("BatchNormInference", 0), counts.get("Multiply", 0),
            counts.get("MaxPool", 0), numbers["macs"] / 1e6))
    report.check("ResNet, norms", "| 0 | 0 | 4 |" in rows[2], rows[2])
    report.check("ResNet, products", macs[2] < macs[1] <= macs[0], str(macs))
    return "\n".join([
        "## All together", "",
        "ResNet-50 with strides in its 1x1 convolutions, an eighth as wide, on "
        "pictures of 64x64:", "",
        "| optimizations | ops | BatchNormInference | Multiply | MaxPool | "
        "million products |", "|---|---|---|---|---|---|", *rows, ""])


HEAD = """<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->
# What the converter optimizes

Written by `tests/oracle/optimize_graphs.py --write-docs`; do not edit. Pictures are
what `ir-inspect --dot` says, without constants. `ir-convert --explain` tells which of
the passes changed what in a model; `--finegrain_fusing REGEX` makes all of them leave
the layers alone in whose names the expression is found. Models that are read from an
IR are optimized with `--optimize` only.

"""


def main():
    with tempfile.TemporaryDirectory() as folder:
        parts = [check(folder, case) for case in CASES]
        parts.append(check_resnet(folder))
    page = HEAD + "\n".join(parts)
    if "--write-docs" in sys.argv:
        PAGE.write_text(page)
    report.note("docs/optimizations.md", None if PAGE.exists() and
                PAGE.read_text() == page else
                "is not what it should be: --write-docs writes it")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
