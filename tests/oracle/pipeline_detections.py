#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boxes of pipelines on every picture of IR_TESTDATA/images and on frames from all
over its videos, against the same model in OpenVINO (IRs) or ONNX Runtime, with
preparation and decoding in numpy (pixels.py, heads.py). Both see the same bytes,
which GStreamer writes to a file beside.

Everything goes through every model in all ways of resizing, three branches of one
pipeline; formats and colour matrices take turns.

  pipeline_detections.py [WORD...]    only cases whose name has all the words

The last line is "N passed, N failed, N skipped"."""

import functools
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

import heads
import pixels
from engines import DATA, TOP, Report, compiled, core, iou, stills

# Both sides compute the same. A wrong colour matrix costs 0.985 and 1e-3 already.
LEAST_IOU, MOST_SCORE = 0.99, 1e-3
THRESHOLD = 0.4
# At the threshold itself either side may fall.
MARGIN = 0.005
# Frames per second, for some 20 frames from each clip.
VIDEOS = {"bottle-detection.mp4": "1/2", "car-detection_130frames.mp4": "2/1",
          "pedestrians_768x576.avi": "5/1"}
MODES = ("stretch", "letterbox", "crop")
# Format, caps' colorimetry, matrix and full range.
FORMATS = [("NV12", "bt601", ("bt601", False)), ("I420", "bt709", ("bt709", False)),
           ("BGRx", "", None), ("RGB", "", None),
           ("I420", "1:4:0:0", ("bt601", True))]

# model, size of its input, decoder, R, G, B, mean, scale, irconvert's options
UF_OPTIONS = "mean-values=127 scale=128 reverse-input-channels=true"
CF_OPTIONS = "input-shape=[1,3,288,352] reverse-input-channels=true"
MODELS = {
    "face-detection-retail-0004": (
        "face-detection-retail-0004/FP16/face-detection-retail-0004.xml",
        (300, 300), heads.ssd, False, 0, 1, ""),
    "face-detection-retail-0044": (
        "face-detection-retail-0044/FP32/face-detection-retail-0044.xml",
        (300, 300), heads.ssd, False, 0, 1, ""),
    "person-vehicle-bike": (
        "person-vehicle-bike-detection-2000/FP16/"
        "person-vehicle-bike-detection-2000.xml",
        (256, 256), heads.ssd, False, 0, 1, ""),
    "license-plate": (
        "vehicle-license-plate-detection-barrier-0106/FP32/"
        "vehicle-license-plate-detection-barrier-0106.xml",
        (300, 300), heads.ssd, False, 0, 1, ""),
    "ultraface": ("ultraface-rfb-320/version-RFB-320.onnx", (320, 240),
                  heads.ultraface, True, 127, 128, UF_OPTIONS),
    "yunet": ("yunet-2026may/face_detection_yunet_2026may.onnx", (320, 320),
              heads.yunet, False, 0, 1, "input-shape=[1,3,320,320]"),
    "yolox-nano": ("yolox-nano/yolox_nano.onnx", (416, 416), heads.yolox, False,
                   0, 1, ""),
    "centerface": (TOP / "build/demo/centerface.onnx", (352, 288),
                   heads.centerface, True, 0, 1, CF_OPTIONS),
}

report = Report()


@functools.cache
def oracle(path, width, height):
    if path.suffix == ".xml":
        network = compiled(core.read_model(str(path)))
        return lambda x: [np.array(v) for v in network([x]).values()]
    model = onnx.load(str(path))
    for n, dim in zip((1, 3, height, width),
                      model.graph.input[0].type.tensor_type.shape.dim):
        dim.dim_value = n
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return lambda x: session.run(None, {session.get_inputs()[0].name: x})


def run_pipeline(folder, source, rate, fmt, colorimetry, convert):
    """Frames as published by the branch of each mode, and as bytes."""
    raw = os.path.join(folder, "raw")
    lines = {mode: os.path.join(folder, mode) for mode in MODES}
    caps = "video/x-raw,format=%s" % fmt
    caps += ",colorimetry=" + colorimetry if colorimetry else ""
    pace = "! videorate ! video/x-raw,framerate=%s" % rate if rate else ""
    text = ("filesrc location=%s ! decodebin %s ! videoconvert ! %s ! tee name=t "
            "t. ! queue ! filesink location=%s" % (source, pace, caps, raw))
    for mode in MODES:
        text += (" t. ! queue ! irconvert resize=%s %s ! irinfer device=CPU "
                 "precision=f32 ! irdecode threshold=%s ! irpublish uri=file:%s ! fakesink" % (
                     mode, convert, THRESHOLD, lines[mode]))
    subprocess.run(["gst-launch-1.0", "-q", *text.split()], check=True,
                   timeout=300)
    frames = {}
    for mode in MODES:
        with open(lines[mode]) as file:
            frames[mode] = [json.loads(line) for line in file]
    return frames, np.fromfile(raw, np.uint8)


def boxes_of(frame):
    for item in frame["objects"]:
        d = item["detection"]
        b = d["bounding_box"]
        yield [b["x_min"], b["y_min"], b["x_max"], b["y_max"], d["confidence"],
               d["label_id"]]


class Match:
    """Boxes of one side against the nearest of the same class on the other."""

    def __init__(self):
        self.overlap, self.score, self.boxes = 1.0, 0.0, 0

    def add(self, got, wanted):
        for one, other in ((wanted, got), (got, wanted)):
            for box in one:
                if box[4] < THRESHOLD + MARGIN:
                    continue
                self.boxes += one is wanted
                near = max((o for o in other if o[5] == box[5]), default=None,
                           key=lambda o: iou(box, o))
                if near is None:
                    self.overlap = 0.0
                    continue
                self.overlap = min(self.overlap, iou(box, near))
                self.score = max(self.score, abs(box[4] - near[4]))

    def good(self):
        return self.overlap >= LEAST_IOU and self.score <= MOST_SCORE


def compare(model, source, rate, form):
    """A match per mode, and the number of frames."""
    file, net, decode, is_rgb, mean, scale, options = model
    fmt, colorimetry, colors = form
    path = DATA / "models" / file
    infer = oracle(path, *net)
    with tempfile.TemporaryDirectory() as folder:
        published, data = run_pipeline(folder, source, rate, fmt, colorimetry,
                                       "model=%s %s" % (path, options))
    resolution = published[MODES[0]][0]["resolution"]
    size = resolution["width"], resolution["height"]
    data = data.reshape(-1, pixels.planes(fmt, *size)[1])
    matches = {mode: Match() for mode in MODES}
    for mode in MODES:
        if len(published[mode]) != len(data):
            raise AssertionError("%d lines for %d frames" % (
                len(published[mode]), len(data)))
    for n, raw in enumerate(data):
        picture = pixels.rgb(fmt, colors, raw, *size)
        for mode in MODES:
            fit = pixels.Fit(mode, size, net)
            x = fit.prepare(picture if is_rgb else picture[:, :, ::-1])
            x = ((x - mean) / scale).transpose(2, 0, 1)[None]
            wanted = [fit.back(b[:4]) + b[4:] for b in decode(
                infer(np.ascontiguousarray(x, np.float32)), *net, THRESHOLD)]
            matches[mode].add(list(boxes_of(published[mode][n])), wanted)
    return matches, len(data)


def cases():
    """Name of a model, source, frame rate, format."""
    videos = sorted(p for p in (DATA / "videos").rglob("*") if p.name in VIDEOS)
    for m, name in enumerate(MODELS):
        for s, source in enumerate([*stills(), *videos]):
            yield (name, source, VIDEOS.get(source.name),
                   FORMATS[(m + s) % len(FORMATS)])


def main():
    words = sys.argv[1:]
    found = dict.fromkeys(MODELS, 0)
    for name, source, rate, form in cases():
        title = "%s %s %s" % (name, source.name, " ".join(form[:2]).strip())
        if not all(w in title for w in words):
            continue
        if not (DATA / "models" / MODELS[name][0]).exists():
            report.skip(title, "the model is not there")
            found.pop(name, None)
            continue
        try:
            matches, frames = compare(MODELS[name], source, rate, form)
        except Exception as error:  # a case that breaks must not hide the rest
            report.note(title, "%s: %s" % (type(error).__name__, error))
            continue
        for mode, match in matches.items():
            found[name] += match.boxes
            report.check("%s %s" % (title, mode), match.good(),
                         "%d boxes in %d frames, least IoU %.4f, scores %.1e "
                         "apart" % (match.boxes, frames, match.overlap,
                                    match.score))
    if not words and DATA.is_dir():
        for name, boxes in found.items():
            report.check("%s finds something" % name, boxes > 0,
                         "%d boxes" % boxes)
    if not report.passed + report.failed + report.skipped:
        report.skip("pipelines", "there is no test data under %s" % DATA)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
