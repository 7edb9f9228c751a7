/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers less their mean, divided by their deviation, over some of the axes. */
#include "map.h"

/* Half precision is too coarse for sums; ONNX calls the better type a stash. */
static IrDType
stash (OnnxNode *n, IrPort data)
{
  IrDType dtype = onnx_dtype_of (data);

  return dtype == IR_DTYPE_F16 || dtype == IR_DTYPE_BF16 ? IR_DTYPE_F32 : dtype;
}

/* The axes from @axis to the last, which need no rank if it counts from behind. */
static IrPort
axes_to_end (OnnxNode *n, IrPort data, gint64 axis)
{
  gint64 axes[IR_MAX_RANK];
  gsize count = 0;

  if (axis >= 0)
    return onnx_axes_from (n, data, axis);
  if (axis < -IR_MAX_RANK)
    onnx_fail (n, IR_ERROR_SHAPE, "has an axis that is out of range");
  for (; axis < 0 && !onnx_failed (n); axis++)
    axes[count++] = axis;
  return onnx_list (n, axes, count);
}

static IrPort
mvn (OnnxNode *n, IrPort data, IrPort axes, double eps, gboolean inside_sqrt)
{
  IrNode *op = onnx_add (n, "MVN", 6, 2, data, axes);

  onnx_set_f64 (n, op, "eps", eps);
  onnx_set_text (
      n, op, "eps_mode", inside_sqrt ? "inside_sqrt" : "outside_sqrt");
  onnx_set_bool (n, op, "normalize_variance", TRUE);
  return onnx_done (n, op);
}

static IrPort
scale_and_shift (OnnxNode *n, IrPort data, IrPort scale, IrPort bias)
{
  data = onnx_op (n, "Multiply", 1, 2, data, scale);
  return bias.node ? onnx_op (n, "Add", 1, 2, data, bias) : data;
}

/* --- with the statistics as outputs -------------------------------------------------- */

typedef struct {
  IrPort mean;     /* over the axes, which are kept as dimensions of 1 */
  IrPort variance; /* of the whole set, not of a sample */
  IrPort centred;  /* the data less its mean */
} Moments;

static Moments
moments (OnnxNode *n, IrPort data, IrPort axes)
{
  Moments m;

  m.mean = onnx_reduce (n, "ReduceMean", data, axes, TRUE);
  m.centred = onnx_op (n, "Subtract", 1, 2, data, m.mean);
  m.variance = onnx_reduce (n, "ReduceMean",
      onnx_op (n, "Multiply", 1, 2, m.centred, m.centred), axes, TRUE);
  return m;
}

/* 1 / sqrt (variance + eps) */
static IrPort
inverse_deviation (OnnxNode *n, IrPort variance, double eps)
{
  variance = onnx_op (n, "Add", 1, 2, variance, onnx_like (n, variance, eps));
  return onnx_op (n, "Divide", 1, 2, onnx_like (n, variance, 1),
      onnx_op (n, "Sqrt", 1, 1, variance));
}

/* --- batches ----------------------------------------------------------------------------- */

/* Statistics may be of a better type than the data, which is then used. */
static IrDType
common_type (OnnxNode *n)
{
  IrDType dtype = onnx_dtype_of (onnx_in (n, 0));

  for (gsize i = 1; i < 5; i++) {
    if (onnx_dtype_of (onnx_in (n, i)) != dtype)
      return IR_DTYPE_F32;
  }
  return dtype;
}

static IrPort
running (OnnxNode *n, IrPort old, IrPort now, double momentum)
{
  IrDType dtype = onnx_dtype_of (old);

  now =
      onnx_cast (n, onnx_reshape_to (n, now, (const gint64[]){ -1 }, 1), dtype);
  return onnx_op (n, "Add", 1, 2,
      onnx_op (n, "Multiply", 1, 2, old, onnx_like (n, old, momentum)),
      onnx_op (n, "Multiply", 1, 2, now, onnx_like (n, old, 1 - momentum)));
}

