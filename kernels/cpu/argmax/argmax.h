/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_ARGMAX_H
#define IR_KERNEL_ARGMAX_H

#include "table.h"

/*
 * Which of @rows rows of f32, @step floats apart, has the largest or smallest number in
 * each of @n columns, of equal ones the first: index[i] is the row, value[i] the number.
 * NaN is taken from the first row only, and then stays.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*largest) (const float *x, size_t rows, size_t step, size_t n,
      float *value, int32_t *index);
  void (*smallest) (const float *x, size_t rows, size_t step, size_t n,
      float *value, int32_t *index);
} IrArgmaxKernels;

IR_KERNEL_DECLARE (IrArgmaxKernels, argmax);

#endif
