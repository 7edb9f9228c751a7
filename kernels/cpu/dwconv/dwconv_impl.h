/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set, with IR_LANES floats in a vector: a few
 * channels go through the whole row. */
#include "dwconv.h"
#include "dwconv_columns.h"

#include <immintrin.h>

typedef __m256 vec8;
#define LOAD8(p) _mm256_loadu_ps (p)
#define STORE8(p, v) _mm256_storeu_ps (p, v)
#define SPREAD8(x) _mm256_set1_ps (x)
#define MAD8(x, y, sum) _mm256_fmadd_ps (x, y, sum)
/* The sum is the second operand, so that NaN stays. */
#define CLAMP8(low, high, v) _mm256_min_ps (high, _mm256_max_ps (low, v))

#if IR_LANES > 8
typedef __m512 vec16;
#define LOAD16(p) _mm512_loadu_ps (p)
#define STORE16(p, v) _mm512_storeu_ps (p, v)
#define SPREAD16(x) _mm512_set1_ps (x)
#define MAD16(x, y, sum) _mm512_fmadd_ps (x, y, sum)
#define CLAMP16(low, high, v) _mm512_min_ps (high, _mm512_max_ps (low, v))
#endif

/* Where all taps of a row lie inside the source. */
static inline void
find_inside (const IrDwconvRow *r, int *first, int *end)
{
  const int reach = (r->kernel_w - 1) * r->dilation;
  const int room = r->in_w - 1 - reach + r->pad;

  *end = room >= 0 ? room / r->stride + 1 : 0;
  if (*end > r->out_w)
    *end = r->out_w;
  *first = (r->pad + r->stride - 1) / r->stride;
  if (*first > *end)
    *first = *end;
}

/* Which taps of pixel @x lie inside the source. */
static inline void
find_taps (const IrDwconvRow *r, int x, int *first, int *end)
{
  const int left = x * r->stride - r->pad;
  const int room = r->in_w - 1 - left;

  *first = left < 0 ? (-left + r->dilation - 1) / r->dilation : 0;
  *end = room >= 0 ? room / r->dilation + 1 : 0;
  if (*end > r->kernel_w)
    *end = r->kernel_w;
}

