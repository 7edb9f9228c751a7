/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MulticlassNms: the best boxes of every class that do not overlap. */
#include "class-nms.h"

enum {
  BOXES,
  SCORES,
  COUNTS
};

/* --- infer ------------------------------------------------------------------- */

/* Boxes [classes, boxes, 4], scores [classes, boxes]; the counts say how many of
 * them belong to each image. */
static gboolean
infer_9 (IrInferCtx *ctx, GError **error)
{
  IrDType dtype;

  if (ctx->n_inputs <= COUNTS)
    return ir_class_nms_infer (ctx, error);
  return ir_roi_check_floats (ctx, BOXES, COUNTS, &dtype, error) &&
      ir_infer_accept_input (ctx, COUNTS, IR_ACCEPT_INT, "the counts", error) &&
      ir_roi_check_rank (ctx, BOXES, 3, "boxes", error) &&
      ir_roi_check_rank (ctx, SCORES, 2, "scores", error) &&
      ir_roi_check_rank (ctx, COUNTS, 1, "counts", error) &&
      ir_roi_check_dim (ctx, BOXES, 2, 4, "boxes", error) &&
      ir_roi_check_dim (
          ctx, SCORES, 0, ir_roi_dim (ctx, BOXES, 0), "scores", error) &&
      ir_roi_check_dim (
          ctx, SCORES, 1, ir_roi_dim (ctx, BOXES, 1), "scores", error) &&
      ir_class_nms_set_outputs (ctx, dtype, ir_roi_dim (ctx, COUNTS, 0), error);
}

/* --- evaluate ---------------------------------------------------------------- */

/* Those that do not overlap a better one. */
static void
choose (const IrClassNmsAttrs *attrs, const IrScoredBox *candidates, guint n,
    IrKept *kept, float *overlaps, const IrPick *from, GArray *picks)
{
  float threshold = (float) attrs->iou_threshold;

  for (guint i = 0; i < n; i++) {
    const IrScoredBox *scored = &candidates[i];
    const float area = ir_box_area (&scored->box, kept->extra);

    if (ir_kept_covers (kept, &scored->box, area, threshold, TRUE))
      continue;
    if (attrs->nms_eta < 1 && threshold > 0.5f)
      threshold *= (float) attrs->nms_eta;
    ir_kept_add (kept, &scored->box, area);
    ir_class_nms_pick (from, scored, scored->score, picks);
  }
}

static const IrClassNmsWay way = { choose, TRUE, TRUE, TRUE };

/* Every class has boxes of its own, those of all images one after another. */
static gboolean
add_counted_images (IrEvalCtx *ctx, GArray *picks, GError **error)
{
  const gint64 classes = ctx->in[SCORES]->shape.dim[0];
  const gint64 n = ctx->in[SCORES]->shape.dim[1];
  gint64 head = 0;

  for (gint64 b = 0; b < ctx->in[COUNTS]->shape.dim[0]; b++) {
    const gint64 count =
        MAX (ir_tensor_get_i64 (ctx->in[COUNTS], (gsize) b), 0);
    const IrClassNmsImage image = { b, count,
      ir_eval_f32 (ctx, BOXES) + head * 4, ir_eval_f32 (ctx, SCORES) + head,
      n * 4, n, head * classes, 1, classes };

    if (count > n - head)
      return ir_fail (error, IR_ERROR_SHAPE,
          "image %" G_GINT64_FORMAT " counts %" G_GINT64_FORMAT
          " boxes where %" G_GINT64_FORMAT " are left",
          b, count, n - head);
    if (!ir_class_nms_image (ctx, &way, classes, &image, picks, error))
      return FALSE;
    head += count;
  }
  return TRUE;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  g_autoptr (GArray) picks = g_array_new (FALSE, FALSE, sizeof (IrPick));

  return (ctx->n_inputs <= COUNTS
                 ? ir_class_nms_images (ctx, &way, picks, error)
                 : add_counted_images (ctx, picks, error)) &&
      ir_class_nms_write (ctx, picks, error);
}

static const IrAttrDesc attrs[] = {
  IR_CLASS_NMS_ROWS,
  IR_CLASS_NMS_ROW (iou_threshold, F64, "0"),
  IR_CLASS_NMS_ROW (nms_eta, F64, "1"),
  IR_ATTR_END,
};

#define MULTICLASS(number, inputs, function, text)                             \
  const IrOpDesc ir_op_multiclass_nms_##number = {                             \
    .type = "MulticlassNms",                                                   \
    .opset = number,                                                           \
    .min_inputs = 2,                                                           \
    .max_inputs = inputs,                                                      \
    .n_outputs = 3,                                                            \
    .flags = IR_OP_F32 | IR_OP_DYNAMIC,                                        \
    .attrs_size = sizeof (IrClassNmsAttrs),                                    \
    .attrs = attrs,                                                            \
    .infer = function,                                                         \
    .evaluate = evaluate,                                                      \
    .summary = text,                                                           \
  };

MULTICLASS (
    8, 2, ir_class_nms_infer, "The best boxes per class that do not overlap")
MULTICLASS (
    9, 3, infer_9, "The same, also with boxes of its own for every class")
