/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "peak.h"

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX2__)
#define BYTES 32
#else
#define BYTES 16
#endif

#define LANES (BYTES / sizeof (float))
/* Two units times a latency of four to five cycles, and all registers of the
 * smallest set but those of the factors. */
#define CHAINS 12

typedef float Vector __attribute__ ((vector_size (BYTES)));
typedef Vector Unaligned __attribute__ ((aligned (sizeof (float))));

static float
run (size_t rounds, const float in[2])
{
  const Vector zero = { 0 }, factor = zero + in[0], term = zero + in[1];
  Vector x[CHAINS];
  float total = 0;

  /* Equal chains would be computed once. */
  for (int chain = 0; chain < CHAINS; chain++)
    x[chain] = zero + (float) chain;
  for (size_t round = 0; round < rounds; round++)
    for (int chain = 0; chain < CHAINS; chain++)
      x[chain] = x[chain] * factor + term;
  for (int chain = 0; chain < CHAINS; chain++)
    for (size_t lane = 0; lane < LANES; lane++)
      total += x[chain][lane];
  return total / (CHAINS * LANES);
}

static void
copy (const float *from, size_t n, float *to, size_t to_n)
{
  const size_t each = n / to_n;
  size_t i = 0;

  for (; i + LANES <= to_n; i += LANES, from += each * LANES) {
    Unaligned sum = *(const Unaligned *) from;

    for (size_t k = 1; k < each; k++)
      sum += *(const Unaligned *) (from + k * LANES);
    *(Unaligned *) (to + i) = sum;
  }
  for (; i < to_n; i++, from += each) {
    to[i] = 0;
    for (size_t k = 0; k < each; k++)
      to[i] += from[k];
  }
}

extern const IrPeakKernels IR_FN (ir_peak);

const IrPeakKernels IR_FN (ir_peak) = {
  .name = IR_KERNEL_NAME,
  .flops_per_round = 2 * CHAINS * LANES,
  .run = run,
  .copy = copy,
};
