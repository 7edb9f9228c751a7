#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What it takes until the first inference of a model, and the memory for it, of
ir-bench and OpenVINO as a Markdown table. Each run is a process of its own; the
engines take turns, and the least of the rounds is written: milliseconds to read and
to compile, and MB at the most beyond the same process without a model.
Not part of the tests.

usage: load.py [-r ROUNDS] MODEL.xml...
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

OPENVINO = """
import sys, time
import numpy, openvino
if len(sys.argv) > 1:
    start = time.monotonic()
    core = openvino.Core()
    model = core.compile_model(core.read_model(sys.argv[1]), "CPU",
                               {"INFERENCE_PRECISION_HINT": "f32"})
    print(1000 * (time.monotonic() - start))
    model([numpy.zeros(port.shape, port.element_type.to_dtype())
           for port in model.inputs])
"""


def run(command):
    """Its output, and how much memory it had at the most, in MB."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} failed")
    return text, usage.ru_maxrss / 1024


def ours(path):
    text, memory = run(["ir-bench", "-m", str(path), "-d", "CPU", "-niter", "1",
                        "-api", "sync", "--json"])
    found = json.loads(text)
    return found["read_ms"] + found["compile_ms"], memory


def theirs(path):
    text, memory = run([sys.executable, "-c", OPENVINO, str(path)])
    return float(text), memory


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-r", type=int, default=5, metavar="ROUNDS")
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    engines = [(ours, run(["ir-bench", "--help"])[1]),
               (theirs, run([sys.executable, "-c", OPENVINO])[1])]
    print("| model | weights MB | gst-ir ms | OpenVINO ms | ratio "
          "| gst-ir MB | OpenVINO MB | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for path in options.models:
        rounds = [[engine(path) for engine, _ in engines]
                  for _ in range(options.r)]
        ms = [min(r[i][0] for r in rounds) for i in range(2)]
        memory = [min(r[i][1] for r in rounds) - bare
                  for i, (_, bare) in enumerate(engines)]
        weights = path.with_suffix(".bin").stat().st_size / 1e6
        print(f"| {path.stem} | {weights:.1f} "
              f"| {ms[0]:.1f} | {ms[1]:.1f} | {ms[0] / ms[1]:.2f} "
              f"| {memory[0]:.1f} | {memory[1]:.1f} "
              f"| {memory[0] / memory[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
