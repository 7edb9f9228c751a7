/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ROIAlign: bilinear samples of regions, pooled into bins. */
#include <math.h>
#include "roi.h"

/* --- sampling --------------------------------------------------------------- */

/* A sample along one axis: the pixels on both sides and the second one's share. */
typedef struct {
  gint64 low;
  gint64 high;
  float share;
} Tap;

static void
add_tap (GArray *taps, float at, gint64 size)
{
  Tap tap;

  if (!(at >= -1 && at <= (float) size))
    return;
  at = MAX (at, 0);
  tap.low = MIN ((gint64) at, size - 1);
  tap.high = MIN (tap.low + 1, size - 1);
  tap.share = tap.high == tap.low ? 0 : at - (float) tap.low;
  g_array_append_val (taps, tap);
}

/* Collects the samples of one bin that lie in the map; those outside count as
 * zeros. A region may be far larger than the map: the samples that cannot meet it
 * are left out. Returns the number of all samples. */
static double
fill_taps (GArray *taps, const IrRoiSide *side, gint64 bin, gint64 samples,
    gint64 size)
{
  const float length = side->length / (float) side->bins;
  const float from = side->start + (float) bin * length;
  const float n = samples > 0 ? (float) samples : ceilf (length);
  const float step = length / n;
  double first = 0, end = n;

  g_array_set_size (taps, 0);
  if (size == 0 || !(n >= 1) || !isfinite (from) || !isfinite (step))
    return n >= 1 ? n : 0;
  if (samples == 0) {
    first = MAX (first, floor ((-1.0 - from) / step) - 2);
    end = MIN (end, ceil (((double) size - from) / step) + 2);
  }
  for (double i = first; i < end; i++)
    add_tap (taps, from + step * ((float) i + 0.5f), size);
  return n;
}

static float
sample (const float *plane, gint64 width, const Tap *y, const Tap *x)
{
  const float *upper = plane + y->low * width, *lower = plane + y->high * width;
  const float up = 1 - y->share, left = 1 - x->share;

  return up * left * upper[x->low] + up * x->share * upper[x->high] +
      y->share * left * lower[x->low] + y->share * x->share * lower[x->high];
}

static double
pool (const float *plane, gint64 width, const GArray *rows,
    const GArray *columns, gboolean max)
{
  double pooled = 0;

  for (guint i = 0; i < rows->len; i++) {
    for (guint j = 0; j < columns->len; j++) {
      const float value = sample (plane, width, &g_array_index (rows, Tap, i),
          &g_array_index (columns, Tap, j));

      if (!max)
        pooled += value;
      else if (value > pooled)
        pooled = value;
    }
  }
  return pooled;
}

void
ir_roi_align (const IrMaps *maps, const IrRoiSide *rows,
    const IrRoiSide *columns, gint64 samples, gboolean max, float *out)
{
  g_autoptr (GArray) y_taps = g_array_new (FALSE, FALSE, sizeof (Tap));
  g_autoptr (GArray) x_taps = g_array_new (FALSE, FALSE, sizeof (Tap));
  const gint64 plane = maps->height * maps->width;
  const gint64 n_bins = rows->bins * columns->bins;

  for (gint64 y = 0; y < rows->bins; y++) {
    const double n_y = fill_taps (y_taps, rows, y, samples, maps->height);

    for (gint64 x = 0; x < columns->bins; x++, out++) {
      const double n_x = fill_taps (x_taps, columns, x, samples, maps->width);
      const double n = max ? 1 : n_y * n_x;

      for (gint64 c = 0; c < maps->channels; c++)
        out[c * n_bins] = n > 0
            ? (float) (pool (maps->data + c * plane, maps->width, y_taps,
                           x_taps, max) /
                  n)
            : 0;
    }
  }
}

/* --- the op ------------------------------------------------------------------ */

enum {
  MODE_AVG,
  MODE_MAX
};

static const char *const mode_names[] = { "avg", "max", NULL };

enum {
  ALIGN_ASYMMETRIC,
  ALIGN_HALF_PIXEL_FOR_NN,
  ALIGN_HALF_PIXEL
};

static const char *const aligned_names[] = { "asymmetric", "half_pixel_for_nn",
  "half_pixel", NULL };

typedef struct {
  gint64 pooled_h;
  gint64 pooled_w;
  gint64 sampling_ratio;
  double spatial_scale;
  gint mode;
  gint aligned_mode;
} AlignAttrs;

enum {
  MAPS,
  ROIS,
  BATCHES
};

