/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"

#include <ir/attrs.h>

/* Products per element of the output: the size of the weights but for their
 * output channels. */
static guint64
products (const IrNode *node)
{
  const IrShape *weights = &ir_node_input (node, 1)->shape;

  if (ir_node_is (node, "Convolution") && weights->rank > 2)
    return ir_shape_size (weights, 1, weights->rank);
  if (ir_node_is (node, "GroupConvolution") && weights->rank > 3)
    return ir_shape_size (weights, 2, weights->rank);
  return 0;
}

static guint64
matmul_macs (const IrNode *node)
{
  const IrShape *a = &ir_node_input (node, 0)->shape;
  guint64 out =
      ir_shape_size (&node->outputs[0].shape, 0, node->outputs[0].shape.rank);
  gboolean transposed = ((const IrMatMulAttrs *) node->attrs)->transpose_a;

  if (a->rank < 1)
    return 0;
  return out *
      (guint64) a->dim[transposed && a->rank > 1 ? a->rank - 2 : a->rank - 1];
}

/* Each input element meets every weight of its group. */
static guint64
backprop_macs (const IrNode *node, gint first)
{
  const IrShape *data = &ir_node_input (node, 0)->shape;
  const IrShape *weights = &ir_node_input (node, 1)->shape;

  if (weights->rank <= first)
    return 0;
  return ir_shape_size (data, 0, data->rank) *
      ir_shape_size (weights, first, weights->rank);
}

static guint64
node_macs (const IrNode *node)
{
  if (node->n_inputs < 2 || node->n_outputs < 1 ||
      !ir_shape_is_static (&node->outputs[0].shape) ||
      !ir_shape_is_static (&ir_node_input (node, 0)->shape) ||
      !ir_shape_is_static (&ir_node_input (node, 1)->shape))
    return 0;
  if (ir_node_is (node, "MatMul"))
    return matmul_macs (node);
  if (ir_node_is (node, "ConvolutionBackpropData"))
    return backprop_macs (node, 1);
  if (ir_node_is (node, "GroupConvolutionBackpropData"))
    return backprop_macs (node, 2);
  return products (node) *
      ir_shape_size (&node->outputs[0].shape, 0, node->outputs[0].shape.rank);
}

guint64
ir_report_macs (const IrGraph *graph)
{
  guint64 macs = 0;

  for (const IrNode *node = graph->first; node; node = node->next) {
    macs += node_macs (node);
    for (gsize i = 0; i < node->n_bodies; i++)
      macs += ir_report_macs (node->bodies[i]);
  }
  return macs;
}
