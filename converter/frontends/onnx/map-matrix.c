/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diagonals and triangles. */
#include "map.h"

/* For the last two dimensions of @like: which diagonal each element is on, 0 for
 * the main one, above 0 to the right of it. */
static IrPort
diagonals (IrBuild *n, IrPort like)
{
  IrPort zero = ir_build_int (n, 0);
  IrPort rows = ir_build_range (n, zero, ir_build_dim (n, like, -2));
  IrPort columns = ir_build_range (n, zero, ir_build_dim (n, like, -1));

  return ir_build_op (
      n, "Subtract", 1, 2, columns, ir_build_unsqueeze (n, rows, 1));
}

void
onnx_map_eye_like (IrBuild *n)
{
  IrPort like = ir_build_in (n, 0);
  gint64 type = ir_build_i64 (n, "dtype", 0);
  IrDType dtype = type != 0 ? onnx_dtype (type) : ir_build_dtype_of (like);
  IrPort eye = ir_build_op (n, "Equal", 1, 2, diagonals (n, like),
      ir_build_int (n, ir_build_i64 (n, "k", 0)));

  if (dtype == IR_DTYPE_DYNAMIC)
    ir_build_fail (
        n, IR_ERROR_UNSUPPORTED, "is of a type that the IR doesn't have");
  else
    ir_build_out (n, 0, ir_build_cast (n, eye, dtype));
}

void
onnx_map_trilu (IrBuild *n)
{
  gboolean upper = ir_build_i64 (n, "upper", 1) != 0;
  IrPort data = ir_build_in (n, 0);
  IrPort k = ir_build_has (n, 1) ? ir_build_reshape_to (n, n->in[1], NULL, 0)
                                 : ir_build_int (n, 0);
  IrPort kept = ir_build_op (
      n, upper ? "GreaterEqual" : "LessEqual", 1, 2, diagonals (n, data), k);

  ir_build_out (n, 0,
      ir_build_op (n, "Select", 1, 3, kept, data, ir_build_like (n, data, 0)));
}
