#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs every ONNX file and every IR v10 or v11 of IR_TESTDATA/models with
`ir-infer -d CPU` and compares the outputs with OpenVINO's in f32 and, for ONNX,
with ONNX Runtime's, on random numbers and on the pictures of IR_TESTDATA/images.

Quantised models are compared by their detections: a sum that ends in another
last bit can cross the border between two levels, so that two exact engines
differ by a level here and there and order the hundreds of boxes with scores near
zero differently. What they find must be the same boxes.

The last line is "N passed, N failed, N skipped"."""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
import openvino
from PIL import Image

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("IR_TESTDATA", TOP / "../shared/testdata"))
TOLERANCE = {"FP32": 1e-4, "FP16": 1e-3}  # of the output's range
SHAPES = {"face_detection_yunet_2026may": [1, 3, 320, 320]}
PICTURES = 3
# ONNX Runtime's logistic function is off by about this much near 0, where an
# output of YuNet has a range of 7e-6; OpenVINO and we agree to 3e-6 of that.
ONNX_RUNTIME_FLOOR = 2e-7

core = openvino.Core()
onnxruntime.set_default_logger_severity(3)
counts = {"passed": 0, "failed": 0, "skipped": 0}


def note(name, problem=None):
    counts["failed" if problem else "passed"] += 1
    print("%s %s%s" % ("FAIL" if problem else "ok", name,
                       ": " + problem if problem else ""), flush=True)


def readable(path):
    if path.suffix == ".onnx":
        return True
    head = path.read_bytes()[:400].decode("utf-8", "replace")
    return any('version="%d"' % v in head for v in (10, 11))


def inputs_for(model, rng):
    """Names and arrays: random ones first, then pictures for image inputs."""
    shape = list(model.inputs[0].get_partial_shape())
    shape = [int(str(d)) if str(d).isdigit() else 1 for d in shape]
    yield "random", rng.random(shape, dtype=np.float32)
    if len(shape) != 4 or 3 not in (shape[1], shape[3]):
        return
    nchw = shape[1] == 3
    size = (shape[3], shape[2]) if nchw else (shape[2], shape[1])
    files = sorted(p for p in (DATA / "images").rglob("*")
                   if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp"))
    for path in files[:PICTURES]:
        picture = np.asarray(Image.open(path).convert("RGB").resize(size),
                             np.float32)
        if nchw:
            picture = picture.transpose(2, 0, 1)
        yield path.name, np.ascontiguousarray(picture[None])


def ours(path, array, shape):
    with tempfile.TemporaryDirectory() as folder:
        np.save(os.path.join(folder, "in.npy"), array)
        out = os.path.join(folder, "out")
        command = ["ir-infer", "-m", str(path), "-d", "CPU", "-i",
                   os.path.join(folder, "in.npy"), "-o", out]
        if shape:
            command += ["-shape", "[%s]" % ",".join(map(str, shape))]
        run = subprocess.run(command, capture_output=True, text=True,
                             timeout=300)
        if run.returncode:
            raise RuntimeError(run.stderr.strip()[-300:])
        names = [line.split()[1] for line in run.stdout.splitlines()
                 if line.startswith("output ")]
        found = {}
        for file in os.listdir(out):
            found[file[:-4]] = np.load(os.path.join(out, file))
        return [found[n] if n in found else
                found["".join(c if c.isalnum() or c in "._-" else "_"
                              for c in n)] for n in names]


def difference(got, want, floor):
    if got.shape != want.shape:
        return "shape %s, not %s" % (got.shape, want.shape), np.inf
    got, want = got.astype(np.float64), want.astype(np.float64)
    span = np.ptp(want) or max(np.abs(want).max(), 1)
    error = np.abs(got - want).max()
    error = 0 if error <= floor else error / span
    return None, error if np.isfinite(error) else np.inf


def overlap(a, b):
    """Intersection over union of two boxes x1, y1, x2, y2."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    common = max(w, 0) * max(h, 0)
    area = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return common / (area - common)


def compare_detections(name, got, want):
    got, want = ([row for row in rows[0].reshape(-1, 7) if row[2] >= 0.5]
                 for rows in (got, want))
    if len(got) != len(want):
        return note(name, "%d detections, not %d" % (len(got), len(want)))
    for row in want:
        best = max(got, key=lambda other: overlap(row[3:], other[3:]))
        if overlap(row[3:], best[3:]) < 0.98 or abs(row[2] - best[2]) > 0.02:
            return note(name, "%s instead of %s" % (best, row))
    note("%s (%d detections)" % (name, len(want)))


def compare(name, got, want, tolerance, floor=0):
    worst = 0
    if len(got) != len(want):
        return note(name, "%d outputs, not %d" % (len(got), len(want)))
    for a, b in zip(got, want):
        problem, error = difference(a, b, floor)
        if problem:
            return note(name, problem)
        worst = max(worst, error)
    note("%s (%.1e)" % (name, worst),
         None if worst <= tolerance else
         "%.3g of the range, at most %g" % (worst, tolerance))


def check(path):
    name = str(path.relative_to(DATA / "models"))
    kind = "FP16" if "FP16" in name else "FP32"
    model = core.read_model(str(path))
    shape = SHAPES.get(path.stem)
    if shape:
        model.reshape(shape)
    compiled = core.compile_model(
        model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    session = None
    if path.suffix == ".onnx":
        session = onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"])
    for label, array in inputs_for(model, np.random.default_rng(1)):
        got = ours(path, array, shape)
        result = compiled({0: array})
        want = [result[i] for i in range(len(compiled.outputs))]
        if "INT8" in name:
            compare_detections("%s %s OpenVINO" % (name, label), got, want)
            continue
        compare("%s %s OpenVINO" % (name, label), got, want, TOLERANCE[kind])
        if session:
            compare("%s %s ONNX Runtime" % (name, label), got,
                    session.run(None, {session.get_inputs()[0].name: array}),
                    TOLERANCE[kind], ONNX_RUNTIME_FLOOR)


def main():
    paths = sorted([*DATA.glob("models/**/*.onnx"), *DATA.glob("models/**/*.xml")])
    for path in paths:
        if not readable(path):
            continue
        try:
            check(path)
        except Exception as error:  # one model must not hide the others
            note(str(path.relative_to(DATA)), "%s" % error)
    if not paths:
        print("there are no models under %s" % DATA)
        counts["skipped"] += 1
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
