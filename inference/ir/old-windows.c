/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old layers with windows: convolutions and pooling. */
#include "old.h"

#include <string.h>

/* Beyond any size, and far from overflow. */
#define MAX_FIELD (1 << 24)
#define MAX_SPATIAL (IR_MAX_RANK - 2)

/* Sizes per spatial dimension, height before width. */
typedef struct {
  gsize rank;
  gint64 kernel[MAX_SPATIAL];
  gint64 strides[MAX_SPATIAL];
  gint64 dilations[MAX_SPATIAL];
  gint64 begin[MAX_SPATIAL];
  gint64 end[MAX_SPATIAL];
} Window;

/* A list; version 2 has an attribute for each axis. What is not there is @def. */
static gboolean
read_field (IrOld *old, const Window *window, const char *list, const char *y,
    const char *x, const gint64 *def, gint64 *values)
{
  const IrI64s found = ir_old_i64s (old, list);

  if (found.n > 0 && found.n != window->rank) {
    ir_old_fail (old, IR_ERROR_PARSE,
        "'%s' has %" G_GSIZE_FORMAT " values for %" G_GSIZE_FORMAT
        " spatial dimensions",
        list, found.n, window->rank);
    return FALSE;
  }
  for (gsize d = 0; d < window->rank; d++)
    values[d] = found.n > 0 ? found.v[d] : def[d];
  if (found.n == 0 && window->rank == 2) {
    values[0] = ir_old_i64 (old, y, def[0]);
    values[1] = ir_old_i64 (old, x, def[1]);
  }
  for (gsize d = 0; d < window->rank; d++)
    if (values[d] < -MAX_FIELD || values[d] > MAX_FIELD) {
      ir_old_fail (old, IR_ERROR_LIMIT, "'%s' is out of range", list);
      return FALSE;
    }
  return !old->error;
}

static gboolean
read_window (IrOld *old, Window *window)
{
  static const gint64 zeros[MAX_SPATIAL] = { 0 };
  static const gint64 ones[MAX_SPATIAL] = { 1, 1, 1, 1, 1, 1 };
  const gint rank = ir_old_in_shape (old, 0)->rank;

  if (rank < 3) {
    ir_old_fail (old, IR_ERROR_SHAPE, "its input has no spatial dimensions");
    return FALSE;
  }
  window->rank = (gsize) rank - 2;
  if (!read_field (
          old, window, "kernel", "kernel-y", "kernel-x", zeros, window->kernel))
    return FALSE;
  for (gsize d = 0; d < window->rank; d++)
    if (window->kernel[d] < 1) {
      ir_old_fail (old, IR_ERROR_PARSE, "has no attribute 'kernel'");
      return FALSE;
    }
  return read_field (old, window, "strides", "stride-y", "stride-x", ones,
             window->strides) &&
      read_field (old, window, "dilations", "dilation-y", "dilation-x", ones,
          window->dilations) &&
      read_field (
          old, window, "pads_begin", "pad-y", "pad-x", zeros, window->begin) &&
      read_field (old, window, "pads_end", "pad-b", "pad-r", window->begin,
          window->end);
}

/* The fields that convolutions and pooling share. */
static void
set_window (IrOld *old, IrPort port, const Window *window)
{
  const struct {
    const char *attr;
    const gint64 *values;
  } fields[] = {
    { "strides", window->strides },
    { "pads_begin", window->begin },
    { "pads_end", window->end },
  };
  const char *auto_pad = ir_old_text (old, "auto_pad", "");

  if (!port.node)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    ir_node_set_i64s (
        port.node, fields[i].attr, fields[i].values, window->rank, NULL);
  ir_old_set (old, port, "auto_pad", *auto_pad ? auto_pad : "explicit");
}

/* --- convolutions ---------------------------------------------------------- */

typedef struct {
  gint64 group;
  gint64 in;
  gint64 out;
} Channels;

