/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "eltwise.h"

#define IR_KERNEL_TYPE IrEltwiseKernels
#define IR_KERNEL_FAMILY eltwise
#define IR_KERNEL_ROWS "eltwise/eltwise.inc"
#include "dispatch.h"
