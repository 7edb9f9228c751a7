/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "op-util.h"

typedef struct {
  gint output_type;
} ShapeOfAttrs;

static void
write_shape (const IrShape *shape, IrTensor *out)
{
  for (gint i = 0; i < shape->rank; i++)
    ir_tensor_set_i64 (out, i, shape->dim[i]);
}

static gboolean
infer_shape_of (IrInferCtx *ctx, IrDType dtype, GError **error)
{
  const gint rank = ctx->in_shape[0].rank;
  const IrShape shape =
      ir_shape_1d (rank == IR_RANK_UNKNOWN ? IR_DIM_UNKNOWN : rank);

  if (dtype != IR_DTYPE_I32 && dtype != IR_DTYPE_I64)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "output_type must be i32 or i64, not %s", ir_dtype_name (dtype));
  ir_infer_set (ctx, 0, dtype, &shape);
  if (!ir_shape_is_static (&ctx->in_shape[0]))
    return TRUE;
  /* The value is known without the input's. */
  ctx->out_value[0] = ir_tensor_new (dtype, &shape, error);
  if (ctx->out_value[0] == NULL)
    return FALSE;
  write_shape (&ctx->in_shape[0], ctx->out_value[0]);
  return TRUE;
}

static gboolean
infer_shape_of_1 (IrInferCtx *ctx, GError **error)
{
  return infer_shape_of (ctx, IR_DTYPE_I64, error);
}

static gboolean
infer_shape_of_3 (IrInferCtx *ctx, GError **error)
{
  const ShapeOfAttrs *attrs = ctx->attrs;

  return infer_shape_of (ctx, attrs->output_type, error);
}

static gboolean
evaluate_shape_of (IrEvalCtx *ctx, GError **error)
{
  write_shape (&ctx->in[0]->shape, ctx->out[0]);
  return TRUE;
}

const IrOpDesc ir_op_shape_of_1 = {
  .type = "ShapeOf",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .infer = infer_shape_of_1,
  .evaluate = evaluate_shape_of,
  .summary = "the input's dimensions as i64",
};

static const IrAttrDesc shape_of_attrs[] = {
  IR_ATTR_ROW (ShapeOfAttrs, output_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_shape_of_3 = {
  .type = "ShapeOf",
  .opset = 3,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .attrs_size = sizeof (ShapeOfAttrs),
  .attrs = shape_of_attrs,
  .infer = infer_shape_of_3,
  .evaluate = evaluate_shape_of,
  .summary = "the input's dimensions as i32 or i64",
};
