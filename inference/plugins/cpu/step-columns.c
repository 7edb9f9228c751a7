/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

/* Columns of one block, and rows that are worth a block of their own: enough for
 * the matrix product, little enough for the second-level cache. Blocks depend on
 * the shapes alone, so that the sums do not depend on the number of threads. */
#define BLOCK_FLOATS (96 * 1024)
#define MIN_ROWS 32
#define WANTED_BLOCKS 8

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  guint columns, n_column_blocks;
  guint rows, n_row_blocks;
  gboolean direct;
} Conv;

static const float *
residual_of (const CpuStep *step, const CpuRun *run)
{
  return step->n_in > 2 ? run->data[step->in[2]] : NULL;
}

static void
conv_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Conv *c = work->step->data;
  const CpuRun *run = work->run;
  const IrWindow *w = &c->s.window;
  const guint plane_in = w->in_h * w->in_w, plane = w->out_h * w->out_w;
  const guint col = task % c->n_column_blocks;
  const guint row = task / c->n_column_blocks % c->n_row_blocks;
  const guint image = task / c->n_column_blocks / c->n_row_blocks;
  const guint group = image % c->s.groups;
  const guint first = col * c->columns, o = row * c->rows;
  const guint n = MIN (c->columns, plane - first);
  const guint m = MIN (c->rows, c->s.out_channels - o);
  const guint k = c->s.in_channels * w->kernel_h * w->kernel_w;
  const gsize channel = (gsize) group * c->s.out_channels + o;
  const float *in = (const float *) run->data[work->step->in[0]] +
      (gsize) image * c->s.in_channels * plane_in;
  const float *weights =
      (const float *) run->data[work->step->in[1]] + channel * k;
  const gsize index = ((gsize) image * c->s.out_channels + o) * plane + first;
  float *out = (float *) run->data[work->step->out[0]] + index;
  const float *columns = in + first;

  if (!c->direct) {
    float *buffer = cpu_scratch (run, worker);

    run->model->conv->im2col (w, in, c->s.in_channels, first, n, buffer);
    columns = buffer;
  }
  run->model->gemm->sgemm (
      0, 0, m, n, k, weights, k, columns, c->direct ? plane : n, out, plane);
  for (guint i = 0; i < m; i++)
    cpu_finish (run, &c->fusion, residual_of (work->step, run),
        out + (gsize) i * plane, channel + i, index + (gsize) i * plane, n);
}

static gboolean
run_conv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Conv *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads,
      c->s.batch * c->s.groups * c->n_row_blocks * c->n_column_blocks,
      conv_block, &work);
  return TRUE;
}

static void
choose_blocks (Conv *c)
{
  const IrWindow *w = &c->s.window;
  const guint plane = w->out_h * w->out_w;
  const guint k = c->s.in_channels * w->kernel_h * w->kernel_w;
  guint columns = MAX (BLOCK_FLOATS / k / 16 * 16, 16);
  guint blocks;

  c->columns = MIN (columns, plane);
  c->n_column_blocks = (plane + c->columns - 1) / c->columns;
  blocks = c->s.batch * c->s.groups * c->n_column_blocks;
  c->rows = c->s.out_channels;
  if (blocks < WANTED_BLOCKS) {
    guint parts = (WANTED_BLOCKS + blocks - 1) / blocks;

    c->rows = MAX ((c->s.out_channels + parts - 1) / parts, MIN_ROWS);
    c->rows = MIN (c->rows, c->s.out_channels);
  }
  c->n_row_blocks = (c->s.out_channels + c->rows - 1) / c->rows;
}

static CpuStep *
add_fused_step (CpuModel *model, const CpuFusion *fusion)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->head->inputs[1],
    fusion->residual };
  CpuStep *step = cpu_add_step (model, fusion->last, CPU_PLAIN, CPU_PLAIN,
      ports, fusion->residual.node ? 3 : 2);

  step->head = fusion->head;
  step->free_data = g_free;
  return step;
}

