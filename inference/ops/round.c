/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "typed.h"

enum {
  HALF_TO_EVEN,
  HALF_AWAY_FROM_ZERO,
};

static const char *const mode_names[] = { "half_to_even", "half_away_from_zero",
  NULL };

static const IrAttrDesc round_attrs[] = {
  IR_ATTR_ENUM_ROW (IrRoundAttrs, mode, "half_to_even", mode_names),
  IR_ATTR_END,
};

static gboolean
round_infer (IrInferCtx *ctx, GError **error)
{
  return ir_infer_unary (ctx, IR_ACCEPT_NUMBER, error);
}

static gboolean
round_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrRoundAttrs *attrs = ctx->attrs;
  const gsize n = ir_tensor_count (ctx->out[0]);
  const float *in = ir_eval_f32 (ctx, 0);
  float *out = ir_eval_out_f32 (ctx, 0);

  if (ctx->in[0]->dtype != IR_DTYPE_F32) {
    if (n != 0)
      memcpy (out, in, ctx->out[0]->size);
    return TRUE;
  }
  for (gsize i = 0; i < n; i++)
    out[i] = attrs->mode == HALF_TO_EVEN ? rintf (in[i]) : roundf (in[i]);
  return TRUE;
}

const IrOpDesc ir_op_round_5 = {
  .type = "Round",
  .opset = 5,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrRoundAttrs),
  .attrs = round_attrs,
  .infer = round_infer,
  .evaluate = round_evaluate,
  .summary = "Nearest integer",
};
