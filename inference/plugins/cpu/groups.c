/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "groups.h"

/* Rows, and elements of one row, in a block. */
#define BLOCK_ROWS 32
#define BLOCK_ROW 2048
/* Elements that threads don't share between them, nearly 256 kB. */
#define CHUNK 65536

gboolean
cpu_axes_mask (
    const CpuModel *model, const IrNode *node, guint index, guint *mask)
{
  const IrShape *shape = &ir_node_input (node, 0)->shape;
  const IrTensor *axes = cpu_port_value (model, node->inputs[index]);
  guint axis;

  *mask = 0;
  if (!axes)
    return FALSE;
  for (guint64 i = 0; i < ir_tensor_count (axes); i++) {
    if (!ir_shape_axis (shape, ir_tensor_get_i64 (axes, i), &axis, NULL))
      return FALSE;
    *mask |= 1u << axis;
  }
  return TRUE;
}

/* --- loops ----------------------------------------------------------------- */

/* How far apart the elements of each dimension are. */
static void
find_steps (const CpuSlot *slot, gsize *steps)
{
  const IrShape *shape = &slot->shape;
  gsize step = slot->layout == CPU_LAST ? slot->pitch : 1;

  for (gint d = shape->rank - 1; d >= 0; d--) {
    if (slot->layout == CPU_LAST && d == 1) {
      steps[d] = 1;
      continue;
    }
    steps[d] = step;
    step *= shape->dim[d];
  }
}

/* The same of the output for the dimensions of the input; 0 for those that are not
 * there any more. */
static void
find_out_steps (const CpuSlot *in, const CpuSlot *out, guint mask, gsize *steps)
{
  const gboolean keeps = out->shape.rank == in->shape.rank;
  gsize of_out[IR_MAX_RANK];
  gint at = 0;

  find_steps (out, of_out);
  for (gint d = 0; d < in->shape.rank; d++) {
    const gboolean joined = mask >> d & 1;

    steps[d] = 0;
    if (keeps && out->shape.dim[d] == in->shape.dim[d])
      steps[d] = of_out[d];
    else if (!keeps && !joined)
      steps[d] = of_out[at++];
  }
}

static void
add_loop (CpuAxis *loops, guint *n, CpuAxis loop, gboolean merges)
{
  CpuAxis *last = *n ? &loops[*n - 1] : NULL;

  if (merges && last->in == loop.size * loop.in &&
      last->out == loop.size * loop.out)
    *last = (CpuAxis){ last->size * loop.size, loop.in, loop.out };
  else
    loops[(*n)++] = loop;
}

static void
find_loops (CpuGroups *g, const CpuSlot *in, const CpuSlot *out, guint mask)
{
  static const gint last_order[] = { 0, 2, 3, 1 };
  gsize in_steps[IR_MAX_RANK], out_steps[IR_MAX_RANK];
  gint before = -1;

  find_steps (in, in_steps);
  find_out_steps (in, out, mask, out_steps);
  for (gint i = 0; i < in->shape.rank; i++) {
    const gint d = in->layout == CPU_LAST ? last_order[i] : i;
    const gboolean joined = mask >> d & 1;
    const CpuAxis loop = { in->shape.dim[d], in_steps[d], out_steps[d] };

    if (loop.size == 1)
      continue;
    if (joined)
      add_loop (g->joined, &g->n_joined, loop, before == 1);
    else
      add_loop (g->kept, &g->n_kept, loop, before == 0);
    before = joined;
  }
  g->row_is_kept = before != 1;
}

/* The innermost loop, if it goes from one element to the next. */
static void
take_row (CpuGroups *g)
{
  CpuAxis *loops = g->row_is_kept ? g->kept : g->joined;
  guint *n = g->row_is_kept ? &g->n_kept : &g->n_joined;
  const CpuAxis *last = *n ? &loops[*n - 1] : NULL;

  if (!last || last->in != 1 || last->out > 1) {
    g->row = 1;
    g->row_is_kept = TRUE;
    return;
  }
  g->row = last->size;
  (*n)--;
}

