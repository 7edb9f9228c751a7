/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running nodes and graphs with the ops' plain computations. */
#include <string.h>
#include "infer-private.h"

#define NO_LIMIT G_MAXSIZE

static void
drop_tensors (IrTensor **tensors, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], ir_tensor_unref);
}

/* The type that evaluate wants for a tensor of `dtype`. */
static IrDType
working_dtype (const IrNode *node, IrDType dtype)
{
  const guint flags = node->op->flags;

  if ((flags & IR_OP_F32) == 0 || !ir_dtype_is_float (dtype) ||
      (dtype == IR_DTYPE_F64 && (flags & IR_OP_F64) != 0))
    return dtype;
  return IR_DTYPE_F32;
}

static gboolean
convert_inputs (
    const IrNode *node, IrTensor *const *in, IrTensor **working, GError **error)
{
  for (gsize i = 0; i < node->n_inputs; i++) {
    working[i] =
        ir_tensor_convert (in[i], working_dtype (node, in[i]->dtype), error);
    if (working[i] == NULL)
      return FALSE;
  }
  return TRUE;
}

static gsize
tensors_bytes (IrTensor *const *tensors, gsize n)
{
  gsize bytes = 0;

  for (gsize i = 0; i < n; i++)
    bytes += tensors[i] != NULL ? tensors[i]->size : 0;
  return bytes;
}

static gboolean
fail_size (gsize max_bytes, GError **error)
{
  return ir_fail (error, IR_ERROR_LIMIT,
      "more than the %" G_GSIZE_FORMAT " bytes that are left for the body",
      max_bytes);
}

/* Lowers @room by what an output takes. */
static gboolean
take_room (gsize *room, const IrShape *shape, IrDType dtype)
{
  guint64 count;
  gsize bytes;

  if (!ir_shape_count (shape, &count) ||
      !ir_dtype_bytes (dtype, count, &bytes) || bytes > *room)
    return FALSE;
  *room -= bytes;
  return TRUE;
}

/* What a computation may take. */
typedef struct {
  gsize max_bytes;
  IrMeans with;
} Means;

/* The tensor that an output is to be written to, if it is as it should be. */
static IrTensor *
take_into (const Means *means, gsize index, IrDType dtype, const IrShape *shape)
{
  IrTensor *into = means->with.into ? means->with.into[index] : NULL;

  if (!into || into->dtype != dtype || !ir_shape_equal (&into->shape, shape))
    return NULL;
  if (into->size > 0)
    memset (into->data, 0, into->size);
  return ir_tensor_ref (into);
}

static gboolean
allocate_outputs (const IrNode *node, const IrInferCtx *ctx, const Means *means,
    IrTensor **out, GError **error)
{
  gsize room = means->max_bytes;

  for (gsize i = 0; i < node->n_outputs; i++) {
    IrDType dtype;

    if (!ir_shape_is_static (&ctx->out_shape[i]) ||
        ctx->out_dtype[i] == IR_DTYPE_DYNAMIC) {
      if ((node->op->flags & IR_OP_DYNAMIC) != 0)
        continue;
      return ir_fail (error, IR_ERROR_SHAPE,
          "the shape of output %" G_GSIZE_FORMAT " does not follow from the "
          "inputs",
          i);
    }
    dtype = working_dtype (node, ctx->out_dtype[i]);
    if (room != NO_LIMIT && !take_room (&room, &ctx->out_shape[i], dtype))
      return fail_size (means->max_bytes, error);
    out[i] = take_into (means, i, dtype, &ctx->out_shape[i]);
    if (out[i] == NULL)
      out[i] = ir_tensor_new (dtype, &ctx->out_shape[i], error);
    if (out[i] == NULL)
      return FALSE;
  }
  return TRUE;
}

