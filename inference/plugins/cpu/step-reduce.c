/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sums, products, largest and smallest numbers over any axes. */
#include "groups.h"

#include <math.h>

typedef enum {
  PLAIN,
  MEAN,
  ROOT,
} Put;

typedef struct {
  const char *type;
  IrFold fold;
  Put put;
} ReduceRow;

static const ReduceRow reduce_rows[] = {
  { "ReduceSum", IR_FOLD_SUM, PLAIN },
  { "ReduceMean", IR_FOLD_SUM, MEAN },
  { "ReduceL1", IR_FOLD_ABS, PLAIN },
  { "ReduceL2", IR_FOLD_SQUARES, ROOT },
  { "ReduceProd", IR_FOLD_PROD, PLAIN },
  { "ReduceMax", IR_FOLD_MAX, PLAIN },
  { "ReduceMin", IR_FOLD_MIN, PLAIN },
};

typedef struct {
  Put put;
  CpuQuestion question;
  CpuGroups groups;
} Reduce;

static float
put (Put how, double value, gsize n)
{
  return how == MEAN ? value / n : how == ROOT ? sqrt (value) : value;
}

static void
reduce_group (const CpuWork *work, gsize group, guint worker)
{
  const Reduce *r = work->step->data;
  const CpuGroups *g = &r->groups;
  const CpuBlock b = cpu_groups_block (g, group, 0);
  const gsize columns = g->row_is_kept ? b.columns : 1;
  float *to = cpu_out (work, 0) + b.out;
  CpuTotal total;

  cpu_groups_find (g, &r->question, work, group, &total);
  for (gsize c = 0; c < columns; c++)
    to[c] = put (r->put, total.value[c], total.n);
  for (gsize c = 0; c < b.gap; c++)
    to[columns + c] = 0;
}

static gboolean
run_reduce (const CpuStep *step, CpuRun *run, GError **error)
{
  const Reduce *r = step->data;
  const CpuWork work = { step, run };

  cpu_groups_prepare (&r->groups, &r->question, &work);
  cpu_groups_run (&r->groups, &work, reduce_group);
  return TRUE;
}

/* --- building -------------------------------------------------------------- */

/* Where channels are innermost and stay, the output has to have them innermost,
 * too; where they go, nothing is left that would be. */
static void
choose_layouts (const CpuModel *model, const IrNode *node, guint mask,
    CpuLayout *in, CpuLayout *out)
{
  const IrReduceAttrs *attrs = node->attrs;
  const gboolean channels_stay = !(mask & 1u << 1);
  const guint picture = 1u << 2 | 1u << 3;

  *in = cpu_port_layout (model, node->inputs[0]);
  *out = CPU_PLAIN;
  if (*in != CPU_LAST || !channels_stay)
    return;
  if (attrs->keep_dims)
    *out = CPU_LAST;
  else if ((mask & picture) != picture)
    *in = CPU_PLAIN;
}

static const ReduceRow *
find_reduce_row (const IrNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (reduce_rows); i++)
    if (ir_node_is (node, reduce_rows[i].type))
      return &reduce_rows[i];
  return NULL;
}

gboolean
cpu_lower_fold (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const ReduceRow *row = find_reduce_row (node);
  CpuLayout in, out;
  CpuStep *step;
  Reduce r = { 0 };
  guint mask;

  if (!row || !cpu_groups_can (node) || !cpu_axes_mask (model, node, 1, &mask))
    return FALSE;
  choose_layouts (model, node, mask, &in, &out);
  step = cpu_add_step (model, node, in, out, node->inputs, 1);
  r.put = row->put;
  r.question.fold = row->fold;
  cpu_groups_init (&r.groups, model, step, mask, 4);
  step->scratch = cpu_groups_scratch (&r.groups);
  step->kernel = model->reduce->name;
  step->run = run_reduce;
  step->data = g_memdup2 (&r, sizeof r);
  step->free_data = g_free;
  return TRUE;
}
