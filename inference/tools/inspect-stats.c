/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect.h"

/* Ops that multiply: the product of the dimensions of input 1, the weights, from
 * @first on, once per element of output 0 or of input 0. */
static const struct {
  const char *type;
  gint first;
  gboolean per_input;
} multipliers[] = {
  { "Convolution", 1, FALSE },
  { "GroupConvolution", 2, FALSE },
  { "ConvolutionBackpropData", 1, TRUE },
  { "GroupConvolutionBackpropData", 2, TRUE },
};

/* The length of the dimension that a MatMul sums over. */
static gint64
matmul_depth (const IrNode *node)
{
  const IrShape *a = &ir_node_input (node, 0)->shape;
  const IrShape *out = &node->outputs[0].shape;
  const IrShape *b = &ir_node_input (node, 1)->shape;
  guint64 n_a, n_b, n_out, batch;

  if (!ir_shape_count (a, &n_a) || !ir_shape_count (b, &n_b) ||
      !ir_shape_count (out, &n_out) || a->rank < 2 || b->rank < 2 || n_out == 0)
    return -1;
  /* rows * depth and depth * columns over rows * columns */
  batch = ir_shape_size (out, 0, out->rank - 2);
  n_a /= MAX (ir_shape_size (a, 0, a->rank - 2), 1);
  n_b /= MAX (ir_shape_size (b, 0, b->rank - 2), 1);
  n_out /= MAX (batch, 1);
  for (gint i = a->rank - 2; i < a->rank; i++) {
    guint64 depth = (guint64) a->dim[i];

    if (depth > 0 && (n_a / depth) * (n_b / depth) == n_out &&
        n_a % depth == 0 && n_b % depth == 0)
      return (gint64) depth;
  }
  return -1;
}

gboolean
ir_node_macs (const IrNode *node, guint64 *macs)
{
  guint64 each, times;
  gint64 depth;

  *macs = 0;
  if (ir_node_is (node, "MatMul")) {
    depth = matmul_depth (node);
    return depth >= 0 && ir_shape_count (&node->outputs[0].shape, &times) &&
        g_uint64_checked_mul (macs, times, (guint64) depth);
  }
  for (gsize i = 0; i < G_N_ELEMENTS (multipliers); i++) {
    const IrShape *weights;

    if (!ir_node_is (node, multipliers[i].type))
      continue;
    weights = &ir_node_input (node, 1)->shape;
    if (!ir_shape_is_static (weights) || weights->rank < multipliers[i].first)
      return FALSE;
    each = ir_shape_size (weights, multipliers[i].first, weights->rank);
    return ir_shape_count (multipliers[i].per_input
                   ? &ir_node_input (node, 0)->shape
                   : &node->outputs[0].shape,
               &times) &&
        g_uint64_checked_mul (macs, times, each);
  }
  return TRUE;
}

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
