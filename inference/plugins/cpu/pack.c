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

float *
cpu_pack_weights (
    const CpuModel *model, const CpuConvShape *s, const float *weights)
{
  const guint nr = model->igemm->nr;
  Packing p = { .s = s,
    .nr = nr,
    .panels = (s->out_channels + nr - 1) / nr,
    .taps = s->window.kernel_h * s->window.kernel_w,
    .panel = cpu_panel_size (model->igemm, s),
    .weights = weights };

  p.packed = cpu_alloc_unset (p.panel * p.panels * s->groups);
  if (p.packed)
    cpu_pool_run (model->threads, p.panels * s->groups, pack_one, &p);
  return p.packed;
}

float *
cpu_pack_bias (const IrIgemmKernels *kernels, const CpuConvShape *s,
    const CpuFusion *fusion)
{
  const gsize channels = (gsize) s->groups * s->out_channels;
  float *bias = cpu_alloc_floats (channels + kernels->nr);

  for (gsize o = 0; bias && fusion->bias && o < channels; o++)
    bias[o] = fusion->bias[fusion->bias_n > 1 ? o : 0];
  return bias;
}
