/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the variants with AVX-512 have in common: everything but the sums. */
#ifndef IR_QGEMM_AVX512_H
#define IR_QGEMM_AVX512_H

#include "qgemm.h"

#include <immintrin.h>
#include <string.h>

#define BLOCK_PRODUCT IrQgemmProduct
#define BLOCK_NUMBER uint8_t
#define BLOCK_WEIGHT int8_t
#define BLOCK_SUM int32_t
#define BLOCK_BYTES(type)                                                      \
  ((type) == IR_QGEMM_LEVELS ? sizeof (uint8_t) : sizeof (float))
#include "block_product.h"

static inline __mmask16
lanes16 (size_t n)
{
  return n < 16 ? (__mmask16) ((1u << n) - 1) : 0xffff;
}

/* --- levels --------------------------------------------------------------- */

/* IrQgemmLevels, each of its numbers in all lanes. */
typedef struct {
  __m512 low, range, top, factor, shift, step, zero;
} Levels;

static inline Levels
spread_levels (const IrQgemmLevels *l)
{
  if (!l)
    return (Levels){ 0 };
  return (Levels){ _mm512_set1_ps (l->low), _mm512_set1_ps (l->high - l->low),
    _mm512_set1_ps (l->top), _mm512_set1_ps (ir_qgemm_factor (l)),
    _mm512_set1_ps (ir_qgemm_shift (l)), _mm512_set1_ps (l->step),
    _mm512_set1_ps (l->zero) };
}

/* The number is the first operand, so that NaN becomes 0. */
static inline __m512i
round_levels (const Levels *l, __m512 x)
{
  x = _mm512_max_ps (x, _mm512_setzero_ps ());
  return _mm512_cvtps_epi32 (_mm512_min_ps (x, l->top));
}

static inline __m512i
nearest_levels (const Levels *l, __m512 x)
{
  return round_levels (l,
      _mm512_mul_ps (
          _mm512_div_ps (_mm512_sub_ps (x, l->low), l->range), l->top));
}

static inline __m512
numbers (const Levels *l, __m512i levels)
{
  return _mm512_mul_ps (
      _mm512_sub_ps (_mm512_cvtepi32_ps (levels), l->zero), l->step);
}

static inline __m512i
load_levels (const uint8_t *from, __mmask16 mask)
{
  return _mm512_cvtepu8_epi32 (_mm_maskz_loadu_epi8 (mask, from));
}

static inline void
store_levels (uint8_t *to, __mmask16 mask, __m512i levels)
{
  _mm_mask_storeu_epi8 (to, mask, _mm512_cvtepi32_epi8 (levels));
}

/* --- the end of a block ---------------------------------------------------- */

/* What is added. */
enum {
  ADD_F32 = IR_QGEMM_F32,
  ADD_LEVELS = IR_QGEMM_LEVELS,
  ADD_NOTHING
};

/* What happens to numbers then: they are kept, written, or written as the nearest
 * level's number or as that level. */
enum {
  KEEP,
  WRITE,
  WRITE_NEAREST,
  WRITE_LEVEL
};

typedef struct {
  Levels from, to;
  __m512 low, high;
  __m512 scale[2], bias[2];
  __m512i offset[2];
} Ending;

static inline Ending
begin_ending (const Block *b)
{
  const IrQgemmProduct *p = b->p;
  Ending e = { spread_levels (p->residual_levels), spread_levels (p->to_levels),
    _mm512_set1_ps (p->low), _mm512_set1_ps (p->high) };

  for (int i = 0; i < 2; i++) {
    const int column = b->column + 16 * i;

    e.offset[i] = _mm512_loadu_si512 (p->offset + column);
    e.scale[i] = _mm512_loadu_ps (p->scale + column);
    e.bias[i] = _mm512_loadu_ps (p->bias + column);
  }
  return e;
}

static inline __attribute__ ((always_inline)) __m512
add_residual (const Ending *e, const IrQgemmProduct *p, size_t at,
    __mmask16 mask, int add, __m512 x)
{
  if (add == ADD_F32)
    return _mm512_add_ps (
        x, _mm512_maskz_loadu_ps (mask, (const float *) p->residual + at));
  if (add == ADD_LEVELS)
    return _mm512_add_ps (x,
        numbers (
            &e->from, load_levels ((const uint8_t *) p->residual + at, mask)));
  return x;
}

static inline __attribute__ ((always_inline)) void
write_vector (const Ending *e, const IrQgemmProduct *p, size_t at,
    __mmask16 mask, int then, __m512 x)
{
  __m512i levels;

  if (then == WRITE) {
    _mm512_mask_storeu_ps ((float *) p->to + at, mask, x);
    return;
  }
  levels =
      round_levels (&e->to, _mm512_fmadd_ps (x, e->to.factor, e->to.shift));
  if (then == WRITE_LEVEL)
    store_levels ((uint8_t *) p->to + at, mask, levels);
  else
    _mm512_mask_storeu_ps (
        (float *) p->to + at, mask, numbers (&e->to, levels));
}

