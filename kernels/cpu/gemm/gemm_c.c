/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gemm.h"

static void
sgemm_c (int trans_a, int trans_b, int m, int n, int k, const float *a, int lda,
    const float *b, int ldb, float *c, int ldc)
{
  for (int i = 0; i < m; i++) {
    float *row = c + (size_t) i * ldc;

    for (int j = 0; j < n; j++)
      row[j] = 0;
    for (int p = 0; p < k; p++) {
      const float x =
          trans_a ? a[(size_t) p * lda + i] : a[(size_t) i * lda + p];

      for (int j = 0; j < n; j++)
        row[j] +=
            x * (trans_b ? b[(size_t) j * ldb + p] : b[(size_t) p * ldb + j]);
    }
  }
}

extern const IrGemmKernels ir_gemm_c;

const IrGemmKernels ir_gemm_c = {
  .name = "c",
  .sgemm = sgemm_c,
};
