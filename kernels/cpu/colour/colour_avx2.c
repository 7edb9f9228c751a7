/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Eight pixels at a time. Pixels that are not neighbours are gathered four bytes
 * each, which is more than most formats need: where that would leave the row, the
 * scalar variant goes on. */
#include "colour_impl.h"

#include <immintrin.h>

#define CACHE_LINE 64
#define INLINE static inline __attribute__ ((always_inline))

extern const IrColourKernels ir_colour_avx2;
extern const IrColourKernels ir_colour_c;

/* Y, U, V or R, G, B of eight pixels, as integers. */
typedef struct {
  __m256i v[3];
} Raw;

typedef struct {
  __m256 v[3];
} Rgb;

INLINE __m256i
byte_of (__m256i x, int n)
{
  return _mm256_and_si256 (
      _mm256_srli_epi32 (x, 8 * n), _mm256_set1_epi32 (255));
}

INLINE __m128i
load4 (const uint8_t *from)
{
  int bytes;

  memcpy (&bytes, from, sizeof bytes);
  return _mm_cvtsi32_si128 (bytes);
}

INLINE __m128i
gather4 (const uint8_t *from, int bytes, int blocks, const int32_t *x, int plus)
{
  __m128i v[4];

  for (int i = 0; i < 4; i++)
    v[i] = load4 (from + (size_t) (x[i] + plus) / blocks * bytes);
  return _mm_unpacklo_epi64 (
      _mm_unpacklo_epi32 (v[0], v[1]), _mm_unpacklo_epi32 (v[2], v[3]));
}

/* Four bytes each from where pixels @x + @plus are, if @blocks pixels take @bytes.
 * Eight loads are faster than the instruction that does the same. */
INLINE __m256i
gather (const uint8_t *from, int bytes, int blocks, const int32_t *x, int plus)
{
  return _mm256_set_m128i (gather4 (from, bytes, blocks, x + 4, plus),
      gather4 (from, bytes, blocks, x, plus));
}

/* @bits where x is odd, else 0. */
INLINE __m256i
odd (const int32_t *x, int plus, int bits)
{
  const __m256i at = _mm256_add_epi32 (
      _mm256_loadu_si256 ((const __m256i *) x), _mm256_set1_epi32 (plus));

  return _mm256_mullo_epi32 (
      _mm256_and_si256 (at, _mm256_set1_epi32 (1)), _mm256_set1_epi32 (bits));
}

/* --- Y'CbCr ---------------------------------------------------------------- */

/* @luma, @u and @v with what is wanted in the lowest byte. */
INLINE Raw
raw_yuv (__m256i luma, __m256i u, __m256i v)
{
  return (Raw){ { byte_of (luma, 0), byte_of (u, 0), byte_of (v, 0) } };
}

INLINE Raw
raw_yuy2 (const IrColourRow *row, const int32_t *x, int plus)
{
  const __m256i block = gather (row->plane[0], 4, 2, x, plus);

  return raw_yuv (_mm256_srlv_epi32 (block, odd (x, plus, 16)),
      byte_of (block, 1), byte_of (block, 3));
}

/* Pixels @x and the ones after them. */
INLINE void
gather_yuv (IrColourFormat format, const IrColourRow *row, const int32_t *x,
    Raw *a, Raw *b)
{
  const uint8_t *const *p = row->plane;

  if (format == IR_COLOUR_YUY2) {
    *a = raw_yuy2 (row, x, 0);
    *b = raw_yuy2 (row, x, 1);
    return;
  }
  const int chroma = format == IR_COLOUR_NV12 ? 2 : 1;
  const __m256i luma = gather (p[0], 1, 1, x, 0);
  const __m256i u = gather (p[1], chroma, 2, x, 0);
  const __m256i v = format == IR_COLOUR_NV12 ? _mm256_srli_epi32 (u, 8)
                                             : gather (p[2], 1, 2, x, 0);
  const __m256i shift = odd (x, 0, 8 * chroma);

  *a = raw_yuv (luma, u, v);
  *b = raw_yuv (_mm256_srli_epi32 (luma, 8), _mm256_srlv_epi32 (u, shift),
      _mm256_srlv_epi32 (v, shift));
}

