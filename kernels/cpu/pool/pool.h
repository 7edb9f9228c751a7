/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_POOL_H
#define IR_KERNEL_POOL_H

#include "conv/conv.h"

/*
 * One plane of 2-D pooling, f32: @to (out_h x out_w) from @source (in_h x in_w).
 * Windows are cut at the source's border. An average divides by the number of
 * pixels inside the source or, with @count_pad, by those inside the source padded
 * by pad_h, pad_w before and @end_h, @end_w after; a window that is empty gives 0,
 * or -FLT_MAX as a maximum.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*max) (const IrWindow *window, const float *source, float *to);
  void (*average) (const IrWindow *window, int count_pad, int end_h, int end_w,
      const float *source, float *to);
} IrPoolKernels;

IR_KERNEL_DECLARE (IrPoolKernels, pool);

#endif
