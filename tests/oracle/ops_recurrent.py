# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recurrent cells and sequences and the decoders of their outputs against
OpenVINO."""
import itertools
import sys

import numpy as np
from openvino import opset1, opset3, opset4, opset5, opset6, opset8

from oplib import Ops

ops = Ops()

BATCH, TIME, FEATURES, HIDDEN = 3, 4, 5, 2
GATES = {'lstm': 4, 'gru': 3, 'rnn': 1}


def weights(kind, leading=(), biases=None):
    """Weights, recurrent weights and biases of one kind."""
    rows = GATES[kind] * HIDDEN
    return [ops.normal(*leading, rows, FEATURES), ops.normal(*leading, rows, HIDDEN),
            ops.normal(*leading, biases or rows)]


def constants(arrays):
    return [opset8.constant(array) for array in arrays]


def states(kind, *shape):
    return [ops.uniform(-1, 1, *shape) for _ in range(2 if kind == 'lstm' else 1)]


def cell(name, kind, build, biases=None, **attributes):
    """All but the weights are inputs: constants would be folded."""
    fixed = weights(kind, biases=biases)
    ops.case(name, lambda *p: build(*p, *constants(fixed), HIDDEN, **attributes),
             [ops.normal(BATCH, FEATURES), *states(kind, BATCH, HIDDEN)])


def sequence(name, kind, build, direction, lengths, biases=None, **attributes):
    n = 2 if direction == 'bidirectional' else 1
    fixed = weights(kind, (n,), biases)
    data = [ops.normal(BATCH, TIME, FEATURES), *states(kind, BATCH, n, HIDDEN)]
    ops.case(
        f'{name} {direction} {lengths}',
        lambda *p: build(*p, opset8.constant(np.array(lengths, np.int32)),
                         *constants(fixed), HIDDEN, direction, **attributes), data)


LSTM_FUNCTIONS = (['sigmoid', 'tanh', 'tanh'], ['sigmoid', 'relu', 'tanh'],
                  ['tanh', 'sigmoid', 'relu'])
GRU_FUNCTIONS = (['sigmoid', 'tanh'], ['sigmoid', 'relu'], ['tanh', 'sigmoid'])
RNN_FUNCTIONS = (['tanh'], ['sigmoid'], ['relu'])

for clip in (0.0, 0.3):
    for functions in LSTM_FUNCTIONS:
        for version, opset in ((1, opset1), (4, opset4)):
            cell(f'LSTMCell-{version} {functions} clip {clip}', 'lstm', opset.lstm_cell,
                 activations=functions, clip=clip)
    for functions, linear in itertools.product(GRU_FUNCTIONS, (False, True)):
        cell(f'GRUCell-3 {functions} clip {clip} linear {linear}', 'gru', opset3.gru_cell,
             4 * HIDDEN if linear else None, activations=functions, clip=clip,
             linear_before_reset=linear)
    for functions in RNN_FUNCTIONS:
        cell(f'RNNCell {functions} clip {clip}', 'rnn', opset3.rnn_cell,
             activations=functions, activations_alpha=[], activations_beta=[], clip=clip)

for direction in ('forward', 'reverse', 'bidirectional'):
    for lengths in ([4, 4, 4], [1, 4, 2], [3, 0, 4]):
        sequence('LSTMSequence-5', 'lstm', opset5.lstm_sequence, direction, lengths)
        sequence('GRUSequence-5', 'gru', opset5.gru_sequence, direction, lengths)
        sequence('GRUSequence-5 linear', 'gru', opset5.gru_sequence, direction, lengths,
                 4 * HIDDEN, linear_before_reset=True)
        sequence('RNNSequence-5', 'rnn', opset5.rnn_sequence, direction, lengths)
    sequence('LSTMSequence-5 relu clip', 'lstm', opset5.lstm_sequence, direction, [2, 4, 3],
             activations=['sigmoid', 'relu', 'tanh'], clip=0.4)
    sequence('GRUSequence-5 relu clip', 'gru', opset5.gru_sequence, direction, [2, 4, 3],
             activations=['sigmoid', 'relu'], clip=0.4)
    sequence('RNNSequence-5 relu clip', 'rnn', opset5.rnn_sequence, direction, [2, 4, 3],
             activations=['relu'], clip=0.4)


def scores(*shape):
    """Few values, so that classes repeat."""
    return np.round(ops.uniform(0, 3, *shape) * 4).astype(np.float32) / 4


mask = (np.arange(9)[:, None] < np.array([9, 4, 1])).astype(np.float32)
for merge in (True, False):
    ops.case(f'CTCGreedyDecoder-1 merge {merge}',
             lambda *p, merge=merge: opset1.ctc_greedy_decoder(*p, merge_repeated=merge),
             [scores(9, 3, 4), mask])
    for blank, kind in itertools.product((None, 1), ('i32', 'i64')):
        extra = () if blank is None else (opset8.constant(np.int32(blank)),)
        ops.case(f'CTCGreedyDecoderSeqLen-6 merge {merge} blank {blank} {kind}',
                 lambda *p, extra=extra, merge=merge, kind=kind:
                 opset6.ctc_greedy_decoder_seq_len(
                     *p, *extra, merge_repeated=merge, classes_index_type=kind,
                     sequence_length_type=kind),
                 [scores(3, 9, 4), np.array([9, 4, 0], np.int32)])

sys.exit(ops.finish())
