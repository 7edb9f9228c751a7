/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reductions, and what is found by one: the place of the largest number. */
#include "map.h"

#include <string.h>

/* What the node reduces over. Axes are an attribute, or an input from opset 13
 * (ReduceSum) or 18 on. Without a node: none, which leaves the data alone. */
static IrPort
read_axes (IrBuild *n, IrPort data)
{
  IrPort axes = IR_NO_PORT;
  IrI64s list;

  if (ir_build_i64s (n, "axes", &list))
    axes = ir_build_list (n, list.v, list.n);
  else if (ir_build_has (n, 1))
    axes = n->in[1];
  /* An empty list means all, unless the node says that it means none. */
  if (axes.node && ir_build_shape_of (axes)->rank == 1 &&
      ir_build_shape_of (axes)->dim[0] == 0)
    axes = IR_NO_PORT;
  if (axes.node == NULL && ir_build_i64 (n, "noop_with_empty_axes", 0) == 0)
    axes = ir_build_axes_from (n, data, 0);
  return axes;
}

static gboolean
keeps_dims (IrBuild *n)
{
  return ir_build_i64 (n, "keepdims", 1) != 0;
}

static IrPort
reduce (IrBuild *n, const char *type, IrPort data)
{
  IrPort axes = read_axes (n, data);

  if (axes.node)
    return ir_build_reduce (n, type, data, axes, keeps_dims (n));
  return data;
}

/* Booleans have reductions of their own. */
static const char *
reduction_of (IrBuild *n, IrPort data)
{
  if (ir_build_dtype_of (data) != IR_DTYPE_BOOLEAN)
    return onnx_node (n)->row->ir;
  if (strcmp (onnx_node (n)->row->ir, "ReduceMax") == 0)
    return "ReduceLogicalOr";
  if (strcmp (onnx_node (n)->row->ir, "ReduceMin") == 0)
    return "ReduceLogicalAnd";
  ir_build_fail (n, IR_ERROR_UNSUPPORTED, "reduces booleans");
  return onnx_node (n)->row->ir;
}

void
onnx_map_reduce (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (n, 0, reduce (n, reduction_of (n, data), data));
}

/* Norms of no more than the number itself are its size. */
void
onnx_map_reduce_norm (IrBuild *n)
{
  ir_build_out (n, 0,
      reduce (n, onnx_node (n)->row->ir,
          ir_build_op (n, "Abs", 1, 1, ir_build_in (n, 0))));
}

void
onnx_map_reduce_sum_square (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (n, 0,
      reduce (n, "ReduceSum", ir_build_op (n, "Multiply", 1, 2, data, data)));
}

void
onnx_map_reduce_log_sum (IrBuild *n)
{
  ir_build_out (n, 0,
      ir_build_op (
          n, "Log", 1, 1, reduce (n, "ReduceSum", ir_build_in (n, 0))));
}

/* The largest number, kept finite so that differences to it are defined. */
static IrPort
finite_peak (IrBuild *n, IrPort data, IrPort axes)
{
  double limit =
      ir_build_dtype_of (data) == IR_DTYPE_F16 ? 65504 : 3.4028234663852886e38;
  IrNode *op = ir_build_add (
      n, "Clamp", 1, 1, ir_build_reduce (n, "ReduceMax", data, axes, TRUE));

  ir_build_set_f64 (n, op, "min", -limit);
  ir_build_set_f64 (n, op, "max", limit);
  return ir_build_done (n, op);
}

/* Powers of e are taken of what is left after the largest number, which is added
 * behind the logarithm: they can't overflow. */
void
onnx_map_reduce_log_sum_exp (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), axes = read_axes (n, data), peak, sum;

  if (axes.node == NULL) {
    ir_build_out (n, 0, data);
    return;
  }
  peak = finite_peak (n, data, axes);
  sum = ir_build_op (
      n, "Exp", 1, 1, ir_build_op (n, "Subtract", 1, 2, data, peak));
  sum = ir_build_op (
      n, "Log", 1, 1, ir_build_reduce (n, "ReduceSum", sum, axes, TRUE));
  sum = ir_build_op (n, "Add", 1, 2, sum, peak);
  ir_build_out (
      n, 0, keeps_dims (n) ? sum : ir_build_op (n, "Squeeze", 1, 2, sum, axes));
}

