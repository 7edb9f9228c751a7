/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

static gboolean
join (const IrShape *part, guint axis, gboolean first, IrShape *out,
    GError **error)
{
  char a[IR_SHAPE_TEXT], b[IR_SHAPE_TEXT];
  IrShape open = *part;
  gint64 length = out->dim[axis];

  if (!ir_dim_add (&length, part->dim[axis], error))
    return FALSE;
  open.dim[axis] = out->dim[axis];
  if (!ir_shape_merge (out, &open))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s and %s differ beside axis %u, along which they are joined",
        ir_shape_print (out, a), ir_shape_print (part, b), axis);
  out->dim[axis] = first ? part->dim[axis] : length;
  return TRUE;
}

/* Inputs of unknown rank say nothing beside the joined dimension. */
static gboolean
infer_concat (IrInferCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  IrShape out = ir_shape_unknown ();
  gboolean complete = TRUE;
  IrDType dtype;
  guint axis = 0;

  if (!ir_infer_same_dtype (ctx, 0, ctx->n_inputs, &dtype, error))
    return FALSE;
  for (gsize i = 0; i < ctx->n_inputs; i++) {
    const IrShape *part = &ctx->in_shape[i];
    const gboolean first = out.rank == IR_RANK_UNKNOWN;

    if (!ir_infer_whole_bytes (ctx, i, error))
      return FALSE;
    if (part->rank == IR_RANK_UNKNOWN) {
      complete = FALSE;
      continue;
    }
    if (first) {
      out = *part;
      if (!ir_shape_axis (part, attrs->axis, &axis, error))
        return FALSE;
    }
    if (!join (part, axis, first, &out, error))
      return FALSE;
  }
  if (!complete && out.rank != IR_RANK_UNKNOWN)
    out.dim[axis] = IR_DIM_UNKNOWN;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
evaluate_concat (IrEvalCtx *ctx, GError **error)
{
  const IrAxisAttrs *attrs = ctx->attrs;
  const IrShape *out = &ctx->out[0]->shape;
  const gsize bytes = ir_dtype_size (ctx->out[0]->dtype);
  guint8 *to = ctx->out[0]->data;
  gint64 row;
  guint axis;

  if (!ir_shape_axis (out, attrs->axis, &axis, error))
    return FALSE;
  row = ir_shape_size (out, axis, out->rank);
  for (gsize i = 0; i < ctx->n_inputs; i++) {
    const IrShape *part = &ctx->in[i]->shape;
    const gint64 length = ir_shape_size (part, axis, part->rank);
    IrMove move = { 0 };

    ir_move_add (&move, ir_shape_size (part, 0, axis), length, row);
    ir_move_add (&move, length, 1, 1);
    ir_move_run (&move, bytes, ctx->in[i]->data, to);
    to += length * bytes;
  }
  return TRUE;
}

static const IrAttrDesc concat_attrs[] = {
  IR_ATTR_ROW (IrAxisAttrs, axis, I64, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_concat_1 = {
  .type = "Concat",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = IR_VARIADIC,
  .n_outputs = 1,
  .attrs_size = sizeof (IrAxisAttrs),
  .attrs = concat_attrs,
  .infer = infer_concat,
  .evaluate = evaluate_concat,
  .summary = "joins the inputs along one axis",
};
