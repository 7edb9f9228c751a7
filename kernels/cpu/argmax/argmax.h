/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_ARGMAX_H
#define IR_KERNEL_ARGMAX_H

#include "table.h"

/*
 * Which of @rows rows of f32, @step floats apart, has the largest or smallest number in
 * each of @n columns, of equal ones the first: index[i] is the row, value[i] the number.
 * NaN is taken from the first row only, and then stays.
 *
 * top_largest, top_smallest: the best @k rows of each column, best first, of equal ones
 * the first first: those of column i are at i, i + @to_step and so on. 0 < @k <= @rows,
 * @k <= IR_ARGMAX_MOST. Where a column has a NaN, any rows.
 */
#define IR_ARGMAX_MOST 16

typedef struct {
  IR_KERNEL_HEAD;
  void (*largest) (const float *x, size_t rows, size_t step, size_t n,
      float *value, int32_t *index);
  void (*smallest) (const float *x, size_t rows, size_t step, size_t n,
      float *value, int32_t *index);
  void (*top_largest) (const float *x, size_t rows, size_t step, size_t n,
      size_t k, float *value, int32_t *index, size_t to_step);
  void (*top_smallest) (const float *x, size_t rows, size_t step, size_t n,
      size_t k, float *value, int32_t *index, size_t to_step);
} IrArgmaxKernels;

IR_KERNEL_DECLARE (IrArgmaxKernels, argmax);

#endif