/* By the statistics of the batch itself, which the outputs keep a record of. */
static void
train (OnnxNode *n)
{
  double eps = onnx_f64 (n, "epsilon", 1e-5);
  double momentum = onnx_f64 (n, "momentum", 0.9);
  IrPort data = onnx_in (n, 0), axes, y;
  IrDType type = onnx_dtype_of (data), work = stash (n, data);
  Moments m;

  data = onnx_cast (n, data, work);
  axes = onnx_concat (n, 0, 2, onnx_list (n, (const gint64[]){ 0 }, 1),
      onnx_axes_from (n, data, 2));
  m = moments (n, data, axes);
  y = onnx_op (
      n, "Multiply", 1, 2, m.centred, inverse_deviation (n, m.variance, eps));
  y = scale_and_shift (n, y,
      onnx_per_channel (n, onnx_cast (n, onnx_in (n, 1), work), data),
      onnx_per_channel (n, onnx_cast (n, onnx_in (n, 2), work), data));
  onnx_out (n, 0, onnx_cast (n, y, type));
  onnx_out (n, 1, running (n, onnx_in (n, 3), m.mean, momentum));
  onnx_out (n, 2, running (n, onnx_in (n, 4), m.variance, momentum));
}

void
onnx_map_batch_norm (OnnxNode *n)
{
  IrDType type = onnx_dtype_of (onnx_in (n, 0)), work = common_type (n);
  IrPort ports[5];
  IrNode *op;

  if (onnx_i64 (n, "training_mode", 0) != 0) {
    train (n);
    return;
  }
  if (onnx_i64 (n, "spatial", 1) == 0)
    onnx_fail (n, IR_ERROR_UNSUPPORTED,
        "has statistics of every place (spatial=0), which the IR has no op "
        "for");
  for (gsize i = 0; i < G_N_ELEMENTS (ports); i++)
    ports[i] = onnx_cast (n, onnx_in (n, i), work);
  op = onnx_add_v (n, "BatchNormInference", 5, ports, 5, 0);
  onnx_set_f64 (n, op, "epsilon", onnx_f64 (n, "epsilon", 1e-5));
  onnx_out (n, 0, onnx_cast (n, onnx_done (n, op), type));
}

/* --- single samples ------------------------------------------------------------------------ */

void
onnx_map_layer_norm (OnnxNode *n)
{
  double eps = onnx_f64 (n, "epsilon", 1e-5);
  IrPort data = onnx_in (n, 0);
  IrDType type = onnx_dtype_of (data);
  IrPort axes = axes_to_end (n, data, onnx_i64 (n, "axis", -1));
  IrPort bias = onnx_has (n, 2) ? n->in[2] : ONNX_NONE;

  data = onnx_cast (n, data, stash (n, data));
  if (onnx_wants (n, 1) || onnx_wants (n, 2)) {
    Moments m = moments (n, data, axes);
    IrPort inverse = inverse_deviation (n, m.variance, eps);

    onnx_out (n, 1, m.mean);
    onnx_out (n, 2, inverse);
    data = onnx_op (n, "Multiply", 1, 2, m.centred, inverse);
  } else {
    data = mvn (n, data, axes, eps, TRUE);
  }
  onnx_out (n, 0,
      scale_and_shift (n, onnx_cast (n, data, type), onnx_in (n, 1), bias));
}

/* Without the mean: divided by the root of the mean square. */
void
onnx_map_rms_norm (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0), square;
  IrDType type = onnx_dtype_of (data);
  IrPort axes = axes_to_end (n, data, onnx_i64 (n, "axis", -1));

  data = onnx_cast (n, data, stash (n, data));
  square = onnx_reduce (
      n, "ReduceMean", onnx_op (n, "Multiply", 1, 2, data, data), axes, TRUE);
  data = onnx_op (n, "Multiply", 1, 2, data,
      inverse_deviation (n, square, onnx_f64 (n, "epsilon", 1e-5)));
  onnx_out (n, 0,
      scale_and_shift (
          n, onnx_cast (n, data, type), onnx_in (n, 1), ONNX_NONE));
}

