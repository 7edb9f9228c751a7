/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect.h"

static void
add_to (GHashTable *table, const char *key, guint64 n)
{
  guint64 *value = g_hash_table_lookup (table, key);

  if (!value) {
    value = g_new0 (guint64, 1);
    g_hash_table_insert (table, g_strdup (key), value);
  }
  *value += n;
}

static void
count_const (IrStats *stats, const IrTensor *value, GHashTable *seen)
{
  gboolean index =
      ir_dtype_is_integer (value->dtype) && ir_dtype_bits (value->dtype) >= 32;

  if (value->size > 0 && !g_hash_table_add (seen, value->data))
    return;
  stats->weight_bytes += value->size;
  if (!index)
    stats->parameters += ir_tensor_count (value);
  add_to (stats->dtypes, ir_dtype_name (value->dtype), value->size);
}

static void
count_graph (IrStats *stats, const IrGraph *graph, GHashTable *seen)
{
  for (const IrNode *node = graph->first; node; node = node->next) {
    g_autofree char *op =
        g_strdup_printf ("%s-%u", node->op->type, node->op->opset);
    guint64 macs;

    stats->n_nodes++;
    add_to (stats->ops, op, 1);
    if (ir_node_macs (node, &macs))
      stats->macs += macs;
    else
      stats->n_unknown++;
    if (node->op->flags & IR_OP_CONST)
      count_const (stats, node->outputs[0].value, seen);
    for (gsize b = 0; b < node->n_bodies; b++)
      count_graph (stats, node->bodies[b], seen);
  }
}

void
ir_stats_init (IrStats *stats, const IrGraph *graph)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  IrStats empty = { 0 };

  *stats = empty;
  stats->ops = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  stats->dtypes =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  count_graph (stats, graph, seen);
}

void
ir_stats_clear (IrStats *stats)
{
  g_clear_pointer (&stats->ops, g_hash_table_unref);
  g_clear_pointer (&stats->dtypes, g_hash_table_unref);
}