static gboolean
check_inputs (IrInferCtx *ctx, IrDType *dtype, GError **error)
{
  return ir_roi_check_floats (ctx, MAPS, BATCHES, dtype, error) &&
      ir_infer_accept_input (
          ctx, BATCHES, IR_ACCEPT_INT, "the image numbers", error) &&
      ir_roi_check_rank (ctx, MAPS, 4, "data", error) &&
      ir_roi_check_rank (ctx, ROIS, 2, "regions", error) &&
      ir_roi_check_rank (ctx, BATCHES, 1, "image numbers", error) &&
      ir_roi_check_dim (ctx, ROIS, 1, 4, "regions", error) &&
      ir_roi_check_dim (
          ctx, BATCHES, 0, ir_roi_dim (ctx, ROIS, 0), "image numbers", error);
}

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const AlignAttrs *attrs = ctx->attrs;
  IrShape out = { 4,
    { ir_roi_dim (ctx, ROIS, 0), ir_roi_dim (ctx, MAPS, 1), attrs->pooled_h,
        attrs->pooled_w } };
  IrDType dtype;

  if (!ir_roi_check_attr ("pooled_h", attrs->pooled_h, 1, IR_ROI_BINS, error) ||
      !ir_roi_check_attr ("pooled_w", attrs->pooled_w, 1, IR_ROI_BINS, error) ||
      !ir_roi_check_attr (
          "sampling_ratio", attrs->sampling_ratio, 0, IR_ROI_SAMPLES, error) ||
      !check_inputs (ctx, &dtype, error))
    return FALSE;
  if (out.dim[0] == IR_DIM_UNKNOWN)
    out.dim[0] = ir_roi_dim (ctx, BATCHES, 0);
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* The side from @low to @high of a region, on the map. */
static IrRoiSide
make_side (const AlignAttrs *attrs, float low, float high, gint64 bins)
{
  const float scale = (float) attrs->spatial_scale;
  const float before = attrs->aligned_mode == ALIGN_HALF_PIXEL ? 0.5f : 0;
  const float after = attrs->aligned_mode == ALIGN_ASYMMETRIC ? 0 : -0.5f;
  const float start = (low + before) * scale + after;
  IrRoiSide side = { start, (high + before) * scale + after - start, bins };

  /* Without alignment a region has one pixel at least. */
  if (attrs->aligned_mode == ALIGN_ASYMMETRIC)
    side.length = MAX (side.length, 1.0f);
  return side;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const AlignAttrs *attrs = ctx->attrs;
  const gint64 n = ctx->in[ROIS]->shape.dim[0];
  const float *roi = ir_eval_f32 (ctx, ROIS);
  float *out = ir_eval_out_f32 (ctx, 0);

  for (gint64 i = 0; i < n; i++, roi += 4) {
    const IrRoiSide rows = make_side (attrs, roi[1], roi[3], attrs->pooled_h);
    const IrRoiSide columns =
        make_side (attrs, roi[0], roi[2], attrs->pooled_w);
    IrMaps maps;
    gint64 batch;

    if (!ir_roi_batch ((double) ir_tensor_get_i64 (ctx->in[BATCHES], (gsize) i),
            ctx->in[MAPS]->shape.dim[0], i, &batch, error))
      return FALSE;
    maps = ir_roi_maps (ctx, batch);
    ir_roi_align (&maps, &rows, &columns, attrs->sampling_ratio,
        attrs->mode == MODE_MAX, out);
    out += maps.channels * attrs->pooled_h * attrs->pooled_w;
  }
  return TRUE;
}

/* clang-format off */
#define COMMON_ATTRS                                                \
  IR_ATTR_ROW (AlignAttrs, pooled_h, I64, NULL),                    \
  IR_ATTR_ROW (AlignAttrs, pooled_w, I64, NULL),                    \
  IR_ATTR_ROW (AlignAttrs, sampling_ratio, I64, NULL),              \
  IR_ATTR_ROW (AlignAttrs, spatial_scale, F64, NULL),               \
  IR_ATTR_ENUM_ROW (AlignAttrs, mode, NULL, mode_names)
/* clang-format on */

static const IrAttrDesc attrs_3[] = { COMMON_ATTRS, IR_ATTR_END };
static const IrAttrDesc attrs_9[] = { COMMON_ATTRS,
  IR_ATTR_ENUM_ROW (AlignAttrs, aligned_mode, "asymmetric", aligned_names),
  IR_ATTR_END };

#define ROI_ALIGN(number, text)                                                \
  const IrOpDesc ir_op_roi_align_##number = {                                  \
    .type = "ROIAlign",                                                        \
    .opset = number,                                                           \
    .min_inputs = 3,                                                           \
    .max_inputs = 3,                                                           \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32,                                                        \
    .attrs_size = sizeof (AlignAttrs),                                         \
    .attrs = attrs_##number,                                                   \
    .infer = infer,                                                            \
    .evaluate = evaluate,                                                      \
    .summary = text,                                                           \
  };

ROI_ALIGN (3, "Regions of feature maps, sampled bilinearly and pooled")
ROI_ALIGN (9, "The same with a choice of where pixels have their centres")
