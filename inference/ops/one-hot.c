/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

enum {
  INDICES,
  DEPTH,
  ON,
  OFF
};

static gboolean
check_values (IrInferCtx *ctx, IrDType *dtype, GError **error)
{
  return ir_infer_integers (ctx, INDICES, "indices", error) &&
      ir_infer_integers (ctx, DEPTH, "depth", error) &&
      ir_infer_rank (ctx, ON, 3, "the on value", error) &&
      ir_infer_rank (ctx, OFF, 3, "the off value", error) &&
      ir_infer_same_dtype (ctx, ON, OFF + 1, dtype, error) &&
      ir_infer_whole_bytes (ctx, ON, error) &&
      ir_infer_whole_bytes (ctx, OFF, error);
}

static gboolean
check_single (const IrInferCtx *ctx, guint index, GError **error)
{
  const gint64 length = ir_list_length (&ctx->in_shape[index]);

  if (length >= 0 && length != 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the %s value has %" G_GINT64_FORMAT " elements instead of one",
        index == ON ? "on" : "off", length);
  return TRUE;
}

/* The indices' shape with a dimension of @depth put in. */
static gboolean
hot_shape (const IrShape *indices, gint64 value, gint64 depth, IrShape *out,
    guint *axis, GError **error)
{
  if (indices->rank >= IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "the result would have %d dimensions, at most %d are possible",
        indices->rank + 1, IR_MAX_RANK);
  *out = ir_shape_of_rank (indices->rank + 1);
  if (!ir_shape_axis (out, value, axis, error))
    return FALSE;
  for (guint i = 0; i < (guint) out->rank; i++)
    out->dim[i] = i < *axis ? indices->dim[i]
        : i == *axis        ? depth
                            : indices->dim[i - 1];
  return TRUE;
}

static gboolean
infer_one_hot (IrInferCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  IrShape out = ir_shape_unknown ();
  gint64 depth = IR_DIM_UNKNOWN;
  gboolean known;
  IrDType dtype;
  guint axis;

  if (!check_values (ctx, &dtype, error) || !check_single (ctx, ON, error) ||
      !check_single (ctx, OFF, error) ||
      !ir_infer_int (ctx, DEPTH, "depth", &depth, &known, error))
    return FALSE;
  if (known && depth < 0)
    return ir_fail (error, IR_ERROR_SHAPE, "depth is %" G_GINT64_FORMAT, depth);
  if (ctx->in_shape[INDICES].rank != IR_RANK_UNKNOWN &&
      !hot_shape (&ctx->in_shape[INDICES], attrs->axis,
          known ? depth : IR_DIM_UNKNOWN, &out, &axis, error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
evaluate_one_hot (IrEvalCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  const IrTensor *indices = ctx->in[INDICES];
  IrTensor *out = ctx->out[0];
  const gint64 n = ir_tensor_count (indices);
  const gsize bytes = ir_dtype_size (out->dtype);
  guint8 *to = out->data;
  gint64 depth, inner;
  guint axis;

  if (!ir_shape_axis (&out->shape, attrs->axis, &axis, error))
    return FALSE;
  if (out->size == 0)
    return TRUE;
  depth = out->shape.dim[axis];
  inner = ir_shape_size (&indices->shape, axis, indices->shape.rank);
  ir_fill (to, ctx->in[OFF]->data, bytes, ir_tensor_count (out));
  for (gint64 i = 0; i < n; i++) {
    const gint64 index = ir_tensor_get_i64 (indices, i);

    /* An index outside of the depth leaves its place all off. */
    if (index >= 0 && index < depth)
      memcpy (to + ((i / inner * depth + index) * inner + i % inner) * bytes,
          ctx->in[ON]->data, bytes);
  }
  return TRUE;
}

static const IrAttrDesc one_hot_attrs[] = {
  IR_ATTR_ROW (IrAxisAttrs, axis, I64, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_one_hot_1 = {
  .type = "OneHot",
  .opset = 1,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .attrs_size = sizeof (IrAxisAttrs),
  .attrs = one_hot_attrs,
  .infer = infer_one_hot,
  .evaluate = evaluate_one_hot,
  .summary = "for every index a row of off values with one on value",
};
