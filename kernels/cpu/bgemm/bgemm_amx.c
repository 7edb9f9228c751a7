/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two by two tiles of sums, so that each tile that is loaded is used twice. Sums go
 * through memory, because nothing else reads tiles. */
#include "bgemm.h"

#include <immintrin.h>
#include <string.h>

#define TILE_ROWS 16
#define BLOCK_ROWS (2 * TILE_ROWS)
#define ROW_BYTES 64

/* Tiles: sums 0 to 3, rows 4 and 5, weights 6 and 7. */
#define N_TILES 8

typedef struct {
  uint8_t palette;
  uint8_t start_row;
  uint8_t reserved[14];
  uint16_t row_bytes[16];
  uint8_t rows[16];
} __attribute__ ((aligned (64))) Config;

/* For blocks of @rows rows. */
static void
configure (int rows, int chunk)
{
  const int upper = rows < TILE_ROWS ? rows : TILE_ROWS;
  const int lower = rows > TILE_ROWS ? rows - TILE_ROWS : TILE_ROWS;
  const int by_tile[N_TILES] = { upper, upper, lower, lower, upper, lower,
    chunk / 2, chunk / 2 };
  Config config = { .palette = 1 };

  for (int i = 0; i < N_TILES; i++) {
    config.rows[i] = by_tile[i];
    config.row_bytes[i] = i == 4 || i == 5 ? chunk * 2 : ROW_BYTES;
  }
  _tile_loadconfig (&config);
}

/* Sums of one block and panel; @tall: of more rows than one tile has, @wide: of more
 * columns. */
static inline __attribute__ ((always_inline)) void
add_block (const IrBgemmProduct *p, const uint16_t *from, const uint16_t *w,
    float *sums, int tall, int wide)
{
  const size_t half = (size_t) p->chunk * 16, stride = p->stride * sizeof *from;
  const uint16_t *below = from + TILE_ROWS * p->stride;

  _tile_zero (0);
  _tile_zero (1);
  _tile_zero (2);
  _tile_zero (3);
  for (int t = 0; t < p->chunks; t++, w += 2 * half) {
    _tile_loadd (4, from + p->at[t], stride);
    _tile_loadd (6, w, ROW_BYTES);
    _tile_dpbf16ps (0, 4, 6);
    if (wide) {
      _tile_loadd (7, w + half, ROW_BYTES);
      _tile_dpbf16ps (1, 4, 7);
    }
    if (tall) {
      _tile_loadd (5, below + p->at[t], stride);
      _tile_dpbf16ps (2, 5, 6);
      if (wide)
        _tile_dpbf16ps (3, 5, 7);
    }
  }
  _tile_stored (0, sums, 2 * ROW_BYTES);
  if (wide)
    _tile_stored (1, sums + 16, 2 * ROW_BYTES);
  if (tall) {
    _tile_stored (2, sums + TILE_ROWS * 32, 2 * ROW_BYTES);
    if (wide)
      _tile_stored (3, sums + TILE_ROWS * 32 + 16, 2 * ROW_BYTES);
  }
}

static inline __m512
widen_vector (__m256i x)
{
  return _mm512_castsi512_ps (
      _mm512_slli_epi32 (_mm512_cvtepu16_epi32 (x), 16));
}

static inline __attribute__ ((always_inline)) __m512
load_numbers (const void *row, size_t at, __mmask16 mask, IrBgemmType type)
{
  if (type == IR_BGEMM_F32)
    return _mm512_maskz_loadu_ps (mask, (const float *) row + at);
  return widen_vector (
      _mm256_maskz_loadu_epi16 (mask, (const uint16_t *) row + at));
}

static inline __attribute__ ((always_inline)) void
store_numbers (void *row, size_t at, __mmask16 mask, __m512 x, IrBgemmType type)
{
  if (type == IR_BGEMM_F32)
    _mm512_mask_storeu_ps ((float *) row + at, mask, x);
  else
    _mm256_mask_storeu_epi16 (
        (uint16_t *) row + at, mask, (__m256i) _mm512_cvtneps_pbh (x));
}

