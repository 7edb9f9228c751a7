/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Element-wise layers, with numbers, weights or one another. */
#include "map.h"

#include <math.h>
#include <string.h>

/* --- activations ---------------------------------------------------------------- */

void
caffe_map_relu (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  double slope = caffe_f64 (n, "negative_slope", 0);

  if (slope == 0)
    ir_build_out (n, 0, ir_build_op (n, "ReLU", 1, 1, data));
  else
    ir_build_out (n, 0,
        ir_build_op (n, "PReLU", 1, 2, data,
            ir_build_reals (n, ir_build_dtype_of (data), &slope, 1)));
}

void
caffe_map_prelu (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), slope;
  gint64 count =
      caffe_bool (n, "channel_shared", FALSE) ? 1 : caffe_dim (n, data, 1);

  slope = caffe_blob (n, 0, "slopes", &count, 1);
  ir_build_out (n, 0, ir_build_op (n, "PReLU", 1, 2, data, slope));
}

void
caffe_map_elu (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "Elu", 1, 1, ir_build_in (n, 0));

  ir_build_set_f64 (n, op, "alpha", caffe_f64 (n, "alpha", 1));
  ir_build_out (n, 0, ir_build_done (n, op));
}

static void
clamp (IrBuild *n, double min, double max)
{
  IrNode *op = ir_build_add (n, "Clamp", 1, 1, ir_build_in (n, 0));

  ir_build_set_f64 (n, op, "min", min);
  ir_build_set_f64 (n, op, "max", max);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_relu6 (IrBuild *n)
{
  clamp (n, 0, caffe_f64 (n, "n", 6));
}

void
caffe_map_clip (IrBuild *n)
{
  if (!caffe_has (n, "min") || !caffe_has (n, "max"))
    ir_build_fail (n, IR_ERROR_PARSE, "lacks its min or max");
  clamp (n, caffe_f64 (n, "min", 0), caffe_f64 (n, "max", 0));
}

void
caffe_map_swish (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (n, 0,
      ir_build_op (n, "Swish", 4, 2, data,
          ir_build_like (n, data, caffe_f64 (n, "beta", 1))));
}

/* 1 above the threshold, 0 elsewhere. */
void
caffe_map_threshold (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort above = ir_build_op (n, "Greater", 1, 2, data,
      ir_build_like (n, data, caffe_f64 (n, "threshold", 0)));

  ir_build_out (n, 0, ir_build_cast (n, above, ir_build_dtype_of (data)));
}

/* --- functions of shift + scale * x ------------------------------------------------- */

static IrPort
linear (IrBuild *n, double factor)
{
  IrPort data = caffe_multiply (
      n, ir_build_in (n, 0), factor * caffe_f64 (n, "scale", 1));

  return caffe_add (n, data, factor * caffe_f64 (n, "shift", 0));
}

void
caffe_map_power (IrBuild *n)
{
  double power = caffe_f64 (n, "power", 1);
  IrPort data = linear (n, 1);

  if (power != 1)
    data = ir_build_op (n, "Power", 1, 2, data, ir_build_like (n, data, power));
  ir_build_out (n, 0, data);
}

/* The logarithm of the base, which is e if it is -1. */
static double
log_of_base (IrBuild *n)
{
  double base = caffe_f64 (n, "base_", -1);

  if (base == -1)
    return 1;
  if (!(base > 0))
    ir_build_fail (n, IR_ERROR_PARSE, "has the base %g", base);
  return log (base);
}

void
caffe_map_exp (IrBuild *n)
{
  ir_build_out (
      n, 0, ir_build_op (n, "Exp", 1, 1, linear (n, log_of_base (n))));
}

void
caffe_map_log (IrBuild *n)
{
  IrPort data = ir_build_op (n, "Log", 1, 1, linear (n, 1));

  ir_build_out (n, 0, caffe_multiply (n, data, 1 / log_of_base (n)));
}

/* --- several inputs ------------------------------------------------------------------- */

static IrPort
weighted (IrBuild *n, gsize index, const IrF64s *factors)
{
  IrPort data = ir_build_in (n, index);

  return factors->n > 0 ? caffe_multiply (n, data, factors->v[index]) : data;
}

void
caffe_map_eltwise (IrBuild *n)
{
  const char *operation = caffe_text (n, "operation", "SUM");
  gboolean is_sum = strcmp (operation, "SUM") == 0;
  const char *type = is_sum             ? "Add"
      : strcmp (operation, "PROD") == 0 ? "Multiply"
                                        : "Maximum";
  IrF64s factors;
  IrPort data;

  caffe_f64s (n, "coeff", &factors);
  if (factors.n > 0 && (!is_sum || factors.n != caffe_n_bottoms (n)))
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " coefficients for %" G_GSIZE_FORMAT
        " bottoms, or is no sum",
        factors.n, caffe_n_bottoms (n));
  if (ir_build_failed (n))
    return;
  data = weighted (n, 0, &factors);
  for (gsize i = 1; i < caffe_n_bottoms (n); i++)
    data = ir_build_op (n, type, 1, 2, data, weighted (n, i, &factors));
  ir_build_out (n, 0, data);
}

