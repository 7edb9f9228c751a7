/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "reduce.h"
#include "vecmath.h"

/* Enough sums side by side to hide how long an addition takes. */
#define WIDE 64
#define LANES 16

#define FOLD(id, start, value, both)                                           \
  static inline float join_##id (float f, float x, float m)                    \
  {                                                                            \
    (void) m;                                                                  \
    return value;                                                              \
  }                                                                            \
  static inline float merge_##id (float f, float g)                            \
  {                                                                            \
    return both;                                                               \
  }                                                                            \
  static inline void lanes_##id (                                              \
      const float *x, size_t n, float mean, float *lane)                       \
  {                                                                            \
    float wide[WIDE];                                                          \
                                                                               \
    for (int l = 0; l < WIDE; l++)                                             \
      wide[l] = start;                                                         \
    for (size_t i = 0; i + WIDE <= n; i += WIDE)                               \
      for (int l = 0; l < WIDE; l++)                                           \
        wide[l] = join_##id (wide[l], x[i + l], mean);                         \
    for (int l = 0; l < LANES; l++)                                            \
      lane[l] = merge_##id (merge_##id (wide[l], wide[l + LANES]),             \
          merge_##id (wide[l + 2 * LANES], wide[l + 3 * LANES]));              \
  }                                                                            \
  static float row_##id (const float *x, size_t n, float mean)                 \
  {                                                                            \
    float lane[LANES], total = start;                                          \
    size_t i = 0;                                                              \
                                                                               \
    if (n >= LANES) {                                                          \
      for (int l = 0; l < LANES; l++)                                          \
        lane[l] = start;                                                       \
      if (n >= WIDE)                                                           \
        lanes_##id (x, i = n / WIDE * WIDE, mean, lane);                       \
      for (; i + LANES <= n; i += LANES)                                       \
        for (int l = 0; l < LANES; l++)                                        \
          lane[l] = join_##id (lane[l], x[i + l], mean);                       \
      for (int half = LANES / 2; half; half /= 2)                              \
        for (int l = 0; l < half; l++)                                         \
          lane[l] = merge_##id (lane[l], lane[l + half]);                      \
      total = lane[0];                                                         \
    }                                                                          \
    for (; i < n; i++)                                                         \
      total = join_##id (total, x[i], mean);                                   \
    return total;                                                              \
  }                                                                            \
  static void wide_##id (                                                      \
      const float *x, size_t pitch, size_t rows, const float *mean, float *to) \
  {                                                                            \
    float lane[WIDE];                                                          \
                                                                               \
    for (int l = 0; l < WIDE; l++)                                             \
      lane[l] = start;                                                         \
    for (size_t r = 0; r < rows; r++)                                          \
      for (int l = 0; l < WIDE; l++)                                           \
        lane[l] = join_##id (lane[l], x[r * pitch + l], mean[l]);              \
    memcpy (to, lane, sizeof lane);                                            \
  }                                                                            \
  static void columns_##id (const float *x, size_t pitch, size_t rows,         \
      size_t n, const float *mean, float *to)                                  \
  {                                                                            \
    size_t c = 0;                                                              \
                                                                               \
    for (; c + WIDE <= n; c += WIDE)                                           \
      wide_##id (x + c, pitch, rows, mean + c, to + c);                        \
    for (size_t i = c; i < n; i++)                                             \
      to[i] = start;                                                           \
    for (size_t r = 0; r < rows; r++)                                          \
      for (size_t i = c; i < n; i++)                                           \
        to[i] = join_##id (to[i], x[r * pitch + i], mean[i]);                  \
  }
IR_FOLD_LIST (FOLD)
#undef FOLD

static void
softmax (const float *x, float *to, size_t n)
{
  const float top = row_MAX (x, n, 0);
  float total;

  for (size_t i = 0; i < n; i++)
    to[i] = k_exp (x[i] - top);
  total = row_SUM (to, n, 0);
  for (size_t i = 0; i < n; i++)
    to[i] /= total;
}

static void
log_softmax (const float *x, float *to, size_t n)
{
  const float top = row_MAX (x, n, 0);
  float lane[LANES] = { 0 }, total = 0;
  size_t i = 0;

  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++)
      lane[l] += k_exp (x[i + l] - top);
  for (; i < n; i++)
    lane[i % LANES] += k_exp (x[i] - top);
  for (int l = 0; l < LANES; l++)
    total += lane[l];
  total = k_log (total);
  for (i = 0; i < n; i++)
    to[i] = x[i] - top - total;
}

