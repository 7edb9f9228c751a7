/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "roi.h"

gboolean
ir_samples_begin (IrSamples *samples, gsize n, gsize taps)
{
  const gsize wanted = MAX (n * taps, 2 * samples->room);

  samples->n = n;
  samples->taps = taps;
  samples->divisor = 1;
  if (n * taps <= samples->room)
    return TRUE;
  ir_samples_clear (samples);
  samples->pixel = g_try_new (gint64, wanted);
  samples->weight = g_try_new (float, wanted);
  samples->room = samples->pixel && samples->weight ? wanted : 0;
  return samples->room > 0;
}

void
ir_samples_clear (IrSamples *samples)
{
  g_clear_pointer (&samples->pixel, g_free);
  g_clear_pointer (&samples->weight, g_free);
  samples->room = 0;
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

gboolean
ir_eval_samples (const IrEvalCtx *ctx, gint64 n, IrSampleFunc func,
    gconstpointer data, GError **error)
{
  const guint workers = ir_eval_workers (ctx);
  g_autofree IrSamples *samples = g_new0 (IrSamples, workers);
  Pieces p = { func, data, samples, n };

  p.split = ir_eval_split (ctx, ir_tensor_count (ctx->out[0]) * WORK, n);
  ir_eval_parts (ctx, n, p.split, sample_part, &p);
  for (guint i = 0; i < workers; i++)
    ir_samples_clear (&samples[i]);
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
          ctx, s.images * ctx->out[0]->shape.dim[2], sample_row, &s, error);
}
