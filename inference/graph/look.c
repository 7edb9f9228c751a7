/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding nodes and ports, and the names of tensors. */
#include <string.h>
#include <ir/graph.h>

IrNode *
ir_graph_find (const IrGraph *graph, const char *name)
{
  return g_hash_table_lookup (graph->names, name);
}

gboolean
ir_node_feeds_result (const IrNode *node)
{
  for (gsize i = 0; i < node->n_outputs; i++) {
    const GArray *uses = node->outputs[i].uses;

    for (guint j = 0; j < uses->len; j++)
      if (g_array_index (uses, IrUse, j).node->op->flags & IR_OP_RESULT)
        return TRUE;
  }
  return FALSE;
}

static gboolean
find_by_tensor_name (const IrGraph *graph, const char *name, IrPort *port)
{
  for (IrNode *node = graph->first; node != NULL; node = node->next) {
    for (gsize i = 0; i < node->n_outputs; i++) {
      if (ir_port_has_name (ir_port (node, (guint) i), name)) {
        *port = ir_port (node, (guint) i);
        return TRUE;
      }
    }
  }
  return FALSE;
}

gboolean
ir_graph_find_tensor (const IrGraph *graph, const char *name, IrPort *port)
{
  const char *colon = strrchr (name, ':');
  IrNode *node;

  if (find_by_tensor_name (graph, name, port))
    return TRUE;
  node = ir_graph_find (graph, name);
  if (node != NULL && node->n_outputs > 0) {
    *port = ir_port (node, 0);
    return TRUE;
  }
  if (colon != NULL) {
    g_autofree char *stem = g_strndup (name, (gsize) (colon - name));
    guint64 index;

    node = ir_graph_find (graph, stem);
    if (node != NULL && node->n_outputs > 0 &&
        g_ascii_string_to_unsigned (
            colon + 1, 10, 0, node->n_outputs - 1, &index, NULL)) {
      *port = ir_port (node, (guint) index);
      return TRUE;
    }
  }
  return FALSE;
}

const IrOutput *
ir_node_input (const IrNode *node, guint index)
{
  return ir_port_output (node->inputs[index]);
}

gboolean
ir_node_is (const IrNode *node, const char *type)
{
  return strcmp (node->op->type, type) == 0;
}

IrOutput *
ir_port_output (IrPort port)
{
  return &port.node->outputs[port.index];
}

IrTensor *
ir_port_const (IrPort port)
{
  return ir_port_output (port)->value;
}

const char *
ir_port_name (IrPort port)
{
  const IrOutput *output = ir_port_output (port);

  return output->n_names > 0 ? output->names[0] : port.node->name;
}

gboolean
ir_port_has_name (IrPort port, const char *name)
{
  const IrOutput *output = ir_port_output (port);

  for (gsize i = 0; i < output->n_names; i++) {
    if (strcmp (output->names[i], name) == 0)
      return TRUE;
  }
  return FALSE;
}

void
ir_port_add_name (IrPort port, const char *name)
{
  IrOutput *output = ir_port_output (port);
  IrGraph *graph = port.node->graph;
  const char **names;
  gsize at = 0;

  if (ir_port_has_name (port, name))
    return;
  names = ir_graph_alloc (graph, (output->n_names + 1) * sizeof *names);
  while (at < output->n_names && strcmp (output->names[at], name) < 0) {
    names[at] = output->names[at];
    at++;
  }
  names[at] = ir_graph_strdup (graph, name);
  for (; at < output->n_names; at++)
    names[at + 1] = output->names[at];
  output->names = names;
  output->n_names++;
}
