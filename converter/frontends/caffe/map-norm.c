/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Matrix products, normalizations, softmax. */
#include "map.h"

#include <string.h>

/* --- InnerProduct ------------------------------------------------------------------ */

/* [before the axis..., all the rest] */
static IrPort
flatten_from (IrBuild *n, IrPort data, gint64 axis)
{
  gint64 dims[IR_MAX_RANK] = { 0 };

  if (ir_build_failed (n) || ir_build_rank (n, data) == axis + 1)
    return data;
  dims[axis] = -1;
  return caffe_reshape (n, data, dims, (gsize) axis + 1);
}

void
caffe_map_inner_product (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), out;
  gint64 axis = caffe_axis (n, data, "axis", 1);
  gint64 outputs = caffe_i64 (n, "num_output", 0);
  gsize inputs = 1;
  gboolean transposed = caffe_bool (n, "transpose", FALSE);
  gint64 dims[2];
  IrNode *op;

  for (gint64 i = axis; i < ir_build_rank (n, data); i++) {
    if (!g_size_checked_mul (&inputs, inputs, (gsize) caffe_dim (n, data, i)))
      ir_build_fail (n, IR_ERROR_LIMIT, "has an input that is too large");
  }
  dims[transposed ? 1 : 0] = outputs;
  dims[transposed ? 0 : 1] = (gint64) inputs;
  op = ir_build_add (n, "MatMul", 1, 2, flatten_from (n, data, axis),
      caffe_blob (n, 0, "weights", dims, 2));
  ir_build_set_bool (n, op, "transpose_a", FALSE);
  ir_build_set_bool (n, op, "transpose_b", !transposed);
  out = ir_build_done (n, op);
  if (caffe_bool (n, "bias_term", TRUE)) {
    caffe_name (n, out, "WithoutBiases");
    out = ir_build_op (
        n, "Add", 1, 2, out, caffe_blob (n, 1, "biases", &outputs, 1));
  }
  ir_build_out (n, 0, out);
}

/* --- batches ------------------------------------------------------------------------- */

static IrPort
mvn (IrBuild *n, IrPort data, const gint64 *axes, gsize count, double eps,
    const char *eps_mode, gboolean variance)
{
  IrNode *op =
      ir_build_add (n, "MVN", 6, 2, data, ir_build_list (n, axes, count));

  ir_build_set_f64 (n, op, "eps", eps);
  ir_build_set_text (n, op, "eps_mode", eps_mode);
  ir_build_set_bool (n, op, "normalize_variance", variance);
  return ir_build_done (n, op);
}

/* The axes from the second on, and those of the batch and the channels as asked. */
static gsize
axes_of (IrBuild *n, IrPort data, gboolean batch, gboolean channels,
    gint64 axes[IR_MAX_RANK])
{
  gsize count = 0;

  for (gint64 i = 0; i < ir_build_rank (n, data); i++) {
    if ((i == 0 && batch) || (i == 1 && channels) || i > 1)
      axes[count++] = i;
  }
  return count;
}

/* A blob of sums, which the third blob says how many values are in. */
static IrPort
averages (IrBuild *n, gsize index, const char *what, gint64 channels)
{
  static const gint64 one = 1;
  IrPort sums = caffe_blob (n, index, what, &channels, 1);
  IrPort count = caffe_blob (n, 2, "scale factor", &one, 1);
  double divisor, *values;
  IrPort port;

  if (ir_build_failed (n))
    return IR_NO_PORT;
  divisor = ir_tensor_get_f64 (ir_port_const (count), 0);
  if (divisor == 1)
    return sums;
  values = g_new0 (double, (gsize) channels);
  for (gint64 i = 0; i < channels; i++)
    values[i] = divisor == 0
        ? 0
        : ir_tensor_get_f64 (ir_port_const (sums), (gsize) i) / divisor;
  port = ir_build_reals (n, IR_DTYPE_F32, values, (gsize) channels);
  g_free (values);
  return port;
}

static IrPort
filled (IrBuild *n, double value, gint64 count)
{
  g_autofree double *values = g_new (double, (gsize) count);

  for (gint64 i = 0; i < count; i++)
    values[i] = value;
  return ir_build_reals (n, IR_DTYPE_F32, values, (gsize) count);
}

