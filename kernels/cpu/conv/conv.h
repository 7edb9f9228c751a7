/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_CONV_H
#define IR_KERNEL_CONV_H

#include "table.h"

/* A 2-D sliding window over planes of f32: sizes of the source and of the result,
 * window, step, distance of taps, padding before. */
typedef struct {
  int in_h, in_w;
  int out_h, out_w;
  int kernel_h, kernel_w;
  int stride_h, stride_w;
  int dilation_h, dilation_w;
  int pad_h, pad_w;
} IrWindow;

/*
 * im2col: for every channel and tap (ky, kx) one row of @columns, which holds what
 * the tap sees at the output pixels [@first, @first + @n), zero outside the plane.
 * @columns is (@channels * kernel_h * kernel_w) x @n, dense.
 *
 * col2im: adds rows of the same order, over all @n = in_h * in_w pixels of the
 * *smaller* plane, back into planes of out_h x out_w (of a transposed convolution,
 * whose stride and padding belong to its result); the planes are zeroed first.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*im2col) (const IrWindow *window, const float *planes, int channels,
      int first, int n, float *columns);
  void (*col2im) (const IrWindow *window, const float *columns, int channels,
      float *planes);
} IrConvKernels;

IR_KERNEL_DECLARE (IrConvKernels, conv);

#endif
