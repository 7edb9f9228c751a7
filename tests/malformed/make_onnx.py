#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes ONNX files that are wrong in one way each into a folder:

  make_onnx.py FOLDER

Every NAME.onnx must be refused. NAME.expect, where there is one, has a word that the
message must hold. Files called good-* are right but would take much memory if they were
computed: they must be accepted within the limits.
"""

import os
import pathlib
import struct
import sys
import zipfile

from onnxbuild import (BOOL, FLOAT, INT32, INT64, STRING, Graph, Tensor, attr, external, field,
                       fields, function, ints, model, node, num, one, opset, reference, source,
                       tag, value, varint)

HUGE = 1 << 40
NODE = "culprit"
WEIGHT = "weight"


def weight(dims=(4, 3, 1, 1), values=12, **more):
    return Tensor(WEIGHT, dims, range(values), **more)


def conv(tensor=None, attrs=None, nodes=(), **more):
    return model(Graph([node("Conv", ["x", WEIGHT], ["y"], attrs=attrs), *nodes],
                       [value("x")], [value("y", None)], [tensor or weight()]), **more)


def protobuf():
    """Broken as messages."""
    good = conv(attrs={"strides": [1, 1]})
    for i in range(1, 24):
        yield f"truncated-{i:02}", good[:len(good) * i // 24], ""
    yield "empty", b"", "empty"
    yield "one-byte", b"\x08", ""
    yield "text", "This is no model.\n" * 30, ""
    yield "zeros", bytes(1000), ""
    yield "ones", b"\xff" * 1000, ""
    yield "trailing", good + b"\xff", ""
    yield "tag-zero", good + b"\x00\x00", ""
    yield "tag-huge", good + varint(1 << 40 | 2) + b"\x00", ""
    yield "tag-long", good + b"\x88" * 12 + b"\x00", ""
    for wire in (3, 4, 6, 7):
        yield f"wire-{wire}", good + tag(20, wire) + b"\x00" * 8, ""
    yield "varint-long", good + tag(5, 0) + b"\x80" * 10 + b"\x00", ""
    yield "varint-endless", good + tag(5, 0) + b"\x80" * 100000, ""
    for number, name in ((7, "graph"), (2, "producer"), (8, "opset")):
        yield f"{name}-as-varint", num(1, 8) + num(number, 7), "wire"
    yield "version-as-bytes", field(1, "eight"), "wire"
    for exponent in (31, 32, 40, 62, 63):
        yield f"length-2-{exponent}", num(1, 8) + tag(7, 2) + varint(1 << exponent), ""
    yield "length-minus-one", num(1, 8) + tag(7, 2) + varint(-1), ""
    yield "length-beyond-parent", num(1, 8) + field(7, tag(1, 2) + varint(50)) + bytes(100), ""
    yield "packed-broken", conv(Tensor(WEIGHT, [4, 3, 1, 1], more=field(4, b"123"))), ""
    yield "packed-varints-broken", conv(
        Tensor(WEIGHT, [4, 3, 1, 1], dtype=INT32, more=field(5, b"\x80" * 30))), ""
    yield "packed-varints-open", conv(
        Tensor(WEIGHT, [1], dtype=INT64, more=field(7, b"\x80"))), ""
    yield "graph-twice", good + field(7, b""), "twice"
    yield "many-empty-nodes", num(1, 8) + field(7, field(1, b"") * 2000000), ""
    yield "many-unknown-fields", num(1, 8) + field(7, num(1000, 1) * 3000000), ""
    yield "graphs-open", num(1, 8) + field(7, (tag(1, 2) + tag(5, 2) + tag(6, 2)) * 10000), ""


def nested(op, attribute, levels):
    """Bodies in bodies of @op."""
    body = Graph([node("Identity", ["x"], ["o0"])], [], [value("o0", None)])
    for i in range(levels):
        body = Graph([node(op, ["x"], [f"o{i + 1}"], attrs={attribute: body})], [],
                     [value(f"o{i + 1}", None)])
    return model(Graph([node(op, ["x"], ["y"], attrs={attribute: body})],
                       [value("x", [], BOOL)], [value("y", None)]))


def deep_type(levels):
    kind = field(1, num(1, FLOAT))
    for _ in range(levels):
        kind = field(4, field(1, kind))
    return field(1, "x") + field(2, kind)


def calling(functions, inputs=("x",), outputs=("y",)):
    """A model whose only node calls the function F of the domain "own"."""
    return model(Graph([node("F", inputs, outputs, domain="own")], [value("x")],
                       [value(o, None) for o in outputs]),
                 [opset(17), opset(1, "own")], functions)


def nesting():
    for op, attribute in (("If", "then_branch"), ("Loop", "body"), ("Scan", "body")):
        yield f"{op}-1000", nested(op, attribute, 1000), "deep"
    yield "type-1000", model(Graph([node("Relu", ["x"], ["y"])], [deep_type(1000)],
                                   [value("y", None)])), "sequence"
    yield "sequence-input", model(Graph([node("Relu", ["x"], ["y"])], [deep_type(1)],
                                        [value("y", None)])), "sequence"
    yield "function-of-itself", calling(
        [function("F", ["a"], ["b"], [node("F", ["a"], ["b"], domain="own")])]), NODE
    yield "functions-of-each-other", calling(
        [function("F", ["a"], ["b"], [node("G", ["a"], ["b"], domain="own")]),
         function("G", ["a"], ["b"], [node("F", ["a"], ["b"], domain="own")])]), NODE
    # 30 levels of 16 calls each would be 16^30 nodes.
    calls = [function(f"F{i or ''}", ["a"], ["b"], [
        node(f"F{i + 1}" if i < 29 else "Relu", ["a" if k == 0 else f"v{k}"],
             ["b" if k == 15 else f"v{k + 1}"], name=f"call{k}", domain="own" if i < 29 else "")
        for k in range(16)]) for i in range(30)]
    yield "functions-laugh", calling(calls), NODE
    yield "function-lacks-output", calling(
        [function("F", ["a"], ["b"], [node("Relu", ["a"], ["c"])])]), NODE
    yield "function-twice", calling(
        [function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"])])] * 2), "F"
    yield "function-input-twice", calling(
        [function("F", ["a", "a"], ["b"], [node("Relu", ["a"], ["b"])])]), "a"
    yield "function-cycle", calling(
        [function("F", ["a"], ["b"], [node("Add", ["a", "c"], ["b"]),
                                      node("Relu", ["b"], ["c"], name="back")])]), NODE
    yield "function-tensor-twice", calling(
        [function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"]),
                                      node("Abs", ["a"], ["b"])])]), '"b"'
    yield "function-without-opset", calling(
        [function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"])], opsets=[])]), NODE
    yield "function-too-many-inputs", calling(
        [function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"])])], ["x", "x"]), NODE
    yield "function-too-many-outputs", calling(
        [function("F", ["a"], ["b"], [node("Relu", ["a"], ["b"])])], ["x"], ["y", "z"]), NODE
    yield "reference-outside-function", one(
        "Softmax", raw=field(5, reference("axis", 2, "axis"))), NODE


def graphs():
    """Wrong around the nodes."""
    x, y = value("x"), value("y", None)
    yield "no-graph", num(1, 8) + fields(8, [opset(17)]), "graph"
    yield "empty-graph", model(Graph([])), "output"
    yield "no-outputs", model(Graph([node("Relu", ["x"], ["y"])], [x])), "output"
    yield "output-of-nobody", model(Graph([node("Relu", ["x"], ["y"])], [x],
                                          [value("what", None)])), "what"
    yield "output-twice", model(Graph([node("Relu", ["x"], ["y"])], [x], [y, y])), '"y"'
    yield "output-nameless", model(Graph([node("Relu", ["x"], ["y"])], [x],
                                         [value("", None)])), "output"
    yield "input-twice", model(Graph([node("Relu", ["x"], ["y"])], [x, x], [y])), '"x"'
    yield "input-nameless", model(Graph([node("Relu", ["x"], ["y"])], [x, value("")], [y])), \
        "input"
    yield "made-twice", model(Graph([node("Relu", ["x"], ["y"], name="first"),
                                     node("Abs", ["x"], ["y"])], [x], [y])), NODE
    yield "made-twice-by-one", model(Graph([node("Split", ["x"], ["y", "y"],
                                                 attrs={"axis": 2})], [x], [y])), NODE
    yield "makes-the-input", model(Graph([node("Relu", ["x"], ["x"])], [x], [x])), NODE
    yield "makes-an-initializer", model(Graph([node("Relu", ["x"], [WEIGHT])], [x],
                                              [value(WEIGHT, None)], [weight()])), NODE
    yield "initializer-twice", model(Graph(
        [node("Conv", ["x", WEIGHT], ["y"])], [x], [y], [weight(), weight()])), WEIGHT
    yield "reads-nothing", model(Graph([node("Relu", ["missing"], ["y"])], [x], [y])), "missing"
    yield "self-loop", model(Graph([node("Add", ["x", "y"], ["y"])], [x], [y])), NODE
    yield "cycle", model(Graph([node("Add", ["x", "c"], ["a"]), node("Relu", ["a"], ["b"], "b"),
                                node("Relu", ["b"], ["c"], "c")], [x], [value("c", None)])), \
        "cycle"
    n = 50000
    yield "long-cycle", model(Graph(
        [node("Relu", [f"v{i}"], [f"v{(i + 1) % n}"], f"n{i}") for i in range(n)],
        [x], [value("v0", None)])), "cycle"
    yield "unknown-op", one("Frobnicate"), "Frobnicate"
    yield "unknown-domain", model(Graph([node("Relu", ["x"], ["y"], domain="com.example")],
                                        [x], [y]), [opset(17), opset(1, "com.example")]), NODE
    yield "unknown-many", model(Graph(
        [node(f"Op{i}", [f"v{i}"], [f"v{i + 1}"], f"n{i}") for i in range(3000)],
        [value("v0")], [value("v3000", None)])), "Op0"
    yield "op-nameless", one(""), NODE
    yield "metadata-many", one("Relu") + b"".join(
        field(14, field(1, f"k{i}") + field(2, "v")) for i in range(100000)), "metadata"
    for version in (0, -1, 999, 1 << 40, -(1 << 63)):
        yield f"opset-{version}", one("Relu", version=version), NODE
    yield "opset-missing", model(Graph([node("Relu", ["x"], ["y"])], [x], [y]),
                                 [opset(1, "other")]), NODE
    yield "opset-twice", model(Graph([node("Relu", ["x"], ["y"])], [x], [y]),
                               [opset(17), opset(7)]), "opset"
    for name, text in (("utf8", b"\xff\xfe"), ("utf8-cut", b"caf\xc3"), ("control", b"a\x01b"),
                       ("nul", b"a\x00b"), ("delete", b"a\x7fb"), ("newline", b"a\nb"),
                       ("surrogate", b"\xed\xa0\x80"), ("escape", b"\x1b[2J"),
                       ("noncharacter", "a\ufffeb".encode())):
        yield f"name-{name}", model(Graph([node("Relu", [text], ["y"])], [value(text)], [y])), \
            "name"
        yield f"node-name-{name}", model(Graph([node("Relu", ["x"], ["y"], text)], [x], [y])), \
            "name"
    yield "sparse", model(Graph([node("Relu", ["x"], ["y"])], [x], [y], more=field(
        15, field(1, weight((3,), 3).data) + field(2, ints("i", 0, 1, 2).data) + num(3, 9)))), \
        "sparse"
    yield "rank-9", one("Relu", dims=[1] * 9), '"x"'
    yield "rank-100000", one("Relu", dims=[1] * 100000), '"x"'
    yield "input-negative", one("Relu", dims=[1, -3, 8, 8]), '"x"'
    yield "input-overflow", one("Relu", dims=[HUGE, HUGE]), "'x'"
    yield "input-string", one("Relu", dtype=STRING), '"x"'
    yield "input-type-99", one("Relu", dtype=99), '"x"'
    yield "input-type-negative", one("Relu", dtype=-1), '"x"'
    yield "inputs-many", one("Max", ["x"] * 100000), NODE
    yield "outputs-many", one("Split", outputs=[f"y{i}" for i in range(100000)]), NODE


def tensors():
    """Initializers that are wrong."""
    yield "raw-short", conv(weight(raw=b"", values=11)), WEIGHT
    yield "raw-long", conv(weight(values=13)), WEIGHT
    yield "raw-empty", conv(Tensor(WEIGHT, [4, 3, 1, 1], raw=b"")), WEIGHT
    yield "raw-odd", conv(Tensor(WEIGHT, [4, 3, 1, 1], raw=bytes(47))), WEIGHT
    yield "no-data", conv(Tensor(WEIGHT, [4, 3, 1, 1])), WEIGHT
    floats = field(4, struct.pack("<11f", *range(11)))
    yield "floats-short", conv(Tensor(WEIGHT, [4, 3, 1, 1], more=floats)), WEIGHT
    yield "floats-of-ints", conv(Tensor(WEIGHT, [11], dtype=INT64, more=floats)), WEIGHT
    yield "raw-and-floats", conv(Tensor(WEIGHT, [4, 3, 1, 1], raw=bytes(4), more=floats)), WEIGHT
    for name, dims in (("negative", [4, -3, 1, 1]), ("overflow", [HUGE, HUGE]),
                       ("wraps", [1 << 32, 1 << 32]), ("huge", [HUGE]), ("max", [(1 << 63) - 1]),
                       ("min", [-(1 << 63)]), ("rank", [1] * 9), ("rank-many", [1] * 50000),
                       ("zero-huge", [0, HUGE, HUGE, HUGE, -1])):
        yield f"dims-{name}", conv(Tensor(WEIGHT, dims, raw=bytes(48))), WEIGHT
    yield "string", conv(Tensor(WEIGHT, [1], dtype=STRING, more=field(6, "text"))), WEIGHT
    for dtype in (0, 99, -1, 1 << 40):
        yield f"type-{dtype}", conv(Tensor(WEIGHT, [1], dtype=dtype, raw=bytes(4))), WEIGHT
    yield "segment", conv(Tensor(WEIGHT, [4, 3, 1, 1], raw=bytes(48), more=field(
        3, num(1, 0) + num(2, 12)))), WEIGHT
    for name, text in (("utf8", b"\xff\xfe"), ("control", b"a\x01b")):
        yield f"name-{name}", conv(Tensor(text, [1], [0.0])), "name"
    yield "nameless", conv(Tensor("", [1], [0.0])), "name"
    yield "attribute-short", source("Constant", [], {"value": Tensor("v", [4], [1.0])}), NODE
    yield "attribute-overflow", source("Constant", [], {
        "value": Tensor("v", [HUGE, HUGE], raw=b"")}), NODE


def externals():
    """External data; the files beside it are DATA and LINK."""
    def data(name, expect=WEIGHT, dims=(4, 3, 1, 1), **keys):
        keys.setdefault("location", "good.data")
        return name, conv(external(WEIGHT, dims, **keys)), expect

    yield data("missing", location="nowhere.data")
    yield data("parent", location="../" * 30 + "etc/passwd")
    yield data("parent-folder", location="..")
    yield data("absolute", location="/etc/passwd")
    yield data("link", location="link.data")
    yield data("link-folder", location="folder.data/passwd")
    yield data("folder", location=".")
    yield data("pipe", location="pipe.data")
    yield data("device", location="null.data")
    yield data("short", location="short.data")
    yield data("empty-name", location="")
    yield data("name-nul", "zero byte", location=b"good.data\0../x")
    yield data("name-utf8", location=b"\xff\xfe")
    yield data("name-control", location=b"a\x1bb")
    yield data("name-long", location="a" * 100000)
    yield "no-location", conv(external(WEIGHT, [4, 3, 1, 1], offset="0")), WEIGHT
    for text in ("48", "1000000", "18446744073709551615", "9223372036854775807", "-1", "x", "",
                 "1e3", "0x0", " 0"):
        yield data(f"offset-{text}", offset=text)
    for text in ("47", "49", "0", "18446744073709551615", "-1", "x", ""):
        yield data(f"length-{text}", length=text)
    yield data("offset-and-length", offset="9223372036854775807", length="9223372036854775807")
    yield data("huge", dims=(HUGE,), length=str(4 * HUGE))
    yield data("overflow", dims=(HUGE, HUGE))
    yield "with-raw", conv(Tensor(WEIGHT, [4, 3, 1, 1], raw=bytes(48), more=num(14, 1))), WEIGHT
    yield "location-99", conv(Tensor(WEIGHT, [4, 3, 1, 1], raw=bytes(48), more=num(14, 99))), \
        WEIGHT


def attributes():
    """Attributes of a wrong kind, twice, or not at all."""
    def wrong(op, name, v, inputs=(), tensors=(), **more):
        return one(op, inputs, {name: v}, tensors=tensors, **more), NODE

    yield "softmax-axis-float", *wrong("Softmax", "axis", 1.0)
    yield "softmax-axis-list", *wrong("Softmax", "axis", [1])
    yield "softmax-axis-text", *wrong("Softmax", "axis", "1")
    yield "softmax-axis-graph", *wrong("Softmax", "axis", Graph([]))
    yield "softmax-axis-tensor", *wrong("Softmax", "axis", ints("t", 1))
    yield "elu-alpha-text", *wrong("Elu", "alpha", "1")
    yield "elu-alpha-int", *wrong("Elu", "alpha", 1)
    yield "transpose-perm-int", *wrong("Transpose", "perm", 1)
    yield "transpose-perm-floats", *wrong("Transpose", "perm", [0.0, 1.0, 2.0, 3.0])
    yield "concat-axis-float", *wrong("Concat", "axis", 1.0, ["x"])
    yield "conv-strides-int", conv(attrs={"strides": 1}), NODE
    yield "conv-auto-pad-int", conv(attrs={"auto_pad": 1}), NODE
    yield "pool-kernel-text", *wrong("MaxPool", "kernel_shape", "2,2")
    yield "constant-value-int", source("Constant", [], {"value": 3}), NODE
    for kind in (11, 12, 13, 14, 99, -1):
        yield f"type-{kind}", one("Softmax", raw=field(5, attr("axis", 1, kind))), NODE
    for kind in (1, 3, 4, 5, 6, 7, 8):
        yield f"type-{kind}-of-int", one("Softmax", raw=field(5, attr("axis", 1, kind))), NODE
    yield "twice", one("Softmax", raw=field(5, attr("axis", 1)) * 2), NODE
    yield "many-times", one("Softmax", raw=field(5, attr("axis", 1)) * 200000), ""
    yield "nameless", one("Softmax", raw=field(5, attr("", 1))), NODE
    yield "name-utf8", one("Softmax", raw=field(5, attr(b"\xff", 1))), "name"
    yield "concat-no-axis", one("Concat", ["x"]), NODE
    yield "pool-no-kernel", one("MaxPool"), NODE
    yield "cast-no-to", one("Cast"), NODE
    yield "constant-no-value", source("Constant"), NODE
    yield "constant-two-values", source("Constant", [], {"value_int": 1, "value_float": 1.0}), \
        NODE
    yield "auto-pad-unknown", conv(attrs={"auto_pad": "SOMEHOW"}), NODE
    yield "auto-pad-nul", conv(attrs={"auto_pad": b"VALID\0x"}), NODE
    yield "auto-pad-bytes", conv(attrs={"auto_pad": b"\xff\x1b[2J"}), NODE


def windows():
    """Convolution and pooling."""
    for name, attrs in (
            ("group-0", {"group": 0}), ("group-negative", {"group": -1}),
            ("group-2", {"group": 2}), ("group-5", {"group": 5}),
            ("group-huge", {"group": HUGE}), ("strides-0", {"strides": [0, 1]}),
            ("strides-negative", {"strides": [-1, 1]}), ("strides-huge", {"strides": [HUGE, 1]}),
            ("strides-1", {"strides": [1]}), ("strides-3", {"strides": [1, 1, 1]}),
            ("strides-none", {"strides": []}), ("dilations-0", {"dilations": [1, 0]}),
            ("dilations-huge", {"dilations": [1, (1 << 63) - 1]}),
            ("pads-2", {"pads": [1, 1]}), ("pads-huge", {"pads": [HUGE, 0, HUGE, 0]}),
            ("pads-min", {"pads": [-(1 << 63)] * 4}), ("pads-negative", {"pads": [-9, 0, 0, 0]}),
            ("kernel-other", {"kernel_shape": [3, 3]}), ("kernel-0", {"kernel_shape": [0, 1]})):
        yield f"conv-{name}", conv(attrs=attrs), NODE
    yield "conv-channels", conv(weight((4, 2, 1, 1), 8)), NODE
    yield "conv-rank-1", conv(weight((12,))), NODE
    yield "conv-rank-2", conv(weight((4, 3))), NODE
    yield "conv-rank-8", conv(weight((4, 3, 1, 1, 1, 1, 1, 1))), NODE
    yield "conv-kernel-larger", conv(weight((1, 3, 9, 9), 243)), NODE
    yield "conv-ints", conv(weight(dtype=INT32)), NODE
    yield "conv-no-weights", one("Conv"), NODE
    yield "conv-data-missing", model(Graph([node("Conv", ["", WEIGHT], ["y"])], [value("x")],
                                           [value("y", None)], [weight()])), NODE
    yield "conv-bias", model(Graph([node("Conv", ["x", WEIGHT, "b"], ["y"])], [value("x")],
                                   [value("y", None)], [weight(), Tensor("b", [3], [1.0] * 3)])), \
        NODE
    for name, attrs in (("kernel-0", {"kernel_shape": [0, 0]}), ("kernel-huge", {
            "kernel_shape": [HUGE, 1]}), ("kernel-9", {"kernel_shape": [9, 9]}), (
            "kernel-rank", {"kernel_shape": [2]}), (
            "strides-0", {"kernel_shape": [2, 2], "strides": [0, 0]}), (
            "dilations-0", {"kernel_shape": [2, 2], "dilations": [0, 0]}), (
            "pads-huge", {"kernel_shape": [2, 2], "pads": [HUGE] * 4})):
        for op in ("MaxPool", "AveragePool"):
            version = 19 if "dilations" in attrs else 17
            yield f"{op}-{name}", one(op, attrs=attrs, version=version), NODE
    yield "pool-rank-2", one("MaxPool", attrs={"kernel_shape": [1]}, dims=(2, 2)), NODE
    yield "global-pool-rank-1", one("GlobalAveragePool", dims=(2,)), NODE
    for name, attrs in (("padding-huge", {"output_padding": [HUGE, 0]}), (
            "shape-0", {"output_shape": [0, 0]}), ("shape-huge", {"output_shape": [HUGE, 8]}), (
            "shape-1", {"output_shape": [8]}), ("pads-huge", {"pads": [HUGE] * 4})):
        yield f"transposed-{name}", model(Graph(
            [node("ConvTranspose", ["x", WEIGHT], ["y"], attrs=attrs)], [value("x")],
            [value("y", None)], [weight((3, 4, 1, 1))])), NODE
    for name, values in (("zero", [1.0, 1.0, 0.0, 1.0]), ("negative", [1.0, 1.0, -1.0, 1.0]),
                         ("huge", [1.0, 1.0, 1e30, 1e30]), ("nan", [float("nan")] * 4),
                         ("inf", [1.0, 1.0, float("inf"), 1.0]), ("rank", [1.0, 2.0])):
        yield f"resize-scales-{name}", one("Resize", ["", "s"], tensors=[
            Tensor("s", [len(values)], values)]), NODE
    for name, values in (("negative", (1, 3, -1, 8)),
                         ("huge", (1, 3, 1 << 62, 1 << 62)), ("rank", (8, 8))):
        yield f"resize-sizes-{name}", one("Resize", ["", "", "s"], tensors=[
            ints("s", *values)]), NODE
    yield "resize-nothing", one("Resize"), NODE
    yield "resize-mode", one("Resize", ["", "s"], {"mode": "psychic"}, tensors=[
        Tensor("s", [4], [1.0, 1.0, 2.0, 2.0])]), NODE


def movement():
    """Ops that move data, with lists that don't fit."""
    def listed(op, name, *values, attrs=None, more=(), dims=(1, 3, 8, 8)):
        return f"{op}-{name}", one(op, ["l", *more], attrs, dims, [ints("l", *values)]), NODE

    for name, perm in (("twice", [0, 0, 1, 2]), ("short", [0, 1]), ("negative", [0, 1, 2, -4]),
                       ("range", [0, 1, 2, 4]), ("huge", [0, 1, 2, HUGE]),
                       ("long", list(range(100)))):
        yield f"transpose-{name}", one("Transpose", attrs={"perm": perm}), NODE
    yield listed("Reshape", "two-open", -1, -1)
    yield listed("Reshape", "count", 7, 7)
    yield listed("Reshape", "open-count", 7, -1)
    yield listed("Reshape", "negative", -2, 96)
    yield listed("Reshape", "overflow", 1 << 62, 1 << 62, 4, -1)
    yield listed("Reshape", "zero-outside", 1, 3, 8, 8, 0)
    yield listed("Reshape", "zero-and-open", 0, -1, 0, 0, attrs={"allowzero": 1})
    yield listed("Reshape", "rank", *[1] * 20)
    yield listed("Reshape", "many", *[1] * 100000)
    yield "reshape-float", one("Reshape", ["l"], tensors=[Tensor("l", [2], [192.0, 1.0])]), NODE
    yield "reshape-nothing", one("Reshape"), NODE
    yield "reshape-scalar-list", one("Reshape", ["l"], tensors=[
        Tensor("l", [1, 2, 1], [192, 1, 1][:2], INT64)]), NODE
    yield listed("Expand", "huge", HUGE, HUGE, 8, 8)
    yield listed("Expand", "negative", -5, 3, 8, 8)
    yield listed("Expand", "unequal", 1, 5, 8, 8)
    yield listed("Expand", "rank", *[1] * 20)
    yield listed("Tile", "overflow", 1 << 62, 1 << 62, 1, 1)
    yield listed("Tile", "negative", -1, 1, 1, 1)
    yield listed("Tile", "many", *[1] * 1000)
    yield listed("TopK", "beyond", 9)
    yield listed("TopK", "negative", -1)
    yield listed("TopK", "huge", 1 << 62)
    yield listed("TopK", "two", 1, 1)
    yield listed("TopK", "axis", 1, attrs={"axis": 4})
    yield listed("Unsqueeze", "twice", 0, 0)
    yield listed("Unsqueeze", "range", 9)
    yield listed("Unsqueeze", "many", *range(20))
    yield listed("Squeeze", "not-one", 1)
    yield listed("Squeeze", "range", 9)
    yield listed("Squeeze", "min", -(1 << 63))
    yield "unsqueeze-nothing", one("Unsqueeze"), NODE
    yield listed("Split", "sum", 1, 1, attrs={"axis": 1})
    yield listed("Split", "negative", -1, attrs={"axis": 1})
    yield listed("Split", "count", 1, 1, 1, attrs={"axis": 1})
    yield listed("Split", "huge", 1 << 62, attrs={"axis": 1})
    yield "split-axis", one("Split", attrs={"axis": 4}), NODE
    yield "split-no-outputs", one("Split", outputs=[]), ""
    yield listed("Slice", "no-ends", 0)
    yield listed("Slice", "lengths", 0, 0, more=["m"])
    yield "slice-step-0", one("Slice", ["a", "b", "c", "d"], tensors=[
        ints("a", 0), ints("b", 1), ints("c", 0), ints("d", 0)]), NODE
    yield "slice-axis-range", one("Slice", ["a", "b", "c"], tensors=[
        ints("a", 0), ints("b", 1), ints("c", 7)]), NODE
    yield "slice-axis-twice", one("Slice", ["a", "b", "c"], tensors=[
        ints("a", 0, 0), ints("b", 1, 1), ints("c", 1, 1)]), NODE
    yield "slice-lengths", one("Slice", ["a", "b"], tensors=[
        ints("a", 0, 0), ints("b", 1)]), NODE
    yield "slice-many", one("Slice", ["a", "b"], tensors=[
        ints("a", *[0] * 20), ints("b", *[1] * 20)]), NODE
    yield "concat-shapes", one("Concat", ["w"], {"axis": 1}, tensors=[
        Tensor("w", [1, 3, 8, 7], [0.0] * 168)]), NODE
    yield "concat-rank", one("Concat", ["w"], {"axis": 1}, tensors=[Tensor("w", [1], [0.0])]), \
        NODE
    yield "concat-types", one("Concat", ["w"], {"axis": 1}, tensors=[
        Tensor("w", [1, 3, 8, 8], [0] * 192, INT64)]), NODE
    yield "concat-axis", one("Concat", ["x"], {"axis": 4}), NODE
    yield "concat-axis-huge", one("Concat", ["x"], {"axis": -(1 << 63)}), NODE
    yield "concat-nothing", model(Graph([node("Concat", [], ["y"], attrs={"axis": 0})], [],
                                        [value("y", None)])), NODE
    yield "flatten-axis", one("Flatten", attrs={"axis": 5}), NODE
    yield "softmax-axis", one("Softmax", attrs={"axis": 4}), NODE
    yield "softmax-axis-min", one("Softmax", attrs={"axis": -(1 << 63)}), NODE
    yield "argmax-axis", one("ArgMax", attrs={"axis": 4}), NODE
    yield "reduce-axis", one("ReduceMean", attrs={"axes": [0, 4]}), NODE
    yield "reduce-axis-twice", one("ReduceMean", attrs={"axes": [1, 1]}), NODE
    yield "reduce-axes-many", one("ReduceMean", attrs={"axes": list(range(100))}), NODE
    yield "pad-none", one("Pad", ["p"], tensors=[Tensor("p", [0], [], INT64)]), NODE
    yield listed("Pad", "odd", 1, 1, 1)
    yield listed("Pad", "huge", *[1 << 62] * 8)
    yield listed("Pad", "negative", *[-9] * 8)
    yield listed("Pad", "reflect", *[9] * 8, attrs={"mode": "reflect"})
    yield listed("Pad", "mode", *[1] * 8, attrs={"mode": "psychic"})
    yield "depth-to-space-0", one("DepthToSpace", attrs={"blocksize": 0}), NODE
    yield "depth-to-space-5", one("DepthToSpace", attrs={"blocksize": 5}), NODE
    yield "depth-to-space-huge", one("DepthToSpace", attrs={"blocksize": HUGE}), NODE
    yield "space-to-depth-negative", one("SpaceToDepth", attrs={"blocksize": -2}), NODE
    yield "gather-axis", one("Gather", ["i"], {"axis": 4}, tensors=[ints("i", 0)]), NODE
    yield "gather-float", one("Gather", ["i"], tensors=[Tensor("i", [1], [0.0])]), NODE
    yield "gather-nd-depth", one("GatherND", ["i"], tensors=[
        Tensor("i", [1, 5], [0] * 5, INT64)]), NODE
    yield "gather-elements-rank", one("GatherElements", ["i"], tensors=[ints("i", 0)]), NODE
    yield "matmul-shapes", one("MatMul", ["w"], tensors=[Tensor("w", [3, 3], [0.0] * 9)]), NODE
    yield "gemm-rank", one("Gemm", ["x"]), NODE
    yield "add-shapes", one("Add", ["w"], tensors=[Tensor("w", [7], [0.0] * 7)]), NODE
    yield "add-types", one("Add", ["w"], tensors=[ints("w", 1)]), NODE
    yield "relu-no-input", model(Graph([node("Relu", [], ["y"])], [value("x")],
                                       [value("y", None)])), NODE
    yield "relu-two-inputs", one("Relu", ["x"]), NODE
    yield "relu-two-outputs", one("Relu", outputs=["y", "z"]), NODE
    yield "batch-norm-shapes", one("BatchNormalization", ["w"] * 4, tensors=[
        Tensor("w", [5], [1.0] * 5)]), NODE
    yield "cast-string", one("Cast", attrs={"to": STRING}), NODE
    yield "cast-99", one("Cast", attrs={"to": 99}), NODE


