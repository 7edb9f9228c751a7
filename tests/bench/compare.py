#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How fast ir-bench, OpenVINO and, for ONNX files, ONNX Runtime run models, as a
Markdown table. The engines take turns, A B C A B C, so that what else the machine
does hits all of them. Not part of the tests.

With --precision bf16 ours is compared with OpenVINO's bf16 and with our own f32.
By default one request runs at a time; with --streams N there are N, started as soon
as others end, for which ONNX Runtime has no setting.

Written are the median of the rounds' times and the least of all, in milliseconds per
inference, and of each round gst-ir's time divided by the other's: below 1 gst-ir is
faster. A round's time is the median of its inferences, in bf16 the least: AMX has two
speeds on shared machines, and the table says what the machine's multiply-adds reached
before each round. The last lines are geometric means over all models of how many times
faster gst-ir is than the faster peer: the median of the rounds, and by least times.

usage: compare.py [--precision f32|bf16] [--threads N] [--streams N] [-t SECONDS]
                  [-r ROUNDS] [--nets] [--json FILE] [--write-docs] [MODEL...]
"""

import argparse
import math
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import openvino

from common import (SHAPES, TOP, circumstances, control, ir_bench, median, models,
                    save_json, short_name, write_docs)

core = openvino.Core()
onnxruntime.set_default_logger_severity(3)

# --- engines: what makes them, then what runs them for a round --------------------
#
# A run gives milliseconds per inference: median and least. Throughput has one number.


def ours(path, options, precision=None):
    more = ["-t", options.t]
    more += ["-nthreads", options.threads] if options.threads else []
    more += ["-hint", "throughput", "-nstreams", options.streams] \
        if options.streams else []

    def run():
        found = ir_bench(path, precision or options.precision, *more)
        if options.streams:
            return (1000 / found["fps"],) * 2
        return found["latency_median_ms"], found["latency_min_ms"]
    run()
    return run


def ours_in_f32(path, options):
    return ours(path, options, "f32")


def timed(call, seconds):
    def run():
        times, end = [], time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(1000 * (time.perf_counter() - start))
        return median(times), min(times)
    call()
    return run


def counted(queue, seconds):
    def run():
        start, n = time.perf_counter(), 0
        while time.perf_counter() < start + seconds:
            queue.start_async()
            n += 1
        queue.wait_all()
        return (1000 * (time.perf_counter() - start) / n,) * 2
    run()
    return run


def theirs(path, options):
    model = core.read_model(str(path))
    if path.stem in SHAPES:
        model.reshape(SHAPES[path.stem])
    config = {"INFERENCE_PRECISION_HINT": options.precision,
              "PERFORMANCE_HINT": "THROUGHPUT" if options.streams else "LATENCY"}
    if options.threads:
        config["INFERENCE_NUM_THREADS"] = options.threads
    network = core.compile_model(model, "CPU", config)
    arrays = [np.random.rand(*p.shape).astype(p.element_type.to_dtype())
              for p in network.inputs]

    def fill(request):
        for i, array in enumerate(arrays):
            request.set_input_tensor(i, openvino.Tensor(array))
        return request
    if not options.streams:
        # Inputs stay and outputs are not copied: that would be Python's time.
        request = fill(network.create_infer_request())
        return timed(lambda: request.infer(share_outputs=True), options.t)
    queue = openvino.AsyncInferQueue(network)
    for request in queue:
        fill(request)
    return counted(queue, options.t)


def onnx_runtime(path, options):
    if path.suffix != ".onnx":
        return None
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(
        str(path), settings, providers=["CPUExecutionProvider"])
    feed = {i.name: np.random.rand(*SHAPES.get(path.stem, i.shape)).astype(
        np.float32) for i in session.get_inputs()}
    return timed(lambda: session.run(None, feed), options.t)


def engines(options):
    """Names and makers; the first is ours, those before the last number are peers."""
    if options.precision == "bf16":
        return [("gst-ir", ours), ("OpenVINO", theirs),
                ("gst-ir in f32", ours_in_f32)], 1
    if options.streams:
        return [("gst-ir", ours), ("OpenVINO", theirs)], 1
    return [("gst-ir", ours), ("OpenVINO", theirs),
            ("ONNX Runtime", onnx_runtime)], 2


# --- measuring ------------------------------------------------------------------


def prepare(make, path, options):
    try:
        return make(path, options)
    except Exception as error:  # what can't run a model leaves its cell empty
        print("%s: %s" % (path, str(error).strip()[-200:]), file=sys.stderr)
        return None


def measure(path, options, makers):
    """For each engine a list of (median, least), empty if it can't; the machine's
    speed before each round."""
    runs = [prepare(make, path, options) for _, make in makers]
    results, speeds = [[] for _ in runs], []
    for _ in range(options.r):
        speeds.append(control(options.threads))
        for run, result in zip(runs, results):
            if run:
                result.append(run())
    return results, speeds


def factors(results, n_peers, column):
    """How many times faster than the faster peer: by rounds and by least times."""
    mine, peers = results[0], [r for r in results[1:1 + n_peers] if r]
    if not mine or not peers:
        return None
    rounds = [min(p[i][column] for p in peers) / m[column]
              for i, m in enumerate(mine)]
    least = min(r[1] for p in peers for r in p) / min(m[1] for m in mine)
    return median(rounds), least


# --- the table ------------------------------------------------------------------


def times(result, column):
    if not result:
        return "-"
    return "%.2f (%.2f)" % (median(r[column] for r in result),
                            min(r[1] for r in result))


def ratios(mine, other, column):
    return " ".join("%.2f" % (a[column] / b[column])
                    for a, b in zip(mine, other)) or "-"


def head(makers, unit):
    cells = ["model", "gst-ir ms"]
    for name, _ in makers[1:]:
        cells += ["%s ms" % name, "gst-ir / %s" % name]
    cells.append(unit)
    return ["| %s |" % " | ".join(cells), "|---" * len(cells) + "|"]


def row(path, results, speeds, column):
    cells = [short_name(path), times(results[0], column)]
    for other in results[1:]:
        cells += [times(other, column), ratios(results[0], other, column)]
    cells.append(" ".join("%.0f" % s for s in speeds))
    return "| %s |" % " | ".join(cells)


def geometric(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def summary(found, what):
    """@found: pairs of factors() of all models."""
    found = [f for f in found if f]
    if not found:
        return []
    return ["%s: %.2f times as fast in the geometric mean of %d models by the median "
            "of rounds, %.2f at least; by least times %.2f, %.2f at least." % (
                what, geometric([f[0] for f in found]), len(found),
                min(f[0] for f in found), geometric([f[1] for f in found]),
                min(f[1] for f in found))]


def conditions(options, load):
    return "%s OpenVINO %s, ONNX Runtime %s. %s, %s, %s, %d rounds of %d s for each " \
        "engine in turn." % (
            circumstances(load), openvino.__version__.split("-")[0],
            onnxruntime.__version__, options.precision,
            "%d thread(s)" % options.threads if options.threads else "all threads",
            "%d streams" % options.streams if options.streams
            else "one request at a time", options.r, options.t)


def nets():
    """Those of nets.py, which are made if need be."""
    folder = TOP / "build/nets"
    if not folder.exists():
        subprocess.run([sys.executable, str(TOP / "tests/bench/nets.py"),
                        str(folder)], check=True)
    return sorted(folder.glob("*.onnx"))


def parse():
    parser = argparse.ArgumentParser(
        usage=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--streams", type=int, default=0)
    parser.add_argument("-t", type=int, default=2)
    parser.add_argument("-r", type=int, default=3)
    parser.add_argument("--nets", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    return parser.parse_args()


def main():
    options = parse()
    makers, n_peers = engines(options)
    column = 1 if options.precision == "bf16" else 0
    unit = "amx_gflops" if column else "fma_gflops"
    paths = options.models or models()
    load = os.getloadavg()[0]
    lines = head(makers, "AMX GFLOP/s" if column else "FMA GFLOP/s")
    figures, found, own = [], [], []
    print("\n".join(lines), flush=True)
    for path in paths + (nets() if options.nets else []):
        results, speeds = measure(path, options, makers)
        found.append(factors(results, n_peers, column))
        if column:
            own.append(factors([results[0], results[2]], 1, column))
        lines.append(row(path, results, [s[unit] for s in speeds], column))
        print(lines[-1], flush=True)
        figures.append({"model": short_name(path), "control": speeds, "factors":
                        found[-1], "ms": {name: result for (name, _), result
                                          in zip(makers, results)}})
    lines += ["", *summary(found, "Against the faster peer" if n_peers > 1
                           else "Against OpenVINO"), *summary(own, "Against our f32")]
    lines = [conditions(options, load), "", *lines]
    print("\n".join(["", lines[0], *lines[len(figures) + 4:]]))
    if options.json:
        save_json(options.json, {"conditions": lines[0], "models": figures})
    if options.write_docs:
        write_docs("compare.py, %s, %d thread(s), %d stream(s)" % (
            options.precision, options.threads, options.streams), lines)


if __name__ == "__main__":
    main()
