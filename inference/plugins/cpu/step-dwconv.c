/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions of each channel by itself, channels innermost, row by row. */
#include "cpu.h"

#include <math.h>
#include <string.h>

#define MAX_KERNEL 64

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

/* What the limits of the kernel can't say needs f32. */
static gboolean
is_finished (const Dwconv *d, const CpuWork *work)
{
  return work->step->n_in == 1 && cpu_fusion_is_clamp (&d->fusion);
}

static void
make_row_f32 (const Dwconv *d, const CpuWork *work, gconstpointer *lines,
    float *to, gsize pitch)
{
  const IrWindow *w = &d->s.window;
  const IrDwconvRow row = { .channels = d->channels,
    .in_w = w->in_w,
    .out_w = w->out_w,
    .kernel_h = w->kernel_h,
    .kernel_w = w->kernel_w,
    .stride = w->stride_w,
    .dilation = w->dilation_w,
    .pad = w->pad_w,
    .rows = (const float *const *) lines,
    .in_pitch = cpu_in_pitch (work, 0),
    .weights = d->weights,
    .bias = d->bias,
    .to = to,
    .out_pitch = pitch,
    .low = d->low,
    .high = d->high };

  work->run->model->dwconv->row (&row);
}

/* To one of @to and @to_f32. */
static void
make_row_bf16 (const Dwconv *d, const CpuWork *work, gconstpointer *lines,
    guint16 *to, float *to_f32, gsize pitch)
{
  const IrWindow *w = &d->s.window;
  const IrBdwconvRow row = { .channels = d->channels,
    .in_w = w->in_w,
    .out_w = w->out_w,
    .kernel_h = w->kernel_h,
    .kernel_w = w->kernel_w,
    .stride = w->stride_w,
    .dilation = w->dilation_w,
    .pad = w->pad_w,
    .rows = (const guint16 *const *) lines,
    .in_pitch = cpu_in_pitch (work, 0),
    .weights = d->weights,
    .bias = d->bias,
    .to = to,
    .to_f32 = to_f32,
    .out_pitch = pitch,
    .low = d->low,
    .high = d->high };

  work->run->model->bdwconv->row (&row);
}

static void
make_row (const Dwconv *d, const CpuWork *work, guint y, guint worker)
{
  const gsize n = d->s.window.out_w, first = y * n;
  const gboolean from_bf16 = cpu_is_bf16 (work, work->step->in[0]);
  float *buffer = cpu_scratch (work->run, worker), *to;
  gconstpointer lines[MAX_KERNEL];
  IrUnary unary;
  gsize pitch;

  cpu_find_lines (work, &d->s.window, y, lines);
  if (from_bf16 && cpu_is_bf16 (work, work->step->out[0]) &&
      is_finished (d, work)) {
    pitch = cpu_out_pitch (work, 0);
    make_row_bf16 (d, work, lines,
        (guint16 *) work->run->data[work->step->out[0]] + first * pitch, NULL,
        pitch);
    return;
  }
  to = cpu_begin_pixels (work, first, d->channels, buffer, &pitch);
  if (from_bf16)
    make_row_bf16 (d, work, lines, NULL, to, pitch);
  else
    make_row_f32 (d, work, lines, to, pitch);
  if (work->step->n_in == 1 && cpu_is_bf16 (work, work->step->out[0]) &&
      cpu_fusion_suits_bf16 (&d->fusion, &unary)) {
    cpu_narrow_pixels (work, first, d->channels, n, to, unary, d->fusion.a);
    return;
  }
  finish_row (d, work, y, to, pitch, buffer + n * d->channels);
  cpu_end_pixels (work, first, d->channels, n, to);
}

static void
dwconv_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Dwconv *d = work->step->data;
  const guint all = d->s.batch * d->s.window.out_h;
  const guint end = MIN ((task + 1) * d->rows, all);

  for (guint y = task * d->rows; y < end; y++)
    make_row (d, work, y, worker);
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
  step->gives_bf16 = TRUE;
  step->takes_bf16 =
      d->s.window.kernel_h * d->s.window.kernel_w <= IR_BDWCONV_MAX_TAPS;
  if (model->bgemm)
    step->scratch =
        2 * (gsize) d->s.window.out_w * d->channels * sizeof (float);
  return TRUE;
}
