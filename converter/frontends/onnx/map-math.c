/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic and activations that are put together from other ops. */
#include "map.h"

#include <string.h>

/* The result has the base's type, whatever the exponent's is. */
void
onnx_map_pow (OnnxNode *n)
{
  IrPort base = onnx_in (n, 0), exponent = onnx_second_in (n);
  IrDType type = onnx_dtype_of (base), work = type;

  if (!ir_dtype_is_float (type) && ir_dtype_is_float (onnx_dtype_of (exponent)))
    work = IR_DTYPE_F64;
  base = onnx_op (n, "Power", 1, 2, onnx_cast (n, base, work),
      onnx_cast (n, exponent, work));
  onnx_out (n, 0, onnx_cast (n, base, type));
}

/* The sign is the divisor's, or with fmod the dividend's. */
void
onnx_map_mod (OnnxNode *n)
{
  gboolean truncate = onnx_i64 (n, "fmod", 0) != 0;

  onnx_out (n, 0,
      onnx_op (n, truncate ? "Mod" : "FloorMod", 1, 2, onnx_in (n, 0),
          onnx_in (n, 1)));
}

void
onnx_map_reciprocal (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);

  onnx_out (n, 0, onnx_op (n, "Divide", 1, 2, onnx_like (n, data, 1), data));
}

void
onnx_map_bit_shift (OnnxNode *n)
{
  const char *direction = onnx_text (n, "direction", "");
  gboolean left = strcmp (direction, "LEFT") == 0;

  if (!left && strcmp (direction, "RIGHT") != 0)
    onnx_fail (
        n, IR_ERROR_PARSE, "has the unknown direction \"%s\"", direction);
  onnx_out (n, 0,
      onnx_op (n, left ? "BitwiseLeftShift" : "BitwiseRightShift", 15, 2,
          onnx_in (n, 0), onnx_in (n, 1)));
}

/* alpha, beta of a linear function. */
static IrPort
line (OnnxNode *n, IrPort data, double alpha, double beta)
{
  if (alpha != 1)
    data = onnx_op (n, "Multiply", 1, 2, data, onnx_like (n, data, alpha));
  if (beta != 0)
    data = onnx_op (n, "Add", 1, 2, data, onnx_like (n, data, beta));
  return data;
}

void
onnx_map_affine (OnnxNode *n)
{
  onnx_out (n, 0,
      line (n, onnx_in (n, 0), onnx_f64 (n, "alpha", 1),
          onnx_f64 (n, "beta", 0)));
}

void
onnx_map_scale (OnnxNode *n)
{
  onnx_out (n, 0, line (n, onnx_in (n, 0), onnx_f64 (n, "scale", 1), 0));
}

/* alpha times the row's function of beta x. */
void
onnx_map_scaled (OnnxNode *n)
{
  IrPort data = line (n, onnx_in (n, 0), onnx_f64 (n, "beta", 1), 0);

  data = onnx_op (n, n->row->ir, n->row->ir_opset, 1, data);
  onnx_out (n, 0, line (n, data, onnx_f64 (n, "alpha", 1), 0));
}

/* Opset 6 made the constants more exact. */
void
onnx_map_selu (OnnxNode *n)
{
  gboolean old = n->opset < 6;
  IrPort data = onnx_in (n, 0);
  double alpha = onnx_f64 (n, "alpha", old ? 1.6732 : 1.6732632423543772);
  double gamma = onnx_f64 (n, "gamma", old ? 1.0507 : 1.0507009873554805);

  onnx_out (n, 0,
      onnx_op (n, "Selu", 1, 3, data, onnx_like (n, data, alpha),
          onnx_like (n, data, gamma)));
}

/* Elu of x / alpha, times alpha. */
void
onnx_map_celu (OnnxNode *n)
{
  double alpha = onnx_f64 (n, "alpha", 1);
  IrPort data = onnx_in (n, 0);
  IrNode *op;

  op = onnx_add (n, "Elu", 1, 1,
      onnx_op (n, "Divide", 1, 2, data, onnx_like (n, data, alpha)));
  onnx_set_f64 (n, op, "alpha", 1);
  onnx_out (n, 0, line (n, onnx_done (n, op), alpha, 0));
}

