/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "op-util.h"

typedef struct {
  gint output_type;
} NonZeroAttrs;

static gboolean
infer_nonzero (IrInferCtx *ctx, GError **error)
{
  const IrDType dtype = ((const NonZeroAttrs *) ctx->attrs)->output_type;
  IrShape out = ir_shape_of_rank (2);

  if (dtype != IR_DTYPE_I32 && dtype != IR_DTYPE_I64)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "output_type must be i32 or i64, not %s", ir_dtype_name (dtype));
  if (ctx->in_shape[0].rank != IR_RANK_UNKNOWN)
    out.dim[0] = ctx->in_shape[0].rank;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* Zero is what equals it; NaN does not. */
static gint64
count_nonzero (const IrTensor *in)
{
  const gint64 n = ir_tensor_count (in);
  gint64 count = 0;

  for (gint64 i = 0; i < n; i++)
    count += ir_tensor_get_f64 (in, i) != 0.0;
  return count;
}

static gboolean
evaluate_nonzero (IrEvalCtx *ctx, GError **error)
{
  const IrDType dtype = ((const NonZeroAttrs *) ctx->attrs)->output_type;
  const IrTensor *in = ctx->in[0];
  const gint64 n = ir_tensor_count (in), count = count_nonzero (in);
  gint64 index[IR_MAX_RANK] = { 0 }, column = 0;
  IrShape shape = ir_shape_of_rank (2);

  shape.dim[0] = in->shape.rank;
  shape.dim[1] = count;
  ctx->out[0] = ir_tensor_new (dtype, &shape, error);
  if (!ctx->out[0])
    return FALSE;
  for (gint64 i = 0; i < n; i++, ir_next_index (&in->shape, index)) {
    if (ir_tensor_get_f64 (in, i) == 0.0)
      continue;
    for (gint d = 0; d < in->shape.rank; d++)
      ir_tensor_set_i64 (ctx->out[0], d * count + column, index[d]);
    column++;
  }
  return TRUE;
}

static const IrAttrDesc nonzero_attrs[] = {
  IR_ATTR_ROW (NonZeroAttrs, output_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_nonzero_3 = {
  .type = "NonZero",
  .opset = 3,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_DYNAMIC,
  .attrs_size = sizeof (NonZeroAttrs),
  .attrs = nonzero_attrs,
  .infer = infer_nonzero,
  .evaluate = evaluate_nonzero,
  .summary = "the indices of the elements that are not zero, one per column",
};