/* a * x + y, with one a for each plane. */
void
caffe_map_axpy (IrBuild *n)
{
  static const gint64 dims[] = { 0, 0, 1, 1 };
  IrPort scale = ir_build_in (n, 0), x = ir_build_in (n, 1);

  if (ir_build_rank (n, scale) == 2)
    scale = caffe_reshape (n, scale, dims, (gsize) ir_build_rank (n, x));
  ir_build_out (n, 0,
      ir_build_op (n, "Add", 1, 2, ir_build_op (n, "Multiply", 1, 2, scale, x),
          ir_build_in (n, 2)));
}

/* --- along an axis ---------------------------------------------------------------------- */

/* Weights that go along @count axes of the data from @axis on, with ones around
 * them. */
static IrPort
weights_along (IrBuild *n, gsize index, const char *what, IrPort data,
    gint64 axis, gint64 count)
{
  gint64 dims[IR_MAX_RANK] = { 1, 1, 1, 1, 1, 1, 1, 1 };
  gint rank = ir_build_rank (n, data);

  if (count < 0)
    count = rank - axis;
  if (count < 0 || axis + count > rank)
    ir_build_fail (n, IR_ERROR_SHAPE, "has more axes than its input");
  for (gint64 i = axis; i < axis + count && !ir_build_failed (n); i++)
    dims[i] = caffe_dim (n, data, i);
  return ir_build_failed (n) ? IR_NO_PORT
                             : caffe_blob (n, index, what, dims, (gsize) rank);
}

/* A second bottom in the place of weights. */
static IrPort
bottom_along (IrBuild *n, IrPort data, gint64 axis)
{
  IrPort other = ir_build_in (n, 1);
  gint64 dims[IR_MAX_RANK] = { 0 };
  gint rank = ir_build_rank (n, other);
  gint64 behind = ir_build_rank (n, data) - axis - rank;

  if (behind < 0)
    ir_build_fail (n, IR_ERROR_SHAPE, "has a second bottom of too many axes");
  if (ir_build_failed (n) || behind == 0)
    return other;
  for (gint64 i = rank; i < rank + behind; i++)
    dims[i] = 1;
  return caffe_reshape (n, other, dims, (gsize) (rank + behind));
}

static IrPort
operand (IrBuild *n, const char *what, IrPort data, gint64 axis)
{
  return caffe_n_bottoms (n) > 1
      ? bottom_along (n, data, axis)
      : weights_along (n, 0, what, data, axis, caffe_i64 (n, "num_axes", 1));
}

void
caffe_map_scale (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), out;
  gint64 axis = caffe_axis (n, data, "axis", 1);

  out = ir_build_op (
      n, "Multiply", 1, 2, data, operand (n, "factors", data, axis));
  if (caffe_bool (n, "bias_term", FALSE))
    out = ir_build_op (n, "Add", 1, 2, out,
        weights_along (n, caffe_n_bottoms (n) > 1 ? 0 : 1, "biases", data, axis,
            caffe_i64 (n, "num_axes", 1)));
  ir_build_out (n, 0, out);
}

void
caffe_map_bias (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);

  ir_build_out (n, 0,
      ir_build_op (n, "Add", 1, 2, data,
          operand (n, "biases", data, caffe_axis (n, data, "axis", 1))));
}
