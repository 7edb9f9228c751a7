/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MVN and GroupNormalization: numbers less the mean of their group, divided by
 * its deviation. */
#include <math.h>

#include "axes-walk.h"

enum {
  INSIDE_SQRT,
  OUTSIDE_SQRT,
};

static const char *const eps_names[] = { "inside_sqrt", "outside_sqrt", NULL };

static const IrAttrDesc mvn_2_attrs[] = {
  IR_ATTR_ROW (IrMvnAttrs, eps, F64, NULL),
  IR_ATTR_ROW (IrMvnAttrs, across_channels, BOOL, "false"),
  IR_ATTR_ROW (IrMvnAttrs, normalize_variance, BOOL, "true"),
  IR_ATTR_ROW (IrMvnAttrs, reduction_axes, I64S, ""),
  IR_ATTR_END,
};

static const IrAttrDesc mvn_6_attrs[] = {
  IR_ATTR_ROW (IrMvnAttrs, eps, F64, NULL),
  IR_ATTR_ROW (IrMvnAttrs, normalize_variance, BOOL, NULL),
  IR_ATTR_ENUM_ROW (IrMvnAttrs, eps_mode, NULL, eps_names),
  IR_ATTR_END,
};

static const IrAttrDesc group_norm_attrs[] = {
  IR_ATTR_ROW (IrGroupNormAttrs, num_groups, I64, NULL),
  IR_ATTR_ROW (IrGroupNormAttrs, epsilon, F64, NULL),
  IR_ATTR_END,
};

gboolean
ir_mvn_axes (
    const IrMvnAttrs *attrs, const IrShape *shape, guint *axes, GError **error)
{
  const IrI64s *list = &attrs->reduction_axes;

  *axes = 0;
  for (gint d = attrs->across_channels ? 1 : 2; list->n == 0 && d < shape->rank;
       d++)
    *axes |= 1u << d;
  for (gsize i = 0; i < list->n; i++) {
    guint axis;

    if (!ir_shape_axis (shape, list->v[i], &axis, error))
      return FALSE;
    *axes |= 1u << axis;
  }
  return TRUE;
}

static gboolean
mvn_2_infer (IrInferCtx *ctx, GError **error)
{
  guint axes;

  return ir_infer_unary (ctx, IR_ACCEPT_FLOAT, error) &&
      (ctx->in_shape[0].rank == IR_RANK_UNKNOWN ||
          ir_mvn_axes (ctx->attrs, &ctx->in_shape[0], &axes, error));
}

static gboolean
mvn_6_infer (IrInferCtx *ctx, GError **error)
{
  gboolean known;
  guint axes;

  return ir_infer_unary (ctx, IR_ACCEPT_FLOAT, error) &&
      ir_infer_rank (ctx, 1, 3, "axes", error) &&
      ir_infer_axes_mask (ctx, 1, 0, &axes, &known, error);
}

typedef struct {
  const float *in;
  float *out;
  double sum;
  double mean;
  double scale;
} Group;

static void
add_up (gint64 first, gint64 n, gint64 step, gpointer data)
{
  Group *group = data;
  const float *in = group->in + first;

  for (gint64 i = 0; i < n; i++)
    group->sum += in[i * step];
}

static void
add_deviations (gint64 first, gint64 n, gint64 step, gpointer data)
{
  Group *group = data;
  const float *in = group->in + first;

  for (gint64 i = 0; i < n; i++) {
    const double x = in[i * step] - group->mean;

    group->sum += x * x;
  }
}

static void
apply (gint64 first, gint64 n, gint64 step, gpointer data)
{
  const Group *group = data;

  for (gint64 i = first; n > 0; i += step, n--)
    group->out[i] = (float) ((group->in[i] - group->mean) * group->scale);
}

static void
normalize_group (
    const IrAxesWalk *walk, gint64 at, const IrMvnAttrs *attrs, Group *group)
{
  const double n = (double) ir_axes_walk_size (walk);
  double variance;

  group->sum = 0;
  ir_axes_walk_runs (walk, at, add_up, group);
  group->mean = group->sum / n;

  group->scale = 1;
  if (attrs->normalize_variance) {
    group->sum = 0;
    ir_axes_walk_runs (walk, at, add_deviations, group);
    variance = group->sum / n;
    group->scale = attrs->eps_mode == INSIDE_SQRT
        ? 1 / sqrt (variance + attrs->eps)
        : 1 / (sqrt (variance) + attrs->eps);
  }
  ir_axes_walk_runs (walk, at, apply, group);
}

