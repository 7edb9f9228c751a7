/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MatrixNms: boxes lose score by how much better ones overlap them. */
#include <math.h>
#include "class-nms.h"

enum {
  DECAY_GAUSSIAN,
  DECAY_LINEAR
};

static const char *const decay_names[] = { "gaussian", "linear", NULL };

enum {
  BOXES,
  SCORES
};

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  gint64 images = ir_roi_dim (ctx, BOXES, 0);
  IrDType dtype;

  if (!ir_class_nms_check_shared (ctx, &dtype, error))
    return FALSE;
  if (images == IR_DIM_UNKNOWN)
    images = ir_roi_dim (ctx, SCORES, 0);
  return ir_class_nms_set_outputs (ctx, dtype, images, error);
}

static float
overlap (const IrClassNmsAttrs *attrs, const GArray *boxes, guint i, guint j)
{
  const IrBox *a = &g_array_index (boxes, IrScoredBox, i).box;
  const IrBox *b = &g_array_index (boxes, IrScoredBox, j).box;

  return ir_box_apart (a, b) ? 0
                             : ir_box_overlap (a, b, attrs->normalized ? 0 : 1);
}

/* What is left of a score when a better box covers @iou of this one, and itself
 * @most of a still better one. */
static float
decay (const IrClassNmsAttrs *attrs, float iou, float most)
{
  if (attrs->decay_function == DECAY_GAUSSIAN)
    return expf ((most * most - iou * iou) * (float) attrs->gaussian_sigma);
  return (float) ((1. - iou) / (1. - most + 1e-10f));
}

/* Adds what is left of one class's candidates, which are sorted. @most: room for
 * the largest overlap of each with a better one. */
static void
add_class (const IrClassNmsAttrs *attrs, const GArray *boxes, GArray *most,
    const IrPick *from, GArray *picks)
{
  g_array_set_size (most, 0);
  for (guint i = 0; i < boxes->len; i++) {
    const IrScoredBox *scored = &g_array_index (boxes, IrScoredBox, i);
    float largest = 0, least = 1;
    IrPick pick = *from;

    for (guint j = 0; j < i; j++) {
      const float iou = overlap (attrs, boxes, i, j);
      const float left = decay (attrs, iou, g_array_index (most, float, j));

      largest = MAX (largest, iou);
      least = MIN (least, left);
    }
    g_array_append_val (most, largest);
    pick.box = scored->box;
    pick.score = i == 0 ? scored->score : least * scored->score;
    pick.index = scored->index;
    pick.number += scored->index;
    if (pick.score > (float) attrs->post_threshold)
      g_array_append_val (picks, pick);
  }
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const gint64 n = shape->dim[2];
  const float *scores = ir_eval_f32 (ctx, SCORES);
  g_autoptr (GArray) boxes = g_array_new (FALSE, FALSE, sizeof (IrScoredBox));
  g_autoptr (GArray) most = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GArray) picks = g_array_new (FALSE, FALSE, sizeof (IrPick));

  for (gint64 b = 0; b < shape->dim[0]; b++) {
    const guint first = picks->len;

    for (gint64 c = 0; c < shape->dim[1]; c++, scores += n) {
      const IrPick from = { .image = b, .label = c, .number = b * n };

      if (c == attrs->background_class)
        continue;
      ir_class_nms_candidates (
          attrs, ir_eval_f32 (ctx, BOXES) + b * n * 4, scores, n, FALSE, boxes);
      add_class (attrs, boxes, most, &from, picks);
    }
    /* Unlike MulticlassNms, classes are sorted across the batch only. */
    ir_class_nms_end_image (ctx, picks, first, b);
  }
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
  A (score_threshold, F64, "0"),
  A (background_class, I64, "-1"),
  IR_ATTR_ENUM_ROW (IrClassNmsAttrs, decay_function, "linear", decay_names),
  A (gaussian_sigma, F64, "2"),
  A (post_threshold, F64, "0"),
  A (normalized, BOOL, "true"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_matrix_nms_8 = {
  .type = "MatrixNms",
  .opset = 8,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 3,
  .flags = IR_OP_F32 | IR_OP_DYNAMIC,
  .attrs_size = sizeof (IrClassNmsAttrs),
  .attrs = attrs,
  .infer = infer,
  .evaluate = evaluate,
  .summary = "The best boxes per class, scores lowered by overlaps",
};
