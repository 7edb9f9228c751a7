/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gemm.h"

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>

#define LIBRARY "libopenblas.so.0"

extern const IrGemmKernels ir_gemm_c;

/* Opened when the first product is due: most models never need it, and it costs
 * more time and memory to load than they do. */
static struct {
  __typeof__ (&cblas_sgemm) sgemm;
  __typeof__ (&cblas_sgemv) sgemv;
} blas;

/* The threads are ours. While it is loaded OpenBLAS starts one for each core
 * that the loading thread may run on, so that one is let run on one only. */
static void *
open_without_threads (void)
{
  const int core = sched_getcpu ();
  cpu_set_t all, one;
  int held = core >= 0 && core < CPU_SETSIZE &&
      sched_getaffinity (0, sizeof all, &all) == 0;
  void *library;

  if (held) {
    CPU_ZERO (&one);
    CPU_SET (core, &one);
    held = sched_setaffinity (0, sizeof one, &one) == 0;
  }
  library = dlopen (LIBRARY, RTLD_LAZY | RTLD_LOCAL);
  if (held)
    sched_setaffinity (0, sizeof all, &all);
  return library;
}

static void
load (void)
{
  void *library = open_without_threads ();
  void (*set_threads) (int);
  void *sgemm, *sgemv;

  if (!library)
    return;
  set_threads = (void (*) (int)) dlsym (library, "openblas_set_num_threads");
  sgemm = dlsym (library, "cblas_sgemm");
  sgemv = dlsym (library, "cblas_sgemv");
  if (!set_threads || !sgemm || !sgemv)
    return;
  /* Somebody else may have loaded it before, with threads. */
  set_threads (1);
  blas.sgemv = (__typeof__ (blas.sgemv)) sgemv;
  blas.sgemm = (__typeof__ (blas.sgemm)) sgemm;
}

static void
sgemm_openblas (int trans_a, int trans_b, int m, int n, int k, const float *a,
    int lda, const float *b, int ldb, float *c, int ldc)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;

  pthread_once (&once, load);
  if (!blas.sgemm) {
    ir_gemm_c.sgemm (trans_a, trans_b, m, n, k, a, lda, b, ldb, c, ldc);
  } else if (m == 1 && !trans_a) {
    if (trans_b)
      blas.sgemv (CblasRowMajor, CblasNoTrans, n, k, 1, b, ldb, a, 1, 0, c, 1);
    else
      blas.sgemv (CblasRowMajor, CblasTrans, k, n, 1, b, ldb, a, 1, 0, c, 1);
  } else {
    blas.sgemm (CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
        trans_b ? CblasTrans : CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 0, c,
        ldc);
  }
}

extern const IrGemmKernels ir_gemm_openblas;

const IrGemmKernels ir_gemm_openblas = {
  .name = "openblas",
  .sgemm = sgemm_openblas,
};
