/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What does not depend on the inputs: computed when the model is compiled, or when
 * somebody asks for it. */
#include "cpu.h"

/* So much of a file is read before its pages are given back. */
#define MAX_PACKED_BYTES ((gsize) 4 << 20)

/* Larger results of constants are computed at run time. */
#define MAX_FOLDED (64 << 20)

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

static void
set_value (CpuModel *model, const IrNode *node, guint index, IrTensor *value,
    IrDType dtype)
{
  guint at = cpu_port_slot (model, ir_port ((IrNode *) node, index));
  CpuSlot *slot = cpu_slot (model, at);

  slot->value = value;
  slot->dtype = dtype;
  slot->shape = value->shape;
  slot->fixed = cpu_slot_set_bytes (slot);
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
  cpu_add_slots (model, node, CPU_CONST, CPU_PLAIN);
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
  cpu_add_slots (model, node, CPU_CONST, CPU_PLAIN);
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
  cpu_add_slots (model, node, CPU_CONST, CPU_PLAIN);
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

gboolean
cpu_take_constant (CpuModel *model, const IrNode *node)
{
  return take_known (model, node) || pass_on (model, node) ||
      fold (model, node);
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

void
cpu_drop_packed (
    CpuModel *model, const IrNode *node, guint input, guint first_step)
{
  const guint index = cpu_port_slot (model, node->inputs[input]);
  CpuSlot *slot = cpu_slot (model, index);

  if (slot->place != CPU_CONST || !has_one_reader (node->inputs[input]) ||
      is_read_from (model, first_step, index))
    return;
  g_clear_pointer (&slot->value, ir_tensor_unref);
  slot->put_off = NULL;
  if (model->packed_bytes > MAX_PACKED_BYTES) {
    ir_graph_release_pages (model->graph);
    model->packed_bytes = 0;
  }
}

gboolean
cpu_settle_constants (CpuModel *model, GError **error)
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
