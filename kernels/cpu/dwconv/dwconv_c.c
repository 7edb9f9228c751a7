/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dwconv.h"

static float
element (const IrDwconvLines *l, int y, int x, int c)
{
  const float *const *rows = l->rows + y * l->kernel_h;
  float sum = l->bias[c];

  for (int ky = 0; ky < l->kernel_h; ky++)
    for (int kx = 0; kx < l->kernel_w; kx++) {
      const int sx = x * l->stride_w + kx * l->dilation_w - l->pad;

      if (rows[ky] && sx >= 0 && sx < l->in_w)
        sum += l->weights[(ky * l->kernel_w + kx) * l->channels + c] *
            rows[ky][sx * l->in_pitch + c];
    }
  return sum < l->low ? l->low : sum > l->high ? l->high : sum;
}

static void
lines (const IrDwconvLines *l)
{
  for (int y = 0; y < l->lines; y++)
    for (int x = 0; x < l->out_w; x++)
      for (int c = 0; c < l->channels; c++)
        l->to[(y * l->out_w + x) * l->out_pitch + c] = element (l, y, x, c);
}

extern const IrDwconvKernels ir_dwconv_c;

const IrDwconvKernels ir_dwconv_c = {
  .name = "c",
  .lines = lines,
};
