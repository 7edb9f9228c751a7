/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_DWCONV_H
#define IR_KERNEL_DWCONV_H

#include "table.h"

/*
 * One row of a convolution of each channel by itself, channels innermost.
 *
 *   to[x][c] = clamp (bias[c] + sum over ky, kx of weights[ky][kx][c] *
 *                     rows[ky][x * stride + kx * dilation - pad][c])
 *
 * for x < @out_w and c < @channels; what lies outside a row, and a row that is
 * NULL, counts as 0.
 */
#define IR_DWCONV_GROUP 8

typedef struct {
  int channels; /* a multiple of IR_DWCONV_GROUP */
  int in_w, out_w;
  int kernel_h, kernel_w;
  int stride, dilation, pad;
  const float *const *rows;
  size_t in_pitch; /* floats from one pixel to the next */
  const float *weights;
  const float *bias;
  float *to;
  size_t out_pitch;
  float low, high;
} IrDwconvRow;

typedef struct {
  IR_KERNEL_HEAD;
  void (*row) (const IrDwconvRow *row);
} IrDwconvKernels;

IR_KERNEL_DECLARE (IrDwconvKernels, dwconv);

#endif
