# SPDX-License-Identifier: LGPL-2.1-or-later
"""Single ops, built with OpenVINO, run there and by ir-infer, and compared.

A script makes an `Ops`, adds cases and ends with `sys.exit(ops.finish())`.
"""
import os
import subprocess
import tempfile

import numpy as np
import openvino as ov

DEVICE = os.environ.get('IR_TEST_DEVICE', 'REFERENCE')


def close(ours, theirs, tolerance):
    """Largest difference relative to the range; exact for what is no float."""
    if ours.shape != theirs.shape:
        return f'shape {list(ours.shape)} instead of {list(theirs.shape)}'
    if theirs.dtype.kind != 'f':
        wrong = int((ours.astype(theirs.dtype) != theirs).sum())
        return f'{wrong} values of {theirs.size} differ' if wrong else None
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    if not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        return 'NaN in other places'
    if not np.array_equal(ours[np.isinf(ours)], theirs[np.isinf(theirs)]):
        return 'infinity in other places'
    finite = np.isfinite(theirs) & np.isfinite(ours)
    if not finite.any():
        return None
    span = max(np.abs(theirs[finite]).max(), 1e-3)
    worst = np.abs(ours[finite] - theirs[finite]).max() / span
    return f'off by {worst:.2e} of the range' if worst > tolerance else None


class Ops:
    """Collects results; every case prints one line."""

    def __init__(self, seed=1):
        self.core = ov.Core()
        self.random = np.random.default_rng(seed)
        self.folder = tempfile.TemporaryDirectory()
        self.passed = self.failed = self.skipped = 0

    def report(self, name, problem):
        if problem is None:
            self.passed += 1
        else:
            self.failed += 1
        print('ok' if problem is None else 'FAIL', name, problem or '')

    def skip(self, name, reason):
        self.skipped += 1
        print('skip', name, reason)

    def normal(self, *shape):
        return self.random.normal(size=shape).astype(np.float32)

    def uniform(self, low, high, *shape):
        return self.random.uniform(low, high, size=shape).astype(np.float32)

    def integers(self, low, high, *shape, dtype=np.int64):
        return self.random.integers(low, high, size=shape).astype(dtype)

    def case(self, name, build, inputs, tolerance=1e-5, outputs=None,
             check=None):
        """`build` gets one Parameter per array and returns the op's node.

        `outputs` picks outputs to compare; `check (ours, theirs)` replaces the
        comparison. A problem of OpenVINO's makes the case a skipped one.
        """
        try:
            theirs, files = self._run_openvino(name, build, inputs)
        except RuntimeError as error:
            self.skip(name, 'OpenVINO: ' + str(error).strip().split('\n')[-1][:90])
            return
        try:
            ours = self._run_ours(files, len(theirs))
        except RuntimeError as error:
            self.report(name, str(error))
            return
        if check is not None:
            self.report(name, check(ours, theirs))
            return
        for index in outputs if outputs is not None else range(len(theirs)):
            problem = close(ours[index], theirs[index], tolerance)
            if problem is not None:
                self.report(name, f'output {index}: {problem}')
                return
        self.report(name, None)

    def _run_openvino(self, name, build, inputs):
        from openvino import opset8
        parameters = []
        for index, array in enumerate(inputs):
            parameter = opset8.parameter(array.shape, array.dtype)
            parameter.output(0).set_names({f'in{index}'})
            parameters.append(parameter)
        node = build(*parameters)
        results = []
        for index, output in enumerate(node.outputs()):
            output.set_names({f'out{index}'})
            results.append(output)
        model = ov.Model(results, parameters, name)
        stem = os.path.join(self.folder.name, 'case')
        ov.save_model(model, stem + '.xml', compress_to_fp16=False)
        compiled = self.core.compile_model(
            model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32'})
        values = compiled(list(inputs))
        files = [stem + '.xml']
        for index, array in enumerate(inputs):
            path = f'{stem}-{index}.npy'
            np.save(path, array)
            files.append(f'in{index}={path}')
        return [values[i] for i in range(len(results))], files

    def _run_ours(self, files, n_outputs):
        out = os.path.join(self.folder.name, 'out')
        os.makedirs(out, exist_ok=True)
        for name in os.listdir(out):
            os.remove(os.path.join(out, name))
        command = ['ir-infer', '-m', files[0], '-d', DEVICE, '-o', out]
        for item in files[1:]:
            command += ['-i', item]
        run = subprocess.run(command, capture_output=True, text=True,
                             timeout=60, check=False)
        if run.returncode != 0:
            lines = run.stderr.strip().split('\n')
            raise RuntimeError(f'ir-infer {run.returncode}: {lines[-1]}')
        return [np.load(os.path.join(out, f'out{i}.npy'))
                for i in range(n_outputs)]

    def finish(self):
        print(f'{self.passed} passed, {self.failed} failed, '
              f'{self.skipped} skipped')
        return 1 if self.failed else 0
