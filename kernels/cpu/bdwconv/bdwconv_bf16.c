/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Thirty-two channels at a time, those with even numbers in one vector, those with
 * odd ones in another: so a shift and a mask make f32 of bf16. */
#include "bdwconv.h"
#include "dwconv/dwconv_columns.h"

#include <immintrin.h>

#define LANES 32

typedef struct {
  __m512 even, odd;
} Pair;

static inline __mmask32
first_lanes (int n)
{
  return n < LANES ? (1u << n) - 1 : 0xffffffff;
}

static inline Pair
load (const uint16_t *p, __mmask32 mask)
{
  const __m512i v = _mm512_maskz_loadu_epi16 (mask, p);

  return (Pair){ _mm512_castsi512_ps (_mm512_slli_epi32 (v, 16)),
    _mm512_castsi512_ps (
        _mm512_and_si512 (v, _mm512_set1_epi32 ((int) 0xffff0000))) };
}

/* Weights and biases come in order. */
static inline Pair
sort (const float *p, __mmask32 mask)
{
  const __m512i even = _mm512_setr_epi32 (
      0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i odd = _mm512_add_epi32 (even, _mm512_set1_epi32 (1));
  const __m512 low = _mm512_maskz_loadu_ps (mask, p);
  const __m512 high = _mm512_maskz_loadu_ps (mask >> 16, p + 16);

  return (Pair){ _mm512_permutex2var_ps (low, even, high),
    _mm512_permutex2var_ps (low, odd, high) };
}

static inline Pair
add (Pair sum, Pair w, Pair v)
{
  return (Pair){ _mm512_fmadd_ps (w.even, v.even, sum.even),
    _mm512_fmadd_ps (w.odd, v.odd, sum.odd) };
}

/* The sum is the second operand, so that NaN stays. */
static inline __m512
clamp (__m512 x, const IrBdwconvRow *r)
{
  return _mm512_min_ps (
      _mm512_set1_ps (r->high), _mm512_max_ps (_mm512_set1_ps (r->low), x));
}

static inline void
store (const IrBdwconvRow *r, size_t at, __mmask32 mask, Pair sum)
{
  /* Halves by turns. */
  const __m512i order =
      _mm512_set_epi16 (31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9,
          24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  const __m512i low = _mm512_setr_epi32 (
      0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_add_epi32 (low, _mm512_set1_epi32 (8));
  const __m512 even = clamp (sum.even, r), odd = clamp (sum.odd, r);

  if (r->to) {
    _mm512_mask_storeu_epi16 (r->to + at, mask,
        _mm512_permutexvar_epi16 (
            order, (__m512i) _mm512_cvtne2ps_pbh (odd, even)));
  } else {
    _mm512_mask_storeu_ps (
        r->to_f32 + at, mask, _mm512_permutex2var_ps (even, low, odd));
    _mm512_mask_storeu_ps (r->to_f32 + at + 16, mask >> 16,
        _mm512_permutex2var_ps (even, high, odd));
  }
}

#define SUM(o) Pair s##o = bias;
#define WEIGHT(k) const Pair w##k = sort (w + k * r->channels, mask);
#define ADD(o, k) s##o = add (s##o, w##k, v);
#define WHOLE(i, adds)                                                         \
  {                                                                            \
    const Pair v = load (p + i * pitch, mask);                                 \
                                                                               \
    adds                                                                       \
  }
#define PART(i, adds)                                                          \
  if (i >= first && i < end)                                                   \
  WHOLE (i, adds)
#define STORE(o)                                                               \
  if (o < n)                                                                   \
    store (r, to + o * out_pitch, mask, s##o);

/* Pixels from @x on, those that there are, of which columns @first to @end - 1 lie
 * inside the source. */
#define STRIP(kw, step, name, COLUMN)                                          \
  static void name##_##kw##_##step (                                           \
      const IrBdwconvRow *r, int c, int x, int first, int end)                 \
  {                                                                            \
    const __mmask32 mask = first_lanes (r->channels - c);                      \
    const size_t pitch = r->dilation * r->in_pitch;                            \
    const size_t out_pitch = r->dilation * r->out_pitch;                       \
    const ptrdiff_t from =                                                     \
        (ptrdiff_t) (x * step - r->pad) * (ptrdiff_t) r->in_pitch + c;         \
    const int n = (r->out_w - x + r->dilation - 1) / r->dilation;              \
    const Pair bias = sort (r->bias + c, mask);                                \
    const float *w = r->weights + c;                                           \
    const size_t to = x * r->out_pitch + c;                                    \
    PIXELS (SUM)                                                               \
                                                                               \
    for (int ky = 0; ky < r->kernel_h; ky++, w += kw * r->channels)            \
      if (r->rows[ky]) {                                                       \
        const uint16_t *p = r->rows[ky] + from;                                \
        TAPS_##kw (WEIGHT)                                                     \
                                                                               \
            COLUMNS_##kw##_##step (COLUMN, ADD)                                \
      }                                                                        \
    PIXELS (STORE)                                                             \
  }

/* All channels of a few pixels, then the next ones: pixels are read where they
 * lie, one after the other. */
#define STRIP_ROW(kw, step)                                                    \
  STRIP (kw, step, whole, WHOLE)                                               \
  STRIP (kw, step, part, PART)                                                 \
                                                                               \
  static void row_##kw##_##step (const IrBdwconvRow *r)                        \
  {                                                                            \
    for (int phase = 0; phase < r->dilation; phase++)                          \
      for (int x = phase; x < r->out_w; x += 8 * r->dilation) {                \
        const int left = x * step - r->pad;                                    \
        const int first = columns_before (left, r->dilation);                  \
        const int end = columns_before (left - r->in_w, r->dilation);          \
                                                                               \
        for (int c = 0; c < r->channels; c += LANES)                           \
          if (first == 0 && end >= 7 * step + kw)                              \
            whole_##kw##_##step (r, c, x, 0, 0);                               \
          else                                                                 \
            part_##kw##_##step (r, c, x, first, end);                          \
      }                                                                        \
  }

STRIP_ROW (3, 1)
STRIP_ROW (3, 2)
STRIP_ROW (5, 1)
STRIP_ROW (5, 2)

/* Any window: pixel by pixel. */
static void
make_pixels (const IrBdwconvRow *r, int c)
{
  const __mmask32 mask = first_lanes (r->channels - c);
  const Pair bias = sort (r->bias + c, mask);
  Pair w[IR_BDWCONV_MAX_TAPS];

  for (int t = 0; t < r->kernel_h * r->kernel_w; t++)
    w[t] = sort (r->weights + t * r->channels + c, mask);
  for (int x = 0; x < r->out_w; x++) {
    Pair sum = bias;

    for (int ky = 0; ky < r->kernel_h; ky++)
      for (int kx = 0; r->rows[ky] && kx < r->kernel_w; kx++) {
        const int at = x * r->stride + kx * r->dilation - r->pad;

        if (at >= 0 && at < r->in_w)
          sum = add (sum, w[ky * r->kernel_w + kx],
              load (r->rows[ky] + at * r->in_pitch + c, mask));
      }
    store (r, x * r->out_pitch + c, mask, sum);
  }
}

static void
row (const IrBdwconvRow *r)
{
  if (shares_columns (r->stride, r->dilation) && r->kernel_w == 3)
    (r->stride == 1 ? row_3_1 : row_3_2) (r);
  else if (shares_columns (r->stride, r->dilation) && r->kernel_w == 5)
    (r->stride == 1 ? row_5_1 : row_5_2) (r);
  else
    for (int c = 0; c < r->channels; c += LANES)
      make_pixels (r, c);
}

extern const IrBdwconvKernels ir_bdwconv_bf16;

const IrBdwconvKernels ir_bdwconv_bf16 = {
  .name = "bf16",
  .row = row,
};
