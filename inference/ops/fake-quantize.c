/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "broadcast-infer.h"

static const IrAttrDesc fake_quantize_attrs[] = {
  IR_ATTR_ROW (IrBroadcastAttrs, levels, I64, NULL),
  IR_ATTR_ENUM_ROW (
      IrBroadcastAttrs, auto_broadcast, "numpy", ir_broadcast_names),
  IR_ATTR_END,
};

static gboolean
fake_quantize_infer (IrInferCtx *ctx, GError **error)
{
  const IrBroadcastAttrs *attrs = ctx->attrs;
  IrShape shape = ctx->in_shape[0];
  IrDType dtype;

  if (attrs->levels < 2) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "levels is %" G_GINT64_FORMAT ", at least 2 are needed", attrs->levels);
  }
  if (!ir_infer_same_dtype (ctx, 0, 5, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_FLOAT, "the data", error))
    return FALSE;
  for (guint i = 1; i < 5; i++) {
    if (!ir_infer_join (ctx, i, attrs->auto_broadcast, &shape, error))
      return FALSE;
  }

  ir_infer_set (ctx, 0, dtype, &shape);
  return TRUE;
}

/* In single precision, as the devices do it: which of two levels is the nearer
 * one may hang on the last bit. */
static void
quantize_row (gconstpointer const *in, const gsize *step, gpointer out, gsize n,
    gconstpointer data)
{
  const float *const *from = (const float *const *) in;
  const float steps = *(const float *) data;
  float *to = out;

  for (gsize i = 0; i < n; i++) {
    const float x = from[0][i * step[0]];
    const float in_low = from[1][i * step[1]], in_high = from[2][i * step[2]];
    const float out_low = from[3][i * step[3]], out_high = from[4][i * step[4]];

    if (x <= fminf (in_low, in_high))
      to[i] = out_low;
    else if (x > fmaxf (in_low, in_high))
      to[i] = out_high;
    else
      to[i] = rintf ((x - in_low) / (in_high - in_low) * steps) / steps *
              (out_high - out_low) +
          out_low;
  }
}

static gboolean
fake_quantize_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrBroadcastAttrs *attrs = ctx->attrs;
  const float steps = (float) (attrs->levels - 1);

  ir_eval_rows (ctx, 5, NULL, quantize_row, &steps);
  return TRUE;
}

const IrOpDesc ir_op_fake_quantize_1 = {
  .type = "FakeQuantize",
  .opset = 1,
  .min_inputs = 5,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrBroadcastAttrs),
  .attrs = fake_quantize_attrs,
  .infer = fake_quantize_infer,
  .evaluate = fake_quantize_evaluate,
  .summary = "The nearest of evenly spaced levels, mapped to another range",
};
