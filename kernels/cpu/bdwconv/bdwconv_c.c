/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bdwconv.h"
#include "bf16.h"

static float
element (const IrBdwconvRow *r, int x, int c)
{
  float sum = r->bias[c];

  for (int ky = 0; ky < r->kernel_h; ky++)
    for (int kx = 0; r->rows[ky] && kx < r->kernel_w; kx++) {
      const int at = x * r->stride + kx * r->dilation - r->pad;

      if (at >= 0 && at < r->in_w)
        sum += r->weights[(ky * r->kernel_w + kx) * r->channels + c] *
            k_widen_bf16 (r->rows[ky][at * r->in_pitch + c]);
    }
  return sum < r->low ? r->low : sum > r->high ? r->high : sum;
}

static void
row (const IrBdwconvRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    for (int c = 0; c < r->channels; c++)
      if (r->to)
        r->to[x * r->out_pitch + c] = k_narrow_bf16 (element (r, x, c));
      else
        r->to_f32[x * r->out_pitch + c] = element (r, x, c);
}

extern const IrBdwconvKernels ir_bdwconv_c;

const IrBdwconvKernels ir_bdwconv_c = {
  .name = "c",
  .row = row,
};
