#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Latency of ir-bench, OpenVINO and, for ONNX files, ONNX Runtime as a Markdown
table: f32, one request at a time. The engines take turns, A B C A B C,
so that what else the machine does hits all of them. Not part of the tests.

Written are the median of the rounds' medians, the least of all times, and of each
round gst-ir's median divided by the other's: below 1 gst-ir is faster. The last
line is the geometric mean, over all models, of the faster peer's least time divided
by gst-ir's: how many times faster gst-ir is.

usage: compare.py [-t SECONDS] [-r ROUNDS] [--threads N] [--write-docs] [MODEL...]
       by default the models of IR_TESTDATA; nets.py writes more
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import openvino

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/oracle"))

from engines import DATA, core  # noqa: E402

DOCS = TOP / "docs/performance.md"
BEGIN, END = "<!-- compare.py: begin -->", "<!-- compare.py: end -->"
SHAPES = {"face_detection_yunet_2026may": [1, 3, 320, 320]}


# --- engines: what makes them, then what runs them once --------------------------


def ours(path, seconds, threads):
    command = ["ir-bench", "-m", str(path), "-d", "CPU", "-t", str(seconds),
               "--json", "--infer_precision", "f32"]
    if threads:
        command += ["-nthreads", str(threads)]
    if path.stem in SHAPES:
        command += ["--shape", str(SHAPES[path.stem]).replace(" ", "")]

    def run():
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = json.loads(done.stdout)
        return found["latency_median_ms"], found["latency_min_ms"]
    run()
    return run


def timed(call, seconds):
    def run():
        times, end = [], time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
        return statistics.median(times), min(times)
    call()
    return run


def theirs(path, seconds, threads):
    model = core.read_model(str(path))
    if path.stem in SHAPES:
        model.reshape(SHAPES[path.stem])
    config = {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY"}
    if threads:
        config["INFERENCE_NUM_THREADS"] = threads
    request = core.compile_model(model, "CPU", config).create_infer_request()
    feed = {i: np.random.rand(*p.shape).astype(np.float32)
            for i, p in enumerate(model.inputs)}
    return timed(lambda: request.infer(feed, share_inputs=True), seconds)


def onnx_runtime(path, seconds, threads):
    if path.suffix != ".onnx":
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(
        str(path), options, providers=["CPUExecutionProvider"])
    feed = {i.name: np.random.rand(*SHAPES.get(path.stem, i.shape)).astype(
        np.float32) for i in session.get_inputs()}
    return timed(lambda: session.run(None, feed), seconds)


ENGINES = (("gst-ir", ours), ("OpenVINO", theirs), ("ONNX Runtime", onnx_runtime))


# --- the table ------------------------------------------------------------------


def prepare(make, path, *options):
    try:
        return make(path, *options)
    except Exception as error:  # what can't run a model leaves its cell empty
        reason = getattr(error, "stderr", None) or str(error)
        print("%s: %s" % (path, reason.strip()[-200:]), file=sys.stderr)
        return None


def measure(path, options):
    """For each engine a list of (median, least), empty if it can't."""
    runs = [prepare(make, path, options.t, options.threads)
            for _, make in ENGINES]
    results = [[] for _ in runs]
    for _ in range(options.r):
        for run, result in zip(runs, results):
            if run:
                result.append(run())
    return results


def times(result):
    if not result:
        return "-"
    return "%.2f (%.2f)" % (statistics.median(r[0] for r in result),
                            min(r[1] for r in result))


def ratios(mine, other):
    return " ".join("%.2f" % (a[0] / b[0]) for a, b in zip(mine, other)) or "-"


def speedup(results):
    """The faster peer's least time divided by ours, or None."""
    mine, *others = [min((r[1] for r in result), default=None)
                     for result in results]
    others = [o for o in others if o]
    return min(others) / mine if mine and others else None


def row(path, results):
    cells = ["/".join(path.parts[-3:] if path.suffix == ".xml" else
                      path.parts[-2:]), times(results[0])]
    for other in results[1:]:
        cells += [times(other), ratios(results[0], other)]
    return "| %s |" % " | ".join(cells)


HEAD = ("| model | gst-ir ms | OpenVINO ms | gst-ir / OpenVINO | ONNX Runtime ms "
        "| gst-ir / ONNX Runtime |", "|---|---|---|---|---|---|")


def processor():
    with open("/proc/cpuinfo") as file:
        text = file.read()
    name = re.search(r"model name\s*: (.*)", text)
    flags = set(re.search(r"flags\s*: (.*)", text).group(1).split()) \
        if "flags" in text else set()
    best = [f for f in ("avx2", "avx512f", "avx512_vnni") if f in flags]
    return "%s, %d processors, %s" % (
        name.group(1) if name else "unknown CPU", os.cpu_count(),
        " ".join(best) or "no AVX2")


def circumstances(options, load):
    version = subprocess.run(["ir-bench", "--version"], capture_output=True,
                             text=True).stdout.strip()
    return ("%s. %s. %s, OpenVINO %s, ONNX Runtime %s. %s, %d rounds of %d s for "
            "each engine in turn; load average %.1f before and %.1f after." % (
                datetime.date.today().isoformat(), processor(), version,
                openvino.__version__.split("-")[0], onnxruntime.__version__,
                "%d thread(s)" % options.threads if options.threads
                else "all threads", options.r, options.t, load, os.getloadavg()[0]))


def write_docs(lines):
    text = DOCS.read_text() if DOCS.exists() else (
        "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n# Performance\n\n"
        "%s\n%s\n" % (BEGIN, END))
    head, rest = text.split(BEGIN)
    DOCS.write_text("%s%s\n%s\n%s%s" % (
        head, BEGIN, "\n".join(lines), END, rest.split(END)[1]))


def is_ir(path):
    head = path.read_bytes()[:400].decode("utf-8", "replace")
    return any('version="%d"' % v in head for v in (10, 11))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-t", type=int, default=2, metavar="SECONDS")
    parser.add_argument("-r", type=int, default=3, metavar="ROUNDS")
    parser.add_argument("--threads", type=int, default=0, metavar="N")
    parser.add_argument("--write-docs", action="store_true",
                        help="put the table into docs/performance.md")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    models = options.models or sorted(
        [*DATA.glob("models/**/*.onnx"),
         *filter(is_ir, DATA.glob("models/**/*.xml"))])
    load = os.getloadavg()[0]
    lines, factors = list(HEAD), []
    print("\n".join(lines), flush=True)
    for path in models:
        results = measure(path, options)
        lines.append(row(path, results))
        factors.append(speedup(results))
        print(lines[-1], flush=True)
    factors = [f for f in factors if f]
    lines += ["", "Least times against those of the faster peer: %.2f times as "
              "fast in the geometric mean of %d, %.2f at least." % (
                  math.exp(sum(map(math.log, factors)) / len(factors)),
                  len(factors), min(factors))]
    print("\n" + lines[-1])
    lines = [circumstances(options, load), "",
             "Milliseconds per inference, the median and in brackets the least; "
             "then gst-ir's median divided by the other's, round by round.", "",
             *lines]
    print("\n" + lines[0])
    if options.write_docs:
        write_docs(lines)


if __name__ == "__main__":
    main()
