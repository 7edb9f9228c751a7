#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every IR v10 and v11 of IR_TESTDATA, read and written again by our command,
is the same model: the same structure, and the same numbers in OpenVINO wherever
OpenVINO runs the original.

  ir_roundtrip.py [COMMAND...]

The command gets the file that it reads in place of {in} and the folder that it
writes to in place of {dir}; by default it is ir-convert.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

import numpy as np

try:
    import openvino as ov
except ImportError:
    ov = None

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("IR_TESTDATA", TOP / "../shared/testdata"))
COMMAND = ["ir-convert", "--silent", "--input_model", "{in}", "--output_dir", "{dir}"]
SEED = 3

# What is known to be missing; a case that works has to leave the list.
GAPS = {}


def cases():
    for folder in ("models", "conformance/openvino_ir_v10"):
        for path in sorted((DATA / folder).rglob("*.xml")):
            if re.search(r"<net[^>]*version=.1[01].", path.read_text()[:512]):
                yield path


def bin_size(root):
    """Bytes that the constants need."""
    ends = [
        int(data.get("offset")) + int(data.get("size"))
        for data in root.iter("data")
        if data.get("size") is not None and data.get("element_type") is not None
    ]
    return max(ends, default=0)


def make_weights(root, size):
    """Random numbers, but the targets of Reshape as the file shows them."""
    values = np.random.default_rng(SEED).normal(0, 0.1, size // 4 + 1)
    data = bytearray(values.astype("<f4").tobytes()[:size])
    for net in [root, *root.iter("body")]:
        layers = {layer.get("id"): layer for layer in net.findall("layers/layer")}
        for edge in net.findall("edges/edge"):
            const, user = layers[edge.get("from-layer")], layers[edge.get("to-layer")]
            if const.get("type") != "Const" or user.get("type") != "Reshape":
                continue
            dims = [int(d.text) for d in user.findall("output/port/dim")]
            offset = int(const.find("data").get("offset"))
            kind = {"i64": "<i8", "i32": "<i4"}[const.find("data").get("element_type")]
            target = np.array(dims, kind).tobytes()
            data[offset:offset + len(target)] = target
    return bytes(data)


def prepare(path, folder):
    """Copies a model, giving it weights if it has none."""
    xml = folder / "in.xml"
    shutil.copyfile(path, xml)
    weights = path.with_suffix(".bin")
    root = ET.parse(path).getroot()
    need = bin_size(root)
    if weights.exists() and weights.stat().st_size >= need:
        shutil.copyfile(weights, xml.with_suffix(".bin"))
        return xml, True
    xml.with_suffix(".bin").write_bytes(make_weights(root, need))
    return xml, False


def ports(layer, kind):
    return [port.get("id") for port in layer.findall(f"{kind}/port")]


class Layers:
    """The layers and edges under a <net> or body, by name."""

    def __init__(self, net, data):
        self.by_id = {layer.get("id"): layer for layer in net.findall("layers/layer")}
        self.data = data
        self.source = {}
        for edge in net.findall("edges/edge"):
            start = self.by_id[edge.get("from-layer")]
            end = self.by_id[edge.get("to-layer")]
            self.source[end.get("id"), ports(end, "input").index(edge.get("to-port"))] = (
                start, ports(start, "output").index(edge.get("from-port")))

    def attrs(self, layer):
        found = dict((layer.find("data").attrib if layer.find("data") is not None else {}))
        if layer.get("type") == "Const":
            offset = int(found.pop("offset"))
            size = int(found.pop("size"))
            found["bytes"] = self.data[offset:offset + size]
            found["shape"] = found["shape"].replace(" ", "")
        return found

    def key(self, layer):
        if layer.get("type") != "Result":
            return layer.get("name")
        start, port = self.source[layer.get("id"), 0]
        return f"result of {start.get('name')}:{port}"

    def needed(self):
        todo = [layer for layer in self.by_id.values()
                if layer.get("type") in ("Result", "Parameter", "Assign")]
        seen = {}
        while todo:
            layer = todo.pop()
            if layer.get("id") in seen:
                continue
            seen[layer.get("id")] = layer
            for index in range(len(ports(layer, "input"))):
                todo.append(self.source[layer.get("id"), index][0])
        return list(seen.values())


def same_text(a, b):
    """Attribute values: numbers by value, words without case."""
    a, b = (re.sub(r"\s", "", text).lower() for text in (a, b))
    words = {"true": "1", "false": "0"}
    if words.get(a, a) == words.get(b, b):
        return True
    try:
        x = [float(v) for v in a.split(",")]
        y = [float(v) for v in b.split(",")]
    except ValueError:
        return False
    return len(x) == len(y) and all(np.float32(p) == np.float32(q) for p, q in zip(x, y))


def diff_maps(was, now, a, b):
    """Port maps and back edges, in words that do not depend on numbering."""

    def words(layer, bodies):
        for tag, body in bodies:
            for entry in layer.findall(f"{tag}/*"):
                fields = dict(entry.attrib)
                port = fields.pop("external_port_id", None)
                if port not in (None, "-1"):
                    fields["port"] = str(ports(layer, entry.tag).index(port))
                for name in ("internal_layer_id", "from-layer", "to-layer"):
                    if name in fields:
                        inner = body.by_id[fields[name]]
                        fields[name] = body.key(inner)
                if "axis" in fields:
                    for name, value in (("start", "0"), ("end", "-1"), ("stride", "1"),
                                        ("part_size", "1")):
                        fields.setdefault(name, value)
                yield tag, entry.tag, tuple(sorted(fields.items()))

    pairs = [("body", ("port_map", "back_edges")), ("then_body", ("then_port_map",)),
             ("else_body", ("else_port_map",))]
    for tag, maps in pairs:
        if was.find(tag) is None:
            continue
        inner_a, inner_b = Layers(was.find(tag), a.data), Layers(now.find(tag), b.data)
        x = collections.Counter(words(was, [(m, inner_a) for m in maps]))
        y = collections.Counter(words(now, [(m, inner_b) for m in maps]))
        if x != y:
            yield f"{a.key(was)}: {maps} differ: {x - y} {y - x}"
        yield from diff_layers(inner_a, inner_b)


def diff_layer(was, now, a, b):
    name = a.key(was)
    if was.get("type").lower() != now.get("type").lower():
        yield f"{name}: type {was.get('type')} became {now.get('type')}"
    n_in = len(ports(was, "input"))
    if n_in != len(ports(now, "input")):
        yield f"{name}: number of inputs"
        return
    for index in range(n_in):
        x, y = a.source[was.get("id"), index], b.source[now.get("id"), index]
        if (a.key(x[0]), x[1]) != (b.key(y[0]), y[1]):
            yield f"{name}: input {index} reads {b.key(y[0])}"
    x, y = a.attrs(was), b.attrs(now)
    for key in x.keys() & y.keys():
        if isinstance(x[key], bytes):
            if x[key] != y[key]:
                yield f"{name}: other bytes"
        elif not same_text(x[key], y[key]):
            yield f"{name}: {key}={x[key]} became {y[key]}"
    yield from diff_maps(was, now, a, b)


def diff_layers(a, b):
    was = {a.key(layer): layer for layer in a.needed()}
    now = {b.key(layer): layer for layer in b.needed()}
    if was.keys() != now.keys():
        yield f"layers: lost {was.keys() - now.keys()}, new {now.keys() - was.keys()}"
    for key in was.keys() & now.keys():
        yield from diff_layer(was[key], now[key], a, b)


def structure(path_a, path_b):
    data = [path.with_suffix(".bin").read_bytes() for path in (path_a, path_b)]
    a, b = (ET.parse(path).getroot() for path in (path_a, path_b))
    order = [[layer.get("name") for layer in net.findall("layers/layer")
              if layer.get("type") == "Parameter"] for net in (a, b)]
    if order[0] != order[1]:
        yield f"order of inputs {order[0]} became {order[1]}"
    yield from diff_layers(Layers(a, data[0]), Layers(b, data[1]))


def run(path):
    """The outputs in OpenVINO on random inputs, or None and its refusal."""
    core = ov.Core()
    random = np.random.default_rng(SEED)
    try:
        model = core.compile_model(core.read_model(path), "CPU",
                                   {"INFERENCE_PRECISION_HINT": "f32"})
        feeds = []
        for port in model.inputs:
            shape = [d.get_length() if d.is_static else 1 for d in port.partial_shape]
            dtype = port.element_type.to_dtype()
            feeds.append(random.random(shape).astype(dtype) if dtype.kind == "f"
                         else random.integers(0, 2, shape).astype(dtype))
        result = model(feeds)
        return [np.array(result[port]) for port in model.outputs], None
    except Exception as reason:
        return None, str(reason).strip().splitlines()[-1][:120]


def numbers(path_a, path_b):
    was, refusal = run(path_a)
    if was is None:
        return f"OpenVINO refuses the original: {refusal}"
    now, refusal = run(path_b)
    if now is None:
        raise AssertionError(f"OpenVINO refuses what we wrote: {refusal}")
    if len(was) != len(now):
        raise AssertionError("number of outputs")
    for index, (x, y) in enumerate(zip(was, now)):
        # Of v10 OpenVINO shows 64-bit integers as 32-bit ones and halves as
        # floats; of v11 it shows what is there.
        small = min(x.dtype, y.dtype, key=lambda dtype: dtype.itemsize)
        if x.shape != y.shape or not np.array_equal(x.astype(small), y.astype(small),
                                                    equal_nan=True):
            raise AssertionError(f"output {index} differs by {np.abs(x - y).max()}")
    return f"{len(was)} outputs equal"


def check(path, command):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source, has_weights = prepare(path, folder)
        out = folder / "out" / "in.xml"
        out.parent.mkdir()
        words = [w.replace("{in}", str(source)).replace("{out}", str(out))
                 .replace("{dir}", str(out.parent)) for w in command]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError((done.stderr + done.stdout).strip()[-300:])
        problems = list(structure(source, out))
        if problems:
            raise AssertionError("; ".join(problems[:5]))
        if ov is None:
            return "same structure"
        said = numbers(source, out)
        return said if has_weights else f"{said} (random weights)"


def main():
    command = sys.argv[1:] or COMMAND
    passed = failed = skipped = 0
    for path in cases():
        name = path.relative_to(DATA)
        gap = GAPS.get(path.name)
        try:
            result = check(path, command)
        except Exception as reason:
            if gap:
                print(f"skip {name}: known gap: {gap}")
                skipped += 1
            else:
                print(f"FAIL {name}: {reason}")
                failed += 1
            continue
        if gap:
            print(f"FAIL {name}: works now, take it off the list of gaps")
            failed += 1
        else:
            print(f"ok {name}: {result}")
            passed += 1
    skipped = skipped or (0 if passed + failed else 1)
    if ov is None:
        print("without OpenVINO only the structure was compared")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