/* The largest of each column. */
static void
find_tops (const float *x, size_t n, size_t inner, float *top)
{
  memcpy (top, x, inner * sizeof *top);
  for (size_t k = 1; k < n; k++)
    for (size_t i = 0; i < inner; i++)
      top[i] = top[i] > x[k * inner + i] ? top[i] : x[k * inner + i];
}

static void
softmax_strided (
    const float *x, float *to, size_t n, size_t inner, float *scratch)
{
  float *top = scratch, *total = scratch + inner;

  find_tops (x, n, inner, top);
  memset (total, 0, inner * sizeof *total);
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

static void
log_softmax_strided (
    const float *x, float *to, size_t n, size_t inner, float *scratch)
{
  float *top = scratch, *total = scratch + inner;

  find_tops (x, n, inner, top);
  memset (total, 0, inner * sizeof *total);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < inner; i++)
      total[i] += k_exp (x[k * inner + i] - top[i]);
  for (size_t i = 0; i < inner; i++)
    total[i] = k_log (total[i]);
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < inner; i++)
      to[k * inner + i] = x[k * inner + i] - top[i] - total[i];
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

static float
fold_row (IrFold op, const float *x, size_t n, float mean)
{
  static float (*const table[]) (const float *, size_t, float) = {
#define ROW(id, start, value, both) row_##id,
    IR_FOLD_LIST (ROW)
#undef ROW
  };

  return table[op](x, n, mean);
}

static void
fold_columns (IrFold op, const float *x, size_t pitch, size_t rows, size_t n,
    const float *mean, float *to)
{
  static void (*const table[]) (
      const float *, size_t, size_t, size_t, const float *, float *) = {
#define ROW(id, start, value, both) columns_##id,
    IR_FOLD_LIST (ROW)
#undef ROW
  };

  table[op](x, pitch, rows, n, mean, to);
}

static void
normalize_row (const float *x, float *to, size_t n, float mean, float scale)
{
  for (size_t i = 0; i < n; i++)
    to[i] = (x[i] - mean) * scale;
}

static void
normalize_columns (const float *x, size_t pitch, float *to, size_t to_pitch,
    size_t rows, size_t n, const float *mean, const float *scale)
{
  for (size_t r = 0; r < rows; r++, x += pitch, to += to_pitch)
    for (size_t i = 0; i < n; i++)
      to[i] = (x[i] - mean[i]) * scale[i];
}

/* One column: the sum stays in a register. */
static double
scan_column (const float *x, ptrdiff_t pitch, float *to, ptrdiff_t to_pitch,
    size_t rows, double carry, int exclusive)
{
  for (size_t r = 0; r < rows; r++, x += pitch, to += to_pitch) {
    const double before = carry;

    carry += *x;
    *to = exclusive ? before : carry;
  }
  return carry;
}

static void
scan_columns (const float *x, ptrdiff_t pitch, float *to, ptrdiff_t to_pitch,
    size_t rows, size_t n, double *carry, int exclusive)
{
  if (n == 1) {
    *carry = scan_column (x, pitch, to, to_pitch, rows, *carry, exclusive);
    return;
  }
  for (size_t r = 0; r < rows; r++, x += pitch, to += to_pitch)
    for (size_t i = 0; i < n; i++) {
      const double before = carry[i], after = before + x[i];

      to[i] = exclusive ? before : after;
      carry[i] = after;
    }
}

static void
damp (const float *x, const float *sums, float *to, size_t n, float alpha,
    float beta, float bias)
{
  for (size_t i = 0; i < n; i++)
    to[i] = x[i] * k_exp (-beta * k_log (bias + alpha * sums[i]));
}

extern const IrReduceKernels IR_FN (ir_reduce);

const IrReduceKernels IR_FN (ir_reduce) = {
  .name = IR_KERNEL_NAME,
  .softmax = softmax,
  .softmax_strided = softmax_strided,
  .log_softmax = log_softmax,
  .log_softmax_strided = log_softmax_strided,
  .weigh = weigh,
  .fold_row = fold_row,
  .fold_columns = fold_columns,
  .normalize_row = normalize_row,
  .normalize_columns = normalize_columns,
  .scan_columns = scan_columns,
  .damp = damp,
};
