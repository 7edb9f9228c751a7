/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Thirty-two channels at a time. */
#include "bpool.h"
#include "bf16_pairs.h"
#include "taps.h"

#include <float.h>

static inline __attribute__ ((always_inline)) Pair
take (Pair sum, Pair x, int average)
{
  if (average)
    return (Pair){ _mm512_add_ps (sum.even, x.even),
      _mm512_add_ps (sum.odd, x.odd) };
  /* The new one is the second operand, so that NaN is taken. */
  return (
      Pair){ _mm512_max_ps (sum.even, x.even), _mm512_max_ps (sum.odd, x.odd) };
}

static inline __attribute__ ((always_inline)) void
make_pixel (const IrBpoolRow *r, int x, int average)
{
  const int left = x * r->stride - r->pad;
  const ptrdiff_t from = left * (ptrdiff_t) r->in_pitch;
  const ptrdiff_t next = r->dilation * (ptrdiff_t) r->in_pitch;
  const __m512 start = _mm512_set1_ps (average ? 0 : -FLT_MAX);
  const __m512 count = _mm512_set1_ps (average ? r->counts[x] : 1);
  int first, end;

  k_find_taps (left, r->in_w, r->kernel_w, r->dilation, &first, &end);
  for (int c = 0; c < r->channels; c += PAIR_LANES) {
    const __mmask32 mask = pair_lanes (r->channels - c);
    Pair sum = { start, start };

    for (int ky = 0; ky < r->kernel_h; ky++)
      for (int kx = first; r->rows[ky] && kx < end; kx++)
        sum = take (
            sum, pair_load (r->rows[ky] + from + kx * next + c, mask), average);
    if (average)
      sum = (Pair){ _mm512_div_ps (sum.even, count),
        _mm512_div_ps (sum.odd, count) };
    pair_store (r->to, r->to_f32, x * r->out_pitch + c, mask, sum);
  }
}

static void
max_row (const IrBpoolRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    make_pixel (r, x, 0);
}

static void
average_row (const IrBpoolRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    make_pixel (r, x, 1);
}

extern const IrBpoolKernels ir_bpool_bf16;

const IrBpoolKernels ir_bpool_bf16 = {
  .name = "bf16",
  .max_row = max_row,
  .average_row = average_row,
};
