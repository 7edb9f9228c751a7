/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_VECMATH512_H
#define IR_KERNEL_VECMATH512_H

#include <immintrin.h>

/*
 * The functions of vecmath.h that have an exponential, for 16 numbers: AVX-512 scales
 * by powers of two in one instruction. Divisions go on beside the products, so that
 * estimates of reciprocals gain nothing. NaN stays NaN: it is the second operand of
 * minima and maxima.
 */

static inline __m512
w_spread (float x)
{
  return _mm512_set1_ps (x);
}

/* Of -104 <= x <= 89, as k_exp(). The polynomial is the one of its degree whose
 * greatest error relative to exp (r) is least: 5e-9. */
static inline __m512
w_exp_inside (__m512 x)
{
  const __m512 round = w_spread (12582912);
  const __m512 n = _mm512_fmadd_ps (x, w_spread (1.44269504f), round) - round;
  __m512 r = _mm512_fnmadd_ps (n, w_spread (0.693359375f), x), p;

  r = _mm512_fnmadd_ps (n, w_spread (-2.12194440e-4f), r);
  p = _mm512_fmadd_ps (w_spread (1.3814467e-3f), r, w_spread (8.368781e-3f));
  p = _mm512_fmadd_ps (p, r, w_spread (4.1668393e-2f));
  p = _mm512_fmadd_ps (p, r, w_spread (0.1666652f));
  p = _mm512_fmadd_ps (p, r, w_spread (0.49999994f));
  p = _mm512_fmadd_ps (p, r, w_spread (1));
  p = _mm512_fmadd_ps (p, r, w_spread (1));
  return _mm512_scalef_ps (p, n);
}

static inline __m512
w_exp (__m512 x)
{
  const __m512 low = _mm512_max_ps (w_spread (-104), x);

  return w_exp_inside (_mm512_min_ps (w_spread (89), low));
}

/* As k_expm1(). */
static inline __m512
w_expm1 (__m512 x)
{
  const __mmask16 small =
      _mm512_cmp_ps_mask (_mm512_abs_ps (x), w_spread (0.4f), _CMP_LT_OQ);
  __m512 p = w_spread (1.0f / 5040);

  p = _mm512_fmadd_ps (p, x, w_spread (1.0f / 720));
  p = _mm512_fmadd_ps (p, x, w_spread (1.0f / 120));
  p = _mm512_fmadd_ps (p, x, w_spread (1.0f / 24));
  p = _mm512_fmadd_ps (p, x, w_spread (1.0f / 6));
  p = _mm512_fmadd_ps (p, x, w_spread (0.5f));
  p = _mm512_fmadd_ps (p * x, x, x);
  return _mm512_mask_blend_ps (small, w_exp (x) - w_spread (1), p);
}

/* @x times the sigmoid of @y. */
static inline __m512
w_gate (__m512 x, __m512 y)
{
  return x / (w_exp (-y) + w_spread (1));
}

/* As w_gate(), within 2^-12 of itself: for what is rounded to bf16. The polynomial is
 * the one of its degree whose greatest error relative to 2^r is least: 7.5e-5. */
static inline __m512
w_gate_roughly (__m512 x, __m512 y)
{
  const __m512 t = _mm512_min_ps (w_spread (129),
      _mm512_max_ps (w_spread (-126), y * w_spread (-1.44269504f)));
  const __m512 n =
      _mm512_roundscale_ps (t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  const __m512 r = t - n;
  __m512 p = _mm512_fmadd_ps (w_spread (0.05517167f), r, w_spread (0.2426111f));

  p = _mm512_fmadd_ps (p, r, w_spread (0.693261f));
  p = _mm512_fmadd_ps (p, r, w_spread (0.9999281f));
  return x * _mm512_rcp14_ps (_mm512_scalef_ps (p, n) + w_spread (1));
}

static inline __m512
w_sigmoid (__m512 x)
{
  return w_gate (w_spread (1), x);
}

static inline __m512
w_clamp01 (__m512 x)
{
  return _mm512_min_ps (w_spread (1), _mm512_max_ps (_mm512_setzero_ps (), x));
}

static inline __m512
w_tanh (__m512 x)
{
  const __m512 low = _mm512_max_ps (w_spread (-10), x);
  const __m512 clamped = _mm512_min_ps (w_spread (10), low);
  const __m512 magnitude = _mm512_abs_ps (clamped);
  const __m512 e = w_expm1 (magnitude * w_spread (-2));
  const __m512 y = e / (e + w_spread (2));

  /* y is negative or -0: the sign of x is what is to be flipped. */
  return _mm512_xor_ps (y, _mm512_andnot_ps (x, w_spread (-0.0f)));
}

static inline __m512
w_elu (__m512 x, float alpha)
{
  const __mmask16 positive =
      _mm512_cmp_ps_mask (x, _mm512_setzero_ps (), _CMP_GT_OQ);

  return _mm512_mask_mov_ps (w_spread (alpha) * w_expm1 (x), positive, x);
}

/* As k_mish(); NaN comes back by the last product. */
static inline __m512
w_mish (__m512 x)
{
  const __m512 e = w_exp (_mm512_min_ps (w_spread (20), x));
  const __m512 n = e * (e + w_spread (2));

  return x * (n / (n + w_spread (2)));
}

/* As k_normal(). */
static inline __m512
w_normal (__m512 x)
{
  const __m512 z = _mm512_abs_ps (x) * w_spread (0.707106781f);
  const __m512 t =
      w_spread (1) / _mm512_fmadd_ps (z, w_spread (0.3275911f), w_spread (1));
  const __mmask16 negative =
      _mm512_cmp_ps_mask (x, _mm512_setzero_ps (), _CMP_LT_OQ);
  __m512 p = w_spread (1.061405429f), tail;

  p = _mm512_fmadd_ps (p, t, w_spread (-1.453152027f));
  p = _mm512_fmadd_ps (p, t, w_spread (1.421413741f));
  p = _mm512_fmadd_ps (p, t, w_spread (-0.284496736f));
  p = _mm512_fmadd_ps (p, t, w_spread (0.254829592f));
  tail =
      w_spread (0.5f) * p * t * w_exp (_mm512_fnmadd_ps (z, z, w_spread (0)));
  return _mm512_mask_mov_ps (w_spread (1) - tail, negative, tail);
}

#endif
