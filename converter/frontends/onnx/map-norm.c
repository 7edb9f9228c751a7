/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers less their mean, divided by their deviation, over some of the axes. */
#include "map.h"

/* Half precision is too coarse for sums; ONNX calls the better type a stash. */
static IrDType
stash (IrBuild *n, IrPort data)
{
  IrDType dtype = ir_build_dtype_of (data);

  return dtype == IR_DTYPE_F16 || dtype == IR_DTYPE_BF16 ? IR_DTYPE_F32 : dtype;
}

/* The axes from @axis to the last, which need no rank if it counts from behind. */
static IrPort
axes_to_end (IrBuild *n, IrPort data, gint64 axis)
{
  gint64 axes[IR_MAX_RANK];
  gsize count = 0;

  if (axis >= 0)
    return ir_build_axes_from (n, data, axis);
  if (axis < -IR_MAX_RANK)
    ir_build_fail (n, IR_ERROR_SHAPE, "has an axis that is out of range");
  for (; axis < 0 && !ir_build_failed (n); axis++)
    axes[count++] = axis;
  return ir_build_list (n, axes, count);
}

static IrPort
mvn (IrBuild *n, IrPort data, IrPort axes, double eps, gboolean inside_sqrt)
{
  IrNode *op = ir_build_add (n, "MVN", 6, 2, data, axes);

  ir_build_set_f64 (n, op, "eps", eps);
  ir_build_set_text (
      n, op, "eps_mode", inside_sqrt ? "inside_sqrt" : "outside_sqrt");
  ir_build_set_bool (n, op, "normalize_variance", TRUE);
  return ir_build_done (n, op);
}

static IrPort
scale_and_shift (IrBuild *n, IrPort data, IrPort scale, IrPort bias)
{
  data = ir_build_op (n, "Multiply", 1, 2, data, scale);
  return bias.node ? ir_build_op (n, "Add", 1, 2, data, bias) : data;
}

/* --- with the statistics as outputs -------------------------------------------------- */

typedef struct {
  IrPort mean;     /* over the axes, which are kept as dimensions of 1 */
  IrPort variance; /* of the whole set, not of a sample */
  IrPort centred;  /* the data less its mean */
} Moments;

static Moments
moments (IrBuild *n, IrPort data, IrPort axes)
{
  Moments m;

  m.mean = ir_build_reduce (n, "ReduceMean", data, axes, TRUE);
  m.centred = ir_build_op (n, "Subtract", 1, 2, data, m.mean);
  m.variance = ir_build_reduce (n, "ReduceMean",
      ir_build_op (n, "Multiply", 1, 2, m.centred, m.centred), axes, TRUE);
  return m;
}

/* 1 / sqrt (variance + eps) */
static IrPort
inverse_deviation (IrBuild *n, IrPort variance, double eps)
{
  variance =
      ir_build_op (n, "Add", 1, 2, variance, ir_build_like (n, variance, eps));
  return ir_build_op (n, "Divide", 1, 2, ir_build_like (n, variance, 1),
      ir_build_op (n, "Sqrt", 1, 1, variance));
}

/* --- batches ----------------------------------------------------------------------------- */

/* Statistics may be of a better type than the data, which is then used. */
static IrDType
common_type (IrBuild *n)
{
  IrDType dtype = ir_build_dtype_of (ir_build_in (n, 0));

  for (gsize i = 1; i < 5; i++) {
    if (ir_build_dtype_of (ir_build_in (n, i)) != dtype)
      return IR_DTYPE_F32;
  }
  return dtype;
}

static IrPort
running (IrBuild *n, IrPort old, IrPort now, double momentum)
{
  IrDType dtype = ir_build_dtype_of (old);

  now = ir_build_cast (
      n, ir_build_reshape_to (n, now, (const gint64[]){ -1 }, 1), dtype);
  return ir_build_op (n, "Add", 1, 2,
      ir_build_op (n, "Multiply", 1, 2, old, ir_build_like (n, old, momentum)),
      ir_build_op (
          n, "Multiply", 1, 2, now, ir_build_like (n, old, 1 - momentum)));
}

