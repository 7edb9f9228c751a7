/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IsFinite, IsInf and IsNaN. */
#include <math.h>

#include "typed.h"

typedef struct {
  gboolean detect_negative;
  gboolean detect_positive;
} IsInfAttrs;

static const IrAttrDesc is_inf_attrs[] = {
  IR_ATTR_ROW (IsInfAttrs, detect_negative, BOOL, "true"),
  IR_ATTR_ROW (IsInfAttrs, detect_positive, BOOL, "true"),
  IR_ATTR_END,
};

static gboolean
is_infer (IrInferCtx *ctx, GError **error)
{
  if (!ir_infer_accept_input (ctx, 0, IR_ACCEPT_FLOAT, "the data", error))
    return FALSE;
  ir_infer_set (ctx, 0, IR_DTYPE_BOOLEAN, &ctx->in_shape[0]);
  return TRUE;
}

static gboolean
is_finite_evaluate (IrEvalCtx *ctx, GError **error)
{
  const float *in = ir_eval_f32 (ctx, 0);
  guint8 *out = ctx->out[0]->data;

  for (gsize i = 0; i < ir_tensor_count (ctx->out[0]); i++)
    out[i] = isfinite (in[i]) != 0;
  return TRUE;
}

static gboolean
is_inf_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IsInfAttrs *attrs = ctx->attrs;
  const float *in = ir_eval_f32 (ctx, 0);
  guint8 *out = ctx->out[0]->data;

  for (gsize i = 0; i < ir_tensor_count (ctx->out[0]); i++)
    out[i] = isinf (in[i]) &&
        (in[i] < 0 ? attrs->detect_negative != FALSE
                   : attrs->detect_positive != FALSE);
  return TRUE;
}

static gboolean
is_nan_evaluate (IrEvalCtx *ctx, GError **error)
{
  const float *in = ir_eval_f32 (ctx, 0);
  guint8 *out = ctx->out[0]->data;

  for (gsize i = 0; i < ir_tensor_count (ctx->out[0]); i++)
    out[i] = isnan (in[i]) != 0;
  return TRUE;
}

const IrOpDesc ir_op_is_finite_10 = {
  .type = "IsFinite",
  .opset = 10,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .infer = is_infer,
  .evaluate = is_finite_evaluate,
  .summary = "Whether it is neither infinite nor NaN",
};

const IrOpDesc ir_op_is_inf_10 = {
  .type = "IsInf",
  .opset = 10,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IsInfAttrs),
  .attrs = is_inf_attrs,
  .infer = is_infer,
  .evaluate = is_inf_evaluate,
  .summary = "Whether it is infinite, by sign",
};

const IrOpDesc ir_op_is_nan_10 = {
  .type = "IsNaN",
  .opset = 10,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .infer = is_infer,
  .evaluate = is_nan_evaluate,
  .summary = "Whether it is NaN",
};
