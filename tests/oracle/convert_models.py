#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Converts every ONNX model of IR_TESTDATA/models with ir-convert, loads what
comes out in OpenVINO and compares its numbers with ONNX Runtime's, also with
preprocessing in the model against preprocessing in numpy. Weights in FP16 are
compared with the ONNX model with the same weights rounded by numpy, and OpenVINO's
numbers with our CPU device's. Wrong command lines must end with the right exit
code and one clear error.

The last line is "N passed, N failed, N skipped"."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

from engines import DATA, Report, compiled, core, openvino_run, ours

TOLERANCE = 1e-4  # of the output's range
# ONNX Runtime's logistic function is exact to this only: see infer_models.py.
ONNX_RUNTIME_FLOOR = 2e-7
TOLERANCE_F16 = 1e-3  # against the net with the same rounded weights

# Shapes for models that leave them open.
SHAPES = {"face_detection_yunet_2026may": [1, 3, 320, 320]}

MEAN = [104.0, 117.0, 123.0]
SCALE = [58.0, 57.0, 56.0]

report = Report()


def convert(folder, *options):
    run = subprocess.run(
        ["ir-convert", "--silent", "--output_dir", folder, "--model_name", "m",
         *options], capture_output=True, text=True, timeout=300)
    if run.returncode:
        raise RuntimeError(run.stderr.strip()[:400])
    return os.path.join(folder, "m.xml")


# --- numbers ------------------------------------------------------------------


def compare(want, got, tolerance):
    """What is wrong, or None; and the largest error of the range."""
    largest = 0
    for name, a in want.items():
        if name not in got:
            return "output %s is missing, there is %s" % (name, sorted(got)), 0
        b = got[name]
        if a.shape != b.shape:
            return "%s: shape %s, not %s" % (name, b.shape, a.shape), 0
        worst = np.max(np.abs(a.astype("f8") - b.astype("f8")), initial=0)
        extent = max(float(np.ptp(a)), 1e-6) if a.size else 1
        if not worst <= max(tolerance * extent, ONNX_RUNTIME_FLOOR):
            return "%s: off by %g of %g" % (name, worst, extent), 0
        if worst > ONNX_RUNTIME_FLOOR:
            largest = max(largest, worst / extent)
    return None, largest


def run_openvino(xml, feed):
    model = compiled(xml)
    result = model(feed)
    return {name: result[port] for port in model.outputs
            for name in port.get_names()}


def column(values):
    return np.array(values, "f4").reshape(1, -1, 1, 1)


def run_onnx(path, arrays):
    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    return dict(zip([o.name for o in session.get_outputs()],
                    session.run(None, dict(zip(names, arrays)))))


def check_variants(folder, path, flags, name, x):
    mean, scale = column(MEAN), column(SCALE)
    group = "[%s]" % ",".join(map(str, MEAN))
    variants = [
        ("plain", [], lambda v: v),
        ("mean and scale",
         ["--mean_values", name + group, "--scale_values",
          "(%s)" % ",".join(map(str, SCALE))],
         lambda v: (v - mean) / scale),
        ("reversed", ["--reverse_input_channels", "--mean_values", group,
                      "--scale", "58"],
         lambda v: (v[:, ::-1] - mean) / np.float32(58)),
        ("nhwc", ["--layout", "nchw->nhwc"],
         lambda v: v.transpose(0, 3, 1, 2)),
        ("static", ["--static_shape"], lambda v: v),
        ("not fused", ["--disable_fusing"], lambda v: v),
    ]
    for title, options, prepare in variants:
        label = "%s %s" % (path.stem, title)
        feed = x.transpose(0, 2, 3, 1) if title == "nhwc" else x
        try:
            xml = convert(folder, "-m", str(path), *flags, *options)
            want = run_onnx(path, [np.ascontiguousarray(prepare(feed))])
            problem, _ = compare(want, run_openvino(xml, [feed]), TOLERANCE)
            report.note(label, problem)
        except Exception as error:
            report.note(label, str(error))


def fold_norms(model):
    """BatchNormalization into the convolution before it, in double precision: what
    is rounded are the weights after that."""
    graph = model.graph
    values = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    makers = {o: n for n in graph.node for o in n.output}
    for norm in [n for n in graph.node if n.op_type == "BatchNormalization"]:
        conv = makers[norm.input[0]]
        gain, shift, mean, variance = (
            values[n].astype("f8") for n in norm.input[1:5])
        epsilon = next((a.f for a in norm.attribute if a.name == "epsilon"), 1e-5)
        factor = gain / np.sqrt(variance + epsilon)
        weights = values[conv.input[1]].astype("f8")
        if conv.op_type == "ConvTranspose":
            folded = weights * factor.reshape(1, -1, 1, 1)
        else:
            folded = weights * factor.reshape(-1, 1, 1, 1)
        bias = values[conv.input[2]] if len(conv.input) > 2 else 0
        name = norm.output[0]
        values[name + "/w"] = folded.astype("f4")
        values[name + "/b"] = (shift + factor * (bias - mean)).astype("f4")
        del conv.input[1:], conv.output[:]
        conv.input.extend([name + "/w", name + "/b"])
        conv.output.append(name)
        graph.node.remove(norm)
    return values


