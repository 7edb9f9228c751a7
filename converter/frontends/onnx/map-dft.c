/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fourier transforms. */
#include "map.h"

/* Real numbers get imaginary parts of 0. */
static IrPort
as_pairs (IrBuild *n, IrPort data)
{
  const gint rank = ir_build_rank (n, data);
  gint64 begin[IR_MAX_RANK] = { 0 }, end[IR_MAX_RANK] = { 0 };
  IrNode *op;
  gint64 last;

  if (ir_build_failed (n) || rank < 2) {
    ir_build_fail (n, IR_ERROR_SHAPE, "needs data of at least two dimensions");
    return IR_NO_PORT;
  }
  last = ir_build_shape_of (data)->dim[rank - 1];
  if (last == 2)
    return data;
  if (last != 1) {
    ir_build_fail (n, IR_ERROR_SHAPE,
        "needs data whose last dimension is known to be 1 or 2");
    return IR_NO_PORT;
  }
  end[rank - 1] = 1;
  op = ir_build_add (n, "Pad", 12, 4, data, ir_build_list (n, begin, rank),
      ir_build_list (n, end, rank), ir_build_like (n, data, 0));
  ir_build_set_text (n, op, "pad_mode", "constant");
  return ir_build_done (n, op);
}

/* The axis is an input from opset 20 on. */
static gint64
axis_of (IrBuild *n, IrPort data)
{
  gint64 axis[IR_BUILD_LIST] = {
    onnx_node (n)->opset < 20 ? ir_build_i64 (n, "axis", 1) : -2
  };
  gsize count;

  if (onnx_node (n)->opset >= 20 && ir_build_has (n, 2) &&
      !ir_build_ints (n, n->in[2], axis, &count))
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "has an axis that is not constant");
  axis[0] = ir_build_axis (n, data, axis[0]);
  if (!ir_build_failed (n) && axis[0] == ir_build_rank (n, data) - 1)
    ir_build_fail (n, IR_ERROR_SHAPE, "transforms the dimension of the pairs");
  return axis[0];
}

/* One-sided is what is left of the whole without what mirrors the rest. */
void
onnx_map_dft (IrBuild *n)
{
  const gboolean inverse = ir_build_i64 (n, "inverse", 0) != 0;
  const gboolean onesided = ir_build_i64 (n, "onesided", 0) != 0;
  static const gint64 one[] = { 1 };
  IrPort data = ir_build_in (n, 0), axes, out;
  const gint64 axis = axis_of (n, data);

  if (inverse && onesided)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "is inverse and one-sided at once");
  data = as_pairs (n, data);
  axes = ir_build_list (n, &axis, 1);
  if (ir_build_has (n, 1))
    out = ir_build_op (n, inverse ? "IDFT" : "DFT", 7, 3, data, axes,
        ir_build_reshape_to (n, n->in[1], one, 1));
  else
    out = ir_build_op (n, inverse ? "IDFT" : "DFT", 7, 2, data, axes);
  if (onesided) {
    IrPort half = ir_build_op (n, "Divide", 1, 2, ir_build_dim (n, out, axis),
        ir_build_list (n, (const gint64[]){ 2 }, 1));

    out = ir_build_op (n, "Slice", 8, 5, out,
        ir_build_list (n, (const gint64[]){ 0 }, 1),
        ir_build_op (n, "Add", 1, 2, half, ir_build_list (n, one, 1)),
        ir_build_list (n, one, 1), axes);
  }
  ir_build_out (n, 0, out);
}
