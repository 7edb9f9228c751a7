#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many times faster two threads are than one, in each round, and how many times
more multiply-adds two threads of a control loop did than one in the same round: a
machine whose processors share a core or its time has no more to give. Latencies are
medians of a round's inferences, in bf16 the least. Not part of the tests.

usage: threads.py [--precision f32|bf16] [-t SECONDS] [-r ROUNDS] [--json FILE]
                  [--write-docs] [MODEL...]       ResNet-50 of nets.py by default
"""

import argparse
import os
import pathlib
import subprocess
import sys

from common import (TOP, circumstances, control, ir_bench, median, save_json,
                    short_name, write_docs)


def resnet_50():
    path = TOP / "build/nets/resnet-50.onnx"
    if not path.exists():
        subprocess.run([sys.executable, str(TOP / "tests/bench/nets.py"),
                        str(path.parent), path.stem], check=True)
    return path


def measure(path, options):
    """One round's (control, latency) for one and for two threads."""
    key, rate = ("latency_median_ms", "fma_gflops") if options.precision == "f32" \
        else ("latency_min_ms", "amx_gflops")
    return [(control(n)[rate], ir_bench(path, options.precision, "-nthreads", n,
                                        "-t", options.t)[key]) for n in (1, 2)]


def row(path, rounds):
    one, two = ([r[i][1] for r in rounds] for i in range(2))
    faster = [r[0][1] / r[1][1] for r in rounds]
    more = [r[1][0] / r[0][0] for r in rounds]
    return "| %s | %.2f (%.2f) | %.2f (%.2f) | %.2f: %s | %.2f: %s |" % (
        short_name(path), median(one), min(one), median(two), min(two),
        median(faster), " ".join("%.2f" % f for f in faster),
        median(more), " ".join("%.2f" % m for m in more))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--precision", choices=("f32", "bf16"), default="f32")
    parser.add_argument("-t", type=int, default=2)
    parser.add_argument("-r", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    lines = ["| model | one thread ms | two threads ms | times faster | control |",
             "|---|---|---|---|---|"]
    figures = {}
    print("\n".join(lines), flush=True)
    for path in options.models or [resnet_50()]:
        rounds = [measure(path, options) for _ in range(options.r)]
        figures[short_name(path)] = rounds
        lines.append(row(path, rounds))
        print(lines[-1], flush=True)
    lines = ["%s %s, %d rounds of %d s." % (circumstances(load), options.precision,
                                            options.r, options.t), "", *lines]
    if options.json:
        save_json(options.json, {"conditions": lines[0], "rounds": figures})
    if options.write_docs:
        write_docs("threads.py, %s" % options.precision, lines)


if __name__ == "__main__":
    main()