def round_weights(path, target):
    """Every constant of more than one number goes to FP16 and back."""
    model = onnx.load(str(path))
    values = fold_norms(model)
    del model.graph.initializer[:]

    def rounded(array):
        if array.dtype == np.float32 and array.size > 1:
            return array.astype("f2").astype("f4")
        return array

    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(rounded(v), n) for n, v in values.items())
    for node in model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and attribute.name == "value":
                value = onnx.numpy_helper.to_array(attribute.t)
                attribute.t.CopyFrom(
                    onnx.numpy_helper.from_array(rounded(value)))
    onnx.save(model, target)


def check_f16(folder, path, flags, x):
    label = "%s FP16" % path.stem
    try:
        xml = convert(folder, "-m", str(path), *flags, "--data_type", "FP16")
        got = run_openvino(xml, [x])
        target = os.path.join(folder, "rounded.onnx")
        round_weights(path, target)
        want = run_onnx(target, [x])
        problem, error = compare(want, got, TOLERANCE_F16)
        _, exact = compare(run_onnx(path, [x]), got, np.inf)
        report.note("%s (%.1e; off the net that is not rounded by %.1e)" % (
            label, error, exact), problem)
        theirs = openvino_run(core.read_model(xml), [x])
        problem, error = compare(dict(enumerate(theirs)),
                                 dict(enumerate(ours(xml, [x]))), TOLERANCE)
        report.note("%s on our CPU (%.1e)" % (label, error), problem)
    except Exception as error:
        report.note(label, str(error))


def check_model(folder, path):
    source = onnxruntime.InferenceSession(str(path)).get_inputs()[0]
    shape = SHAPES.get(path.stem)
    rng = np.random.default_rng(1)
    x = (rng.random(shape or source.shape) * 255).astype("f4")
    flags = ["--input_shape", str(shape).replace(" ", "")] if shape else []
    check_variants(folder, path, flags, source.name, x)
    check_f16(folder, path, flags, x)


def small_model(path):
    """Convolutions plain, grouped and transposed, batch normalization, bias: what
    the rewrites look for, in 1x3x24x20."""
    rng = np.random.default_rng(3)
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    constants, nodes = [], []

    def constant(name, *shape, low=-0.5, high=0.5):
        constants.append(onnx.numpy_helper.from_array(
            rng.uniform(low, high, shape).astype("f4"), name))
        return name

    def norm(source, target, channels):
        nodes.append(helper.make_node(
            "BatchNormalization",
            [source, constant(target + "_g", channels, low=0.5),
             constant(target + "_b", channels),
             constant(target + "_m", channels),
             constant(target + "_v", channels, low=0.5, high=2)], [target]))

    nodes.append(helper.make_node(
        "Conv", ["x", constant("w1", 6, 3, 3, 3), constant("b1", 6)], ["c1"],
        pads=[1, 1, 1, 1], strides=[2, 2]))
    norm("c1", "n1", 6)
    nodes.append(helper.make_node("Relu", ["n1"], ["r1"]))
    nodes.append(helper.make_node(
        "Conv", ["r1", constant("w2", 6, 1, 3, 3)], ["c2"], group=6,
        pads=[1, 1, 1, 1]))
    norm("c2", "n2", 6)
    nodes.append(helper.make_node("Relu", ["n2"], ["r2"]))
    nodes.append(helper.make_node("Add", ["r1", "r2"], ["a"]))
    nodes.append(helper.make_node(
        "ConvTranspose", ["a", constant("w3", 6, 4, 2, 2)], ["c3"],
        strides=[2, 2]))
    norm("c3", "n3", 4)
    nodes.append(helper.make_node("Sigmoid", ["n3"], ["y"]))
    graph = helper.make_graph(
        nodes, "small",
        [helper.make_tensor_value_info("x", float32, [1, 3, 24, 20])],
        [helper.make_tensor_value_info("y", float32, [1, 4, 24, 20])],
        constants)
    onnx.save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return pathlib.Path(path)


# --- wrong command lines -----------------------------------------------------------


def tiny_model(path):
    """conv 3 -> 4 on 8x8, and a second input of one dimension."""
    weights = np.ones((4, 3, 1, 1), "f4")
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
         helper.make_node("Add", ["c", "b"], ["y"], name="add")],
        "tiny",
        [helper.make_tensor_value_info("x", float32, ["n", 3, "h", "w_"]),
         helper.make_tensor_value_info("b", float32, [1])],
        [helper.make_tensor_value_info("y", float32, None)],
        [onnx.numpy_helper.from_array(weights, "w")])
    onnx.save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


