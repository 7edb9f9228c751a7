/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of the data in which updates replace what the indices name; of several
 * updates of one place the last counts, or all are joined. */
#include "scatter.h"

#include <string.h>

/* The updates must be shaped as the first @lead dimensions of the data, then
 * @middle of the indices, then the data from dimension @tail on. */
static gboolean
check_updates (
    const IrInferCtx *ctx, gint lead, gint middle, gint tail, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *indices = &ctx->in_shape[1];
  const gint rank = lead + middle + data->rank - tail;
  char have[IR_SHAPE_TEXT], expected[IR_SHAPE_TEXT];
  IrShape want;

  if (rank > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "the updates would have %d dimensions, at most %d are possible", rank,
        IR_MAX_RANK);
  want = ir_shape_of_rank (rank);
  for (gint i = 0; i < lead; i++)
    want.dim[i] = data->dim[i];
  for (gint i = 0; i < middle; i++)
    want.dim[lead + i] = indices->dim[i];
  for (gint i = tail; i < data->rank; i++)
    want.dim[lead + middle + i - tail] = data->dim[i];
  if (ir_shape_fits (&want, &ctx->in_shape[2]))
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "the updates have shape %s where %s is needed",
      ir_shape_print (&ctx->in_shape[2], have),
      ir_shape_print (&want, expected));
}

static gboolean
infer_scatter_update (IrInferCtx *ctx, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *indices = &ctx->in_shape[1];
  gboolean known;
  gint64 value;
  guint axis;

  if (!ir_scatter_infer (ctx, IR_SCATTER_NONE, 1u << IR_SCATTER_NONE, error) ||
      !ir_infer_int (ctx, 3, "the axis", &value, &known, error))
    return FALSE;
  if (!known || data->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (!ir_shape_axis (data, value, &axis, error))
    return FALSE;
  return indices->rank == IR_RANK_UNKNOWN ||
      check_updates (ctx, axis, indices->rank, axis + 1, error);
}

static gboolean
evaluate_scatter_update (IrEvalCtx *ctx, GError **error)
{
  const IrTensor *data = ctx->in[0], *indices = ctx->in[1];
  const guint8 *from = ctx->in[2]->data;
  const gint64 n = ir_tensor_count (indices);
  gint64 value, outer, dim;
  guint8 *to = ctx->out[0]->data;
  gsize bytes;
  guint axis;

  if (!ir_eval_int (ctx, 3, &value, error) ||
      !ir_shape_axis (&data->shape, value, &axis, error))
    return FALSE;
  if (data->size == 0)
    return TRUE;
  memcpy (to, data->data, data->size);
  outer = ir_shape_size (&data->shape, 0, axis);
  dim = data->shape.dim[axis];
  bytes = ir_shape_size (&data->shape, axis + 1, data->shape.rank) *
      ir_dtype_size (data->dtype);
  for (gint64 o = 0; o < outer; o++, to += dim * bytes)
    for (gint64 i = 0; i < n; i++, from += bytes) {
      gint64 index;

      if (!ir_read_index (indices, i, dim, "indices", &index, error))
        return FALSE;
      memcpy (to + index * bytes, from, bytes);
    }
  return TRUE;
}

const IrOpDesc ir_op_scatter_update_3 = {
  .type = "ScatterUpdate",
  .opset = 3,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .infer = infer_scatter_update,
  .evaluate = evaluate_scatter_update,
  .summary = "the data with slices of an axis replaced",
};

static gboolean
infer_scatter_nd_update (
    IrInferCtx *ctx, gint reduction, guint allowed, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *indices = &ctx->in_shape[1];
  gint64 depth;

  if (!ir_scatter_infer (ctx, reduction, allowed, error))
    return FALSE;
  if (indices->rank == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "the indices must not be a scalar");
  if (data->rank == IR_RANK_UNKNOWN || indices->rank == IR_RANK_UNKNOWN)
    return TRUE;
  depth = indices->dim[indices->rank - 1];
  if (depth == IR_DIM_UNKNOWN)
    return TRUE;
  if (depth > data->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the indices have %" G_GINT64_FORMAT
        " parts, the data only %d dimensions",
        depth, data->rank);
  return check_updates (ctx, 0, indices->rank - 1, depth, error);
}

static gboolean
evaluate_scatter_nd_update (IrEvalCtx *ctx, gint reduction, GError **error)
{
  const IrTensor *data = ctx->in[0], *indices = ctx->in[1];
  const gint last = indices->shape.rank - 1;
  const gint64 depth = indices->shape.dim[last];
  const gint64 n = ir_shape_size (&indices->shape, 0, last);
  const gsize element = ir_dtype_size (data->dtype);
  const gint64 slice = ir_shape_size (&data->shape, depth, data->shape.rank);
  const IrScatterFunc join = ir_scatter_func (data->dtype, reduction);
  const guint8 *from = ctx->in[2]->data;
  gint64 strides[IR_MAX_RANK];

  if (data->size == 0)
    return TRUE;
  memcpy (ctx->out[0]->data, data->data, data->size);
  ir_strides (&data->shape, strides);
  for (gint64 i = 0; i < n; i++, from += slice * element) {
    gint64 offset = 0;

    for (gint64 d = 0; d < depth; d++) {
      gint64 index;

      if (!ir_read_index (indices, i * depth + d, data->shape.dim[d], "indices",
              &index, error))
        return FALSE;
      offset += index * strides[d];
    }
    join ((guint8 *) ctx->out[0]->data + offset * element, from, slice);
  }
  return TRUE;
}

static gboolean
infer_scatter_nd_update_4 (IrInferCtx *ctx, GError **error)
{
  return infer_scatter_nd_update (
      ctx, IR_SCATTER_NONE, 1u << IR_SCATTER_NONE, error);
}

static gboolean
evaluate_scatter_nd_update_4 (IrEvalCtx *ctx, GError **error)
{
  return evaluate_scatter_nd_update (ctx, IR_SCATTER_NONE, error);
}

const IrOpDesc ir_op_scatter_nd_update_4 = {
  .type = "ScatterNDUpdate",
  .opset = 4,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .infer = infer_scatter_nd_update_4,
  .evaluate = evaluate_scatter_nd_update_4,
  .summary = "the data with slices replaced that index vectors name",
};

typedef struct {
  gint reduction;
} ScatterNdAttrs;

static gboolean
infer_scatter_nd_update_15 (IrInferCtx *ctx, GError **error)
{
  const ScatterNdAttrs *attrs = ctx->attrs;

  return infer_scatter_nd_update (
      ctx, attrs->reduction, ~(1u << IR_SCATTER_MEAN), error);
}

static gboolean
evaluate_scatter_nd_update_15 (IrEvalCtx *ctx, GError **error)
{
  const ScatterNdAttrs *attrs = ctx->attrs;

  return evaluate_scatter_nd_update (ctx, attrs->reduction, error);
}

static const IrAttrDesc scatter_nd_attrs[] = {
  IR_ATTR_ENUM_ROW (ScatterNdAttrs, reduction, "none", ir_scatter_names),
  IR_ATTR_END,
};

const IrOpDesc ir_op_scatter_nd_update_15 = {
  .type = "ScatterNDUpdate",
  .opset = 15,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (ScatterNdAttrs),
  .attrs = scatter_nd_attrs,
  .infer = infer_scatter_nd_update_15,
  .evaluate = evaluate_scatter_nd_update_15,
  .summary = "the data with slices replaced or joined that index vectors name",
};