static void
normalize (const IrEvalCtx *ctx, const IrShape *shape, guint axes,
    const IrMvnAttrs *attrs)
{
  Group group = { .in = ir_eval_f32 (ctx, 0), .out = ir_eval_out_f32 (ctx, 0) };
  gint64 index[IR_MAX_RANK] = { 0 };
  IrAxesWalk walk;

  if (ir_tensor_count (ctx->in[0]) == 0)
    return;

  ir_axes_walk_init (&walk, shape, axes);
  do {
    normalize_group (&walk, ir_axes_walk_at (&walk, index), attrs, &group);
  } while (ir_next_index (&walk.kept, index));
}

static gboolean
mvn_2_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrShape *shape = &ctx->in[0]->shape;
  guint axes;

  if (!ir_mvn_axes (ctx->attrs, shape, &axes, error))
    return FALSE;
  normalize (ctx, shape, axes, ctx->attrs);
  return TRUE;
}

static gboolean
mvn_6_evaluate (IrEvalCtx *ctx, GError **error)
{
  guint axes;

  if (!ir_eval_axes_mask (ctx, 1, 0, &axes, error))
    return FALSE;
  normalize (ctx, &ctx->in[0]->shape, axes, ctx->attrs);
  return TRUE;
}

static gboolean
check_groups (gint64 groups, gint64 channels, GError **error)
{
  if (groups < 1) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "num_groups is %" G_GINT64_FORMAT ", at least 1 is needed", groups);
  }
  if (channels != IR_DIM_UNKNOWN && channels % groups != 0) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " channels can't be split into %" G_GINT64_FORMAT
        " groups",
        channels, groups);
  }
  return TRUE;
}

static gboolean
group_norm_infer (IrInferCtx *ctx, GError **error)
{
  const IrGroupNormAttrs *attrs = ctx->attrs;
  IrShape data = ctx->in_shape[0], channels = ir_shape_of_rank (1);
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, 3, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_infer_rank (ctx, 0, ~3u, "data", error))
    return FALSE;
  if (data.rank != IR_RANK_UNKNOWN)
    channels.dim[0] = data.dim[1];
  for (guint i = 1; i < 3; i++) {
    char text[2][IR_SHAPE_TEXT];

    if (!ir_shape_merge (&channels, &ctx->in_shape[i])) {
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u has the shape %s instead of %s", i,
          ir_shape_print (&ctx->in_shape[i], text[0]),
          ir_shape_print (&channels, text[1]));
    }
  }
  if (!check_groups (attrs->num_groups, channels.dim[0], error))
    return FALSE;

  if (data.rank != IR_RANK_UNKNOWN)
    data.dim[1] = channels.dim[0];
  ir_infer_set (ctx, 0, dtype, &data);
  return TRUE;
}

static gboolean
group_norm_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrGroupNormAttrs *attrs = ctx->attrs;
  const IrMvnAttrs mvn = { .eps = attrs->epsilon, .normalize_variance = TRUE };
  const IrShape *shape = &ctx->in[0]->shape;
  const gint64 plane = (gint64) ir_shape_size (shape, 2, shape->rank);
  const gint64 planes = (gint64) ir_shape_size (shape, 0, 2);
  const gint64 size = shape->dim[1] / attrs->num_groups * plane;
  const IrShape grouped = { 3, { shape->dim[0], attrs->num_groups, size } };
  float *out = ir_eval_out_f32 (ctx, 0);

  normalize (ctx, &grouped, 1u << 2, &mvn);
  for (gint64 p = 0; p < planes; p++) {
    const float scale = ir_eval_f32 (ctx, 1)[p % shape->dim[1]];
    const float bias = ir_eval_f32 (ctx, 2)[p % shape->dim[1]];

    for (gint64 i = 0; i < plane; i++, out++)
      *out = *out * scale + bias;
  }
  return TRUE;
}

const IrOpDesc ir_op_mvn_2 = {
  .type = "MVN",
  .opset = 2,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrMvnAttrs),
  .attrs = mvn_2_attrs,
  .infer = mvn_2_infer,
  .evaluate = mvn_2_evaluate,
  .summary = "Planes less their mean, divided by their deviation",
};

const IrOpDesc ir_op_mvn_6 = {
  .type = "MVN",
  .opset = 6,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrMvnAttrs),
  .attrs = mvn_6_attrs,
  .infer = mvn_6_infer,
  .evaluate = mvn_6_evaluate,
  .summary = "Numbers less the mean over axes, divided by the deviation",
};

const IrOpDesc ir_op_group_normalization_12 = {
  .type = "GroupNormalization",
  .opset = 12,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrGroupNormAttrs),
  .attrs = group_norm_attrs,
  .infer = group_norm_infer,
  .evaluate = group_norm_evaluate,
  .summary = "Groups of channels less their mean, divided by their deviation",
};
