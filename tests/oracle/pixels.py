# SPDX-License-Identifier: LGPL-2.1-or-later
"""Preparation of frames in numpy, from what docs/elements/irconvert.md and
ir/preproc.h promise: colours, resizing, and the way back to the frame."""

import numpy as np

MATRICES = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}


def up(n, to):
    return (n + to - 1) // to * to


def planes(fmt, width, height):
    """Offset, stride, rows and columns of each plane in GStreamer's layout, and the
    size of a frame."""
    half_w, half_h = (width + 1) // 2, (height + 1) // 2
    if fmt == "NV12":
        stride, luma = up(width, 4), up(width, 4) * up(height, 2)
        return ([(0, stride, height, width), (luma, stride, half_h, 2 * half_w)],
                luma + stride * half_h)
    if fmt == "I420":
        stride, luma = up(width, 4), up(width, 4) * up(height, 2)
        chroma = up(up(width, 2) // 2, 4)
        size = chroma * half_h
        return ([(0, stride, height, width), (luma, chroma, half_h, half_w),
                 (luma + size, chroma, half_h, half_w)], luma + 2 * size)
    depth = {"BGRx": 4, "RGB": 3, "BGR": 3}[fmt]
    stride = up(width * depth, 4)
    return [(0, stride, height, width * depth)], stride * height


def split(fmt, data, width, height):
    for offset, stride, rows, columns in planes(fmt, width, height)[0]:
        # The last row need not be there up to its stride.
        plane = data[offset:offset + stride * rows]
        yield plane.reshape(rows, stride)[:, :columns]


def rgb(fmt, colors, data, width, height):
    """A frame as R, G, B in floats from 0 to 255. `colors` is the matrix and whether
    luma has the full range. A chroma sample holds for its whole block."""
    parts = list(split(fmt, data, width, height))
    if fmt == "BGRx":
        return parts[0].reshape(height, width, 4)[:, :, 2::-1].astype(np.float64)
    if fmt in ("RGB", "BGR"):
        picture = parts[0].reshape(height, width, 3)
        return picture[:, :, ::1 if fmt == "RGB" else -1].astype(np.float64)
    if fmt == "NV12":
        parts[1:] = parts[1][:, 0::2], parts[1][:, 1::2]
    luma, blue, red = parts[0].astype(np.float64), *(
        np.repeat(np.repeat(p, 2, 0), 2, 1)[:height, :width] - 128.0
        for p in parts[1:])
    matrix, full = colors
    if not full:
        luma, blue, red = (luma - 16) / 219 * 255, blue * 255 / 224, red * 255 / 224
    kr, kb = MATRICES[matrix]
    r, b = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
    g = (luma - kr * r - kb * b) / (1 - kr - kb)
    return np.clip(np.stack([r, g, b], -1), 0, 255)


def taps(start, length, out):
    """Where each of `out` pixels lies between two of the source, pixel centres
    aligned; nothing outside of the part is looked at."""
    at = start + (np.arange(out) + 0.5) * length / out - 0.5
    low = np.floor(at).astype(int)
    first = int(np.floor(start + 1e-6))
    last = int(np.ceil(start + length - 1e-6)) - 1
    return (np.clip(low, first, last), np.clip(low + 1, first, last), at - low)


def bilinear(picture, part, width, height):
    x0, x1, fx = taps(part[0], part[2], width)
    y0, y1, fy = taps(part[1], part[3], height)
    fy, fx = fy[:, None, None], fx[None, :, None]
    top, low = picture[y0], picture[y1]
    rows = top * (1 - fy) + low * fy
    return rows[:, x0] * (1 - fx) + rows[:, x1] * fx


class Fit:
    """Where a frame goes in the network's input. `part`: x, y, width, height in the
    frame; `place`: the same in the input."""

    def __init__(self, mode, frame, net):
        (fw, fh), (nw, nh) = frame, net
        self.part, self.place, self.net = (0, 0, fw, fh), (0, 0, nw, nh), net
        if mode == "letterbox":
            scale = min(nw / fw, nh / fh)
            w, h = int(fw * scale + 0.5), int(fh * scale + 0.5)
            self.place = ((nw - w) // 2, (nh - h) // 2, w, h)
        elif mode == "crop":
            scale = min(fw / nw, fh / nh)
            w, h = nw * scale, nh * scale
            self.part = ((fw - w) / 2, (fh - h) / 2, w, h)
        self.frame = frame

    def prepare(self, picture, pad=0):
        x, y, w, h = self.place
        canvas = np.full((self.net[1], self.net[0], 3), float(pad))
        canvas[y:y + h, x:x + w] = bilinear(picture, self.part, w, h)
        return canvas

    def back(self, box):
        """From 0..1 of the input to 0..1 of the frame."""
        out = []
        for i, v in enumerate(box):
            axis = i % 2
            v = (v * self.net[axis] - self.place[axis]) / self.place[2 + axis]
            v = (v * self.part[2 + axis] + self.part[axis]) / self.frame[axis]
            out.append(min(max(v, 0), 1))
        return out
