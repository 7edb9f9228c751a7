/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Topological order, and what nobody needs. */
#include <ir/graph.h>

enum {
  NEW,
  OPEN,
  DONE
};

typedef struct {
  IrNode *node;
  gsize next_input;
} Frame;

/* Appends `root` and everything it reads to `order`, inputs first. The stack
 * is our own: models are deeper than threads' stacks. */
static gboolean
visit (IrNode *root, GArray *stack, GPtrArray *order, GError **error)
{
  Frame frame = { root, 0 };

  if (root->mark == DONE)
    return TRUE;
  root->mark = OPEN;
  g_array_append_val (stack, frame);
  while (stack->len > 0) {
    Frame *top = &g_array_index (stack, Frame, stack->len - 1);
    IrNode *source;

    if (top->next_input == top->node->n_inputs) {
      top->node->mark = DONE;
      g_ptr_array_add (order, top->node);
      g_array_set_size (stack, stack->len - 1);
      continue;
    }
    source = top->node->inputs[top->next_input++].node;
    if (source->mark == OPEN)
      return ir_fail (error, IR_ERROR_PARSE,
          "node '%s' (%s) depends on its own output: the graph has a cycle",
          source->name, source->op->type);
    if (source->mark == NEW) {
      source->mark = OPEN;
      frame.node = source;
      frame.next_input = 0;
      g_array_append_val (stack, frame);
    }
  }
  return TRUE;
}

static void
relink (IrGraph *graph, GPtrArray *order)
{
  IrNode *previous = NULL;

  for (guint i = 0; i < order->len; i++) {
    IrNode *node = g_ptr_array_index (order, i);

    node->prev = previous;
    node->next = NULL;
    if (previous != NULL)
      previous->next = node;
    else
      graph->first = node;
    previous = node;
  }
  graph->last = previous;
}

gboolean
ir_graph_sort (IrGraph *graph, GError **error)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (Frame));
  g_autoptr (GPtrArray) order = g_ptr_array_sized_new ((guint) graph->n_nodes);

  for (IrNode *node = graph->first; node != NULL; node = node->next)
    node->mark = NEW;
  for (guint i = 0; i < graph->parameters->len; i++) {
    if (!visit (g_ptr_array_index (graph->parameters, i), stack, order, error))
      return FALSE;
  }
  for (IrNode *node = graph->first; node != NULL; node = node->next) {
    if (!visit (node, stack, order, error))
      return FALSE;
  }
  relink (graph, order);
  return TRUE;
}

gsize
ir_graph_sweep (IrGraph *graph)
{
  g_autoptr (GPtrArray) todo = g_ptr_array_new ();
  gsize removed = 0;
  IrNode *previous;

  for (IrNode *node = graph->first; node != NULL; node = node->next) {
    node->mark =
        (node->op->flags & (IR_OP_RESULT | IR_OP_SINK | IR_OP_PARAMETER)) != 0;
    if (node->mark != 0)
      g_ptr_array_add (todo, node);
  }
  while (todo->len > 0) {
    IrNode *node = g_ptr_array_steal_index (todo, todo->len - 1);

    for (gsize i = 0; i < node->n_inputs; i++) {
      IrNode *source = node->inputs[i].node;

      if (source->mark == 0) {
        source->mark = 1;
        g_ptr_array_add (todo, source);
      }
    }
  }
  /* Cutting all edges first makes the order of removal irrelevant. */
  for (IrNode *node = graph->first; node != NULL; node = node->next) {
    if (node->mark == 0)
      ir_node_remove_inputs (node, 0);
  }
  for (IrNode *node = graph->last; node != NULL; node = previous) {
    previous = node->prev;
    if (node->mark == 0) {
      ir_graph_remove (graph, node);
      removed++;
    }
  }
  return removed;
}
