/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layers that move, cut and join. */
#include "map.h"

#include <string.h>

/* Dropout in use, Split: each top is the bottom. */
void
caffe_map_identity (IrBuild *n)
{
  for (gsize i = 0; i < n->n_outputs; i++)
    ir_build_out (n, i, ir_build_in (n, 0));
}

void
caffe_map_concat (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 axis = caffe_axis (n, data, "axis", caffe_i64 (n, "concat_dim", 1));
  IrNode *op;

  if (caffe_n_bottoms (n) == 1) {
    ir_build_out (n, 0, data);
    return;
  }
  op = ir_build_add_v (n, "Concat", 1, n->in, caffe_n_bottoms (n), 0);
  ir_build_set_i64 (n, op, "axis", axis);
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* The axes from @first to @last become @count dimensions. */
static IrPort
replace_axes (IrBuild *n, IrPort data, gint64 first, gint64 last,
    const gint64 *dims, gsize count)
{
  gint64 all[2 * IR_MAX_RANK] = { 0 };
  gint rank = ir_build_rank (n, data);
  gsize at = (gsize) first;

  if (count > IR_MAX_RANK || first + (gint64) count + rank > IR_MAX_RANK + last)
    ir_build_fail (n, IR_ERROR_LIMIT, "has too many dimensions");
  if (ir_build_failed (n))
    return IR_NO_PORT;
  for (gsize i = 0; i < count; i++)
    all[at++] = dims[i];
  for (gint64 i = last + 1; i < rank; i++)
    all[at++] = caffe_dim (n, data, i);
  return caffe_reshape (n, data, all, at);
}

void
caffe_map_flatten (IrBuild *n)
{
  static const gint64 open = -1;
  IrPort data = ir_build_in (n, 0);
  gint64 first = caffe_axis (n, data, "axis", 1);
  gint64 last = caffe_axis (n, data, "end_axis", -1);

  if (last < first)
    ir_build_fail (n, IR_ERROR_PARSE, "has its end_axis before its axis");
  ir_build_out (n, 0, replace_axes (n, data, first, last, &open, 1));
}

/* Of a dimension that is 0 the IR's Reshape takes the one in the same place, and so
 * does Caffe, which counts from the axis. */
void
caffe_map_reshape (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 axis = caffe_i64 (n, "axis", 0), count;
  gint rank = ir_build_rank (n, data);
  IrI64s dims;

  caffe_i64s (n, "shape.dim", &dims);
  if (axis < 0)
    axis += rank + 1;
  count = caffe_i64 (n, "num_axes", -1);
  if (count < 0)
    count = rank - axis;
  if (axis < 0 || axis > rank || count > rank - axis)
    ir_build_fail (n, IR_ERROR_PARSE, "has axes that its input doesn't have");
  ir_build_out (
      n, 0, replace_axes (n, data, axis, axis + count - 1, dims.v, dims.n));
}

/* Axes that the order doesn't name follow in their own. */
void
caffe_map_permute (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint rank = ir_build_rank (n, data);
  gint64 order[IR_MAX_RANK];
  gsize count = 0;
  guint seen = 0;
  IrI64s list;

  caffe_i64s (n, "order", &list);
  for (gsize i = 0; i < list.n; i++) {
    if (list.v[i] >= rank || (seen >> list.v[i] & 1) != 0) {
      ir_build_fail (n, IR_ERROR_PARSE,
          "has axis %" G_GINT64_FORMAT " twice, or one that is out of range",
          list.v[i]);
      return;
    }
    seen |= 1u << list.v[i];
    order[count++] = list.v[i];
  }
  for (gint i = 0; i < rank; i++) {
    if ((seen >> i & 1) == 0)
      order[count++] = i;
  }
  ir_build_out (n, 0, ir_build_transpose (n, data, order, count));
}

/* --- Slice ------------------------------------------------------------------------- */

static IrNode *
split_at (IrBuild *n, IrPort data, gint64 axis, const IrI64s *points)
{
  g_autofree gint64 *lengths = g_new (gint64, points->n + 1);
  gint64 at = 0;

  if (points->n + 1 != n->n_outputs)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " slice points for %" G_GSIZE_FORMAT " tops",
        points->n, n->n_outputs);
  for (gsize i = 0; i < points->n; i++) {
    if (points->v[i] <= at)
      ir_build_fail (n, IR_ERROR_PARSE, "has slice points that don't ascend");
    lengths[i] = points->v[i] - at;
    at = points->v[i];
  }
  lengths[points->n] = -1;
  return ir_build_add_v (n, "VariadicSplit", 1,
      (const IrPort[]){ data, ir_build_int (n, axis),
          ir_build_list (n, lengths, points->n + 1) },
      3, n->n_outputs);
}

