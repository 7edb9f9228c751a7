# SPDX-License-Identifier: LGPL-2.1-or-later
"""IRs of convolutional nets in numpy, straight from the definitions of their ops,
in double precision if not asked otherwise: what engines that compute in single
precision are near to or not.

`evaluate` knows the ops of its table; what hangs on another one is left out."""

import numpy as np


def convolution(op, x, weights):
    kernel = weights.shape[2:]
    a = op.get_attributes()
    if a["auto_pad"] != "explicit" or any(d != 1 for d in a["dilations"]):
        raise NotImplementedError(op.get_friendly_name())
    x = np.pad(x, [(0, 0), (0, 0), *zip(a["pads_begin"], a["pads_end"])])
    views = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    views = views[:, :, ::a["strides"][0], ::a["strides"][1]]
    n, _, height, width = views.shape[:4]
    columns = views.transpose(0, 2, 3, 1, 4, 5).reshape(n * height * width, -1)
    out = columns @ weights.reshape(len(weights), -1).T
    return out.reshape(n, height, width, -1).transpose(0, 3, 1, 2)


def max_pool(op, x):
    a = op.get_attributes()
    height, width = list(op.get_output_shape(0))[2:]
    # Behind the last pixel there is room for a window that the shape rounds up to.
    x = np.pad(x, [(0, 0), (0, 0), *((b, k) for b, k in
                                     zip(a["pads_begin"], a["kernel"]))],
               constant_values=-np.inf)
    views = np.lib.stride_tricks.sliding_window_view(x, a["kernel"], axis=(2, 3))
    views = views[:, :, ::a["strides"][0], ::a["strides"][1]].max((-1, -2))
    return views[:, :, :height, :width]


def fake_quantize(x, in_low, in_high, out_low, out_high, levels):
    """In the type of x."""
    in_low, in_high, out_low, out_high = (
        v.astype(x.dtype) for v in (in_low, in_high, out_low, out_high))
    steps = x.dtype.type(levels - 1)
    y = np.rint((x - in_low) / (in_high - in_low) * steps) / steps
    y = y * (out_high - out_low) + out_low
    return np.where(x <= np.minimum(in_low, in_high), out_low,
                    np.where(x > np.maximum(in_low, in_high), out_high, y))


def softmax(op, x):
    if op.get_attributes()["axis"] not in (-1, x.ndim - 1):
        raise NotImplementedError(op.get_friendly_name())
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


OPS = {
    "Add": lambda op, a, b: a + b,
    "Concat": lambda op, *parts: np.concatenate(
        parts, op.get_attributes()["axis"]),
    "Convolution": convolution,
    "FakeQuantize": lambda op, *values: fake_quantize(
        *values, op.get_attributes()["levels"]),
    "MaxPool": max_pool,
    "Multiply": lambda op, a, b: a * b,
    "Relu": lambda op, x: np.maximum(x, 0),
    "Reshape": lambda op, x, shape: x.reshape(list(op.get_output_shape(0))),
    "Softmax": softmax,
    "Subtract": lambda op, a, b: a - b,
    "Transpose": lambda op, x, order: x.transpose(order.astype(int)),
}


def zero_points(model):
    """Names and whole values of constants that are subtracted and lie beside whole
    numbers by no more than rounding: zero points of stored weights, which engines
    that compute with the stored bytes take for whole."""
    found = {}
    for op in model.get_ordered_ops():
        if op.get_type_name() != "Subtract":
            continue
        zero = op.input_value(1).get_node()
        if zero.get_type_name() != "Constant":
            continue
        whole = np.rint(zero.get_data())
        if np.abs(zero.get_data() - whole).max() < 1e-4:
            found[zero.get_friendly_name()] = whole
    return found


def evaluate(model, feed, forced=(), dtype=np.float64):
    """The first output of every op, by friendly name. `forced` maps names of ops
    to what takes the place of their output."""
    values = {}
    for op in model.get_ordered_ops():
        name, kind = op.get_friendly_name(), op.get_type_name()
        inputs = [values.get(v.get_node().get_friendly_name())
                  for v in op.input_values()]
        if name in forced:
            value = forced[name].astype(dtype)
        elif kind == "Parameter":
            value = feed.astype(dtype)
        elif kind == "Constant":
            value = op.get_data()
            value = value.astype(dtype) if value.dtype.kind == "f" else value
        elif kind == "Convert":
            value = inputs[0].astype(dtype)
        elif kind in OPS and all(v is not None for v in inputs):
            value = OPS[kind](op, *inputs)
        else:
            continue
        values[name] = value
    return values
