/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_REDUCE_H
#define IR_KERNEL_REDUCE_H

#include "table.h"

/* How elements are joined: id, what none of them make, what becomes of f when x joins
 * it, and of f and g that have been joined apart. Squares are of what is left of m. */
/* clang-format off */
#define IR_FOLD_LIST(X)                                                        \
  X (SUM,     0,                   f + x,                      f + g)          \
  X (ABS,     0,                   f + __builtin_fabsf (x),    f + g)          \
  X (SQUARES, 0,                   f + (x - m) * (x - m),      f + g)          \
  X (PROD,    1,                   f * x,                      f * g)          \
  X (MAX,     -__builtin_inff (),  x > f ? x : f,              g > f ? g : f)  \
  X (MIN,     __builtin_inff (),   x < f ? x : f,              g < f ? g : f)
/* clang-format on */

typedef enum {
#define IR_FOLD_ENUM(id, start, value, both) IR_FOLD_##id,
  IR_FOLD_LIST (IR_FOLD_ENUM)
#undef IR_FOLD_ENUM
  IR_FOLD_COUNT
} IrFold;

/*
 * Over f32. sum: of @n elements, in an order that depends on @n alone.
 * softmax: of @n elements side by side, in place allowed.
 * softmax_strided: of @n elements @inner apart, @inner times side by side, in
 * place allowed; @scratch has room for 2 * @inner elements.
 * weigh: to[i] = sum of weights[k] * rows[k][i] for k < @count, in this order, for
 * i < @n; 0 if @count is 0.
 * fold_row: of @n elements side by side, in an order that depends on @n alone.
 * fold_columns: to[i] of the elements i of @rows rows, @pitch apart, i < @n, and
 * mean[i], which only squares look at.
 * normalize_row: to[i] = (x[i] - mean) * scale. normalize_columns: of @rows rows,
 * with a mean and a scale for each column. In place allowed.
 */
typedef struct {
  IR_KERNEL_HEAD;
  float (*sum) (const float *x, size_t n);
  void (*softmax) (const float *x, float *to, size_t n);
  void (*softmax_strided) (
      const float *x, float *to, size_t n, size_t inner, float *scratch);
  void (*weigh) (const float *const *rows, const float *weights, size_t count,
      float *to, size_t n);
  float (*fold_row) (IrFold op, const float *x, size_t n, float mean);
  void (*fold_columns) (IrFold op, const float *x, size_t pitch, size_t rows,
      size_t n, const float *mean, float *to);
  void (*normalize_row) (
      const float *x, float *to, size_t n, float mean, float scale);
  void (*normalize_columns) (const float *x, size_t pitch, float *to,
      size_t to_pitch, size_t rows, size_t n, const float *mean,
      const float *scale);
} IrReduceKernels;

IR_KERNEL_DECLARE (IrReduceKernels, reduce);

#endif
