/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "roi.h"

/* Of a thread: bins of regions have some dozen points of four pixels, those of a region
 * that is a whole map as many as that has. */
#define FIRST_ROOM 2048

static gboolean
make_room (IrSamples *samples, gsize wanted)
{
  samples->pixel = ir_scratch_take (samples->scratch, wanted, sizeof (gint64));
  samples->weight = ir_scratch_take (samples->scratch, wanted, sizeof (float));
  samples->room = samples->pixel && samples->weight ? wanted : 0;
  return samples->room > 0;
}

IrSamples *
ir_samples_new (IrScratch *scratch, guint n)
{
  IrSamples *samples = ir_scratch_take0 (scratch, n, sizeof *samples);

  for (guint i = 0; samples && i < n; i++) {
    samples[i].scratch = scratch;
    if (!make_room (&samples[i], FIRST_ROOM))
      return NULL;
  }
  return samples;
}

gboolean
ir_samples_begin (IrSamples *samples, gsize n, gsize taps)
{
  samples->n = n;
  samples->taps = taps;
  samples->divisor = 1;
  return n * taps <= samples->room ||
      make_room (samples, MAX (n * taps, 2 * samples->room));
}

/* Points are sums of floats, their sum is of doubles. */
static float
combine (const IrSampling *s, const IrSamples *samples, const float *plane)
{
  const gint64 *pixel = samples->pixel;
  const float *weight = samples->weight;
  float most = s->least;
  double sum = 0;

  for (gsize i = 0; i < samples->n; i++) {
    float value = 0;

    for (gsize t = 0; t < samples->taps; t++)
      value += *weight++ * plane[*pixel++];
    sum += value;
    most = value > most ? value : most;
  }
  return s->max ? most : (float) (sum / samples->divisor);
}

void
ir_sample_channels (const IrSampling *s, const IrSamples *samples,
    const IrChannels *channels, float *to, gint64 step)
{
  if (samples->n == 0)
    return;
  for (gint64 c = 0; c < channels->n; c++)
    to[c * step] = combine (s, samples, channels->data + c * channels->step);
}

typedef struct {
  IrSampleFunc func;
  gconstpointer data;
  IrSamples *samples; /* of each worker */
  gint64 n;
  gint64 split;
  gint failed;
} Pieces;

static void
sample_part (gpointer data, guint part, guint worker)
{
  Pieces *p = data;
  const gint64 first = part * p->split;

  for (gint64 i = first; i < MIN (first + p->split, p->n); i++)
    if (!p->func (p->data, i, &p->samples[worker]))
      g_atomic_int_set (&p->failed, TRUE);
}

/* Operations per element: some points of four pixels. */
#define WORK 16

static IrSamples *
make_samples (const IrEvalCtx *ctx, gsize own)
{
  const guint workers = ir_eval_workers (ctx);
  IrSamples *samples = ir_samples_new (ctx->scratch, workers);

  for (guint i = 0; samples && own > 0 && i < workers; i++) {
    samples[i].own = ir_scratch_take (ctx->scratch, own, sizeof (float));
    if (!samples[i].own)
      return NULL;
  }
  return samples;
}

gboolean
ir_eval_samples (const IrEvalCtx *ctx, gint64 n, gsize own, IrSampleFunc func,
    gconstpointer data, GError **error)
{
  Pieces p = { func, data, make_samples (ctx, own), n };

  p.failed = !p.samples;
  p.split = ir_eval_split (ctx, ir_tensor_count (ctx->out[0]) * WORK, n);
  if (!p.failed)
    ir_eval_parts (ctx, n, p.split, sample_part, &p);
  return !p.failed ||
      ir_fail (error, IR_ERROR_LIMIT, "no memory for all that one pixel reads");
}

/* Row @i of all images of the output. */
static gboolean
sample_row (gconstpointer data, gint64 i, IrSamples *samples)
{
  const IrSampling *s = data;
  const gint64 *out = s->ctx->out[0]->shape.dim;
  const gint64 index = i / out[2], y = i % out[2], plane = out[2] * out[3];
  float *to = ir_eval_out_f32 (s->ctx, 0) + index * out[1] * plane + y * out[3];

  for (gint64 x = 0; x < out[3]; x++) {
    IrMaps maps;

    if (!s->find (s, index, y, x, samples))
      return FALSE;
    maps = ir_roi_maps (s->ctx, samples->image);
    ir_sample_channels (s, samples,
        &(IrChannels){ maps.data, maps.channels, maps.height * maps.width },
        to + x, plane);
  }
  return TRUE;
}

gboolean
ir_eval_sampling (IrEvalCtx *ctx, GError **error)
{
  IrSampling s = { 0 };

  return ctx->node->op->sampling (ctx, &s, error) &&
      ir_eval_samples (
          ctx, s.images * ctx->out[0]->shape.dim[2], 0, sample_row, &s, error);
}
