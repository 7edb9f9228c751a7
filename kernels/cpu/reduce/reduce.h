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
 * Over f32.
 * softmax: of @n elements side by side, in place allowed.
 * softmax_strided: of @n elements @inner apart, @inner times side by side, in
 * place allowed; @scratch has room for 2 * @inner elements.
 * log_softmax, log_softmax_strided: the logarithms of these.
 * weigh: to[i] = sum of weights[k] * rows[k][i] for k < @count, in this order, for
 * i < @n; 0 if @count is 0.
 * fold_row: of @n elements side by side, in an order that depends on @n alone.
 * fold_columns: to[i] of the elements i of @rows rows, @pitch apart, i < @n, and
 * mean[i], which only squares look at.
 * normalize_row: to[i] = (x[i] - mean) * scale. normalize_columns: of @rows rows,
 * with a mean and a scale for each column. In place allowed.
 * scan_columns: running sums of @rows rows, @pitch and @to_pitch apart, which may be
 * negative; @carry has what is before the first row, and what is after the last one
 * then. @exclusive: without the element itself.
 * damp: to[i] = x[i] * (bias + alpha * sums[i])^-beta, of positive numbers.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*softmax) (const float *x, float *to, size_t n);
  void (*softmax_strided) (
      const float *x, float *to, size_t n, size_t inner, float *scratch);
  void (*log_softmax) (const float *x, float *to, size_t n);
  void (*log_softmax_strided) (
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
  void (*scan_columns) (const float *x, ptrdiff_t pitch, float *to,
      ptrdiff_t to_pitch, size_t rows, size_t n, double *carry, int exclusive);
  void (*damp) (const float *x, const float *sums, float *to, size_t n,
      float alpha, float beta, float bias);
} IrReduceKernels;

IR_KERNEL_DECLARE (IrReduceKernels, reduce);

#endif
