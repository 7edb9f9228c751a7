/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "typed.h"

static double
relu6 (double x)
{
  return fmin (fmax (x, 0), 6);
}

static double
softplus (double x)
{
  return x > 0 ? x + log1p (exp (-x)) : log1p (exp (x));
}

static double
gelu_erf (double x)
{
  return 0.5 * x * (1 + erf (x * G_SQRT2 / 2));
}

static gboolean
unary_infer (IrInferCtx *ctx, GError **error)
{
  return ir_infer_unary (ctx, IR_ACCEPT_NUMBER, error);
}

static gboolean
run_integers (const IrEvalCtx *ctx, double (*func) (double))
{
  for (gsize i = 0; i < ir_tensor_count (ctx->out[0]); i++)
    ir_tensor_set_f64 (
        ctx->out[0], i, rint (func (ir_tensor_get_f64 (ctx->in[0], i))));
  return TRUE;
}

#define IR_UNARY(name, ir_type, first_opset, value, text)                      \
  static double name##_of (double x)                                           \
  {                                                                            \
    return value;                                                              \
  }                                                                            \
                                                                               \
  static gboolean name##_evaluate (IrEvalCtx *ctx, GError **error)             \
  {                                                                            \
    const float *in = ir_eval_f32 (ctx, 0);                                    \
    float *out = ir_eval_out_f32 (ctx, 0);                                     \
    const gsize n = ir_tensor_count (ctx->out[0]);                             \
                                                                               \
    if (ctx->in[0]->dtype != IR_DTYPE_F32)                                     \
      return run_integers (ctx, name##_of);                                    \
    for (gsize i = 0; i < n; i++)                                              \
      out[i] = (float) name##_of (in[i]);                                      \
    return TRUE;                                                               \
  }                                                                            \
                                                                               \
  const IrOpDesc ir_op_##name##_##first_opset = {                              \
    .type = ir_type,                                                           \
    .opset = first_opset,                                                      \
    .min_inputs = 1,                                                           \
    .max_inputs = 1,                                                           \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,                                    \
    .infer = unary_infer,                                                      \
    .evaluate = name##_evaluate,                                               \
    .summary = text,                                                           \
  };
#include "unary.inc"
#undef IR_UNARY