def folding():
    """What is computed while it is converted, and can't be."""
    pair = [Tensor("t0", [2, 2], [1.0, 2.0, 3.0, 4.0])]
    yield "gather-index", source("Gather", pair + [ints("t1", 5)]), NODE
    yield "gather-index-min", source("Gather", pair + [ints("t1", -(1 << 63))]), NODE
    yield "gather-elements-index", source("GatherElements", pair + [
        Tensor("t1", [1, 1], [9], INT64)]), NODE
    yield "gather-nd-index", source("GatherND", pair + [Tensor("t1", [1, 2], [9, 9], INT64)]), \
        NODE
    yield "range-overflow", source("Range", [
        Tensor(f"t{i}", [], [v], INT64) for i, v in enumerate((-(1 << 62) * 2, (1 << 63) - 1, 1))
    ]), NODE
    yield "range-step-0", source("Range", [
        Tensor(f"t{i}", [], [v], INT64) for i, v in enumerate((0, 9, 0))]), NODE
    yield "range-nan", source("Range", [
        Tensor(f"t{i}", [], [v]) for i, v in enumerate((0.0, float("nan"), 1.0))]), NODE
    yield "constant-of-shape-overflow", source("ConstantOfShape", [ints("t0", HUGE, HUGE)]), NODE
    yield "constant-of-shape-negative", source("ConstantOfShape", [ints("t0", -3)]), NODE
    yield "constant-of-shape-rank", source("ConstantOfShape", [ints("t0", *[1] * 9)]), NODE
    yield "constant-of-shape-value", source("ConstantOfShape", [ints("t0", 2)], {
        "value": Tensor("v", [2], [1.0, 2.0])}), NODE
    yield "reshape-by-huge", model(Graph(
        [node("Tile", ["one", "times"], ["shape"]), node("Reshape", ["x", "shape"], ["y"])],
        [value("x")], [value("y", None)], [ints("one", 1), ints("times", 1 << 33)])), NODE