static gboolean
read_channels (IrOld *old, const char *group, Channels *channels)
{
  channels->group = ir_old_i64 (old, group, 1);
  channels->in = ir_old_channels (old);
  channels->out = ir_old_i64 (old, "output", 0);
  if (old->error)
    return FALSE;
  if (channels->group < 1 || channels->out < 1 ||
      channels->in % channels->group || channels->out % channels->group) {
    ir_old_fail (old, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " channels can't become %" G_GINT64_FORMAT
        " in %" G_GINT64_FORMAT " groups",
        channels->in, channels->out, channels->group);
    return FALSE;
  }
  return TRUE;
}

/* Channels @from to @to come first in the weights, in groups if there are any. */
static IrShape
weights_shape (
    const Channels *channels, gint64 first, gint64 second, const Window *window)
{
  const gint64 group = channels->group;
  IrShape shape = ir_shape_of_rank (0);

  if (group > 1)
    shape.dim[shape.rank++] = group;
  shape.dim[shape.rank++] = first / group;
  shape.dim[shape.rank++] = second / group;
  for (gsize d = 0; d < window->rank && shape.rank < IR_MAX_RANK; d++)
    shape.dim[shape.rank++] = window->kernel[d];
  return shape;
}

/* From the file, or from an input, which has no groups. */
static IrPort
conv_weights (IrOld *old, const IrShape *shape)
{
  if (old->layer->n_in < 2)
    return ir_old_blob (old, "weights", shape);
  if (ir_shape_equal (ir_old_in_shape (old, 1), shape))
    return old->in[1];
  return ir_old_op (old, "weights", "Reshape", 1, 2, old->in[1],
      ir_old_list (old, "weights/shape", shape->dim, (gsize) shape->rank));
}

static IrPort
reshape_to_channels (IrOld *old, IrPort port)
{
  gint64 dims[IR_MAX_RANK];
  const gsize rank = (gsize) ir_old_out_shape (old, 0)->rank;

  for (gsize d = 0; d < rank; d++)
    dims[d] = d == 1 ? -1 : 1;
  return ir_old_op (old, "biases", "Reshape", 1, 2, port,
      ir_old_list (old, "biases/shape", dims, rank));
}

static gboolean
has_bias (const IrOld *old)
{
  return old->layer->n_in > 2 || ir_old_has_blob (old, "biases");
}

/* The biases to add to the output. */
static IrPort
bias_port (IrOld *old, gint64 channels)
{
  const gint rank = ir_old_out_shape (old, 0)->rank;
  IrShape shape = ir_shape_of_rank (rank);

  if (old->layer->n_in > 2)
    return reshape_to_channels (old, old->in[2]);
  for (gint d = 0; d < rank; d++)
    shape.dim[d] = d == 1 ? channels : 1;
  return ir_old_blob (old, "biases", &shape);
}

static IrPort
add_bias (IrOld *old, IrPort port, gint64 channels)
{
  if (!has_bias (old))
    return port;
  return ir_old_op (old, NULL, "Add", 1, 2, port, bias_port (old, channels));
}

static const char *
name_before_bias (const IrOld *old)
{
  return has_bias (old) ? "WithoutBiases" : NULL;
}

IrPort
ir_old_convolution (IrOld *old)
{
  const gboolean backprop =
      strcmp (old->layer->old->op, "ConvolutionBackpropData") == 0;
  g_autofree char *grouped = g_strconcat ("Group", old->layer->old->op, NULL);
  Channels channels;
  Window window;
  IrShape shape;
  IrPort out;

  if (!read_window (old, &window) || !read_channels (old, "group", &channels))
    return IR_OLD_NONE;
  shape = backprop
      ? weights_shape (&channels, channels.in, channels.out, &window)
      : weights_shape (&channels, channels.out, channels.in, &window);
  out = ir_old_op (old, name_before_bias (old),
      channels.group > 1 ? grouped : old->layer->old->op, 1, 2, old->in[0],
      conv_weights (old, &shape));
  set_window (old, out, &window);
  if (out.node)
    ir_node_set_i64s (
        out.node, "dilations", window.dilations, window.rank, NULL);
  return add_bias (old, out, channels.out);
}

