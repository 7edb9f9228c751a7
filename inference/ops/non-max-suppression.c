/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NonMaxSuppression: the best boxes of every class that don't overlap. */
#include <math.h>
#include "op-util.h"

enum {
  BOX_CORNER,
  BOX_CENTER
};

static const char *const encoding_names[] = { "corner", "center", NULL };

typedef struct {
  gint box_encoding;
  gboolean sort_result_descending;
  gint output_type;
} NmsAttrs;

enum {
  BOXES,
  SCORES,
  MAX_OUTPUT,
  IOU,
  SCORE,
  SIGMA
};

typedef struct {
  gint64 batch;
  gint64 label;
  gint64 index;
  float score;
  guint seen; /* selected boxes that it was compared with already */
} Candidate;

typedef struct {
  float x1, y1, x2, y2;
} Box;

/* --- infer ----------------------------------------------------------------- */

static gboolean
check_shapes (IrInferCtx *ctx, GError **error)
{
  const IrShape *boxes = &ctx->in_shape[BOXES];
  const IrShape *scores = &ctx->in_shape[SCORES];
  char a[IR_SHAPE_TEXT];
  char b[IR_SHAPE_TEXT];

  if (!ir_infer_rank (ctx, BOXES, 1u << 3, "boxes", error) ||
      !ir_infer_rank (ctx, SCORES, 1u << 3, "scores", error))
    return FALSE;
  if (boxes->rank == 3 && boxes->dim[2] >= 0 && boxes->dim[2] != 4)
    return ir_fail (error, IR_ERROR_SHAPE, "boxes of shape %s need 4 numbers",
        ir_shape_print (boxes, a));
  if (boxes->rank == 3 && scores->rank == 3 &&
      ((boxes->dim[0] >= 0 && scores->dim[0] >= 0 &&
           boxes->dim[0] != scores->dim[0]) ||
          (boxes->dim[1] >= 0 && scores->dim[2] >= 0 &&
              boxes->dim[1] != scores->dim[2])))
    return ir_fail (error, IR_ERROR_SHAPE,
        "boxes of shape %s and scores of shape %s do not go together",
        ir_shape_print (boxes, a), ir_shape_print (scores, b));
  return TRUE;
}

static gboolean
check_scalars (IrInferCtx *ctx, GError **error)
{
  for (guint i = MAX_OUTPUT; i < ctx->n_inputs; i++) {
    guint64 count;

    if (!ir_infer_rank (ctx, i, 3u, "threshold", error))
      return FALSE;
    if (ir_shape_count (&ctx->in_shape[i], &count) && count != 1)
      return ir_fail (error, IR_ERROR_SHAPE, "input %u must be one number", i);
  }
  return TRUE;
}

static gboolean
infer_form (IrInferCtx *ctx, IrDType indices, GError **error)
{
  IrShape rows = { 2, { IR_DIM_UNKNOWN, 3 } };
  IrShape one = ir_shape_1d (1);

  if (!check_shapes (ctx, error) || !check_scalars (ctx, error))
    return FALSE;
  if (indices != IR_DTYPE_I64 && indices != IR_DTYPE_I32)
    return ir_fail (
        error, IR_ERROR_UNSUPPORTED, "output_type must be i32 or i64");
  ir_infer_set (ctx, 0, indices, &rows);
  if (ctx->n_outputs == 3) {
    ir_infer_set (ctx, 1, IR_DTYPE_F32, &rows);
    ir_infer_set (ctx, 2, indices, &one);
  }
  return TRUE;
}

static gboolean
infer_1 (IrInferCtx *ctx, GError **error)
{
  return infer_form (ctx, IR_DTYPE_I64, error);
}

static gboolean
infer_3 (IrInferCtx *ctx, GError **error)
{
  const NmsAttrs *attrs = ctx->attrs;

  return infer_form (ctx, (IrDType) attrs->output_type, error);
}

/* --- evaluate -------------------------------------------------------------- */

typedef struct {
  gint64 max_output;
  float iou_threshold;
  float score_threshold;
  float sigma;
  gboolean center;
} Limits;

static double
scalar (const IrEvalCtx *ctx, guint index, double def)
{
  if (index >= ctx->n_inputs)
    return def;
  return ir_tensor_get_f64 (ctx->in[index], 0);
}

