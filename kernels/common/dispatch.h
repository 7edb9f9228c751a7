/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of one family and the choice from it, see table.h. The including
 * file defines IR_KERNEL_TYPE (of the rows), IR_KERNEL_FAMILY (as in the names)
 * and IR_KERNEL_ROWS (the .inc as a string). */

#define IR_FAMILY_NAME_(family, what) ir_##family##_##what
#define IR_FAMILY_NAME(family, what) IR_FAMILY_NAME_ (family, what)

#define IR_KERNEL(isa, cpu)                                                    \
  extern const IR_KERNEL_TYPE IR_FAMILY_NAME (IR_KERNEL_FAMILY, isa);
#include IR_KERNEL_ROWS
#undef IR_KERNEL

static const IR_KERNEL_TYPE *const rows[] = {
#define IR_KERNEL(isa, cpu) &IR_FAMILY_NAME (IR_KERNEL_FAMILY, isa),
#include IR_KERNEL_ROWS
#undef IR_KERNEL
};

static const unsigned row_flags[] = {
#define IR_KERNEL(isa, cpu) cpu,
#include IR_KERNEL_ROWS
#undef IR_KERNEL
};

#define N_ROWS (sizeof rows / sizeof rows[0])

const IR_KERNEL_TYPE *const *
IR_FAMILY_NAME (IR_KERNEL_FAMILY, table) (size_t *n)
{
  *n = N_ROWS;
  return rows;
}

unsigned
IR_FAMILY_NAME (IR_KERNEL_FAMILY, flags) (size_t row)
{
  return row_flags[row];
}

const IR_KERNEL_TYPE *
IR_FAMILY_NAME (IR_KERNEL_FAMILY, select) (unsigned flags)
{
  size_t i = 0;

  while (i < N_ROWS - 1 && (row_flags[i] & ~flags))
    i++;
  return rows[i];
}