static gboolean
finish_outputs (
    const IrNode *node, const IrInferCtx *ctx, IrTensor **out, GError **error)
{
  for (gsize i = 0; i < node->n_outputs; i++) {
    IrDType dtype = ctx->out_dtype[i];
    IrTensor *converted;

    if (out[i] == NULL)
      return ir_fail (
          error, IR_ERROR_INTERNAL, "gave no output %" G_GSIZE_FORMAT, i);
    if (dtype == IR_DTYPE_DYNAMIC || dtype == out[i]->dtype)
      continue;
    converted = ir_tensor_convert (out[i], dtype, error);
    if (converted == NULL)
      return FALSE;
    ir_tensor_unref (out[i]);
    out[i] = converted;
  }
  return TRUE;
}

static gboolean
evaluate_inferred (const IrInferCtx *ctx, const Means *means,
    IrTensor *const *in, IrTensor **working, IrTensor **out, GError **error)
{
  const IrNode *node = ctx->node;
  IrEvalCtx eval = { .node = node,
    .attrs = node->attrs,
    .n_inputs = node->n_inputs,
    .in = working,
    .n_outputs = node->n_outputs,
    .out = out,
    .max_bytes = means->max_bytes,
    .parts = means->with.parts,
    .scratch = means->with.scratch };
  gboolean ok;

  ok = convert_inputs (node, in, working, error) &&
      allocate_outputs (node, ctx, means, out, error) &&
      node->op->evaluate (&eval, error) &&
      finish_outputs (node, ctx, out, error);
  drop_tensors (working, node->n_inputs);
  if (!ok)
    ir_prefix_node (error, node);
  return ok;
}

/* The same once there is memory for lists of tensors. */
static gboolean
evaluate_listed (IrInfer *infer, const Means *means, IrTensor *const *in,
    IrTensor **out, GError **error)
{
  const IrNode *node = infer->ctx.node;
  IrScratch *scratch = means->with.scratch;
  IrTensor **working = ir_scratch_take0 (scratch, node->n_inputs, sizeof *in);
  IrTensor **made = ir_scratch_take0 (scratch, node->n_outputs, sizeof *out);

  if (!working || !made)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the tensors of node '%s'", node->name);
  if (!ir_infer_run (infer, error) ||
      !evaluate_inferred (&infer->ctx, means, in, working, made, error)) {
    drop_tensors (made, node->n_outputs);
    return FALSE;
  }
  memcpy (out, made, node->n_outputs * sizeof *out);
  return TRUE;
}

static gboolean
evaluate_by (const IrNode *node, const Means *means, IrTensor *const *in,
    IrTensor **out, GError **error)
{
  IrInfer infer;
  gboolean ok;

  if (node->op->evaluate == NULL)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "node '%s': there is no computation for %s-%u", node->name,
        node->op->type, node->op->opset);
  if (!ir_infer_init (&infer, node, means->with.scratch, error))
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++) {
    infer.in_dtype[i] = in[i]->dtype;
    infer.in_shape[i] = in[i]->shape;
    infer.in_value[i] = in[i];
  }
  ok = evaluate_listed (&infer, means, in, out, error);
  ir_infer_clear (&infer);
  return ok;
}

gboolean
ir_node_evaluate (
    const IrNode *node, IrTensor *const *in, IrTensor **out, GError **error)
{
  g_autoptr (IrScratch) scratch = ir_scratch_new ();
  const IrMeans means = { .scratch = scratch };

  return ir_node_evaluate_with (node, &means, in, out, error);
}

gboolean
ir_node_evaluate_with (const IrNode *node, const IrMeans *means,
    IrTensor *const *in, IrTensor **out, GError **error)
{
  return evaluate_by (node, &(Means){ NO_LIMIT, *means }, in, out, error);
}

/* --- whole graphs ---------------------------------------------------------- */

typedef struct {
  IrTensor **outputs;
  guint readers;
  gsize bytes;
} NodeState;

/* Of what was computed, the bytes that are there now. */
typedef struct {
  gsize live;
  gsize max;
  IrScratch *scratch;
} Memory;

