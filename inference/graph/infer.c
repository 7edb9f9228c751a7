/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types, shapes and small values of every output. */
#include "graph-private.h"
#include "infer-private.h"

/* Shape arithmetic is short; longer results are for constant folding. */
#define MAX_KNOWN_ELEMENTS 4096
/* Of all nodes together: a node takes less room in a file than what it may make. */
#define MAX_KNOWN_BYTES ((gsize) 64 << 20)

gboolean
ir_infer_init (
    IrInfer *infer, const IrNode *node, IrScratch *scratch, GError **error)
{
  const gsize in = node->n_inputs, out = node->n_outputs;
  IrInferCtx *ctx = &infer->ctx;

  infer->in_dtype = ir_scratch_take0 (scratch, in, sizeof (IrDType));
  infer->in_shape = ir_scratch_take0 (scratch, in, sizeof (IrShape));
  infer->in_value = ir_scratch_take0 (scratch, in, sizeof (IrTensor *));
  *ctx = (IrInferCtx){ node, node->attrs, in, infer->in_dtype, infer->in_shape,
    infer->in_value, out, ir_scratch_take0 (scratch, out, sizeof (IrDType)),
    ir_scratch_take0 (scratch, out, sizeof (IrShape)),
    ir_scratch_take0 (scratch, out, sizeof (IrTensor *)) };
  if (!ctx->in_dtype || !ctx->in_shape || !ctx->in_value || !ctx->out_dtype ||
      !ctx->out_shape || !ctx->out_value)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the shapes of node '%s'", node->name);
  for (gsize i = 0; i < out; i++)
    ctx->out_shape[i] = ir_shape_unknown ();
  return TRUE;
}

void
ir_infer_clear (IrInfer *infer)
{
  for (gsize i = 0; i < infer->ctx.n_outputs; i++)
    g_clear_pointer (&infer->ctx.out_value[i], ir_tensor_unref);
}

void
ir_prefix_node (GError **error, const IrNode *node)
{
  g_prefix_error (error, "node '%s' (%s): ", node->name, node->op->type);
}

static gboolean
check_counts (const IrNode *node, GError **error)
{
  const IrOpDesc *op = node->op;

  if (node->n_inputs < op->min_inputs ||
      (op->max_inputs != IR_VARIADIC && node->n_inputs > op->max_inputs))
    return ir_fail (error, IR_ERROR_SHAPE,
        "has %" G_GSIZE_FORMAT " inputs, %u%s are expected", node->n_inputs,
        op->min_inputs, op->max_inputs == op->min_inputs ? "" : " or more");
  if (op->n_outputs != IR_VARIADIC && node->n_outputs != op->n_outputs)
    return ir_fail (error, IR_ERROR_SHAPE,
        "has %" G_GSIZE_FORMAT " outputs instead of %u", node->n_outputs,
        op->n_outputs);
  return TRUE;
}

static gboolean
check_outputs (const IrInferCtx *ctx, GError **error)
{
  for (gsize i = 0; i < ctx->n_outputs; i++) {
    const IrShape *shape = &ctx->out_shape[i];
    char text[IR_SHAPE_TEXT];
    guint64 count;

    if (ir_shape_is_static (shape) && !ir_shape_count (shape, &count))
      return ir_fail (error, IR_ERROR_LIMIT,
          "output %" G_GSIZE_FORMAT " would have the shape %s, which is too "
          "large",
          i, ir_shape_print (shape, text));
  }
  return TRUE;
}

gboolean
ir_infer_run (IrInfer *infer, GError **error)
{
  const IrNode *node = infer->ctx.node;

  if (check_counts (node, error) && node->op->infer (&infer->ctx, error) &&
      check_outputs (&infer->ctx, error))
    return TRUE;
  ir_prefix_node (error, node);
  return FALSE;
}

static void
read_inputs (IrInfer *infer, const IrNode *node)
{
  for (gsize i = 0; i < node->n_inputs; i++) {
    const IrOutput *input = ir_node_input (node, (guint) i);

    infer->in_dtype[i] = input->dtype;
    infer->in_shape[i] = input->shape;
    infer->in_value[i] = input->value;
  }
}

