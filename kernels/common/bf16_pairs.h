/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BF16_PAIRS_H
#define IR_KERNEL_BF16_PAIRS_H

/* Thirty-two bf16 as f32, those with even numbers in one vector, those with odd ones
 * in another: a shift and a mask are enough. For AVX512-BF16. */
#include <immintrin.h>
#include <stdint.h>

#define PAIR_LANES 32

typedef struct {
  __m512 even, odd;
} Pair;

static inline __mmask32
pair_lanes (int n)
{
  return n < PAIR_LANES ? (1u << n) - 1 : 0xffffffff;
}

static inline Pair
pair_load (const uint16_t *p, __mmask32 mask)
{
  const __m512i v = _mm512_maskz_loadu_epi16 (mask, p);

  return (Pair){ _mm512_castsi512_ps (_mm512_slli_epi32 (v, 16)),
    _mm512_castsi512_ps (
        _mm512_and_si512 (v, _mm512_set1_epi32 ((int) 0xffff0000))) };
}

/* Weights and biases come in order. */
static inline Pair
pair_sort (const float *p, __mmask32 mask)
{
  const __m512i even = _mm512_setr_epi32 (
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32 (even, _mm512_set1_epi32 (1));
  const __m512 low = _mm512_maskz_loadu_ps (mask, p);
  const __m512 high = _mm512_maskz_loadu_ps (mask >> 16, p + 16);

  return (Pair){ _mm512_permutex2var_ps (low, even, high),
    _mm512_permutex2var_ps (low, odd, high) };
}

/* To one of @to and @to_f32, from number @at on. */
static inline void
pair_store (uint16_t *to, float *to_f32, size_t at, __mmask32 mask, Pair x)
{
  /* Halves by turns. */
  const __m512i order =
      _mm512_set_epi16 (31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9,
          24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i low = _mm512_setr_epi32 (
      0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32 (low, _mm512_set1_epi32 (8));

  if (to) {
    _mm512_mask_storeu_epi16 (to + at, mask,
        _mm512_permutexvar_epi16 (
            order, (__m512i) _mm512_cvtne2ps_pbh (x.odd, x.even)));
  } else {
    _mm512_mask_storeu_ps (
        to_f32 + at, mask, _mm512_permutex2var_ps (x.even, low, x.odd));
    _mm512_mask_storeu_ps (to_f32 + at + 16, mask >> 16,
        _mm512_permutex2var_ps (x.even, high, x.odd));
  }
}

#endif
