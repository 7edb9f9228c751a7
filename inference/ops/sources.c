/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Const, Parameter and Result: where graphs begin and end. */
#include "op-util.h"

/* A Const's type and shape are those of the value that the node holds; the
 * reader makes it from `element_type`, `shape`, `offset` and `size`. */
static gboolean
infer_const (IrInferCtx *ctx, GError **error)
{
  const IrTensor *value = ctx->node->outputs[0].value;

  ir_infer_set (ctx, 0, value->dtype, &value->shape);
  return TRUE;
}

const IrOpDesc ir_op_const_1 = {
  .type = "Const",
  .opset = 1,
  .n_outputs = 1,
  .flags = IR_OP_CONST,
  .infer = infer_const,
  .summary = "A constant tensor",
};

static gboolean
infer_parameter (IrInferCtx *ctx, GError **error)
{
  const IrParameterAttrs *attrs = ctx->attrs;
  IrShape shape;

  if (!ir_shape_parse (attrs->shape, &shape, error))
    return FALSE;
  ir_infer_set (ctx, 0, (IrDType) attrs->element_type, &shape);
  return TRUE;
}

static const IrAttrDesc parameter_attrs[] = {
  IR_ATTR_ROW (IrParameterAttrs, shape, STRING, "..."),
  IR_ATTR_ROW (IrParameterAttrs, element_type, DTYPE, "dynamic"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_parameter_1 = {
  .type = "Parameter",
  .opset = 1,
  .n_outputs = 1,
  .flags = IR_OP_PARAMETER,
  .attrs_size = sizeof (IrParameterAttrs),
  .attrs = parameter_attrs,
  .infer = infer_parameter,
  .summary = "An input of the model",
};

static gboolean
infer_result (IrInferCtx *ctx, GError **error)
{
  return TRUE;
}

const IrOpDesc ir_op_result_1 = {
  .type = "Result",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .flags = IR_OP_RESULT,
  .infer = infer_result,
  .summary = "An output of the model",
};
