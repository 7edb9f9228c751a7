/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dwconv.h"

static float
element (const IrDwconvRow *r, int x, int c)
{
  float sum = r->bias[c];

  for (int ky = 0; ky < r->kernel_h; ky++)
    for (int kx = 0; kx < r->kernel_w; kx++) {
      const int sx = x * r->stride + kx * r->dilation - r->pad;

      if (r->rows[ky] && sx >= 0 && sx < r->in_w)
        sum += r->weights[(ky * r->kernel_w + kx) * r->channels + c] *
            r->rows[ky][sx * r->in_pitch + c];
    }
  return sum < r->low ? r->low : sum > r->high ? r->high : sum;
}

static void
row (const IrDwconvRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    for (int c = 0; c < r->channels; c++)
      r->to[x * r->out_pitch + c] = element (r, x, c);
}

extern const IrDwconvKernels ir_dwconv_c;

const IrDwconvKernels ir_dwconv_c = {
  .name = "c",
  .row = row,
};
