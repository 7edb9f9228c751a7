/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old layers that move data. */
#include "old.h"

#include <string.h>

#define MAX_CROPS IR_MAX_RANK

/* The sizes that the file gives the output, the batch left open if it is that of
 * the input. */
static IrPort
out_sizes (IrOld *old)
{
  IrShape shape = *ir_old_out_shape (old, 0);
  const IrShape *in = ir_old_in_shape (old, 0);

  if (shape.rank > 1 && in->rank > 0 && shape.dim[0] == in->dim[0])
    shape.dim[0] = 0;
  return ir_old_list (old, "shape", shape.dim, (gsize) shape.rank);
}

static IrPort
reshape (IrOld *old, const char *suffix, IrPort in, IrPort sizes)
{
  IrPort out = ir_old_op (old, suffix, "Reshape", 1, 2, in, sizes);

  ir_old_set (old, out, "special_zero", "true");
  return out;
}

IrPort
ir_old_reshape (IrOld *old)
{
  const IrI64s dims = ir_old_has (old, "dim") ? ir_old_i64s (old, "dim")
                                              : ir_old_i64s (old, "shape");
  const gboolean whole = ir_old_i64 (old, "axis", 0) == 0 &&
      ir_old_i64 (old, "num_axes", -1) == -1;

  if (old->layer->n_in > 1)
    return reshape (old, NULL, old->in[0], old->in[1]);
  if (dims.n > 0 && whole)
    return reshape (
        old, NULL, old->in[0], ir_old_list (old, "shape", dims.v, dims.n));
  return reshape (old, NULL, old->in[0], out_sizes (old));
}

IrPort
ir_old_flatten (IrOld *old)
{
  const gint rank = ir_old_in_shape (old, 0)->rank;
  const guint axis = ir_old_axis (old, "axis", rank > 1 ? 1 : 0);
  const guint end = ir_old_axis (old, "end_axis", -1);
  gint64 dims[IR_MAX_RANK] = { 0 };

  if (end + 1 != (guint) rank)
    return reshape (old, NULL, old->in[0], out_sizes (old));
  dims[axis] = -1;
  return reshape (
      old, NULL, old->in[0], ir_old_list (old, "shape", dims, axis + 1));
}

IrPort
ir_old_permute (IrOld *old)
{
  const IrI64s order = ir_old_i64s (old, "order");

  return ir_old_op (old, NULL, "Transpose", 1, 2, old->in[0],
      ir_old_list (old, "order", order.v, order.n));
}

IrPort
ir_old_tile (IrOld *old)
{
  gint64 repeats[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };

  repeats[ir_old_axis (old, "axis", 1)] = ir_old_i64 (old, "tiles", 1);
  return ir_old_op (old, NULL, "Tile", 1, 2, old->in[0],
      ir_old_list (
          old, "repeats", repeats, (gsize) ir_old_in_shape (old, 0)->rank));
}

/* --- pieces ---------------------------------------------------------------- */

static IrPort
split_unequally (IrOld *old, guint axis)
{
  const gsize n = old->layer->n_out;
  g_autofree gint64 *lengths = g_new (gint64, n);

  for (gsize i = 0; i < n; i++) {
    const IrShape *shape = ir_old_out_shape (old, i);

    lengths[i] = axis < (guint) shape->rank ? shape->dim[axis] : 0;
  }
  {
    const IrPort in[] = { old->in[0], ir_old_index (old, "axis", axis),
      ir_old_list (old, "lengths", lengths, n) };

    return ir_old_op_of (old, NULL, "VariadicSplit", 1, in, 3, n);
  }
}

static gboolean
is_equal_split (const IrOld *old)
{
  for (gsize i = 1; i < old->layer->n_out; i++)
    if (!ir_shape_equal (ir_old_out_shape (old, i), ir_old_out_shape (old, 0)))
      return FALSE;
  return TRUE;
}

/* The sizes of the outputs are those of the file. */
IrPort
ir_old_split (IrOld *old)
{
  const gsize n = old->layer->n_out;
  const guint axis = ir_old_axis (old, "axis", 1);
  IrPort out;

  if (is_equal_split (old)) {
    const IrPort in[] = { old->in[0], ir_old_index (old, "axis", axis) };

    out = ir_old_op_of (old, NULL, "Split", 1, in, 2, n);
    if (out.node)
      ir_node_set_i64 (out.node, "num_splits", (gint64) n, NULL);
  } else {
    out = split_unequally (old, axis);
  }
  for (guint i = 1; out.node && i < n; i++)
    ir_old_out (old, i, ir_port (out.node, i));
  return out;
}

typedef struct {
  gint64 begin[IR_MAX_RANK];
  gint64 end[IR_MAX_RANK];
} Ranges;

