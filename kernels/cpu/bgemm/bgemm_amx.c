/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two by two tiles of sums, so that each tile that is loaded is used twice. Sums go
 * through memory, because nothing else reads tiles. */
#include "bgemm.h"

#include <immintrin.h>
#include <string.h>

#define TILE_ROWS 16
#define BLOCK_ROWS (2 * TILE_ROWS)
#define ROW_BYTES 64
#define LINE 64
/* Weights that stay in the second-level cache beside the rows. */
#define WEIGHTS_BYTES (512 << 10)
/* How far memory is behind. */
#define AHEAD_BYTES (8 << 10)

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
  /* The intrinsic of some compilers reads the first bytes only, as far as they know. */
  __asm__ volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig (&config);
}

/* What is going to be needed, a part of it with each chunk. */
typedef struct {
  const char *at;
  int lines;
} Ahead;

static inline void
fetch (Ahead *ahead)
{
  for (int i = 0; i < ahead->lines; i++, ahead->at += LINE)
    _mm_prefetch (ahead->at, _MM_HINT_T1);
}

/* What is read after the product, shared out among @chunks chunks of it, no more of
 * it at a time than they have themselves. */
static Ahead
later_ahead (const IrBgemmProduct *p, size_t chunks)
{
  const size_t lines = p->later && chunks > 0
      ? (p->later_bytes / LINE + chunks - 1) / chunks
      : 0;

  return (
      Ahead){ p->later, lines < (size_t) p->chunk ? (int) lines : p->chunk };
}

/* Sums of one block and panel; @tall: of more rows than one tile has, @wide: of more
 * columns. */
static inline __attribute__ ((always_inline)) void
add_block (const IrBgemmProduct *p, const uint16_t *from, const uint16_t *w,
    float *sums, Ahead ahead[2], int tall, int wide)
{
  const size_t half = (size_t) p->chunk * 16, stride = p->stride * sizeof *from;
  const uint16_t *below = from + TILE_ROWS * p->stride;
  const int width = wide ? IR_BGEMM_COLUMNS : IR_BGEMM_COLUMNS / 2;

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
    fetch (&ahead[0]);
    fetch (&ahead[1]);
  }
  _tile_stored (0, sums, width * sizeof *sums);
  if (wide)
    _tile_stored (1, sums + 16, width * sizeof *sums);
  if (tall) {
    _tile_stored (2, sums + TILE_ROWS * width, width * sizeof *sums);
    if (wide)
      _tile_stored (3, sums + TILE_ROWS * width + 16, width * sizeof *sums);
  }
}

static __mmask32
first_lanes (int n)
{
  return n < 32 ? (1u << n) - 1 : 0xffffffff;
}

static inline __m512
widen_vector (__m256i x)
{
  return _mm512_castsi512_ps (
      _mm512_slli_epi32 (_mm512_cvtepu16_epi32 (x), 16));
}

static inline __attribute__ ((always_inline)) __m512
load_numbers (const void *from, size_t at, __mmask16 mask, IrBgemmType type)
{
  if (type == IR_BGEMM_F32)
    return _mm512_maskz_loadu_ps (mask, (const float *) from + at);
  return widen_vector (
      _mm256_maskz_loadu_epi16 (mask, (const uint16_t *) from + at));
}

static inline __attribute__ ((always_inline)) void
store_numbers (void *to, size_t at, __mmask32 mask, __m512 low, __m512 high,
    IrBgemmType type)
{
  if (type == IR_BGEMM_F32) {
    _mm512_mask_storeu_ps ((float *) to + at, mask, low);
    _mm512_mask_storeu_ps ((float *) to + at + 16, mask >> 16, high);
  } else {
    _mm512_mask_storeu_epi16 (
        (uint16_t *) to + at, mask, (__m512i) _mm512_cvtne2ps_pbh (high, low));
  }
}

