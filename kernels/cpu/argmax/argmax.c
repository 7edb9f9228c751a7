/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "argmax.h"

#define IR_KERNEL_TYPE IrArgmaxKernels
#define IR_KERNEL_FAMILY argmax
#define IR_KERNEL_ROWS "argmax/argmax.inc"
#include "dispatch.h"
