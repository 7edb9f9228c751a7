/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "reduce.h"
#include "vecmath.h"

#define LANES 16

/* Lanes side by side: the compiler must not reorder a sum by itself. */
static float
sum (const float *x, size_t n)
{
  float lane[LANES] = { 0 }, total = 0;
  size_t i = 0;

  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++)
      lane[l] += x[i + l];
  for (int l = 0; l < LANES; l++)
    total += lane[l];
  for (; i < n; i++)
    total += x[i];
  return total;
}

static float
largest (const float *x, size_t n)
{
  float best = x[0];

  for (size_t i = 1; i < n; i++)
    best = best > x[i] ? best : x[i];
  return best;
}

static void
softmax (const float *x, float *to, size_t n)
{
  const float top = largest (x, n);
  float total;

  for (size_t i = 0; i < n; i++)
    to[i] = k_exp (x[i] - top);
  total = sum (to, n);
  for (size_t i = 0; i < n; i++)
    to[i] /= total;
}

static void
softmax_strided (
    const float *x, float *to, size_t n, size_t inner, float *scratch)
{
  float *top = scratch, *total = scratch + inner;

  for (size_t i = 0; i < inner; i++) {
    top[i] = x[i];
    total[i] = 0;
  }
  for (size_t k = 1; k < n; k++)
    for (size_t i = 0; i < inner; i++)
      top[i] = top[i] > x[k * inner + i] ? top[i] : x[k * inner + i];
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < inner; i++) {
      const float e = k_exp (x[k * inner + i] - top[i]);

      to[k * inner + i] = e;
      total[i] += e;
    }
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < inner; i++)
      to[k * inner + i] /= total[i];
}

/* One row more for what has been summed up. */
static void
weigh_more (const float *row, float weight, float *to, size_t n)
{
  for (size_t i = 0; i < n; i++)
    to[i] += weight * row[i];
}

static void
weigh (const float *const *rows, const float *weights, size_t count, float *to,
    size_t n)
{
  if (count == 0) {
    memset (to, 0, n * sizeof *to);
  } else if (count == 1) {
    for (size_t i = 0; i < n; i++)
      to[i] = weights[0] * rows[0][i];
  } else {
    for (size_t i = 0; i < n; i++)
      to[i] = weights[0] * rows[0][i] + weights[1] * rows[1][i];
    for (size_t k = 2; k < count; k++)
      weigh_more (rows[k], weights[k], to, n);
  }
}

extern const IrReduceKernels IR_FN (ir_reduce);

const IrReduceKernels IR_FN (ir_reduce) = {
  .name = IR_KERNEL_NAME,
  .sum = sum,
  .softmax = softmax,
  .softmax_strided = softmax_strided,
  .weigh = weigh,
};