#define COLUMN(lanes)                                                          \
  static inline void edge##lanes (const IrDwconvRow *r, int c, int x)          \
  {                                                                            \
    const ptrdiff_t from =                                                     \
        (ptrdiff_t) (x * r->stride - r->pad) * (ptrdiff_t) r->in_pitch + c;    \
    const ptrdiff_t next = r->dilation * (ptrdiff_t) r->in_pitch;              \
    vec##lanes sum = LOAD##lanes (r->bias + c);                                \
    int first, end;                                                            \
                                                                               \
    find_taps (r, x, &first, &end);                                            \
    for (int ky = 0; ky < r->kernel_h; ky++) {                                 \
      const float *w = r->weights + ky * r->kernel_w * r->channels + c;        \
                                                                               \
      for (int kx = first; r->rows[ky] && kx < end; kx++)                      \
        sum = MAD##lanes (LOAD##lanes (w + kx * r->channels),                  \
            LOAD##lanes (r->rows[ky] + from + kx * next), sum);                \
    }                                                                          \
    STORE##lanes (r->to + x * r->out_pitch + c,                                \
        CLAMP##lanes (SPREAD##lanes (r->low), SPREAD##lanes (r->high), sum));  \
  }                                                                            \
                                                                               \
  /* Four pixels of two vectors: a cache line is used whole. */                \
  static inline void four##lanes (                                             \
      const IrDwconvRow *r, int c, int x, int taps)                            \
  {                                                                            \
    const size_t step = r->stride * r->in_pitch;                               \
    const size_t next = r->dilation * r->in_pitch;                             \
    const ptrdiff_t from =                                                     \
        (ptrdiff_t) (x * r->stride - r->pad) * (ptrdiff_t) r->in_pitch + c;    \
    const float *w = r->weights + c;                                           \
    const vec##lanes low = SPREAD##lanes (r->low);                             \
    const vec##lanes high = SPREAD##lanes (r->high);                           \
    const vec##lanes bias0 = LOAD##lanes (r->bias + c);                        \
    const vec##lanes bias1 = LOAD##lanes (r->bias + c + lanes);                \
    vec##lanes a0 = bias0, a1 = bias0, a2 = bias0, a3 = bias0;                 \
    vec##lanes b0 = bias1, b1 = bias1, b2 = bias1, b3 = bias1;                 \
    float *to = r->to + x * r->out_pitch + c;                                  \
                                                                               \
    for (int ky = 0; ky < r->kernel_h; ky++) {                                 \
      const float *p = r->rows[ky];                                            \
                                                                               \
      if (!p) {                                                                \
        w += taps * r->channels;                                               \
        continue;                                                              \
      }                                                                        \
      p += from;                                                               \
      for (int kx = 0; kx < taps; kx++) {                                      \
        const vec##lanes w0 = LOAD##lanes (w);                                 \
        const vec##lanes w1 = LOAD##lanes (w + lanes);                         \
                                                                               \
        a0 = MAD##lanes (w0, LOAD##lanes (p), a0);                             \
        b0 = MAD##lanes (w1, LOAD##lanes (p + lanes), b0);                     \
        a1 = MAD##lanes (w0, LOAD##lanes (p + step), a1);                      \
        b1 = MAD##lanes (w1, LOAD##lanes (p + step + lanes), b1);              \
        a2 = MAD##lanes (w0, LOAD##lanes (p + 2 * step), a2);                  \
        b2 = MAD##lanes (w1, LOAD##lanes (p + 2 * step + lanes), b2);          \
        a3 = MAD##lanes (w0, LOAD##lanes (p + 3 * step), a3);                  \
        b3 = MAD##lanes (w1, LOAD##lanes (p + 3 * step + lanes), b3);          \
        w += r->channels;                                                      \
        p += next;                                                             \
      }                                                                        \
    }                                                                          \
    STORE##lanes (to, CLAMP##lanes (low, high, a0));                           \
    STORE##lanes (to + lanes, CLAMP##lanes (low, high, b0));                   \
    to += r->out_pitch;                                                        \
    STORE##lanes (to, CLAMP##lanes (low, high, a1));                           \
    STORE##lanes (to + lanes, CLAMP##lanes (low, high, b1));                   \
    to += r->out_pitch;                                                        \
    STORE##lanes (to, CLAMP##lanes (low, high, a2));                           \
    STORE##lanes (to + lanes, CLAMP##lanes (low, high, b2));                   \
    to += r->out_pitch;                                                        \
    STORE##lanes (to, CLAMP##lanes (low, high, a3));                           \
    STORE##lanes (to + lanes, CLAMP##lanes (low, high, b3));                   \
  }                                                                            \
                                                                               \
  static void pair##lanes (const IrDwconvRow *r, int c)                        \
  {                                                                            \
    int first, end, x;                                                         \
                                                                               \
    find_inside (r, &first, &end);                                             \
    for (x = 0; x < first; x++) {                                              \
      edge##lanes (r, c, x);                                                   \
      edge##lanes (r, c + lanes, x);                                           \
    }                                                                          \
    if (r->kernel_w == 3)                                                      \
      for (; x + 4 <= end; x += 4)                                             \
        four##lanes (r, c, x, 3);                                              \
    else                                                                       \
      for (; x + 4 <= end; x += 4)                                             \
        four##lanes (r, c, x, r->kernel_w);                                    \
    for (; x < r->out_w; x++) {                                                \
      edge##lanes (r, c, x);                                                   \
      edge##lanes (r, c + lanes, x);                                           \
    }                                                                          \
  }

COLUMN (8)
#if IR_LANES > 8
COLUMN (16)
#endif

#define ADD_8(o, k) s##o = MAD8 (w##k, v, s##o);
#define ADD_16(o, k) s##o = MAD16 (w##k, v, s##o);
#define WHOLE_8(i, adds)                                                       \
  {                                                                            \
    const vec8 v = LOAD8 (p + i * pitch);                                      \
                                                                               \
    adds                                                                       \
  }
#define WHOLE_16(i, adds)                                                      \
  {                                                                            \
    const vec16 v = LOAD16 (p + i * pitch);                                    \
                                                                               \
    adds                                                                       \
  }
#define PART_8(i, adds)                                                        \
  if (i >= first && i < end)                                                   \
  WHOLE_8 (i, adds)
#define PART_16(i, adds)                                                       \
  if (i >= first && i < end)                                                   \
  WHOLE_16 (i, adds)
