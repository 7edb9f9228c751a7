/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reductions, and what is found by one: the place of the largest number. */
#include "map.h"

#include <string.h>

/* What the node reduces over. Axes are an attribute, or an input from opset 13
 * (ReduceSum) or 18 on. Without a node: none, which leaves the data alone. */
static IrPort
read_axes (OnnxNode *n, IrPort data)
{
  IrPort axes = ONNX_NONE;
  IrI64s list;

  if (onnx_i64s (n, "axes", &list))
    axes = onnx_list (n, list.v, list.n);
  else if (onnx_has (n, 1))
    axes = n->in[1];
  /* An empty list means all, unless the node says that it means none. */
  if (axes.node && onnx_shape_of (axes)->rank == 1 &&
      onnx_shape_of (axes)->dim[0] == 0)
    axes = ONNX_NONE;
  if (axes.node == NULL && onnx_i64 (n, "noop_with_empty_axes", 0) == 0)
    axes = onnx_axes_from (n, data, 0);
  return axes;
}

static gboolean
keeps_dims (OnnxNode *n)
{
  return onnx_i64 (n, "keepdims", 1) != 0;
}

static IrPort
reduce (OnnxNode *n, const char *type, IrPort data)
{
  IrPort axes = read_axes (n, data);

  if (axes.node)
    return onnx_reduce (n, type, data, axes, keeps_dims (n));
  return data;
}

/* Booleans have reductions of their own. */
static const char *
reduction_of (OnnxNode *n, IrPort data)
{
  if (onnx_dtype_of (data) != IR_DTYPE_BOOLEAN)
    return n->row->ir;
  if (strcmp (n->row->ir, "ReduceMax") == 0)
    return "ReduceLogicalOr";
  if (strcmp (n->row->ir, "ReduceMin") == 0)
    return "ReduceLogicalAnd";
  onnx_fail (n, IR_ERROR_UNSUPPORTED, "reduces booleans");
  return n->row->ir;
}

void
onnx_map_reduce (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  onnx_out (n, 0, reduce (n, reduction_of (n, data), data));
}

/* Norms of no more than the number itself are its size. */
void
onnx_map_reduce_norm (OnnxNode *n)
{
  onnx_out (
      n, 0, reduce (n, n->row->ir, onnx_op (n, "Abs", 1, 1, onnx_in (n, 0))));
}

void
onnx_map_reduce_sum_square (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  onnx_out (
      n, 0, reduce (n, "ReduceSum", onnx_op (n, "Multiply", 1, 2, data, data)));
}

void
onnx_map_reduce_log_sum (OnnxNode *n)
{
  onnx_out (
      n, 0, onnx_op (n, "Log", 1, 1, reduce (n, "ReduceSum", onnx_in (n, 0))));
}

/* The largest number, kept finite so that differences to it are defined. */
static IrPort
finite_peak (OnnxNode *n, IrPort data, IrPort axes)
{
  double limit =
      onnx_dtype_of (data) == IR_DTYPE_F16 ? 65504 : 3.4028234663852886e38;
  IrNode *op = onnx_add (
      n, "Clamp", 1, 1, onnx_reduce (n, "ReduceMax", data, axes, TRUE));

  onnx_set_f64 (n, op, "min", -limit);
  onnx_set_f64 (n, op, "max", limit);
  return onnx_done (n, op);
}

/* Powers of e are taken of what is left after the largest number, which is added
 * behind the logarithm: they can't overflow. */
void
onnx_map_reduce_log_sum_exp (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0), axes = read_axes (n, data), peak, sum;

  if (axes.node == NULL) {
    onnx_out (n, 0, data);
    return;
  }
  peak = finite_peak (n, data, axes);
  sum = onnx_op (n, "Exp", 1, 1, onnx_op (n, "Subtract", 1, 2, data, peak));
  sum = onnx_op (n, "Log", 1, 1, onnx_reduce (n, "ReduceSum", sum, axes, TRUE));
  sum = onnx_op (n, "Add", 1, 2, sum, peak);
  onnx_out (
      n, 0, keeps_dims (n) ? sum : onnx_op (n, "Squeeze", 1, 2, sum, axes));
}