/* By the statistics of the batch itself, which the outputs keep a record of. */
static void
train (IrBuild *n)
{
  double eps = ir_build_f64 (n, "epsilon", 1e-5);
  double momentum = ir_build_f64 (n, "momentum", 0.9);
  IrPort data = ir_build_in (n, 0), axes, y;
  IrDType type = ir_build_dtype_of (data), work = stash (n, data);
  Moments m;

  data = ir_build_cast (n, data, work);
  axes = ir_build_concat (n, 0, 2, ir_build_list (n, (const gint64[]){ 0 }, 1),
      ir_build_axes_from (n, data, 2));
  m = moments (n, data, axes);
  y = ir_build_op (
      n, "Multiply", 1, 2, m.centred, inverse_deviation (n, m.variance, eps));
  y = scale_and_shift (n, y,
      ir_build_per_channel (
          n, ir_build_cast (n, ir_build_in (n, 1), work), data),
      ir_build_per_channel (
          n, ir_build_cast (n, ir_build_in (n, 2), work), data));
  ir_build_out (n, 0, ir_build_cast (n, y, type));
  ir_build_out (n, 1, running (n, ir_build_in (n, 3), m.mean, momentum));
  ir_build_out (n, 2, running (n, ir_build_in (n, 4), m.variance, momentum));
}

void
onnx_map_batch_norm (IrBuild *n)
{
  IrDType type = ir_build_dtype_of (ir_build_in (n, 0)), work = common_type (n);
  IrPort ports[5];
  IrNode *op;

  if (ir_build_i64 (n, "training_mode", 0) != 0) {
    train (n);
    return;
  }
  if (ir_build_i64 (n, "spatial", 1) == 0)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has statistics of every place (spatial=0), which the IR has no op "
        "for");
  for (gsize i = 0; i < G_N_ELEMENTS (ports); i++)
    ports[i] = ir_build_cast (n, ir_build_in (n, i), work);
  op = ir_build_add_v (n, "BatchNormInference", 5, ports, 5, 0);
  ir_build_set_f64 (n, op, "epsilon", ir_build_f64 (n, "epsilon", 1e-5));
  ir_build_out (n, 0, ir_build_cast (n, ir_build_done (n, op), type));
}

/* --- single samples ------------------------------------------------------------------------ */

void
onnx_map_layer_norm (IrBuild *n)
{
  double eps = ir_build_f64 (n, "epsilon", 1e-5);
  IrPort data = ir_build_in (n, 0);
  IrDType type = ir_build_dtype_of (data);
  IrPort axes = axes_to_end (n, data, ir_build_i64 (n, "axis", -1));
  IrPort bias = ir_build_has (n, 2) ? n->in[2] : IR_NO_PORT;

  data = ir_build_cast (n, data, stash (n, data));
  if (ir_build_wants (n, 1) || ir_build_wants (n, 2)) {
    Moments m = moments (n, data, axes);
    IrPort inverse = inverse_deviation (n, m.variance, eps);

    ir_build_out (n, 1, m.mean);
    ir_build_out (n, 2, inverse);
    data = ir_build_op (n, "Multiply", 1, 2, m.centred, inverse);
  } else {
    data = mvn (n, data, axes, eps, TRUE);
  }
  ir_build_out (n, 0,
      scale_and_shift (
          n, ir_build_cast (n, data, type), ir_build_in (n, 1), bias));
}

/* Without the mean: divided by the root of the mean square. */
void
onnx_map_rms_norm (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), square;
  IrDType type = ir_build_dtype_of (data);
  IrPort axes = axes_to_end (n, data, ir_build_i64 (n, "axis", -1));

  data = ir_build_cast (n, data, stash (n, data));
  square = ir_build_reduce (n, "ReduceMean",
      ir_build_op (n, "Multiply", 1, 2, data, data), axes, TRUE);
  data = ir_build_op (n, "Multiply", 1, 2, data,
      inverse_deviation (n, square, ir_build_f64 (n, "epsilon", 1e-5)));
  ir_build_out (n, 0,
      scale_and_shift (
          n, ir_build_cast (n, data, type), ir_build_in (n, 1), IR_NO_PORT));
}

