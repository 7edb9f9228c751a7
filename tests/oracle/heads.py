# SPDX-License-Identifier: LGPL-2.1-or-later
"""Outputs of detectors, decoded in numpy: lists of x1, y1, x2, y2 from 0 to 1 of the
network's input, score, class. With `every`, all that score enough, of all classes,
those that suppression takes away among them."""

import numpy as np

from engines import iou


def suppress(boxes, threshold):
    kept = []
    for box in sorted(boxes, key=lambda b: -b[4]):
        if all(k[5] != box[5] or iou(k, box) <= threshold for k in kept):
            kept.append(box)
    return kept


def centred(cx, cy, w, h, width, height):
    return [(cx - w / 2) / width, (cy - h / 2) / height,
            (cx + w / 2) / width, (cy + h / 2) / height]


def ssd(outputs, width, height, least, every=False):
    rows = outputs[0].reshape(-1, 7)
    end = np.nonzero(rows[:, 0] < 0)[0]
    rows = rows[:end[0]] if len(end) else rows
    return [[*map(float, r[3:7]), float(r[2]), int(r[1])]
            for r in rows if r[2] >= least]


def ultraface(outputs, width, height, least, every=False):
    scores, boxes = sorted((o[0] for o in outputs), key=lambda o: o.shape[1])
    found = [[*map(float, b), float(s[1]), 1]
             for b, s in zip(boxes, scores) if s[1] >= least]
    return found if every else suppress(found, 0.3)


def yunet(outputs, width, height, least, every=False):
    found = []
    for i, stride in enumerate((8, 16, 32)):
        columns = width // stride
        score = np.sqrt(np.clip(outputs[i][0, :, 0], 0, 1) *
                        np.clip(outputs[3 + i][0, :, 0], 0, 1))
        for n in np.nonzero(score >= least)[0]:
            dx, dy, lw, lh = outputs[6 + i][0, n].astype(float)
            cx, cy = (n % columns + dx) * stride, (n // columns + dy) * stride
            found.append([*centred(cx, cy, np.exp(lw) * stride,
                                   np.exp(lh) * stride, width, height),
                          float(score[n]), 0])
    return found if every else suppress(found, 0.3)


def yolox(outputs, width, height, least, every=False):
    rows, found, start = outputs[0][0], [], 0
    scores = rows[:, 4:5] * rows[:, 5:]
    for stride in (8, 16, 32):
        columns, lines = width // stride, height // stride
        best = scores[start:start + columns * lines]
        for n in np.nonzero(best.max(1) >= least)[0]:
            x, y, lw, lh = rows[start + n, :4].astype(float)
            cx, cy = (x + n % columns) * stride, (y + n // columns) * stride
            labels = np.nonzero(best[n] >= least)[0] if every else [
                np.argmax(best[n])]
            found += [[*centred(cx, cy, np.exp(lw) * stride,
                                np.exp(lh) * stride, width, height),
                       float(best[n, label]), int(label)] for label in labels]
        start += columns * lines
    return found if every else suppress(found, 0.45)


def centerface(outputs, width, height, least, every=False):
    heat, size, offset = (o[0].astype(float) for o in outputs[:3])
    found = []
    for row, column in zip(*np.nonzero(heat[0] >= least)):
        h, w = np.exp(size[:, row, column]) * 4
        dy, dx = offset[:, row, column]
        found.append([*centred((column + dx + 0.5) * 4, (row + dy + 0.5) * 4,
                               w, h, width, height), heat[0, row, column], 0])
    return found if every else suppress(found, 0.3)
