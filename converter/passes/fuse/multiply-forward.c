/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* conv (x * c, w) becomes conv (x, w * c), c per input channel. Padding is no
 * obstacle: 0 * c is 0. */
#include "../passes.h"
#include "../rewrite.h"

static gboolean
fuse (IrNode *node, gsize *changes, GError **error)
{
  IrConvDims dims;
  IrNode *conv;
  IrPort x, c;
  gsize n;

  if (!ir_split_linear (node, "Multiply", &x, &c))
    return TRUE;
  conv = ir_sole_reader (ir_port (node, 0));
  if (!conv || !ir_conv_dims (conv, &dims) || conv->inputs[0].node != node ||
      !ir_per_channel (c, node->outputs[0].shape.rank, dims.channel, &n) ||
      !ir_shape_equal (&ir_port_output (x)->shape, &node->outputs[0].shape))
    return TRUE;
  if (!ir_scale_weights (conv, &dims, FALSE, c, error))
    return FALSE;
  ir_node_set_input (conv, 0, x);
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
    if (!fuse (node, changes, error))
      return FALSE;
  }
  return TRUE;
}

const IrPass ir_pass_multiply_forward = {
  "multiply-forward",
  "Merges a multiplication in front of a convolution into its weights.",
  run,
};