#define SUM_8(o) vec8 s##o = bias;
#define SUM_16(o) vec16 s##o = bias;
#define WEIGHT_8(k) const vec8 w##k = LOAD8 (w + k * r->channels);
#define WEIGHT_16(k) const vec16 w##k = LOAD16 (w + k * r->channels);
#define STORE_8(o)                                                             \
  if (o < n)                                                                   \
    STORE8 (to + o * out_pitch, CLAMP8 (low, high, s##o));
#define STORE_16(o)                                                            \
  if (o < n)                                                                   \
    STORE16 (to + o * out_pitch, CLAMP16 (low, high, s##o));

/* Pixels from @x on, those that there are, of which columns @first to @end - 1 lie
 * inside the source. */
#define STRIP(lanes, kw, step, name, COLUMN)                                   \
  static void name##_##kw##_##step##_##lanes (                                 \
      const IrDwconvRow *r, int c, int x, int first, int end)                  \
  {                                                                            \
    const size_t pitch = r->dilation * r->in_pitch;                            \
    const size_t out_pitch = r->dilation * r->out_pitch;                       \
    const ptrdiff_t from =                                                     \
        (ptrdiff_t) (x * step - r->pad) * (ptrdiff_t) r->in_pitch + c;         \
    const int n = (r->out_w - x + r->dilation - 1) / r->dilation;              \
    const vec##lanes low = SPREAD##lanes (r->low);                             \
    const vec##lanes high = SPREAD##lanes (r->high);                           \
    const vec##lanes bias = LOAD##lanes (r->bias + c);                         \
    const float *w = r->weights + c;                                           \
    float *to = r->to + x * r->out_pitch + c;                                  \
    PIXELS (SUM_##lanes)                                                       \
                                                                               \
    for (int ky = 0; ky < r->kernel_h; ky++, w += kw * r->channels)            \
      if (r->rows[ky]) {                                                       \
        const float *p = r->rows[ky] + from;                                   \
        TAPS_##kw (WEIGHT_##lanes)                                             \
                                                                               \
            COLUMNS_##kw##_##step (COLUMN, ADD_##lanes)                        \
      }                                                                        \
    PIXELS (STORE_##lanes)                                                     \
  }

#define STRIPS(lanes, kw, step)                                                \
  STRIP (lanes, kw, step, whole, WHOLE_##lanes)                                \
  STRIP (lanes, kw, step, part, PART_##lanes)

/* All channels of a few pixels, then the next ones: pixels are read where they
 * lie, one after the other. */
#define STRIP_ALL(name, kw, step, first, end)                                  \
  {                                                                            \
    int c = 0;                                                                 \
                                                                               \
    WIDE_STRIPS (name, kw, step, first, end)                                   \
    for (; c < r->channels; c += 8)                                            \
      name##_##kw##_##step##_8 (r, c, x, first, end);                          \
  }
#if IR_LANES > 8
#define WIDE_STRIPS(name, kw, step, first, end)                                \
  for (; c + 16 <= r->channels; c += 16)                                       \
    name##_##kw##_##step##_16 (r, c, x, first, end);
#else
#define WIDE_STRIPS(name, kw, step, first, end)
#endif

#define STRIP_ROW(kw, step)                                                    \
  static void row_##kw##_##step (const IrDwconvRow *r)                         \
  {                                                                            \
    for (int phase = 0; phase < r->dilation; phase++)                          \
      for (int x = phase; x < r->out_w; x += 8 * r->dilation) {                \
        const int left = x * step - r->pad;                                    \
        const int first = columns_before (left, r->dilation);                  \
        const int end = columns_before (left - r->in_w, r->dilation);          \
                                                                               \
        if (first == 0 && end >= 7 * step + kw)                                \
          STRIP_ALL (whole, kw, step, 0, 0)                                    \
        else                                                                   \
          STRIP_ALL (part, kw, step, first, end)                               \
      }                                                                        \
  }

STRIPS (8, 3, 1)
STRIPS (8, 3, 2)
STRIPS (8, 5, 1)
#if IR_LANES > 8
STRIPS (16, 3, 1)
STRIPS (16, 3, 2)
STRIPS (16, 5, 1)
#endif
STRIP_ROW (3, 1)
STRIP_ROW (3, 2)
STRIP_ROW (5, 1)

static void
column (const IrDwconvRow *r, int c)
{
  for (int x = 0; x < r->out_w; x++)
    edge8 (r, c, x);
}

static void
row (const IrDwconvRow *r)
{
  int c = 0;

  if (r->kernel_w == 3 && shares_columns (r->stride, r->dilation)) {
    (r->stride == 1 ? row_3_1 : row_3_2) (r);
    return;
  }
  if (r->kernel_w == 5 && r->stride == 1) {
    row_5_1 (r);
    return;
  }
#if IR_LANES > 8
  for (; c + 32 <= r->channels; c += 32)
    pair16 (r, c);
#endif
  for (; c + 16 <= r->channels; c += 16)
    pair8 (r, c);
  if (c < r->channels)
    column (r, c);
}

extern const IrDwconvKernels IR_FN (ir_dwconv);

const IrDwconvKernels IR_FN (ir_dwconv) = {
  .name = IR_KERNEL_NAME,
  .row = row,
};
