/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Gather that reverses channels moves down, through nodes that treat channels
 * alike, until convolutions take it: their weights are reversed instead. It stays
 * where it is if one of its readers is something else.
 */
#include "../passes.h"
#include "../rewrite.h"

/* How far to look; the first convolution is near. */
#define MAX_DEPTH 16

static gboolean
is_reversal (const IrNode *node, guint *axis, gsize *n)
{
  const IrTensor *indices, *dim;
  guint64 count;

  if (!ir_node_is (node, "Gather") || !ir_is_const (node->inputs[1]) ||
      !ir_is_const (node->inputs[2]))
    return FALSE;
  indices = ir_node_input (node, 1)->value;
  dim = ir_node_input (node, 2)->value;
  count = ir_tensor_count (indices);
  if (indices->shape.rank != 1 || count < 2 || ir_tensor_count (dim) != 1 ||
      !ir_shape_axis (&ir_node_input (node, 0)->shape,
          ir_tensor_get_i64 (dim, 0), axis, NULL) ||
      ir_node_input (node, 0)->shape.dim[*axis] != (gint64) count)
    return FALSE;
  for (guint64 i = 0; i < count; i++)
    if (ir_tensor_get_i64 (indices, i) != (gint64) (count - 1 - i))
      return FALSE;
  *n = (gsize) count;
  return TRUE;
}

static gboolean
reverse (IrGraph *graph, IrPort data, gsize n, guint axis, IrPort *out,
    GError **error)
{
  g_autofree gint64 *order = g_new (gint64, n);

  for (gsize i = 0; i < n; i++)
    order[i] = (gint64) (n - 1 - i);
  return ir_add_gather (
      graph, data.node->name, data, order, n, (gint64) axis, out, error);
}

/* --- what can be passed ------------------------------------------------------------ */

/* Where the axis of a tensor of @rank is in one that broadcasts against it; FALSE
 * if that has only one element there. */
static gboolean
own_axis (const IrShape *shape, gint rank, guint axis, guint *own)
{
  gint at = (gint) axis - (rank - shape->rank);

  if (at < 0 || shape->dim[at] == 1)
    return FALSE;
  *own = (guint) at;
  return TRUE;
}

static gboolean
has_const_operands (const IrNode *node, guint index)
{
  for (guint i = 0; i < node->n_inputs; i++)
    if (i != index && !ir_is_const (node->inputs[i]))
      return FALSE;
  return TRUE;
}

/* An element-wise op with constants, or a FakeQuantize, that reads the reversed
 * tensor as its input @index and does not stretch it. */
static gboolean
is_transparent (const IrNode *node, guint index, guint axis, gsize n)
{
  const IrShape *in = &ir_node_input (node, index)->shape;

  if (!(node->op->flags & IR_OP_ELEMENTWISE) || node->n_outputs != 1)
    return FALSE;
  return has_const_operands (node, index) &&
      node->outputs[0].shape.rank == in->rank &&
      node->outputs[0].shape.dim[axis] == (gint64) n;
}

/* The axis behind a Transpose. */
static gboolean
transposed_axis (const IrNode *node, guint *axis)
{
  const IrTensor *order;

  if (!ir_node_is (node, "Transpose") || !ir_is_const (node->inputs[1]))
    return FALSE;
  order = ir_node_input (node, 1)->value;
  for (guint64 i = 0; i < ir_tensor_count (order); i++) {
    if (ir_tensor_get_i64 (order, i) == (gint64) *axis) {
      *axis = (guint) i;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
takes_reversal (const IrNode *node, guint index, guint axis)
{
  return index == 0 && axis == 1 && ir_node_is (node, "Convolution") &&
      ir_is_const (node->inputs[1]);
}

/* Whether everybody who reads @port can do without the reversal. */
static gboolean
can_absorb (IrPort port, guint axis, gsize n, guint depth)
{
  const GArray *uses = ir_port_output (port)->uses;

  for (guint i = 0; i < uses->len; i++) {
    IrUse use = g_array_index (uses, IrUse, i);
    guint behind = axis;

    if (takes_reversal (use.node, use.index, axis))
      continue;
    if (depth == 0)
      return FALSE;
    if (!(use.index == 0 && transposed_axis (use.node, &behind)) &&
        !is_transparent (use.node, use.index, axis, n))
      return FALSE;
    if (!can_absorb (ir_port (use.node, 0), behind, n, depth - 1))
      return FALSE;
  }
  return uses->len > 0;
}

/* --- moving ------------------------------------------------------------------------- */

static gboolean
reverse_input (IrNode *node, guint index, guint axis, gsize n, GError **error)
{
  IrPort out;

  if (!reverse (node->graph, node->inputs[index], n, axis, &out, error))
    return FALSE;
  ir_node_set_input (node, index, out);
  return TRUE;
}

static gboolean
reverse_operands (
    IrNode *node, guint index, guint axis, gsize n, GError **error)
{
  gint rank = ir_node_input (node, index)->shape.rank;

  for (guint i = 0; i < node->n_inputs; i++) {
    guint own;

    if (i == index ||
        !own_axis (&ir_node_input (node, i)->shape, rank, axis, &own))
      continue;
    if (!reverse_input (node, i, own, n, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
absorb (IrPort port, guint axis, gsize n, GError **error)
{
  g_autoptr (GArray) uses = g_array_copy (ir_port_output (port)->uses);

  for (guint i = 0; i < uses->len; i++) {
    IrUse use = g_array_index (uses, IrUse, i);
    guint behind = axis;

    if (takes_reversal (use.node, use.index, axis)) {
      if (!reverse_input (use.node, 1, 1, n, error))
        return FALSE;
      continue;
    }
    if (!transposed_axis (use.node, &behind) &&
        !reverse_operands (use.node, use.index, axis, n, error))
      return FALSE;
    if (!absorb (ir_port (use.node, 0), behind, n, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    guint axis;
    gsize n;

    next = node->next;
    if (!is_reversal (node, &axis, &n) ||
        !can_absorb (ir_port (node, 0), axis, n, MAX_DEPTH))
      continue;
    if (!absorb (ir_port (node, 0), axis, n, error))
      return FALSE;
    ir_graph_replace (graph, ir_port (node, 0), node->inputs[0]);
    ir_graph_remove (graph, node);
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_reverse_channels = {
  "reverse-channels",
  "Reverses the weights of the first convolutions instead of their input.",
  run,
};
