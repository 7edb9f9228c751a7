/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loops.h"

#include <string.h>

/* Fewer elements side by side are looked up one by one. */
#define MIN_RUN 8

static gboolean
is_even (const CpuLoop *loop)
{
  return !loop->spans && !loop->table;
}

/* --- what loops do --------------------------------------------------------- */

/* A task: the rounds from @first on, @n of them, of the loop that is cut. */
typedef struct {
  const CpuLoops *loops;
  const IrLayoutKernels *kernels;
  gint64 first, n;
} Task;

/* A constant size lets the compiler turn memcpy into one move. */
#define COPY_ROW(bytes)                                                        \
  for (gint64 i = 0; i < n; i++, from += from_step, to += to_step)             \
  memcpy (to, from, bytes)

static void
copy_row (const guint8 *from, gint64 from_step, guint8 *to, gint64 to_step,
    gint64 n, gsize bytes)
{
  if (from_step == (gint64) bytes && to_step == (gint64) bytes) {
    memcpy (to, from, n * bytes);
    return;
  }
  switch (bytes) {
    case 1:
      COPY_ROW (1);
      break;
    case 2:
      COPY_ROW (2);
      break;
    case 4:
      COPY_ROW (4);
      break;
    default:
      COPY_ROW (8);
      break;
  }
}

#define LOOK_UP(bytes)                                                         \
  _Pragma ("GCC unroll 8") for (gsize i = 0; i < n; i++)                       \
      memcpy (to + i * bytes, from + table[i] * (gint64) bytes, bytes)

void
cpu_look_up (
    const guint8 *from, const gint64 *table, guint8 *to, gsize n, gsize bytes)
{
  switch (bytes) {
    case 1:
      LOOK_UP (1);
      break;
    case 2:
      LOOK_UP (2);
      break;
    case 4:
      LOOK_UP (4);
      break;
    case 8:
      LOOK_UP (8);
      break;
    default:
      LOOK_UP (bytes);
      break;
  }
}

/* Rounds of a loop that the task has. */
static void
find_rounds (const Task *t, guint at, gint64 *first, gint64 *end)
{
  const gboolean cut = t->loops->cut == at;

  *first = cut ? t->first : 0;
  *end = cut ? t->first + t->n : t->loops->loop[at].size;
}

/* The two innermost loops, the outer one of @n rounds @step apart in the input; those
 * of a matrix that is transposed have a kernel. */
static void
copy_matrix (
    const Task *t, gint64 n, gint64 step, const guint8 *from, guint8 *to)
{
  const CpuLoop *outer = &t->loops->loop[t->loops->rank - 2];
  const CpuLoop *inner = outer + 1;
  const gint64 bytes = t->loops->bytes;
  gint64 first, end, size;

  find_rounds (t, t->loops->rank - 1, &first, &end);
  size = end - first;
  from += first * inner->from * bytes;
  to += first * inner->to * bytes;
  if (inner->from == 1 && inner->to == 1 && step == size && outer->to == size)
    memcpy (to, from, n * size * bytes);
  else if (bytes == sizeof (float) && step == 1 && inner->to == 1 &&
      inner->from > 0 && outer->to > 0)
    t->kernels->transpose (
        (const float *) from, inner->from, size, n, (float *) to, outer->to);
  else
    for (gint64 i = 0; i < n; i++)
      copy_row (from + i * step * bytes, inner->from * bytes,
          to + i * outer->to * bytes, inner->to * bytes, size, bytes);
}

static void copy_loop (
    const Task *task, guint at, const guint8 *from, guint8 *to);

/* @n rounds of a loop, @step apart in the input. */
static void
copy_span (const Task *t, guint at, gint64 n, gint64 step, const guint8 *from,
    guint8 *to)
{
  const CpuLoops *loops = t->loops;
  const CpuLoop *loop = &loops->loop[at];
  const gint64 bytes = loops->bytes;

  if (at + 1 == loops->rank) {
    copy_row (from, step * bytes, to, loop->to * bytes, n, bytes);
  } else if (at + 2 == loops->rank && is_even (&loop[1])) {
    copy_matrix (t, n, step, from, to);
  } else {
    for (gint64 i = 0; i < n; i++)
      copy_loop (t, at + 1, from + i * step * bytes, to + i * loop->to * bytes);
  }
}

static void
fill_row (const CpuLoops *loops, guint8 *to, gint64 to_step, gint64 n)
{
  static const guint8 zero[sizeof loops->fill] = { 0 };

  if (to_step == (gint64) loops->bytes &&
      memcmp (loops->fill, zero, sizeof zero) == 0)
    memset (to, 0, n * loops->bytes);
  else
    copy_row (loops->fill, 0, to, to_step, n, loops->bytes);
}

static void
fill_rounds (const Task *t, guint at, gint64 first, gint64 end, guint8 *to)
{
  const CpuLoops *loops = t->loops;
  const gint64 step = loops->loop[at].to * (gint64) loops->bytes;
  gint64 inner_first, inner_end;

  if (at + 1 == loops->rank) {
    fill_row (loops, to + first * step, step, end - first);
    return;
  }
  find_rounds (t, at + 1, &inner_first, &inner_end);
  for (gint64 i = first; i < end; i++)
    fill_rounds (t, at + 1, inner_first, inner_end, to + i * step);
}

