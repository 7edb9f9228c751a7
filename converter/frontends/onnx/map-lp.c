/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Norms of order p: roots of sums of powers, of axes and of windows. */
#include "map.h"
#include "window.h"

/* p, which is a real number in the first opsets. */
static double
read_order (IrBuild *n)
{
  double p = ir_build_f64 (n, "p", (double) ir_build_i64 (n, "p", 2));

  if (!(p >= 1))
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has the order %g", p);
  return p;
}

static IrPort
power (IrBuild *n, IrPort data, double p)
{
  data = ir_build_op (n, "Abs", 1, 1, data);
  if (p == 1)
    return data;
  return ir_build_op (n, "Power", 1, 2, data, ir_build_like (n, data, p));
}

static IrPort
root (IrBuild *n, IrPort data, double p)
{
  if (p == 1)
    return data;
  return ir_build_op (n, "Power", 1, 2, data, ir_build_like (n, data, 1 / p));
}

static IrPort
norm (IrBuild *n, IrPort data, IrPort axes, double p)
{
  if (p == 1 || p == 2)
    return ir_build_reduce (
        n, p == 1 ? "ReduceL1" : "ReduceL2", data, axes, TRUE);
  return root (
      n, ir_build_reduce (n, "ReduceSum", power (n, data, p), axes, TRUE), p);
}

/* Vectors of length 0 stay as they are. */
void
onnx_map_lp_normalization (IrBuild *n)
{
  gint64 axis = ir_build_i64 (n, "axis", -1);
  IrPort data = ir_build_in (n, 0);
  IrPort length = norm (n, data, ir_build_list (n, &axis, 1), read_order (n));
  IrPort flat =
      ir_build_op (n, "Equal", 1, 2, length, ir_build_like (n, length, 0));

  length = ir_build_op (
      n, "Select", 1, 3, flat, ir_build_like (n, length, 1), length);
  ir_build_out (n, 0, ir_build_op (n, "Divide", 1, 2, data, length));
}

void
onnx_map_global_lp_pool (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (
      n, 0, norm (n, data, ir_build_axes_from (n, data, 2), read_order (n)));
}

/* Means of windows, times their size, are sums. */
void
onnx_map_lp_pool (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  double p = read_order (n), size = 1;
  OnnxWindow window;
  IrNode *op;

  onnx_window_read (n, onnx_window_dims (n, data), &window);
  for (gsize i = 0; i < window.n; i++) {
    size *= (double) window.kernel[i];
    if (window.dilations[i] != 1)
      ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has dilations");
  }
  if (ir_build_i64 (n, "ceil_mode", 0) != 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "rounds its size up (ceil_mode)");
  op = ir_build_add (n, "AvgPool", 1, 1, power (n, data, p));
  ir_build_set_i64s (n, op, "kernel", window.kernel, window.n);
  onnx_window_write (n, &window, op, FALSE);
  ir_build_set_bool (n, op, "exclude-pad", FALSE);
  data = ir_build_done (n, op);
  data = ir_build_op (n, "Multiply", 1, 2, data, ir_build_like (n, data, size));
  ir_build_out (n, 0, root (n, data, p));
}