/* Crops as long as the output is. */
static void
crop_axis (IrOld *old, Ranges *ranges, gint64 axis, gint64 offset)
{
  const IrShape *in = ir_old_in_shape (old, 0);
  const IrShape *out = ir_old_out_shape (old, 0);

  if (axis < 0)
    axis += in->rank;
  if (axis < 0 || axis >= in->rank || out->rank != in->rank || offset < 0 ||
      offset > in->dim[axis] - out->dim[axis]) {
    ir_old_fail (old, IR_ERROR_SHAPE,
        "crops axis %" G_GINT64_FORMAT " from %" G_GINT64_FORMAT
        " on, which is not inside its input",
        axis, offset);
    return;
  }
  ranges->begin[axis] = offset;
  ranges->end[axis] = offset + out->dim[axis];
}

/* Version 2 has an element for each axis. */
static void
read_crops (IrOld *old, Ranges *ranges)
{
  const xmlNode *xml = ir_dom_child (old->layer->data, "crop");
  const IrI64s axes = ir_old_i64s (old, "axis");
  const IrI64s offsets =
      ir_old_i64s (old, ir_old_has (old, "offset") ? "offset" : "crop_begin");

  for (; xml; xml = ir_dom_next (xml, "crop")) {
    gint64 axis = 0, offset = 0;

    if (old->error || !ir_dom_get_i64 (xml, "axis", &axis, &old->error) ||
        !ir_dom_get_i64 (xml, "offset", &offset, &old->error))
      return;
    crop_axis (old, ranges, axis, offset);
  }
  if (axes.n != offsets.n)
    ir_old_fail (old, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " axes to crop and %" G_GSIZE_FORMAT " offsets",
        axes.n, offsets.n);
  for (gsize i = 0; i < axes.n && !old->error; i++)
    crop_axis (old, ranges, axes.v[i], offsets.v[i]);
}

IrPort
ir_old_crop (IrOld *old)
{
  static const gint64 zeros[IR_MAX_RANK] = { 0 };
  const IrShape *in = ir_old_in_shape (old, 0);
  const gsize rank = (gsize) in->rank;
  gint64 ignored[IR_MAX_RANK];
  Ranges ranges = { { 0 }, { 0 } };
  IrPort out;

  read_crops (old, &ranges);
  for (gsize d = 0; d < rank; d++)
    ignored[d] = ranges.end[d] == 0;
  out = ir_old_op (old, NULL, "StridedSlice", 1, 3, old->in[0],
      ir_old_list (old, "begin", ranges.begin, rank),
      ir_old_list (old, "end", ranges.end, rank));
  if (out.node) {
    ir_node_set_i64s (out.node, "begin_mask", zeros, rank, NULL);
    ir_node_set_i64s (out.node, "end_mask", ignored, rank, NULL);
  }
  return out;
}

/* The masks of begin and end say what counts; today's say what does not. */
static void
set_inverted (IrOld *old, IrPort port, const char *mask, gsize n)
{
  const IrI64s was = ir_old_i64s (old, mask);
  gint64 now[IR_MAX_RANK] = { 0 };

  if (was.n > IR_MAX_RANK) {
    ir_old_fail (
        old, IR_ERROR_LIMIT, "%s has more than %d values", mask, IR_MAX_RANK);
    return;
  }
  for (gsize i = 0; i < was.n; i++)
    now[i] = was.v[i] == 0;
  if (port.node)
    ir_node_set_i64s (port.node, mask, now, was.n > 0 ? was.n : n, NULL);
}

IrPort
ir_old_strided_slice (IrOld *old)
{
  static const char *const inverted[] = { "begin_mask", "end_mask" };
  static const char *const kept[] = { "new_axis_mask", "shrink_axis_mask",
    "ellipsis_mask" };
  const IrShape *begin = ir_old_in_shape (old, 1);
  const gint64 n = begin->rank > 0 ? begin->dim[0] : 0;
  IrPort out =
      ir_old_op_of (old, NULL, "StridedSlice", 1, old->in, old->layer->n_in, 0);

  for (gsize i = 0; i < G_N_ELEMENTS (inverted); i++)
    set_inverted (old, out, inverted[i], (gsize) CLAMP (n, 0, IR_MAX_RANK));
  for (gsize i = 0; i < G_N_ELEMENTS (kept); i++)
    ir_old_set (old, out, kept[i], ir_old_text (old, kept[i], ""));
  return out;
}

IrPort
ir_old_gather (IrOld *old)
{
  return ir_old_op (old, NULL, "Gather", 1, 3, old->in[0], old->in[1],
      ir_old_index (old, "axis", ir_old_i64 (old, "axis", 0)));
}

/* --- filling --------------------------------------------------------------- */

