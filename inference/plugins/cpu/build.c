/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

typedef struct {
  const char *type;
  CpuLower lower;
} LowerRow;

/* Ops with a faster way than their definition. */
static const LowerRow lower_rows[] = {
  { "Convolution", cpu_lower_conv },
  { "GroupConvolution", cpu_lower_conv },
  { "ConvolutionBackpropData", cpu_lower_deconv },
  { "GroupConvolutionBackpropData", cpu_lower_deconv },
  { "DeformableConvolution", cpu_lower_deform },
  { "MatMul", cpu_lower_matmul },
  { "TopK", cpu_lower_argmax },
  { "MaxPool", cpu_lower_pool },
  { "AvgPool", cpu_lower_pool },
  { "ReduceMean", cpu_lower_reduce },
  { "ReduceMax", cpu_lower_reduce },
  { "ReduceMin", cpu_lower_fold },
  { "ReduceSum", cpu_lower_fold },
  { "ReduceProd", cpu_lower_fold },
  { "ReduceL1", cpu_lower_fold },
  { "ReduceL2", cpu_lower_fold },
  { "MVN", cpu_lower_norm },
  { "NormalizeL2", cpu_lower_norm },
  { "GRN", cpu_lower_norm },
  { "SoftMax", cpu_lower_softmax },
  { "LogSoftmax", cpu_lower_softmax },
  { "LRN", cpu_lower_line },
  { "CumSum", cpu_lower_line },
  { "Concat", cpu_lower_concat },
  { "FakeQuantize", cpu_lower_quantize },
  { "Interpolate", cpu_lower_interpolate },
  { "Gather", cpu_lower_gather },
};

/* Ops that only give the same elements another shape. */
static const char *const view_types[] = { "Reshape", "Squeeze", "Unsqueeze" };

static void
step_free (gpointer data)
{
  CpuStep *step = data;

  if (step->free_data)
    step->free_data (step->data);
  g_array_unref (step->drop);
  g_free (step->in);
  g_free (step->out);
  g_free (step);
}

/* A step without slots yet. */
static CpuStep *
new_step (CpuModel *model, const IrNode *node, guint n_in, guint n_out)
{
  CpuStep *step = g_new0 (CpuStep, 1);

  step->node = node;
  step->drop = g_array_new (FALSE, FALSE, sizeof (guint));
  step->n_in = n_in;
  step->in = g_new (guint, n_in);
  step->n_out = n_out;
  step->out = g_new (guint, n_out);
  return step;
}

/* Appends it: what it reads is needed up to here. */
static void
append_step (CpuModel *model, CpuStep *step)
{
  for (guint i = 0; i < step->n_in; i++) {
    const CpuSlot *slot = cpu_slot (model, step->in[i]);

    cpu_slot (model, slot->root)->last = model->steps->len;
  }
  g_ptr_array_add (model->steps, step);
}

/* --- layouts --------------------------------------------------------------- */

static gboolean
run_reorder (const CpuStep *step, CpuRun *run, GError **error)
{
  const CpuSlot *in = cpu_slot (run->model, step->in[0]);
  const CpuSlot *out = cpu_slot (run->model, step->out[0]);
  const IrLayoutKernels *k = run->model->layout;
  const gsize channels = in->shape.dim[1];
  const gsize pixels = in->shape.dim[2] * in->shape.dim[3];
  const float *from = run->data[step->in[0]];
  float *to = run->data[step->out[0]];

  for (gint64 n = 0; n < in->shape.dim[0]; n++) {
    if (out->layout == CPU_LAST)
      k->to_last (from + n * channels * pixels, channels, pixels,
          to + n * pixels * out->pitch, out->pitch);
    else
      k->transpose (from + n * pixels * in->pitch, in->pitch, pixels, channels,
          to + n * channels * pixels, pixels);
  }
  return TRUE;
}

