/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "igemm.h"

#define IR_KERNEL_TYPE IrIgemmKernels
#define IR_KERNEL_FAMILY igemm
#define IR_KERNEL_ROWS "igemm/igemm.inc"
#include "dispatch.h"
