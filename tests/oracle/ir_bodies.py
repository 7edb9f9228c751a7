#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""TensorIterator, Loop and If as OpenVINO writes them: ir-infer gives OpenVINO's
numbers, also on what ir-convert has read and written again."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

try:
    import openvino as ov
    import openvino.opset8 as ops
except ImportError:
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)

SEED = 5


def f32(name, *shape):
    node = ops.parameter(shape, np.float32, name=name)
    node.output(0).tensor.set_names({name})
    return node


def model(outputs, inputs):
    results = []
    for index, output in enumerate(outputs):
        output.get_tensor().set_names({f"out{index}"})
        results.append(ops.result(output))
    return ov.Model(results, inputs, "bodies")


def iterator(start, stride, part, end):
    """A running, weighted sum over slices."""
    x, s, w = f32("x", 6, 3), f32("s", part, 3), f32("w", 1, 3)
    xi, si, wi = f32("xi", part, 3), f32("si", part, 3), f32("wi", 1, 3)
    total = ops.add(ops.multiply(xi, wi), ops.multiply(si, np.float32(0.5)))
    state, each = ops.result(total), ops.result(ops.tanh(total))
    node = ops.tensor_iterator()
    node.set_body(ov.Model([state, each], [xi, si, wi], "body"))
    node.set_sliced_input(xi, x.output(0), start, stride, part, end, 0)
    node.set_merged_input(si, s.output(0), state.output(0))
    node.set_invariant_input(wi, w.output(0))
    last = node.get_iter_value(state.output(0), -1)
    joined = node.get_concatenated_slices(each.output(0), start, stride, part, end, 0)
    return model([last, joined], [x, s, w])


def loop(trip, threshold):
    """Adds the number of the iteration until the sum passes a threshold."""
    x = f32("x", 1, 2)
    count, go_on = ops.constant(np.int64(trip)), ops.constant(True)
    i = ops.parameter([], np.int64, name="i")
    xi = f32("xi", 1, 2)
    total = ops.add(xi, ops.convert(i, "f32"))
    largest = ops.reduce_max(total, np.int64([0, 1]), keep_dims=False)
    condition = ops.result(ops.less(largest, np.float32(threshold)))
    state = ops.result(total)
    node = ops.loop(count.output(0), go_on.output(0))
    node.set_function(ov.Model([condition, state], [i, xi], "body"))
    node.set_special_body_ports([0, 0])
    node.set_merged_input(xi, x.output(0), state.output(0))
    last = node.get_iter_value(state.output(0), -1)
    joined = node.get_concatenated_slices(state.output(0), 0, 1, 1, -1, 0)
    return model([last, joined], [x])


def cells():
    """A recurrent cell over the slices of a sequence."""
    x, h, c = f32("x", 2, 5, 3), f32("h", 2, 4), f32("c", 2, 4)
    xi, hi, ci = f32("xi", 2, 1, 3), f32("hi", 2, 4), f32("ci", 2, 4)
    random = np.random.default_rng(SEED)
    w, r, b = (ops.constant(random.uniform(-1, 1, shape).astype(np.float32))
               for shape in ((16, 3), (16, 4), (16,)))
    cell = ops.lstm_cell(ops.squeeze(xi, np.int64([1])), hi, ci, w, r, b, 4)
    h_next, c_next = ops.result(cell.output(0)), ops.result(cell.output(1))
    each = ops.result(ops.unsqueeze(cell.output(0), np.int64([1])))
    node = ops.tensor_iterator()
    node.set_body(ov.Model([h_next, c_next, each], [xi, hi, ci], "body"))
    node.set_sliced_input(xi, x.output(0), 0, 1, 1, -1, 1)
    node.set_merged_input(hi, h.output(0), h_next.output(0))
    node.set_merged_input(ci, c.output(0), c_next.output(0))
    return model([node.get_iter_value(c_next.output(0), -1),
                  node.get_concatenated_slices(each.output(0), 0, 1, 1, -1, 1)], [x, h, c])


