/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set; one that has functions of its own defines
 * IR_OWN_UNARY. */
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

#ifdef IR_OWN_UNARY
  if (own_unary (op, a, 0, x, to, n))
    return;
#endif
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

#ifdef IR_OWN_UNARY
  if (own_unary (op, a, bias, to, to, n))
    return;
#endif
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

extern const IrEltwiseKernels IR_FN (ir_eltwise);

const IrEltwiseKernels IR_FN (ir_eltwise) = {
  .name = IR_KERNEL_NAME,
  .unary = unary,
  .binary = binary,
  .bias_unary = bias_unary,
};
