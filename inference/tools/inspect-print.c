/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect.h"

#include <stdio.h>

static void
print_port (const char *kind, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  char shape[IR_SHAPE_TEXT];

  printf ("%-8s %-32s %-8s %s\n", kind, ir_port_name (port),
      ir_dtype_name (output->dtype), ir_shape_print (&output->shape, shape));
}

static void
print_table (GHashTable *table, const char *unit)
{
  g_autoptr (GList) keys = g_hash_table_get_keys (table);

  keys = g_list_sort (keys, (GCompareFunc) g_strcmp0);
  for (GList *l = keys; l; l = l->next)
    printf ("  %-32s %" G_GUINT64_FORMAT "%s\n", (const char *) l->data,
        *(guint64 *) g_hash_table_lookup (table, l->data), unit);
}

void
ir_inspect_summary (const IrGraph *graph, const IrStats *stats)
{
  const IrMeta *const *meta;
  gsize n_meta;

  printf ("model    %s\n", graph->name);
  for (guint i = 0; i < graph->parameters->len; i++)
    print_port ("input", ir_port (graph->parameters->pdata[i], 0));
  for (guint i = 0; i < graph->results->len; i++) {
    const IrNode *result = graph->results->pdata[i];

    print_port ("output", result->inputs[0]);
  }
  printf ("MACs     %.6g million", (double) stats->macs / 1e6);
  if (stats->n_unknown > 0)
    printf (", without %u nodes of unknown shape", stats->n_unknown);
  printf ("\nnumbers  %.6g million in %" G_GUINT64_FORMAT
          " bytes of constants\n",
      (double) stats->parameters / 1e6, stats->weight_bytes);
  print_table (stats->dtypes, " bytes");
  printf ("ops      %u\n", stats->n_nodes);
  print_table (stats->ops, "");
  meta = ir_graph_list_meta (graph, &n_meta);
  if (n_meta > 0)
    printf ("metadata\n");
  for (gsize i = 0; i < n_meta; i++) {
    g_autofree char *path = g_strjoinv ("/", (char **) meta[i]->path);

    printf ("  %s: %.200s\n", path, meta[i]->value);
  }
}

static void
print_node (const IrNode *node, gint indent)
{
  guint64 macs;

  printf ("%*s%-28s %s", indent, "", node->op->type, node->name);
  for (gsize i = 0; i < node->n_outputs; i++) {
    char shape[IR_SHAPE_TEXT];

    printf ("  %s%s", ir_dtype_name (node->outputs[i].dtype),
        ir_shape_print (&node->outputs[i].shape, shape));
  }
  if (ir_node_macs (node, &macs) && macs > 0)
    printf ("  %.4g MMAC", (double) macs / 1e6);
  for (const IrAttrDesc *attr = node->op->attrs; attr && attr->name; attr++) {
    g_autofree char *value = NULL;

    if (attr->flags & IR_ATTR_STRUCTURAL)
      continue;
    value = ir_attr_to_string (attr, node->attrs);
    printf ("  %s=%.100s", attr->name, value);
  }
  printf ("\n");
}

static void
print_nodes (const IrGraph *graph, gint indent)
{
  for (const IrNode *node = graph->first; node; node = node->next) {
    print_node (node, indent);
    for (gsize b = 0; b < node->n_bodies; b++)
      print_nodes (node->bodies[b], indent + 4);
  }
}

void
ir_inspect_ops (const IrGraph *graph)
{
  print_nodes (graph, 0);
}
