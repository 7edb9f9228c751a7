/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "suppress.h"

#include <string.h>

/* --- scores --------------------------------------------------------------- */

/* Looked at without branches in between. */
#define CHUNK 16

static gboolean
chunk_above (const float *scores, float threshold, gboolean equal)
{
  gint32 any = 0;

  if (equal)
    for (guint i = 0; i < CHUNK; i++)
      any |= -(gint32) (scores[i] >= threshold);
  else
    for (guint i = 0; i < CHUNK; i++)
      any |= -(gint32) (scores[i] > threshold);
  return any != 0;
}

static inline gboolean
is_above (float score, float threshold, gboolean equal)
{
  return score > threshold || (equal && score == threshold);
}

gboolean
ir_any_above (const float *scores, gint64 n, float threshold, gboolean equal)
{
  if (n < CHUNK) {
    for (gint64 i = 0; i < n; i++)
      if (is_above (scores[i], threshold, equal))
        return TRUE;
    return FALSE;
  }
  for (gint64 i = 0; i < n - CHUNK; i += CHUNK)
    if (chunk_above (scores + i, threshold, equal))
      return TRUE;
  return chunk_above (scores + n - CHUNK, threshold, equal);
}

#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)
#define FIRST_BIT 32
/* Fewer are sorted by insertion. */
#define FEW 40

