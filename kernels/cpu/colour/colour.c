/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "colour.h"

#define IR_KERNEL_TYPE IrColourKernels
#define IR_KERNEL_FAMILY colour
#define IR_KERNEL_ROWS "colour/colour.inc"
#include "dispatch.h"
