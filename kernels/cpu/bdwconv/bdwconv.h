/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BDWCONV_H
#define IR_KERNEL_BDWCONV_H

#include "table.h"

/*
 * As dwconv, of a source that is bf16; weights, bias and sums are f32, the result is
 * either.
 */
#define IR_BDWCONV_GROUP 8

typedef struct {
  int channels; /* a multiple of IR_BDWCONV_GROUP */
  int block;    /* too */
  int lines;
  int in_w, out_w;
  int kernel_h, kernel_w;
  int stride_h, stride_w;
  int dilation_h, dilation_w;
  int pad;
  const uint16_t *const *rows; /* [lines][kernel_h] */
  size_t in_pitch;             /* numbers from one pixel to the next */
  const float *weights;
  const float *bias;
  /* One of these. */
  uint16_t *to;
  float *to_f32;
  size_t out_pitch;
  float low, high;
} IrBdwconvLines;

typedef struct {
  IR_KERNEL_HEAD;
  void (*lines) (const IrBdwconvLines *lines);
} IrBdwconvKernels;

IR_KERNEL_DECLARE (IrBdwconvKernels, bdwconv);

#endif
