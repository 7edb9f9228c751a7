/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Included once per type and direction: TYPE, FN (name), BETTER (a, b). The entries of
 * a column that are kept are a heap with the worst on top: what is not better than that
 * has lost. Of equal ones the later is worse. */

typedef struct {
  TYPE value;
  gint64 index;
} FN (Entry);

static inline gboolean
FN (is_worse) (const FN (Entry) * a, const FN (Entry) * b)
{
  if (BETTER (b->value, a->value))
    return TRUE;
  return !BETTER (a->value, b->value) && a->index > b->index;
}

static void
FN (sift_down) (FN (Entry) * heap, gint64 n, gint64 at)
{
  const FN (Entry) entry = heap[at];

  for (gint64 child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && FN (is_worse) (&heap[child + 1], &heap[child]))
      child++;
    if (!FN (is_worse) (&heap[child], &entry))
      break;
    heap[at] = heap[child];
  }
  heap[at] = entry;
}

/* Best first. */
static void
FN (sort) (FN (Entry) * heap, gint64 n)
{
  while (--n > 0) {
    const FN (Entry) worst = heap[0];

    heap[0] = heap[n];
    heap[n] = worst;
    FN (sift_down) (heap, n, 0);
  }
}

static inline void
FN (replace_worst) (
    FN (Entry) * heap, gint64 k, TYPE value, gint64 index, TYPE *worst)
{
  heap[0].value = value;
  heap[0].index = index;
  if (k > 1)
    FN (sift_down) (heap, k, 0);
  *worst = heap[0].value;
}

/* Whether any of CHUNK values is better than the worst of its column; @step is 0 where
 * all are of one. */
static inline gboolean
FN (any) (const TYPE *x, const TYPE *worst, gsize step)
{
  INDEX any = 0;

  for (guint i = 0; i < CHUNK; i++)
    any |= -(INDEX) BETTER (x[i], worst[i * step]);
  return any != 0;
}

/* A column whose values lie side by side. */
static void
FN (select_dense) (const TYPE *x, const Columns *c, FN (Entry) * heap)
{
  TYPE worst = heap[0].value;

  for (gint64 i = c->k; i < c->n;) {
    const gint64 end = MIN (i + CHUNK, c->n);

    if (end - i == CHUNK && !FN (any) (x + i, &worst, 0)) {
      i = end;
      continue;
    }
    for (; i < end; i++)
      if (BETTER (x[i], worst))
        FN (replace_worst) (heap, c->k, x[i], i, &worst);
  }
}

/* @count columns side by side. */
static void
FN (select_columns) (const TYPE *x, const Columns *c, gint64 count,
    FN (Entry) * heaps, TYPE *worst)
{
  for (gint64 j = 0; j < count; j++)
    worst[j] = heaps[j * c->k].value;
  for (gint64 i = c->k; i < c->n; i++) {
    const TYPE *row = x + i * c->inner;

    for (gint64 j = 0; j < count;) {
      const gint64 end = MIN (j + CHUNK, count);

      if (end - j == CHUNK && !FN (any) (row + j, worst + j, 1)) {
        j = end;
        continue;
      }
      for (; j < end; j++)
        if (BETTER (row[j], worst[j]))
          FN (replace_worst) (heaps + j * c->k, c->k, row[j], i, &worst[j]);
    }
  }
}

/* The same of one kept entry, without branches. */
static void
FN (select_one) (const TYPE *x, const Columns *c, gint64 count,
    FN (Entry) * heaps, TYPE *best)
{
  INDEX index[MAX_COLUMNS] = { 0 };

  for (gint64 j = 0; j < count; j++)
    best[j] = x[j];
  for (gint64 i = 1; i < c->n; i++) {
    const TYPE *row = x + i * c->inner;

    for (gint64 j = 0; j < count; j++) {
      const TYPE value = row[j], other = best[j];
      const INDEX mask = -(INDEX) BETTER (value, other);

      index[j] = (index[j] & ~mask) | ((INDEX) i & mask);
      best[j] = BETTER (value, other) ? value : other;
    }
  }
  for (gint64 j = 0; j < count; j++)
    heaps[j] = (FN (Entry)){ best[j], (gint64) index[j] };
}

static void
FN (select) (const Columns *c, gint64 base, gint64 count, gpointer scratch,
    gint64 *chosen)
{
  const TYPE *x = (const TYPE *) c->keys + base;
  FN (Entry) *heaps = scratch;
  TYPE worst[MAX_COLUMNS];

  for (gint64 j = 0; j < count; j++) {
    FN (Entry) *heap = heaps + j * c->k;

    for (gint64 i = 0; i < c->k; i++)
      heap[i] = (FN (Entry)){ x[i * c->inner + j], i };
    for (gint64 i = c->k / 2; i-- > 0;)
      FN (sift_down) (heap, c->k, i);
  }
  if (c->inner == 1)
    FN (select_dense) (x, c, heaps);
  else if (c->k == 1 && c->n <= G_MAXINT32)
    FN (select_one) (x, c, count, heaps, worst);
  else
    FN (select_columns) (x, c, count, heaps, worst);
  for (gint64 j = 0; j < count; j++) {
    FN (sort) (heaps + j * c->k, c->k);
    for (gint64 i = 0; i < c->k; i++)
      chosen[j * c->k + i] = heaps[j * c->k + i].index;
  }
}
