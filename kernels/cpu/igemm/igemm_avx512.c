/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Fourteen rows by two vectors fill the 32 registers. */
#include "igemm.h"

#include <immintrin.h>

#define NR 32

/* Sums have names of their own: gcc keeps an array of them in memory. */
#define ROWS_1(X) X (0)
#define ROWS_2(X) ROWS_1 (X) X (1)
#define ROWS_3(X) ROWS_2 (X) X (2)
#define ROWS_4(X) ROWS_3 (X) X (3)
#define ROWS_5(X) ROWS_4 (X) X (4)
#define ROWS_6(X) ROWS_5 (X) X (5)
#define ROWS_7(X) ROWS_6 (X) X (6)
#define ROWS_8(X) ROWS_7 (X) X (7)
#define ROWS_9(X) ROWS_8 (X) X (8)
#define ROWS_10(X) ROWS_9 (X) X (9)
#define ROWS_11(X) ROWS_10 (X) X (10)
#define ROWS_12(X) ROWS_11 (X) X (11)
#define ROWS_13(X) ROWS_12 (X) X (12)
#define ROWS_14(X) ROWS_13 (X) X (13)

#define SUMS_2(r) __m512 a##r = bias0, b##r = bias1;
#define SUMS_1(r) __m512 a##r = bias0;
/* Where general registers run out, a row's address is read where it is used. */
#define ADD_2(r)                                                               \
  {                                                                            \
    const __m512 x = _mm512_set1_ps (at[r][i]);                                \
    a##r = _mm512_fmadd_ps (x, w0, a##r);                                      \
    b##r = _mm512_fmadd_ps (x, w1, b##r);                                      \
  }
#define ADD_1(r) a##r = _mm512_fmadd_ps (_mm512_set1_ps (at[r][i]), w0, a##r);
#define ROW(p, r) ((p) + (r) *t->p##_stride)
#define RESIDUAL_2(r)                                                          \
  a##r = _mm512_add_ps (a##r, _mm512_loadu_ps (ROW (residual, r)));            \
  b##r = _mm512_add_ps (                                                       \
      b##r, _mm512_maskz_loadu_ps (last, ROW (residual, r) + 16));
#define RESIDUAL_1(r)                                                          \
  a##r = _mm512_add_ps (a##r, _mm512_maskz_loadu_ps (last, ROW (residual, r)));