static void
normalize (IrBuild *n, const IrPort ports[5], double eps)
{
  IrNode *op = ir_build_add_v (n, "BatchNormInference", 5, ports, 5, 0);

  ir_build_set_f64 (n, op, "epsilon", eps);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_batch_norm (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  double eps = caffe_f64 (n, "eps", 1e-5);
  gint64 axes[IR_MAX_RANK], channels;
  IrPort ports[5];

  if (!caffe_bool (n, "use_global_stats", TRUE)) {
    gsize count = axes_of (n, data, TRUE, FALSE, axes);

    ir_build_out (n, 0, mvn (n, data, axes, count, eps, "inside_sqrt", TRUE));
    return;
  }
  channels = caffe_dim (n, data, 1);
  if (ir_build_failed (n))
    return;
  ports[0] = data;
  ports[3] = averages (n, 0, "means", channels);
  ports[4] = averages (n, 1, "variances", channels);
  ports[1] = filled (n, 1, channels);
  ports[2] = filled (n, 0, channels);
  normalize (n, ports, eps);
}

/* Of forks: factors, terms, means and variances in one layer. */
void
caffe_map_bn (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 channels = caffe_dim (n, data, 1);
  const IrPort ports[] = { data, caffe_blob (n, 0, "factors", &channels, 1),
    caffe_blob (n, 1, "biases", &channels, 1),
    caffe_blob (n, 2, "means", &channels, 1),
    caffe_blob (n, 3, "variances", &channels, 1) };

  normalize (n, ports, 1e-5);
}

/* --- samples -------------------------------------------------------------------------- */

void
caffe_map_lrn (IrBuild *n)
{
  static const gint64 across[] = { 1 }, within[] = { 2, 3 };
  gboolean is_across = strcmp (caffe_text (n, "norm_region", "ACROSS_CHANNELS"),
                           "ACROSS_CHANNELS") == 0;
  IrPort axes = is_across ? ir_build_list (n, across, G_N_ELEMENTS (across))
                          : ir_build_list (n, within, G_N_ELEMENTS (within));
  IrNode *op = ir_build_add (n, "LRN", 1, 2, ir_build_in (n, 0), axes);
  gint64 size = caffe_i64 (n, "local_size", 5);

  if (size < 1 || size % 2 == 0)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has local_size %" G_GINT64_FORMAT "; it has to be odd", size);
  ir_build_set_i64 (n, op, "size", size);
  ir_build_set_f64 (n, op, "alpha", caffe_f64 (n, "alpha", 1));
  ir_build_set_f64 (n, op, "beta", caffe_f64 (n, "beta", 0.75));
  /* Within channels Caffe doesn't look at k. */
  ir_build_set_f64 (n, op, "bias", is_across ? caffe_f64 (n, "k", 1) : 1);
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_mvn (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  gint64 axes[IR_MAX_RANK];
  gsize count =
      axes_of (n, data, FALSE, caffe_bool (n, "across_channels", FALSE), axes);

  ir_build_out (n, 0,
      mvn (n, data, axes, count, caffe_f64 (n, "eps", 1e-9), "outside_sqrt",
          caffe_bool (n, "normalize_variance", TRUE)));
}

void
caffe_map_normalize (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), out;
  gint64 axes[IR_MAX_RANK] = { 1 }, channels = 1;
  gsize count = 1;
  IrNode *op;

  if (caffe_bool (n, "across_spatial", TRUE))
    count = axes_of (n, data, FALSE, TRUE, axes);
  op = ir_build_add (
      n, "NormalizeL2", 1, 2, data, ir_build_list (n, axes, count));
  ir_build_set_f64 (n, op, "eps", caffe_f64 (n, "eps", 1e-10));
  ir_build_set_text (n, op, "eps_mode", "add");
  out = ir_build_done (n, op);
  if (!caffe_bool (n, "channel_shared", TRUE))
    channels = caffe_dim (n, data, 1);
  ir_build_out (n, 0,
      ir_build_op (n, "Multiply", 1, 2, out,
          ir_build_per_channel (
              n, caffe_blob (n, 0, "factors", &channels, 1), data)));
}

void
caffe_map_grn (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "GRN", 1, 1, ir_build_in (n, 0));

  ir_build_set_f64 (n, op, "bias", caffe_f64 (n, "bias", 1));
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_softmax (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrNode *op = ir_build_add (n, "SoftMax", 1, 1, data);

  ir_build_set_i64 (n, op, "axis", caffe_axis (n, data, "axis", 1));
  ir_build_out (n, 0, ir_build_done (n, op));
}
