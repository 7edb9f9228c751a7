/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixty-four channels at a time. */
#include "qpool.h"
#include "taps.h"

#include <immintrin.h>

#define LANES 64

static inline void
make_pixel (const IrQpoolRow *r, int x)
{
  const int left = x * r->stride - r->pad;
  const ptrdiff_t from = left * (ptrdiff_t) r->in_pitch;
  const ptrdiff_t next = r->dilation * (ptrdiff_t) r->in_pitch;
  int first, end;

  k_find_taps (left, r->in_w, r->kernel_w, r->dilation, &first, &end);
  for (int c = 0; c < r->channels; c += LANES) {
    const int rest = r->channels - c;
    const __mmask64 mask = rest < LANES ? (1ull << rest) - 1 : ~0ull;
    __m512i most = _mm512_setzero_si512 ();

    for (int ky = 0; ky < r->kernel_h; ky++)
      for (int kx = first; r->rows[ky] && kx < end; kx++)
        most = _mm512_max_epu8 (most,
            _mm512_maskz_loadu_epi8 (mask, r->rows[ky] + from + kx * next + c));
    _mm512_mask_storeu_epi8 (r->to + x * r->out_pitch + c, mask, most);
  }
}

static void
max_row (const IrQpoolRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    make_pixel (r, x);
}

extern const IrQpoolKernels ir_qpool_avx512;

const IrQpoolKernels ir_qpool_avx512 = {
  .name = "avx512",
  .max_row = max_row,
};