static Box
read_box (const float *at, gboolean center)
{
  Box box;

  if (center) {
    box.x1 = at[0] - at[2] / 2;
    box.y1 = at[1] - at[3] / 2;
    box.x2 = at[0] + at[2] / 2;
    box.y2 = at[1] + at[3] / 2;
  } else {
    /* Any two opposite corners will do. */
    box.y1 = MIN (at[0], at[2]);
    box.x1 = MIN (at[1], at[3]);
    box.y2 = MAX (at[0], at[2]);
    box.x2 = MAX (at[1], at[3]);
  }
  return box;
}

static float
overlap (Box a, Box b)
{
  float width = MIN (a.x2, b.x2) - MAX (a.x1, b.x1);
  float height = MIN (a.y2, b.y2) - MAX (a.y1, b.y1);
  float area_a = (a.x2 - a.x1) * (a.y2 - a.y1);
  float area_b = (b.x2 - b.x1) * (b.y2 - b.y1);
  float inner = width * height;

  if (!(width > 0) || !(height > 0) || !(area_a > 0) || !(area_b > 0))
    return 0;
  return inner / (area_a + area_b - inner);
}

static gboolean
is_better (const Candidate *a, const Candidate *b)
{
  if (a->score != b->score)
    return a->score > b->score;
  return a->index < b->index;
}

/* The candidates are a heap, best on top: soft suppression puts them back with
 * lower scores. */
static void
sift_down (GArray *heap, guint at)
{
  Candidate *slots = (Candidate *) (gpointer) heap->data;

  for (;;) {
    guint best = at;
    Candidate swap;

    for (guint child = 2 * at + 1; child <= 2 * at + 2; child++) {
      if (child < heap->len && is_better (&slots[child], &slots[best]))
        best = child;
    }
    if (best == at)
      return;
    swap = slots[at];
    slots[at] = slots[best];
    slots[best] = swap;
    at = best;
  }
}

static void
drop_top (GArray *heap)
{
  g_array_remove_index_fast (heap, 0);
  if (heap->len > 0)
    sift_down (heap, 0);
}

/* Lowers the score by what was selected since the last look; FALSE if the box
 * is out. */
static gboolean
survives (Candidate *candidate, const float *boxes, const Limits *limits,
    const GArray *selected)
{
  Box box = read_box (boxes + candidate->index * 4, limits->center);

  for (guint i = selected->len; i > candidate->seen; i--) {
    const Candidate *other = &g_array_index (selected, Candidate, i - 1);
    float iou =
        overlap (box, read_box (boxes + other->index * 4, limits->center));

    if (iou > limits->iou_threshold)
      return FALSE;
    if (limits->sigma > 0)
      candidate->score *= expf (-0.5f / limits->sigma * iou * iou);
    if (!(candidate->score > limits->score_threshold))
      return FALSE;
  }
  candidate->seen = selected->len;
  return TRUE;
}

static void
select_class (
    const float *boxes, const Limits *limits, GArray *heap, GArray *selected)
{
  for (guint i = heap->len / 2; i > 0; i--)
    sift_down (heap, i - 1);
  while (heap->len > 0 && selected->len < limits->max_output) {
    Candidate *top = &g_array_index (heap, Candidate, 0);
    float score = top->score;

    if (!survives (top, boxes, limits, selected)) {
      drop_top (heap);
    } else if (top->score == score) {
      g_array_append_val (selected, *top);
      drop_top (heap);
    } else {
      sift_down (heap, 0);
    }
  }
}

static GArray *
select_all (const IrEvalCtx *ctx, const Limits *limits)
{
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const float *boxes = ir_eval_f32 (ctx, BOXES);
  const float *scores = ir_eval_f32 (ctx, SCORES);
  g_autoptr (GArray) heap = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autoptr (GArray) selected = g_array_new (FALSE, FALSE, sizeof (Candidate));
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (gint64 b = 0; b < shape->dim[0]; b++) {
    for (gint64 c = 0; c < shape->dim[1]; c++) {
      g_array_set_size (heap, 0);
      g_array_set_size (selected, 0);
      for (gint64 i = 0; i < shape->dim[2]; i++, scores++) {
        Candidate candidate = { b, c, i, *scores, 0 };

        if (*scores > limits->score_threshold)
          g_array_append_val (heap, candidate);
      }
      select_class (boxes + b * shape->dim[2] * 4, limits, heap, selected);
      g_array_append_vals (all, selected->data, selected->len);
    }
  }
  return all;
}

