/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bdwconv.h"
#include "bf16.h"

static float
element (const IrBdwconvLines *l, int y, int x, int c)
{
  const uint16_t *const *rows = l->rows + y * l->kernel_h;
  float sum = l->bias[c];

  for (int ky = 0; ky < l->kernel_h; ky++)
    for (int kx = 0; rows[ky] && kx < l->kernel_w; kx++) {
      const int at = x * l->stride_w + kx * l->dilation_w - l->pad;

      if (at >= 0 && at < l->in_w)
        sum += l->weights[(ky * l->kernel_w + kx) * l->channels + c] *
            k_widen_bf16 (rows[ky][at * l->in_pitch + c]);
    }
  return sum < l->low ? l->low : sum > l->high ? l->high : sum;
}

static void
make_pixel (const IrBdwconvLines *l, int y, int x)
{
  const size_t to = (y * l->out_w + x) * l->out_pitch;

  for (int c = 0; c < l->channels; c++)
    if (l->to)
      l->to[to + c] = k_narrow_bf16 (element (l, y, x, c));
    else
      l->to_f32[to + c] = element (l, y, x, c);
}

static void
lines (const IrBdwconvLines *l)
{
  for (int y = 0; y < l->lines; y++)
    for (int x = 0; x < l->out_w; x++)
      make_pixel (l, y, x);
}

extern const IrBdwconvKernels ir_bdwconv_c;

const IrBdwconvKernels ir_bdwconv_c = {
  .name = "c",
  .lines = lines,
};
