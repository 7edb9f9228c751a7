/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set, with IR_LANES channels in a vector. */
#include "winograd.h"

#include <immintrin.h>

typedef __m256 vec8;
#define LOAD8(p) _mm256_loadu_ps (p)
#define STORE8(p, v) _mm256_storeu_ps (p, v)
#define SPREAD8(x) _mm256_set1_ps (x)
/* The sum is the second operand, so that NaN stays. */
#define CLAMP8(low, high, v) _mm256_min_ps (high, _mm256_max_ps (low, v))

#if IR_LANES > 8
typedef __m512 vec16;
#define LOAD16(p) _mm512_loadu_ps (p)
#define STORE16(p, v) _mm512_storeu_ps (p, v)
#define SPREAD16(x) _mm512_set1_ps (x)
#define CLAMP16(low, high, v) _mm512_min_ps (high, _mm512_max_ps (low, v))
#endif

/* Whether a pixel of the patch is one of the source. */
static inline int
inside_at (const IrWinogradInput *p, int y, int x)
{
  return (unsigned) (p->y + y) < (unsigned) p->in_h &&
      (unsigned) (p->x + x) < (unsigned) p->in_w;
}

/* B' times a column of a patch, A' times a column of products. */
#define LINES_4(lanes)                                                         \
  static inline void input_line4_##lanes (                                     \
      const vec##lanes *d, vec##lanes *to, int to_step)                        \
  {                                                                            \
    const vec##lanes d0 = d[0], d1 = d[1], d2 = d[2];                          \
    const vec##lanes d3 = d[3], d4 = d[4], d5 = d[5];                          \
    const vec##lanes four = SPREAD##lanes (4), five = SPREAD##lanes (5);       \
    const vec##lanes even4 = d4 - four * d2, odd4 = d3 - four * d1;            \
    const vec##lanes even1 = d4 - d2, odd1 = d3 - d1;                          \
                                                                               \
    to[0] = four * d0 - five * d2 + d4;                                        \
    to[to_step] = even4 + odd4;                                                \
    to[2 * to_step] = even4 - odd4;                                            \
    to[3 * to_step] = even1 + (odd1 + odd1);                                   \
    to[4 * to_step] = even1 - (odd1 + odd1);                                   \
    to[5 * to_step] = four * d1 - five * d3 + d5;                              \
  }                                                                            \
                                                                               \
  static inline void output_line4_##lanes (                                    \
      const vec##lanes *m, vec##lanes *to)                                     \
  {                                                                            \
    const vec##lanes s1 = m[1] + m[2];                                         \
    const vec##lanes d1 = m[1] - m[2];                                         \
    const vec##lanes s2 = m[3] + m[4];                                         \
    const vec##lanes d2 = m[3] - m[4];                                         \
                                                                               \
    to[0] = m[0] + s1 + s2;                                                    \
    to[1] = d1 + (d2 + d2);                                                    \
    to[2] = s1 + SPREAD##lanes (4) * s2;                                       \
    to[3] = d1 + SPREAD##lanes (8) * d2 + m[5];                                \
  }

#define LINES_2(lanes)                                                         \
  static inline void input_line2_##lanes (                                     \
      const vec##lanes *d, vec##lanes *to, int to_step)                        \
  {                                                                            \
    to[0] = d[0] - d[2];                                                       \
    to[to_step] = d[1] + d[2];                                                 \
    to[2 * to_step] = d[2] - d[1];                                             \
    to[3 * to_step] = d[1] - d[3];                                             \
  }                                                                            \
                                                                               \
  static inline void output_line2_##lanes (                                    \
      const vec##lanes *m, vec##lanes *to)                                     \
  {                                                                            \
    to[0] = m[0] + m[1] + m[2];                                                \
    to[1] = m[1] - m[2] - m[3];                                                \
  }

