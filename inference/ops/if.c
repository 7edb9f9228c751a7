/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "body-util.h"

static const IrI64s *
branch_inputs (const IrIfAttrs *attrs, guint b)
{
  return b == 0 ? &attrs->then_inputs : &attrs->else_inputs;
}

static const IrI64s *
branch_outputs (const IrIfAttrs *attrs, guint b)
{
  return b == 0 ? &attrs->then_outputs : &attrs->else_outputs;
}

/* Every Parameter and every output is tied once. */
static gboolean
check_links (const IrI64s *links, gboolean from_once, gsize n_from, gsize n_to,
    const char *what, GError **error)
{
  gsize n_once = from_once ? n_from : n_to, i;
  g_autofree gboolean *seen = g_new0 (gboolean, n_once + 1);

  for (i = 0; i < ir_body_link_count (links); i++) {
    IrBodyLink link = ir_body_link_get (links, i);
    gint64 once = from_once ? link.from : link.to;

    if (link.from < 0 || (guint64) link.from >= n_from || link.to < 0 ||
        (guint64) link.to >= n_to || seen[once])
      return ir_fail (
          error, IR_ERROR_SHAPE, "the port map has a wrong entry for %s", what);
    seen[once] = TRUE;
  }
  if (ir_body_link_count (links) != n_once)
    return ir_fail (
        error, IR_ERROR_SHAPE, "the port map lacks entries for %s", what);
  return TRUE;
}

static gboolean
infer_branch (
    const IrInferCtx *ctx, guint b, IrBodyValue *outputs, GError **error)
{
  const IrGraph *body = ctx->node->bodies[b];
  const IrI64s *in = branch_inputs (ctx->attrs, b);
  const IrI64s *out = branch_outputs (ctx->attrs, b);
  g_autofree IrBodyValue *parameters =
      g_new0 (IrBodyValue, body->parameters->len + 1);
  g_autofree IrBodyValue *results =
      g_new0 (IrBodyValue, body->results->len + 1);
  gsize i;

  if (!check_links (in, FALSE, ctx->n_inputs, body->parameters->len,
          "the Parameters", error) ||
      !check_links (
          out, TRUE, ctx->n_outputs, body->results->len, "the outputs", error))
    return FALSE;
  for (i = 0; i < ir_body_link_count (in); i++) {
    IrBodyLink link = ir_body_link_get (in, i);

    parameters[link.to].dtype = ctx->in_dtype[link.from];
    parameters[link.to].shape = ctx->in_shape[link.from];
  }
  if (!ir_body_infer (ctx, b, parameters, results, error) ||
      !ir_body_adopt (ctx, b, parameters, error))
    return FALSE;
  for (i = 0; i < ir_body_link_count (out); i++) {
    IrBodyLink link = ir_body_link_get (out, i);

    outputs[link.from] = results[link.to];
  }
  return TRUE;
}

static gboolean
infer_if (IrInferCtx *ctx, GError **error)
{
  g_autofree IrBodyValue *yes = g_new0 (IrBodyValue, ctx->n_outputs + 1);
  g_autofree IrBodyValue *no = g_new0 (IrBodyValue, ctx->n_outputs + 1);
  const IrTensor *condition = ctx->in_value[0];
  gsize i;

  if (ctx->node->n_bodies != 2)
    return ir_fail (error, IR_ERROR_SHAPE, "does not have two bodies");
  if (!ir_body_check_single (ctx, 0, "the condition", error) ||
      !infer_branch (ctx, 0, yes, error) || !infer_branch (ctx, 1, no, error))
    return FALSE;
  for (i = 0; i < ctx->n_outputs; i++) {
    IrBodyValue *value = &yes[i];

    if (condition)
      value = ir_tensor_get_i64 (condition, 0) ? &yes[i] : &no[i];
    else if (!ir_body_value_join (value, &no[i], error))
      return FALSE;
    ir_infer_set (ctx, (guint) i, value->dtype, &value->shape);
  }
  return TRUE;
}

static gboolean
evaluate_if (IrEvalCtx *ctx, GError **error)
{
  guint b = ir_tensor_get_i64 (ctx->in[0], 0) ? 0 : 1;
  const IrGraph *body = ctx->node->bodies[b];
  const IrI64s *in = branch_inputs (ctx->attrs, b);
  const IrI64s *out = branch_outputs (ctx->attrs, b);
  g_autofree IrTensor **parameters =
      g_new0 (IrTensor *, body->parameters->len + 1);
  g_autofree IrTensor **results = g_new0 (IrTensor *, body->results->len + 1);
  gboolean ok;
  gsize i;

  for (i = 0; i < ir_body_link_count (in); i++) {
    IrBodyLink link = ir_body_link_get (in, i);

    parameters[link.to] = ctx->in[link.from];
  }
  ok = ir_graph_evaluate_within (
      body, ctx->max_bytes, parameters, results, error);
  for (i = 0; ok && i < ir_body_link_count (out); i++) {
    IrBodyLink link = ir_body_link_get (out, i);

    ok = ir_body_give (ctx, link.from, results[link.to], error);
  }
  for (i = 0; i < body->results->len; i++)
    g_clear_pointer (&results[i], ir_tensor_unref);
  return ok;
}

static const IrAttrDesc if_attrs[] = {
  IR_ATTR_RECORDS (IrIfAttrs, then_inputs),
  IR_ATTR_RECORDS (IrIfAttrs, then_outputs),
  IR_ATTR_RECORDS (IrIfAttrs, else_inputs),
  IR_ATTR_RECORDS (IrIfAttrs, else_outputs),
  IR_ATTR_END,
};

const IrOpDesc ir_op_if_8 = {
  .type = "If",
  .opset = 8,
  .min_inputs = 1,
  .max_inputs = IR_VARIADIC,
  .n_outputs = IR_VARIADIC,
  .flags = IR_OP_NO_FOLD | IR_OP_DYNAMIC,
  .attrs_size = sizeof (IrIfAttrs),
  .attrs = if_attrs,
  .infer = infer_if,
  .evaluate = evaluate_if,
  .summary = "Runs one of two bodies",
};
