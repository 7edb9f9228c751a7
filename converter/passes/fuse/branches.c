/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "branches.h"

#include <string.h>

gboolean
ir_branch_is_conv (const IrNode *node)
{
  IrConvDims dims;

  return node->n_inputs == 2 && ir_conv_dims (node, &dims) &&
      dims.channel == 1 && ir_dtype_is_float (node->outputs[0].dtype);
}

gboolean
ir_branch_input (const IrNode *node, IrPort *x)
{
  gsize n;
  IrPort c;

  if (!(node->op->flags & IR_OP_ELEMENTWISE) || node->n_outputs != 1 ||
      !ir_dtype_is_float (node->outputs[0].dtype))
    return FALSE;
  if (node->n_inputs == 1)
    *x = node->inputs[0];
  else if ((!ir_split_linear (node, "Add", x, &c) &&
               !ir_split_linear (node, "Multiply", x, &c)) ||
      !ir_per_channel (c, node->outputs[0].shape.rank, 1, &n))
    return FALSE;
  return ir_shape_equal (&ir_port_output (*x)->shape, &node->outputs[0].shape);
}

IrNode *
ir_branches_weights (
    IrNode *const *convs, gsize n, const IrShape *shape, GError **error)
{
  const IrOutput *first = ir_node_input (convs[0], 1);
  g_autoptr (IrTensor) all = ir_tensor_new (first->dtype, shape, error);
  guint8 *to;

  if (!all)
    return NULL;
  to = all->data;
  for (gsize i = 0; i < n; i++) {
    const IrTensor *part = ir_node_input (convs[i], 1)->value;

    memcpy (to, part->data, part->size);
    to += part->size;
  }
  return ir_graph_add_const (
      convs[0]->graph, convs[0]->inputs[1].node->name, all);
}

/* The values of a layer: a branch has one for all channels or one for each. */
static IrNode *
add_values (IrNode *const *layer, gsize n, GError **error)
{
  const IrOutput *out = &layer[0]->outputs[0];
  g_autoptr (GArray) values = g_array_new (FALSE, FALSE, sizeof (double));
  IrShape shape = ir_shape_of_rank (out->shape.rank);

  for (gsize i = 0; i < n; i++) {
    const IrNode *node = layer[i];
    const IrTensor *part =
        ir_node_input (node, ir_is_const (node->inputs[1]) ? 1 : 0)->value;
    gboolean one = ir_tensor_count (part) == 1;

    for (gint64 j = 0; j < node->outputs[0].shape.dim[1]; j++) {
      double value = ir_tensor_get_f64 (part, one ? 0 : (gsize) j);

      g_array_append_val (values, value);
    }
  }
  for (gint i = 0; i < shape.rank; i++)
    shape.dim[i] = i == 1 ? (gint64) values->len : 1;
  return ir_add_const_f64 (layer[0]->graph, layer[0]->name, out->dtype, &shape,
      (const double *) values->data, values->len, error);
}

gboolean
ir_branches_add_layer (
    IrNode *const *layer, gsize n, IrPort *tail, GError **error)
{
  IrPort inputs[2] = { *tail };
  IrNode *node;

  if (layer[0]->n_inputs == 2) {
    IrNode *values = add_values (layer, n, error);

    if (!values)
      return FALSE;
    inputs[1] = ir_port (values, 0);
  }
  node = ir_add_like (layer[0], inputs);
  *tail = ir_port (node, 0);
  return ir_node_infer (node, error);
}
