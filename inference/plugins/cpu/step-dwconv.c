/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions of each channel by itself, channels innermost, row by row. */
#include "cpu.h"

#include <math.h>
#include <string.h>

#define MAX_KERNEL 64
/* Rows that lines which are made at once look at, each line's counted. */
#define MAX_ROWS 512u
/* Channels whose rows stay in the first-level cache until the next lines see them;
 * fewer are read where they lie apart, which takes longer. */
#define BLOCK_CHANNELS 128
/* What is made before it is finished or narrowed. */
#define LINE_BYTES (128 << 10)

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  /* Channels, filled up. */
  gsize channels;
  const float *weights;
  float *bias;
  guint rows;
  /* Lines that are made before they are finished; channels that are made of all
   * lines before the next ones. */
  guint lines, block;
  float low, high;
} Dwconv;

/* What the kernel's limits can't say, over pixels that are still in the cache. */
static void
finish_pixels (const Dwconv *d, const CpuWork *work, gsize first, gsize n,
    float *to, gsize pitch, float *buffer)
{
  const CpuRun *run = work->run;
  const gboolean residual = work->step->n_in > 1;
  const CpuFusion *f = &d->fusion;
  const IrEltwiseKernels *k = run->model->eltwise;

  if (residual) {
    gsize step;
    const float *add =
        cpu_get_pixels (work, 1, first, d->channels, n, buffer, &step);

    cpu_binary_pixels (
        k, IR_BINARY_ADD, to, pitch, add, step, to, pitch, d->channels, n);
  }
  if (residual || !cpu_fusion_is_clamp (f))
    cpu_finish_pixels (run, f, 0, d->s.groups, to, pitch, n);
}

/* Whether the kernel writes what the output holds: what its limits can't say needs
 * f32, and from f32 it makes nothing else. */
static gboolean
is_direct (const Dwconv *d, const CpuWork *work)
{
  const CpuStep *step = work->step;

  return step->n_in == 1 && cpu_fusion_is_clamp (&d->fusion) &&
      (cpu_is_bf16 (work, step->in[0]) || !cpu_is_bf16 (work, step->out[0]));
}

static void
make_f32 (const Dwconv *d, const CpuWork *work, guint n, gconstpointer *rows,
    float *to, gsize pitch)
{
  const IrWindow *w = &d->s.window;
  const IrDwconvLines lines = { .channels = d->channels,
    .block = d->block,
    .lines = n,
    .in_w = w->in_w,
    .out_w = w->out_w,
    .kernel_h = w->kernel_h,
    .kernel_w = w->kernel_w,
    .stride_h = w->stride_h,
    .stride_w = w->stride_w,
    .dilation_h = w->dilation_h,
    .dilation_w = w->dilation_w,
    .pad = w->pad_w,
    .rows = (const float *const *) rows,
    .in_pitch = cpu_in_pitch (work, 0),
    .weights = d->weights,
    .bias = d->bias,
    .to = to,
    .out_pitch = pitch,
    .low = d->low,
    .high = d->high };

  work->run->model->dwconv->lines (&lines);
}

/* To one of @to and @to_f32. */
static void
make_bf16 (const Dwconv *d, const CpuWork *work, guint n, gconstpointer *rows,
    guint16 *to, float *to_f32, gsize pitch)
{
  const IrWindow *w = &d->s.window;
  const IrBdwconvLines lines = { .channels = d->channels,
    .block = d->block,
    .lines = n,
    .in_w = w->in_w,
    .out_w = w->out_w,
    .kernel_h = w->kernel_h,
    .kernel_w = w->kernel_w,
    .stride_h = w->stride_h,
    .stride_w = w->stride_w,
    .dilation_h = w->dilation_h,
    .dilation_w = w->dilation_w,
    .pad = w->pad_w,
    .rows = (const guint16 *const *) rows,
    .in_pitch = cpu_in_pitch (work, 0),
    .weights = d->weights,
    .bias = d->bias,
    .to = to,
    .to_f32 = to_f32,
    .out_pitch = pitch,
    .low = d->low,
    .high = d->high };

  work->run->model->bdwconv->lines (&lines);
}

