/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BGEMM_H
#define IR_KERNEL_BGEMM_H

#include "eltwise/eltwise.h"

/*
 * Products of rows and packed weights that are bf16, summed up in f32.
 *
 *   to[r][c] = f (unary (clamp (bias[c] + sum over t, i of
 *       from[r * stride + at[t] + i] * weights[t][i][c] + residual[r][c])))
 *
 * Rows are windows over a picture, columns are output channels. What a row
 * multiplies comes in @chunks chunks of @chunk numbers, an even number up to
 * IR_BGEMM_CHUNK, each somewhere behind the row's beginning: rows may overlap, so the
 * windows of a convolution are had without copying. Of each @line rows only the first
 * @wanted have a result, the others are what lies between the lines of the picture;
 * results lie one after the other in @to, as do the pixels of @residual.
 *
 * Columns come in panels of IR_BGEMM_COLUMNS; a panel is @chunks times two halves
 * of [chunk / 2][16][2], the last index being that of the two numbers of a row that
 * lie side by side. Those behind the last column are zero, and so are biases, which
 * fill the last panel. Only columns that exist are written.
 */
#define IR_BGEMM_CHUNK 32
#define IR_BGEMM_COLUMNS 32

typedef enum {
  IR_BGEMM_F32,
  IR_BGEMM_BF16
} IrBgemmType;

/* Unary functions that kernels apply themselves, by @a: within 2^-11 of their value,
 * which is less than rounding to bf16 takes. COPY is none. */
static inline int
ir_bgemm_knows (IrUnary unary)
{
  return unary == IR_UNARY_COPY || unary == IR_UNARY_SWISH ||
      unary == IR_UNARY_HSWISH || unary == IR_UNARY_SIGMOID ||
      unary == IR_UNARY_LEAKY;
}

/* The f of the formula, which need not be there: changes @rows rows of numbers one
 * after the other, whose first column is @column. Of those, @columns are wanted; there
 * are ir_bgemm_width() of them. */
typedef struct {
  void (*change) (
      const void *data, float *numbers, int rows, int column, int columns);
  const void *data;
} IrBgemmFunction;

/* All rows are read, whether wanted or not. */
typedef struct {
  int rows;
  int columns;
  int chunks;
  int chunk;
  const uint16_t *from;
  size_t stride; /* numbers from one row to the next */
  const ptrdiff_t *at;
  const uint16_t *weights;
  const float *bias;
  int line;
  int wanted;
  void *to;
  IrBgemmType to_type;
  size_t to_pitch;      /* numbers from one result to the next */
  const void *residual; /* or NULL */
  IrBgemmType residual_type;
  size_t residual_pitch;
  float low, high;
  IrUnary unary; /* one of those above */
  float a;
  const IrBgemmFunction *function; /* or NULL */
  /* What somebody reads after this product, or NULL: variants may fetch it. */
  const void *later;
  size_t later_bytes;
} IrBgemmProduct;

/* How pixels lie: @channels numbers each become @width, the rest zeros. */
typedef struct {
  size_t pixels;
  size_t channels;
  size_t from_pitch;
  size_t width;
  size_t to_pitch;
  /* Of narrow(), one that ir_bgemm_knows(). */
  IrUnary unary;
  float a;
} IrBgemmPixels;

/* Pixels two by two, or each with the same numbers: @steady is f32, or NULL. */
typedef struct {
  size_t pixels;
  size_t channels;
  const uint16_t *x;
  size_t x_pitch;
  const uint16_t *y;
  size_t y_pitch;
  const float *steady;
  uint16_t *to;
  size_t width;
  size_t to_pitch;
} IrBgemmPairs;

/* Pixels that come as up to four planes of f32, and become IR_BGEMM_PLANES numbers
 * side by side, the missing ones zero. */
#define IR_BGEMM_PLANES 4

typedef struct {
  int channels;
  size_t pixels;
  const float *from;
  size_t plane; /* floats from one plane to the next */
  uint16_t *to;
} IrBgemmPlanes;

/*
 * multiply: the formula above. The order of the sums is the variant's own, but does
 * not depend on @rows or @columns.
 * narrow: f32, through the unary function, to bf16, rounded to the nearest, ties to
 * even; subnormal numbers become zeros.
 * widen: bf16 to f32, in the same way.
 * join: planes to pixels, rounded as by narrow.
 * add, scale: sums and products of pairs; those of @channels numbers, what is left of
 * @width is zero.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*multiply) (const IrBgemmProduct *product);
  void (*narrow) (const IrBgemmPixels *pixels, const float *from, uint16_t *to);
  void (*widen) (const IrBgemmPixels *pixels, const uint16_t *from, float *to);
  void (*join) (const IrBgemmPlanes *planes);
  void (*add) (const IrBgemmPairs *pairs);
  void (*scale) (const IrBgemmPairs *pairs);
} IrBgemmKernels;

static inline int
ir_bgemm_width (int columns)
{
  return columns > IR_BGEMM_COLUMNS / 2 ? IR_BGEMM_COLUMNS
                                        : IR_BGEMM_COLUMNS / 2;
}

IR_KERNEL_DECLARE (IrBgemmKernels, bgemm);

#endif