static gsize
count (const CpuAxis *loops, guint n)
{
  gsize rounds = 1;

  for (guint i = 0; i < n; i++)
    rounds *= loops[i].size;
  return rounds;
}

static void
count_blocks (CpuGroups *g)
{
  const gsize joined = count (g->joined, g->n_joined);
  const gsize inner = g->n_joined ? g->joined[g->n_joined - 1].size : 1;
  gsize elements;

  g->n_groups = count (g->kept, g->n_kept);
  if (g->by_columns) {
    g->columns = MIN (g->row, CPU_COLUMNS);
    g->n_groups *= (g->row + g->columns - 1) / g->columns;
    g->n_blocks = joined / inner * ((inner + BLOCK_ROWS - 1) / BLOCK_ROWS);
    elements = MIN (inner, BLOCK_ROWS) * g->columns;
  } else {
    g->columns = 1;
    g->n_blocks = joined * ((g->row + BLOCK_ROW - 1) / BLOCK_ROW);
    elements = MIN (g->row, BLOCK_ROW);
  }
  g->blocks_per_chunk = (CHUNK + elements - 1) / elements;
  g->n_chunks = (g->n_blocks + g->blocks_per_chunk - 1) / g->blocks_per_chunk;
}

gboolean
cpu_groups_can (const IrNode *node)
{
  const IrShape *shape = &ir_node_input (node, 0)->shape;
  const guint64 elements = ir_shape_size (shape, 0, shape->rank);

  return cpu_port_is_f32 (node->inputs[0]) && elements > 0 &&
      elements <= G_MAXINT32;
}

void
cpu_groups_init (
    CpuGroups *g, CpuModel *model, const CpuStep *step, guint mask, guint work)
{
  const CpuSlot *in = cpu_slot (model, step->in[0]);
  const CpuSlot *out = cpu_slot (model, step->out[0]);

  *g = (CpuGroups){ 0 };
  cpu_pin (model, step->in[0]);
  cpu_pin (model, step->out[0]);
  find_loops (g, in, out, mask);
  take_row (g);
  g->by_columns = g->row_is_kept || (g->n_joined && g->row <= CPU_COLUMNS);
  if (out->layout == CPU_LAST)
    g->gap = CPU_PITCH (out->shape.dim[1]) - out->shape.dim[1];
  count_blocks (g);
  g->groups_per_task = cpu_split (model,
      (guint64) work * ir_shape_size (&in->shape, 0, in->shape.rank),
      g->n_groups);
}

/* --- blocks ---------------------------------------------------------------- */

static void
walk (const CpuAxis *loops, guint n, gsize index, CpuBlock *block)
{
  while (n-- > 0) {
    const gsize at = index % loops[n].size;

    block->in += at * loops[n].in;
    block->out += at * loops[n].out;
    index /= loops[n].size;
  }
}