/* @n lines from @y on, all of one picture. */
static void
make_lines (
    const Dwconv *d, const CpuWork *work, guint y, guint n, guint worker)
{
  const IrWindow *w = &d->s.window;
  const gsize first = (gsize) y * w->out_w, pixels = (gsize) n * w->out_w;
  const gboolean from_bf16 = cpu_is_bf16 (work, work->step->in[0]);
  float *buffer = cpu_scratch (work->run, worker), *to;
  gconstpointer rows[MAX_ROWS];
  IrUnary unary;
  gsize pitch;

  for (guint i = 0; i < n; i++)
    cpu_find_lines (work, w, y + i, rows + i * w->kernel_h);
  if (cpu_is_bf16 (work, work->step->out[0]) && is_direct (d, work)) {
    pitch = cpu_out_pitch (work, 0);
    make_bf16 (d, work, n, rows,
        (guint16 *) work->run->data[work->step->out[0]] + first * pitch, NULL,
        pitch);
    return;
  }
  to = cpu_begin_pixels (work, first, d->channels, buffer, &pitch);
  if (from_bf16)
    make_bf16 (d, work, n, rows, NULL, to, pitch);
  else
    make_f32 (d, work, n, rows, to, pitch);
  if (work->step->n_in == 1 && cpu_is_bf16 (work, work->step->out[0]) &&
      cpu_fusion_suits_bf16 (&d->fusion, &unary)) {
    cpu_narrow_pixels (
        work, first, d->channels, pixels, to, unary, d->fusion.a);
    return;
  }
  finish_pixels (
      d, work, first, pixels, to, pitch, buffer + pixels * d->channels);
  cpu_end_pixels (work, first, d->channels, pixels, to);
}

static void
dwconv_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Dwconv *d = work->step->data;
  const guint out_h = d->s.window.out_h, all = d->s.batch * out_h;
  const guint end = MIN ((task + 1) * d->rows, all);

  const guint most =
      is_direct (d, work) ? MAX_ROWS / d->s.window.kernel_h : d->lines;

  for (guint y = task * d->rows, n; y < end; y += n) {
    n = MIN (MIN (most, end - y), out_h - y % out_h);
    make_lines (d, work, y, n, worker);
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

/* Where all is in the second-level cache, a block of channels goes through all lines,
 * so that each row comes from there once. Beyond it memory is better read in one
 * piece. */
static void
choose_blocks (Dwconv *d)
{
  const IrWindow *w = &d->s.window;
  const gsize pixels = (gsize) w->in_h * w->in_w + (gsize) w->out_h * w->out_w;
  const gsize line = w->out_w * d->channels * sizeof (float);

  d->lines = MIN (MAX (LINE_BYTES / line, 1), MAX_ROWS / w->kernel_h);
  d->block = d->channels;
  if (pixels * d->channels * sizeof (float) <= cpu_second_cache ()) {
    const gsize n = (d->channels + BLOCK_CHANNELS - 1) / BLOCK_CHANNELS;

    /* A line of the cache is one block's. */
    d->block = ((d->channels + n - 1) / n + 15) / 16 * 16;
  }
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
  choose_blocks (d);

  step = cpu_add_step (model, fusion->last, CPU_LAST, CPU_LAST, ports,
      fusion->residual.node ? 2 : 1);
  step->head = fusion->head;
  step->kernel = model->dwconv->name;
  step->flops = cpu_conv_flops (&d->s);
  step->run = run_dwconv;
  step->data = d;
  step->free_data = dwconv_free;
  step->gives_bf16 = TRUE;
  step->takes_bf16 = TRUE;
  if (model->bgemm)
    step->scratch =
        2 * (gsize) d->lines * d->s.window.out_w * d->channels * sizeof (float);
  return TRUE;
}
