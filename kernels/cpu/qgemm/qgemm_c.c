/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qgemm.h"

#include <math.h>

/* Inside [0, top], 0 for NaN. */
static float
round_level (const IrQgemmLevels *l, float x)
{
  x = x > 0 ? x : 0;
  return rintf (x < l->top ? x : l->top);
}

static float
number (const IrQgemmLevels *l, float level)
{
  return (level - l->zero) * l->step;
}

static int32_t
element (const IrQgemmProduct *p, int row, int column)
{
  const size_t half = (size_t) p->chunk * 16;
  const int8_t *w = (const int8_t *) p->weights +
      (size_t) (column / IR_QGEMM_COLUMNS) * p->chunks * 2 * half +
      column / 16 % 2 * half + column % 16 * 4;
  int32_t sum = p->offset[column];

  for (int t = 0; t < p->chunks; t++, w += 2 * half) {
    const uint8_t *from =
        (const uint8_t *) p->from + row * p->stride + p->at[t];

    for (int i = 0; i < p->chunk; i++)
      sum += from[i] * w[i / 4 * 64 + i % 4];
  }
  return sum;
}

static float
residual (const IrQgemmProduct *p, size_t at)
{
  if (!p->residual)
    return 0;
  return p->residual_type == IR_QGEMM_LEVELS
      ? number (p->residual_levels, ((const uint8_t *) p->residual)[at])
      : ((const float *) p->residual)[at];
}

static void
store (const IrQgemmProduct *p, size_t at, float x)
{
  const IrQgemmLevels *l = p->to_levels;
  const float level = l
      ? round_level (l, fmaf (x, ir_qgemm_factor (l), ir_qgemm_shift (l)))
      : 0;

  if (p->to_type == IR_QGEMM_LEVELS)
    ((uint8_t *) p->to)[at] = (uint8_t) level;
  else
    ((float *) p->to)[at] = l ? number (l, level) : x;
}

/* One row of a panel. */
static void
make_row (const IrQgemmProduct *p, int row, int column)
{
  const int left = p->columns - column;
  const int n = left < IR_QGEMM_COLUMNS ? left : IR_QGEMM_COLUMNS;
  const size_t result = (size_t) (row / p->line) * p->wanted + row % p->line;
  float x[IR_QGEMM_COLUMNS] = { 0 };

  for (int c = 0; c < n; c++) {
    x[c] = fmaf ((float) element (p, row, column + c), p->scale[column + c],
        p->bias[column + c]);
    x[c] += residual (p, result * p->residual_pitch + column + c);
    x[c] = x[c] < p->low ? p->low : x[c] > p->high ? p->high : x[c];
  }
  if (p->function)
    p->function->change (p->function->data, x, 1, column, n);
  for (int c = 0; c < n; c++)
    store (p, result * p->to_pitch + column + c, x[c]);
}

static void
multiply (const IrQgemmProduct *p)
{
  for (int r = 0; r < p->rows; r++)
    for (int c = 0; r % p->line < p->wanted && c < p->columns;
         c += IR_QGEMM_COLUMNS)
      make_row (p, r, c);
}

static uint8_t
nearest (const IrQgemmLevels *l, float x)
{
  return (uint8_t) (int) round_level (
      l, (x - l->low) / (l->high - l->low) * l->top);
}

static void
quantize (const IrQgemmLevels *levels, const IrQgemmPixels *p,
    const float *from, uint8_t *to)
{
  const IrQgemmLevels l = *levels;

  for (size_t x = 0; x < p->pixels; x++)
    for (size_t c = 0; c < p->channels; c++)
      to[x * p->to_pitch + c] = nearest (&l, from[x * p->from_pitch + c]);
}

static void
dequantize (const IrQgemmLevels *levels, const IrQgemmPixels *p,
    const uint8_t *from, float *to)
{
  const IrQgemmLevels l = *levels;

  for (size_t x = 0; x < p->pixels; x++)
    for (size_t c = 0; c < p->channels; c++)
      to[x * p->to_pitch + c] = number (&l, from[x * p->from_pitch + c]);
}

static void
join (const IrQgemmLevels *levels, const IrQgemmPlanes *p)
{
  const IrQgemmLevels l = *levels;

  for (size_t x = 0; x < p->pixels; x++)
    for (int i = 0; i < IR_QGEMM_PLANES; i++)
      p->to[x * p->pitch + i] =
          i < p->channels ? nearest (&l, p->from[i * p->plane + x]) : 0;
}

extern const IrQgemmKernels ir_qgemm_c;

const IrQgemmKernels ir_qgemm_c = {
  .name = "c",
  .size = 1,
  .multiply = multiply,
  .quantize = quantize,
  .dequantize = dequantize,
  .join = join,
};
