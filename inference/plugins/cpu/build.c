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
  { "ReduceMean", cpu_lower_reduce },
  { "ReduceMax", cpu_lower_reduce },
  { "Add", cpu_lower_binary },
  { "Subtract", cpu_lower_binary },
  { "Multiply", cpu_lower_binary },
  { "Divide", cpu_lower_binary },
  { "Maximum", cpu_lower_binary },
  { "Minimum", cpu_lower_binary },
  { "SquaredDifference", cpu_lower_binary },
  { "SoftMax", cpu_lower_softmax },
  { "Concat", cpu_lower_concat },
  { "FakeQuantize", cpu_lower_quantize },
  { "Interpolate", cpu_lower_interpolate },
};

/* Ops that only give the same elements another shape. */
static const char *const view_types[] = { "Reshape", "Squeeze", "Unsqueeze" };

/* So much of a file is read before its pages are given back. */
#define MAX_PACKED_BYTES ((gsize) 4 << 20)

/* Pixels so many floats apart get in each other's way in the first-level cache; one
 * or two of its lines more, in f32 or bf16, and they don't. */
#define ALIASING 1024
#define APART 32

/* Larger results of constants are computed at run time. */
#define MAX_FOLDED (64 << 20)

guint
cpu_port_slot (const CpuModel *model, IrPort port)
{
  gpointer first = g_hash_table_lookup (model->first_slots, port.node);

  return first ? GPOINTER_TO_UINT (first) - 1 + port.index : CPU_NO_SLOT;
}

static IrTensor *take_value (
    const CpuModel *model, IrPort port, GError **error);

/* (transfer full): what a node that has been put off makes of its constants. */
static IrTensor *
compute (const CpuModel *model, const IrNode *node, GError **error)
{
  g_autoptr (GPtrArray) in =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  IrTensor *out = NULL;

  for (gsize i = 0; i < node->n_inputs; i++) {
    IrTensor *value = take_value (model, node->inputs[i], error);

    if (!value)
      return NULL;
    g_ptr_array_add (in, value);
  }
  return ir_node_evaluate (node, (IrTensor **) in->pdata, &out, error) ? out
                                                                       : NULL;
}

/* (transfer full): the value of a slot in the type that the slot says. */
static IrTensor *
slot_value (const CpuModel *model, const CpuSlot *slot, GError **error)
{
  if (slot->value)
    return ir_tensor_convert (slot->value, slot->dtype, error);
  return slot->put_off ? compute (model, slot->put_off, error) : NULL;
}

static IrTensor *
take_value (const CpuModel *model, IrPort port, GError **error)
{
  const guint index = cpu_port_slot (model, port);
  IrTensor *value;

  if (index != CPU_NO_SLOT)
    return slot_value (model, cpu_slot (model, index), error);
  value = cpu_port_value (model, port);
  return value ? ir_tensor_ref (value) : NULL;
}

/* Keeps it; TRUE also if there is none. */
static gboolean
settle (const CpuModel *model, CpuSlot *slot, GError **error)
{
  IrTensor *value;

  if (slot->value ? slot->value->dtype == slot->dtype : !slot->put_off)
    return TRUE;
  value = slot_value (model, slot, error);
  if (!value)
    return FALSE;
  g_clear_pointer (&slot->value, ir_tensor_unref);
  slot->value = value;
  return TRUE;
}

IrTensor *
cpu_port_value (const CpuModel *model, IrPort port)
{
  guint index = cpu_port_slot (model, port);
  CpuSlot *slot;

  if (index == CPU_NO_SLOT) {
    IrTensor *value = ir_port_const (port);

    return value && value->dtype == ir_port_output (port)->dtype ? value : NULL;
  }
  slot = cpu_slot (model, index);
  return settle (model, slot, NULL) ? slot->value : NULL;
}

gboolean
cpu_port_is_known (const CpuModel *model, IrPort port)
{
  const guint index = cpu_port_slot (model, port);

  return index == CPU_NO_SLOT
      ? cpu_port_value (model, port) != NULL
      : cpu_slot (model, index)->value || cpu_slot (model, index)->put_off;
}

gboolean
cpu_port_is_f32 (IrPort port)
{
  const IrOutput *output = ir_port_output (port);

  return output->dtype == IR_DTYPE_F32 && ir_shape_is_static (&output->shape);
}

gboolean
cpu_port_can_be_last (IrPort port)
{
  const IrShape *shape = &ir_port_output (port)->shape;

  return cpu_port_is_f32 (port) && shape->rank == 4 && shape->dim[0] > 0 &&
      shape->dim[1] > 0 && shape->dim[2] > 0 && shape->dim[3] > 0;
}

CpuLayout
cpu_port_layout (const CpuModel *model, IrPort port)
{
  return cpu_slot (model, cpu_port_slot (model, port))->layout;
}

/* The values of a shape that can be had in this layout are at most twice as many
 * as IrShape allows. */
