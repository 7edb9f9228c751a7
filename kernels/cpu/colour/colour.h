/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_KERNEL_COLOUR_H
#define IR_KERNEL_COLOUR_H

#include "table.h"

/*
 * From rows of a picture to lines of R, G and B, and from these to rows of a
 * network's input. Lines are f32, one per colour; colours go from 0 to 255.
 *
 * Formats: where the bytes of a row of @width pixels are. Chroma rows have
 * (width + 1) / 2 samples; a YUY2 row has an even number of pixels, rounded up.
 */
/* clang-format off */
#define IR_COLOUR_LIST(X)                                                     \
  X (NV12)  /* 0: Y; 1: U, V in turn */                                       \
  X (I420)  /* 0: Y; 1: U; 2: V */                                            \
  X (YUY2)  /* 0: Y, U, Y, V */                                               \
  X (BGRX)                                                                    \
  X (RGBX)                                                                    \
  X (BGR)                                                                     \
  X (RGB)                                                                     \
  X (GRAY8)
/* clang-format on */

typedef enum {
#define IR_COLOUR_ENUM(id) IR_COLOUR_##id,
  IR_COLOUR_LIST (IR_COLOUR_ENUM)
#undef IR_COLOUR_ENUM
  IR_COLOUR_COUNT
} IrColourFormat;

/* One row: its first byte in each plane. @ahead: the same of a row that will be
 * asked for soon, or of this one: where pixels lie apart it is brought near while
 * this one is worked on. */
typedef struct {
  IrColourFormat format;
  const uint8_t *plane[3];
  const uint8_t *ahead[3];
  size_t width;
} IrColourRow;

/* R = y Y + rv V + r, G = y Y + gu U + gv V + g, B = y Y + bu U + b, each kept
 * within 0..255; U and V come as they are stored. Not looked at for formats that
 * are R, G, B or gray already. */
typedef struct {
  float y, rv, gu, gv, bu;
  float r, g, b;
} IrColourMatrix;

/*
 * What is read: the row's own bytes only, those of any pixel of it. @n > 0. Lines
 * have any alignment and do not overlap, unless said otherwise.
 *
 * span: the @n pixels from @first on, which is even.
 * pick: pixels @index[i] < width, ascending.
 * linear: w0[i] times pixel @index[i] plus w1[i] times the next one; @index
 *   ascending, < width - 1.
 *
 * fill: to[i] = value.
 * add: to[i] += weight * x[i].
 * filter: to[i] = base[i] + the sum over t < taps of
 *   weights[t * n + i] * x[first[i] + t]; without a base for NULL.
 * finish: to[i] = (clamp (base + wa * a[i] + wb * b[i]) - mean) * factor, the clamp
 *   to 0..255; without b for NULL; @to may be @a.
 * gray: to[i] = (0.299 r[i] + 0.587 g[i] + 0.114 b[i] - mean) * factor; @to may be
 *   any of the three.
 * interleave: to[3 i + c] = the c-th line's [i].
 * to_f16, to_bf16, to_u8, to_i8: round to the nearest, halves to even; integers
 *   are kept inside their range.
 */
typedef struct {
  IR_KERNEL_HEAD;
  void (*span) (const IrColourRow *row, const IrColourMatrix *matrix,
      size_t first, size_t n, float *const *rgb);
  void (*pick) (const IrColourRow *row, const IrColourMatrix *matrix,
      const int32_t *index, size_t n, float *const *rgb);
  void (*linear) (const IrColourRow *row, const IrColourMatrix *matrix,
      const int32_t *index, const float *w0, const float *w1, size_t n,
      float *const *rgb);

  void (*fill) (float value, size_t n, float *to);
  void (*add) (const float *x, float weight, size_t n, float *to);
  void (*filter) (const float *x, const int32_t *first, const float *weights,
      size_t taps, const float *base, size_t n, float *to);
  void (*finish) (const float *a, float wa, const float *b, float wb,
      float base, float mean, float factor, size_t n, float *to);
  void (*gray) (
      const float *const *rgb, float mean, float factor, size_t n, float *to);
  void (*interleave) (const float *const *lines, size_t n, float *to);
  void (*to_f16) (const float *x, size_t n, uint16_t *to);
  void (*to_bf16) (const float *x, size_t n, uint16_t *to);
  void (*to_u8) (const float *x, size_t n, uint8_t *to);
  void (*to_i8) (const float *x, size_t n, int8_t *to);
} IrColourKernels;

IR_KERNEL_DECLARE (IrColourKernels, colour);

#endif
