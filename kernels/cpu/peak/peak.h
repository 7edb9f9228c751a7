/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_PEAK_H
#define IR_KERNEL_PEAK_H

#include "table.h"

/*
 * What arithmetic on f32 can reach: multiply-adds that neither wait for each
 * other nor for memory. @flops_per_round is what one round of run() counts for.
 * And what memory can: numbers are read and written, each once.
 *
 * run: x = x * in[0] + in[1] in many lanes, @rounds times, from x = 0, 1, … 11 in
 * as many lanes each; gives the mean of the lanes.
 * copy: reads @n numbers and writes @to_n, no more than those, to each the sum of
 * @n / @to_n that were not summed up before.
 */
typedef struct {
  IR_KERNEL_HEAD;
  unsigned flops_per_round;
  float (*run) (size_t rounds, const float in[2]);
  void (*copy) (const float *from, size_t n, float *to, size_t to_n);
} IrPeakKernels;

IR_KERNEL_DECLARE (IrPeakKernels, peak);

#endif
