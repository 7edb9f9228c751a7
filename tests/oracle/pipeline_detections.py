#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boxes of the pipeline against the same model in OpenVINO or ONNX Runtime.

Both see the same pixels: frames are dumped as BGR by GStreamer. Preparation and
decoding are written here a second time, in numpy.
usage: pipeline_detections.py (inside of `meson devenv -C build`)
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

DATA = os.environ.get('IR_TESTDATA', os.path.join(
    os.path.dirname(os.path.abspath(__file__)), '../../../shared/testdata'))
FRAMES = 8
# The first car comes late.
FRAMES_OF = {'car-detection_130frames.mp4': 76}
LEAST_IOU = 0.98


def launch(text):
    subprocess.run(['gst-launch-1.0', '-q'] + text.split(), check=True,
                   timeout=300)


def resize(picture, width, height):
    """Bilinear, pixel centres aligned, as OpenCV's INTER_LINEAR."""
    def taps(size, out):
        at = (np.arange(out) + 0.5) * size / out - 0.5
        low = np.floor(at).astype(int)
        return (np.clip(low, 0, size - 1), np.clip(low + 1, 0, size - 1),
                at - low)
    y0, y1, fy = taps(picture.shape[0], height)
    x0, x1, fx = taps(picture.shape[1], width)
    fy, fx = fy[:, None, None], fx[None, :, None]
    p = picture.astype(np.float64)
    top = p[y0][:, x0] * (1 - fx) + p[y0][:, x1] * fx
    low = p[y1][:, x0] * (1 - fx) + p[y1][:, x1] * fx
    return (top * (1 - fy) + low * fy).astype(np.float32)


def iou(a, b):
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    common = max(w, 0) * max(h, 0)
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return common / (area - common) if area > common else 0


def suppress(boxes, threshold):
    kept = []
    for box in sorted(boxes, key=lambda b: -b[4]):
        if all(k[5] != box[5] or iou(k, box) <= threshold for k in kept):
            kept.append(box)
    return kept


def ssd(outputs, width, height, least):
    rows = outputs[0].reshape(-1, 7)
    end = np.nonzero(rows[:, 0] < 0)[0]
    rows = rows[:end[0]] if len(end) else rows
    return [[r[3], r[4], r[5], r[6], r[2], int(r[1])]
            for r in rows if r[2] >= least]


def ultraface(outputs, width, height, least):
    scores, boxes = sorted((o[0] for o in outputs), key=lambda o: o.shape[1])
    found = [[*b, s[1], 1] for b, s in zip(boxes, scores) if s[1] >= least]
    return suppress(found, 0.3)


