/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Constants of convolutions in the order in which kernels read them. */
#include "cpu.h"

#include <string.h>
#include <sys/mman.h>

/* Large pages are had at once instead of in hundreds of faults. */
#define HUGE_PAGE ((gsize) 2 << 20)

float *
cpu_alloc_unset (gsize n)
{
  gpointer memory = NULL;
  gsize bytes;

  if (!g_size_checked_mul (&bytes, n, sizeof (float)) ||
      posix_memalign (&memory, bytes < HUGE_PAGE ? IR_TENSOR_ALIGN : HUGE_PAGE,
          MAX (bytes, 1)) != 0)
    return NULL;
  /* What does not fill a whole one stays as it is. */
  if (bytes >= HUGE_PAGE)
    (void) madvise (memory, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
  return memory;
}

float *
cpu_alloc_floats (gsize n)
{
  float *memory = cpu_alloc_unset (n);

  return memory ? memset (memory, 0, n * sizeof (float)) : NULL;
}

gpointer
cpu_pack (CpuModel *model, IrPort weights, gsize bytes, CpuPack pack,
    gconstpointer data, const char *format, ...)
{
  char label[CPU_LABEL];
  CpuBlob *blob;
  const IrTensor *value;
  gpointer to;
  va_list args;
  gint n;

  n = g_snprintf (
      label, sizeof label, "%u.%u ", weights.node->id, weights.index);
  va_start (args, format);
  g_vsnprintf (label + n, sizeof label - n, format, args);
  va_end (args);
  blob = cpu_store_find (model->store, label);
  if (blob) {
    blob->used = TRUE;
    return blob->bytes == bytes ? blob->data : NULL;
  }

  value = cpu_port_value (model, weights);
  to = value ? cpu_alloc_unset (bytes / sizeof (float) + 1) : NULL;
  if (!to)
    return NULL;
  model->packed_bytes += value->size;
  if (!pack (model, data, value->data, to)) {
    g_clear_pointer (&to, free);
    bytes = 0;
  }
  blob = cpu_store_add (model->store, label, to, bytes);
  blob->used = TRUE;
  return to;
}

gsize
cpu_panel_size (const IrIgemmKernels *kernels, const CpuConvShape *s)
{
  return (gsize) s->window.kernel_h * s->window.kernel_w * s->in_channels *
      kernels->nr;
}

/* Numbers of one output channel that are read at once: a line of the cache. */
#define RUN 16

void
cpu_pack_panel (const float *from, guint channels, gsize n, guint nr, float *to)
{
  for (gsize first = 0; first < n; first += RUN) {
    const guint run = MIN (RUN, n - first);

    for (guint o = 0; o < nr; o++)
      for (guint i = 0; i < run; i++)
        to[(first + i) * nr + o] = o < channels ? from[o * n + first + i] : 0;
  }
}

/* [channel][i][tap] becomes [tap][i][nr]. */
static void
pack_taps (
    const float *from, guint channels, guint k, guint taps, guint nr, float *to)
{
  for (guint i = 0; i < k; i++)
    for (guint o = 0; o < nr; o++)
      for (guint t = 0; t < taps; t++)
        to[((gsize) t * k + i) * nr + o] =
            o < channels ? from[((gsize) o * k + i) * taps + t] : 0;
}

typedef struct {
  const CpuConvShape *s;
  guint nr, panels, taps;
  gsize panel;
  const float *weights;
  float *packed;
} Packing;

static void
pack_one (gpointer data, guint task, guint worker)
{
  const Packing *p = data;
  const guint o = task % p->panels * p->nr, k = p->s->in_channels;
  const guint channels = MIN (p->nr, p->s->out_channels - o);
  const gsize group = (gsize) (task / p->panels) * p->s->out_channels;
  const float *from = p->weights + (group + o) * k * p->taps;
  float *to = p->packed + task * p->panel;

  if (p->taps == 1)
    cpu_pack_panel (from, channels, k, p->nr, to);
  else
    pack_taps (from, channels, k, p->taps, p->nr, to);
}

void
cpu_pack_weights_to (const CpuModel *model, const CpuConvShape *s,
    const float *weights, float *packed)
{
  const guint nr = model->igemm->nr;
  Packing p = { .s = s,
    .nr = nr,
    .panels = (s->out_channels + nr - 1) / nr,
    .taps = s->window.kernel_h * s->window.kernel_w,
    .panel = cpu_panel_size (model->igemm, s),
    .weights = weights,
    .packed = packed };

  cpu_pool_run (model->threads, p.panels * s->groups, pack_one, &p);
}

typedef struct {
  const CpuConvShape *given, *s;
  guint merged;
} Weights;

static gboolean
pack_weights (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Weights *w = data;
  float *merged = NULL;

  if (w->merged > 1) {
    merged = cpu_merge_weights (w->given, w->merged, FALSE, weights);
    if (!merged)
      return FALSE;
  }
  cpu_pack_weights_to (model, w->s, merged ? merged : weights, to);
  free (merged);
  return TRUE;
}

const float *
cpu_pack_weights (
    CpuModel *model, const CpuConvShape *given, guint merged, IrPort weights)
{
  const CpuConvShape s = cpu_merged_shape (given, merged);
  const guint nr = model->igemm->nr, panels = (s.out_channels + nr - 1) / nr;
  const gsize n = cpu_panel_size (model->igemm, &s) * panels * s.groups;
  const Weights w = { given, &s, merged };

  return cpu_pack (model, weights, n * sizeof (float), pack_weights, &w,
      "igemm %u: %u %u %u %dx%d, %u", nr, given->groups, given->out_channels,
      given->in_channels, given->window.kernel_h, given->window.kernel_w,
      merged);
}

/* Channels of small groups that are made one. */
#define MERGED 16

guint
cpu_merge_groups (const CpuModel *model, const CpuConvShape *s)
{
  guint n = MERGED / s->out_channels;

  if (s->groups == 1 || s->out_channels >= IR_IGEMM_GROUP ||
      MERGED % s->out_channels != 0)
    return 1;
  if (s->groups % n != 0)
    n = IR_IGEMM_GROUP / s->out_channels;
  /* Of single channels, those that fill up a pixel's pitch can be taken along, but
   * where levels have been before they need not be finite. */
  if (s->groups % n != 0 &&
      (s->in_channels > 1 || s->out_channels > 1 || model->qgemm))
    return 1;
  return n;
}

CpuConvShape
cpu_merged_shape (const CpuConvShape *s, guint merged)
{
  CpuConvShape shape = *s;

  shape.groups = (s->groups + merged - 1) / merged;
  shape.in_channels *= merged;
  shape.out_channels *= merged;
  return shape;
}

float *
cpu_merge_weights (
    const CpuConvShape *s, guint n, gboolean transposed, const float *weights)
{
  const gsize taps = (gsize) s->window.kernel_h * s->window.kernel_w;
  const guint height = transposed ? s->in_channels : s->out_channels;
  const gsize row = (transposed ? s->out_channels : s->in_channels) * taps;
  const gsize rows = (gsize) s->groups * height;
  const gsize groups = (s->groups + n - 1) / n;
  float *merged = cpu_alloc_floats (groups * n * height * row * n);

  for (gsize i = 0; merged && i < rows; i++)
    memcpy (merged + (i * n + i / height % n) * row, weights + i * row,
        row * sizeof *weights);
  return merged;
}

float *
cpu_pack_bias (const IrIgemmKernels *kernels, const CpuConvShape *s,
    const CpuFusion *fusion)
{
  const gsize channels = (gsize) s->groups * s->out_channels;
  const gsize n =
      fusion->bias_n > 1 ? MIN (fusion->bias_n, channels) : channels;
  float *bias = cpu_alloc_floats (channels + kernels->nr);

  for (gsize o = 0; bias && fusion->bias && o < n; o++)
    bias[o] = fusion->bias[fusion->bias_n > 1 ? o : 0];
  return bias;
}
