/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A variant's file defines LANES; Vector, of so many levels; and of the first @n of
 * them, if those are fewer, load() and store(); larger(); and includes this.
 */
#include "taps.h"

static inline void
make_pixel (const IrQpoolRow *r, int x)
{
  const int left = x * r->stride - r->pad;
  const ptrdiff_t from = left * (ptrdiff_t) r->in_pitch;
  const ptrdiff_t next = r->dilation * (ptrdiff_t) r->in_pitch;
  int first, end;

  k_find_taps (left, r->in_w, r->kernel_w, r->dilation, &first, &end);
  for (int c = 0; c < r->channels; c += LANES) {
    const int n = r->channels - c;
    Vector most = { 0 };

    for (int ky = 0; ky < r->kernel_h; ky++)
      for (int kx = first; r->rows[ky] && kx < end; kx++)
        most = larger (most, load (r->rows[ky] + from + kx * next + c, n));
    store (r->to + x * r->out_pitch + c, most, n);
  }
}

static void
max_row (const IrQpoolRow *r)
{
  for (int x = 0; x < r->out_w; x++)
    make_pixel (r, x);
}
