/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

/* Rows of this many numbers at most are worked on in columns, so many at a time. */
#define FEW 16
#define ROWS 256

/* @outer times @n numbers, @inner apart; if these lie side by side, @rows of them
 * are one part. */
typedef struct {
  gsize outer, n, inner;
  gsize rows;
  gboolean last;
  gboolean wants_log;
} Axis;

static gboolean
axis_of (const IrNode *node, Axis *axis)
{
  const IrAxisAttrs *attrs = node->attrs;
  const IrShape *shape = &node->outputs[0].shape;
  guint at;

  if (!ir_shape_axis (shape, attrs->axis, &at, NULL))
    return FALSE;
  axis->outer = ir_shape_size (shape, 0, at);
  axis->n = shape->dim[at];
  axis->inner = ir_shape_size (shape, at + 1, shape->rank);
  return axis->outer && axis->n && axis->inner && axis->outer < G_MAXINT32;
}

static void
soften_strided (const CpuRun *run, gboolean wants_log, const float *in,
    float *to, gsize n, gsize inner, float *scratch)
{
  const IrReduceKernels *k = run->model->reduce;

  if (wants_log)
    k->log_softmax_strided (in, to, n, inner, scratch);
  else
    k->softmax_strided (in, to, n, inner, scratch);
}

/* Few numbers fill no vector: rows of them are turned into columns and back. */
static void
softmax_columns (const CpuRun *run, const Axis *a, const float *in,
    gsize in_pitch, float *to, gsize pitch, gsize rows, float *columns)
{
  const IrLayoutKernels *k = run->model->layout;
  const gsize n = a->n;

  k->transpose (in, in_pitch, rows, n, columns, rows);
  soften_strided (
      run, a->wants_log, columns, columns, n, rows, columns + n * rows);
  k->transpose (columns, rows, n, rows, to, pitch);
}

/* Rows of numbers, or the channels of pixels and what lies behind them. */
static void
softmax_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const IrReduceKernels *k = work->run->model->reduce;
  const Axis *a = work->step->data;
  const gsize first = task * a->rows, rows = MIN (a->rows, a->outer - first);
  const gsize in_pitch = a->last ? cpu_in_pitch (work, 0) : a->n;
  const gsize pitch = a->last ? cpu_out_pitch (work, 0) : a->n;
  const float *in = cpu_in (work, 0) + first * in_pitch;
  float *to = cpu_out (work, 0) + first * pitch;

  if (a->n <= FEW)
    softmax_columns (work->run, a, in, in_pitch, to, pitch, rows,
        cpu_scratch (work->run, worker));
  else
    for (gsize r = 0; r < rows; r++)
      (a->wants_log ? k->log_softmax : k->softmax) (
          in + r * in_pitch, to + r * pitch, a->n);
  for (gsize r = 0; a->last && r < rows; r++)
    for (gsize c = a->n; c < CPU_PITCH (a->n); c++)
      to[r * pitch + c] = 0;
}

static void
softmax_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Axis *a = work->step->data;
  const CpuRun *run = work->run;
  const gsize at = task * a->n * a->inner;
  const float *in = (const float *) run->data[work->step->in[0]] + at;
  float *out = (float *) run->data[work->step->out[0]] + at;

  soften_strided (
      run, a->wants_log, in, out, a->n, a->inner, cpu_scratch (run, worker));
}

static gboolean
run_softmax (const CpuStep *step, CpuRun *run, GError **error)
{
  const Axis *a = step->data;
  CpuWork work = { step, run };

  if (a->rows)
    cpu_pool_run (run->model->threads, (a->outer + a->rows - 1) / a->rows,
        softmax_rows, &work);
  else
    cpu_pool_run (run->model->threads, a->outer, softmax_part, &work);
  return TRUE;
}

static void
choose_rows (const CpuModel *model, Axis *a)
{
  a->rows = a->n > FEW
      ? cpu_split (model, a->outer * a->n * 20, MIN (a->outer, G_MAXINT32))
      : ROWS;
}

static gboolean
is_over_pixels (const CpuModel *model, const IrNode *node)
{
  const IrShape *shape = &node->outputs[0].shape;
  const IrAxisAttrs *attrs = node->attrs;
  guint at;

  return cpu_port_layout (model, node->inputs[0]) == CPU_LAST &&
      ir_shape_axis (shape, attrs->axis, &at, NULL) && at == 1;
}

gboolean
cpu_lower_softmax (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  CpuLayout layout;
  CpuStep *step;
  Axis a = { 0 };

  if (!cpu_port_is_f32 (node->inputs[0]) || !axis_of (node, &a))
    return FALSE;
  a.wants_log = ir_node_is (node, "LogSoftmax");
  a.last = is_over_pixels (model, node);
  layout = a.last ? CPU_LAST : CPU_PLAIN;
  if (a.last) {
    a.outer *= a.inner;
    a.inner = 1;
  }
  if (a.inner == 1)
    choose_rows (model, &a);
  step = cpu_add_step (model, node, layout, layout, node->inputs, 1);
  step->kernel = model->reduce->name;
  step->run = run_softmax;
  step->over_input = TRUE;
  step->data = g_memdup2 (&a, sizeof a);
  step->free_data = g_free;
  if (a.inner > 1)
    step->scratch = 2 * a.inner * sizeof (float);
  else if (a.n <= FEW)
    step->scratch = (a.n + 2) * a.rows * sizeof (float);
  return TRUE;
}
