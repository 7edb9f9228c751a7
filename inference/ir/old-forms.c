/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers of version 7 that are not one of today's ops alone. */
#include "write-old.h"

#include <string.h>

static void
set_list (IrOldForm *form, const char *name, const gint64 *v, gsize n)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (
        text, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "", v[i]);
  ir_old_form_set (form, name, text->str);
}

/* --- weights --------------------------------------------------------------- */

static gboolean
has_weights (const IrNode *node)
{
  return ir_node_is (node, "Convolution") ||
      ir_node_is (node, "GroupConvolution") ||
      ir_node_is (node, "ConvolutionBackpropData") ||
      ir_node_is (node, "GroupConvolutionBackpropData");
}

/* The biases that the only reader of a convolution adds, one per channel. */
static IrTensor *
biases_of (const IrNode *add, const IrNode **convolution)
{
  const IrNode *node = add->n_inputs == 2 ? add->inputs[0].node : NULL;
  const IrShape *shape;
  IrTensor *value;

  if (!node || !has_weights (node) || node->outputs[0].uses->len != 1 ||
      !ir_node_is (add, "Add"))
    return NULL;
  value = ir_old_value (add->inputs[1]);
  shape = value ? &value->shape : NULL;
  if (!shape || shape->rank != node->outputs[0].shape.rank ||
      shape->dim[1] != node->outputs[0].shape.dim[1] ||
      ir_tensor_count (value) != (guint64) shape->dim[1])
    return NULL;
  *convolution = node;
  return value;
}

static void
set_auto_pad (IrOldForm *form, gint auto_pad)
{
  static const char *const names[] = { "explicit", "same_upper", "same_lower",
    "valid" };

  if (auto_pad != IR_PAD_EXPLICIT)
    ir_old_form_set (form, "auto_pad", names[auto_pad]);
}

static void
set_window (IrOldForm *form, const IrConvAttrs *attrs)
{
  set_auto_pad (form, attrs->auto_pad);
  set_list (form, "strides", attrs->strides.v, attrs->strides.n);
  set_list (form, "dilations", attrs->dilations.v, attrs->dilations.n);
  set_list (form, "pads_begin", attrs->pads_begin.v, attrs->pads_begin.n);
  set_list (form, "pads_end", attrs->pads_end.v, attrs->pads_end.n);
}

