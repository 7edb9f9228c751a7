/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Old layers that compute: element by element, products, normalisation. */
#include "old.h"

#include <string.h>

/* The op of the row, with the inputs and attributes of the layer. */
IrPort
ir_old_direct (IrOld *old)
{
  const IrOldRow *row = old->layer->old;
  const IrOpDesc *op = ir_op_lookup_number (row->op, row->opset);
  const gboolean variadic = op->n_outputs == IR_VARIADIC;
  IrPort out = ir_old_op_of (old, NULL, row->op, row->opset, old->in,
      old->layer->n_in, variadic ? old->layer->n_out : 0);

  ir_old_take_attrs (old, out);
  for (guint i = 1; out.node && i < out.node->n_outputs; i++)
    ir_old_out (old, i, ir_port (out.node, i));
  return out;
}

IrPort
ir_old_copy (IrOld *old)
{
  return old->in[0];
}

IrPort
ir_old_constant (IrOld *old)
{
  return ir_old_blob (old, "custom", ir_old_out_shape (old, 0));
}

IrPort
ir_old_input (IrOld *old)
{
  IrPort out = ir_old_op (old, NULL, "Parameter", 1, 0);

  if (out.node)
    ir_node_set_parameter (
        out.node, ir_old_dtype (old), ir_old_out_shape (old, 0));
  return out;
}

/* --- element by element ---------------------------------------------------- */

/* From left to right. */
static IrPort
chain (IrOld *old, const char *op, const IrPort *in, gsize n)
{
  IrPort sum = in[0];

  for (gsize i = 1; i < n; i++) {
    g_autofree char *suffix = g_strdup_printf ("%" G_GSIZE_FORMAT, i);

    sum = ir_old_op (old, i + 1 < n ? suffix : NULL, op, 1, 2, sum, in[i]);
  }
  return sum;
}

IrPort
ir_old_eltwise (IrOld *old)
{
  return chain (old, old->layer->old->op, old->in, old->layer->n_in);
}

/* A sum may have a factor for each input. */
IrPort
ir_old_sum (IrOld *old)
{
  const gsize n = old->layer->n_in;
  g_autofree IrPort *in = g_memdup2 (old->in, n * sizeof (IrPort));
  g_auto (GStrv) factors = g_strsplit (ir_old_text (old, "coeff", ""), ",", -1);
  const gsize n_factors = g_strv_length (factors);

  if (n_factors != 0 && n_factors != n)
    ir_old_fail (old, IR_ERROR_PARSE,
        "coeff has %" G_GSIZE_FORMAT " values for %" G_GSIZE_FORMAT " inputs",
        n_factors, n);
  for (gsize i = 0; i < n_factors && !old->error; i++) {
    g_autofree char *name = g_strdup_printf ("coeff%" G_GSIZE_FORMAT, i);
    g_autofree char *scaled = g_strdup_printf ("scaled%" G_GSIZE_FORMAT, i);
    const double factor = g_ascii_strtod (factors[i], NULL);

    if (factor != 1)
      in[i] = ir_old_op (old, scaled, "Multiply", 1, 2, in[i],
          ir_old_number (old, name, factor));
  }
  return chain (old, old->layer->old->op, in, n);
}

static IrPort
as_boolean (IrOld *old, const char *suffix, IrPort port)
{
  return ir_old_add_convert (old, suffix, port, IR_DTYPE_BOOLEAN);
}

/* Old truth is a number of the layer's precision. */
IrPort
ir_old_compare (IrOld *old)
{
  IrPort out = ir_old_op (
      old, "compared", old->layer->old->op, 1, 2, old->in[0], old->in[1]);

  return ir_old_add_convert (old, NULL, out, ir_old_dtype (old));
}

IrPort
ir_old_logical (IrOld *old)
{
  IrPort in[2] = { as_boolean (old, "a", old->in[0]) };
  IrPort out;

  if (old->layer->n_in > 1)
    in[1] = as_boolean (old, "b", old->in[1]);
  out = ir_old_op_of (
      old, "truth", old->layer->old->op, 1, in, old->layer->n_in, 0);
  return ir_old_add_convert (old, NULL, out, ir_old_dtype (old));
}

IrPort
ir_old_select (IrOld *old)
{
  return ir_old_op (old, NULL, "Select", 1, 3,
      as_boolean (old, "condition", old->in[0]), old->in[1], old->in[2]);
}

IrPort
ir_old_cast (IrOld *old)
{
  return ir_old_add_convert (old, NULL, old->in[0], ir_old_dtype (old));
}

