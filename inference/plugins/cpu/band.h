/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CPU_BAND_H
#define CPU_BAND_H

#include "cpu.h"

G_BEGIN_DECLS

/*
 * Convolutions as products of rows that may overlap (IrBgemmProduct, IrQgemmProduct):
 * a band of the picture is laid out with its border, rows of pixels that are steps
 * apart each in a plane of their own, so that all windows of the band lie at one
 * distance from each other. Numbers have any size up to four bytes; a chunk of them
 * is what a line of 64 bytes holds.
 */
typedef struct {
  CpuConvShape s;
  /* Bytes of a number. */
  guint size;
  /* Numbers of a pixel in the band; what is multiplied at once. */
  guint pitch;
  guint chunk, chunks_of_run, n_chunks;
  ptrdiff_t *at;
  /* Pixels of the source per pixel of the band, of the band per window. */
  guint take, step;
  /* Windows per line of the band, those without a result included. */
  guint line;
  /* Whether windows are pixels and channels make whole chunks: then what lies in
   * memory is the band, if it is of the right type. */
  gboolean direct;
  /* Whether the source are planes. */
  gboolean planes;
  guint rows, n_row_blocks;
  guint panels, n_panels, n_panel_blocks;
  gsize bytes;
} CpuBand;

/* Columns of a panel. */
#define CPU_BAND_COLUMNS 32

/* What a task makes. */
typedef struct {
  const CpuBand *band;
  const CpuWork *work;
  guint image, group;
  guint first_row, n_rows;
  guint panel, end_panel;
  /* Nothing of the step begins after it. */
  gboolean last;
} CpuBandBlock;

/* Chooses everything, for @s, @size and @planes, which are set. A multiply-add is
 * @speed times as fast as one of f32. FALSE if bands would take too much memory; to be
 * cleared if not. */
gboolean cpu_band_init (CpuBand *band, const CpuModel *model, guint speed);
void cpu_band_clear (CpuBand *band);

guint cpu_band_tasks (const CpuBand *band);
CpuBandBlock cpu_band_block (
    const CpuBand *band, const CpuWork *work, guint task);

/* Puts @n pixels from @x on of line @y of the source to @to. */
typedef void (*CpuBandPixels) (
    const CpuBandBlock *block, guint y, guint x, guint n, gpointer to);
/* Lays out the rows of a block in @to, of @bytes; border and gaps are bytes of
 * @border. */
void cpu_band_fill (
    const CpuBandBlock *block, int border, CpuBandPixels pixels, gpointer to);

/* The number of the source in which a pixel's channels of the block's group begin. */
gsize cpu_band_source (const CpuBandBlock *block, guint y, guint x);
/* The pixel in which its results begin, its first column, how many columns. */
gsize cpu_band_result (const CpuBandBlock *block);
guint cpu_band_column (const CpuBandBlock *block);
guint cpu_band_columns (const CpuBandBlock *block);
/* Rows of the product. */
guint cpu_band_windows (const CpuBandBlock *block);
/* The panel among those of all groups. */
gsize cpu_band_panel (const CpuBandBlock *block);
/* Fields of a block's product, whatever its numbers are. */
#define CPU_BAND_PRODUCT(block)                                                \
  .rows = cpu_band_windows (block), .columns = cpu_band_columns (block),       \
  .chunks = (block)->band->n_chunks, .chunk = (block)->band->chunk,            \
  .stride = (gsize) (block)->band->step * (block)->band->pitch,                \
  .at = (block)->band->at, .line = (block)->band->line,                        \
  .wanted = (block)->band->s.window.out_w
/* What a step has by its convolution @head and its panels. */
void cpu_band_set_step (const CpuBand *band, CpuStep *step, const IrNode *head,
    gconstpointer packed);
/* Bytes of all panels; numbers of one. */
gsize cpu_band_packed_bytes (const CpuBand *band);
gsize cpu_band_panel_size (const CpuBand *band);

/* The weight of an output channel, [channels][height][width], that number @i of chunk
 * @chunk meets; -1 if there is none. */
gint cpu_band_weight (const CpuBand *band, guint chunk, guint i);
/* Where the weight that number @i of a chunk meets for column @column of a panel is
 * kept in that chunk's part of the panel. */
guint cpu_band_place (const CpuBand *band, guint column, guint i);
/* Biases, or zeros, of whole panels of each group; as cpu_alloc_floats(). */
float *cpu_band_bias (const CpuBand *band, const CpuFusion *fusion);

G_END_DECLS

#endif
