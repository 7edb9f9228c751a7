/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BPOOL_H
#define IR_KERNEL_BPOOL_H

#include "table.h"

/*
 * One row of pooling, as in pool.h, whose source is bf16; sums are f32, the result is
 * either. Where nothing lies inside the rows the largest number is -FLT_MAX.
 */
#define IR_BPOOL_GROUP 8

typedef struct {
  int channels; /* a multiple of IR_BPOOL_GROUP */
  int in_w, out_w;
  int kernel_h, kernel_w;
  int stride, dilation, pad;
  const uint16_t *const *rows;
  size_t in_pitch; /* numbers from one pixel to the next */
  const float *counts;
  /* One of these. */
  uint16_t *to;
  float *to_f32;
  size_t out_pitch;
} IrBpoolRow;

typedef struct {
  IR_KERNEL_HEAD;
  void (*max_row) (const IrBpoolRow *row);
  void (*average_row) (const IrBpoolRow *row);
} IrBpoolKernels;

IR_KERNEL_DECLARE (IrBpoolKernels, bpool);

#endif
