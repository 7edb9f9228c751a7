/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_ELTWISE_H
#define IR_KERNEL_ELTWISE_H

#include "table.h"

/*
 * Arithmetic element by element on f32. Any alignment; a destination may be the
 * very array of an operand, but must not overlap it otherwise.
 *
 * Unary: id, the value for x with the parameters a and b. Exponentials are within
 * 2 units in the last place over the range where they neither overflow nor vanish;
 * GELU is within 1.5e-7 of |x|, what is made of exponentials within 1e-6 of itself.
 */
/* clang-format off */
#define IR_UNARY_LIST(X)                                                     \
  X (COPY,     x)                                                            \
  X (RELU,     x > 0 ? x : 0)                                                \
  X (LEAKY,    x > 0 ? x : x * a)                                            \
  X (CLAMP,    x < a ? a : x > b ? b : x)                                    \
  X (SIGMOID,  k_sigmoid (x))                                                \
  X (TANH,     k_tanh (x))                                                   \
  X (ELU,      x > 0 ? x : a * k_expm1 (x))                                  \
  X (SWISH,    x * k_sigmoid (a * x))                                        \
  X (HSWISH,   x * k_clamp01 ((x + 3) * (1.0f / 6)))                         \
  X (HSIGMOID, k_clamp01 ((x + 3) * (1.0f / 6)))                             \
  X (HARD_SIGMOID, k_clamp01 (a * x + b))                                    \
  X (EXP,      k_exp (x))                                                    \
  X (ABS,      x < 0 ? -x : x)                                               \
  X (NEG,      -x)                                                           \
  X (SQRT,     __builtin_sqrtf (x))                                          \
  X (SQUARE,   x * x)                                                        \
  X (INVERSE,  1 / x)                                                        \
  X (SOFTPLUS, (x > 0 ? x : 0) + k_log1p (k_exp (-__builtin_fabsf (x))))     \
  X (MISH,     k_mish (x))                                                   \
  X (GELU,     x * k_normal (x))                                             \
  X (GELU_TANH, x * k_sigmoid (1.59576912f * (x + 0.044715f * x * x * x)))   \
  X (LINEAR,   a * x + b)                                                    \
  X (LOG,      k_log (x))                                                    \
  X (ERF,      2 * k_normal (1.41421356f * x) - 1)                           \
  X (SELU,     b * (x > 0 ? x : a * k_expm1 (x)))                            \
  X (SOFTSIGN, x / (1 + __builtin_fabsf (x)))                                \
  X (SIGN,     x > 0 ? 1 : x < 0 ? -1 : x)                                   \
  X (FLOOR,    __builtin_floorf (x))                                         \
  X (CEILING,  __builtin_ceilf (x))                                          \
  X (ROUND,    __builtin_rintf (x))                                          \
  X (ROUND_AWAY, __builtin_truncf (x + __builtin_copysignf (0.49999997f, x))) \
  X (TRUTH,    x != 0 ? 1 : 0)                                               \
  X (SIN,      __builtin_sinf (x))                                           \
  X (COS,      __builtin_cosf (x))

/* Binary: id, the value for x and y; what is true is 1, what is not is 0. */
#define IR_BINARY_LIST(X)                                                    \
  X (ADD,      x + y)                                                        \
  X (SUB,      x - y)                                                        \
  X (MUL,      x * y)                                                        \
  X (DIV,      x / y)                                                        \
  X (MAX,      x > y ? x : y)                                                \
  X (MIN,      x < y ? x : y)                                                \
  X (SQDIFF,   (x - y) * (x - y))                                            \
  X (PRELU,    x > 0 ? x : x * y)                                            \
  X (POW,      __builtin_powf (x, y))                                        \
  X (EQUAL,    x == y ? 1 : 0)                                               \
  X (DIFFERS,  x != y ? 1 : 0)                                               \
  X (ABOVE,    x > y ? 1 : 0)                                                \
  X (NOT_BELOW, x >= y ? 1 : 0)                                              \
  X (BELOW,    x < y ? 1 : 0)                                                \
  X (NOT_ABOVE, x <= y ? 1 : 0)
/* clang-format on */

typedef enum {
#define IR_UNARY_ENUM(id, expression) IR_UNARY_##id,
  IR_UNARY_LIST (IR_UNARY_ENUM)
#undef IR_UNARY_ENUM
  IR_UNARY_COUNT
} IrUnary;

typedef enum {
#define IR_BINARY_ENUM(id, expression) IR_BINARY_##id,
  IR_BINARY_LIST (IR_BINARY_ENUM)
#undef IR_BINARY_ENUM
  IR_BINARY_COUNT
} IrBinary;

/* How many elements of an operand belong to the @n results. */
typedef enum {
  IR_BINARY_BOTH,
  IR_BINARY_LEFT_ONE,
  IR_BINARY_RIGHT_ONE,
} IrBinaryForm;

typedef struct {
  IR_KERNEL_HEAD;
  void (*unary) (
      IrUnary op, float a, float b, const float *x, float *to, size_t n);
  void (*binary) (IrBinary op, IrBinaryForm form, const float *x,
      const float *y, float *to, size_t n);
  /* to[i] = unary (to[i] + bias): the end of a convolution's row. */
  void (*bias_unary) (
      IrUnary op, float a, float b, float bias, float *to, size_t n);
  /* to[i] = which[i] ? x[i] : y[i]. */
  void (*choose) (
      const float *which, const float *x, const float *y, float *to, size_t n);
  /* From bytes and, as truths, to them. */
  void (*widen) (const uint8_t *x, float *to, size_t n);
  void (*narrow) (const float *x, uint8_t *to, size_t n);
} IrEltwiseKernels;

IR_KERNEL_DECLARE (IrEltwiseKernels, eltwise);

#endif
