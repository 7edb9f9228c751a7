/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Norms of order p: roots of sums of powers, of axes and of windows. */
#include "map.h"
#include "window.h"

/* p, which is a real number in the first opsets. */
static double
read_order (OnnxNode *n)
{
  double p = onnx_f64 (n, "p", (double) onnx_i64 (n, "p", 2));

  if (!(p >= 1))
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "has the order %g", p);
  return p;
}

static IrPort
power (OnnxNode *n, IrPort data, double p)
{
  data = onnx_op (n, "Abs", 1, 1, data);
  if (p == 1)
    return data;
  return onnx_op (n, "Power", 1, 2, data, onnx_like (n, data, p));
}

static IrPort
root (OnnxNode *n, IrPort data, double p)
{
  if (p == 1)
    return data;
  return onnx_op (n, "Power", 1, 2, data, onnx_like (n, data, 1 / p));
}

static IrPort
norm (OnnxNode *n, IrPort data, IrPort axes, double p)
{
  if (p == 1 || p == 2)
    return onnx_reduce (n, p == 1 ? "ReduceL1" : "ReduceL2", data, axes, TRUE);
  return root (
      n, onnx_reduce (n, "ReduceSum", power (n, data, p), axes, TRUE), p);
}

/* Vectors of length 0 stay as they are. */
void
onnx_map_lp_normalization (OnnxNode *n)
{
  gint64 axis = onnx_i64 (n, "axis", -1);
  IrPort data = onnx_in (n, 0);
  IrPort length = norm (n, data, onnx_list (n, &axis, 1), read_order (n));
  IrPort flat = onnx_op (n, "Equal", 1, 2, length, onnx_like (n, length, 0));

  length = onnx_op (n, "Select", 1, 3, flat, onnx_like (n, length, 1), length);
  onnx_out (n, 0, onnx_op (n, "Divide", 1, 2, data, length));
}

void
onnx_map_global_lp_pool (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  onnx_out (n, 0, norm (n, data, onnx_axes_from (n, data, 2), read_order (n)));
}

/* Means of windows, times their size, are sums. */
void
onnx_map_lp_pool (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  double p = read_order (n), size = 1;
  OnnxWindow window;
  IrNode *op;

  onnx_window_read (n, onnx_window_dims (n, data), &window);
  for (gsize i = 0; i < window.n; i++) {
    size *= (double) window.kernel[i];
    if (window.dilations[i] != 1)
      onnx_fail (n, IR_ERROR_UNSUPPORTED, "has dilations");
  }
  if (onnx_i64 (n, "ceil_mode", 0) != 0)
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "rounds its size up (ceil_mode)");
  op = onnx_add (n, "AvgPool", 1, 1, power (n, data, p));
  onnx_set_i64s (n, op, "kernel", window.kernel, window.n);
  onnx_window_write (n, &window, op, FALSE);
  onnx_set_bool (n, op, "exclude-pad", FALSE);
  data = onnx_done (n, op);
  data = onnx_op (n, "Multiply", 1, 2, data, onnx_like (n, data, size));
  onnx_out (n, 0, root (n, data, p));
}
