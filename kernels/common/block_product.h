/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Products of windows and packed weights in blocks of rows and columns: their order,
 * and what is fetched ahead while they are made. A variant's file defines
 *
 *   BLOCK_PRODUCT   its product, whose fields are called as those of IrBgemmProduct
 *   BLOCK_NUMBER    the type of a row's numbers
 *   BLOCK_WEIGHT    that of the weights, of the same size
 *   BLOCK_SUM       that of the sums
 *   BLOCK_BYTES(t)  how large a residual's number of type t is
 *   BLOCK_ROWS      rows of a block, if not 32
 *
 * and behind this file configure(), which is called before blocks of another number
 * of rows; add_block(), which makes sums, of ir_…_width() columns; and
 * finish_block(), which writes what becomes of them.
 */
#ifndef IR_BLOCK_PRODUCT_H
#define IR_BLOCK_PRODUCT_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#ifndef BLOCK_ROWS
#define BLOCK_ROWS 32
#endif
#define BLOCK_COLUMNS 32
#define LINE 64
/* Weights that stay in the second-level cache beside the rows. */
#define WEIGHTS_BYTES (512 << 10)
/* How far memory is behind. */
#define AHEAD_BYTES (8 << 10)

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

/* What the weights of a chunk are. */
static inline int
chunk_lines (const BLOCK_PRODUCT *p)
{
  const size_t bytes =
      (size_t) p->chunk * BLOCK_COLUMNS * sizeof (BLOCK_WEIGHT);

  return (int) ((bytes + LINE - 1) / LINE);
}

/* What is read after the product, shared out among @chunks chunks of it, no more of
 * it at a time than they have themselves. */
static Ahead
later_ahead (const BLOCK_PRODUCT *p, size_t chunks)
{
  const size_t lines = p->later && chunks > 0
      ? (p->later_bytes / LINE + chunks - 1) / chunks
      : 0;

  return (Ahead){ p->later,
    lines < (size_t) chunk_lines (p) ? (int) lines : chunk_lines (p) };
}

/* The sums of a block and where they belong. */
typedef struct {
  const BLOCK_PRODUCT *p;
  BLOCK_SUM *sums;
  int row, rows;
  int column, columns;
} Block;

/* The first result from @row on. */
static inline size_t
find_result (const BLOCK_PRODUCT *p, int row)
{
  const int x = row % p->line;

  return (size_t) (row / p->line) * p->wanted + (x < p->wanted ? x : p->wanted);
}

static inline void configure (int rows, int chunk);
static void add_block (const Block *block, const BLOCK_NUMBER *from,
    const BLOCK_WEIGHT *weights, Ahead ahead[2]);
static void finish_block (const Block *block);

static void
make_block (
    const BLOCK_PRODUCT *p, int row, int rows, int column, Ahead ahead[2])
{
  const size_t panel = (size_t) p->chunks * p->chunk * BLOCK_COLUMNS;
  const int left = p->columns - column;
  BLOCK_SUM sums[BLOCK_ROWS * BLOCK_COLUMNS] __attribute__ ((aligned (64)));
  const Block b = { p, sums, row, rows, column,
    left < BLOCK_COLUMNS ? left : BLOCK_COLUMNS };

  add_block (&b, (const BLOCK_NUMBER *) p->from + row * p->stride,
      (const BLOCK_WEIGHT *) p->weights + column / BLOCK_COLUMNS * panel,
      ahead);
  finish_block (&b);
}

/* Panel by panel: weights that are too many for a cache are read once, those of the
 * next panel while this one's are used. */
static void
multiply_by_panels (const BLOCK_PRODUCT *p)
{
  const int rest = p->rows % BLOCK_ROWS, whole = p->rows - rest;
  const int blocks = (p->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const size_t panel = (size_t) p->chunks * p->chunk * BLOCK_COLUMNS;
  const BLOCK_WEIGHT *w = p->weights;

  for (int c = 0; c < p->columns; c += BLOCK_COLUMNS) {
    const Ahead next = { (const char *) (w += panel),
      (chunk_lines (p) + blocks - 1) / blocks };
    Ahead ahead[2] = { c + BLOCK_COLUMNS < p->columns
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
residual_ahead (const BLOCK_PRODUCT *p, int row)
{
  const size_t pitch = p->residual_pitch * BLOCK_BYTES (p->residual_type);
  const size_t lines = (BLOCK_ROWS * pitch + LINE - 1) / LINE;
  const int panels = (p->columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const size_t chunks = (size_t) panels * p->chunks;

  return (Ahead){ (const char *) p->residual + find_result (p, row) * pitch,
    (lines + chunks - 1) / chunks };
}

/* Rows by rows: what they are added to and where they go is read and written in one
 * piece. Weights are fetched ahead for the first ones. */
static void
multiply_by_rows (const BLOCK_PRODUCT *p)
{
  const int panels = (p->columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
  const int blocks = (p->rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const Ahead weights = { (const char *) p->weights + AHEAD_BYTES,
    chunk_lines (p) };
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
    for (int c = 0; c < p->columns; c += BLOCK_COLUMNS)
      make_block (p, r, rows, c, ahead);
  }
}

static void
multiply_in_blocks (const BLOCK_PRODUCT *p)
{
  const size_t weights = (size_t) p->chunks * p->chunk * p->columns;

  if (weights * sizeof (BLOCK_WEIGHT) > WEIGHTS_BYTES)
    multiply_by_panels (p);
  else
    multiply_by_rows (p);
}

#endif