IrPort
ir_old_relu (IrOld *old)
{
  const double slope = ir_old_f64 (old, "negative_slope", 0);
  g_autoptr (IrTensor) value = NULL;
  const float number = (float) slope;

  if (slope == 0)
    return ir_old_op (old, NULL, "ReLU", 1, 1, old->in[0]);
  value = ir_tensor_new_f32 (&number, 1);
  return ir_old_op (old, NULL, "PReLU", 1, 2, old->in[0],
      ir_old_add_const (old, "negative_slope", value));
}

IrPort
ir_old_relu6 (IrOld *old)
{
  g_autofree char *most = g_strdup_printf ("%.17g", ir_old_f64 (old, "n", 6));
  IrPort out = ir_old_op (old, NULL, "Clamp", 1, 1, old->in[0]);

  ir_old_set (old, out, "min", "0");
  ir_old_set (old, out, "max", most);
  return out;
}

IrPort
ir_old_prelu (IrOld *old)
{
  const guint64 n = ir_old_blob_count (old, "weights");
  const IrShape shape = ir_shape_1d ((gint64) MIN (n, G_MAXINT64));

  if (n != 1 && n != (guint64) ir_old_channels (old))
    ir_old_fail (old, IR_ERROR_SHAPE,
        "has %" G_GUINT64_FORMAT " slopes for %" G_GINT64_FORMAT " channels", n,
        ir_old_channels (old));
  return ir_old_op (old, NULL, "PReLU", 1, 2, old->in[0],
      ir_old_blob (old, "weights", &shape));
}

/* (shift + scale * x) ^ power */
IrPort
ir_old_power (IrOld *old)
{
  const double power = ir_old_f64 (old, "power", 1);
  const double scale = ir_old_f64 (old, "scale", 1);
  const double shift = ir_old_f64 (old, "shift", 0);
  IrPort out = old->in[0];

  if (scale != 1)
    out = ir_old_op (old, shift == 0 && power == 1 ? NULL : "scaled",
        "Multiply", 1, 2, out, ir_old_number (old, "scale", scale));
  if (shift != 0)
    out = ir_old_op (old, power == 1 ? NULL : "shifted", "Add", 1, 2, out,
        ir_old_number (old, "shift", shift));
  if (power != 1)
    out = ir_old_op (
        old, NULL, "Power", 1, 2, out, ir_old_number (old, "power", power));
  return out;
}

IrPort
ir_old_reciprocal (IrOld *old)
{
  return ir_old_op (
      old, NULL, "Power", 1, 2, old->in[0], ir_old_number (old, "power", -1));
}

IrPort
ir_old_scale_shift (IrOld *old)
{
  const gboolean shifts = ir_old_has_blob (old, "biases");
  IrPort out = old->in[0];

  if (ir_old_has_blob (old, "weights") || !shifts)
    out = ir_old_op (old, shifts ? "scaled" : NULL, "Multiply", 1, 2, out,
        ir_old_channel_blob (old, "weights"));
  if (shifts)
    out = ir_old_op (
        old, NULL, "Add", 1, 2, out, ir_old_channel_blob (old, "biases"));
  return out;
}

/* --- products -------------------------------------------------------------- */

IrPort
ir_old_fully_connected (IrOld *old)
{
  static const gint64 flat[] = { 0, -1 };
  const IrShape *shape = ir_old_in_shape (old, 0);
  const gint64 out_size = ir_old_i64 (old, "out-size", 0);
  const gboolean biased =
      old->layer->n_in > 2 || ir_old_has_blob (old, "biases");
  IrShape weights = { 2, { out_size, 1 } };
  IrShape bias = { 2, { 1, out_size } };
  IrPort in = old->in[0], out;

  if (shape->rank < 2 || out_size < 1) {
    ir_old_fail (old, IR_ERROR_SHAPE,
        "takes an input of two or more dimensions, and an out-size from 1 on");
    return IR_OLD_NONE;
  }
  weights.dim[1] = (gint64) ir_shape_size (shape, 1, shape->rank);
  if (shape->rank > 2) {
    in = ir_old_op (old, "flat", "Reshape", 1, 2, in,
        ir_old_list (old, "flat/shape", flat, 2));
    ir_old_set (old, in, "special_zero", "true");
  }
  out = ir_old_op (old, biased ? "WithoutBiases" : NULL, "MatMul", 1, 2, in,
      old->layer->n_in > 1 ? old->in[1]
                           : ir_old_blob (old, "weights", &weights));
  ir_old_set (old, out, "transpose_b", "true");
  if (biased)
    out = ir_old_op (old, NULL, "Add", 1, 2, out,
        old->layer->n_in > 2 ? old->in[2] : ir_old_blob (old, "biases", &bias));
  return out;
}

