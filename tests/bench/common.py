# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the scripts that measure share: models, the machine and its speed of the
moment, where the figures go."""

import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("IR_TESTDATA", TOP / "../shared/testdata"))
DOCS = TOP / "docs/performance.md"

# --- models ---------------------------------------------------------------------

# Of those whose own is dynamic.
SHAPES = {"face_detection_yunet_2026may": [1, 3, 320, 320]}


def is_ir(path):
    head = path.read_bytes()[:400].decode("utf-8", "replace")
    return any('version="%d"' % v in head for v in (10, 11))


def models():
    return sorted([*DATA.glob("models/**/*.onnx"),
                   *filter(is_ir, DATA.glob("models/**/*.xml"))])


def short_name(path):
    """The parts of a path that tell models from each other."""
    return "/".join(path.parts[-3:] if path.suffix == ".xml" else path.parts[-2:])


# --- programs -------------------------------------------------------------------


def program(name):
    """One of tests/bench, in the build folder that ir-bench is run from."""
    bench = shutil.which("ir-bench")
    if not bench:
        sys.exit("ir-bench is not in PATH: meson devenv -C build puts it there")
    path = pathlib.Path(bench).resolve().parents[2] / "tests/bench" / name
    if not path.exists():
        sys.exit("%s is not there: ninja -C build tests/bench/%s" % (path, name))
    return str(path)


def run_json(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command),
                                       done.stderr.strip()[-300:]))
    return json.loads(done.stdout)


def ir_bench(path, precision, *options):
    """ir-bench's report. Without being told it computes in what the CPU is best at."""
    command = ["ir-bench", "-m", str(path), "-d", "CPU", "--json",
               "-infer_precision", precision, *map(str, options)]
    if path.stem in SHAPES:
        command += ["--shape", str(SHAPES[path.stem]).replace(" ", "")]
    return run_json(command)


def control(threads):
    """What the machine's arithmetic reaches now: fma_gflops and amx_gflops."""
    return run_json([program("bench-control"), str(threads or os.cpu_count()),
                     "30"])


# --- figures --------------------------------------------------------------------


def median(values):
    return statistics.median(values)


def processor():
    with open("/proc/cpuinfo") as file:
        text = file.read()
    name = re.search(r"model name\s*: (.*)", text)
    flags = re.search(r"flags\s*: (.*)", text)
    flags = set(flags.group(1).split()) if flags else set()
    best = [f for f in ("avx2", "avx512f", "avx512_vnni", "amx_bf16") if f in flags]
    return "%s, %d processors, %s" % (
        name.group(1) if name else "unknown CPU", os.cpu_count(),
        " ".join(best) or "no AVX2")


def version():
    return subprocess.run(["ir-bench", "--version"], capture_output=True,
                          text=True, check=True).stdout.strip()


def circumstances(load):
    """@load is the average before."""
    return "%s. %s. %s. Load average %.1f before and %.1f after." % (
        datetime.date.today().isoformat(), processor(), version(), load,
        os.getloadavg()[0])


def write_docs(key, lines):
    """Puts the lines where docs/performance.md has the key, or at its end."""
    begin, end = "<!-- %s: begin -->" % key, "<!-- %s: end -->" % key
    text = DOCS.read_text()
    if begin not in text:
        text += "\n### %s\n\n%s\n%s\n" % (key, begin, end)
    head, rest = text.split(begin)
    DOCS.write_text("%s%s\n%s\n%s%s" % (head, begin, "\n".join(lines), end,
                                       rest.split(end)[1]))


def save_json(path, figures):
    path.write_text(json.dumps(figures, indent=1) + "\n")