/* Each of the lower four numbers twice. */
INLINE __m256i
twice (__m128i x)
{
  return _mm256_permutevar8x32_epi32 (
      _mm256_castsi128_si256 (x), _mm256_setr_epi32 (0, 0, 1, 1, 2, 2, 3, 3));
}

INLINE Raw
load_yuv (IrColourFormat format, const IrColourRow *row, size_t x)
{
  const uint8_t *const *p = row->plane;

  if (format == IR_COLOUR_YUY2) {
    const __m256i block =
        twice (_mm_loadu_si128 ((const __m128i *) (p[0] + 2 * x)));
    const __m256i shift = _mm256_setr_epi32 (0, 16, 0, 16, 0, 16, 0, 16);

    return raw_yuv (_mm256_srlv_epi32 (block, shift), byte_of (block, 1),
        byte_of (block, 3));
  }
  const __m256i luma =
      _mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (p[0] + x)));
  if (format == IR_COLOUR_NV12) {
    const __m256i uv = twice (
        _mm_cvtepu16_epi32 (_mm_loadl_epi64 ((const __m128i *) (p[1] + x))));

    return raw_yuv (luma, uv, _mm256_srli_epi32 (uv, 8));
  }
  return raw_yuv (luma, twice (_mm_cvtepu8_epi32 (load4 (p[1] + x / 2))),
      twice (_mm_cvtepu8_epi32 (load4 (p[2] + x / 2))));
}

/* --- R'G'B' ---------------------------------------------------------------- */

/* Of pixels in the lowest bytes. */
INLINE Raw
raw_rgb (IrColourFormat format, __m256i x)
{
  if (format == IR_COLOUR_GRAY8)
    return (Raw){ { byte_of (x, 0), byte_of (x, 0), byte_of (x, 0) } };
  if (format == IR_COLOUR_BGRX || format == IR_COLOUR_BGR)
    return (Raw){ { byte_of (x, 2), byte_of (x, 1), byte_of (x, 0) } };
  return (Raw){ { byte_of (x, 0), byte_of (x, 1), byte_of (x, 2) } };
}

INLINE void
gather_rgb (IrColourFormat format, const IrColourRow *row, const int32_t *x,
    Raw *a, Raw *b)
{
  const uint8_t *from = row->plane[0];
  __m256i here, next;

  if (format == IR_COLOUR_GRAY8) {
    here = gather (from, 1, 1, x, 0);
    next = _mm256_srli_epi32 (here, 8);
  } else if (format == IR_COLOUR_BGRX || format == IR_COLOUR_RGBX) {
    here = gather (from, 4, 1, x, 0);
    next = gather (from, 4, 1, x, 1);
  } else {
    here = gather (from, 3, 1, x, 0);
    next = _mm256_srli_epi32 (gather (from + 2, 3, 1, x, 0), 8);
  }
  *a = raw_rgb (format, here);
  *b = raw_rgb (format, next);
}

INLINE Raw
load_rgb (IrColourFormat format, const IrColourRow *row, size_t x)
{
  const uint8_t *p = row->plane[0];
  const __m128i spread =
      _mm_setr_epi8 (0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
  __m256i pixels;

  if (format == IR_COLOUR_GRAY8) {
    pixels = _mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (p + x)));
  } else if (format == IR_COLOUR_BGRX || format == IR_COLOUR_RGBX) {
    pixels = _mm256_loadu_si256 ((const __m256i *) (p + 4 * x));
  } else {
    const __m128i low = _mm_loadu_si128 ((const __m128i *) (p + 3 * x));
    const __m128i high = _mm_loadu_si128 ((const __m128i *) (p + 3 * x + 12));

    pixels = _mm256_shuffle_epi8 (
        _mm256_set_m128i (high, low), _mm256_set_m128i (spread, spread));
  }
  return raw_rgb (format, pixels);
}