/* @sums are numbers already where @add is negative. */
static inline __attribute__ ((always_inline)) void
end_vector (const Ending *e, const Block *b, int i, int32_t *sums,
    size_t add_at, size_t to_at, int add, int then)
{
  const int rest = b->columns - 16 * i;
  const __mmask16 mask = lanes16 (rest > 0 ? (size_t) rest : 0);
  __m512 x;

  if (add < 0) {
    x = _mm512_loadu_ps (sums);
  } else {
    x = _mm512_cvtepi32_ps (
        _mm512_add_epi32 (_mm512_loadu_si512 (sums), e->offset[i]));
    x = _mm512_fmadd_ps (x, e->scale[i], e->bias[i]);
    x = add_residual (e, b->p, add_at, mask, add, x);
    /* The sum is the second operand, so that NaN stays. */
    x = _mm512_min_ps (e->high, _mm512_max_ps (e->low, x));
  }
  if (then == KEEP)
    _mm512_storeu_ps (sums, x);
  else
    write_vector (e, b->p, to_at, mask, then, x);
}

static inline __attribute__ ((always_inline)) void
end_rows (const Block *b, int add, int then)
{
  const IrQgemmProduct *p = b->p;
  const Ending e = begin_ending (b);
  const int width = ir_qgemm_width (b->columns);
  const size_t first = find_result (p, b->row);
  size_t to = first * p->to_pitch + b->column;
  size_t from = first * p->residual_pitch + b->column;
  int x = b->row % p->line;

  for (int r = 0; r < b->rows; r++) {
    int32_t *sums = b->sums + r * width;

    if (x < p->wanted) {
      end_vector (&e, b, 0, sums, from, to, add, then);
      if (width > 16)
        end_vector (&e, b, 1, sums + 16, from + 16, to + 16, add, then);
      to += p->to_pitch;
      from += p->residual_pitch;
    }
    if (++x == p->line)
      x = 0;
  }
}

static void
end_numbers (const Block *b, int then)
{
  if (then == WRITE)
    end_rows (b, -1, WRITE);
  else if (then == WRITE_LEVEL)
    end_rows (b, -1, WRITE_LEVEL);
  else
    end_rows (b, -1, WRITE_NEAREST);
}

static void
end_sums (const Block *b, int add, int then)
{
#define CASE(a, t)                                                             \
  case 4 * a + t:                                                              \
    end_rows (b, a, t);                                                        \
    break;
#define CASES(a)                                                               \
  CASE (a, KEEP) CASE (a, WRITE) CASE (a, WRITE_NEAREST) CASE (a, WRITE_LEVEL)
  switch (4 * add + then) {
    CASES (ADD_F32)
    CASES (ADD_LEVELS)
    CASES (ADD_NOTHING)
  }
#undef CASES
#undef CASE
}

static void
finish_block (const Block *b)
{
  const IrQgemmProduct *p = b->p;
  const int add = p->residual ? (int) p->residual_type : ADD_NOTHING;
  const int then = p->to_type == IR_QGEMM_LEVELS ? WRITE_LEVEL
      : p->to_levels                             ? WRITE_NEAREST
                                                 : WRITE;

  if (!p->function) {
    end_sums (b, add, then);
    return;
  }
  end_sums (b, add, KEEP);
  p->function->change (
      p->function->data, (float *) b->sums, b->rows, b->column, b->columns);
  end_numbers (b, then);
}

/* --- pixels ---------------------------------------------------------------- */

/* As one long pixel where nothing lies between them. */
static inline IrQgemmPixels
merge_pixels (const IrQgemmPixels *p)
{
  IrQgemmPixels joined = *p;

  if (p->channels == p->from_pitch && p->channels == p->to_pitch) {
    joined.channels *= p->pixels;
    joined.from_pitch = joined.to_pitch = joined.channels;
    joined.pixels = p->pixels > 0;
  }
  return joined;
}

static void
quantize (const IrQgemmLevels *levels, const IrQgemmPixels *pixels,
    const float *from, uint8_t *to)
{
  const Levels l = spread_levels (levels);
  const IrQgemmPixels p = merge_pixels (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.channels; c += 16) {
      const __mmask16 mask = lanes16 (p.channels - c);

      store_levels (to + c, mask,
          nearest_levels (&l, _mm512_maskz_loadu_ps (mask, from + c)));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

static void
dequantize (const IrQgemmLevels *levels, const IrQgemmPixels *pixels,
    const uint8_t *from, float *to)
{
  const Levels l = spread_levels (levels);
  const IrQgemmPixels p = merge_pixels (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.channels; c += 16) {
      const __mmask16 mask = lanes16 (p.channels - c);

      _mm512_mask_storeu_ps (
          to + c, mask, numbers (&l, load_levels (from + c, mask)));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

/* Sixteen pixels, one in each lane. */
static void
join (const IrQgemmLevels *levels, const IrQgemmPlanes *p)
{
  const Levels l = spread_levels (levels);

  for (size_t x = 0; x < p->pixels; x += 16) {
    const __mmask16 mask = lanes16 (p->pixels - x);
    uint32_t pixels[16] __attribute__ ((aligned (64)));
    __m512i joined = _mm512_setzero_si512 ();

    for (int i = p->channels - 1; i >= 0; i--)
      joined = _mm512_or_si512 (_mm512_slli_epi32 (joined, 8),
          nearest_levels (
              &l, _mm512_maskz_loadu_ps (mask, p->from + i * p->plane + x)));
    if (p->pitch == IR_QGEMM_PLANES) {
      _mm512_mask_storeu_epi32 (p->to + x * p->pitch, mask, joined);
      continue;
    }
    _mm512_store_si512 (pixels, joined);
    for (size_t i = 0; i < 16 && x + i < p->pixels; i++)
      memcpy (p->to + (x + i) * p->pitch, &pixels[i], sizeof pixels[i]);
  }
}

#endif
