/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rewrite.h"

#include <ir/pass.h>

#include <string.h>

/* Chains of weights are short: Const, Convert, Subtract, Multiply,
 * FakeQuantize, Reshape. */
#define MAX_CHAIN 8

gboolean
ir_is_const (IrPort port)
{
  return (port.node->op->flags & IR_OP_CONST) != 0;
}

gboolean
ir_const_scalar (IrPort port, double *value)
{
  if (!ir_is_const (port) ||
      ir_tensor_count (ir_port_output (port)->value) != 1)
    return FALSE;
  *value = ir_tensor_get_f64 (ir_port_output (port)->value, 0);
  return TRUE;
}

IrNode *
ir_sole_reader (IrPort port)
{
  const GArray *uses = ir_port_output (port)->uses;

  return uses->len == 1 ? g_array_index (uses, IrUse, 0).node : NULL;
}

static gboolean
is_weights (IrPort port, guint depth)
{
  const IrNode *node = port.node;

  if (ir_is_const (port))
    return TRUE;
  if (depth == 0 || node->n_inputs == 0 || node->n_bodies > 0)
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++)
    if (!is_weights (node->inputs[i], depth - 1))
      return FALSE;
  return TRUE;
}

gboolean
ir_is_weights (IrPort port)
{
  return is_weights (port, MAX_CHAIN);
}

gboolean
ir_split_linear (const IrNode *node, const char *type, IrPort *x, IrPort *c)
{
  guint constant;

  if (!ir_node_is (node, type) || node->n_inputs != 2 ||
      !ir_dtype_is_float (node->outputs[0].dtype))
    return FALSE;
  constant = ir_is_const (node->inputs[1]) ? 1 : 0;
  if (!ir_is_const (node->inputs[constant]) ||
      ir_is_weights (node->inputs[1 - constant]))
    return FALSE;
  *c = node->inputs[constant];
  *x = node->inputs[1 - constant];
  return TRUE;
}

IrNode *
ir_add_const_f64 (IrGraph *graph, const char *name, IrDType dtype,
    const IrShape *shape, const double *values, gsize n, GError **error)
{
  g_autoptr (IrTensor) tensor = ir_tensor_new (dtype, shape, error);

  if (!tensor)
    return NULL;
  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, values[n == 1 ? 0 : i]);
  return ir_graph_add_const (graph, name, tensor);
}

/* Infers a new node; @out gets its output, or the Const that it was folded to. */
static gboolean
finish (IrNode *node, IrPort *out, GError **error)
{
  IrGraph *graph = node->graph;
  g_autofree char *name = g_strdup (node->name);
  gsize folded = 0;

  if (!ir_node_infer (node, error) || !ir_node_fold (node, &folded, error))
    return FALSE;
  *out = ir_port (folded ? ir_graph_find (graph, name) : node, 0);
  return TRUE;
}

gboolean
ir_add_binary (IrGraph *graph, const char *type, const char *name, IrPort a,
    IrPort b, IrPort *out, GError **error)
{
  return finish (ir_graph_add_op (graph, type, 1, name, 2, a, b), out, error);
}

gboolean
ir_add_gather (IrGraph *graph, const char *name, IrPort data,
    const gint64 *indices, gsize n, gint64 axis, IrPort *out, GError **error)
{
  g_autofree char *indices_name = g_strconcat (name, "/indices", NULL);
  g_autofree char *axis_name = g_strconcat (name, "/axis", NULL);
  g_autoptr (IrTensor) scalar = ir_tensor_new_scalar (IR_DTYPE_I64, axis);
  IrNode *order = ir_graph_add_const_i64 (graph, indices_name, indices, n);
  IrNode *dim = ir_graph_add_const (graph, axis_name, scalar);

  return finish (ir_graph_add_op (graph, "Gather", 8, name, 3, data,
                     ir_port (order, 0), ir_port (dim, 0)),
      out, error);
}

void
ir_take_place (IrNode *node, IrNode *with)
{
  IrGraph *graph = node->graph;
  g_autofree char *name = g_strdup (node->name);

  for (guint i = 0; i < node->n_outputs; i++)
    ir_graph_replace (graph, ir_port (node, i), ir_port (with, i));
  ir_graph_remove (graph, node);
  ir_graph_rename (graph, with, name);
}

gboolean
ir_same_op (const IrNode *a, const IrNode *b)
{
  if (a->op != b->op || a->n_inputs != b->n_inputs)
    return FALSE;
  for (const IrAttrDesc *attr = a->op->attrs; attr && attr->name; attr++) {
    g_autofree char *a_text = ir_attr_to_string (attr, a->attrs);
    g_autofree char *b_text = ir_attr_to_string (attr, b->attrs);

    if (g_strcmp0 (a_text, b_text) != 0)
      return FALSE;
  }
  return TRUE;
}

