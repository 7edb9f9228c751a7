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

static gboolean
check_shared (IrInferCtx *ctx, IrDType *dtype, GError **error)
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

gboolean
ir_class_nms_infer (IrInferCtx *ctx, GError **error)
{
  gint64 images = ir_roi_dim (ctx, BOXES, 0);
  IrDType dtype;

  if (!check_shared (ctx, &dtype, error))
    return FALSE;
  if (images == IR_DIM_UNKNOWN)
    images = ir_roi_dim (ctx, SCORES, 0);
  return ir_class_nms_set_outputs (ctx, dtype, images, error);
}

/* --- order ------------------------------------------------------------------- */

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

/* Where keys leave equal scores in the order of the classes, compare_scores() may want
 * another one: they are moved past each other. */
static void
sort_equals (IrPick *picks, guint n)
{
  for (guint i = 1; i < n; i++) {
    const IrPick pick = picks[i];
    guint at = i;

    for (; at > 0 && compare_scores (&picks[at - 1], &pick) > 0; at--)
      picks[at] = picks[at - 1];
    picks[at] = pick;
  }
}

/* The best @max of the picks, best first. */
static void
sort_scores (GArray *picks, gint64 max)
{
  const guint n = picks->len;
  g_autofree guint64 *keys = g_new (guint64, 2 * (gsize) n + 1);
  g_autofree IrPick *best = g_new (IrPick, (gsize) n + 1);

  for (guint i = 0; i < n; i++)
    keys[i] = ir_rank_key (g_array_index (picks, IrPick, i).score, i);
  ir_rank_sort (keys, n, keys + n);
  for (guint i = 0; i < n; i++)
    best[i] = g_array_index (picks, IrPick, ir_rank_item (keys[i]));
  sort_equals (best, n);
  g_array_set_size (picks, 0);
  g_array_append_vals (picks, best, (guint) MIN (max, n));
}

/* --- images ------------------------------------------------------------------ */

/* What a thread needs for a class. */
typedef struct {
  IrKept kept;
  guint64 *keys; /* room for all boxes, and as many behind them */
  float *floats; /* the same */
  IrScoredBox *candidates;
} Worker;

typedef struct {
  const IrClassNmsAttrs *attrs;
  const IrClassNmsWay *way;
  const IrClassNmsImage *image;
  gint64 classes;
  gint64 split;
  Worker *workers;
  GArray **picks; /* of each part */
} Choice;

static guint
find_candidates (const Choice *c, gint64 label, Worker *w)
{
  const IrClassNmsImage *image = c->image;
  const float *boxes = image->boxes + label * image->box_step;
  const float *scores = image->scores + label * image->score_step;
  gint64 n = ir_rank_above (scores, image->n, (float) c->attrs->score_threshold,
      c->way->equal, w->keys, w->keys + image->n);

  if (c->attrs->nms_top_k >= 0)
    n = MIN (n, c->attrs->nms_top_k);
  for (gint64 i = 0; i < n; i++) {
    const guint32 item = ir_rank_item (w->keys[i]);
    const float *box = boxes + (gsize) item * 4;

    w->candidates[i] =
        (IrScoredBox){ { box[0], box[1], box[2], box[3] }, scores[item], item };
  }
  return (guint) n;
}

void
ir_class_nms_pick (
    const IrPick *from, const IrScoredBox *scored, float score, GArray *picks)
{
  IrPick pick = *from;

  pick.box = scored->box;
  pick.score = score;
  pick.number += scored->index * from->index;
  pick.index = scored->index;
  g_array_append_val (picks, pick);
}

static void
choose_part (gpointer data, guint part, guint worker)
{
  const Choice *c = data;
  const gint64 first = part * c->split;
  Worker *w = &c->workers[worker];

  c->picks[part] = g_array_new (FALSE, FALSE, sizeof (IrPick));
  for (gint64 label = first; label < MIN (first + c->split, c->classes);
       label++) {
    guint n;
    const IrPick from = { .image = c->image->image,
      .label = label,
      .index = c->image->step,
      .number = c->image->first + label * c->image->class_step };

    if (label == c->attrs->background_class)
      continue;
    n = find_candidates (c, label, w);
    w->kept.n = 0;
    c->way->choose (
        c->attrs, w->candidates, n, &w->kept, w->floats, &from, c->picks[part]);
  }
}

