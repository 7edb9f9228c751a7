/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs of multiplications and additions of constants get shorter:
 *
 *   (x * a) * b      ->  x * (a * b)
 *   (x + a) + b      ->  x + (a + b)
 *   (conv + a) * b   ->  conv * b + a * b, so that the factor can enter the
 *                        convolution's weights
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

typedef struct {
  IrNode *second; /* what is left of the run's end */
  IrNode *first;
  IrPort x; /* what the run starts from */
  IrPort a; /* constant of the first */
  IrPort b; /* constant of the second */
} Pair;

/* @node of type @second behind the only reader of one of type @first, neither of
 * which broadcasts x. */
static gboolean
match (const IrConvertConfig *config, IrNode *node, const char *first,
    const char *second, Pair *pair)
{
  IrPort middle;

  pair->second = node;
  if (!ir_split_linear (node, second, &middle, &pair->b) ||
      ir_sole_reader (middle) != node ||
      !ir_split_linear (middle.node, first, &pair->x, &pair->a))
    return FALSE;
  pair->first = middle.node;
  return ir_config_may_fuse (config, node) &&
      ir_config_may_fuse (config, pair->first) &&
      ir_shape_equal (
          &ir_port_output (pair->x)->shape, &pair->first->outputs[0].shape) &&
      ir_shape_equal (&pair->first->outputs[0].shape, &node->outputs[0].shape);
}

/* @type is associative. */
static gboolean
merge (const Pair *pair, const char *type, GError **error)
{
  IrGraph *graph = pair->second->graph;
  IrPort constant, out;

  if (!ir_add_binary (graph, type, pair->b.node->name, pair->a, pair->b,
          &constant, error) ||
      !ir_add_binary (
          graph, type, pair->second->name, pair->x, constant, &out, error))
    return FALSE;
  ir_take_place (pair->second, out.node);
  ir_graph_remove (graph, pair->first);
  return TRUE;
}

static gboolean
swap (const Pair *pair, GError **error)
{
  IrGraph *graph = pair->second->graph;
  IrPort offset, product, out;

  if (!ir_add_binary (graph, "Multiply", pair->a.node->name, pair->a, pair->b,
          &offset, error) ||
      !ir_add_binary (graph, "Multiply", pair->second->name, pair->x, pair->b,
          &product, error) ||
      !ir_add_binary (
          graph, "Add", pair->first->name, product, offset, &out, error))
    return FALSE;
  ir_take_place (pair->second, out.node);
  ir_graph_remove (graph, pair->first);
  return TRUE;
}

/* A factor at @x would find its way into a convolution's weights. */
static gboolean
rests_on_conv (const IrConvertConfig *config, IrPort x, const IrNode *reader)
{
  IrConvDims dims;
  IrPort before, factor;

  if (ir_sole_reader (x) != reader)
    return FALSE;
  if (ir_split_linear (x.node, "Multiply", &before, &factor) &&
      ir_sole_reader (before) == x.node)
    x = before;
  return ir_conv_dims (x.node, &dims) && ir_config_may_fuse (config, x.node);
}

static gboolean
rewrite (
    const IrConvertConfig *config, IrNode *node, gboolean *done, GError **error)
{
  Pair pair;

  *done = TRUE;
  if (match (config, node, "Multiply", "Multiply", &pair))
    return merge (&pair, "Multiply", error);
  if (match (config, node, "Add", "Add", &pair))
    return merge (&pair, "Add", error);
  if (match (config, node, "Add", "Multiply", &pair) &&
      rests_on_conv (config, pair.x, pair.first))
    return swap (&pair, error);
  *done = FALSE;
  return TRUE;
}

/* A list of its own: a rewrite removes the node before the one at hand too. */
static gboolean
sweep (IrGraph *graph, const IrConvertConfig *config, gsize *changes,
    GError **error)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();

  if (!ir_graph_sort (graph, error))
    return FALSE;
  for (IrNode *node = graph->first; node; node = node->next)
    g_ptr_array_add (nodes, node);
  for (guint i = 0; i < nodes->len; i++) {
    gboolean done;

    if (!rewrite (config, g_ptr_array_index (nodes, i), &done, error))
      return FALSE;
    if (done)
      *changes += 1;
  }
  return TRUE;
}

/* What a rewrite leaves may be the middle of the next one: until nothing is
 * left. Each makes the run shorter or moves a factor up, so this ends. */
static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  gsize before;

  do {
    before = *changes;
    if (!sweep (graph, data, changes, error))
      return FALSE;
  } while (*changes != before);
  return TRUE;
}

const IrPass ir_pass_merge_linear = {
  "merge-linear",
  "Merges runs of multiplications and additions of constants.",
  run,
};
