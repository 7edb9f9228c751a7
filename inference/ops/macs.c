/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much work the ops do that do most of it. */
#include <ir/attrs.h>
#include <ir/graph.h>

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

static gboolean
matmul_macs (const IrNode *node, guint64 *macs)
{
  const IrMatMulAttrs *attrs = node->attrs;
  const IrShape *a = &ir_node_input (node, 0)->shape;
  guint64 count;
  gint axis;

  if (!ir_shape_is_static (a) || a->rank == 0 ||
      !ir_shape_count (&node->outputs[0].shape, &count))
    return FALSE;
  axis = attrs->transpose_a && a->rank > 1 ? a->rank - 2 : a->rank - 1;
  return g_uint64_checked_mul (macs, count, (guint64) a->dim[axis]);
}

gboolean
ir_node_macs (const IrNode *node, guint64 *macs)
{
  *macs = 0;
  if (node->n_inputs < 2)
    return TRUE;
  if (ir_node_is (node, "MatMul"))
    return matmul_macs (node, macs);
  for (gsize i = 0; i < G_N_ELEMENTS (multipliers); i++) {
    const IrShape *data = &ir_node_input (node, 0)->shape;
    const IrShape *weights = &ir_node_input (node, 1)->shape;
    guint64 all, times;

    if (!ir_node_is (node, multipliers[i].type))
      continue;
    if (!ir_shape_count (weights, &all) ||
        weights->rank < multipliers[i].first ||
        !ir_shape_count (
            multipliers[i].per_input ? data : &node->outputs[0].shape, &times))
      return FALSE;
    return g_uint64_checked_mul (macs, times,
        ir_shape_size (weights, multipliers[i].first, weights->rank));
  }
  return TRUE;
}