static void
copy_spans (const Task *t, guint at, const guint8 *from, guint8 *to)
{
  const CpuLoop *loop = &t->loops->loop[at];
  const gint64 bytes = t->loops->bytes;
  gint64 first, end, begin = 0;

  find_rounds (t, at, &first, &end);
  for (const CpuSpan *s = loop->spans; begin < end; begin += s++->n) {
    const gint64 low = MAX (begin, first), high = MIN (begin + s->n, end);

    if (low >= high)
      continue;
    if (s->from == IR_NOWHERE)
      fill_rounds (t, at, low, high, to);
    else
      copy_span (t, at, high - low, s->step,
          from + (s->from + (low - begin) * s->step) * bytes,
          to + low * loop->to * bytes);
  }
}

static void
copy_loop (const Task *t, guint at, const guint8 *from, guint8 *to)
{
  const CpuLoop *loop = &t->loops->loop[at];
  const gint64 bytes = t->loops->bytes;
  gint64 first, end;

  if (loop->spans) {
    copy_spans (t, at, from, to);
    return;
  }
  find_rounds (t, at, &first, &end);
  if (loop->table)
    cpu_look_up (
        from, loop->table + first, to + first * bytes, end - first, bytes);
  else
    copy_span (t, at, end - first, loop->from,
        from + first * loop->from * bytes, to + first * loop->to * bytes);
}

guint
cpu_loops_tasks (const CpuLoops *loops)
{
  return (loops->loop[loops->cut].size + loops->part - 1) / loops->part;
}

void
cpu_loops_run (const CpuLoops *loops, guint task,
    const IrLayoutKernels *kernels, gconstpointer from, gpointer to)
{
  const gint64 first = task * loops->part;
  const Task t = { loops, kernels, first,
    MIN (loops->part, loops->loop[loops->cut].size - first) };

  copy_loop (
      &t, 0, (const guint8 *) from + loops->offset * (gssize) loops->bytes, to);
}

/* --- what loops there are -------------------------------------------------- */

static gboolean
is_somewhere (const gint64 *map, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    if (map[i] == IR_NOWHERE)
      return FALSE;
  return TRUE;
}

/* Whether the index of every place of a map, written with one digit for each of
 * these loops, innermost first, leads there. */
static gboolean
leads_to (const CpuLoop *digits, guint n_digits, const gint64 *map, gint64 n)
{
  for (gint64 i = 0; i < n; i++) {
    gint64 place = map[0], rest = i;

    for (guint k = 0; k < n_digits; k++) {
      place += rest % digits[k].size * digits[k].from;
      rest /= digits[k].size;
    }
    if (place != map[i])
      return FALSE;
  }
  return TRUE;
}

/* Evenly spaced loops, innermost first, that lead from the first place of a map to all
 * others; their number, or -1 if there are no @max such loops. */
static gint
find_digits (const gint64 *map, gint64 n, CpuLoop *digits, guint max)
{
  guint found = 0;

  if (!is_somewhere (map, n))
    return -1;
  for (gint64 inner = 1; inner < n; inner *= digits[found++].size) {
    const gint64 step = map[inner] - map[0];
    gint64 size = 2;

    while (size * inner < n && map[size * inner] - map[0] == size * step)
      size++;
    if (found == max || n % (size * inner) != 0)
      return -1;
    digits[found] = (CpuLoop){ .size = size, .from = step, .to = inner };
  }
  return leads_to (digits, found, map, n) ? (gint) found : -1;
}

void
cpu_straighten (const IrShape *shape, IrStrided *strided)
{
  for (gint d = 0; d < shape->rank; d++) {
    const gint64 *map = strided->map[d];
    CpuLoop digit = { .from = 0 };

    if (!map || find_digits (map, shape->dim[d], &digit, 1) < 0)
      continue;
    strided->offset += map[0];
    strided->step[d] = digit.from;
    g_clear_pointer (&strided->map[d], g_free);
  }
}

/* The longest span that begins a map. */
static CpuSpan
first_span (const gint64 *map, gint64 n)
{
  CpuSpan span = { 1, map[0], 0 };

  if (map[0] == IR_NOWHERE) {
    while (span.n < n && map[span.n] == IR_NOWHERE)
      span.n++;
    return span;
  }
  if (n > 1 && map[1] != IR_NOWHERE)
    span.step = map[1] - map[0];
  while (span.n < n && map[span.n] != IR_NOWHERE &&
      map[span.n] - map[0] == span.n * span.step)
    span.n++;
  return span;
}

static CpuSpan *
find_spans (const gint64 *map, gint64 n, guint *n_spans)
{
  GArray *spans = g_array_new (FALSE, FALSE, sizeof (CpuSpan));

  for (gint64 i = 0; i < n;) {
    const CpuSpan span = first_span (map + i, n - i);

    g_array_append_val (spans, span);
    i += span.n;
  }
  *n_spans = spans->len;
  return (CpuSpan *) g_array_free (spans, FALSE);
}

