/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_VECMATH_H
#define IR_KERNEL_VECMATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/*
 * Elementary functions without branches or calls, so that loops over them are
 * vectorised. NaN stays NaN.
 */

static inline float
k_clamp01 (float x)
{
  return x < 0 ? 0 : x > 1 ? 1 : x;
}

static inline float
k_scale2 (float x, int32_t exponent)
{
  uint32_t bits = (uint32_t) (exponent + 127) << 23;
  float factor;

  memcpy (&factor, &bits, sizeof factor);
  return x * factor;
}

/* exp (x) = 2^n exp (r) with |r| <= ln 2 / 2: ln 2 in two parts keeps r exact,
 * the polynomial is Taylor's to the degree that f32 can tell. Adding 1.5 * 2^23
 * rounds, and leaves n in the low bits. The scaling goes in two steps because
 * 2^128 is no f32. NaN goes through every step without a question asked: that
 * would be a branch. */
static inline float
k_exp (float x)
{
  const float low = x < -104.0f ? -104.0f : x;
  const float clamped = low > 89.0f ? 89.0f : low;
  const float shifted = clamped * 1.44269504f + 12582912.0f;
  const float whole = shifted - 12582912.0f;
  const float r = (clamped - whole * 0.693359375f) - whole * -2.12194440e-4f;
  float p = 1.0f / 5040;
  int32_t n;

  memcpy (&n, &shifted, sizeof n);
  n -= 0x4b400000;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1;
  return k_scale2 (k_scale2 (p, n >> 1), n - (n >> 1));
}

/* Near zero exp (x) - 1 would lose what it is asked for. */
static inline float
k_expm1 (float x)
{
  float p = 1.0f / 5040;

  p = p * x + 1.0f / 720;
  p = p * x + 1.0f / 120;
  p = p * x + 1.0f / 24;
  p = p * x + 1.0f / 6;
  p = p * x + 0.5f;
  p = p * x * x + x;
  return __builtin_fabsf (x) < 0.4f ? p : k_exp (x) - 1;
}

/* ln (1 + x) for x from 0 to 1: twice the series of artanh (x / (2 + x)). */
static inline float
k_log1p (float x)
{
  const float s = x / (2 + x), t = s * s;
  float p = 1.0f / 13;

  p = p * t + 1.0f / 11;
  p = p * t + 1.0f / 9;
  p = p * t + 1.0f / 7;
  p = p * t + 1.0f / 5;
  p = p * t + 1.0f / 3;
  p = p * t + 1;
  return 2 * s * p;
}

/* 2^n m, m from 1 / sqrt 2 to sqrt 2: ln m is twice artanh ((m - 1) / (m + 1)). */
static inline float
k_log (float x)
{
  const int tiny = x < 1.17549435e-38f;
  const float normal = tiny ? x * 8388608.0f : x;
  float m, s, t, p, y;
  uint32_t bits;
  int32_t n;

  memcpy (&bits, &normal, sizeof bits);
  n = (int32_t) (bits - 0x3f3504f3u) >> 23;
  bits -= (uint32_t) n << 23;
  memcpy (&m, &bits, sizeof m);
  n -= tiny ? 23 : 0;
  s = (m - 1) / (m + 1);
  t = s * s;
  p = 1.0f / 9;
  p = p * t + 1.0f / 7;
  p = p * t + 1.0f / 5;
  p = p * t + 1.0f / 3;
  p = p * t + 1;
  y = n * 0.693359375f + (2 * s * p + n * -2.12194440e-4f);
  y = x > 3.40282347e38f ? x : y;
  y = x > 0 ? y : NAN;
  return x == 0 ? -INFINITY : y;
}

/* x tanh (ln (1 + e^x)), without the logarithm. */
static inline float
k_mish (float x)
{
  const float e = k_exp (x > 20 ? 20 : x);
  const float n = e * (e + 2);

  return x * (n / (n + 2));
}

/* The normal distribution up to x, by Hastings' approximation of the error
 * function (Abramowitz and Stegun, 7.1.26). */
static inline float
k_normal (float x)
{
  const float z = __builtin_fabsf (x) * 0.707106781f;
  const float t = 1 / (1 + 0.3275911f * z);
  float p = 1.061405429f, tail;

  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  tail = 0.5f * p * t * k_exp (-z * z);
  return x < 0 ? tail : 1 - tail;
}

static inline float
k_sigmoid (float x)
{
  return 1 / (1 + k_exp (-x));
}

static inline float
k_tanh (float x)
{
  const float low = x < -10 ? -10 : x;
  const float clamped = low > 10 ? 10 : low;
  const float e = k_expm1 (-2 * __builtin_fabsf (clamped));

  return __builtin_copysignf (-e / (2 + e), x);
}

#endif
