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
repeat_blocks (IrBuild *n, IrPort vector, IrPort data, gint64 axis, gint64 size)
{
  IrPort places =
      ir_build_range (n, ir_build_int (n, 0), ir_build_dim (n, data, axis));

  return ir_build_gather (n, vector,
      ir_build_op (n, "Divide", 1, 2, places, ir_build_int (n, size)), axis);
}

/* Numbers for all of @data, for each slice of its @axis, or for blocks, in a
 * shape that broadcasts against it. */
static IrPort
spread (IrBuild *n, IrPort numbers, IrPort data, gint64 axis)
{
  gint64 block = ir_build_i64 (n, "block_size", 0);
  const IrShape *shape = ir_build_shape_of (numbers);

  if (numbers.node == NULL || shape->rank == 0)
    return numbers;
  if (shape->rank == 1 && shape->dim[0] == 1)
    return ir_build_reshape_to (n, numbers, NULL, 0);
  if (block > 0)
    return repeat_blocks (
        n, numbers, data, ir_build_axis (n, data, axis), block);
  return shape->rank == 1 ? ir_build_along (n, numbers, data, axis) : numbers;
}

/* q - zero point, as floats. */
static IrPort
centre (IrBuild *n, IrPort data, IrPort zero)
{
  data = ir_build_cast (n, data, IR_DTYPE_F32);
  if (zero.node == NULL)
    return data;
  return ir_build_op (
      n, "Subtract", 1, 2, data, ir_build_cast (n, zero, IR_DTYPE_F32));
}

/* @data, which is scaled already, as integers around @zero; what is out of the
 * type's range becomes the nearest that is in it. */
static IrPort
store (IrBuild *n, IrPort data, IrPort zero, IrDType dtype)
{
  gboolean is_signed = ir_dtype_is_signed (dtype);
  guint bits = ir_dtype_bits (dtype);
  double span;
  IrNode *op;

  if (!ir_dtype_is_integer (dtype) || dtype == IR_DTYPE_BOOLEAN || bits < 4 ||
      bits > 16) {
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "quantizes to the type %s",
        ir_dtype_name (dtype));
    return IR_NO_PORT;
  }
  span = (double) (1u << bits);
  data = ir_build_op (n, "Round", 5, 1, data);
  if (zero.node)
    data = ir_build_op (n, "Add", 1, 2, data,
        ir_build_cast (n, zero, ir_build_dtype_of (data)));
  op = ir_build_add (n, "Clamp", 1, 1, data);
  ir_build_set_f64 (n, op, "min", is_signed ? -span / 2 : 0);
  ir_build_set_f64 (n, op, "max", is_signed ? span / 2 - 1 : span - 1);
  return ir_build_cast (n, ir_build_done (n, op), dtype);
}

static IrPort
optional (const IrBuild *n, gsize input)
{
  return ir_build_has (n, input) ? n->in[input] : IR_NO_PORT;
}

/* The type of the output: the zero point's, else what the node says. */
static IrDType
stored_type (IrBuild *n, IrPort zero)
{
  gint64 type = ir_build_i64 (n, "output_dtype", 0);

  if (zero.node)
    return ir_build_dtype_of (zero);
  return type != 0 ? onnx_dtype (type) : IR_DTYPE_U8;
}

/* --- single tensors ---------------------------------------------------------------------- */

void
onnx_map_quantize (IrBuild *n)
{
  gint64 axis = ir_build_i64 (n, "axis", 1);
  IrPort data = ir_build_cast (n, ir_build_in (n, 0), IR_DTYPE_F32);
  IrPort scale = spread (n, ir_build_in (n, 1), data, axis);
  IrPort zero = spread (n, optional (n, 2), data, axis);

  data = ir_build_op (
      n, "Divide", 1, 2, data, ir_build_cast (n, scale, IR_DTYPE_F32));
  ir_build_out (n, 0, store (n, data, zero, stored_type (n, zero)));
}

void
onnx_map_dequantize (IrBuild *n)
{
  gint64 axis = ir_build_i64 (n, "axis", 1),
         type = ir_build_i64 (n, "output_dtype", 0);
  IrPort data = ir_build_in (n, 0);
  IrPort scale = spread (n, ir_build_in (n, 1), data, axis);
  IrPort zero = spread (n, optional (n, 2), data, axis);
  IrDType dtype = type != 0 ? onnx_dtype (type) : ir_build_dtype_of (scale);

  data = ir_build_op (n, "Multiply", 1, 2, centre (n, data, zero),
      ir_build_cast (n, scale, IR_DTYPE_F32));
  if (dtype == IR_DTYPE_DYNAMIC)
    ir_build_fail (
        n, IR_ERROR_UNSUPPORTED, "is of a type that the IR doesn't have");
  else
    ir_build_out (n, 0, ir_build_cast (n, data, dtype));
}

/* The scale is such that the data's range, which 0 always is in, takes all of the
 * 8 bits. */
