/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DWCONV_STRIP_H
#define DWCONV_STRIP_H

/* Pixels beside each other that are computed at a time, sums in registers: each
 * number of the source is read once for all of them. */
#define MAX_STRIP 8
/* The widest window that strips are there for. */
#define MAX_SHARED 5

/* A strip of @n pixels or fewer for a line of @width: the last strip begins where it
 * ends with the line, so some pixels are computed twice. Each strip costs about as
 * much as a pixel besides. */
static inline int
strip_pixels (int width)
{
  static const int widths[] = { 8, 7, 4 };
  int best = 1, least = 2 * width;

  for (int i = 0; i < 3; i++) {
    const int n = widths[i], cost = (width + n - 1) / n * (n + 1);

    if (n <= width && cost < least) {
      best = n;
      least = cost;
    }
  }
  return best;
}

/* Pixels that share columns lie @dilation apart: of those from @left on, how many come
 * before the source begins; or, told where they are from its end, before it ends. */
static inline int
columns_before (int left, int dilation)
{
  return left < 0 ? (-left + dilation - 1) / dilation : 0;
}

static inline int
shares_columns (int stride, int dilation)
{
  return stride == 1 || (stride == 2 && dilation == 1);
}

#endif