IrNode *
ir_add_like (const IrNode *node, const IrPort *inputs)
{
  IrNode *copy = ir_graph_add (node->graph, node->op, node->name, inputs,
      node->n_inputs, node->n_outputs);

  /* Lists in attributes are never written, only replaced. */
  if (node->op->attrs_size > 0)
    memcpy (copy->attrs, node->attrs, node->op->attrs_size);
  return copy;
}

gboolean
ir_const_axis (
    const IrNode *node, guint input, const IrShape *shape, guint *axis)
{
  const IrTensor *value;

  if (input >= node->n_inputs || !ir_is_const (node->inputs[input]))
    return FALSE;
  value = ir_node_input (node, input)->value;
  return ir_tensor_count (value) == 1 &&
      ir_shape_axis (shape, ir_tensor_get_i64 (value, 0), axis, NULL);
}

/* --- convolutions and matrix products ------------------------------------------- */

static gboolean
matmul_dims (const IrNode *node, IrConvDims *dims)
{
  const IrMatMulAttrs *attrs = node->attrs;

  if (attrs->transpose_a || ir_node_input (node, 1)->shape.rank != 2 ||
      ir_node_input (node, 0)->shape.rank < 2)
    return FALSE;
  dims->grouped = FALSE;
  dims->in = attrs->transpose_b ? 1 : 0;
  dims->out = 1 - dims->in;
  dims->channel = -1;
  return TRUE;
}

static const struct {
  const char *type;
  IrConvDims dims;
} conv_rows[] = {
  { "Convolution", { FALSE, 1, 0, 1 } },
  { "GroupConvolution", { TRUE, 2, 1, 1 } },
  { "ConvolutionBackpropData", { FALSE, 0, 1, 1 } },
  { "GroupConvolutionBackpropData", { TRUE, 1, 2, 1 } },
};

static const IrConvDims *
find_conv (const IrNode *node)
{
  for (gsize i = 0; i < G_N_ELEMENTS (conv_rows); i++)
    if (ir_node_is (node, conv_rows[i].type))
      return &conv_rows[i].dims;
  return NULL;
}

gboolean
ir_conv_dims (const IrNode *node, IrConvDims *dims)
{
  const IrConvDims *found = find_conv (node);

  if (node->n_inputs < 2 || !ir_is_const (node->inputs[1]))
    return FALSE;
  if (ir_node_is (node, "MatMul"))
    return matmul_dims (node, dims);
  if (found)
    *dims = *found;
  return found != NULL;
}

gboolean
ir_is_product (const IrNode *node)
{
  return find_conv (node) || ir_node_is (node, "MatMul");
}

gboolean
ir_per_channel (IrPort c, gint rank, gint channel, gsize *n)
{
  const IrShape *shape = &ir_port_output (c)->shape;
  gint at = channel < 0 ? rank - 1 : channel;

  if (!ir_is_const (c) || shape->rank > rank || at >= rank)
    return FALSE;
  *n = 1;
  for (gint i = 0; i < shape->rank; i++) {
    gint dim = i + rank - shape->rank;

    if (dim == at)
      *n = (gsize) shape->dim[i];
    else if (shape->dim[i] != 1)
      return FALSE;
  }
  return *n > 0;
}

/* The factors in a shape that broadcasts against the weights. */
static gboolean
factor_shape (const IrShape *weights, const IrConvDims *dims, gboolean out,
    gsize n, IrShape *shape)
{
  guint dim = out ? dims->out : dims->in;

  *shape = ir_shape_of_rank (weights->rank);
  for (gint i = 0; i < shape->rank; i++)
    shape->dim[i] = 1;
  if (n == 1)
    return TRUE;
  shape->dim[dim] = weights->dim[dim];
  if (dims->grouped)
    shape->dim[0] = weights->dim[0];
  return ir_shape_size (shape, 0, shape->rank) == n;
}

gboolean
ir_scale_weights (IrNode *conv, const IrConvDims *dims, gboolean out, IrPort c,
    GError **error)
{
  IrGraph *graph = conv->graph;
  const IrTensor *factors = ir_port_output (c)->value;
  g_autoptr (IrTensor) typed = NULL;
  g_autoptr (IrTensor) shaped = NULL;
  IrShape shape;
  IrPort scaled;
  IrNode *constant;

  if (!factor_shape (&ir_node_input (conv, 1)->shape, dims, out,
          (gsize) ir_tensor_count (factors), &shape))
    return ir_fail (error, IR_ERROR_SHAPE,
        "node '%s': factors don't fit the channels", conv->name);
  typed = ir_tensor_convert (
      ir_port_output (c)->value, ir_node_input (conv, 1)->dtype, error);
  if (!typed)
    return FALSE;
  shaped = ir_tensor_reshaped (typed, &shape, error);
  if (!shaped)
    return FALSE;
  constant = ir_graph_add_const (graph, c.node->name, shaped);
  if (!ir_add_binary (graph, "Multiply", conv->inputs[1].node->name,
          conv->inputs[1], ir_port (constant, 0), &scaled, error))
    return FALSE;
  ir_node_set_input (conv, 1, scaled);
  return TRUE;
}
