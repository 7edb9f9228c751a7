/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

static gboolean
is_other_float (IrDType dtype)
{
  return ir_dtype_is_float (dtype) && dtype != IR_DTYPE_F32;
}

static void
attrs_to_f32 (IrNode *node)
{
  for (const IrAttrDesc *a = node->op->attrs; a && a->name; a++) {
    gint *field = (gint *) ((guint8 *) node->attrs + a->offset);

    if (a->kind == IR_ATTR_DTYPE && is_other_float (*field))
      *field = IR_DTYPE_F32;
  }
}

/* Constants up to this size take part in the inference of shapes. */
#define SMALL 4096

static gboolean
const_to_f32 (IrNode *node, gboolean lazy, GError **error)
{
  IrTensor *value = node->outputs[0].value;
  g_autoptr (IrTensor) f32 = NULL;

  if (!value || !is_other_float (value->dtype))
    return TRUE;
  if (lazy && ir_tensor_count (value) > SMALL) {
    node->outputs[0].dtype = IR_DTYPE_F32;
    return TRUE;
  }
  f32 = ir_tensor_convert (value, IR_DTYPE_F32, error);
  if (!f32)
    return FALSE;
  ir_node_set_const (node, f32);
  return TRUE;
}

static gboolean
node_to_f32 (IrNode *node, gboolean lazy, GError **error)
{
  if (node->op->flags & IR_OP_CONST) {
    return const_to_f32 (node, lazy, error);
  } else if (node->op->flags & IR_OP_PARAMETER) {
    if (is_other_float (node->outputs[0].dtype)) {
      IrShape shape = node->outputs[0].shape;

      ir_node_set_parameter (node, IR_DTYPE_F32, &shape);
    }
  } else {
    attrs_to_f32 (node);
  }
  return TRUE;
}

static gboolean
graph_to_f32 (IrGraph *graph, gboolean lazy, GError **error)
{
  for (IrNode *node = graph->first; node; node = node->next) {
    if (!node_to_f32 (node, lazy, error))
      return FALSE;
    for (gsize b = 0; b < node->n_bodies; b++)
      if (!graph_to_f32 (node->bodies[b], FALSE, error))
        return FALSE;
  }
  return TRUE;
}

gboolean
cpu_to_f32 (IrGraph *graph, GError **error)
{
  return graph_to_f32 (graph, TRUE, error);
}
