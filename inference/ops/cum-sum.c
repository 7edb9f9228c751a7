/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "typed.h"

static const IrAttrDesc cum_sum_attrs[] = {
  IR_ATTR_ROW (IrCumSumAttrs, exclusive, BOOL, "false"),
  IR_ATTR_ROW (IrCumSumAttrs, reverse, BOOL, "false"),
  IR_ATTR_END,
};

static gboolean
one_axis (gsize n, const guint *axes, guint *axis, GError **error)
{
  if (n != 1) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GSIZE_FORMAT " axes are given, but one is expected", n);
  }
  *axis = axes[0];
  return TRUE;
}

static gboolean
cum_sum_infer (IrInferCtx *ctx, GError **error)
{
  guint axes[IR_MAX_RANK], axis;
  gboolean known;
  gsize n = 0;

  return ir_infer_unary (ctx, IR_ACCEPT_NUMBER, error) &&
      ir_infer_rank (ctx, 1, 3, "axis", error) &&
      ir_infer_axes (ctx, 1, 0, axes, &n, &known, error) &&
      (!known || one_axis (n, axes, &axis, error));
}

/* One line of @n numbers, @step apart; a negative step starts at its end. */
typedef void (*SumFunc) (gconstpointer in, gpointer out, gint64 first, gint64 n,
    gint64 step, gboolean exclusive);

#define SUM(id, T, S)                                                          \
  static void sum_##id (gconstpointer in, gpointer out, gint64 first,          \
      gint64 n, gint64 step, gboolean exclusive)                               \
  {                                                                            \
    S sum = 0;                                                                 \
                                                                               \
    for (gint64 at = first; n > 0; at += step, n--) {                          \
      const S next = sum + (S) ((const T *) in)[at];                           \
                                                                               \
      ((T *) out)[at] = (T) (exclusive ? sum : next);                          \
      sum = next;                                                              \
    }                                                                          \
  }
IR_FLOAT_TYPES (SUM, double)
IR_INTEGER_TYPES (SUM, guint64)

#define SUM_ENTRY(id, T, ...) [IR_DTYPE_##id] = sum_##id,
static const SumFunc sums[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (SUM_ENTRY, 0) };

static gboolean
cum_sum_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrCumSumAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  guint axes[IR_MAX_RANK], axis;
  gint64 n, step, lines;
  gsize n_axes;

  if (!ir_eval_axes (ctx, 1, 0, axes, &n_axes, error) ||
      !one_axis (n_axes, axes, &axis, error))
    return FALSE;
  if (ir_tensor_count (ctx->in[0]) == 0)
    return TRUE;
  n = shape->dim[axis];
  step = (gint64) ir_shape_size (shape, (gint) axis + 1, shape->rank);
  lines = (gint64) ir_shape_size (shape, 0, (gint) axis) * step;

  for (gint64 l = 0; l < lines; l++) {
    const gint64 first = l / step * n * step + l % step;

    sums[ctx->in[0]->dtype](ctx->in[0]->data, ctx->out[0]->data,
        attrs->reverse ? first + (n - 1) * step : first, n,
        attrs->reverse ? -step : step, attrs->exclusive);
  }
  return TRUE;
}

const IrOpDesc ir_op_cum_sum_3 = {
  .type = "CumSum",
  .opset = 3,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrCumSumAttrs),
  .attrs = cum_sum_attrs,
  .infer = cum_sum_infer,
  .evaluate = cum_sum_evaluate,
  .summary = "Sums of all numbers up to each one along an axis",
};
