#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Caffe models of the test data: the cases with stored outputs on our devices, and
whole nets, where what ir-convert makes of them has to give OpenVINO the numbers
of other conversions of the same weights, and us the same.

The last line is "N passed, N failed, N skipped"."""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

from engines import DATA, Report, onnx_run, openvino_run, ours

ROOT = DATA / "conformance" / "opencv_extra"
MODELS = DATA / "models"
DEVICES = ["CPU", "REFERENCE"]
TOLERANCE = 1e-4  # of the output's range, 1 at least

report = Report()


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[:400])


def difference(want, got):
    """What is wrong, or None."""
    if want.size != got.size:
        return "shape %s, not %s" % (got.shape, want.shape)
    worst = np.max(np.abs(want.reshape(got.shape).astype("f8") - got))
    extent = max(1, np.max(want) - np.min(want))
    if not worst <= TOLERANCE * extent:
        return "differs by %g of a range of %g" % (worst, extent)
    return None


def check(name, want, got):
    report.note(name, difference(want, got))


def attempt(name, function, *arguments):
    try:
        return function(*arguments)
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as problem:
        report.note(name, str(problem))
    return None


# --- stored outputs ------------------------------------------------------------


def conformance(device):
    for entry in json.load(open(ROOT / "cases.json")):
        if entry["framework"] != "caffe":
            continue
        folder = ROOT / "caffe" / entry["name"]
        name = "%s on %s" % (entry["name"], device)
        got = attempt(name, ours, folder / entry["model"][-1],
                      [np.load(folder / file) for file in entry["inputs"]], device)
        if got is not None:
            check(name, np.load(folder / entry["outputs"][0]), got[0])


# --- whole nets -----------------------------------------------------------------


def convert(model, folder):
    run(["ir-convert", "--silent", "--input_model", str(model), "-o", folder, "-n", "m"])
    return os.path.join(folder, "m.xml")


def net(name, model, arrays, wanted, of=0):
    """Output @of against the wanted one: in OpenVINO, and here without a file."""
    with tempfile.TemporaryDirectory() as folder:
        ir = attempt(name, convert, model, folder)
        if ir is None:
            return
        check(name + " in OpenVINO", wanted, openvino_run(ir, arrays)[of])
    for device in DEVICES:
        got = attempt(name, ours, model, arrays, device)
        if got is not None:
            check("%s on %s" % (name, device), wanted, got[of])


def picture(name, width, height):
    image = Image.open(DATA / "images" / name).convert("RGB").resize(
        (width, height), Image.BILINEAR)
    return np.asarray(image, "f4").transpose(2, 0, 1)[None]


def samplenet():
    folder = MODELS / "samplenet"
    array = (picture("cat.png", 32, 32) / 255 - 0.5) / 0.5
    net("samplenet", folder / "SampLeNet.caffemodel", [array],
        openvino_run(str(folder / "SampLeNet.xml"), [array])[0])


def ultraface():
    folder = MODELS / "ultraface-rfb-320"
    array = (picture("astronaut.png", 320, 240) - 127) / 128
    scores = onnx_run(folder / "version-RFB-320.onnx", [array])[0]
    net("ultraface, scores", folder / "RFB-320.caffemodel", [array], scores,
        of=output_index(folder / "RFB-320.caffemodel", scores.size, array))


def output_index(model, size, array):
    with tempfile.TemporaryDirectory() as folder:
        outputs = openvino_run(convert(model, folder), [array])
    return [output.size for output in outputs].index(size)


def retail():
    folder = MODELS / "face-detection-retail-0044"
    model = folder / "face-detection-retail-0044"
    for image in "face_cc-by.jpg", "astronaut.png":
        array = np.ascontiguousarray(picture(image, 300, 300)[:, ::-1])
        wanted = openvino_run(
            str(folder / "FP32" / "face-detection-retail-0044.xml"), [array])[0]
        net("face-detection-retail-0044, " + image, str(model) + ".caffemodel",
            [array], wanted)


def main():
    if not ROOT.is_dir():
        print("no test data in %s" % DATA)
        print("0 passed, 0 failed, 1 skipped")
        return 0
    for device in DEVICES:
        conformance(device)
    for test in samplenet, ultraface, retail:
        test()
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
