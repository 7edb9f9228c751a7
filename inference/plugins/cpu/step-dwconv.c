/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions of each channel by itself, channels innermost, row by row. */
#include "cpu.h"

#include <math.h>
#include <string.h>

#define MAX_KERNEL 64
#define MAX_LINES 128

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  /* Channels, filled up. */
  gsize channels;
  const float *weights;
  float *bias;
  guint rows;
  float low, high;
} Dwconv;

/* Lines of the source that windows of one line see. */
static guint
count_lines (const Dwconv *d)
{
  return (d->s.window.kernel_h - 1) * d->s.window.dilation_h + 1;
}

/* What a thread works on: lines of the source that had to be widened, by their
 * number modulo that of the lines that are seen at once, and which these are. */
typedef struct {
  float *memory;
  float *to;
  float *residual;
  guint held[MAX_LINES];
} Lines;

#define NO_LINE G_MAXUINT

static Lines
begin_lines (const Dwconv *d, const CpuWork *work, guint worker)
{
  const IrWindow *w = &d->s.window;
  Lines lines = { .memory = cpu_scratch (work->run, worker) };

  lines.to = lines.memory + count_lines (d) * w->in_w * d->channels;
  lines.residual = lines.to + w->out_w * d->channels;
  for (guint i = 0; i < MAX_LINES; i++)
    lines.held[i] = NO_LINE;
  return lines;
}

/* Line @y of all images. */
static const float *
find_line (
    const Dwconv *d, const CpuWork *work, Lines *lines, guint y, gsize *pitch)
{
  const gsize width = d->s.window.in_w;
  const guint at = y % count_lines (d);
  float *buffer = lines->memory + at * width * d->channels;

  if (!cpu_is_bf16 (work, work->step->in[0]))
    return cpu_get_pixels (work, 0, y * width, d->channels, width, NULL, pitch);
  *pitch = d->channels;
  if (lines->held[at] != y)
    cpu_get_pixels (work, 0, y * width, d->channels, width, buffer, pitch);
  lines->held[at] = y;
  return buffer;
}

/* What the kernel's limits can't say, over a row that is still in the cache. */
static void
finish_row (const Dwconv *d, const CpuWork *work, guint row, float *to,
    gsize pitch, float *buffer)
{
  const CpuRun *run = work->run;
  const gsize n = d->s.window.out_w;
  const gboolean residual = work->step->n_in > 1;
  const CpuFusion *f = &d->fusion;
  const IrEltwiseKernels *k = run->model->eltwise;

  if (residual) {
    gsize step;
    const float *add =
        cpu_get_pixels (work, 1, row * n, d->channels, n, buffer, &step);

    cpu_binary_pixels (
        k, IR_BINARY_ADD, to, pitch, add, step, to, pitch, d->channels, n);
  }
  if (residual || !cpu_fusion_is_clamp (f))
    cpu_finish_pixels (run, f, 0, d->s.groups, to, pitch, n);
}

static void
dwconv_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Dwconv *d = work->step->data;
  const IrWindow *w = &d->s.window;
  const guint all = d->s.batch * w->out_h;
  const guint end = MIN ((task + 1) * d->rows, all);
  const float *rows[MAX_KERNEL];
  Lines lines = begin_lines (d, work, worker);
  IrDwconvRow row = { .channels = d->channels,
    .in_w = w->in_w,
    .out_w = w->out_w,
    .kernel_h = w->kernel_h,
    .kernel_w = w->kernel_w,
    .stride = w->stride_w,
    .dilation = w->dilation_w,
    .pad = w->pad_w,
    .rows = rows,
    .weights = d->weights,
    .bias = d->bias,
    .low = d->low,
    .high = d->high };

  for (guint y = task * d->rows; y < end; y++) {
    const guint image = y / w->out_h * w->in_h;
    const int top = (int) (y % w->out_h) * w->stride_h - w->pad_h;

    for (int ky = 0; ky < w->kernel_h; ky++) {
      const int sy = top + ky * w->dilation_h;

      rows[ky] = sy >= 0 && sy < w->in_h
          ? find_line (d, work, &lines, image + sy, &row.in_pitch)
          : NULL;
    }
    row.to = cpu_begin_pixels (
        work, (gsize) y * w->out_w, d->channels, lines.to, &row.out_pitch);
    work->run->model->dwconv->row (&row);
    finish_row (d, work, y, row.to, row.out_pitch, lines.residual);
    cpu_end_pixels (work, (gsize) y * w->out_w, d->channels, w->out_w, row.to);
  }
}