guint
cpu_take (CpuModel *model, IrPort port, CpuLayout layout)
{
  const guint from = cpu_port_slot (model, port);
  CpuStep *step;
  guint to;

  if (cpu_slot (model, from)->layout == layout)
    return from;
  if (cpu_slot (model, from)->twin != CPU_NO_SLOT)
    return cpu_slot (model, from)->twin;
  to = cpu_add_slot (model, ir_port_output (port), CPU_ARENA, layout);
  cpu_slot (model, from)->twin = to;
  cpu_slot (model, to)->levels = cpu_slot (model, from)->levels;
  step = new_step (model, port.node, 1, 1);
  step->in[0] = from;
  step->out[0] = to;
  step->kernel = "reorder";
  step->run = run_reorder;
  append_step (model, step);
  return to;
}

CpuStep *
cpu_add_step_on (CpuModel *model, const IrNode *node, CpuLayout out,
    const guint *slots, guint n_slots)
{
  CpuStep *step = new_step (model, node, n_slots, node->n_outputs);

  for (guint i = 0; i < n_slots; i++)
    step->in[i] = slots[i];
  if (cpu_port_slot (model, ir_port ((IrNode *) node, 0)) == CPU_NO_SLOT)
    cpu_add_slots (model, node, CPU_ARENA, out);
  for (guint i = 0; i < step->n_out; i++)
    step->out[i] = cpu_port_slot (model, ir_port ((IrNode *) node, i));
  append_step (model, step);
  return step;
}

CpuStep *
cpu_add_step (CpuModel *model, const IrNode *node, CpuLayout in, CpuLayout out,
    const IrPort *ports, guint n_ports)
{
  g_autofree guint *slots = g_new (guint, n_ports + 1);

  for (guint i = 0; i < n_ports; i++)
    slots[i] = cpu_take (model, ports[i], in);
  return cpu_add_step_on (model, node, out, slots, n_ports);
}

/* --- what every op can do ------------------------------------------------- */

static void
run_parts (const IrParts *parts, guint n, IrPartFunc func, gpointer data)
{
  cpu_pool_run (parts->workers, n, func, data);
}

/* What an op has made is the slot's, or is what the slot has to have. */
static gboolean
keep_output (
    const CpuStep *step, CpuRun *run, guint i, IrTensor *tensor, GError **error)
{
  const CpuSlot *slot = cpu_slot (run->model, step->out[i]);
  IrTensor **own = &run->tensors[step->out[i]];

  if (slot->fixed && tensor->size != slot->bytes)
    return ir_fail (error, IR_ERROR_INTERNAL,
        "node '%s' made another size than its shape says", step->node->name);
  if (slot->place == CPU_HEAP) {
    /* Views of inputs, which an op may pass on, are not to be held. */
    *own = cpu_is_own (tensor) ? ir_tensor_ref (tensor)
                               : ir_tensor_copy (tensor, error);
    if (!*own)
      return FALSE;
    run->data[step->out[i]] = (*own)->data;
  } else if (*own != tensor) {
    memcpy ((*own)->data, tensor->data, tensor->size);
  }
  return TRUE;
}

static gboolean
run_evaluate (const CpuStep *step, CpuRun *run, GError **error)
{
  const IrParts parts = { run->model->threads, run_parts };
  const gsize n_in = step->n_in, n_out = step->n_out;
  IrTensor **in = ir_scratch_take0 (run->memory, n_in, sizeof *in);
  IrTensor **into = ir_scratch_take0 (run->memory, n_out, sizeof *into);
  IrTensor **out = ir_scratch_take0 (run->memory, n_out, sizeof *out);
  const IrMeans means = { &parts, run->memory, into };
  gboolean ok = in && into && out;

  for (guint i = 0; ok && i < n_in; i++)
    in[i] = run->tensors[step->in[i]];
  for (guint i = 0; ok && i < n_out; i++)
    into[i] = run->tensors[step->out[i]];
  if (!ok)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the tensors of node '%s'", step->node->name);
  ok = ir_node_evaluate_with (step->node, &means, in, out, error);
  for (guint i = 0; i < n_out && out[i]; i++) {
    ok = ok && keep_output (step, run, i, out[i], error);
    ir_tensor_unref (out[i]);
  }
  return ok;
}