static gboolean
check_input (const IrNode *parameter, const IrTensor *tensor, GError **error)
{
  const IrOutput *output = &parameter->outputs[0];
  char wanted[IR_SHAPE_TEXT];
  char got[IR_SHAPE_TEXT];

  if ((output->dtype != IR_DTYPE_DYNAMIC && tensor->dtype != output->dtype) ||
      !ir_shape_fits (&output->shape, &tensor->shape))
    return ir_fail (error, IR_ERROR_SHAPE, "input '%s' takes %s %s, not %s %s",
        parameter->name, ir_dtype_name (output->dtype),
        ir_shape_print (&output->shape, wanted), ir_dtype_name (tensor->dtype),
        ir_shape_print (&tensor->shape, got));
  return TRUE;
}

static gboolean
run_node (const IrNode *node, NodeState *states, Memory *memory, GError **error)
{
  const gboolean bounded = memory->max != NO_LIMIT;
  g_autofree IrTensor **in = g_new0 (IrTensor *, node->n_inputs + 1);
  NodeState *state = &states[node->id];
  const Means means = { bounded ? memory->max - memory->live : NO_LIMIT,
    { .scratch = memory->scratch } };

  for (gsize i = 0; i < node->n_inputs; i++)
    in[i] = states[node->inputs[i].node->id].outputs[node->inputs[i].index];
  if (!evaluate_by (node, &means, in, state->outputs, error))
    return FALSE;
  ir_scratch_reset (memory->scratch);
  state->bytes = tensors_bytes (state->outputs, node->n_outputs);
  memory->live += state->bytes;
  /* Ops that make their outputs themselves may have made more. */
  if (bounded && memory->live > memory->max)
    return fail_size (memory->max, error);
  for (gsize i = 0; i < node->n_inputs; i++) {
    const IrNode *source = node->inputs[i].node;
    NodeState *from = &states[source->id];

    if (--from->readers == 0) {
      drop_tensors (from->outputs, source->n_outputs);
      memory->live -= from->bytes;
    }
  }
  return TRUE;
}

static gboolean
run_nodes (const IrGraph *graph, gsize max_bytes, IrTensor *const *in,
    NodeState *states, GError **error)
{
  g_autoptr (IrScratch) scratch = ir_scratch_new ();
  Memory memory = { 0, max_bytes, scratch };

  for (guint i = 0; i < graph->parameters->len; i++) {
    const IrNode *node = g_ptr_array_index (graph->parameters, i);

    if (!check_input (node, in[i], error))
      return FALSE;
    states[node->id].outputs[0] = ir_tensor_ref (in[i]);
  }
  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    if ((node->op->flags & IR_OP_CONST) != 0)
      states[node->id].outputs[0] = ir_tensor_ref (node->outputs[0].value);
    else if ((node->op->flags & (IR_OP_PARAMETER | IR_OP_RESULT)) == 0 &&
        !run_node (node, states, &memory, error))
      return FALSE;
  }
  return TRUE;
}

static NodeState *
states_new (const IrGraph *graph)
{
  NodeState *states = g_new0 (NodeState, graph->next_id + 1);

  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    NodeState *state = &states[node->id];

    state->outputs = g_new0 (IrTensor *, node->n_outputs + 1);
    /* Results are read at the very end and never counted down. */
    for (gsize i = 0; i < node->n_outputs; i++)
      state->readers += node->outputs[i].uses->len;
  }
  return states;
}

static void
states_free (const IrGraph *graph, NodeState *states)
{
  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    drop_tensors (states[node->id].outputs, node->n_outputs);
    g_free (states[node->id].outputs);
  }
  g_free (states);
}

gboolean
ir_graph_evaluate_within (const IrGraph *graph, gsize max_bytes,
    IrTensor *const *in, IrTensor **out, GError **error)
{
  NodeState *states = states_new (graph);
  gboolean ok = run_nodes (graph, max_bytes, in, states, error);

  for (guint i = 0; ok && i < graph->results->len; i++) {
    const IrNode *node = g_ptr_array_index (graph->results, i);
    IrPort source = node->inputs[0];

    out[i] = ir_tensor_ref (states[source.node->id].outputs[source.index]);
  }
  states_free (graph, states);
  return ok;
}

gboolean
ir_graph_evaluate (
    const IrGraph *graph, IrTensor *const *in, IrTensor **out, GError **error)
{
  return ir_graph_evaluate_within (graph, NO_LIMIT, in, out, error);
}
