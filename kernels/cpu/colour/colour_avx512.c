/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sixteen pixels at a time of the formats that decoders give, where four of them lie
 * in sixteen bytes of each plane: when a picture shrinks by less than four times or
 * so. All else is left to AVX2, which waits for memory there. */
#include "colour_impl.h"

#include <immintrin.h>

#define LANES 16
#define INLINE static inline __attribute__ ((always_inline))

extern const IrColourKernels ir_colour_avx2;
extern const IrColourKernels ir_colour_avx512;

typedef struct {
  __m512 v[3];
} Rgb;

/* A row of NV12 or I420. @chroma: bytes from one sample of a colour to the next. */
typedef struct {
  const uint8_t *luma, *u, *v;
  size_t luma_bytes, chroma_bytes;
  int chroma;
} Planes;

INLINE Planes
planes_of (IrColourFormat format, const IrColourRow *row)
{
  const int chroma = format == IR_COLOUR_NV12 ? 2 : 1;

  return (Planes){ row->plane[0], row->plane[1], row->plane[2], row->width,
    (row->width + 1) / 2 * chroma, chroma };
}

/* How far the first and the last of four pixels may be apart. */
INLINE int
spread (int chroma)
{
  return chroma == 2 ? 12 : 14;
}

static int
are_near (const int32_t *index, size_t n, int most)
{
  __mmask16 far = 0;

  for (size_t i = 0; i < n; i += LANES) {
    const __m512i x =
        _mm512_loadu_si512 (index + (i + LANES > n ? n - LANES : i));

    far |= _mm512_cmpgt_epi32_mask (
        _mm512_sub_epi32 (
            _mm512_shuffle_epi32 (x, 0xff), _mm512_shuffle_epi32 (x, 0)),
        _mm512_set1_epi32 (most));
  }
  return far == 0;
}

/* Sixteen bytes, zeros beyond @end. */
INLINE __m128i
load_window (const uint8_t *from, size_t at, size_t end)
{
  const size_t left = end - at;

  return left >= 16
      ? _mm_loadu_si128 ((const __m128i *) (from + at))
      : _mm_maskz_loadu_epi8 ((__mmask16) ((1u << left) - 1), from + at);
}

/* Four bytes each from where @at says, of which the numbers 0, 4, 8 and 12 say where
 * windows begin. */
INLINE __m512i
gather (const uint8_t *from, size_t end, const uint32_t *first, __m512i order)
{
  __m512i x = _mm512_castsi128_si512 (load_window (from, first[0], end));

  x = _mm512_inserti32x4 (x, load_window (from, first[1], end), 1);
  x = _mm512_inserti32x4 (x, load_window (from, first[2], end), 2);
  x = _mm512_inserti32x4 (x, load_window (from, first[3], end), 3);
  return _mm512_shuffle_epi8 (x, order);
}

