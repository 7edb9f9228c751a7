/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "body-util.h"

/* The number of iterations is that of the slices; without any it is one. */
static gint64
iterations (const IrLoopAttrs *attrs)
{
  gsize i;

  for (i = 0; i < ir_body_map_count (&attrs->inputs); i++)
    if (ir_body_map_get (&attrs->inputs, i).axis != IR_BODY_WHOLE)
      return -1;
  return 1;
}

static gboolean
infer_tensor_iterator (IrInferCtx *ctx, GError **error)
{
  return ir_loop_infer (ctx, FALSE, iterations (ctx->attrs), error);
}

static gboolean
evaluate_tensor_iterator (IrEvalCtx *ctx, GError **error)
{
  return ir_loop_evaluate (ctx, iterations (ctx->attrs), TRUE, error);
}

static const IrAttrDesc tensor_iterator_attrs[] = {
  IR_ATTR_RECORDS (IrLoopAttrs, inputs),
  IR_ATTR_RECORDS (IrLoopAttrs, outputs),
  IR_ATTR_RECORDS (IrLoopAttrs, back_edges),
  IR_ATTR_POSITION (IrLoopAttrs, current_iteration),
  IR_ATTR_POSITION (IrLoopAttrs, execution_condition),
  IR_ATTR_END,
};

const IrOpDesc ir_op_tensor_iterator_1 = {
  .type = "TensorIterator",
  .opset = 1,
  .min_inputs = 0,
  .max_inputs = IR_VARIADIC,
  .n_outputs = IR_VARIADIC,
  .flags = IR_OP_NO_FOLD | IR_OP_DYNAMIC,
  .attrs_size = sizeof (IrLoopAttrs),
  .attrs = tensor_iterator_attrs,
  .infer = infer_tensor_iterator,
  .evaluate = evaluate_tensor_iterator,
  .summary = "Runs a body once per slice of its inputs",
};
