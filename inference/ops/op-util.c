/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "op-util.h"

const char *const ir_auto_pad_names[] = { "explicit", "same_upper",
  "same_lower", "valid", NULL };
const char *const ir_broadcast_names[] = { "none", "numpy", "pdpd", "explicit",
  "bidirectional", NULL };
const char *const ir_rounding_names[] = { "floor", "ceil", "ceil_torch", NULL };

void
ir_infer_set (IrInferCtx *ctx, guint index, IrDType dtype, const IrShape *shape)
{
  ctx->out_dtype[index] = dtype;
  ctx->out_shape[index] = *shape;
}

gboolean
ir_infer_same (IrInferCtx *ctx, GError **error)
{
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &ctx->in_shape[0]);
  return TRUE;
}

gboolean
ir_infer_same_dtype (
    IrInferCtx *ctx, guint first, guint end, IrDType *dtype, GError **error)
{
  IrDType common = IR_DTYPE_DYNAMIC;

  for (guint i = first; i < end; i++) {
    IrDType own = ctx->in_dtype[i];

    if (own == IR_DTYPE_DYNAMIC)
      continue;
    if (common != IR_DTYPE_DYNAMIC && own != common)
      return ir_fail (error, IR_ERROR_SHAPE,
          "inputs of different types: %s and %s", ir_dtype_name (common),
          ir_dtype_name (own));
    common = own;
  }
  *dtype = common;
  return TRUE;
}

gboolean
ir_infer_broadcast (IrInferCtx *ctx, GError **error)
{
  IrShape shape = ctx->in_shape[0];
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, (guint) ctx->n_inputs, &dtype, error))
    return FALSE;
  for (gsize i = 1; i < ctx->n_inputs; i++) {
    char a[IR_SHAPE_TEXT];
    char b[IR_SHAPE_TEXT];

    if (!ir_shape_broadcast (&shape, &ctx->in_shape[i]))
      return ir_fail (error, IR_ERROR_SHAPE,
          "shapes %s and %s do not go together", ir_shape_print (&shape, a),
          ir_shape_print (&ctx->in_shape[i], b));
  }
  ir_infer_set (ctx, 0, dtype, &shape);
  return TRUE;
}

gboolean
ir_infer_rank (
    IrInferCtx *ctx, guint index, guint mask, const char *what, GError **error)
{
  const IrShape *shape = &ctx->in_shape[index];
  char text[IR_SHAPE_TEXT];

  if (shape->rank < 0 || (mask >> shape->rank & 1) != 0)
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "%s (input %u) cannot have the shape %s: %d dimensions", what, index,
      ir_shape_print (shape, text), shape->rank);
}

gboolean
ir_infer_ints (IrInferCtx *ctx, guint index, gint64 *values, gsize max,
    gsize *n, gboolean *known, GError **error)
{
  const IrTensor *value = ctx->in_value[index];

  *known = value != NULL;
  if (value == NULL || ir_tensor_read_i64 (value, values, max, n, error))
    return TRUE;
  g_prefix_error (error, "input %u: ", index);
  return FALSE;
}

/* Normalises axes and rejects doubles. */
static gboolean
check_axes (const IrShape *shape, const gint64 *values, gsize n, guint *axes,
    GError **error)
{
  guint seen = 0;

  for (gsize i = 0; i < n; i++) {
    if (!ir_shape_axis (shape, values[i], &axes[i], error))
      return FALSE;
    if ((seen >> axes[i] & 1) != 0)
      return ir_fail (error, IR_ERROR_SHAPE, "axis %u is given twice", axes[i]);
    seen |= 1u << axes[i];
  }
  return TRUE;
}

gboolean
ir_infer_axes (IrInferCtx *ctx, guint index, guint of, guint *axes, gsize *n,
    gboolean *known, GError **error)
{
  gint64 values[IR_MAX_RANK];

  if (!ir_infer_ints (ctx, index, values, IR_MAX_RANK, n, known, error))
    return FALSE;
  if (ctx->in_shape[of].rank < 0)
    *known = FALSE;
  return !*known || check_axes (&ctx->in_shape[of], values, *n, axes, error);
}

gboolean
ir_eval_ints (const IrEvalCtx *ctx, guint index, gint64 *values, gsize max,
    gsize *n, GError **error)
{
  return ir_tensor_read_i64 (ctx->in[index], values, max, n, error);
}

gboolean
ir_eval_axes (const IrEvalCtx *ctx, guint index, guint of, guint *axes,
    gsize *n, GError **error)
{
  gint64 values[IR_MAX_RANK];

  return ir_eval_ints (ctx, index, values, IR_MAX_RANK, n, error) &&
      check_axes (&ctx->in[of]->shape, values, *n, axes, error);
}

/* A part should take longer than it takes a thread to begin with it; more parts than
 * threads, because these are not equally fast. */
#define MIN_WORK 200000
#define PARTS_OF_WORKER 4

guint
ir_eval_workers (const IrEvalCtx *ctx)
{
  return ctx->parts ? MAX (ctx->parts->workers, 1) : 1;
}

gint64
ir_eval_split (const IrEvalCtx *ctx, guint64 work, gint64 n)
{
  const guint workers = ir_eval_workers (ctx);
  const gint64 parts =
      workers > 1 && work > MIN_WORK ? (gint64) workers * PARTS_OF_WORKER : 1;

  return MAX ((n + parts - 1) / parts, 1);
}

void
ir_eval_parts (const IrEvalCtx *ctx, gint64 n, gint64 split, IrPartFunc func,
    gpointer data)
{
  const guint parts = (guint) ((n + split - 1) / split);

  if (ctx->parts)
    ctx->parts->run (ctx->parts, parts, func, data);
  else
    for (guint i = 0; i < parts; i++)
      func (data, i, 0);
}

void
ir_strides (const IrShape *shape, gint64 *strides)
{
  gint64 stride = 1;

  for (gint i = shape->rank - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape->dim[i];
  }
}

void
ir_broadcast_strides (const IrShape *shape, const IrShape *as, gint64 *strides)
{
  gint lead = as->rank - shape->rank;
  gint64 own[IR_MAX_RANK];

  ir_strides (shape, own);
  for (gint i = 0; i < as->rank; i++) {
    if (i < lead || shape->dim[i - lead] == 1)
      strides[i] = 0;
    else
      strides[i] = own[i - lead];
  }
}

gboolean
ir_next_index (const IrShape *shape, gint64 *index)
{
  for (gint i = shape->rank - 1; i >= 0; i--) {
    if (++index[i] < shape->dim[i])
      return TRUE;
    index[i] = 0;
  }
  return FALSE;
}
