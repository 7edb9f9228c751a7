/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Experimental ops of the first versions, which old files still have. */
#include "map.h"

/* x * scale + a bias for each channel. */
void
onnx_map_image_scaler (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrDType dtype = ir_build_dtype_of (data);
  IrF64s bias;

  data = ir_build_op (n, "Multiply", 1, 2, data,
      ir_build_like (n, data, ir_build_f64 (n, "scale", 1)));
  if (ir_build_f64s (n, "bias", &bias))
    data = ir_build_op (n, "Add", 1, 2, data,
        ir_build_per_channel (
            n, ir_build_reals (n, dtype, bias.v, bias.n), data));
  ir_build_out (n, 0, data);
}

/* "border" is what goes at the left, top, right and bottom. */
void
onnx_map_crop (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrI64s border, size;
  gint64 top, left, bottom, right;

  if (!ir_build_i64s (n, "border", &border) || border.n != 4) {
    ir_build_fail (n, IR_ERROR_PARSE, "has no border of 4 numbers");
    return;
  }
  for (gsize i = 0; i < 4; i++) {
    if (border.v[i] < 0 || border.v[i] > G_MAXINT32)
      ir_build_fail (n, IR_ERROR_SHAPE, "has a border that is out of range");
  }
  if (ir_build_failed (n))
    return;
  left = border.v[0];
  top = border.v[1];
  right = border.v[2] > 0 ? -border.v[2] : G_MAXINT32;
  bottom = border.v[3] > 0 ? -border.v[3] : G_MAXINT32;
  if (ir_build_i64s (n, "scale", &size) && size.n == 2 &&
      MAX (size.v[0], size.v[1]) <= G_MAXINT32) {
    bottom = top + size.v[0];
    right = left + size.v[1];
  }
  data = ir_build_slice (n, data, 2, top, bottom);
  ir_build_out (n, 0, ir_build_slice (n, data, 3, left, right));
}
