/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* MVN, NormalizeL2 and GRN: numbers less what their group has in common, divided by
 * how large the rest is. */
#include "groups.h"

#include <math.h>

typedef enum {
  DEVIATION,
  /* With eps behind the square root. */
  DEVIATION_OUTSIDE,
  /* The mean goes, nothing else. */
  MEAN,
  LENGTH,
  /* Of eps at least. */
  LENGTH_MAX,
} Rule;

typedef struct {
  Rule rule;
  double eps;
  CpuQuestion question;
  CpuGroups groups;
  /* Of one task, if a group is one chunk. */
  gsize groups_per_task;
} Norm;

typedef struct {
  float mean[CPU_COLUMNS], scale[CPU_COLUMNS];
} Factors;

static double
find_scale (const Norm *norm, double n, double value, double squares)
{
  switch (norm->rule) {
    case DEVIATION:
      return 1 / sqrt (squares / n + norm->eps);
    case DEVIATION_OUTSIDE:
      return 1 / (sqrt (squares / n) + norm->eps);
    case LENGTH:
      return 1 / sqrt (value + norm->eps);
    case LENGTH_MAX:
      return 1 / sqrt (fmax (value, norm->eps));
    default:
      return 1;
  }
}

/* One mean and scale for each column of the blocks, or for all. */
static void
find_factors (const Norm *norm, gsize group, CpuTotal *total, Factors *factors)
{
  const CpuGroups *g = &norm->groups;
  const gsize columns = cpu_groups_columns (g, group);

  cpu_groups_end (g, &norm->question, total);
  for (gsize c = 0; c < columns; c++) {
    const gsize from = g->row_is_kept ? c : 0;

    factors->mean[c] = norm->question.moments ? total->value[from] : 0;
    factors->scale[c] =
        find_scale (norm, total->n, total->value[from], total->squares[from]);
  }
}

static void
apply (const CpuWork *work, const Factors *factors, gsize group, gsize first,
    gsize end)
{
  const Norm *norm = work->step->data;
  const IrReduceKernels *k = work->run->model->reduce;

  for (gsize i = first; i < end; i++) {
    const CpuBlock b = cpu_groups_block (&norm->groups, group, i);
    const float *x = cpu_in (work, 0) + b.in;
    float *to = cpu_out (work, 0) + b.out;

    if (norm->groups.by_columns)
      k->normalize_columns (x, b.in_pitch, to, b.out_pitch, b.rows, b.columns,
          factors->mean, factors->scale);
    else
      k->normalize_row (x, to, b.columns, factors->mean[0], factors->scale[0]);
    for (gsize r = 0; b.gap && r < b.rows; r++)
      for (gsize c = 0; c < b.gap; c++)
        to[r * b.out_pitch + b.columns + c] = 0;
  }
}

static void
normalize_groups (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Norm *norm = work->step->data;
  const CpuGroups *g = &norm->groups;
  const gsize first = task * norm->groups_per_task;
  const gsize end = MIN (first + norm->groups_per_task, g->n_groups);
  Factors factors;
  CpuTotal total;

  for (gsize group = first; group < end; group++) {
    cpu_groups_ask (g, work, &norm->question, group, 0, g->n_blocks, &total);
    find_factors (norm, group, &total, &factors);
    apply (work, &factors, group, 0, g->n_blocks);
  }
}

/* Groups of several chunks: first what is known of each, then, of all of them, what
 * becomes of each. */
static void
normalize_chunk (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Norm *norm = work->step->data;
  const CpuGroups *g = &norm->groups;
  const gsize group = task / g->n_chunks;
  const gsize first = task % g->n_chunks * g->blocks_per_chunk;
  Factors factors;
  CpuTotal total;

  cpu_groups_total (g, &norm->question, work->run, group, &total);
  find_factors (norm, group, &total, &factors);
  apply (work, &factors, group, first,
      MIN (first + g->blocks_per_chunk, g->n_blocks));
}

static gboolean
run_norm (const CpuStep *step, CpuRun *run, GError **error)
{
  const Norm *norm = step->data;
  const CpuGroups *g = &norm->groups;
  const guint threads = run->model->threads;
  CpuWork work = { step, run };

  if (g->n_chunks == 1) {
    cpu_pool_run (threads,
        (g->n_groups + norm->groups_per_task - 1) / norm->groups_per_task,
        normalize_groups, &work);
  } else {
    cpu_groups_ask_chunks (g, &norm->question, &work);
    cpu_pool_run (threads, g->n_groups * g->n_chunks, normalize_chunk, &work);
  }
  return TRUE;
}

/* --- building -------------------------------------------------------------- */

static gboolean
mvn_rule (const CpuModel *model, const IrNode *node, Norm *norm, guint *mask)
{
  const IrMvnAttrs *attrs = node->attrs;

  norm->rule = !attrs->normalize_variance ? MEAN
      : attrs->eps_mode == 0              ? DEVIATION
                                          : DEVIATION_OUTSIDE;
  norm->eps = attrs->eps;
  norm->question.moments = TRUE;
  if (node->n_inputs == 1)
    return ir_mvn_axes (attrs, &ir_node_input (node, 0)->shape, mask, NULL);
  return cpu_axes_mask (model, node, 1, mask);
}

static gboolean
find_rule (const CpuModel *model, const IrNode *node, Norm *norm, guint *mask)
{
  const IrNormalizeAttrs *attrs = node->attrs;

  if (ir_node_is (node, "MVN"))
    return mvn_rule (model, node, norm, mask);
  norm->question.fold = IR_FOLD_SQUARES;
  if (ir_node_is (node, "GRN")) {
    *mask = 1u << 1;
    norm->rule = LENGTH;
    norm->eps = ((const IrGrnAttrs *) node->attrs)->bias;
    return TRUE;
  }
  norm->rule = attrs->eps_mode == 0 ? LENGTH : LENGTH_MAX;
  norm->eps = attrs->eps;
  return cpu_axes_mask (model, node, 1, mask);
}

gboolean
cpu_lower_norm (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const gsize elements =
      ir_shape_size (&node->outputs[0].shape, 0, node->outputs[0].shape.rank);
  Norm norm = { 0 };
  CpuLayout layout;
  CpuStep *step;
  guint mask;

  if (!cpu_port_is_f32 (node->inputs[0]) || elements == 0 ||
      elements > G_MAXINT32 || !find_rule (model, node, &norm, &mask))
    return FALSE;
  layout = cpu_port_layout (model, node->inputs[0]);
  step = cpu_add_step (model, node, layout, layout, node->inputs, 1);
  cpu_groups_init (&norm.groups, model, step, mask);
  norm.groups_per_task =
      cpu_split (model, 8 * (guint64) elements, norm.groups.n_groups);
  step->scratch = cpu_groups_scratch (&norm.groups);
  step->kernel = model->reduce->name;
  step->run = run_norm;
  step->over_input = TRUE;
  step->data = g_memdup2 (&norm, sizeof norm);
  step->free_data = g_free;
  return TRUE;
}