/* --- places ----------------------------------------------------------------------- */

/* Where along @axis the first of the largest or smallest numbers is, i64, with
 * that dimension kept as 1. */
static IrPort
find (IrBuild *n, IrPort data, gint64 axis, const char *mode)
{
  IrNode *op = ir_build_add (n, "TopK", 3, 2, data, ir_build_int (n, 1));

  ir_build_set_i64 (n, op, "axis", axis);
  ir_build_set_text (n, op, "mode", mode);
  ir_build_set_text (n, op, "sort", "value");
  ir_build_set_dtype (n, op, "index_element_type", IR_DTYPE_I64);
  ir_build_done (n, op);
  return ir_build_failed (n) ? IR_NO_PORT : ir_port (op, 1);
}

static IrPort
reverse (IrBuild *n, IrPort data, gint64 axis)
{
  gint64 from = -1, to = -G_MAXINT32, step = -1;

  return ir_build_op (n, "Slice", 8, 5, data, ir_build_list (n, &from, 1),
      ir_build_list (n, &to, 1), ir_build_list (n, &step, 1),
      ir_build_list (n, &axis, 1));
}

static IrPort
find_last (IrBuild *n, IrPort data, gint64 axis, const char *mode)
{
  IrPort index = find (n, reverse (n, data, axis), axis, mode);
  IrPort last = ir_build_op (
      n, "Subtract", 1, 2, ir_build_dim (n, data, axis), ir_build_int (n, 1));

  return ir_build_op (n, "Subtract", 1, 2, last, index);
}

void
onnx_map_arg (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), index;
  gint64 axis = ir_build_axis (n, data, ir_build_i64 (n, "axis", 0));
  const char *mode =
      strcmp (onnx_node (n)->row->type, "ArgMax") == 0 ? "max" : "min";

  if (ir_build_i64 (n, "select_last_index", 0) != 0)
    index = find_last (n, data, axis, mode);
  else
    index = find (n, data, axis, mode);
  ir_build_out (
      n, 0, keeps_dims (n) ? index : ir_build_squeeze (n, index, axis));
}

/* 1 at the first of the largest numbers along the axis, else 0. */
static IrPort
hardmax (IrBuild *n, IrPort data, gint64 axis)
{
  gint64 dims[IR_MAX_RANK] = { -1, 1, 1, 1, 1, 1, 1, 1 };
  IrPort index = find (n, data, axis, "max");
  IrPort places = ir_build_reshape_to (n,
      ir_build_range (n, ir_build_int (n, 0), ir_build_dim (n, data, axis)),
      dims, (gsize) (ir_build_rank (n, data) - axis));

  return ir_build_cast (n, ir_build_op (n, "Equal", 1, 2, index, places),
      ir_build_dtype_of (data));
}

static IrPort
softmax (IrBuild *n, IrPort data, gint64 axis)
{
  IrNode *op = ir_build_add (
      n, onnx_node (n)->row->ir, onnx_node (n)->row->ir_opset, 1, data);

  ir_build_set_i64 (n, op, "axis", axis);
  return ir_build_done (n, op);
}

/* Before opset 13 everything from the axis on is one dimension. */
void
onnx_map_softmax (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 axis = ir_build_axis (
      n, data, ir_build_i64 (n, "axis", onnx_node (n)->opset < 13 ? 1 : -1));
  gboolean whole =
      onnx_node (n)->opset >= 13 || axis + 1 == ir_build_rank (n, data);
  IrPort shape = IR_NO_PORT;

  if (!whole) {
    shape = ir_build_shape (n, data);
    data = ir_build_reshape (n, data,
        ir_build_concat (n, 0, 2, ir_build_slice (n, shape, 0, 0, axis),
            ir_build_list (n, (const gint64[]){ -1 }, 1)));
  }
  if (onnx_node (n)->row->ir != NULL)
    data = softmax (n, data, axis);
  else
    data = hardmax (n, data, axis);
  ir_build_out (n, 0, whole ? data : ir_build_reshape (n, data, shape));
}
