/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Thirty-two channels at a time. */
#include "bdwconv.h"
#include "bf16_pairs.h"
#include "dwconv/dwconv_columns.h"

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
  const Pair x = { clamp (sum.even, r), clamp (sum.odd, r) };

  pair_store (r->to, r->to_f32, at, mask, x);
}

#define SUM(o) Pair s##o = bias;
#define WEIGHT(k) const Pair w##k = pair_sort (w + k * r->channels, mask);
#define ADD(o, k) s##o = add (s##o, w##k, v);
#define WHOLE(i, adds)                                                         \
  {                                                                            \
    const Pair v = pair_load (p + i * pitch, mask);                            \
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
    const __mmask32 mask = pair_lanes (r->channels - c);                       \
    const size_t pitch = r->dilation * r->in_pitch;                            \
    const size_t out_pitch = r->dilation * r->out_pitch;                       \
    const ptrdiff_t from =                                                     \
        (ptrdiff_t) (x * step - r->pad) * (ptrdiff_t) r->in_pitch + c;         \
    const int n = (r->out_w - x + r->dilation - 1) / r->dilation;              \
    const Pair bias = pair_sort (r->bias + c, mask);                           \
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
        for (int c = 0; c < r->channels; c += PAIR_LANES)                      \
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
  const __mmask32 mask = pair_lanes (r->channels - c);
  const Pair bias = pair_sort (r->bias + c, mask);
  Pair w[IR_BDWCONV_MAX_TAPS];

  for (int t = 0; t < r->kernel_h * r->kernel_w; t++)
    w[t] = pair_sort (r->weights + t * r->channels + c, mask);
  for (int x = 0; x < r->out_w; x++) {
    Pair sum = bias;

    for (int ky = 0; ky < r->kernel_h; ky++)
      for (int kx = 0; r->rows[ky] && kx < r->kernel_w; kx++) {
        const int at = x * r->stride + kx * r->dilation - r->pad;

        if (at >= 0 && at < r->in_w)
          sum = add (sum, w[ky * r->kernel_w + kx],
              pair_load (r->rows[ky] + at * r->in_pitch + c, mask));
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
    for (int c = 0; c < r->channels; c += PAIR_LANES)
      make_pixels (r, c);
}

extern const IrBdwconvKernels ir_bdwconv_bf16;

const IrBdwconvKernels ir_bdwconv_bf16 = {
  .name = "bf16",
  .row = row,
};
