#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every detector of IR_TESTDATA/models finds in bf16 against what it finds in
f32, on the CPU device, on the stills and on frames of the videos.

A box that scores THRESHOLD and is published in one precision must be there in the
other one: the same class, IoU of LEAST_IOU and more, and nearly the same score. It is
looked for among all boxes, those below THRESHOLD and those that suppression takes
away, too: of two that overlap and score nearly the same, or of two classes of one
box, or of a box at the threshold, the last bits say which is published.

Scores may be MOST_SCORE apart, or as far as OpenVINO's bf16 is from its own f32 on
the same pictures, if that is more: a net that bf16 does not suit is no fault of
an engine. A quantised net is asked for in `auto`, which leaves it in f32: nothing may
change. docs/design/accuracy.md has the figures.

  bf16_detections.py [--write-docs] [WORD...]   models whose name has all the words

--write-docs puts the table there. Where the CPU has no bf16 all is skipped.
The last line is "N passed, N failed, N skipped"."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import openvino
from openvino import opset8 as ops

from engines import (DATA, TOP, Report, compiled, core, iou, ours, stills,
                     video_frames)
from pipeline_detections import MODELS, THRESHOLD
from PIL import Image

import heads

LEAST_IOU, MOST_SCORE = 0.95, 0.03
# Partners are looked for among boxes of this score and more.
FLOOR = 0.05
# Of the nets that suppress by themselves, all of them.
OVERLAP = 0.45
# Frames per second of the clips: some 6 from each.
VIDEOS = {"bottle-detection.mp4": "1/7", "car-detection_130frames.mp4": "3/2",
          "pedestrians_768x576.avi": "1/13"}
INT8 = "face-detection-retail-0004/FP16-INT8/face-detection-retail-0004.xml"
NETS = {**MODELS, "face-detection-retail-0004 INT8":
        (INT8, *MODELS["face-detection-retail-0004"][1:])}
DOCS = TOP / "docs/design/accuracy.md"
BEGIN, END = ("<!-- bf16_detections.py: begin -->",
              "<!-- bf16_detections.py: end -->")

report = Report()


# --- the nets -----------------------------------------------------------------


def opened(path, width, height):
    """The model; if it ends in DetectionOutput, one that does not suppress and with
    what goes in there as outputs of its own: where nothing is found, that is all
    that can be compared."""
    model = core.read_model(str(path))
    model.reshape([1, 3, height, width])
    for op in model.get_ordered_ops():
        if op.get_type_name() == "DetectionOutput":
            model.add_results([ops.result(op.input_value(i)) for i in (0, 1)])
    return model


def write(model, folder):
    path = pathlib.Path(folder) / "net.xml"
    openvino.serialize(model, path)
    text = re.sub(r'nms_threshold="[^"]*"', 'nms_threshold="1"', path.read_text())
    path.write_text(text)
    return path


def our_engine(path, precision):
    return lambda x: ours(path, [x], precision=precision)


def their_engine(path, precision):
    network = compiled(core.read_model(path), precision)
    return lambda x: [np.array(v) for v in network([x]).values()]


# --- what is compared ----------------------------------------------------------


class Found:
    """What one precision finds on one picture."""

    def __init__(self, decode, size, outputs):
        self.outputs = outputs
        self.every = decode(outputs, *size, FLOOR, every=True)
        self.published = heads.suppress(decode(outputs, *size, THRESHOLD), OVERLAP)


