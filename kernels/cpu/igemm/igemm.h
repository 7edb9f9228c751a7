/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_IGEMM_H
#define IR_KERNEL_IGEMM_H

#include "table.h"

/*
 * Products of gathered rows with packed weights: what a convolution, a matrix
 * product and Winograd's middle part come to when channels are the innermost
 * dimension.
 *
 *   to[r][c] = clamp (bias[c] + sum over t, i of at[t * rows + r][i] *
 *                     weights[t][i][c] + residual[r][c])
 *
 * Rows are output pixels, columns are output channels, a tap is a window's
 * element: @at has for each tap the address of @k floats per row, so padding,
 * stride and dilation are the caller's, who points at zeros where the window
 * leaves the picture.
 *
 * Columns come in panels of the variant's @nr; the last one may be narrower. A
 * panel is @taps * @k rows of @nr floats, those behind the last column are zero.
 * Columns are written in groups of IR_IGEMM_GROUP: rows of @to, @residual and
 * @bias must have room for @columns rounded up to it; what lies behind the last
 * column is not specified.
 */
#define IR_IGEMM_GROUP 8
#define IR_IGEMM_MAX_ROWS 16
#define IR_IGEMM_MAX_COLUMNS 32 /* of one panel */
/* Numbers that are added up by themselves where sums are long: the error of a sum
 * grows with how many numbers it takes one after the other. */
#define IR_IGEMM_RUN 512

typedef struct {
  int rows; /* 1 to the variant's mr */
  int taps; /* maybe none */
  int k;
  int columns;
  const float *const *at;
  const float *weights;
  const float *bias;
  const float *residual; /* or NULL */
  float *to;
  size_t to_stride;       /* floats from one row to the next */
  size_t residual_stride; /* the same */
  float low, high;
  /* What is wanted next, or NULL: rows that lie one behind the other, weights.
   * Variants may ask for as much of it as they take time for: of weights, half of
   * what a tile has itself. */
  const float *next_rows, *next_weights;
} IrIgemmTile;

/*
 * mr, nr: rows of one tile at the most; columns of one panel.
 * tile: the formula above for all columns. Sums run over taps, then over i, in
 * this order, in every variant; variants differ in whether they round products, and
 * in whether they make sums of one row in runs of IR_IGEMM_RUN.
 * row_f16: the same for one row, whose weights are f16 in the same order, instead
 * of @weights of the tile; writes whole panels, reads whole panels of @bias and
 * @residual.
 */
typedef struct {
  IR_KERNEL_HEAD;
  int mr;
  int nr;
  void (*tile) (const IrIgemmTile *tile);
  void (*row_f16) (const IrIgemmTile *tile, const uint16_t *weights);
} IrIgemmKernels;

IR_KERNEL_DECLARE (IrIgemmKernels, igemm);

/* tile() that writes @columns columns and none behind them, and reads no more of
 * @residual. */
void ir_igemm_tile_exact (
    const IrIgemmKernels *kernels, const IrIgemmTile *tile);

#endif
