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

typedef struct {
  int tile;
  float bt[6][6];
  float at[4][6];
} Form;

static const Form form4 = { 4,
  { { 4, 0, -5, 0, 1, 0 }, { 0, -4, -4, 1, 1, 0 }, { 0, 4, -4, -1, 1, 0 },
      { 0, -2, -1, 2, 1, 0 }, { 0, 2, -1, -2, 1, 0 }, { 0, 4, 0, -5, 0, 1 } },
  { { 1, 1, 1, 1, 1, 0 }, { 0, 1, -1, 2, -2, 0 }, { 0, 1, 1, 4, 4, 0 },
      { 0, 1, -1, 8, -8, 1 } } };

static const Form form2 = { 2,
  { { 1, 0, -1, 0 }, { 0, 1, 1, 0 }, { 0, -1, 1, 0 }, { 0, 1, 0, -1 } },
  { { 1, 1, 1, 0 }, { 0, 1, -1, -1 } } };

static void
input (const Form *form, const IrWinogradInput *p)
{
  const int patch = form->tile + 2;

  for (int c = 0; c < p->channels; c++)
    for (int i = 0; i < patch; i++)
      for (int j = 0; j < patch; j++) {
        float sum = 0;

        for (int y = 0; y < patch; y++)
          for (int x = 0; x < patch; x++)
            sum += form->bt[i][y] * form->bt[j][x] * source_at (p, y, x, c);
        p->to[(patch * i + j) * p->step + c] = sum;
      }
}

static void
output (const Form *form, const IrWinogradOutput *p)
{
  const int patch = form->tile + 2;

  for (int c = 0; c < p->channels; c++)
    for (int y = 0; y < p->rows; y++)
      for (int x = 0; x < p->columns; x++) {
        const size_t to = y * p->row_pitch + x * p->pitch + c;
        const size_t at_residual =
            y * p->residual_row_pitch + x * p->residual_pitch + c;
        float sum = p->bias[c] + (p->residual ? p->residual[at_residual] : 0);

        for (int i = 0; i < patch; i++)
          for (int j = 0; j < patch; j++)
            sum += form->at[y][i] * form->at[x][j] *
                p->from[(patch * i + j) * p->step + c];
        p->to[to] = sum < p->low ? p->low : sum > p->high ? p->high : sum;
      }
}

static void
input4 (const IrWinogradInput *p)
{
  input (&form4, p);
}

static void
output4 (const IrWinogradOutput *p)
{
  output (&form4, p);
}

static void
input2 (const IrWinogradInput *p)
{
  input (&form2, p);
}

static void
output2 (const IrWinogradOutput *p)
{
  output (&form2, p);
}

extern const IrWinogradKernels ir_winograd_c;

const IrWinogradKernels ir_winograd_c = {
  .name = "c",
  .forms = { { 4, input4, output4 }, { 2, input2, output2 } },
};