/* Whether the outputs follow from known inputs and are worth knowing. */
static gboolean
can_know (const IrNode *node, guint64 max_elements)
{
  gsize room =
      MAX_KNOWN_BYTES - MIN (node->graph->known_bytes, MAX_KNOWN_BYTES);
  guint64 macs;

  if (node->n_inputs == 0 || node->op->evaluate == NULL ||
      (node->op->flags & (IR_OP_NO_FOLD | IR_OP_SINK | IR_OP_RESULT)) != 0)
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++) {
    const IrOutput *input = ir_node_input (node, (guint) i);

    if (input->value == NULL || ir_tensor_count (input->value) > max_elements)
      return FALSE;
  }
  for (gsize i = 0; i < node->n_outputs; i++) {
    const IrOutput *output = &node->outputs[i];
    guint64 count;
    gsize bytes;

    if (!ir_shape_count (&output->shape, &count))
      continue;
    if (count > max_elements ||
        !ir_dtype_bytes (output->dtype, count, &bytes) || bytes > room)
      return FALSE;
    room -= bytes;
  }
  return !ir_node_macs (node, &macs) || macs <= max_elements;
}

static gboolean
know_outputs (IrNode *node, GError **error)
{
  g_autofree IrTensor **in = g_new0 (IrTensor *, node->n_inputs + 1);
  g_autofree IrTensor **out = g_new0 (IrTensor *, node->n_outputs + 1);

  for (gsize i = 0; i < node->n_inputs; i++)
    in[i] = ir_node_input (node, (guint) i)->value;
  if (!ir_node_evaluate (node, in, out, error))
    return FALSE;
  for (gsize i = 0; i < node->n_outputs; i++) {
    node->outputs[i].value = out[i];
    node->outputs[i].dtype = out[i]->dtype;
    node->outputs[i].shape = out[i]->shape;
    node->graph->known_bytes += out[i]->size;
  }
  return TRUE;
}

gboolean
ir_node_know (IrNode *node)
{
  return can_know (node, MAX_KNOWN_BYTES) && know_outputs (node, NULL);
}

void
ir_output_clear (IrOutput *output)
{
  g_clear_pointer (&output->value, ir_tensor_unref);
  output->dtype = IR_DTYPE_DYNAMIC;
  output->shape = ir_shape_unknown ();
}

static gboolean
infer_node (IrNode *node, IrScratch *scratch, GError **error)
{
  IrInfer infer;
  gboolean known = FALSE;

  if ((node->op->flags & IR_OP_CONST) != 0)
    return TRUE;
  if (!ir_infer_init (&infer, node, scratch, error))
    return FALSE;
  read_inputs (&infer, node);
  if (!ir_infer_run (&infer, error)) {
    ir_infer_clear (&infer);
    return FALSE;
  }
  for (gsize i = 0; i < node->n_outputs; i++) {
    IrOutput *output = &node->outputs[i];

    ir_output_clear (output);
    output->dtype = infer.ctx.out_dtype[i];
    output->shape = infer.ctx.out_shape[i];
    output->value = g_steal_pointer (&infer.ctx.out_value[i]);
    known = known || output->value != NULL;
  }
  ir_infer_clear (&infer);
  return known || !can_know (node, MAX_KNOWN_ELEMENTS) ||
      know_outputs (node, error);
}

gboolean
ir_node_infer (IrNode *node, GError **error)
{
  g_autoptr (IrScratch) scratch = ir_scratch_new ();

  return infer_node (node, scratch, error);
}

gboolean
ir_graph_infer (IrGraph *graph, GError **error)
{
  g_autoptr (IrScratch) scratch = ir_scratch_new ();

  if (!ir_graph_sort (graph, error))
    return FALSE;
  graph->known_bytes = 0;
  for (IrNode *node = graph->first; node != NULL; node = node->next) {
    if (!infer_node (node, scratch, error))
      return FALSE;
    ir_scratch_reset (scratch);
  }
  return TRUE;
}
