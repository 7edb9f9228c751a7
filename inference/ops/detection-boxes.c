/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>
#include "detection-output.h"

/* A prior that may show an object of a class. */
typedef struct {
  float score;
  guint32 prior;
  gint64 label;
} Hit;

/* The same among those of its class; its box once that has been kept. */
typedef struct {
  float score;
  guint32 prior;
  IrBox box;
} Candidate;

/* --- boxes and scores ------------------------------------------------------- */

static IrBox
decode_box (const IrDetectionAttrs *attrs, IrBox prior, const float *variance,
    const float *delta)
{
  const float ones[4] = { 1, 1, 1, 1 };
  const float *v = attrs->variance_encoded_in_target ? ones : variance;
  float width = prior.x2 - prior.x1;
  float height = prior.y2 - prior.y1;
  float x, y, w, h;
  IrBox box;

  if (attrs->code_type == IR_CODE_CORNER) {
    box.x1 = prior.x1 + v[0] * delta[0];
    box.y1 = prior.y1 + v[1] * delta[1];
    box.x2 = prior.x2 + v[2] * delta[2];
    box.y2 = prior.y2 + v[3] * delta[3];
    return box;
  }
  x = (prior.x1 + prior.x2) / 2 + v[0] * delta[0] * width;
  y = (prior.y1 + prior.y2) / 2 + v[1] * delta[1] * height;
  w = expf (v[2] * delta[2]) * width;
  h = expf (v[3] * delta[3]) * height;
  box.x1 = x - w / 2;
  box.y1 = y - h / 2;
  box.x2 = x + w / 2;
  box.y2 = y + h / 2;
  return box;
}

static IrBox
clip_box (IrBox box)
{
  box.x1 = CLAMP (box.x1, 0.0f, 1.0f);
  box.y1 = CLAMP (box.y1, 0.0f, 1.0f);
  box.x2 = CLAMP (box.x2, 0.0f, 1.0f);
  box.y2 = CLAMP (box.y2, 0.0f, 1.0f);
  return box;
}

static IrBox
read_prior (const IrDetectionInput *input, const float *priors, gint64 index)
{
  const IrDetectionAttrs *attrs = input->attrs;
  gint64 size = ir_prior_size (attrs);
  const float *at = priors + index * size + (size - 4);
  IrBox box = { at[0], at[1], at[2], at[3] };

  if (!attrs->normalized) {
    box.x1 /= (float) attrs->input_width;
    box.x2 /= (float) attrs->input_width;
    box.y1 /= (float) attrs->input_height;
    box.y2 /= (float) attrs->input_height;
  }
  return box;
}

/* What the network makes of a prior for a class. */
static IrBox
locate (const IrDetectionInput *input, gint64 image, gint64 prior, gint64 label)
{
  const IrDetectionGeometry *g = &input->geometry;
  const float *priors = input->priors + image * input->prior_stride;
  const float *variance =
      priors + g->priors * ir_prior_size (input->attrs) + prior * 4;
  const gint64 at = (image * g->priors + prior) * g->locations +
      (g->locations > 1 ? label : 0);
  IrBox box = read_prior (input, priors, prior);

  if (input->arm_loc != NULL)
    box = decode_box (input->attrs, box, variance,
        input->arm_loc + (image * g->priors + prior) * 4);
  box = decode_box (input->attrs, box, variance, input->loc + at * 4);
  return input->attrs->clip_before_nms ? clip_box (box) : box;
}

static float
score_of (
    const IrDetectionInput *input, gint64 image, gint64 prior, gint64 label)
{
  const IrDetectionGeometry *g = &input->geometry;

  if (input->arm_conf != NULL &&
      input->arm_conf[(image * g->priors + prior) * 2 + 1] <
          input->attrs->objectness_score)
    return label == input->attrs->background_label_id ? 1.0f : 0.0f;
  return input->conf[(image * g->priors + prior) * g->classes + label];
}

/* --- candidates ------------------------------------------------------------- */

/* Operations per candidate: sorting, and a box with its overlaps. */
#define WORK 200

/* Those of class c are the @count[c] from @first[c] on, by prior. @keys has room for all,
 * and as many behind them. */
typedef struct {
  const IrDetectionInput *input;
  const IrEvalCtx *ctx;
  gint64 image;
  Hit *hits; /* room for all scores */
  gsize *first;
  gsize *count;
  Candidate *candidates;
  /* In the same places. */
  Candidate *chosen;
  guint64 *keys;
  gsize n;
  gsize room;
  gint64 split;
  IrKept *kept; /* of each worker */
} Detection;

