/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DetectionOutput: boxes from the deltas, scores and priors of an SSD. */
#include "detection-output.h"

static const char *const code_names[] = { "caffe.PriorBoxParameter.CORNER",
  "caffe.PriorBoxParameter.CENTER_SIZE", NULL };

/* --- infer ----------------------------------------------------------------- */

static gint64
dim_of (const IrShape *shape, gint axis)
{
  return shape->rank > axis ? shape->dim[axis] : IR_DIM_UNKNOWN;
}

static gboolean
count_priors (const IrInferCtx *ctx, gboolean with_classes,
    IrDetectionGeometry *geometry, GError **error)
{
  const IrDetectionAttrs *attrs = ctx->attrs;
  gint64 prior_dim = dim_of (&ctx->in_shape[2], 2);
  gint64 conf_dim = dim_of (&ctx->in_shape[1], 1);

  geometry->priors = IR_DIM_UNKNOWN;
  geometry->classes = with_classes ? attrs->num_classes : IR_DIM_UNKNOWN;
  if (prior_dim >= 0) {
    if (prior_dim == 0 || prior_dim % ir_prior_size (attrs) != 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "the priors' last dimension %" G_GINT64_FORMAT " is no multiple of "
          "%" G_GINT64_FORMAT,
          prior_dim, ir_prior_size (attrs));
    geometry->priors = prior_dim / ir_prior_size (attrs);
  }
  if (!with_classes && geometry->priors > 0 && conf_dim >= 0)
    geometry->classes = conf_dim / geometry->priors;
  if (geometry->classes == 0 || (with_classes && geometry->classes < 0))
    return ir_fail (error, IR_ERROR_SHAPE, "there are no classes");
  if (geometry->priors > 0 && geometry->classes > 0 && conf_dim >= 0 &&
      (conf_dim % geometry->priors != 0 ||
          conf_dim / geometry->priors != geometry->classes))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " scores are not those of %" G_GINT64_FORMAT
        " priors and %" G_GINT64_FORMAT " classes",
        conf_dim, geometry->priors, geometry->classes);
  return TRUE;
}

static gboolean
check_others (
    const IrInferCtx *ctx, IrDetectionGeometry *geometry, GError **error)
{
  const IrDetectionAttrs *attrs = ctx->attrs;
  gint64 loc_dim = dim_of (&ctx->in_shape[0], 1);
  gint64 prior_rows = dim_of (&ctx->in_shape[2], 1);
  gint64 prior_images = dim_of (&ctx->in_shape[2], 0);

  geometry->locations = attrs->share_location ? 1 : geometry->classes;
  if (geometry->priors > 0 && geometry->locations > 0 && loc_dim >= 0 &&
      (loc_dim % 4 != 0 || loc_dim / 4 % geometry->priors != 0 ||
          loc_dim / 4 / geometry->priors != geometry->locations))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " deltas do not belong to %" G_GINT64_FORMAT
        " priors",
        loc_dim, geometry->priors);
  if (prior_rows >= 0 &&
      prior_rows < (attrs->variance_encoded_in_target ? 1 : 2))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the priors come without variances, and "
        "variance_encoded_in_target is not set");
  if (prior_images >= 0 && geometry->images >= 0 && prior_images != 1 &&
      prior_images != geometry->images)
    return ir_fail (error, IR_ERROR_SHAPE,
        "priors for %" G_GINT64_FORMAT " images, deltas for %" G_GINT64_FORMAT,
        prior_images, geometry->images);
  for (guint i = 3; i < ctx->n_inputs; i++) {
    gint64 have = dim_of (&ctx->in_shape[i], 1);
    gint64 each = i == 3 ? 2 : 4;

    if (have >= 0 && geometry->priors > 0 &&
        (have % each != 0 || have / each != geometry->priors))
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u has %" G_GINT64_FORMAT " values for %" G_GINT64_FORMAT
          " priors",
          i, have, geometry->priors);
  }
  return TRUE;
}

static gboolean
count_rows (const IrDetectionAttrs *attrs, IrDetectionGeometry *geometry,
    GError **error)
{
  gint64 per_image = attrs->keep_top_k.n > 0 ? attrs->keep_top_k.v[0] : -1;
  guint64 rows;
  guint64 limit = attrs->top_k > 0 ? (guint64) attrs->top_k
                                   : (guint64) MAX (geometry->priors, 0);

  geometry->rows = IR_DIM_UNKNOWN;
  if (geometry->images < 0)
    return TRUE;
  if (per_image > 0) {
    rows = (guint64) per_image;
  } else {
    if (geometry->classes < 0 || (attrs->top_k <= 0 && geometry->priors < 0))
      return TRUE;
    if (!g_uint64_checked_mul (&rows, limit, (guint64) geometry->classes))
      return ir_fail (error, IR_ERROR_LIMIT, "too many rows of output");
  }
  if (!g_uint64_checked_mul (&rows, rows, (guint64) geometry->images) ||
      rows > G_MAXINT32)
    return ir_fail (error, IR_ERROR_LIMIT, "too many rows of output");
  geometry->rows = (gint64) rows;
  return TRUE;
}

