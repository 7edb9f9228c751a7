# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command lines of the suite, and the record of what the Model Optimizer made of
them."""

import collections
import json
import os
import pathlib
import shlex

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
DATA = pathlib.Path(os.environ.get("IR_TESTDATA", TOP / "../shared/testdata")).resolve()
RECORD = HERE / "record.json"

Case = collections.namedtuple("Case", "line wrong")


def cases():
    for line in (HERE / "lines.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            yield Case(line.lstrip("! "), line.startswith("!"))


def arguments(line, nets):
    """The words of a line, with the folders in the place of their names."""
    folders = {"MODELS/": DATA / "models", "CONFORMANCE/": DATA / "conformance",
               "NETS/": nets}
    words = shlex.split(line)
    for name, folder in folders.items():
        words = [w.replace(name, "%s/" % folder) for w in words]
    return words


def half(line):
    """Whether the weights are to be FP16."""
    words = line.replace("=", " ").split()
    return "FP16" in words or "half" in words or (
        "--compress_to_fp16" in words and "False" not in words)


def is_caffe(line):
    return ".caffemodel" in line


def load():
    return json.loads(RECORD.read_text()) if RECORD.exists() else {}


def save(record):
    """One line per case, in the order of the list, so that changes can be seen."""
    lines = [json.dumps(c.line) + ": " + json.dumps(
        record[c.line], separators=(",", ":"), allow_nan=True)
        for c in cases() if c.line in record]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")
