/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "winograd.h"

#define IR_KERNEL_TYPE IrWinogradKernels
#define IR_KERNEL_FAMILY winograd
#define IR_KERNEL_ROWS "winograd/winograd.inc"
#include "dispatch.h"

#define GROUP IR_WINOGRAD_GROUP

/* G times three numbers, of all pairs. */
static void
times_g4 (
    const double *a, const double *b, const double *c, size_t step, double *to)
{
  for (int l = 0; l < GROUP; l++) {
    const double even = (a[l] + c[l]) * (1. / 6), odd = b[l] * (1. / 6);
    const double even4 = a[l] * (1. / 24) + c[l] * (1. / 6),
                 odd4 = b[l] * (1. / 12);

    to[l] = a[l] * .25;
    to[step + l] = -even - odd;
    to[2 * step + l] = odd - even;
    to[3 * step + l] = even4 + odd4;
    to[4 * step + l] = even4 - odd4;
    to[5 * step + l] = c[l];
  }
}

static void
times_g2 (
    const double *a, const double *b, const double *c, size_t step, double *to)
{
  for (int l = 0; l < GROUP; l++) {
    const double even = (a[l] + c[l]) * .5, odd = b[l] * .5;

    to[l] = a[l];
    to[step + l] = even + odd;
    to[2 * step + l] = even - odd;
    to[3 * step + l] = c[l];
  }
}

void
ir_winograd_weights (int tile, const float *weights, float *to)
{
  void (*times_g) (const double *, const double *, const double *, size_t,
      double *) = tile == 4 ? times_g4 : times_g2;
  const int patch = tile + 2;
  double g[9 * GROUP], half[6 * 3 * GROUP], all[36 * GROUP];

  for (int i = 0; i < 9 * GROUP; i++)
    g[i] = weights[i];
  for (int x = 0; x < 3; x++)
    times_g (g + x * GROUP, g + (3 + x) * GROUP, g + (6 + x) * GROUP, 3 * GROUP,
        half + x * GROUP);
  for (int y = 0; y < patch; y++) {
    const double *row = half + 3 * y * GROUP;

    times_g (row, row + GROUP, row + 2 * GROUP, GROUP, all + patch * y * GROUP);
  }
  for (int i = 0; i < patch * patch * GROUP; i++)
    to[i] = (float) all[i];
}
