/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MulticlassNms: the best boxes of every class that do not overlap. */
#include "class-nms.h"

enum {
  BOXES,
  SCORES,
  COUNTS
};

/* --- infer ------------------------------------------------------------------- */

static gboolean
infer_shared (IrInferCtx *ctx, GError **error)
{
  gint64 images = ir_roi_dim (ctx, BOXES, 0);
  IrDType dtype;

  if (!ir_class_nms_check_shared (ctx, &dtype, error))
    return FALSE;
  if (images == IR_DIM_UNKNOWN)
    images = ir_roi_dim (ctx, SCORES, 0);
  return ir_class_nms_set_outputs (ctx, dtype, images, error);
}

/* Boxes [classes, boxes, 4], scores [classes, boxes]; the counts say how many of
 * them belong to each image. */
static gboolean
infer_9 (IrInferCtx *ctx, GError **error)
{
  IrDType dtype;

  if (ctx->n_inputs <= COUNTS)
    return infer_shared (ctx, error);
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

/* Adds the candidates that do not overlap a better one; @number counts on by
 * @step per box. */
static void
add_class (const IrClassNmsAttrs *attrs, const GArray *boxes,
    const IrPick *from, gint64 step, GArray *picks)
{
  const float extra = attrs->normalized ? 0 : 1;
  const guint first = picks->len;
  float threshold = (float) attrs->iou_threshold;

  for (guint i = 0; i < boxes->len; i++) {
    const IrScoredBox *scored = &g_array_index (boxes, IrScoredBox, i);
    gboolean keep = TRUE;
    IrPick pick = *from;

    for (guint j = picks->len; j > first && keep; j--)
      keep = ir_box_overlap (&scored->box,
                 &g_array_index (picks, IrPick, j - 1).box, extra) < threshold;
    if (!keep)
      continue;
    if (attrs->nms_eta < 1 && threshold > 0.5f)
      threshold *= (float) attrs->nms_eta;
    pick.box = scored->box;
    pick.score = scored->score;
    pick.index = scored->index;
    pick.number += scored->index * step;
    g_array_append_val (picks, pick);
  }
}

static void
add_shared_images (IrEvalCtx *ctx, GArray *boxes, GArray *picks)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const gint64 n = shape->dim[2];
  const float *scores = ir_eval_f32 (ctx, SCORES);

  for (gint64 b = 0; b < shape->dim[0]; b++) {
    const guint first = picks->len;

    for (gint64 c = 0; c < shape->dim[1]; c++, scores += n) {
      const IrPick from = { .image = b, .label = c, .number = b * n };

      if (c == attrs->background_class)
        continue;
      ir_class_nms_candidates (
          attrs, ir_eval_f32 (ctx, BOXES) + b * n * 4, scores, n, TRUE, boxes);
      add_class (attrs, boxes, &from, 1, picks);
    }
    ir_class_nms_end_image (ctx, picks, first, b);
    ir_class_nms_sort_image (ctx, picks, first);
  }
}

/* Every class has boxes of its own, those of all images one after another. */
static gboolean
add_counted_images (
    IrEvalCtx *ctx, GArray *boxes, GArray *picks, GError **error)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;
  const gint64 classes = ctx->in[SCORES]->shape.dim[0];
  const gint64 n = ctx->in[SCORES]->shape.dim[1];
  gint64 head = 0;

  for (gint64 b = 0; b < ctx->in[COUNTS]->shape.dim[0]; b++) {
    const gint64 count =
        MAX (ir_tensor_get_i64 (ctx->in[COUNTS], (gsize) b), 0);
    const guint first = picks->len;

    if (count > n - head)
      return ir_fail (error, IR_ERROR_SHAPE,
          "image %" G_GINT64_FORMAT " counts %" G_GINT64_FORMAT
          " boxes where %" G_GINT64_FORMAT " are left",
          b, count, n - head);
    for (gint64 c = 0; c < classes; c++) {
      const gint64 at = c * n + head;
      const IrPick from = {
        .image = b, .label = c, .number = head * classes + c
      };

      if (c == attrs->background_class)
        continue;
      ir_class_nms_candidates (attrs, ir_eval_f32 (ctx, BOXES) + at * 4,
          ir_eval_f32 (ctx, SCORES) + at, count, TRUE, boxes);
      add_class (attrs, boxes, &from, classes, picks);
    }
    ir_class_nms_end_image (ctx, picks, first, b);
    ir_class_nms_sort_image (ctx, picks, first);
    head += count;
  }
  return TRUE;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (IrScoredBox));
  g_autoptr (GArray) picks = g_array_new (FALSE, FALSE, sizeof (IrPick));

  if (ctx->n_inputs <= COUNTS)
    add_shared_images (ctx, boxes, picks);
  else if (!add_counted_images (ctx, boxes, picks, error))
    return FALSE;
  return ir_class_nms_write (ctx, picks, error);
}

#define A(field, kind, def) IR_ATTR_ROW (IrClassNmsAttrs, field, kind, def)

static const IrAttrDesc attrs[] = {
  IR_ATTR_ENUM_ROW (
      IrClassNmsAttrs, sort_result_type, "none", ir_class_nms_sort_names),
  A (output_type, DTYPE, "i64"),
  A (nms_top_k, I64, "-1"),
  A (keep_top_k, I64, "-1"),
  A (sort_result_across_batch, BOOL, "false"),
  A (iou_threshold, F64, "0"),
  A (score_threshold, F64, "0"),
  A (background_class, I64, "-1"),
  A (nms_eta, F64, "1"),
  A (normalized, BOOL, "true"),
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

MULTICLASS (8, 2, infer_shared, "The best boxes per class that do not overlap")
MULTICLASS (
    9, 3, infer_9, "The same, also with boxes of its own for every class")
