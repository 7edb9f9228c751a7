/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_REDUCE_H
#define IR_KERNEL_REDUCE_H

#include "table.h"

/*
 * Over f32. sum: of @n elements, in an order that depends on @n alone.
 * softmax: of @n elements side by side, in place allowed.
 * softmax_strided: of @n elements @inner apart, @inner times side by side, in
 * place allowed; @scratch has room for 2 * @inner elements.
 * weigh: to[i] = sum of weights[k] * rows[k][i] for k < @count, in this order, for
 * i < @n; 0 if @count is 0.
 */
typedef struct {
  IR_KERNEL_HEAD;
  float (*sum) (const float *x, size_t n);
  void (*softmax) (const float *x, float *to, size_t n);
  void (*softmax_strided) (
      const float *x, float *to, size_t n, size_t inner, float *scratch);
  void (*weigh) (const float *const *rows, const float *weights, size_t count,
      float *to, size_t n);
} IrReduceKernels;

IR_KERNEL_DECLARE (IrReduceKernels, reduce);

#endif
