/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_TABLE_H
#define IR_KERNEL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/*
 * How a family of kernels is laid out.
 *
 * `<family>.h` has a struct of functions that begins with IR_KERNEL_HEAD, their
 * contract, and IR_KERNEL_DECLARE. `<family>.inc` has one row per variant,
 * IR_KERNEL (isa, flags): best first, last the scalar one, whose flags are 0.
 * Each row is a `const <Type> ir_<family>_<isa>` in `<family>_<isa>.c`;
 * `<family>.c` makes the table by including dispatch.h.
 *
 * Where plain C written for the vectoriser is good enough, `<family>_impl.h` is
 * compiled once per instruction set: the file of the variant defines IR_ISA and
 * includes it.
 */
#define IR_KERNEL_HEAD const char *name

/* table: the rows, best first. flags: what row @row needs. select: the first
 * row that needs no more than @flags. */
#define IR_KERNEL_DECLARE(Type, family)                                        \
  const Type *const *ir_##family##_table (size_t *n);                          \
  unsigned ir_##family##_flags (size_t row);                                   \
  const Type *ir_##family##_select (unsigned flags)

#define IR_PASTE_(a, b) a##_##b
#define IR_PASTE(a, b) IR_PASTE_ (a, b)
#define IR_STRING_(a) #a
#define IR_STRING(a) IR_STRING_ (a)
/* The variant's name of a function or row, and its name as text. */
#define IR_FN(name) IR_PASTE (name, IR_ISA)
#define IR_KERNEL_NAME IR_STRING (IR_ISA)

#endif