static gboolean
fill_convolution (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrConvAttrs *attrs = node->attrs;
  const IrShape *shape = &ir_node_input (node, 1)->shape;
  const gboolean grouped = g_str_has_prefix (node->op->type, "Group");
  const gsize spatial = (gsize) node->outputs[0].shape.rank - 2;

  form->weights = ir_old_value (node->inputs[1]);
  if (!form->weights)
    return ir_old_form_fail (node, error, "its weights are computed");
  if (node->n_inputs > 2)
    return ir_old_form_fail (node, error, "it is given the size of its output");
  for (gsize i = 0; i < attrs->output_padding.n; i++)
    if (attrs->output_padding.v[i] != 0)
      return ir_old_form_fail (node, error, "it has an output_padding");
  form->type =
      strstr (node->op->type, "Backprop") ? "Deconvolution" : "Convolution";
  set_list (form, "kernel", shape->dim + shape->rank - (gint) spatial, spatial);
  set_window (form, attrs);
  ir_old_form_set_f (
      form, "group", "%" G_GINT64_FORMAT, grouped ? shape->dim[0] : 1);
  ir_old_form_set_f (
      form, "output", "%" G_GINT64_FORMAT, node->outputs[0].shape.dim[1]);
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

/* Left to the Add behind it, if that has its biases. */
static gboolean
write_convolution (const IrNode *node, IrOldForm *form, GError **error)
{
  const GArray *uses = node->outputs[0].uses;
  const IrNode *convolution = NULL;

  if (uses->len == 1 &&
      biases_of (g_array_index (uses, IrUse, 0).node, &convolution))
    return TRUE;
  return fill_convolution (node, form, error);
}

static gboolean
write_add (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrNode *convolution = NULL;
  IrTensor *biases = biases_of (node, &convolution);

  if (biases) {
    form->biases = biases;
    return fill_convolution (convolution, form, error);
  }
  form->type = "Eltwise";
  ir_old_form_set (form, "operation", "sum");
  ir_old_form_read (form, node->inputs[0]);
  ir_old_form_read (form, node->inputs[1]);
  return TRUE;
}

static gboolean
write_relu (const IrNode *node, IrOldForm *form, GError **error)
{
  form->type = "ReLU";
  ir_old_form_set (form, "negative_slope", "0");
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

static gboolean
write_prelu (const IrNode *node, IrOldForm *form, GError **error)
{
  form->weights = ir_old_value (node->inputs[1]);
  if (!form->weights)
    return ir_old_form_fail (node, error, "its slopes are computed");
  form->type = "PReLU";
  ir_old_form_set (
      form, "channel_shared", ir_tensor_count (form->weights) == 1 ? "1" : "0");
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

static gboolean
write_matmul (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrMatMulAttrs *attrs = node->attrs;

  form->type = "Gemm";
  ir_old_form_set (form, "transpose_a", attrs->transpose_a ? "1" : "0");
  ir_old_form_set (form, "transpose_b", attrs->transpose_b ? "1" : "0");
  ir_old_form_set (form, "alpha", "1");
  ir_old_form_set (form, "beta", "1");
  ir_old_form_read (form, node->inputs[0]);
  ir_old_form_read (form, node->inputs[1]);
  return TRUE;
}

static gboolean
write_pool (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrPoolAttrs *attrs = node->attrs;

  form->type = "Pooling";
  set_auto_pad (form, attrs->auto_pad);
  set_list (form, "kernel", attrs->kernel.v, attrs->kernel.n);
  set_list (form, "strides", attrs->strides.v, attrs->strides.n);
  set_list (form, "pads_begin", attrs->pads_begin.v, attrs->pads_begin.n);
  set_list (form, "pads_end", attrs->pads_end.v, attrs->pads_end.n);
  ir_old_form_set (
      form, "pool-method", ir_node_is (node, "MaxPool") ? "max" : "avg");
  ir_old_form_set (form, "exclude-pad", attrs->exclude_pad ? "true" : "false");
  ir_old_form_set (form, "rounding_type",
      attrs->rounding_type == IR_ROUNDING_FLOOR ? "floor" : "ceil");
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

/* --- movement -------------------------------------------------------------- */

static gboolean
write_input (const IrNode *node, IrOldForm *form, GError **error)
{
  form->type = "Input";
  return TRUE;
}

static gboolean
write_reshape (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrShape *shape = &node->outputs[0].shape;

  form->type = "Reshape";
  set_list (form, "dim", shape->dim, (gsize) shape->rank);
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

static gboolean
write_transpose (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrTensor *order = ir_old_value (node->inputs[1]);
  gint64 values[IR_MAX_RANK];
  gsize n;

  if (!order || !ir_tensor_read_i64 (order, values, IR_MAX_RANK, &n, NULL) ||
      n == 0)
    return ir_old_form_fail (node, error, "its order is not written out");
  form->type = "Permute";
  set_list (form, "order", values, n);
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

static gboolean
write_split (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrTensor *axis = ir_old_value (node->inputs[1]);

  if (!axis)
    return ir_old_form_fail (node, error, "its axis is computed");
  form->type = "Split";
  ir_old_form_set_f (
      form, "axis", "%" G_GINT64_FORMAT, ir_tensor_get_i64 (axis, 0));
  ir_old_form_set_f (form, "num_split", "%" G_GSIZE_FORMAT, node->n_outputs);
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

/* Masks of begin and end say what counts there. */
static gboolean
write_strided_slice (const IrNode *node, IrOldForm *form, GError **error)
{
  const IrStridedSliceAttrs *attrs = node->attrs;
  const IrI64s *inverted[] = { &attrs->begin_mask, &attrs->end_mask };
  static const char *const names[] = { "begin_mask", "end_mask" };
  const gint64 n = ir_node_input (node, 1)->shape.dim[0];

  for (gsize m = 0; m < G_N_ELEMENTS (names); m++) {
    gint64 mask[IR_MAX_RANK];

    for (gsize i = 0; i < (gsize) n && i < IR_MAX_RANK; i++)
      mask[i] = i < inverted[m]->n ? inverted[m]->v[i] == 0 : 1;
    set_list (form, names[m], mask, (gsize) MIN (n, IR_MAX_RANK));
  }
  form->type = "StridedSlice";
  set_list (
      form, "new_axis_mask", attrs->new_axis_mask.v, attrs->new_axis_mask.n);
  set_list (form, "shrink_axis_mask", attrs->shrink_axis_mask.v,
      attrs->shrink_axis_mask.n);
  set_list (
      form, "ellipsis_mask", attrs->ellipsis_mask.v, attrs->ellipsis_mask.n);
  for (gsize i = 0; i < node->n_inputs; i++)
    ir_old_form_read (form, node->inputs[i]);
  return TRUE;
}

static gboolean
write_convert (const IrNode *node, IrOldForm *form, GError **error)
{
  form->type = "Convert";
  ir_old_form_set (
      form, "precision", ir_dtype_precision (node->outputs[0].dtype));
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

/* Whole factors are what all ways to find the nearest agree on. */
static gboolean
is_whole_nearest (const IrNode *node)
{
  const IrInterpolateAttrs *attrs = node->attrs;
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrShape *out = &node->outputs[0].shape;

  if (attrs->mode != IR_INTERPOLATE_NEAREST || in->rank != 4 ||
      in->dim[0] != out->dim[0] || in->dim[1] != out->dim[1] ||
      attrs->coordinate_transformation_mode != IR_COORDINATE_ASYMMETRIC ||
      attrs->nearest_mode != IR_NEAREST_FLOOR)
    return FALSE;
  return out->dim[2] % in->dim[2] == 0 && out->dim[3] % in->dim[3] == 0;
}

static gboolean
write_interpolate (const IrNode *node, IrOldForm *form, GError **error)
{
  if (!is_whole_nearest (node))
    return ir_old_form_fail (
        node, error, "only the nearest by whole factors can be resized so");
  form->type = "Resample";
  ir_old_form_set (form, "type", "caffe.ResampleParameter.NEAREST");
  ir_old_form_set (form, "antialias", "0");
  ir_old_form_read (form, node->inputs[0]);
  return TRUE;
}

static const struct {
  const char *type;
  IrOldWrite write;
} forms[] = {
  { "Add", write_add },
  { "AvgPool", write_pool },
  { "Convert", write_convert },
  { "Convolution", write_convolution },
  { "ConvolutionBackpropData", write_convolution },
  { "GroupConvolution", write_convolution },
  { "GroupConvolutionBackpropData", write_convolution },
  { "Interpolate", write_interpolate },
  { "MatMul", write_matmul },
  { "MaxPool", write_pool },
  { "PReLU", write_prelu },
  { "Parameter", write_input },
  { "ReLU", write_relu },
  { "Reshape", write_reshape },
  { "Split", write_split },
  { "StridedSlice", write_strided_slice },
  { "Transpose", write_transpose },
  { "VariadicSplit", write_split },
};

IrOldWrite
ir_old_form_of (const IrOpDesc *op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    if (strcmp (forms[i].type, op->type) == 0)
      return forms[i].write;
  return NULL;
}
