#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""IR versions 2 to 7: each kind of layer in a network of its own against numpy, and
the old files of IR_TESTDATA. All are run by us as they are and, upgraded by
ir-convert, in OpenVINO."""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "malformed"))
import make_old  # noqa: E402
from engines import DATA, Report, as_input, iou, openvino_run, ours  # noqa: E402

OLD = DATA / "conformance/openvino_ir_old"
FACES = DATA / "models/face-detection-retail-0004"
RANDOM = np.random.default_rng(5)
report = Report()


# --- what the layers compute --------------------------------------------------------


def channels(values, rank=4):
    return values.reshape((1, -1) + (1,) * (rank - 2))


def convolve(x, w, strides=(1, 1), group=1):
    """Without pads."""
    n, out = x.shape[0], w.shape[0]
    kh, kw = w.shape[2:]
    h, v = ((x.shape[i + 2] - w.shape[i + 2]) // strides[i] + 1 for i in (0, 1))
    y = np.zeros((n, out, h, v), np.float32)
    for o in range(out):
        first = o // (out // group) * (x.shape[1] // group)
        part = x[:, first:first + w.shape[1]]
        for i in range(h):
            for j in range(v):
                a, b = i * strides[0], j * strides[1]
                y[:, o, i, j] = (part[:, :, a:a + kh, b:b + kw] * w[o]).sum((1, 2, 3))
    return y


def spread(x, w, stride):
    """Transposed convolution without pads; w is [in, out, h, w]."""
    n, _, h, v = x.shape
    kh, kw = w.shape[2:]
    y = np.zeros((n, w.shape[1], (h - 1) * stride + kh, (v - 1) * stride + kw), np.float32)
    for i in range(h):
        for j in range(v):
            y[:, :, i * stride:i * stride + kh, j * stride:j * stride + kw] += np.einsum(
                "nc,cohw->nohw", x[:, :, i, j], w)
    return y


def pool(x, kernel, stride, how):
    """Windows that overhang at the end are cut."""
    h, v = (-(-(d - kernel) // stride) + 1 for d in x.shape[2:])
    return np.stack([np.stack([how(x[:, :, i * stride:i * stride + kernel,
                                     j * stride:j * stride + kernel], axis=(2, 3))
                               for j in range(v)], -1) for i in range(h)], -2)


def lrn(x, size, alpha, beta, k):
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        part = x[:, max(0, c - size // 2):c + size // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha / size * (part ** 2).sum(1)) ** beta
    return y


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, h, c, w, b):
    f, i, g, o = np.split(np.concatenate([x, h], 1) @ w.T + b, 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


# --- the cases ------------------------------------------------------------------------


X = (2, 4, 5, 6)
WINDOW = 'kernel="3,2" strides="2,1" pads_begin="0,0" pads_end="0,0" dilations="1,1"'
V2_WINDOW = 'kernel-x="2" kernel-y="3" stride-x="1" stride-y="2" pad-x="0" pad-y="0"'
SQUARE = 'kernel="2,2" strides="2,2" pads_begin="0,0" pads_end="0,0"'

# Name, type, attributes, shapes of the inputs, of the blobs (weights, biases), function
# of inputs and blobs.
CASES = [
    ("conv", "Convolution", WINDOW + ' group="1" output="3"', [X], [(3, 4, 3, 2), (3,)],
     lambda x, w, b: convolve(x, w, (2, 1)) + channels(b)),
    ("conv-no-bias", "Convolution", WINDOW + ' group="1" output="3"', [X], [(3, 4, 3, 2)],
     lambda x, w: convolve(x, w, (2, 1))),
    ("conv-groups", "Convolution", WINDOW + ' group="2" output="6"', [X], [(6, 2, 3, 2), (6,)],
     lambda x, w, b: convolve(x, w, (2, 1), 2) + channels(b)),
    ("conv-v2", "Convolution", V2_WINDOW + ' group="1" output="3"', [X], [(3, 4, 3, 2), (3,)],
     lambda x, w, b: convolve(x, w, (2, 1)) + channels(b)),
    ("deconv", "Deconvolution", SQUARE + ' group="1" output="3"', [X], [(4, 3, 2, 2), (3,)],
     lambda x, w, b: spread(x, w, 2) + channels(b)),
    ("deconv-groups", "Deconvolution", SQUARE + ' group="4" output="4"', [X], [(4, 1, 2, 2)],
     lambda x, w: np.concatenate([spread(x[:, i:i + 1], w[i:i + 1], 2) for i in range(4)], 1)),
    ("max-pool", "Pooling", SQUARE + ' pool-method="max" rounding_type="ceil"', [X], [],
     lambda x: pool(x, 2, 2, np.max)),
    ("max-pool-v2", "Pooling",
     'kernel-x="2" kernel-y="2" stride-x="2" stride-y="2" pool-method="max" '
     'rounding-type="ceil"', [X], [], lambda x: pool(x, 2, 2, np.max)),
    ("avg-pool", "Pooling", SQUARE + ' pool-method="avg" exclude-pad="true" '
     'rounding_type="ceil"', [X], [], lambda x: pool(x, 2, 2, np.mean)),
    ("fc", "FullyConnected", 'out-size="7"', [X], [(7, 120), (7,)],
     lambda x, w, b: x.reshape(2, -1) @ w.T + b),
    ("scale-shift", "ScaleShift", "", [X], [(4,), (4,)],
     lambda x, w, b: x * channels(w) + channels(b)),
    ("scale-one", "ScaleShift", 'broadcast="1"', [X], [(1,)], lambda x, w: x * w),
    ("batch-norm", "BatchNormalization", 'epsilon="0.5"', [X], [(4,), (4,)],
     lambda x, w, b: (x - channels(b)) / np.sqrt(channels(w) + 0.5)),
    ("prelu", "PReLU", 'channel_shared="0"', [X], [(4,)],
     lambda x, w: np.where(x < 0, x * channels(w), x)),
    ("normalize", "Normalize", 'across_spatial="0" channel_shared="0" eps="0.1"', [X], [(4,)],
     lambda x, w: x / np.sqrt((x ** 2).sum(1, keepdims=True) + 0.1) * channels(w)),
    ("normalize-all", "Normalize", 'across_spatial="1" channel_shared="1" eps="0.1"', [X],
     [(1,)], lambda x, w: x / np.sqrt((x ** 2).sum((1, 2, 3), keepdims=True) + 0.1) * w),
    ("power", "Power", 'power="2" scale="3" shift="1"', [X], [], lambda x: (1 + 3 * x) ** 2),
    ("power-nothing", "Power", 'power="1" scale="1" shift="0"', [X], [], lambda x: x),
    ("relu", "ReLU", 'negative_slope="0.25"', [X], [], lambda x: np.where(x < 0, x / 4, x)),
    ("clamp", "Clamp", 'min="-0.5" max="0.25"', [X], [], lambda x: x.clip(-0.5, 0.25)),
    ("relu6", "Activation", 'type="relu6" n="6"', [X], [], lambda x: x.clip(0, 6)),
    ("elu", "Activation", 'type="elu" alpha="0.5"', [X], [],
     lambda x: np.where(x < 0, (np.exp(x) - 1) / 2, x)),
    ("sigmoid", "Activation", 'type="sigmoid"', [X], [], sigmoid),
    ("sum", "Eltwise", 'operation="sum" coeff="1,-2,0.5"', [X] * 3, [],
     lambda x, y, z: x - 2 * y + z / 2),
    ("less", "Eltwise", 'operation="less"', [X] * 2, [], lambda x, y: (x < y) + 0.0),
    ("squared-diff", "Eltwise", 'operation="squared_diff"', [X] * 2, [],
     lambda x, y: (x - y) ** 2),
    ("lrn", "Norm", 'alpha="0.3" beta="0.75" k="2" local-size="3" region="across"', [X], [],
     lambda x: lrn(x, 3, 0.3, 0.75, 2)),
    ("lrn-v2", "Norm", 'alpha="0.3" beta="0.75" local-size="3" region="across"', [X], [],
     lambda x: lrn(x, 3, 0.3, 0.75, 1)),
    ("softmax", "SoftMax", 'axis="1"', [X], [], lambda x: softmax(x, 1)),
    ("mvn", "MVN", 'across_channels="0" normalize_variance="1" eps="0.1"', [X], [],
     lambda x: (x - x.mean((2, 3), keepdims=True)) /
     np.sqrt(x.var((2, 3), keepdims=True) + 0.1)),
    ("concat", "Concat", 'axis="1"', [X, X], [], lambda x, y: np.concatenate([x, y], 1)),
    ("reshape", "Reshape", 'dim="0,-1,2"', [X], [], lambda x: x.reshape(2, -1, 2)),
    ("reshape-axis", "Reshape", 'dim="2,-1" axis="1" num_axes="1"', [X], [],
     lambda x: x.reshape(2, 2, 2, 5, 6)),
    ("flatten", "Flatten", 'axis="1" end_axis="-1"', [X], [], lambda x: x.reshape(2, -1)),
    ("flatten-part", "Flatten", 'axis="1" end_axis="2"', [X], [],
     lambda x: x.reshape(2, 20, 6)),
    ("permute", "Permute", 'order="0,2,3,1"', [X], [], lambda x: x.transpose(0, 2, 3, 1)),
    ("crop", "Crop", 'axis="2,3" offset="1,2" dim="3,3"', [X], [], lambda x: x[:, :, 1:4, 2:5]),
    ("crop-ends", "Crop", 'axis="1" crop_begin="1" crop_end="2"', [X], [], lambda x: x[:, 1:2]),
    ("tile", "Tile", 'axis="1" tiles="3"', [X], [], lambda x: np.tile(x, (1, 3, 1, 1))),
    ("pad", "Pad", 'pads_begin="0,0,1,2" pads_end="0,0,0,1" pad_mode="constant" '
     'pad_value="1.5"', [X], [], lambda x: np.pad(x, ((0, 0), (0, 0), (1, 0), (2, 1)),
                                                  constant_values=1.5)),
    ("resample", "Resample", 'type="caffe.ResampleParameter.NEAREST" antialias="0" factor="2"',
     [X], [], lambda x: x.repeat(2, 2).repeat(2, 3)),
    ("interp", "Interp", 'align_corners="0" height="5" width="12"', [X], [],
     lambda x: np.stack([x[..., j // 2] if j % 2 == 0 else
                         (x[..., j // 2] + x[..., min(j // 2 + 1, 5)]) / 2
                         for j in range(12)], -1)),
    ("grn", "GRN", 'bias="0.5"', [X], [],
     lambda x: x / np.sqrt((x ** 2).sum(1, keepdims=True) + 0.5)),
    ("depth-to-space", "DepthToSpace", 'block_size="2"', [X], [],
     lambda x: x.reshape(2, 2, 2, 1, 5, 6).transpose(0, 3, 4, 1, 5, 2).reshape(2, 1, 10, 12)),
    ("shuffle", "ShuffleChannels", 'axis="1" group="2"', [X], [],
     lambda x: x.reshape(2, 2, 2, 5, 6).transpose(0, 2, 1, 3, 4).reshape(X)),
    ("argmax", "ArgMax", 'axis="1" top_k="1" out_max_val="0"', [X], [],
     lambda x: x.argmax(1)[:, None].astype(np.float32)),
    ("argmax-both", "ArgMax", 'top_k="1" out_max_val="1"', [X], [],
     lambda x: np.stack([x.reshape(2, -1).argmax(1), x.reshape(2, -1).max(1)], 1)
     .reshape(2, 2, 1).astype(np.float32)),
    ("gemm", "Gemm", 'transpose_a="0" transpose_b="1" alpha="2" beta="3"',
     [(3, 4), (5, 4), (3, 5)], [], lambda a, b, c: 2 * a @ b.T + 3 * c),
    ("prior-box", "PriorBox", 'min_size="2" max_size="" aspect_ratio="" flip="0" clip="0" '
     'step="2" offset="0.5" variance="0.1,0.1,0.2,0.2"', [(1, 4, 2, 2), (1, 3, 4, 4)], [],
     lambda x, image: np.stack([
         np.array([[(c - 1) / 4, (r - 1) / 4, (c + 1) / 4, (r + 1) / 4]
                   for r in (1, 3) for c in (1, 3)], np.float32).ravel(),
         np.tile([0.1, 0.1, 0.2, 0.2], 4)])[None].astype(np.float32)),
    ("rnn", "RNNCell", 'hidden_size="3" activations="tanh"', [(2, 4), (2, 3)],
     [(3, 7), (3,)], lambda x, h, w, b: np.tanh(np.concatenate([x, h], 1) @ w.T + b)),
    ("lstm", "LSTMCell", 'hidden_size="3"', [(2, 4), (2, 3), (2, 3)], [(12, 7), (12,)], lstm),
    ("split", "Split", 'axis="1" num_split="2"', [X], [], lambda x: (x[:, :2], x[:, 2:])),
    ("slice", "Slice", 'axis="1"', [X], [], lambda x: (x[:, :1], x[:, 1:])),
]


def write_case(case, path, half):
    _, kind, attrs, shapes, blobs, function = case
    inputs = [RANDOM.normal(0, 1, s).astype(np.float32) for s in shapes]
    stored = [np.abs(RANDOM.normal(0, 1, s)).astype(np.float16 if half else np.float32)
              for s in blobs]
    wanted = function(*inputs, *(b.astype(np.float32) for b in stored))
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    text, at = "", 0
    for tag, blob in zip(("weights", "biases"), stored):
        text += f'<{tag} offset="{at}" size="{blob.nbytes}"/>'
        at += blob.nbytes
    n, v2 = len(inputs), "v2" in case[0]
    more = text if v2 else f"<blobs>{text}</blobs>" if text else ""
    layers = [make_old.layer(i, f"x{i}", "Input", outputs=[(0, s)])
              for i, s in enumerate(shapes)]
    # Ids of outputs leave room for the weights.
    layers.append(make_old.layer(
        n, "out", kind, attrs, [(i, s) for i, s in enumerate(shapes)],
        [(n + 2 + i, w.shape) for i, w in enumerate(wanted)], more,
        "FP16" if half else "FP32"))
    text = make_old.net(layers, [make_old.edge(i, 0, n, i) for i in range(n)], 2 if v2 else 7)
    if v2:
        text = text.replace("<data ", f"<{kind.lower()}_data ")
    path.write_text(text)
    path.with_suffix(".bin").write_bytes(b"".join(b.tobytes() for b in stored))
    return inputs, wanted


def upgrade(path, folder):
    run = subprocess.run(["ir-convert", "--silent", "--input_model", str(path), "--output_dir",
                          str(folder), "--ir_version", "11"], capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(run.stderr.strip()[-300:])
    return folder / path.name


def difference(a, b):
    """Largest one in parts of the range."""
    if len(a) != len(b) or any(x.shape != y.shape for x, y in zip(a, b)):
        return np.inf
    return max(float(np.abs(x - y).max() / max(np.ptp(y), 1e-6)) for x, y in zip(a, b))


def engines(path, inputs, folder):
    yield "CPU", ours(path, inputs)
    yield "REFERENCE", ours(path, inputs, "REFERENCE")
    yield "OpenVINO", openvino_run(upgrade(path, folder), inputs)


def layer_cases():
    for case in CASES:
        for half in (False, True) if case[4] else (False,):
            name = case[0] + (" FP16" if half else "")
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                path = folder / "net.xml"
                try:
                    inputs, wanted = write_case(case, path, half)
                    worst = {engine: difference(got, wanted) for engine, got in
                             engines(path, inputs, folder / "out")}
                except Exception as reason:
                    report.note(name, str(reason))
                    continue
            report.check(name, max(worst.values()) < 1e-4,
                         ", ".join(f"{k} {v:.1e}" for k, v in worst.items()))


# --- mean values and images -------------------------------------------------------------


def preprocess_case():
    shape = (1, 3, 4, 5)
    image = RANDOM.random(shape).astype(np.float32)
    x = RANDOM.random(shape).astype(np.float32)
    values = "".join(
        f'<channel id="{i}"><mean value="{i + 1}"/><scale value="{i + 2}"/></channel>'
        for i in range(3))
    pixels = "".join(f'<channel id="{i}"><mean offset="{80 * i}" size="80"/></channel>'
                     for i in range(3))
    steps = channels(np.arange(1, 4, dtype=np.float32))
    for name, text, wanted in (("mean values", values, (x - steps) / (steps + 1)),
                               ("mean image", pixels, x - image)):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "net.xml"
            path.write_text(make_old.one(
                "Power", 'power="1" scale="1" shift="0"', shape, shape,
                more=f'<pre-process mean-precision="FP32">{text}</pre-process>'))
            path.with_suffix(".bin").write_bytes(image.tobytes())
            worst = {k: difference(v, [wanted]) for k, v in
                     engines(path, [x], path.parent / "out")}
        report.check(name, max(worst.values()) < 1e-5,
                     ", ".join(f"{k} {v:.1e}" for k, v in worst.items()))


# --- files ----------------------------------------------------------------------------------


def file_cases():
    blob = np.load(DATA / "conformance/opencv_extra/caffe/blob.npy").astype(np.float32)
    expected = find_expected("layer_convolution")
    two = [RANDOM.random((1, 2, 3)).astype(np.float32) for _ in range(2)]
    for name, inputs, wanted, limit in (
            ("layer_convolution", [blob], expected, 1e-4),
            ("layer_convolution_fp16", [blob], expected, 1e-3),
            ("net_two_inputs", two, two[0] + two[1], 1e-6),
            ("net_two_inputs_fp16", two, two[0] + two[1], 1e-6)):
        with tempfile.TemporaryDirectory() as folder:
            worst = {k: difference(v, [wanted]) for k, v in
                     engines(OLD / f"{name}.xml", inputs, pathlib.Path(folder))}
        report.check(name, max(worst.values()) < limit,
                     ", ".join(f"{k} {v:.1e}" for k, v in worst.items()))


def find_expected(case):
    folder = DATA / "conformance/opencv_extra/caffe" / case
    outputs = [p for p in sorted(folder.glob("*.npy")) if "out" in p.name]
    return np.load(outputs[0]).astype(np.float32)


def boxes(rows):
    return [r for r in rows.reshape(-1, 7) if r[0] >= 0 and r[2] > 0.5]


def faces_case():
    """Version 3 finds what the version 11 of the same network finds."""
    old, new = (FACES / f / "face-detection-retail-0004.xml" for f in ("FP16-v3", "FP16"))
    for picture in ("face_cc-by.jpg", "astronaut.png"):
        image = Image.open(DATA / "images" / picture).convert("RGB")
        x = as_input(image, (1, 3, 300, 300))
        wanted = boxes(openvino_run(new, [x])[0])
        with tempfile.TemporaryDirectory() as folder:
            found = {k: boxes(v[0]) for k, v in engines(old, [x], pathlib.Path(folder))}
        for engine, rows in found.items():
            worst = min([max([iou(a[3:], b[3:]) for b in rows] or [0]) for a in wanted])
            report.check(f"v3 faces on {picture}, {engine}",
                         len(rows) == len(wanted) and worst > 0.98,
                         f"{len(rows)} of {len(wanted)}, IoU {worst:.3f}")


def main():
    layer_cases()
    preprocess_case()
    if OLD.exists():
        file_cases()
        faces_case()
    else:
        report.skip("files", f"there is no {OLD}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