static gboolean
slot_bytes (CpuSlot *slot)
{
  guint64 count;

  if (!ir_shape_count (&slot->shape, &count))
    return FALSE;
  if (slot->layout == CPU_LAST) {
    slot->pitch = CPU_PITCH (slot->shape.dim[1]);
    if (slot->pitch % ALIASING == 0)
      slot->pitch += APART;
    count = count / (guint64) slot->shape.dim[1] * slot->pitch;
  }
  return ir_dtype_bytes (slot->dtype, count, &slot->bytes);
}

static guint
add_slot (
    CpuModel *model, const IrOutput *output, CpuPlace place, CpuLayout layout)
{
  CpuSlot slot = { .place = place,
    .layout = layout,
    .dtype = output->dtype,
    .shape = output->shape,
    .twin = CPU_NO_SLOT,
    .root = model->slots->len,
    .first = model->steps->len,
    .last = model->steps->len };

  slot.fixed = slot_bytes (&slot);
  g_array_append_val (model->slots, slot);
  return slot.root;
}

static void
add_slots (
    CpuModel *model, const IrNode *node, CpuPlace place, CpuLayout layout)
{
  g_hash_table_insert (model->first_slots, (gpointer) node,
      GUINT_TO_POINTER (model->slots->len + 1));
  for (gsize i = 0; i < node->n_outputs; i++)
    add_slot (model, &node->outputs[i], place, layout);
}

void
cpu_add_views (CpuModel *model, const IrNode *node, CpuLayout layout,
    guint slot, const gsize *shift)
{
  add_slots (model, node, CPU_VIEW, layout);
  for (gsize i = 0; i < node->n_outputs; i++) {
    const CpuSlot *from = cpu_slot (model, slot);
    CpuSlot *to =
        cpu_slot (model, cpu_port_slot (model, ir_port ((IrNode *) node, i)));

    to->root = from->root;
    to->shift = from->shift + shift[i];
    if (layout == CPU_LAST)
      to->pitch = from->pitch;
  }
}

/* Views of a slot go wherever it goes. */
gboolean
cpu_adopt (CpuModel *model, guint whole, guint part, gsize channel)
{
  CpuSlot *to = cpu_slot (model, whole);
  const CpuSlot *from = cpu_slot (model, part);
  const gsize channels = from->shape.dim[1];
  const gsize end = channel + channels;

  if (from->place != CPU_ARENA || channel % IR_IGEMM_GROUP != 0 ||
      (channels % IR_IGEMM_GROUP != 0 && end != (gsize) to->shape.dim[1]))
    return FALSE;
  for (guint i = 0; i < model->slots->len; i++)
    if (cpu_slot (model, i)->root == part && cpu_slot (model, i)->pinned)
      return FALSE;
  to->first = MIN (to->first, from->first);
  to->last = MAX (to->last, from->last);
  for (guint i = 0; i < model->slots->len; i++) {
    CpuSlot *slot = cpu_slot (model, i);

    if (slot->root != part)
      continue;
    slot->place = CPU_VIEW;
    slot->root = whole;
    slot->shift += channel * sizeof (float);
    slot->pitch = to->pitch;
  }
  return TRUE;
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
  to = add_slot (model, ir_port_output (port), CPU_ARENA, layout);
  cpu_slot (model, from)->twin = to;
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
    add_slots (model, node, CPU_ARENA, out);
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
  const guint from = cpu_take (model, node->inputs[0], CPU_PLAIN);
  const gsize shift = 0;

  if (cpu_in_arena (model, from)) {
    cpu_add_views (model, node, CPU_PLAIN, from, &shift);
  } else {
    CpuStep *step;

    add_slots (model, node, CPU_HEAP, CPU_PLAIN);
    step = cpu_add_step (model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, 1);

    step->kernel = "view";
    step->run = run_view;
  }
}

static void
add_evaluate (CpuModel *model, const IrNode *node)
{
  CpuStep *step;

  add_slots (model, node, CPU_HEAP, CPU_PLAIN);
  step = cpu_add_step (
      model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, node->n_inputs);
  step->kernel = "reference";
  step->run = run_evaluate;
}

/* --- constants ------------------------------------------------------------ */

static void
set_value (CpuModel *model, const IrNode *node, guint index, IrTensor *value,
    IrDType dtype)
{
  guint at = cpu_port_slot (model, ir_port ((IrNode *) node, index));
  CpuSlot *slot = cpu_slot (model, at);

  slot->value = value;
  slot->dtype = dtype;
  slot->shape = value->shape;
  slot->fixed = slot_bytes (slot);
}

/* What weights are stored through: nothing that can fail for its values. */
static const char *const put_off_types[] = { "Convert", "Subtract", "Multiply",
  "FakeQuantize" };
/* Less is computed at once. */
#define MIN_PUT_OFF (1 << 14)
/* One inside another. */
#define MAX_PUT_OFF 8

/* Leaves large weights to be computed when somebody asks for them, which nobody does
 * if they are in the store. */
