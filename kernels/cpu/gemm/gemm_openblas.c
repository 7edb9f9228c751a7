/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gemm.h"

#include <cblas.h>
#include <stdatomic.h>

/* The threads are ours: OpenBLAS must not start its own behind them. The setting
 * is one of the whole process. */
static void
hold_to_one_thread (void)
{
  static atomic_int done;

  if (!atomic_exchange_explicit (&done, 1, memory_order_relaxed))
    openblas_set_num_threads (1);
}

static void
sgemm_openblas (int trans_a, int trans_b, int m, int n, int k, const float *a,
    int lda, const float *b, int ldb, float *c, int ldc)
{
  hold_to_one_thread ();
  if (m == 1 && !trans_a) {
    if (trans_b)
      cblas_sgemv (CblasRowMajor, CblasNoTrans, n, k, 1, b, ldb, a, 1, 0, c, 1);
    else
      cblas_sgemv (CblasRowMajor, CblasTrans, k, n, 1, b, ldb, a, 1, 0, c, 1);
    return;
  }
  cblas_sgemm (CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
      trans_b ? CblasTrans : CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 0, c,
      ldc);
}

extern const IrGemmKernels ir_gemm_openblas;

const IrGemmKernels ir_gemm_openblas = {
  .name = "openblas",
  .sgemm = sgemm_openblas,
};
