/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RNNCell and RNNSequence: the plain recurrent network. */
#include "recurrent.h"

static void
rnn_step (const IrRecurrentStep *step)
{
  for (gsize i = 0; i < step->hidden; i++) {
    const double sum = ir_recurrent_data_sum (step, i) +
        ir_recurrent_state_sum (step, step->h, i) + ir_recurrent_bias (step, i);

    step->h_out[i] = (float) ir_activate (
        &step->activation[0], ir_recurrent_clip (step, sum));
  }
}

static const IrRecurrentKind rnn = { 1, 1, FALSE, rnn_step };

static gboolean
infer_rnn_cell (IrInferCtx *ctx, GError **error)
{
  return ir_recurrent_infer (ctx, &rnn, FALSE, error);
}

static gboolean
evaluate_rnn_cell (IrEvalCtx *ctx, GError **error)
{
  return ir_recurrent_evaluate_cell (ctx, &rnn, error);
}

static gboolean
infer_rnn_sequence (IrInferCtx *ctx, GError **error)
{
  return ir_recurrent_infer (ctx, &rnn, TRUE, error);
}

static gboolean
evaluate_rnn_sequence (IrEvalCtx *ctx, GError **error)
{
  return ir_recurrent_evaluate_sequence (ctx, &rnn, error);
}

static const IrAttrDesc rnn_cell_1_attrs[] = {
  IR_RECURRENT_ATTRS ("tanh"),
  IR_ATTR_END,
};

static const IrAttrDesc rnn_sequence_5_attrs[] = {
  IR_RECURRENT_DIRECTION,
  IR_RECURRENT_ATTRS ("tanh"),
  IR_ATTR_END,
};

IR_RECURRENT_OP (
    rnn_cell, 1, "RNNCell", 4, 5, 1, "One step of a plain recurrent network")
IR_RECURRENT_OP (rnn_sequence, 5, "RNNSequence", 6, 6, 2,
    "A plain recurrent network over sequences")
