/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BDWCONV_H
#define IR_KERNEL_BDWCONV_H

#include "table.h"

/*
 * One row of a convolution of each channel by itself whose source is bf16; weights,
 * bias and sums are f32, the result is either.
 *
 *   to[x][c] = clamp (bias[c] + sum over ky, kx of weights[ky][kx][c] *
 *                     rows[ky][x * stride + kx * dilation - pad][c])
 *
 * for x < @out_w and c < @channels; what lies outside a row, and a row that is
 * NULL, counts as 0.
 */
#define IR_BDWCONV_GROUP 8
#define IR_BDWCONV_MAX_TAPS 64

typedef struct {
  int channels; /* a multiple of IR_BDWCONV_GROUP */
  int in_w, out_w;
  int kernel_h, kernel_w; /* at most IR_BDWCONV_MAX_TAPS elements */
  int stride, dilation, pad;
  const uint16_t *const *rows;
  size_t in_pitch; /* numbers from one pixel to the next */
  const float *weights;
  const float *bias;
  /* One of these. */
  uint16_t *to;
  float *to_f32;
  size_t out_pitch;
  float low, high;
} IrBdwconvRow;

typedef struct {
  IR_KERNEL_HEAD;
  void (*row) (const IrBdwconvRow *row);
} IrBdwconvKernels;

IR_KERNEL_DECLARE (IrBdwconvKernels, bdwconv);

#endif
