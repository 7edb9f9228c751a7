# SPDX-License-Identifier: LGPL-2.1-or-later
"""Small ONNX nets for what the models of the test data don't have: several inputs,
tensors called otherwise than their nodes, nodes with several outputs, other layouts."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    def __init__(self, name):
        self.name = name
        self.random = np.random.RandomState(len(name))
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []

    def input(self, name, shape, kind=TensorProto.FLOAT):
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, name, shape, kind=TensorProto.FLOAT):
        self.outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def const(self, name, array):
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, name, *shape):
        fan = int(np.prod(shape[1:])) or 1
        return self.const(name, (self.random.randn(*shape) / fan ** 0.5).astype("f4"))

    def add(self, kind, inputs, outputs, name="", **attributes):
        outputs = outputs if isinstance(outputs, list) else [outputs]
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=name,
                                           **attributes))
        return outputs[0]

    def conv(self, source, target, inputs, outputs, kernel=3, name="", **more):
        pad = kernel // 2
        group = more.get("group", 1)
        return self.add("Conv", [source, self.weights(
            target + "_w", outputs, inputs // group, kernel, kernel),
            self.weights(target + "_b", outputs)], target, name=name,
            pads=[pad] * 4, **more)

    def norm(self, source, target, channels):
        def some(suffix, low):
            return self.const(target + suffix, self.random.uniform(
                low, 1.5, channels).astype("f4"))
        return self.add("BatchNormalization", [source, some("_g", 0.5), some("_b", -1),
                        some("_m", -1), some("_v", 0.5)], target)

    def write(self, folder):
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs,
                                  self.constants)
        model = helper.make_model(graph, ir_version=8,
                                  opset_imports=[helper.make_opsetid("", 13)])
        onnx.save(model, str(folder / (self.name + ".onnx")))


def named(batch):
    """Tensors with other names than their nodes."""
    n = Net("batched" if batch != 1 else "named")
    n.input("x", [batch, 3, 20, 24])
    n.conv("x", "t1", 3, 6, name="first", strides=[2, 2])
    n.add("Relu", ["t1"], "t2", name="act")
    n.conv("t2", "t3", 6, 8, name="second")
    n.norm("t3", "t4", 8)
    n.add("Sigmoid", ["t4"], "y", name="last")
    n.output("y", [batch, 8, 10, 12])
    return n


def two_inputs():
    n = Net("two_inputs")
    n.input("image", [1, 3, 16, 16])
    n.input("info", [1, 4])
    n.conv("image", "c1", 3, 8, name="conv1")
    n.add("Relu", ["c1"], "r1", name="relu1")
    n.add("GlobalAveragePool", ["r1"], "p1", name="pool1")
    n.add("Flatten", ["p1"], "f1", name="flat1")
    n.add("Concat", ["f1", "info"], "both", name="concat1", axis=1)
    n.add("Gemm", ["both", n.weights("w", 12, 5)], "scores", name="fc1")
    n.output("scores", [1, 5])
    n.output("f1", [1, 8])
    return n


def two_images():
    n = Net("two_images")
    n.input("left", [1, 3, 12, 14])
    n.input("right", [1, 3, 12, 14])
    n.conv("left", "l1", 3, 4, name="conv_l")
    n.conv("right", "r1", 3, 4, name="conv_r")
    n.add("Sub", ["l1", "r1"], "diff", name="sub")
    n.output("diff", [1, 4, 12, 14])
    return n


def channels_last():
    n = Net("channels_last")
    n.input("x", [1, 16, 20, 3])
    n.add("Transpose", ["x"], "nchw", name="to_nchw", perm=[0, 3, 1, 2])
    n.conv("nchw", "c1", 3, 5, name="conv1")
    n.output("c1", [1, 5, 16, 20])
    return n


def frozen():
    n = Net("frozen")
    n.input("x", [2, 4])
    n.input("flag", [1], TensorProto.BOOL)
    n.input("factor", [1])
    n.input("ids", [3], TensorProto.INT64)
    n.add("Neg", ["x"], "minus", name="neg")
    n.add("Where", ["flag", "x", "minus"], "chosen", name="where")
    n.add("Mul", ["chosen", "factor"], "scaled", name="mul")
    n.add("Gather", ["scaled", "ids"], "y", name="gather", axis=1)
    n.output("y", [2, 3])
    return n


def parts():
    n = Net("parts")
    n.input("x", [1, 6, 10, 12])
    n.add("Split", ["x", n.const("sizes", np.array([2, 4], "i8"))], ["s0", "s1"],
          name="split", axis=1)
    n.conv("s0", "a", 2, 3, name="conv_a")
    n.conv("s1", "b", 4, 3, name="conv_b", group=1)
    n.add("Add", ["a", "b"], "sum", name="add")
    n.add("Relu", ["sum"], "y", name="relu")
    n.output("y", [1, 3, 10, 12])
    return n


def depthwise():
    n = Net("depthwise")
    n.input("x", [1, 3, 18, 18])
    n.norm(n.conv("x", "c1", 3, 8, strides=[2, 2]), "n1", 8)
    n.add("Relu", ["n1"], "r1")
    n.norm(n.conv("r1", "c2", 8, 8, group=8), "n2", 8)
    n.add("Clip", ["n2", n.const("low", np.float32(0)), n.const("high", np.float32(6))],
          "r2")
    n.norm("r2", "n3", 8)
    n.conv("n3", "c3", 8, 4, kernel=1)
    n.output("c3", [1, 4, 9, 9])
    return n


def write_all(folder):
    for net in (named(1), named("N"), two_inputs(), two_images(), channels_last(),
                frozen(), parts(), depthwise()):
        net.write(folder)
