/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define AMX_DOT _tile_dpbusd
#include "qgemm_avx512.h"

#include "amx_block.h"

extern const IrQgemmKernels ir_qgemm_amx;

const IrQgemmKernels ir_qgemm_amx = {
  .name = "amx",
  .size = 1,
  .multiply = multiply_with_tiles,
  .quantize = quantize,
  .dequantize = dequantize,
  .join = join,
};