def loop(body=None, count=None, go_on=None, state=("x",), outputs=("y",), attrs=None):
    """A Loop around @body; its trip count and condition are the tensors n and c."""
    tensors = [count or Tensor("n", [], [3], INT64), go_on or Tensor("c", [], [1], BOOL)]
    return model(Graph(
        [node("Loop", ["n", "c", *state], outputs,
              attrs={"body": body} if attrs is None else attrs)],
        [value("x", [2])], [value(o, None) for o in outputs], tensors))


def loop_body(inputs=(("i", INT64), ("go", BOOL), ("s", FLOAT)), nodes=(), outputs=("go", "t")):
    return Graph([node("Relu", ["s"], ["t"], "inner"), *nodes],
                 [value(name, [] if kind != FLOAT else [2], kind) for name, kind in inputs],
                 [value(name, None) for name in outputs])


def branch(out="a", nodes=None, inputs=()):
    return Graph([node("Relu", ["x"], ["a"], "inner")] if nodes is None else nodes, inputs,
                 [value(out, None)] if isinstance(out, str) else [value(o, None) for o in out])


def condition(attrs, dtype=BOOL, dims=()):
    """An If whose condition is an input."""
    return model(Graph([node("If", ["c"], ["y"], attrs=attrs)],
                       [value("x", [2]), value("c", dims, dtype)], [value("y", None)]))


