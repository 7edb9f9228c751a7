/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <string.h>

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
  { "MatMul", cpu_lower_matmul },
  { "MaxPool", cpu_lower_pool },
  { "AvgPool", cpu_lower_pool },
  { "Add", cpu_lower_binary },
  { "Subtract", cpu_lower_binary },
  { "Multiply", cpu_lower_binary },
  { "Divide", cpu_lower_binary },
  { "SoftMax", cpu_lower_softmax },
  { "Concat", cpu_lower_concat },
  { "FakeQuantize", cpu_lower_quantize },
};

/* Ops that only give the same elements another shape. */
static const char *const view_types[] = { "Reshape", "Squeeze", "Unsqueeze" };

/* Larger results of constants are computed at run time. */
#define MAX_FOLDED (64 << 20)

guint
cpu_port_slot (const CpuModel *model, IrPort port)
{
  gpointer first = g_hash_table_lookup (model->first_slots, port.node);

  return first ? GPOINTER_TO_UINT (first) - 1 + port.index : CPU_NO_SLOT;
}

IrTensor *
cpu_port_value (const CpuModel *model, IrPort port)
{
  guint index = cpu_port_slot (model, port);

  return index == CPU_NO_SLOT ? ir_port_const (port)
                              : cpu_slot (model, index)->value;
}

gboolean
cpu_port_is_f32 (IrPort port)
{
  const IrOutput *output = ir_port_output (port);

  return output->dtype == IR_DTYPE_F32 && ir_shape_is_static (&output->shape);
}

static void
add_slots (CpuModel *model, const IrNode *node, CpuPlace place)
{
  g_hash_table_insert (model->first_slots, (gpointer) node,
      GUINT_TO_POINTER (model->slots->len + 1));
  for (gsize i = 0; i < node->n_outputs; i++) {
    const IrOutput *output = &node->outputs[i];
    CpuSlot slot = { .place = place,
      .dtype = output->dtype,
      .shape = output->shape,
      .root = model->slots->len,
      .first = model->steps->len,
      .last = model->steps->len };
    guint64 count;

    slot.fixed = ir_shape_count (&output->shape, &count) &&
        ir_dtype_bytes (output->dtype, count, &slot.bytes);
    g_array_append_val (model->slots, slot);
  }
}

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

CpuStep *
cpu_add_step (
    CpuModel *model, const IrNode *node, const IrPort *ports, guint n_ports)
{
  CpuStep *step = g_new0 (CpuStep, 1);

  if (cpu_port_slot (model, ir_port ((IrNode *) node, 0)) == CPU_NO_SLOT)
    add_slots (model, node, CPU_ARENA);
  step->node = node;
  step->drop = g_array_new (FALSE, FALSE, sizeof (guint));
  step->n_in = n_ports;
  step->in = g_new (guint, n_ports);
  for (guint i = 0; i < n_ports; i++) {
    CpuSlot *slot;

    step->in[i] = cpu_port_slot (model, ports[i]);
    slot = cpu_slot (model, step->in[i]);
    cpu_slot (model, slot->root)->last = model->steps->len;
  }
  step->n_out = node->n_outputs;
  step->out = g_new (guint, step->n_out);
  for (guint i = 0; i < step->n_out; i++)
    step->out[i] = cpu_port_slot (model, ir_port ((IrNode *) node, i));
  g_ptr_array_add (model->steps, step);
  return step;
}

/* --- what every op can do ------------------------------------------------- */

static gboolean
run_evaluate (const CpuStep *step, CpuRun *run, GError **error)
{
  g_autofree IrTensor **in = g_new (IrTensor *, step->n_in + 1);
  g_autofree IrTensor **out = g_new0 (IrTensor *, step->n_out + 1);

  for (guint i = 0; i < step->n_in; i++)
    in[i] = run->tensors[step->in[i]];
  if (!ir_node_evaluate (step->node, in, out, error))
    return FALSE;
  for (guint i = 0; i < step->n_out; i++) {
    const CpuSlot *slot = cpu_slot (run->model, step->out[i]);

    run->tensors[step->out[i]] = out[i];
    run->data[step->out[i]] = out[i]->data;
    if (slot->fixed && out[i]->size < slot->bytes)
      return ir_fail (error, IR_ERROR_INTERNAL,
          "node '%s' made less than its shape says", step->node->name);
  }
  return TRUE;
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
  const guint from = cpu_port_slot (model, node->inputs[0]);
  const gboolean in_arena = cpu_slot (model, from)->place == CPU_ARENA ||
      cpu_slot (model, from)->place == CPU_VIEW;

  add_slots (model, node, in_arena ? CPU_VIEW : CPU_HEAP);
  if (in_arena) {
    guint to = cpu_port_slot (model, ir_port ((IrNode *) node, 0));

    cpu_slot (model, to)->root = cpu_slot (model, from)->root;
  } else {
    CpuStep *step = cpu_add_step (model, node, node->inputs, 1);

    step->kernel = "view";
    step->run = run_view;
  }
}

