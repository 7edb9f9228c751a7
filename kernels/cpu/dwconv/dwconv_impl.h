/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set. */
#include "dwconv.h"

#include <string.h>

/* Adds one tap to the part of a row where it lies inside the source. */
static void
add_tap (const IrWindow *w, const float *row, float weight, int kx, float *to)
{
  const int shift = kx * w->dilation_w - w->pad_w, step = w->stride_w;
  int first = shift >= 0 ? 0 : (-shift + step - 1) / step;
  int end = w->in_w - shift > 0 ? (w->in_w - shift + step - 1) / step : 0;

  if (end > w->out_w)
    end = w->out_w;
  if (step == 1) {
    for (int x = first; x < end; x++)
      to[x] += weight * row[x + shift];
  } else if (step == 2) {
    for (int x = first; x < end; x++)
      to[x] += weight * row[2 * x + shift];
  } else {
    for (int x = first; x < end; x++)
      to[x] += weight * row[(ptrdiff_t) x * step + shift];
  }
}

static int
all_rows_inside (const IrWindow *w, int sy)
{
  return sy >= 0 && sy + 2 < w->in_h;
}

/* Three taps in a row at step 1 or 2 where no border is near: the case that nearly
 * every network has. */
static void
inner_3x3 (
    const float *row, size_t pitch, const float *k, int step, float *to, int n)
{
  const float *a = row, *b = row + pitch, *c = b + pitch;

  if (step == 1) {
    for (int x = 0; x < n; x++)
      to[x] = k[0] * a[x] + k[1] * a[x + 1] + k[2] * a[x + 2] + k[3] * b[x] +
          k[4] * b[x + 1] + k[5] * b[x + 2] + k[6] * c[x] + k[7] * c[x + 1] +
          k[8] * c[x + 2];
  } else {
    for (int x = 0; x < n; x++)
      to[x] = k[0] * a[2 * x] + k[1] * a[2 * x + 1] + k[2] * a[2 * x + 2] +
          k[3] * b[2 * x] + k[4] * b[2 * x + 1] + k[5] * b[2 * x + 2] +
          k[6] * c[2 * x] + k[7] * c[2 * x + 1] + k[8] * c[2 * x + 2];
  }
}

static float
one_pixel (
    const IrWindow *w, const float *source, const float *weights, int y, int x)
{
  float sum = 0;

  for (int ky = 0; ky < w->kernel_h; ky++) {
    const int sy = y * w->stride_h - w->pad_h + ky * w->dilation_h;

    if (sy < 0 || sy >= w->in_h)
      continue;
    for (int kx = 0; kx < w->kernel_w; kx++) {
      const int sx = x * w->stride_w - w->pad_w + kx * w->dilation_w;

      if (sx >= 0 && sx < w->in_w)
        sum +=
            weights[ky * w->kernel_w + kx] * source[(size_t) sy * w->in_w + sx];
    }
  }
  return sum;
}

static void
row_3x3 (const IrWindow *w, const float *source, const float *weights, int y,
    float *to)
{
  const int sy = y * w->stride_h - w->pad_h, step = w->stride_w;
  int first = (w->pad_w + step - 1) / step;
  int end =
      w->in_w - 3 + w->pad_w >= 0 ? (w->in_w - 3 + w->pad_w) / step + 1 : 0;

  if (end > w->out_w)
    end = w->out_w;
  if (first > end)
    first = end;
  for (int x = 0; x < first; x++)
    to[x] = one_pixel (w, source, weights, y, x);
  if (end > first)
    inner_3x3 (source + (ptrdiff_t) sy * w->in_w + first * step - w->pad_w,
        w->in_w, weights, step, to + first, end - first);
  for (int x = end; x < w->out_w; x++)
    to[x] = one_pixel (w, source, weights, y, x);
}

static void
row_any (const IrWindow *w, const float *source, const float *weights, int y,
    float *to)
{
  memset (to, 0, w->out_w * sizeof *to);
  for (int ky = 0; ky < w->kernel_h; ky++) {
    const int sy = y * w->stride_h - w->pad_h + ky * w->dilation_h;

    if (sy < 0 || sy >= w->in_h)
      continue;
    for (int kx = 0; kx < w->kernel_w; kx++)
      add_tap (w, source + (size_t) sy * w->in_w,
          weights[ky * w->kernel_w + kx], kx, to);
  }
}

static void
plane (const IrWindow *w, const float *source, const float *weights, float *to)
{
  const int fast = w->kernel_h == 3 && w->kernel_w == 3 && w->dilation_h == 1 &&
      w->dilation_w == 1 && w->stride_w <= 2;

  for (int y = 0; y < w->out_h; y++, to += w->out_w) {
    if (fast && all_rows_inside (w, y * w->stride_h - w->pad_h))
      row_3x3 (w, source, weights, y, to);
    else
      row_any (w, source, weights, y, to);
  }
}

extern const IrDwconvKernels IR_FN (ir_dwconv);

const IrDwconvKernels IR_FN (ir_dwconv) = {
  .name = IR_KERNEL_NAME,
  .plane = plane,
};