def scan(body=None, inputs=("s", "x"), outputs=("last", "y"), **attrs):
    attrs.setdefault("num_scan_inputs", 1)
    attrs = {key: v for key, v in attrs.items() if v is not None}
    if body is None:
        body = Graph([node("Add", ["s", "e"], ["t"], "inner")],
                     [value("s", [2]), value("e", [2])], [value("t", None), value("t", None)])
    return model(Graph([node("Scan", inputs, outputs, attrs={"body": body, **attrs})],
                       [value("s", [2]), value("x", [4, 2])],
                       [value(o, None) for o in outputs]))


def bodies():
    """Loop, If and Scan."""
    yield "loop-no-body", loop(attrs={}), NODE
    yield "loop-body-int", loop(attrs={"body": 1}), NODE
    yield "loop-empty-body", loop(Graph([])), NODE
    yield "loop-one-input", loop(loop_body((("i", INT64),), outputs=("i",)), state=()), NODE
    yield "loop-few-inputs", loop(loop_body(), state=()), NODE
    yield "loop-many-inputs", loop(loop_body(), state=("x", "x", "x")), NODE
    yield "loop-few-outputs", loop(loop_body(outputs=("go",))), NODE
    yield "loop-many-outputs", loop(loop_body(outputs=("go", "t", "t", "t"))), NODE
    yield "loop-output-of-nobody", loop(loop_body(outputs=("go", "what"))), "what"
    yield "loop-condition-real", loop(loop_body(outputs=("t", "t"))), NODE
    yield "loop-count-real", loop(loop_body(), count=Tensor("n", [], [3.0])), NODE
    yield "loop-count-list", loop(loop_body(), count=ints("n", 1, 2, 3)), NODE
    yield "loop-start-real", loop(loop_body(), go_on=Tensor("c", [], [1.0])), NODE
    yield "loop-inner-broken", loop(loop_body(nodes=[
        node("Conv", ["t"], ["u"], "inside")], outputs=("go", "u"))), "inside"
    yield "loop-inner-unknown", loop(loop_body(nodes=[
        node("Frobnicate", ["t"], ["u"], "inside")], outputs=("go", "u"))), "Frobnicate"
    yield "loop-inner-cycle", loop(loop_body(nodes=[
        node("Add", ["t", "v"], ["u"], "inside"), node("Relu", ["u"], ["v"], "back")],
        outputs=("go", "v"))), "cycle"
    yield "loop-reads-nothing", loop(loop_body(nodes=[
        node("Add", ["t", "missing"], ["u"], "inside")], outputs=("go", "u"))), "missing"
    yield "loop-shadows-itself", loop(loop_body(nodes=[
        node("Relu", ["t"], ["s"], "inside")])), "s"
    yield "loop-type-changes", loop(loop_body(nodes=[
        node("Cast", ["t"], ["u"], "inside", attrs={"to": INT64})], outputs=("go", "u"))), NODE
    yield "loop-reads-itself", loop(loop_body(nodes=[
        node("Add", ["t", "y"], ["u"], "inside")], outputs=("go", "u"))), ""
    yes, no = branch(), branch()
    yield "if-no-branches", condition({}), NODE
    yield "if-no-else", condition({"then_branch": yes}), NODE
    yield "if-branch-int", condition({"then_branch": yes, "else_branch": 1}), NODE
    yield "if-branch-inputs", condition(
        {"then_branch": yes, "else_branch": branch(inputs=[value("z", [2])])}), NODE
    yield "if-two-outputs", condition(
        {"then_branch": yes, "else_branch": branch(("a", "a"))}), NODE
    yield "if-no-outputs", condition({"then_branch": yes, "else_branch": branch(())}), NODE
    yield "if-output-of-nobody", condition(
        {"then_branch": yes, "else_branch": branch("what")}), "what"
    yield "if-types-differ", condition({"then_branch": yes, "else_branch": branch(
        nodes=[node("Cast", ["x"], ["a"], "inner", attrs={"to": INT64})])}), NODE
    yield "if-condition-real", condition({"then_branch": yes, "else_branch": no}, FLOAT), NODE
    yield "if-condition-list", condition(
        {"then_branch": yes, "else_branch": no}, dims=(3,)), NODE
    yield "scan-no-body", scan(body=1), NODE
    yield "scan-empty-body", scan(Graph([])), NODE
    for count in (None, 0, -1, 3, 1 << 40, -(1 << 63)):
        yield f"scan-inputs-{count}", scan(num_scan_inputs=count), NODE
    for name in ("scan_input_axes", "scan_input_directions", "scan_output_axes",
                 "scan_output_directions"):
        yield f"scan-{name}-count", scan(**{name: [0, 0]}), NODE
        yield f"scan-{name}-huge", scan(**{name: [1 << 40]}), NODE
        yield f"scan-{name}-int", scan(**{name: 1}), NODE
    yield "scan-few-outputs", scan(outputs=("y",)), NODE
    yield "scan-many-outputs", scan(outputs=("y", "z", "u", "v")), NODE
    yield "scan-few-inputs", scan(inputs=("x",)), NODE


