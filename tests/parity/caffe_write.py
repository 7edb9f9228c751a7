# SPDX-License-Identifier: LGPL-2.1-or-later
"""Caffe nets: a list of layers, written as text (.prototxt) and, with the weights, as
a protobuf message (.caffemodel). No library is needed, so that V1 layers and blobs
with the old sizes come out, too."""

import struct
import zlib

import numpy as np

# Types of V1 layers that the nets use.
V1_TYPES = {"Concat": 3, "Convolution": 4, "Dropout": 6, "Flatten": 8,
            "InnerProduct": 14, "LRN": 15, "Pooling": 17, "ReLU": 18, "Sigmoid": 19,
            "Softmax": 20, "Split": 22, "TanH": 23, "Eltwise": 25, "Power": 26,
            "Slice": 33, "Deconvolution": 39}
V1_WORDS = {"InnerProduct": "INNER_PRODUCT"}


class Word(str):
    """An enum's name: text without quotes."""


# --- text -------------------------------------------------------------------------


def text_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not isinstance(value, Word):
        return '"%s"' % value
    return str(value)


def text_of(fields, indent=""):
    """Fields as [(name, value)]; a list repeats a field, a dict is a message."""
    lines = []
    for name, value in fields:
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, dict):
                lines.append("%s%s {" % (indent, name))
                lines.append(text_of(one.items(), indent + "  "))
                lines.append("%s}" % indent)
            else:
                lines.append("%s%s: %s" % (indent, name, text_value(one)))
    return "\n".join(lines)


# --- protobuf ---------------------------------------------------------------------


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, contents):
    data = contents.encode() if isinstance(contents, str) else contents
    return varint(field << 3 | 2) + varint(len(data)) + data


def blob_message(array, legacy=False):
    """BlobProto: its shape, or num, channels, height and width as before 2014."""
    data = message(5, np.asarray(array, "<f4").tobytes())
    if legacy:
        sizes = (1,) * (4 - array.ndim) + array.shape
        return b"".join(number(i + 1, n) for i, n in enumerate(sizes)) + data
    dims = b"".join(varint(n) for n in array.shape)
    return message(7, message(1, dims)) + data


def unpacked_blob_message(array):
    """The same with one tag per number, as some writers do."""
    data = b"".join(varint(5 << 3 | 5) + struct.pack("<f", v)
                    for v in array.ravel())
    dims = b"".join(number(1, n) for n in array.shape)
    return message(7, dims) + data


# --- nets -------------------------------------------------------------------------


