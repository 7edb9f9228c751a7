/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of one number with parameters. */
#include <math.h>

#include "typed.h"

static const IrAttrDesc elu_attrs[] = {
  IR_ATTR_ROW (IrAlphaAttrs, alpha, F64, NULL),
  IR_ATTR_END,
};

static const char *const gelu_names[] = { "erf", "tanh", NULL };

static const IrAttrDesc gelu_attrs[] = {
  IR_ATTR_ENUM_ROW (IrGeluAttrs, approximation_mode, "erf", gelu_names),
  IR_ATTR_END,
};

/* A run of `to[i] = value` with x from the input and p the parameters. */
#define FUNCTION(name, value)                                                  \
  static void name (gconstpointer const *in, const gsize *step, gpointer out,  \
      gsize n, gconstpointer data)                                             \
  {                                                                            \
    const double *p = data;                                                    \
    const float *from = in[0];                                                 \
    float *to = out;                                                           \
                                                                               \
    for (gsize i = 0; i < n; i++) {                                            \
      const double x = from[i * step[0]];                                      \
                                                                               \
      to[i] = (float) (value);                                                 \
    }                                                                          \
  }
FUNCTION (elu_row, x < 0 ? p[0] * expm1 (x) : x)
FUNCTION (gelu_erf_row, x *p[0] * (1 + erf (x * G_SQRT2 / 2)))
FUNCTION (gelu_tanh_row,
    x *p[0] * (1 + tanh (sqrt (2 / G_PI) * (x + 0.044715 * x * x * x))))
FUNCTION (hard_sigmoid_row, fmin (fmax (p[0] * x + p[1], 0), 1))
FUNCTION (selu_row, p[1] * (x > 0 ? x : p[0] * expm1 (x)))
FUNCTION (swish_row, x / (1 + exp (-p[0] * x)))

/* The data are floats, and every further input one number of their type. */
static gboolean
activation_infer (IrInferCtx *ctx, GError **error)
{
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_FLOAT, "the data", error))
    return FALSE;
  for (guint i = 1; i < ctx->n_inputs; i++) {
    char text[IR_SHAPE_TEXT];
    guint64 count;

    if (ir_shape_is_static (&ctx->in_shape[i]) &&
        (!ir_shape_count (&ctx->in_shape[i], &count) || count != 1)) {
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u has the shape %s, but one number is expected", i,
          ir_shape_print (&ctx->in_shape[i], text));
    }
  }

  ir_infer_set (ctx, 0, dtype, &ctx->in_shape[0]);
  return TRUE;
}

/* Runs @row with the further inputs as parameters. */
static gboolean
run_with_inputs (IrEvalCtx *ctx, IrRowFunc row, double fallback)
{
  double p[2] = { fallback, fallback };

  for (guint i = 1; i < ctx->n_inputs; i++)
    p[i - 1] = ir_eval_f32 (ctx, i)[0];
  ir_eval_rows (ctx, 1, NULL, row, p);
  return TRUE;
}

static gboolean
elu_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrAlphaAttrs *attrs = ctx->attrs;

  ir_eval_rows (ctx, 1, NULL, elu_row, &attrs->alpha);
  return TRUE;
}

static gboolean
gelu_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrGeluAttrs *attrs = ctx->attrs;

  return run_with_inputs (
      ctx, attrs->approximation_mode ? gelu_tanh_row : gelu_erf_row, 0.5);
}

static gboolean
hard_sigmoid_evaluate (IrEvalCtx *ctx, GError **error)
{
  return run_with_inputs (ctx, hard_sigmoid_row, 0);
}

static gboolean
selu_evaluate (IrEvalCtx *ctx, GError **error)
{
  return run_with_inputs (ctx, selu_row, 0);
}

static gboolean
swish_evaluate (IrEvalCtx *ctx, GError **error)
{
  return run_with_inputs (ctx, swish_row, 1);
}

const IrOpDesc ir_op_elu_1 = {
  .type = "Elu",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrAlphaAttrs),
  .attrs = elu_attrs,
  .infer = activation_infer,
  .evaluate = elu_evaluate,
  .summary = "x, alpha (e^x - 1) below 0",
};

const IrOpDesc ir_op_gelu_7 = {
  .type = "Gelu",
  .opset = 7,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrGeluAttrs),
  .attrs = gelu_attrs,
  .infer = activation_infer,
  .evaluate = gelu_evaluate,
  .summary = "Gaussian error linear unit, exact or by tanh",
};

const IrOpDesc ir_op_hard_sigmoid_1 = {
  .type = "HardSigmoid",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = activation_infer,
  .evaluate = hard_sigmoid_evaluate,
  .summary = "alpha x + beta, clamped to 0 and 1",
};

const IrOpDesc ir_op_selu_1 = {
  .type = "Selu",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = activation_infer,
  .evaluate = selu_evaluate,
  .summary = "lambda x, lambda alpha (e^x - 1) below 0",
};

const IrOpDesc ir_op_swish_4 = {
  .type = "Swish",
  .opset = 4,
  .min_inputs = 1,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = activation_infer,
  .evaluate = swish_evaluate,
  .summary = "x / (1 + e^(-beta x))",
};
