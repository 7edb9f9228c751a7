/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic and activations that are put together from other ops. */
#include "map.h"

#include <string.h>

/* The result has the base's type, whatever the exponent's is. */
void
onnx_map_pow (IrBuild *n)
{
  IrPort base = ir_build_in (n, 0), exponent = onnx_second_in (n);
  IrDType type = ir_build_dtype_of (base), work = type;

  if (!ir_dtype_is_float (type) &&
      ir_dtype_is_float (ir_build_dtype_of (exponent)))
    work = IR_DTYPE_F64;
  base = ir_build_op (n, "Power", 1, 2, ir_build_cast (n, base, work),
      ir_build_cast (n, exponent, work));
  ir_build_out (n, 0, ir_build_cast (n, base, type));
}

/* The sign is the divisor's, or with fmod the dividend's. */
void
onnx_map_mod (IrBuild *n)
{
  gboolean truncate = ir_build_i64 (n, "fmod", 0) != 0;

  ir_build_out (n, 0,
      ir_build_op (n, truncate ? "Mod" : "FloorMod", 1, 2, ir_build_in (n, 0),
          ir_build_in (n, 1)));
}

void
onnx_map_reciprocal (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (
      n, 0, ir_build_op (n, "Divide", 1, 2, ir_build_like (n, data, 1), data));
}

void
onnx_map_bit_shift (IrBuild *n)
{
  const char *direction = ir_build_text (n, "direction", "");
  gboolean left = strcmp (direction, "LEFT") == 0;

  if (!left && strcmp (direction, "RIGHT") != 0)
    ir_build_fail (
        n, IR_ERROR_PARSE, "has the unknown direction \"%s\"", direction);
  ir_build_out (n, 0,
      ir_build_op (n, left ? "BitwiseLeftShift" : "BitwiseRightShift", 15, 2,
          ir_build_in (n, 0), ir_build_in (n, 1)));
}

/* alpha, beta of a linear function. */
static IrPort
line (IrBuild *n, IrPort data, double alpha, double beta)
{
  if (alpha != 1)
    data =
        ir_build_op (n, "Multiply", 1, 2, data, ir_build_like (n, data, alpha));
  if (beta != 0)
    data = ir_build_op (n, "Add", 1, 2, data, ir_build_like (n, data, beta));
  return data;
}

void
onnx_map_affine (IrBuild *n)
{
  ir_build_out (n, 0,
      line (n, ir_build_in (n, 0), ir_build_f64 (n, "alpha", 1),
          ir_build_f64 (n, "beta", 0)));
}

void
onnx_map_scale (IrBuild *n)
{
  ir_build_out (
      n, 0, line (n, ir_build_in (n, 0), ir_build_f64 (n, "scale", 1), 0));
}

/* alpha times the row's function of beta x. */
void
onnx_map_scaled (IrBuild *n)
{
  IrPort data = line (n, ir_build_in (n, 0), ir_build_f64 (n, "beta", 1), 0);

  data = ir_build_op (
      n, onnx_node (n)->row->ir, onnx_node (n)->row->ir_opset, 1, data);
  ir_build_out (n, 0, line (n, data, ir_build_f64 (n, "alpha", 1), 0));
}

/* Opset 6 made the constants more exact. */
void
onnx_map_selu (IrBuild *n)
{
  gboolean old = onnx_node (n)->opset < 6;
  IrPort data = ir_build_in (n, 0);
  double alpha = ir_build_f64 (n, "alpha", old ? 1.6732 : 1.6732632423543772);
  double gamma = ir_build_f64 (n, "gamma", old ? 1.0507 : 1.0507009873554805);

  ir_build_out (n, 0,
      ir_build_op (n, "Selu", 1, 3, data, ir_build_like (n, data, alpha),
          ir_build_like (n, data, gamma)));
}

/* Elu of x / alpha, times alpha. */
void
onnx_map_celu (IrBuild *n)
{
  double alpha = ir_build_f64 (n, "alpha", 1);
  IrPort data = ir_build_in (n, 0);
  IrNode *op;

  op = ir_build_add (n, "Elu", 1, 1,
      ir_build_op (n, "Divide", 1, 2, data, ir_build_like (n, data, alpha)));
  ir_build_set_f64 (n, op, "alpha", 1);
  ir_build_out (n, 0, line (n, ir_build_done (n, op), alpha, 0));
}

