/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define IR_LANES 16
#include "bdwconv.h"
#include "dwconv/dwconv_vectors.h"

typedef IrBdwconvLines Lines;
typedef uint16_t Number;

typedef struct {
  uint16_t *to;
  float *to_f32;
} Target;

static inline Target
target (const Lines *l)
{
  return (Target){ l->to, l->to_f32 };
}

static inline vec_16
read_16 (const Number *from)
{
  const __m512i wide =
      _mm512_cvtepu16_epi32 (_mm256_loadu_si256 ((const __m256i *) from));

  return _mm512_castsi512_ps (_mm512_slli_epi32 (wide, 16));
}

static inline vec_8
read_8 (const Number *from)
{
  const __m256i wide =
      _mm256_cvtepu16_epi32 (_mm_loadu_si128 ((const __m128i *) from));

  return _mm256_castsi256_ps (_mm256_slli_epi32 (wide, 16));
}

static inline void
write_16 (Target to, size_t at, vec_16 v)
{
  if (to.to)
    _mm256_storeu_si256 (
        (__m256i *) (to.to + at), (__m256i) _mm512_cvtneps_pbh (v));
  else
    store_16 (to.to_f32 + at, v);
}

static inline void
write_8 (Target to, size_t at, vec_8 v)
{
  if (to.to)
    _mm_storeu_si128 (
        (__m128i *) (to.to + at), (__m128i) _mm256_cvtneps_pbh (v));
  else
    store_8 (to.to_f32 + at, v);
}

#include "dwconv/dwconv_strips.h"

extern const IrBdwconvKernels ir_bdwconv_bf16;

const IrBdwconvKernels ir_bdwconv_bf16 = {
  .name = "bf16",
  .lines = lines,
};
