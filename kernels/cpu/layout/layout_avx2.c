/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Blocks of eight by eight, turned over in registers. */
#include "layout.h"

#include <immintrin.h>

typedef struct {
  __m256 v[8];
} Block;

static inline Block
transposed (Block b)
{
  __m256 s[8], t[8];
  Block r;

  for (int i = 0; i < 4; i++) {
    t[2 * i] = _mm256_unpacklo_ps (b.v[2 * i], b.v[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps (b.v[2 * i], b.v[2 * i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    s[i] = _mm256_shuffle_ps (t[i], t[i + 2], 0x44);
    s[i + 1] = _mm256_shuffle_ps (t[i], t[i + 2], 0xee);
    s[i + 2] = _mm256_shuffle_ps (t[i + 1], t[i + 3], 0x44);
    s[i + 3] = _mm256_shuffle_ps (t[i + 1], t[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    r.v[i] = _mm256_permute2f128_ps (s[i], s[i + 4], 0x20);
    r.v[i + 4] = _mm256_permute2f128_ps (s[i], s[i + 4], 0x31);
  }
  return r;
}

/* Masks of the first n lanes, from here on + 8 - n. */
static const int lanes[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };

/* @rows rows of @columns floats become @columns rows of @rows floats; rows that do
 * not exist read as 0. At most eight of either. */
static inline void
block (const float *from, size_t from_step, int rows, int columns, float *to,
    size_t to_step, int to_rows)
{
  const __m256i take =
      _mm256_loadu_si256 ((const __m256i *) (lanes + 8 - columns));
  const __m256i give =
      _mm256_loadu_si256 ((const __m256i *) (lanes + 8 - to_rows));
  Block b;

  for (int i = 0; i < 8; i++)
    b.v[i] = i < rows ? _mm256_maskload_ps (from + i * from_step, take)
                      : _mm256_setzero_ps ();
  b = transposed (b);
  for (int i = 0; i < 8; i++)
    if (i < columns)
      _mm256_maskstore_ps (to + i * to_step, give, b.v[i]);
}

static inline void
full_block (const float *from, size_t from_step, float *to, size_t to_step)
{
  Block b;

  for (int i = 0; i < 8; i++)
    b.v[i] = _mm256_loadu_ps (from + i * from_step);
  b = transposed (b);
  for (int i = 0; i < 8; i++)
    _mm256_storeu_ps (to + i * to_step, b.v[i]);
}

static inline int
upto8 (size_t n)
{
  return n < 8 ? (int) n : 8;
}

static void
to_last (const float *planes, size_t channels, size_t pixels, float *to,
    size_t pitch)
{
  for (size_t p = 0; p < pixels; p += 8)
    for (size_t c = 0; c < channels; c += 8) {
      const int columns = upto8 (pixels - p);
      const int rows = upto8 (channels - c);

      if (columns == 8 && rows == 8)
        full_block (planes + c * pixels + p, pixels, to + p * pitch + c, pitch);
      else
        block (planes + c * pixels + p, pixels, rows, columns,
            to + p * pitch + c, pitch, upto8 (pitch - c));
    }
}

static void
transpose (const float *from, size_t from_step, size_t rows, size_t columns,
    float *to, size_t to_step)
{
  for (size_t c = 0; c < columns; c += 8)
    for (size_t r = 0; r < rows; r += 8) {
      const float *source = from + r * from_step + c;
      float *target = to + c * to_step + r;
      const int n = upto8 (rows - r), wide = upto8 (columns - c);

      if (n == 8 && wide == 8)
        full_block (source, from_step, target, to_step);
      else
        block (source, from_step, n, wide, target, to_step, n);
    }
}

extern const IrLayoutKernels ir_layout_avx2;

const IrLayoutKernels ir_layout_avx2 = {
  .name = "avx2",
  .to_last = to_last,
  .transpose = transpose,
};