static void
find_columns (const CpuGroups *g, gsize tile, gsize index, CpuBlock *block)
{
  static const CpuAxis once = { 1, 0, 0 };
  const gboolean loops = g->n_joined > 0;
  const CpuAxis *inner = loops ? &g->joined[g->n_joined - 1] : &once;
  const gsize parts = (inner->size + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const gsize first = index % parts * BLOCK_ROWS;

  walk (g->joined, loops ? g->n_joined - 1 : 0, index / parts, block);
  block->in += first * inner->in + tile * g->columns;
  block->out += first * inner->out + tile * g->columns;
  block->in_pitch = inner->in;
  block->out_pitch = inner->out;
  block->rows = MIN (inner->size - first, BLOCK_ROWS);
  block->columns = MIN (g->row - tile * g->columns, g->columns);
  if (tile * g->columns + block->columns == g->row)
    block->gap = g->gap;
}

static void
find_row (const CpuGroups *g, gsize index, CpuBlock *block)
{
  const gsize parts = (g->row + BLOCK_ROW - 1) / BLOCK_ROW;
  const gsize first = index % parts * BLOCK_ROW;

  walk (g->joined, g->n_joined, index / parts, block);
  block->in += first;
  block->out += first;
  block->rows = 1;
  block->columns = MIN (g->row - first, BLOCK_ROW);
  if (first + block->columns == g->row)
    block->gap = g->gap;
}

CpuBlock
cpu_groups_block (const CpuGroups *g, gsize group, gsize block)
{
  const gsize tiles =
      g->row_is_kept ? (g->row + g->columns - 1) / g->columns : 1;
  CpuBlock b = { 0 };

  walk (g->kept, g->n_kept, group / tiles, &b);
  if (g->by_columns)
    find_columns (g, group % tiles, block, &b);
  else
    find_row (g, block, &b);
  return b;
}

gsize
cpu_groups_columns (const CpuGroups *g, gsize group)
{
  return g->by_columns ? cpu_groups_block (g, group, 0).columns : 1;
}

/* --- totals ---------------------------------------------------------------- */

static double
join (IrFold fold, double f, double g)
{
  switch (fold) {
    case IR_FOLD_PROD:
      return f * g;
    case IR_FOLD_MAX:
      return MAX (f, g);
    case IR_FOLD_MIN:
      return MIN (f, g);
    default:
      return f + g;
  }
}

/* Column @from of @more, of @n elements, into column @to of @total, of @had. */
static void
add_column (const CpuQuestion *q, CpuTotal *total, gsize had, gsize to,
    const CpuTotal *more, gsize n, gsize from)
{
  const double distance = more->value[from] - total->value[to];
  const double part = (double) n / (had + n);

  if (had == 0) {
    total->value[to] = more->value[from];
    total->squares[to] = more->squares[from];
  } else if (q->moments) {
    total->value[to] += distance * part;
    total->squares[to] +=
        more->squares[from] + distance * distance * part * had;
  } else {
    total->value[to] = join (q->fold, total->value[to], more->value[from]);
  }
}

static void
add_total (
    const CpuQuestion *q, gsize columns, CpuTotal *total, const CpuTotal *more)
{
  for (gsize c = 0; c < columns; c++)
    add_column (q, total, total->n, c, more, more->n, c);
  total->n += more->n;
}

/* Joins the columns that belong together. */
static void
end_total (const CpuGroups *g, const CpuQuestion *q, CpuTotal *total)
{
  const gsize n = total->n;

  if (!g->by_columns || g->row_is_kept)
    return;
  for (gsize c = 1; c < g->columns; c++)
    add_column (q, total, c * n, 0, total, n, c);
  total->n *= g->columns;
}

static const float no_means[CPU_COLUMNS];

/* Mean and deviations of each column; the mean is rounded where they are taken. */
static void
find_moments (const IrReduceKernels *k, const float *x, const CpuBlock *b,
    CpuTotal *total)
{
  float sum[CPU_COLUMNS], mean[CPU_COLUMNS];

  k->fold_columns (
      IR_FOLD_SUM, x, b->in_pitch, b->rows, b->columns, no_means, sum);
  for (gsize c = 0; c < b->columns; c++) {
    total->value[c] = (double) sum[c] / b->rows;
    mean[c] = total->value[c];
  }
  k->fold_columns (
      IR_FOLD_SQUARES, x, b->in_pitch, b->rows, b->columns, mean, sum);
  for (gsize c = 0; c < b->columns; c++)
    total->squares[c] = sum[c];
  total->n = b->rows;
}

static void
ask_columns (const CpuQuestion *q, const IrReduceKernels *k, const float *x,
    const CpuBlock *b, CpuTotal *total)
{
  float made[CPU_COLUMNS];

  if (q->moments) {
    find_moments (k, x, b, total);
    return;
  }
  k->fold_columns (
      q->fold, x, b->in_pitch, b->rows, b->columns, no_means, made);
  for (gsize c = 0; c < b->columns; c++)
    total->value[c] = made[c];
  total->n = b->rows;
}

static void
ask_row (const CpuQuestion *q, const IrReduceKernels *k, const float *x,
    gsize n, CpuTotal *total)
{
  const IrFold fold = q->moments ? IR_FOLD_SUM : q->fold;

  total->n = n;
  total->value[0] = k->fold_row (fold, x, n, 0);
  if (!q->moments)
    return;
  total->value[0] /= n;
  total->squares[0] =
      k->fold_row (IR_FOLD_SQUARES, x, n, (float) total->value[0]);
}

/* Of the blocks from @first on, before @end. */
static void
ask_blocks (const CpuGroups *g, const CpuWork *work, const CpuQuestion *q,
    gsize group, gsize first, gsize end, CpuTotal *total)
{
  const IrReduceKernels *k = work->run->model->reduce;
  CpuTotal more;

  total->n = 0;
  for (gsize i = first; i < end; i++) {
    const CpuBlock b = cpu_groups_block (g, group, i);
    const float *x = cpu_in (work, 0) + b.in;
    CpuTotal *to = i == first ? total : &more;

    if (g->by_columns)
      ask_columns (q, k, x, &b, to);
    else
      ask_row (q, k, x, b.columns, to);
    if (i > first)
      add_total (q, g->by_columns ? b.columns : 1, total, &more);
  }
}

/* --- chunks ---------------------------------------------------------------- */

typedef struct {
  const CpuGroups *groups;
  const CpuQuestion *question;
  const CpuWork *work;
} ChunkWork;

/* All threads see the totals. */
static CpuTotal *
totals (const CpuRun *run)
{
  return cpu_scratch (run, 0);
}

gsize
cpu_groups_scratch (const CpuGroups *g)
{
  return g->n_chunks > 1 ? g->n_groups * g->n_chunks * sizeof (CpuTotal) : 0;
}

static void
ask_chunk (gpointer data, guint task, guint worker)
{
  const ChunkWork *w = data;
  const CpuGroups *g = w->groups;
  const gsize first = task % g->n_chunks * g->blocks_per_chunk;

  ask_blocks (g, w->work, w->question, task / g->n_chunks, first,
      MIN (first + g->blocks_per_chunk, g->n_blocks),
      totals (w->work->run) + task);
}

void
cpu_groups_prepare (
    const CpuGroups *g, const CpuQuestion *question, const CpuWork *work)
{
  ChunkWork data = { g, question, work };

  if (g->n_chunks > 1)
    cpu_pool_run (
        work->run->model->threads, g->n_groups * g->n_chunks, ask_chunk, &data);
}

void
cpu_groups_find (const CpuGroups *g, const CpuQuestion *question,
    const CpuWork *work, gsize group, CpuTotal *total)
{
  const gsize columns = cpu_groups_columns (g, group);

  if (g->n_chunks == 1) {
    ask_blocks (g, work, question, group, 0, g->n_blocks, total);
  } else {
    const CpuTotal *chunks = totals (work->run) + group * g->n_chunks;

    *total = chunks[0];
    for (gsize i = 1; i < g->n_chunks; i++)
      add_total (question, columns, total, &chunks[i]);
  }
  end_total (g, question, total);
}

/* --- tasks ----------------------------------------------------------------- */

typedef struct {
  const CpuGroups *groups;
  const CpuWork *work;
  CpuGroupFunc func;
} GroupWork;

static void
run_task (gpointer data, guint task, guint worker)
{
  const GroupWork *w = data;
  const CpuGroups *g = w->groups;
  const gsize first = task * g->groups_per_task;

  for (gsize i = first; i < MIN (first + g->groups_per_task, g->n_groups); i++)
    w->func (w->work, i, worker);
}

void
cpu_groups_run (const CpuGroups *g, const CpuWork *work, CpuGroupFunc func)
{
  GroupWork data = { g, work, func };

  cpu_pool_run (work->run->model->threads,
      (g->n_groups + g->groups_per_task - 1) / g->groups_per_task, run_task,
      &data);
}
