/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GRUCell and GRUSequence: gated recurrent units. */
#include "recurrent.h"

enum {
  UPDATE,
  RESET,
  CANDIDATE,
  GATES
};

static double
gate (const IrRecurrentStep *step, gsize row)
{
  const double sum = ir_recurrent_data_sum (step, row) +
      ir_recurrent_state_sum (step, step->h, row) +
      ir_recurrent_bias (step, row);

  return ir_activate (&step->activation[0], ir_recurrent_clip (step, sum));
}

/* The state is reset either before or after the weights are applied to it;
 * @reset is the state after it was reset, which the former needs. */
static double
candidate (const IrRecurrentStep *step, gsize unit)
{
  const gsize row = CANDIDATE * step->hidden + unit;
  double sum =
      ir_recurrent_data_sum (step, row) + ir_recurrent_bias (step, row);

  if (step->attrs->linear_before_reset)
    sum += gate (step, RESET * step->hidden + unit) *
        (ir_recurrent_state_sum (step, step->h, row) +
            ir_recurrent_bias (step, row + step->hidden));
  else
    sum += ir_recurrent_state_sum (step, step->reset, row);
  return ir_activate (&step->activation[1], ir_recurrent_clip (step, sum));
}

static void
gru_step (const IrRecurrentStep *step)
{
  if (!step->attrs->linear_before_reset)
    for (gsize i = 0; i < step->hidden; i++)
      step->reset[i] =
          (float) (gate (step, RESET * step->hidden + i) * step->h[i]);
  for (gsize i = 0; i < step->hidden; i++) {
    const double z = gate (step, UPDATE * step->hidden + i);

    step->h_out[i] = (float) ((1 - z) * candidate (step, i) + z * step->h[i]);
  }
}

/* Activations: of the gates, of the candidate. */
static const IrRecurrentKind gru = { GATES, 2, FALSE, gru_step };

static gboolean
infer_gru_cell (IrInferCtx *ctx, GError **error)
{
  return ir_recurrent_infer (ctx, &gru, FALSE, error);
}

static gboolean
evaluate_gru_cell (IrEvalCtx *ctx, GError **error)
{
  return ir_recurrent_evaluate_cell (ctx, &gru, error);
}

static gboolean
infer_gru_sequence (IrInferCtx *ctx, GError **error)
{
  return ir_recurrent_infer (ctx, &gru, TRUE, error);
}

static gboolean
evaluate_gru_sequence (IrEvalCtx *ctx, GError **error)
{
  return ir_recurrent_evaluate_sequence (ctx, &gru, error);
}

#define GRU_ATTRS                                                              \
  IR_RECURRENT_ATTRS ("sigmoid,tanh"),                                         \
      IR_ATTR_ROW (IrRecurrentAttrs, linear_before_reset, BOOL, "false")

static const IrAttrDesc gru_cell_3_attrs[] = {
  GRU_ATTRS,
  IR_ATTR_END,
};

static const IrAttrDesc gru_sequence_5_attrs[] = {
  IR_RECURRENT_DIRECTION,
  GRU_ATTRS,
  IR_ATTR_END,
};

IR_RECURRENT_OP (
    gru_cell, 3, "GRUCell", 4, 5, 1, "One step of a gated recurrent unit")
IR_RECURRENT_OP (gru_sequence, 5, "GRUSequence", 6, 6, 2,
    "A gated recurrent unit over sequences")
