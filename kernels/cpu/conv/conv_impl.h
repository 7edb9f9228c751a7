/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "conv.h"

#include <string.h>

/* First and last + 1 of the x in [0, n) for which 0 <= x * step + shift < size. */
static void
inside (int n, int step, int shift, int size, int *first, int *end)
{
  int a = shift >= 0 ? 0 : (-shift + step - 1) / step;
  int b = size - shift > 0 ? (size - shift + step - 1) / step : 0;

  *end = b < n ? b : n;
  *first = a < *end ? a : *end;
}

/* Part [@x, @x + @n) of one row of the output as one tap sees it. */
static void
row_part (
    const float *source, int in_w, int step, int shift, int x, int n, float *to)
{
  int first, end;

  inside (n, step, x * step + shift, in_w, &first, &end);
  memset (to, 0, first * sizeof *to);
  source += (ptrdiff_t) x * step + shift;
  if (step == 1) {
    if (end > first)
      memcpy (to + first, source + first, (end - first) * sizeof *to);
  } else if (step == 2) {
    for (int i = first; i < end; i++)
      to[i] = source[2 * i];
  } else {
    for (int i = first; i < end; i++)
      to[i] = source[(ptrdiff_t) i * step];
  }
  memset (to + end, 0, (n - end) * sizeof *to);
}

static void
tap_row (const IrWindow *w, const float *plane, int ky, int kx, int first,
    int n, float *to)
{
  int y = first / w->out_w, x = first % w->out_w;

  while (n > 0) {
    const int part = n < w->out_w - x ? n : w->out_w - x;
    const int sy = y * w->stride_h - w->pad_h + ky * w->dilation_h;

    if (sy < 0 || sy >= w->in_h)
      memset (to, 0, part * sizeof *to);
    else
      row_part (plane + (size_t) sy * w->in_w, w->in_w, w->stride_w,
          kx * w->dilation_w - w->pad_w, x, part, to);
    to += part;
    n -= part;
    x = 0;
    y++;
  }
}

static void
im2col (const IrWindow *w, const float *planes, int channels, int first, int n,
    float *columns)
{
  const size_t plane = (size_t) w->in_h * w->in_w;

  for (int c = 0; c < channels; c++)
    for (int ky = 0; ky < w->kernel_h; ky++)
      for (int kx = 0; kx < w->kernel_w; kx++) {
        tap_row (w, planes + c * plane, ky, kx, first, n, columns);
        columns += n;
      }
}

static void
add_tap (const IrWindow *w, const float *columns, int ky, int kx, float *plane)
{
  const int shift = kx * w->dilation_w - w->pad_w;
  int first, end;

  inside (w->in_w, w->stride_w, shift, w->out_w, &first, &end);
  for (int y = 0; y < w->in_h; y++) {
    const int sy = y * w->stride_h - w->pad_h + ky * w->dilation_h;
    const float *from = columns + (size_t) y * w->in_w;

    if (sy < 0 || sy >= w->out_h)
      continue;
    for (int x = first; x < end; x++)
      plane[(ptrdiff_t) sy * w->out_w + (ptrdiff_t) x * w->stride_w + shift] +=
          from[x];
  }
}

static void
col2im (const IrWindow *w, const float *columns, int channels, float *planes)
{
  const size_t plane = (size_t) w->out_h * w->out_w;
  const size_t n = (size_t) w->in_h * w->in_w;

  memset (planes, 0, channels * plane * sizeof *planes);
  for (int c = 0; c < channels; c++)
    for (int ky = 0; ky < w->kernel_h; ky++)
      for (int kx = 0; kx < w->kernel_w; kx++) {
        add_tap (w, columns, ky, kx, planes + c * plane);
        columns += n;
      }
}

extern const IrConvKernels IR_FN (ir_conv);

const IrConvKernels IR_FN (ir_conv) = {
  .name = IR_KERNEL_NAME,
  .im2col = im2col,
  .col2im = col2im,
};
