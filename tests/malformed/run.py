#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Feeds broken files to a command of a build, best one with sanitizers:

  run.py BUILD MAKER.py

MAKER.py writes the files into the folder that it is given. Every one has to be
refused: exit code 1, exactly one [ ERROR ] line that names the file, nothing from a
sanitizer, within the limits of time and memory, and nothing written. What is in
FILE.expect, if there is one, has to be in the message. Files called good-* have to
be accepted instead, within the same limits. Ends with a line that counts.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile
import threading

SECONDS = 5         # of the processor
HANGS = 60          # by the clock
MEGABYTES = 256
JOBS = 2

# By the end of the file's name: the program in the build and its arguments.
COMMANDS = {
    ".xml": ("inference/tools/ir-inspect", ["{file}"]),
    "": ("converter/ir-convert",
         ["--input_model", "{file}", "--output_dir", "{out}"]),
}
# Files that belong to others.
COMPANIONS = {".bin", ".data", ".weights", ".expect"}

ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:quarantine_size_mb=8:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "G_SLICE": "always-malloc",
}


def measure(words, environment):
    """Exit code, what was printed, processor time, and peak memory in megabytes."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=log,
                                   env=environment)
        timer = threading.Timer(HANGS, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        text = log.read().decode(errors="replace")
    return process.returncode, text, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def judge_message(code, text, path):
    """What is wrong with how the file was refused."""
    expect = path.with_name(path.name + ".expect")
    if code != 1:
        return f"exit code {code}: {text.strip()[-200:]}"
    if text.count("[ ERROR ]") != 1:
        return f"{text.count('[ ERROR ]')} errors: {text.strip()[:200]}"
    for word in (path.name, expect.read_text() if expect.exists() else ""):
        if word not in text:
            return f"'{word}' is not in: {text.strip()[:300]}"
    if any(ord(c) < 32 and c != "\n" for c in text):
        return f"control characters: {text.strip()[:200]!r}"
    return None


def judge(code, text, seconds, peak, out, path):
    if "Sanitizer" in text or "runtime error:" in text:
        return "sanitizer: " + next(
            line for line in text.splitlines() if "anitizer" in line or "runtime error" in line)
    if code == -9:
        return f"not done after {HANGS} s"
    if seconds > SECONDS:
        return f"took {seconds:.1f} s"
    if peak > MEGABYTES:
        return f"took {peak:.0f} MB"
    if path.name.startswith("good-"):
        return None if code == 0 else f"exit code {code}: {text.strip()[-200:]}"
    if any(out.iterdir()):
        return "left files behind"
    return judge_message(code, text, path)


def check(build, path):
    end = path.suffix if path.suffix in COMMANDS else ""
    program, arguments = COMMANDS[end]
    supp = pathlib.Path(__file__).resolve().parents[1] / "lsan.supp"
    environment = dict(os.environ, **ENVIRONMENT)
    if supp.exists():
        environment["LSAN_OPTIONS"] = f"suppressions={supp}:print_suppressions=0"
    with tempfile.TemporaryDirectory() as out:
        words = [str(build / program)] + [
            a.replace("{file}", str(path)).replace("{out}", out) for a in arguments]
        code, text, seconds, peak = measure(words, environment)
        problem = judge(code, text, seconds, peak, pathlib.Path(out), path)
        return path.name, problem, seconds, peak


def main():
    build, maker = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", maker, folder], check=True)
        files = sorted(p for p in pathlib.Path(folder).iterdir()
                       if p.suffix not in COMPANIONS)
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            results = list(pool.map(lambda p: check(build, p), files))
    bad = [(name, problem) for name, problem, _, _ in results if problem]
    for name, problem in bad:
        print(f"FAIL {name}: {problem}")
    print(f"at most {max((r[2] for r in results), default=0):.1f} s and "
          f"{max((r[3] for r in results), default=0):.0f} MB each")
    print(f"{len(results) - len(bad)} passed, {len(bad)} failed, {0 if results else 1} skipped")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