void
onnx_map_gelu (IrBuild *n)
{
  const char *mode = ir_build_text (n, "approximate", "none");
  gboolean exact = strcmp (mode, "none") == 0;
  IrNode *op = ir_build_add (n, "Gelu", 7, 1, ir_build_in (n, 0));

  if (!exact && strcmp (mode, "tanh") != 0)
    ir_build_fail (
        n, IR_ERROR_PARSE, "has the unknown approximation \"%s\"", mode);
  ir_build_set_text (n, op, "approximation_mode", exact ? "erf" : "tanh");
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* Numbers near zero become zero, the others move towards it. Integers are
 * measured against real limits, so all of it is done on reals. */
void
onnx_map_shrink (IrBuild *n)
{
  double limit = ir_build_f64 (n, "lambd", 0.5),
         bias = ir_build_f64 (n, "bias", 0);
  IrDType type = ir_build_dtype_of (ir_build_in (n, 0));
  IrPort data = ir_build_cast (
      n, ir_build_in (n, 0), ir_dtype_is_float (type) ? type : IR_DTYPE_F32);
  IrPort above =
      ir_build_op (n, "Greater", 1, 2, data, ir_build_like (n, data, limit));
  IrPort below =
      ir_build_op (n, "Less", 1, 2, data, ir_build_like (n, data, -limit));
  IrPort rest = ir_build_op (n, "Select", 1, 3, below, line (n, data, 1, bias),
      ir_build_like (n, data, 0));

  ir_build_out (n, 0,
      ir_build_cast (n,
          ir_build_op (
              n, "Select", 1, 3, above, line (n, data, 1, -bias), rest),
          type));
}

void
onnx_map_thresholded_relu (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort above = ir_build_op (n, "Greater", 1, 2, data,
      ir_build_like (n, data, ir_build_f64 (n, "alpha", 1)));

  ir_build_out (n, 0,
      ir_build_op (n, "Select", 1, 3, above, data, ir_build_like (n, data, 0)));
}

void
onnx_map_cast_like (IrBuild *n)
{
  ir_build_out (n, 0,
      ir_build_cast (
          n, ir_build_in (n, 0), ir_build_dtype_of (ir_build_in (n, 1))));
}

/* A constant and cosines of one and two periods. */
void
onnx_map_cosine_window (IrBuild *n)
{
  static const struct {
    const char *type;
    double terms[3];
  } windows[] = { { "BlackmanWindow", { 0.42, -0.5, 0.08 } },
    { "HammingWindow", { 25.0 / 46, -21.0 / 46, 0 } },
    { "HannWindow", { 0.5, -0.5, 0 } } };
  IrDType dtype = onnx_dtype (ir_build_i64 (n, "output_datatype", 1));
  IrDType work = dtype == IR_DTYPE_F64 ? dtype : IR_DTYPE_F32;
  IrPort size = ir_build_cast (n, ir_build_in (n, 0), IR_DTYPE_I64), angle, y;
  const double *terms = windows[0].terms;

  for (gsize i = 0; i < G_N_ELEMENTS (windows); i++) {
    if (strcmp (onnx_node (n)->row->type, windows[i].type) == 0)
      terms = windows[i].terms;
  }
  if (dtype == IR_DTYPE_DYNAMIC) {
    ir_build_fail (
        n, IR_ERROR_UNSUPPORTED, "is of a type that the IR doesn't have");
    return;
  }
  angle =
      ir_build_cast (n, ir_build_range (n, ir_build_int (n, 0), size), work);
  angle = line (n, angle, 2 * G_PI, 0);
  size = ir_build_reshape_to (n, ir_build_cast (n, size, work), NULL, 0);
  if (ir_build_i64 (n, "periodic", 1) == 0)
    size = line (n, size, 1, -1);
  angle = ir_build_op (n, "Divide", 1, 2, angle, size);
  y = line (n, ir_build_op (n, "Cos", 1, 1, angle), terms[1], terms[0]);
  if (terms[2] != 0)
    y = ir_build_op (n, "Add", 1, 2, y,
        line (n, ir_build_op (n, "Cos", 1, 1, line (n, angle, 2, 0)), terms[2],
            0));
  ir_build_out (n, 0, ir_build_cast (n, y, dtype));
}