/* Column by column: the patch itself is never written to memory. */
#define CHANNELS(tile, patch, lanes)                                           \
  LINES_##tile (lanes)                                                         \
                                                                               \
      static inline void transform##tile##_##lanes (                           \
          const IrWinogradInput *p, int c, int inside)                         \
  {                                                                            \
    const ptrdiff_t pitch = p->pitch, row = p->in_w * pitch;                   \
    const float *from = p->source + p->y * row + p->x * pitch + c;             \
    vec##lanes t[patch * patch];                                               \
                                                                               \
    for (int x = 0; x < patch; x++) {                                          \
      vec##lanes d[patch];                                                     \
                                                                               \
      for (int y = 0; y < patch; y++)                                          \
        d[y] = inside || inside_at (p, y, x)                                   \
            ? LOAD##lanes (from + y * row + x * pitch)                         \
            : SPREAD##lanes (0);                                               \
      input_line##tile##_##lanes (d, t + x, patch);                            \
    }                                                                          \
    for (int y = 0; y < patch; y++) {                                          \
      vec##lanes line[patch];                                                  \
                                                                               \
      input_line##tile##_##lanes (t + patch * y, line, 1);                     \
      for (int x = 0; x < patch; x++)                                          \
        STORE##lanes (p->to + (patch * y + x) * p->step + c, line[x]);         \
    }                                                                          \
  }                                                                            \
                                                                               \
  static void inside##tile##_##lanes (const IrWinogradInput *p, int c)         \
  {                                                                            \
    transform##tile##_##lanes (p, c, 1);                                       \
  }                                                                            \
                                                                               \
  static void border##tile##_##lanes (const IrWinogradInput *p, int c)         \
  {                                                                            \
    transform##tile##_##lanes (p, c, 0);                                       \
  }                                                                            \
                                                                               \
  static void output##tile##_##lanes (const IrWinogradOutput *p, int c)        \
  {                                                                            \
    const vec##lanes low = SPREAD##lanes (p->low);                             \
    const vec##lanes high = SPREAD##lanes (p->high);                           \
    const vec##lanes bias = LOAD##lanes (p->bias + c);                         \
    vec##lanes t[patch][tile];                                                 \
                                                                               \
    for (int x = 0; x < patch; x++) {                                          \
      vec##lanes m[patch];                                                     \
                                                                               \
      for (int y = 0; y < patch; y++)                                          \
        m[y] = LOAD##lanes (p->from + (patch * y + x) * p->step + c);          \
      output_line##tile##_##lanes (m, t[x]);                                   \
    }                                                                          \
    for (int y = 0; y < p->rows; y++) {                                        \
      const size_t at = y * p->row_pitch + c;                                  \
      vec##lanes column[patch], o[tile];                                       \
                                                                               \
      for (int x = 0; x < patch; x++)                                          \
        column[x] = t[x][y];                                                   \
      output_line##tile##_##lanes (column, o);                                 \
      for (int x = 0; x < p->columns; x++) {                                   \
        vec##lanes v = o[x] + bias;                                            \
                                                                               \
        if (p->residual)                                                       \
          v += LOAD##lanes (p->residual + y * p->residual_row_pitch +          \
              x * p->residual_pitch + c);                                      \
        STORE##lanes (p->to + at + x * p->pitch, CLAMP##lanes (low, high, v)); \
      }                                                                        \
    }                                                                          \
  }

CHANNELS (4, 6, 8)
CHANNELS (2, 4, 8)
#if IR_LANES > 8
CHANNELS (4, 6, 16)
CHANNELS (2, 4, 16)
#define EACH_GROUP(function, p)                                                \
  for (int c = 0; c < p->channels;) {                                          \
    if (p->channels - c >= 16) {                                               \
      function##_16 (p, c);                                                    \
      c += 16;                                                                 \
    } else {                                                                   \
      function##_8 (p, c);                                                     \
      c += 8;                                                                  \
    }                                                                          \
  }
#else
#define EACH_GROUP(function, p)                                                \
  for (int c = 0; c < p->channels; c += 8)                                     \
    function##_8 (p, c);
#endif

#define FORM(tile, patch)                                                      \
  static void input##tile (const IrWinogradInput *p)                           \
  {                                                                            \
    if (p->y >= 0 && p->x >= 0 && p->y + patch <= p->in_h &&                   \
        p->x + patch <= p->in_w)                                               \
      EACH_GROUP (inside##tile, p)                                             \
    else                                                                       \
      EACH_GROUP (border##tile, p)                                             \
  }                                                                            \
                                                                               \
  static void output##tile (const IrWinogradOutput *p)                         \
  {                                                                            \
    EACH_GROUP (output##tile, p)                                               \
  }

FORM (4, 6)
FORM (2, 4)

extern const IrWinogradKernels IR_FN (ir_winograd);

const IrWinogradKernels IR_FN (ir_winograd) = {
  .name = IR_KERNEL_NAME,
  .forms = { { 4, input4, output4 }, { 2, input2, output2 } },
};
