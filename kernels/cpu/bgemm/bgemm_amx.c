/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bgemm.h"

#define BLOCK_PRODUCT IrBgemmProduct
#define BLOCK_NUMBER uint16_t
#define BLOCK_WEIGHT uint16_t
#define BLOCK_SUM float
#define BLOCK_BYTES(type)                                                      \
  ((type) == IR_BGEMM_BF16 ? sizeof (uint16_t) : sizeof (float))
#define AMX_DOT _tile_dpbf16ps
#include "amx_block.h"
#include "vecmath512.h"

static __mmask32
first_lanes (int n)
{
  return n < 32 ? (1u << n) - 1 : 0xffffffff;
}

static inline __m512
widen_vector (__m256i x)
{
  return _mm512_castsi512_ps (
      _mm512_slli_epi32 (_mm512_cvtepu16_epi32 (x), 16));
}

static inline __attribute__ ((always_inline)) __m512
load_numbers (const void *from, size_t at, __mmask16 mask, IrBgemmType type)
{
  if (type == IR_BGEMM_F32)
    return _mm512_maskz_loadu_ps (mask, (const float *) from + at);
  return widen_vector (
      _mm256_maskz_loadu_epi16 (mask, (const uint16_t *) from + at));
}

static inline __attribute__ ((always_inline)) void
store_numbers (void *to, size_t at, __mmask32 mask, __m512 low, __m512 high,
    IrBgemmType type)
{
  if (type == IR_BGEMM_F32) {
    _mm512_mask_storeu_ps ((float *) to + at, mask, low);
    _mm512_mask_storeu_ps ((float *) to + at + 16, mask >> 16, high);
  } else {
    _mm512_mask_storeu_epi16 (
        (uint16_t *) to + at, mask, (__m512i) _mm512_cvtne2ps_pbh (high, low));
  }
}

static inline __attribute__ ((always_inline)) __m512
apply (IrUnary unary, __m512 a, __m512 x)
{
  switch (unary) {
    case IR_UNARY_SWISH:
      return w_gate_roughly (x, x * a);
    case IR_UNARY_HSWISH:
      return x * w_clamp01 ((x + w_spread (3)) * w_spread (1.0f / 6));
    case IR_UNARY_SIGMOID:
      return w_gate_roughly (w_spread (1), x);
    case IR_UNARY_LEAKY:
      return _mm512_mask_mul_ps (
          x, _mm512_cmp_ps_mask (x, _mm512_setzero_ps (), _CMP_NGT_UQ), x, a);
    default:
      return x;
  }
}

/* What is left to do before numbers are written; all, or what does not precede the
 * function, which has been applied. */
enum {
  ADD_F32 = IR_BGEMM_F32,
  ADD_BF16 = IR_BGEMM_BF16,
  ADD_NOTHING,
  DONE
};

/* Bias, residual, limits and function of the results of a block, as @more says; they
 * are kept, or written as @type. */
static inline __attribute__ ((always_inline)) void
finish (const Block *b, int more, int keep, IrBgemmType type, IrUnary unary)
{
  const IrBgemmProduct *p = b->p;
  const __m512 a = _mm512_set1_ps (p->a);
  const __m512 low = _mm512_set1_ps (p->low), high = _mm512_set1_ps (p->high);
  const __mmask32 mask = first_lanes (b->columns);
  const __mmask16 upper = b->columns > 16 ? 0xffff : 0;
  const int width = ir_bgemm_width (b->columns);
  const __m512 bias0 = _mm512_loadu_ps (p->bias + b->column);
  const __m512 bias1 = _mm512_loadu_ps (p->bias + b->column + 16);
  int x = b->row % p->line;
  const size_t first = find_result (p, b->row);
  size_t to = first * p->to_pitch + b->column;
  size_t add = first * p->residual_pitch + b->column;

  for (int r = 0; r < b->rows; r++) {
    float *sums = b->sums + r * width;

    if (x < p->wanted) {
      __m512 v0 = _mm512_loadu_ps (sums);
      __m512 v1 = _mm512_maskz_loadu_ps (upper, sums + 16);

      if (more != DONE) {
        v0 = _mm512_add_ps (v0, bias0);
        v1 = _mm512_add_ps (v1, bias1);
      }
      if (more < ADD_NOTHING) {
        v0 = _mm512_add_ps (v0, load_numbers (p->residual, add, mask, more));
        v1 = _mm512_add_ps (
            v1, load_numbers (p->residual, add + 16, mask >> 16, more));
      }
      /* The sum is the second operand, so that NaN stays. */
      if (more != DONE) {
        v0 = _mm512_min_ps (high, _mm512_max_ps (low, v0));
        v1 = _mm512_min_ps (high, _mm512_max_ps (low, v1));
        v0 = apply (unary, a, v0);
        v1 = apply (unary, a, v1);
      }
      if (keep) {
        _mm512_storeu_ps (sums, v0);
        _mm512_mask_storeu_ps (sums + 16, upper, v1);
      } else {
        store_numbers (p->to, to, mask, v0, v1, type);
      }
      to += p->to_pitch;
      add += p->residual_pitch;
    }
    if (++x == p->line)
      x = 0;
  }
}

