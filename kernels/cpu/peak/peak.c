/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peak.h"

#define IR_KERNEL_TYPE IrPeakKernels
#define IR_KERNEL_FAMILY peak
#define IR_KERNEL_ROWS "peak/peak.inc"
#include "dispatch.h"
