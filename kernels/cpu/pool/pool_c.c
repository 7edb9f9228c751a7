/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool.h"

#include <float.h>
#include <stddef.h>

/* What a tap sees of a channel; NULL if that lies outside. */
static const float *
tap_at (const IrPoolRow *r, int x, int c, int ky, int kx)
{
  const int sx = x * r->stride + kx * r->dilation - r->pad;

  return r->rows[ky] && sx >= 0 && sx < r->in_w
      ? r->rows[ky] + sx * r->in_pitch + c
      : NULL;
}

#define ROW(name, start, step, end)                                            \
  static float name##_at (const IrPoolRow *r, int x, int c)                    \
  {                                                                            \
    float to = start;                                                          \
                                                                               \
    for (int ky = 0; ky < r->kernel_h; ky++)                                   \
      for (int kx = 0; kx < r->kernel_w; kx++) {                               \
        const float *from = tap_at (r, x, c, ky, kx);                          \
                                                                               \
        if (from)                                                              \
          to = step;                                                           \
      }                                                                        \
    return end;                                                                \
  }                                                                            \
                                                                               \
  static void name (const IrPoolRow *r)                                        \
  {                                                                            \
    for (int x = 0; x < r->out_w; x++)                                         \
      for (int c = 0; c < r->channels; c++)                                    \
        r->to[x * r->out_pitch + c] = name##_at (r, x, c);                     \
  }

ROW (max_row, -FLT_MAX, to > *from ? to : *from, to)
ROW (average_row, 0, to + *from, to / r->counts[x])

extern const IrPoolKernels ir_pool_c;

const IrPoolKernels ir_pool_c = {
  .name = "c",
  .max_row = max_row,
  .average_row = average_row,
};