static gboolean
run_view (const CpuStep *step, CpuRun *run, GError **error)
{
  const CpuSlot *slot = cpu_slot (run->model, step->out[0]);
  IrTensor *view =
      ir_tensor_reshaped (run->tensors[step->in[0]], &slot->shape, error);

  if (!view)
    return FALSE;
  run->tensors[step->out[0]] = view;
  run->data[step->out[0]] = view->data;
  return TRUE;
}

/* What the caller gives stays until the end: nothing has to hold it. */
static gboolean
run_input_view (const CpuStep *step, CpuRun *run, GError **error)
{
  const IrTensor *in = run->tensors[step->in[0]];
  const CpuSlot *slot = cpu_slot (run->model, step->out[0]);
  IrTensor **view = &run->views[step->out[0]];

  if (!*view)
    *view = ir_tensor_new_wrapped (
        in->dtype, &slot->shape, in->data, in->size, NULL, NULL, error);
  if (!*view)
    return FALSE;
  (*view)->data = in->data;
  run->tensors[step->out[0]] = ir_tensor_ref (*view);
  run->data[step->out[0]] = in->data;
  return TRUE;
}

static gboolean
is_view (const IrNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (view_types); i++)
    if (ir_node_is (node, view_types[i]))
      return ir_shape_is_static (&node->outputs[0].shape);
  return FALSE;
}

static void
add_view (CpuModel *model, const IrNode *node)
{
  const guint from = cpu_take (model, node->inputs[0], CPU_PLAIN);
  const gsize shift = 0;

  if (cpu_in_arena (model, from)) {
    cpu_add_views (model, node, CPU_PLAIN, from, &shift);
  } else {
    const gboolean of_input = cpu_slot (model, from)->place == CPU_INPUT &&
        cpu_slot (model, from)->fixed;
    CpuStep *step;

    cpu_add_slots (model, node, of_input ? CPU_INPUT : CPU_HEAP, CPU_PLAIN);
    step = cpu_add_step (model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, 1);
    step->kernel = "view";
    step->run = of_input ? run_input_view : run_view;
  }
}

static void
add_evaluate (CpuModel *model, const IrNode *node)
{
  const gboolean makes = (node->op->flags & IR_OP_DYNAMIC) != 0;
  CpuStep *step;

  cpu_add_slots (model, node, CPU_ARENA, CPU_PLAIN);
  step = cpu_add_step (
      model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, node->n_inputs);
  for (guint i = 0; i < step->n_out; i++)
    if (makes || !cpu_slot (model, step->out[i])->fixed)
      cpu_slot (model, step->out[i])->place = CPU_HEAP;
  step->kernel = "reference";
  step->run = run_evaluate;
}

/* --- nodes ---------------------------------------------------------------- */

static CpuLower
find_lower (const IrNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (lower_rows); i++)
    if (ir_node_is (node, lower_rows[i].type))
      return lower_rows[i].lower;
  if (node->op->strided)
    return cpu_lower_move;
  if (node->op->sampling)
    return cpu_lower_sample;
  return cpu_can_chain (node) ? cpu_lower_chain : NULL;
}

static gboolean
takes_fusion (CpuLower lower)
{
  return lower == cpu_lower_conv || lower == cpu_lower_deconv ||
      lower == cpu_lower_matmul;
}

gboolean
cpu_takes_fusion (const IrNode *node)
{
  return takes_fusion (find_lower (node));
}

static gboolean
inputs_are_fixed (const IrNode *node)
{
  for (gsize i = 0; i < node->n_inputs; i++)
    if (!ir_shape_is_static (&ir_node_input (node, i)->shape))
      return FALSE;
  return ir_shape_is_static (&node->outputs[0].shape);
}

