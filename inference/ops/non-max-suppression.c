/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NonMaxSuppression: the best boxes of every class that don't overlap. */
#include <math.h>
#include "suppress.h"

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

static IrBox
read_box (const float *at, gboolean center)
{
  IrBox box;

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

/* Boxes without an area overlap nothing. */
static float
box_area (const IrBox *box)
{
  return (box->x2 - box->x1) * (box->y2 - box->y1);
}

static void
keep (IrKept *kept, const IrBox *box)
{
  const IrBox nowhere = { INFINITY, INFINITY, -INFINITY, -INFINITY };
  const float area = box_area (box);

  ir_kept_add (kept, area > 0 ? box : &nowhere, area > 0 ? area : 0);
}

/* --- soft suppression ------------------------------------------------------ */

static gboolean
is_better (const Candidate *a, const Candidate *b)
{
  if (a->score != b->score)
    return a->score > b->score;
  return a->index < b->index;
}

/* The candidates are a heap, best on top: soft suppression puts them back with
 * lower scores. */
typedef struct {
  guint n;
  Candidate *slots; /* room for all boxes */
} Heap;

static void
sift_down (Heap *heap, guint at)
{
  Candidate *slots = heap->slots;

  for (;;) {
    guint best = at;
    Candidate swap;

    for (guint child = 2 * at + 1; child <= 2 * at + 2; child++) {
      if (child < heap->n && is_better (&slots[child], &slots[best]))
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
drop_top (Heap *heap)
{
  heap->slots[0] = heap->slots[--heap->n];
  if (heap->n > 0)
    sift_down (heap, 0);
}

/* What a thread needs to select the boxes of a class. */
typedef struct {
  IrKept kept;
  guint64 *keys;   /* room for all boxes, and as many behind them */
  float *overlaps; /* room for all boxes */
  Heap heap;
} Worker;

/* Lowers the score by what was selected since the last look; FALSE if the box
 * is out. */
static gboolean
survives (const Limits *limits, Candidate *candidate, const IrBox *box,
    const Worker *w)
{
  const float area = box_area (box);
  const guint n = w->kept.n - candidate->seen;

  if (area > 0)
    ir_kept_overlaps (&w->kept, candidate->seen, box, area, w->overlaps);
  for (guint i = n; i > 0; i--) {
    const float iou = area > 0 ? w->overlaps[i - 1] : 0;

    if (iou > limits->iou_threshold)
      return FALSE;
    candidate->score *= expf (-0.5f / limits->sigma * iou * iou);
    if (!(candidate->score > limits->score_threshold))
      return FALSE;
  }
  candidate->seen = w->kept.n;
  return TRUE;
}

static void
select_softly (
    const float *boxes, const Limits *limits, Worker *w, GArray *selected)
{
  Heap *heap = &w->heap;

  for (guint i = heap->n / 2; i > 0; i--)
    sift_down (heap, i - 1);
  while (heap->n > 0 && w->kept.n < limits->max_output) {
    Candidate *top = &heap->slots[0];
    const IrBox box = read_box (boxes + top->index * 4, limits->center);
    const float score = top->score;

    if (!survives (limits, top, &box, w)) {
      drop_top (heap);
    } else if (top->score == score) {
      g_array_append_val (selected, *top);
      keep (&w->kept, &box);
      drop_top (heap);
    } else {
      sift_down (heap, 0);
    }
  }
}

/* --- classes --------------------------------------------------------------- */

/* @n keys, best first. */
static void
select_hard (const float *boxes, const Limits *limits, Worker *w, gint64 n,
    const Candidate *from, GArray *selected, const float *scores)
{
  for (gint64 i = 0; i < n && w->kept.n < limits->max_output; i++) {
    const guint32 item = ir_rank_item (w->keys[i]);
    const IrBox box = read_box (boxes + (gsize) item * 4, limits->center);
    const float area = box_area (&box);
    Candidate candidate = *from;

    if (area > 0 ? ir_kept_covers (
                       &w->kept, &box, area, limits->iou_threshold, FALSE)
                 : w->kept.n > 0 && 0 > limits->iou_threshold)
      continue;
    candidate.index = item;
    candidate.score = scores[item];
    g_array_append_val (selected, candidate);
    keep (&w->kept, &box);
  }
}

static void
fill_heap (Worker *w, gint64 n, const Candidate *from, const float *scores)
{
  w->heap.n = (guint) n;
  for (gint64 i = 0; i < n; i++) {
    Candidate *candidate = &w->heap.slots[i];

    *candidate = *from;
    candidate->index = ir_rank_item (w->keys[i]);
    candidate->score = scores[candidate->index];
  }
}

typedef struct {
  const float *boxes;
  const float *scores;
  gint64 n_classes;
  gint64 n_boxes;
  gint64 n_pieces; /* classes of all images */
  gint64 split;
  const Limits *limits;
  Worker *workers;
  GArray **selected; /* of each part */
} Selection;

static void
select_class (const Selection *s, gint64 piece, Worker *w, GArray *selected)
{
  const Candidate from = { piece / s->n_classes, piece % s->n_classes };
  const float *boxes = s->boxes + from.batch * s->n_boxes * 4;
  const float *scores = s->scores + piece * s->n_boxes;
  const gint64 n = ir_rank_above (scores, s->n_boxes,
      s->limits->score_threshold, FALSE, w->keys, w->keys + s->n_boxes);

  w->kept.n = 0;
  if (s->limits->sigma > 0) {
    fill_heap (w, n, &from, scores);
    select_softly (boxes, s->limits, w, selected);
  } else {
    select_hard (boxes, s->limits, w, n, &from, selected, scores);
  }
}

static void
select_part (gpointer data, guint part, guint worker)
{
  const Selection *s = data;
  const gint64 first = part * s->split;

  s->selected[part] = g_array_new (FALSE, FALSE, sizeof (Candidate));
  for (gint64 i = first; i < MIN (first + s->split, s->n_pieces); i++)
    select_class (s, i, &s->workers[worker], s->selected[part]);
}

static Worker *
workers_new (const IrEvalCtx *ctx, gsize n_boxes, GError **error)
{
  const guint n = ir_eval_workers (ctx);
  Worker *workers = ir_scratch_take (ctx->scratch, n, sizeof *workers);
  gboolean ok = workers != NULL;

  for (guint i = 0; ok && i < n; i++) {
    Worker *w = &workers[i];

    w->keys = ir_scratch_take (ctx->scratch, 2 * n_boxes, sizeof *w->keys);
    w->overlaps = ir_scratch_take (ctx->scratch, n_boxes, sizeof *w->overlaps);
    w->heap.slots = ir_scratch_take (ctx->scratch, n_boxes, sizeof (Candidate));
    ok = ir_kept_init (&w->kept, ctx->scratch, n_boxes, 0, TRUE) && w->keys &&
        w->overlaps && w->heap.slots;
  }
  if (ok)
    return workers;
  ir_fail (error, IR_ERROR_LIMIT, "no memory to sort %zu boxes", n_boxes);
  return NULL;
}

/* (transfer full): what the parts have selected, in order; frees these. */
static GArray *
join_parts (GArray **parts, gint64 n)
{
  GArray *all = g_array_new (FALSE, FALSE, sizeof (Candidate));

  for (gint64 i = 0; i < n; i++) {
    g_array_append_vals (all, parts[i]->data, parts[i]->len);
    g_array_unref (parts[i]);
  }
  return all;
}

static GArray *
select_all (const IrEvalCtx *ctx, const Limits *limits, GError **error)
{
  const IrShape *shape = &ctx->in[SCORES]->shape;
  Selection s = { ir_eval_f32 (ctx, BOXES), ir_eval_f32 (ctx, SCORES),
    shape->dim[1], shape->dim[2], shape->dim[0] * shape->dim[1] };

  if (shape->dim[2] > G_MAXUINT32) {
    ir_fail (error, IR_ERROR_LIMIT, "more boxes than can be counted");
    return NULL;
  }
  s.split = ir_eval_split (ctx, (guint64) s.n_pieces * s.n_boxes, s.n_pieces);
  s.limits = limits;
  s.selected = ir_scratch_take (
      ctx->scratch, (gsize) (s.n_pieces / s.split + 1), sizeof *s.selected);
  if (!s.selected)
    ir_fail (error, IR_ERROR_LIMIT, "no memory for the boxes of %zu classes",
        (gsize) s.n_pieces);
  else
    s.workers = workers_new (ctx, (gsize) s.n_boxes, error);
  if (!s.workers)
    return NULL;
  ir_eval_parts (ctx, s.n_pieces, s.split, select_part, &s);
  return join_parts (s.selected, (s.n_pieces + s.split - 1) / s.split);
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
  selected = select_all (ctx, &limits, error);
  if (!selected)
    return FALSE;
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
