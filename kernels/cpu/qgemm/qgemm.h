/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_QGEMM_H
#define IR_KERNEL_QGEMM_H

#include "table.h"

/*
 * Numbers of a few levels, kept in bytes: FakeQuantize of one range for all.
 *
 *   level (x) = nearest ((x - low) / (high - low) * top), halves to the even one,
 *               inside [0, top]; 0 for NaN
 *   number (level) = (level - zero) * step
 */
typedef struct {
  float low, high, top;
  float step, zero;
} IrQgemmLevels;

/*
 * Products of rows of levels and packed weights of -128 to 127, summed up exactly:
 *
 *   x = (sum over t, i of from[r * stride + at[t] + i] * weights[t][i][c] + offset[c])
 *       * scale[c] + bias[c] + residual[r][c]
 *   to[r][c] = q (f (clamp (x)))
 *
 * Rows, chunks, lines and columns are those of IrBgemmProduct (bgemm.h), but that a
 * chunk is a multiple of 4 up to IR_QGEMM_CHUNK, and that a half of a panel is
 * [chunk / 4][16][4]. The numbers of weights that a column has have to be less than
 * 65536, for the sums' sake. @offset, @scale and @bias fill the last panel.
 */
#define IR_QGEMM_CHUNK 64
#define IR_QGEMM_COLUMNS 32

typedef enum {
  IR_QGEMM_F32,
  IR_QGEMM_LEVELS
} IrQgemmType;

/* The f of the formula, as in IrBgemmFunction. */
typedef struct {
  void (*change) (
      const void *data, float *numbers, int rows, int column, int columns);
  const void *data;
} IrQgemmFunction;

typedef struct {
  int rows;
  int columns;
  int chunks;
  int chunk;
  const void *from;
  size_t stride; /* numbers from one row to the next */
  const ptrdiff_t *at;
  const void *weights;
  const int32_t *offset;
  const float *scale;
  const float *bias;
  int line;
  int wanted;
  void *to;
  IrQgemmType to_type;
  size_t to_pitch;
  /* The q of the formula: the number of the nearest level, or the level itself, as
   * @to_type says. NULL: nothing, and f32. The nearest one is found by a product
   * instead of a quotient, so of two that are as near either may be taken. */
  const IrQgemmLevels *to_levels;
  const void *residual; /* or NULL */
  IrQgemmType residual_type;
  const IrQgemmLevels *residual_levels;
  size_t residual_pitch;
  float low, high;
  const IrQgemmFunction *function; /* or NULL */
  /* What somebody reads after this product, or NULL: variants may fetch it. */
  const void *later;
  size_t later_bytes;
} IrQgemmProduct;

/* How pixels lie: @channels numbers each. */
typedef struct {
  size_t pixels;
  size_t channels;
  size_t from_pitch;
  size_t to_pitch;
} IrQgemmPixels;

/* Pixels that come as up to four planes of f32, and become IR_QGEMM_PLANES levels
 * each @pitch from the next, those of missing planes 0. */
#define IR_QGEMM_PLANES 4

typedef struct {
  int channels;
  size_t pixels;
  const float *from;
  size_t plane; /* floats from one plane to the next */
  uint8_t *to;
  size_t pitch;
} IrQgemmPlanes;

/*
 * size: bytes of a number of rows and weights. 1: as above. 2: numbers are int16_t, the
 *   rows' being levels less zero, so that no offset is needed; a chunk is a multiple of
 *   2 up to half of IR_QGEMM_CHUNK, and a half of a panel is [chunk / 2][16][2].
 * multiply: the formula above; every variant rounds in the same places, scale with bias
 *   and the way to a level being one fused operation each.
 * quantize: the levels of numbers, as the formula of IrQgemmLevels says.
 * dequantize: the numbers of levels.
 * center: levels less zero, for a size of 2.
 * join: planes to pixels.
 */
typedef struct {
  IR_KERNEL_HEAD;
  int size;
  void (*multiply) (const IrQgemmProduct *product);
  void (*quantize) (const IrQgemmLevels *levels, const IrQgemmPixels *pixels,
      const float *from, uint8_t *to);
  void (*dequantize) (const IrQgemmLevels *levels, const IrQgemmPixels *pixels,
      const uint8_t *from, float *to);
  void (*center) (const IrQgemmLevels *levels, const IrQgemmPixels *pixels,
      const uint8_t *from, int16_t *to);
  void (*join) (const IrQgemmLevels *levels, const IrQgemmPlanes *planes);
} IrQgemmKernels;

static inline int
ir_qgemm_width (int columns)
{
  return columns > IR_QGEMM_COLUMNS / 2 ? IR_QGEMM_COLUMNS
                                        : IR_QGEMM_COLUMNS / 2;
}

/* The nearest level is @x * ir_qgemm_factor() + ir_qgemm_shift(), rounded. */
static inline float
ir_qgemm_factor (const IrQgemmLevels *levels)
{
  return levels->top / (levels->high - levels->low);
}

static inline float
ir_qgemm_shift (const IrQgemmLevels *levels)
{
  return -levels->low * ir_qgemm_factor (levels);
}

IR_KERNEL_DECLARE (IrQgemmKernels, qgemm);

#endif
