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
find_factors (const CpuWork *work, gsize group, Factors *factors)
{
  const Norm *norm = work->step->data;
  const CpuGroups *g = &norm->groups;
  const gsize columns = cpu_groups_columns (g, group);
  CpuTotal total;

  cpu_groups_find (g, &norm->question, work, group, &total);
  for (gsize c = 0; c < columns; c++) {
    const gsize from = g->row_is_kept ? c : 0;

    factors->mean[c] = norm->question.moments ? total.value[from] : 0;
    factors->scale[c] =
        find_scale (norm, total.n, total.value[from], total.squares[from]);
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
normalize_group (const CpuWork *work, gsize group, guint worker)
{
  const Norm *norm = work->step->data;
  Factors factors;

  find_factors (work, group, &factors);
  apply (work, &factors, group, 0, norm->groups.n_blocks);
}

/* Groups of several chunks: first what is known of each, then, of all of them, what
 * becomes of each. */
static void
normalize_chunk (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const CpuGroups *g = &((const Norm *) work->step->data)->groups;
  const gsize group = task / g->n_chunks;
  const gsize first = task % g->n_chunks * g->blocks_per_chunk;
  Factors factors;

  find_factors (work, group, &factors);
  apply (work, &factors, group, first,
      MIN (first + g->blocks_per_chunk, g->n_blocks));
}

static gboolean
run_norm (const CpuStep *step, CpuRun *run, GError **error)
{
  const Norm *norm = step->data;
  const CpuGroups *g = &norm->groups;
  CpuWork work = { step, run };

  cpu_groups_prepare (g, &norm->question, &work);
  if (g->n_chunks == 1)
    cpu_groups_run (g, &work, normalize_group);
  else
    cpu_pool_run (
        run->model->threads, g->n_groups * g->n_chunks, normalize_chunk, &work);
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
  Norm norm = { 0 };
  CpuLayout layout;
  CpuStep *step;
  guint mask;

  if (!cpu_groups_can (node) || !find_rule (model, node, &norm, &mask))
    return FALSE;
  layout = cpu_port_layout (model, node->inputs[0]);
  step = cpu_add_step (model, node, layout, layout, node->inputs, 1);
  cpu_groups_init (&norm.groups, model, step, mask, 8);
  step->scratch = cpu_groups_scratch (&norm.groups);
  step->kernel = model->reduce->name;
  step->run = run_norm;
  step->over_input = TRUE;
  step->data = g_memdup2 (&norm, sizeof norm);
  step->free_data = g_free;
  return TRUE;
}
