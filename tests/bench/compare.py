#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints ir-bench beside OpenVINO and, for ONNX, ONNX Runtime as a Markdown
table: latency on all cores, f32, one request at a time. Not part of the tests.

usage: compare.py [-t SECONDS] [MODEL...]    default: the models of IR_TESTDATA"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

import numpy as np
import onnxruntime
import openvino

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("IR_TESTDATA", TOP / "../shared/testdata"))


def ours(path, seconds):
    run = subprocess.run(
        ["ir-bench", "-m", str(path), "-d", "CPU", "-t", str(seconds), "--json"],
        capture_output=True, text=True)
    return json.loads(run.stdout)["latency_median_ms"] if not run.returncode \
        else None


def median(call, seconds):
    call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def openvino_ms(path, seconds):
    compiled = openvino.Core().compile_model(
        str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32",
                           "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    feed = {i: np.random.rand(*p.shape).astype(np.float32)
            for i, p in enumerate(compiled.inputs)}
    return median(lambda: request.infer(feed, share_inputs=True), seconds)


def onnxruntime_ms(path, seconds):
    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"])
    feed = {i.name: np.random.rand(*i.shape).astype(np.float32)
            for i in session.get_inputs()}
    return median(lambda: session.run(None, feed), seconds)


def attempt(function, *arguments):
    try:
        value = function(*arguments)
    except Exception:  # an engine that can't run a model leaves its cell empty
        value = None
    return "%.2f" % value if value is not None else "-"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-t", type=int, default=2, metavar="SECONDS")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    models = options.models or sorted(
        [*DATA.glob("models/**/*.onnx"), *DATA.glob("models/**/*.xml")])
    print("| model | gst-ir ms | OpenVINO ms | ONNX Runtime ms |")
    print("|---|---|---|---|")
    for path in models:
        label = "/".join(path.parts[-3:])
        onnx = path.suffix == ".onnx"
        print("| %s | %s | %s | %s |" % (
            label, attempt(ours, path, options.t),
            attempt(openvino_ms, path, options.t),
            attempt(onnxruntime_ms, path, options.t) if onnx else "-"),
            flush=True)


if __name__ == "__main__":
    main()
