#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Gives ir-convert the command lines of lines.txt and compares what comes out, run in
OpenVINO on the same arrays, with what the Model Optimizer gave (record.json): the same
inputs and outputs, numbers within 1e-4 of their range (5e-3 with FP16), no more ops.
Lines that are wrong must be refused. With --live the Model Optimizer runs again.

    tests/parity/run.py [--live] [WORD...]

WORDs choose lines that contain one of them. What is known to be missing is in
known.txt, with the reason; a case of that list that passes is an error.

The last line is "N passed, N failed, N skipped"."""

import pathlib
import subprocess
import sys
import tempfile

import lines
import numpy as np
import parity

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
from engines import Report  # noqa: E402

TOLERANCE, TOLERANCE_F16 = 1e-4, 5e-3  # of the output's range
# What single precision can't tell apart, of the largest number.
FLOOR = 1e-6


def known_gaps():
    """Reasons by line: a reason is a line that begins with "#", for those below it."""
    gaps, reason = {}, ""
    for line in (lines.HERE / "known.txt").read_text().splitlines():
        if line.startswith("#"):
            reason = line.lstrip("# ")
        elif line:
            gaps[line] = reason
    return gaps


# --- comparing --------------------------------------------------------------------------


def partner(port, others):
    """The port of the same tensor, or of the same node where the original has no name
    for the tensor. The order is not compared: ours is that of --input and --output,
    the original's that of the model."""
    same = [o for o in others if set(port["names"]) & set(o["names"])]
    same += [o for o in others if port["node"] in o["names"] + [o["node"]]]
    return same[0] if same else None


def compare_ports(kind, want, got):
    if len(want) != len(got):
        return "%d %ss, not %d" % (len(got), kind, len(want))
    for a in want:
        b = partner(a, got)
        if b is None:
            return "no %s %s" % (kind, a["names"] or a["node"])
        for what in ("node", "shape", "type"):
            if a[what] != b[what]:
                return "%s %s: %s %s, not %s" % (kind, a["node"], what, b[what], a[what])
    return None


def compare_numbers(want, got, line):
    tolerance = TOLERANCE_F16 if lines.half(line) else TOLERANCE
    for a in want:
        b = partner(a, got)
        if b is None:
            continue
        if a["size"] != b["size"]:
            return "output %s: %s numbers, not %s" % (a["node"], b["size"], a["size"])
        low, high = a["range"]
        allowed = max(tolerance * (high - low), FLOOR * max(abs(low), abs(high)), 1e-7)
        sample = zip(a["sample"] + a["range"], b["sample"] + b["range"])
        worst = max((0 if x == y or x != x and y != y else abs(x - y)
                     for x, y in sample), default=0)
        if not worst <= allowed:
            return "output %s: off by %g, of a range of %g" % (
                a["node"], worst, high - low)
    return None


def compare_ops(want, got, line):
    """The number of ops; nothing is said of what an option asks to leave as it is."""
    if "--disable" in line or "--finegrain" in line:
        return None
    a, b = sum(want.values()), sum(got.values())
    more = ["%s %d, not %d" % (k, n, want.get(k, 0)) for k, n in got.items()
            if n > want.get(k, 0)]
    return "%d ops, not %d: %s" % (b, a, "; ".join(more)) if b > a else None


def compare(want, got, line):
    """All that is wrong, or None."""
    problems = [compare_ports("input", want["inputs"], got["inputs"]),
                compare_ports("output", want["outputs"], got["outputs"]),
                compare_ops(want["ops"], got["ops"], line)]
    if want["name"] != got["name"]:
        problems.append("files called %s, not %s" % (got["name"], want["name"]))
    if len(want["outputs"]) == len(got["outputs"]):
        problems.append(compare_numbers(want["outputs"], got["outputs"], line))
    return "; ".join(p for p in problems if p) or None


# --- cases --------------------------------------------------------------------------


def convert(line, nets, folder):
    return subprocess.run(
        ["ir-convert", *lines.arguments(line, nets), "-o", folder],
        capture_output=True, text=True, timeout=300)


def check_refused(run, want):
    """A wrong line: refused with one error, and with the same number of the FAQ."""
    errors = [t for t in run.stderr.splitlines() if "ERROR" in t]
    if not run.returncode:
        return "it is not refused"
    if run.returncode not in (1, 2) or not errors:
        return "it ends with %d and %d errors" % (run.returncode, len(errors))
    return None


def order_of(want):
    """Which of the arrays is for an input: the record's order by name."""
    def find(port, n):
        other = partner(port, want.get("inputs", []))
        return want["inputs"].index(other) if other else n
    return find


def check(case, want, nets):
    """What is wrong with a case, or None."""
    with tempfile.TemporaryDirectory() as folder:
        run = convert(case.line, nets, folder)
        if case.wrong:
            return check_refused(run, want)
        if run.returncode:
            # What the original can't do, this one needn't.
            return None if "error" in want else run.stderr.strip()[-200:]
        xml = sorted(pathlib.Path(folder).glob("*.xml"))[0]
        got = parity.describe(xml, case.line, order_of(want))
        return None if "error" in want else compare(want, got, case.line)


def caffe_is_there():
    run = subprocess.run(["ir-convert", "--help"], capture_output=True, text=True)
    return "caffe" in run.stdout.lower()


def write_nets(folder):
    import caffe_nets
    import onnx_nets
    folder.mkdir(parents=True, exist_ok=True)
    caffe_nets.write_all(folder)
    onnx_nets.write_all(folder)


def main():
    words = [w for w in sys.argv[1:] if w != "--live"]
    chosen = [c for c in lines.cases()
              if not words or any(w in c.line for w in words)]
    report = Report()
    if not lines.DATA.is_dir():
        report.skip("parity", "IR_TESTDATA is not there")
        return report.finish()
    if "--live" in sys.argv:
        import record
        wanted = record.record(chosen)
    else:
        wanted = lines.load()
    gaps = known_gaps()
    if not caffe_is_there():
        report.skip("%d lines" % sum(lines.is_caffe(c.line) for c in chosen),
                    "ir-convert does not read Caffe yet")
        chosen = [c for c in chosen if not lines.is_caffe(c.line)]
    with tempfile.TemporaryDirectory() as nets:
        nets = pathlib.Path(nets)
        write_nets(nets)
        for case in chosen:
            try:
                problem = check(case, wanted[case.line], nets)
            except Exception as error:
                problem = "%s: %s" % (type(error).__name__, error)
            gap = gaps.get(case.line)
            if gap and problem:
                report.skip(case.line, "%s (%s)" % (gap, problem))
            elif gap:
                report.note(case.line, "it passes, and is in known.txt: " + gap)
            else:
                report.note(case.line, problem)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
