/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

/* @outer times @n numbers, @inner apart; or @outer pixels of @n
 * channels, @pixels of which are one part. */
typedef struct {
  gsize outer, n, inner;
  gsize pixels;
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

/* A pixel's channels, and what lies behind them. */
static void
softmax_pixels (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Axis *a = work->step->data;
  const gsize end = MIN ((task + 1) * a->pixels, a->outer);
  const gsize in_pitch = cpu_in_pitch (work, 0);
  const gsize out_pitch = cpu_out_pitch (work, 0);

  for (gsize p = task * a->pixels; p < end; p++) {
    float *to = cpu_out (work, 0) + p * out_pitch;

    work->run->model->reduce->softmax (
        cpu_in (work, 0) + p * in_pitch, to, a->n);
    for (gsize c = a->n; c < CPU_PITCH (a->n); c++)
      to[c] = 0;
  }
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

  if (a->inner == 1)
    run->model->reduce->softmax (in, out, a->n);
  else
    run->model->reduce->softmax_strided (
        in, out, a->n, a->inner, cpu_scratch (run, worker));
}

static gboolean
run_softmax (const CpuStep *step, CpuRun *run, GError **error)
{
  const Axis *a = step->data;
  CpuWork work = { step, run };

  if (a->pixels)
    cpu_pool_run (run->model->threads, (a->outer + a->pixels - 1) / a->pixels,
        softmax_pixels, &work);
  else
    cpu_pool_run (run->model->threads, a->outer, softmax_part, &work);
  return TRUE;
}

/* Over the channels of pixels. */
static gboolean
add_softmax_pixels (CpuModel *model, const IrNode *node)
{
  const IrShape *shape = &node->outputs[0].shape;
  const IrAxisAttrs *attrs = node->attrs;
  CpuStep *step;
  Axis a = { 0 };
  guint at;

  if (cpu_port_layout (model, node->inputs[0]) != CPU_LAST ||
      !ir_shape_axis (shape, attrs->axis, &at, NULL) || at != 1)
    return FALSE;
  a.n = shape->dim[1];
  a.outer = ir_shape_size (shape, 2, 4) * shape->dim[0];
  a.pixels = cpu_split (model, a.outer * a.n * 20, MIN (a.outer, G_MAXINT32));
  step = cpu_add_step (model, node, CPU_LAST, CPU_LAST, node->inputs, 1);
  step->kernel = model->reduce->name;
  step->run = run_softmax;
  step->data = g_memdup2 (&a, sizeof a);
  step->free_data = g_free;
  return TRUE;
}

gboolean
cpu_lower_softmax (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  CpuStep *step;
  Axis a = { 0 };

  if (!cpu_port_is_f32 (node->inputs[0]))
    return FALSE;
  if (add_softmax_pixels (model, node))
    return TRUE;
  if (!axis_of (node, &a))
    return FALSE;
  step = cpu_add_step (
      model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, node->n_inputs);
  step->kernel = model->reduce->name;
  step->run = run_softmax;
  step->data = g_memdup2 (&a, sizeof a);
  step->free_data = g_free;
  step->scratch = a.inner > 1 ? 2 * a.inner * sizeof (float) : 0;
  return TRUE;
}
