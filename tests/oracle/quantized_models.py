#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""IRs with FakeQuantize on the CPU device and on REFERENCE, in four steps; why in
four, docs/design/accuracy.md says.

levels   Every FakeQuantize of the net on its own, on the activations of the net:
         the same bits as OpenVINO's evaluation of the op.
pieces   The net cut at its quantizers, each piece fed with the same levels:
         what comes out, the detections among it, against double precision and
         OpenVINO, at most 1e-3 of the range off.
whole    The deltas and scores that DetectionOutput gets, in one run: not farther
         from double precision than OpenVINO's.
boxes    What the net finds.

The last line is "N passed, N failed, N skipped"."""

import sys

import numpy as np
import openvino
from openvino import opset8 as ops

import exactir
from engines import (DATA, Report, as_input, core, iou, openvino_run, ours,
                     ours_of, pictures)

ROUNDING = 1e-6  # less than one level that went the other way makes of the mean
TOLERANCE = 1e-3  # of the output's range; the figure of FP16 storage
DEVICES = ("CPU", "REFERENCE")
SCORE, IOU = 0.5, 0.98

report = Report()


# --- nets made of the net -----------------------------------------------------


def named(model):
    return {op.get_friendly_name(): op for op in model.get_ordered_ops()}


def quantizers(model):
    return [op for op in model.get_ordered_ops()
            if op.get_type_name() == "FakeQuantize"]


def source(op, port=0):
    return op.input_value(port).get_node().get_friendly_name()


def levels_net(model):
    """Every quantizer with an input and an output of its own."""
    inputs, results = [], []
    for op in quantizers(model):
        x = ops.parameter(list(op.get_input_shape(0)), np.float32)
        limits = [ops.constant(v.get_node().get_data())
                  for v in op.input_values()[1:]]
        inputs.append(x)
        results.append(ops.result(ops.fake_quantize(
            x, *limits, levels=op.get_attributes()["levels"])))
    return openvino.Model(results, inputs, "levels")


def pieces_net(path):
    """An input in place of each quantizer, an output in front of each."""
    model = core.read_model(str(path))
    inputs, results = list(model.get_parameters()), list(model.get_results())
    for op in quantizers(model):
        x = ops.parameter(list(op.get_output_shape(0)), np.float32)
        before = op.input_value(0)
        for target in list(op.output(0).get_target_inputs()):
            target.replace_source_output(x.output(0))
        inputs.append(x)
        results.append(ops.result(before))
    return openvino.Model(results, inputs, "pieces")


def raw_net(path, names):
    model = core.read_model(str(path))
    by_name = named(model)
    return openvino.Model([ops.result(by_name[n].output(0)) for n in names],
                          model.get_parameters(), "raw")


# --- steps --------------------------------------------------------------------


def distance(got, want):
    """Largest and mean, of the range."""
    error = np.abs(got.astype(np.float64) - want) / np.ptp(want)
    return error.max(), error.mean()


def check_levels(label, model, exact):
    arrays = [exact[source(op)].astype(np.float32) for op in quantizers(model)]
    net = levels_net(model)
    want = [openvino.Tensor(np.zeros_like(a)) for a in arrays]
    if not net.evaluate(want, [openvino.Tensor(a) for a in arrays]):
        raise RuntimeError("OpenVINO does not evaluate FakeQuantize")
    total = sum(a.size for a in arrays)
    for device in DEVICES:
        differ = sum(int((g != w.data).sum())
                     for g, w in zip(ours_of(net, arrays, device), want))
        report.check("%s levels %s" % (label, device), differ == 0,
                     "%d values of %d differ" % (differ, total))


def check_pieces(label, path, model, feed, exact):
    cuts = quantizers(model)
    forced = {op.get_friendly_name():
              exact[op.get_friendly_name()].astype(np.float32) for op in cuts}
    want = exactir.evaluate(model, feed, forced)
    net, arrays = pieces_net(path), [feed, *forced.values()]
    theirs = openvino_run(net, arrays)
    n = len(model.get_results())
    their_worst = max(distance(t, want[source(op)])[0]
                      for t, op in zip(theirs[n:], cuts))
    for device in DEVICES:
        got = ours_of(net, arrays, device)
        worst = max(distance(g, want[source(op)])[0]
                    for g, op in zip(got[n:], cuts))
        rows = max(distance(g, t)[0] for g, t in zip(got[:n], theirs[:n]))
        report.check("%s pieces %s" % (label, device),
                     max(worst, rows) <= TOLERANCE,
                     "%.1e off, OpenVINO %.1e; detections %.1e from "
                     "OpenVINO's" % (worst, their_worst, rows))


def check_whole(label, path, names, feed, exacts):
    """Deltas and scores; of their two distances the larger counts. An engine that
    takes the zero points of weights for whole computes another net than one that does
    not: what counts is the nearer one of both nets, for both engines."""
    net = raw_net(path, names)

    def distances(got, exact):
        pairs = [distance(g, exact[n]) for g, n in zip(got, names)]
        return tuple(max(p[i] for p in pairs) for i in (0, 1))

    theirs = openvino_run(net, [feed])
    for device in DEVICES:
        got = ours_of(net, [feed], device)
        exact = min(exacts, key=lambda e: distances(got, e)[1])
        largest, mean = distances(got, exact)
        their_largest, their_mean = distances(theirs, exact)
        report.check("%s whole %s" % (label, device),
                     mean <= their_mean + ROUNDING,
                     "mean %.1e (largest %.1e) off, OpenVINO %.1e (%.1e)" % (
                         mean, largest, their_mean, their_largest))


def check_boxes(label, path, model, feed):
    def found(rows):
        return [r for r in rows[0].reshape(-1, 7) if r[2] >= SCORE]

    want = found(openvino_run(model, [feed]))
    for device in DEVICES:
        got, least, score = found(ours(path, [feed], device)), 1.0, 0.0
        for one, other in ((want, got), (got, want)):
            for row in one:
                best = max((o for o in other if o[1] == row[1]), default=None,
                           key=lambda o: iou(row[3:], o[3:]))
                if best is None:
                    least = 0.0
                    continue
                least = min(least, iou(row[3:], best[3:]))
                score = max(score, abs(row[2] - best[2]))
        report.check("%s boxes %s" % (label, device),
                     least >= IOU and score <= 0.02,
                     "%d boxes, %d in OpenVINO, least IoU %.4f, scores %.1e "
                     "apart" % (len(got), len(want), least, score))


def check(path):
    model = core.read_model(str(path))
    head = [op for op in model.get_ordered_ops()
            if op.get_type_name() == "DetectionOutput"][0]
    shape = list(model.input(0).shape)
    feeds = [("random", np.random.default_rng(1).random(shape, np.float32))]
    feeds += [(name, as_input(picture, shape)) for name, picture in pictures()]
    for title, feed in feeds:
        label = "%s %s" % (path.parent.name, title)
        exact = exactir.evaluate(model, feed)
        check_levels(label, model, exact)
        check_pieces(label, path, model, feed, exact)
        whole = exactir.evaluate(model, feed, exactir.zero_points(model))
        check_whole(label, path, [source(head, 0), source(head, 1)], feed,
                    (exact, whole))
        check_boxes(label, path, model, feed)


def main():
    paths = [p for p in sorted(DATA.glob("models/**/*.xml"))
             if 'type="FakeQuantize"' in p.read_text()]
    for path in paths:
        try:
            check(path)
        except Exception as error:  # one model must not hide the others
            report.note(str(path.relative_to(DATA)), str(error))
    if not paths:
        report.skip("quantized models", "there are none under %s" % DATA)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
