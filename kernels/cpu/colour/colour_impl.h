/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the vectoriser does well, compiled once per instruction set. */
#include "colour.h"

#include <string.h>

/* Adding and taking away 1.5 * 2^23 rounds to the nearest even integer. */
#define ROUND 12582912.0f

static inline float
clamp (float x, float low, float high)
{
  const float above = x < low ? low : x;

  return above > high ? high : above;
}

static void
fill (float value, size_t n, float *to)
{
  for (size_t i = 0; i < n; i++)
    to[i] = value;
}

static void
add (const float *restrict x, float weight, size_t n, float *restrict to)
{
  for (size_t i = 0; i < n; i++)
    to[i] += weight * x[i];
}

static void
finish (const float *a, float wa, const float *b, float wb, float base,
    float mean, float factor, size_t n, float *to)
{
  if (b)
    for (size_t i = 0; i < n; i++)
      to[i] = (clamp (base + wa * a[i] + wb * b[i], 0, 255) - mean) * factor;
  else
    for (size_t i = 0; i < n; i++)
      to[i] = (clamp (base + wa * a[i], 0, 255) - mean) * factor;
}

static void
gray (const float *const *rgb, float mean, float factor, size_t n, float *to)
{
  const float *r = rgb[0], *g = rgb[1], *b = rgb[2];

  for (size_t i = 0; i < n; i++)
    to[i] = (0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i] - mean) * factor;
}

static void
interleave (const float *const *lines, size_t n, float *restrict to)
{
  const float *a = lines[0], *b = lines[1], *c = lines[2];

  for (size_t i = 0; i < n; i++) {
    to[3 * i] = a[i];
    to[3 * i + 1] = b[i];
    to[3 * i + 2] = c[i];
  }
}

static void
to_bf16 (const float *x, size_t n, uint16_t *restrict to)
{
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;

    memcpy (&bits, x + i, sizeof bits);
    to[i] = (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
}

static void
to_u8 (const float *x, size_t n, uint8_t *restrict to)
{
  for (size_t i = 0; i < n; i++)
    to[i] = (uint8_t) (int) (clamp (x[i], 0, 255) + ROUND - ROUND);
}

static void
to_i8 (const float *x, size_t n, int8_t *restrict to)
{
  for (size_t i = 0; i < n; i++)
    to[i] = (int8_t) (int) (clamp (x[i], -128, 127) + ROUND - ROUND);
}

#define IR_COLOUR_PLAIN                                                        \
  .fill = fill, .add = add, .finish = finish, .gray = gray,                    \
  .interleave = interleave, .to_bf16 = to_bf16, .to_u8 = to_u8, .to_i8 = to_i8
