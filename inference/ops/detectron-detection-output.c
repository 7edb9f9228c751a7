/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ExperimentalDetectronDetectionOutput: the last step of Faster R-CNN. */
#include <math.h>
#include "suppress.h"

typedef struct {
  double score_threshold;
  double nms_threshold;
  double max_delta_log_wh;
  gint64 num_classes;
  gint64 post_nms_count;
  gint64 max_detections_per_image;
  gboolean class_agnostic_box_regression;
  IrF64s deltas_weights;
} OutputAttrs;

enum {
  ROIS,
  DELTAS,
  SCORES,
  IMAGE
};

#define MAX_CLASSES (1 << 20)
#define MAX_DETECTIONS (1 << 24)

static gboolean
check_attrs (const OutputAttrs *attrs, GError **error)
{
  if (!ir_roi_check_attr (
          "num_classes", attrs->num_classes, 1, MAX_CLASSES, error) ||
      !ir_roi_check_attr (
          "post_nms_count", attrs->post_nms_count, -1, G_MAXINT64, error) ||
      !ir_roi_check_attr ("max_detections_per_image",
          attrs->max_detections_per_image, 0, MAX_DETECTIONS, error))
    return FALSE;
  if (attrs->deltas_weights.n != 4)
    return ir_fail (error, IR_ERROR_SHAPE,
        "deltas_weights has %" G_GSIZE_FORMAT " numbers, not 4",
        attrs->deltas_weights.n);
  return TRUE;
}

static gboolean
check_inputs (IrInferCtx *ctx, IrDType *dtype, GError **error)
{
  const OutputAttrs *attrs = ctx->attrs;
  static const char *const names[] = { "regions", "deltas", "scores",
    "image's size" };
  const gint64 columns[] = { 4, 4 * attrs->num_classes, attrs->num_classes, 3 };
  gint64 n = ir_roi_dim (ctx, ROIS, 0);

  if (!ir_roi_check_floats (ctx, 0, IMAGE + 1, dtype, error))
    return FALSE;
  for (guint i = 0; i <= IMAGE; i++) {
    if (!ir_roi_check_rank (ctx, i, 2, names[i], error) ||
        !ir_roi_check_dim (ctx, i, 1, columns[i], names[i], error) ||
        !ir_roi_check_dim (ctx, i, 0, i == IMAGE ? 1 : n, names[i], error))
      return FALSE;
    if (n == IR_DIM_UNKNOWN)
      n = ir_roi_dim (ctx, i, 0);
  }
  return TRUE;
}

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const OutputAttrs *attrs = ctx->attrs;
  const IrShape boxes = { 2, { attrs->max_detections_per_image, 4 } };
  const IrShape list = ir_shape_1d (attrs->max_detections_per_image);
  IrDType dtype;

  if (!check_attrs (attrs, error) || !check_inputs (ctx, &dtype, error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &boxes);
  ir_infer_set (ctx, 1, IR_DTYPE_I32, &list);
  ir_infer_set (ctx, 2, dtype, &list);
  return TRUE;
}

/* Where @box goes for a class. The image's size plays no part. */
static IrBox
refine (const OutputAttrs *attrs, const IrBox *box, const float *delta)
{
  float moves[4];
  IrBox refined;

  for (guint i = 0; i < 4; i++)
    moves[i] = delta[i] / (float) attrs->deltas_weights.v[i];
  refined = ir_box_refine (box, moves, (float) attrs->max_delta_log_wh, 1);
  refined.x2 -= 1;
  refined.y2 -= 1;
  ir_box_clip (&refined, INFINITY, INFINITY);
  return refined;
}

/* The boxes of a class that are sure enough and do not overlap. */
static void
select_class (const IrEvalCtx *ctx, gint64 label, IrBoxes *boxes)
{
  const OutputAttrs *attrs = ctx->attrs;
  const gint64 n = ctx->in[ROIS]->shape.dim[0], classes = attrs->num_classes;
  const float *roi = ir_eval_f32 (ctx, ROIS);
  const float *delta = ir_eval_f32 (ctx, DELTAS) + 4 * label;
  const float *score = ir_eval_f32 (ctx, SCORES) + label;

  boxes->n = 0;
  for (gint64 i = 0; i < n;
       i++, roi += 4, delta += 4 * classes, score += classes) {
    const IrBox box = { roi[0], roi[1], roi[2], roi[3] };
    const gboolean has_area = box.x2 > box.x1 && box.y2 > box.y1;
    IrScoredBox scored = { { 0 }, has_area ? *score : 0, i };

    if (!(scored.score > (float) attrs->score_threshold))
      continue;
    if (has_area)
      scored.box = refine (attrs, &box, delta);
    ir_boxes_add (boxes, &scored);
  }
  ir_boxes_sort (boxes, G_MAXINT64);
  ir_boxes_suppress (boxes, 1, (float) attrs->nms_threshold,
      attrs->post_nms_count < 0 ? G_MAXINT64 : attrs->post_nms_count);
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const OutputAttrs *attrs = ctx->attrs;
  const gint64 most = attrs->max_detections_per_image;
  const gint64 n_rois = ctx->in[ROIS]->shape.dim[0];
  float *rows = ir_eval_out_f32 (ctx, 0);
  IrBoxes own, all;

  if (!ir_boxes_init (&own, ctx->scratch, n_rois, error) ||
      !ir_boxes_init (&all, ctx->scratch, n_rois * attrs->num_classes, error))
    return FALSE;
  /* Class 0 is the background. */
  for (gint64 label = 1; label < attrs->num_classes; label++) {
    select_class (ctx, label, &own);
    for (gsize i = 0; i < own.n; i++) {
      own.box[i].index += label * n_rois;
      ir_boxes_add (&all, &own.box[i]);
    }
  }
  /* Only when there are too many does their order change. */
  if ((gint64) all.n > most)
    ir_boxes_sort (&all, most);
  for (gsize i = 0; i < all.n; i++, rows += 4) {
    const IrScoredBox *scored = &all.box[i];

    rows[0] = scored->box.x1;
    rows[1] = scored->box.y1;
    rows[2] = scored->box.x2;
    rows[3] = scored->box.y2;
    ((gint32 *) ctx->out[1]->data)[i] = (gint32) (scored->index / n_rois);
    ir_eval_out_f32 (ctx, 2)[i] = scored->score;
  }
  return TRUE;
}

static const IrAttrDesc attrs[] = {
  IR_ATTR_ROW (OutputAttrs, score_threshold, F64, NULL),
  IR_ATTR_ROW (OutputAttrs, nms_threshold, F64, NULL),
  IR_ATTR_ROW (OutputAttrs, max_delta_log_wh, F64, NULL),
  IR_ATTR_ROW (OutputAttrs, num_classes, I64, NULL),
  IR_ATTR_ROW (OutputAttrs, post_nms_count, I64, NULL),
  IR_ATTR_ROW (OutputAttrs, max_detections_per_image, I64, NULL),
  IR_ATTR_ROW (OutputAttrs, class_agnostic_box_regression, BOOL, "false"),
  IR_ATTR_ROW (OutputAttrs, deltas_weights, F64S, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_experimental_detectron_detection_output_6 = {
  .type = "ExperimentalDetectronDetectionOutput",
  .opset = 6,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 3,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (OutputAttrs),
  .attrs = attrs,
  .infer = infer,
  .evaluate = evaluate,
  .summary = "Boxes, classes and scores from regions, deltas and scores",
};
