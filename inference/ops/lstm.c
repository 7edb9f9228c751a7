/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LSTMCell and LSTMSequence: long short-term memory. */
#include <string.h>

#include "recurrent.h"

enum {
  FORGET,
  INPUT,
  CELL,
  OUTPUT,
  GATES
};

static const char *const format_names[] = { "fico", "icof", "ifco", "ifoc",
  "iofc", NULL };

/* Where the weights of a gate are. */
static gsize
gate_position (gint format, gint gate)
{
  static const char letters[GATES] = { 'f', 'i', 'c', 'o' };
  const char *order = format_names[format];

  return (gsize) (strchr (order, letters[gate]) - order);
}

static double
gate (const IrRecurrentStep *step, gint gate, gsize unit)
{
  const gsize row =
      gate_position (step->attrs->weights_format, gate) * step->hidden + unit;
  const double sum = ir_recurrent_data_sum (step, row) +
      ir_recurrent_state_sum (step, step->h, row) +
      ir_recurrent_bias (step, row);

  return ir_activate (
      &step->activation[gate == CELL ? 1 : 0], ir_recurrent_clip (step, sum));
}

static void
lstm_step (const IrRecurrentStep *step)
{
  for (gsize i = 0; i < step->hidden; i++) {
    const double c = gate (step, FORGET, i) * step->c[i] +
        gate (step, INPUT, i) * gate (step, CELL, i);

    step->c_out[i] = (float) c;
    step->h_out[i] = (float) (gate (step, OUTPUT, i) *
        ir_activate (&step->activation[2], c));
  }
}

/* Activations: of the gates, of the candidate, of the new cell state. */
static const IrRecurrentKind lstm = { GATES, 3, TRUE, lstm_step };

static gboolean
infer_lstm_cell (IrInferCtx *ctx, GError **error)
{
  return ir_recurrent_infer (ctx, &lstm, FALSE, error);
}

static gboolean
evaluate_lstm_cell (IrEvalCtx *ctx, GError **error)
{
  return ir_recurrent_evaluate_cell (ctx, &lstm, error);
}

static gboolean
infer_lstm_sequence (IrInferCtx *ctx, GError **error)
{
  return ir_recurrent_infer (ctx, &lstm, TRUE, error);
}

static gboolean
evaluate_lstm_sequence (IrEvalCtx *ctx, GError **error)
{
  return ir_recurrent_evaluate_sequence (ctx, &lstm, error);
}

#define LSTM_ATTRS IR_RECURRENT_ATTRS ("sigmoid,tanh,tanh")

static const IrAttrDesc lstm_cell_1_attrs[] = {
  LSTM_ATTRS,
  IR_ATTR_ENUM_ROW (IrRecurrentAttrs, weights_format, "fico", format_names),
  IR_ATTR_ROW (IrRecurrentAttrs, input_forget, BOOL, "false"),
  IR_ATTR_END,
};

static const IrAttrDesc lstm_cell_4_attrs[] = {
  LSTM_ATTRS,
  IR_ATTR_END,
};

static const IrAttrDesc lstm_sequence_5_attrs[] = {
  IR_RECURRENT_DIRECTION,
  LSTM_ATTRS,
  IR_ATTR_END,
};

IR_RECURRENT_OP (
    lstm_cell, 1, "LSTMCell", 5, 6, 2, "One step of a long short-term memory")
IR_RECURRENT_OP (
    lstm_cell, 4, "LSTMCell", 5, 6, 2, "One step of a long short-term memory")
IR_RECURRENT_OP (lstm_sequence, 5, "LSTMSequence", 7, 7, 3,
    "A long short-term memory over sequences")
