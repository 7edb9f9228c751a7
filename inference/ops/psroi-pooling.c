/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PSROIPooling and DeformablePSROIPooling: every bin of a region reads channels
 * of its own. */
#include <math.h>
#include "roi.h"

enum {
  MODE_AVERAGE,
  MODE_BILINEAR,
  MODE_BILINEAR_DEFORMABLE
};

static const char *const mode_names[] = { "average", "bilinear",
  "bilinear_deformable", NULL };

typedef struct {
  gint64 output_dim;
  gint64 group_size;
  double spatial_scale;
  gint mode;
  gint64 spatial_bins_x;
  gint64 spatial_bins_y;
  double trans_std;
  gint64 part_size;
} PsroiAttrs;

enum {
  MAPS,
  ROIS,
  OFFSETS
};

#define MAX_CHANNELS (1 << 24)

static gboolean
infer_regions (IrInferCtx *ctx, gint64 channels, GError **error)
{
  const PsroiAttrs *attrs = ctx->attrs;
  const IrShape out = { 4,
    { ir_roi_dim (ctx, ROIS, 0), attrs->output_dim, attrs->group_size,
        attrs->group_size } };
  IrDType dtype;

  if (!ir_roi_check_floats (
          ctx, MAPS, (guint) MIN (ctx->n_inputs, 3), &dtype, error) ||
      !ir_roi_check_rank (ctx, MAPS, 4, "data", error) ||
      !ir_roi_check_dim (ctx, MAPS, 1, channels, "data", error) ||
      !ir_roi_check_rank (ctx, ROIS, 2, "regions", error) ||
      !ir_roi_check_dim (ctx, ROIS, 1, 5, "regions", error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
check_attrs (const PsroiAttrs *attrs, GError **error)
{
  return ir_roi_check_attr (
             "output_dim", attrs->output_dim, 1, MAX_CHANNELS, error) &&
      ir_roi_check_attr (
          "group_size", attrs->group_size, 1, IR_ROI_SAMPLES, error) &&
      ir_roi_check_attr (
          "spatial_bins_x", attrs->spatial_bins_x, 1, IR_ROI_SAMPLES, error) &&
      ir_roi_check_attr (
          "spatial_bins_y", attrs->spatial_bins_y, 1, IR_ROI_SAMPLES, error);
}

/* --- PSROIPooling ------------------------------------------------------------ */

static gboolean
infer_psroi (IrInferCtx *ctx, GError **error)
{
  const PsroiAttrs *attrs = ctx->attrs;

  if (!check_attrs (attrs, error))
    return FALSE;
  if (attrs->mode == MODE_BILINEAR_DEFORMABLE)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "mode must be \"average\" or \"bilinear\"");
  return infer_regions (ctx,
      attrs->output_dim *
          (attrs->mode == MODE_AVERAGE
                  ? attrs->group_size * attrs->group_size
                  : attrs->spatial_bins_x * attrs->spatial_bins_y),
      error);
}

/* The pixels [first, end) of bin @bin of the side from pixel @low to @high. */
static void
bin_pixels (const PsroiAttrs *attrs, float low, float high, gint64 bin,
    gint64 size, gint64 *first, gint64 *end)
{
  const float scale = (float) attrs->spatial_scale;
  const float start = roundf (low) * scale;
  const float length = (roundf (high) + 1.0f) * scale - start;
  const float step = fmaxf (length, 0.1f) / (float) attrs->group_size;

  *first = ir_roi_whole (floorf ((float) bin * step + start));
  *end = ir_roi_whole (ceilf ((float) (bin + 1) * step + start));
  *first = CLAMP (*first, 0, size);
  *end = CLAMP (*end, 0, size);
}

static gboolean
find_average (const IrEvalCtx *ctx, const float *roi, gint64 row, gint64 column,
    IrSamples *samples)
{
  const PsroiAttrs *attrs = ctx->attrs;
  const gint64 *dim = ctx->in[MAPS]->shape.dim;
  gint64 top, bottom, left, right;
  gsize n = 0;

  bin_pixels (attrs, roi[2], roi[4], row, dim[2], &top, &bottom);
  bin_pixels (attrs, roi[1], roi[3], column, dim[3], &left, &right);
  if (!ir_samples_begin (
          samples, (gsize) (MAX (bottom - top, 0) * MAX (right - left, 0)), 1))
    return FALSE;
  samples->divisor = (double) samples->n;
  for (gint64 y = top; y < bottom; y++)
    for (gint64 x = left; x < right; x++, n++) {
      samples->pixel[n] = y * dim[3] + x;
      samples->weight[n] = 1;
    }
  return TRUE;
}

/* Point @bin of a spatial bin; the region is given in shares of the map. */
static float
point (float start, float length, gint64 bins, gint64 bin, gint64 size)
{
  const float last = (float) (size - 1);

  if (bins == 1)
    return 0.5f * (start + start + length) * last;
  return (float) bin * (length * last / (float) (bins - 1)) + start * last;
}

/* A point in each of the spatial bins, which have channels of their own. */
static gboolean
find_bilinear (const IrEvalCtx *ctx, const float *roi, gint64 row,
    gint64 column, IrSamples *samples)
{
  const PsroiAttrs *attrs = ctx->attrs;
  const gint64 *dim = ctx->in[MAPS]->shape.dim;
  const float scale = (float) attrs->spatial_scale;
  const gint64 bins_x = attrs->spatial_bins_x,
               n = bins_x * attrs->spatial_bins_y;
  const float left = roi[1] * scale, top = roi[2] * scale;
  const float width = (roi[3] * scale - left) / (float) bins_x;
  const float height = (roi[4] * scale - top) / (float) attrs->spatial_bins_y;

  if (!ir_samples_begin (samples, (gsize) n, 4))
    return FALSE;
  samples->divisor = (double) n;
  samples->n = 0;
  for (gint64 i = 0; i < n; i++) {
    const float y = point (top + (float) (i / bins_x) * height, height,
        attrs->group_size, row, dim[2]);
    const float x = point (left + (float) (i % bins_x) * width, width,
        attrs->group_size, column, dim[3]);
    gint64 *pixel = samples->pixel + 4 * samples->n;

    if (!(y >= 0 && y <= (float) (dim[2] - 1) && x >= 0 &&
            x <= (float) (dim[3] - 1)))
      continue;
    ir_roi_point (
        y, x, dim[2], dim[3], pixel, samples->weight + 4 * samples->n++);
    for (guint t = 0; t < 4; t++)
      pixel[t] += i * attrs->output_dim * dim[2] * dim[3];
  }
  return TRUE;
}

static const IrSampling average = { 0 };

static gboolean
pool_region (gconstpointer data, gint64 i, IrSamples *samples)
{
  const IrEvalCtx *ctx = data;
  const PsroiAttrs *attrs = ctx->attrs;
  const gboolean own = attrs->mode == MODE_AVERAGE;
  const gint64 bins = attrs->group_size, n_bins = bins * bins;
  const float *roi = ir_eval_f32 (ctx, ROIS) + 5 * i;
  const IrMaps maps = ir_roi_maps (ctx, (gint64) roi[0]);
  const gint64 plane = maps.height * maps.width;
  float *to = ir_eval_out_f32 (ctx, 0) + i * attrs->output_dim * n_bins;

  for (gint64 b = 0; b < n_bins; b++) {
    const IrChannels channels = { maps.data + (own ? b * plane : 0),
      attrs->output_dim, own ? n_bins * plane : plane };

    if (!(own ? find_average : find_bilinear) (
            ctx, roi, b / bins, b % bins, samples))
      return FALSE;
    ir_sample_channels (&average, samples, &channels, to + b, n_bins);
  }
  return TRUE;
}

static gboolean
evaluate_psroi (IrEvalCtx *ctx, GError **error)
{
  const gint64 n = ir_roi_count (ctx, ROIS);

  return ir_roi_check_batches (ctx, ROIS, n, error) &&
      ir_eval_samples (ctx, n, 0, pool_region, ctx, error);
}

/* --- DeformablePSROIPooling -------------------------------------------------- */

static gboolean
check_offsets (IrInferCtx *ctx, GError **error)
{
  const PsroiAttrs *attrs = ctx->attrs;
  const gint64 channels = ir_roi_dim (ctx, OFFSETS, 1);

  if (!ir_roi_check_rank (ctx, OFFSETS, 4, "offsets", error) ||
      !ir_roi_check_dim (
          ctx, OFFSETS, 0, ir_roi_dim (ctx, ROIS, 0), "offsets", error) ||
      !ir_roi_check_dim (ctx, OFFSETS, 2, attrs->part_size, "offsets", error) ||
      !ir_roi_check_dim (ctx, OFFSETS, 3, attrs->part_size, "offsets", error))
    return FALSE;
  if (channels != IR_DIM_UNKNOWN &&
      (channels < 2 || channels % 2 != 0 ||
          attrs->output_dim % (channels / 2) != 0))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " channels of offsets for output_dim "
        "%" G_GINT64_FORMAT ": it must be a multiple of their half",
        channels, attrs->output_dim);
  return TRUE;
}

static gboolean
infer_deformable (IrInferCtx *ctx, GError **error)
{
  const PsroiAttrs *attrs = ctx->attrs;

  if (!check_attrs (attrs, error) ||
      !ir_roi_check_attr (
          "part_size", attrs->part_size, 1, IR_ROI_SAMPLES, error))
    return FALSE;
  if (attrs->mode != MODE_BILINEAR_DEFORMABLE)
    return ir_fail (
        error, IR_ERROR_UNSUPPORTED, "mode must be \"bilinear_deformable\"");
  return (ctx->n_inputs <= OFFSETS || check_offsets (ctx, error)) &&
      infer_regions (ctx,
          attrs->output_dim * attrs->group_size * attrs->group_size, error);
}

/* A bin of a region along one axis: where its samples lie. */
typedef struct {
  float start;
  float step;
} BinSide;

static BinSide
bin_side (const PsroiAttrs *attrs, float low, float high, gint64 bin,
    gint64 samples, float offset)
{
  const float scale = (float) attrs->spatial_scale;
  const float start = roundf (low) * scale - 0.5f;
  const float end = (roundf (high) + 1.0f) * scale - 0.5f;
  const float length = fmaxf (end - start, 0.1f);
  const float step = length / (float) attrs->group_size;
  const BinSide side = { start + (float) bin * step + offset * length,
    step / (float) samples };

  return side;
}

/* How many channels have the same offsets. */
static gint64
moved_together (const IrEvalCtx *ctx)
{
  const PsroiAttrs *attrs = ctx->attrs;

  return ctx->n_inputs > OFFSETS
      ? attrs->output_dim / (ctx->in[OFFSETS]->shape.dim[1] / 2)
      : attrs->output_dim;
}

/* The shift of bin (@row, @column) along x (@axis 0) or y (1). */
static float
read_offset (const IrEvalCtx *ctx, gint64 roi, gint64 channel, gint64 row,
    gint64 column, gint64 axis)
{
  const PsroiAttrs *attrs = ctx->attrs;
  const gint64 part = attrs->part_size;
  gint64 classes, label, y, x;

  if (ctx->n_inputs <= OFFSETS)
    return 0;
  classes = ctx->in[OFFSETS]->shape.dim[1] / 2;
  label = channel / moved_together (ctx);
  y = row * part / attrs->group_size;
  x = column * part / attrs->group_size;
  return ir_eval_f32 (ctx, OFFSETS)
             [((((roi * classes + label) * 2 + axis) * part) + y) * part + x] *
      (float) attrs->trans_std;
}

static gboolean
find_deformed (const PsroiAttrs *attrs, const IrMaps *maps, const BinSide *rows,
    const BinSide *columns, IrSamples *samples)
{
  const float height = (float) maps->height, width = (float) maps->width;
  gsize n = 0;

  if (!ir_samples_begin (
          samples, (gsize) (attrs->spatial_bins_y * attrs->spatial_bins_x), 4))
    return FALSE;
  for (gint64 i = 0; i < attrs->spatial_bins_y; i++) {
    const float y = rows->start + (float) i * rows->step;

    if (!(y >= -0.5f && y <= height - 0.5f))
      continue;
    for (gint64 j = 0; j < attrs->spatial_bins_x; j++) {
      const float x = columns->start + (float) j * columns->step;

      if (!(x >= -0.5f && x <= width - 0.5f))
        continue;
      ir_roi_point (CLAMP (y, 0, height - 1), CLAMP (x, 0, width - 1),
          maps->height, maps->width, samples->pixel + 4 * n,
          samples->weight + 4 * n);
      n++;
    }
  }
  samples->n = n;
  samples->divisor = (double) n;
  return TRUE;
}

/* Bin @b of the channels that are moved together, from @channel on. */
static gboolean
pool_bin (const IrEvalCtx *ctx, const IrMaps *maps, gint64 i, gint64 channel,
    gint64 b, IrSamples *samples)
{
  const PsroiAttrs *attrs = ctx->attrs;
  const gint64 bins = attrs->group_size, n_bins = bins * bins;
  const gint64 y = b / bins, x = b % bins, plane = maps->height * maps->width;
  const float *roi = ir_eval_f32 (ctx, ROIS) + 5 * i;
  const BinSide rows = bin_side (attrs, roi[2], roi[4], y,
      attrs->spatial_bins_y, read_offset (ctx, i, channel, y, x, 1));
  const BinSide columns = bin_side (attrs, roi[1], roi[3], x,
      attrs->spatial_bins_x, read_offset (ctx, i, channel, y, x, 0));
  const IrChannels channels = { maps->data + (channel * n_bins + b) * plane,
    moved_together (ctx), n_bins * plane };

  if (!find_deformed (attrs, maps, &rows, &columns, samples))
    return FALSE;
  ir_sample_channels (&average, samples, &channels,
      ir_eval_out_f32 (ctx, 0) + (i * attrs->output_dim + channel) * n_bins + b,
      n_bins);
  return TRUE;
}

static gboolean
pool_deformed (gconstpointer data, gint64 i, IrSamples *samples)
{
  const IrEvalCtx *ctx = data;
  const PsroiAttrs *attrs = ctx->attrs;
  const gint64 n_bins = attrs->group_size * attrs->group_size;
  const IrMaps maps =
      ir_roi_maps (ctx, (gint64) ir_eval_f32 (ctx, ROIS)[5 * i]);

  if (maps.height * maps.width == 0)
    return TRUE;
  for (gint64 c = 0; c < attrs->output_dim; c += moved_together (ctx))
    for (gint64 b = 0; b < n_bins; b++)
      if (!pool_bin (ctx, &maps, i, c, b, samples))
        return FALSE;
  return TRUE;
}

static gboolean
evaluate_deformable (IrEvalCtx *ctx, GError **error)
{
  const gint64 n = ir_roi_count (ctx, ROIS);

  return ir_roi_check_batches (ctx, ROIS, n, error) &&
      ir_eval_samples (ctx, n, 0, pool_deformed, ctx, error);
}

/* --- descriptors ------------------------------------------------------------- */

static const IrAttrDesc psroi_attrs[] = {
  IR_ATTR_ROW (PsroiAttrs, output_dim, I64, NULL),
  IR_ATTR_ROW (PsroiAttrs, group_size, I64, "1"),
  IR_ATTR_ROW (PsroiAttrs, spatial_scale, F64, NULL),
  IR_ATTR_ENUM_ROW (PsroiAttrs, mode, "average", mode_names),
  IR_ATTR_ROW (PsroiAttrs, spatial_bins_x, I64, "1"),
  IR_ATTR_ROW (PsroiAttrs, spatial_bins_y, I64, "1"),
  IR_ATTR_END,
};

static const IrAttrDesc deformable_attrs[] = {
  IR_ATTR_ROW (PsroiAttrs, output_dim, I64, NULL),
  IR_ATTR_ROW (PsroiAttrs, spatial_scale, F64, NULL),
  IR_ATTR_ROW (PsroiAttrs, group_size, I64, "1"),
  IR_ATTR_ENUM_ROW (PsroiAttrs, mode, "bilinear_deformable", mode_names),
  IR_ATTR_ROW (PsroiAttrs, spatial_bins_x, I64, "1"),
  IR_ATTR_ROW (PsroiAttrs, spatial_bins_y, I64, "1"),
  IR_ATTR_ROW (PsroiAttrs, trans_std, F64, "1"),
  IR_ATTR_ROW (PsroiAttrs, part_size, I64, "1"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_psroi_pooling_1 = {
  .type = "PSROIPooling",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (PsroiAttrs),
  .attrs = psroi_attrs,
  .infer = infer_psroi,
  .evaluate = evaluate_psroi,
  .summary = "Regions of feature maps with channels of their own per bin",
};

const IrOpDesc ir_op_deformable_psroi_pooling_1 = {
  .type = "DeformablePSROIPooling",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (PsroiAttrs),
  .attrs = deformable_attrs,
  .infer = infer_deformable,
  .evaluate = evaluate_deformable,
  .summary = "The same with bins that are moved by offsets",
};
