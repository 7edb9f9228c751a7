/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "op-util.h"

static const IrAttrDesc convert_attrs[] = {
  IR_ATTR_ROW (IrConvertAttrs, destination_type, DTYPE, NULL),
  IR_ATTR_END,
};

static gboolean
convert_infer (IrInferCtx *ctx, GError **error)
{
  const IrConvertAttrs *attrs = ctx->attrs;

  if (attrs->destination_type == IR_DTYPE_DYNAMIC) {
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "destination_type says no type to convert to");
  }
  ir_infer_set (ctx, 0, (IrDType) attrs->destination_type, &ctx->in_shape[0]);
  return TRUE;
}

static gboolean
convert_like_infer (IrInferCtx *ctx, GError **error)
{
  ir_infer_set (ctx, 0, ctx->in_dtype[1], &ctx->in_shape[0]);
  return TRUE;
}

static gboolean
convert_evaluate (IrEvalCtx *ctx, GError **error)
{
  g_autoptr (IrTensor) converted =
      ir_tensor_convert (ctx->in[0], ctx->out[0]->dtype, error);

  if (!converted)
    return FALSE;
  if (ctx->out[0]->size != 0)
    memcpy (ctx->out[0]->data, converted->data, ctx->out[0]->size);
  return TRUE;
}

const IrOpDesc ir_op_convert_1 = {
  .type = "Convert",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_ELEMENTWISE,
  .attrs_size = sizeof (IrConvertAttrs),
  .attrs = convert_attrs,
  .infer = convert_infer,
  .evaluate = convert_evaluate,
  .summary = "The same numbers in another type",
};

const IrOpDesc ir_op_convert_like_1 = {
  .type = "ConvertLike",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .infer = convert_like_infer,
  .evaluate = convert_evaluate,
  .summary = "The same numbers in the type of the second input",
};