typedef struct {
  float *sums;
  const float *bias;
  void *const *to;
  const void *const *residual;
  int rows, columns;
  size_t first;
} Finish;

static __mmask16
lanes (int n)
{
  return n < 16 ? (1u << n) - 1 : 0xffff;
}

/* Where a function comes in between: what precedes it, in place. The sums of rows
 * that nobody wants may be anything. */
static void
prepare (const IrBgemmProduct *p, const Finish *f)
{
  const __m512 low = _mm512_set1_ps (p->low), high = _mm512_set1_ps (p->high);

  for (int v = 0; v < IR_BGEMM_COLUMNS; v += 16) {
    const int left = f->columns - v;
    const __mmask16 mask = left > 0 ? lanes (left) : 0;
    const __m512 bias = _mm512_maskz_loadu_ps (mask, f->bias + v);

    for (int r = 0; r < f->rows; r++) {
      __m512 x = _mm512_maskz_loadu_ps (mask, f->sums + r * 32 + v);

      x = _mm512_add_ps (x, bias);
      if (p->residual && f->to[r])
        x = _mm512_add_ps (x,
            p->residual_type == IR_BGEMM_F32
                ? load_numbers (
                      f->residual[r], f->first + v, mask, IR_BGEMM_F32)
                : load_numbers (
                      f->residual[r], f->first + v, mask, IR_BGEMM_BF16));
      _mm512_storeu_ps (
          f->sums + r * 32 + v, _mm512_min_ps (high, _mm512_max_ps (low, x)));
    }
  }
}

/* Bias, residual, limits; nothing of it where a function has been applied. */
enum {
  NO_RESIDUAL = 2,
  DONE
};

static inline __attribute__ ((always_inline)) void
finish (const IrBgemmProduct *p, const Finish *f, IrBgemmType to_type,
    int residual_type)
{
  const __m512 low = _mm512_set1_ps (p->low), high = _mm512_set1_ps (p->high);

  for (int v = 0; v < f->columns; v += 16) {
    const int left = f->columns - v;
    const __mmask16 mask = lanes (left);
    const __m512 bias = _mm512_loadu_ps (f->bias + v);

    for (int r = 0; r < f->rows; r++) {
      __m512 x;

      if (!f->to[r])
        continue;
      x = _mm512_loadu_ps (f->sums + r * 32 + v);
      if (residual_type != DONE)
        x = _mm512_add_ps (x, bias);
      if (residual_type < NO_RESIDUAL)
        x = _mm512_add_ps (x,
            load_numbers (f->residual[r], f->first + v, mask, residual_type));
      /* The sum is the second operand, so that NaN stays. */
      if (residual_type != DONE)
        x = _mm512_min_ps (high, _mm512_max_ps (low, x));
      store_numbers (f->to[r], f->first + v, mask, x, to_type);
    }
  }
}

static void
finish_block (const IrBgemmProduct *p, const Finish *f)
{
  const int residual = p->function ? DONE
      : p->residual                ? (int) p->residual_type
                                   : NO_RESIDUAL;

#define CASE(to_type, residual_type)                                           \
  case 4 * to_type + residual_type:                                            \
    finish (p, f, to_type, residual_type);                                     \
    break;
  switch (4 * p->to_type + residual) {
    CASE (IR_BGEMM_F32, IR_BGEMM_F32)
    CASE (IR_BGEMM_F32, IR_BGEMM_BF16)
    CASE (IR_BGEMM_F32, NO_RESIDUAL)
    CASE (IR_BGEMM_F32, DONE)
    CASE (IR_BGEMM_BF16, IR_BGEMM_F32)
    CASE (IR_BGEMM_BF16, IR_BGEMM_BF16)
    CASE (IR_BGEMM_BF16, NO_RESIDUAL)
    CASE (IR_BGEMM_BF16, DONE)
  }
#undef CASE
}