/* --- all formats ----------------------------------------------------------- */

INLINE int
is_yuv (IrColourFormat format)
{
  return format <= IR_COLOUR_YUY2;
}

INLINE __m256
clamp8 (__m256 x)
{
  return _mm256_min_ps (
      _mm256_max_ps (x, _mm256_setzero_ps ()), _mm256_set1_ps (255));
}

INLINE Rgb
to_rgb (IrColourFormat format, const IrColourMatrix *m, Raw raw)
{
  const __m256 y = _mm256_cvtepi32_ps (raw.v[0]);
  const __m256 u = _mm256_cvtepi32_ps (raw.v[1]);
  const __m256 v = _mm256_cvtepi32_ps (raw.v[2]);
  __m256 luma, r, g, b;

  if (!is_yuv (format))
    return (Rgb){ { y, u, v } };
  luma = _mm256_mul_ps (y, _mm256_set1_ps (m->y));
  r = _mm256_fmadd_ps (v, _mm256_set1_ps (m->rv), _mm256_set1_ps (m->r));
  g = _mm256_fmadd_ps (v, _mm256_set1_ps (m->gv), _mm256_set1_ps (m->g));
  g = _mm256_fmadd_ps (u, _mm256_set1_ps (m->gu), g);
  b = _mm256_fmadd_ps (u, _mm256_set1_ps (m->bu), _mm256_set1_ps (m->b));
  return (Rgb){ { clamp8 (_mm256_add_ps (luma, r)),
      clamp8 (_mm256_add_ps (luma, g)), clamp8 (_mm256_add_ps (luma, b)) } };
}

INLINE void
gather_pair (IrColourFormat format, const IrColourRow *row,
    const IrColourMatrix *m, const int32_t *index, Rgb *a, Rgb *b)
{
  Raw here, next;

  if (is_yuv (format))
    gather_yuv (format, row, index, &here, &next);
  else
    gather_rgb (format, row, index, &here, &next);
  *a = to_rgb (format, m, here);
  *b = to_rgb (format, m, next);
}

/* How many of the pixels of @index, which ascends, are so far from the end of the
 * row that what is gathered for them lies in it. */
INLINE size_t
inside (IrColourFormat format, size_t width, const int32_t *index, size_t n)
{
  const size_t beyond = format == IR_COLOUR_I420              ? 8
      : format == IR_COLOUR_NV12 || format == IR_COLOUR_GRAY8 ? 4
                                                              : 2;

  while (n > 0 && (size_t) index[n - 1] + beyond > width)
    n--;
  return n;
}

/* Half bytes that a pixel takes in each plane. */
INLINE size_t
halves (IrColourFormat format, int plane)
{
  switch (format) {
    case IR_COLOUR_NV12:
      return plane < 2 ? 2 : 0;
    case IR_COLOUR_I420:
      return plane ? 1 : 2;
    case IR_COLOUR_YUY2:
      return plane ? 0 : 4;
    case IR_COLOUR_BGRX:
    case IR_COLOUR_RGBX:
      return plane ? 0 : 8;
    case IR_COLOUR_BGR:
    case IR_COLOUR_RGB:
      return plane ? 0 : 6;
    default:
      return plane ? 0 : 2;
  }
}

/* What of a plane is still to be brought near: from @at to @end, @lines cache lines
 * for each eight pixels. What processors foresee is pixels side by side. */
typedef struct {
  const uint8_t *at, *end;
  size_t lines;
} Ahead;

INLINE Ahead
look_ahead (IrColourFormat format, const IrColourRow *row, int plane,
    const int32_t *index, size_t n)
{
  const size_t each = halves (format, plane);
  const uint8_t *from = row->ahead[plane];
  Ahead a = { from + index[0] * each / 2, from + index[n - 1] * each / 2, 0 };

  a.lines = 1 + (size_t) (a.end - a.at) / CACHE_LINE / ((n + 7) / 8);
  return a;
}

