/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bdwconv.h"

#define IR_KERNEL_TYPE IrBdwconvKernels
#define IR_KERNEL_FAMILY bdwconv
#define IR_KERNEL_ROWS "bdwconv/bdwconv.inc"
#include "dispatch.h"
