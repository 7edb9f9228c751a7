/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set: vectors are as long as AVX-512's and made of
 * shorter ones where there are none, so that what has been found stays in registers. */
#include "argmax.h"

#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define WIDTH 16

typedef float Floats __attribute__ ((vector_size (WIDTH * sizeof (float))));
typedef int32_t Ints __attribute__ ((vector_size (WIDTH * sizeof (float))));

#define SEARCH(name, is_better)                                                \
  static void name (const float *x, size_t rows, size_t step, size_t n,        \
      float *value, int32_t *index)                                            \
  {                                                                            \
    size_t i = 0;                                                              \
                                                                               \
    for (; i + WIDTH <= n; i += WIDTH) {                                       \
      Floats best, other;                                                      \
      Ints at = { 0 };                                                         \
                                                                               \
      memcpy (&best, x + i, sizeof best);                                      \
      for (size_t r = 1; r < rows; r++) {                                      \
        Ints mask;                                                             \
                                                                               \
        memcpy (&other, x + r * step + i, sizeof other);                       \
        mask = other is_better best;                                           \
        best = (Floats) (((Ints) other & mask) | ((Ints) best & ~mask));       \
        at = ((int32_t) r & mask) | (at & ~mask);                              \
      }                                                                        \
      memcpy (value + i, &best, sizeof best);                                  \
      memcpy (index + i, &at, sizeof at);                                      \
    }                                                                          \
    for (; i < n; i++) {                                                       \
      value[i] = x[i];                                                         \
      index[i] = 0;                                                            \
      for (size_t r = 1; r < rows; r++)                                        \
        if (x[r * step + i] is_better value[i]) {                              \
          value[i] = x[r * step + i];                                          \
          index[i] = (int32_t) r;                                              \
        }                                                                      \
    }                                                                          \
  }

SEARCH (largest, >)
SEARCH (smallest, <)

/* Vectors are no arguments where there are no registers for them. */
#define CHOOSE(mask, a, b) (((a) & (mask)) | ((b) & ~(mask)))

static inline int
is_any (const Ints *mask)
{
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask ((__m512i) *mask, (__m512i) *mask) != 0;
#elif defined(__AVX2__)
  const __m256i *half = (const __m256i *) mask;
  const __m256i any = _mm256_or_si256 (half[0], half[1]);

  return !_mm256_testz_si256 (any, any);
#else
  int32_t any = 0;

  for (int i = 0; i < WIDTH; i++)
    any |= (*mask)[i];
  return any != 0;
#endif
}

/* Columns, as lists. A row goes in before the first one that it beats, and what was there
 * goes on, whether or not it is better than the next. */
#define TOP(name, is_better)                                                   \
  static void name##_wide (const float *x, size_t rows, size_t step, size_t k, \
      float *value, int32_t *index, size_t to_step)                            \
  {                                                                            \
    Floats best[IR_ARGMAX_MOST];                                               \
    Ints at[IR_ARGMAX_MOST];                                                   \
                                                                               \
    for (size_t r = 0; r < rows; r++) {                                        \
      const size_t n = r < k ? r : k;                                          \
      Ints goes_in = { 0 }, row = goes_in + (int32_t) r;                       \
      Floats number;                                                           \
                                                                               \
      memcpy (&number, x + r * step, sizeof number);                           \
      if (r >= k) {                                                            \
        const Ints wins = number is_better best[k - 1];                        \
                                                                               \
        if (!is_any (&wins))                                                   \
          continue;                                                            \
      }                                                                        \
      for (size_t l = 0; l < n; l++) {                                         \
        const Floats other = best[l];                                          \
        const Ints was = at[l];                                                \
                                                                               \
        goes_in |= number is_better other;                                     \
        best[l] = (Floats) CHOOSE (goes_in, (Ints) number, (Ints) other);      \
        at[l] = CHOOSE (goes_in, row, was);                                    \
        number = (Floats) CHOOSE (goes_in, (Ints) other, (Ints) number);       \
        row = CHOOSE (goes_in, was, row);                                      \
      }                                                                        \
      if (r < k) {                                                             \
        best[r] = number;                                                      \
        at[r] = row;                                                           \
      }                                                                        \
    }                                                                          \
    for (size_t l = 0; l < k; l++) {                                           \
      memcpy (value + l * to_step, &best[l], sizeof best[l]);                  \
      memcpy (index + l * to_step, &at[l], sizeof at[l]);                      \
    }                                                                          \
  }                                                                            \
                                                                               \
  static void name##_column (const float *x, size_t rows, size_t step,         \
      size_t k, float *value, int32_t *index, size_t to_step)                  \
  {                                                                            \
    for (size_t r = 0; r < rows; r++) {                                        \
      const float number = x[r * step];                                        \
      size_t l = r < k ? r : k;                                                \
                                                                               \
      for (; l > 0 && number is_better value[(l - 1) * to_step]; l--) {        \
        if (l == k)                                                            \
          continue;                                                            \
        value[l * to_step] = value[(l - 1) * to_step];                         \
        index[l * to_step] = index[(l - 1) * to_step];                         \
      }                                                                        \
      if (l == k)                                                              \
        continue;                                                              \
      value[l * to_step] = number;                                             \
      index[l * to_step] = (int32_t) r;                                        \
    }                                                                          \
  }                                                                            \
                                                                               \
  static void name (const float *x, size_t rows, size_t step, size_t n,        \
      size_t k, float *value, int32_t *index, size_t to_step)                  \
  {                                                                            \
    size_t i = 0;                                                              \
                                                                               \
    for (; i + WIDTH <= n; i += WIDTH)                                         \
      name##_wide (x + i, rows, step, k, value + i, index + i, to_step);       \
    for (; i < n; i++)                                                         \
      name##_column (x + i, rows, step, k, value + i, index + i, to_step);     \
  }

TOP (top_largest, >)
TOP (top_smallest, <)

extern const IrArgmaxKernels IR_FN (ir_argmax);

const IrArgmaxKernels IR_FN (ir_argmax) = {
  .name = IR_KERNEL_NAME,
  .largest = largest,
  .smallest = smallest,
  .top_largest = top_largest,
  .top_smallest = top_smallest,
};
