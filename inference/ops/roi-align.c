/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ROIAlign: bilinear samples of regions, pooled into bins. */
#include <math.h>
#include "roi.h"

/* --- sampling --------------------------------------------------------------- */

/* A point along one axis: the pixels on both sides and the second one's share. */
typedef struct {
  gint64 low;
  gint64 high;
  float share;
} Tap;

static gboolean
find_tap (float at, gint64 size, Tap *tap)
{
  if (!(at >= -1 && at <= (float) size))
    return FALSE;
  at = MAX (at, 0);
  tap->low = MIN ((gint64) at, size - 1);
  tap->high = MIN (tap->low + 1, size - 1);
  tap->share = tap->high == tap->low ? 0 : at - (float) tap->low;
  return TRUE;
}

/* The samples of a bin along one axis: number @first to @end - 1 of @n are looked at. */
typedef struct {
  float from;
  float step;
  gint64 size;
  double n;
  double first;
  double end;
} Line;

/* Samples outside the map count as zeros. A region may be far larger than the map: the
 * samples that cannot meet it are left out. */
static Line
make_line (const IrRoiSide *side, gint64 bin, gint64 samples, gint64 size)
{
  const float length = side->length / (float) side->bins;
  const float n = samples > 0 ? (float) samples : ceilf (length);
  Line line = { side->start + (float) bin * length, length / n, size };

  line.n = n >= 1 ? n : 0;
  if (size == 0 || line.n == 0 || !isfinite (line.from) ||
      !isfinite (line.step))
    return line;
  line.end = n;
  if (samples == 0) {
    line.first = MAX (0, floor ((-1.0 - line.from) / line.step) - 2);
    line.end =
        MIN (line.end, ceil (((double) size - line.from) / line.step) + 2);
  }
  line.end = MAX (line.end, line.first);
  return line;
}

static gboolean
line_tap (const Line *line, double i, Tap *tap)
{
  return find_tap (
      line->from + line->step * ((float) i + 0.5f), line->size, tap);
}

static void
add_point (const Tap *y, const Tap *x, gint64 width, gsize at, IrSamples *to)
{
  const float up = 1 - y->share, left = 1 - x->share;
  const gint64 upper = y->low * width, lower = y->high * width;
  gint64 *pixel = to->pixel + 4 * at;
  float *weight = to->weight + 4 * at;

  pixel[0] = upper + x->low;
  pixel[1] = upper + x->high;
  pixel[2] = lower + x->low;
  pixel[3] = lower + x->high;
  weight[0] = up * left;
  weight[1] = up * x->share;
  weight[2] = y->share * left;
  weight[3] = y->share * x->share;
}

gboolean
ir_roi_bin (const IrRoiSide *rows, const IrRoiSide *columns, gint64 y, gint64 x,
    gint64 samples, gint64 height, gint64 width, gboolean max, IrSamples *to)
{
  const Line down = make_line (rows, y, samples, height);
  const Line across = make_line (columns, x, samples, width);
  const double most = (down.end - down.first) * (across.end - across.first);
  gsize n = 0;
  Tap row, column;

  if (most > G_MAXINT32 || !ir_samples_begin (to, (gsize) most, 4))
    return FALSE;
  for (double i = down.first; i < down.end; i++) {
    if (!line_tap (&down, i, &row))
      continue;
    for (double j = across.first; j < across.end; j++)
      if (line_tap (&across, j, &column))
        add_point (&row, &column, width, n++, to);
  }
  to->n = n;
  to->divisor = max ? 1 : down.n * across.n;
  return TRUE;
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
find (const IrSampling *s, gint64 i, gint64 y, gint64 x, IrSamples *samples)
{
  const AlignAttrs *attrs = s->ctx->attrs;
  const float *roi = ir_eval_f32 (s->ctx, ROIS) + 4 * i;
  const gint64 *dim = s->ctx->in[MAPS]->shape.dim;
  const IrRoiSide rows = make_side (attrs, roi[1], roi[3], attrs->pooled_h);
  const IrRoiSide columns = make_side (attrs, roi[0], roi[2], attrs->pooled_w);

  samples->image = ir_tensor_get_i64 (s->ctx->in[BATCHES], (gsize) i);
  return ir_roi_bin (&rows, &columns, y, x, attrs->sampling_ratio, dim[2],
      dim[3], s->max, samples);
}

static gboolean
sampling (const IrEvalCtx *ctx, IrSampling *s, GError **error)
{
  const AlignAttrs *attrs = ctx->attrs;
  gint64 batch;

  *s = (IrSampling){ .ctx = ctx,
    .images = ctx->in[ROIS]->shape.dim[0],
    .max = attrs->mode == MODE_MAX,
    .find = find };
  for (gint64 i = 0; i < s->images; i++)
    if (!ir_roi_batch ((double) ir_tensor_get_i64 (ctx->in[BATCHES], (gsize) i),
            ctx->in[MAPS]->shape.dim[0], i, &batch, error))
      return FALSE;
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
    .evaluate = ir_eval_sampling,                                              \
    .sampling = sampling,                                                      \
    .summary = text,                                                           \
  };

ROI_ALIGN (3, "Regions of feature maps, sampled bilinearly and pooled")
ROI_ALIGN (9, "The same with a choice of where pixels have their centres")