static void
add_evaluate (CpuModel *model, const IrNode *node)
{
  CpuStep *step;

  add_slots (model, node, CPU_HEAP);
  step = cpu_add_step (model, node, node->inputs, node->n_inputs);
  step->kernel = "reference";
  step->run = run_evaluate;
}

/* --- constants ------------------------------------------------------------ */

static void
set_value (CpuModel *model, const IrNode *node, guint index, IrTensor *value)
{
  guint at = cpu_port_slot (model, ir_port ((IrNode *) node, index));
  CpuSlot *slot = cpu_slot (model, at);

  slot->value = value;
  slot->dtype = value->dtype;
  slot->shape = value->shape;
  slot->bytes = value->size;
  slot->fixed = TRUE;
}

/* Computes a node whose inputs are all constant. What can't be computed now is
 * left for the run, which reports it. */
static gboolean
fold (CpuModel *model, const IrNode *node)
{
  g_autofree IrTensor **in = g_new (IrTensor *, node->n_inputs + 1);
  g_autofree IrTensor **out = g_new0 (IrTensor *, node->n_outputs + 1);
  const guint never = IR_OP_NO_FOLD | IR_OP_SINK;

  if (node->n_inputs == 0 || (node->op->flags & never))
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++)
    if (!(in[i] = cpu_port_value (model, node->inputs[i])))
      return FALSE;
  for (gsize i = 0; i < node->n_outputs; i++) {
    guint64 count;

    if (ir_shape_count (&node->outputs[i].shape, &count) && count > MAX_FOLDED)
      return FALSE;
  }
  if (!ir_node_evaluate (node, in, out, NULL))
    return FALSE;
  add_slots (model, node, CPU_CONST);
  for (gsize i = 0; i < node->n_outputs; i++)
    set_value (model, node, i, out[i]);
  return TRUE;
}

/* Sizes that inference has found already, such as ShapeOf of a static shape. */
static gboolean
take_known (CpuModel *model, const IrNode *node)
{
  for (gsize i = 0; i < node->n_outputs; i++)
    if (!node->outputs[i].value)
      return FALSE;
  if (node->n_outputs == 0)
    return FALSE;
  add_slots (model, node, CPU_CONST);
  for (gsize i = 0; i < node->n_outputs; i++)
    set_value (model, node, i, ir_tensor_ref (node->outputs[i].value));
  return TRUE;
}

/* --- nodes ---------------------------------------------------------------- */

static CpuLower
find_lower (const IrNode *node)
{
  IrUnary op;
  float a, b;

  for (guint i = 0; i < G_N_ELEMENTS (lower_rows); i++)
    if (ir_node_is (node, lower_rows[i].type))
      return lower_rows[i].lower;
  return cpu_match_unary (node, &op, &a, &b) ? cpu_lower_unary : NULL;
}

static gboolean
takes_fusion (CpuLower lower)
{
  return lower == cpu_lower_conv || lower == cpu_lower_deconv ||
      lower == cpu_lower_matmul;
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

  return lower && inputs_are_fixed (node) && lower (model, &fusion);
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
  CpuLower lower;

  if (fusion) {
    lower = find_lower (fusion->head);
    if (!lower (model, fusion))
      add_apart (model, fusion);
    return;
  }
  if (node->mark || (node->op->flags & IR_OP_RESULT))
    return;
  if (take_known (model, node) || fold (model, node))
    return;
  if (is_view (node)) {
    add_view (model, node);
    return;
  }
  lower = find_lower (node);
  if (lower && takes_fusion (lower) && begin_fusion (model, ends, node))
    return;
  if (!lower_alone (model, node, lower))
    add_evaluate (model, node);
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
    add_slots (model, graph->parameters->pdata[i], CPU_INPUT);
  for (IrNode *node = graph->first; node; node = node->next)
    if (!(node->op->flags & IR_OP_PARAMETER))
      add_node (model, ends, node);

  model->output_slots = g_new (guint, graph->results->len + 1);
  for (guint i = 0; i < graph->results->len; i++) {
    const IrNode *result = graph->results->pdata[i];
    guint slot = cpu_port_slot (model, result->inputs[0]);

    if (slot == CPU_NO_SLOT)
      return ir_fail (error, IR_ERROR_INTERNAL,
          "output '%s' is not computed by any step", result->name);
    model->output_slots[i] = slot;
    cpu_slot (model, cpu_slot (model, slot)->root)->last = G_MAXUINT;
  }
  return TRUE;
}
