/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MatrixNms: boxes lose score by how much better ones overlap them. */
#include <math.h>
#include "class-nms.h"

enum {
  DECAY_GAUSSIAN,
  DECAY_LINEAR
};

static const char *const decay_names[] = { "gaussian", "linear", NULL };

/* What is left of a score when a better box covers @iou of this one, and itself
 * @most of a still better one. */
static float
decay (const IrClassNmsAttrs *attrs, float iou, float most)
{
  if (attrs->decay_function == DECAY_GAUSSIAN)
    return expf ((most * most - iou * iou) * (float) attrs->gaussian_sigma);
  return (float) ((1. - iou) / (1. - most + 1e-10f));
}

/* The part of box @i's score that the @n better ones leave, whose largest overlaps with
 * still better ones are @most; its own becomes @largest. */
static float
weaken (const IrClassNmsAttrs *attrs, const float *overlaps, const float *most,
    guint n, float *largest)
{
  float least = 1;

  *largest = 0;
  for (guint j = 0; j < n; j++) {
    /* No box takes anything from one that it does not meet, unless sigma makes decay
     * growth. */
    if (overlaps[j] == 0 && attrs->gaussian_sigma >= 0)
      continue;
    least = MIN (least, decay (attrs, overlaps[j], most[j]));
    *largest = MAX (*largest, overlaps[j]);
  }
  return least;
}

static void
choose (const IrClassNmsAttrs *attrs, const IrScoredBox *candidates, guint n,
    IrKept *kept, float *overlaps, const IrPick *from, GArray *picks)
{
  float *most = overlaps + n;

  for (guint i = 0; i < n; i++) {
    const IrScoredBox *scored = &candidates[i];
    const float area = ir_box_area (&scored->box, kept->extra);
    float score = scored->score;

    ir_kept_overlaps (kept, 0, &scored->box, area, overlaps);
    if (i > 0)
      score = weaken (attrs, overlaps, most, i, &most[i]) * scored->score;
    else
      most[i] = 0;
    ir_kept_add (kept, &scored->box, area);
    if (score > (float) attrs->post_threshold)
      ir_class_nms_pick (from, scored, score, picks);
  }
}

static const IrClassNmsWay way = { choose, FALSE, FALSE, FALSE };

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  g_autoptr (GArray) picks = g_array_new (FALSE, FALSE, sizeof (IrPick));

  return ir_class_nms_images (ctx, &way, picks, error) &&
      ir_class_nms_write (ctx, picks, error);
}

static const IrAttrDesc attrs[] = {
  IR_CLASS_NMS_ROWS,
  IR_ATTR_ENUM_ROW (IrClassNmsAttrs, decay_function, "linear", decay_names),
  IR_CLASS_NMS_ROW (gaussian_sigma, F64, "2"),
  IR_CLASS_NMS_ROW (post_threshold, F64, "0"),
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
  .infer = ir_class_nms_infer,
  .evaluate = evaluate,
  .summary = "The best boxes per class, scores lowered by overlaps",
};