void
caffe_map_slice (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 axis = caffe_axis (n, data, "axis", caffe_i64 (n, "slice_dim", 1));
  IrI64s points;
  IrNode *op;

  if (n->n_outputs == 1) {
    ir_build_out (n, 0, data);
    return;
  }
  if (caffe_i64s (n, "slice_point", &points)) {
    op = split_at (n, data, axis, &points);
  } else {
    op = ir_build_add_v (n, "Split", 1,
        (const IrPort[]){ data, ir_build_int (n, axis) }, 2, n->n_outputs);
    ir_build_set_i64 (n, op, "num_splits", (gint64) n->n_outputs);
  }
  ir_build_done (n, op);
  for (gsize i = 0; !ir_build_failed (n) && i < n->n_outputs; i++)
    ir_build_out (n, i, ir_port (op, (guint) i));
}

/* --- Crop -------------------------------------------------------------------------- */

/* From the axis on as large as the second bottom. */
void
caffe_map_crop (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), other = ir_build_in (n, 1), start, sizes;
  gint64 axis = caffe_axis (n, data, "axis", 2);
  gint64 axes[IR_MAX_RANK], starts[IR_MAX_RANK], ones[IR_MAX_RANK];
  gsize count = 0;
  IrI64s offset;

  caffe_i64s (n, "offset", &offset);
  for (gint64 i = axis; i < ir_build_rank (n, data); i++, count++) {
    axes[count] = i;
    ones[count] = 1;
    starts[count] = offset.n == 0 ? 0
        : offset.n == 1           ? offset.v[0]
        : count < offset.n        ? offset.v[count]
                                  : 0;
  }
  if (offset.n > 1 && offset.n != count)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " offsets for %" G_GSIZE_FORMAT " axes",
        offset.n, count);
  start = ir_build_list (n, starts, count);
  sizes = ir_build_gather (
      n, ir_build_shape (n, other), ir_build_list (n, axes, count), 0);
  ir_build_out (n, 0,
      ir_build_op (n, "Slice", 8, 5, data, start,
          ir_build_op (n, "Add", 1, 2, start, sizes),
          ir_build_list (n, ones, count), ir_build_list (n, axes, count)));
}

/* --- others ------------------------------------------------------------------------ */

void
caffe_map_tile (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 repeats[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };

  repeats[caffe_axis (n, data, "axis", 1)] = caffe_i64 (n, "tiles", 1);
  ir_build_out (n, 0,
      ir_build_op (n, "Tile", 1, 2, data,
          ir_build_list (n, repeats, (gsize) ir_build_rank (n, data))));
}

/* The axis and all behind it become one number. */
void
caffe_map_reduction (IrBuild *n)
{
  static const char *const types[][2] = { { "SUM", "ReduceSum" },
    { "ASUM", "ReduceL1" }, { "SUMSQ", "ReduceSum" },
    { "MEAN", "ReduceMean" } };
  const char *operation = caffe_text (n, "operation", "SUM");
  IrPort data = ir_build_in (n, 0);
  IrPort axes = ir_build_axes_from (n, data, caffe_axis (n, data, "axis", 0));

  if (strcmp (operation, "SUMSQ") == 0)
    data = ir_build_op (n, "Multiply", 1, 2, data, data);
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i][0], operation) == 0)
      data = ir_build_reduce (n, types[i][1], data, axes, FALSE);
  }
  ir_build_out (n, 0, caffe_multiply (n, data, caffe_f64 (n, "coeff", 1)));
}

static IrNode *
top_k (IrBuild *n, IrPort data, gint64 axis)
{
  IrNode *op = ir_build_add_v (n, "TopK", 3,
      (const IrPort[]){ data, ir_build_int (n, caffe_i64 (n, "top_k", 1)) }, 2,
      0);

  ir_build_set_i64 (n, op, "axis", axis);
  ir_build_set_text (n, op, "mode", "max");
  ir_build_set_text (n, op, "sort", "value");
  ir_build_set_dtype (n, op, "index_element_type", IR_DTYPE_I32);
  ir_build_done (n, op);
  return op;
}

/* Along an axis: indices or values. Without one: of each sample, indices and, below
 * them if wanted, values. */
void
caffe_map_arg_max (IrBuild *n)
{
  static const gint64 flat[] = { 0, 1, -1 };
  IrPort data = ir_build_in (n, 0), index;
  gboolean values = caffe_bool (n, "out_max_val", FALSE);
  gboolean has_axis = caffe_has (n, "axis");
  gint64 axis = has_axis ? caffe_axis (n, data, "axis", 0) : 2;
  IrNode *op;

  if (!has_axis)
    data = caffe_reshape (n, data, flat, G_N_ELEMENTS (flat));
  op = top_k (n, data, axis);
  if (ir_build_failed (n))
    return;
  index = ir_build_cast (n, ir_port (op, 1), ir_build_dtype_of (data));
  if (!values)
    ir_build_out (n, 0, index);
  else if (has_axis)
    ir_build_out (n, 0, ir_port (op, 0));
  else
    ir_build_out (n, 0, ir_build_concat (n, 1, 2, index, ir_port (op, 0)));
}

void
caffe_map_shuffle_channel (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "ShuffleChannels", 1, 1, ir_build_in (n, 0));

  ir_build_set_i64 (n, op, "axis", 1);
  ir_build_set_i64 (n, op, "group", caffe_i64 (n, "group", 1));
  ir_build_out (n, 0, ir_build_done (n, op));
}