static gboolean
lower_alone (CpuModel *model, const IrNode *node, CpuLower lower)
{
  CpuFusion fusion = { .head = node, .last = node, .unary = IR_UNARY_COPY };

  return lower && inputs_are_fixed (node) &&
      cpu_tune_lower (model, lower, &fusion);
}

/* Begins a fusion at @node, if something follows it. The step is made when the
 * last node of the fusion is reached: what it adds may be computed in between. */
static gboolean
begin_fusion (CpuModel *model, GHashTable *ends, IrNode *node)
{
  CpuFusion fusion;

  if (!inputs_are_fixed (node))
    return FALSE;
  cpu_fuse (model, node, &fusion);
  if (fusion.n_absorbed == 0)
    return FALSE;
  g_hash_table_insert (
      ends, (gpointer) fusion.last, g_memdup2 (&fusion, sizeof fusion));
  return TRUE;
}

/* The nodes of a fusion one by one, where their shapes have no faster way. */
static void
add_apart (CpuModel *model, const CpuFusion *fusion)
{
  add_evaluate (model, fusion->head);
  for (guint i = 0; i < fusion->n_absorbed; i++)
    if (!lower_alone (
            model, fusion->absorbed[i], find_lower (fusion->absorbed[i])))
      add_evaluate (model, fusion->absorbed[i]);
}

static void
add_node (CpuModel *model, GHashTable *ends, IrNode *node)
{
  const CpuFusion *fusion = g_hash_table_lookup (ends, node);
  const guint first_step = model->steps->len;
  CpuLower lower;

  if (fusion) {
    lower = find_lower (fusion->head);
    if (!cpu_tune_lower (model, lower, fusion))
      add_apart (model, fusion);
    cpu_drop_packed (model, fusion->head, 1, first_step);
    return;
  }
  if (node->mark || (node->op->flags & IR_OP_RESULT))
    return;
  if (cpu_take_constant (model, node))
    return;
  if (is_view (node)) {
    add_view (model, node);
    return;
  }
  lower = find_lower (node);
  if (lower && takes_fusion (lower) && begin_fusion (model, ends, node))
    return;
  if (lower == cpu_lower_chain && cpu_begin_chain (model, node))
    return;
  if (!lower_alone (model, node, lower))
    add_evaluate (model, node);
  if (lower && takes_fusion (lower))
    cpu_drop_packed (model, node, 1, first_step);
}

gboolean
cpu_build (CpuModel *model, GError **error)
{
  g_autoptr (GHashTable) ends =
      g_hash_table_new_full (NULL, NULL, NULL, g_free);
  IrGraph *graph = model->graph;

  model->first_slots = g_hash_table_new (NULL, NULL);
  model->slots = g_array_new (FALSE, TRUE, sizeof (CpuSlot));
  model->steps = g_ptr_array_new_with_free_func (step_free);
  for (IrNode *node = graph->first; node; node = node->next)
    node->mark = 0;
  for (guint i = 0; i < graph->parameters->len; i++)
    cpu_add_slots (model, graph->parameters->pdata[i], CPU_INPUT, CPU_PLAIN);
  for (IrNode *node = graph->first; node; node = node->next)
    if (!(node->op->flags & IR_OP_PARAMETER))
      add_node (model, ends, node);

  model->output_slots = g_new (guint, graph->results->len + 1);
  for (guint i = 0; i < graph->results->len; i++) {
    const IrNode *result = graph->results->pdata[i];
    guint slot;

    if (cpu_port_slot (model, result->inputs[0]) == CPU_NO_SLOT)
      return ir_fail (error, IR_ERROR_INTERNAL,
          "output '%s' is not computed by any step", result->name);
    slot = cpu_take (model, result->inputs[0], CPU_PLAIN);
    model->output_slots[i] = slot;
    cpu_slot (model, cpu_slot (model, slot)->root)->last = G_MAXUINT;
  }
  return cpu_settle_constants (model, error);
}
