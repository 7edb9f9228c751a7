/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conv.h"

#define IR_KERNEL_TYPE IrConvKernels
#define IR_KERNEL_FAMILY conv
#define IR_KERNEL_ROWS "conv/conv.inc"
#include "dispatch.h"
