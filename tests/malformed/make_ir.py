#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes IR files that are wrong in one way each into a folder:

  make_ir.py FOLDER

Every NAME.xml (with its NAME.bin) must be refused.
"""

import pathlib
import struct
import sys

WEIGHTS = struct.pack("<36f", *range(36)) + struct.pack("<4q", 1, 2, 3, 4)


def port(number, dims=(), names=""):
    text = "".join(f"<dim>{d}</dim>" for d in dims)
    return f'<port id="{number}" precision="FP32" names="{names}">{text}</port>'


def layer(number, name, kind, data="", inputs=(), outputs=(), opset="opset1", more=""):
    text = f'<layer id="{number}" name="{name}" type="{kind}" version="{opset}">'
    if data:
        text += f"<data {data}/>"
    if inputs:
        text += "<input>" + "".join(port(i) for i in inputs) + "</input>"
    if outputs:
        text += "<output>" + "".join(port(i) for i in outputs) + "</output>"
    return text + more + "</layer>"


def edge(a, a_port, b, b_port):
    return (f'<edge from-layer="{a}" from-port="{a_port}" '
            f'to-layer="{b}" to-port="{b_port}"/>')


def net(layers, edges, version="11", more="", head='<?xml version="1.0"?>\n'):
    return (f'{head}<net name="n" version="{version}"><layers>{"".join(layers)}</layers>'
            f'<edges>{"".join(edges)}</edges>{more}</net>')


def parameter(number=0, name="x", shape="1,3,8,8", dtype="f32"):
    return layer(number, name, "Parameter", f'shape="{shape}" element_type="{dtype}"',
                 outputs=[0])


def const(number=1, name="w", shape="4,3,1,1", dtype="f32", offset="0", size="48"):
    return layer(number, name, "Const",
                 f'element_type="{dtype}" shape="{shape}" offset="{offset}" size="{size}"',
                 outputs=[0])


CONV = ('strides="1,1" dilations="1,1" pads_begin="0,0" pads_end="0,0" '
        'auto_pad="explicit"')


def conv(number=2, data=CONV, kind="Convolution", opset="opset1", inputs=(0, 1), outputs=(2,)):
    return layer(number, "conv", kind, data, inputs, outputs, opset)


def result(number=3, name="r"):
    return layer(number, name, "Result", inputs=[0])


EDGES = [edge(0, 0, 2, 0), edge(1, 0, 2, 1), edge(2, 2, 3, 0)]


def model(parts=None, edges=None, **more):
    """A convolution with parts replaced."""
    layers = {"x": parameter(), "w": const(), "conv": conv(), "r": result()}
    layers.update(parts or {})
    return net([v for v in layers.values() if v], EDGES if edges is None else edges, **more)


def texts():
    """Broken as text."""
    good = model()
    for i in range(24):
        yield f"truncated-{i:02}", good[:len(good) * i // 24]
    yield "not-xml", "hello"
    yield "binary", "\x01\x02\x03\x7f" * 100
    yield "nul", good.replace("conv", "co\0nv", 1)
    yield "bad-utf8", good.encode().replace(b'name="x"', b'name="\xff\xfe"')
    yield "utf16-label", good.replace('version="1.0"', 'version="1.0" encoding="UTF-16"')
    yield "unknown-encoding", good.replace('version="1.0"', 'version="1.0" encoding="x-no"')
    yield "two-roots", good + "<net/>"
    yield "trailing-text", good + "text"
    yield "unclosed", good.replace("</layers>", "")
    yield "crossed", good.replace("</layers><edges>", "<edges></layers>")
    yield "twice-the-attribute", good.replace('id="0"', 'id="0" id="0"', 1)
    yield "unquoted", good.replace('id="0"', "id=0", 1)
    yield "less-in-attribute", good.replace('name="x"', 'name="<"')
    yield "char-zero", good.replace('name="x"', 'name="&#0;"')
    yield "char-huge", good.replace('name="x"', 'name="&#99999999999;"')
    yield "undeclared-entity", good.replace('name="x"', 'name="&who;"')
    yield "deep", "<net version='11'>" + "<a>" * 5000
    yield "deep-closed", "<net version='11'>" + "<a>" * 5000 + "</a>" * 5000 + "</net>"
    yield "html", "<html><body/></html>"


def entities():
    body = model(head="").replace('name="n"', 'name="&z;"', 1)
    laughs = '<!ENTITY a "haha">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(25))
    yield "laughs", f"<!DOCTYPE net [{laughs}]>{body}"
    long = "A" * 50000
    yield "quadratic", f'<!DOCTYPE net [<!ENTITY z "{long}">]>' + body.replace(
        "&z;", "&z;" * 5000)
    yield "external-entity", f'<!DOCTYPE net [<!ENTITY z SYSTEM "file:///etc/passwd">]>{body}'
    yield "parameter-entity", (
        f'<!DOCTYPE net [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>{body}')
    yield "loop-entity", f'<!DOCTYPE net [<!ENTITY z "&y;"><!ENTITY y "&z;">]>{body}'
    yield "unparsed-entity", (
        '<!DOCTYPE net [<!NOTATION n SYSTEM "n"><!ENTITY z SYSTEM "f" NDATA n>]>' + body)


def nets():
    """Wrong around the layers."""
    good = model()
    for version in ("", "9", "7", "12", "-1", "x", "99999999999999999999", "11.5"):
        yield f"version-{version}", model(version=version)
    yield "no-version", good.replace(' version="11"', "", 1)
    yield "no-layers", '<net name="n" version="11"><edges/></net>'
    yield "empty-net", '<net name="n" version="11"/>'
    yield "empty-layers", net([], [])
    yield "no-edges", model(edges=[])
    yield "no-result", model({"r": None}, EDGES[:2])
    yield "nested-layers", net([net([parameter()], [], head="")], [])
    yield "meta-deep", model(
        more="<rt_info>" + "<a>" * 100 + '<b value="1"/>' + "</a>" * 100 + "</rt_info>")
    yield "meta-many", model(
        more="<rt_info>" + "".join(f'<a{i} value="1"/>' for i in range(20000)) + "</rt_info>")


def layers():
    for text in ("", "-1", "x", "1.5", "99999999999999999999", "0x1", "+-1"):
        yield f"id-{text}", model().replace('layer id="2"', f'layer id="{text}"')
    for attr in ("id", "name", "type", "version"):
        start = f'<layer id="2" name="conv" type="Convolution" version="opset1">'
        value = {"id": "2", "name": "conv", "type": "Convolution", "version": "opset1"}[attr]
        yield f"no-{attr}", model().replace(start, start.replace(f' {attr}="{value}"', ""))
    yield "duplicate-id", model({"r": result(2)})
    yield "duplicate-name", model({"w": const(name="x")})
    yield "duplicate-port", model({"conv": conv(inputs=(0, 0))})
    yield "unknown-op", model({"conv": conv(kind="Convolutional")})
    yield "unknown-opset", model({"conv": conv(opset="opsetX")})
    yield "opset-0", model({"conv": conv(opset="opset0")})
    yield "opset-huge", model({"conv": conv(opset="opset99999999999")})
    yield "extension", model({"conv": conv(opset="extension")})
    yield "many-unknown", net(
        [parameter()] + [layer(i, f"l{i}", "What", inputs=[0], outputs=[1])
                         for i in range(1, 2000)] + [result(2000)],
        [edge(i, 1 if i else 0, i + 1, 0) for i in range(2000)])
    yield "too-few-inputs", model({"conv": conv(inputs=(0,), outputs=(2,))}, [
        edge(0, 0, 2, 0), edge(2, 2, 3, 0)])
    yield "too-many-inputs", model({"conv": conv(inputs=(0, 1, 5))},
                                   EDGES + [edge(1, 0, 2, 5)])
    yield "too-many-outputs", model({"conv": conv(outputs=(2, 3, 4))})
    yield "result-with-output", model(
        {"r": layer(3, "r", "Result", inputs=[0], outputs=[1])})
    yield "parameter-with-input", model(
        {"x": layer(0, "x", "Parameter", 'shape="1,3,8,8" element_type="f32"',
                    inputs=[1], outputs=[0])}, EDGES + [edge(1, 0, 0, 1)])
    yield "many-ports", model({"conv": conv(inputs=range(100000))})
    yield "many-names", model().replace(
        'names=""', 'names="' + ",".join(f"n{i}" for i in range(5000)) + '"', 1)
    yield "port-without-id", model().replace('<port id="2"', "<port", 1)
    yield "port-id-negative", model().replace('<port id="2"', '<port id="-2"', 1)
    yield "huge-split", net(
        [parameter(shape="4"), const(shape="", dtype="i64", offset="144", size="8"),
         layer(2, "s", "Split", 'num_splits="99999999"', [0, 1], [2]), result()], EDGES)


def edges():
    yield "edge-from-nowhere", model(edges=[edge(9, 0, 2, 0)] + EDGES[1:])
    yield "edge-to-nowhere", model(edges=EDGES + [edge(0, 0, 9, 0)])
    yield "edge-from-port", model(edges=[edge(0, 7, 2, 0)] + EDGES[1:])
    yield "edge-to-port", model(edges=[edge(0, 0, 2, 7)] + EDGES[1:])
    yield "edge-twice", model(edges=EDGES + EDGES[:1])
    yield "edge-missing", model(edges=EDGES[1:])
    yield "edge-of-result-missing", model(edges=EDGES[:2])
    yield "edge-of-result", model(edges=EDGES + [edge(3, 0, 2, 0)])
    for attr in ("from-layer", "from-port", "to-layer", "to-port"):
        for value in ("", "-1", "x", "18446744073709551616"):
            text = model()
            at = text.index(f'{attr}="')
            end = text.index('"', at + len(attr) + 2)
            yield f"{attr}-{value}", text[:at] + f'{attr}="{value}' + text[end:]
        yield f"no-{attr}", model().replace(f"{attr}=", "other=", 1)
    relu = [layer(i, f"l{i}", "ReLU", inputs=[0], outputs=[1]) for i in range(1, 4)]
    yield "cycle", net(relu + [result(9)],
                       [edge(1, 1, 2, 0), edge(2, 1, 3, 0), edge(3, 1, 1, 0), edge(3, 1, 9, 0)])
    yield "self-loop", net([layer(1, "l", "ReLU", inputs=[0], outputs=[1]), result(2)],
                           [edge(1, 1, 1, 0), edge(1, 1, 2, 0)])
    n = 20000
    yield "long-cycle", net(
        [layer(i, f"l{i}", "ReLU", inputs=[0], outputs=[1]) for i in range(n)] + [result(n)],
        [edge(i, 1, (i + 1) % n, 0) for i in range(n)] + [edge(0, 1, n, 0)])


def constants():
    def bad(name, **fields):
        return f"const-{name}", model({"w": const(**fields)})

    yield bad("offset-past-end", offset="176")
    yield bad("offset-huge", offset="18446744073709551600")
    yield bad("offset-overflow", offset="18446744073709551615", size="48")
    yield bad("offset-negative", offset="-4")
    yield bad("offset-text", offset="x")
    yield bad("offset-nan", offset="nan")
    yield bad("size-small", size="47")
    yield bad("size-zero", size="0")
    yield bad("size-past-end", size="1000000")
    yield bad("size-huge", size="18446744073709551615")
    yield bad("size-negative", size="-48")
    yield bad("shape-negative", shape="4,-3,1,1")
    yield bad("shape-dynamic", shape="?,3,1,1")
    yield bad("shape-rank", shape="...")
    yield bad("shape-huge", shape="9223372036854775807")
    yield bad("shape-overflow", shape="4294967296,4294967296,4,4")
    yield bad("shape-wraps", shape="65536,65536,65536,65536")
    yield bad("shape-many", shape=",".join(["1"] * 100))
    yield bad("shape-text", shape="4,a,1,1")
    yield bad("shape-empty-field", shape="4,,1,1")
    yield bad("shape-nan", shape="nan,3,1,1")
    yield bad("shape-zero-times-huge", shape="9223372036854775807,9223372036854775807,4,0,-1")
    yield bad("type-unknown", dtype="f31")
    yield bad("type-string", dtype="string")
    yield bad("type-dynamic", dtype="dynamic")
    yield bad("type-empty", dtype="")
    for attr in ("element_type", "shape", "offset", "size"):
        yield f"const-no-{attr}", model({"w": const().replace(f"{attr}=", "other=")})
    yield "const-no-data", model({"w": layer(1, "w", "Const", outputs=[0])})
    yield "const-with-input", model({"w": layer(
        1, "w", "Const", 'element_type="f32" shape="4,3,1,1" offset="0" size="48"',
        inputs=[1], outputs=[0])}, EDGES + [edge(0, 0, 1, 1)])


def parameters():
    for name, shape in (("negative", "1,-3,8,8"), ("text", "1,c,8,8"), ("many", "1," * 99 + "1"),
                        ("overflow", "99999999999999999999"), ("nan", "nan"),
                        ("huge", "4294967296,3,4294967296,4294967296"),
                        ("interval", "5..a"), ("rank", "1,3"), ("comma", "1,3,,8")):
        yield f"parameter-shape-{name}", model({"x": parameter(shape=shape)})
    for dtype in ("f31", "", "FP31", "i65"):
        yield f"parameter-type-{dtype}", model({"x": parameter(dtype=dtype)})
    yield "parameter-type-mismatch", model({"x": parameter(dtype="i32")})


def attributes():
    for name, old, new in (
            ("strides-zero", 'strides="1,1"', 'strides="0,1"'),
            ("strides-negative", 'strides="1,1"', 'strides="-1,1"'),
            ("strides-huge", 'strides="1,1"', 'strides="99999999999999999999,1"'),
            ("strides-text", 'strides="1,1"', 'strides="a,1"'),
            ("strides-nan", 'strides="1,1"', 'strides="nan,1"'),
            ("strides-inf", 'strides="1,1"', 'strides="inf,1"'),
            ("strides-many", 'strides="1,1"', f'strides="{"1," * 1000}1"'),
            ("strides-field", 'strides="1,1"', 'strides="1,,1"'),
            ("dilations-zero", 'dilations="1,1"', 'dilations="0,0"'),
            ("dilations-huge", 'dilations="1,1"', 'dilations="9223372036854775807,1"'),
            ("pads-huge", 'pads_begin="0,0"',
             'pads_begin="9223372036854775807,9223372036854775807"'),
            ("pads-negative", 'pads_end="0,0"', 'pads_end="-100,0"'),
            ("auto-pad", 'auto_pad="explicit"', 'auto_pad="what"'),
            ("no-strides", 'strides="1,1"', "")):
        yield f"conv-{name}", model({"conv": conv(data=CONV.replace(old, new))})
    yield "conv-channels", model({"w": const(shape="4,2,1,1")})
    yield "conv-kernel-too-large", model(
        {"x": parameter(shape="1,3,1,1"), "w": const(shape="1,3,2,2")})
    yield "conv-output-huge", model(
        {"conv": conv(data=CONV.replace('pads_begin="0,0"',
                                        'pads_begin="4611686018427387904,4611686018427387904"'))})

    def one(name, kind, data, shape="1,3,8,8", opset="opset1"):
        return name, net([parameter(shape=shape),
                          layer(1, "l", kind, data, [0], [1], opset), result(2)],
                         [edge(0, 0, 1, 0), edge(1, 1, 2, 0)])

    yield one("softmax-axis", "SoftMax", 'axis="9"')
    yield one("softmax-axis-huge", "SoftMax", 'axis="9223372036854775807"')
    yield one("clamp-order", "Clamp", 'min="text" max="1"')
    yield one("concat-axis", "Concat", 'axis="4"')
    yield one("convert-type", "Convert", 'destination_type="f31"')
    yield one("convert-no-type", "Convert", "")
    pool = ('strides="1,1" pads_begin="0,0" pads_end="0,0" kernel="{}" '
            'rounding_type="floor" auto_pad="explicit"')
    yield one("pool-kernel-zero", "MaxPool", pool.format("0,0"))
    yield one("pool-kernel-huge", "MaxPool", pool.format("9223372036854775807,1"))
    yield one("pool-kernel-rank", "MaxPool", pool.format("1"))

    def indexed(name, kind, data, values, shape="1,3,8,8"):
        return name, net(
            [parameter(shape=shape), const(shape=str(values), dtype="i64", offset="144",
                                           size=str(8 * values)),
             layer(2, "l", kind, data, [0, 1], [2]), result()], EDGES)

    yield indexed("reshape-count", "Reshape", 'special_zero="false"', 4)
    yield indexed("transpose-order", "Transpose", "", 4)
    yield indexed("gather-inputs", "Gather", "", 4)
    yield indexed("unsqueeze-axes", "Unsqueeze", "", 4, "1,3,8,8,8,8,8")
    yield indexed("tile-huge", "Tile", "", 4, "4611686018427387904,1,1,1")


BODY = net([parameter(0, "a", "1,2"), layer(1, "b", "ReLU", inputs=[0], outputs=[1]),
            result(2, "c")], [edge(0, 0, 1, 0), edge(1, 1, 2, 0)])
INNER = BODY[BODY.index("<layers>"):BODY.index("</net>")]
MAP = ('<input external_port_id="0" internal_layer_id="0" axis="0" start="0" end="-1" '
       'stride="1" part_size="1"/><output external_port_id="1" internal_layer_id="2" axis="0"/>')


def iterator(maps=MAP, back="", body=INNER, kind="TensorIterator", opset="opset1", shape="4,2"):
    more = (f"<port_map>{maps}</port_map><back_edges>{back}</back_edges>"
            f"<body>{body}</body>")
    return net([parameter(0, "x", shape),
                layer(1, "ti", kind, "", [0], [1], opset, more), result(2)],
               [edge(0, 0, 1, 0), edge(1, 1, 2, 0)])


def bodies():
    yield "ti-no-body", iterator().replace(f"<body>{INNER}</body>", "")
    yield "ti-empty-body", iterator(body="")
    yield "ti-body-cycle", iterator(body=INNER.replace('from-layer="0" from-port="0"',
                                                       'from-layer="1" from-port="1"'))
    yield "ti-body-unknown-op", iterator(body=INNER.replace("ReLU", "What"))
    yield "ti-no-maps", iterator(maps="")
    for attr, value in (("external_port_id", "7"), ("external_port_id", "-3"),
                        ("internal_layer_id", "1"), ("internal_layer_id", "99"),
                        ("internal_layer_id", "x"), ("axis", "5"), ("axis", "-9"),
                        ("axis", "x"), ("stride", "0"), ("stride", "-9223372036854775808"),
                        ("stride", "3"), ("start", "99"), ("start", "-99"), ("end", "99"),
                        ("end", "9223372036854775807"), ("part_size", "0"),
                        ("part_size", "-1"), ("part_size", "9223372036854775807")):
        at = MAP.index(f'{attr}="')
        end = MAP.index('"', at + len(attr) + 2)
        yield f"ti-{attr}-{value}", iterator(MAP[:at] + f'{attr}="{value}' + MAP[end:])
    yield "ti-input-twice", iterator(MAP + MAP[:MAP.index("<output")])
    yield "ti-output-twice", iterator(MAP + MAP[MAP.index("<output"):])
    yield "ti-output-inner", iterator(MAP.replace('internal_layer_id="2"', 'internal_layer_id="0"'))
    yield "ti-back-edge-sliced", iterator(back='<edge from-layer="2" to-layer="0"/>')
    yield "ti-back-edge-from", iterator(back='<edge from-layer="1" to-layer="0"/>')
    yield "ti-back-edge-to", iterator(back='<edge from-layer="2" to-layer="2"/>')
    yield "ti-purpose", iterator(MAP + '<input external_port_id="-1" internal_layer_id="0" '
                                 'purpose="current_iteration"/>')
    yield "ti-purpose-unknown", iterator(MAP + '<input external_port_id="-1" '
                                         'internal_layer_id="0" purpose="what"/>')
    yield "loop-inputs", iterator(kind="Loop", opset="opset5")
    yield "if-without-branches", iterator(kind="If", opset="opset8")
    body = INNER
    for _ in range(40):
        inner = iterator(body=body)
        body = inner[inner.index("<layers>"):inner.index("</net>")]
    yield "ti-nested", iterator(body=body)
    yield "ti-const-outside", iterator(body=INNER.replace(
        parameter(0, "a", "1,2"), const(0, "a", "1,2", offset="1000000", size="8")))


GROUPS = (texts, entities, nets, layers, edges, constants, parameters, attributes, bodies)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    n = 0
    for group in GROUPS:
        for name, text in group():
            safe = "".join(c if c.isalnum() or c in "-." else "_" for c in name)
            path = folder / f"{group.__name__}-{safe}.xml"
            assert not path.exists(), path
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            path.with_suffix(".bin").write_bytes(WEIGHTS)
            n += 1
    for i, size in enumerate((0, 1, 47)):
        path = folder / f"weights-truncated-{i}.xml"
        path.write_text(model())
        path.with_suffix(".bin").write_bytes(WEIGHTS[:size])
    path = folder / "weights-missing.xml"
    path.write_text(model())
    print(f"{n + 4} files in {folder}")


if __name__ == "__main__":
    main()