void
onnx_map_instance_norm (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0);
  IrPort y = mvn (n, data, ir_build_axes_from (n, data, 2),
      ir_build_f64 (n, "epsilon", 1e-5), TRUE);

  ir_build_out (n, 0,
      scale_and_shift (n, y, ir_build_per_channel (n, ir_build_in (n, 1), data),
          ir_build_per_channel (n, ir_build_in (n, 2), data)));
}

/* One number for each of @groups groups as one for each channel. */
static IrPort
group_to_channels (IrBuild *n, IrPort vector, IrPort data, gint64 groups)
{
  IrPort size = ir_build_op (
      n, "Divide", 1, 2, ir_build_dim (n, data, 1), ir_build_int (n, groups));
  IrPort shape = ir_build_concat (n, 0, 2, ir_build_list (n, &groups, 1), size);

  vector = ir_build_op (
      n, "Broadcast", 3, 2, ir_build_unsqueeze (n, vector, 1), shape);
  return ir_build_reshape_to (n, vector, (const gint64[]){ -1 }, 1);
}

/* Opset 18 has a scale for each group, later ones for each channel. */
void
onnx_map_group_norm (IrBuild *n)
{
  IrPort data = ir_build_in (n, 0), scale = ir_build_in (n, 1),
         bias = ir_build_in (n, 2);
  IrDType type = ir_build_dtype_of (data), work = stash (n, data);
  gint64 groups = ir_build_i64 (n, "num_groups", 0);
  IrNode *op;

  if (groups < 1)
    ir_build_fail (n, IR_ERROR_PARSE, "has no number of groups");
  if (onnx_node (n)->opset < 21) {
    scale = group_to_channels (n, scale, data, groups);
    bias = group_to_channels (n, bias, data, groups);
  }
  op = ir_build_add (n, "GroupNormalization", 12, 3,
      ir_build_cast (n, data, work), ir_build_cast (n, scale, work),
      ir_build_cast (n, bias, work));
  ir_build_set_i64 (n, op, "num_groups", groups);
  ir_build_set_f64 (n, op, "epsilon", ir_build_f64 (n, "epsilon", 1e-5));
  ir_build_out (n, 0, ir_build_cast (n, ir_build_done (n, op), type));
}

/* Before opset 9 flags say which axes. */
void
onnx_map_mean_variance_norm (IrBuild *n)
{
  static const gint64 usual[] = { 0, 2, 3 };
  IrPort data = ir_build_in (n, 0), axes;
  gboolean variance = ir_build_i64 (n, "normalize_variance", 1) != 0;
  IrI64s list;

  if (onnx_node (n)->opset < 9)
    axes = ir_build_axes_from (
        n, data, ir_build_i64 (n, "across_channels", 0) != 0 ? 1 : 2);
  else if (ir_build_i64s (n, "axes", &list))
    axes = ir_build_list (n, list.v, list.n);
  else
    axes = ir_build_list (n, usual, G_N_ELEMENTS (usual));
  if (variance)
    data = mvn (n, data, axes, 1e-9, FALSE);
  else
    data = ir_build_op (n, "Subtract", 1, 2, data,
        ir_build_reduce (n, "ReduceMean", data, axes, TRUE));
  ir_build_out (n, 0, data);
}

void
onnx_map_lrn (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "LRN", 1, 2, ir_build_in (n, 0),
      ir_build_list (n, (const gint64[]){ 1 }, 1));
  gint64 size = ir_build_i64 (n, "size", 0);

  if (size < 1)
    ir_build_fail (n, IR_ERROR_PARSE, "has no size");
  ir_build_set_i64 (n, op, "size", size);
  ir_build_set_f64 (n, op, "alpha", ir_build_f64 (n, "alpha", 1e-4));
  ir_build_set_f64 (n, op, "beta", ir_build_f64 (n, "beta", 0.75));
  ir_build_set_f64 (n, op, "bias", ir_build_f64 (n, "bias", 1));
  ir_build_out (n, 0, ir_build_done (n, op));
}