class Difference:
    """The worst of all pictures."""

    def __init__(self):
        self.boxes, self.overlap, self.score, self.range = 0, 1.0, 0.0, 0.0
        self.published, self.where = 0, ""

    def add(self, picture, exact, rounded):
        self.boxes += len(exact.published)
        for one, other in ((exact, rounded), (rounded, exact)):
            for box in one.published:
                self.add_box(picture, box, other)
        for a, b in zip(exact.outputs, rounded.outputs):
            # Rows of detections that tie come in any order.
            if a.shape[-1] != 7:
                self.range = max(self.range,
                                 float(np.abs(a - b).max() / (np.ptp(a) or 1)))

    def add_box(self, picture, box, other):
        def near(boxes):
            return [o for o in boxes
                    if o[5] == box[5] and iou(box, o) >= LEAST_IOU]
        self.published += not near(other.published)
        # Boxes of neighbours overlap as well: of those, the one that scores alike.
        same = max((o for o in other.every if o[5] == box[5]), default=None,
                   key=lambda o: iou(box, o))
        alike = min(near(other.every), default=same,
                    key=lambda o: abs(o[4] - box[4]))
        overlap = iou(box, alike) if alike else 0.0
        if overlap < self.overlap:
            self.overlap, self.where = overlap, picture
        if alike:
            self.score = max(self.score, abs(box[4] - alike[4]))

    def good(self, most):
        return self.boxes and self.overlap >= LEAST_IOU and self.score <= most

    def text(self):
        return ("%d boxes, least IoU %.4f%s, scores %.1e apart, %d published in one "
                "precision only, outputs %.1e apart" % (
                    self.boxes, self.overlap, self.where and " on " + self.where,
                    self.score, self.published, self.range))

    def cells(self):
        return "%.3f | %.1e | %d | %.1e" % (self.overlap, self.score,
                                            self.published, self.range)


def pictures():
    for path in stills():
        yield path.name, Image.open(path).convert("RGB")
    for path in sorted((DATA / "videos").rglob("*")):
        if path.name in VIDEOS:
            for n, frame in enumerate(video_frames(path, VIDEOS[path.name])):
                yield "%s %d" % (path.name, n), frame


def prepared(picture, size, is_rgb, mean, scale):
    x = np.asarray(picture.resize(size), np.float32)
    x = x if is_rgb else x[:, :, ::-1]
    return np.ascontiguousarray(((x - mean) / scale).transpose(2, 0, 1)[None],
                                np.float32)


def compare(model, shown):
    """The differences of ours and of theirs."""
    file, size, decode, is_rgb, mean, scale, _ = model
    asked = "auto" if file == INT8 else "bf16"
    found = Difference(), Difference()
    with tempfile.TemporaryDirectory() as folder:
        path = write(opened(DATA / "models" / file, *size), folder)
        engines = [[make(path, precision) for precision in ("f32", other)]
                   for make, other in ((our_engine, asked), (their_engine, "bf16"))]
        for name, picture in shown:
            x = prepared(picture, size, is_rgb, mean, scale)
            for pair, difference in zip(engines, found):
                difference.add(name, *(Found(decode, size, engine(x))
                                       for engine in pair))
    return found


# --- the report -----------------------------------------------------------------


HEAD = ("| model | boxes | IoU | scores | in one only | outputs "
        "| OpenVINO: IoU | scores | in one only | outputs |",
        "|---|---|---|---|---|---|---|---|---|---|")


def write_docs(lines):
    head, rest = DOCS.read_text().split(BEGIN)
    DOCS.write_text("%s%s\n%s\n%s%s" % (head, BEGIN, "\n".join(lines), END,
                                       rest.split(END)[1]))


def refusal():
    """Why this machine does not compute in bf16, or None."""
    model = DATA / "models/samplenet/samplenet.onnx"
    if not model.exists():
        return "there is no test data under %s" % DATA
    run = subprocess.run(["ir-infer", "-m", str(model), "-d", "CPU",
                          "-infer_precision", "bf16", "-silent"],
                         capture_output=True, text=True, check=False)
    return run.stderr.strip() if run.returncode else None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    why = refusal()
    if why:
        report.skip("bf16", why)
        return report.finish()
    shown, lines = list(pictures()), list(HEAD)
    for name, model in NETS.items():
        if not all(w in name for w in options.words):
            continue
        if not (DATA / "models" / model[0]).exists():
            report.skip(name, "the model is not there")
            continue
        mine, other = compare(model, shown)
        most = 0 if model[0] == INT8 else max(MOST_SCORE, other.score)
        report.check(name, mine.good(most), mine.text())
        print("   OpenVINO: %s" % other.text(), flush=True)
        lines.append("| %s | %d | %s | %s |" % (name, mine.boxes, mine.cells(),
                                               other.cells()))
    if options.write_docs:
        write_docs(lines)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
