/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

typedef struct {
  gint64 batch_dims;
} GatherNdAttrs;

static gboolean
check_batch (
    const IrShape *data, const IrShape *indices, gint64 batch, GError **error)
{
  if (batch < 0 || batch >= data->rank || batch >= indices->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "batch_dims is %" G_GINT64_FORMAT
        ", which must be less than the %d dimensions of the data and the %d "
        "of the indices",
        batch, data->rank, indices->rank);
  for (gint64 i = 0; i < batch; i++)
    if (data->dim[i] != indices->dim[i] && data->dim[i] != IR_DIM_UNKNOWN &&
        indices->dim[i] != IR_DIM_UNKNOWN)
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %" G_GINT64_FORMAT ", a batch dimension, is "
          "%" G_GINT64_FORMAT " in the data and %" G_GINT64_FORMAT
          " in the indices",
          i, data->dim[i], indices->dim[i]);
  return TRUE;
}

static gboolean
append (IrShape *shape, gint64 dim, GError **error)
{
  if (shape->rank == IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "the result would have more than %d dimensions", IR_MAX_RANK);
  shape->dim[shape->rank++] = dim;
  return TRUE;
}

static gboolean
infer_gather_nd (IrInferCtx *ctx, gboolean flatten, GError **error)
{
  const gint64 batch = ((const GatherNdAttrs *) ctx->attrs)->batch_dims;
  const IrShape *data = &ctx->in_shape[0], *indices = &ctx->in_shape[1];
  IrShape out = ir_shape_scalar ();
  gint64 depth;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "indices", error))
    return FALSE;
  if (data->rank == IR_RANK_UNKNOWN || indices->rank == IR_RANK_UNKNOWN) {
    out = ir_shape_unknown ();
    ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
    return TRUE;
  }
  if (!check_batch (data, indices, batch, error))
    return FALSE;
  depth = indices->dim[indices->rank - 1];
  if (depth > data->rank - batch)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the indices have %" G_GINT64_FORMAT
        " parts, data beyond its batch only %" G_GINT64_FORMAT " dimensions",
        depth, data->rank - batch);
  for (gint64 i = 0; i < batch; i++) {
    const gint64 dim = MAX (data->dim[i], indices->dim[i]);

    if (flatten && i > 0 ? !ir_dim_mul (&out.dim[0], dim, error)
                         : !append (&out, dim, error))
      return FALSE;
  }
  for (gint i = batch; i < indices->rank - 1; i++)
    if (!append (&out, indices->dim[i], error))
      return FALSE;
  if (depth == IR_DIM_UNKNOWN)
    out = ir_shape_unknown ();
  for (gint i = batch + depth; depth >= 0 && i < data->rank; i++)
    if (!append (&out, data->dim[i], error))
      return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
infer_gather_nd_5 (IrInferCtx *ctx, GError **error)
{
  return infer_gather_nd (ctx, TRUE, error);
}

static gboolean
infer_gather_nd_8 (IrInferCtx *ctx, GError **error)
{
  return infer_gather_nd (ctx, FALSE, error);
}

static gboolean
evaluate_gather_nd (IrEvalCtx *ctx, GError **error)
{
  const gint64 batch = ((const GatherNdAttrs *) ctx->attrs)->batch_dims;
  const IrTensor *data = ctx->in[0], *indices = ctx->in[1];
  const IrShape *shape = &data->shape;
  const gint last = indices->shape.rank - 1;
  const gint64 depth = indices->shape.dim[last];
  const gint64 n = ir_shape_size (&indices->shape, 0, batch);
  const gint64 count = ir_shape_size (&indices->shape, batch, last);
  const gint64 block = ir_shape_size (shape, batch, shape->rank);
  const gsize bytes = ir_shape_size (shape, batch + depth, shape->rank) *
      ir_dtype_size (data->dtype);
  gint64 strides[IR_MAX_RANK];
  guint8 *to = ctx->out[0]->data;

  if (ctx->out[0]->size == 0)
    return TRUE;
  ir_strides (shape, strides);
  for (gint64 i = 0; i < n * count; i++, to += bytes) {
    gint64 offset = i / count * block;

    for (gint64 d = 0; d < depth; d++) {
      gint64 index;

      if (!ir_read_index (indices, i * depth + d, shape->dim[batch + d],
              "indices", &index, error))
        return FALSE;
      offset += index * strides[batch + d];
    }
    memcpy (to,
        (const guint8 *) data->data + offset * ir_dtype_size (data->dtype),
        bytes);
  }
  return TRUE;
}

static const IrAttrDesc gather_nd_attrs[] = {
  IR_ATTR_ROW (GatherNdAttrs, batch_dims, I64, "0"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_gather_nd_5 = {
  .type = "GatherND",
  .opset = 5,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (GatherNdAttrs),
  .attrs = gather_nd_attrs,
  .infer = infer_gather_nd_5,
  .evaluate = evaluate_gather_nd,
  .summary = "slices named by index vectors; batch dimensions become one",
};

const IrOpDesc ir_op_gather_nd_8 = {
  .type = "GatherND",
  .opset = 8,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (GatherNdAttrs),
  .attrs = gather_nd_attrs,
  .infer = infer_gather_nd_8,
  .evaluate = evaluate_gather_nd,
  .summary = "slices named by index vectors; batch dimensions are kept",
};
