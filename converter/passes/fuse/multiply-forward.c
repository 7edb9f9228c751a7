/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conv (x * c, w) becomes conv (x, w * c), c per input channel, for each of the
 * convolutions that read the product, if nobody else does. Padding is no
 * obstacle: 0 * c is 0. */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

static gboolean
takes (const IrConvertConfig *config, const IrUse *use, IrPort c)
{
  const IrNode *node = use->node;
  IrConvDims dims;
  gsize n;

  return use->index == 0 && ir_conv_dims (node, &dims) &&
      ir_config_may_fuse (config, node) &&
      ir_per_channel (c, ir_node_input (node, 0)->shape.rank, dims.channel, &n);
}

static gboolean
all_take (const IrConvertConfig *config, const GArray *uses, IrPort c)
{
  for (guint i = 0; i < uses->len; i++)
    if (!takes (config, &g_array_index (uses, IrUse, i), c))
      return FALSE;
  return uses->len > 0;
}

static gboolean
fuse (
    const IrConvertConfig *config, IrNode *node, gsize *changes, GError **error)
{
  const GArray *uses = node->outputs[0].uses;
  IrPort x, c;

  if (!ir_split_linear (node, "Multiply", &x, &c) ||
      !ir_config_may_fuse (config, node) || !all_take (config, uses, c) ||
      !ir_shape_equal (&ir_port_output (x)->shape, &node->outputs[0].shape))
    return TRUE;
  while (uses->len > 0) {
    IrNode *conv = g_array_index (uses, IrUse, 0).node;
    IrConvDims dims;

    if (!ir_conv_dims (conv, &dims) ||
        !ir_scale_weights (conv, &dims, FALSE, c, error))
      return FALSE;
    ir_node_set_input (conv, 0, x);
  }
  ir_graph_remove (node->graph, node);
  *changes += 1;
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    if (!fuse (data, node, changes, error))
      return FALSE;
  }
  return TRUE;
}

const IrPass ir_pass_multiply_forward = {
  "multiply-forward",
  "Merges a multiplication in front of convolutions into their weights.",
  run,
};
