/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_GEMM_H
#define IR_KERNEL_GEMM_H

#include "table.h"

/*
 * C = A B with f32 matrices in row-major order: C is @m x @n, the inner size is
 * @k, all > 0. With @trans_a the array holds A transposed (k x m), with @trans_b
 * B transposed (n x k). @lda, @ldb, @ldc are elements from one row of the array to
 * the next. C must not overlap the others. Runs in the calling thread; the result
 * depends on nothing but the arguments.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*sgemm) (int trans_a, int trans_b, int m, int n, int k, const float *a,
      int lda, const float *b, int ldb, float *c, int ldc);
} IrGemmKernels;

IR_KERNEL_DECLARE (IrGemmKernels, gemm);

#endif
