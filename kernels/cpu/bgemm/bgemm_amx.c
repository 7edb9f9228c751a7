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

/* What is left to do before numbers are written; all, or what does not precede the
 * function, which has been applied. */
enum {
  ADD_F32 = IR_BGEMM_F32,
  ADD_BF16 = IR_BGEMM_BF16,
  ADD_NOTHING,
  DONE
};

/* Bias, residual and limits of the results of a block, as @more says; they are kept,
 * or written as @type. */
static inline __attribute__ ((always_inline)) void
finish (const Block *b, int more, int keep, IrBgemmType type)
{
  const IrBgemmProduct *p = b->p;
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

static void
finish_block (const Block *b)
{
  const IrBgemmProduct *p = b->p;
  const int more = p->residual ? (int) p->residual_type : ADD_NOTHING;

#define CASE(more, keep, type)                                                 \
  case 6 * more + 2 * keep + type:                                             \
    finish (b, more, keep, type);                                              \
    break;
#define CASES(more)                                                            \
  CASE (more, 0, IR_BGEMM_F32)                                                 \
  CASE (more, 0, IR_BGEMM_BF16) CASE (more, 1, IR_BGEMM_F32)
  switch (6 * more + (p->function ? 2 : (int) p->to_type)) {
    CASES (ADD_F32)
    CASES (ADD_BF16)
    CASES (ADD_NOTHING)
  }
#undef CASES
#undef CASE
  if (!p->function)
    return;
  p->function->change (
      p->function->data, b->sums, b->rows, b->column, b->columns);
  if (p->to_type == IR_BGEMM_BF16)
    finish (b, DONE, 0, IR_BGEMM_BF16);
  else
    finish (b, DONE, 0, IR_BGEMM_F32);
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

static void
narrow (const IrBgemmPixels *pixels, const float *from, uint16_t *to)
{
  const IrBgemmPixels p = merge_pixels (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 32) {
      const __mmask32 in = lanes_from (p.channels, c);
      const __m512 low = _mm512_maskz_loadu_ps (in, from + c);
      const __m512 high = _mm512_maskz_loadu_ps (in >> 16, from + c + 16);

      _mm512_mask_storeu_epi16 (to + c, lanes_from (p.width, c),
          (__m512i) _mm512_cvtne2ps_pbh (high, low));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
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

extern const IrBgemmKernels ir_bgemm_amx;

const IrBgemmKernels ir_bgemm_amx = {
  .name = "amx",
  .multiply = multiply_with_tiles,
  .narrow = narrow,
  .widen = widen,
  .join = join,
};
