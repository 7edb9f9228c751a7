/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

static gboolean
infer_gather_tree (IrInferCtx *ctx, GError **error)
{
  IrShape out = ctx->in_shape[0], lengths = ir_shape_1d (IR_DIM_UNKNOWN);
  IrDType dtype;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_same_dtype (ctx, 0, 4, &dtype, error) ||
      !ir_infer_rank (ctx, 0, 1 << 3, "step_ids", error) ||
      !ir_infer_rank (ctx, 1, 1 << 3, "parent_idx", error) ||
      !ir_infer_rank (ctx, 2, 1 << 1, "max_seq_len", error) ||
      !ir_infer_rank (ctx, 3, 1 << 0, "end_token", error))
    return FALSE;
  if (!ir_shape_merge (&out, &ctx->in_shape[1]))
    return ir_fail (error, IR_ERROR_SHAPE,
        "step_ids and parent_idx must have the same shape");
  if (out.rank == 3)
    lengths.dim[0] = out.dim[1];
  if (!ir_shape_fits (&lengths, &ctx->in_shape[2]))
    return ir_fail (error, IR_ERROR_SHAPE,
        "max_seq_len must have one element per batch entry (dimension 1 of "
        "step_ids)");
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* Follows one beam from its last step to its first; what comes after the end
 * token is the end token. */
static gboolean
trace_beam (const IrEvalCtx *ctx, gint64 batch, gint64 beam, GError **error)
{
  const gint64 *dim = ctx->in[0]->shape.dim;
  const gint64 beams = dim[2], step = dim[1] * dim[2];
  const gint64 length = MIN (ir_tensor_get_i64 (ctx->in[2], batch), dim[0]);
  const double end = ir_tensor_get_f64 (ctx->in[3], 0);
  gboolean ended = FALSE;
  gint64 parent = beam;

  for (gint64 t = length - 1; t >= 0; t--) {
    const gint64 at = t * step + batch * beams;
    const gint64 from = at + parent;

    ir_tensor_set_f64 (
        ctx->out[0], at + beam, ir_tensor_get_f64 (ctx->in[0], from));
    if (t > 0 &&
        !ir_read_index (ctx->in[1], from, beams, "parent_idx", &parent, error))
      return FALSE;
  }
  for (gint64 t = 0; t < dim[0]; t++) {
    const gint64 at = t * step + batch * beams + beam;

    if (ended || t >= length)
      ir_tensor_set_f64 (ctx->out[0], at, end);
    ended = ended || ir_tensor_get_f64 (ctx->out[0], at) == end;
  }
  return TRUE;
}

static gboolean
evaluate_gather_tree (IrEvalCtx *ctx, GError **error)
{
  const IrShape *shape = &ctx->in[0]->shape;

  if (ctx->out[0]->size == 0)
    return TRUE;
  for (gint64 batch = 0; batch < shape->dim[1]; batch++)
    for (gint64 beam = 0; beam < shape->dim[2]; beam++)
      if (!trace_beam (ctx, batch, beam, error))
        return FALSE;
  return TRUE;
}

const IrOpDesc ir_op_gather_tree_1 = {
  .type = "GatherTree",
  .opset = 1,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .infer = infer_gather_tree,
  .evaluate = evaluate_gather_tree,
  .summary = "the whole sequences of a beam search, from steps and parents",
};
