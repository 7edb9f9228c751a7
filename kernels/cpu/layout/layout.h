/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_LAYOUT_H
#define IR_KERNEL_LAYOUT_H

#include "table.h"

/*
 * Between planes of f32 (channel after channel) and pixels whose channels lie side
 * by side, @pitch floats from one pixel to the next, @pitch >= @channels.
 *
 * to_last: what lies between a pixel's last channel and the next pixel becomes 0.
 * to_plain: reads nothing of it.
 * Both arrays are dense otherwise and must not overlap.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*to_last) (const float *planes, size_t channels, size_t pixels,
      float *to, size_t pitch);
  void (*to_plain) (const float *from, size_t pitch, size_t channels,
      size_t pixels, float *planes);
} IrLayoutKernels;

IR_KERNEL_DECLARE (IrLayoutKernels, layout);

#endif
