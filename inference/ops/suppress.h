/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SUPPRESS_H
#define IR_SUPPRESS_H

#include "roi.h"

G_BEGIN_DECLS

/*
 * Choosing boxes: which scores pass a threshold, in which order they come, and which
 * boxes cover others.
 */

/* --- scores --------------------------------------------------------------- */

/* Whether one of @n scores is above @threshold, or, if @equal, reaches it. */
gboolean ir_any_above (
    const float *scores, gint64 n, float threshold, gboolean equal);

/* Keys that sort by score, best first, then by item. */
static inline guint64
ir_rank_key (float score, guint32 item)
{
  /* Both zeros are one number. */
  const union {
    float number;
    guint32 bits;
  } as = { score == 0 ? 0 : score };
  const guint32 rising = as.bits >> 31 ? ~as.bits : as.bits | 0x80000000u;

  return (guint64) ~rising << 32 | item;
}

static inline guint32
ir_rank_item (guint64 key)
{
  return (guint32) key;
}

/* Sorts keys whose items are in ascending order. @scratch has room for as many. */
void ir_rank_sort (guint64 *keys, gsize n, guint64 *scratch);

/* Of @n scores the places of those above @threshold, or, if @equal, of those that reach
 * it, best first, as keys. @keys and @scratch have room for @n; gives their number. */
gint64 ir_rank_above (const float *scores, gint64 n, float threshold,
    gboolean equal, guint64 *keys, guint64 *scratch);

/* --- boxes ---------------------------------------------------------------- */

/* A box with its score and where it came from. */
typedef struct {
  IrBox box;
  float score;
  gint64 index;
} IrScoredBox;

/* The area that overlaps are divided by: 0 for boxes without one. */
float ir_box_area (const IrBox *box, float extra);

/* Boxes that have been kept, coordinate by coordinate, so that many are compared at
 * once. @extra: 1 if corners are pixels that belong to the box, 0 if they are points.
 * @touching: boxes that do not meet without it
 * overlap as well. */
typedef struct {
  float extra;
  gboolean touching;
  guint n;
  float *side[5]; /* x1, y1, x2, y2, area */
} IrKept;

/* Of @room boxes at most; FALSE if @scratch has no memory for them. */
gboolean ir_kept_init (IrKept *kept, IrScratch *scratch, gsize room,
    float extra, gboolean touching);

void ir_kept_add (IrKept *kept, const IrBox *box, float area);

/* Whether @box overlaps one of them by more than @threshold, or, if @equal, by as much.
 */
gboolean ir_kept_covers (const IrKept *kept, const IrBox *box, float area,
    float threshold, gboolean equal);

/* By how much it overlaps each of those from @first on; @overlaps has room for all. */
void ir_kept_overlaps (const IrKept *kept, guint first, const IrBox *box,
    float area, float *overlaps);

/* A list of boxes, and what sorting and suppressing them takes. */
typedef struct {
  gsize n;
  IrScoredBox *box;
  IrScoredBox *other;
  guint64 *keys;
  IrKept kept;
} IrBoxes;

/* An empty one for @room boxes at most. */
gboolean ir_boxes_init (
    IrBoxes *boxes, IrScratch *scratch, gint64 room, GError **error);

static inline void
ir_boxes_add (IrBoxes *boxes, const IrScoredBox *box)
{
  boxes->box[boxes->n++] = *box;
}

/* Keeps the best @max, best first, equal ones as they came. */
void ir_boxes_sort (IrBoxes *boxes, gint64 max);

/* Of sorted boxes, keeps the first @max that do not overlap a better one by more than
 * @threshold: intersection over union, with @extra as in IrKept. */
void ir_boxes_suppress (
    IrBoxes *boxes, float extra, float threshold, gint64 max);

G_END_DECLS

#endif
