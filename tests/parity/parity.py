# SPDX-License-Identifier: LGPL-2.1-or-later
"""The arrays that nets are run with, and what is kept of an IR and its outputs."""

import collections
import pathlib

import numpy as np
import openvino

SAMPLES = 160  # numbers that are kept of an output

# --- running ----------------------------------------------------------------------

# Inputs that mean something: height, width and scale of the picture.
MEANINGFUL = {"im_info": [[48, 64, 1]]}


def size_of(dim, place, rank):
    """For unknown ones: two pictures of 64x64, or what is allowed next to that."""
    if dim.is_static:
        return dim.get_length()
    want = 64 if rank == 4 and place else 2
    if dim.get_max_length() > 0:
        want = min(want, dim.get_max_length())
    return max(want, dim.get_min_length())


def array_for(port, n, pixels):
    shape = port.get_partial_shape()
    sizes = [size_of(d, i, len(shape)) for i, d in enumerate(shape)]
    random = np.random.RandomState(n + 1)
    kind = np.dtype(port.get_element_type().to_dtype())
    name = port.get_node().get_friendly_name()
    if name in MEANINGFUL:
        return np.array(MEANINGFUL[name], kind)
    if kind == np.bool_:
        return random.uniform(size=sizes) < 0.5
    if kind.kind in "iu":
        return random.randint(0, 200 if kind == np.uint8 else 3, sizes).astype(kind)
    low, high = (0, 255) if pixels and len(sizes) == 4 else (-1, 1)
    return random.uniform(low, high, sizes).astype(kind)


def read(xml):
    return openvino.runtime.Core().read_model(str(xml)) if hasattr(
        openvino, "runtime") else openvino.Core().read_model(str(xml))


def execute(model, pixels, order):
    core = openvino.runtime.Core() if hasattr(openvino, "runtime") else openvino.Core()
    network = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    feeds = {i: array_for(p, order(port_of(p, False), i), pixels)
             for i, p in enumerate(model.inputs)}
    result = network(feeds)
    return [np.array(result[i]) for i in range(len(network.outputs))]


# --- what is kept -------------------------------------------------------------------


def positions(size):
    """Where the numbers that are kept come from: the same places for a size."""
    if size <= SAMPLES:
        return np.arange(size)
    random = np.random.RandomState(size % (1 << 32))
    return np.sort(random.randint(0, size, SAMPLES))


def port_of(port, output):
    node = port.get_node()
    if output:
        source = node.input_value(0)
        names, node = source.get_names(), source.get_node()
        if not names:
            names = port.get_names()
    else:
        names = port.get_names()
    return {"node": node.get_friendly_name(), "names": sorted(names),
            "shape": str(port.get_partial_shape()),
            "type": port.get_element_type().get_type_name()}


def histogram(model):
    """Ops by type; constants, also those behind a decompression, don't count."""
    counts = collections.Counter()
    for op in model.get_ops():
        kind = op.get_type_name()
        if kind in ("Constant", "Parameter", "Result"):
            continue
        if kind == "Convert" and op.input_value(
                0).get_node().get_type_name() == "Constant":
            continue
        counts[kind] += 1
    return dict(sorted(counts.items()))


def describe(xml, line, order=lambda port, n: n):
    """Names, shapes, ops and sampled outputs of an IR, as JSON can hold it. @order
    says which array is for an input."""
    model = read(xml)
    pixels = any(w in line for w in ("--mean", "--scale", "-s ", "-mf"))
    inputs = [port_of(p, False) for p in model.inputs]
    outputs = [port_of(p, True) for p in model.outputs]
    for port, array in zip(outputs, execute(model, pixels, order)):
        numbers = np.ravel(array).astype("f8")
        port["size"] = list(array.shape)
        port["range"] = [float("%.8g" % f(numbers)) if numbers.size else 0.0
                         for f in (np.min, np.max)]
        port["sample"] = [float("%.8g" % v) for v in numbers[positions(numbers.size)]]
    return {"name": pathlib.Path(xml).stem, "inputs": inputs, "outputs": outputs,
            "ops": histogram(model)}
