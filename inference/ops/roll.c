/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "int-math.h"
#include "move.h"

static gboolean
check_counts (gint64 shifts, gint64 axes, GError **error)
{
  if (shifts >= 0 && axes >= 0 && shifts != 1 && shifts != axes)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " shifts for %" G_GINT64_FORMAT " axes", shifts,
        axes);
  return TRUE;
}

/* Axes may be named more than once; their shifts add up. */
static gboolean
check_axes (const IrTensor *axes, const IrShape *data, GError **error)
{
  guint axis;

  for (guint64 i = 0; i < ir_tensor_count (axes); i++)
    if (!ir_shape_axis (data, ir_tensor_get_i64 (axes, i), &axis, error))
      return FALSE;
  return TRUE;
}

static gboolean
infer_roll (IrInferCtx *ctx, GError **error)
{
  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "shift", error) ||
      !ir_infer_integers (ctx, 2, "axes", error) ||
      !ir_infer_rank (ctx, 1, 3, "shift", error) ||
      !ir_infer_rank (ctx, 2, 3, "axes", error) ||
      !check_counts (ir_list_length (&ctx->in_shape[1]),
          ir_list_length (&ctx->in_shape[2]), error))
    return FALSE;
  if (ctx->in_value[2] != NULL && ctx->in_shape[0].rank != IR_RANK_UNKNOWN &&
      !check_axes (ctx->in_value[2], &ctx->in_shape[0], error))
    return FALSE;
  return ir_infer_same (ctx, error);
}

/* How far every dimension moves, from 0 to its size. */
static gboolean
read_shifts (const IrEvalCtx *ctx, gint64 total[IR_MAX_RANK], GError **error)
{
  const IrTensor *shifts = ctx->in[1], *axes = ctx->in[2];
  const IrShape *shape = &ctx->in[0]->shape;
  const gboolean one = ir_tensor_count (shifts) == 1;

  for (guint64 i = 0; i < ir_tensor_count (axes); i++) {
    gint64 dim;
    guint axis;

    if (!ir_shape_axis (shape, ir_tensor_get_i64 (axes, i), &axis, error))
      return FALSE;
    dim = shape->dim[axis];
    total[axis] = ir_mod_floor (total[axis] +
            ir_mod_floor (ir_tensor_get_i64 (shifts, one ? 0 : i), dim),
        dim);
  }
  return TRUE;
}

static gboolean
strided_roll (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *shape = &ctx->in[0]->shape;
  gint64 total[IR_MAX_RANK] = { 0 }, *map;

  if (!read_shifts (ctx, total, error))
    return FALSE;
  for (gint d = 0; d < shape->rank; d++) {
    const gint64 n = shape->dim[d];

    strided->step[d] = steps[d];
    if (total[d] == 0)
      continue;
    if (!(map = ir_strided_map (strided, d, n, error)))
      return FALSE;
    for (gint64 i = 0; i < n; i++)
      map[(i + total[d]) % n] = i * steps[d];
  }
  return TRUE;
}

const IrOpDesc ir_op_roll_7 = {
  .type = "Roll",
  .opset = 7,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .infer = infer_roll,
  .evaluate = ir_eval_strided,
  .summary = "the data shifted along axes, what falls off coming in again",
  .strided = strided_roll,
};
