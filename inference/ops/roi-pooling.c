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

static gboolean
find_max (const IrSampling *s, gint64 i, gint64 y, gint64 x, IrSamples *samples)
{
  const PoolAttrs *attrs = s->ctx->attrs;
  const float scale = (float) attrs->spatial_scale;
  const float *roi = ir_eval_f32 (s->ctx, ROIS) + 5 * i;
  const gint64 *dim = s->ctx->in[MAPS]->shape.dim;
  gint64 top, bottom, left, right;
  gsize n = 0;

  bin_pixels (roi[2] * scale, roi[4] * scale, attrs->pooled_h, y, dim[2], &top,
      &bottom);
  bin_pixels (roi[1] * scale, roi[3] * scale, attrs->pooled_w, x, dim[3], &left,
      &right);
  samples->image = (gint64) roi[0];
  if (!ir_samples_begin (
          samples, (gsize) (MAX (bottom - top, 0) * MAX (right - left, 0)), 1))
    return FALSE;
  for (gint64 row = top; row < bottom; row++)
    for (gint64 column = left; column < right; column++, n++) {
      samples->pixel[n] = row * dim[3] + column;
      samples->weight[n] = 1;
    }
  return TRUE;
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

static gboolean
find_point (
    const IrSampling *s, gint64 i, gint64 y, gint64 x, IrSamples *samples)
{
  const PoolAttrs *attrs = s->ctx->attrs;
  const float *roi = ir_eval_f32 (s->ctx, ROIS) + 5 * i;
  const gint64 *dim = s->ctx->in[MAPS]->shape.dim;
  const float row = point (roi[2], roi[4], attrs->pooled_h, y, dim[2]);
  const float column = point (roi[1], roi[3], attrs->pooled_w, x, dim[3]);
  const gboolean inside = row >= 0 && row <= (float) (dim[2] - 1) &&
      column >= 0 && column <= (float) (dim[3] - 1);

  samples->image = (gint64) roi[0];
  if (!ir_samples_begin (samples, inside ? 1 : 0, 4))
    return FALSE;
  if (inside)
    ir_roi_point (row, column, dim[2], dim[3], samples->pixel, samples->weight);
  return TRUE;
}

static gboolean
sampling (const IrEvalCtx *ctx, IrSampling *s, GError **error)
{
  const PoolAttrs *attrs = ctx->attrs;
  const gboolean max = attrs->method == METHOD_MAX;

  *s = (IrSampling){ .ctx = ctx,
    .images = ir_roi_count (ctx, ROIS),
    .max = max,
    .least = -FLT_MAX,
    .find = max ? find_max : find_point };
  return ir_roi_check_batches (ctx, ROIS, s->images, error);
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
  .evaluate = ir_eval_sampling,
  .sampling = sampling,
  .summary = "Regions of feature maps, the largest pixel or a point per bin",
};
