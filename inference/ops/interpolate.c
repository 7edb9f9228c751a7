/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <ir/resample.h>
#include <math.h>
#include <string.h>

/* shape_calculation_mode */
enum {
  SIZES,
  SCALES
};

/* A size is rounded down, but a product that falls short of the integer by no
 * more than what single precision loses still counts as that integer. */
#define SCALE_EPSILON 1e-6

/* What the inputs say: which axes are resized, and to what. */
typedef struct {
  const IrInterpolateAttrs *attrs;
  gsize n;
  guint axes[IR_MAX_RANK];
  gint64 sizes[IR_MAX_RANK];  /* those of mode SIZES */
  double scales[IR_MAX_RANK]; /* those of mode SCALES */
} Target;

static gint64
pad_of (IrI64s pads, gint axis)
{
  return (gsize) axis < pads.n ? pads.v[axis] : 0;
}

/* The shape of the input with its padding. */
static gboolean
padded_shape (const IrInterpolateAttrs *attrs, const IrShape *in, IrShape *out,
    GError **error)
{
  *out = *in;
  for (gint i = 0; i < in->rank; i++) {
    const gint64 begin = pad_of (attrs->pads_begin, i);
    const gint64 end = pad_of (attrs->pads_end, i);

    if (begin < 0 || end < 0)
      return ir_fail (
          error, IR_ERROR_UNSUPPORTED, "negative pads cannot be interpolated");
    if (!ir_dim_add (&out->dim[i], begin, error) ||
        !ir_dim_add (&out->dim[i], end, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
scaled_size (gint64 dim, double scale, gint64 *size, GError **error)
{
  const double scaled = dim * (scale + SCALE_EPSILON);

  if (!(scale > 0.0) || !isfinite (scale))
    return ir_fail (error, IR_ERROR_SHAPE, "a scale is %g", scale);
  if (scaled > 0x1p40)
    return ir_fail (error, IR_ERROR_LIMIT,
        "%" G_GINT64_FORMAT " elements times %g are too many", dim, scale);
  *size = dim == IR_DIM_UNKNOWN ? IR_DIM_UNKNOWN : (gint64) scaled;
  return TRUE;
}

/* Applies the target to the padded shape. */
static gboolean
resized_shape (const Target *target, IrShape *shape, GError **error)
{
  for (gsize i = 0; i < target->n; i++) {
    gint64 *dim = &shape->dim[target->axes[i]];
    const gint64 before = *dim;

    if (target->attrs->shape_calculation_mode == SIZES)
      *dim = target->sizes[i];
    else if (!scaled_size (before, target->scales[i], dim, error))
      return FALSE;
    if (*dim < IR_DIM_UNKNOWN || (before == 0 && *dim > 0))
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %u of %" G_GINT64_FORMAT
          " elements cannot be resized to %" G_GINT64_FORMAT,
          target->axes[i], before, *dim);
  }
  return TRUE;
}

static gboolean
read_target (const IrTensor *value, Target *target, GError **error)
{
  if (ir_tensor_count (value) != target->n)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GUINT64_FORMAT " sizes or scales are given for %" G_GSIZE_FORMAT
        " axes",
        ir_tensor_count (value), target->n);
  for (gsize i = 0; i < target->n; i++) {
    target->sizes[i] = ir_tensor_get_i64 (value, i);
    target->scales[i] = (float) ir_tensor_get_f64 (value, i);
    if (target->attrs->shape_calculation_mode == SIZES && target->sizes[i] < 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GSIZE_FORMAT " of the sizes is %" G_GINT64_FORMAT, i,
          target->sizes[i]);
  }
  return TRUE;
}

/* The axes in @list, or all of @shape when @list is NULL. */
static gboolean
read_axes (
    const IrTensor *list, const IrShape *shape, Target *target, GError **error)
{
  gint64 values[IR_MAX_RANK];
  guint seen = 0;

  target->n = shape->rank;
  for (gint i = 0; i < shape->rank; i++)
    values[i] = i;
  if (list &&
      !ir_tensor_read_i64 (list, values, IR_MAX_RANK, &target->n, error))
    return FALSE;
  for (gsize i = 0; i < target->n; i++) {
    if (!ir_shape_axis (shape, values[i], &target->axes[i], error))
      return FALSE;
    if (seen & (1u << target->axes[i]))
      return ir_fail (
          error, IR_ERROR_SHAPE, "axis %u is given twice", target->axes[i]);
    seen |= 1u << target->axes[i];
  }
  return TRUE;
}

static gboolean
check_dtype (IrInferCtx *ctx, GError **error)
{
  const IrDType dtype = ctx->in_dtype[0];

  if (dtype == IR_DTYPE_BOOLEAN)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "booleans cannot be interpolated: convert them first");
  return ir_infer_whole_bytes (ctx, 0, error);
}

/* @value is the input with sizes or scales, @axes that with axes (0: none). */
static gboolean
infer_resized (IrInferCtx *ctx, const IrInterpolateAttrs *attrs, guint value,
    guint axes, GError **error)
{
  const gboolean has_axes = axes > 0 && axes < ctx->n_inputs;
  Target target = { .attrs = attrs };
  IrShape out;

  if (attrs->mode == IR_INTERPOLATE_AREA)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "mode \"area\" is not supported: use nearest, linear or cubic");
  if (!check_dtype (ctx, error) ||
      !ir_infer_rank (ctx, value, 1 << 0 | 1 << 1, "sizes or scales", error) ||
      (attrs->shape_calculation_mode == SIZES &&
          !ir_infer_integers (ctx, value, "sizes", error)) ||
      (has_axes &&
          (!ir_infer_integers (ctx, axes, "axes", error) ||
              !ir_infer_rank (ctx, axes, 1 << 0 | 1 << 1, "axes", error))) ||
      !padded_shape (attrs, &ctx->in_shape[0], &out, error))
    return FALSE;
  if (out.rank == IR_RANK_UNKNOWN) {
    ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
    return TRUE;
  }
  if (has_axes && !ctx->in_value[axes]) {
    out = ir_shape_of_rank (out.rank);
  } else {
    if (!read_axes (
            has_axes ? ctx->in_value[axes] : NULL, &out, &target, error))
      return FALSE;
    if (ctx->in_value[value]) {
      if (!read_target (ctx->in_value[value], &target, error) ||
          !resized_shape (&target, &out, error))
        return FALSE;
    } else {
      for (gsize i = 0; i < target.n; i++)
        out.dim[target.axes[i]] = IR_DIM_UNKNOWN;
    }
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

/* --- the attributes of Interpolate-1 -------------------------------------- */

typedef struct {
  gboolean align_corners;
  gboolean antialias;
  IrI64s axes;
  gint mode;
  IrI64s pads_begin;
  IrI64s pads_end;
} OldAttrs;

/* The same in the words of Interpolate-4, as OpenVINO reads it. */
static IrInterpolateAttrs
translate (const OldAttrs *old, gint rank)
{
  const gint modes[] = { IR_INTERPOLATE_NEAREST,
    rank < 5 ? IR_INTERPOLATE_LINEAR_ONNX : IR_INTERPOLATE_LINEAR,
    IR_INTERPOLATE_CUBIC, IR_INTERPOLATE_AREA };

  return (IrInterpolateAttrs){
    .mode = modes[old->mode],
    .shape_calculation_mode = SIZES,
    .coordinate_transformation_mode = old->align_corners
        ? IR_COORDINATE_ALIGN_CORNERS
        : IR_COORDINATE_ASYMMETRIC,
    .nearest_mode = IR_NEAREST_SIMPLE,
    .antialias = old->antialias,
    .pads_begin = old->pads_begin,
    .pads_end = old->pads_end,
    .cube_coeff = -0.75,
  };
}

/* The attribute's axes as a tensor, to be read as Interpolate-4's input. */
static IrTensor *
old_axes (const OldAttrs *old)
{
  return ir_tensor_new_i64 (old->axes.v, old->axes.n);
}

/* --- evaluate ------------------------------------------------------------- */

/* Describes the resizing of every axis; FALSE in @active for those that stay as
 * they are. */
static gboolean
describe (const IrEvalCtx *ctx, const Target *target, IrResample *axes,
    gboolean *active, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape, *out = &ctx->out[0]->shape;
  gboolean shrinks = FALSE;
  IrShape padded;

  if (!padded_shape (target->attrs, in, &padded, error))
    return FALSE;
  for (gint i = 0; i < in->rank; i++) {
    axes[i] = (IrResample){ *target->attrs, FALSE, in->dim[i],
      pad_of (target->attrs->pads_begin, i), padded.dim[i], out->dim[i], 1.0f };
    active[i] = in->dim[i] != out->dim[i] || padded.dim[i] != in->dim[i];
  }
  for (gsize i = 0; i < target->n; i++) {
    IrResample *axis = &axes[target->axes[i]];

    axis->scale = target->attrs->shape_calculation_mode == SCALES
        ? (float) target->scales[i]
        : (float) axis->out / (float) axis->in;
    shrinks |= axis->scale < 1.0f;
  }
  for (gint i = 0; i < in->rank; i++)
    axes[i].antialias = shrinks && target->attrs->antialias;
  return TRUE;
}

/* @value is the input with sizes or scales, @list that with axes or NULL. */
static gboolean
describe_inputs (const IrEvalCtx *ctx, const IrInterpolateAttrs *attrs,
    const IrTensor *value, const IrTensor *list, IrResample *axes,
    gboolean *active, GError **error)
{
  Target target = { .attrs = attrs };

  return read_axes (list, &ctx->in[0]->shape, &target, error) &&
      read_target (value, &target, error) &&
      describe (ctx, &target, axes, active, error);
}

gboolean
ir_resample_describe (
    const IrEvalCtx *ctx, IrResample *axes, gboolean *active, GError **error)
{
  const gboolean v11 = ctx->node->op->opset == 11;
  const IrInterpolateAttrs *attrs = ctx->attrs;
  const guint list = v11 ? 2 : 3;

  if (ctx->node->op->opset == 1) {
    const IrInterpolateAttrs translated =
        translate (ctx->attrs, ctx->in[0]->shape.rank);
    g_autoptr (IrTensor) old = old_axes (ctx->attrs);

    return describe_inputs (
        ctx, &translated, ctx->in[1], old, axes, active, error);
  }
  return describe_inputs (ctx, attrs,
      ctx->in[v11 || attrs->shape_calculation_mode == SIZES ? 1 : 2],
      list < ctx->n_inputs ? ctx->in[list] : NULL, axes, active, error);
}

static gboolean
evaluate_nearest (IrEvalCtx *ctx, const IrResample *axes,
    const gboolean *active, GError **error)
{
  gint64 *maps[IR_MAX_RANK] = { NULL };
  const guint8 zero[8] = { 0 };
  gboolean ok = TRUE;

  for (gint d = 0; ok && d < ctx->in[0]->shape.rank; d++) {
    if (!active[d])
      continue;
    ok = ir_new_map (&maps[d], axes[d].out, error);
    for (gint64 i = 0; ok && i < axes[d].out; i++)
      maps[d][i] = ir_resample_nearest (&axes[d], i);
  }
  if (ok)
    ir_move_mapped (ctx->in[0], maps, zero, ctx->out[0]);
  for (gint d = 0; d < ctx->in[0]->shape.rank; d++)
    g_free (maps[d]);
  return ok;
}

/* Resizes dimension @axis of @in. */
static IrTensor *
resize_axis (
    const IrTensor *in, gint axis, const IrResample *resample, GError **error)
{
  const gint64 outer = ir_shape_size (&in->shape, 0, axis);
  const gint64 inner = ir_shape_size (&in->shape, axis + 1, in->shape.rank);
  const float *from = in->data;
  IrShape shape = in->shape;
  g_autoptr (IrTensor) out = NULL;
  IrTaps taps;
  float *to;

  shape.dim[axis] = resample->out;
  out = ir_tensor_new (IR_DTYPE_F32, &shape, error);
  if (!out || !ir_taps_init (&taps, resample, error))
    return NULL;
  to = out->data;
  for (gint64 o = 0; o < outer; o++, from += resample->data * inner)
    for (gint64 i = 0; i < resample->out; i++, to += inner)
      for (gint64 k = 0; k < taps.count[i]; k++) {
        const float weight = taps.weight[i * taps.width + k];
        const float *row = from + (taps.first[i] + k) * inner;

        for (gint64 n = 0; n < inner; n++)
          to[n] += weight * row[n];
      }
  ir_taps_clear (&taps);
  return g_steal_pointer (&out);
}

/* Integers are computed as floats and rounded to the nearest. */
static void
store (const IrTensor *from, IrTensor *to)
{
  const float *values = from->data;
  const gint64 n = ir_tensor_count (from);

  if (to->dtype == IR_DTYPE_F32) {
    memcpy (to->data, from->data, to->size);
    return;
  }
  for (gint64 i = 0; i < n; i++)
    ir_tensor_set_f64 (to, i, rint (values[i]));
}

static gboolean
evaluate_weighted (IrEvalCtx *ctx, const IrResample *axes,
    const gboolean *active, GError **error)
{
  g_autoptr (IrTensor) current =
      ir_tensor_convert (ctx->in[0], IR_DTYPE_F32, error);

  for (gint d = 0; current && d < ctx->in[0]->shape.rank; d++) {
    IrTensor *next;

    if (!active[d])
      continue;
    next = resize_axis (current, d, &axes[d], error);
    ir_tensor_unref (current);
    current = next;
  }
  if (!current)
    return FALSE;
  store (current, ctx->out[0]);
  return TRUE;
}

static gboolean
evaluate_interpolate (IrEvalCtx *ctx, GError **error)
{
  IrResample axes[IR_MAX_RANK] = { 0 };
  gboolean active[IR_MAX_RANK];

  if (ctx->out[0]->size == 0)
    return TRUE;
  if (!ir_resample_describe (ctx, axes, active, error))
    return FALSE;
  return axes[0].attrs.mode == IR_INTERPOLATE_NEAREST
      ? evaluate_nearest (ctx, axes, active, error)
      : evaluate_weighted (ctx, axes, active, error);
}

/* --- Interpolate-4 and -11 ------------------------------------------------ */

static gboolean
infer_interpolate_4 (IrInferCtx *ctx, GError **error)
{
  const IrInterpolateAttrs *attrs = ctx->attrs;

  return infer_resized (
      ctx, attrs, attrs->shape_calculation_mode == SIZES ? 1 : 2, 3, error);
}

static gboolean
infer_interpolate_11 (IrInferCtx *ctx, GError **error)
{
  return infer_resized (ctx, ctx->attrs, 1, 2, error);
}

static const char *const modes_4[] = { "nearest", "linear", "linear_onnx",
  "cubic", NULL };
static const char *const modes_11[] = { "nearest", "linear", "linear_onnx",
  "cubic", "area", "bilinear_pillow", "bicubic_pillow", NULL };
static const char *const shape_modes[] = { "sizes", "scales", NULL };
static const char *const coordinate_modes[] = { "half_pixel",
  "pytorch_half_pixel", "asymmetric", "tf_half_pixel_for_nn", "align_corners",
  NULL };
static const char *const nearest_modes[] = { "round_prefer_floor",
  "round_prefer_ceil", "floor", "ceil", "simple", NULL };

#define ROWS(modes)                                                            \
  IR_ATTR_ENUM_ROW (IrInterpolateAttrs, mode, NULL, modes),                    \
      IR_ATTR_ENUM_ROW (                                                       \
          IrInterpolateAttrs, shape_calculation_mode, NULL, shape_modes),      \
      IR_ATTR_ENUM_ROW (IrInterpolateAttrs, coordinate_transformation_mode,    \
          "half_pixel", coordinate_modes),                                     \
      IR_ATTR_ENUM_ROW (IrInterpolateAttrs, nearest_mode,                      \
          "round_prefer_floor", nearest_modes),                                \
      IR_ATTR_ROW (IrInterpolateAttrs, antialias, BOOL, "false"),              \
      IR_ATTR_ROW (IrInterpolateAttrs, pads_begin, I64S, "0"),                 \
      IR_ATTR_ROW (IrInterpolateAttrs, pads_end, I64S, "0"),                   \
      IR_ATTR_ROW (IrInterpolateAttrs, cube_coeff, F64, "-0.75"), IR_ATTR_END

static const IrAttrDesc interpolate_4_attrs[] = { ROWS (modes_4) };
static const IrAttrDesc interpolate_11_attrs[] = { ROWS (modes_11) };

const IrOpDesc ir_op_interpolate_4 = {
  .type = "Interpolate",
  .opset = 4,
  .min_inputs = 3,
  .max_inputs = 4,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrInterpolateAttrs),
  .attrs = interpolate_4_attrs,
  .infer = infer_interpolate_4,
  .evaluate = evaluate_interpolate,
  .summary = "resizes axes to given sizes or by given scales",
};

const IrOpDesc ir_op_interpolate_11 = {
  .type = "Interpolate",
  .opset = 11,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrInterpolateAttrs),
  .attrs = interpolate_11_attrs,
  .infer = infer_interpolate_11,
  .evaluate = evaluate_interpolate,
  .summary = "resizes axes to given sizes or by given scales, as Pillow too",
};

