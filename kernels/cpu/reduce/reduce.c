/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reduce.h"

#define IR_KERNEL_TYPE IrReduceKernels
#define IR_KERNEL_FAMILY reduce
#define IR_KERNEL_ROWS "reduce/reduce.inc"
#include "dispatch.h"