def cell(op, gates, **changes):
    """A cell of 2 inputs and 3 units over 5 steps of a batch of 4."""
    more = changes.pop("more", ("", "", ""))
    shapes = {"x": [5, 4, 2], "w": [1, 3 * gates, 2], "r": [1, 3 * gates, 3]}
    shapes.update({key: changes.pop(key) for key in ("x", "w", "r") if key in changes})
    attrs = {"hidden_size": 3, **changes}
    attrs = {key: v for key, v in attrs.items() if v is not None}
    tensors = [Tensor(key, shapes[key], [0.5] * (shapes[key][0] * shapes[key][1] * (
        shapes[key][2] if len(shapes[key]) > 2 else 1))) for key in ("w", "r")]
    extra = [Tensor(f"t{i}", dims, [0.0] * size) for i, (dims, size) in enumerate(
        m for m in more if m)]
    names = iter(f"t{i}" for i in range(len(extra)))
    return model(Graph(
        [node(op, ["x", "w", "r", *(next(names) if m else "" for m in more)], ["y"],
              attrs=attrs)],
        [value("x", shapes["x"])], [value("y", None)], [*tensors, *extra]))


def cells():
    """LSTM, GRU and RNN."""
    for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        def bad(name, **changes):
            return f"{op}-{name}", cell(op, gates, **changes), NODE

        for size in (-3, 4, 1 << 40, -(1 << 63)):
            yield bad(f"size-{size}", hidden_size=size)
        yield bad("size-real", hidden_size=3.0)
        yield bad("direction", direction="sideways")
        yield bad("direction-both", direction="bidirectional")
        yield bad("direction-int", direction=1)
        yield bad("activation", activations=b"")
        yield bad("clip-negative", clip=-1.0)
        yield bad("layout", layout=2)
        yield bad("x-rank", x=[5, 4])
        yield bad("x-size", x=[5, 4, 7])
        yield bad("w-rank", w=[3 * gates, 2])
        yield bad("w-gates", w=[1, 3 * gates + 1, 2])
        yield bad("w-directions", w=[2, 3 * gates, 2])
        yield bad("w-empty", w=[1, 0, 2])
        yield bad("r-rank", r=[3 * gates, 3])
        yield bad("r-size", r=[1, 3 * gates, 4])
        yield bad("r-directions", r=[2, 3 * gates, 3])
        yield bad("bias", more=(([1, 5], 5), "", ""))
        yield bad("lengths", more=("", ([4], 4), ""))
        yield bad("state", more=("", "", ([1, 4, 9], 36)))
    yield "LSTM-activations-few", cell("LSTM", 4, activations="Tanh"), NODE


