/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* DeformableConvolution: what the windows of some pixels see is laid out and multiplied
 * with packed weights. */
#include "sampled.h"

#include <math.h>

/* What is laid out at a time. */
#define BLOCK_BYTES (256 << 10)
/* A longer panel is cut into elements of the window. */
#define WHOLE_BYTES (96 << 10)
#define MAX_TAPS 64

typedef struct {
  CpuSampled sampled;
  CpuConvShape s;
  guint n_taps, piece_taps;
  /* Channels that are moved together. */
  guint moved;
  gsize pitch;
  const float *packed;
  gsize panel;
  guint n_panels;
  float *bias, *zeros;
  guint pixels, n_blocks;
} Deform;

typedef struct {
  CpuWork work;
  IrSampling sampling;
  IrSamples *samples; /* of each worker */
  gint failed;
} Deforming;

/* Lays out group @group of what the window of @pixel sees: tap t of row @row is at
 * [t][row]. */
static gboolean
lay_out (Deforming *d, guint worker, gint64 image, guint group, guint pixel,
    guint row, float *to)
{
  const Deform *p = d->work.step->data;
  const IrWindow *w = &p->s.window;
  const IrReduceKernels *k = d->work.run->model->reduce;
  const gsize pitch = cpu_in_pitch (&d->work, 0);
  const float *in = cpu_in (&d->work, 0) + image * w->in_h * w->in_w * pitch +
      group * p->moved;
  const gint64 groups = p->s.groups * p->s.in_channels / p->moved;
  IrSamples *samples = &d->samples[worker];

  if (!d->sampling.find (&d->sampling, image * groups + group, pixel / w->out_w,
          pixel % w->out_w, samples))
    return FALSE;
  to += row * p->pitch + group * p->moved;
  for (guint t = 0; t < p->n_taps; t++, to += p->pixels * p->pitch) {
    const gint64 *at = samples->pixel + t * IR_POINT;
    const float *rows[IR_POINT];

    for (guint i = 0; i < IR_POINT; i++)
      rows[i] = at[i] < 0 ? p->zeros : in + at[i] * pitch;
    k->weigh (rows, samples->weight + t * IR_POINT, IR_POINT, to, p->moved);
  }
  return TRUE;
}

/* Adds some taps of one panel's columns to @n rows. */
static void
multiply (const Deforming *d, guint group, guint panel, guint tap, guint n,
    const float *from, float *to, gsize to_pitch)
{
  const Deform *p = d->work.step->data;
  const IrIgemmKernels *kernels = d->work.run->model->igemm;
  const guint column = panel * kernels->nr;
  const float *at[MAX_TAPS * IR_IGEMM_MAX_ROWS];
  IrIgemmTile tile = { .taps = MIN (p->piece_taps, p->n_taps - tap),
    .k = p->s.in_channels,
    .columns = MIN ((guint) kernels->nr, p->s.out_channels - column),
    .at = at,
    .weights = p->packed + ((gsize) group * p->n_panels + panel) * p->panel +
        (gsize) tap * p->s.in_channels * kernels->nr,
    .bias = p->bias,
    .to_stride = to_pitch,
    .residual_stride = to_pitch,
    .low = -INFINITY,
    .high = INFINITY };

  from += tap * p->pixels * p->pitch + group * p->s.in_channels;
  to += group * p->s.out_channels + column;
  for (guint r = 0; r < n; r += tile.rows) {
    tile.rows = MIN ((guint) kernels->mr, n - r);
    for (gint t = 0; t < tile.taps; t++)
      for (gint i = 0; i < tile.rows; i++)
        at[t * tile.rows + i] =
            from + ((gsize) t * p->pixels + r + i) * p->pitch;
    tile.to = to + r * to_pitch;
    tile.residual = tap ? tile.to : NULL;
    kernels->tile (&tile);
  }
}

static void
deform_block (gpointer data, guint task, guint worker)
{
  Deforming *d = data;
  const Deform *p = d->work.step->data;
  const guint plane = p->s.window.out_h * p->s.window.out_w;
  const guint image = task / p->n_blocks;
  const guint pixel = task % p->n_blocks * p->pixels;
  const guint n = MIN (p->pixels, plane - pixel);
  const guint groups = p->s.groups * p->s.in_channels / p->moved;
  const gsize pitch = cpu_out_pitch (&d->work, 0);
  float *seen = cpu_scratch (d->work.run, worker);
  float *to = cpu_out (&d->work, 0) + ((gsize) image * plane + pixel) * pitch;

  for (guint r = 0; r < n; r++)
    for (guint g = 0; g < groups; g++)
      if (!lay_out (d, worker, image, g, pixel + r, r, seen)) {
        g_atomic_int_set (&d->failed, TRUE);
        return;
      }
  for (guint g = 0; g < p->s.groups; g++)
    for (guint panel = 0; panel < p->n_panels; panel++)
      for (guint t = 0; t < p->n_taps; t += p->piece_taps)
        multiply (d, g, panel, t, n, seen, to, pitch);
}