void
onnx_map_dynamic_quantize (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), axes = ir_build_axes_from (n, data, 0);
  IrPort nothing = ir_build_like (n, data, 0), low, high, scale, zero;

  low = ir_build_op (n, "Minimum", 1, 2,
      ir_build_reduce (n, "ReduceMin", data, axes, FALSE), nothing);
  high = ir_build_op (n, "Maximum", 1, 2,
      ir_build_reduce (n, "ReduceMax", data, axes, FALSE), nothing);
  scale = ir_build_op (n, "Divide", 1, 2,
      ir_build_op (n, "Subtract", 1, 2, high, low),
      ir_build_like (n, data, 255));
  scale = ir_build_op (n, "Select", 1, 3,
      ir_build_op (n, "Equal", 1, 2, scale, nothing),
      ir_build_like (n, data, 1), scale);
  zero = ir_build_op (
      n, "Negative", 1, 1, ir_build_op (n, "Divide", 1, 2, low, scale));
  zero = store (n, zero, IR_NO_PORT, IR_DTYPE_U8);
  data = ir_build_op (n, "Divide", 1, 2, data, scale);
  ir_build_out (n, 0, store (n, data, zero, IR_DTYPE_U8));
  ir_build_out (n, 1, scale);
  ir_build_out (n, 2, zero);
}

/* --- sums of products ------------------------------------------------------------------ */

/* The sums are whole numbers, but the way to them may be through others. */
static IrPort
whole (IrBuild *n, IrPort sums)
{
  return ir_build_cast (n, ir_build_op (n, "Round", 5, 1, sums), IR_DTYPE_I32);
}

/* Numbers of each output channel as they go along the weights. */
static IrPort
per_filter (IrBuild *n, IrPort numbers, IrPort weights)
{
  return spread (n, numbers, weights, 0);
}

/* Numbers of each row of the first matrix. */
static IrPort
per_row (IrBuild *n, IrPort numbers, IrPort matrix)
{
  return spread (n, numbers, matrix, -2);
}

static IrPort
per_column (IrBuild *n, IrPort numbers, IrPort matrix)
{
  return spread (n, numbers, matrix, -1);
}

void
onnx_map_conv_integer (IrBuild *n)
{
  IrPort weights = ir_build_in (n, 1);
  IrPort data = centre (n, ir_build_in (n, 0),
      spread (n, optional (n, 2), ir_build_in (n, 0), 0));

  weights = centre (n, weights, per_filter (n, optional (n, 3), weights));
  ir_build_out (n, 0, whole (n, onnx_conv (n, data, weights)));
}

void
onnx_map_matmul_integer (IrBuild *n)
{
  IrPort a = ir_build_in (n, 0), b = ir_build_in (n, 1);

  a = centre (n, a, per_row (n, optional (n, 2), a));
  b = centre (n, b, per_column (n, optional (n, 3), b));
  ir_build_out (n, 0, whole (n, ir_build_op (n, "MatMul", 1, 2, a, b)));
}

/* From the scale of the products to that of the output. */
static IrPort
rescale (IrBuild *n, IrPort sums, IrPort first, IrPort second, IrPort result)
{
  IrPort factor =
      ir_build_op (n, "Multiply", 1, 2, ir_build_cast (n, first, IR_DTYPE_F32),
          ir_build_cast (n, second, IR_DTYPE_F32));

  factor = ir_build_op (
      n, "Divide", 1, 2, factor, ir_build_cast (n, result, IR_DTYPE_F32));
  return ir_build_op (n, "Multiply", 1, 2, sums, factor);
}

void
onnx_map_qlinear_conv (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), weights = ir_build_in (n, 3), sums;
  IrPort zero = spread (n, ir_build_in (n, 7), data, 0);

  data = centre (n, data, spread (n, ir_build_in (n, 2), data, 0));
  weights = centre (n, weights, per_filter (n, ir_build_in (n, 5), weights));
  sums = onnx_conv (n, data, weights);
  if (ir_build_has (n, 8))
    sums = ir_build_op (n, "Add", 1, 2, sums,
        ir_build_per_channel (
            n, ir_build_cast (n, n->in[8], IR_DTYPE_F32), sums));
  sums = rescale (n, sums, spread (n, ir_build_in (n, 1), sums, 1),
      spread (n, ir_build_in (n, 4), sums, 1),
      spread (n, ir_build_in (n, 6), sums, 1));
  ir_build_out (n, 0, store (n, sums, zero, ir_build_dtype_of (zero)));
}

void
onnx_map_qlinear_matmul (IrBuild *n)
{
  IrPort a = ir_build_in (n, 0), b = ir_build_in (n, 3), sums, zero;

  sums = ir_build_op (n, "MatMul", 1, 2,
      centre (n, a, per_row (n, ir_build_in (n, 2), a)),
      centre (n, b, per_column (n, ir_build_in (n, 5), b)));
  sums = rescale (n, sums, per_row (n, ir_build_in (n, 1), a),
      per_column (n, ir_build_in (n, 4), b),
      per_row (n, ir_build_in (n, 6), sums));
  zero = per_row (n, ir_build_in (n, 7), sums);
  ir_build_out (n, 0, store (n, sums, zero, ir_build_dtype_of (zero)));
}