def good():
    """Nothing is wrong, but what would be computed is huge."""
    yield "constant-of-shape", source("ConstantOfShape", [ints("t0", HUGE)]), ""
    yield "expand", source("Expand", [Tensor("t0", [1], [1.0]), ints("t1", HUGE)]), ""
    yield "tile", source("Tile", [Tensor("t0", [1], [1.0]), ints("t1", HUGE)]), ""
    yield "div-by-zero", source("Div", [ints("t0", 1, 2), ints("t1", 0, 1)]), ""
    yield "many-attributes", one("Softmax", raw=b"".join(
        field(5, attr(f"a{i}", 1)) for i in range(100000)), dims=[1]), ""
    yield "pad", source("Pad", [Tensor("t0", [1], [1.0]), ints("t1", 1 << 30, 1 << 30)]), ""
    n = 200
    yield "many-expands", model(Graph(
        [node("ConstantOfShape", ["s"], [f"c{i}"], f"c{i}", attrs={
            "value": Tensor("v", [1], [float(i)])}) for i in range(n)] +
        [node("Sum", ["x"] + [f"c{i}" for i in range(n)], ["y"])],
        [value("x", [1])], [value("y", None)], [ints("s", 16 << 20)])), ""
    yield "many-small", model(Graph(
        [node("ConstantOfShape", ["s"], [f"c{i}"], f"c{i}", attrs={
            "value": Tensor("v", [1], [i], INT64)}) for i in range(8 * n)] +
        [node("Concat", [f"c{i}" for i in range(8 * n)], ["y"], attrs={"axis": 0})],
        [], [value("y", None)], [ints("s", 4096)])), ""
    yield "doubling", model(Graph(
        [node("Tile", ["one", "times"], ["v0"], "first")] +
        [node("Max", [f"v{i}", f"v{i}"], [f"v{i + 1}"], f"n{i}") for i in range(60)] +
        [node("ReduceMax", ["v60"], ["last"], "max", attrs={"keepdims": 1}),
         node("Reshape", ["x", "last"], ["y"])],
        [value("x", [1])], [value("y", None)], [ints("one", 1), ints("times", 5000)])), ""
    half = Graph([node("Concat", ["s", "s"], ["t"], "inner", attrs={"axis": 0})],
                 [value("i", [], INT64), value("go", [], BOOL), value("s", ["n"])],
                 [value("go", None), value("t", None)])
    yield "growing-loop", loop(half, count=Tensor("n", [], [1000], INT64)), ""
    side = 4096
    yield "many-products", model(Graph(
        [node("ConstantOfShape", ["s"], ["c"], "c", attrs={"value": Tensor("v", [1], [0.5])})] +
        [node("MatMul", ["c", "c"], [f"p{i}"], f"p{i}") for i in range(50)] +
        [node("Sum", ["x"] + [f"p{i}" for i in range(50)], ["y"])],
        [value("x", [1])], [value("y", None)], [ints("s", side, side)])), ""
    yield "many-sums", model(Graph(
        [node("ConstantOfShape", ["s"], ["c"], "c", attrs={"value": Tensor("v", [1], [0.5])})] +
        [node("ReduceL1", ["c"], [f"p{i}"], f"p{i}") for i in range(2000)] +
        [node("Sum", ["x"] + [f"p{i}" for i in range(2000)], ["y"])],
        [value("x", [1])], [value("y", None)], [ints("s", side, side)])), ""
    chain = 20000
    yield "long-chain", model(Graph(
        [node("Relu", [f"v{i}"], [f"v{i + 1}"], f"n{i}") for i in range(chain)],
        [value("v0", [1])], [value(f"v{chain}", None)])), ""


