/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Six rows by two vectors: twelve sums hide the latency of the multiply-add, and
 * two weights and one operand fit beside them. */
#include "igemm.h"

#include <immintrin.h>

#define NR 16

/* Sums have names of their own: gcc keeps an array of them in memory. */
#define ROWS_1(X) X (0)
#define ROWS_2(X) ROWS_1 (X) X (1)
#define ROWS_3(X) ROWS_2 (X) X (2)
#define ROWS_4(X) ROWS_3 (X) X (3)
#define ROWS_5(X) ROWS_4 (X) X (4)
#define ROWS_6(X) ROWS_5 (X) X (5)

#define SUMS_2(r) __m256 a##r = bias0, b##r = bias1;
#define SUMS_1(r) __m256 a##r = bias0;
#define POINT(r) const float *p##r = at[r];
#define ADD_2(r)                                                               \
  {                                                                            \
    const __m256 x = _mm256_broadcast_ss (p##r + i);                           \
    a##r = _mm256_fmadd_ps (x, w0, a##r);                                      \
    b##r = _mm256_fmadd_ps (x, w1, b##r);                                      \
  }
#define ADD_1(r)                                                               \
  a##r = _mm256_fmadd_ps (_mm256_broadcast_ss (p##r + i), w0, a##r);
#define RESIDUAL_1(r)                                                          \
  a##r = _mm256_add_ps (a##r, _mm256_loadu_ps (res + r * t->residual_stride));
#define RESIDUAL_2(r)                                                          \
  RESIDUAL_1 (r)                                                               \
  b##r = _mm256_add_ps (                                                       \
      b##r, _mm256_loadu_ps (res + r * t->residual_stride + 8));
/* The sum is the second operand, so that NaN stays. */
#define CLAMP(x) _mm256_min_ps (high, _mm256_max_ps (low, x))
#define STORE_1(r) _mm256_storeu_ps (to + r * t->to_stride, CLAMP (a##r));
#define STORE_2(r)                                                             \
  STORE_1 (r)                                                                  \
  _mm256_storeu_ps (to + r * t->to_stride + 8, CLAMP (b##r));

#define BIAS_1 const __m256 bias0 = _mm256_loadu_ps (bias);
#define BIAS_2 BIAS_1 const __m256 bias1 = _mm256_loadu_ps (bias + 8);
#define WEIGHTS_1 const __m256 w0 = _mm256_loadu_ps (w);
#define WEIGHTS_2 WEIGHTS_1 const __m256 w1 = _mm256_loadu_ps (w + 8);

#define PANEL(mr, nv)                                                          \
  static inline void panel_##mr##x##nv (                                       \
      const IrIgemmTile *t, const float *w, int column)                        \
  {                                                                            \
    const __m256 low = _mm256_set1_ps (t->low);                                \
    const __m256 high = _mm256_set1_ps (t->high);                              \
    const float *bias = t->bias + column;                                      \
    const float *const *at = t->at;                                            \
    float *to = t->to + column;                                                \
    BIAS_##nv ROWS_##mr (SUMS_##nv)                                            \
                                                                               \
        for (int tap = 0; tap < t->taps; tap++, at += mr)                      \
    {                                                                          \
      ROWS_##mr (POINT)                                                        \
                                                                               \
          for (ptrdiff_t i = 0; i < t->k; i++, w += NR)                        \
      {                                                                        \
        WEIGHTS_##nv ROWS_##mr (ADD_##nv)                                      \
      }                                                                        \
    }                                                                          \
    if (t->residual) {                                                         \
      const float *res = t->residual + column;                                 \
                                                                               \
      ROWS_##mr (RESIDUAL_##nv)                                                \
    }                                                                          \
    ROWS_##mr (STORE_##nv)                                                     \
  }

#define TILE(mr)                                                               \
  PANEL (mr, 1)                                                                \
  PANEL (mr, 2)                                                                \
  static void tile_##mr (const IrIgemmTile *t)                                 \
  {                                                                            \
    const size_t size = (size_t) t->taps * t->k * NR;                          \
    const float *w = t->weights;                                               \
    int column = 0;                                                            \
                                                                               \
    for (; column + 8 < t->columns; column += NR, w += size)                   \
      panel_##mr##x2 (t, w, column);                                           \
    if (column < t->columns)                                                   \
      panel_##mr##x1 (t, w, column);                                           \
  }

#define VEC __m256
#define LANES 8
#define LOAD(p) _mm256_loadu_ps (p)
#define WIDEN(p) _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i *) (p)))
#define STORE(p, v) _mm256_storeu_ps (p, v)
#define SPREAD(x) _mm256_set1_ps (x)
#define ADD(x, y) _mm256_add_ps (x, y)
#define FMA(x, y, sum) _mm256_fmadd_ps (x, y, sum)
#include "igemm_row.h"

PANEL (1, 1)
PANEL (1, 2)

static void
tile_1 (const IrIgemmTile *t)
{
  const size_t size = (size_t) t->taps * t->k * NR;
  const float *w = t->weights;
  int column = 0;

  for (; column + 4 * NR - 8 < t->columns; column += 4 * NR, w += 4 * size)
    row_4_F32 (t, w, column);
  for (; column + 8 < t->columns; column += NR, w += size)
    panel_1x2 (t, w, column);
  if (column < t->columns)
    panel_1x1 (t, w, column);
}

TILE (2)
TILE (3)
TILE (4)
TILE (5)
TILE (6)

static void
tile (const IrIgemmTile *t)
{
  static void (*const by_rows[]) (
      const IrIgemmTile *) = { tile_1, tile_2, tile_3, tile_4, tile_5, tile_6 };

  by_rows[t->rows - 1](t);
}

extern const IrIgemmKernels ir_igemm_avx2;

const IrIgemmKernels ir_igemm_avx2 = {
  .name = "avx2",
  .mr = 6,
  .nr = NR,
  .tile = tile,
  .row_f16 = row_f16,
};
