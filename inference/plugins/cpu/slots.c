/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Where values are: slots, their layouts, slots that are parts of others. */
#include "cpu.h"

/* Pixels so many floats apart get in each other's way in the first-level cache; one
 * or two of its lines more, in f32 or bf16, and they don't. */
#define ALIASING 512
#define APART 32

guint
cpu_port_slot (const CpuModel *model, IrPort port)
{
  gpointer first = g_hash_table_lookup (model->first_slots, port.node);

  return first ? GPOINTER_TO_UINT (first) - 1 + port.index : CPU_NO_SLOT;
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
gboolean
cpu_slot_set_bytes (CpuSlot *slot)
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

guint
cpu_add_slot (
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

  slot.fixed = cpu_slot_set_bytes (&slot);
  g_array_append_val (model->slots, slot);
  return slot.root;
}

void
cpu_add_slots (
    CpuModel *model, const IrNode *node, CpuPlace place, CpuLayout layout)
{
  g_hash_table_insert (model->first_slots, (gpointer) node,
      GUINT_TO_POINTER (model->slots->len + 1));
  for (gsize i = 0; i < node->n_outputs; i++) {
    const guint slot = cpu_add_slot (model, &node->outputs[i], place, layout);

    cpu_slot (model, slot)->levels = cpu_find_levels (model, node);
  }
}

void
cpu_add_views (CpuModel *model, const IrNode *node, CpuLayout layout,
    guint slot, const gsize *shift)
{
  cpu_add_slots (model, node, CPU_VIEW, layout);
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
