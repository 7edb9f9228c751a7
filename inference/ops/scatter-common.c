/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scatter.h"

#include <string.h>

#include "int-math.h"
#include "typed.h"

const char *const ir_scatter_names[] = { "none", "sum", "sub", "prod", "min",
  "max", "mean", NULL };

static gboolean
check_reduction (
    const IrInferCtx *ctx, gint reduction, guint allowed, GError **error)
{
  if ((allowed >> reduction & 1) == 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "the reduction \"%s\" is not one of this op's",
        ir_scatter_names[reduction]);
  if (ctx->in_dtype[0] == IR_DTYPE_BOOLEAN &&
      (reduction == IR_SCATTER_SUB || reduction == IR_SCATTER_MEAN))
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "booleans have no reduction \"%s\"", ir_scatter_names[reduction]);
  return TRUE;
}

gboolean
ir_scatter_infer (
    IrInferCtx *ctx, gint reduction, guint allowed, GError **error)
{
  const IrDType data = ctx->in_dtype[0], updates = ctx->in_dtype[2];

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "indices", error) ||
      !check_reduction (ctx, reduction, allowed, error))
    return FALSE;
  if (data != updates && data != IR_DTYPE_DYNAMIC &&
      updates != IR_DTYPE_DYNAMIC)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the updates have type %s, the data %s", ir_dtype_name (updates),
        ir_dtype_name (data));
  ir_infer_set (
      ctx, 0, data != IR_DTYPE_DYNAMIC ? data : updates, &ctx->in_shape[0]);
  return TRUE;
}

/* Of NaN and a number the number is taken, as a comparison gives it. */
#define JOIN(id, T, name, value)                                               \
  static void name##_##id (gpointer into, gconstpointer updates, gint64 n)     \
  {                                                                            \
    const T *from = updates;                                                   \
    T *to = into;                                                              \
                                                                               \
    for (gint64 i = 0; i < n; i++) {                                           \
      const T a = to[i], b = from[i];                                          \
                                                                               \
      to[i] = (T) (value);                                                     \
    }                                                                          \
  }
#define ENTRY(id, T, name) [IR_DTYPE_##id] = name##_##id,

/* Integers wrap around, which only unsigned arithmetic is defined to do. */
#define NUMBERS(name, on_float, on_integer)                                    \
  IR_FLOAT_TYPES (JOIN, name, on_float)                                        \
  IR_INTEGER_TYPES (JOIN, name, on_integer)

NUMBERS (sum, a + b, IR_WRAP (a) + IR_WRAP (b))
NUMBERS (sub, a - b, IR_WRAP (a) - IR_WRAP (b))
NUMBERS (prod, a *b, IR_WRAP (a) * IR_WRAP (b))
NUMBERS (min, b < a ? b : a, b < a ? b : a)
NUMBERS (max, b > a ? b : a, b > a ? b : a)
JOIN (BOOLEAN, guint8, any, a || b)
JOIN (BOOLEAN, guint8, all, a &&b)

#define TABLE(name, on_boolean)                                                \
  {                                                                            \
    IR_NUMBER_TYPES (ENTRY, name)[IR_DTYPE_BOOLEAN] = on_boolean               \
  }

static const IrScatterFunc joins[][IR_DTYPE_COUNT] = {
  [IR_SCATTER_SUM] = TABLE (sum, any_BOOLEAN),
  [IR_SCATTER_SUB] = TABLE (sub, NULL),
  [IR_SCATTER_PROD] = TABLE (prod, all_BOOLEAN),
  [IR_SCATTER_MIN] = TABLE (min, all_BOOLEAN),
  [IR_SCATTER_MAX] = TABLE (max, any_BOOLEAN),
  [IR_SCATTER_MEAN] = TABLE (sum, NULL),
};

#define REPLACE(bytes)                                                         \
  static void replace_##bytes (gpointer into, gconstpointer updates, gint64 n) \
  {                                                                            \
    memcpy (into, updates, (gsize) n *bytes);                                  \
  }
REPLACE (1)
REPLACE (2)
REPLACE (4)
REPLACE (8)

IrScatterFunc
ir_scatter_func (IrDType dtype, IrScatterReduction reduction)
{
  if (reduction != IR_SCATTER_NONE)
    return joins[reduction][dtype];
  switch (ir_dtype_size (dtype)) {
    case 1:
      return replace_1;
    case 2:
      return replace_2;
    case 4:
      return replace_4;
    default:
      return replace_8;
  }
}

void
ir_scatter_divide (IrTensor *tensor, gint64 i, gint64 count)
{
  if (ir_dtype_is_float (tensor->dtype))
    ir_tensor_set_f64 (
        tensor, i, ir_tensor_get_f64 (tensor, i) / (double) count);
  else if (tensor->dtype == IR_DTYPE_U64)
    ((guint64 *) tensor->data)[i] /= (guint64) count;
  else
    ir_tensor_set_i64 (
        tensor, i, ir_div_trunc (ir_tensor_get_i64 (tensor, i), count));
}