INLINE void
fetch_ahead (Ahead *a)
{
  for (size_t i = 0; i < a->lines && a->at <= a->end; i++) {
    _mm_prefetch ((const char *) a->at, _MM_HINT_T0);
    a->at += CACHE_LINE;
  }
}

INLINE void
put (Rgb p, float *const *rgb, size_t i)
{
  for (int c = 0; c < 3; c++)
    _mm256_storeu_ps (rgb[c] + i, p.v[c]);
}

/* Pixels, or, if it @blends, weighted sums of two neighbours. */
INLINE void
sample8 (int blends, IrColourFormat format, const IrColourRow *row,
    const IrColourMatrix *m, const int32_t *index, const float *w0,
    const float *w1, float *const *rgb, size_t i)
{
  Rgb here, next;

  gather_pair (format, row, m, index + i, &here, &next);
  for (int c = 0; blends && c < 3; c++)
    here.v[c] = _mm256_fmadd_ps (_mm256_loadu_ps (w1 + i), next.v[c],
        _mm256_mul_ps (_mm256_loadu_ps (w0 + i), here.v[c]));
  put (here, rgb, i);
}

/* The last eight overlap those before where their number is not a multiple. How many
 * there are without those that are too near to the row's end. */
INLINE size_t
sample_of (int blends, IrColourFormat format, const IrColourRow *row,
    const IrColourMatrix *m, const int32_t *index, const float *w0,
    const float *w1, size_t n, float *const *rgb)
{
  const size_t most = inside (format, row->width, index, n);
  const size_t done = most < 8 ? 0 : most;
  Ahead ahead[3];

  for (int p = 0; p < 3; p++)
    if (halves (format, p))
      ahead[p] = look_ahead (format, row, p, index, n);
  for (size_t i = 0; i + 8 <= done; i += 8) {
    for (int p = 0; p < 3; p++)
      if (halves (format, p))
        fetch_ahead (&ahead[p]);
    sample8 (blends, format, row, m, index, w0, w1, rgb, i);
  }
  if (done % 8)
    sample8 (blends, format, row, m, index, w0, w1, rgb, done - 8);
  return done;
}

INLINE void
pick_of (IrColourFormat format, const IrColourRow *row, const IrColourMatrix *m,
    const int32_t *index, size_t n, float *const *rgb)
{
  const size_t done = sample_of (0, format, row, m, index, NULL, NULL, n, rgb);

  if (done < n)
    ir_colour_c.pick (row, m, index + done, n - done,
        (float *[]){ rgb[0] + done, rgb[1] + done, rgb[2] + done });
}

INLINE void
linear_of (IrColourFormat format, const IrColourRow *row,
    const IrColourMatrix *m, const int32_t *index, const float *w0,
    const float *w1, size_t n, float *const *rgb)
{
  const size_t done = sample_of (1, format, row, m, index, w0, w1, n, rgb);

  if (done < n)
    ir_colour_c.linear (row, m, index + done, w0 + done, w1 + done, n - done,
        (float *[]){ rgb[0] + done, rgb[1] + done, rgb[2] + done });
}

/* Three bytes a pixel are read as sixteen for four, twice. */
INLINE void
span_of (IrColourFormat format, const IrColourRow *row, const IrColourMatrix *m,
    size_t first, size_t n, float *const *rgb)
{
  const size_t reach =
      format == IR_COLOUR_BGR || format == IR_COLOUR_RGB ? 10 : 8;
  size_t i = 0;

  for (; i + 8 <= n && first + i + reach <= row->width; i += 8)
    put (to_rgb (format, m,
             is_yuv (format) ? load_yuv (format, row, first + i)
                             : load_rgb (format, row, first + i)),
        rgb, i);
  if (i < n)
    ir_colour_c.span (row, m, first + i, n - i,
        (float *[]){ rgb[0] + i, rgb[1] + i, rgb[2] + i });
}

