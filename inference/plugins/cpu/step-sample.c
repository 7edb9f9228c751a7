/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pixels of computed places (ROIAlign, ROIPooling, GridSample): sums of pixels whose
 * channels lie side by side. */
#include "sampled.h"

#include <string.h>

/* Results in the order of planes are turned into it in blocks of so many floats. */
#define BLOCK 16384
/* Operations per number: some points of four pixels. */
#define WORK 16

typedef struct {
  CpuSampled sampled;
  gboolean last;
  /* Rows of the output in a block, blocks of an image. */
  gint64 rows, blocks;
  /* Floats of a pixel that kernels write. */
  gsize pitch;
} Sample;

/* Where the pixels are that one of the output is made of. */
typedef struct {
  const float **at;
  gsize room;
} Place;

typedef struct {
  CpuWork work;
  IrSampling sampling;
  IrSamples *samples; /* of each worker */
  Place *places;      /* the same */
  gint failed;
} Sampling;

/* Room for the addresses of as many pixels as there may be samples. */
static gboolean
begin (Sampling *s, guint worker)
{
  const IrSamples *samples = &s->samples[worker];
  Place *place = &s->places[worker];

  if (place->room >= samples->room)
    return TRUE;
  place->at =
      ir_scratch_take (samples->scratch, samples->room, sizeof *place->at);
  place->room = place->at ? samples->room : 0;
  return place->at != NULL;
}

static void
find_pixels (const Sampling *s, guint worker)
{
  const Sample *p = s->work.step->data;
  const IrSamples *samples = &s->samples[worker];
  const gsize pitch = cpu_in_pitch (&s->work, 0);
  const gint64 plane =
      p->sampled.in[0]->shape.dim[2] * p->sampled.in[0]->shape.dim[3];
  const float *image = cpu_in (&s->work, 0) + samples->image * plane * pitch;

  for (gsize i = 0; i < samples->n * samples->taps; i++)
    s->places[worker].at[i] = image + samples->pixel[i] * pitch;
}

/* The largest of the points, channel by channel. */
static void
take_largest (const Sampling *s, guint worker, gsize n, float *to, float *point)
{
  const CpuModel *model = s->work.run->model;
  const IrSamples *samples = &s->samples[worker];

  for (gsize c = 0; c < n; c++)
    to[c] = s->sampling.least;
  for (gsize i = 0; i < samples->n; i++) {
    const float *const *at = s->places[worker].at + i * samples->taps;
    const float *value = samples->taps == 1 ? at[0] : point;

    if (samples->taps > 1)
      model->reduce->weigh (
          at, samples->weight + i * samples->taps, samples->taps, point, n);
    model->eltwise->binary (IR_BINARY_MAX, IR_BINARY_BOTH, value, to, to, n);
  }
}

static void
take_sum (const Sampling *s, guint worker, gsize n, float *to)
{
  IrSamples *samples = &s->samples[worker];
  const gsize taps = samples->n * samples->taps;

  for (gsize i = 0; samples->divisor != 1 && i < taps; i++)
    samples->weight[i] = (float) (samples->weight[i] / samples->divisor);
  s->work.run->model->reduce->weigh (
      s->places[worker].at, samples->weight, taps, to, n);
}

static gboolean
make_pixel (Sampling *s, guint worker, gint64 image, gint64 y, gint64 x,
    float *to, float *point)
{
  const Sample *p = s->work.step->data;
  const gsize n = CPU_PITCH (p->sampled.in[0]->shape.dim[1]);
  IrSamples *samples = &s->samples[worker];

  if (!s->sampling.find (&s->sampling, image, y, x, samples) ||
      !begin (s, worker))
    return FALSE;
  find_pixels (s, worker);
  if (s->sampling.max && samples->n > 0)
    take_largest (s, worker, n, to, point);
  else
    take_sum (s, worker, n, to);
  return TRUE;
}

