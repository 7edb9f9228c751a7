/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_LAYOUT_H
#define IR_KERNEL_LAYOUT_H

#include "table.h"

/*
 * Between planes of f32 (channel after channel) and pixels whose channels lie side
 * by side, @pitch floats from one pixel to the next, @pitch >= @channels.
 *
 * to_last: dense planes to pixels; what lies between a pixel's last channel and the
 * next multiple of IR_LAYOUT_GROUP, or the next pixel, becomes 0.
 * transpose: to[c * to_step + r] = from[r * from_step + c] for r < @rows and
 * c < @columns; touches nothing in between.
 * The arrays must not overlap.
 */
#define IR_LAYOUT_GROUP 8

typedef struct {
  IR_KERNEL_HEAD;
  void (*to_last) (const float *planes, size_t channels, size_t pixels,
      float *to, size_t pitch);
  void (*transpose) (const float *from, size_t from_step, size_t rows,
      size_t columns, float *to, size_t to_step);
} IrLayoutKernels;

IR_KERNEL_DECLARE (IrLayoutKernels, layout);

#endif
