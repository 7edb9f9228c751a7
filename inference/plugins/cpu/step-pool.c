/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pooling, channels innermost, row by row. */
#include "cpu.h"

#define MAX_KERNEL 256

typedef struct {
  IrWindow window;
  guint batch;
  /* Channels, filled up. */
  gsize channels;
  gboolean average;
  /* Of all windows, or 0 if each is divided by what it has. */
  guint elements;
  guint rows;
} Pool;

/* How many elements of a window from @start lie in [0, @size). */
static int
count_inside (int start, int length, int size)
{
  return MAX (MIN (start + length, size) - MAX (start, 0), 0);
}

/* What each sum of row @y is divided by; 1 where there is nothing to add. */
static void
count_row (const Pool *p, int y, float *counts)
{
  const IrWindow *w = &p->window;
  const int rows =
      count_inside (y * w->stride_h - w->pad_h, w->kernel_h, w->in_h);

  for (int x = 0; x < w->out_w; x++) {
    const int columns =
        count_inside (x * w->stride_w - w->pad_w, w->kernel_w, w->in_w);

    counts[x] = p->elements ? p->elements : MAX (rows * columns, 1);
  }
}

/* What rows of all types have. */
#define WINDOW(p)                                                              \
  .channels = (p)->channels, .in_w = (p)->window.in_w,                         \
  .out_w = (p)->window.out_w, .kernel_h = (p)->window.kernel_h,                \
  .kernel_w = (p)->window.kernel_w, .stride = (p)->window.stride_w,            \
  .dilation = (p)->window.dilation_w, .pad = (p)->window.pad_w

static void
make_row_f32 (const Pool *p, const CpuWork *work, gconstpointer *lines,
    const float *counts, float *to, gsize pitch)
{
  const IrPoolKernels *k = work->run->model->pool;
  const IrPoolRow row = { WINDOW (p), .rows = (const float *const *) lines,
    .in_pitch = cpu_in_pitch (work, 0), .counts = counts, .to = to,
    .out_pitch = pitch };

  (p->average ? k->average_row : k->max_row) (&row);
}

/* To one of @to and @to_f32. */
static void
make_row_bf16 (const Pool *p, const CpuWork *work, gconstpointer *lines,
    const float *counts, guint16 *to, float *to_f32, gsize pitch)
{
  const IrBpoolKernels *k = work->run->model->bpool;
  const IrBpoolRow row = { WINDOW (p), .rows = (const guint16 *const *) lines,
    .in_pitch = cpu_in_pitch (work, 0), .counts = counts, .to = to,
    .to_f32 = to_f32, .out_pitch = pitch };

  (p->average ? k->average_row : k->max_row) (&row);
}

/* To @to, or as numbers to @to_f32. */
static void
make_row_levels (const Pool *p, const CpuWork *work, gconstpointer *lines,
    guint8 *to, float *to_f32, gsize pitch)
{
  const CpuModel *model = work->run->model;
  const CpuSlot *in = cpu_slot (model, work->step->in[0]);
  const gsize width = to_f32 ? p->channels : pitch;
  const IrQpoolRow row = { WINDOW (p), .rows = (const guint8 *const *) lines,
    .in_pitch = in->pitch, .to = to, .out_pitch = width };
  const IrQgemmPixels pixels = { p->window.out_w, p->channels, width, pitch };

  model->qpool->max_row (&row);
  if (to_f32)
    model->qgemm->dequantize (&in->levels, &pixels, to, to_f32);
}

static void
make_row (const Pool *p, const CpuWork *work, guint y, guint worker)
{
  const IrWindow *w = &p->window;
  const guint slot = work->step->out[0];
  const CpuSlot *out = cpu_slot (work->run->model, slot);
  /* Without height and width pixels follow each other. */
  const gsize pitch = out->layout == CPU_LAST ? out->pitch : p->channels;
  const gsize first = (gsize) y * w->out_w;
  float *counts = cpu_scratch (work->run, worker);
  float *buffer = counts + w->out_w;
  gconstpointer lines[MAX_KERNEL];

  cpu_find_lines (work, &p->window, y, lines);
  if (p->average)
    count_row (p, y % w->out_h, counts);
  if (cpu_is_levels (work, work->step->in[0])) {
    const gboolean levels = cpu_is_levels (work, slot);

    make_row_levels (p, work, lines,
        levels ? (guint8 *) work->run->data[slot] + first * pitch
               : (guint8 *) buffer,
        levels ? NULL : cpu_out (work, 0) + first * pitch, pitch);
  } else if (cpu_is_bf16 (work, work->step->in[0])) {
    const gboolean bf16 = cpu_is_bf16 (work, slot);

    make_row_bf16 (p, work, lines, counts,
        bf16 ? (guint16 *) work->run->data[slot] + first * pitch : NULL,
        bf16 ? NULL : cpu_out (work, 0) + first * pitch, pitch);
  } else if (cpu_is_bf16 (work, slot) || cpu_is_levels (work, slot)) {
    make_row_f32 (p, work, lines, counts, buffer, p->channels);
    cpu_end_pixels (work, first, p->channels, w->out_w, buffer);
  } else {
    make_row_f32 (
        p, work, lines, counts, cpu_out (work, 0) + first * pitch, pitch);
  }
}

