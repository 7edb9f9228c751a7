/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_TAPS_H
#define IR_KERNEL_TAPS_H

/* Which taps of a window of @kernel taps, the first of them at @left, lie inside the
 * @size elements of a row: from @first to before @end. */
static inline void
k_find_taps (int left, int size, int kernel, int dilation, int *first, int *end)
{
  const int room = size - 1 - left;

  *first = left < 0 ? (-left + dilation - 1) / dilation : 0;
  *end = room >= 0 ? room / dilation + 1 : 0;
  if (*end > kernel)
    *end = kernel;
}

#endif
