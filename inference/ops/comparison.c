/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binary ops whose result is a truth value, and LogicalNot. */
#include "binary-rows.h"

#define BOOLEAN_TYPES(X, ...) X (BOOLEAN, guint8, __VA_ARGS__)
#define TRUTH_ROW(id, T, name, value) IR_BINARY_TRUTH (id, T, T, name, value)
#define BIT_ROW(id, T, name, value)                                            \
  IR_BINARY_TRUTH (id, T, gboolean, name, value)

IR_BINARY_INFER (comparison, IR_ACCEPT_ANY, IR_DTYPE_BOOLEAN)
IR_BINARY_INFER (logical, IR_ACCEPT_BOOLEAN, IR_DTYPE_BOOLEAN)

#define COMPARISON(name, ir_type, value, text)                                 \
  IR_NUMBER_TYPES (TRUTH_ROW, name, value)                                     \
  IR_DOUBLE_TYPES (TRUTH_ROW, name, value)                                     \
  BOOLEAN_TYPES (TRUTH_ROW, name, value)                                       \
                                                                               \
  static const IrRowFunc name##_rows[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (     \
      IR_BINARY_ENTRY, name) IR_DOUBLE_TYPES (IR_BINARY_ENTRY, name)           \
        BOOLEAN_TYPES (IR_BINARY_ENTRY, name) };                               \
  IR_BINARY_EVALUATE (name, name##_rows)                                       \
  IR_BINARY_OP (                                                               \
      name, 1, ir_type, comparison_infer, ir_auto_broadcast_attrs, text)

#define LOGICAL(name, ir_type, value, text)                                    \
  BOOLEAN_TYPES (BIT_ROW, name, value)                                         \
                                                                               \
  static const IrRowFunc name##_rows[IR_DTYPE_COUNT] = { BOOLEAN_TYPES (       \
      IR_BINARY_ENTRY, name) };                                                \
  IR_BINARY_EVALUATE (name, name##_rows)                                       \
  IR_BINARY_OP (name, 1, ir_type, logical_infer, ir_auto_broadcast_attrs, text)

/* clang-format off */
COMPARISON (equal,         "Equal",        x == y, "Whether x = y")
COMPARISON (greater,       "Greater",      x > y,  "Whether x > y")
COMPARISON (greater_equal, "GreaterEqual", x >= y, "Whether x >= y")
COMPARISON (less,          "Less",         x < y,  "Whether x < y")
COMPARISON (less_equal,    "LessEqual",    x <= y, "Whether x <= y")
COMPARISON (not_equal,     "NotEqual",     x != y, "Whether x differs from y")

LOGICAL (logical_and, "LogicalAnd", x && y,   "Whether both are true")
LOGICAL (logical_or,  "LogicalOr",  x || y,   "Whether one is true")
LOGICAL (logical_xor, "LogicalXor", !x != !y, "Whether exactly one is true")
LOGICAL (xor,         "Xor",        !x != !y, "LogicalXor by its old name")
/* clang-format on */

static gboolean
logical_not_infer (IrInferCtx *ctx, GError **error)
{
  return ir_infer_unary (ctx, IR_ACCEPT_BOOLEAN, error);
}

static gboolean
logical_not_evaluate (IrEvalCtx *ctx, GError **error)
{
  const guint8 *in = ctx->in[0]->data;
  guint8 *out = ctx->out[0]->data;

  for (gsize i = 0; i < ir_tensor_count (ctx->out[0]); i++)
    out[i] = !in[i];
  return TRUE;
}

const IrOpDesc ir_op_logical_not_1 = {
  .type = "LogicalNot",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_ELEMENTWISE,
  .infer = logical_not_infer,
  .evaluate = logical_not_evaluate,
  .summary = "Whether it is false",
};
