/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks that weigh channels multiply a whole picture by one number per channel
 * before they convolve it. The same products come from a convolution whose weights
 * were multiplied: where these are fewer than the pixels, a pass over the picture
 * less. */
#include "cpu.h"

/* Weights are read more slowly than pixels are multiplied: they are packed anew. */
#define PIXELS_PER_WEIGHT 4

/* Whether @shape is one number per channel of pictures, or one for all. */
static gboolean
is_gate (const IrShape *shape, gint64 channels)
{
  return shape->rank == 4 && shape->dim[0] == 1 && shape->dim[2] == 1 &&
      shape->dim[3] == 1 && (shape->dim[1] == 1 || shape->dim[1] == channels);
}

/* The operand of @product that is the gate of its other one, or -1. */
static gint
find_gate (const IrNode *product)
{
  const IrOutput *out = &product->outputs[0];
  const IrBroadcastAttrs *attrs = product->attrs;

  if (!ir_node_is (product, "Multiply") || !out->uses || out->uses->len != 1 ||
      !cpu_port_can_be_last (ir_port ((IrNode *) product, 0)) ||
      attrs->auto_broadcast == IR_BROADCAST_PDPD)
    return -1;
  for (guint i = 0; i < 2; i++)
    if (ir_shape_equal (&ir_node_input (product, !i)->shape, &out->shape) &&
        is_gate (&ir_node_input (product, i)->shape, out->shape.dim[1]))
      return i;
  return -1;
}

/* A gate that is known makes weights that are known; @known: no other ones are
 * wanted. */
static gboolean
pays (const IrNode *conv, IrPort gate, gboolean known)
{
  const IrShape *out = &conv->outputs[0].shape;
  CpuConvShape shape;

  if (!cpu_conv_shape (conv, &shape) || !ir_port_const (conv->inputs[1]))
    return FALSE;
  return ir_port_const (gate) != NULL ||
      (!known && shape.window.kernel_h * shape.window.kernel_w == 1 &&
          out->dim[0] * out->dim[2] * out->dim[3] >=
              PIXELS_PER_WEIGHT * out->dim[1]);
}

static gboolean
rewrite (IrGraph *graph, IrNode *conv, gboolean known)
{
  IrNode *product, *weights;
  gint gate;

  if (!ir_node_is (conv, "Convolution"))
    return FALSE;
  product = conv->inputs[0].node;
  gate = find_gate (product);
  if (gate < 0 || !pays (conv, product->inputs[gate], known))
    return FALSE;
  weights = ir_graph_add_op (graph, "Multiply", 1, conv->name, 2,
      conv->inputs[1], product->inputs[gate]);
  ir_graph_move_before (graph, weights, conv);
  ir_node_set_input (conv, 0, product->inputs[!gate]);
  ir_node_set_input (conv, 1, ir_port (weights, 0));
  return TRUE;
}

static gboolean
rewrite_any (IrGraph *graph, IrNode *conv)
{
  return rewrite (graph, conv, FALSE);
}

static gboolean
rewrite_known (IrGraph *graph, IrNode *conv)
{
  return rewrite (graph, conv, TRUE);
}

gboolean
cpu_gate (IrGraph *graph, gboolean known, GError **error)
{
  return cpu_rewrite (graph, known ? rewrite_known : rewrite_any, error);
}
