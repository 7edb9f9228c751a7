/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a Pad puts around a picture, convolutions and pooling see beyond its border
 * anyway: zeros, or nothing that a maximum could be. The picture need not be copied. */
#include "cpu.h"

#include <math.h>

/* Windows take no more. */
#define MAX_PAD 32768

/* Of height and width. */
typedef struct {
  gint64 begin[2], end[2];
  float value;
} Pads;

static gboolean
read_pads (const IrNode *pad, guint index, gint64 *spatial)
{
  const IrTensor *value = ir_port_const (pad->inputs[index]);
  gint64 pads[4];
  gsize n;

  if (!value || ir_tensor_count (value) != 4 ||
      !ir_tensor_read_i64 (value, pads, 4, &n, NULL) || pads[0] != 0 ||
      pads[1] != 0 || pads[2] < 0 || pads[3] < 0)
    return FALSE;
  spatial[0] = pads[2];
  spatial[1] = pads[3];
  return TRUE;
}

static gboolean
find_pads (const IrNode *pad, Pads *pads)
{
  const IrTensor *value;

  if (!ir_node_is (pad, "Pad") ||
      ((const IrPadAttrs *) pad->attrs)->pad_mode != IR_PAD_CONSTANT ||
      !cpu_port_can_be_last (pad->inputs[0]) ||
      !read_pads (pad, 1, pads->begin) || !read_pads (pad, 2, pads->end))
    return FALSE;
  pads->value = 0;
  if (pad->n_inputs < 4)
    return TRUE;
  value = ir_port_const (pad->inputs[3]);
  if (!value)
    return FALSE;
  pads->value = ir_tensor_get_f64 (value, 0);
  return TRUE;
}

/* Whether no element can be less than 0. */
static gboolean
is_positive (const IrNode *node)
{
  return ir_node_is (node, "ReLU") || ir_node_is (node, "Sigmoid") ||
      (ir_node_is (node, "Clamp") &&
          ((const IrClampAttrs *) node->attrs)->min >= 0);
}

/* Whether every window has an element of the picture. */
static gboolean
windows_meet (const IrConvGeometry *g, const Pads *pads)
{
  for (guint d = 0; d < 2; d++)
    if (g->dilation[d] != 1 ||
        g->pad_begin[d] + pads->begin[d] >= g->kernel[d] ||
        g->pad_end[d] + pads->end[d] >= g->kernel[d])
      return FALSE;
  return TRUE;
}

static gboolean
has_no_pads (const IrConvGeometry *g)
{
  return g->pad_begin[0] == 0 && g->pad_begin[1] == 0 && g->pad_end[0] == 0 &&
      g->pad_end[1] == 0;
}

static gboolean
fits_conv (const IrNode *node, const Pads *pads, IrConvGeometry *g)
{
  const gboolean grouped = ir_node_is (node, "GroupConvolution");
  const IrShape *in, *weights;

  if (!grouped && !ir_node_is (node, "Convolution"))
    return FALSE;
  in = &ir_node_input (node, 0)->shape;
  weights = &ir_node_input (node, 1)->shape;
  return pads->value == 0 && ir_shape_is_static (weights) &&
      ir_conv_geometry (
          node->attrs, 2, in->dim + 2, weights->dim + 2 + grouped, g, NULL);
}

static gboolean
fits_pool (const IrNode *node, const Pads *pads, IrConvGeometry *g)
{
  const IrPoolAttrs *attrs = node->attrs;
  const gboolean average = ir_node_is (node, "AvgPool");
  const IrShape *in = &ir_node_input (node, 0)->shape;

  if ((!average && !ir_node_is (node, "MaxPool")) ||
      attrs->rounding_type != IR_ROUNDING_FLOOR ||
      (node->n_outputs > 1 && node->outputs[1].uses &&
          node->outputs[1].uses->len) ||
      !ir_pool_geometry (attrs, 2, in->dim + 2, g, NULL))
    return FALSE;
  if (average)
    return pads->value == 0 && (!attrs->exclude_pad || has_no_pads (g));
  return windows_meet (g, pads) &&
      (pads->value == -INFINITY ||
          (pads->value == 0 &&
              is_positive (node->inputs[0].node->inputs[0].node)));
}

static gboolean
set_pads (IrNode *node, const IrConvGeometry *g, const Pads *pads)
{
  gint64 begin[2], end[2];

  for (guint d = 0; d < 2; d++) {
    begin[d] = g->pad_begin[d] + pads->begin[d];
    end[d] = g->pad_end[d] + pads->end[d];
    if (begin[d] > MAX_PAD || end[d] > MAX_PAD)
      return FALSE;
  }
  return ir_node_set_i64s (node, "pads_begin", begin, 2, NULL) &&
      ir_node_set_i64s (node, "pads_end", end, 2, NULL) &&
      ir_node_set_text (node, "auto_pad", "explicit", NULL) &&
      (!ir_node_is (node, "AvgPool") ||
          ir_node_set_text (node, "exclude-pad", "false", NULL));
}

static gboolean
take_pads (IrNode *node)
{
  const IrNode *pad = node->n_inputs ? node->inputs[0].node : NULL;
  IrConvGeometry g;
  Pads pads;

  if (!pad || !find_pads (pad, &pads) ||
      (!fits_conv (node, &pads, &g) && !fits_pool (node, &pads, &g)) ||
      !set_pads (node, &g, &pads))
    return FALSE;
  ir_node_set_input (node, 0, pad->inputs[0]);
  return TRUE;
}

/* What is not known counts as zero. */
static gboolean
is_zero (IrPort port)
{
  const IrTensor *value = ir_port_const (port);

  for (guint64 i = 0; value && i < ir_tensor_count (value); i++)
    if (ir_tensor_get_i64 (value, i) != 0)
      return FALSE;
  return TRUE;
}

/* SpaceToBatch of what is padded already only picks elements. */
static gboolean
give_pads (IrGraph *graph, IrNode *node)
{
  static const gint64 zeros[IR_MAX_RANK] = { 0 };
  IrNode *pad, *none;

  if (!ir_node_is (node, "SpaceToBatch") ||
      !ir_shape_is_static (&node->outputs[0].shape) ||
      (is_zero (node->inputs[2]) && is_zero (node->inputs[3])))
    return FALSE;
  pad = ir_graph_add_op (graph, "Pad", 1, node->name, 3, node->inputs[0],
      node->inputs[2], node->inputs[3]);
  none = ir_graph_add_const_i64 (
      graph, node->name, zeros, node->outputs[0].shape.rank);
  ir_graph_move_before (graph, pad, node);
  ir_graph_move_before (graph, none, node);
  ir_node_set_input (node, 0, ir_port (pad, 0));
  ir_node_set_input (node, 2, ir_port (none, 0));
  ir_node_set_input (node, 3, ir_port (none, 0));
  return ir_node_set_text (pad, "pad_mode", "constant", NULL);
}

static gboolean
rewrite (IrGraph *graph, IrNode *node)
{
  return take_pads (node) || give_pads (graph, node);
}

gboolean
cpu_pads (IrGraph *graph, GError **error)
{
  return cpu_rewrite (graph, rewrite, error);
}
