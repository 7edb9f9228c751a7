/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Integers that stand for real numbers: x = (q - zero point) * scale.
 *
 * All of it is written out instead of using FakeQuantize: that rounds after the
 * zero point is added, so that halves go another way than in ONNX. Sums of
 * products are computed on centred integers in floats, scaled once behind.
 */
#include "map.h"
#include "window.h"

/* --- scales and zero points -------------------------------------------------------- */

/* @vector has one number for each block of @size along the axis. */
static IrPort
repeat_blocks (
    OnnxNode *n, IrPort vector, IrPort data, gint64 axis, gint64 size)
{
  IrPort places = onnx_range (n, onnx_int (n, 0), onnx_dim (n, data, axis));

  return onnx_gather (
      n, vector, onnx_op (n, "Divide", 1, 2, places, onnx_int (n, size)), axis);
}

/* Numbers for all of @data, for each slice of its @axis, or for blocks, in a
 * shape that broadcasts against it. */
static IrPort
spread (OnnxNode *n, IrPort numbers, IrPort data, gint64 axis)
{
  gint64 block = onnx_i64 (n, "block_size", 0);
  const IrShape *shape = onnx_shape_of (numbers);

  if (numbers.node == NULL || shape->rank == 0)
    return numbers;
  if (shape->rank == 1 && shape->dim[0] == 1)
    return onnx_reshape_to (n, numbers, NULL, 0);
  if (block > 0)
    return repeat_blocks (n, numbers, data, onnx_axis (n, data, axis), block);
  return shape->rank == 1 ? onnx_along (n, numbers, data, axis) : numbers;
}

/* q - zero point, as floats. */
static IrPort
centre (OnnxNode *n, IrPort data, IrPort zero)
{
  data = onnx_cast (n, data, IR_DTYPE_F32);
  if (zero.node == NULL)
    return data;
  return onnx_op (n, "Subtract", 1, 2, data, onnx_cast (n, zero, IR_DTYPE_F32));
}

/* @data, which is scaled already, as integers around @zero; what is out of the
 * type's range becomes the nearest that is in it. */
static IrPort
store (OnnxNode *n, IrPort data, IrPort zero, IrDType dtype)
{
  gboolean is_signed = ir_dtype_is_signed (dtype);
  guint bits = ir_dtype_bits (dtype);
  double span;
  IrNode *op;

  if (!ir_dtype_is_integer (dtype) || dtype == IR_DTYPE_BOOLEAN || bits < 4 ||
      bits > 16) {
    onnx_fail (n, IR_ERROR_UNSUPPORTED, "quantizes to the type %s",
        ir_dtype_name (dtype));
    return ONNX_NONE;
  }
  span = (double) (1u << bits);
  data = onnx_op (n, "Round", 5, 1, data);
  if (zero.node)
    data = onnx_op (
        n, "Add", 1, 2, data, onnx_cast (n, zero, onnx_dtype_of (data)));
  op = onnx_add (n, "Clamp", 1, 1, data);
  onnx_set_f64 (n, op, "min", is_signed ? -span / 2 : 0);
  onnx_set_f64 (n, op, "max", is_signed ? span / 2 - 1 : span - 1);
  return onnx_cast (n, onnx_done (n, op), dtype);
}

static IrPort
optional (const OnnxNode *n, gsize input)
{
  return onnx_has (n, input) ? n->in[input] : ONNX_NONE;
}

/* The type of the output: the zero point's, else what the node says. */
static IrDType
stored_type (OnnxNode *n, IrPort zero)
{
  gint64 type = onnx_i64 (n, "output_dtype", 0);

  if (zero.node)
    return onnx_dtype_of (zero);
  return type != 0 ? onnx_dtype (type) : IR_DTYPE_U8;
}

/* --- single tensors ---------------------------------------------------------------------- */

void
onnx_map_quantize (OnnxNode *n)
{
  gint64 axis = onnx_i64 (n, "axis", 1);
  IrPort data = onnx_cast (n, onnx_in (n, 0), IR_DTYPE_F32);
  IrPort scale = spread (n, onnx_in (n, 1), data, axis);
  IrPort zero = spread (n, optional (n, 2), data, axis);

  data = onnx_op (n, "Divide", 1, 2, data, onnx_cast (n, scale, IR_DTYPE_F32));
  onnx_out (n, 0, store (n, data, zero, stored_type (n, zero)));
}

void
onnx_map_dequantize (OnnxNode *n)
{
  gint64 axis = onnx_i64 (n, "axis", 1), type = onnx_i64 (n, "output_dtype", 0);
  IrPort data = onnx_in (n, 0);
  IrPort scale = spread (n, onnx_in (n, 1), data, axis);
  IrPort zero = spread (n, optional (n, 2), data, axis);
  IrDType dtype = type != 0 ? onnx_dtype (type) : onnx_dtype_of (scale);

  data = onnx_op (n, "Multiply", 1, 2, centre (n, data, zero),
      onnx_cast (n, scale, IR_DTYPE_F32));
  if (dtype == IR_DTYPE_DYNAMIC)
    onnx_fail (
        n, IR_ERROR_UNSUPPORTED, "is of a type that the IR doesn't have");
  else
    onnx_out (n, 0, onnx_cast (n, data, dtype));
}