GROUPS = (protobuf, nesting, graphs, tensors, externals, attributes, windows, movement, bodies,
          cells, folding, good)


def write_companions(folder):
    """What externals() refer to."""
    (folder / "good.data").write_bytes(bytes(48))
    (folder / "short.data").write_bytes(bytes(47))
    (folder / "link.data").symlink_to("/etc/passwd")
    (folder / "folder.data").symlink_to("/etc")
    (folder / "null.data").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe.data")


def write_others(folder):
    """What is no file, or one of another kind."""
    (folder / "file-folder.onnx").mkdir()
    os.mkfifo(folder / "file-pipe.onnx")
    (folder / "file-device.onnx").symlink_to("/dev/zero")
    (folder / "file-link.onnx").symlink_to("nowhere.onnx")
    (folder / "file-link-loop.onnx").symlink_to("file-link-loop.onnx")
    with zipfile.ZipFile(folder / "file-zip.onnx", "w") as archive:
        archive.writestr("model.onnx", conv())
    (folder / "file-no-suffix").write_bytes(b"hello")
    (folder / "file-other.tflite").write_bytes(b"\x1c\0\0\0TFL3" + bytes(100))
    os.mkfifo(folder / "file-pipe-no-suffix")
    return 9


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_companions(folder)
    n = write_others(folder)
    for group in GROUPS:
        for name, data, expect in group():
            safe = "".join(c if c.isalnum() or c in "-." else "_" for c in name)
            path = folder / f"{group.__name__}-{safe}.onnx"
            assert not path.exists(), path
            path.write_bytes(data if isinstance(data, bytes) else data.encode())
            path.with_name(path.name + ".expect").write_text(expect)
            n += 1
    print(f"{n} files in {folder}")


if __name__ == "__main__":
    main()