static void
make_block (const IrBgemmProduct *p, int row, int rows, int column)
{
  const size_t panel = (size_t) p->chunks * p->chunk * IR_BGEMM_COLUMNS;
  const uint16_t *from = p->from + row * p->stride;
  const uint16_t *w = p->weights + column / IR_BGEMM_COLUMNS * panel;
  const int left = p->columns - column;
  float sums[BLOCK_ROWS * 32] __attribute__ ((aligned (64)));
  const Finish f = { sums, p->bias + column, p->to + row,
    p->residual ? p->residual + row : NULL, rows,
    left < IR_BGEMM_COLUMNS ? left : IR_BGEMM_COLUMNS, p->first + column };

  if (rows > TILE_ROWS && left > 16)
    add_block (p, from, w, sums, 1, 1);
  else if (rows > TILE_ROWS)
    add_block (p, from, w, sums, 1, 0);
  else if (left > 16)
    add_block (p, from, w, sums, 0, 1);
  else
    add_block (p, from, w, sums, 0, 0);
  if (p->function) {
    prepare (p, &f);
    p->function->change (p->function->data, sums, rows, column, f.columns);
  }
  finish_block (p, &f);
}

/* Panel by panel: weights that are too many for a cache are read once. */
static void
multiply (const IrBgemmProduct *p)
{
  const int rest = p->rows % BLOCK_ROWS, whole = p->rows - rest;

  for (int c = 0; c < p->columns; c += IR_BGEMM_COLUMNS) {
    if (whole > 0 && (c == 0 || rest > 0))
      configure (BLOCK_ROWS, p->chunk);
    for (int r = 0; r < whole; r += BLOCK_ROWS)
      make_block (p, r, BLOCK_ROWS, c);
    if (rest > 0) {
      if (whole > 0 || c == 0)
        configure (rest, p->chunk);
      make_block (p, whole, rest, c);
    }
  }
  _tile_release ();
}

/* As one long pixel where nothing lies between them. */
static IrBgemmPixels
join (const IrBgemmPixels *p)
{
  IrBgemmPixels joined = *p;

  if (p->channels == p->from_pitch && p->channels == p->width &&
      p->width == p->to_pitch) {
    joined.channels *= p->pixels;
    joined.from_pitch = joined.width = joined.to_pitch = joined.channels;
    joined.pixels = p->pixels > 0;
  }
  return joined;
}

static __mmask32
first_lanes (size_t n)
{
  return n < 32 ? (1u << n) - 1 : 0xffffffff;
}

static void
narrow (const IrBgemmPixels *pixels, const float *from, uint16_t *to)
{
  const IrBgemmPixels p = join (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 32) {
      const __mmask32 in = first_lanes (c < p.channels ? p.channels - c : 0);
      const __m512 low = _mm512_maskz_loadu_ps (in, from + c);
      const __m512 high = _mm512_maskz_loadu_ps (in >> 16, from + c + 16);

      _mm512_mask_storeu_epi16 (to + c, first_lanes (p.width - c),
          (__m512i) _mm512_cvtne2ps_pbh (high, low));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

static void
widen (const IrBgemmPixels *pixels, const uint16_t *from, float *to)
{
  const IrBgemmPixels p = join (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 16) {
      const __mmask16 in = first_lanes (c < p.channels ? p.channels - c : 0);

      _mm512_mask_storeu_ps (to + c, first_lanes (p.width - c),
          widen_vector (_mm256_maskz_loadu_epi16 (in, from + c)));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

extern const IrBgemmKernels ir_bgemm_amx;

const IrBgemmKernels ir_bgemm_amx = {
  .name = "amx",
  .multiply = multiply,
  .narrow = narrow,
  .widen = widen,
};