static void
pool_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Pool *p = work->step->data;
  const guint end = MIN ((task + 1) * p->rows, p->batch * p->window.out_h);

  for (guint y = task * p->rows; y < end; y++)
    make_row (p, work, y, worker);
}

static gboolean
run_pool (const CpuStep *step, CpuRun *run, GError **error)
{
  const Pool *p = step->data;
  const guint rows = p->batch * p->window.out_h;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, (rows + p->rows - 1) / p->rows, pool_rows, &work);
  return TRUE;
}

static gboolean
pool_shape (const IrNode *node, Pool *p)
{
  const IrPoolAttrs *attrs = node->attrs;
  const IrShape *in = &ir_node_input (node, 0)->shape;
  IrConvGeometry g;

  p->average = ir_node_is (node, "AvgPool");
  if (!cpu_port_can_be_last (node->inputs[0]) ||
      !cpu_port_can_be_last (ir_port ((IrNode *) node, 0)) ||
      (node->n_outputs > 1 && node->outputs[1].uses &&
          node->outputs[1].uses->len) ||
      !ir_pool_geometry (attrs, 2, in->dim + 2, &g, NULL) ||
      !cpu_window (&g, &p->window) || p->window.kernel_h > MAX_KERNEL ||
      in->dim[0] > 65536)
    return FALSE;
  for (guint d = 0; d < 2; d++)
    if (g.pad_end[d] < 0 || (p->average && g.dilation[d] != 1))
      return FALSE;
  p->batch = in->dim[0];
  p->channels = CPU_PITCH (in->dim[1]);
  if (p->average && ir_pool_counts_pads (attrs, &g))
    p->elements = p->window.kernel_h * p->window.kernel_w;
  return TRUE;
}

static void
add_pool (CpuModel *model, const IrNode *node, CpuLayout out, Pool *p)
{
  const IrWindow *w = &p->window;
  CpuStep *step;

  p->rows = cpu_split (model,
      (guint64) p->batch * w->out_h * w->out_w * p->channels * w->kernel_h *
          w->kernel_w,
      p->batch * w->out_h);
  step = cpu_add_step (model, node, CPU_LAST, out, node->inputs, 1);
  /* Nobody reads where the largest were, and nothing writes it. */
  for (guint i = 1; i < step->n_out; i++)
    cpu_slot (model, step->out[i])->bytes = 0;
  step->kernel = model->pool->name;
  step->run = run_pool;
  step->data = g_memdup2 (p, sizeof *p);
  step->free_data = g_free;
  step->takes_bf16 = step->gives_bf16 = TRUE;
  step->takes_levels = step->gives_levels =
      cpu_slot (model, step->out[0])->levels.step != 0;
  step->scratch = w->out_w * sizeof (float);
  if (model->bgemm || step->takes_levels)
    step->scratch += w->out_w * p->channels * sizeof (float);
}

gboolean
cpu_lower_pool (CpuModel *model, const CpuFusion *fusion)
{
  Pool p = { 0 };

  if (!pool_shape (fusion->head, &p))
    return FALSE;
  add_pool (model, fusion->head, CPU_LAST, &p);
  return TRUE;
}

/* Over height and width, as one window. Without these dimensions the channels of
 * all pixels follow each other, which whole groups of them can. */
static gboolean
reduce_shape (const CpuModel *model, const IrNode *node, Pool *p)
{
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrReduceAttrs *attrs = node->attrs;
  const IrTensor *axes = cpu_port_value (model, node->inputs[1]);
  guint seen = 0, axis;

  if (!axes || !cpu_port_can_be_last (node->inputs[0]) ||
      in->dim[2] > MAX_KERNEL || in->dim[3] > 32768 || in->dim[0] > 65536 ||
      (!attrs->keep_dims && in->dim[1] % IR_POOL_GROUP != 0))
    return FALSE;
  for (guint64 i = 0; i < ir_tensor_count (axes); i++) {
    if (!ir_shape_axis (in, ir_tensor_get_i64 (axes, i), &axis, NULL))
      return FALSE;
    seen |= 1u << axis;
  }
  p->average = ir_node_is (node, "ReduceMean");
  p->window = (IrWindow){ in->dim[2], in->dim[3], 1, 1, in->dim[2], in->dim[3],
    1, 1, 1, 1, 0, 0 };
  p->elements = in->dim[2] * in->dim[3];
  p->batch = in->dim[0];
  p->channels = CPU_PITCH (in->dim[1]);
  return seen == (1 << 2 | 1 << 3);
}

gboolean
cpu_lower_reduce (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  Pool p = { 0 };

  if (!reduce_shape (model, node, &p))
    return cpu_lower_fold (model, fusion);
  add_pool (
      model, node, node->outputs[0].shape.rank == 4 ? CPU_LAST : CPU_PLAIN, &p);
  return TRUE;
}