static gboolean
run_dwconv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Dwconv *d = step->data;
  const guint rows = d->s.batch * d->s.window.out_h;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, (rows + d->rows - 1) / d->rows, dwconv_rows, &work);
  return TRUE;
}

static void
dwconv_free (gpointer data)
{
  Dwconv *d = data;

  free (d->bias);
  g_free (d);
}

/* From [channel][taps] to [taps][channel]. */
static gboolean
pack (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Dwconv *d = data;
  const guint taps = d->s.window.kernel_h * d->s.window.kernel_w;
  float *packed = memset (to, 0, taps * d->channels * sizeof *packed);

  for (guint c = 0; c < d->s.groups; c++)
    for (guint t = 0; t < taps; t++)
      packed[t * d->channels + c] = *weights++;
  return TRUE;
}

static gboolean
fill (Dwconv *d, CpuModel *model, IrPort weights)
{
  const IrWindow *w = &d->s.window;
  const CpuFusion *f = &d->fusion;

  d->weights = cpu_pack (model, weights,
      w->kernel_h * w->kernel_w * d->channels * sizeof (float), pack, d,
      "depthwise: %u %dx%d", d->s.groups, w->kernel_h, w->kernel_w);
  d->bias = cpu_alloc_floats (d->channels);
  if (!d->weights || !d->bias)
    return FALSE;
  for (guint c = 0; f->bias && c < d->s.groups; c++)
    d->bias[c] = f->bias[f->bias_n > 1 ? c : 0];
  return TRUE;
}

gboolean
cpu_lower_dwconv (CpuModel *model, const CpuFusion *fusion)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->residual };
  const IrPort weights = fusion->head->inputs[1];
  Dwconv shape = { .fusion = *fusion }, *d;
  CpuStep *step;

  if (!cpu_port_is_known (model, weights) ||
      !cpu_conv_shape (fusion->head, &shape.s) || shape.s.in_channels != 1 ||
      shape.s.out_channels != 1 || shape.s.window.kernel_h > MAX_KERNEL ||
      (model->bgemm && count_lines (&shape) > MAX_LINES) ||
      !cpu_port_can_be_last (fusion->head->inputs[0]))
    return FALSE;
  d = g_memdup2 (&shape, sizeof shape);
  d->channels = CPU_PITCH (d->s.groups);
  if (!fill (d, model, weights)) {
    dwconv_free (d);
    return FALSE;
  }
  d->rows = cpu_split (
      model, cpu_conv_flops (&d->s) * 4, d->s.batch * d->s.window.out_h);
  d->low = -INFINITY;
  d->high = INFINITY;
  if (!fusion->residual.node)
    cpu_fusion_limits (fusion, &d->low, &d->high);

  step = cpu_add_step (model, fusion->last, CPU_LAST, CPU_LAST, ports,
      fusion->residual.node ? 2 : 1);
  step->head = fusion->head;
  step->kernel = model->dwconv->name;
  step->flops = cpu_conv_flops (&d->s);
  step->run = run_dwconv;
  step->data = d;
  step->free_data = dwconv_free;
  step->takes_bf16 = step->gives_bf16 = TRUE;
  if (model->bgemm)
    step->scratch = ((gsize) count_lines (d) * d->s.window.in_w +
                        2 * (gsize) d->s.window.out_w) *
        d->channels * sizeof (float);
  return TRUE;
}
