/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_ISA avx512

#include "vecmath512.h"

/* Those that are faster as they are written here than as the vectoriser makes them:
 * id, the values for 16 numbers x. */
/* clang-format off */
#define IR_WIDE_LIST(X)                                                        \
  X (SIGMOID,  w_sigmoid (x))                                                  \
  X (TANH,     w_tanh (x))                                                     \
  X (ELU,      w_elu (x, a))                                                   \
  X (SWISH,    w_gate (x, x * w_spread (a)))                                   \
  X (EXP,      w_exp (x))                                                      \
  X (MISH,     w_mish (x))                                                     \
  X (GELU,     x * w_normal (x))                                               \
  X (ERF,      w_spread (2) * w_normal (x * w_spread (1.41421356f)) -          \
      w_spread (1))                                                            \
  X (GELU_TANH, w_gate (x, w_spread (1.59576912f) *                            \
      (x + w_spread (0.044715f) * x * x * x)))
/* clang-format on */

#include "eltwise_impl.h"
