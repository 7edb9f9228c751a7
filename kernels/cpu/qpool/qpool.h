/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_QPOOL_H
#define IR_KERNEL_QPOOL_H

#include "table.h"

/*
 * One row of pooling of levels (qgemm/qgemm.h): the largest of each window. As in
 * pool.h, but that every window has to lie over at least one pixel of the source.
 */
#define IR_QPOOL_GROUP 8

typedef struct {
  int channels; /* a multiple of IR_QPOOL_GROUP */
  int in_w, out_w;
  int kernel_h, kernel_w;
  int stride, dilation, pad;
  const uint8_t *const *rows; /* NULL: outside */
  size_t in_pitch;            /* levels from one pixel to the next */
  uint8_t *to;
  size_t out_pitch;
} IrQpoolRow;

typedef struct {
  IR_KERNEL_HEAD;
  void (*max_row) (const IrQpoolRow *row);
} IrQpoolKernels;

IR_KERNEL_DECLARE (IrQpoolKernels, qpool);

#endif
