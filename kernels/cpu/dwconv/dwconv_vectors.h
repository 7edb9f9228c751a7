/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef DWCONV_VECTORS_H
#define DWCONV_VECTORS_H

#include <immintrin.h>
#include <math.h>

#define ALWAYS_INLINE inline __attribute__ ((always_inline))
/* The compiler would rather load a number again for each product that it is part of. */
#if IR_LANES > 8
#define IN_REGISTER(v) __asm__("" : "+v"(v))
#else
#define IN_REGISTER(v) __asm__("" : "+x"(v))
#endif

typedef __m256 vec_8;
#define load_8(p) _mm256_loadu_ps (p)
#define store_8(p, v) _mm256_storeu_ps (p, v)
#define spread_8(x) _mm256_set1_ps (x)
#define mad_8(x, y, sum) _mm256_fmadd_ps (x, y, sum)
#define min_8(x, y) _mm256_min_ps (x, y)
#define max_8(x, y) _mm256_max_ps (x, y)

#if IR_LANES > 8
typedef __m512 vec_16;
#define load_16(p) _mm512_loadu_ps (p)
#define store_16(p, v) _mm512_storeu_ps (p, v)
#define spread_16(x) _mm512_set1_ps (x)
#define mad_16(x, y, sum) _mm512_fmadd_ps (x, y, sum)
#define min_16(x, y) _mm512_min_ps (x, y)
#define max_16(x, y) _mm512_max_ps (x, y)
#endif

#endif