static gboolean
find_geometry (const IrInferCtx *ctx, gboolean with_classes,
    IrDetectionGeometry *geometry, GError **error)
{
  geometry->images = dim_of (&ctx->in_shape[0], 0);
  if (geometry->images < 0)
    geometry->images = dim_of (&ctx->in_shape[1], 0);
  for (guint i = 0; i < ctx->n_inputs; i++) {
    gint64 images = dim_of (&ctx->in_shape[i], 0);

    if (i != 2 && images >= 0 && images != geometry->images)
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u is for %" G_GINT64_FORMAT " images, others for "
          "%" G_GINT64_FORMAT,
          i, images, geometry->images);
  }
  return count_priors (ctx, with_classes, geometry, error) &&
      check_others (ctx, geometry, error) &&
      count_rows (ctx->attrs, geometry, error);
}

static gboolean
infer (IrInferCtx *ctx, gboolean with_classes, GError **error)
{
  const IrDetectionAttrs *attrs = ctx->attrs;
  IrShape shape = { 4, { 1, 1, IR_DIM_UNKNOWN, IR_DETECTION_ROW } };
  IrDetectionGeometry geometry;
  IrDType dtype;

  if (ctx->n_inputs == 4)
    return ir_fail (error, IR_ERROR_SHAPE, "takes 3 or 5 inputs, not 4");
  if (!attrs->normalized &&
      (attrs->input_width <= 0 || attrs->input_height <= 0))
    return ir_fail (
        error, IR_ERROR_SHAPE, "input_width and input_height must be positive");
  for (guint i = 0; i < ctx->n_inputs; i++) {
    if (!ir_infer_rank (ctx, i, i == 2 ? 1u << 3 : 1u << 2, "tensor", error))
      return FALSE;
  }
  if (!ir_infer_same_dtype (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !find_geometry (ctx, with_classes, &geometry, error))
    return FALSE;
  if (dtype != IR_DTYPE_DYNAMIC && !ir_dtype_is_float (dtype))
    return ir_fail (error, IR_ERROR_UNSUPPORTED, "takes floats, not %s",
        ir_dtype_name (dtype));
  shape.dim[2] = geometry.rows;
  ir_infer_set (ctx, 0, dtype, &shape);
  return TRUE;
}

static gboolean
infer_1 (IrInferCtx *ctx, GError **error)
{
  return infer (ctx, TRUE, error);
}

static gboolean
infer_8 (IrInferCtx *ctx, GError **error)
{
  return infer (ctx, FALSE, error);
}

/* --- evaluate -------------------------------------------------------------- */

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  IrDetectionInput input = { .attrs = ctx->attrs };
  IrDetectionGeometry *g = &input.geometry;
  const IrShape *priors = &ctx->in[2]->shape;

  g->images = ctx->in[0]->shape.dim[0];
  g->priors = priors->dim[2] / ir_prior_size (input.attrs);
  g->classes = ctx->in[1]->shape.dim[1] / g->priors;
  g->locations = input.attrs->share_location ? 1 : g->classes;
  g->rows = ctx->out[0]->shape.dim[2];
  input.loc = ir_eval_f32 (ctx, 0);
  input.conf = ir_eval_f32 (ctx, 1);
  input.priors = ir_eval_f32 (ctx, 2);
  input.prior_stride = priors->dim[0] > 1 ? priors->dim[1] * priors->dim[2] : 0;
  if (ctx->n_inputs == 5) {
    input.arm_conf = ir_eval_f32 (ctx, 3);
    input.arm_loc = ir_eval_f32 (ctx, 4);
  }
  return ir_detect (ctx, &input, error);
}

/* --- descriptors ----------------------------------------------------------- */

#define A(field, kind, def) IR_ATTR_ROW (IrDetectionAttrs, field, kind, def)
/* clang-format off */
#define COMMON_ATTRS                                                       \
  A (background_label_id, I64, "0"),                                       \
  A (top_k, I64, "-1"),                                                    \
  A (variance_encoded_in_target, BOOL, "false"),                           \
  A (keep_top_k, I64S, NULL),                                              \
  IR_ATTR_ENUM_ROW (IrDetectionAttrs, code_type,                             \
      "caffe.PriorBoxParameter.CORNER", code_names),                       \
  A (share_location, BOOL, "true"),                                        \
  A (nms_threshold, F64, NULL),                                            \
  A (confidence_threshold, F64, "0"),                                      \
  A (clip_after_nms, BOOL, "false"),                                       \
  A (clip_before_nms, BOOL, "false"),                                      \
  A (decrease_label_id, BOOL, "false"),                                    \
  A (normalized, BOOL, "false"),                                           \
  A (input_height, I64, "1"),                                              \
  A (input_width, I64, "1"),                                               \
  A (objectness_score, F64, "0"),                                          \
  IR_ATTR_END
/* clang-format on */

static const IrAttrDesc attrs_1[] = { A (num_classes, I64, NULL),
  COMMON_ATTRS };
static const IrAttrDesc attrs_8[] = { COMMON_ATTRS };

const IrOpDesc ir_op_detection_output_1 = {
  .type = "DetectionOutput",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrDetectionAttrs),
  .attrs = attrs_1,
  .infer = infer_1,
  .evaluate = evaluate,
  .summary = "SSD's boxes: decoding, thresholds, non-maximum suppression",
};

const IrOpDesc ir_op_detection_output_8 = {
  .type = "DetectionOutput",
  .opset = 8,
  .min_inputs = 3,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrDetectionAttrs),
  .attrs = attrs_8,
  .infer = infer_8,
  .evaluate = evaluate,
  .summary = "DetectionOutput-1 with the number of classes from the shapes",
};