INLINE __m512i
order_of (__m512i at)
{
  const __m512i lowest = _mm512_broadcast_i32x4 (
      _mm_setr_epi8 (0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
  const __m512i from_first =
      _mm512_sub_epi32 (at, _mm512_shuffle_epi32 (at, 0));

  return _mm512_add_epi8 (
      _mm512_shuffle_epi8 (from_first, lowest), _mm512_set1_epi32 (0x03020100));
}

INLINE __m512
byte_of (__m512i x, int n)
{
  return _mm512_cvtepi32_ps (
      _mm512_and_si512 (_mm512_srli_epi32 (x, 8 * n), _mm512_set1_epi32 (255)));
}

INLINE __m512
clamp16 (__m512 x)
{
  return _mm512_min_ps (
      _mm512_max_ps (x, _mm512_setzero_ps ()), _mm512_set1_ps (255));
}

INLINE Rgb
to_rgb (const IrColourMatrix *m, __m512 y, __m512 u, __m512 v)
{
  const __m512 luma = _mm512_mul_ps (y, _mm512_set1_ps (m->y));
  const __m512 r =
      _mm512_fmadd_ps (v, _mm512_set1_ps (m->rv), _mm512_set1_ps (m->r));
  const __m512 g = _mm512_fmadd_ps (u, _mm512_set1_ps (m->gu),
      _mm512_fmadd_ps (v, _mm512_set1_ps (m->gv), _mm512_set1_ps (m->g)));
  const __m512 b =
      _mm512_fmadd_ps (u, _mm512_set1_ps (m->bu), _mm512_set1_ps (m->b));

  return (Rgb){ { clamp16 (_mm512_add_ps (luma, r)),
      clamp16 (_mm512_add_ps (luma, g)), clamp16 (_mm512_add_ps (luma, b)) } };
}

/* Pixels @x and, if @next is there, the ones after them. */
INLINE void
load_pair (const Planes *p, const IrColourMatrix *m, const int32_t *x,
    Rgb *here, Rgb *next)
{
  const __m512i at = _mm512_loadu_si512 (x);
  const __m512i block = _mm512_srli_epi32 (at, 1);
  const uint32_t first[] = { x[0], x[4], x[8], x[12] };
  const uint32_t pair[] = { x[0] / 2 * p->chroma, x[4] / 2 * p->chroma,
    x[8] / 2 * p->chroma, x[12] / 2 * p->chroma };
  const __m512i order =
      order_of (p->chroma == 2 ? _mm512_slli_epi32 (block, 1) : block);
  const __m512i y = gather (p->luma, p->luma_bytes, first, order_of (at));
  const __m512i u = gather (p->u, p->chroma_bytes, pair, order);
  const __m512i v = p->chroma == 2
      ? _mm512_srli_epi32 (u, 8)
      : gather (p->v, p->chroma_bytes, pair, order);
  const __m512i shift = _mm512_slli_epi32 (
      _mm512_and_si512 (at, _mm512_set1_epi32 (1)), p->chroma == 2 ? 4 : 3);

  *here = to_rgb (m, byte_of (y, 0), byte_of (u, 0), byte_of (v, 0));
  if (next)
    *next =
        to_rgb (m, byte_of (y, 1), byte_of (_mm512_srlv_epi32 (u, shift), 0),
            byte_of (_mm512_srlv_epi32 (v, shift), 0));
}

INLINE void
put (Rgb p, float *const *rgb, size_t i)
{
  for (int c = 0; c < 3; c++)
    _mm512_storeu_ps (rgb[c] + i, p.v[c]);
}

/* Pixels, or, if it @blends, weighted sums of two neighbours. The last sixteen overlap those before
 * where @n is not a multiple. */
INLINE void
sample_of (int blends, IrColourFormat format, const IrColourRow *row,
    const IrColourMatrix *m, const int32_t *index, const float *w0,
    const float *w1, size_t n, float *const *rgb)
{
  const Planes planes = planes_of (format, row);

  for (size_t i = 0; i < n; i += LANES) {
    const size_t at = i + LANES > n ? n - LANES : i;
    Rgb here, next;

    load_pair (&planes, m, index + at, &here, blends ? &next : NULL);
    for (int c = 0; blends && c < 3; c++)
      here.v[c] = _mm512_fmadd_ps (_mm512_loadu_ps (w1 + at), next.v[c],
          _mm512_mul_ps (_mm512_loadu_ps (w0 + at), here.v[c]));
    put (here, rgb, at);
  }
}

static int
is_for_us (IrColourFormat format, const int32_t *index, size_t n)
{
  return (format == IR_COLOUR_NV12 || format == IR_COLOUR_I420) && n >= LANES &&
      are_near (index, n, spread (format == IR_COLOUR_NV12 ? 2 : 1));
}

static void
pick (const IrColourRow *row, const IrColourMatrix *m, const int32_t *index,
    size_t n, float *const *rgb)
{
  if (!is_for_us (row->format, index, n))
    ir_colour_avx2.pick (row, m, index, n, rgb);
  else if (row->format == IR_COLOUR_NV12)
    sample_of (0, IR_COLOUR_NV12, row, m, index, NULL, NULL, n, rgb);
  else
    sample_of (0, IR_COLOUR_I420, row, m, index, NULL, NULL, n, rgb);
}

static void
linear (const IrColourRow *row, const IrColourMatrix *m, const int32_t *index,
    const float *w0, const float *w1, size_t n, float *const *rgb)
{
  if (!is_for_us (row->format, index, n))
    ir_colour_avx2.linear (row, m, index, w0, w1, n, rgb);
  else if (row->format == IR_COLOUR_NV12)
    sample_of (1, IR_COLOUR_NV12, row, m, index, w0, w1, n, rgb);
  else
    sample_of (1, IR_COLOUR_I420, row, m, index, w0, w1, n, rgb);
}

static void
span (const IrColourRow *row, const IrColourMatrix *m, size_t first, size_t n,
    float *const *rgb)
{
  ir_colour_avx2.span (row, m, first, n, rgb);
}

static void
filter (const float *x, const int32_t *first, const float *weights, size_t taps,
    const float *base, size_t n, float *to)
{
  ir_colour_avx2.filter (x, first, weights, taps, base, n, to);
}

static void
to_f16 (const float *x, size_t n, uint16_t *to)
{
  ir_colour_avx2.to_f16 (x, n, to);
}

const IrColourKernels ir_colour_avx512 = {
  .name = "avx512",
  .span = span,
  .pick = pick,
  .linear = linear,
  .filter = filter,
  .to_f16 = to_f16,
  IR_COLOUR_PLAIN,
};
