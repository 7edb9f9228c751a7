#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole line on a clip: decoding, preparing, inference, decoding of boxes. Frames
per second beside those that DL Streamer 2026.0 and NNStreamer 2.7 reached on a machine
where bare OpenVINO's rate with face-detection-retail-0004 is known, too: their
figures times OpenVINO's rate now divided by that one. CPU milliseconds per frame beside
decoding, which is measured by itself, and inference, which ir-bench is with a frame of
the clip and as many streams as irinfer has; the time until the first result, and
memory. All take turns; written are medians of the rounds, in brackets the best of
all. Not part of the tests.

usage: line.py [-r ROUNDS] [--irinfer PROPERTIES] [--json FILE] [--write-docs] [NAME...]
       names: of NETS below
"""

import argparse
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import openvino

from common import (DATA, circumstances, ir_bench, median, program, run_json,
                    save_json, write_docs)

CLIP = DATA / "videos/bottle-detection.mp4"
RETAIL = "face-detection-retail-0004/FP16/face-detection-retail-0004.xml"
# A frame where there is something to find.
FRAME = 300
# name: model, precision, size of its input, mean and scale, irconvert's options, peer,
# its frames per second, how many times that much is wanted.
NETS = {
    "face-detection-retail-0004 f32": (
        RETAIL, "f32", (300, 300), (0, 1), "", "DL Streamer", 85.2, 1.8),
    "face-detection-retail-0004 bf16": (
        RETAIL, "bf16", (300, 300), (0, 1), "", "DL Streamer", 170, 1.8),
    "UltraFace": (
        "ultraface-rfb-320/version-RFB-320.onnx", "f32", (320, 240), (127, 128),
        "mean-values=127 scale=128 reverse-input-channels=true", "NNStreamer", 58.2,
        3),
    "YOLOX-nano": ("yolox-nano/yolox_nano.onnx", "f32", (416, 416), (0, 1), "",
                   "NNStreamer", 26.4, 3),
}
# Of bare OpenVINO beside those figures: two streams with RETAIL.
OPENVINO_FPS = {"f32": 116, "bf16": 285}
SECONDS = 1.0


def line(text):
    return run_json([program("bench-line"), "filesrc location=%s ! decodebin ! %s "
                     "fakesink name=sink" % (CLIP, text)])


def full_line(net, more):
    model, precision, _, _, options = NETS[net][:5]
    return line("irconvert model=%s %s ! irinfer device=CPU precision=%s %s ! irdecode "
                "! " % (DATA / "models" / model, options, precision, more))


def children_ms():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (usage.ru_utime + usage.ru_stime)


def write_input(net, path):
    """A frame of the clip as the network gets it."""
    (width, height), (mean, scale) = NETS[net][2:4]
    raw = "%s.raw" % path
    subprocess.run(
        ("gst-launch-1.0 -q filesrc location=%s ! decodebin ! videoscale ! videoconvert "
         "! video/x-raw,format=BGR,width=%d,height=%d ! filesink location=%s" % (
             CLIP, width, height, raw)).split(), check=True)
    row = (3 * width + 3) // 4 * 4
    frame = np.fromfile(raw, np.uint8, row * height, offset=FRAME * row * height)
    picture = frame.reshape(height, row)[:, :3 * width].reshape(height, width, 3)
    if "reverse-input-channels" in NETS[net][4]:
        picture = picture[:, :, ::-1]
    np.save(path, ((picture.astype(np.float32) - mean) / scale).transpose(
        2, 0, 1)[None].copy())


def streams(irinfer):
    """ir-bench's options for what irinfer does with files."""
    found = re.search(r"\bstreams=(\d+)", irinfer)
    return ["-nstreams", found[1]] if found else ["-config", "STREAMS=auto"]


def inference(net, frame, irinfer):
    """CPU milliseconds, and what inference alone would reach."""
    model, precision = NETS[net][:2]
    used = []
    for n in (20, 120):
        start = children_ms()
        found = ir_bench(DATA / "models" / model, precision, "-niter", n, "-i", frame,
                         "-api", "async", *streams(irinfer))
        used.append(children_ms() - start)
    return {"cpu_ms": (used[1] - used[0]) / 100, "fps": found["fps"]}


class OpenVino:
    """Its rate with two streams."""

    def __init__(self, precision):
        core = openvino.Core()
        network = core.compile_model(
            core.read_model(DATA / "models" / RETAIL), "CPU",
            {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "THROUGHPUT"})
        self.queue = openvino.AsyncInferQueue(network)
        for request in self.queue:
            request.set_input_tensor(openvino.Tensor(np.random.rand(
                *network.input().shape).astype(np.float32)))

    def __call__(self):
        start, n = time.perf_counter(), 0
        while time.perf_counter() < start + SECONDS:
            self.queue.start_async()
            n += 1
        self.queue.wait_all()
        return n / (time.perf_counter() - start)


# --- the table ------------------------------------------------------------------


def measure(name, options):
    net = NETS[name]
    stranger = OpenVino(net[1])
    with tempfile.TemporaryDirectory() as folder:
        frame = os.path.join(folder, "frame.npy")
        write_input(name, frame)
        found = [{"decode": line(""), "line": full_line(name, options.irinfer),
                  "bare": inference(name, frame, options.irinfer),
                  "openvino_fps": stranger()}
                 for _ in range(options.r)]
    for r in found:
        r["beside_ms"] = r["line"]["cpu_ms"] - r["decode"]["cpu_ms"] - \
            r["bare"]["cpu_ms"]
        r["ratio"] = r["line"]["fps"] / net[6] / (
            r["openvino_fps"] / OPENVINO_FPS[net[1]])
    return found


def cell(values, best, digits=1):
    return "%.*f (%.*f)" % (digits, median(values), digits, best(values))


def row(name, found):
    peer, _, wanted = NETS[name][5:]
    lines = [r["line"] for r in found]
    return "| %s |" % " | ".join([
        name, cell([f["fps"] for f in lines], max),
        cell([r["bare"]["fps"] for r in found], max),
        cell([r["openvino_fps"] for r in found], max),
        "%s, %s" % (cell([r["ratio"] for r in found], max, 2), peer), "%.1f" % wanted,
        cell([f["cpu_ms"] for f in lines], min, 2),
        cell([r["beside_ms"] for r in found], min, 2),
        cell([f["first_ms"] for f in lines], min, 0),
        cell([f["peak_rss_mb"] for f in lines], min)])


HEAD = ("| line | frames/s | ir-bench | OpenVINO, two streams | times the "
        "peer's rate | wanted | CPU ms | beside decoding and inference | first ms "
        "| MB |", "|---|---|---|---|---|---|---|---|---|---|")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-r", type=int, default=5)
    parser.add_argument("--irinfer", default="")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if not set(options.names) <= set(NETS):
        sys.exit("names: " + ", ".join(NETS))
    load = os.getloadavg()[0]
    lines, figures = list(HEAD), {}
    print("\n".join(lines), flush=True)
    for name in options.names or NETS:
        figures[name] = measure(name, options)
        lines.append(row(name, figures[name]))
        print(lines[-1], flush=True)
    lines = ["%s OpenVINO %s. %d rounds on %s, irinfer with %s." % (
        circumstances(load), openvino.__version__.split("-")[0], options.r,
        CLIP.name, options.irinfer or "its defaults"), "", *lines]
    if options.json:
        save_json(options.json, {"conditions": lines[0], "lines": figures})
    if options.write_docs:
        write_docs(("line.py " + options.irinfer).strip(), lines)


if __name__ == "__main__":
    main()
