/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <ir/op.h>

#define IR_OP(name) extern const IrOpDesc ir_op_##name;
#include "oplist.inc"
#undef IR_OP

static const IrOpDesc *table[] = {
#define IR_OP(name) &ir_op_##name,
#include "oplist.inc"
#undef IR_OP
};

static int
compare_ops (const void *a, const void *b)
{
  const IrOpDesc *x = *(const IrOpDesc *const *) a;
  const IrOpDesc *y = *(const IrOpDesc *const *) b;
  int order = g_ascii_strcasecmp (x->type, y->type);

  if (order != 0)
    return order;
  return (x->opset > y->opset) - (x->opset < y->opset);
}

const IrOpDesc *const *
ir_op_list (gsize *n)
{
  static gsize sorted = 0;

  if (g_once_init_enter (&sorted)) {
    qsort (table, G_N_ELEMENTS (table), sizeof table[0], compare_ops);
    g_once_init_leave (&sorted, 1);
  }
  *n = G_N_ELEMENTS (table);
  return table;
}

const IrOpDesc *
ir_op_lookup_number (const char *type, guint opset)
{
  gsize n;
  const IrOpDesc *const *ops = ir_op_list (&n);
  gsize low = 0;

  /* The last form of the type that is not newer than asked for. */
  for (gsize high = n; low < high;) {
    gsize middle = (low + high) / 2;
    int order = g_ascii_strcasecmp (ops[middle]->type, type);

    if (order < 0 || (order == 0 && ops[middle]->opset <= opset))
      low = middle + 1;
    else
      high = middle;
  }
  if (low == 0 || g_ascii_strcasecmp (ops[low - 1]->type, type) != 0)
    return NULL;
  return ops[low - 1];
}

const IrOpDesc *
ir_op_lookup (const char *type, const char *opset)
{
  guint64 number;

  if (!g_str_has_prefix (opset, "opset") ||
      !g_ascii_string_to_unsigned (
          opset + strlen ("opset"), 10, 1, 1000, &number, NULL))
    return NULL;
  return ir_op_lookup_number (type, (guint) number);
}
