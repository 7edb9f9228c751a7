/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

static void
to_last (const float *planes, size_t channels, size_t pixels, float *to,
    size_t pitch)
{
  const size_t end =
      (channels + IR_LAYOUT_GROUP - 1) / IR_LAYOUT_GROUP * IR_LAYOUT_GROUP;

  for (size_t p = 0; p < pixels; p++, to += pitch) {
    for (size_t c = 0; c < channels; c++)
      to[c] = planes[c * pixels + p];
    for (size_t c = channels; c < end && c < pitch; c++)
      to[c] = 0;
  }
}

/* Eight rows at a time, so that what is read beside each other is still in the
 * cache when the next column comes. */
static void
transpose (const float *from, size_t from_step, size_t rows, size_t columns,
    float *to, size_t to_step)
{
  for (size_t r = 0; r < rows; r += 8) {
    const size_t end = r + 8 < rows ? r + 8 : rows;

    for (size_t c = 0; c < columns; c++)
      for (size_t i = r; i < end; i++)
        to[c * to_step + i] = from[i * from_step + c];
  }
}

extern const IrLayoutKernels ir_layout_c;

const IrLayoutKernels ir_layout_c = {
  .name = "c",
  .to_last = to_last,
  .transpose = transpose,
};
