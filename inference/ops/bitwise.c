/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "binary-rows.h"
#include "int-math.h"

IR_BINARY_INFER (bits, IR_ACCEPT_INT | IR_ACCEPT_BOOLEAN, IR_DTYPE_DYNAMIC)
IR_BINARY_INFER (shift, IR_ACCEPT_INT, IR_DTYPE_DYNAMIC)

/* Shifts by y that may be negative (no shift) or beyond the width. */
static inline guint64
shift_left (guint64 x, guint64 y, guint width)
{
  return y >= width ? 0 : x << y;
}

static inline guint64
shift_right_unsigned (guint64 x, guint64 y, guint width)
{
  return y >= width ? 0 : x >> y;
}

static inline gint64
shift_right_signed (gint64 x, guint64 y, guint width)
{
  return x >> MIN (y, (guint64) width - 1);
}

static inline guint64
not_below_zero (gint64 y)
{
  return y < 0 ? 0 : (guint64) y;
}

#define BOOLEAN_TYPES(X, ...) X (BOOLEAN, guint8, __VA_ARGS__)
#define BITS_ROW(id, T, name, value) IR_BINARY_SAME (id, T, T, name, value)
#define SIGNED_ROW(id, T, name, value)                                         \
  IR_BINARY_SAME (id, T, gint64, name, value)
#define UNSIGNED_ROW(id, T, name, value)                                       \
  IR_BINARY_SAME (id, T, guint64, name, value)
#define WIDTH (8 * sizeof (*to))

#define BITS(name, ir_type, value, text)                                       \
  IR_INTEGER_TYPES (BITS_ROW, name, value)                                     \
  BOOLEAN_TYPES (BITS_ROW, name, value)                                        \
                                                                               \
  static const IrRowFunc name##_rows[IR_DTYPE_COUNT] = { IR_INTEGER_TYPES (    \
      IR_BINARY_ENTRY, name) BOOLEAN_TYPES (IR_BINARY_ENTRY, name) };          \
  IR_BINARY_EVALUATE (name, name##_rows)                                       \
  IR_BINARY_OP (name, 13, ir_type, bits_infer, ir_auto_broadcast_attrs, text)

#define SHIFT(name, ir_type, on_signed, on_unsigned, text)                     \
  IR_SIGNED_TYPES (SIGNED_ROW, name, on_signed)                                \
  IR_UNSIGNED_TYPES (UNSIGNED_ROW, name, on_unsigned)                          \
                                                                               \
  static const IrRowFunc name##_rows[IR_DTYPE_COUNT] = { IR_INTEGER_TYPES (    \
      IR_BINARY_ENTRY, name) };                                                \
  IR_BINARY_EVALUATE (name, name##_rows)                                       \
  IR_BINARY_OP (name, 15, ir_type, shift_infer, ir_auto_broadcast_attrs, text)

/* clang-format off */
BITS (bitwise_and, "BitwiseAnd", x & y, "Bits that both have")
BITS (bitwise_or,  "BitwiseOr",  x | y, "Bits that one has")
BITS (bitwise_xor, "BitwiseXor", x ^ y, "Bits that exactly one has")

SHIFT (bitwise_left_shift, "BitwiseLeftShift",
    shift_left (IR_WRAP (x), not_below_zero (y), WIDTH), shift_left (x, y, WIDTH),
    "Bits moved up by y")
SHIFT (bitwise_right_shift, "BitwiseRightShift",
    shift_right_signed (x, not_below_zero (y), WIDTH), shift_right_unsigned (x, y, WIDTH),
    "Bits moved down by y, the sign kept")
/* clang-format on */

static gboolean
bitwise_not_infer (IrInferCtx *ctx, GError **error)
{
  return ir_infer_unary (ctx, IR_ACCEPT_INT | IR_ACCEPT_BOOLEAN, error);
}

/* Turning bits over is the same in every width. */
static gboolean
bitwise_not_evaluate (IrEvalCtx *ctx, GError **error)
{
  const guint8 mask = ctx->in[0]->dtype == IR_DTYPE_BOOLEAN ? 1 : 0xff;
  const guint8 *in = ctx->in[0]->data;
  guint8 *out = ctx->out[0]->data;

  for (gsize i = 0; i < ctx->out[0]->size; i++)
    out[i] = in[i] ^ mask;
  return TRUE;
}

const IrOpDesc ir_op_bitwise_not_13 = {
  .type = "BitwiseNot",
  .opset = 13,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_ELEMENTWISE,
  .infer = bitwise_not_infer,
  .evaluate = bitwise_not_evaluate,
  .summary = "Bits turned over",
};
