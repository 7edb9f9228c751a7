/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BF16_H
#define IR_KERNEL_BF16_H

#include <stdint.h>
#include <string.h>

/* bf16 as AVX512-BF16 has it: rounded to the nearest, ties to even, NaN made quiet,
 * subnormal numbers zeros. */

static inline float
k_widen_bf16 (uint16_t x)
{
  const uint32_t bits = (uint32_t) x << 16;
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

static inline uint16_t
k_narrow_bf16 (float x)
{
  uint32_t bits, size;

  memcpy (&bits, &x, sizeof bits);
  size = bits & 0x7fffffff;
  if (size > 0x7f800000)
    return bits >> 16 | 0x40;
  if (size < 0x00800000)
    return bits >> 16 & 0x8000;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

#endif
