/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_TAPS_H
#define CPU_TAPS_H

#include <ir/preproc.h>

G_BEGIN_DECLS

/*
 * Which pixels of the picture make each pixel of the result along one axis.
 *
 * @n: pixels of the result
 * @taps: pixels of the picture that each of them takes, 0 if all is padding
 * @first: `[n]`: the first of them, ascending
 * @weights: `[taps][n]`
 * @base: `[n]`: what padding adds; %NULL if there is none
 * @low: the first pixel that is looked at
 * @end: behind the last one: every @first + @taps <= @end
 */
typedef struct {
  guint n;
  guint taps;
  gint32 *first;
  float *weights;
  float *base;
  guint low;
  guint end;
} CpuTaps;

/* What is to be sampled: @n pixels from @length pixels of the picture from @start
 * on, which has @size of them and @pad elsewhere. @shrinks: both axes do, or
 * neither (which area sampling asks). */
typedef struct {
  IrInterpolation interpolation;
  gboolean shrinks;
  double start;
  double length;
  guint n;
  guint size;
  double pad;
} CpuAxis;

void cpu_taps_init (CpuTaps *taps, const CpuAxis *axis);
void cpu_taps_clear (CpuTaps *taps);

G_END_DECLS

#endif
