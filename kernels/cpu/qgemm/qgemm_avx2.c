/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Products of bytes saturate without VNNI, those of 16 bits do not. */
#define BLOCK_NUMBER int16_t
#define BLOCK_WEIGHT int16_t
#define YMM_DOT(sums, x, w) _mm256_add_epi32 (sums, _mm256_madd_epi16 (x, w))
#include "qgemm_ymm.h"

static void
center (const IrQgemmLevels *levels, const IrQgemmPixels *p,
    const uint8_t *from, int16_t *to)
{
  const int zero = (int) levels->zero;

  for (size_t x = 0; x < p->pixels; x++)
    for (size_t c = 0; c < p->channels; c++)
      to[x * p->to_pitch + c] = (int16_t) (from[x * p->from_pitch + c] - zero);
}

extern const IrQgemmKernels ir_qgemm_avx2;

const IrQgemmKernels ir_qgemm_avx2 = {
  .name = "avx2",
  .size = 2,
  .multiply = multiply_in_blocks,
  .quantize = quantize,
  .dequantize = dequantize,
  .center = center,
  .join = join,
};
