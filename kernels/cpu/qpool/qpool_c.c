/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qpool.h"

static uint8_t
element (const IrQpoolRow *r, int x, int c)
{
  uint8_t to = 0;

  for (int ky = 0; ky < r->kernel_h; ky++)
    for (int kx = 0; r->rows[ky] && kx < r->kernel_w; kx++) {
      const int at = x * r->stride + kx * r->dilation - r->pad;

      if (at >= 0 && at < r->in_w && r->rows[ky][at * r->in_pitch + c] > to)
        to = r->rows[ky][at * r->in_pitch + c];
    }
  return to;
}

static void
max_row (const IrQpoolRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    for (int c = 0; c < r->channels; c++)
      r->to[x * r->out_pitch + c] = element (r, x, c);
}

extern const IrQpoolKernels ir_qpool_c;

const IrQpoolKernels ir_qpool_c = {
  .name = "c",
  .max_row = max_row,
};
