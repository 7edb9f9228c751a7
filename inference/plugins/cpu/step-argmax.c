/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* TopK that keeps few elements. Columns side by side are searched together; those that
 * lie one behind the other are turned first, some at a time, if one is kept: for more,
 * going through each by itself is as fast. */
#include "cpu.h"

#include <string.h>

/* Columns of a block. */
#define BLOCK 1024
#define COLUMNS 64
#define TURNED 64
/* Longer columns are not turned, nor are few of them. */
#define MAX_TURNED 4096

typedef struct {
  gboolean min, turned, last;
  gsize outer, n, inner, k;
  /* Columns of a block, blocks of each of @outer. */
  gsize width, blocks;
  guint split;
} Argmax;

static void
store (const CpuWork *work, gsize to, gsize count, const int32_t *index)
{
  const guint slot = work->step->out[1];
  gint64 *wide = (gint64 *) work->run->data[slot] + to;

  if (cpu_slot (work->run->model, slot)->dtype == IR_DTYPE_I32)
    memcpy (
        (int32_t *) work->run->data[slot] + to, index, count * sizeof *index);
  else
    for (gsize i = 0; i < count; i++)
      wide[i] = index[i];
}

/* The same of more than one element; indices by lines of a block. */
static void
find_top (
    const CpuWork *work, const float *in, gsize count, gsize to, int32_t *index)
{
  const Argmax *a = work->step->data;
  const IrArgmaxKernels *k = work->run->model->argmax;
  float *value = (float *) (index + a->width * a->k);

  (a->min ? k->top_smallest : k->top_largest) (
      in, a->n, a->inner, count, a->k, value, index, a->width);
  for (gsize i = 0; i < a->k; i++)
    memcpy (cpu_out (work, 0) + to + i * a->inner, value + i * a->width,
        count * sizeof *value);
}

static void
search_block (const CpuWork *work, gsize block, guint worker)
{
  const Argmax *a = work->step->data;
  const CpuModel *model = work->run->model;
  const gsize outer = block / a->blocks, first = block % a->blocks * a->width;
  const gsize count = MIN (a->width, a->inner - first);
  const gsize to = outer * a->k * a->inner + first;
  int32_t *index = cpu_scratch (work->run, worker);
  float *columns = (float *) (index + a->width * a->k);
  const float *in = cpu_in (work, 0) + outer * a->n * a->inner + first;
  gsize step = a->inner;

  if (a->turned) {
    const gsize pitch = a->last ? cpu_in_pitch (work, 0) : a->n;

    model->layout->transpose (
        cpu_in (work, 0) + to * pitch, pitch, count, a->n, columns, a->width);
    in = columns;
    step = a->width;
  }
  if (a->k == 1)
    (a->min ? model->argmax->smallest : model->argmax->largest) (
        in, a->n, step, count, cpu_out (work, 0) + to, index);
  else
    find_top (work, in, count, to, index);
  for (gsize i = 0; i < a->k; i++)
    store (work, to + i * a->inner, count, index + i * a->width);
}

static void
search_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Argmax *a = work->step->data;
  const gsize first = (gsize) task * a->split;

  for (gsize i = first; i < MIN (first + a->split, a->outer * a->blocks); i++)
    search_block (work, i, worker);
}

static gboolean
run_argmax (const CpuStep *step, CpuRun *run, GError **error)
{
  const Argmax *a = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads,
      (a->outer * a->blocks + a->split - 1) / a->split, search_part, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static gboolean
describe (const CpuModel *model, const IrNode *node, Argmax *a)
{
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrTopKAttrs *attrs = node->attrs;
  gsize n_blocks;
  guint axis;

  if (!ir_shape_axis (in, attrs->axis, &axis, NULL) ||
      in->dim[axis] > G_MAXINT32)
    return FALSE;
  a->k = node->outputs[0].shape.dim[axis];
  if (a->k == 0 || a->k > IR_ARGMAX_MOST ||
      (a->k > 1 && attrs->sort == IR_TOPK_SORT_INDEX))
    return FALSE;
  a->min = attrs->mode == IR_TOPK_MIN;
  a->outer = ir_shape_size (in, 0, axis);
  a->n = in->dim[axis];
  a->inner = ir_shape_size (in, axis + 1, in->rank);
  a->last = a->k == 1 && axis == 1 &&
      cpu_port_layout (model, node->inputs[0]) == CPU_LAST;
  a->turned = a->last || (a->k == 1 && a->inner == 1);
  if (a->turned) {
    a->inner *= a->outer;
    a->outer = 1;
  }
  a->width = a->turned ? TURNED : a->k > 1 ? COLUMNS : BLOCK;
  a->blocks = (a->inner + a->width - 1) / a->width;
  n_blocks = a->outer * a->blocks;
  if (a->inner < TURNED / 4 || n_blocks == 0 || n_blocks > G_MAXINT32 ||
      (a->turned && a->n > MAX_TURNED))
    return FALSE;
  a->split =
      cpu_split (model, (guint64) a->outer * a->n * a->inner * a->k, n_blocks);
  return TRUE;
}

gboolean
cpu_lower_argmax (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  Argmax a = { 0 };
  CpuStep *step;

  if (!cpu_port_is_f32 (node->inputs[0]) || !describe (model, node, &a))
    return FALSE;
  step = cpu_add_step (
      model, node, a.last ? CPU_LAST : CPU_PLAIN, CPU_PLAIN, node->inputs, 1);
  step->kernel = model->argmax->name;
  step->run = run_argmax;
  step->data = g_memdup2 (&a, sizeof a);
  step->free_data = g_free;
  step->scratch = a.width * a.k * (sizeof (int32_t) + sizeof (float));
  if (a.turned)
    step->scratch += a.width * a.n * sizeof (float);
  return TRUE;
}
