/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edges, and places in the node list. */
#include <string.h>
#include "graph-private.h"

void
ir_output_add_use (IrPort port, IrNode *user, guint index)
{
  IrUse use = { user, index };

  g_array_append_val (port.node->outputs[port.index].uses, use);
}

void
ir_output_remove_use (IrPort port, IrNode *user, guint index)
{
  GArray *uses = port.node->outputs[port.index].uses;

  for (guint i = 0; i < uses->len; i++) {
    IrUse *use = &g_array_index (uses, IrUse, i);

    if (use->node == user && use->index == index) {
      g_array_remove_index (uses, i);
      return;
    }
  }
}

void
ir_node_set_input (IrNode *node, guint index, IrPort source)
{
  ir_output_remove_use (node->inputs[index], node, index);
  node->inputs[index] = source;
  ir_output_add_use (source, node, index);
}

void
ir_node_append_input (IrNode *node, IrPort source)
{
  IrPort *inputs =
      ir_graph_alloc (node->graph, (node->n_inputs + 1) * sizeof (IrPort));

  if (node->n_inputs > 0)
    memcpy (inputs, node->inputs, node->n_inputs * sizeof (IrPort));
  inputs[node->n_inputs] = source;
  node->inputs = inputs;
  ir_output_add_use (source, node, (guint) node->n_inputs);
  node->n_inputs++;
}

void
ir_node_remove_inputs (IrNode *node, guint first)
{
  while (node->n_inputs > first) {
    node->n_inputs--;
    ir_output_remove_use (
        node->inputs[node->n_inputs], node, (guint) node->n_inputs);
  }
}

void
ir_graph_replace (IrGraph *graph, IrPort from, IrPort to)
{
  IrOutput *source = ir_port_output (from);
  GArray *uses = source->uses;
  guint kept = 0;

  if (from.node == to.node && from.index == to.index)
    return;
  /* There may be very many, so they are not taken out one by one. */
  for (guint i = 0; i < uses->len; i++) {
    IrUse use = g_array_index (uses, IrUse, i);

    if (use.node == to.node) {
      g_array_index (uses, IrUse, kept++) = use;
      continue;
    }
    use.node->inputs[use.index] = to;
    ir_output_add_use (to, use.node, use.index);
  }
  g_array_set_size (uses, kept);
  for (gsize i = 0; i < source->n_names; i++)
    ir_port_add_name (to, source->names[i]);
  source->n_names = 0;
}

static void
list_unlink (IrGraph *graph, IrNode *node)
{
  if (node->prev != NULL)
    node->prev->next = node->next;
  else
    graph->first = node->next;
  if (node->next != NULL)
    node->next->prev = node->prev;
  else
    graph->last = node->prev;
}

void
ir_graph_move_before (IrGraph *graph, IrNode *node, IrNode *place)
{
  if (node == place)
    return;
  list_unlink (graph, node);
  node->next = place;
  node->prev = place != NULL ? place->prev : graph->last;
  if (node->prev != NULL)
    node->prev->next = node;
  else
    graph->first = node;
  if (place != NULL)
    place->prev = node;
  else
    graph->last = node;
}
