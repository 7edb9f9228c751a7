/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

/* @shape with ones in front up to @rank dimensions. */
static IrShape
extend (const IrShape *shape, gint rank)
{
  IrShape out = ir_shape_of_rank (rank);

  for (gint i = 0; i < rank; i++)
    out.dim[i] =
        i < rank - shape->rank ? 1 : shape->dim[i - rank + shape->rank];
  return out;
}

static gboolean
infer_tile (IrInferCtx *ctx, GError **error)
{
  const gint64 length = ir_list_length (&ctx->in_shape[1]);
  const gint rank = ctx->in_shape[0].rank;
  IrShape out = ir_shape_unknown ();
  gint64 repeats[IR_MAX_RANK];
  gboolean known;
  gsize n;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "repeats", error) ||
      !ir_infer_rank (ctx, 1, 1 << 0 | 1 << 1, "repeats", error) ||
      !ir_infer_ints (ctx, 1, repeats, IR_MAX_RANK, &n, &known, error))
    return FALSE;
  if (length > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "%" G_GINT64_FORMAT " dimensions are more than %d", length,
        IR_MAX_RANK);
  if (rank != IR_RANK_UNKNOWN && length >= 0)
    out = known ? extend (&ctx->in_shape[0], MAX (rank, (gint) length))
                : ir_shape_of_rank (MAX (rank, (gint) length));
  for (gsize i = 0; known && i < n; i++) {
    if (repeats[i] < 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GSIZE_FORMAT " of repeats is %" G_GINT64_FORMAT, i,
          repeats[i]);
    if (out.rank != IR_RANK_UNKNOWN &&
        !ir_dim_mul (&out.dim[out.rank - n + i], repeats[i], error))
      return FALSE;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
strided_tile (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape, *out = &ctx->out[0]->shape;
  const gint new = out->rank - in->rank;
  gint64 *map;

  for (gint d = MAX (new, 0); d < out->rank; d++) {
    const gint64 dim = in->dim[d - new];

    strided->step[d] = dim == 1 ? 0 : steps[d - new];
    if (dim == 1 || dim == out->dim[d])
      continue;
    if (!(map = ir_strided_map (strided, d, out->dim[d], error)))
      return FALSE;
    for (gint64 i = 0; i < out->dim[d]; i++)
      map[i] = i % dim * steps[d - new];
  }
  return TRUE;
}

const IrOpDesc ir_op_tile_1 = {
  .type = "Tile",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .infer = infer_tile,
  .evaluate = ir_eval_strided,
  .summary = "the input laid side by side, repeats times along each axis",
  .strided = strided_tile,
};
