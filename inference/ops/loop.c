/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "body-util.h"

/* The number of iterations, as far as it is certain: a condition that the body
 * computes may end the loop earlier. */
static gint64
known_iterations (const IrInferCtx *ctx)
{
  const IrLoopAttrs *attrs = ctx->attrs;
  const IrTensor *count = ctx->in_value[0], *go_on = ctx->in_value[1];
  const IrGraph *body = ctx->node->bodies[0];
  gint64 n;

  if (go_on && ir_tensor_get_i64 (go_on, 0) == 0)
    return 0;
  if (!count || !go_on)
    return -1;
  n = ir_tensor_get_i64 (count, 0);
  if (n > 0 && attrs->execution_condition >= 0 &&
      (guint64) attrs->execution_condition < body->results->len) {
    const IrNode *result = body->results->pdata[attrs->execution_condition];
    const IrTensor *value = ir_port_const (result->inputs[0]);

    if (!value || ir_tensor_count (value) != 1)
      return -1;
    if (ir_tensor_get_i64 (value, 0) == 0)
      return 1;
  }
  return MAX (n, -1);
}

static gboolean
infer_loop (IrInferCtx *ctx, GError **error)
{
  if (ctx->node->n_bodies != 1)
    return ir_fail (error, IR_ERROR_SHAPE, "has no body");
  if (!ir_body_check_single (ctx, 0, "the trip count", error) ||
      !ir_body_check_single (ctx, 1, "the condition", error))
    return FALSE;
  return ir_loop_infer (ctx, TRUE, known_iterations (ctx), error);
}

static gboolean
evaluate_loop (IrEvalCtx *ctx, GError **error)
{
  gint64 count = ir_tensor_get_i64 (ctx->in[0], 0);
  gboolean go_on = ir_tensor_get_i64 (ctx->in[1], 0) != 0;

  return ir_loop_evaluate (ctx, count, go_on, error);
}

static const IrAttrDesc loop_attrs[] = {
  IR_ATTR_RECORDS (IrLoopAttrs, inputs),
  IR_ATTR_RECORDS (IrLoopAttrs, outputs),
  IR_ATTR_RECORDS (IrLoopAttrs, back_edges),
  IR_ATTR_POSITION (IrLoopAttrs, current_iteration),
  IR_ATTR_POSITION (IrLoopAttrs, execution_condition),
  IR_ATTR_END,
};

const IrOpDesc ir_op_loop_5 = {
  .type = "Loop",
  .opset = 5,
  .min_inputs = 2,
  .max_inputs = IR_VARIADIC,
  .n_outputs = IR_VARIADIC,
  .flags = IR_OP_NO_FOLD | IR_OP_DYNAMIC,
  .attrs_size = sizeof (IrLoopAttrs),
  .attrs = loop_attrs,
  .infer = infer_loop,
  .evaluate = evaluate_loop,
  .summary = "Runs a body while a condition holds, up to a number of times",
};
