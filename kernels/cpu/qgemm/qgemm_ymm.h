/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Variants with vectors of 256 bits: six rows by two vectors of sums at a time. A
 * file defines YMM_DOT (sums, x, w), which adds the products of the numbers that lie
 * side by side in 32 bits, and the types of block_product.h. */
#ifndef IR_QGEMM_YMM_H
#define IR_QGEMM_YMM_H

#include "qgemm.h"

#include <string.h>

#define BLOCK_PRODUCT IrQgemmProduct
#define BLOCK_SUM int32_t
#define BLOCK_BYTES(type)                                                      \
  ((type) == IR_QGEMM_LEVELS ? sizeof (uint8_t) : sizeof (float))
#define BLOCK_ROWS 30
#include "block_product.h"

#define ROWS 6
/* Numbers that lie side by side. */
#define QUAD (4 / (ptrdiff_t) sizeof (BLOCK_NUMBER))

static inline void
configure (int rows, int chunk)
{
  (void) rows;
  (void) chunk;
}

static inline int
load_quad (const BLOCK_NUMBER *from)
{
  int quad;

  memcpy (&quad, from, sizeof quad);
  return quad;
}

/* Sums have names of their own: gcc keeps an array of them in memory. */
#define EACH(X) X (0) X (1) X (2) X (3) X (4) X (5)
#define ZERO(r) __m256i a##r = zero, b##r = zero;
#define ADD(r)                                                                 \
  {                                                                            \
    const __m256i x = _mm256_set1_epi32 (load_quad (row##r + i));              \
    a##r = YMM_DOT (a##r, x, w0);                                              \
    b##r = YMM_DOT (b##r, x, w1);                                              \
  }
#define ROW(r)                                                                 \
  const BLOCK_NUMBER *row##r =                                                 \
      from + p->at[t] + (r < rows ? r : rows - 1) * p->stride;
#define STORE(r)                                                               \
  if (r < rows) {                                                              \
    _mm256_storeu_si256 ((__m256i *) (sums + r * width), a##r);                \
    _mm256_storeu_si256 ((__m256i *) (sums + r * width + 8), b##r);            \
  }

/* Of up to ROWS rows and sixteen columns; rows that are missing are the last one
 * again. */
static void
add_rows (const IrQgemmProduct *p, const BLOCK_NUMBER *from, int rows,
    const BLOCK_WEIGHT *w, int32_t *sums, int width, Ahead ahead[2])
{
  const __m256i zero = _mm256_setzero_si256 ();
  EACH (ZERO)

  for (int t = 0; t < p->chunks; t++, w += (ptrdiff_t) p->chunk * 32) {
    EACH (ROW)

    for (ptrdiff_t i = 0; i < p->chunk; i += QUAD) {
      const __m256i *line = (const __m256i *) (w + i * 16);
      const __m256i w0 = _mm256_loadu_si256 (line);
      const __m256i w1 = _mm256_loadu_si256 (line + 1);

      EACH (ADD)
    }
    fetch (&ahead[0]);
    fetch (&ahead[1]);
  }
  EACH (STORE)
}

/* What is fetched ahead goes with the first rows of a block. */
static void
add_block (const Block *b, const BLOCK_NUMBER *from, const BLOCK_WEIGHT *w,
    Ahead ahead[2])
{
  const IrQgemmProduct *p = b->p;
  const int width = ir_qgemm_width (b->columns);
  Ahead none[2] = { { NULL, 0 }, { NULL, 0 } };

  for (int column = 0; column < width; column += 16)
    for (int r = 0; r < b->rows; r += ROWS)
      add_rows (p, from + r * p->stride,
          b->rows - r < ROWS ? b->rows - r : ROWS,
          w + (ptrdiff_t) p->chunk * column, b->sums + r * width + column,
          width, r + column ? none : ahead);
}

/* --- levels --------------------------------------------------------------- */

#define LANES 16

/* Sixteen numbers. */
typedef struct {
  __m256 low, high;
} Pair;

static inline __m256
spread (float x)
{
  return _mm256_set1_ps (x);
}

static inline Pair
load_pair (const float *from, size_t n)
{
  float part[LANES] = { 0 };

  if (n < LANES)
    from = memcpy (part, from, n * sizeof *from);
  return (Pair){ _mm256_loadu_ps (from), _mm256_loadu_ps (from + 8) };
}

static inline void
store_pair (float *to, size_t n, Pair x)
{
  float part[LANES];
  float *at = n < LANES ? part : to;

  _mm256_storeu_ps (at, x.low);
  _mm256_storeu_ps (at + 8, x.high);
  if (n < LANES)
    memcpy (to, part, n * sizeof *to);
}

/* The numbers of levels. */
static inline Pair
load_levels (const IrQgemmLevels *l, const uint8_t *from, size_t n)
{
  const __m256 zero = spread (l->zero), step = spread (l->step);
  uint8_t part[LANES] = { 0 };
  __m128i bytes;
  __m256 low, high;

  if (n < LANES)
    from = memcpy (part, from, n);
  bytes = _mm_loadu_si128 ((const __m128i *) from);
  low = _mm256_cvtepi32_ps (_mm256_cvtepu8_epi32 (bytes));
  high = _mm256_cvtepi32_ps (
      _mm256_cvtepu8_epi32 (_mm_unpackhi_epi64 (bytes, bytes)));
  return (Pair){ _mm256_mul_ps (_mm256_sub_ps (low, zero), step),
    _mm256_mul_ps (_mm256_sub_ps (high, zero), step) };
}

/* Inside [0, top]; the number is the first operand, so that NaN becomes 0. */
static inline __m256i
round_eight (const IrQgemmLevels *l, __m256 x)
{
  x = _mm256_max_ps (x, _mm256_setzero_ps ());
  return _mm256_cvtps_epi32 (_mm256_min_ps (x, spread (l->top)));
}

static inline void
store_levels (const IrQgemmLevels *l, uint8_t *to, size_t n, Pair x)
{
  const __m256i words = _mm256_permute4x64_epi64 (
      _mm256_packs_epi32 (round_eight (l, x.low), round_eight (l, x.high)),
      0xd8);
  const __m128i bytes = _mm_packus_epi16 (
      _mm256_castsi256_si128 (words), _mm256_extracti128_si256 (words, 1));
  uint8_t part[LANES];
  uint8_t *at = n < LANES ? part : to;

  _mm_storeu_si128 ((__m128i *) at, bytes);
  if (n < LANES)
    memcpy (to, part, n);
}

static inline __m256
nearest_eight (const IrQgemmLevels *l, __m256 x)
{
  return _mm256_mul_ps (_mm256_div_ps (_mm256_sub_ps (x, spread (l->low)),
                            spread (l->high - l->low)),
      spread (l->top));
}

static inline Pair
nearest_pair (const IrQgemmLevels *l, Pair x)
{
  return (Pair){ nearest_eight (l, x.low), nearest_eight (l, x.high) };
}

/* --- the end of a block ---------------------------------------------------- */

static inline __m256
scale_eight (const IrQgemmProduct *p, const int32_t *sums, int column)
{
  const __m256i sum =
      _mm256_add_epi32 (_mm256_loadu_si256 ((const __m256i *) sums),
          _mm256_loadu_si256 ((const __m256i *) (p->offset + column)));

  return _mm256_fmadd_ps (_mm256_cvtepi32_ps (sum),
      _mm256_loadu_ps (p->scale + column), _mm256_loadu_ps (p->bias + column));
}

/* The sum is the second operand, so that NaN stays. */
static inline __m256
limit (const IrQgemmProduct *p, __m256 x)
{
  return _mm256_min_ps (spread (p->high), _mm256_max_ps (spread (p->low), x));
}

/* Up to sixteen numbers, of which @n are wanted, from the residual's @at on. */
static inline Pair
begin_pair (const IrQgemmProduct *p, const int32_t *sums, int column, size_t at,
    size_t n)
{
  Pair x = { scale_eight (p, sums, column),
    scale_eight (p, sums + 8, column + 8) };

  if (p->residual) {
    const Pair add = p->residual_type == IR_QGEMM_LEVELS
        ? load_levels (
              p->residual_levels, (const uint8_t *) p->residual + at, n)
        : load_pair ((const float *) p->residual + at, n);

    x = (Pair){ _mm256_add_ps (x.low, add.low),
      _mm256_add_ps (x.high, add.high) };
  }
  return (Pair){ limit (p, x.low), limit (p, x.high) };
}

static inline void
end_pair (const IrQgemmProduct *p, Pair x, size_t at, size_t n)
{
  const IrQgemmLevels *l = p->to_levels;
  uint8_t levels[LANES];

  if (l) {
    const __m256 factor = spread (ir_qgemm_factor (l));
    const __m256 shift = spread (ir_qgemm_shift (l));

    x = (Pair){ _mm256_fmadd_ps (x.low, factor, shift),
      _mm256_fmadd_ps (x.high, factor, shift) };
  }
  if (p->to_type == IR_QGEMM_LEVELS) {
    store_levels (l, (uint8_t *) p->to + at, n, x);
    return;
  }
  if (l) {
    store_levels (l, levels, LANES, x);
    x = load_levels (l, levels, LANES);
  }
  store_pair ((float *) p->to + at, n, x);
}

static inline void
finish_row (const Block *b, size_t result, int32_t *sums)
{
  const IrQgemmProduct *p = b->p;
  const size_t from = result * p->residual_pitch + b->column;
  const size_t to = result * p->to_pitch + b->column;
  const IrQgemmFunction *f = p->function;

  for (int c = 0; c < b->columns; c += LANES) {
    const size_t n = b->columns - c < LANES ? b->columns - c : LANES;
    const Pair x = begin_pair (p, sums + c, b->column + c, from + c, n);

    if (f)
      store_pair ((float *) sums + c, LANES, x);
    else
      end_pair (p, x, to + c, n);
  }
  if (!f)
    return;
  f->change (f->data, (float *) sums, 1, b->column, b->columns);
  for (int c = 0; c < b->columns; c += LANES)
    end_pair (p, load_pair ((float *) sums + c, LANES), to + c,
        b->columns - c < LANES ? b->columns - c : LANES);
}

static void
finish_block (const Block *b)
{
  const IrQgemmProduct *p = b->p;
  const int width = ir_qgemm_width (b->columns);
  size_t result = find_result (p, b->row);
  int x = b->row % p->line;

  for (int r = 0; r < b->rows; r++) {
    if (x < p->wanted)
      finish_row (b, result++, b->sums + r * width);
    if (++x == p->line)
      x = 0;
  }
}

/* --- pixels ---------------------------------------------------------------- */

static void
quantize (const IrQgemmLevels *levels, const IrQgemmPixels *p,
    const float *from, uint8_t *to)
{
  const IrQgemmLevels l = *levels;

  for (size_t x = 0; x < p->pixels; x++, from += p->from_pitch)
    for (size_t c = 0; c < p->channels; c += LANES) {
      const size_t n = p->channels - c < LANES ? p->channels - c : LANES;

      store_levels (&l, to + x * p->to_pitch + c, n,
          nearest_pair (&l, load_pair (from + c, n)));
    }
}

static void
dequantize (const IrQgemmLevels *levels, const IrQgemmPixels *p,
    const uint8_t *from, float *to)
{
  const IrQgemmLevels l = *levels;

  for (size_t x = 0; x < p->pixels; x++, from += p->from_pitch)
    for (size_t c = 0; c < p->channels; c += LANES) {
      const size_t n = p->channels - c < LANES ? p->channels - c : LANES;

      store_pair (to + x * p->to_pitch + c, n, load_levels (&l, from + c, n));
    }
}

static void
join (const IrQgemmLevels *levels, const IrQgemmPlanes *p)
{
  const IrQgemmLevels l = *levels;

  for (size_t x = 0; x < p->pixels; x += LANES) {
    const size_t n = p->pixels - x < LANES ? p->pixels - x : LANES;
    uint8_t planes[IR_QGEMM_PLANES][LANES] = { 0 };

    for (int i = 0; i < p->channels; i++)
      store_levels (&l, planes[i], LANES,
          nearest_pair (&l, load_pair (p->from + i * p->plane + x, n)));
    for (size_t j = 0; j < n; j++)
      for (int i = 0; i < IR_QGEMM_PLANES; i++)
        p->to[(x + j) * p->pitch + i] = planes[i][j];
  }
}

#endif
