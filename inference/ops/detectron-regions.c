/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detectron's grid of priors, best regions, and regions of feature pyramids. */
#include <math.h>
#include <string.h>
#include "suppress.h"

/* --- PriorGridGenerator ------------------------------------------------------ */

typedef struct {
  gboolean flatten;
  gint64 h;
  gint64 w;
  double stride_x;
  double stride_y;
} GridAttrs;

enum {
  PRIORS,
  MAP,
  IMAGE
};

/* The grid's size: the attribute, or the map's. */
static gint64
grid_size (gint64 attr, gint64 map)
{
  return attr > 0 ? attr : map;
}

static gboolean
check_grid (IrInferCtx *ctx, GError **error)
{
  const GridAttrs *attrs = ctx->attrs;
  const gint64 height = ir_roi_dim (ctx, MAP, 2);
  const gint64 width = ir_roi_dim (ctx, MAP, 3);

  return ir_roi_check_attr ("h", attrs->h, 0,
             height == IR_DIM_UNKNOWN ? G_MAXINT64 : height, error) &&
      ir_roi_check_attr ("w", attrs->w, 0,
          width == IR_DIM_UNKNOWN ? G_MAXINT64 : width, error);
}

/* The output has room for the whole map; a smaller grid fills its beginning. */
static gboolean
infer_grid (IrInferCtx *ctx, GError **error)
{
  const GridAttrs *attrs = ctx->attrs;
  const IrShape out = { 4,
    { ir_roi_dim (ctx, MAP, 2), ir_roi_dim (ctx, MAP, 3),
        ir_roi_dim (ctx, PRIORS, 0), 4 } };
  IrShape flat = { 2, { IR_DIM_UNKNOWN, 4 } };
  guint64 count;
  IrDType dtype;

  if (!ir_roi_check_floats (ctx, 0, IMAGE + 1, &dtype, error) ||
      !ir_roi_check_rank (ctx, PRIORS, 2, "priors", error) ||
      !ir_roi_check_dim (ctx, PRIORS, 1, 4, "priors", error) ||
      !ir_roi_check_rank (ctx, MAP, 4, "feature map", error) ||
      !ir_roi_check_rank (ctx, IMAGE, 4, "image", error) ||
      !check_grid (ctx, error))
    return FALSE;
  if (ir_shape_is_static (&out)) {
    if (!ir_shape_count (&out, &count))
      return ir_fail (error, IR_ERROR_LIMIT, "the grid is too large");
    flat.dim[0] = (gint64) (count / 4);
  }
  ir_infer_set (ctx, 0, dtype, attrs->flatten ? &flat : &out);
  return TRUE;
}

static gboolean
evaluate_grid (IrEvalCtx *ctx, GError **error)
{
  const GridAttrs *attrs = ctx->attrs;
  const gint64 *map = ctx->in[MAP]->shape.dim,
               *image = ctx->in[IMAGE]->shape.dim;
  const gint64 height = grid_size (attrs->h, map[2]);
  const gint64 width = grid_size (attrs->w, map[3]);
  const gint64 n = 4 * ctx->in[PRIORS]->shape.dim[0];
  const float *priors = ir_eval_f32 (ctx, PRIORS);
  const float step_x = attrs->stride_x != 0 ? (float) attrs->stride_x
                                            : (float) image[3] / (float) width;
  const float step_y = attrs->stride_y != 0 ? (float) attrs->stride_y
                                            : (float) image[2] / (float) height;
  float *out = ir_eval_out_f32 (ctx, 0);

  for (gint64 y = 0; y < height; y++) {
    for (gint64 x = 0; x < width; x++) {
      const float centre[2] = { step_x * ((float) x + 0.5f),
        step_y * ((float) y + 0.5f) };

      for (gint64 i = 0; i < n; i++)
        *out++ = priors[i] + centre[i % 2];
    }
  }
  return TRUE;
}

