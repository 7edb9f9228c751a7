/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_DWCONV_H
#define IR_KERNEL_DWCONV_H

#include "table.h"

/*
 * Lines of a convolution of each channel by itself, channels innermost.
 *
 *   to[y][x][c] = clamp (bias[c] + sum over ky, kx of weights[ky][kx][c] *
 *     rows[y][ky][x * stride_w + kx * dilation_w - pad][c])
 *
 * for y < @lines, x < @out_w and c < @channels; what lies outside a row, and a row
 * that is NULL, counts as 0. Lines of the result follow each other.
 *
 * @rows are those of one picture: rows[y + dilation_h][ky] is rows[y][ky + stride_h].
 * @block says in which order memory is read, not what comes out.
 */
#define IR_DWCONV_GROUP 8

typedef struct {
  int channels; /* a multiple of IR_DWCONV_GROUP */
  /* Channels that go through all lines before the next ones do, as many. */
  int block;
  int lines;
  int in_w, out_w;
  int kernel_h, kernel_w;
  int stride_h, stride_w;
  int dilation_h, dilation_w;
  int pad;
  const float *const *rows; /* [lines][kernel_h] */
  size_t in_pitch;          /* floats from one pixel to the next */
  const float *weights;
  const float *bias;
  float *to;
  size_t out_pitch;
  float low, high;
} IrDwconvLines;

typedef struct {
  IR_KERNEL_HEAD;
  void (*lines) (const IrDwconvLines *lines);
} IrDwconvKernels;

IR_KERNEL_DECLARE (IrDwconvKernels, dwconv);

#endif
