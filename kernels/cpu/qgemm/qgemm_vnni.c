/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Eight rows by two vectors of sums at a time. */
#include "qgemm_avx512.h"

#define ROWS 8

static inline void
configure (int rows, int chunk)
{
  (void) rows;
  (void) chunk;
}

/* Sums have names of their own: gcc keeps an array of them in memory. */
#define EACH(X) X (0) X (1) X (2) X (3) X (4) X (5) X (6) X (7)
#define ZERO(r) __m512i a##r = zero, b##r = zero;
#define ADD(r)                                                                 \
  {                                                                            \
    const __m512i x = _mm512_set1_epi32 (load_four (row##r + i));              \
    a##r = _mm512_dpbusd_epi32 (a##r, x, w0);                                  \
    b##r = _mm512_dpbusd_epi32 (b##r, x, w1);                                  \
  }
#define ROW(r)                                                                 \
  const uint8_t *row##r =                                                      \
      from + p->at[t] + (r < rows ? r : rows - 1) * p->stride;
#define STORE(r)                                                               \
  if (r < rows) {                                                              \
    _mm512_storeu_si512 (sums + r * width, a##r);                              \
    if (width > 16)                                                            \
      _mm512_storeu_si512 (sums + r * width + 16, b##r);                       \
  }

static inline int
load_four (const uint8_t *from)
{
  int four;

  memcpy (&four, from, sizeof four);
  return four;
}

/* Of up to ROWS rows; those that are missing are the last one again. */
static void
add_rows (const Block *b, const uint8_t *from, int rows, const int8_t *w,
    int32_t *sums, Ahead ahead[2])
{
  const IrQgemmProduct *p = b->p;
  const int width = ir_qgemm_width (b->columns);
  const ptrdiff_t half = (ptrdiff_t) p->chunk * 16;
  const __m512i zero = _mm512_setzero_si512 ();
  EACH (ZERO)

  for (int t = 0; t < p->chunks; t++, w += 2 * half) {
    EACH (ROW)

    for (ptrdiff_t i = 0; i < p->chunk; i += 4) {
      const __m512i w0 = _mm512_loadu_si512 (w + i * 16);
      const __m512i w1 = _mm512_loadu_si512 (w + half + i * 16);

      EACH (ADD)
    }
    fetch (&ahead[0]);
    fetch (&ahead[1]);
  }
  EACH (STORE)
}

/* What is fetched ahead goes with the first rows of a block. */
static void
add_block (const Block *b, const uint8_t *from, const int8_t *w, Ahead ahead[2])
{
  const int width = ir_qgemm_width (b->columns);
  Ahead none[2] = { { NULL, 0 }, { NULL, 0 } };

  for (int r = 0; r < b->rows; r += ROWS)
    add_rows (b, from + r * b->p->stride,
        b->rows - r < ROWS ? b->rows - r : ROWS, w, b->sums + r * width,
        r ? none : ahead);
}

extern const IrQgemmKernels ir_qgemm_vnni;

const IrQgemmKernels ir_qgemm_vnni = {
  .name = "vnni",
  .size = 1,
  .multiply = multiply_in_blocks,
  .quantize = quantize,
  .dequantize = dequantize,
  .join = join,
};
