/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "winograd.h"

#define IR_KERNEL_TYPE IrWinogradKernels
#define IR_KERNEL_FAMILY winograd
#define IR_KERNEL_ROWS "winograd/winograd.inc"
#include "dispatch.h"

void
ir_winograd_weights (const float weights[9], float to[36])
{
  static const double g[6][3] = { { 1. / 4, 0, 0 },
    { -1. / 6, -1. / 6, -1. / 6 }, { -1. / 6, 1. / 6, -1. / 6 },
    { 1. / 24, 1. / 12, 1. / 6 }, { 1. / 24, -1. / 12, 1. / 6 }, { 0, 0, 1 } };

  for (int i = 0; i < 6; i++)
    for (int j = 0; j < 6; j++) {
      double sum = 0;

      for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
          sum += g[i][y] * g[j][x] * weights[3 * y + x];
      to[6 * i + j] = (float) sum;
    }
}