/* The same as a float: a score is above both or none. */
static float
float_below (double threshold)
{
  const float near = (float) threshold;

  return near > threshold ? nextafterf (near, -INFINITY) : near;
}

static void
take_labels (Detection *d, gint64 prior, gint64 first, gint64 end)
{
  const IrDetectionInput *input = d->input;
  const gint64 classes = input->geometry.classes;
  const float threshold = float_below (input->attrs->confidence_threshold);

  if (first >= end ||
      (input->arm_conf == NULL &&
          !ir_any_above (input->conf +
                  (d->image * input->geometry.priors + prior) * classes + first,
              end - first, threshold, FALSE)))
    return;
  for (gint64 label = first; label < end; label++) {
    const Hit hit = { score_of (input, d->image, prior, label), (guint32) prior,
      label };

    if (hit.score > threshold)
      d->hits[d->n++] = hit;
  }
}

/* Caffe's way: every class looks at all priors. */
static void
take_by_class (Detection *d, gint64 prior)
{
  const gint64 classes = d->input->geometry.classes;
  const gint64 background = d->input->attrs->background_label_id;
  const gboolean has = background >= 0 && background < classes;

  take_labels (d, prior, 0, has ? background : classes);
  take_labels (d, prior, has ? background + 1 : classes, classes);
}

/* MXNet's way: every prior votes for its best class. */
static void
take_by_prior (Detection *d, gint64 prior)
{
  Hit best = { -1, (guint32) prior, 0 };

  for (gint64 label = 1; label < d->input->geometry.classes; label++) {
    const float score = score_of (d->input, d->image, prior, label);

    if (score > best.score) {
      best.score = score;
      best.label = label;
    }
  }
  if (best.label > 0 && best.score >= d->input->attrs->confidence_threshold)
    d->hits[d->n++] = best;
}

static void
find_hits (Detection *d)
{
  d->n = 0;
  for (gint64 p = 0; p < d->input->geometry.priors; p++) {
    if (d->input->attrs->decrease_label_id)
      take_by_prior (d, p);
    else
      take_by_class (d, p);
  }
}

static gboolean
make_room (Detection *d, GError **error)
{
  IrScratch *scratch = d->ctx->scratch;
  const guint n_workers = ir_eval_workers (d->ctx);
  gboolean ok = TRUE;

  if (d->n <= d->room)
    return TRUE;
  d->room = d->n;
  d->candidates = ir_scratch_take (scratch, d->n, sizeof *d->candidates);
  d->chosen = ir_scratch_take (scratch, d->n, sizeof *d->chosen);
  d->keys = ir_scratch_take (scratch, 2 * d->n, sizeof *d->keys);
  for (guint i = 0; i < n_workers; i++)
    ok = ir_kept_init (&d->kept[i], scratch, d->n, 0, TRUE) && ok;
  return (ok && d->candidates && d->chosen && d->keys) ||
      ir_fail (error, IR_ERROR_LIMIT, "no memory for %zu candidates", d->n);
}

static gboolean
find_candidates (Detection *d, GError **error)
{
  const gint64 classes = d->input->geometry.classes;
  gsize next = 0;

  find_hits (d);
  if (!make_room (d, error))
    return FALSE;
  memset (d->count, 0, (gsize) classes * sizeof *d->count);
  for (gsize i = 0; i < d->n; i++)
    d->count[d->hits[i].label]++;
  for (gint64 label = 0; label < classes; label++) {
    d->first[label] = next;
    next += d->count[label];
    d->count[label] = 0;
  }
  for (gsize i = 0; i < d->n; i++) {
    const gint64 label = d->hits[i].label;
    const gsize at = d->first[label] + d->count[label]++;

    d->candidates[at].score = d->hits[i].score;
    d->candidates[at].prior = d->hits[i].prior;
  }
  return TRUE;
}

/* --- choice ----------------------------------------------------------------- */

/* Leaves the best @limit of all classes; of equal ones the first. */
static void
cut_to_best (Detection *d, Candidate *candidates, gint64 limit)
{
  const gint64 classes = d->input->geometry.classes;
  gsize total = 0;
  guint64 last;

  for (gint64 label = 0; label < classes; label++)
    for (gsize i = d->first[label]; i < d->first[label] + d->count[label]; i++)
      d->keys[total++] = ir_rank_key (candidates[i].score, (guint32) i);
  if (limit < 0 || total <= (gsize) limit)
    return;
  ir_rank_sort (d->keys, total, d->keys + d->n);
  last = limit > 0 ? d->keys[limit - 1] : 0;
  for (gint64 label = 0; label < classes; label++) {
    Candidate *own = candidates + d->first[label];
    gsize left = 0;

    for (gsize i = 0; i < d->count[label]; i++)
      if (ir_rank_key (own[i].score, (guint32) (d->first[label] + i)) <= last)
        own[left++] = own[i];
    d->count[label] = left;
  }
}

