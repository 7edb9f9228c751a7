/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ROIPooling: regions of feature maps in bins of whole pixels, or points. */
#include <float.h>
#include <math.h>
#include "roi.h"

enum {
  METHOD_MAX,
  METHOD_BILINEAR
};

static const char *const method_names[] = { "max", "bilinear", NULL };

typedef struct {
  gint64 pooled_h;
  gint64 pooled_w;
  double spatial_scale;
  gint method;
} PoolAttrs;

enum {
  MAPS,
  ROIS
};

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const PoolAttrs *attrs = ctx->attrs;
  const IrShape out = { 4,
    { ir_roi_dim (ctx, ROIS, 0), ir_roi_dim (ctx, MAPS, 1), attrs->pooled_h,
        attrs->pooled_w } };
  IrDType dtype;

  if (!ir_roi_check_attr ("pooled_h", attrs->pooled_h, 1, IR_ROI_BINS, error) ||
      !ir_roi_check_attr ("pooled_w", attrs->pooled_w, 1, IR_ROI_BINS, error) ||
      !ir_roi_check_floats (ctx, MAPS, ROIS + 1, &dtype, error) ||
      !ir_roi_check_rank (ctx, MAPS, 4, "data", error) ||
      !ir_roi_check_rank (ctx, ROIS, 2, "regions", error) ||
      !ir_roi_check_dim (ctx, ROIS, 1, 5, "regions", error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* --- max --------------------------------------------------------------------- */

/* The pixels [first, end) of bin @bin of the side from @low to @high. */
static void
bin_pixels (float low, float high, gint64 bins, gint64 bin, gint64 size,
    gint64 *first, gint64 *end)
{
  const gint64 start = ir_roi_whole (roundf (low));
  const gint64 stop = ir_roi_whole (roundf (high));
  const float step = (float) MAX (stop - start + 1, 1) / (float) bins;

  *first = start + ir_roi_whole (floorf ((float) bin * step));
  *end = start + ir_roi_whole (ceilf ((float) (bin + 1) * step));
  *first = CLAMP (*first, 0, size);
  *end = CLAMP (*end, 0, size);
}

static void
pool_max (
    const IrMaps *maps, const PoolAttrs *attrs, const float *roi, float *out)
{
  const float scale = (float) attrs->spatial_scale;
  const gint64 n_bins = attrs->pooled_h * attrs->pooled_w;

  for (gint64 b = 0; b < n_bins; b++) {
    gint64 top, bottom, left, right;

    bin_pixels (roi[2] * scale, roi[4] * scale, attrs->pooled_h,
        b / attrs->pooled_w, maps->height, &top, &bottom);
    bin_pixels (roi[1] * scale, roi[3] * scale, attrs->pooled_w,
        b % attrs->pooled_w, maps->width, &left, &right);
    if (bottom <= top || right <= left)
      continue;
    for (gint64 c = 0; c < maps->channels; c++) {
      const float *plane = maps->data + c * maps->height * maps->width;
      float most = -FLT_MAX;

      for (gint64 y = top; y < bottom; y++) {
        for (gint64 x = left; x < right; x++)
          most = MAX (most, plane[y * maps->width + x]);
      }
      out[c * n_bins + b] = most;
    }
  }
}

/* --- bilinear ---------------------------------------------------------------- */

/* Point @bin of @bins between @low and @high, which are shares of the map. The
 * last one is @high itself, without rounding. */
static float
point (float low, float high, gint64 bins, gint64 bin, gint64 size)
{
  const float last = (float) (size - 1);

  if (bins == 1)
    return 0.5f * (low + high) * last;
  if (bin == bins - 1)
    return last * high;
  return (float) bin * ((high - low) * last / (float) (bins - 1)) + low * last;
}

static void
pool_bilinear (
    const IrMaps *maps, const PoolAttrs *attrs, const float *roi, float *out)
{
  const gint64 n_bins = attrs->pooled_h * attrs->pooled_w;

  for (gint64 b = 0; b < n_bins; b++) {
    const float y = point (
        roi[2], roi[4], attrs->pooled_h, b / attrs->pooled_w, maps->height);
    const float x = point (
        roi[1], roi[3], attrs->pooled_w, b % attrs->pooled_w, maps->width);

    if (!(y >= 0 && y <= (float) (maps->height - 1) && x >= 0 &&
            x <= (float) (maps->width - 1)))
      continue;
    for (gint64 c = 0; c < maps->channels; c++)
      out[c * n_bins + b] =
          ir_roi_between (maps->data + c * maps->height * maps->width,
              maps->height, maps->width, y, x);
  }
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const PoolAttrs *attrs = ctx->attrs;
  const gint64 n = ir_roi_count (ctx, ROIS);
  const float *roi = ir_eval_f32 (ctx, ROIS);
  float *out = ir_eval_out_f32 (ctx, 0);

  for (gint64 i = 0; i < n; i++, roi += 5) {
    IrMaps maps;
    gint64 batch;

    if (!ir_roi_batch (roi[0], ctx->in[MAPS]->shape.dim[0], i, &batch, error))
      return FALSE;
    maps = ir_roi_maps (ctx, batch);
    if (attrs->method == METHOD_MAX)
      pool_max (&maps, attrs, roi, out);
    else
      pool_bilinear (&maps, attrs, roi, out);
    out += maps.channels * attrs->pooled_h * attrs->pooled_w;
  }
  return TRUE;
}

static const IrAttrDesc attrs[] = {
  IR_ATTR_ROW (PoolAttrs, pooled_h, I64, NULL),
  IR_ATTR_ROW (PoolAttrs, pooled_w, I64, NULL),
  IR_ATTR_ROW (PoolAttrs, spatial_scale, F64, NULL),
  IR_ATTR_ENUM_ROW (PoolAttrs, method, "max", method_names),
  IR_ATTR_END,
};

const IrOpDesc ir_op_roi_pooling_2 = {
  .type = "ROIPooling",
  .opset = 2,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (PoolAttrs),
  .attrs = attrs,
  .infer = infer,
  .evaluate = evaluate,
  .summary = "Regions of feature maps, the largest pixel or a point per bin",
};