def check_wrong(folder):
    tiny = os.path.join(folder, "tiny.onnx")
    tiny_model(tiny)
    open(os.path.join(folder, "a-file"), "w").close()
    with open(os.path.join(folder, "broken.onnx"), "wb") as out:
        out.write(open(tiny, "rb").read()[:60])
    with open(os.path.join(folder, "broken.xml"), "w") as out:
        out.write("<net name='x' version='11'><layers><layer")
    with open(os.path.join(folder, "notes.txt"), "w") as out:
        out.write("hello")
    shapes = ["--input", "x,b", "--input_shape", "[1,3,8,8],[1]"]
    model = ["-m", tiny]
    # Exit code, a word of the message, arguments.
    rows = [
        (2, "input_model", []),
        (2, "unknown option", ["--frobnicate"]),
        (2, "did you mean --input_shape", model + ["--inpt_shape", "[1]"]),
        (2, "ambiguous", model + ["--inp", "x"]),
        (2, "needs a value", ["--input_model"]),
        (2, "needs a value", ["--input_model", "--silent"]),
        (2, "not an option", model + ["stray"]),
        (2, "not a shape", model + ["--input_shape", "[1,3,x,8]"]),
        (2, "brackets", model + ["--input_shape", "[1,3,8,8"]),
        (2, "exclude", model + ["--input_shape", "[1,3,8,8]", "--batch", "2"]),
        (2, "exclude", model + ["--scale", "2", "--scale_values", "(2)"]),
        (2, "batch", model + ["--batch", "0"]),
        (2, "batch", model + ["--batch", "two"]),
        (2, "divide by 0", model + ["--scale", "0"]),
        (2, "divide by 0", model + ["--scale_values", "(1,0,1)"]),
        (2, "not a number", model + ["--mean_values", "(a,b,c)"]),
        (2, "name", model + ["--mean_values", "x(1),(2)"]),
        (2, "layout", model + ["--layout", "n1hw"]),
        (2, "same", model + ["--layout", "nhwc->nc"]),
        (2, "none of", model + ["--data_type", "FP8"]),
        (2, "none of", model + ["--ir_version", "3"]),
        (2, "none of", model + ["--log_level", "LOUD"]),
        (2, "true", model + ["--silent=perhaps"]),
        (2, "file name", model + ["--model_name", "a/b"]),
        (2, "empty", model + ["--input", ""]),
        (2, "twice", model + ["--input", "x,x"]),
        (1, "no such file", ["-m", os.path.join(folder, "nope.onnx")]),
        (1, "nope.xml", ["-m", os.path.join(folder, "nope.xml")]),
        (1, "broken.onnx", ["-m", os.path.join(folder, "broken.onnx")]),
        (1, "broken.xml", ["-m", os.path.join(folder, "broken.xml")]),
        (1, "notes.txt", ["-m", os.path.join(folder, "notes.txt")]),
        (1, "framework", model + ["--framework", "theano"]),
        (1, "--input_shape", model),
        (1, "'x'", model),
        (1, "shapes", model + ["--input", "x", "--input_shape",
                               "[1,3,8,8],[1]"]),
        (1, "nowhere", model + ["--input", "nowhere"]),
        (1, "nowhere", model + shapes + ["--output", "nowhere"]),
        (1, "nowhere", model + shapes + ["--mean_values", "nowhere(1)"]),
        (1, "2 inputs", model + shapes + ["--mean_values", "(1,2,3)"]),
        (1, "fit", model + shapes + ["--mean_values", "x(1,2)"]),
        (1, "fit", model + shapes + ["--layout", "x(nc)"]),
        (1, "conv", model + ["--input", "x,b", "--input_shape",
                             "[1,4,8,8],[1]"]),
        (1, "output_dir", model + shapes + ["--output_dir",
                                            os.path.join(folder, "a-file")]),
    ]
    for code, word, arguments in rows:
        out = os.path.join(folder, "out")
        if "--output_dir" not in arguments and arguments:
            arguments = arguments + ["--output_dir=" + out]
        run = subprocess.run(["ir-convert", *arguments], capture_output=True,
                             text=True, timeout=60)
        label = "wrong: " + " ".join(a.replace(folder, "") for a in arguments)
        errors = run.stderr.count("[ ERROR ]")
        if run.returncode != code:
            report.note(label, "exit code %d: %s" % (run.returncode, run.stderr))
        elif errors != 1:
            report.note(label, "%d errors: %s" % (errors, run.stderr))
        elif word not in run.stderr:
            report.note(label, "the message does not say '%s': %s" % (
                word, run.stderr))
        elif os.path.isdir(out) and os.listdir(out):
            report.note(label, "left something behind")
        else:
            report.note(label)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_wrong(folder)
        check_model(folder, small_model(os.path.join(folder, "small.onnx")))
        paths = sorted(DATA.glob("models/**/*.onnx"))
        if not paths:
            report.skip("models", "there are none under %s" % DATA)
        for path in paths:
            check_model(folder, path)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
