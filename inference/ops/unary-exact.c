/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of one number that are exact in every type. */
#include <math.h>

#include "typed.h"

#define WRAP(x) ((guint64) (x))

#define ROW(id, T, name, value)                                                \
  static void name##_##id (gconstpointer const *in, const gsize *step,         \
      gpointer out, gsize n, gconstpointer data)                               \
  {                                                                            \
    const T *from = in[0];                                                     \
    T *to = out;                                                               \
                                                                               \
    for (gsize i = 0; i < n; i++) {                                            \
      const T x = from[i * step[0]];                                           \
                                                                               \
      to[i] = (T) (value);                                                     \
    }                                                                          \
  }
#define ENTRY(id, T, name) [IR_DTYPE_##id] = name##_##id,

/* A function with its values for floats, signed and unsigned integers. */
#define EXACT(name, ir_type, accept, on_float, on_signed, on_unsigned, text)   \
  IR_FLOAT_TYPES (ROW, name, on_float)                                         \
  IR_SIGNED_TYPES (ROW, name, on_signed)                                       \
  IR_UNSIGNED_TYPES (ROW, name, on_unsigned)                                   \
                                                                               \
  static gboolean name##_infer (IrInferCtx *ctx, GError **error)               \
  {                                                                            \
    return ir_infer_unary (ctx, accept, error);                                \
  }                                                                            \
                                                                               \
  static gboolean name##_evaluate (IrEvalCtx *ctx, GError **error)             \
  {                                                                            \
    static const IrRowFunc rows[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (          \
        ENTRY, name) };                                                        \
                                                                               \
    ir_eval_rows (ctx, 1, NULL, rows[ctx->in[0]->dtype], NULL);                \
    return TRUE;                                                               \
  }                                                                            \
                                                                               \
  const IrOpDesc ir_op_##name##_1 = {                                          \
    .type = ir_type,                                                           \
    .opset = 1,                                                                \
    .min_inputs = 1,                                                           \
    .max_inputs = 1,                                                           \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32 | IR_OP_ELEMENTWISE,                                    \
    .infer = name##_infer,                                                     \
    .evaluate = name##_evaluate,                                               \
    .summary = text,                                                           \
  };

/* clang-format off */
EXACT (abs,      "Abs",      IR_ACCEPT_NUMBER, fabsf (x), x < 0 ? -WRAP (x) : WRAP (x), x,            "Absolute value")
EXACT (ceiling,  "Ceiling",  IR_ACCEPT_NUMBER, ceilf (x), x, x,                                      "Next integer above")
EXACT (floor,    "Floor",    IR_ACCEPT_NUMBER, floorf (x), x, x,                                     "Next integer below")
EXACT (negative, "Negative", IR_ACCEPT_NUMBER, -x, -WRAP (x), -WRAP (x),                             "Negated value")
EXACT (relu,     "ReLU",     IR_ACCEPT_NUMBER, x < 0 ? 0 : x, x < 0 ? 0 : x, x,          "max (x, 0)")
EXACT (sign,     "Sign",     IR_ACCEPT_NUMBER, x != x ? x : (x > 0) - (x < 0), (x > 0) - (x < 0), x > 0, "-1, 0 or 1")
/* clang-format on */