/* The sum is the second operand, so that NaN stays. */
#define CLAMP(x) _mm512_min_ps (high, _mm512_max_ps (low, x))
#define STORE_2(r)                                                             \
  _mm512_storeu_ps (ROW (to, r), CLAMP (a##r));                                \
  _mm512_mask_storeu_ps (ROW (to, r) + 16, last, CLAMP (b##r));
#define STORE_1(r) _mm512_mask_storeu_ps (ROW (to, r), last, CLAMP (a##r));

#define BIAS_1 const __m512 bias0 = _mm512_maskz_loadu_ps (last, bias);
#define BIAS_2                                                                 \
  const __m512 bias0 = _mm512_loadu_ps (bias);                                 \
  const __m512 bias1 = _mm512_maskz_loadu_ps (last, bias + 16);
#define WEIGHTS_1 const __m512 w0 = _mm512_loadu_ps (w);
#define WEIGHTS_2 WEIGHTS_1 const __m512 w1 = _mm512_loadu_ps (w + 16);

/* Memory is slower than the sums: what they meet in the end and what the next tile
 * takes is on its way while they are made, a line or two per step, so that weights
 * don't wait behind it. */
#define FETCH(p) _mm_prefetch ((const char *) (p), _MM_HINT_T0)
/* To the second level, where more requests find room: weights are many. */
#define FETCH_FAR(p) _mm_prefetch ((const char *) (p), _MM_HINT_T1)
#define FETCH_1(p) FETCH (p);
#define FETCH_2(p)                                                             \
  FETCH (p);                                                                   \
  FETCH (p + 16);

typedef struct {
  const float *rows, *weights;
  ptrdiff_t rows_step, weights_step;
} Next;

static inline Next
first_next (const IrIgemmTile *t)
{
  return (Next){ .rows = t->next_rows ? t->next_rows : t->weights,
    .weights = t->next_weights ? t->next_weights : t->weights,
    .rows_step = t->next_rows ? 16 : 0,
    .weights_step = t->next_weights ? 16 : 0 };
}

/* One panel's time is enough for the rows. */
static inline Next
after_panel (Next next, size_t lines)
{
  next.rows_step = 0;
  next.weights += lines * next.weights_step;
  return next;
}

#define STEP(mr, nv)                                                           \
  WEIGHTS_##nv ROWS_##mr (ADD_##nv);                                           \
  w += NR;                                                                     \
  i++;

/* @last says which lanes of the last vector are written. */
#define PANEL(mr, nv)                                                          \
  static inline void panel_##mr##x##nv (const IrIgemmTile *t, const float *w,  \
      int column, __mmask16 last, Next next)                                   \
  {                                                                            \
    const __m512 low = _mm512_set1_ps (t->low);                                \
    const __m512 high = _mm512_set1_ps (t->high);                              \
    const float *bias = t->bias + column;                                      \
    const float *const *at = t->at;                                            \
    float *to = t->to + column;                                                \
    const float *residual = t->residual ? t->residual + column : to;           \
    const size_t residual_stride =                                             \
        t->residual ? t->residual_stride : t->to_stride;                       \
    const float *to_line = to, *residual_line = residual;                      \
    const ptrdiff_t k = t->taps > 0 ? t->k : 0, lines = k < mr ? k : mr;       \
    ptrdiff_t i = 0;                                                           \
    BIAS_##nv ROWS_##mr (SUMS_##nv)                                            \
                                                                               \
        while (i < lines)                                                      \
    {                                                                          \
      STEP (mr, nv)                                                            \
      FETCH_##nv (to_line) to_line += t->to_stride;                            \
      FETCH_##nv (residual_line) residual_line += residual_stride;             \
    }                                                                          \
    for (int tap = 0; tap < t->taps; tap++, at += mr, i = 0)                   \
      while (i < k) {                                                          \
        STEP (mr, nv)                                                          \
        FETCH (next.rows);                                                     \
        next.rows += next.rows_step;                                           \
        FETCH_FAR (next.weights);                                              \
        next.weights += next.weights_step;                                     \
      }                                                                        \
    if (t->residual) {                                                         \
      ROWS_##mr (RESIDUAL_##nv)                                                \
    }                                                                          \
    ROWS_##mr (STORE_##nv)                                                     \
  }

#define TILE(mr)                                                               \
  PANEL (mr, 1)                                                                \
  PANEL (mr, 2)                                                                \
  static void tile_##mr (const IrIgemmTile *t)                                 \
  {                                                                            \
    const size_t lines = (size_t) t->taps * t->k, size = lines * NR;           \
    const float *w = t->weights;                                               \
    Next next = first_next (t);                                                \
                                                                               \
    for (int column = 0; column < t->columns; column += NR, w += size) {       \
      const int left = t->columns - column, rest = left & 15;                  \
      const __mmask16 last =                                                   \
          rest > 0 && rest <= 8 && left < NR ? 0xff : 0xffff;                  \
                                                                               \
      if (left > 16)                                                           \
        panel_##mr##x2 (t, w, column, last, next);                             \
      else                                                                     \
        panel_##mr##x1 (t, w, column, last, next);                             \
      next = after_panel (next, lines);                                        \
    }                                                                          \
  }

#define VEC __m512
#define LANES 16
#define LOAD(p) _mm512_loadu_ps (p)
#define WIDEN(p) _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i *) (p)))
#define STORE(p, v) _mm512_storeu_ps (p, v)
#define SPREAD(x) _mm512_set1_ps (x)
#define ADD(x, y) _mm512_add_ps (x, y)
#define FMA(x, y, sum) _mm512_fmadd_ps (x, y, sum)
#include "igemm_row.h"

TILE (1)
TILE (2)
TILE (3)
TILE (4)
TILE (5)
TILE (6)
TILE (7)
TILE (8)
TILE (9)
TILE (10)
TILE (11)
TILE (12)
TILE (13)
TILE (14)

/* Whole panels four at a time, the rest as ever. */
static void
tile_row (const IrIgemmTile *t)
{
  const size_t size = (size_t) t->taps * t->k * NR;
  IrIgemmTile rest = *t;

  for (; rest.columns >= 4 * NR; rest.columns -= 4 * NR) {
    row_4_F32 (t, rest.weights, t->columns - rest.columns);
    rest.weights += 4 * size;
  }
  rest.bias += t->columns - rest.columns;
  rest.to += t->columns - rest.columns;
  if (rest.residual)
    rest.residual += t->columns - rest.columns;
  tile_1 (&rest);
}

static void
tile (const IrIgemmTile *t)
{
  static void (*const by_rows[]) (const IrIgemmTile *) = { tile_row, tile_2,
    tile_3, tile_4, tile_5, tile_6, tile_7, tile_8, tile_9, tile_10, tile_11,
    tile_12, tile_13, tile_14 };

  by_rows[t->rows - 1](t);
}

extern const IrIgemmKernels ir_igemm_avx512;

const IrIgemmKernels ir_igemm_avx512 = {
  .name = "avx512",
  .mr = 14,
  .nr = NR,
  .tile = tile,
  .row_f16 = row_f16,
};
