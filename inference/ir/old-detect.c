/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old layers of detectors, sorting and recurrent cells. */
#include "old.h"

#include <string.h>

/* --- priors ---------------------------------------------------------------- */

/* Height and width of what input @index reads. */
static IrPort
spatial_size (IrOld *old, gsize index, const char *suffix)
{
  static const gint64 axes[] = { 2, 3 };
  g_autofree char *shape = g_strconcat (suffix, "/shape", NULL);
  g_autofree char *which = g_strconcat (suffix, "/which", NULL);
  g_autofree char *axis = g_strconcat (suffix, "/axis", NULL);

  return ir_old_op (old, suffix, "Gather", 1, 3,
      ir_old_op (old, shape, "ShapeOf", 1, 1, old->in[index]),
      ir_old_list (old, which, axes, 2), ir_old_index (old, axis, 0));
}

/* The image's size may be an attribute. */
static IrPort
image_size (IrOld *old)
{
  const gint64 both = ir_old_i64 (old, "img_size", 0);
  const gint64 size[] = { ir_old_i64 (old, "img_h", both),
    ir_old_i64 (old, "img_w", both) };

  if (size[0] > 0 && size[1] > 0)
    return ir_old_list (old, "image", size, 2);
  return spatial_size (old, 1, "image");
}

/* PriorBox has one step, where old layers have two. */
static void
take_step (IrOld *old, IrPort port)
{
  const double h = ir_old_f64 (old, "step_h", 0);
  const double w = ir_old_f64 (old, "step_w", 0);
  const double step = ir_old_f64 (old, "step", 0);

  if (!ir_node_is (port.node, "PriorBox") || (h == 0 && w == 0))
    return;
  if (h != w || (step != 0 && step != h))
    ir_old_fail (old, IR_ERROR_UNSUPPORTED,
        "a step_h that is not its step_w is not supported");
  ir_old_set (old, port, "step", ir_old_text (old, "step_h", "0"));
}

IrPort
ir_old_prior_box (IrOld *old)
{
  const IrOldRow *row = old->layer->old;
  IrPort out;

  if (ir_old_in_shape (old, 0)->rank != 4 ||
      ir_old_in_shape (old, 1)->rank != 4) {
    ir_old_fail (old, IR_ERROR_SHAPE, "takes inputs of four dimensions");
    return IR_OLD_NONE;
  }
  out = ir_old_op (old, "flat", row->op, row->opset, 2,
      spatial_size (old, 0, "size"), image_size (old));
  ir_old_take_attrs (old, out);
  if (out.node)
    take_step (old, out);
  return ir_old_op (
      old, NULL, "Unsqueeze", 1, 2, out, ir_old_index (old, "axis", 0));
}

/* --- proposals, suppression ------------------------------------------------ */

IrPort
ir_old_proposal (IrOld *old)
{
  static const gint64 flat[] = { -1 };
  IrPort image = ir_old_op (old, "image", "Reshape", 1, 2, old->in[2],
      ir_old_list (old, "image/shape", flat, 1));
  IrPort out =
      ir_old_op (old, NULL, "Proposal", 1, 3, old->in[0], old->in[1], image);

  ir_old_take_attrs (old, out);
  return out;
}

/* Limits are of rank 1, today scalars. */
static IrPort
as_scalar (IrOld *old, gsize index)
{
  g_autofree char *suffix = g_strdup_printf ("in%" G_GSIZE_FORMAT, index);
  g_autofree char *shape = g_strconcat (suffix, "/shape", NULL);

  if (ir_old_in_shape (old, index)->rank == 0)
    return old->in[index];
  return ir_old_op (old, suffix, "Reshape", 1, 2, old->in[index],
      ir_old_list (old, shape, NULL, 0));
}

IrPort
ir_old_nms (IrOld *old)
{
  const gboolean center = ir_old_bool (old, "center_point_box", FALSE);
  IrPort in[5] = { old->in[0], old->in[1] };
  IrPort out;

  for (gsize i = 2; i < old->layer->n_in; i++)
    in[i] = as_scalar (old, i);
  out =
      ir_old_op_of (old, NULL, "NonMaxSuppression", 3, in, old->layer->n_in, 0);
  ir_old_set (old, out, "box_encoding", center ? "center" : "corner");
  ir_old_set (old, out, "sort_result_descending",
      ir_old_bool (old, "sort_result_descending", TRUE) ? "true" : "false");
  ir_old_set (old, out, "output_type", "i32");
  return out;
}

/* --- sorting --------------------------------------------------------------- */

IrPort
ir_old_topk (IrOld *old)
{
  IrPort out =
      ir_old_op (old, NULL, "TopK", 3, 2, old->in[0], as_scalar (old, 1));

  ir_old_take_attrs (old, out);
  ir_old_set (old, out, "index_element_type", "i32");
  if (out.node)
    ir_old_out (old, 1, ir_port (out.node, 1));
  return out;
}

static IrPort
largest (IrOld *old, IrPort in, gint64 axis)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, axis);
  IrPort out = ir_old_op (old, "sorted", "TopK", 3, 2, in,
      ir_old_index (old, "top_k", ir_old_i64 (old, "top_k", 1)));

  ir_old_set (old, out, "axis", text);
  ir_old_set (old, out, "mode", "max");
  ir_old_set (old, out, "sort", "value");
  ir_old_set (old, out, "index_element_type", "i32");
  return out;
}

