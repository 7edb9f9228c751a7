/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

/* Reads and checks the axis; @known is FALSE if it or the rank is not known. */
static gboolean
infer_split_axis (IrInferCtx *ctx, guint *axis, gboolean *known, GError **error)
{
  gint64 value;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "the axis", error) ||
      !ir_infer_int (ctx, 1, "the axis", &value, known, error))
    return FALSE;
  if (ctx->in_shape[0].rank == IR_RANK_UNKNOWN)
    *known = FALSE;
  return !*known || ir_shape_axis (&ctx->in_shape[0], value, axis, error);
}

/* Every output gets the input's shape, with lengths[i] along the axis. */
static void
set_parts (IrInferCtx *ctx, guint axis, gboolean known, const gint64 *lengths)
{
  for (gsize i = 0; i < ctx->n_outputs; i++) {
    IrShape part = ctx->in_shape[0];

    if (known)
      part.dim[axis] = lengths[i];
    else if (part.rank != IR_RANK_UNKNOWN)
      part = ir_shape_of_rank (part.rank);
    ir_infer_set (ctx, i, ctx->in_dtype[0], &part);
  }
}

static gboolean
infer_split (IrInferCtx *ctx, GError **error)
{
  const IrSplitAttrs *attrs = ctx->attrs;
  g_autofree gint64 *lengths = g_new (gint64, ctx->n_outputs);
  gint64 length = IR_DIM_UNKNOWN;
  gboolean known;
  guint axis = 0;

  if (attrs->num_splits < 1 || attrs->num_splits != (gint64) ctx->n_outputs)
    return ir_fail (error, IR_ERROR_SHAPE,
        "num_splits is %" G_GINT64_FORMAT " but there are %" G_GSIZE_FORMAT
        " outputs",
        attrs->num_splits, ctx->n_outputs);
  if (!infer_split_axis (ctx, &axis, &known, error))
    return FALSE;
  if (known && ctx->in_shape[0].dim[axis] != IR_DIM_UNKNOWN) {
    length = ctx->in_shape[0].dim[axis];
    if (length % attrs->num_splits != 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %u of %" G_GINT64_FORMAT " cannot be split into "
          "%" G_GINT64_FORMAT " equal parts",
          axis, length, attrs->num_splits);
    length /= attrs->num_splits;
  }
  for (gsize i = 0; i < ctx->n_outputs; i++)
    lengths[i] = length;
  set_parts (ctx, axis, known, lengths);
  return TRUE;
}

/* Both ops: the outputs' shapes say where to cut. */
static gboolean
strided_split (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape;
  gint64 value;
  guint axis;

  if (!ir_eval_int (ctx, 1, &value, error) ||
      !ir_shape_axis (in, value, &axis, error))
    return FALSE;
  strided->offset = 0;
  for (guint i = 0; i < index; i++)
    strided->offset += ctx->out[i]->shape.dim[axis] * steps[axis];
  memcpy (strided->step, steps, in->rank * sizeof *steps);
  return TRUE;
}

static const IrAttrDesc split_attrs[] = {
  IR_ATTR_ROW (IrSplitAttrs, num_splits, I64, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_split_1 = {
  .type = "Split",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = IR_VARIADIC,
  .attrs_size = sizeof (IrSplitAttrs),
  .attrs = split_attrs,
  .infer = infer_split,
  .evaluate = ir_eval_strided,
  .summary = "cuts the input into equal parts along an axis",
  .strided = strided_split,
};

/* One length may be -1: what the others leave of @dim. */
static gboolean
resolve_lengths (gint64 *lengths, gsize n, gint64 dim, GError **error)
{
  gint64 sum = 0;
  gssize rest = -1;

  for (gsize i = 0; i < n; i++) {
    if (lengths[i] < -1 || (lengths[i] == -1 && rest >= 0))
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GSIZE_FORMAT " of the lengths is %" G_GINT64_FORMAT
          "; only sizes and a single -1 are allowed",
          i, lengths[i]);
    if (lengths[i] == -1)
      rest = i;
    else if (!ir_dim_add (&sum, lengths[i], error))
      return FALSE;
  }
  if (dim == IR_DIM_UNKNOWN)
    return TRUE;
  if (rest >= 0 ? sum > dim : sum != dim)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the lengths sum up to %" G_GINT64_FORMAT ", the dimension is "
        "%" G_GINT64_FORMAT,
        sum, dim);
  if (rest >= 0)
    lengths[rest] = dim - sum;
  return TRUE;
}

static gboolean
infer_variadic_split (IrInferCtx *ctx, GError **error)
{
  const gint64 n = ir_list_length (&ctx->in_shape[2]);
  g_autofree gint64 *lengths = g_new (gint64, ctx->n_outputs);
  gboolean known, known_lengths;
  gsize count = 0;
  guint axis = 0;

  if (!infer_split_axis (ctx, &axis, &known, error) ||
      !ir_infer_integers (ctx, 2, "the lengths", error) ||
      !ir_infer_rank (ctx, 2, 1 << 0 | 1 << 1, "the lengths", error))
    return FALSE;
  if (n != IR_DIM_UNKNOWN && n != (gint64) ctx->n_outputs)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " lengths are given for %" G_GSIZE_FORMAT
        " outputs",
        n, ctx->n_outputs);
  if (!ir_infer_ints (
          ctx, 2, lengths, ctx->n_outputs, &count, &known_lengths, error))
    return FALSE;
  for (gsize i = known_lengths ? count : 0; i < ctx->n_outputs; i++)
    lengths[i] = IR_DIM_UNKNOWN;
  if (known && known_lengths &&
      !resolve_lengths (
          lengths, ctx->n_outputs, ctx->in_shape[0].dim[axis], error))
    return FALSE;
  set_parts (ctx, axis, known, lengths);
  return TRUE;
}

const IrOpDesc ir_op_variadic_split_1 = {
  .type = "VariadicSplit",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = IR_VARIADIC,
  .infer = infer_variadic_split,
  .evaluate = ir_eval_strided,
  .summary = "cuts the input into parts of given lengths along an axis",
  .strided = strided_split,
};
