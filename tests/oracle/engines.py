# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scripts that compare whole models share: ir-infer, OpenVINO and ONNX
Runtime on the same arrays, real pictures, and counting."""

import os
import pathlib
import subprocess
import tempfile

import numpy as np
import onnxruntime
import openvino
from PIL import Image

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("IR_TESTDATA", TOP / "../shared/testdata"))

core = openvino.Core()
onnxruntime.set_default_logger_severity(3)


class Report:
    """One line per case; `finish` prints the last line and gives the exit code."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def note(self, name, problem=None):
        self.passed += not problem
        self.failed += bool(problem)
        print("%s %s%s" % ("FAIL" if problem else "ok", name,
                           ": " + problem.replace("\n", " ") if problem else ""),
              flush=True)

    def check(self, name, ok, text):
        if ok:
            self.note("%s: %s" % (name, text))
        else:
            self.note(name, text)

    def skip(self, name, reason):
        self.skipped += 1
        print("skip %s: %s" % (name, reason), flush=True)

    def finish(self):
        print("%d passed, %d failed, %d skipped" % (
            self.passed, self.failed, self.skipped))
        return 1 if self.failed else 0


def iou(a, b):
    """Intersection over union of two boxes x1, y1, x2, y2."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    common = max(w, 0) * max(h, 0)
    area = sum((c[2] - c[0]) * (c[3] - c[1]) for c in (a, b))
    return common / (area - common) if area > common else 0


# --- engines ------------------------------------------------------------------


def compiled(model, precision="f32"):
    """In f32: not in bf16, which OpenVINO takes by itself where the CPU has it."""
    return core.compile_model(model, "CPU",
                              {"INFERENCE_PRECISION_HINT": precision})


def openvino_run(model, arrays):
    network = compiled(model)
    result = network(arrays)
    return [np.array(result[i]) for i in range(len(network.outputs))]


def onnx_run(path, arrays):
    session = onnxruntime.InferenceSession(
        str(path), providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    return session.run(None, dict(zip(names, arrays)))


def ours(path, arrays, device="CPU", shape=None, precision="f32"):
    """The outputs in the model's order."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out")
        command = ["ir-infer", "-m", str(path), "-d", device, "-o", out,
                   "-infer_precision", precision]
        for n, array in enumerate(arrays):
            np.save(os.path.join(folder, "%d.npy" % n), array)
            command += ["-i", os.path.join(folder, "%d.npy" % n)]
        if shape:
            command += ["-shape", "[%s]" % ",".join(map(str, shape))]
        run = subprocess.run(command, capture_output=True, text=True,
                             timeout=600)
        if run.returncode:
            raise RuntimeError(run.stderr.strip()[-300:])
        names = [line.split()[1] for line in run.stdout.splitlines()
                 if line.startswith("output ")]
        return [np.load(os.path.join(out, "%s.npy" % "".join(
            c if c.isalnum() or c in "._-" else "_" for c in n)))
            for n in names]


def ours_of(model, arrays, device="CPU"):
    """The same with a model of OpenVINO's."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.xml")
        openvino.serialize(model, path)
        return ours(path, arrays, device)


# --- pictures -----------------------------------------------------------------


def stills():
    return sorted(p for p in (DATA / "images").rglob("*")
                  if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".bmp"))


def video_frames(path, rate):
    """`rate` frames per second of a video, as Pillow's pictures."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["gst-launch-1.0", "-q", "filesrc", "location=%s" % path, "!",
             "decodebin", "!", "videorate", "!", "videoconvert", "!",
             "video/x-raw,format=RGB,framerate=%s" % rate, "!", "pngenc",
             "compression-level=1", "!", "multifilesink",
             "location=%s/%%04d.png" % folder],
            check=True, timeout=300)
        return [Image.open(p).convert("RGB")
                for p in sorted(pathlib.Path(folder).iterdir())]


def pictures():
    """Names and pictures: the stills, and one frame from each video's middle."""
    for path in stills():
        yield path.name, Image.open(path).convert("RGB")
    for path in sorted((DATA / "videos").rglob("*")):
        if path.suffix.lower() in (".avi", ".mp4", ".mkv"):
            frames = video_frames(path, "1/1")
            yield path.name, frames[len(frames) // 2]


def as_input(picture, shape):
    """B, G, R from 0 to 255 in the shape of an input, [1,3,H,W] or [1,H,W,3]."""
    nchw = shape[1] == 3
    size = (shape[3], shape[2]) if nchw else (shape[2], shape[1])
    array = np.asarray(picture.resize(size), np.float32)[:, :, ::-1]
    return np.ascontiguousarray(
        array.transpose(2, 0, 1)[None] if nchw else array[None])
