/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diagonals and triangles. */
#include "map.h"

/* For the last two dimensions of @like: which diagonal each element is on, 0 for
 * the main one, above 0 to the right of it. */
static IrPort
diagonals (OnnxNode *n, IrPort like)
{
  IrPort zero = onnx_int (n, 0);
  IrPort rows = onnx_range (n, zero, onnx_dim (n, like, -2));
  IrPort columns = onnx_range (n, zero, onnx_dim (n, like, -1));

  return onnx_op (n, "Subtract", 1, 2, columns, onnx_unsqueeze (n, rows, 1));
}

void
onnx_map_eye_like (OnnxNode *n)
{
  IrPort like = onnx_in (n, 0);
  gint64 type = onnx_i64 (n, "dtype", 0);
  IrDType dtype = type != 0 ? onnx_dtype (type) : onnx_dtype_of (like);
  IrPort eye = onnx_op (n, "Equal", 1, 2, diagonals (n, like),
      onnx_int (n, onnx_i64 (n, "k", 0)));

  if (dtype == IR_DTYPE_DYNAMIC)
    onnx_fail (
        n, IR_ERROR_UNSUPPORTED, "is of a type that the IR doesn't have");
  else
    onnx_out (n, 0, onnx_cast (n, eye, dtype));
}

void
onnx_map_trilu (OnnxNode *n)
{
  gboolean upper = onnx_i64 (n, "upper", 1) != 0;
  IrPort data = onnx_in (n, 0);
  IrPort k = onnx_has (n, 1) ? onnx_reshape_to (n, n->in[1], NULL, 0)
                             : onnx_int (n, 0);
  IrPort kept = onnx_op (
      n, upper ? "GreaterEqual" : "LessEqual", 1, 2, diagonals (n, data), k);

  onnx_out (
      n, 0, onnx_op (n, "Select", 1, 3, kept, data, onnx_like (n, data, 0)));
}
