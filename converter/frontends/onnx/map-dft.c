/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fourier transforms. */
#include "map.h"

/* Real numbers get imaginary parts of 0. */
static IrPort
as_pairs (OnnxNode *n, IrPort data)
{
  const gint rank = onnx_rank (n, data);
  gint64 begin[IR_MAX_RANK] = { 0 }, end[IR_MAX_RANK] = { 0 };
  IrNode *op;
  gint64 last;

  if (onnx_failed (n) || rank < 2) {
    onnx_fail (n, IR_ERROR_SHAPE, "needs data of at least two dimensions");
    return ONNX_NONE;
  }
  last = onnx_shape_of (data)->dim[rank - 1];
  if (last == 2)
    return data;
  if (last != 1) {
    onnx_fail (n, IR_ERROR_SHAPE,
        "needs data whose last dimension is known to be 1 or 2");
    return ONNX_NONE;
  }
  end[rank - 1] = 1;
  op = onnx_add (n, "Pad", 12, 4, data, onnx_list (n, begin, rank),
      onnx_list (n, end, rank), onnx_like (n, data, 0));
  onnx_set_text (n, op, "pad_mode", "constant");
  return onnx_done (n, op);
}

/* The axis is an input from opset 20 on. */
static gint64
axis_of (OnnxNode *n, IrPort data)
{
  gint64 axis[IR_ONNX_LIST] = { n->opset < 20 ? onnx_i64 (n, "axis", 1) : -2 };
  gsize count;

  if (n->opset >= 20 && onnx_has (n, 2) &&
      !onnx_ints (n, n->in[2], axis, &count))
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "has an axis that is not constant");
  axis[0] = onnx_axis (n, data, axis[0]);
  if (!onnx_failed (n) && axis[0] == onnx_rank (n, data) - 1)
    onnx_fail (n, IR_ERROR_SHAPE, "transforms the dimension of the pairs");
  return axis[0];
}

/* One-sided is what is left of the whole without what mirrors the rest. */
void
onnx_map_dft (OnnxNode *n)
{
  const gboolean inverse = onnx_i64 (n, "inverse", 0) != 0;
  const gboolean onesided = onnx_i64 (n, "onesided", 0) != 0;
  static const gint64 one[] = { 1 };
  IrPort data = onnx_in (n, 0), axes, out;
  const gint64 axis = axis_of (n, data);

  if (inverse && onesided)
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "is inverse and one-sided at once");
  data = as_pairs (n, data);
  axes = onnx_list (n, &axis, 1);
  if (onnx_has (n, 1))
    out = onnx_op (n, inverse ? "IDFT" : "DFT", 7, 3, data, axes,
        onnx_reshape_to (n, n->in[1], one, 1));
  else
    out = onnx_op (n, inverse ? "IDFT" : "DFT", 7, 2, data, axes);
  if (onesided) {
    IrPort half = onnx_op (n, "Divide", 1, 2, onnx_dim (n, out, axis),
        onnx_list (n, (const gint64[]){ 2 }, 1));

    out =
        onnx_op (n, "Slice", 8, 5, out, onnx_list (n, (const gint64[]){ 0 }, 1),
            onnx_op (n, "Add", 1, 2, half, onnx_list (n, one, 1)),
            onnx_list (n, one, 1), axes);
  }
  onnx_out (n, 0, out);
}
