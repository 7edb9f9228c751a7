/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conv (x, w) * c becomes conv (x, w * c), c per output channel. */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

static gboolean
fuse (
    const IrConvertConfig *config, IrNode *node, gsize *changes, GError **error)
{
  IrConvDims dims;
  IrPort x, c;
  gsize n;

  if (!ir_split_linear (node, "Multiply", &x, &c) ||
      ir_sole_reader (x) != node || !ir_conv_dims (x.node, &dims) ||
      !ir_per_channel (c, x.node->outputs[0].shape.rank, dims.channel, &n) ||
      !ir_shape_equal (&x.node->outputs[0].shape, &node->outputs[0].shape) ||
      !ir_config_may_fuse (config, node) ||
      !ir_config_may_fuse (config, x.node))
    return TRUE;
  if (!ir_scale_weights (x.node, &dims, TRUE, c, error))
    return FALSE;
  ir_graph_replace (node->graph, ir_port (node, 0), x);
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

const IrPass ir_pass_multiply_back = {
  "multiply-back",
  "Merges a multiplication behind a convolution into its weights.",
  run,
};