static gint
compare_scores (gconstpointer a, gconstpointer b)
{
  const Candidate *x = a;
  const Candidate *y = b;

  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  if (x->batch != y->batch)
    return x->batch < y->batch ? -1 : 1;
  if (x->label != y->label)
    return x->label < y->label ? -1 : 1;
  return (x->index > y->index) - (x->index < y->index);
}

static gboolean
write_outputs (
    IrEvalCtx *ctx, const GArray *selected, IrDType dtype, GError **error)
{
  IrShape shape = { 2, { selected->len, 3 } };

  ctx->out[0] = ir_tensor_new (dtype, &shape, error);
  if (ctx->out[0] == NULL)
    return FALSE;
  if (ctx->n_outputs == 3) {
    ctx->out[1] = ir_tensor_new (IR_DTYPE_F32, &shape, error);
    if (ctx->out[1] == NULL)
      return FALSE;
    ir_tensor_set_i64 (ctx->out[2], 0, selected->len);
  }
  for (guint i = 0; i < selected->len; i++) {
    const Candidate *candidate = &g_array_index (selected, Candidate, i);

    ir_tensor_set_i64 (ctx->out[0], 3 * i, candidate->batch);
    ir_tensor_set_i64 (ctx->out[0], 3 * i + 1, candidate->label);
    ir_tensor_set_i64 (ctx->out[0], 3 * i + 2, candidate->index);
    if (ctx->n_outputs == 3) {
      float *row = (float *) ctx->out[1]->data + 3 * i;

      row[0] = (float) candidate->batch;
      row[1] = (float) candidate->label;
      row[2] = candidate->score;
    }
  }
  return TRUE;
}

static gboolean
evaluate_form (IrEvalCtx *ctx, IrDType dtype, GError **error)
{
  const NmsAttrs *attrs = ctx->attrs;
  Limits limits = { 0, (float) scalar (ctx, IOU, 0),
    (float) scalar (ctx, SCORE, 0), (float) scalar (ctx, SIGMA, 0),
    attrs->box_encoding == BOX_CENTER };
  g_autoptr (GArray) selected = NULL;

  if (ctx->n_inputs > MAX_OUTPUT)
    limits.max_output = ir_tensor_get_i64 (ctx->in[MAX_OUTPUT], 0);
  selected = select_all (ctx, &limits);
  if (attrs->sort_result_descending)
    g_array_sort (selected, compare_scores);
  return write_outputs (ctx, selected, dtype, error);
}

static gboolean
evaluate_1 (IrEvalCtx *ctx, GError **error)
{
  return evaluate_form (ctx, IR_DTYPE_I64, error);
}

static gboolean
evaluate_3 (IrEvalCtx *ctx, GError **error)
{
  const NmsAttrs *attrs = ctx->attrs;

  return evaluate_form (ctx, (IrDType) attrs->output_type, error);
}

/* --- descriptors ----------------------------------------------------------- */

#define COMMON_ATTRS                                                           \
  IR_ATTR_ENUM_ROW (NmsAttrs, box_encoding, "corner", encoding_names),         \
      IR_ATTR_ROW (NmsAttrs, sort_result_descending, BOOL, "true")

static const IrAttrDesc attrs_1[] = { COMMON_ATTRS, IR_ATTR_END };
static const IrAttrDesc attrs_3[] = { COMMON_ATTRS,
  IR_ATTR_ROW (NmsAttrs, output_type, DTYPE, "i64"), IR_ATTR_END };

#define NMS(number, inputs, outputs, table, form, text)                        \
  const IrOpDesc ir_op_non_max_suppression_##number = {                        \
    .type = "NonMaxSuppression",                                               \
    .opset = number,                                                           \
    .min_inputs = 2,                                                           \
    .max_inputs = inputs,                                                      \
    .n_outputs = outputs,                                                      \
    .flags = IR_OP_F32 | IR_OP_DYNAMIC,                                        \
    .attrs_size = sizeof (NmsAttrs),                                           \
    .attrs = table,                                                            \
    .infer = infer_##form,                                                     \
    .evaluate = evaluate_##form,                                               \
    .summary = text,                                                           \
  };

NMS (1, 5, 1, attrs_1, 1, "The best boxes that do not overlap, as indices")
NMS (3, 5, 1, attrs_3, 3, "The same with a choice of the indices' type")
NMS (4, 5, 1, attrs_3, 3, "The same for every image of a batch")
NMS (5, 6, 3, attrs_3, 3, "With soft suppression, scores and a count")
NMS (9, 6, 3, attrs_3, 3, "The same; sizes follow from the values")
