/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_DWCONV_H
#define IR_KERNEL_DWCONV_H

#include "conv/conv.h"

/*
 * plane: one plane of a depthwise convolution, @to (out_h x out_w) from @source
 * (in_h x in_w) and @weights (kernel_h x kernel_w), all f32. @to must not overlap
 * the others.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*plane) (const IrWindow *window, const float *source,
      const float *weights, float *to);
} IrDwconvKernels;

IR_KERNEL_DECLARE (IrDwconvKernels, dwconv);

#endif
