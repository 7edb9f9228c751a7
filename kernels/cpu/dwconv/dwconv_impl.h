/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set, with IR_LANES floats in a vector. */
#include "dwconv.h"
#include "dwconv_vectors.h"

typedef IrDwconvLines Lines;
typedef float Number, *Target;
#define target(l) (l)->to
#define read_8(p) load_8 (p)
#define write_8(to, at, v) store_8 ((to) + (at), v)
#define read_16(p) load_16 (p)
#define write_16(to, at, v) store_16 ((to) + (at), v)

#include "dwconv_strips.h"

extern const IrDwconvKernels IR_FN (ir_dwconv);

const IrDwconvKernels IR_FN (ir_dwconv) = {
  .name = IR_KERNEL_NAME,
  .lines = lines,
};
