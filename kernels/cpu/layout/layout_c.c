/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "layout.h"

static void
to_last (const float *planes, size_t channels, size_t pixels, float *to,
    size_t pitch)
{
  for (size_t p = 0; p < pixels; p++, to += pitch) {
    for (size_t c = 0; c < channels; c++)
      to[c] = planes[c * pixels + p];
    for (size_t c = channels; c < pitch; c++)
      to[c] = 0;
  }
}

static void
to_plain (const float *from, size_t pitch, size_t channels, size_t pixels,
    float *planes)
{
  for (size_t p = 0; p < pixels; p++, from += pitch)
    for (size_t c = 0; c < channels; c++)
      planes[c * pixels + p] = from[c];
}

extern const IrLayoutKernels ir_layout_c;

const IrLayoutKernels ir_layout_c = {
  .name = "c",
  .to_last = to_last,
  .to_plain = to_plain,
};
