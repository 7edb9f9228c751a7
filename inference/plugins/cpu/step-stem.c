/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first convolution of a network, from the planes of a picture: with so few
 * channels a row of the window is one run of numbers once the channels lie side by
 * side and the border is there. Each task lays out the rows that it needs. */
#include "cpu.h"

#include <string.h>

#define MAX_CHANNELS 4
#define MAX_KERNEL 16
/* Of the source's rows of a task, to stay in the cache. */
#define BAND_BYTES (96 << 10)

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  const IrIgemmKernels *kernels;
  const float *packed;
  float *bias;
  /* Floats of a row of the band; output rows of a task. */
  gsize row;
  guint rows, n_blocks;
  float low, high;
} Stem;

static void
lay_out_row (const Stem *c, const float *in, int y, float *to)
{
  const IrWindow *w = &c->s.window;
  const gsize plane = (gsize) w->in_h * w->in_w;
  const guint channels = c->s.in_channels;
  const gsize before = (gsize) w->pad_w * channels;
  gsize pixels;

  if (y < 0 || y >= w->in_h) {
    memset (to, 0, c->row * sizeof *to);
    return;
  }
  in += (gsize) y * w->in_w;
  pixels = MIN ((gsize) w->in_w, (c->row - before) / channels);
  memset (to, 0, before * sizeof *to);
  to += before;
  if (channels == 3) {
    for (gsize x = 0; x < pixels; x++) {
      to[3 * x] = in[x];
      to[3 * x + 1] = in[plane + x];
      to[3 * x + 2] = in[2 * plane + x];
    }
  } else {
    for (guint i = 0; i < channels; i++)
      for (gsize x = 0; x < pixels; x++)
        to[x * channels + i] = in[i * plane + x];
  }
  memset (to + pixels * channels, 0,
      (c->row - before - pixels * channels) * sizeof *to);
}

static void
stem_row (const Stem *c, const float *band, float *to, gsize pitch)
{
  const IrWindow *w = &c->s.window;
  const int mr = c->kernels->mr;
  const gsize step = (gsize) w->stride_w * c->s.in_channels;
  const float *at[MAX_KERNEL * IR_IGEMM_MAX_ROWS];
  IrIgemmTile tile = { .taps = w->kernel_h,
    .k = w->kernel_w * c->s.in_channels,
    .columns = c->s.out_channels,
    .at = at,
    .weights = c->packed,
    .bias = c->bias,
    .to_stride = pitch,
    .low = c->low,
    .high = c->high };

  for (int x = 0; x < w->out_w; x += tile.rows) {
    const int left = w->out_w - x, tiles = (left + mr - 1) / mr;

    tile.rows = (left + tiles - 1) / tiles;
    for (int ky = 0; ky < w->kernel_h; ky++)
      for (int r = 0; r < tile.rows; r++)
        at[ky * tile.rows + r] =
            band + (gsize) ky * w->dilation_h * c->row + (x + r) * step;
    tile.to = to + x * pitch;
    c->kernels->tile (&tile);
  }
}

static void
stem_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Stem *c = work->step->data;
  const IrWindow *w = &c->s.window;
  const guint image = task / c->n_blocks;
  const int first = task % c->n_blocks * c->rows;
  const int end = MIN (first + (int) c->rows, w->out_h);
  const int top = first * w->stride_h - w->pad_h;
  const int height =
      (end - 1 - first) * w->stride_h + (w->kernel_h - 1) * w->dilation_h + 1;
  const float *in =
      cpu_in (work, 0) + (gsize) image * c->s.in_channels * w->in_h * w->in_w;
  const gsize pitch = cpu_out_pitch (work, 0);
  float *to =
      cpu_out (work, 0) + ((gsize) image * w->out_h + first) * w->out_w * pitch;
  float *band = cpu_scratch (work->run, worker);

  for (int y = 0; y < height; y++)
    lay_out_row (c, in, top + y, band + y * c->row);
  for (int y = first; y < end; y++) {
    stem_row (c, band + (gsize) (y - first) * w->stride_h * c->row, to, pitch);
    if (!cpu_fusion_is_clamp (&c->fusion))
      cpu_finish_pixels (
          work->run, &c->fusion, 0, c->s.out_channels, to, pitch, w->out_w);
    to += w->out_w * pitch;
  }
}

static gboolean
run_stem (const CpuStep *step, CpuRun *run, GError **error)
{
  const Stem *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, c->s.batch * c->n_blocks, stem_block, &work);
  return TRUE;
}

static void
stem_free (gpointer data)
{
  Stem *c = data;

  free (c->bias);
  g_free (c);
}

static gboolean
fits (const CpuModel *model, const CpuFusion *fusion, Stem *c)
{
  const IrPort in = fusion->head->inputs[0];
  const IrWindow *w = &c->s.window;

  return cpu_conv_shape (fusion->head, &c->s) && c->s.groups == 1 &&
      !fusion->residual.node && c->s.in_channels <= MAX_CHANNELS &&
      w->dilation_w == 1 && w->kernel_h <= MAX_KERNEL &&
      cpu_port_layout (model, in) == CPU_PLAIN &&
      cpu_port_can_be_last (ir_port ((IrNode *) fusion->head, 0)) &&
      cpu_port_is_known (model, fusion->head->inputs[1]);
}

static void
choose_blocks (Stem *c, const CpuModel *model)
{
  const IrWindow *w = &c->s.window;
  const guint64 flops = cpu_conv_flops (&c->s) / c->s.batch;
  const gsize bytes = c->row * sizeof (float);
  const gsize window = (w->kernel_h - 1) * w->dilation_h + 1;
  const gsize fitting = BAND_BYTES / bytes > window
      ? (BAND_BYTES / bytes - window) / w->stride_h
      : 0;

  c->rows = CLAMP (fitting, 1, cpu_split (model, flops, w->out_h));
  c->n_blocks = (w->out_h + c->rows - 1) / c->rows;
}

gboolean
cpu_lower_stem (CpuModel *model, const CpuFusion *fusion)
{
  Stem shape = { .fusion = *fusion, .kernels = model->igemm }, *c;
  const IrWindow *w = &shape.s.window;
  CpuStep *step;

  if (!fits (model, fusion, &shape))
    return FALSE;
  shape.row = ((gsize) (w->out_w - 1) * w->stride_w + w->kernel_w) *
      shape.s.in_channels;
  shape.row = MAX (shape.row, (gsize) w->pad_w * shape.s.in_channels);
  shape.packed = cpu_pack_weights (model, &shape.s, 1, fusion->head->inputs[1]);
  shape.bias = cpu_pack_bias (shape.kernels, &shape.s, fusion);
  choose_blocks (&shape, model);
  cpu_fusion_limits (fusion, &shape.low, &shape.high);
  c = g_memdup2 (&shape, sizeof shape);
  if (!c->packed || !c->bias) {
    stem_free (c);
    return FALSE;
  }

  step = cpu_add_step (
      model, fusion->last, CPU_PLAIN, CPU_LAST, fusion->head->inputs, 1);
  step->head = fusion->head;
  step->kernel = c->kernels->name;
  step->flops = cpu_conv_flops (&c->s);
  step->run = run_stem;
  step->data = c;
  step->free_data = stem_free;
  step->scratch_is_values = TRUE;
  step->scratch = ((c->rows - 1) * c->s.window.stride_h +
                      (c->s.window.kernel_h - 1) * c->s.window.dilation_h + 1) *
      c->row * sizeof (float);
  return TRUE;
}
