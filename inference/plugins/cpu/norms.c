/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Normalizations that steps of other ops make up: GroupNormalization is MVN of groups,
 * scaled and shifted; what LRN over height and width sums up is AvgPool's. */
#include "cpu.h"

static IrPort
add_integers (IrGraph *graph, const gint64 *values, gsize n)
{
  return ir_port (ir_graph_add_const_i64 (graph, "integers", values, n), 0);
}

static IrPort
add_number (IrGraph *graph, double number)
{
  g_autoptr (IrTensor) value = ir_tensor_new_scalar (IR_DTYPE_F32, number);

  return ir_port (ir_graph_add_const (graph, "number", value), 0);
}

static IrPort
add_reshape (IrGraph *graph, IrPort x, const IrShape *shape)
{
  IrNode *node = ir_graph_add_op (graph, "Reshape", 1, "reshape", 2, x,
      add_integers (graph, shape->dim, (gsize) shape->rank));

  ir_node_set_text (node, "special_zero", "false", NULL);
  return ir_port (node, 0);
}

static IrPort
add_unary (IrGraph *graph, const char *type, const IrNode *node, IrPort x)
{
  return ir_port (ir_graph_add_op (graph, type, 1, node->name, 1, x), 0);
}

static IrPort
add_binary (
    IrGraph *graph, const char *type, const IrNode *node, IrPort a, IrPort b)
{
  return ir_port (ir_graph_add_op (graph, type, 1, node->name, 2, a, b), 0);
}

/* One number per channel. */
static IrPort
add_channels (IrGraph *graph, const IrNode *node, guint input)
{
  const IrShape *shape = &ir_node_input (node, 0)->shape;
  IrShape channels = { shape->rank, { 0 } };

  for (gint d = 0; d < shape->rank; d++)
    channels.dim[d] = d == 1 ? shape->dim[d] : 1;
  return add_reshape (graph, node->inputs[input], &channels);
}

static IrPort
group_norm (IrGraph *graph, const IrNode *node)
{
  const IrGroupNormAttrs *attrs = node->attrs;
  const IrShape *shape = &ir_node_input (node, 0)->shape;
  const gint64 groups = attrs->num_groups, axis = 2;
  const IrShape grouped = { 3,
    { shape->dim[0], groups,
        shape->dim[1] / groups * ir_shape_size (shape, 2, shape->rank) } };
  char eps[G_ASCII_DTOSTR_BUF_SIZE];
  IrNode *mvn = ir_graph_add_op (graph, "MVN", 6, node->name, 2,
      add_reshape (graph, node->inputs[0], &grouped),
      add_integers (graph, &axis, 1));
  IrPort x;

  ir_node_set_text (
      mvn, "eps", g_ascii_dtostr (eps, sizeof eps, attrs->epsilon), NULL);
  ir_node_set_text (mvn, "eps_mode", "inside_sqrt", NULL);
  ir_node_set_text (mvn, "normalize_variance", "true", NULL);
  x = add_reshape (graph, ir_port (mvn, 0), shape);
  x = add_binary (graph, "Multiply", node, x, add_channels (graph, node, 1));
  return add_binary (graph, "Add", node, x, add_channels (graph, node, 2));
}

/* Squares around each pixel, divided by how many there are, zeros beyond the border
 * among them. */
static IrPort
add_squares (IrGraph *graph, const IrNode *node, gint64 half)
{
  g_autofree char *size =
      g_strdup_printf ("%d,%d", (int) (2 * half + 1), (int) (2 * half + 1));
  g_autofree char *pads = g_strdup_printf ("%d,%d", (int) half, (int) half);
  IrNode *pool = ir_graph_add_op (graph, "AvgPool", 1, node->name, 1,
      add_binary (graph, "Multiply", node, node->inputs[0], node->inputs[0]));

  ir_node_set_text (pool, "kernel", size, NULL);
  ir_node_set_text (pool, "strides", "1,1", NULL);
  ir_node_set_text (pool, "pads_begin", pads, NULL);
  ir_node_set_text (pool, "pads_end", pads, NULL);
  ir_node_set_text (pool, "exclude-pad", "false", NULL);
  return ir_port (pool, 0);
}

static gboolean
is_of_planes (const IrNode *node)
{
  const IrLrnAttrs *attrs = node->attrs;
  const IrTensor *axes = ir_port_const (node->inputs[1]);
  const IrShape *shape = &ir_node_input (node, 0)->shape;
  guint mask = 0, axis;

  for (guint64 i = 0; axes && i < ir_tensor_count (axes); i++)
    if (ir_shape_axis (shape, ir_tensor_get_i64 (axes, i), &axis, NULL))
      mask |= 1u << axis;
  return shape->rank == 4 && mask == (1u << 2 | 1u << 3) &&
      attrs->size <= MAX (shape->dim[2], shape->dim[3]);
}

static IrPort
lrn (IrGraph *graph, const IrNode *node)
{
  const IrLrnAttrs *attrs = node->attrs;
  const gint64 half = (attrs->size - 1) / 2;
  const double side = (double) (2 * half + 1) / (double) attrs->size;
  IrPort x = add_squares (graph, node, half);

  x = add_binary (graph, "Multiply", node, x,
      add_number (graph, attrs->alpha * side * side));
  x = add_binary (graph, "Add", node, x, add_number (graph, attrs->bias));
  x = add_unary (graph, "Log", node, x);
  x = add_binary (graph, "Multiply", node, x, add_number (graph, -attrs->beta));
  x = add_unary (graph, "Exp", node, x);
  return add_binary (graph, "Multiply", node, node->inputs[0], x);
}

static gboolean
rewrite (IrGraph *graph, IrNode *node)
{
  const IrPort out = ir_port (node, 0);
  IrPort x;

  if (node->n_inputs == 0 || !cpu_port_is_f32 (node->inputs[0]) ||
      ir_shape_size (&ir_node_input (node, 0)->shape, 0,
          ir_node_input (node, 0)->shape.rank) == 0)
    return FALSE;
  if (ir_node_is (node, "GroupNormalization") &&
      cpu_port_is_f32 (node->inputs[1]) && cpu_port_is_f32 (node->inputs[2]))
    x = group_norm (graph, node);
  else if (ir_node_is (node, "LRN") && is_of_planes (node))
    x = lrn (graph, node);
  else
    return FALSE;
  ir_graph_replace (graph, out, x);
  return TRUE;
}

gboolean
cpu_norms (IrGraph *graph, GError **error)
{
  return cpu_rewrite (graph, rewrite, error);
}
