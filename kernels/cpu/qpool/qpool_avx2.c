/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixteen channels at a time, or the last eight. */
#include "qpool.h"

#include <immintrin.h>

#define LANES 16

typedef __m128i Vector;

static inline Vector
load (const uint8_t *from, int n)
{
  const __m128i *at = (const __m128i *) from;

  return n < LANES ? _mm_loadl_epi64 (at) : _mm_loadu_si128 (at);
}

static inline void
store (uint8_t *to, Vector x, int n)
{
  if (n < LANES)
    _mm_storel_epi64 ((__m128i *) to, x);
  else
    _mm_storeu_si128 ((__m128i *) to, x);
}

static inline Vector
larger (Vector a, Vector b)
{
  return _mm_max_epu8 (a, b);
}

#include "qpool_impl.h"

extern const IrQpoolKernels ir_qpool_avx2;

const IrQpoolKernels ir_qpool_avx2 = {
  .name = "avx2",
  .max_row = max_row,
};
