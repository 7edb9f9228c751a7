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
 * the polynomial is Taylor's to the degree that f32 can tell. The scaling goes in
 * two steps because 2^128 is no f32. */
static inline float
k_exp (float x)
{
  const float clamped = x > 89.0f ? 89.0f : x > -104.0f ? x : -104.0f;
  const float t = clamped * 1.44269504f;
  const int32_t n = (int32_t) (t + (t < 0 ? -0.5f : 0.5f));
  const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
  const int32_t half = n / 2;
  float p = 1.0f / 5040;

  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r * r + r + 1;
  p = k_scale2 (k_scale2 (p, half), n - half);
  return x != x ? x : p;
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
  return x > -0.4f && x < 0.4f ? p : k_exp (x) - 1;
}

static inline float
k_sigmoid (float x)
{
  return 1 / (1 + k_exp (-x));
}

static inline float
k_tanh (float x)
{
  const float clamped = x > 10 ? 10 : x > -10 ? x : -10;
  const float e = k_expm1 (-2 * (clamped < 0 ? -clamped : clamped));
  const float t = -e / (2 + e);
  const float s = x < 0 ? -t : t;

  return x != x ? x : s;
}

#endif
