/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One row of a product: every weight is read once, so memory sets the pace. Panels
 * go side by side: their sums hide the latency of the multiply-add, and several
 * streams of weights are on their way at a time. The including file has the
 * vectors, VEC of LANES floats, and panels of NR = 2 * LANES columns. */

#define PANELS_1(X) X (0)
#define PANELS_4(X) X (0) X (1) X (2) X (3)

#define ROW_SUMS(n)                                                            \
  VEC sa##n = LOAD (bias + n * NR), sb##n = LOAD (bias + n * NR + LANES);
#define ROW_BEGIN(n) VEC a##n = SPREAD (0), b##n = SPREAD (0);
#define ROW_END(n)                                                             \
  sa##n = ADD (sa##n, a##n);                                                   \
  sb##n = ADD (sb##n, b##n);
#define ROW_ADD_F32(n)                                                         \
  a##n = FMA (x, LOAD (w + n * size), a##n);                                   \
  b##n = FMA (x, LOAD (w + n * size + LANES), b##n);
#define ROW_ADD_F16(n)                                                         \
  a##n = FMA (x, WIDEN (w + n * size), a##n);                                  \
  b##n = FMA (x, WIDEN (w + n * size + LANES), b##n);
#define ROW_RESIDUAL(n)                                                        \
  sa##n = ADD (sa##n, LOAD (t->residual + column + n * NR));                   \
  sb##n = ADD (sb##n, LOAD (t->residual + column + n * NR + LANES));
#define ROW_STORE(n)                                                           \
  STORE (to + n * NR, CLAMP (sa##n));                                          \
  STORE (to + n * NR + LANES, CLAMP (sb##n));

#define ROW_PANELS(panels, Weight, TYPE)                                       \
  static void row_##panels##_##TYPE (                                          \
      const IrIgemmTile *t, const Weight *w, int column)                       \
  {                                                                            \
    const size_t size = (size_t) t->taps * t->k * NR;                          \
    const VEC low = SPREAD (t->low), high = SPREAD (t->high);                  \
    const float *bias = t->bias + column;                                      \
    float *to = t->to + column;                                                \
    PANELS_##panels (ROW_SUMS)                                                 \
                                                                               \
        for (int tap = 0; tap < t->taps; tap++)                                \
    {                                                                          \
      const float *from = t->at[tap];                                          \
                                                                               \
      for (ptrdiff_t i = 0; i < t->k;) {                                       \
        const ptrdiff_t end =                                                  \
            i + IR_IGEMM_RUN < t->k ? i + IR_IGEMM_RUN : t->k;                 \
        PANELS_##panels (ROW_BEGIN)                                            \
                                                                               \
            for (; i < end; i++, w += NR)                                      \
        {                                                                      \
          const VEC x = SPREAD (from[i]);                                      \
                                                                               \
          PANELS_##panels (ROW_ADD_##TYPE)                                     \
        }                                                                      \
        PANELS_##panels (ROW_END)                                              \
      }                                                                        \
    }                                                                          \
    if (t->residual) {                                                         \
      PANELS_##panels (ROW_RESIDUAL)                                           \
    }                                                                          \
    PANELS_##panels (ROW_STORE)                                                \
  }

ROW_PANELS (4, float, F32)
ROW_PANELS (1, uint16_t, F16)
ROW_PANELS (4, uint16_t, F16)

static void
row_f16 (const IrIgemmTile *t, const uint16_t *w)
{
  const size_t size = (size_t) t->taps * t->k * NR;
  int column = 0;

  for (; column + 3 * NR < t->columns; column += 4 * NR, w += 4 * size)
    row_4_F16 (t, w, column);
  for (; column < t->columns; column += NR, w += size)
    row_1_F16 (t, w, column);
}
