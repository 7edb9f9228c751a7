/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_WINOGRAD_H
#define IR_KERNEL_WINOGRAD_H

#include "table.h"

/*
 * Winograd's F(m x m, 3x3): a 3x3 convolution at step 1 makes m x m pixels from a
 * patch of m + 2 by m + 2 with one product per pixel of the patch and pair of
 * channels: for 4x4 pixels 36 instead of 144, for 2x2 16 instead of 36. Channels are
 * innermost.
 *
 * Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016):
 * Y = A' [(G g G') * (B' d B)] A. With f32 and random data the result is within
 * 1e-5 of its largest number.
 *
 * A patch of the source is transformed into one row of each of (m + 2)^2 matrices,
 * which lie @step floats apart. The products of a matrix with the transformed
 * weights are another kernel's.
 */
#define IR_WINOGRAD_FORMS 2
#define IR_WINOGRAD_MAX_MATRICES 36
#define IR_WINOGRAD_GROUP 8

/* source: pixel (0, 0), of in_h x in_w pixels, @pitch floats apart; (y, x): the
 * patch's corner, what lies outside the source counts as 0. */
typedef struct {
  int channels; /* a multiple of IR_WINOGRAD_GROUP */
  int in_h, in_w;
  int y, x;
  const float *source;
  size_t pitch;
  float *to;
  size_t step;
} IrWinogradInput;

/* to[y][x][c] = clamp (transformed + bias[c] + residual[y][x][c]) for the @rows x
 * @columns pixels, at most m x m, that lie inside the picture; @pitch floats from one
 * to the next, @row_pitch from a row to the next; @residual_pitch and
 * @residual_row_pitch are those of the residual. */
typedef struct {
  int channels; /* a multiple of IR_WINOGRAD_GROUP */
  int rows, columns;
  const float *from;
  size_t step;
  const float *bias;
  const float *residual; /* or NULL */
  float *to;
  size_t pitch, row_pitch;
  size_t residual_pitch, residual_row_pitch;
  float low, high;
} IrWinogradOutput;

/* tile: m. */
typedef struct {
  int tile;
  void (*input) (const IrWinogradInput *input);
  void (*output) (const IrWinogradOutput *output);
} IrWinogradForm;

/* forms: of 4x4, then of 2x2 pixels. */
typedef struct {
  IR_KERNEL_HEAD;
  IrWinogradForm forms[IR_WINOGRAD_FORMS];
} IrWinogradKernels;

IR_KERNEL_DECLARE (IrWinogradKernels, winograd);

/* The numbers of a form that stand for the 9 weights of a pair of channels, of
 * IR_WINOGRAD_GROUP pairs: weights[9][group] become to[(tile + 2)^2][group]. */
void ir_winograd_weights (int tile, const float *weights, float *to);

#endif
