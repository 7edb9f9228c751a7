/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "binary-rows.h"
#include "int-math.h"

static const IrAttrDesc divide_attrs[] = {
  IR_ATTR_ENUM_ROW (
      IrBroadcastAttrs, auto_broadcast, "numpy", ir_broadcast_names),
  { "m_pythondiv", IR_ATTR_BOOL, G_STRUCT_OFFSET (IrBroadcastAttrs, pythondiv),
      "true", NULL },
  IR_ATTR_END,
};

IR_BINARY_INFER (
    arithmetic, IR_ACCEPT_NUMBER | IR_ACCEPT_PACKED, IR_DTYPE_DYNAMIC)

/* Stores numbers in a packed type, where they wrap around like others. */
static void
pack (const IrTensor *from, IrTensor *to)
{
  const guint bits = ir_dtype_bits (to->dtype);
  const guint64 top = ir_dtype_is_signed (to->dtype) ? 1u << (bits - 1) : 0;

  for (guint64 i = 0; i < ir_tensor_count (to); i++) {
    const guint64 low =
        IR_WRAP (ir_tensor_get_i64 (from, i)) & ((1u << bits) - 1);

    ir_tensor_set_i64 (to, i, (gint64) ((low ^ top) - top));
  }
}

/* Packed types are computed in a wide one. */
static gboolean
evaluate_packed (const IrEvalCtx *ctx, const IrRowFunc *rows, GError **error)
{
  g_autoptr (IrTensor) a = ir_tensor_convert (ctx->in[0], IR_DTYPE_I64, error);
  g_autoptr (IrTensor) b =
      a ? ir_tensor_convert (ctx->in[1], IR_DTYPE_I64, error) : NULL;
  g_autoptr (IrTensor) out =
      b ? ir_tensor_new (IR_DTYPE_I64, &ctx->out[0]->shape, error) : NULL;
  IrEvalCtx wide = *ctx;

  if (out == NULL)
    return FALSE;
  wide.in = (IrTensor *[]){ a, b };
  wide.out = (IrTensor *[]){ out };
  ir_eval_rows (&wide, 2, NULL, rows[IR_DTYPE_I64], NULL);
  pack (out, ctx->out[0]);
  return TRUE;
}

static gboolean
evaluate_rows (IrEvalCtx *ctx, const IrRowFunc *rows, GError **error)
{
  if (ir_dtype_size (ctx->in[0]->dtype) == 0)
    return evaluate_packed (ctx, rows, error);
  ir_eval_rows (ctx, 2, NULL, rows[ctx->in[0]->dtype], NULL);
  return TRUE;
}

static inline double
mod_floor_real (double x, double y)
{
  const double rest = fmod (x, y);

  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

#define REAL_ROW(id, T, name, value) IR_BINARY_SAME (id, T, T, name, value)
#define SIGNED_ROW(id, T, name, value)                                         \
  IR_BINARY_SAME (id, T, gint64, name, value)
#define UNSIGNED_ROW(id, T, name, value)                                       \
  IR_BINARY_SAME (id, T, guint64, name, value)

#define ROWS(name, on_real, on_signed, on_unsigned)                            \
  IR_REAL_TYPES (REAL_ROW, name, on_real)                                      \
  IR_SIGNED_TYPES (SIGNED_ROW, name, on_signed)                                \
  IR_UNSIGNED_TYPES (UNSIGNED_ROW, name, on_unsigned)                          \
                                                                               \
  static const IrRowFunc name##_rows[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (     \
      IR_BINARY_ENTRY, name) IR_DOUBLE_TYPES (IR_BINARY_ENTRY, name) };

#define ARITHMETIC(name, ir_type, on_real, on_signed, on_unsigned, text)       \
  ROWS (name, on_real, on_signed, on_unsigned)                                 \
  static gboolean name##_evaluate (IrEvalCtx *ctx, GError **error)             \
  {                                                                            \
    return evaluate_rows (ctx, name##_rows, error);                            \
  }                                                                            \
                                                                               \
  IR_BINARY_OP (                                                               \
      name, 1, ir_type, arithmetic_infer, ir_auto_broadcast_attrs, text)

/* clang-format off */
ARITHMETIC (add, "Add",
    x + y, IR_WRAP (x) + IR_WRAP (y), x + y,
    "x + y")
ARITHMETIC (floor_mod, "FloorMod",
    mod_floor_real (x, y), ir_mod_floor (x, y), ir_mod_unsigned (x, y),
    "Remainder with the sign of the divisor")
ARITHMETIC (maximum, "Maximum",
    x > y ? x : y, x > y ? x : y, x > y ? x : y,
    "The larger one")
ARITHMETIC (minimum, "Minimum",
    x < y ? x : y, x < y ? x : y, x < y ? x : y,
    "The smaller one")
ARITHMETIC (mod, "Mod",
    fmod (x, y), ir_mod_trunc (x, y), ir_mod_unsigned (x, y),
    "Remainder with the sign of the dividend")
ARITHMETIC (multiply, "Multiply",
    x * y, IR_WRAP (x) * IR_WRAP (y), x * y,
    "x times y")
ARITHMETIC (power, "Power",
    pow (x, y), ir_power_signed (x, y), ir_power_unsigned (x, y),
    "x to the power of y")
ARITHMETIC (squared_difference, "SquaredDifference",
    (x - y) * (x - y),
    (IR_WRAP (x) - IR_WRAP (y)) * (IR_WRAP (x) - IR_WRAP (y)),
    (x - y) * (x - y),
    "(x - y)^2")
ARITHMETIC (subtract, "Subtract",
    x - y, IR_WRAP (x) - IR_WRAP (y), x - y,
    "x - y")

ROWS (floor_divide, x / y, ir_div_floor (x, y), ir_div_unsigned (x, y))
ROWS (trunc_divide, x / y, ir_div_trunc (x, y), ir_div_unsigned (x, y))
/* clang-format on */

static gboolean
divide_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrBroadcastAttrs *attrs = ctx->attrs;

  return evaluate_rows (
      ctx, attrs->pythondiv ? floor_divide_rows : trunc_divide_rows, error);
}

IR_BINARY_OP (divide, 1, "Divide", arithmetic_infer, divide_attrs, "x / y")