/* Along an axis values or indices; without one both, of all that belongs to an
 * image, as Caffe has it. */
IrPort
ir_old_argmax (IrOld *old)
{
  static const gint64 flat[] = { 0, 1, -1 };
  const gboolean values = ir_old_bool (old, "out_max_val", FALSE);
  const IrShape *to = ir_old_out_shape (old, 0);
  IrPort out, indices;

  if (ir_old_has (old, "axis")) {
    out = largest (old, old->in[0], ir_old_axis (old, "axis", 0));
    if (!out.node || values)
      return out;
    return ir_old_add_convert (old, NULL, ir_port (out.node, 1), IR_DTYPE_F32);
  }
  out = ir_old_op (old, "flat", "Reshape", 1, 2, old->in[0],
      ir_old_list (old, "flat/shape", flat, 3));
  ir_old_set (old, out, "special_zero", "true");
  out = largest (old, out, 2);
  if (!out.node)
    return out;
  indices =
      ir_old_add_convert (old, "indices", ir_port (out.node, 1), IR_DTYPE_F32);
  out = values
      ? ir_old_op (old, "both", "Concat", 1, 2, indices, ir_port (out.node, 0))
      : indices;
  if (values)
    ir_old_set (old, out, "axis", "1");
  return ir_old_op (old, NULL, "Reshape", 1, 2, out,
      ir_old_list (old, "shape", to->dim, (gsize) to->rank));
}

/* --- recurrent cells ------------------------------------------------------- */

/* Columns @first to @first + @n of a matrix. */
static IrTensor *
columns (IrTensor *matrix, gint64 first, gint64 n, GError **error)
{
  const gint64 rows = matrix->shape.dim[0], width = matrix->shape.dim[1];
  const gsize size = ir_dtype_size (matrix->dtype);
  const IrShape shape = { 2, { rows, n } };
  IrTensor *out = ir_tensor_new (matrix->dtype, &shape, error);

  for (gint64 r = 0; out && r < rows; r++)
    memcpy ((guint8 *) out->data + (gsize) (r * n) * size,
        (const guint8 *) matrix->data + (gsize) (r * width + first) * size,
        (gsize) n * size);
  return out;
}

static IrPort
add_columns (
    IrOld *old, const char *suffix, IrTensor *matrix, gint64 first, gint64 n)
{
  g_autoptr (IrTensor) part = columns (matrix, first, n, &old->error);
  g_autoptr (IrTensor) value = NULL;

  if (part)
    value = ir_tensor_convert (part, IR_DTYPE_F32, &old->error);
  return value ? ir_old_add_const (old, suffix, value) : IR_OLD_NONE;
}

/* Gates of a cell, by the op of its row. */
static gint64
gates_of (const char *op)
{
  return strcmp (op, "LSTMCell") == 0 ? 4 : strcmp (op, "GRUCell") == 0 ? 3 : 1;
}

/* The weights for the input and for the state are one matrix in the file. */
IrPort
ir_old_recurrent (IrOld *old)
{
  const IrOldRow *row = old->layer->old;
  const gsize n_in = old->layer->n_in;
  const IrShape *x = ir_old_in_shape (old, 0);
  const gint64 hidden = ir_old_i64 (old, "hidden_size", 0);
  const gint64 gates = gates_of (row->op);
  const gboolean reset = ir_old_bool (old, "linear_before_reset", FALSE);
  IrShape shape = { 2, { 0, 0 } }, biases = ir_shape_1d (0);
  g_autoptr (IrTensor) matrix = NULL;
  IrPort in[6], out;

  if (x->rank != 2 || hidden < 1 || hidden > G_MAXINT32 / 8) {
    ir_old_fail (
        old, IR_ERROR_SHAPE, "takes a matrix, and a hidden_size from 1 on");
    return IR_OLD_NONE;
  }
  shape.dim[0] = gates * hidden;
  if (x->dim[1] > G_MAXINT64 - hidden) {
    ir_old_fail (old, IR_ERROR_LIMIT, "has too many weights");
    return IR_OLD_NONE;
  }
  shape.dim[1] = x->dim[1] + hidden;
  matrix = ir_old_blob_tensor (old, "weights", &shape);
  if (!matrix)
    return IR_OLD_NONE;
  biases.dim[0] = (reset ? gates + 1 : gates) * hidden;
  memcpy (in, old->in, n_in * sizeof *in);
  in[n_in] = add_columns (old, "W", matrix, 0, x->dim[1]);
  in[n_in + 1] = add_columns (old, "R", matrix, x->dim[1], hidden);
  in[n_in + 2] = ir_old_blob (old, "biases", &biases);
  out = ir_old_op_of (old, NULL, row->op, row->opset, in, n_in + 3, 0);
  ir_old_take_attrs (old, out);
  for (guint i = 1; out.node && i < out.node->n_outputs; i++)
    ir_old_out (old, i, ir_port (out.node, i));
  return out;
}