static gboolean
run_deform (const CpuStep *step, CpuRun *run, GError **error)
{
  const Deform *p = step->data;
  const guint threads = run->model->threads;
  Deforming d = { { step, run },
    .samples = ir_samples_new (run->memory, threads) };
  CpuSampledRun at;

  if (!cpu_sampled_begin (&p->sampled, &d.work, &at, &d.sampling, error))
    return FALSE;
  d.failed = !d.samples;
  if (!d.failed)
    cpu_pool_run (threads, p->s.batch * p->n_blocks, deform_block, &d);
  return !d.failed || cpu_sampled_fail (&d.work, error);
}

/* --- compiling ------------------------------------------------------------- */

enum {
  DATA,
  OFFSETS,
  WEIGHTS,
  MASK
};

static void
deform_free (gpointer data)
{
  Deform *p = data;

  cpu_sampled_clear (&p->sampled);
  free (p->bias);
  free (p->zeros);
  g_free (p);
}

/* The convolution's shape, all channels of a picture together. */
static gboolean
find_shape (const IrNode *node, Deform *p)
{
  const IrShape *in = &ir_node_input (node, DATA)->shape;
  const IrShape *weights = &ir_node_input (node, WEIGHTS)->shape;
  const IrShape *offsets = &ir_node_input (node, OFFSETS)->shape;
  IrConvGeometry g;

  if (!ir_conv_geometry (
          node->attrs, 2, in->dim + 2, weights->dim + 2, &g, NULL) ||
      !cpu_window (&g, &p->s.window) || in->dim[0] > 65536 ||
      in->dim[1] > 65536 || weights->dim[0] > 65536)
    return FALSE;
  p->n_taps = p->s.window.kernel_h * p->s.window.kernel_w;
  p->s.batch = in->dim[0];
  p->s.in_channels = weights->dim[1];
  p->s.groups = in->dim[1] / weights->dim[1];
  p->s.out_channels = weights->dim[0] / p->s.groups;
  p->moved = in->dim[1] / (offsets->dim[1] / (2 * p->n_taps));
  p->pitch = CPU_PITCH (in->dim[1]);
  return p->n_taps <= MAX_TAPS &&
      (p->s.groups == 1 || p->s.out_channels % IR_IGEMM_GROUP == 0);
}

static void
choose_blocks (const CpuModel *model, Deform *p)
{
  const guint nr = model->igemm->nr, mr = model->igemm->mr;
  const guint plane = p->s.window.out_h * p->s.window.out_w;
  const gsize each = p->n_taps * p->pitch * sizeof (float);
  const gsize bytes = p->panel * sizeof (float);
  guint pixels = MAX (BLOCK_BYTES / each / mr, 1) * mr;

  p->piece_taps = bytes > WHOLE_BYTES ? 1 : p->n_taps;
  p->n_panels = (p->s.out_channels + nr - 1) / nr;
  pixels =
      MIN (pixels, cpu_split (model, cpu_conv_flops (&p->s), plane) + mr - 1);
  p->pixels = MIN (MAX (pixels / mr, 1) * mr, plane);
  p->n_blocks = (plane + p->pixels - 1) / p->pixels;
}

static gboolean
fill (CpuModel *model, const IrNode *node, Deform *p)
{
  const CpuFusion none = { .unary = IR_UNARY_COPY };

  if (!find_shape (node, p))
    return FALSE;
  p->panel = cpu_panel_size (model->igemm, &p->s);
  choose_blocks (model, p);
  p->packed = cpu_pack_weights (model, &p->s, 1, node->inputs[WEIGHTS]);
  p->bias = cpu_pack_bias (model->igemm, &p->s, &none);
  p->zeros = cpu_alloc_floats (p->pitch);
  return p->packed && p->bias && p->zeros &&
      p->n_blocks <= G_MAXINT32 / p->s.batch;
}

gboolean
cpu_lower_deform (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  static const guint inputs[] = { DATA, OFFSETS, MASK };
  CpuStep *step;
  Deform *p;

  if (!cpu_port_is_known (model, node->inputs[WEIGHTS]))
    return FALSE;
  p = g_new0 (Deform, 1);
  if (!cpu_sampled_init (&p->sampled, node) || !fill (model, node, p)) {
    deform_free (p);
    return FALSE;
  }
  step = cpu_sampled_add (model, node, CPU_LAST, inputs,
      node->n_inputs > MASK ? 3 : 2, &p->sampled);
  step->kernel = model->igemm->name;
  step->flops = cpu_conv_flops (&p->s);
  step->run = run_deform;
  step->data = p;
  step->free_data = deform_free;
  step->scratch = p->n_taps * p->pixels * p->pitch * sizeof (float);
  cpu_drop_packed (model, node, WEIGHTS, model->steps->len - 1);
  return TRUE;
}
