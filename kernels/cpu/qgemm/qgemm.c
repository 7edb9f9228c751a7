/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qgemm.h"

#define IR_KERNEL_TYPE IrQgemmKernels
#define IR_KERNEL_FAMILY qgemm
#define IR_KERNEL_ROWS "qgemm/qgemm.inc"
#include "dispatch.h"
