/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_POOL_H
#define IR_KERNEL_POOL_H

#include "table.h"

/*
 * One row of pooling with the channels innermost, for x < @out_w and
 * c < @channels:
 *
 *   max_row:     to[x][c] = the largest rows[ky][x * stride + kx * dilation -
 *                pad][c]
 *   average_row: to[x][c] = their sum / counts[x]
 *
 * over what lies inside the rows, of which those outside the picture are NULL;
 * -FLT_MAX and 0 where nothing does.
 */
#define IR_POOL_GROUP 8

typedef struct {
  int channels; /* a multiple of IR_POOL_GROUP */
  int in_w, out_w;
  int kernel_h, kernel_w;
  int stride, dilation, pad;
  const float *const *rows;
  size_t in_pitch; /* floats from one pixel to the next */
  const float *counts;
  float *to;
  size_t out_pitch;
} IrPoolRow;

typedef struct {
  IR_KERNEL_HEAD;
  void (*max_row) (const IrPoolRow *row);
  void (*average_row) (const IrPoolRow *row);
} IrPoolKernels;

IR_KERNEL_DECLARE (IrPoolKernels, pool);

#endif
