/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"
#include "window.h"

#include <string.h>

/* Spatial dimensions, by whichever of data and weights is known. */
static gsize
spatial_dims (IrBuild *n, IrPort data, IrPort weights)
{
  gint rank = ir_build_shape_of (weights)->rank;

  if (rank < 0)
    rank = ir_build_rank (n, data);
  if (rank < 3)
    ir_build_fail (n, IR_ERROR_SHAPE, "has weights of less than 3 dimensions");
  return ir_build_failed (n) ? 1 : (gsize) rank - 2;
}

static gint64
read_group (IrBuild *n)
{
  gint64 group = ir_build_i64 (n, "group", 1);

  if (group < 1 || group > G_MAXINT32) {
    ir_build_fail (n, IR_ERROR_SHAPE, "has %" G_GINT64_FORMAT " groups", group);
    return 1;
  }
  return group;
}

IrPort
onnx_add_bias (IrBuild *n, IrPort port, gsize input)
{
  if (!ir_build_has (n, input))
    return port;
  return ir_build_op (
      n, "Add", 1, 2, port, ir_build_per_channel (n, n->in[input], port));
}

void
onnx_map_conv (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), weights = ir_build_in (n, 1);

  ir_build_out (n, 0, onnx_add_bias (n, onnx_conv (n, data, weights), 2));
}

/* It says again what the weights' shape says. */
static void
check_kernel (IrBuild *n, const OnnxWindow *window, IrPort weights)
{
  const IrShape *shape = ir_build_shape_of (weights);
  IrI64s list;

  if (!ir_build_i64s (n, "kernel_shape", &list) || shape->rank < 0)
    return;
  for (gsize i = 0; i < window->n; i++)
    if (shape->dim[i + 2] >= 0 && shape->dim[i + 2] != window->kernel[i])
      ir_build_fail (n, IR_ERROR_SHAPE,
          "has a kernel_shape that is not the one of its weights");
}

IrPort
onnx_conv (IrBuild *n, IrPort data, IrPort weights)
{
  gint64 group = read_group (n);
  OnnxWindow window;
  IrNode *op;

  onnx_window_read (n, spatial_dims (n, data, weights), &window);
  check_kernel (n, &window, weights);
  if (ir_build_failed (n))
    return IR_NO_PORT;
  if (group == 1)
    op = ir_build_add (n, "Convolution", 1, 2, data, weights);
  else
    op = ir_build_add (n, "GroupConvolution", 1, 2, data,
        onnx_group_weights (n, weights, group));
  onnx_window_write (n, &window, op, TRUE);
  return ir_build_done (n, op);
}

/* --- transposed ------------------------------------------------------------------- */

typedef struct {
  OnnxWindow window;
  gint64 output_padding[IR_MAX_RANK];
  gboolean has_shape;
  gint64 shape[IR_MAX_RANK];
} Transposed;

static void
read_transposed (IrBuild *n, gsize n_dims, Transposed *t)
{
  IrI64s list;

  onnx_window_read (n, n_dims, &t->window);
  memset (t->output_padding, 0, sizeof t->output_padding);
  if (ir_build_i64s (n, "output_padding", &list) && list.n >= n_dims)
    memcpy (t->output_padding, list.v + (list.n - n_dims),
        n_dims * sizeof (gint64));
  t->has_shape = ir_build_i64s (n, "output_shape", &list);
  if (t->has_shape && list.n != n_dims && list.n != n_dims + 2) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "has %" G_GSIZE_FORMAT " numbers in \"output_shape\", but "
        "%" G_GSIZE_FORMAT " are expected",
        list.n, n_dims);
    return;
  }
  /* Some writers give all dimensions. */
  if (t->has_shape)
    memcpy (t->shape, list.v + (list.n - n_dims), n_dims * sizeof (gint64));
  for (gsize i = 0; i < n_dims; i++) {
    if (t->output_padding[i] < 0 || t->output_padding[i] > G_MAXINT32 ||
        (t->has_shape && (t->shape[i] < 1 || t->shape[i] > G_MAXINT32)))
      ir_build_fail (n, IR_ERROR_SHAPE,
          "has an output_padding or output_shape that is out of range");
  }
}

static gboolean
is_same (const Transposed *t)
{
  return g_str_has_prefix (t->window.auto_pad, "same");
}

/* Where ONNX has an output size, the padding follows from it: upper puts the odd
 * one behind, everything else before. FALSE if sizes are not known. */
static gboolean
resolve_padding (Transposed *t, const IrShape *data, const IrShape *weights)
{
  OnnxWindow *w = &t->window;
  gboolean upper = strcmp (w->auto_pad, "same_upper") == 0;

  if (!ir_shape_is_static (data) || !ir_shape_is_static (weights))
    return FALSE;
  for (gsize i = 0; i < w->n; i++) {
    gint64 in = data->dim[i + 2], kernel = weights->dim[i + 2];
    gint64 out = t->has_shape ? t->shape[i] : in * w->strides[i];
    gint64 total = w->strides[i] * (in - 1) + t->output_padding[i] +
        (kernel - 1) * w->dilations[i] + 1 - out;

    if (total < 0) {
      t->output_padding[i] -= total;
      total = 0;
    }
    w->begin[i] = upper ? total / 2 : total - total / 2;
    w->end[i] = total - w->begin[i];
  }
  w->auto_pad = "explicit";
  return TRUE;
}

/* The output's spatial shape as an input of the op. */
static IrPort
output_shape (IrBuild *n, const Transposed *t, IrPort data)
{
  if (t->has_shape)
    return ir_build_list (n, t->shape, t->window.n);
  return ir_build_op (n, "Multiply", 1, 2,
      ir_build_slice (n, ir_build_shape (n, data), 0, 2, G_MAXINT32),
      ir_build_list (n, t->window.strides, t->window.n));
}

void
onnx_map_conv_transpose (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), weights = ir_build_in (n, 1);
  gint64 group = read_group (n);
  const char *type =
      group == 1 ? "ConvolutionBackpropData" : "GroupConvolutionBackpropData";
  gboolean by_shape;
  IrPort ports[3];
  Transposed t;
  IrNode *op;

  read_transposed (n, spatial_dims (n, data, weights), &t);
  if (ir_build_failed (n))
    return;
  by_shape = (t.has_shape || is_same (&t)) &&
      !resolve_padding (
          &t, ir_build_shape_of (data), ir_build_shape_of (weights));
  ports[0] = data;
  ports[1] = group == 1 ? weights : onnx_group_weights (n, weights, group);
  if (by_shape)
    ports[2] = output_shape (n, &t, data);
  if (by_shape && !is_same (&t))
    t.window.auto_pad = "same_lower";
  op = ir_build_add_v (n, type, 1, ports, by_shape ? 3 : 2, 0);
  onnx_window_write (n, &t.window, op, TRUE);
  ir_build_set_i64s (n, op, "output_padding", t.output_padding, t.window.n);
  ir_build_out (n, 0, onnx_add_bias (n, ir_build_done (n, op), 2));
}
