/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bpool.h"

#define IR_KERNEL_TYPE IrBpoolKernels
#define IR_KERNEL_FAMILY bpool
#define IR_KERNEL_ROWS "bpool/bpool.inc"
#include "dispatch.h"