gboolean
cpu_lower_conv_columns (CpuModel *model, const CpuFusion *fusion)
{
  const IrWindow *w;
  CpuStep *step;
  Conv c = { .fusion = *fusion };

  if (!cpu_conv_shape (fusion->head, &c.s))
    return FALSE;
  w = &c.s.window;
  c.direct = w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 &&
      w->stride_w == 1 && w->pad_h == 0 && w->pad_w == 0 &&
      w->out_h == w->in_h && w->out_w == w->in_w;
  choose_blocks (&c);

  step = add_fused_step (model, fusion);
  step->kernel = model->gemm->name;
  step->flops = cpu_conv_flops (&c.s);
  step->run = run_conv;
  step->data = g_memdup2 (&c, sizeof c);
  if (!c.direct)
    step->scratch = sizeof (float) * c.columns * c.s.in_channels * w->kernel_h *
        w->kernel_w;
  return TRUE;
}

/* --- the other way round --------------------------------------------------- */

static void
deconv_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Conv *c = work->step->data;
  const CpuRun *run = work->run;
  const IrWindow *w = &c->s.window;
  const guint plane_in = w->in_h * w->in_w, taps = w->kernel_h * w->kernel_w;
  const gsize plane = (gsize) w->out_h * w->out_w;
  const guint row = task % c->n_row_blocks, image = task / c->n_row_blocks;
  const guint group = image % c->s.groups, o = row * c->rows;
  const guint m = MIN (c->rows, c->s.out_channels - o);
  const guint k = c->s.out_channels * taps;
  const gsize channel = (gsize) group * c->s.out_channels + o;
  const float *in = (const float *) run->data[work->step->in[0]] +
      (gsize) image * c->s.in_channels * plane_in;
  const float *weights = (const float *) run->data[work->step->in[1]] +
      (gsize) group * c->s.in_channels * k + o * taps;
  const gsize index = ((gsize) image * c->s.out_channels + o) * plane;
  float *out = (float *) run->data[work->step->out[0]] + index;
  float *columns = cpu_scratch (run, worker);

  run->model->gemm->sgemm (1, 0, m * taps, plane_in, c->s.in_channels, weights,
      k, in, plane_in, columns, plane_in);
  run->model->conv->col2im (w, columns, m, out);
  for (guint i = 0; i < m; i++)
    cpu_finish (run, &c->fusion, residual_of (work->step, run), out + i * plane,
        channel + i, index + i * plane, plane);
}

static gboolean
run_deconv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Conv *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, c->s.batch * c->s.groups * c->n_row_blocks,
      deconv_block, &work);
  return TRUE;
}

static gboolean
deconv_shape (const IrNode *node, gboolean grouped, Conv *c)
{
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrShape *weights = &ir_node_input (node, 1)->shape;
  const gint64 *dims = weights->dim + grouped;
  IrConvGeometry g;

  if (in->rank != 4 || node->n_inputs != 2 ||
      !cpu_port_is_f32 (node->inputs[0]) ||
      !cpu_port_is_f32 (node->inputs[1]) ||
      !ir_conv_backprop_geometry (
          node->attrs, 2, in->dim + 2, dims + 2, NULL, &g, NULL) ||
      !cpu_window (&g, &c->s.window))
    return FALSE;
  if (in->dim[0] > 65536 || dims[0] > 65536 || dims[1] > 65536 || dims[0] < 1 ||
      dims[1] < 1 || in->dim[0] < 1)
    return FALSE;
  c->s.batch = in->dim[0];
  c->s.groups = grouped ? weights->dim[0] : 1;
  c->s.in_channels = dims[0];
  c->s.out_channels = dims[1];
  return TRUE;
}

gboolean
cpu_lower_deconv (CpuModel *model, const CpuFusion *fusion)
{
  CpuStep *step;
  Conv c = { .fusion = *fusion };
  guint one;

  if (!deconv_shape (fusion->head,
          ir_node_is (fusion->head, "GroupConvolutionBackpropData"), &c))
    return FALSE;
  one = c.s.window.in_h * c.s.window.in_w * c.s.window.kernel_h *
      c.s.window.kernel_w;
  c.rows = CLAMP (BLOCK_FLOATS / one, 1, c.s.out_channels);
  c.n_row_blocks = (c.s.out_channels + c.rows - 1) / c.rows;

  step = add_fused_step (model, fusion);
  step->kernel = model->gemm->name;
  step->flops =
      2ull * c.s.batch * c.s.groups * c.s.out_channels * c.s.in_channels * one;
  step->run = run_deconv;
  step->data = g_memdup2 (&c, sizeof c);
  step->scratch = sizeof (float) * c.rows * one;
  return TRUE;
}
