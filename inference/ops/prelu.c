/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "binary-rows.h"
#include "int-math.h"

/* How the slope is seen: one value per channel if it is 1-D and fits. */
static IrShape
seen_slope (const IrShape *data, const IrShape *slope)
{
  if (slope->rank == 1 && data->rank > 1 && slope->dim[0] == data->dim[1])
    return ir_channel_shape (slope, data->rank);
  return *slope;
}

static gboolean
is_known_list (const IrShape *shape)
{
  return shape->rank == 1 && shape->dim[0] != IR_DIM_UNKNOWN;
}

static gboolean
prelu_infer (IrInferCtx *ctx, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *slope = &ctx->in_shape[1];
  IrShape joined = *data, seen;
  char text[2][IR_SHAPE_TEXT];
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, 2, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_NUMBER, "the data", error))
    return FALSE;

  ir_infer_set (ctx, 0, dtype, data);
  if (data->rank == IR_RANK_UNKNOWN || slope->rank == IR_RANK_UNKNOWN)
    return TRUE;
  /* A 1-D slope may still turn out to be one per channel. */
  if (slope->rank == 1 && data->rank > 1 &&
      (!is_known_list (slope) || data->dim[1] == IR_DIM_UNKNOWN))
    return TRUE;

  seen = seen_slope (data, slope);
  if (seen.rank <= data->rank && ir_shape_broadcast (&joined, &seen) &&
      ir_shape_fits (&joined, data))
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "a slope of shape %s does not go with data of shape %s",
      ir_shape_print (slope, text[0]), ir_shape_print (data, text[1]));
}

#define FLOAT_ROW(id, T, value) IR_BINARY_SAME (id, T, float, prelu, value)
#define SIGNED_ROW(id, T, value) IR_BINARY_SAME (id, T, gint64, prelu, value)
#define UNSIGNED_ROW(id, T, value) IR_BINARY_SAME (id, T, guint64, prelu, value)
IR_FLOAT_TYPES (FLOAT_ROW, x < 0 ? x * y : x)
IR_SIGNED_TYPES (SIGNED_ROW, x < 0 ? IR_WRAP (x) * IR_WRAP (y) : IR_WRAP (x))
IR_UNSIGNED_TYPES (UNSIGNED_ROW, ((void) y, x))

static const IrRowFunc prelu_rows[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (
    IR_BINARY_ENTRY, prelu) };

static gboolean
prelu_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrShape *data = &ctx->in[0]->shape;
  const IrShape shapes[2] = { *data, seen_slope (data, &ctx->in[1]->shape) };

  ir_eval_rows (ctx, 2, shapes, prelu_rows[ctx->in[0]->dtype], NULL);
  return TRUE;
}

const IrOpDesc ir_op_prelu_1 = {
  .type = "PReLU",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = prelu_infer,
  .evaluate = prelu_evaluate,
  .summary = "x, times the slope of its channel below 0",
};
