#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it takes until the first inference of a model, and the memory for it, of
ir-bench and OpenVINO as a Markdown table. Each run is a process of its own; the
engines take turns, and the least of the rounds is written: milliseconds to read and
to compile, ours also with what CACHE_DIR has kept, and MB (of 2^20 bytes) at the most
beyond the same process without a model. Of ours, how many of them are weights in the
form that kernels read, of which Winograd's are up to four times as large, how many an
inference's arena and scratch memory, and what there is beside these: the input, code,
the graph. Weights of the file are counted in the precision that is asked for. Not part
of the tests.

usage: load.py [--precision f32|bf16] [-r ROUNDS] [--json FILE] [--write-docs]
               [MODEL...]
"""

import argparse
import math
import os
import pathlib
import sys
import tempfile

import openvino

from common import (SHAPES, circumstances, ir_bench, models, run_json, save_json,
                    short_name, write_docs)

OPENVINO = """
import re, sys, time
import numpy, openvino
def peak():
    with open("/proc/self/status") as file:
        return int(re.search(r"VmHWM:\\s*(\\d+)", file.read()).group(1)) / 1024
bare = peak()
start = time.monotonic()
core = openvino.Core()
model = core.read_model(sys.argv[1])
if len(sys.argv) > 3:
    model.reshape([int(n) for n in sys.argv[3].split(",")])
model = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": sys.argv[2]})
ms = 1000 * (time.monotonic() - start)
model([numpy.zeros(port.shape, port.element_type.to_dtype())
       for port in model.inputs])
print("[%f, %f]" % (ms, peak() - bare))
"""


def ours(path, precision, *more):
    """Milliseconds, MB, those of packed weights and of the arena."""
    found = ir_bench(path, precision, "-niter", 1, "-api", "sync", *more)
    return (found["read_ms"] + found["compile_ms"],
            found["peak_rss_mb"] - found["bare_rss_mb"],
            found["weights_mb"], found["arena_mb"] + found["scratch_mb"])


def theirs(path, precision):
    command = [sys.executable, "-c", OPENVINO, str(path), precision]
    if path.stem in SHAPES:
        command.append(",".join(map(str, SHAPES[path.stem])))
    return run_json(command)


def weights_mb(path, precision):
    """Of all constants, whatever type they have in the file."""
    width = {"f32": 4, "bf16": 2}[precision]
    return sum(math.prod(op.get_output_shape(0))
               for op in openvino.Core().read_model(path).get_ops()
               if op.get_type_name() == "Constant") * width / 2**20


def measure(path, options):
    with tempfile.TemporaryDirectory() as folder:
        def cached(path, precision):
            return ours(path, precision, "-cache_dir", folder)

        cached(path, options.precision)
        rounds = [[engine(path, options.precision)
                   for engine in (ours, theirs, cached)]
                  for _ in range(options.r)]
    weights = weights_mb(path, options.precision)
    ms = [min(r[i][0] for r in rounds) for i in range(3)]
    memory = [min(r[i][1] for r in rounds) for i in range(2)]
    packed, arena = rounds[0][0][2:]
    return {"model": short_name(path), "weights_mb": weights, "ms": ms,
            "memory_mb": memory, "packed_mb": packed, "arena_mb": arena}


def row(figure):
    (ms, their_ms, cached_ms), (mb, their_mb) = figure["ms"], figure["memory_mb"]
    packed, arena = figure["packed_mb"], figure["arena_mb"]
    times = (ms, cached_ms, their_ms)
    memory = (mb, packed, arena, mb - packed - arena, their_mb)
    return "| %s | %.1f |%s %.2f |%s %.2f |" % (
        figure["model"], figure["weights_mb"],
        "".join(" %.1f |" % x for x in times), ms / their_ms,
        "".join(" %.1f |" % x for x in memory), mb / their_mb)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("-r", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    lines = ["| model | weights MB | gst-ir ms | with cache | OpenVINO ms | ratio "
             "| gst-ir MB | packed weights | arena | beside them | OpenVINO MB "
             "| ratio |", "|---" * 12 + "|"]
    print("\n".join(lines), flush=True)
    figures = []
    for path in options.models or models():
        figures.append(measure(path, options))
        lines.append(row(figures[-1]))
        print(lines[-1], flush=True)
    lines = ["%s OpenVINO %s. %s, least of %d rounds." % (
        circumstances(load), openvino.__version__.split("-")[0], options.precision,
        options.r), "", *lines]
    if options.json:
        save_json(options.json, {"conditions": lines[0], "models": figures})
    if options.write_docs:
        write_docs("load.py, %s" % options.precision, lines)


if __name__ == "__main__":
    main()