/* --- places ----------------------------------------------------------------------- */

/* Where along @axis the first of the largest or smallest numbers is, i64, with
 * that dimension kept as 1. */
static IrPort
find (OnnxNode *n, IrPort data, gint64 axis, const char *mode)
{
  IrNode *op = onnx_add (n, "TopK", 3, 2, data, onnx_int (n, 1));

  onnx_set_i64 (n, op, "axis", axis);
  onnx_set_text (n, op, "mode", mode);
  onnx_set_text (n, op, "sort", "value");
  onnx_set_dtype (n, op, "index_element_type", IR_DTYPE_I64);
  onnx_done (n, op);
  return onnx_failed (n) ? ONNX_NONE : ir_port (op, 1);
}

static IrPort
reverse (OnnxNode *n, IrPort data, gint64 axis)
{
  gint64 from = -1, to = -G_MAXINT32, step = -1;

  return onnx_op (n, "Slice", 8, 5, data, onnx_list (n, &from, 1),
      onnx_list (n, &to, 1), onnx_list (n, &step, 1), onnx_list (n, &axis, 1));
}

static IrPort
find_last (OnnxNode *n, IrPort data, gint64 axis, const char *mode)
{
  IrPort index = find (n, reverse (n, data, axis), axis, mode);
  IrPort last =
      onnx_op (n, "Subtract", 1, 2, onnx_dim (n, data, axis), onnx_int (n, 1));

  return onnx_op (n, "Subtract", 1, 2, last, index);
}

void
onnx_map_arg (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0), index;
  gint64 axis = onnx_axis (n, data, onnx_i64 (n, "axis", 0));
  const char *mode = strcmp (n->row->type, "ArgMax") == 0 ? "max" : "min";

  if (onnx_i64 (n, "select_last_index", 0) != 0)
    index = find_last (n, data, axis, mode);
  else
    index = find (n, data, axis, mode);
  onnx_out (n, 0, keeps_dims (n) ? index : onnx_squeeze (n, index, axis));
}

/* 1 at the first of the largest numbers along the axis, else 0. */
static IrPort
hardmax (OnnxNode *n, IrPort data, gint64 axis)
{
  gint64 dims[IR_MAX_RANK] = { -1, 1, 1, 1, 1, 1, 1, 1 };
  IrPort index = find (n, data, axis, "max");
  IrPort places = onnx_reshape_to (n,
      onnx_range (n, onnx_int (n, 0), onnx_dim (n, data, axis)), dims,
      (gsize) (onnx_rank (n, data) - axis));

  return onnx_cast (
      n, onnx_op (n, "Equal", 1, 2, index, places), onnx_dtype_of (data));
}

static IrPort
softmax (OnnxNode *n, IrPort data, gint64 axis)
{
  IrNode *op = onnx_add (n, n->row->ir, n->row->ir_opset, 1, data);

  onnx_set_i64 (n, op, "axis", axis);
  return onnx_done (n, op);
}

/* Before opset 13 everything from the axis on is one dimension. */
void
onnx_map_softmax (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  gint64 axis =
      onnx_axis (n, data, onnx_i64 (n, "axis", n->opset < 13 ? 1 : -1));
  gboolean whole = n->opset >= 13 || axis + 1 == onnx_rank (n, data);
  IrPort shape = ONNX_NONE;

  if (!whole) {
    shape = onnx_shape (n, data);
    data = onnx_reshape (n, data,
        onnx_concat (n, 0, 2, onnx_slice (n, shape, 0, 0, axis),
            onnx_list (n, (const gint64[]){ -1 }, 1)));
  }
  if (n->row->ir != NULL)
    data = softmax (n, data, axis);
  else
    data = hardmax (n, data, axis);
  onnx_out (n, 0, whole ? data : onnx_reshape (n, data, shape));
}