/* The scale is such that the data's range, which 0 always is in, takes all of the
 * 8 bits. */
void
onnx_map_dynamic_quantize (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0), axes = onnx_axes_from (n, data, 0);
  IrPort nothing = onnx_like (n, data, 0), low, high, scale, zero;

  low = onnx_op (n, "Minimum", 1, 2,
      onnx_reduce (n, "ReduceMin", data, axes, FALSE), nothing);
  high = onnx_op (n, "Maximum", 1, 2,
      onnx_reduce (n, "ReduceMax", data, axes, FALSE), nothing);
  scale = onnx_op (n, "Divide", 1, 2, onnx_op (n, "Subtract", 1, 2, high, low),
      onnx_like (n, data, 255));
  scale =
      onnx_op (n, "Select", 1, 3, onnx_op (n, "Equal", 1, 2, scale, nothing),
          onnx_like (n, data, 1), scale);
  zero = onnx_op (n, "Negative", 1, 1, onnx_op (n, "Divide", 1, 2, low, scale));
  zero = store (n, zero, ONNX_NONE, IR_DTYPE_U8);
  data = onnx_op (n, "Divide", 1, 2, data, scale);
  onnx_out (n, 0, store (n, data, zero, IR_DTYPE_U8));
  onnx_out (n, 1, scale);
  onnx_out (n, 2, zero);
}

/* --- sums of products ------------------------------------------------------------------ */

/* The sums are whole numbers, but the way to them may be through others. */
static IrPort
whole (OnnxNode *n, IrPort sums)
{
  return onnx_cast (n, onnx_op (n, "Round", 5, 1, sums), IR_DTYPE_I32);
}

/* Numbers of each output channel as they go along the weights. */
static IrPort
per_filter (OnnxNode *n, IrPort numbers, IrPort weights)
{
  return spread (n, numbers, weights, 0);
}

/* Numbers of each row of the first matrix. */
static IrPort
per_row (OnnxNode *n, IrPort numbers, IrPort matrix)
{
  return spread (n, numbers, matrix, -2);
}

static IrPort
per_column (OnnxNode *n, IrPort numbers, IrPort matrix)
{
  return spread (n, numbers, matrix, -1);
}

void
onnx_map_conv_integer (OnnxNode *n)
{
  IrPort weights = onnx_in (n, 1);
  IrPort data = centre (
      n, onnx_in (n, 0), spread (n, optional (n, 2), onnx_in (n, 0), 0));

  weights = centre (n, weights, per_filter (n, optional (n, 3), weights));
  onnx_out (n, 0, whole (n, onnx_conv (n, data, weights)));
}

void
onnx_map_matmul_integer (OnnxNode *n)
{
  IrPort a = onnx_in (n, 0), b = onnx_in (n, 1);

  a = centre (n, a, per_row (n, optional (n, 2), a));
  b = centre (n, b, per_column (n, optional (n, 3), b));
  onnx_out (n, 0, whole (n, onnx_op (n, "MatMul", 1, 2, a, b)));
}

/* From the scale of the products to that of the output. */
static IrPort
rescale (OnnxNode *n, IrPort sums, IrPort first, IrPort second, IrPort result)
{
  IrPort factor = onnx_op (n, "Multiply", 1, 2,
      onnx_cast (n, first, IR_DTYPE_F32), onnx_cast (n, second, IR_DTYPE_F32));

  factor =
      onnx_op (n, "Divide", 1, 2, factor, onnx_cast (n, result, IR_DTYPE_F32));
  return onnx_op (n, "Multiply", 1, 2, sums, factor);
}

void
onnx_map_qlinear_conv (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0), weights = onnx_in (n, 3), sums;
  IrPort zero = spread (n, onnx_in (n, 7), data, 0);

  data = centre (n, data, spread (n, onnx_in (n, 2), data, 0));
  weights = centre (n, weights, per_filter (n, onnx_in (n, 5), weights));
  sums = onnx_conv (n, data, weights);
  if (onnx_has (n, 8))
    sums = onnx_op (n, "Add", 1, 2, sums,
        onnx_per_channel (n, onnx_cast (n, n->in[8], IR_DTYPE_F32), sums));
  sums = rescale (n, sums, spread (n, onnx_in (n, 1), sums, 1),
      spread (n, onnx_in (n, 4), sums, 1), spread (n, onnx_in (n, 6), sums, 1));
  onnx_out (n, 0, store (n, sums, zero, onnx_dtype_of (zero)));
}

void
onnx_map_qlinear_matmul (OnnxNode *n)
{
  IrPort a = onnx_in (n, 0), b = onnx_in (n, 3), sums, zero;

  sums =
      onnx_op (n, "MatMul", 1, 2, centre (n, a, per_row (n, onnx_in (n, 2), a)),
          centre (n, b, per_column (n, onnx_in (n, 5), b)));
  sums = rescale (n, sums, per_row (n, onnx_in (n, 1), a),
      per_column (n, onnx_in (n, 4), b), per_row (n, onnx_in (n, 6), sums));
  zero = per_row (n, onnx_in (n, 7), sums);
  onnx_out (n, 0, store (n, sums, zero, onnx_dtype_of (zero)));
}