static Worker *
workers_new (const IrEvalCtx *ctx, const Choice *c, guint n, GError **error)
{
  const gsize n_boxes = (gsize) c->image->n;
  Worker *workers = ir_scratch_take (ctx->scratch, n, sizeof *workers);
  gboolean ok = workers && n_boxes <= G_MAXUINT32;

  for (guint i = 0; ok && i < n; i++) {
    Worker *w = &workers[i];

    w->keys = ir_scratch_take (ctx->scratch, 2 * n_boxes, sizeof *w->keys);
    w->floats = ir_scratch_take (ctx->scratch, 2 * n_boxes, sizeof *w->floats);
    w->candidates =
        ir_scratch_take (ctx->scratch, n_boxes, sizeof *w->candidates);
    ok = ir_kept_init (&w->kept, ctx->scratch, n_boxes,
             c->attrs->normalized ? 0 : 1, c->way->touching) &&
        w->keys && w->floats && w->candidates;
  }
  if (ok)
    return workers;
  ir_fail (error, IR_ERROR_LIMIT, "no memory to sort %zu boxes", n_boxes);
  return NULL;
}

/* The best of what the parts have chosen, which goes. */
static void
end_image (const Choice *c, gint64 n_parts, GArray *picks)
{
  const gint64 keep = c->attrs->keep_top_k;
  g_autoptr (GArray) own = g_array_new (FALSE, FALSE, sizeof (IrPick));

  for (gint64 i = 0; i < n_parts; i++) {
    g_array_append_vals (own, c->picks[i]->data, c->picks[i]->len);
    g_array_unref (c->picks[i]);
  }
  sort_scores (own, keep >= 0 ? keep : G_MAXINT64);
  if (c->way->sort_images && c->attrs->sort_result_type == SORT_CLASSID &&
      !c->attrs->sort_result_across_batch)
    g_array_sort (own, compare_classes);
  g_array_append_vals (picks, own->data, own->len);
}

gboolean
ir_class_nms_image (IrEvalCtx *ctx, const IrClassNmsWay *way, gint64 classes,
    const IrClassNmsImage *image, GArray *picks, GError **error)
{
  const guint before = picks->len;
  Choice c = { ctx->attrs, way, image, classes };

  c.split = ir_eval_split (ctx, (guint64) classes * image->n, classes);
  c.picks = ir_scratch_take (
      ctx->scratch, (gsize) (classes / c.split + 1), sizeof *c.picks);
  c.workers = workers_new (ctx, &c, ir_eval_workers (ctx), error);
  if (!c.workers)
    return FALSE;
  if (!c.picks)
    return ir_fail (
        error, IR_ERROR_LIMIT, "no memory for %zu classes", (gsize) classes);
  ir_eval_parts (ctx, classes, c.split, choose_part, &c);
  end_image (&c, (classes + c.split - 1) / c.split, picks);
  ir_tensor_set_i64 (ctx->out[2], (gsize) image->image, picks->len - before);
  return TRUE;
}

gboolean
ir_class_nms_images (
    IrEvalCtx *ctx, const IrClassNmsWay *way, GArray *picks, GError **error)
{
  const IrShape *shape = &ctx->in[SCORES]->shape;
  const gint64 n = shape->dim[2], classes = shape->dim[1];

  for (gint64 b = 0; b < shape->dim[0]; b++) {
    const IrClassNmsImage image = { .image = b,
      .n = n,
      .boxes = ir_eval_f32 (ctx, BOXES) + b * n * 4,
      .scores = ir_eval_f32 (ctx, SCORES) + b * classes * n,
      .score_step = n,
      .first = b * n,
      .step = 1 };

    if (!ir_class_nms_image (ctx, way, classes, &image, picks, error))
      return FALSE;
  }
  return TRUE;
}

/* --- outputs ----------------------------------------------------------------- */

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
