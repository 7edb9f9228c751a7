/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixteen channels at a time, or the last eight. */
#include "qpool.h"
#include "taps.h"

#include <immintrin.h>

#define LANES 16

static inline __m128i
load (const uint8_t *from, int whole)
{
  const __m128i *at = (const __m128i *) from;

  return whole ? _mm_loadu_si128 (at) : _mm_loadl_epi64 (at);
}

static inline void
make_pixel (const IrQpoolRow *r, int x)
{
  const int left = x * r->stride - r->pad;
  const ptrdiff_t from = left * (ptrdiff_t) r->in_pitch;
  const ptrdiff_t next = r->dilation * (ptrdiff_t) r->in_pitch;
  int first, end;

  k_find_taps (left, r->in_w, r->kernel_w, r->dilation, &first, &end);
  for (int c = 0; c < r->channels; c += LANES) {
    const int whole = r->channels - c >= LANES;
    __m128i most = _mm_setzero_si128 ();
    __m128i *to = (__m128i *) (r->to + x * r->out_pitch + c);

    for (int ky = 0; ky < r->kernel_h; ky++)
      for (int kx = first; r->rows[ky] && kx < end; kx++)
        most = _mm_max_epu8 (
            most, load (r->rows[ky] + from + kx * next + c, whole));
    if (whole)
      _mm_storeu_si128 (to, most);
    else
      _mm_storel_epi64 (to, most);
  }
}

static void
max_row (const IrQpoolRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    make_pixel (r, x);
}

extern const IrQpoolKernels ir_qpool_avx2;

const IrQpoolKernels ir_qpool_avx2 = {
  .name = "avx2",
  .max_row = max_row,
};
