/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INT_MATH_H
#define IR_INT_MATH_H

#include <glib.h>

G_BEGIN_DECLS

/*
 * Integer arithmetic that always has a result: sums and products wrap around,
 * division by zero gives 0, a remainder by zero gives 0, a shift by more than
 * the width shifts everything out.
 */

#define IR_WRAP(x) ((guint64) (x))

static inline gint64
ir_div_trunc (gint64 x, gint64 y)
{
  /* -x wraps for the lowest x, where x / -1 would trap. */
  if (y == -1)
    return (gint64) -IR_WRAP (x);
  return y == 0 ? 0 : x / y;
}

static inline gint64
ir_mod_trunc (gint64 x, gint64 y)
{
  return y == 0 || y == -1 ? 0 : x % y;
}

static inline gint64
ir_mod_floor (gint64 x, gint64 y)
{
  const gint64 rest = ir_mod_trunc (x, y);

  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}

static inline gint64
ir_div_floor (gint64 x, gint64 y)
{
  const gint64 quotient = ir_div_trunc (x, y), rest = ir_mod_trunc (x, y);

  return rest != 0 && (rest < 0) != (y < 0) ? quotient - 1 : quotient;
}

static inline guint64
ir_div_unsigned (guint64 x, guint64 y)
{
  return y == 0 ? 0 : x / y;
}

static inline guint64
ir_mod_unsigned (guint64 x, guint64 y)
{
  return y == 0 ? 0 : x % y;
}

static inline guint64
ir_power_unsigned (guint64 x, guint64 y)
{
  guint64 power = 1;

  for (; y != 0; y >>= 1, x *= x) {
    if (y & 1)
      power *= x;
  }
  return power;
}

/* Fractions are cut off, and 0 to a negative power is 0. */
static inline gint64
ir_power_signed (gint64 x, gint64 y)
{
  if (y >= 0)
    return (gint64) ir_power_unsigned (IR_WRAP (x), IR_WRAP (y));
  if (x == 1 || x == -1)
    return y % 2 == 0 ? 1 : x;
  return 0;
}

G_END_DECLS

#endif