/* Some rows of an image; zeros behind the last one. */
static gboolean
make_block (Sampling *s, guint worker, gint64 image, gint64 first)
{
  const Sample *p = s->work.step->data;
  const gint64 *out = p->sampled.out->shape.dim;
  const gint64 end = MIN (first + p->rows, out[2]);
  const gsize pitch = p->last ? cpu_out_pitch (&s->work, 0) : p->pitch;
  const gsize pixels = (end - first) * out[3];
  const gsize at = (image * out[2] + first) * out[3];
  float *point = cpu_scratch (s->work.run, worker), *block = point + p->pitch;
  float *to = p->last ? cpu_out (&s->work, 0) + at * pitch : block;

  for (gsize i = 0; i < pixels; i++) {
    if (image >= s->sampling.images)
      memset (to + i * pitch, 0, p->pitch * sizeof *to);
    else if (!make_pixel (s, worker, image, first + i / out[3], i % out[3],
                 to + i * pitch, point))
      return FALSE;
  }
  if (!p->last)
    s->work.run->model->layout->transpose (block, pitch, pixels, out[1],
        cpu_out (&s->work, 0) + image * out[1] * out[2] * out[3] +
            first * out[3],
        out[2] * out[3]);
  return TRUE;
}

static void
sample_part (gpointer data, guint part, guint worker)
{
  Sampling *s = data;
  const Sample *p = s->work.step->data;

  if (!make_block (s, worker, part / p->blocks, part % p->blocks * p->rows))
    g_atomic_int_set (&s->failed, TRUE);
}

static gboolean
run_all (Sampling *s, guint n, GError **error)
{
  const Sample *p = s->work.step->data;
  const CpuModel *model = s->work.run->model;
  const guint64 work = ir_tensor_count (p->sampled.out) * WORK;
  const guint threads = cpu_parts (model, work) > 1 ? model->threads : 1;
  IrScratch *memory = s->work.run->memory;

  s->samples = ir_samples_new (memory, threads);
  s->places = ir_scratch_take0 (memory, threads, sizeof *s->places);
  s->failed = !s->samples || !s->places;
  for (guint i = 0; !s->failed && i < threads; i++)
    s->failed = !begin (s, i);
  if (!s->failed)
    cpu_pool_run (threads, n, sample_part, s);
  return !s->failed || cpu_sampled_fail (&s->work, error);
}

static gboolean
run_sample (const CpuStep *step, CpuRun *run, GError **error)
{
  const Sample *p = step->data;
  Sampling s = { { step, run } };
  CpuSampledRun at;

  return cpu_sampled_begin (&p->sampled, &s.work, &at, &s.sampling, error) &&
      run_all (&s, p->sampled.out->shape.dim[0] * p->blocks, error);
}

/* --- compiling ------------------------------------------------------------- */

static void
sample_free (gpointer data)
{
  Sample *p = data;

  cpu_sampled_clear (&p->sampled);
  g_free (p);
}

/* What takes an output with its channels innermost. */
static gboolean
is_taken_last (const IrNode *node)
{
  static const char *const types[] = { "Convolution", "GroupConvolution",
    "MaxPool", "AvgPool", "ConvolutionBackpropData" };
  const GArray *uses = node->outputs[0].uses;

  for (guint i = 0; uses->len == 1 && i < G_N_ELEMENTS (types); i++)
    if (ir_node_is (g_array_index (uses, IrUse, 0).node, types[i]))
      return TRUE;
  return FALSE;
}

static Sample *
make (const IrNode *node)
{
  const gint64 *out = node->outputs[0].shape.dim;
  Sample *p = g_new0 (Sample, 1);

  if (cpu_sampled_init (&p->sampled, node)) {
    p->last = is_taken_last (node);
    p->pitch = CPU_PITCH (out[1]);
    p->rows = CLAMP (BLOCK / (out[3] * p->pitch), 1, (gsize) out[2]);
    p->blocks = (out[2] + p->rows - 1) / p->rows;
    if (p->blocks <= G_MAXINT32 / out[0])
      return p;
  }
  sample_free (p);
  return NULL;
}

gboolean
cpu_lower_sample (CpuModel *model, const CpuFusion *fusion)
{
  static const guint all[CPU_SAMPLED_INPUTS] = { 0, 1, 2, 3 };
  const IrNode *node = fusion->head;
  const gint64 *out = node->outputs[0].shape.dim;
  Sample *p = make (node);
  CpuStep *step;

  if (!p)
    return FALSE;
  step = cpu_sampled_add (model, node, p->last ? CPU_LAST : CPU_PLAIN, all,
      node->n_inputs, &p->sampled);
  step->kernel = model->reduce->name;
  step->run = run_sample;
  step->data = p;
  step->free_data = sample_free;
  step->scratch = p->pitch * sizeof (float) *
      (1 + (p->last ? 0 : (gsize) p->rows * out[3]));
  return TRUE;
}