def yunet(outputs, width, height, least):
    found = []
    for i, stride in enumerate((8, 16, 32)):
        columns = width // stride
        score = np.sqrt(np.clip(outputs[i][0, :, 0], 0, 1) *
                        np.clip(outputs[3 + i][0, :, 0], 0, 1))
        for n in np.nonzero(score >= least)[0]:
            dx, dy, lw, lh = outputs[6 + i][0, n]
            cx, cy = (n % columns + dx) * stride, (n // columns + dy) * stride
            w, h = np.exp(lw) * stride, np.exp(lh) * stride
            found.append([(cx - w / 2) / width, (cy - h / 2) / height,
                          (cx + w / 2) / width, (cy + h / 2) / height,
                          score[n], 0])
    return suppress(found, 0.3)


def yolox(outputs, width, height, least):
    rows, found, n = outputs[0][0], [], 0
    for stride in (8, 16, 32):
        for y in range(height // stride):
            for x in range(width // stride):
                row, n = rows[n], n + 1
                label = int(np.argmax(row[5:]))
                score = row[4] * row[5 + label]
                if score < least:
                    continue
                cx, cy = (row[0] + x) * stride, (row[1] + y) * stride
                w, h = np.exp(row[2]) * stride, np.exp(row[3]) * stride
                found.append([(cx - w / 2) / width, (cy - h / 2) / height,
                              (cx + w / 2) / width, (cy + h / 2) / height,
                              score, label])
    return suppress(found, 0.45)


# model, size of its input, decoder, RGB, mean, scale, irconvert's options, source
P, C = 'videos/pedestrians_768x576.avi', 'videos/car-detection_130frames.mp4'
FACES, ONE = 'images/face_cc-by.jpg', 'images/astronaut.png'
R4 = 'face-detection-retail-0004/FP16/face-detection-retail-0004.xml'
R44 = 'face-detection-retail-0044/FP32/face-detection-retail-0044.xml'
PVB = ('person-vehicle-bike-detection-2000/FP16/'
       'person-vehicle-bike-detection-2000.xml')
PLATE = ('vehicle-license-plate-detection-barrier-0106/FP32/'
         'vehicle-license-plate-detection-barrier-0106.xml')
UF = 'ultraface-rfb-320/version-RFB-320.onnx'
UF_OPTIONS = 'mean-values=127 scale=128 reverse-input-channels=true'
YN = 'yunet-2026may/face_detection_yunet_2026may.onnx'
YX = 'yolox-nano/yolox_nano.onnx'
CASES = [
    (R4, (300, 300), ssd, False, 0, 1, '', FACES),
    (R4, (300, 300), ssd, False, 0, 1, '', ONE),
    (R44, (300, 300), ssd, False, 0, 1, '', FACES),
    (PVB, (256, 256), ssd, False, 0, 1, '', P),
    (PLATE, (300, 300), ssd, False, 0, 1, '', C),
    (UF, (320, 240), ultraface, True, 127, 128, UF_OPTIONS, FACES),
    (UF, (320, 240), ultraface, True, 127, 128, UF_OPTIONS, ONE),
    (YN, (320, 320), yunet, False, 0, 1, 'input-shape=[1,3,320,320]', FACES),
    (YX, (416, 416), yolox, False, 0, 1, '', P),
]


def oracle(path):
    if path.endswith('.xml'):
        import openvino
        # Not in bf16, which it takes by itself where the CPU has it.
        model = openvino.Core().compile_model(
            path, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
        return lambda x: [np.array(v) for v in model([x]).values()]
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options)
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})


def source_of(path):
    head = f'filesrc location={path} ! decodebin ! videoconvert'
    frames = FRAMES_OF.get(os.path.basename(path), FRAMES)
    return f'{head} ! video/x-raw,format=BGR ! identity eos-after={frames + 1}'


def run_pipeline(case, folder):
    model, _, _, _, _, _, options, source = case
    lines, raw = os.path.join(folder, 'o.jsonl'), os.path.join(folder, 'raw')
    launch(f'{source_of(os.path.join(DATA, source))} ! tee name=t '
           f't. ! queue ! filesink location={raw} t. ! queue ! '
           f'irconvert model={os.path.join(DATA, "models", model)} {options} ! '
           'irinfer device=CPU ! irdecode threshold=0.4 ! '
           f'irpublish uri=file:{lines} ! fakesink')
    with open(lines) as file:
        frames = [json.loads(line) for line in file]
    size = frames[0]['resolution']
    stride = (size['width'] * 3 + 3) // 4 * 4
    data = np.fromfile(raw, np.uint8).reshape(-1, size['height'], stride)
    return frames, data[:, :, :size['width'] * 3].reshape(
        len(data), size['height'], size['width'], 3)


def compare(case, folder):
    model, (width, height), decode, rgb, mean, scale, _, _ = case
    infer = oracle(os.path.join(DATA, 'models', model))
    frames, pictures = run_pipeline(case, folder)
    worst, boxes = 1.0, 0
    for frame, picture in zip(frames, pictures):
        if rgb:
            picture = picture[:, :, ::-1]
        x = (resize(picture, width, height) - mean) / scale
        wanted = decode(infer(x.transpose(2, 0, 1)[None].astype(np.float32)),
                        width, height, 0.4)
        wanted = [np.clip(b[:4], 0, 1).tolist() + b[4:] for b in wanted]
        got = []
        for item in frame['objects']:
            d = item['detection']
            b = d['bounding_box']
            got.append([b['x_min'], b['y_min'], b['x_max'], b['y_max'],
                        d['confidence'], d['label_id']])
        for one, other in ((wanted, got), (got, wanted)):
            for box in one:
                # At the threshold itself either side may fall.
                if box[4] < 0.405:
                    continue
                boxes += 1
                worst = min(worst, max((iou(box, o) for o in other
                                        if o[5] == box[5]), default=0))
    return worst, boxes


def main():
    if not os.path.isdir(DATA):
        print('SKIP: no test data')
        return 77
    failed = 0
    for case in CASES:
        name = f'{case[0].split("/")[0]} on {os.path.basename(case[7])}'
        with tempfile.TemporaryDirectory() as folder:
            try:
                worst, boxes = compare(case, folder)
                ok = boxes > 0 and worst >= LEAST_IOU
                text = f'{boxes} boxes, least IoU {worst:.4f}'
            except Exception as reason:  # a case that breaks must not hide the rest
                ok, text = False, f'{type(reason).__name__}: {reason}'
        failed += not ok
        print(f'{"ok" if ok else "FAIL"}  {name}: {text[:200]}', flush=True)
    print(f'{len(CASES) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
