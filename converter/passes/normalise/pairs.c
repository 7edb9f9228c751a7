/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nodes that give the elements of a tensor another shape need not wait for others
 * that do the same, and parts that are joined as they were split are the whole:
 *
 *   reshape (reshape (x))      ->  reshape (x)
 *   unsqueeze (squeeze (x))    ->  x, if the shape is the same
 *   concat (split (x))         ->  x
 */
#include "../passes.h"
#include "../rewrite.h"

static gboolean
is_shaping (const IrNode *node)
{
  return ir_node_is (node, "Reshape") || ir_node_is (node, "Squeeze") ||
      ir_node_is (node, "Unsqueeze");
}

/* The new shape does not take dimensions over from the old one. */
static gboolean
is_free (const IrNode *node)
{
  const IrTensor *shape;

  if (!ir_node_is (node, "Reshape") || !ir_is_const (node->inputs[1]))
    return FALSE;
  shape = ir_node_input (node, 1)->value;
  for (guint64 i = 0; i < ir_tensor_count (shape); i++)
    if (ir_tensor_get_i64 (shape, i) == 0)
      return FALSE;
  return TRUE;
}

static gboolean
is_undone (const IrNode *node)
{
  const IrShape *shape = &node->outputs[0].shape;

  return ir_shape_is_static (shape) &&
      ir_shape_equal (shape, &ir_node_input (node->inputs[0].node, 0)->shape);
}

/* All parts of a split, in their order. */
static gboolean
is_whole (const IrNode *node)
{
  const IrNode *split = node->inputs[0].node;
  guint axis, concat_axis;

  if (!ir_node_is (node, "Concat") ||
      (!ir_node_is (split, "Split") && !ir_node_is (split, "VariadicSplit")) ||
      split->n_outputs != node->n_inputs ||
      !ir_const_axis (split, 1, &ir_node_input (split, 0)->shape, &axis) ||
      !ir_shape_axis (&node->outputs[0].shape,
          ((const IrAxisAttrs *) node->attrs)->axis, &concat_axis, NULL) ||
      axis != concat_axis)
    return FALSE;
  for (guint i = 0; i < node->n_inputs; i++)
    if (node->inputs[i].node != split || node->inputs[i].index != i)
      return FALSE;
  return TRUE;
}

static gboolean
simplify (IrNode *node)
{
  IrNode *before = node->n_inputs > 0 ? node->inputs[0].node : NULL;
  gboolean shaping = before && is_shaping (node) && is_shaping (before);

  if (!before)
    return FALSE;
  if (((shaping && is_undone (node)) || is_whole (node)) &&
      /* An output of the model keeps its own node and name. */
      !ir_node_feeds_result (node)) {
    ir_graph_replace (node->graph, ir_port (node, 0), before->inputs[0]);
    ir_graph_remove (node->graph, node);
    return TRUE;
  }
  if (shaping && is_free (node)) {
    ir_node_set_input (node, 0, before->inputs[0]);
    return TRUE;
  }
  return FALSE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    *changes += simplify (node);
  }
  /* What nobody reads any more would count as a reader. */
  if (*changes > 0)
    ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_pairs = {
  "pairs",
  "Removes nodes whose work the next one does again or undoes.",
  run,
};
