/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bgemm.h"
#include "bf16.h"
#include "vecmath.h"

static float
apply (IrUnary unary, float a, float x)
{
  switch (unary) {
    case IR_UNARY_SWISH:
      return x * k_sigmoid (a * x);
    case IR_UNARY_HSWISH:
      return x * k_clamp01 ((x + 3) * (1.0f / 6));
    case IR_UNARY_SIGMOID:
      return k_sigmoid (x);
    case IR_UNARY_LEAKY:
      return x > 0 ? x : x * a;
    default:
      return x;
  }
}

static float
element (const IrBgemmProduct *p, int row, int column)
{
  const size_t half = (size_t) p->chunk * 16;
  const uint16_t *w = p->weights +
      (size_t) (column / IR_BGEMM_COLUMNS) * p->chunks * 2 * half +
      column / 16 % 2 * half + column % 16 * 2;
  float sum = 0;

  for (int t = 0; t < p->chunks; t++, w += 2 * half) {
    const uint16_t *from = p->from + row * p->stride + p->at[t];

    for (int i = 0; i < p->chunk; i++)
      sum += k_widen_bf16 (from[i]) * k_widen_bf16 (w[i / 2 * 32 + i % 2]);
  }
  return sum + p->bias[column];
}

static float
residual (const IrBgemmProduct *p, size_t result, int column)
{
  const size_t at = result * p->residual_pitch + column;

  if (!p->residual)
    return 0;
  return p->residual_type == IR_BGEMM_BF16
      ? k_widen_bf16 (((const uint16_t *) p->residual)[at])
      : ((const float *) p->residual)[at];
}

/* One row of a panel. */
static void
make_row (const IrBgemmProduct *p, int row, int column)
{
  const int left = p->columns - column;
  const int n = left < IR_BGEMM_COLUMNS ? left : IR_BGEMM_COLUMNS;
  const size_t result = (size_t) (row / p->line) * p->wanted + row % p->line;
  float x[IR_BGEMM_COLUMNS] = { 0 };

  for (int c = 0; c < n; c++) {
    x[c] = element (p, row, column + c) + residual (p, result, column + c);
    x[c] = x[c] < p->low ? p->low : x[c] > p->high ? p->high : x[c];
    x[c] = apply (p->unary, p->a, x[c]);
  }
  if (p->function)
    p->function->change (p->function->data, x, 1, column, n);
  for (int c = 0; c < n; c++) {
    const size_t at = result * p->to_pitch + column + c;

    if (p->to_type == IR_BGEMM_BF16)
      ((uint16_t *) p->to)[at] = k_narrow_bf16 (x[c]);
    else
      ((float *) p->to)[at] = x[c];
  }
}

static void
multiply (const IrBgemmProduct *p)
{
  for (int r = 0; r < p->rows; r++)
    for (int c = 0; r % p->line < p->wanted && c < p->columns;
         c += IR_BGEMM_COLUMNS)
      make_row (p, r, c);
}

static void
narrow (const IrBgemmPixels *p, const float *from, uint16_t *to)
{
  for (size_t x = 0; x < p->pixels; x++) {
    for (size_t c = 0; c < p->width; c++)
      to[c] =
          c < p->channels ? k_narrow_bf16 (apply (p->unary, p->a, from[c])) : 0;
    from += p->from_pitch;
    to += p->to_pitch;
  }
}

static void
widen (const IrBgemmPixels *p, const uint16_t *from, float *to)
{
  for (size_t x = 0; x < p->pixels; x++) {
    for (size_t c = 0; c < p->width; c++)
      to[c] = c < p->channels ? k_widen_bf16 (from[c]) : 0;
    from += p->from_pitch;
    to += p->to_pitch;
  }
}

static void
join (const IrBgemmPlanes *p)
{
  for (size_t x = 0; x < p->pixels; x++)
    for (int i = 0; i < IR_BGEMM_PLANES; i++)
      p->to[x * IR_BGEMM_PLANES + i] =
          i < p->channels ? k_narrow_bf16 (p->from[i * p->plane + x]) : 0;
}

static void
combine (const IrBgemmPairs *p, int product)
{
  for (size_t i = 0; i < p->pixels; i++)
    for (size_t c = 0; c < p->width; c++) {
      uint16_t *to = p->to + i * p->to_pitch + c;
      float x, y;

      *to = 0;
      if (c >= p->channels)
        continue;
      x = k_widen_bf16 (p->x[i * p->x_pitch + c]);
      y = p->steady ? p->steady[c] : k_widen_bf16 (p->y[i * p->y_pitch + c]);
      *to = k_narrow_bf16 (product ? x * y : x + y);
    }
}

static void
add (const IrBgemmPairs *pairs)
{
  combine (pairs, 0);
}

static void
scale (const IrBgemmPairs *pairs)
{
  combine (pairs, 1);
}

extern const IrBgemmKernels ir_bgemm_c;

const IrBgemmKernels ir_bgemm_c = {
  .name = "c",
  .multiply = multiply,
  .narrow = narrow,
  .widen = widen,
  .join = join,
  .add = add,
  .scale = scale,
};