static gboolean
put_off (CpuModel *model, const IrNode *node)
{
  const IrOutput *output = &node->outputs[0];
  guint depth = 0;
  gboolean fits = FALSE;
  guint64 count;
  CpuSlot *slot;

  for (guint i = 0; i < G_N_ELEMENTS (put_off_types); i++)
    fits |= ir_node_is (node, put_off_types[i]);
  if (!fits || !ir_shape_is_static (&output->shape) ||
      !ir_shape_count (&output->shape, &count) || count < MIN_PUT_OFF)
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++) {
    const guint index = cpu_port_slot (model, node->inputs[i]);

    if (!cpu_port_is_known (model, node->inputs[i]))
      return FALSE;
    if (index != CPU_NO_SLOT)
      depth = MAX (depth, cpu_slot (model, index)->put_off_depth);
  }
  if (depth == MAX_PUT_OFF)
    return FALSE;
  add_slots (model, node, CPU_CONST, CPU_PLAIN);
  slot = cpu_slot (model, cpu_port_slot (model, ir_port ((IrNode *) node, 0)));
  slot->put_off = node;
  slot->put_off_depth = depth + 1;
  return TRUE;
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
  for (gsize i = 0; i < node->n_outputs; i++) {
    guint64 count;

    if (ir_shape_count (&node->outputs[i].shape, &count) && count > MAX_FOLDED)
      return FALSE;
  }
  if (put_off (model, node))
    return TRUE;
  for (gsize i = 0; i < node->n_inputs; i++)
    if (!(in[i] = cpu_port_value (model, node->inputs[i])))
      return FALSE;
  if (!ir_node_evaluate (node, in, out, NULL))
    return FALSE;
  add_slots (model, node, CPU_CONST, CPU_PLAIN);
  for (gsize i = 0; i < node->n_outputs; i++)
    set_value (model, node, i, out[i], out[i]->dtype);
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
  add_slots (model, node, CPU_CONST, CPU_PLAIN);
  for (gsize i = 0; i < node->n_outputs; i++)
    set_value (model, node, i, ir_tensor_ref (node->outputs[i].value),
        node->outputs[i].dtype);
  return TRUE;
}

/* A constant that is in the wanted type already: Convert gives no other one. */
static gboolean
pass_on (CpuModel *model, const IrNode *node)
{
  guint from;

  if (!ir_node_is (node, "Convert") ||
      ir_node_input (node, 0)->dtype != node->outputs[0].dtype)
    return FALSE;
  from = cpu_port_slot (model, node->inputs[0]);
  if (cpu_slot (model, from)->place != CPU_CONST)
    return FALSE;
  g_hash_table_insert (
      model->first_slots, (gpointer) node, GUINT_TO_POINTER (from + 1));
  return TRUE;
}

static gboolean
has_one_reader (IrPort port)
{
  while (ir_port_output (port)->uses->len == 1) {
    if (!ir_node_is (port.node, "Convert"))
      return TRUE;
    port = port.node->inputs[0];
  }
  return FALSE;
}

static gboolean
is_read_from (const CpuModel *model, guint first_step, guint slot)
{
  for (guint i = first_step; i < model->steps->len; i++) {
    const CpuStep *step = g_ptr_array_index (model->steps, i);

    for (guint k = 0; k < step->n_in; k++)
      if (step->in[k] == slot)
        return TRUE;
  }
  return FALSE;
}

/* Weights that the steps of @node, those from @first_step on, have packed are in
 * memory once. */
static void
drop_packed (CpuModel *model, const IrNode *node, guint first_step)
{
  const guint index = cpu_port_slot (model, node->inputs[1]);
  CpuSlot *slot = cpu_slot (model, index);

  if (slot->place != CPU_CONST || !has_one_reader (node->inputs[1]) ||
      is_read_from (model, first_step, index))
    return;
  g_clear_pointer (&slot->value, ir_tensor_unref);
  slot->put_off = NULL;
  if (model->packed_bytes > MAX_PACKED_BYTES) {
    ir_graph_release_pages (model->graph);
    model->packed_bytes = 0;
  }
}

/* What steps and callers read is there, in the type that it is read in. */
static gboolean
settle_constants (CpuModel *model, GError **error)
{
  for (guint i = 0; i < model->steps->len; i++) {
    const CpuStep *step = g_ptr_array_index (model->steps, i);

    for (guint k = 0; k < step->n_in; k++)
      if (!settle (model, cpu_slot (model, step->in[k]), error))
        return FALSE;
  }
  for (guint i = 0; i < model->graph->results->len; i++)
    if (!settle (model, cpu_slot (model, model->output_slots[i]), error))
      return FALSE;
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
  if (node->op->strided)
    return cpu_lower_move;
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
  const guint first_step = model->steps->len;
  CpuLower lower;

  if (fusion) {
    lower = find_lower (fusion->head);
    if (!lower (model, fusion))
      add_apart (model, fusion);
    drop_packed (model, fusion->head, first_step);
    return;
  }
  if (node->mark || (node->op->flags & IR_OP_RESULT))
    return;
  if (take_known (model, node) || pass_on (model, node) || fold (model, node))
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
  if (lower && takes_fusion (lower))
    drop_packed (model, node, first_step);
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
    add_slots (model, graph->parameters->pdata[i], CPU_INPUT, CPU_PLAIN);
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
  return settle_constants (model, error);
}
