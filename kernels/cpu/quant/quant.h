/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_QUANT_H
#define IR_KERNEL_QUANT_H

#include "table.h"

/* The ranges of one FakeQuantize and the number of its levels, >= 2. */
typedef struct {
  float in_low, in_high, out_low, out_high;
  float levels;
} IrQuantRange;

/*
 * fake_quantize: @n elements of f32 to the nearest level, in place allowed. At or
 * below the smaller end of the input range the result is @out_low, above the
 * larger @out_high; halves go to the even level.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*fake_quantize) (
      const IrQuantRange *range, const float *x, float *to, size_t n);
} IrQuantKernels;

IR_KERNEL_DECLARE (IrQuantKernels, quant);

#endif
