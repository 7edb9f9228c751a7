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

IR_BINARY_INFER (arithmetic, IR_ACCEPT_NUMBER, IR_DTYPE_DYNAMIC)

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
  IR_BINARY_EVALUATE (name, name##_rows)                                       \
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
  const IrRowFunc *rows =
      attrs->pythondiv ? floor_divide_rows : trunc_divide_rows;

  ir_eval_rows (ctx, 2, NULL, rows[ctx->in[0]->dtype], NULL);
  return TRUE;
}

IR_BINARY_OP (divide, 1, "Divide", arithmetic_infer, divide_attrs, "x / y")