class Net:
    """Layers with seeded weights. Methods add one and give the name of its top."""

    def __init__(self, name, v1=False, unpacked=False):
        self.name, self.v1, self.unpacked = name, v1, unpacked
        self.random = np.random.RandomState(zlib.crc32(name.encode()))
        self.head, self.layers, self.channels = [], [], {}

    def weights(self, *shape, scale=None):
        fan = int(np.prod(shape[1:])) or 1
        scale = scale or (2.0 / fan) ** 0.5
        return (self.random.randn(*shape) * scale).astype("f4")

    def positive(self, *shape):
        return self.random.uniform(0.5, 1.5, shape).astype("f4")

    def input(self, name, *dims):
        self.channels[name] = dims[1] if len(dims) > 1 else dims[0]
        return self.add("Input", name, [], input_param={"shape": {"dim": list(dims)}})

    def header_input(self, name, *dims, style="input_shape"):
        """`input:` at the head of the file, with `input_dim` or `input_shape`."""
        self.channels[name] = dims[1]
        self.head.append(("input", name))
        self.head.append(("input_dim", list(dims)) if style == "input_dim" else
                         ("input_shape", {"dim": list(dims)}))
        return name

    def add(self, kind, name, bottoms, top=None, blobs=(), channels=None, **fields):
        bottoms = [bottoms] if isinstance(bottoms, str) else bottoms
        tops = top if isinstance(top, list) else [top or name]
        for one in tops:
            self.channels[one] = channels or (
                self.channels[bottoms[0]] if bottoms else self.channels.get(one, 1))
        self.layers.append((kind, name, bottoms, tops, list(blobs), fields))
        return tops[0]

    def conv(self, name, bottom, outputs, kernel=3, stride=1, pad=0, group=1,
             bias=True, kind="Convolution", **more):
        inputs = self.channels[bottom]
        sizes = (more.get("kernel_h", kernel), more.get("kernel_w", kernel))
        first, second = ((inputs, outputs) if kind == "Deconvolution" else
                         (outputs, inputs))
        blobs = [self.weights(first, second // group, *sizes)]
        if bias:
            blobs.append(self.weights(outputs, scale=0.1))
        param = {"num_output": outputs, "bias_term": bias, "group": group}
        for key, value, default in (("kernel_size", kernel, None),
                                    ("stride", stride, 1), ("pad", pad, 0)):
            if value != default and not (key == "kernel_size" and "kernel_h" in more):
                param[key] = value
        param.update(more)
        return self.add(kind, name, bottom, blobs=blobs, channels=outputs,
                        convolution_param=param)

    def deconv(self, name, bottom, outputs, **more):
        return self.conv(name, bottom, outputs, kind="Deconvolution", **more)

    def full(self, name, bottom, inputs, outputs, **more):
        shape = (inputs, outputs) if more.get("transpose") else (outputs, inputs)
        blobs = [self.weights(*shape, scale=(2.0 / inputs) ** 0.5)]
        if more.get("bias_term", True):
            blobs.append(self.weights(outputs, scale=0.1))
        return self.add("InnerProduct", name, bottom, blobs=blobs, channels=outputs,
                        inner_product_param=dict(num_output=outputs, **more))

    def pool(self, name, bottom, kind="MAX", **more):
        return self.add("Pooling", name, bottom,
                        pooling_param=dict(pool=Word(kind), **more))

    def relu(self, bottom, **more):
        fields = {"relu_param": more} if more else {}
        return self.add("ReLU", "relu_" + bottom, bottom, top=bottom, **fields)

    def norm(self, bottom, eps=1e-5, gain=True, factor=1.0):
        """BatchNorm, and Scale with bias, in place."""
        n = self.channels[bottom]
        self.add("BatchNorm", "bn_" + bottom, bottom, top=bottom,
                 blobs=[self.weights(n, scale=0.1) * factor,
                        self.positive(n) * np.float32(factor),
                        np.array([factor], "f4")],
                 batch_norm_param={"use_global_stats": True, "eps": eps})
        if gain:
            self.scale(bottom)
        return bottom

    def scale(self, bottom, name=None, bias=True):
        n = self.channels[bottom]
        blobs = [self.positive(n)] + ([self.weights(n, scale=0.1)] if bias else [])
        return self.add("Scale", name or "scale_" + bottom, bottom,
                        top=name or bottom, blobs=blobs,
                        scale_param={"bias_term": bias})

    # --- writing ----------------------------------------------------------------

    def prototxt(self):
        fields = [("name", self.name)] + self.head
        for kind, name, bottoms, tops, _, more in self.layers:
            word = Word(V1_WORDS.get(kind, kind.upper())) if self.v1 else kind
            layer = {"name": name, "type": word, "bottom": bottoms, "top": tops}
            layer.update(more)
            fields.append(("layers" if self.v1 else "layer", layer))
        return text_of(fields) + "\n"

    def caffemodel(self):
        out = [message(1, self.name)]
        for kind, name, bottoms, tops, blobs, _ in self.layers:
            if self.v1:
                body = [message(2, b) for b in bottoms] + [message(3, t) for t in tops]
                body += [message(4, name), number(5, V1_TYPES[kind])]
                body += [message(6, blob_message(b, legacy=True)) for b in blobs]
                out.append(message(2, b"".join(body)))
            else:
                write = unpacked_blob_message if self.unpacked else blob_message
                body = [message(1, name), message(2, kind)]
                body += [message(3, b) for b in bottoms] + [message(4, t) for t in tops]
                body += [message(7, write(b)) for b in blobs]
                out.append(message(100, b"".join(body)))
        return b"".join(out)

    def write(self, folder):
        (folder / (self.name + ".prototxt")).write_text(self.prototxt())
        (folder / (self.name + ".caffemodel")).write_bytes(self.caffemodel())
