#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every model of IR_TESTDATA that IR version 10 can hold, written in it and in version 7
by ir-convert: read again by us they give the same numbers, and version 10 gives those of
version 11 in OpenVINO."""

import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from engines import DATA, Report, core, openvino_run, ours  # noqa: E402

# Of models that have none.
SHAPES = {"face_detection_yunet_2026may.onnx": "[1,3,160,160]"}
# Factors may be folded in another order.
LIMIT = 1e-5
report = Report()


def models():
    for folder in ("models", "conformance/openvino_ir_v10", "conformance/openvino_ir_old"):
        for path in sorted((DATA / folder).rglob("*.xml")):
            if path.with_suffix(".bin").exists() or "size=" not in path.read_text():
                yield path
    yield from sorted((DATA / "models").rglob("*.onnx"))


def convert(path, folder, version):
    run = subprocess.run(
        ["ir-convert", "--silent", "--input_model", str(path), "--output_dir", str(folder),
         "--model_name", "m", "--ir_version", str(version)] +
        (["--input_shape", SHAPES[path.name]] if path.name in SHAPES else []),
        capture_output=True, text=True)
    return folder / "m.xml", run.stderr.strip()


def feeds(path):
    random = np.random.default_rng(7)
    for port in core.read_model(path).inputs:
        shape = [d.get_length() if d.is_static else 1 for d in port.partial_shape]
        dtype = port.element_type.to_dtype()
        yield (random.random(shape).astype(dtype) if dtype.kind == "f"
               else random.integers(0, 2, shape).astype(dtype))


def same(a, b):
    """Of version 10 OpenVINO shows halves as floats and 64-bit integers as 32-bit ones."""
    for x, y in zip(a, b):
        small = min(x.dtype, y.dtype, key=lambda dtype: dtype.itemsize)
        if x.shape != y.shape or not np.array_equal(x.astype(small), y.astype(small),
                                                    equal_nan=x.dtype.kind == "f"):
            return False
    return len(a) == len(b)


def check_mapping(path):
    """Ids and ports of the .mapping are those of the .xml."""
    layers = {layer.get("id"): layer for layer in ET.parse(path).getroot().find("layers")}
    for entry in ET.parse(path.with_suffix(".mapping")).getroot():
        layer = layers[entry.find("IR").get("id")]
        ports = [p.get("id") for p in layer.findall("output/port")]
        if (layer.get("name") != entry.find("IR").get("name") or
                entry.find("IR").get("out_port_id") not in ports):
            return False
    return True


def check_layers(path, folder, new, arrays):
    """Version 7 is read by nobody else any more. It computes in floats: of INT8 models the
    CPU device would take other kernels, and halves at the end are not rounded to."""
    layers, refusal = convert(path, folder / "7", 7)
    if refusal:
        print("   " + refusal)
        return None if "IR version 7 cannot hold" in refusal else refusal
    device = "REFERENCE" if "INT8" in str(path) else "CPU"
    wanted = ours(new, arrays, device)
    arrays = [a.astype(np.float32) if a.dtype == np.float16 else a for a in arrays]
    limit = 1e-3 if any(a.dtype == np.float16 for a in wanted) else LIMIT
    worst = max(np.abs(a.astype(np.float64) - b).max() / max(np.ptp(a), 1e-6)
                for a, b in zip(wanted, ours(layers, arrays, device)))
    print("   version 7: %.1e off" % worst)
    return None if worst <= limit else "version 7 is %.1e off" % worst


def check(path, folder):
    new, error = convert(path, folder / "11", 11)
    old, refusal = convert(path, folder / "10", 10)
    if error or refusal:
        return error or refusal
    if 'version="10"' not in old.read_text()[:200]:
        return "is not of version 10"
    if not check_mapping(old):
        return "the .mapping is wrong"
    try:
        arrays = list(feeds(new))
        wanted = openvino_run(new, arrays)
    except Exception as reason:
        return "skip OpenVINO refuses version 11: %s" % str(reason).splitlines()[-1][:80]
    if not same(ours(new, arrays), ours(old, arrays)):
        return "other numbers in ours"
    problem = check_layers(path, folder, new, arrays)
    if problem:
        return problem
    narrow = [a.astype(np.float32) if a.dtype == np.float16 else
              a.astype(np.int32) if a.dtype == np.int64 else a for a in arrays]
    if not same(wanted, openvino_run(old, narrow)):
        return "other numbers in OpenVINO"
    return None


def main():
    for path in models():
        name = str(path.relative_to(DATA))
        with tempfile.TemporaryDirectory() as folder:
            try:
                problem = check(path, pathlib.Path(folder))
            except Exception as reason:
                problem = str(reason)[-300:]
        if problem and problem.startswith("skip"):
            report.skip(name, problem[5:])
        elif problem and "IR versions up to 10 " in problem:
            report.skip(name, problem)
        else:
            report.note(name, problem)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
