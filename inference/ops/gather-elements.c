/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

static gboolean
infer_gather_elements (IrInferCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  char a[IR_SHAPE_TEXT], b[IR_SHAPE_TEXT];
  IrShape out = ctx->in_shape[1], other = ctx->in_shape[0];
  guint axis;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "indices", error))
    return FALSE;
  if (other.rank != IR_RANK_UNKNOWN) {
    if (!ir_shape_axis (&other, attrs->axis, &axis, error))
      return FALSE;
    other.dim[axis] =
        out.rank == other.rank ? out.dim[axis] : (gint64) IR_DIM_UNKNOWN;
  } else if (out.rank != IR_RANK_UNKNOWN &&
      !ir_shape_axis (&out, attrs->axis, &axis, error)) {
    return FALSE;
  }
  if (!ir_shape_merge (&out, &other))
    return ir_fail (error, IR_ERROR_SHAPE,
        "data %s and indices %s may differ along axis %" G_GINT64_FORMAT
        " only",
        ir_shape_print (&ctx->in_shape[0], a),
        ir_shape_print (&ctx->in_shape[1], b), attrs->axis);
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
evaluate_gather_elements (IrEvalCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  const IrTensor *data = ctx->in[0], *indices = ctx->in[1];
  const gsize bytes = ir_dtype_size (data->dtype);
  guint8 *to = ctx->out[0]->data;
  gint64 outer, count, inner, dim, i = 0;
  guint axis;

  if (!ir_shape_axis (&data->shape, attrs->axis, &axis, error))
    return FALSE;
  outer = ir_shape_size (&data->shape, 0, axis);
  inner = ir_shape_size (&data->shape, axis + 1, data->shape.rank);
  count = indices->shape.dim[axis];
  dim = data->shape.dim[axis];
  if (ctx->out[0]->size == 0)
    return TRUE;
  for (gint64 o = 0; o < outer; o++)
    for (gint64 k = 0; k < count; k++)
      for (gint64 n = 0; n < inner; n++, i++) {
        gint64 index;

        if (!ir_read_index (indices, i, dim, "indices", &index, error))
          return FALSE;
        memcpy (to + i * bytes,
            (const guint8 *) data->data +
                ((o * dim + index) * inner + n) * bytes,
            bytes);
      }
  return TRUE;
}

static const IrAttrDesc gather_elements_attrs[] = {
  IR_ATTR_ROW (IrAxisAttrs, axis, I64, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_gather_elements_6 = {
  .type = "GatherElements",
  .opset = 6,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (IrAxisAttrs),
  .attrs = gather_elements_attrs,
  .infer = infer_gather_elements,
  .evaluate = evaluate_gather_elements,
  .summary = "for every index the element at that place of the axis",
};
