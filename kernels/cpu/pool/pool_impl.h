/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "pool.h"

#include <float.h>

/* The x for which the tap at @shift lies inside a row. */
static void
inside (const IrWindow *w, int shift, int *first, int *end)
{
  const int step = w->stride_w;
  int b = w->in_w - shift > 0 ? (w->in_w - shift + step - 1) / step : 0;

  *first = shift >= 0 ? 0 : (-shift + step - 1) / step;
  *end = b < w->out_w ? b : w->out_w;
}

static void
max_tap (const IrWindow *w, const float *row, int shift, float *to)
{
  const int step = w->stride_w;
  int first, end;

  inside (w, shift, &first, &end);
  if (step == 1) {
    for (int x = first; x < end; x++)
      to[x] = to[x] > row[x + shift] ? to[x] : row[x + shift];
  } else if (step == 2) {
    for (int x = first; x < end; x++)
      to[x] = to[x] > row[2 * x + shift] ? to[x] : row[2 * x + shift];
  } else {
    for (int x = first; x < end; x++) {
      const float v = row[(ptrdiff_t) x * step + shift];

      to[x] = to[x] > v ? to[x] : v;
    }
  }
}

static void
add_tap (const IrWindow *w, const float *row, int shift, float *to)
{
  int first, end;

  inside (w, shift, &first, &end);
  for (int x = first; x < end; x++)
    to[x] += row[(ptrdiff_t) x * w->stride_w + shift];
}

static void
max (const IrWindow *w, const float *source, float *to)
{
  for (int y = 0; y < w->out_h; y++, to += w->out_w) {
    for (int x = 0; x < w->out_w; x++)
      to[x] = -FLT_MAX;
    for (int ky = 0; ky < w->kernel_h; ky++) {
      const int sy = y * w->stride_h - w->pad_h + ky * w->dilation_h;

      if (sy < 0 || sy >= w->in_h)
        continue;
      for (int kx = 0; kx < w->kernel_w; kx++)
        max_tap (w, source + (size_t) sy * w->in_w,
            kx * w->dilation_w - w->pad_w, to);
    }
  }
}

/* Length of the part of a window from @start that lies in [@low, @high). */
static int
overlap (int start, int length, int low, int high)
{
  const int a = start > low ? start : low;
  const int b = start + length < high ? start + length : high;

  return b > a ? b - a : 0;
}

static void
average (const IrWindow *w, int count_pad, int end_h, int end_w,
    const float *source, float *to)
{
  const int low_h = count_pad ? -w->pad_h : 0;
  const int low_w = count_pad ? -w->pad_w : 0;
  const int high_h = w->in_h + (count_pad ? end_h : 0);
  const int high_w = w->in_w + (count_pad ? end_w : 0);

  for (int y = 0; y < w->out_h; y++, to += w->out_w) {
    const int top = y * w->stride_h - w->pad_h;
    const int rows = overlap (top, w->kernel_h, low_h, high_h);

    for (int x = 0; x < w->out_w; x++)
      to[x] = 0;
    for (int ky = 0; ky < w->kernel_h; ky++) {
      if (top + ky < 0 || top + ky >= w->in_h)
        continue;
      for (int kx = 0; kx < w->kernel_w; kx++)
        add_tap (w, source + (size_t) (top + ky) * w->in_w, kx - w->pad_w, to);
    }
    for (int x = 0; x < w->out_w; x++) {
      const int count = rows *
          overlap (x * w->stride_w - w->pad_w, w->kernel_w, low_w, high_w);

      to[x] = count ? to[x] / count : 0;
    }
  }
}

extern const IrPoolKernels IR_FN (ir_pool);

const IrPoolKernels IR_FN (ir_pool) = {
  .name = IR_KERNEL_NAME,
  .max = max,
  .average = average,
};