static void
sort_few (guint64 *keys, gsize n)
{
  for (gsize i = 1; i < n; i++) {
    const guint64 key = keys[i];
    gsize at = i;

    for (; at > 0 && keys[at - 1] > key; at--)
      keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

/* Sorts by one digit, equal ones as they come. FALSE if all have the same: then nothing
 * is to be done. */
static gboolean
sort_digit (const guint64 *from, gsize n, guint shift, guint64 *to)
{
  gsize place[DIGITS] = { 0 }, next = 0;

  for (gsize i = 0; i < n; i++)
    place[from[i] >> shift & (DIGITS - 1)]++;
  if (place[from[0] >> shift & (DIGITS - 1)] == n)
    return FALSE;
  for (guint d = 0; d < DIGITS; d++) {
    const gsize count = place[d];

    place[d] = next;
    next += count;
  }
  for (gsize i = 0; i < n; i++)
    to[place[from[i] >> shift & (DIGITS - 1)]++] = from[i];
  return TRUE;
}

void
ir_rank_sort (guint64 *keys, gsize n, guint64 *scratch)
{
  guint64 *from = keys, *to = scratch;

  if (n < FEW) {
    sort_few (keys, n);
    return;
  }
  for (guint shift = FIRST_BIT; shift < 64; shift += DIGIT_BITS) {
    guint64 *done = to;

    if (!sort_digit (from, n, shift, to))
      continue;
    to = from;
    from = done;
  }
  if (from != keys)
    memcpy (keys, from, n * sizeof *keys);
}

gint64
ir_rank_above (const float *scores, gint64 n, float threshold, gboolean equal,
    guint64 *keys, guint64 *scratch)
{
  gint64 count = 0;

  for (gint64 i = 0; i < n;) {
    const gint64 end = MIN (i + CHUNK, n);

    if (end - i == CHUNK && !chunk_above (scores + i, threshold, equal)) {
      i = end;
      continue;
    }
    for (; i < end; i++)
      if (is_above (scores[i], threshold, equal))
        keys[count++] = ir_rank_key (scores[i], (guint32) i);
  }
  ir_rank_sort (keys, (gsize) count, scratch);
  return count;
}

/* --- boxes ---------------------------------------------------------------- */

enum {
  X1,
  Y1,
  X2,
  Y2,
  AREA,
  SIDES
};

gboolean
ir_kept_init (IrKept *kept, IrScratch *scratch, gsize room, float extra,
    gboolean touching)
{
  gboolean ok = TRUE;

  *kept = (IrKept){ .extra = extra, .touching = touching };
  for (guint s = 0; s < SIDES; s++) {
    kept->side[s] = ir_scratch_take (scratch, room, sizeof (float));
    ok = ok && kept->side[s];
  }
  return ok;
}

float
ir_box_area (const IrBox *box, float extra)
{
  if (!(box->x2 >= box->x1 && box->y2 >= box->y1))
    return 0;
  return (box->x2 - box->x1 + extra) * (box->y2 - box->y1 + extra);
}

void
ir_kept_add (IrKept *kept, const IrBox *box, float area)
{
  const float sides[] = { box->x1, box->y1, box->x2, box->y2, area };

  for (guint s = 0; s < SIDES; s++)
    kept->side[s][kept->n] = sides[s];
  kept->n++;
}

/* Overlaps with the boxes from @first to @first + @n - 1; nothing is left out, so that
 * the compiler makes vectors of it. */
static inline void
overlap_run (const IrKept *kept, guint first, guint n, const IrBox *box,
    float area, float *overlaps)
{
  const float *x1 = kept->side[X1] + first, *y1 = kept->side[Y1] + first;
  const float *x2 = kept->side[X2] + first, *y2 = kept->side[Y2] + first;
  const float *areas = kept->side[AREA] + first;
  const IrBox b = *box;

  for (guint i = 0; i < n; i++) {
    const float width = MIN (x2[i], b.x2) - MAX (x1[i], b.x1) + kept->extra;
    const float height = MIN (y2[i], b.y2) - MAX (y1[i], b.y1) + kept->extra;
    const float both = width * height;
    const float ratio = both / (areas[i] + area - both);

    overlaps[i] = width > 0 && height > 0 ? ratio : 0;
  }
  if (kept->touching || kept->extra == 0)
    return;
  for (guint i = 0; i < n; i++) {
    if (x1[i] > b.x2 || b.x1 > x2[i] || y1[i] > b.y2 || b.y1 > y2[i])
      overlaps[i] = 0;
  }
}

gboolean
ir_kept_covers (const IrKept *kept, const IrBox *box, float area,
    float threshold, gboolean equal)
{
  float overlaps[CHUNK];

  for (guint first = 0; first < kept->n; first += CHUNK) {
    const guint n = MIN (CHUNK, kept->n - first);
    gint32 any = 0;

    if (n == CHUNK)
      overlap_run (kept, first, CHUNK, box, area, overlaps);
    else
      overlap_run (kept, first, n, box, area, overlaps);
    if (equal)
      for (guint i = 0; i < n; i++)
        any |= -(gint32) !(overlaps[i] < threshold);
    else
      for (guint i = 0; i < n; i++)
        any |= -(gint32) (overlaps[i] > threshold);
    if (any)
      return TRUE;
  }
  return FALSE;
}

void
ir_kept_overlaps (const IrKept *kept, guint first, const IrBox *box, float area,
    float *overlaps)
{
  if (first < kept->n)
    overlap_run (kept, first, kept->n - first, box, area, overlaps);
}

gboolean
ir_boxes_init (IrBoxes *boxes, IrScratch *scratch, gint64 room, GError **error)
{
  const gsize n = (gsize) room;

  *boxes = (IrBoxes){ 0 };
  if (n <= G_MAXUINT32) {
    boxes->box = ir_scratch_take (scratch, n, sizeof *boxes->box);
    boxes->other = ir_scratch_take (scratch, n, sizeof *boxes->other);
    boxes->keys = ir_scratch_take (scratch, 2 * n, sizeof *boxes->keys);
  }
  return (boxes->box && boxes->other && boxes->keys &&
             ir_kept_init (&boxes->kept, scratch, n, 0, FALSE)) ||
      ir_fail (error, IR_ERROR_LIMIT, "no memory for %zu boxes", n);
}

void
ir_boxes_sort (IrBoxes *boxes, gint64 max)
{
  IrScoredBox *from = boxes->box, *best = boxes->other;
  const gsize n = (gsize) CLAMP (max, 0, (gint64) boxes->n);

  for (gsize i = 0; i < boxes->n; i++)
    boxes->keys[i] = ir_rank_key (from[i].score, (guint32) i);
  ir_rank_sort (boxes->keys, boxes->n, boxes->keys + boxes->n);
  for (gsize i = 0; i < n; i++)
    best[i] = from[ir_rank_item (boxes->keys[i])];
  boxes->n = n;
  boxes->box = best;
  boxes->other = from;
}

void
ir_boxes_suppress (IrBoxes *boxes, float extra, float threshold, gint64 max)
{
  IrKept *kept = &boxes->kept;

  kept->extra = extra;
  kept->n = 0;
  for (gsize i = 0; i < boxes->n && kept->n < max; i++) {
    const IrBox box = boxes->box[i].box;
    const float area = ir_box_area (&box, extra);

    if (ir_kept_covers (kept, &box, area, threshold, FALSE))
      continue;
    boxes->box[kept->n] = boxes->box[i];
    ir_kept_add (kept, &box, area);
  }
  boxes->n = kept->n;
}
