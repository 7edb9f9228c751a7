/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "typed.h"

static const IrAttrDesc clamp_attrs[] = {
  IR_ATTR_ROW (IrClampAttrs, min, F64, NULL),
  IR_ATTR_ROW (IrClampAttrs, max, F64, NULL),
  IR_ATTR_END,
};

static gboolean
clamp_infer (IrInferCtx *ctx, GError **error)
{
  const IrClampAttrs *attrs = ctx->attrs;

  if (!(attrs->min <= attrs->max)) {
    return ir_fail (error, IR_ERROR_SHAPE, "min is %g, which is above max, %g",
        attrs->min, attrs->max);
  }
  return ir_infer_unary (ctx, IR_ACCEPT_NUMBER, error);
}

/* The limits as each kind of number has them. */
typedef struct {
  float float_min, float_max;
  gint64 signed_min, signed_max;
  guint64 unsigned_min, unsigned_max;
} Limits;

static gint64
to_signed (double value)
{
  if (value >= 0x1p63)
    return G_MAXINT64;
  return value <= -0x1p63 ? G_MININT64 : (gint64) value;
}

static guint64
to_unsigned (double value)
{
  if (value >= 0x1p64)
    return G_MAXUINT64;
  return value <= 0 ? 0 : (guint64) value;
}

#define CLAMP_ROW(id, T, kind)                                                 \
  static void clamp_##id (gconstpointer const *in, const gsize *step,          \
      gpointer out, gsize n, gconstpointer data)                               \
  {                                                                            \
    const Limits *limits = data;                                               \
    const T *from = in[0];                                                     \
    T *to = out;                                                               \
                                                                               \
    for (gsize i = 0; i < n; i++) {                                            \
      const T x = from[i * step[0]];                                           \
                                                                               \
      to[i] = x < limits->kind##_min ? (T) limits->kind##_min                  \
          : x > limits->kind##_max   ? (T) limits->kind##_max                  \
                                     : x;                                        \
    }                                                                          \
  }
IR_FLOAT_TYPES (CLAMP_ROW, float)
IR_SIGNED_TYPES (CLAMP_ROW, signed)
IR_UNSIGNED_TYPES (CLAMP_ROW, unsigned)

#define CLAMP_ENTRY(id, T, ...) [IR_DTYPE_##id] = clamp_##id,
static const IrRowFunc clamp_rows[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (
    CLAMP_ENTRY, 0) };

static gboolean
clamp_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrClampAttrs *attrs = ctx->attrs;
  const double low = ceil (attrs->min), high = floor (attrs->max);
  const Limits limits = { (float) attrs->min, (float) attrs->max,
    to_signed (low), to_signed (high), to_unsigned (low), to_unsigned (high) };

  ir_eval_rows (ctx, 1, NULL, clamp_rows[ctx->in[0]->dtype], &limits);
  return TRUE;
}

const IrOpDesc ir_op_clamp_1 = {
  .type = "Clamp",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrClampAttrs),
  .attrs = clamp_attrs,
  .infer = clamp_infer,
  .evaluate = clamp_evaluate,
  .summary = "The value, or the limit that it crosses",
};
