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

#define CHANNELS(lanes)                                                        \
  static inline void input_line##lanes (                                       \
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
  /* Column by column: the patch itself is never written to memory. */         \
  static inline void transform##lanes (                                        \
      const IrWinogradInput *p, int c, int inside)                             \
  {                                                                            \
    const ptrdiff_t pitch = p->pitch, row = p->in_w * pitch;                   \
    const float *from = p->source + p->y * row + p->x * pitch + c;             \
    vec##lanes t[36];                                                          \
                                                                               \
    for (int x = 0; x < 6; x++) {                                              \
      vec##lanes d[6];                                                         \
                                                                               \
      for (int y = 0; y < 6; y++)                                              \
        d[y] = inside || inside_at (p, y, x)                                   \
            ? LOAD##lanes (from + y * row + x * pitch)                         \
            : SPREAD##lanes (0);                                               \
      input_line##lanes (d, t + x, 6);                                         \
    }                                                                          \
    for (int y = 0; y < 6; y++) {                                              \
      vec##lanes line[6];                                                      \
                                                                               \
      input_line##lanes (t + 6 * y, line, 1);                                  \
      for (int x = 0; x < 6; x++)                                              \
        STORE##lanes (p->to + (6 * y + x) * p->step + c, line[x]);             \
    }                                                                          \
  }                                                                            \
                                                                               \
  static void inside##lanes (const IrWinogradInput *p, int c)                  \
  {                                                                            \
    transform##lanes (p, c, 1);                                                \
  }                                                                            \
                                                                               \
  static void border##lanes (const IrWinogradInput *p, int c)                  \
  {                                                                            \
    transform##lanes (p, c, 0);                                                \
  }                                                                            \
                                                                               \
  static inline void output_line##lanes (const vec##lanes *m, vec##lanes *to)  \
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
  }                                                                            \
                                                                               \
  static void output##lanes (const IrWinogradOutput *p, int c)                 \
  {                                                                            \
    const vec##lanes low = SPREAD##lanes (p->low);                             \
    const vec##lanes high = SPREAD##lanes (p->high);                           \
    const vec##lanes bias = LOAD##lanes (p->bias + c);                         \
    vec##lanes t[6][4];                                                        \
                                                                               \
    for (int x = 0; x < 6; x++) {                                              \
      vec##lanes m[6];                                                         \
                                                                               \
      for (int y = 0; y < 6; y++)                                              \
        m[y] = LOAD##lanes (p->from + (6 * y + x) * p->step + c);              \
      output_line##lanes (m, t[x]);                                            \
    }                                                                          \
    for (int y = 0; y < p->rows; y++) {                                        \
      const size_t at = y * p->row_pitch + c;                                  \
      vec##lanes column[6], o[4];                                              \
                                                                               \
      for (int x = 0; x < 6; x++)                                              \
        column[x] = t[x][y];                                                   \
      output_line##lanes (column, o);                                          \
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

CHANNELS (8)
#if IR_LANES > 8
CHANNELS (16)
#define EACH_GROUP(function, p)                                                \
  for (int c = 0; c < p->channels;) {                                          \
    if (p->channels - c >= 16) {                                               \
      function##16(p, c);                                                      \
      c += 16;                                                                 \
    } else {                                                                   \
      function##8(p, c);                                                       \
      c += 8;                                                                  \
    }                                                                          \
  }
#else
#define EACH_GROUP(function, p)                                                \
  for (int c = 0; c < p->channels; c += 8)                                     \
    function##8(p, c);
#endif

static void
input (const IrWinogradInput *p)
{
  if (p->y >= 0 && p->x >= 0 && p->y + 6 <= p->in_h && p->x + 6 <= p->in_w)
    EACH_GROUP (inside, p)
  else
    EACH_GROUP (border, p)
}

static void
output (const IrWinogradOutput *p)
{
  EACH_GROUP (output, p)
}

extern const IrWinogradKernels IR_FN (ir_winograd);

const IrWinogradKernels IR_FN (ir_winograd) = {
  .name = IR_KERNEL_NAME,
  .input = input,
  .output = output,
};
