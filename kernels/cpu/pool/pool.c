/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool.h"

#define IR_KERNEL_TYPE IrPoolKernels
#define IR_KERNEL_FAMILY pool
#define IR_KERNEL_ROWS "pool/pool.inc"
#include "dispatch.h"
