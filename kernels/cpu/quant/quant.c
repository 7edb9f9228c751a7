/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quant.h"

#define IR_KERNEL_TYPE IrQuantKernels
#define IR_KERNEL_FAMILY quant
#define IR_KERNEL_ROWS "quant/quant.inc"
#include "dispatch.h"
