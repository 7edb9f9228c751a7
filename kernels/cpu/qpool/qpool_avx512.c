/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixty-four channels at a time. */
#include "qpool.h"

#include <immintrin.h>

#define LANES 64

typedef __m512i Vector;

static inline __mmask64
mask_of (int n)
{
  return n < LANES ? (1ull << n) - 1 : ~0ull;
}

static inline Vector
load (const uint8_t *from, int n)
{
  return _mm512_maskz_loadu_epi8 (mask_of (n), from);
}

static inline void
store (uint8_t *to, Vector x, int n)
{
  _mm512_mask_storeu_epi8 (to, mask_of (n), x);
}

static inline Vector
larger (Vector a, Vector b)
{
  return _mm512_max_epu8 (a, b);
}

#include "qpool_impl.h"

extern const IrQpoolKernels ir_qpool_avx512;

const IrQpoolKernels ir_qpool_avx512 = {
  .name = "avx512",
  .max_row = max_row,
};
