/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Graphs as text for people and for Graphviz. */
#include <ir/graph.h>

static void
print_output (GString *text, const IrOutput *output)
{
  char shape[IR_SHAPE_TEXT];

  g_string_append_printf (text, " %s%s", ir_dtype_name (output->dtype),
      ir_shape_print (&output->shape, shape));
}

static void
print_attrs (GString *text, const IrNode *node)
{
  for (const IrAttrDesc *desc = node->op->attrs;
       desc != NULL && desc->name != NULL; desc++) {
    g_autofree char *value = ir_attr_to_string (desc, node->attrs);

    g_string_append_printf (text, " %s=%s", desc->name, value);
  }
}

static void
print_graph (GString *text, const IrGraph *graph, gint indent)
{
  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    g_string_append_printf (text, "%*s%u %s-%u '%s' (", indent, "", node->id,
        node->op->type, node->op->opset, node->name);
    for (gsize i = 0; i < node->n_inputs; i++)
      g_string_append_printf (text, "%s%u:%u", i > 0 ? ", " : "",
          node->inputs[i].node->id, node->inputs[i].index);
    g_string_append (text, ") ->");
    for (gsize i = 0; i < node->n_outputs; i++)
      print_output (text, &node->outputs[i]);
    print_attrs (text, node);
    g_string_append_c (text, '\n');
    for (gsize i = 0; i < node->n_bodies; i++)
      print_graph (text, node->bodies[i], indent + 4);
  }
}

char *
ir_graph_print (const IrGraph *graph)
{
  GString *text = g_string_new (NULL);

  print_graph (text, graph, 0);
  return g_string_free (text, FALSE);
}

static void
append_quoted (GString *text, const char *word)
{
  for (; *word != '\0'; word++) {
    if (*word == '"' || *word == '\\')
      g_string_append_c (text, '\\');
    g_string_append_c (text, *word);
  }
}

static void
dot_node (GString *text, const IrNode *node)
{
  g_string_append_printf (
      text, "  n%u [label=\"%s\\n", node->id, node->op->type);
  append_quoted (text, node->name);
  g_string_append (text, "\"];\n");
  for (gsize i = 0; i < node->n_inputs; i++) {
    const IrPort source = node->inputs[i];
    char shape[IR_SHAPE_TEXT];

    if ((source.node->op->flags & IR_OP_CONST) != 0)
      continue;
    g_string_append_printf (text, "  n%u -> n%u [label=\"%s\"];\n",
        source.node->id, node->id,
        ir_shape_print (&ir_port_output (source)->shape, shape));
  }
}

char *
ir_graph_dot (const IrGraph *graph)
{
  GString *text = g_string_new ("digraph \"");

  append_quoted (text, graph->name);
  g_string_append (text, "\" {\n  node [shape=box];\n");
  for (const IrNode *node = graph->first; node != NULL; node = node->next) {
    if ((node->op->flags & IR_OP_CONST) == 0)
      dot_node (text, node);
  }
  g_string_append (text, "}\n");
  return g_string_free (text, FALSE);
}
