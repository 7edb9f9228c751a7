/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define BLOCK_NUMBER uint8_t
#define BLOCK_WEIGHT int8_t
#define YMM_DOT _mm256_dpbusd_avx_epi32
#include "qgemm_ymm.h"

extern const IrQgemmKernels ir_qgemm_avxvnni;

const IrQgemmKernels ir_qgemm_avxvnni = {
  .name = "avxvnni",
  .size = 1,
  .multiply = multiply_in_blocks,
  .quantize = quantize,
  .dequantize = dequantize,
  .join = join,
};
