/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class-nms.h"

enum {
  SORT_NONE,
  SORT_SCORE,
  SORT_CLASSID
};

const char *const ir_class_nms_sort_names[] = { "none", "score", "classid",
  NULL };

enum {
  BOXES,
  SCORES
};

#define COLUMNS 6

/* --- infer ------------------------------------------------------------------- */

gboolean
ir_class_nms_check_shared (IrInferCtx *ctx, IrDType *dtype, GError **error)
{
  return ir_roi_check_floats (ctx, BOXES, SCORES + 1, dtype, error) &&
      ir_roi_check_rank (ctx, BOXES, 3, "boxes", error) &&
      ir_roi_check_rank (ctx, SCORES, 3, "scores", error) &&
      ir_roi_check_dim (ctx, BOXES, 2, 4, "boxes", error) &&
      ir_roi_check_dim (
          ctx, SCORES, 0, ir_roi_dim (ctx, BOXES, 0), "scores", error) &&
      ir_roi_check_dim (
          ctx, SCORES, 2, ir_roi_dim (ctx, BOXES, 1), "scores", error);
}

gboolean
ir_class_nms_set_outputs (
    IrInferCtx *ctx, IrDType dtype, gint64 images, GError **error)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;
  const IrDType integer = (IrDType) attrs->output_type;
  const IrShape rows = { 2, { IR_DIM_UNKNOWN, COLUMNS } };
  const IrShape numbers = { 2, { IR_DIM_UNKNOWN, 1 } };
  const IrShape counts = ir_shape_1d (images);

  if (integer != IR_DTYPE_I64 && integer != IR_DTYPE_I32)
    return ir_fail (
        error, IR_ERROR_UNSUPPORTED, "output_type must be i32 or i64");
  if (!ir_roi_check_attr (
          "nms_top_k", attrs->nms_top_k, -1, G_MAXINT64, error) ||
      !ir_roi_check_attr (
          "keep_top_k", attrs->keep_top_k, -1, G_MAXINT64, error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, &rows);
  ir_infer_set (ctx, 1, integer, &numbers);
  ir_infer_set (ctx, 2, integer, &counts);
  return TRUE;
}

/* --- evaluate ---------------------------------------------------------------- */

void
ir_class_nms_candidates (const IrClassNmsAttrs *attrs, const float *boxes,
    const float *scores, gint64 n, gboolean equal, GArray *candidates)
{
  const float threshold = (float) attrs->score_threshold;

  g_array_set_size (candidates, 0);
  for (gint64 i = 0; i < n; i++, boxes += 4) {
    const IrScoredBox candidate = { { boxes[0], boxes[1], boxes[2], boxes[3] },
      scores[i], i };

    if (scores[i] > threshold || (equal && scores[i] == threshold))
      g_array_append_val (candidates, candidate);
  }
  ir_box_sort (candidates);
  if (attrs->nms_top_k >= 0 && candidates->len > attrs->nms_top_k)
    g_array_set_size (candidates, (guint) attrs->nms_top_k);
}

static gint
compare_numbers (gint64 a, gint64 b)
{
  return (a > b) - (a < b);
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const IrPick *x = a, *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  if (x->image != y->image)
    return compare_numbers (x->image, y->image);
  if (x->label != y->label)
    return compare_numbers (x->label, y->label);
  return compare_numbers (x->index, y->index);
}

static gint
compare_classes (gconstpointer a, gconstpointer b)
{
  const IrPick *x = a, *y = b;

  if (x->label != y->label)
    return compare_numbers (x->label, y->label);
  if (x->image != y->image)
    return compare_numbers (x->image, y->image);
  return compare_scores (a, b);
}

/* Sorts the picks from @first on. */
static void
sort_from (GArray *picks, guint first, GCompareFunc compare)
{
  g_autoptr (GArray) own = g_array_new (FALSE, FALSE, sizeof (IrPick));

  g_array_append_vals (
      own, &g_array_index (picks, IrPick, first), picks->len - first);
  g_array_sort (own, compare);
  g_array_set_size (picks, first);
  g_array_append_vals (picks, own->data, own->len);
}

void
ir_class_nms_end_image (
    IrEvalCtx *ctx, GArray *picks, guint first, gint64 image)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;

  if (picks->len > first)
    sort_from (picks, first, compare_scores);
  if (attrs->keep_top_k >= 0 && picks->len - first > attrs->keep_top_k)
    g_array_set_size (picks, first + (guint) attrs->keep_top_k);
  ir_tensor_set_i64 (ctx->out[2], (gsize) image, picks->len - first);
}

void
ir_class_nms_sort_image (IrEvalCtx *ctx, GArray *picks, guint first)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;

  if (attrs->sort_result_type == SORT_CLASSID &&
      !attrs->sort_result_across_batch && picks->len > first)
    sort_from (picks, first, compare_classes);
}

gboolean
ir_class_nms_write (IrEvalCtx *ctx, GArray *picks, GError **error)
{
  const IrClassNmsAttrs *attrs = ctx->attrs;
  const IrShape rows = { 2, { picks->len, COLUMNS } };
  const IrShape numbers = { 2, { picks->len, 1 } };
  float *row;

  if (attrs->sort_result_across_batch && attrs->sort_result_type != SORT_NONE)
    g_array_sort (picks,
        attrs->sort_result_type == SORT_SCORE ? compare_scores
                                              : compare_classes);
  ctx->out[0] = ir_tensor_new (IR_DTYPE_F32, &rows, error);
  if (!ctx->out[0])
    return FALSE;
  ctx->out[1] = ir_tensor_new ((IrDType) attrs->output_type, &numbers, error);
  if (!ctx->out[1])
    return FALSE;

  row = ir_eval_out_f32 (ctx, 0);
  for (guint i = 0; i < picks->len; i++, row += COLUMNS) {
    const IrPick *pick = &g_array_index (picks, IrPick, i);

    row[0] = (float) pick->label;
    row[1] = pick->score;
    row[2] = pick->box.x1;
    row[3] = pick->box.y1;
    row[4] = pick->box.x2;
    row[5] = pick->box.y2;
    ir_tensor_set_i64 (ctx->out[1], i, pick->number);
  }
  return TRUE;
}