def nested(trip):
    """A loop in a loop; the inner one adds as often as the outer one counts."""
    def around(count, body, inputs, start, whole, result):
        node = ops.loop(count, ops.constant(True).output(0))
        go_on = ops.result(ops.constant(True))
        node.set_function(ov.Model([go_on, result], [*inputs], body))
        node.set_special_body_ports([0, 0])
        node.set_merged_input(inputs[1], start, result.output(0))
        node.set_invariant_input(inputs[2], whole)
        return node.get_iter_value(result.output(0), -1)

    x, y = f32("x", 2, 3), f32("y", 1, 3)
    i, s, w = ops.parameter([], np.int64, name="i"), f32("s", 2, 3), f32("w", 1, 3)
    j, t, v = ops.parameter([], np.int64, name="j"), f32("t", 2, 3), f32("v", 1, 3)
    inner = around(i.output(0), "inner", (j, t, v), s.output(0), w.output(0),
                   ops.result(ops.add(ops.multiply(t, np.float32(0.5)), v)))
    count = ops.constant(np.int64(trip)).output(0)
    return model([around(count, "outer", (i, s, w), x.output(0), y.output(0),
                         ops.result(ops.tanh(inner)))], [x, y])


def branch(take):
    x, y = f32("x", 2, 3), f32("y", 1, 3)
    condition = ops.less(ops.reduce_max(y, np.int64([0, 1]), keep_dims=False),
                         np.float32(2 if take else -1))
    xa, ya, xb = f32("xa", 2, 3), f32("ya", 1, 3), f32("xb", 2, 3)
    yes = ops.result(ops.multiply(xa, ya))
    no = ops.result(ops.sqrt(xb))
    node = ops.if_op(condition.output(0))
    node.set_then_body(ov.Model([yes], [xa, ya], "yes"))
    node.set_else_body(ov.Model([no], [xb], "no"))
    node.set_input(x.output(0), xa, xb)
    node.set_input(y.output(0), ya, None)
    return model([node.set_output(yes, no)], [x, y])


CASES = {
    "iterator": lambda: iterator(0, 1, 1, -1),
    "iterator-thick": lambda: iterator(0, 2, 2, -1),
    "iterator-backwards": lambda: iterator(-1, -1, 1, 0),
    "iterator-of-cells": cells,
    "loop-in-loop": lambda: nested(3),
    "loop-counted": lambda: loop(4, 1e6),
    "loop-stopped": lambda: loop(100, 5),
    "if-then": lambda: branch(True),
    "if-else": lambda: branch(False),
}


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError((done.stdout + done.stderr).strip()[-300:])


def infer(xml, feeds, folder):
    words = ["ir-infer", "--silent", "-m", str(xml), "-d", "REFERENCE", "-o", str(folder)]
    for name, value in feeds.items():
        path = folder / f"in-{name}.npy"
        np.save(path, value)
        words += ["-i", f"{name}={path}"]
    run(*words)


def check(make):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        original = make()
        source = folder / "model.xml"
        ov.save_model(original, source, compress_to_fp16=False)
        run("ir-convert", "--silent", "--input_model", str(source), "--output_dir",
            str(folder / "again"))
        again = folder / "again" / "model.xml"
        random = np.random.default_rng(SEED)
        feeds = {port.any_name: random.random(port.shape).astype(np.float32)
                 for port in original.inputs}
        want = ov.compile_model(original, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(feeds)
        rerun = ov.compile_model(again, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(feeds)
        for xml in (source, again):
            infer(xml, feeds, folder)
            for index in range(len(original.outputs)):
                got = np.load(folder / f"out{index}.npy")
                np.testing.assert_allclose(got, want[index], rtol=1e-5, atol=1e-6)
                np.testing.assert_array_equal(rerun[index], want[index])


def main():
    failed = 0
    for name, make in CASES.items():
        try:
            check(make)
            print(f"ok {name}")
        except Exception as reason:
            print(f"FAIL {name}: {str(reason).strip()[-400:]}")
            failed += 1
    print(f"{len(CASES) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
