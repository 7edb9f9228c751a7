#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs every ONNX file and every IR v10 or v11 of IR_TESTDATA/models, and the IRs
of IR_TESTDATA/conformance/openvino_ir_v10, with `ir-infer` on CPU and on
REFERENCE, and compares the outputs with OpenVINO's in f32 and, for ONNX, with
ONNX Runtime's: on random numbers and, where a picture goes in, on the stills and
on frames of the videos. Of a detector that ends in DetectionOutput, the deltas
and scores are compared too: on pictures without objects there are no rows.

Quantised models have a script of their own, quantized_models.py.

The last line is "N passed, N failed, N skipped"."""

import pathlib
import sys
import tempfile
import xml.etree.ElementTree as ET

import numpy as np
import openvino
from openvino import opset8 as ops

from engines import (DATA, Report, as_input, compiled, core, onnx_run, ours,
                     ours_of, pictures)
from ir_roundtrip import GAPS, cases, prepare

TOLERANCE = {"FP32": 1e-4, "FP16": 1e-3}  # of the output's range
SHAPES = {"face_detection_yunet_2026may": [1, 3, 320, 320]}
# The plain device takes its time.
REFERENCE_PICTURES = ("astronaut.png", "pedestrians_768x576.avi")
# ONNX Runtime's logistic function is off by about this much near 0, where an
# output of YuNet has a range of 7e-6; OpenVINO and we agree to 3e-6 of that.
ONNX_RUNTIME_FLOOR = 2e-7

report = Report()
real = []


def random_inputs(model):
    rng = np.random.default_rng(1)
    arrays = []
    for port in model.inputs:
        shape = [d.get_length() if d.is_static else 1
                 for d in port.partial_shape]
        dtype = port.element_type.to_dtype()
        arrays.append(rng.random(shape).astype(dtype) if dtype.kind == "f"
                      else rng.integers(0, 2, shape).astype(dtype))
    return arrays


def takes_pictures(model):
    shape = model.inputs[0].partial_shape
    return (len(model.inputs) == 1 and shape.is_static and len(shape) == 4 and
            3 in (list(model.input(0).shape)[1], list(model.input(0).shape)[3]))


def inputs_for(model):
    """Names and arrays: random ones first, then pictures for image inputs."""
    yield "random", random_inputs(model)
    if takes_pictures(model):
        if not real:
            real.extend(pictures())
        for name, picture in real:
            yield name, [as_input(picture, list(model.input(0).shape))]


def difference(got, want, floor):
    if got.shape != want.shape:
        return "shape %s, not %s" % (got.shape, want.shape), np.inf
    got, want = got.astype(np.float64), want.astype(np.float64)
    if want.size == 0:
        return None, 0
    span = np.ptp(want) or max(np.abs(want).max(), 1)
    error = np.abs(got - want).max()
    error = 0 if error <= floor else error / span
    return None, error if np.isfinite(error) else np.inf


def align(got, want):
    """Rows of detections in the order of `want`. Scores that tie but for the last
    bits come in either order: the scores stay where they are, the other columns
    are those of the nearest row."""
    rows, others = want.reshape(-1, 7), list(got.reshape(-1, 7))
    found = []
    for row in rows:
        nearest = min(range(len(others)),
                      key=lambda i: np.abs(others[i] - row).max())
        found.append(others.pop(nearest))
    found = np.array(found, got.dtype)
    found[:, 2] = got.reshape(-1, 7)[:, 2]
    return found.reshape(got.shape)


def compare(name, got, want, tolerance, floor=0):
    worst = 0
    if len(got) != len(want):
        return report.note(name, "%d outputs, not %d" % (len(got), len(want)))
    for a, b in zip(got, want):
        if a.shape == b.shape and a.ndim == 4 and a.shape[:2] == (1, 1) and \
                a.shape[3] == 7:
            a = align(a, b)
        problem, error = difference(a, b, floor)
        if problem:
            return report.note(name, problem)
        worst = max(worst, error)
    return report.note("%s (%.1e)" % (name, worst),
                       None if worst <= tolerance else
                       "%.3g of the range, at most %g" % (worst, tolerance))


def before_detections(path):
    """The model up to its DetectionOutput, if it has one."""
    model = core.read_model(str(path))
    for op in model.get_ordered_ops():
        if op.get_type_name() == "DetectionOutput":
            return openvino.Model(
                [ops.result(op.input_value(i)) for i in (0, 1)],
                model.get_parameters(), "raw")
    return None


def widen(path, folder):
    """A copy of an IR whose weights have the same values and whose types are f32."""
    tree = ET.parse(path)
    old, new = path.with_suffix(".bin").read_bytes(), bytearray()
    for element in tree.iter():
        if element.tag == "data" and "offset" in element.attrib:
            start, size = int(element.get("offset")), int(element.get("size"))
            value = old[start:start + size]
            if element.get("element_type") == "f16":
                value = np.frombuffer(value, "<f2").astype("<f4").tobytes()
            new += bytes(-len(new) % 8)
            element.set("offset", str(len(new)))
            element.set("size", str(len(value)))
            new += value
        for key, value in element.attrib.items():
            if value in ("f16", "FP16"):
                element.set(key, {"f16": "f32", "FP16": "FP32"}[value])
    target = pathlib.Path(folder) / "wide.xml"
    tree.write(target)
    target.with_suffix(".bin").write_bytes(new)
    return target


def outputs(network, arrays):
    result = network(arrays)
    return [np.array(result[i]) for i in range(len(network.outputs))]


def check(name, path, folder):
    tolerance = TOLERANCE["FP16" if "FP16" in name else "FP32"]
    model = core.read_model(str(path))
    shape = SHAPES.get(path.stem)
    if shape:
        model.reshape(shape)
    try:
        network = compiled(model)
    except RuntimeError as refusal:
        return report.skip(name, "OpenVINO: " +
                           str(refusal).strip().splitlines()[-1])
    files = {"CPU": path, "REFERENCE": path}
    if any(op.get_type_name() == "Convolution" and
           op.get_output_element_type(0) == openvino.Type.f16
           for op in model.get_ordered_ops()):
        # REFERENCE rounds what every layer gives to the type in the model.
        files["REFERENCE"] = widen(path, folder)
    raw = before_detections(path)
    raw_network = compiled(raw) if raw else None
    for label, arrays in inputs_for(model):
        want = outputs(network, arrays)
        theirs = [("OpenVINO", want, 0)]
        if path.suffix == ".onnx":
            theirs.append(("ONNX Runtime", onnx_run(path, arrays),
                           ONNX_RUNTIME_FLOOR))
        for device, file in files.items():
            if device == "REFERENCE" and label not in ("random",
                                                       *REFERENCE_PICTURES):
                continue
            title = "%s %s %s" % (name, label, device)
            got = ours(file, arrays, device, shape)
            for engine, numbers, floor in theirs:
                compare("%s %s" % (title, engine), got, numbers, tolerance,
                        floor)
            if raw:
                compare("%s deltas and scores OpenVINO" % title,
                        ours_of(raw, arrays, device),
                        outputs(raw_network, arrays), tolerance)
    return None


def check_file(path, folder):
    name = str(path.relative_to(DATA))
    gap = GAPS.get(path.name)
    if gap:
        return report.skip(name, "known gap: " + gap)
    if path.suffix == ".xml" and 'type="FakeQuantize"' in path.read_text():
        return report.skip(name, "see quantized_models.py")
    if path.suffix == ".xml" and path.parent.name == "openvino_ir_v10":
        path, _ = prepare(path, pathlib.Path(folder))
    return check(name, path, folder)


def main():
    paths = [*sorted(DATA.glob("models/**/*.onnx")), *cases()]
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check_file(path, folder)
            except Exception as error:  # one model must not hide the others
                report.note(str(path.relative_to(DATA)), str(error))
    if not paths:
        report.skip("models", "there are none under %s" % DATA)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