/* --- Interpolate-1 -------------------------------------------------------- */

static gboolean
infer_interpolate_1 (IrInferCtx *ctx, GError **error)
{
  const OldAttrs *old = ctx->attrs;
  g_autoptr (IrTensor) axes = old_axes (old);
  const IrDType dtypes[] = { ctx->in_dtype[0], ctx->in_dtype[1], axes->dtype };
  const IrShape shapes[] = { ctx->in_shape[0], ctx->in_shape[1], axes->shape };
  const IrTensor *const values[] = { ctx->in_value[0], ctx->in_value[1], axes };
  const IrInterpolateAttrs attrs = translate (old, ctx->in_shape[0].rank);
  IrInferCtx inner = *ctx;

  inner.n_inputs = 3;
  inner.in_dtype = dtypes;
  inner.in_shape = shapes;
  inner.in_value = values;
  return infer_resized (&inner, &attrs, 1, 2, error);
}

static const char *const old_modes[] = { "nearest", "linear", "cubic", "area",
  NULL };

static const IrAttrDesc interpolate_1_attrs[] = {
  IR_ATTR_ROW (OldAttrs, align_corners, BOOL, "true"),
  IR_ATTR_ROW (OldAttrs, antialias, BOOL, "false"),
  IR_ATTR_ROW (OldAttrs, axes, I64S, NULL),
  IR_ATTR_ENUM_ROW (OldAttrs, mode, NULL, old_modes),
  IR_ATTR_ROW (OldAttrs, pads_begin, I64S, "0"),
  IR_ATTR_ROW (OldAttrs, pads_end, I64S, "0"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_interpolate_1 = {
  .type = "Interpolate",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (OldAttrs),
  .attrs = interpolate_1_attrs,
  .infer = infer_interpolate_1,
  .evaluate = evaluate_interpolate,
  .summary = "resizes the axes that its attribute names to given sizes",
};
