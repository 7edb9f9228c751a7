# SPDX-License-Identifier: LGPL-2.1-or-later
"""ONNX models as bytes, written by hand: what no library would write has to come out
too. Every function gives the contents of one message."""

import struct

FLOAT, UINT8, INT32, INT64, STRING, BOOL = 1, 2, 6, 7, 8, 9


def varint(value, length=0):
    """As short as can be, or in @length bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80 or len(out) + 1 < length:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number, wire):
    return varint(number << 3 | wire)


def num(number, value):
    return tag(number, 0) + varint(value)


def field(number, contents):
    data = contents.encode() if isinstance(contents, str) else contents
    return tag(number, 2) + varint(len(data)) + data


def fields(number, many):
    return b"".join(field(number, one) for one in many)


def real(number, value):
    return tag(number, 5) + struct.pack("<f", value)


def shape(dims):
    return b"".join(field(1, field(2, d) if isinstance(d, str) else num(1, d)) for d in dims)


def value(name, dims=(1, 3, 8, 8), dtype=FLOAT):
    """ValueInfoProto; of an unknown shape if @dims is None."""
    kind = num(1, dtype) + (b"" if dims is None else field(2, shape(dims)))
    return field(1, name) + field(2, field(1, kind))


def attr(name, v, kind=None):
    """AttributeProto of what @v is; @kind says another type than that."""
    if isinstance(v, float):
        body, own = real(2, v), 1
    elif isinstance(v, int):
        body, own = num(3, v), 2
    elif isinstance(v, (str, bytes)):
        body, own = field(4, v), 3
    elif isinstance(v, Tensor):
        body, own = field(5, v.data), 4
    elif isinstance(v, Graph):
        body, own = field(6, v.data), 5
    elif v and isinstance(v[0], float):
        body, own = b"".join(real(7, x) for x in v), 6
    else:
        body, own = b"".join(num(8, x) for x in v), 7
    return field(1, name) + body + num(20, own if kind is None else kind)


def reference(name, kind, of):
    """An attribute that is the caller's @of."""
    return field(1, name) + num(20, kind) + field(21, of)


def node(op, inputs=(), outputs=(), name="culprit", domain="", attrs=None, raw=b""):
    out = fields(1, inputs) + fields(2, outputs) + field(3, name) + field(4, op)
    if domain:
        out += field(7, domain)
    for key, v in (attrs or {}).items():
        out += field(5, attr(key, v))
    return out + raw


class Tensor:
    """TensorProto; @values are numbers for raw_data."""

    FORMATS = {FLOAT: "f", UINT8: "B", INT32: "i", INT64: "q", BOOL: "B"}

    def __init__(self, name, dims, values=None, dtype=FLOAT, raw=None, more=b""):
        data = b"".join(num(1, d) for d in dims) + num(2, dtype) + field(8, name) + more
        if values is not None:
            raw = struct.pack(f"<{len(values)}{self.FORMATS[dtype]}", *values)
        if raw is not None:
            data += field(9, raw)
        self.data = data


def ints(name, *values):
    return Tensor(name, [len(values)], values, INT64)


def external(name, dims, dtype=FLOAT, **keys):
    """A tensor with its data in another file; @keys are location, offset, length."""
    entries = b"".join(field(13, field(1, k) + field(2, v)) for k, v in keys.items())
    return Tensor(name, dims, dtype=dtype, more=entries + num(14, 1))


class Graph:
    def __init__(self, nodes, inputs=(), outputs=(), tensors=(), name="g", more=b""):
        self.data = (fields(1, nodes) + field(2, name) + fields(5, [t.data for t in tensors]) +
                     fields(11, inputs) + fields(12, outputs) + more)


def opset(version, domain=""):
    return (field(1, domain) if domain else b"") + num(2, version)


def function(name, inputs, outputs, nodes, domain="own", opsets=None, attrs=()):
    imports = [opset(17), opset(1, domain)] if opsets is None else opsets
    return (field(1, name) + fields(4, inputs) + fields(5, outputs) + fields(6, attrs) +
            fields(7, nodes) + fields(9, imports) + field(10, domain))


def model(graph, opsets=(), functions=(), more=b""):
    return (num(1, 8) + field(2, "maker") + field(7, graph.data) +
            fields(8, opsets or [opset(17)]) + fields(25, functions) + more)


def one(op, inputs=(), attrs=None, dims=(1, 3, 8, 8), tensors=(), outputs=("y",), version=17,
        raw=b"", dtype=FLOAT):
    """A model of one node called "culprit", which reads "x" and then @inputs."""
    return model(
        Graph([node(op, ("x", *inputs), outputs, attrs=attrs, raw=raw)],
              [value("x", dims, dtype)], [value(o, None) for o in outputs if o], tensors),
        [opset(version)])


def source(op, tensors=(), attrs=None, after="Identity"):
    """A model of one node called "culprit" that reads @tensors alone, and one behind it."""
    return model(Graph(
        [node(op, [f"t{i}" for i in range(len(tensors))], ["y"], attrs=attrs),
         node(after, ["y"], ["z"], name="after")],
        [], [value("z", None)], tensors))