IrPort
ir_old_pad (IrOld *old)
{
  const IrI64s begin = ir_old_i64s (old, "pads_begin");
  const IrI64s end = ir_old_i64s (old, "pads_end");
  IrPort out = ir_old_op (old, NULL, "Pad", 1, 4, old->in[0],
      ir_old_list (old, "pads_begin", begin.v, begin.n),
      ir_old_list (old, "pads_end", end.v, end.n),
      ir_old_number (old, "pad_value", ir_old_f64 (old, "pad_value", 0)));

  ir_old_set (old, out, "pad_mode", ir_old_text (old, "pad_mode", "constant"));
  return out;
}

IrPort
ir_old_fill (IrOld *old)
{
  return ir_old_op (old, NULL, "Broadcast", 1, 2, old->in[1], old->in[0]);
}

IrPort
ir_old_broadcast (IrOld *old)
{
  return ir_old_op (old, NULL, "Broadcast", 1, 2, old->in[0], old->in[1]);
}

IrPort
ir_old_shape (IrOld *old)
{
  IrPort out = ir_old_op (old, NULL, "ShapeOf", 3, 1, old->in[0]);

  ir_old_set (old, out, "output_type", "i32");
  return out;
}

IrPort
ir_old_one_hot (IrOld *old)
{
  IrPort out = ir_old_op (old, NULL, "OneHot", 1, 4, old->in[0],
      ir_old_index (old, "depth", ir_old_i64 (old, "depth", 0)),
      ir_old_number (old, "on", ir_old_f64 (old, "on_value", 1)),
      ir_old_number (old, "off", ir_old_f64 (old, "off_value", 0)));

  if (out.node)
    ir_node_set_i64 (out.node, "axis", ir_old_i64 (old, "axis", -1), NULL);
  return out;
}

/* --- resizing -------------------------------------------------------------- */

typedef struct {
  const char *mode;
  const char *coordinates;
  const char *nearest;
  gboolean antialias;
} Resize;

/* To the sizes that the file gives the output. */
static IrPort
resize (IrOld *old, const Resize *how)
{
  const IrShape *in = ir_old_in_shape (old, 0);
  const IrShape *to = ir_old_out_shape (old, 0);
  const gsize n = (gsize) MAX (in->rank - 2, 0);
  const IrShape scales_shape = ir_shape_1d ((gint64) n);
  gint64 axes[IR_MAX_RANK];
  float scales[IR_MAX_RANK];
  g_autoptr (IrTensor) ratios = NULL;
  IrPort out;

  if (to->rank != in->rank || n == 0) {
    ir_old_fail (old, IR_ERROR_SHAPE, "resizes to other dimensions");
    return IR_OLD_NONE;
  }
  for (gsize d = 0; d < n; d++) {
    axes[d] = (gint64) d + 2;
    scales[d] = (float) ((double) to->dim[d + 2] / (double) in->dim[d + 2]);
  }
  ratios = ir_tensor_new_f32 (scales, (gsize) scales_shape.dim[0]);
  out = ir_old_op (old, NULL, "Interpolate", 4, 4, old->in[0],
      ir_old_list (old, "sizes", to->dim + 2, n),
      ir_old_add_const (old, "scales", ratios),
      ir_old_list (old, "axes", axes, n));
  ir_old_set (old, out, "mode", how->mode);
  ir_old_set (old, out, "shape_calculation_mode", "sizes");
  ir_old_set (old, out, "coordinate_transformation_mode", how->coordinates);
  ir_old_set (old, out, "nearest_mode", how->nearest);
  ir_old_set (old, out, "antialias", how->antialias ? "true" : "false");
  return out;
}

IrPort
ir_old_interp (IrOld *old)
{
  const gboolean align = ir_old_bool (old, "align_corners", FALSE);
  const Resize how = { "linear_onnx", align ? "align_corners" : "asymmetric",
    "floor", FALSE };

  if (ir_old_i64 (old, "pad_beg", 0) != 0 ||
      ir_old_i64 (old, "pad_end", 0) != 0)
    ir_old_fail (old, IR_ERROR_UNSUPPORTED,
        "pad_beg and pad_end other than 0 are not supported");
  return resize (old, &how);
}

IrPort
ir_old_resample (IrOld *old)
{
  static const struct {
    const char *type;
    Resize how;
  } types[] = {
    { "caffe.ResampleParameter.NEAREST",
        { "nearest", "half_pixel", "round_prefer_ceil", FALSE } },
    { "caffe.ResampleParameter.LINEAR",
        { "linear", "half_pixel", "floor", FALSE } },
  };
  const char *type = ir_old_text (old, "type", types[0].type);
  const gboolean antialias = ir_old_bool (old, "antialias", FALSE);

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    Resize how = types[i].how;

    how.antialias = antialias && i > 0;
    if (g_ascii_strcasecmp (type, types[i].type) == 0)
      return resize (old, &how);
  }
  ir_old_fail (old, IR_ERROR_UNSUPPORTED,
      "type=\"%.64s\" is not supported, NEAREST and LINEAR are", type);
  return IR_OLD_NONE;
}
