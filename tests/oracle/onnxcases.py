# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the ONNX suites share: running one model on given inputs, comparing, and
the page that says what does not work."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import tempfile

import numpy
import onnx

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTDATA = os.environ.get('IR_TESTDATA', os.path.join(TOP, '..', 'shared', 'testdata'))
STATUS_PAGE = os.path.join(TOP, 'docs', 'generated-onnx-status.md')

# ONNX's own backend tests compare with these.
RTOL, ATOL = 1e-3, 1e-7


class Case:
    """A model, its inputs by name, its expected outputs in order."""

    def __init__(self, name, model, inputs, outputs, flat=False, rtol=RTOL, atol=ATOL):
        self.name = name
        self.model = model
        self.inputs = inputs
        self.outputs = outputs
        self.flat = flat
        self.rtol = rtol
        self.atol = atol


def file_name(tensor):
    """How ir-infer calls an output's file."""
    return re.sub(r'[^A-Za-z0-9._-]', '_', tensor) + '.npy'


def output_names(model):
    graph = onnx.load(model, load_external_data=False).graph
    return [value.name for value in graph.output]


def command_of(case, device, folder):
    inputs = []
    for index, (name, array) in enumerate(case.inputs):
        path = os.path.join(folder, f'in{index}.npy')
        numpy.save(path, array)
        inputs.append(f'{name}={path}')
    out = os.path.join(folder, 'out')
    os.mkdir(out)
    if device is None:
        return [os.environ['IR_RUN_MODEL'], case.model, out, *inputs], out
    command = ['ir-infer', '-m', case.model, '-d', device, '-o', out, '-silent']
    for item in inputs:
        command += ['-i', item]
    return command, out


def load_outputs(case, device, out):
    if device is None:
        names = [f'{i}.npy' for i in range(len(case.outputs))]
    else:
        names = [file_name(name) for name in output_names(case.model)]
    return [numpy.load(os.path.join(out, name)) for name in names[:len(case.outputs)]]


def compare(case, got):
    """Empty if the numbers are right, else what is wrong."""
    for index, (have, want) in enumerate(zip(got, case.outputs)):
        want = numpy.asarray(want)
        if have.shape != want.shape:
            if not case.flat or have.size != want.size:
                return f'output {index} has the shape {have.shape}, not {want.shape}'
            want = want.reshape(have.shape)
        if want.dtype == bool or have.dtype == bool:
            right = numpy.array_equal(have.astype(bool), want.astype(bool))
        else:
            right = numpy.allclose(have.astype(numpy.float64), want.astype(numpy.float64),
                                   rtol=case.rtol, atol=case.atol, equal_nan=True)
        if not right:
            difference = numpy.abs(have.astype(numpy.float64) - want.astype(numpy.float64))
            return f'output {index} differs by up to {numpy.nanmax(difference):g}'
        if not case.flat and have.dtype != want.dtype:
            return f'output {index} is {have.dtype}, not {want.dtype}'
    return ''


def run(case, device):
    """('pass' | 'refused' | 'wrong' | 'crash', reason)."""
    with tempfile.TemporaryDirectory() as folder:
        command, out = command_of(case, device, folder)
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors='replace',
                                  timeout=60)
        except subprocess.TimeoutExpired:
            return 'crash', 'took more than 60 s'
        message = done.stderr.strip().replace(case.model + ': ', '')
        if done.returncode < 0 or done.returncode > 100:
            return 'crash', f'exit code {done.returncode}: {message[-300:]}'
        if done.returncode != 0:
            return 'refused', message
        try:
            wrong = compare(case, load_outputs(case, device, out))
        except FileNotFoundError as problem:
            wrong = f'no output {os.path.basename(problem.filename)}'
        return ('wrong', wrong) if wrong else ('pass', '')


def default_device():
    """ir-infer's reference device, or the test's own runner where that is asked for."""
    if 'IR_RUN_MODEL' in os.environ or not shutil.which('ir-infer'):
        os.environ.setdefault('IR_RUN_MODEL',
                              os.path.join(TOP, 'build', 'tests', 'onnx', 'run-model'))
        return None
    return 'REFERENCE'


def run_all(cases, device):
    """{case: (verdict, reason)}, two at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return dict(zip(cases, pool.map(lambda case: run(case, device), cases)))


def short(reason):
    """One line that fits a table."""
    lines = [line.strip() for line in reason.split('\n') if line.strip()]
    first = ' '.join(lines[:2] if lines and lines[0].endswith(':') else lines[:1])
    first = re.sub(r'^\[ ERROR \] *', '', first)
    return first[:160].replace('|', '\\|')


def write_docs(heading, text):
    """Replaces the section of that heading in the status page."""
    title = '# What the ONNX frontend does not do yet\n\n' \
        'Written by `tests/oracle/onnx_*.py --write-docs`; do not edit.\n'
    sections = {}
    if os.path.exists(STATUS_PAGE):
        for part in open(STATUS_PAGE).read().split('\n## ')[1:]:
            name, _, body = part.partition('\n')
            sections[name] = body.strip('\n')
    sections[heading] = text.strip('\n')
    with open(STATUS_PAGE, 'w') as page:
        page.write(title)
        for name in sorted(sections):
            page.write(f'\n## {name}\n{sections[name]}\n')
