# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the unit tests of a build and counts their cases.

usage: units.py BUILD [--asan|--tsan] [meson test arguments]
"""
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree


HERE = os.path.dirname(os.path.abspath(__file__))


def fill_registry(build, sanitizer):
    """Lets GStreamer look at all plugins once, so that what foreign ones do
    while they are looked at is not what the tests do."""
    runtime = subprocess.run(['gcc', f'-print-file-name=lib{sanitizer}.so'],
                             capture_output=True, text=True).stdout.strip()
    subprocess.run(
        ['meson', 'devenv', '-C', build, 'env', 'ASAN_OPTIONS=detect_leaks=0',
         'TSAN_OPTIONS=report_bugs=0', 'GST_REGISTRY_FORK=no',
         'LD_PRELOAD=' + runtime, 'gst-inspect-1.0', 'irinfer'],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


# What has threads.
THREADED = ['runtime-requests', 'runtime-results', 'gst-convert', 'gst-infer',
            'gst-states']


def tsan(build, environment, arguments):
    """tests/tsan/glib-sync.c explains the library."""
    library = os.path.abspath(os.path.join(build, 'tests/tsan/libglib-sync.so'))
    environment['TSAN_OPTIONS'] = ('exitcode=66:history_size=4:suppressions='
                                   + os.path.join(HERE, 'tsan.supp'))
    arguments += ['--wrapper', 'env LD_PRELOAD=' + library]


def main():
    build, arguments = sys.argv[1], sys.argv[2:]
    environment = dict(os.environ)
    sanitizer = [name for name in ('asan', 'tsan') if '--' + name in arguments]
    if sanitizer:
        arguments.remove('--' + sanitizer[0])
        if sanitizer[0] == 'tsan' and not arguments:
            arguments += THREADED
        environment['ASAN_OPTIONS'] = (
            'detect_leaks=1:allocator_may_return_null=1:'
            'fast_unwind_on_malloc=0')
        environment['LSAN_OPTIONS'] = (
            'print_suppressions=0:suppressions='
            + os.path.join(HERE, 'lsan.supp'))
        environment['UBSAN_OPTIONS'] = 'halt_on_error=1:print_stacktrace=1'
        environment['G_SLICE'] = 'always-malloc'
        # The scanner's own process lacks the sanitizers' runtime.
        environment['GST_REGISTRY_FORK'] = 'no'
        arguments += ['--timeout-multiplier', '4']
        fill_registry(build, sanitizer[0])
        if sanitizer[0] == 'tsan':
            tsan(build, environment, arguments)
    if '--suite' not in arguments:
        arguments += ['--suite', 'unit']
    # Meson names its report after the wrapper.
    suffix = '-env' if '--wrapper' in arguments else ''
    report = os.path.join(build, 'meson-logs', f'testlog{suffix}.junit.xml')
    if os.path.exists(report):
        os.remove(report)
    run = subprocess.run(
        ['meson', 'test', '-C', build, '--no-rebuild', '--print-errorlogs',
         *arguments], env=environment)
    passed = failed = skipped = 0
    if os.path.exists(report):
        for case in ElementTree.parse(report).iter('testcase'):
            if case.find('failure') is not None or case.find('error') is not None:
                failed += 1
                print('FAIL', case.get('classname'), case.get('name'))
            elif case.find('skipped') is not None:
                skipped += 1
            else:
                passed += 1
    if run.returncode != 0 and failed == 0:
        failed = 1
    print(f'{passed} passed, {failed} failed, {skipped} skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
