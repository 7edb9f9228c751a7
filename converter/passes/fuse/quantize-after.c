/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A multiplication or addition of constants behind a FakeQuantize goes into the
 * range that comes out of it. Not so values per channel in front of a convolution:
 * devices that compute in integers want one range for all of its input.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

enum {
  LOW = 3,
  HIGH = 4,
};

static gboolean
feeds_product (const IrNode *node)
{
  const GArray *uses = node->outputs[0].uses;

  for (guint i = 0; i < uses->len; i++)
    if (ir_is_product (g_array_index (uses, IrUse, i).node))
      return TRUE;
  return FALSE;
}

static gboolean
find (const IrConvertConfig *config, IrNode *node, IrPort *x, IrPort *c)
{
  gint rank = node->outputs[0].shape.rank;
  gsize n, of_range;

  if (!ir_split_linear (node, "Add", x, c) &&
      !ir_split_linear (node, "Multiply", x, c))
    return FALSE;
  if (rank < 1 || !ir_node_is (x->node, "FakeQuantize") ||
      ir_sole_reader (*x) != node || !ir_config_may_fuse (config, node) ||
      !ir_config_may_fuse (config, x->node) ||
      !ir_shape_equal (&ir_port_output (*x)->shape, &node->outputs[0].shape) ||
      !ir_per_channel (*c, rank, rank > 1 ? 1 : 0, &n))
    return FALSE;
  for (guint input = LOW; input <= HIGH; input++)
    if (!ir_per_channel (
            x->node->inputs[input], rank, rank > 1 ? 1 : 0, &of_range))
      return FALSE;
  return n == 1 || !feeds_product (node);
}

static gboolean
fuse (IrNode *node, IrPort x, IrPort c, GError **error)
{
  for (guint input = LOW; input <= HIGH; input++) {
    IrPort range = x.node->inputs[input], out;

    if (!ir_add_binary (node->graph, node->op->type, range.node->name, range, c,
            &out, error))
      return FALSE;
    ir_node_set_input (x.node, input, out);
  }
  ir_graph_replace (node->graph, ir_port (node, 0), x);
  ir_graph_remove (node->graph, node);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    IrPort x, c;

    next = node->next;
    if (!find (data, node, &x, &c))
      continue;
    if (!fuse (node, x, c, error))
      return FALSE;
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_quantize_after = {
  "quantize-after",
  "Merges what comes behind a FakeQuantize into the range that it gives.",
  run,
};
