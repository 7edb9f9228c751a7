/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Constants of convolutions in the order in which kernels read them. */
#include "cpu.h"

#include <string.h>

float *
cpu_alloc_floats (gsize n)
{
  gpointer memory = NULL;
  gsize bytes;

  if (!g_size_checked_mul (&bytes, n, sizeof (float)) ||
      posix_memalign (&memory, IR_TENSOR_ALIGN, MAX (bytes, 1)) != 0)
    return NULL;
  return memset (memory, 0, bytes);
}

gsize
cpu_panel_size (const IrIgemmKernels *kernels, const CpuConvShape *s)
{
  return (gsize) s->window.kernel_h * s->window.kernel_w * s->in_channels *
      kernels->nr;
}

float *
cpu_pack_weights (
    const IrIgemmKernels *kernels, const CpuConvShape *s, const float *weights)
{
  const guint nr = kernels->nr, k = s->in_channels;
  const guint taps = s->window.kernel_h * s->window.kernel_w;
  const guint panels = (s->out_channels + nr - 1) / nr;
  const gsize panel = cpu_panel_size (kernels, s);
  float *packed = cpu_alloc_floats (panel * panels * s->groups);

  if (!packed)
    return NULL;
  for (guint g = 0; g < s->groups; g++)
    for (guint o = 0; o < s->out_channels; o++) {
      float *to = packed + ((gsize) g * panels + o / nr) * panel + o % nr;

      for (guint i = 0; i < k; i++)
        for (guint t = 0; t < taps; t++)
          to[((gsize) t * k + i) * nr] = *weights++;
    }
  return packed;
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
