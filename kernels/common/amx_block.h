/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Sums of block_product.h on AMX, two by two tiles of them, so that each tile that is
 * loaded is used twice. They go through memory, because nothing else reads tiles.
 * Tiles are lines of 64 bytes whatever numbers are in them; the file defines AMX_DOT,
 * the instruction.
 */
#ifndef IR_AMX_BLOCK_H
#define IR_AMX_BLOCK_H

#include "block_product.h"

#define TILE_ROWS 16
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
static inline void
configure (int rows, int chunk)
{
  const int bytes = chunk * (int) sizeof (BLOCK_NUMBER);
  const int upper = rows < TILE_ROWS ? rows : TILE_ROWS;
  const int lower = rows > TILE_ROWS ? rows - TILE_ROWS : TILE_ROWS;
  const int by_tile[N_TILES] = { upper, upper, lower, lower, upper, lower,
    bytes / 4, bytes / 4 };
  Config config = { .palette = 1 };

  for (int i = 0; i < N_TILES; i++) {
    config.rows[i] = by_tile[i];
    config.row_bytes[i] = i == 4 || i == 5 ? bytes : ROW_BYTES;
  }
  /* The intrinsic of some compilers reads the first bytes only, as far as they know. */
  __asm__ volatile("" : : "r"(&config) : "memory");
  _tile_loadconfig (&config);
}

/* @tall: of more rows than one tile has, @wide: of more columns. */
static inline __attribute__ ((always_inline)) void
add_tiles (const Block *b, const BLOCK_NUMBER *from, const BLOCK_WEIGHT *w,
    Ahead ahead[2], int tall, int wide)
{
  const BLOCK_PRODUCT *p = b->p;
  const size_t half = (size_t) p->chunk * 16, stride = p->stride * sizeof *from;
  const BLOCK_NUMBER *below = from + TILE_ROWS * p->stride;
  const int width = wide ? BLOCK_COLUMNS : BLOCK_COLUMNS / 2;
  BLOCK_SUM *sums = b->sums;

  _tile_zero (0);
  _tile_zero (1);
  _tile_zero (2);
  _tile_zero (3);
  for (int t = 0; t < p->chunks; t++, w += 2 * half) {
    _tile_loadd (4, from + p->at[t], stride);
    _tile_loadd (6, w, ROW_BYTES);
    AMX_DOT (0, 4, 6);
    if (wide) {
      _tile_loadd (7, w + half, ROW_BYTES);
      AMX_DOT (1, 4, 7);
    }
    if (tall) {
      _tile_loadd (5, below + p->at[t], stride);
      AMX_DOT (2, 5, 6);
      if (wide)
        AMX_DOT (3, 5, 7);
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

static void
add_block (const Block *b, const BLOCK_NUMBER *from, const BLOCK_WEIGHT *w,
    Ahead ahead[2])
{
  const int tall = b->rows > TILE_ROWS, wide = b->columns > 16;

  if (tall && wide)
    add_tiles (b, from, w, ahead, 1, 1);
  else if (tall)
    add_tiles (b, from, w, ahead, 1, 0);
  else if (wide)
    add_tiles (b, from, w, ahead, 0, 1);
  else
    add_tiles (b, from, w, ahead, 0, 0);
}

static void
multiply_with_tiles (const BLOCK_PRODUCT *p)
{
  multiply_in_blocks (p);
  _tile_release ();
}

#endif
