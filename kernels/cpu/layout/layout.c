/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

#define IR_KERNEL_TYPE IrLayoutKernels
#define IR_KERNEL_FAMILY layout
#define IR_KERNEL_ROWS "layout/layout.inc"
#include "dispatch.h"
