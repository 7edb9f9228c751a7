/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Experimental ops of the first versions, which old files still have. */
#include "map.h"

/* x * scale + a bias for each channel. */
void
onnx_map_image_scaler (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrDType dtype = onnx_dtype_of (data);
  IrF64s bias;

  data = onnx_op (
      n, "Multiply", 1, 2, data, onnx_like (n, data, onnx_f64 (n, "scale", 1)));
  if (onnx_f64s (n, "bias", &bias))
    data = onnx_op (n, "Add", 1, 2, data,
        onnx_per_channel (n, onnx_reals (n, dtype, bias.v, bias.n), data));
  onnx_out (n, 0, data);
}

/* "border" is what goes at the left, top, right and bottom. */
void
onnx_map_crop (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrI64s border, size;
  gint64 top, left, bottom, right;

  if (!onnx_i64s (n, "border", &border) || border.n != 4) {
    onnx_fail (n, IR_ERROR_PARSE, "has no border of 4 numbers");
    return;
  }
  for (gsize i = 0; i < 4; i++) {
    if (border.v[i] < 0 || border.v[i] > G_MAXINT32)
      onnx_fail (n, IR_ERROR_SHAPE, "has a border that is out of range");
  }
  if (onnx_failed (n))
    return;
  left = border.v[0];
  top = border.v[1];
  right = border.v[2] > 0 ? -border.v[2] : G_MAXINT32;
  bottom = border.v[3] > 0 ? -border.v[3] : G_MAXINT32;
  if (onnx_i64s (n, "scale", &size) && size.n == 2 &&
      MAX (size.v[0], size.v[1]) <= G_MAXINT32) {
    bottom = top + size.v[0];
    right = left + size.v[1];
  }
  data = onnx_slice (n, data, 2, top, bottom);
  onnx_out (n, 0, onnx_slice (n, data, 3, left, right));
}