/* alpha * A * B + beta * C */
IrPort
ir_old_gemm (IrOld *old)
{
  const double alpha = ir_old_f64 (old, "alpha", 1);
  const double beta = ir_old_f64 (old, "beta", 1);
  const gboolean adds = old->layer->n_in > 2;
  IrPort added = old->in[adds ? 2 : 0];
  IrPort out = ir_old_op (old, adds || alpha != 1 ? "product" : NULL, "MatMul",
      1, 2, old->in[0], old->in[1]);

  ir_old_set (old, out, "transpose_a",
      ir_old_bool (old, "transpose_a", FALSE) ? "true" : "false");
  ir_old_set (old, out, "transpose_b",
      ir_old_bool (old, "transpose_b", FALSE) ? "true" : "false");
  if (alpha != 1)
    out = ir_old_op (old, adds ? "scaled" : NULL, "Multiply", 1, 2, out,
        ir_old_number (old, "alpha", alpha));
  if (adds && beta != 1)
    added = ir_old_op (old, "added", "Multiply", 1, 2, added,
        ir_old_number (old, "beta", beta));
  return adds ? ir_old_op (old, NULL, "Add", 1, 2, out, added) : out;
}

/* --- normalisation --------------------------------------------------------- */

static IrPort
number_per_channel (IrOld *old, const char *suffix, float number)
{
  const IrShape shape = ir_shape_1d (ir_old_channels (old));
  g_autoptr (IrTensor) value = NULL;

  if (old->error)
    return IR_OLD_NONE;
  value = ir_tensor_new (IR_DTYPE_F32, &shape, &old->error);
  for (gint64 i = 0; value && i < shape.dim[0]; i++)
    ((float *) value->data)[i] = number;
  return value ? ir_old_add_const (old, suffix, value) : IR_OLD_NONE;
}

IrPort
ir_old_batch_norm (IrOld *old)
{
  const IrShape shape = ir_shape_1d (ir_old_channels (old));
  const IrPort mean = ir_old_blob (old, "biases", &shape);
  const IrPort variance = ir_old_blob (old, "weights", &shape);
  IrPort out = ir_old_op (old, NULL, "BatchNormInference", 5, 5, old->in[0],
      number_per_channel (old, "gamma", 1), number_per_channel (old, "beta", 0),
      mean, variance);

  ir_old_take_attrs (old, out);
  return out;
}

/* The axes that a norm is taken over: the channels, those behind them, or both. */
static IrPort
norm_axes (IrOld *old, gboolean channels, gboolean others)
{
  gint64 axes[IR_MAX_RANK];
  gsize n = 0;

  if (channels)
    axes[n++] = 1;
  for (gint d = 2; others && d < ir_old_in_shape (old, 0)->rank; d++)
    axes[n++] = d;
  return ir_old_list (old, "axes", axes, n);
}

IrPort
ir_old_lrn (IrOld *old)
{
  const char *region = ir_old_text (old, "region", "across");
  const gboolean across = g_ascii_strcasecmp (region, "across") == 0;
  const struct {
    const char *attr;
    const char *old;
    const char *def;
  } fields[] = { { "alpha", "alpha", NULL }, { "beta", "beta", NULL },
    { "size", "local-size", NULL }, { "bias", "k", "1" } };
  IrPort out = ir_old_op (
      old, NULL, "LRN", 1, 2, old->in[0], norm_axes (old, across, !across));

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++) {
    const char *text = ir_old_text (old, fields[i].old, fields[i].def);

    if (!text)
      ir_old_fail (old, IR_ERROR_PARSE, "has no attribute '%s'", fields[i].old);
    else
      ir_old_set (old, out, fields[i].attr, text);
  }
  return out;
}

IrPort
ir_old_normalize (IrOld *old)
{
  const gboolean everywhere = ir_old_bool (old, "across_spatial", FALSE);
  IrPort out = ir_old_op (old, "normalized", "NormalizeL2", 1, 2, old->in[0],
      norm_axes (old, TRUE, everywhere));

  ir_old_set (old, out, "eps", ir_old_text (old, "eps", "1e-10"));
  ir_old_set (old, out, "eps_mode", "add");
  return ir_old_op (
      old, NULL, "Multiply", 1, 2, out, ir_old_channel_blob (old, "weights"));
}