#define EACH_FORMAT(id)                                                        \
  static void span_##id (const IrColourRow *row, const IrColourMatrix *m,      \
      size_t first, size_t n, float *const *rgb)                               \
  {                                                                            \
    span_of (IR_COLOUR_##id, row, m, first, n, rgb);                           \
  }                                                                            \
                                                                               \
  static void pick_##id (const IrColourRow *row, const IrColourMatrix *m,      \
      const int32_t *index, size_t n, float *const *rgb)                       \
  {                                                                            \
    pick_of (IR_COLOUR_##id, row, m, index, n, rgb);                           \
  }                                                                            \
                                                                               \
  static void linear_##id (const IrColourRow *row, const IrColourMatrix *m,    \
      const int32_t *index, const float *w0, const float *w1, size_t n,        \
      float *const *rgb)                                                       \
  {                                                                            \
    linear_of (IR_COLOUR_##id, row, m, index, w0, w1, n, rgb);                 \
  }

IR_COLOUR_LIST (EACH_FORMAT)

static void
span (const IrColourRow *row, const IrColourMatrix *m, size_t first, size_t n,
    float *const *rgb)
{
  static __typeof__ (ir_colour_avx2.span) const table[] = {
#define ROW(id) span_##id,
    IR_COLOUR_LIST (ROW)
#undef ROW
  };

  table[row->format](row, m, first, n, rgb);
}

static void
pick (const IrColourRow *row, const IrColourMatrix *m, const int32_t *index,
    size_t n, float *const *rgb)
{
  static __typeof__ (ir_colour_avx2.pick) const table[] = {
#define ROW(id) pick_##id,
    IR_COLOUR_LIST (ROW)
#undef ROW
  };

  table[row->format](row, m, index, n, rgb);
}

static void
linear (const IrColourRow *row, const IrColourMatrix *m, const int32_t *index,
    const float *w0, const float *w1, size_t n, float *const *rgb)
{
  static __typeof__ (ir_colour_avx2.linear) const table[] = {
#define ROW(id) linear_##id,
    IR_COLOUR_LIST (ROW)
#undef ROW
  };

  table[row->format](row, m, index, w0, w1, n, rgb);
}

/* --- lines ----------------------------------------------------------------- */

INLINE __m128
gather4_f32 (const float *from, const int32_t *index)
{
  const __m128 a = _mm_unpacklo_ps (
      _mm_load_ss (from + index[0]), _mm_load_ss (from + index[1]));
  const __m128 b = _mm_unpacklo_ps (
      _mm_load_ss (from + index[2]), _mm_load_ss (from + index[3]));

  return _mm_movelh_ps (a, b);
}

INLINE __m256
gather_f32 (const float *from, const int32_t *index)
{
  return _mm256_set_m128 (
      gather4_f32 (from, index + 4), gather4_f32 (from, index));
}

static void
filter (const float *x, const int32_t *first, const float *weights, size_t taps,
    const float *base, size_t n, float *to)
{
  size_t i = 0;

  for (; i + 8 <= n; i += 8) {
    __m256 sum = base ? _mm256_loadu_ps (base + i) : _mm256_setzero_ps ();

    for (size_t t = 0; t < taps; t++)
      sum = _mm256_fmadd_ps (_mm256_loadu_ps (weights + t * n + i),
          gather_f32 (x + t, first + i), sum);
    _mm256_storeu_ps (to + i, sum);
  }
  for (; i < n; i++) {
    to[i] = base ? base[i] : 0;
    for (size_t t = 0; t < taps; t++)
      to[i] += weights[t * n + i] * x[first[i] + t];
  }
}

static void
to_f16 (const float *x, size_t n, uint16_t *to)
{
  size_t i = 0;

  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128 ((__m128i *) (to + i),
        _mm256_cvtps_ph (_mm256_loadu_ps (x + i), _MM_FROUND_TO_NEAREST_INT));
  for (; i < n; i++)
    to[i] = _cvtss_sh (x[i], _MM_FROUND_TO_NEAREST_INT);
}

const IrColourKernels ir_colour_avx2 = {
  .name = "avx2",
  .span = span,
  .pick = pick,
  .linear = linear,
  .filter = filter,
  .to_f16 = to_f16,
  IR_COLOUR_PLAIN,
};