/* The sums of a block and where they belong. */
typedef struct {
  const IrBgemmProduct *p;
  float *sums;
  int row, rows;
  int column, columns;
} Block;

/* The first result from @row on. */
static size_t
find_result (const IrBgemmProduct *p, int row)
{
  const int x = row % p->line;

  return (size_t) (row / p->line) * p->wanted + (x < p->wanted ? x : p->wanted);
}

/* What is left to do before numbers are written; all, or what does not precede the
 * function, which has been applied. */
enum {
  ADD_F32 = IR_BGEMM_F32,
  ADD_BF16 = IR_BGEMM_BF16,
  ADD_NOTHING,
  DONE
};

/* Bias, residual and limits of the results of a block, as @more says; they are kept,
 * or written as @type. */
static inline __attribute__ ((always_inline)) void
finish (const Block *b, int more, int keep, IrBgemmType type)
{
  const IrBgemmProduct *p = b->p;
  const __m512 low = _mm512_set1_ps (p->low), high = _mm512_set1_ps (p->high);
  const __mmask32 mask = first_lanes (b->columns);
  const __mmask16 upper = b->columns > 16 ? 0xffff : 0;
  const int width = ir_bgemm_width (b->columns);
  const __m512 bias0 = _mm512_loadu_ps (p->bias + b->column);
  const __m512 bias1 = _mm512_loadu_ps (p->bias + b->column + 16);
  int x = b->row % p->line;
  const size_t first = find_result (p, b->row);
  size_t to = first * p->to_pitch + b->column;
  size_t add = first * p->residual_pitch + b->column;

  for (int r = 0; r < b->rows; r++) {
    float *sums = b->sums + r * width;

    if (x < p->wanted) {
      __m512 v0 = _mm512_loadu_ps (sums);
      __m512 v1 = _mm512_maskz_loadu_ps (upper, sums + 16);

      if (more != DONE) {
        v0 = _mm512_add_ps (v0, bias0);
        v1 = _mm512_add_ps (v1, bias1);
      }
      if (more < ADD_NOTHING) {
        v0 = _mm512_add_ps (v0, load_numbers (p->residual, add, mask, more));
        v1 = _mm512_add_ps (
            v1, load_numbers (p->residual, add + 16, mask >> 16, more));
      }
      /* The sum is the second operand, so that NaN stays. */
      if (more != DONE) {
        v0 = _mm512_min_ps (high, _mm512_max_ps (low, v0));
        v1 = _mm512_min_ps (high, _mm512_max_ps (low, v1));
      }
      if (keep) {
        _mm512_storeu_ps (sums, v0);
        _mm512_mask_storeu_ps (sums + 16, upper, v1);
      } else {
        store_numbers (p->to, to, mask, v0, v1, type);
      }
      to += p->to_pitch;
      add += p->residual_pitch;
    }
    if (++x == p->line)
      x = 0;
  }
}

static void
finish_block (const Block *b)
{
  const IrBgemmProduct *p = b->p;
  const int more = p->residual ? (int) p->residual_type : ADD_NOTHING;

#define CASE(more, keep, type)                                                 \
  case 6 * more + 2 * keep + type:                                             \
    finish (b, more, keep, type);                                              \
    break;
#define CASES(more)                                                            \
  CASE (more, 0, IR_BGEMM_F32)                                                 \
  CASE (more, 0, IR_BGEMM_BF16) CASE (more, 1, IR_BGEMM_F32)
  switch (6 * more + (p->function ? 2 : (int) p->to_type)) {
    CASES (ADD_F32)
    CASES (ADD_BF16)
    CASES (ADD_NOTHING)
  }
#undef CASES
#undef CASE
  if (!p->function)
    return;
  p->function->change (
      p->function->data, b->sums, b->rows, b->column, b->columns);
  if (p->to_type == IR_BGEMM_BF16)
    finish (b, DONE, 0, IR_BGEMM_BF16);
  else
    finish (b, DONE, 0, IR_BGEMM_F32);
}

