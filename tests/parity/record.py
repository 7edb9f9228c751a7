#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the command lines of lines.txt with the real Model Optimizer and keeps what
comes out in record.json; by hand, when lines are added:

    tests/parity/record.py [--live] [WORD...]

Lines that are in the record already are not run again unless --live is given; WORDs
choose lines that contain one of them. Makes Python environments of its own under
build/. Needs Python 3.11 and, for lines with options that the last release doesn't
have any more, 3.9."""

import inspect
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
NETS = TOP / "build/parity-nets"

# The last release, which runs the IRs, and the last one with the options of 2021.
LAST = ("3.11", ["openvino==2023.3.0", "openvino-dev==2023.3.0", "protobuf<4",
                 "numpy<2", "onnx==1.14.1"])
OLD = ("3.9", ["openvino==2022.3.1", "openvino-dev==2022.3.1", "protobuf<4",
               "numpy<1.24", "onnx==1.12.0"])
OLD_OPTIONS = ("--data_type", "--disable_fusing", "--finegrain_fusing", "--mean_file",
               "-mf", "--disable_resnet_optimization", "--enable_concat_optimization")
# No release that can be installed has it any more; it only changes the ops.
GONE_OPTIONS = ("--disable_gfusing",)


def environment(python, packages):
    """The folder of an environment that has them."""
    folder = TOP / "build" / ("parity-mo-" + packages[0].split("==")[1])
    if not (folder / "ready").exists():
        command = shutil.which("python" + python)
        if not command:
            sys.exit("Python %s is not here, %s needs it" % (python, packages[0]))
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([command, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin/pip", "install", "--quiet", *packages],
                       check=True)
        (folder / "ready").touch()
    return folder


# --- in the environments ----------------------------------------------------------------


def child(log, function):
    """Runs it in a process of its own that has all modules already."""
    pid = os.fork()
    if not pid:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = 1
        try:
            code = function() or 0
        except SystemExit as end:
            code = 1 if isinstance(end.code, str) else end.code or 0
        except BaseException as error:
            print(error, file=sys.stderr)
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def convert_all(jobs):
    """mo, a line after the other."""
    import openvino.tools.mo.main as mo

    import openvino.tools.mo.utils.cli_parser as cli

    def run(words):
        sys.argv = ["mo"] + words
        if "fem" in inspect.signature(cli.get_all_cli_parser).parameters:
            from openvino.frontend import FrontEndManager
            return mo.main(cli.get_all_cli_parser(FrontEndManager()), None)
        return mo.main(cli.get_all_cli_parser(), None)

    for job in jobs:
        job["code"] = child(job["log"], lambda: run(job["words"]))
        print(job["code"], job["line"], flush=True)


def describe_all(jobs):
    import parity
    for job in jobs:
        found = sorted(pathlib.Path(job["folder"]).glob("*.xml"))
        if found:
            def write():
                result = parity.describe(found[0], job["line"])
                (pathlib.Path(job["folder"]) / "result.json").write_text(
                    json.dumps(result))
            child(job["log"], write)
        print(job["line"], flush=True)


def inside(folder, what, jobs, path):
    path.write_text(json.dumps(jobs))
    subprocess.run([folder / "bin/python", __file__, what, path], check=True,
                   env=dict(os.environ, IR_TESTDATA=str(data())))


def data():
    return os.environ.get("IR_TESTDATA", TOP / "../shared/testdata")


# --- from outside -----------------------------------------------------------------------


def error_of(log):
    """What mo says and the number of its answer in the FAQ."""
    text = pathlib.Path(log).read_text(errors="replace")
    lines = re.findall(r"\[[A-Z ]*ERROR \] +(.*)", text) or text.splitlines()[-1:]
    lines = [line for line in lines if line.strip("- ")]
    numbers = re.findall(r"question[=# ]+(\d+)", "\n".join(
        line for line in text.splitlines() if "=80" not in line))
    first = re.sub(r"/\S*/(models|conformance|parity-nets)/", "", lines[0]) \
        if lines else ""
    return {"error": first[:160], "faq": int(numbers[-1]) if numbers else None}


def mo_words(words, old):
    words = [w for w in words if w not in GONE_OPTIONS]
    if not old and not any(w.startswith("--compress") for w in words):
        words.append("--compress_to_fp16=False")
    return words


def record(chosen):
    """What mo makes of these cases, by line."""
    last = environment(*LAST)
    NETS.mkdir(parents=True, exist_ok=True)
    subprocess.run([last / "bin/python", "-c", "import pathlib, caffe_nets, onnx_nets\n"
                    "for nets in caffe_nets, onnx_nets:\n"
                    "  nets.write_all(pathlib.Path(%r))" % str(NETS)], check=True,
                   cwd=pathlib.Path(__file__).parent)
    import lines
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        jobs = {False: [], True: []}
        for n, case in enumerate(chosen):
            folder = work / str(n)
            folder.mkdir()
            words = lines.arguments(case.line, NETS)
            old = any(w.split("=")[0] in OLD_OPTIONS for w in words)
            jobs[old].append({"line": case.line, "folder": str(folder),
                              "log": str(work / ("%d.log" % n)),
                              "words": mo_words(words, old) + ["-o", str(folder)]})
        inside(last, "--convert", jobs[False], work / "jobs.json")
        if jobs[True]:
            inside(environment(*OLD), "--convert", jobs[True], work / "jobs.json")
        every = jobs[False] + jobs[True]
        inside(last, "--describe", every, work / "jobs.json")
        out = {}
        for job in every:
            result = pathlib.Path(job["folder"]) / "result.json"
            out[job["line"]] = (json.loads(result.read_text()) if result.exists()
                                else error_of(job["log"]))
        return out


def main():
    options = sys.argv[1:]
    if options[:1] in (["--convert"], ["--describe"]):
        jobs = json.loads(pathlib.Path(options[1]).read_text())
        return (convert_all if options[0] == "--convert" else describe_all)(jobs)
    import lines
    words = [o for o in options if o != "--live"]
    kept = lines.load()
    chosen = [c for c in lines.cases()
              if ("--live" in options or c.line not in kept)
              and (not words or any(w in c.line for w in words))]
    kept.update(record(chosen))
    lines.save(kept)
    for case in lines.cases():
        if case.line in kept and case.wrong != ("error" in kept[case.line]):
            print("%s: %s" % (case.line, kept[case.line].get(
                "error", "mo takes it")))


if __name__ == "__main__":
    main()