static inline __attribute__ ((always_inline)) void
finish_to (const Block *b, int more, IrUnary unary)
{
  if (b->p->function)
    finish (b, more, 1, IR_BGEMM_F32, unary);
  else if (b->p->to_type == IR_BGEMM_BF16)
    finish (b, more, 0, IR_BGEMM_BF16, unary);
  else
    finish (b, more, 0, IR_BGEMM_F32, unary);
}

static inline __attribute__ ((always_inline)) void
finish_as (const Block *b, IrUnary unary)
{
  if (!b->p->residual)
    finish_to (b, ADD_NOTHING, unary);
  else if (b->p->residual_type == IR_BGEMM_BF16)
    finish_to (b, ADD_BF16, unary);
  else
    finish_to (b, ADD_F32, unary);
}

static void
finish_block (const Block *b)
{
  const IrBgemmProduct *p = b->p;

  if (p->unary == IR_UNARY_COPY)
    finish_as (b, IR_UNARY_COPY);
  else if (p->unary == IR_UNARY_SWISH)
    finish_as (b, IR_UNARY_SWISH);
  else
    finish_as (b, p->unary);
  if (!p->function)
    return;
  p->function->change (
      p->function->data, b->sums, b->rows, b->column, b->columns);
  if (p->to_type == IR_BGEMM_BF16)
    finish (b, DONE, 0, IR_BGEMM_BF16, IR_UNARY_COPY);
  else
    finish (b, DONE, 0, IR_BGEMM_F32, IR_UNARY_COPY);
}

/* As one long pixel where nothing lies between them. */
static IrBgemmPixels
merge_pixels (const IrBgemmPixels *p)
{
  IrBgemmPixels joined = *p;

  if (p->channels == p->from_pitch && p->channels == p->width &&
      p->width == p->to_pitch) {
    joined.channels *= p->pixels;
    joined.from_pitch = joined.width = joined.to_pitch = joined.channels;
    joined.pixels = p->pixels > 0;
  }
  return joined;
}

static __mmask32
lanes_from (size_t n, size_t first)
{
  return first >= n ? 0 : n - first < 32 ? (1u << (n - first)) - 1 : 0xffffffff;
}

