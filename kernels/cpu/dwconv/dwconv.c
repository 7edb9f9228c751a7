/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dwconv.h"

#define IR_KERNEL_TYPE IrDwconvKernels
#define IR_KERNEL_FAMILY dwconv
#define IR_KERNEL_ROWS "dwconv/dwconv.inc"
#include "dispatch.h"