IrPort
ir_old_deformable (IrOld *old)
{
  Channels channels;
  Window window;
  IrShape shape;
  IrPort out;

  if (!read_window (old, &window) || !read_channels (old, "group", &channels))
    return IR_OLD_NONE;
  shape = weights_shape (&channels, channels.out, channels.in, &window);
  if (channels.group > 1) {
    ir_old_fail (old, IR_ERROR_UNSUPPORTED,
        "deformable convolutions with groups are not supported");
    return IR_OLD_NONE;
  }
  out = ir_old_op (old, name_before_bias (old), "DeformableConvolution", 1, 3,
      old->in[0], old->in[1], ir_old_blob (old, "weights", &shape));
  ir_old_take_attrs (old, out);
  set_window (old, out, &window);
  if (out.node)
    ir_node_set_i64s (
        out.node, "dilations", window.dilations, window.rank, NULL);
  return add_bias (old, out, channels.out);
}

/* --- pooling --------------------------------------------------------------- */

static gint64
pooled (gint64 size, const Window *window, gsize d, IrRounding rounding)
{
  const gint64 stride = MAX (window->strides[d], 1);
  const gint64 span =
      size + window->begin[d] + window->end[d] - window->kernel[d];
  gint64 out =
      (rounding == IR_ROUNDING_FLOOR ? span : span + stride - 1) / stride + 1;

  /* No window begins behind the image. */
  if (rounding == IR_ROUNDING_CEIL_TORCH &&
      (out - 1) * stride >= size + window->begin[d])
    out--;
  return out;
}

static gboolean
rounding_fits (const IrOld *old, const Window *window, IrRounding rounding)
{
  const IrShape *in = ir_old_in_shape (old, 0);
  const IrShape *out = ir_old_out_shape (old, 0);

  for (gsize d = 0; d < window->rank; d++)
    if (out->rank != in->rank ||
        out->dim[d + 2] != pooled (in->dim[d + 2], window, d, rounding))
      return FALSE;
  return TRUE;
}

static const char *const rounding_names[] = { "floor", "ceil", "ceil_torch" };

/* The old engines took the sizes of the file, and "ceil" of an old file may mean
 * either of two: the one that gives these sizes. */
static IrRounding
find_rounding (IrOld *old, const Window *window)
{
  const char *text = ir_old_text (old, "rounding_type", "floor");
  const IrRounding said = g_ascii_strcasecmp (text, "ceil") == 0
      ? IR_ROUNDING_CEIL
      : IR_ROUNDING_FLOOR;

  if (rounding_fits (old, window, said))
    return said;
  for (guint i = 0; i < G_N_ELEMENTS (rounding_names); i++)
    if (rounding_fits (old, window, (IrRounding) i))
      return (IrRounding) i;
  return said;
}

IrPort
ir_old_pooling (IrOld *old)
{
  const char *method = ir_old_text (old, "pool-method", "max");
  const gboolean is_max = g_ascii_strcasecmp (method, "max") == 0;
  const gboolean exclude = ir_old_bool (old, "exclude-pad", FALSE);
  IrRounding rounding;
  Window window;
  IrPort out;

  if (!is_max && g_ascii_strcasecmp (method, "avg") != 0)
    ir_old_fail (old, IR_ERROR_UNSUPPORTED,
        "pool-method=\"%.32s\" is not supported, max and avg are", method);
  if (!read_window (old, &window))
    return IR_OLD_NONE;
  rounding = find_rounding (old, &window);
  out = ir_old_op (old, NULL, is_max ? "MaxPool" : "AvgPool",
      rounding == IR_ROUNDING_CEIL_TORCH ? 14 : 1, 1, old->in[0]);
  set_window (old, out, &window);
  if (!out.node)
    return out;
  ir_node_set_i64s (out.node, "kernel", window.kernel, window.rank, NULL);
  ir_old_set (old, out, "rounding_type", rounding_names[rounding]);
  if (!is_max)
    ir_old_set (old, out, "exclude-pad", exclude ? "true" : "false");
  return out;
}
