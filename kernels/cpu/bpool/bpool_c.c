/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpool.h"
#include "bf16.h"

#include <float.h>

static float
element (const IrBpoolRow *r, int x, int c, int average)
{
  float to = average ? 0 : -FLT_MAX;

  for (int ky = 0; ky < r->kernel_h; ky++)
    for (int kx = 0; r->rows[ky] && kx < r->kernel_w; kx++) {
      const int at = x * r->stride + kx * r->dilation - r->pad;

      if (at >= 0 && at < r->in_w) {
        const float from = k_widen_bf16 (r->rows[ky][at * r->in_pitch + c]);

        to = average ? to + from : to > from ? to : from;
      }
    }
  return average ? to / r->counts[x] : to;
}

static void
make_row (const IrBpoolRow *r, int average)
{
  for (int x = 0; x < r->out_w; x++)
    for (int c = 0; c < r->channels; c++) {
      const float y = element (r, x, c, average);

      if (r->to)
        r->to[x * r->out_pitch + c] = k_narrow_bf16 (y);
      else
        r->to_f32[x * r->out_pitch + c] = y;
    }
}

static void
max_row (const IrBpoolRow *r)
{
  make_row (r, 0);
}

static void
average_row (const IrBpoolRow *r)
{
  make_row (r, 1);
}

extern const IrBpoolKernels ir_bpool_c;

const IrBpoolKernels ir_bpool_c = {
  .name = "c",
  .max_row = max_row,
  .average_row = average_row,
};
