/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "eltwise.h"
#include "vecmath.h"

#define UNARY(id, expression)                                                  \
  static void unary_##id (                                                     \
      float a, float b, const float *source, float *to, size_t n)              \
  {                                                                            \
    (void) a;                                                                  \
    (void) b;                                                                  \
    for (size_t i = 0; i < n; i++) {                                           \
      const float x = source[i];                                               \
      to[i] = expression;                                                      \
    }                                                                          \
  }                                                                            \
  static void bias_##id (float a, float b, float bias, float *to, size_t n)    \
  {                                                                            \
    (void) a;                                                                  \
    (void) b;                                                                  \
    for (size_t i = 0; i < n; i++) {                                           \
      const float x = to[i] + bias;                                            \
      to[i] = expression;                                                      \
    }                                                                          \
  }
IR_UNARY_LIST (UNARY)
#undef UNARY

#ifdef IR_WIDE_LIST
/* Four vectors beside each other: the processor does not find what follows such long
 * chains of instructions far enough ahead by itself. */
#define WIDE(id, expression)                                                   \
  static inline __m512 value_##id (float a, __m512 x)                          \
  {                                                                            \
    (void) a;                                                                  \
    return expression;                                                         \
  }                                                                            \
  static inline void four_##id (                                               \
      float a, __m512 shift, const float *from, float *to)                     \
  {                                                                            \
    __m512 x[4];                                                               \
                                                                               \
    for (int k = 0; k < 4; k++)                                                \
      x[k] = _mm512_loadu_ps (from + 16 * k) + shift;                          \
    for (int k = 0; k < 4; k++)                                                \
      x[k] = value_##id (a, x[k]);                                             \
    for (int k = 0; k < 4; k++)                                                \
      _mm512_storeu_ps (to + 16 * k, x[k]);                                    \
  }                                                                            \
  static void wide_##id (                                                      \
      float a, float bias, const float *from, float *to, size_t n)             \
  {                                                                            \
    const __m512 shift = _mm512_set1_ps (bias);                                \
    const __mmask16 rest = (1u << n % 16) - 1;                                 \
    size_t i = 0;                                                              \
                                                                               \
    for (; i + 64 <= n; i += 64)                                               \
      four_##id (a, shift, from + i, to + i);                                  \
    for (; i + 16 <= n; i += 16)                                               \
      _mm512_storeu_ps (                                                       \
          to + i, value_##id (a, _mm512_loadu_ps (from + i) + shift));         \
    if (rest)                                                                  \
      _mm512_mask_storeu_ps (to + i, rest,                                     \
          value_##id (a, _mm512_maskz_loadu_ps (rest, from + i) + shift));     \
  }
IR_WIDE_LIST (WIDE)
#undef WIDE

/* FALSE if the function is not one of the list. */
static int
wide (IrUnary op, float a, float bias, const float *x, float *to, size_t n)
{
  static void (*const table[IR_UNARY_COUNT]) (
      float, float, const float *, float *, size_t) = {
#define ROW(id, expression) [IR_UNARY_##id] = wide_##id,
    IR_WIDE_LIST (ROW)
#undef ROW
  };

  if (table[op])
    table[op](a, bias, x, to, n);
  return table[op] != NULL;
}
#else
#define wide(op, a, bias, x, to, n) 0
#endif

#define BINARY(id, expression)                                                 \
  static void both_##id (                                                      \
      const float *left, const float *right, float *to, size_t n)              \
  {                                                                            \
    for (size_t i = 0; i < n; i++) {                                           \
      const float x = left[i], y = right[i];                                   \
      to[i] = expression;                                                      \
    }                                                                          \
  }                                                                            \
  static void left_one_##id (                                                  \
      const float *left, const float *right, float *to, size_t n)              \
  {                                                                            \
    const float x = *left;                                                     \
    for (size_t i = 0; i < n; i++) {                                           \
      const float y = right[i];                                                \
      to[i] = expression;                                                      \
    }                                                                          \
  }                                                                            \
  static void right_one_##id (                                                 \
      const float *left, const float *right, float *to, size_t n)              \
  {                                                                            \
    const float y = *right;                                                    \
    for (size_t i = 0; i < n; i++) {                                           \
      const float x = left[i];                                                 \
      to[i] = expression;                                                      \
    }                                                                          \
  }
IR_BINARY_LIST (BINARY)
#undef BINARY

static void
unary (IrUnary op, float a, float b, const float *x, float *to, size_t n)
{
  static void (*const table[]) (
      float, float, const float *, float *, size_t) = {
#define ROW(id, expression) unary_##id,
    IR_UNARY_LIST (ROW)
#undef ROW
  };

  if (!wide (op, a, 0, x, to, n))
    table[op](a, b, x, to, n);
}

static void
bias_unary (IrUnary op, float a, float b, float bias, float *to, size_t n)
{
  static void (*const table[]) (float, float, float, float *, size_t) = {
#define ROW(id, expression) bias_##id,
    IR_UNARY_LIST (ROW)
#undef ROW
  };

  if (!wide (op, a, bias, to, to, n))
    table[op](a, b, bias, to, n);
}

static void
binary (IrBinary op, IrBinaryForm form, const float *x, const float *y,
    float *to, size_t n)
{
  static void (*const table[][3]) (
      const float *, const float *, float *, size_t) = {
#define ROW(id, expression) { both_##id, left_one_##id, right_one_##id },
    IR_BINARY_LIST (ROW)
#undef ROW
  };

  table[op][form](x, y, to, n);
}

static void
choose (const float *which, const float *x, const float *y, float *to, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const float yes = x[i], no = y[i];

    to[i] = which[i] != 0 ? yes : no;
  }
}

static void
widen (const uint8_t *x, float *to, size_t n)
{
  for (size_t i = 0; i < n; i++)
    to[i] = x[i];
}

static void
narrow (const float *x, uint8_t *to, size_t n)
{
  for (size_t i = 0; i < n; i++)
    to[i] = x[i] != 0;
}

extern const IrEltwiseKernels IR_FN (ir_eltwise);

const IrEltwiseKernels IR_FN (ir_eltwise) = {
  .name = IR_KERNEL_NAME,
  .unary = unary,
  .binary = binary,
  .bias_unary = bias_unary,
  .choose = choose,
  .widen = widen,
  .narrow = narrow,
};
