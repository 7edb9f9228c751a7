/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/graph.h>

static gboolean
has_use (IrPort source, const IrNode *user, guint index)
{
  const GArray *uses = ir_port_output (source)->uses;

  for (guint i = 0; i < uses->len; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    if (use->node == user && use->index == index)
      return TRUE;
  }
  return FALSE;
}

static gboolean
check_edges (const IrGraph *graph, const IrNode *node, GError **error)
{
  for (gsize i = 0; i < node->n_inputs; i++) {
    IrPort source = node->inputs[i];

    if (source.node == NULL || source.node->graph != graph ||
        source.index >= source.node->n_outputs)
      return ir_fail (error, IR_ERROR_INTERNAL,
          "node '%s': input %" G_GSIZE_FORMAT " reads nothing of this graph",
          node->name, i);
    if (!has_use (source, node, (guint) i))
      return ir_fail (error, IR_ERROR_INTERNAL,
          "node '%s' reads '%s', which does not know it", node->name,
          source.node->name);
  }
  for (gsize i = 0; i < node->n_outputs; i++) {
    const GArray *uses = node->outputs[i].uses;

    for (guint j = 0; j < uses->len; j++) {
      const IrUse *use = &g_array_index (uses, IrUse, j);

      if (use->index >= use->node->n_inputs ||
          use->node->inputs[use->index].node != node ||
          use->node->inputs[use->index].index != i)
        return ir_fail (error, IR_ERROR_INTERNAL,
            "node '%s' is not read by '%s' as it believes", node->name,
            use->node->name);
    }
  }
  return TRUE;
}

static gboolean
check_node (const IrGraph *graph, const IrNode *node, GError **error)
{
  const IrOpDesc *op = node->op;

  if (node->n_inputs < op->min_inputs ||
      (op->max_inputs != IR_VARIADIC && node->n_inputs > op->max_inputs))
    return ir_fail (error, IR_ERROR_INTERNAL,
        "node '%s' (%s) has %" G_GSIZE_FORMAT " inputs", node->name, op->type,
        node->n_inputs);
  if ((op->flags & IR_OP_RESULT) == 0 &&
      ir_graph_find (graph, node->name) != node)
    return ir_fail (error, IR_ERROR_INTERNAL,
        "node '%s' is not filed under its name", node->name);
  if ((op->flags & IR_OP_CONST) != 0 && node->outputs[0].value == NULL)
    return ir_fail (
        error, IR_ERROR_INTERNAL, "Const '%s' has no value", node->name);
  return check_edges (graph, node, error);
}

gboolean
ir_graph_validate (const IrGraph *graph, GError **error)
{
  gsize n = 0;

  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    if (!check_node (graph, node, error))
      return FALSE;
    for (gsize i = 0; i < node->n_bodies; i++) {
      if (!ir_graph_validate (node->bodies[i], error))
        return FALSE;
    }
    n++;
  }
  if (n != graph->n_nodes)
    return ir_fail (error, IR_ERROR_INTERNAL,
        "graph '%s' holds %" G_GSIZE_FORMAT
        " nodes and counts %" G_GSIZE_FORMAT,
        graph->name, n, graph->n_nodes);
  return TRUE;
}
