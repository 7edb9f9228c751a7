/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set: vectors are as long as AVX-512's and made of
 * shorter ones where there are none, so that what has been found stays in registers. */
#include "argmax.h"

#include <string.h>

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

extern const IrArgmaxKernels IR_FN (ir_argmax);

const IrArgmaxKernels IR_FN (ir_argmax) = {
  .name = IR_KERNEL_NAME,
  .largest = largest,
  .smallest = smallest,
};
