/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Transpose behind a Transpose takes its work over:
 *
 *   transpose (f (transpose (x)))  ->  transpose (f (x))
 *
 * with f any number of element-wise layers with constants per channel. If the two
 * undo each other, what is left changes nothing and is taken out later.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

/* Layers between two of them. */
#define MAX_LAYERS 16

/* The order of a Transpose whose order is constant and not empty. */
static gboolean
read_order (const IrNode *node, gint64 *order)
{
  gint rank = node->outputs[0].shape.rank;
  const IrTensor *value;

  if (!ir_node_is (node, "Transpose") || !ir_is_const (node->inputs[1]))
    return FALSE;
  value = ir_node_input (node, 1)->value;
  if (rank <= 0 || ir_tensor_count (value) != (guint64) rank)
    return FALSE;
  for (gint i = 0; i < rank; i++) {
    order[i] = ir_tensor_get_i64 (value, (gsize) i);
    if (order[i] < 0 || order[i] >= rank)
      return FALSE;
  }
  return TRUE;
}

/* The dimension of @shape, whose last one is the last of @rank, that is not 1; -1
 * if all are. */
static gboolean
only_dim (const IrShape *shape, gint rank, gint *dim)
{
  *dim = -1;
  for (gint i = 0; i < shape->rank; i++) {
    if (shape->dim[i] == 1)
      continue;
    if (*dim >= 0)
      return FALSE;
    *dim = i + rank - shape->rank;
  }
  return shape->rank >= 0 && shape->rank <= rank;
}

/* A layer that does not care about the order of dimensions. */
static gboolean
is_layer (IrPort port, IrPort *x)
{
  const IrNode *node = port.node;
  IrPort c;
  gint dim;

  if (!(node->op->flags & IR_OP_ELEMENTWISE) || node->n_outputs != 1 ||
      !ir_sole_reader (port))
    return FALSE;
  if (node->n_inputs == 1) {
    *x = node->inputs[0];
    return TRUE;
  }
  return (ir_split_linear (node, "Add", x, &c) ||
             ir_split_linear (node, "Multiply", x, &c)) &&
      only_dim (
          &ir_port_output (c)->shape, node->outputs[0].shape.rank, &dim) &&
      ir_shape_equal (&ir_port_output (*x)->shape, &node->outputs[0].shape);
}

/* The constant of a layer for the tensor before the Transpose with @order. */
static gboolean
turn_constant (IrNode *node, const gint64 *order, GError **error)
{
  guint at = ir_is_const (node->inputs[1]) ? 1 : 0;
  IrTensor *value = ir_node_input (node, at)->value;
  gint rank = node->outputs[0].shape.rank, dim;
  IrShape shape = ir_shape_of_rank (rank);
  g_autoptr (IrTensor) turned = NULL;

  if (!only_dim (&value->shape, rank, &dim) || dim < 0)
    return TRUE;
  for (gint i = 0; i < rank; i++)
    shape.dim[order[i]] = i == dim ? (gint64) ir_tensor_count (value) : 1;
  turned = ir_tensor_reshaped (value, &shape, error);
  if (!turned)
    return FALSE;
  ir_node_set_input (node, at,
      ir_port (
          ir_graph_add_const (node->graph, node->inputs[at].node->name, turned),
          0));
  return TRUE;
}

typedef struct {
  IrNode *first;
  IrNode *second;
  gsize n;
  IrNode *layers[MAX_LAYERS]; /* last one first */
  gint64 first_order[IR_MAX_RANK];
  gint64 second_order[IR_MAX_RANK];
} Pair;

static gboolean
find (const IrConvertConfig *config, IrNode *node, Pair *pair)
{
  IrPort port;

  pair->second = node;
  pair->n = 0;
  if (!read_order (node, pair->second_order) ||
      !ir_config_may_fuse (config, node))
    return FALSE;
  for (port = node->inputs[0]; !read_order (port.node, pair->first_order);) {
    if (pair->n == MAX_LAYERS)
      return FALSE;
    pair->layers[pair->n++] = port.node;
    if (!is_layer (port, &port))
      return FALSE;
  }
  pair->first = port.node;
  return ir_config_may_fuse (config, port.node);
}

static gboolean
join (const Pair *pair, GError **error)
{
  IrNode *second = pair->second;
  IrGraph *graph = second->graph;
  IrNode *head = pair->n > 0 ? pair->layers[pair->n - 1] : second;
  guint at = pair->n > 0 && ir_is_const (head->inputs[0]) ? 1 : 0;
  gsize rank = (gsize) second->outputs[0].shape.rank;
  gint64 order[IR_MAX_RANK];

  for (gsize i = 0; i < rank; i++)
    order[i] = pair->first_order[pair->second_order[i]];
  for (gsize i = 0; i < pair->n; i++)
    if (pair->layers[i]->n_inputs == 2 &&
        !turn_constant (pair->layers[i], pair->first_order, error))
      return FALSE;
  ir_node_set_input (head, at, pair->first->inputs[0]);
  for (gsize i = pair->n; i-- > 0;)
    if (!ir_node_infer (pair->layers[i], error))
      return FALSE;
  ir_node_set_input (second, 1,
      ir_port (ir_graph_add_const_i64 (
                   graph, second->inputs[1].node->name, order, rank),
          0));
  return ir_node_infer (second, error);
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  for (IrNode *node = graph->first; node; node = node->next) {
    Pair pair;

    if (!find (data, node, &pair))
      continue;
    if (!join (&pair, error))
      return FALSE;
    *changes += 1;
  }
  if (*changes > 0)
    ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_transposes = {
  "transposes",
  "Makes one of two Transposes with element-wise layers between them.",
  run,
};
