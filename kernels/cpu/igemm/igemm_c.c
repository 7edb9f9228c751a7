/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "igemm.h"

#include <math.h>

#define NR 8

static float
element (const IrIgemmTile *t, int row, int column)
{
  const float *w =
      t->weights + (size_t) (column / NR) * t->taps * t->k * NR + column % NR;
  float sum = t->bias[column];

  for (int tap = 0; tap < t->taps; tap++) {
    const float *from = t->at[tap * t->rows + row];

    for (int i = 0; i < t->k;) {
      const int end = i + IR_IGEMM_RUN < t->k ? i + IR_IGEMM_RUN : t->k;
      float run = 0;

      for (; i < end; i++, w += NR)
        run += from[i] * *w;
      sum += run;
    }
  }
  if (t->residual)
    sum += t->residual[row * t->residual_stride + column];
  return sum < t->low ? t->low : sum > t->high ? t->high : sum;
}

static void
tile (const IrIgemmTile *t)
{
  for (int r = 0; r < t->rows; r++)
    for (int c = 0; c < t->columns; c++)
      t->to[r * t->to_stride + c] = element (t, r, c);
}

static float
widen (uint16_t half)
{
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  float size = exponent ? ldexpf (1024 + fraction, exponent - 25)
                        : ldexpf (fraction, -24);

  if (exponent == 31)
    size = fraction ? NAN : INFINITY;
  return half & 0x8000 ? -size : size;
}

static void
row_f16 (const IrIgemmTile *t, const uint16_t *weights)
{
  for (int c = 0; c < t->columns; c++) {
    const uint16_t *w =
        weights + (size_t) (c / NR) * t->taps * t->k * NR + c % NR;
    float sum = t->bias[c];

    for (int tap = 0; tap < t->taps; tap++)
      for (int i = 0; i < t->k;) {
        const int end = i + IR_IGEMM_RUN < t->k ? i + IR_IGEMM_RUN : t->k;
        float run = 0;

        for (; i < end; i++, w += NR)
          run += t->at[tap][i] * widen (*w);
        sum += run;
      }
    if (t->residual)
      sum += t->residual[c];
    t->to[c] = sum < t->low ? t->low : sum > t->high ? t->high : sum;
  }
}

extern const IrIgemmKernels ir_igemm_c;

const IrIgemmKernels ir_igemm_c = {
  .name = "c",
  .mr = 6,
  .nr = NR,
  .tile = tile,
  .row_f16 = row_f16,
};
