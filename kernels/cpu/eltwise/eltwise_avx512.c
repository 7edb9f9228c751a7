/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eltwise.h"

#include <immintrin.h>

/* What vectorised C takes twice as long for: a division, and scaling in two steps. */

/* e^x as in vecmath.h, the scaling by an instruction that knows all exponents. */
static inline __m512
exp_16 (__m512 x)
{
  const __m512 whole =
      _mm512_roundscale_ps (_mm512_mul_ps (x, _mm512_set1_ps (1.44269504f)), 0);
  const __m512 rest =
      _mm512_fnmadd_ps (whole, _mm512_set1_ps (0.693359375f), x);
  const __m512 r =
      _mm512_fnmadd_ps (whole, _mm512_set1_ps (-2.12194440e-4f), rest);
  __m512 p = _mm512_set1_ps (1.0f / 720);

  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1.0f / 120));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1.0f / 24));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1.0f / 6));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (0.5f));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1));
  p = _mm512_fmadd_ps (p, r, _mm512_set1_ps (1));
  return _mm512_scalef_ps (p, whole);
}

/* 1 / (1 + e^-x). The estimate of the inverse has 14 bits, a step of Newton's doubles
 * them; @x is kept where the sum is finite. The constant is the first operand, so
 * that NaN stays. */
static inline __m512
sigmoid_16 (__m512 x)
{
  const __m512 one = _mm512_set1_ps (1);
  const __m512 kept = _mm512_max_ps (_mm512_set1_ps (-87), x);
  const __m512 sum =
      _mm512_add_ps (one, exp_16 (_mm512_sub_ps (_mm512_setzero_ps (), kept)));
  const __m512 y = _mm512_rcp14_ps (sum);

  return _mm512_fmadd_ps (_mm512_fnmadd_ps (sum, y, one), y, y);
}

/* Returns 0 for the functions that are not made here. */
static int
own_unary (IrUnary op, float a, float bias, const float *x, float *to, size_t n)
{
  const __m512 factor = _mm512_set1_ps (a), shift = _mm512_set1_ps (bias);

  if (op != IR_UNARY_SIGMOID && op != IR_UNARY_SWISH)
    return 0;
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 mask = n - i < 16 ? (1u << (n - i)) - 1 : 0xffff;
    const __m512 v = _mm512_add_ps (_mm512_maskz_loadu_ps (mask, x + i), shift);

    _mm512_mask_storeu_ps (to + i, mask,
        op == IR_UNARY_SIGMOID
            ? sigmoid_16 (v)
            : _mm512_mul_ps (v, sigmoid_16 (_mm512_mul_ps (factor, v))));
  }
  return 1;
}

#define IR_OWN_UNARY
#define IR_ISA avx512
#include "eltwise_impl.h"
