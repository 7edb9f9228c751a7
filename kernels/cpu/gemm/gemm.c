/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gemm.h"

#define IR_KERNEL_TYPE IrGemmKernels
#define IR_KERNEL_FAMILY gemm
#define IR_KERNEL_ROWS "gemm/gemm.inc"
#include "dispatch.h"