static void
add_loop (CpuLoops *loops, CpuLoop loop)
{
  if (loop.size > 1 || !is_even (&loop))
    loops->loop[loops->rank++] = loop;
}

/* Whether a map of elements that lie side by side leads to few that do. */
static gboolean
is_table (const gint64 *map, gint64 n)
{
  gint64 runs = 1;

  for (gint64 i = 1; i < n; i++)
    runs += map[i] != map[i - 1] + 1;
  return n > 1 && n < runs * MIN_RUN && is_somewhere (map, n);
}

/* A loop for a map that no evenly spaced ones lead through, or not as fast. */
static CpuLoop
loop_of_map (const gint64 *map, gint64 size, gint64 to)
{
  CpuLoop loop = { .size = size, .to = to };

  if (to == 1 && is_table (map, size))
    loop.table = g_memdup2 (map, size * sizeof *map);
  else
    loop.spans = find_spans (map, size, &loop.n_spans);
  return loop;
}

/* A loop for each dimension, or several for one whose map they lead through. @left is
 * how many dimensions follow, which take a loop each. */
static void
add_loops (CpuLoops *loops, gint64 size, const IrStrided *strided, guint d,
    gint64 to, guint left)
{
  const gint64 *map = strided->map[d];
  CpuLoop digits[CPU_MAX_LOOPS];
  gint n;

  if (!map) {
    add_loop (
        loops, (CpuLoop){ .size = size, .from = strided->step[d], .to = to });
    return;
  }
  n = find_digits (map, size, digits, CPU_MAX_LOOPS - left - loops->rank);
  if (n < 0 || (to == 1 && is_table (map, size))) {
    add_loop (loops, loop_of_map (map, size, to));
    return;
  }
  loops->offset += map[0];
  for (gint i = 0; i < n; i++) {
    digits[i].to *= to;
    add_loop (loops, digits[i]);
  }
}

/* Outermost first; a table is innermost even where other loops have one round. */
static gint
compare_loops (gconstpointer a, gconstpointer b)
{
  const CpuLoop *x = a, *y = b;

  if (x->to != y->to)
    return x->to > y->to ? -1 : 1;
  return (x->table != NULL) - (y->table != NULL);
}

/* One loop of those that follow each other on both sides. */
static void
join_loops (CpuLoops *loops)
{
  guint n = 0;

  for (guint i = 0; i < loops->rank; i++) {
    const CpuLoop loop = loops->loop[i];
    CpuLoop *outer = &loops->loop[n > 0 ? n - 1 : 0];

    if (n > 0 && is_even (&loop) && is_even (outer) &&
        outer->from == loop.from * loop.size &&
        outer->to == loop.to * loop.size)
      *outer = (CpuLoop){
        .size = outer->size * loop.size, .from = loop.from, .to = loop.to
      };
    else
      loops->loop[n++] = loop;
  }
  loops->rank = n;
}

/* The loop that walks the input without gaps goes beside the innermost one, so
 * that both sides of a transposed matrix are read and written in blocks. */
static void
pair_loops (CpuLoops *loops)
{
  const guint rank = loops->rank;

  for (guint i = 0; i + 2 < rank; i++) {
    const CpuLoop loop = loops->loop[i];

    if (!is_even (&loop) || loop.from != 1 ||
        !is_even (&loops->loop[rank - 1]) || loops->loop[rank - 1].from == 1)
      continue;
    memmove (
        loops->loop + i, loops->loop + i + 1, (rank - 2 - i) * sizeof loop);
    loops->loop[rank - 2] = loop;
    break;
  }
}

void
cpu_loops_init (CpuLoops *loops, gsize bytes, const IrShape *shape,
    const IrStrided *strided, const gint64 *to)
{
  *loops = (CpuLoops){ .bytes = bytes, .offset = strided->offset };
  if (strided->fill)
    memcpy (loops->fill, strided->fill, bytes);
  for (gint d = 0; d < shape->rank; d++)
    add_loops (loops, shape->dim[d], strided, d, to[d], shape->rank - 1 - d);
  qsort (loops->loop, loops->rank, sizeof *loops->loop, compare_loops);
  join_loops (loops);
  pair_loops (loops);
  if (loops->rank == 0)
    loops->loop[loops->rank++] = (CpuLoop){ .size = 1 };
  loops->part = loops->loop[0].size;
}

void
cpu_loops_clear (CpuLoops *loops)
{
  for (guint i = 0; i < loops->rank; i++) {
    g_clear_pointer (&loops->loop[i].spans, g_free);
    g_clear_pointer (&loops->loop[i].table, g_free);
  }
}

/* The outermost loop that has enough rounds is cut, or the longest one. */
void
cpu_loops_cut (CpuLoops *loops, guint parts)
{
  loops->cut = 0;
  for (guint i = 1; i < loops->rank; i++) {
    if (loops->loop[loops->cut].size >= parts)
      break;
    if (loops->loop[i].size > loops->loop[loops->cut].size)
      loops->cut = i;
  }
  loops->part = (loops->loop[loops->cut].size + parts - 1) / parts;
}
