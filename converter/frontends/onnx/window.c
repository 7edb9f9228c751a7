/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "window.h"

#include <string.h>

#define MAX_EXTENT G_MAXINT32

static void
read_list (IrBuild *n, const char *attr, gint64 *out, gsize count, gint64 def,
    gint64 least)
{
  IrI64s list;
  gboolean given = ir_build_i64s (n, attr, &list);

  if (given && list.n != count) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "has %" G_GSIZE_FORMAT " numbers in \"%s\", but %" G_GSIZE_FORMAT
        " are expected",
        list.n, attr, count);
    return;
  }
  for (gsize i = 0; i < count; i++) {
    out[i] = given ? list.v[i] : def;
    if (out[i] < least || out[i] > MAX_EXTENT)
      ir_build_fail (n, IR_ERROR_SHAPE,
          "has %" G_GINT64_FORMAT " in \"%s\", which is out of range", out[i],
          attr);
  }
}

static const char *
read_auto_pad (IrBuild *n)
{
  const char *text = ir_build_text (n, "auto_pad", "NOTSET");

  if (strcmp (text, "NOTSET") == 0 || text[0] == '\0')
    return "explicit";
  if (strcmp (text, "VALID") == 0)
    return "valid";
  if (strcmp (text, "SAME_UPPER") == 0)
    return "same_upper";
  if (strcmp (text, "SAME_LOWER") == 0)
    return "same_lower";
  ir_build_fail (n, IR_ERROR_PARSE, "has the unknown auto_pad \"%s\"", text);
  return "explicit";
}

gsize
onnx_window_dims (IrBuild *n, IrPort data)
{
  gint rank = ir_build_rank (n, data);

  if (!ir_build_failed (n) && rank < 3)
    ir_build_fail (
        n, IR_ERROR_SHAPE, "pools a tensor of less than 3 dimensions");
  return ir_build_failed (n) ? 1 : (gsize) rank - 2;
}

void
onnx_window_read (IrBuild *n, gsize n_dims, OnnxWindow *window)
{
  gint64 pads[2 * IR_MAX_RANK];

  memset (window, 0, sizeof *window);
  window->n = n_dims;
  window->auto_pad = read_auto_pad (n);
  read_list (n, "kernel_shape", window->kernel, n_dims, 1, 1);
  read_list (n, "strides", window->strides, n_dims, 1, 1);
  read_list (n, "dilations", window->dilations, n_dims, 1, 1);
  read_list (n, "pads", pads, 2 * n_dims, 0, -MAX_EXTENT);
  if (ir_build_failed (n) || strcmp (window->auto_pad, "explicit") != 0)
    return;
  memcpy (window->begin, pads, n_dims * sizeof (gint64));
  memcpy (window->end, pads + n_dims, n_dims * sizeof (gint64));
}

void
onnx_window_write (
    IrBuild *n, const OnnxWindow *window, IrNode *op, gboolean dilations)
{
  ir_build_set_i64s (n, op, "strides", window->strides, window->n);
  ir_build_set_i64s (n, op, "pads_begin", window->begin, window->n);
  ir_build_set_i64s (n, op, "pads_end", window->end, window->n);
  ir_build_set_text (n, op, "auto_pad", window->auto_pad);
  if (dilations)
    ir_build_set_i64s (n, op, "dilations", window->dilations, window->n);
}

IrPort
onnx_group_weights (IrBuild *n, IrPort weights, gint64 group)
{
  const IrShape *shape = ir_build_shape_of (weights);
  gint64 dims[IR_MAX_RANK + 1] = { group, -1 };
  gint64 head[2] = { group, -1 };

  if (shape->rank + 1 > IR_MAX_RANK) {
    ir_build_fail (n, IR_ERROR_LIMIT, "has weights of too many dimensions");
    return IR_NO_PORT;
  }
  if (!ir_shape_is_static (shape))
    return ir_build_reshape (n, weights,
        ir_build_concat (n, 0, 2, ir_build_list (n, head, 2),
            ir_build_slice (n, ir_build_shape (n, weights), 0, 1, G_MAXINT32)));
  if (shape->dim[0] % group != 0) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "has %" G_GINT64_FORMAT
        " groups, which don't divide the %" G_GINT64_FORMAT
        " channels of its weights",
        group, shape->dim[0]);
    return IR_NO_PORT;
  }
  dims[1] = shape->dim[0] / group;
  memcpy (
      dims + 2, shape->dim + 1, (gsize) (shape->rank - 1) * sizeof (gint64));
  return ir_build_reshape_to (n, weights, dims, (gsize) shape->rank + 1);
}
