/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qpool.h"

#define IR_KERNEL_TYPE IrQpoolKernels
#define IR_KERNEL_FAMILY qpool
#define IR_KERNEL_ROWS "qpool/qpool.inc"
#include "dispatch.h"