static const IrAttrDesc grid_attrs[] = {
  IR_ATTR_ROW (GridAttrs, flatten, BOOL, "true"),
  IR_ATTR_ROW (GridAttrs, h, I64, "0"),
  IR_ATTR_ROW (GridAttrs, w, I64, "0"),
  IR_ATTR_ROW (GridAttrs, stride_x, F64, "0"),
  IR_ATTR_ROW (GridAttrs, stride_y, F64, "0"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_experimental_detectron_prior_grid_generator_6 = {
  .type = "ExperimentalDetectronPriorGridGenerator",
  .opset = 6,
  .min_inputs = 3,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (GridAttrs),
  .attrs = grid_attrs,
  .infer = infer_grid,
  .evaluate = evaluate_grid,
  .summary = "Priors at every place of a feature map",
};

/* --- TopKROIs ---------------------------------------------------------------- */

typedef struct {
  gint64 max_rois;
} TopAttrs;

enum {
  ROIS,
  PROBABILITIES
};

static gboolean
infer_top (IrInferCtx *ctx, GError **error)
{
  const TopAttrs *attrs = ctx->attrs;
  const IrShape out = { 2, { attrs->max_rois, 4 } };
  IrDType dtype;

  if (!ir_roi_check_attr ("max_rois", attrs->max_rois, 0, 1 << 24, error) ||
      !ir_roi_check_floats (ctx, ROIS, PROBABILITIES + 1, &dtype, error) ||
      !ir_roi_check_rank (ctx, ROIS, 2, "regions", error) ||
      !ir_roi_check_dim (ctx, ROIS, 1, 4, "regions", error) ||
      !ir_roi_check_rank (ctx, PROBABILITIES, 1, "probabilities", error) ||
      !ir_roi_check_dim (ctx, PROBABILITIES, 0, ir_roi_dim (ctx, ROIS, 0),
          "probabilities", error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
evaluate_top (IrEvalCtx *ctx, GError **error)
{
  const TopAttrs *attrs = ctx->attrs;
  const gint64 n = ctx->in[ROIS]->shape.dim[0];
  float *out = ir_eval_out_f32 (ctx, 0);
  IrBoxes boxes;

  if (!ir_boxes_init (&boxes, ctx->scratch, n, error))
    return FALSE;
  for (gint64 i = 0; i < n; i++) {
    const IrScoredBox scored = { .score = ir_eval_f32 (ctx, PROBABILITIES)[i],
      .index = i };

    ir_boxes_add (&boxes, &scored);
  }
  ir_boxes_sort (&boxes, attrs->max_rois);
  for (gsize i = 0; i < boxes.n; i++)
    memcpy (out + 4 * i, ir_eval_f32 (ctx, ROIS) + 4 * boxes.box[i].index,
        4 * sizeof (float));
  return TRUE;
}

static const IrAttrDesc top_attrs[] = {
  IR_ATTR_ROW (TopAttrs, max_rois, I64, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_experimental_detectron_topk_rois_6 = {
  .type = "ExperimentalDetectronTopKROIs",
  .opset = 6,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (TopAttrs),
  .attrs = top_attrs,
  .infer = infer_top,
  .evaluate = evaluate_top,
  .summary = "The most probable regions, best first, then zeros",
};

/* --- ROIFeatureExtractor ----------------------------------------------------- */

typedef struct {
  gint64 output_size;
  gint64 sampling_ratio;
  IrI64s pyramid_scales;
  gboolean aligned;
} PyramidAttrs;

#define FIRST_LEVEL 1

static gboolean
check_pyramid (IrInferCtx *ctx, gint64 *channels, GError **error)
{
  const PyramidAttrs *attrs = ctx->attrs;

  *channels = IR_DIM_UNKNOWN;
  if (attrs->pyramid_scales.n < ctx->n_inputs - FIRST_LEVEL)
    return ir_fail (error, IR_ERROR_SHAPE,
        "pyramid_scales has %" G_GSIZE_FORMAT " numbers for %" G_GSIZE_FORMAT
        " levels",
        attrs->pyramid_scales.n, ctx->n_inputs - FIRST_LEVEL);
  for (guint i = FIRST_LEVEL; i < ctx->n_inputs; i++) {
    if (!ir_roi_check_attr ("pyramid_scales",
            attrs->pyramid_scales.v[i - FIRST_LEVEL], 1, G_MAXINT32, error) ||
        !ir_roi_check_rank (ctx, i, 4, "level", error) ||
        !ir_roi_check_dim (ctx, i, 0, 1, "level", error) ||
        !ir_roi_check_dim (ctx, i, 1, *channels, "level", error))
      return FALSE;
    if (*channels == IR_DIM_UNKNOWN)
      *channels = ir_roi_dim (ctx, i, 1);
  }
  return TRUE;
}

static gboolean
infer_pyramid (IrInferCtx *ctx, GError **error)
{
  const PyramidAttrs *attrs = ctx->attrs;
  const gint64 n = ir_roi_dim (ctx, ROIS, 0);
  IrShape features = { 4,
    { n, IR_DIM_UNKNOWN, attrs->output_size, attrs->output_size } };
  const IrShape rois = { 2, { n, 4 } };
  IrDType dtype;

  if (!ir_roi_check_attr (
          "output_size", attrs->output_size, 1, IR_ROI_BINS, error) ||
      !ir_roi_check_attr (
          "sampling_ratio", attrs->sampling_ratio, 0, IR_ROI_SAMPLES, error) ||
      !ir_roi_check_floats (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !ir_roi_check_rank (ctx, ROIS, 2, "regions", error) ||
      !ir_roi_check_dim (ctx, ROIS, 1, 4, "regions", error) ||
      !check_pyramid (ctx, &features.dim[1], error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &features);
  ir_infer_set (ctx, 1, dtype, &rois);
  return TRUE;
}

/* The level whose pixels suit a region: one of 224 x 224 belongs to level 2, twice
 * the size to the next. -1 for a region without area. */
static gint64
choose_level (const float *roi, gint64 n_levels)
{
  const float area = (roi[2] - roi[0]) * (roi[3] - roi[1]);
  float level;

  if (!(area > 0))
    return -1;
  level = floorf (log2f (sqrtf (area) / 224 + 1e-6f) + 2);
  return (gint64) CLAMP (level, 0, (float) (n_levels - 1));
}

static IrRoiSide
pyramid_side (const PyramidAttrs *attrs, float scale, float low, float high)
{
  const float shift = attrs->aligned ? 0.5f : 0;
  const float start = low * scale - shift;
  const IrRoiSide side = { start, MAX (high * scale - shift - start, 1.0f),
    attrs->output_size };

  return side;
}

static gboolean
sample_region (gconstpointer data, gint64 i, IrSamples *samples)
{
  static const IrSampling average = { 0 };
  const IrEvalCtx *ctx = data;
  const PyramidAttrs *attrs = ctx->attrs;
  const float *roi = ir_eval_f32 (ctx, ROIS) + 4 * i;
  const gint64 bins = attrs->output_size, n_bins = bins * bins;
  const gint64 level = choose_level (roi, (gint64) ctx->n_inputs - FIRST_LEVEL);
  const IrTensor *tensor = ctx->in[FIRST_LEVEL + MAX (level, 0)];
  const gint64 *dim = tensor->shape.dim;
  const IrChannels channels = { tensor->data, dim[1], dim[2] * dim[3] };
  const float scale = 1.0f / (float) attrs->pyramid_scales.v[MAX (level, 0)];
  const IrRoiSide rows = pyramid_side (attrs, scale, roi[1], roi[3]);
  const IrRoiSide columns = pyramid_side (attrs, scale, roi[0], roi[2]);
  float *to = ir_eval_out_f32 (ctx, 0) + i * dim[1] * n_bins;

  for (gint64 b = 0; level >= 0 && b < n_bins; b++) {
    if (!ir_roi_bin (&rows, &columns, b / bins, b % bins, attrs->sampling_ratio,
            dim[2], dim[3], FALSE, samples))
      return FALSE;
    ir_sample_channels (&average, samples, &channels, to + b, n_bins);
  }
  return TRUE;
}

static gboolean
evaluate_pyramid (IrEvalCtx *ctx, GError **error)
{
  if (!ir_eval_samples (
          ctx, ctx->in[ROIS]->shape.dim[0], 0, sample_region, ctx, error))
    return FALSE;
  memcpy (ctx->out[1]->data, ctx->in[ROIS]->data, ctx->out[1]->size);
  return TRUE;
}

static const IrAttrDesc pyramid_attrs[] = {
  IR_ATTR_ROW (PyramidAttrs, output_size, I64, NULL),
  IR_ATTR_ROW (PyramidAttrs, sampling_ratio, I64, NULL),
  IR_ATTR_ROW (PyramidAttrs, pyramid_scales, I64S, NULL),
  IR_ATTR_ROW (PyramidAttrs, aligned, BOOL, "false"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_experimental_detectron_roi_feature_extractor_6 = {
  .type = "ExperimentalDetectronROIFeatureExtractor",
  .opset = 6,
  .min_inputs = 2,
  .max_inputs = IR_VARIADIC,
  .n_outputs = 2,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (PyramidAttrs),
  .attrs = pyramid_attrs,
  .infer = infer_pyramid,
  .evaluate = evaluate_pyramid,
  .summary = "Regions sampled in the level of a pyramid that suits their size",
};
