/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "winograd.h"

static float
source_at (const IrWinogradInput *p, int y, int x, int c)
{
  y += p->y;
  x += p->x;
  return y >= 0 && y < p->in_h && x >= 0 && x < p->in_w
      ? p->source[((size_t) y * p->in_w + x) * p->pitch + c]
      : 0;
}

static void
input (const IrWinogradInput *p)
{
  static const float bt[6][6] = { { 4, 0, -5, 0, 1, 0 }, { 0, -4, -4, 1, 1, 0 },
    { 0, 4, -4, -1, 1, 0 }, { 0, -2, -1, 2, 1, 0 }, { 0, 2, -1, -2, 1, 0 },
    { 0, 4, 0, -5, 0, 1 } };

  for (int c = 0; c < p->channels; c++)
    for (int i = 0; i < 6; i++)
      for (int j = 0; j < 6; j++) {
        float sum = 0;

        for (int y = 0; y < 6; y++)
          for (int x = 0; x < 6; x++)
            sum += bt[i][y] * bt[j][x] * source_at (p, y, x, c);
        p->to[(6 * i + j) * p->step + c] = sum;
      }
}

static void
output (const IrWinogradOutput *p)
{
  static const float at[4][6] = { { 1, 1, 1, 1, 1, 0 }, { 0, 1, -1, 2, -2, 0 },
    { 0, 1, 1, 4, 4, 0 }, { 0, 1, -1, 8, -8, 1 } };

  for (int c = 0; c < p->channels; c++)
    for (int y = 0; y < p->rows; y++)
      for (int x = 0; x < p->columns; x++) {
        const size_t to = y * p->row_pitch + x * p->pitch + c;
        const size_t at_residual =
            y * p->residual_row_pitch + x * p->residual_pitch + c;
        float sum = p->bias[c] + (p->residual ? p->residual[at_residual] : 0);

        for (int i = 0; i < 6; i++)
          for (int j = 0; j < 6; j++)
            sum += at[y][i] * at[x][j] * p->from[(6 * i + j) * p->step + c];
        p->to[to] = sum < p->low ? p->low : sum > p->high ? p->high : sum;
      }
}

extern const IrWinogradKernels ir_winograd_c;

const IrWinogradKernels ir_winograd_c = {
  .name = "c",
  .input = input,
  .output = output,
};