void
onnx_map_instance_norm (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0);
  IrPort y = mvn (n, data, onnx_axes_from (n, data, 2),
      onnx_f64 (n, "epsilon", 1e-5), TRUE);

  onnx_out (n, 0,
      scale_and_shift (n, y, onnx_per_channel (n, onnx_in (n, 1), data),
          onnx_per_channel (n, onnx_in (n, 2), data)));
}

/* One number for each of @groups groups as one for each channel. */
static IrPort
group_to_channels (OnnxNode *n, IrPort vector, IrPort data, gint64 groups)
{
  IrPort size =
      onnx_op (n, "Divide", 1, 2, onnx_dim (n, data, 1), onnx_int (n, groups));
  IrPort shape = onnx_concat (n, 0, 2, onnx_list (n, &groups, 1), size);

  vector = onnx_op (n, "Broadcast", 3, 2, onnx_unsqueeze (n, vector, 1), shape);
  return onnx_reshape_to (n, vector, (const gint64[]){ -1 }, 1);
}

/* Opset 18 has a scale for each group, later ones for each channel. */
void
onnx_map_group_norm (OnnxNode *n)
{
  IrPort data = onnx_in (n, 0), scale = onnx_in (n, 1), bias = onnx_in (n, 2);
  IrDType type = onnx_dtype_of (data), work = stash (n, data);
  gint64 groups = onnx_i64 (n, "num_groups", 0);
  IrNode *op;

  if (groups < 1)
    onnx_fail (n, IR_ERROR_PARSE, "has no number of groups");
  if (n->opset < 21) {
    scale = group_to_channels (n, scale, data, groups);
    bias = group_to_channels (n, bias, data, groups);
  }
  op = onnx_add (n, "GroupNormalization", 12, 3, onnx_cast (n, data, work),
      onnx_cast (n, scale, work), onnx_cast (n, bias, work));
  onnx_set_i64 (n, op, "num_groups", groups);
  onnx_set_f64 (n, op, "epsilon", onnx_f64 (n, "epsilon", 1e-5));
  onnx_out (n, 0, onnx_cast (n, onnx_done (n, op), type));
}

/* Before opset 9 flags say which axes. */
void
onnx_map_mean_variance_norm (OnnxNode *n)
{
  static const gint64 usual[] = { 0, 2, 3 };
  IrPort data = onnx_in (n, 0), axes;
  gboolean variance = onnx_i64 (n, "normalize_variance", 1) != 0;
  IrI64s list;

  if (n->opset < 9)
    axes = onnx_axes_from (
        n, data, onnx_i64 (n, "across_channels", 0) != 0 ? 1 : 2);
  else if (onnx_i64s (n, "axes", &list))
    axes = onnx_list (n, list.v, list.n);
  else
    axes = onnx_list (n, usual, G_N_ELEMENTS (usual));
  if (variance)
    data = mvn (n, data, axes, 1e-9, FALSE);
  else
    data = onnx_op (n, "Subtract", 1, 2, data,
        onnx_reduce (n, "ReduceMean", data, axes, TRUE));
  onnx_out (n, 0, data);
}

void
onnx_map_lrn (OnnxNode *n)
{
  IrNode *op = onnx_add (
      n, "LRN", 1, 2, onnx_in (n, 0), onnx_list (n, (const gint64[]){ 1 }, 1));
  gint64 size = onnx_i64 (n, "size", 0);

  if (size < 1)
    onnx_fail (n, IR_ERROR_PARSE, "has no size");
  onnx_set_i64 (n, op, "size", size);
  onnx_set_f64 (n, op, "alpha", onnx_f64 (n, "alpha", 1e-4));
  onnx_set_f64 (n, op, "beta", onnx_f64 (n, "beta", 0.75));
  onnx_set_f64 (n, op, "bias", onnx_f64 (n, "bias", 1));
  onnx_out (n, 0, onnx_done (n, op));
}