static inline __attribute__ ((always_inline)) void
narrow_as (
    const IrBgemmPixels *pixels, IrUnary unary, const float *from, uint16_t *to)
{
  const IrBgemmPixels p = merge_pixels (pixels);
  const __m512 a = _mm512_set1_ps (p.a);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 32) {
      const __mmask32 in = lanes_from (p.channels, c);
      const __m512 low = apply (unary, a, _mm512_maskz_loadu_ps (in, from + c));
      const __m512 high =
          apply (unary, a, _mm512_maskz_loadu_ps (in >> 16, from + c + 16));

      _mm512_mask_storeu_epi16 (to + c, lanes_from (p.width, c),
          _mm512_maskz_mov_epi16 (
              in, (__m512i) _mm512_cvtne2ps_pbh (high, low)));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

static void
narrow (const IrBgemmPixels *pixels, const float *from, uint16_t *to)
{
  if (pixels->unary == IR_UNARY_COPY)
    narrow_as (pixels, IR_UNARY_COPY, from, to);
  else if (pixels->unary == IR_UNARY_SWISH)
    narrow_as (pixels, IR_UNARY_SWISH, from, to);
  else
    narrow_as (pixels, pixels->unary, from, to);
}

static void
widen (const IrBgemmPixels *pixels, const uint16_t *from, float *to)
{
  const IrBgemmPixels p = merge_pixels (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 16) {
      const __mmask16 in = lanes_from (p.channels, c);

      _mm512_mask_storeu_ps (to + c, lanes_from (p.width, c),
          widen_vector (_mm256_maskz_loadu_epi16 (in, from + c)));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

/* Sixteen numbers of plane @i, each in the low half of 32 bits. */
static inline __m512i
load_plane (const IrBgemmPlanes *p, int i, size_t x, __mmask16 mask)
{
  if (i >= p->channels)
    return _mm512_setzero_si512 ();
  return _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh (
      _mm512_maskz_loadu_ps (mask, p->from + i * p->plane + x)));
}

static void
join (const IrBgemmPlanes *p)
{
  const __m512i low = _mm512_setr_epi32 (
      0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32 (
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);

  for (size_t x = 0; x < p->pixels; x += 16) {
    const __mmask16 mask = lanes_from (p->pixels, x);
    const __m512i a = _mm512_or_si512 (load_plane (p, 0, x, mask),
        _mm512_slli_epi32 (load_plane (p, 1, x, mask), 16));
    const __m512i b = _mm512_or_si512 (load_plane (p, 2, x, mask),
        _mm512_slli_epi32 (load_plane (p, 3, x, mask), 16));
    uint16_t *to = p->to + x * IR_BGEMM_PLANES;

    /* Two numbers a lane, two lanes a pixel. */
    _mm512_mask_storeu_epi64 (to, mask, _mm512_permutex2var_epi32 (a, low, b));
    _mm512_mask_storeu_epi64 (
        to + 32, mask >> 8, _mm512_permutex2var_epi32 (a, high, b));
  }
}

static inline __attribute__ ((always_inline)) void
combine (const IrBgemmPairs *p, int product, int steady)
{
  for (size_t i = 0; i < p->pixels; i++)
    for (size_t c = 0; c < p->width; c += 32) {
      const __mmask32 in = lanes_from (p->channels, c);
      const size_t x = i * p->x_pitch + c;
      const void *other = steady ? (const void *) p->steady : p->y;
      const size_t y = steady ? c : i * p->y_pitch + c;
      const IrBgemmType type = steady ? IR_BGEMM_F32 : IR_BGEMM_BF16;
      __m512 low = load_numbers (p->x, x, in, IR_BGEMM_BF16);
      __m512 high = load_numbers (p->x, x + 16, in >> 16, IR_BGEMM_BF16);
      const __m512 y_low = load_numbers (other, y, in, type);
      const __m512 y_high = load_numbers (other, y + 16, in >> 16, type);

      low = product ? low * y_low : low + y_low;
      high = product ? high * y_high : high + y_high;
      store_numbers (p->to, i * p->to_pitch + c, lanes_from (p->width, c), low,
          high, IR_BGEMM_BF16);
    }
}

static void
add (const IrBgemmPairs *pairs)
{
  if (pairs->steady)
    combine (pairs, 0, 1);
  else
    combine (pairs, 0, 0);
}

static void
scale (const IrBgemmPairs *pairs)
{
  if (pairs->steady)
    combine (pairs, 1, 1);
  else
    combine (pairs, 1, 0);
}

extern const IrBgemmKernels ir_bgemm_amx;

const IrBgemmKernels ir_bgemm_amx = {
  .name = "amx",
  .multiply = multiply_with_tiles,
  .narrow = narrow,
  .widen = widen,
  .join = join,
  .add = add,
  .scale = scale,
};
