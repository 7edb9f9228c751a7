/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scatter.h"

#include <string.h>

typedef struct {
  gint reduction;
  gboolean use_init_val;
} ScatterElementsAttrs;

#define ALL_REDUCTIONS                                                         \
  (1u << IR_SCATTER_NONE | 1u << IR_SCATTER_SUM | 1u << IR_SCATTER_PROD |      \
      1u << IR_SCATTER_MIN | 1u << IR_SCATTER_MAX | 1u << IR_SCATTER_MEAN)

/* Indices name places along the axis only, so that none of their other
 * dimensions may be larger than the data's. */
static gboolean
check_indices (const IrShape *data, const IrShape *indices, guint axis,
    gboolean axis_known, GError **error)
{
  char text[2][IR_SHAPE_TEXT];

  if (data->rank != indices->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the indices have %d dimensions, the data %d", indices->rank,
        data->rank);
  for (guint i = 0; axis_known && i < (guint) data->rank; i++)
    if (i != axis && data->dim[i] >= 0 && indices->dim[i] > data->dim[i])
      return ir_fail (error, IR_ERROR_SHAPE,
          "indices of shape %s are larger than data of shape %s in dimension "
          "%u",
          ir_shape_print (indices, text[0]), ir_shape_print (data, text[1]), i);
  return TRUE;
}

static gboolean
infer_elements (IrInferCtx *ctx, gint reduction, guint allowed, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *updates = &ctx->in_shape[2];
  IrShape indices = ctx->in_shape[1];
  char text[2][IR_SHAPE_TEXT];
  gboolean known;
  gint64 value;
  guint axis = 0;

  if (!ir_scatter_infer (ctx, reduction, allowed, error) ||
      !ir_infer_int (ctx, 3, "the axis", &value, &known, error))
    return FALSE;
  if (!ir_shape_merge (&indices, updates))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the updates have shape %s, the indices %s",
        ir_shape_print (updates, text[0]),
        ir_shape_print (&ctx->in_shape[1], text[1]));
  if (data->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (known && !ir_shape_axis (data, value, &axis, error))
    return FALSE;
  return indices.rank == IR_RANK_UNKNOWN ||
      check_indices (data, &indices, axis, known, error);
}

/* How the updates are brought into the data: @count, where there is one, says
 * how many numbers each place is made of. */
typedef struct {
  IrScatterFunc join;
  IrScatterFunc replace;
  guint32 *count;
} Joining;

static gboolean
joining_init (Joining *joining, const IrEvalCtx *ctx, gint reduction,
    gboolean use_init_val, GError **error)
{
  const IrTensor *data = ctx->in[0];
  const guint64 n = ir_tensor_count (data);

  joining->join = ir_scatter_func (data->dtype, reduction);
  joining->replace = ir_scatter_func (data->dtype, IR_SCATTER_NONE);
  joining->count = NULL;
  if (reduction == IR_SCATTER_NONE ||
      (use_init_val && reduction != IR_SCATTER_MEAN))
    return TRUE;
  joining->count = ir_scratch_take0 (ctx->scratch, n, sizeof (guint32));
  if (joining->count == NULL)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory to count the updates of %" G_GUINT64_FORMAT " elements", n);
  for (guint64 i = 0; use_init_val && i < n; i++)
    joining->count[i] = 1;
  return TRUE;
}

static gboolean
scatter (
    const IrEvalCtx *ctx, guint axis, const Joining *joining, GError **error)
{
  const IrTensor *data = ctx->in[0], *indices = ctx->in[1];
  const guint8 *from = ctx->in[2]->data;
  const gsize bytes = ir_dtype_size (data->dtype);
  guint8 *to = ctx->out[0]->data;
  gint64 strides[IR_MAX_RANK], index[IR_MAX_RANK] = { 0 };
  guint64 i = 0;

  ir_strides (&data->shape, strides);
  do {
    gint64 place, at = 0;

    if (!ir_read_index (
            indices, i++, data->shape.dim[axis], "indices", &place, error))
      return FALSE;
    for (gint d = 0; d < data->shape.rank; d++)
      at += strides[d] * (d == (gint) axis ? place : index[d]);
    if (joining->count == NULL || joining->count[at]++ > 0)
      joining->join (to + at * bytes, from, 1);
    else
      joining->replace (to + at * bytes, from, 1);
    from += bytes;
  } while (ir_next_index (&indices->shape, index));
  return TRUE;
}

static gboolean
evaluate_elements (
    IrEvalCtx *ctx, gint reduction, gboolean use_init_val, GError **error)
{
  const IrTensor *data = ctx->in[0];
  Joining joining;
  gint64 value;
  guint axis;

  if (!ir_eval_int (ctx, 3, &value, error) ||
      !ir_shape_axis (&data->shape, value, &axis, error))
    return FALSE;
  if (data->size > 0)
    memcpy (ctx->out[0]->data, data->data, data->size);
  if (ir_tensor_count (ctx->in[1]) == 0)
    return TRUE;
  if (!joining_init (&joining, ctx, reduction, use_init_val, error))
    return FALSE;
  if (!scatter (ctx, axis, &joining, error))
    return FALSE;
  if (reduction == IR_SCATTER_MEAN)
    for (guint64 i = 0; i < ir_tensor_count (data); i++)
      if (joining.count[i] > 1)
        ir_scatter_divide (ctx->out[0], i, joining.count[i]);
  return TRUE;
}

static gboolean
infer_elements_3 (IrInferCtx *ctx, GError **error)
{
  return infer_elements (ctx, IR_SCATTER_NONE, 1u << IR_SCATTER_NONE, error);
}

static gboolean
evaluate_elements_3 (IrEvalCtx *ctx, GError **error)
{
  return evaluate_elements (ctx, IR_SCATTER_NONE, TRUE, error);
}

const IrOpDesc ir_op_scatter_elements_update_3 = {
  .type = "ScatterElementsUpdate",
  .opset = 3,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .infer = infer_elements_3,
  .evaluate = evaluate_elements_3,
  .summary = "the data with elements of an axis replaced",
};

static gboolean
infer_elements_12 (IrInferCtx *ctx, GError **error)
{
  const ScatterElementsAttrs *attrs = ctx->attrs;

  return infer_elements (ctx, attrs->reduction, ALL_REDUCTIONS, error);
}

static gboolean
evaluate_elements_12 (IrEvalCtx *ctx, GError **error)
{
  const ScatterElementsAttrs *attrs = ctx->attrs;

  return evaluate_elements (ctx, attrs->reduction, attrs->use_init_val, error);
}

static const IrAttrDesc elements_12_attrs[] = {
  IR_ATTR_ENUM_ROW (ScatterElementsAttrs, reduction, "none", ir_scatter_names),
  IR_ATTR_ROW (ScatterElementsAttrs, use_init_val, BOOL, "true"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_scatter_elements_update_12 = {
  .type = "ScatterElementsUpdate",
  .opset = 12,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (ScatterElementsAttrs),
  .attrs = elements_12_attrs,
  .infer = infer_elements_12,
  .evaluate = evaluate_elements_12,
  .summary =
      "the data with elements of an axis replaced or joined with updates",
};
