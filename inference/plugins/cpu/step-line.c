/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* LRN and CumSum: lines along one axis, of which each element gets what is around it
 * or before it. */
#include "groups.h"

#include <string.h>

typedef struct {
  CpuGroups groups;
  CpuGroupFunc line;
  /* Of LRN: elements before and behind; the power. */
  gsize half;
  float alpha, beta, bias;
  IrCumSumAttrs sums;
} Line;

/* --- LRN ------------------------------------------------------------------- */

static const float no_means[CPU_COLUMNS];

static void
damp (const CpuWork *work, const float *x, const float *squares, float *to,
    gsize n)
{
  const Line *line = work->step->data;

  work->run->model->reduce->damp (
      x, squares, to, n, line->alpha, line->beta, line->bias);
}

static void
clear_gap (float *to, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] = 0;
}

/* Rows of columns: the window is rows. */
static void
damp_columns (const CpuWork *work, gsize group)
{
  const Line *line = work->step->data;
  const CpuGroups *g = &line->groups;
  const CpuBlock b = cpu_groups_block (g, group, 0);
  const gsize n = g->n_joined ? g->joined[0].size : 1;
  const float *x = cpu_in (work, 0) + b.in;
  float *to = cpu_out (work, 0) + b.out;
  float squares[CPU_COLUMNS];

  for (gsize i = 0; i < n; i++) {
    const gsize first = i > line->half ? i - line->half : 0;
    const gsize end = n - i > line->half ? i + line->half + 1 : n;

    work->run->model->reduce->fold_columns (IR_FOLD_SQUARES,
        x + first * b.in_pitch, b.in_pitch, end - first, b.columns, no_means,
        squares);
    damp (work, x + i * b.in_pitch, squares, to + i * b.out_pitch, b.columns);
    clear_gap (to + i * b.out_pitch + b.columns, b.gap);
  }
}

/* A row between zeros: the window is as many rows that begin an element later each. */
static void
damp_row (const CpuWork *work, gsize group, float *padded)
{
  const Line *line = work->step->data;
  const CpuGroups *g = &line->groups;
  const CpuBlock b = cpu_groups_block (g, group, 0);
  const float *x = cpu_in (work, 0) + b.in;
  float *to = cpu_out (work, 0) + b.out;
  float squares[CPU_COLUMNS];

  memset (padded, 0, (g->row + 2 * line->half) * sizeof *padded);
  memcpy (padded + line->half, x, g->row * sizeof *padded);
  for (gsize i = 0; i < g->row; i += CPU_COLUMNS) {
    const gsize n = MIN (g->row - i, CPU_COLUMNS);

    work->run->model->reduce->fold_columns (IR_FOLD_SQUARES, padded + i, 1,
        2 * line->half + 1, n, no_means, squares);
    damp (work, padded + line->half + i, squares, to + i, n);
  }
  clear_gap (to + g->row, g->gap);
}

static void
damp_line (const CpuWork *work, gsize group, guint worker)
{
  const Line *line = work->step->data;

  if (line->groups.by_columns)
    damp_columns (work, group);
  else
    damp_row (work, group, cpu_scratch (work->run, worker));
}

/* --- CumSum ---------------------------------------------------------------- */

/* Its rows, from the last one on if sums go that way; those of a row are elements. */
static void
scan_block (const CpuWork *work, const CpuBlock *b, double *carry)
{
  const Line *line = work->step->data;
  const gboolean by_columns = line->groups.by_columns;
  const gsize rows = by_columns ? b->rows : b->columns;
  const gsize columns = by_columns ? b->columns : 1;
  const gssize pitch = by_columns ? b->in_pitch : 1;
  const gssize to_pitch = by_columns ? b->out_pitch : 1;
  const gssize from = line->sums.reverse ? rows - 1 : 0;
  const gssize way = line->sums.reverse ? -1 : 1;

  work->run->model->reduce->scan_columns (
      cpu_in (work, 0) + b->in + from * pitch, way * pitch,
      cpu_out (work, 0) + b->out + from * to_pitch, way * to_pitch, rows,
      columns, carry, line->sums.exclusive);
}

static void
scan_line (const CpuWork *work, gsize group, guint worker)
{
  const Line *line = work->step->data;
  const CpuGroups *g = &line->groups;
  double carry[CPU_COLUMNS] = { 0 };

  for (gsize i = 0; i < g->n_blocks; i++) {
    const CpuBlock b = cpu_groups_block (
        g, group, line->sums.reverse ? g->n_blocks - 1 - i : i);
    float *to = cpu_out (work, 0) + b.out + b.columns;

    scan_block (work, &b, carry);
    for (gsize r = 0; r < b.rows; r++, to += b.out_pitch)
      clear_gap (to, b.gap);
  }
}

/* --------------------------------------------------------------------------- */

static gboolean
run_lines (const CpuStep *step, CpuRun *run, GError **error)
{
  const Line *line = step->data;
  const CpuWork work = { step, run };

  cpu_groups_run (&line->groups, &work, line->line);
  return TRUE;
}

static gboolean
find_line (const IrNode *node, Line *line)
{
  const IrLrnAttrs *lrn = node->attrs;

  if (ir_node_is (node, "CumSum")) {
    line->sums = *(const IrCumSumAttrs *) node->attrs;
    line->line = scan_line;
    return TRUE;
  }
  line->half = (lrn->size - 1) / 2;
  line->alpha = lrn->alpha / lrn->size;
  line->beta = lrn->beta;
  line->bias = lrn->bias;
  line->line = damp_line;
  return lrn->size <= CPU_COLUMNS;
}

gboolean
cpu_lower_line (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  Line line = { 0 };
  CpuLayout layout;
  CpuStep *step;
  guint mask;

  if (!cpu_groups_can (node) || !cpu_axes_mask (model, node, 1, &mask) ||
      mask == 0 || (mask & (mask - 1)) || !find_line (node, &line))
    return FALSE;
  layout = cpu_port_layout (model, node->inputs[0]);
  step = cpu_add_step (model, node, layout, layout, node->inputs, 1);
  cpu_groups_init (&line.groups, model, step, mask, 40);
  step->scratch = (line.groups.row + 2 * line.half) * sizeof (float);
  step->kernel = model->reduce->name;
  step->run = run_lines;
  step->data = g_memdup2 (&line, sizeof line);
  step->free_data = g_free;
  return TRUE;
}