static void
make_block (
    const IrBgemmProduct *p, int row, int rows, int column, Ahead ahead[2])
{
  const size_t panel = (size_t) p->chunks * p->chunk * IR_BGEMM_COLUMNS;
  const uint16_t *from = p->from + row * p->stride;
  const uint16_t *w = p->weights + column / IR_BGEMM_COLUMNS * panel;
  const int left = p->columns - column;
  float sums[BLOCK_ROWS * IR_BGEMM_COLUMNS] __attribute__ ((aligned (64)));
  const Block b = { p, sums, row, rows, column,
    left < IR_BGEMM_COLUMNS ? left : IR_BGEMM_COLUMNS };

  if (rows > TILE_ROWS && left > 16)
    add_block (p, from, w, sums, ahead, 1, 1);
  else if (rows > TILE_ROWS)
    add_block (p, from, w, sums, ahead, 1, 0);
  else if (left > 16)
    add_block (p, from, w, sums, ahead, 0, 1);
  else
    add_block (p, from, w, sums, ahead, 0, 0);
  finish_block (&b);
}

/* Panel by panel: weights that are too many for a cache are read once, those of the
 * next panel while this one's are used. */
static void
multiply_by_panels (const IrBgemmProduct *p)
{
  const int rest = p->rows % BLOCK_ROWS, whole = p->rows - rest;
  const int blocks = (p->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const size_t panel = (size_t) p->chunks * p->chunk * IR_BGEMM_COLUMNS;
  const uint16_t *w = p->weights;

  for (int c = 0; c < p->columns; c += IR_BGEMM_COLUMNS) {
    const Ahead next = { (const char *) (w += panel),
      (p->chunk + blocks - 1) / blocks };
    Ahead ahead[2] = { c + IR_BGEMM_COLUMNS < p->columns
          ? next
          : later_ahead (p, (size_t) blocks * p->chunks) };

    if (whole > 0 && (c == 0 || rest > 0))
      configure (BLOCK_ROWS, p->chunk);
    for (int r = 0; r < whole; r += BLOCK_ROWS)
      make_block (p, r, BLOCK_ROWS, c, ahead);
    if (rest > 0) {
      if (whole > 0 || c == 0)
        configure (rest, p->chunk);
      make_block (p, whole, rest, c, ahead);
    }
  }
}

/* What is added to the rows from @row on, a part of it with each chunk of those
 * before. */
static Ahead
residual_ahead (const IrBgemmProduct *p, int row)
{
  const size_t size = p->residual_type == IR_BGEMM_BF16 ? 2 : 4;
  const size_t pitch = p->residual_pitch * size;
  const size_t lines = (BLOCK_ROWS * pitch + LINE - 1) / LINE;
  const int panels = (p->columns + IR_BGEMM_COLUMNS - 1) / IR_BGEMM_COLUMNS;
  const size_t chunks = (size_t) panels * p->chunks;

  return (Ahead){ (const char *) p->residual + find_result (p, row) * pitch,
    (lines + chunks - 1) / chunks };
}

/* Rows by rows: what they are added to and where they go is read and written in one
 * piece. Weights are fetched ahead for the first ones. */
static void
multiply_by_rows (const IrBgemmProduct *p)
{
  const int panels = (p->columns + IR_BGEMM_COLUMNS - 1) / IR_BGEMM_COLUMNS;
  const int blocks = (p->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const Ahead weights = { (const char *) p->weights + AHEAD_BYTES, p->chunk };
  Ahead ahead[2] = { weights };

  for (int r = 0; r < p->rows; r += BLOCK_ROWS) {
    const int left = p->rows - r;
    const int rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;

    if (r == BLOCK_ROWS)
      ahead[1] = later_ahead (p, (size_t) (blocks - 1) * panels * p->chunks);
    if (r > 0)
      ahead[0].lines = 0;
    if (r > 0 && p->residual && left > BLOCK_ROWS)
      ahead[0] = residual_ahead (p, r + BLOCK_ROWS);
    if (r == 0 || rows < BLOCK_ROWS)
      configure (rows, p->chunk);
    for (int c = 0; c < p->columns; c += IR_BGEMM_COLUMNS)
      make_block (p, r, rows, c, ahead);
  }
}

static void
multiply (const IrBgemmProduct *p)
{
  const size_t weights = (size_t) p->chunks * p->chunk * p->columns;

  if (weights * sizeof *p->weights > WEIGHTS_BYTES)
    multiply_by_panels (p);
  else
    multiply_by_rows (p);
  _tile_release ();
}

/* As one long pixel where nothing lies between them. */
static IrBgemmPixels
merge_pixels (const IrBgemmPixels *p)
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
lanes_from (size_t n, size_t first)
{
  return first >= n ? 0 : n - first < 32 ? (1u << (n - first)) - 1 : 0xffffffff;
}

static void
narrow (const IrBgemmPixels *pixels, const float *from, uint16_t *to)
{
  const IrBgemmPixels p = merge_pixels (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 32) {
      const __mmask32 in = lanes_from (p.channels, c);
      const __m512 low = _mm512_maskz_loadu_ps (in, from + c);
      const __m512 high = _mm512_maskz_loadu_ps (in >> 16, from + c + 16);

      _mm512_mask_storeu_epi16 (to + c, lanes_from (p.width, c),
          (__m512i) _mm512_cvtne2ps_pbh (high, low));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

static void
widen (const IrBgemmPixels *pixels, const uint16_t *from, float *to)
{
  const IrBgemmPixels p = merge_pixels (pixels);

  for (size_t x = 0; x < p.pixels; x++) {
    for (size_t c = 0; c < p.width; c += 16) {
      const __mmask16 in = lanes_from (p.channels, c);

      _mm512_mask_storeu_ps (to + c, lanes_from (p.width, c),
          widen_vector (_mm256_maskz_loadu_epi16 (in, from + c)));
    }
    from += p.from_pitch;
    to += p.to_pitch;
  }
}

/* Sixteen numbers of plane @i, each in the low half of 32 bits. */
static inline __m512i
load_plane (const IrBgemmPlanes *p, int i, size_t x, __mmask16 mask)
{
  if (i >= p->channels)
    return _mm512_setzero_si512 ();
  return _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh (
      _mm512_maskz_loadu_ps (mask, p->from + i * p->plane + x)));
}

static void
join (const IrBgemmPlanes *p)
{
  const __m512i low = _mm512_setr_epi32 (
      0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const __m512i high = _mm512_setr_epi32 (
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);

  for (size_t x = 0; x < p->pixels; x += 16) {
    const __mmask16 mask = lanes_from (p->pixels, x);
    const __m512i a = _mm512_or_si512 (load_plane (p, 0, x, mask),
        _mm512_slli_epi32 (load_plane (p, 1, x, mask), 16));
    const __m512i b = _mm512_or_si512 (load_plane (p, 2, x, mask),
        _mm512_slli_epi32 (load_plane (p, 3, x, mask), 16));
    uint16_t *to = p->to + x * IR_BGEMM_PLANES;

    /* Two numbers a lane, two lanes a pixel. */
    _mm512_mask_storeu_epi64 (to, mask, _mm512_permutex2var_epi32 (a, low, b));
    _mm512_mask_storeu_epi64 (
        to + 32, mask >> 8, _mm512_permutex2var_epi32 (a, high, b));
  }
}

extern const IrBgemmKernels ir_bgemm_amx;

const IrBgemmKernels ir_bgemm_amx = {
  .name = "amx",
  .multiply = multiply,
  .narrow = narrow,
  .widen = widen,
  .join = join,
};
