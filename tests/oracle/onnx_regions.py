# SPDX-License-Identifier: LGPL-2.1-or-later
"""Regions, moved samples and windows of ONNX: models built here, run by ONNX
Runtime, by the reference device, and by OpenVINO after ir-convert.

usage: onnx_regions.py [FILTER]
"""
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

from onnx_bodies import check, model, node, uniform


def case(op, inputs, opset, **attributes):
    """A model of one node; None stands for an input that is left out."""
    names = ['' if array is None else f'in{index}' for index, array in enumerate(inputs)]
    feeds = {name: array for name, array in zip(names, inputs) if name}

    def make():
        made = node(op, 'none', 'Y', **attributes)
        made.input[:] = names
        return model([made], feeds, ['Y'], opset=opset)
    return make


def regions(n, size):
    low = np.abs(uniform(n, 2)) * size * 0.6
    return np.concatenate([low, low + np.abs(uniform(n, 2)) * size * 0.7 + 1], 1)


def roi_cases():
    maps = np.abs(uniform(2, 3, 12, 15))
    boxes = regions(6, 40).astype(np.float32)
    images = np.array([0, 1, 0, 0, 1, 1])
    for ratio, scale in itertools.product((0, 2), (1., 0.3)):
        attributes = dict(output_height=3, output_width=2, sampling_ratio=ratio,
                          spatial_scale=scale)
        yield f'RoiAlign-10 {ratio} {scale}', case(
            'RoiAlign', [maps, boxes, images], 10, **attributes)
        for mode in 'half_pixel', 'output_half_pixel':
            yield f'RoiAlign-16 {ratio} {scale} {mode}', case(
                'RoiAlign', [maps, boxes, images], 16, **attributes,
                coordinate_transformation_mode=mode)
        yield f'MaxRoiPool {scale}', case(
            'MaxRoiPool', [maps, np.concatenate([images[:, None], boxes], 1).astype(
                np.float32)], 14, pooled_shape=[2, 3], spatial_scale=scale)


def deform_cases():
    data = uniform(2, 4, 8, 9)
    for group, offset_group, bias, mask in (
            (1, 1, False, False), (2, 1, True, False), (1, 2, True, True),
            (2, 2, False, True)):
        yield f'DeformConv {group} {offset_group} {bias} {mask}', case(
            'DeformConv',
            [data, uniform(6, 4 // group, 3, 3),
             uniform(2, 18 * offset_group, 4, 5) * 2,
             uniform(6) if bias else None,
             uniform(2, 9 * offset_group, 4, 5) if mask else None],
            19, group=group, offset_group=offset_group, kernel_shape=[3, 3],
            strides=[2, 2], pads=[1, 1, 1, 1])


def grid_cases():
    data, grid = uniform(2, 3, 6, 7), uniform(2, 4, 5, 2) * 1.5
    for (old, new), padding, corners in itertools.product(
            (('bilinear', 'linear'), ('nearest', 'nearest'), ('bicubic', 'cubic')),
            ('zeros', 'border', 'reflection'), (0, 1)):
        for opset, mode in (16, old), (20, new):
            yield f'GridSample-{opset} {mode} {padding} {corners}', case(
                'GridSample', [data, grid], opset, mode=mode, padding_mode=padding,
                align_corners=corners)


def window_cases():
    data = uniform(1, 2, 3, 3)
    indices = np.arange(2).reshape(1, 2, 1, 1) * 36 + np.array(
        [[0, 3, 4], [13, 14, 16], [30, 26, 35]])
    yield 'MaxUnpool', case('MaxUnpool', [data, indices], 11, kernel_shape=[2, 2],
                            strides=[2, 2])


def refused(make, words):
    """ir-convert must say `words` and end with 1."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'model.onnx')
        onnx.save(make()[0], path)
        done = subprocess.run(
            ['ir-convert', '--silent', '--input_model', path, '--output_dir', folder],
            capture_output=True, text=True, check=False)
        if done.returncode != 1 or words not in done.stderr:
            raise AssertionError(f'exit code {done.returncode}: {done.stderr}')


def refusals():
    """What ONNX has and the IR has not."""
    yield 'RoiAlign max', 'no equal', case(
        'RoiAlign', [uniform(1, 1, 4, 4), uniform(1, 4), np.array([0])], 16, mode='max')
    yield 'GridSample volumes', 'images only', case(
        'GridSample', [uniform(1, 1, 4, 4, 4), uniform(1, 2, 2, 2, 3)], 20)
    yield 'MaxRoiPool without a size', 'pooled_shape', case(
        'MaxRoiPool', [uniform(1, 1, 4, 4), uniform(1, 5)], 14, pooled_shape=[2])


CASES = [*roi_cases(), *deform_cases(), *grid_cases(), *window_cases()]
CHECKS = [*((name, lambda make=make: check(make)) for name, make in CASES),
          *((f'refused {name}', lambda make=make, words=words: refused(make, words))
            for name, words, make in refusals())]


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ''
    passed = failed = 0
    for name, run in CHECKS:
        if wanted not in name:
            continue
        try:
            run()
            passed += 1
            print(f'ok {name}')
        except Exception as reason:  # of whatever was run
            failed += 1
            print(f'FAIL {name}: {str(reason).strip()[-400:]}')
    print(f'{passed} passed, {failed} failed, 0 skipped')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