void
onnx_map_gelu (OnnxNode *n)
{
  const char *mode = onnx_text (n, "approximate", "none");
  gboolean exact = strcmp (mode, "none") == 0;
  IrNode *op = onnx_add (n, "Gelu", 7, 1, onnx_in (n, 0));

  if (!exact && strcmp (mode, "tanh") != 0)
    onnx_fail (n, IR_ERROR_PARSE, "has the unknown approximation \"%s\"", mode);
  onnx_set_text (n, op, "approximation_mode", exact ? "erf" : "tanh");
  onnx_out (n, 0, onnx_done (n, op));
}

/* Numbers near zero become zero, the others move towards it. Integers are
 * measured against real limits, so all of it is done on reals. */
void
onnx_map_shrink (OnnxNode *n)
{
  double limit = onnx_f64 (n, "lambd", 0.5), bias = onnx_f64 (n, "bias", 0);
  IrDType type = onnx_dtype_of (onnx_in (n, 0));
  IrPort data = onnx_cast (
      n, onnx_in (n, 0), ir_dtype_is_float (type) ? type : IR_DTYPE_F32);
  IrPort above = onnx_op (n, "Greater", 1, 2, data, onnx_like (n, data, limit));
  IrPort below = onnx_op (n, "Less", 1, 2, data, onnx_like (n, data, -limit));
  IrPort rest = onnx_op (n, "Select", 1, 3, below, line (n, data, 1, bias),
      onnx_like (n, data, 0));

  onnx_out (n, 0,
      onnx_cast (n,
          onnx_op (n, "Select", 1, 3, above, line (n, data, 1, -bias), rest),
          type));
}

void
onnx_map_thresholded_relu (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort above = onnx_op (
      n, "Greater", 1, 2, data, onnx_like (n, data, onnx_f64 (n, "alpha", 1)));

  onnx_out (
      n, 0, onnx_op (n, "Select", 1, 3, above, data, onnx_like (n, data, 0)));
}

void
onnx_map_cast_like (OnnxNode *n)
{
  onnx_out (
      n, 0, onnx_cast (n, onnx_in (n, 0), onnx_dtype_of (onnx_in (n, 1))));
}

/* A constant and cosines of one and two periods. */
void
onnx_map_cosine_window (OnnxNode *n)
{
  static const struct {
    const char *type;
    double terms[3];
  } windows[] = { { "BlackmanWindow", { 0.42, -0.5, 0.08 } },
    { "HammingWindow", { 25.0 / 46, -21.0 / 46, 0 } },
    { "HannWindow", { 0.5, -0.5, 0 } } };
  IrDType dtype = onnx_dtype (onnx_i64 (n, "output_datatype", 1));
  IrDType work = dtype == IR_DTYPE_F64 ? dtype : IR_DTYPE_F32;
  IrPort size = onnx_cast (n, onnx_in (n, 0), IR_DTYPE_I64), angle, y;
  const double *terms = windows[0].terms;

  for (gsize i = 0; i < G_N_ELEMENTS (windows); i++) {
    if (strcmp (n->row->type, windows[i].type) == 0)
      terms = windows[i].terms;
  }
  if (dtype == IR_DTYPE_DYNAMIC) {
    onnx_fail (
        n, IR_ERROR_UNSUPPORTED, "is of a type that the IR doesn't have");
    return;
  }
  angle = onnx_cast (n, onnx_range (n, onnx_int (n, 0), size), work);
  angle = line (n, angle, 2 * G_PI, 0);
  size = onnx_reshape_to (n, onnx_cast (n, size, work), NULL, 0);
  if (onnx_i64 (n, "periodic", 1) == 0)
    size = line (n, size, 1, -1);
  angle = onnx_op (n, "Divide", 1, 2, angle, size);
  y = line (n, onnx_op (n, "Cos", 1, 1, angle), terms[1], terms[0]);
  if (terms[2] != 0)
    y = onnx_op (n, "Add", 1, 2, y,
        line (n, onnx_op (n, "Cos", 1, 1, line (n, angle, 2, 0)), terms[2], 0));
  onnx_out (n, 0, onnx_cast (n, y, dtype));
}
