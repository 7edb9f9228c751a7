/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

static gboolean
infer_transpose (IrInferCtx *ctx, GError **error)
{
  const IrShape *in = &ctx->in_shape[0];
  const gint64 length = ir_list_length (&ctx->in_shape[1]);
  IrShape out = *in;
  guint order[IR_MAX_RANK];
  gboolean known;
  gsize n = 0;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "the order", error) ||
      !ir_infer_rank (ctx, 1, 1 << 1, "the order", error) ||
      !ir_infer_axes (ctx, 1, 0, order, &n, &known, error))
    return FALSE;
  if (in->rank == IR_RANK_UNKNOWN && length > 0)
    out = ir_shape_of_rank (MIN (length, IR_MAX_RANK));
  else if (!known && in->rank != IR_RANK_UNKNOWN)
    out = ir_shape_of_rank (in->rank);
  else if (known && n != 0 && (gint) n != in->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the order has %" G_GSIZE_FORMAT " axes for an input of rank %d", n,
        in->rank);
  else
    for (gint i = 0; known && i < in->rank; i++)
      out.dim[i] = in->dim[n ? order[i] : (guint) (in->rank - 1 - i)];
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
strided_transpose (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const gint rank = ctx->in[0]->shape.rank;
  guint order[IR_MAX_RANK];
  gsize n = 0;

  if (!ir_eval_axes (ctx, 1, 0, order, &n, error))
    return FALSE;
  strided->offset = 0;
  for (gint i = 0; i < rank; i++)
    strided->step[i] = steps[n ? order[i] : (guint) (rank - 1 - i)];
  return TRUE;
}

const IrOpDesc ir_op_transpose_1 = {
  .type = "Transpose",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .infer = infer_transpose,
  .evaluate = ir_eval_strided,
  .summary = "permutes the dimensions; an empty order reverses them",
  .strided = strided_transpose,
};
