/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_BGEMM_H
#define IR_KERNEL_BGEMM_H

#include "table.h"

/*
 * Products of rows and packed weights that are bf16, summed up in f32.
 *
 *   to[r][c] = f (clamp (bias[c] + sum over t, i of from[r * stride + at[t] + i] *
 *                        weights[t][i][c] + residual[r][c]))
 *
 * Rows are output pixels, columns are output channels. What a row multiplies comes
 * in @chunks chunks of @chunk numbers, an even number up to IR_BGEMM_CHUNK, each
 * somewhere behind the row's beginning: rows may overlap, so the windows of a
 * convolution are had without copying. Rows that nobody wants, such as those
 * between the lines of a picture, have no address in @to.
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

/* The f of the formula, which need not be there: changes @rows rows of
 * IR_BGEMM_COLUMNS numbers one after the other, whose first column is @column; of
 * those, @columns are wanted. */
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
  void *const *to; /* of each row, or NULL */
  IrBgemmType to_type;
  const void *const *residual; /* of each row; or NULL */
  IrBgemmType residual_type;
  size_t first; /* added to the addresses of both, in numbers */
  float low, high;
  const IrBgemmFunction *function; /* or NULL */
} IrBgemmProduct;

/* How pixels lie: @channels numbers each become @width, the rest zeros. */
typedef struct {
  size_t pixels;
  size_t channels;
  size_t from_pitch;
  size_t width;
  size_t to_pitch;
} IrBgemmPixels;

/*
 * multiply: the formula above. The order of the sums is the variant's own, but does
 * not depend on @rows or @columns.
 * narrow: f32 to bf16, rounded to the nearest, ties to even; subnormal numbers
 * become zeros.
 * widen: bf16 to f32, in the same way.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*multiply) (const IrBgemmProduct *product);
  void (*narrow) (const IrBgemmPixels *pixels, const float *from, uint16_t *to);
  void (*widen) (const IrBgemmPixels *pixels, const uint16_t *from, float *to);
} IrBgemmKernels;

IR_KERNEL_DECLARE (IrBgemmKernels, bgemm);

#endif