/* Boxes compete within their label: those of the candidates that no better one covers
 * become the chosen ones. */
static void
choose_label (Detection *d, gint64 label, IrKept *kept)
{
  const IrDetectionAttrs *attrs = d->input->attrs;
  const float threshold = float_below (attrs->nms_threshold);
  const gsize first = d->first[label];
  guint64 *keys = d->keys + first;
  gsize n = d->count[label];

  for (gsize i = 0; i < n; i++)
    keys[i] = ir_rank_key (d->candidates[first + i].score, (guint32) i);
  ir_rank_sort (keys, n, keys + d->n);
  if (!attrs->decrease_label_id && attrs->top_k >= 0)
    n = MIN (n, (gsize) attrs->top_k);
  kept->n = 0;
  for (gsize i = 0; i < n; i++) {
    Candidate candidate = d->candidates[first + ir_rank_item (keys[i])];
    float area;

    candidate.box = locate (d->input, d->image, candidate.prior, label);
    area = (candidate.box.x2 - candidate.box.x1) *
        (candidate.box.y2 - candidate.box.y1);
    if (ir_kept_covers (kept, &candidate.box, area, threshold, FALSE))
      continue;
    d->chosen[first + kept->n] = candidate;
    ir_kept_add (kept, &candidate.box, area);
  }
  d->count[label] = kept->n;
}

static void
choose_part (gpointer data, guint part, guint worker)
{
  Detection *d = data;
  const gint64 first = part * d->split;
  const gint64 end = MIN (first + d->split, d->input->geometry.classes);

  for (gint64 label = first; label < end; label++)
    choose_label (d, label, &d->kept[worker]);
}

/* --- rows ------------------------------------------------------------------- */

static gint64
write_rows (const Detection *d, float *rows, gint64 row)
{
  const IrDetectionAttrs *attrs = d->input->attrs;
  const IrDetectionGeometry *g = &d->input->geometry;

  for (gint64 label = 0; label < g->classes; label++) {
    const Candidate *chosen = d->chosen + d->first[label];

    for (gsize i = 0; i < d->count[label] && row < g->rows; i++, row++) {
      IrBox box = chosen[i].box;
      float *out = rows + row * IR_DETECTION_ROW;

      if (attrs->clip_after_nms)
        box = clip_box (box);
      out[0] = (float) d->image;
      out[1] = (float) (label - (attrs->decrease_label_id ? 1 : 0));
      out[2] = chosen[i].score;
      out[3] = box.x1;
      out[4] = box.y1;
      out[5] = box.x2;
      out[6] = box.y2;
    }
  }
  return row;
}

static gboolean
detect (Detection *d, float *rows, GError **error)
{
  const IrDetectionAttrs *attrs = d->input->attrs;
  const IrDetectionGeometry *g = &d->input->geometry;
  gint64 row = 0;

  for (d->image = 0; d->image < g->images; d->image++) {
    if (!find_candidates (d, error))
      return FALSE;
    if (attrs->decrease_label_id)
      cut_to_best (d, d->candidates, attrs->top_k);
    d->split = ir_eval_split (d->ctx, d->n * WORK, g->classes);
    ir_eval_parts (d->ctx, g->classes, d->split, choose_part, d);
    cut_to_best (
        d, d->chosen, attrs->keep_top_k.n > 0 ? attrs->keep_top_k.v[0] : -1);
    row = write_rows (d, rows, row);
  }
  if (row < g->rows)
    rows[row * IR_DETECTION_ROW] = -1;
  return TRUE;
}

gboolean
ir_detect (const IrEvalCtx *ctx, const IrDetectionInput *input, GError **error)
{
  const IrDetectionGeometry *g = &input->geometry;
  const gsize classes = (gsize) g->classes;
  IrScratch *scratch = ctx->scratch;
  Detection d = { .input = input,
    .ctx = ctx,
    .hits = ir_scratch_take (scratch, (gsize) g->priors,
        (input->attrs->decrease_label_id ? 1 : classes) * sizeof *d.hits),
    .first = ir_scratch_take (scratch, classes, sizeof *d.first),
    .count = ir_scratch_take (scratch, classes, sizeof *d.count),
    .kept = ir_scratch_take (scratch, ir_eval_workers (ctx), sizeof *d.kept) };

  if (!d.hits || !d.first || !d.count || !d.kept)
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for the scores of %zu classes", classes);
  return detect (&d, ctx->out[0]->data, error);
}
