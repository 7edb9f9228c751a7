/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

typedef struct {
  gint64 batch_dims;
} GatherAttrs;

/* The leading dimensions that data and indices have in common. */
static gboolean
normalise_batch_dims (gint64 value, gint rank, guint *batch, GError **error)
{
  if (value < -rank || value > rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "batch_dims is %" G_GINT64_FORMAT ", the indices have %d dimensions",
        value, rank);
  *batch = value < 0 ? value + rank : value;
  return TRUE;
}

static gboolean
gathered_shape (const IrShape *data, const IrShape *indices, guint batch,
    guint axis, IrShape *out, GError **error)
{
  gint rank = 0;

  if (batch > axis)
    return ir_fail (error, IR_ERROR_SHAPE,
        "batch_dims (%u) must not be beyond the axis (%u)", batch, axis);
  for (guint i = 0; i < batch; i++) {
    const gint64 a = data->dim[i], b = indices->dim[i];

    if (a != b && a != IR_DIM_UNKNOWN && b != IR_DIM_UNKNOWN)
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %u, a batch dimension, is %" G_GINT64_FORMAT
          " in the data and %" G_GINT64_FORMAT " in the indices",
          i, a, b);
    out->dim[rank++] = MAX (a, b);
  }
  for (guint i = batch; i < axis; i++)
    out->dim[rank++] = data->dim[i];
  for (gint i = batch; i < indices->rank; i++)
    out->dim[rank++] = indices->dim[i];
  for (gint i = axis + 1; i < data->rank; i++)
    out->dim[rank++] = data->dim[i];
  return TRUE;
}

static gboolean
infer_gather (IrInferCtx *ctx, gint64 batch_dims, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *indices = &ctx->in_shape[1];
  IrShape out = ir_shape_unknown ();
  guint batch, axis;
  gboolean known;
  gint64 value;
  gint rank;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "indices", error) ||
      !ir_infer_int (ctx, 2, "the axis", &value, &known, error))
    return FALSE;
  if (data->rank == 0)
    return ir_fail (
        error, IR_ERROR_SHAPE, "nothing can be gathered from a scalar");
  if (data->rank != IR_RANK_UNKNOWN && indices->rank != IR_RANK_UNKNOWN) {
    if (!normalise_batch_dims (batch_dims, indices->rank, &batch, error))
      return FALSE;
    rank = data->rank - 1 + indices->rank - (gint) batch;
    if (rank > IR_MAX_RANK || rank < 0)
      return ir_fail (error, IR_ERROR_LIMIT,
          "the result would have %d dimensions, at most %d are possible", rank,
          IR_MAX_RANK);
    out = ir_shape_of_rank (rank);
    if (known &&
        (!ir_shape_axis (data, value, &axis, error) ||
            !gathered_shape (data, indices, batch, axis, &out, error)))
      return FALSE;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
evaluate_gather (IrEvalCtx *ctx, gint64 batch_dims, GError **error)
{
  const IrTensor *data = ctx->in[0], *indices = ctx->in[1];
  const gint rank = data->shape.rank;
  gint64 value, n, count, middle, dim;
  const guint8 *from = data->data;
  guint8 *to = ctx->out[0]->data;
  gsize bytes;
  guint axis, batch;

  if (!ir_eval_int (ctx, 2, &value, error) ||
      !ir_shape_axis (&data->shape, value, &axis, error) ||
      !normalise_batch_dims (batch_dims, indices->shape.rank, &batch, error))
    return FALSE;
  n = ir_shape_size (&data->shape, 0, batch);
  middle = ir_shape_size (&data->shape, batch, axis);
  dim = data->shape.dim[axis];
  count = ir_shape_size (&indices->shape, batch, indices->shape.rank);
  bytes = ir_shape_size (&data->shape, axis + 1, rank) *
      ir_dtype_size (data->dtype);
  if (ctx->out[0]->size == 0)
    return TRUE;
  for (gint64 b = 0; b < n; b++)
    for (gint64 m = 0; m < middle; m++, from += dim * bytes)
      for (gint64 k = 0; k < count; k++, to += bytes) {
        gint64 index;

        if (!ir_read_index (
                indices, b * count + k, dim, "indices", &index, error))
          return FALSE;
        memcpy (to, from + index * bytes, bytes);
      }
  return TRUE;
}

/* The dimension of @indices that has more than one element, as it is counted in the
 * output; -1 if there are several. */
static gint
only_dimension (const IrShape *indices, guint axis)
{
  gint found = -1;

  for (gint d = 0; d < indices->rank; d++) {
    if (indices->dim[d] == 1)
      continue;
    if (found >= 0)
      return -1;
    found = d;
  }
  return found < 0 ? (gint) axis : found + (gint) axis;
}

/* The indices as places along the dimension @d of the output, or the only one as
 * part of the offset. */
static gboolean
map_indices (const IrTensor *indices, gint64 dim, gint64 step, guint d,
    IrStrided *strided, GError **error)
{
  const gint64 n = ir_tensor_count (indices);
  gint64 index, *map;

  if (n == 1) {
    if (!ir_read_index (indices, 0, dim, "indices", &index, error))
      return FALSE;
    strided->offset = index * step;
    return TRUE;
  }
  if (!(map = ir_strided_map (strided, d, n, error)))
    return FALSE;
  for (gint64 i = 0; i < n; i++) {
    if (!ir_read_index (indices, i, dim, "indices", &index, error))
      return FALSE;
    map[i] = index * step;
  }
  return TRUE;
}

static gboolean
strided_gather (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrTensor *indices = ctx->in[1];
  const IrShape *data = &ctx->in[0]->shape, *out = &ctx->out[0]->shape;
  gint64 value;
  guint axis;
  gint d;

  if (!ir_eval_int (ctx, 2, &value, error) ||
      !ir_shape_axis (data, value, &axis, error))
    return FALSE;
  d = only_dimension (&indices->shape, axis);
  if (d < 0 || data->rank - 1 + indices->shape.rank != out->rank)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "indices in several dimensions have no places along one of the output");
  for (guint i = 0; i < axis; i++)
    strided->step[i] = steps[i];
  for (gint i = axis + 1; i < data->rank; i++)
    strided->step[i - 1 + indices->shape.rank] = steps[i];
  return map_indices (indices, data->dim[axis], steps[axis], d, strided, error);
}

