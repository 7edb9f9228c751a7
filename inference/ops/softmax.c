/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "typed.h"

static const IrAttrDesc axis_attrs[] = {
  IR_ATTR_ROW (IrAxisAttrs, axis, I64, "1"),
  IR_ATTR_END,
};

static gboolean
softmax_infer (IrInferCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  guint axis;

  if (!ir_infer_unary (ctx, IR_ACCEPT_FLOAT, error))
    return FALSE;
  return ctx->in_shape[0].rank == IR_RANK_UNKNOWN ||
      ir_shape_axis (&ctx->in_shape[0], attrs->axis, &axis, error);
}

/* One run of @n numbers that are @step apart. */
static void
soften (const float *in, float *out, gint64 n, gint64 step, gboolean want_log)
{
  double largest = in[0], sum = 0;

  for (gint64 i = 1; i < n; i++)
    largest = fmax (largest, in[i * step]);
  /* Infinite numbers would make inf - inf of their distance. */
  if (isinf (largest) && largest < 0)
    largest = 0;
  for (gint64 i = 0; i < n; i++)
    sum += exp (in[i * step] - largest);
  for (gint64 i = 0; i < n; i++) {
    const double x = in[i * step] - largest;

    out[i * step] = (float) (want_log ? x - log (sum) : exp (x) / sum);
  }
}

static gboolean
run (IrEvalCtx *ctx, gboolean want_log, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  gint64 before, length, after;
  guint axis;

  if (!ir_shape_axis (shape, attrs->axis, &axis, error))
    return FALSE;
  if (ir_tensor_count (ctx->in[0]) == 0)
    return TRUE;
  before = (gint64) ir_shape_size (shape, 0, (gint) axis);
  length = shape->dim[axis];
  after = (gint64) ir_shape_size (shape, (gint) axis + 1, shape->rank);

  for (gint64 i = 0; i < before * after; i++) {
    const gint64 at = i / after * length * after + i % after;

    soften (ir_eval_f32 (ctx, 0) + at, ir_eval_out_f32 (ctx, 0) + at, length,
        after, want_log);
  }
  return TRUE;
}

static gboolean
softmax_evaluate (IrEvalCtx *ctx, GError **error)
{
  return run (ctx, FALSE, error);
}

static gboolean
log_softmax_evaluate (IrEvalCtx *ctx, GError **error)
{
  return run (ctx, TRUE, error);
}

const IrOpDesc ir_op_softmax_1 = {
  .type = "SoftMax",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrAxisAttrs),
  .attrs = axis_attrs,
  .infer = softmax_infer,
  .evaluate = softmax_evaluate,
  .summary = "Exponentials along an axis, divided by their sum",
};

const IrOpDesc ir_op_softmax_8 = {
  .type = "SoftMax",
  .opset = 8,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrAxisAttrs),
  .attrs = axis_attrs,
  .infer = softmax_infer,
  .evaluate = softmax_evaluate,
  .summary = "SoftMax whose axis may count from the end",
};

const IrOpDesc ir_op_log_softmax_5 = {
  .type = "LogSoftmax",
  .opset = 5,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrAxisAttrs),
  .attrs = axis_attrs,
  .infer = softmax_infer,
  .evaluate = log_softmax_evaluate,
  .summary = "Logarithm of SoftMax",
};
