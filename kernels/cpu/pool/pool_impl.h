/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiled once per instruction set, with IR_LANES floats in a vector: a window's
 * channels stay in registers. */
#include "pool.h"

#include <float.h>
#include <immintrin.h>

/* Which taps of pixel @x lie inside the source. */
static inline void
find_taps (const IrPoolRow *r, int x, int *first, int *end)
{
  const int left = x * r->stride - r->pad;
  const int room = r->in_w - 1 - left;

  *first = left < 0 ? (-left + r->dilation - 1) / r->dilation : 0;
  *end = room >= 0 ? room / r->dilation + 1 : 0;
  if (*end > r->kernel_w)
    *end = r->kernel_w;
}

typedef __m256 vec8;
#define LOAD8(p) _mm256_loadu_ps (p)
#define STORE8(p, v) _mm256_storeu_ps (p, v)
#define SPREAD8(x) _mm256_set1_ps (x)
#define MAX8(x, y) _mm256_max_ps (x, y)
#define ADD8(x, y) _mm256_add_ps (x, y)
#define DIVIDE8(x, y) _mm256_div_ps (x, y)

#if IR_LANES > 8
typedef __m512 vec16;
#define LOAD16(p) _mm512_loadu_ps (p)
#define STORE16(p, v) _mm512_storeu_ps (p, v)
#define SPREAD16(x) _mm512_set1_ps (x)
#define MAX16(x, y) _mm512_max_ps (x, y)
#define ADD16(x, y) _mm512_add_ps (x, y)
#define DIVIDE16(x, y) _mm512_div_ps (x, y)
#endif

/* @vectors vectors of one pixel, at most four. */
#define PIXEL(lanes)                                                           \
  static inline __attribute__ ((always_inline)) void pixel##lanes (            \
      const IrPoolRow *r, int x, int c, int average, int vectors)              \
  {                                                                            \
    const ptrdiff_t from =                                                     \
        (ptrdiff_t) (x * r->stride - r->pad) * (ptrdiff_t) r->in_pitch + c;    \
    const ptrdiff_t next = r->dilation * (ptrdiff_t) r->in_pitch;              \
    const vec##lanes start = SPREAD##lanes (average ? 0 : -FLT_MAX);           \
    vec##lanes v0 = start, v1 = start, v2 = start, v3 = start;                 \
    float *to = r->to + x * r->out_pitch + c;                                  \
    int first, end;                                                            \
                                                                               \
    find_taps (r, x, &first, &end);                                            \
    for (int ky = 0; ky < r->kernel_h; ky++)                                   \
      for (int kx = first; r->rows[ky] && kx < end; kx++) {                    \
        const float *p = r->rows[ky] + from + kx * next;                       \
                                                                               \
        TAKE (lanes, 0)                                                        \
        TAKE (lanes, 1)                                                        \
        TAKE (lanes, 2)                                                        \
        TAKE (lanes, 3)                                                        \
      }                                                                        \
    GIVE (lanes, 0)                                                            \
    GIVE (lanes, 1)                                                            \
    GIVE (lanes, 2)                                                            \
    GIVE (lanes, 3)                                                            \
  }
#define TAKE(lanes, i)                                                         \
  if (vectors > i)                                                             \
    v##i = average ? ADD##lanes (v##i, LOAD##lanes (p + i * lanes))            \
                   : MAX##lanes (v##i, LOAD##lanes (p + i * lanes));
#define GIVE(lanes, i)                                                         \
  if (vectors > i)                                                             \
    STORE##lanes (to + i * lanes,                                              \
        average ? DIVIDE##lanes (v##i, SPREAD##lanes (r->counts[x])) : v##i);

PIXEL (8)
#if IR_LANES > 8
PIXEL (16)
#endif

static inline __attribute__ ((always_inline)) void
any_row (const IrPoolRow *r, int average)
{
  for (int x = 0; x < r->out_w; x++) {
    int c = 0;

#if IR_LANES > 8
    for (; c + 64 <= r->channels; c += 64)
      pixel16 (r, x, c, average, 4);
#endif
    for (; c + 32 <= r->channels; c += 32)
      pixel8 (r, x, c, average, 4);
    for (; c < r->channels; c += 8)
      pixel8 (r, x, c, average, 1);
  }
}

static void
max_row (const IrPoolRow *r)
{
  any_row (r, 0);
}

static void
average_row (const IrPoolRow *r)
{
  any_row (r, 1);
}

extern const IrPoolKernels IR_FN (ir_pool);

const IrPoolKernels IR_FN (ir_pool) = {
  .name = IR_KERNEL_NAME,
  .max_row = max_row,
  .average_row = average_row,
};