static gboolean
infer_gather_1 (IrInferCtx *ctx, GError **error)
{
  return infer_gather (ctx, 0, error);
}

static gboolean
evaluate_gather_1 (IrEvalCtx *ctx, GError **error)
{
  return evaluate_gather (ctx, 0, error);
}

const IrOpDesc ir_op_gather_1 = {
  .type = "Gather",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .infer = infer_gather_1,
  .evaluate = evaluate_gather_1,
  .summary = "the slices of an axis that the indices name",
  .strided = strided_gather,
};

static gboolean
infer_gather_7 (IrInferCtx *ctx, GError **error)
{
  return infer_gather (
      ctx, ((const GatherAttrs *) ctx->attrs)->batch_dims, error);
}

static gboolean
evaluate_gather_7 (IrEvalCtx *ctx, GError **error)
{
  return evaluate_gather (
      ctx, ((const GatherAttrs *) ctx->attrs)->batch_dims, error);
}

static const IrAttrDesc gather_attrs[] = {
  IR_ATTR_ROW (GatherAttrs, batch_dims, I64, "0"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_gather_7 = {
  .type = "Gather",
  .opset = 7,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .attrs_size = sizeof (GatherAttrs),
  .attrs = gather_attrs,
  .infer = infer_gather_7,
  .evaluate = evaluate_gather_7,
  .summary = "the slices of an axis that the indices name, with batches",
  .strided = strided_gather,
};

const IrOpDesc ir_op_gather_8 = {
  .type = "Gather",
  .opset = 8,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .attrs_size = sizeof (GatherAttrs),
  .attrs = gather_attrs,
  .infer = infer_gather_7,
  .evaluate = evaluate_gather_7,
  .summary = "the slices of an axis that the indices name, negative ones "
             "counting from the end",
  .strided = strided_gather,
};
