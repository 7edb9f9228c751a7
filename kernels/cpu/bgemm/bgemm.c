/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bgemm.h"

#define IR_KERNEL_TYPE IrBgemmKernels
#define IR_KERNEL_FAMILY bgemm
#define IR_KERNEL_ROWS "bgemm/bgemm.inc"
#include "dispatch.h"
