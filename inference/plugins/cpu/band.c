/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "band.h"

#include <string.h>

/* Of a line of weights or rows. */
#define CHUNK_BYTES 64
/* Numbers of a row of weights that lie side by side. */
#define QUAD_BYTES 4
/* Of the source's numbers of a task, for the second-level cache. */
#define BAND_BYTES (256 << 10)
/* Fewer windows than this leave tiles half empty: then columns are shared out. */
#define MIN_ROWS 96
/* Bands of windows that are spread far would take more than the others' way is worth. */
#define MAX_BAND_BYTES (64 << 20)
/* Numbers of a pixel that comes from planes. */
#define PLANES 4

static guint
span (guint kernel, guint dilation)
{
  return (kernel - 1) * dilation + 1;
}

/* Lines of one plane of a band of @rows rows. */
static guint
plane_lines (const CpuBand *b, guint rows)
{
  const IrWindow *w = &b->s.window;

  return rows + (span (w->kernel_h, w->dilation_h) - 1) / w->stride_h;
}

static gboolean
plane_is_seen (const IrWindow *w, guint plane)
{
  for (int ky = 0; ky < w->kernel_h; ky++)
    if ((guint) (ky * w->dilation_h % w->stride_h) == plane)
      return TRUE;
  return FALSE;
}

/* Numbers of a line of the band. */
static gsize
line_size (const CpuBand *b)
{
  return (gsize) b->line * b->step * b->pitch;
}

/* --- blocks ---------------------------------------------------------------- */

guint
cpu_band_tasks (const CpuBand *b)
{
  return b->s.batch * b->s.groups * b->n_row_blocks * b->n_panel_blocks;
}

CpuBandBlock
cpu_band_block (const CpuBand *b, const CpuWork *work, guint task)
{
  const guint images = task / b->n_row_blocks / b->n_panel_blocks;
  const guint first_row = task % b->n_row_blocks * b->rows;
  const guint panel = task / b->n_row_blocks % b->n_panel_blocks * b->panels;

  return (CpuBandBlock){ .band = b,
    .work = work,
    .image = images / b->s.groups,
    .group = images % b->s.groups,
    .first_row = first_row,
    .n_rows = MIN (b->rows, b->s.window.out_h - first_row),
    .panel = panel,
    .end_panel = MIN (panel + b->panels, b->n_panels),
    .last = images + 1 == b->s.batch * b->s.groups &&
        first_row + b->rows >= (guint) b->s.window.out_h };
}

gsize
cpu_band_source (const CpuBandBlock *block, guint y, guint x)
{
  const CpuBand *b = block->band;
  const IrWindow *w = &b->s.window;
  const gsize pixel = ((gsize) block->image * w->in_h + y) * w->in_w + x;

  return pixel * cpu_in_pitch (block->work, 0) +
      (gsize) block->group * b->s.in_channels;
}

gsize
cpu_band_result (const CpuBandBlock *block)
{
  const IrWindow *w = &block->band->s.window;

  return ((gsize) block->image * w->out_h + block->first_row) * w->out_w;
}

guint
cpu_band_column (const CpuBandBlock *block)
{
  return block->group * block->band->s.out_channels +
      block->panel * CPU_BAND_COLUMNS;
}

guint
cpu_band_columns (const CpuBandBlock *block)
{
  return MIN (
             block->end_panel * CPU_BAND_COLUMNS, block->band->s.out_channels) -
      block->panel * CPU_BAND_COLUMNS;
}

guint
cpu_band_windows (const CpuBandBlock *block)
{
  return (block->n_rows - 1) * block->band->line + block->band->s.window.out_w;
}

gsize
cpu_band_panel (const CpuBandBlock *block)
{
  return (gsize) block->group * block->band->n_panels + block->panel;
}

gsize
cpu_band_panel_size (const CpuBand *b)
{
  return (gsize) b->n_chunks * b->chunk * CPU_BAND_COLUMNS;
}

gsize
cpu_band_packed_bytes (const CpuBand *b)
{
  return (gsize) b->s.groups * b->n_panels * cpu_band_panel_size (b) * b->size;
}

void
cpu_band_set_step (
    const CpuBand *b, CpuStep *step, const IrNode *head, gconstpointer packed)
{
  step->head = head;
  step->flops = cpu_conv_flops (&b->s);
  step->scratch = b->bytes;
  step->reads = packed;
  step->reads_bytes = cpu_band_packed_bytes (b);
}

/* --- laying out ------------------------------------------------------------ */

typedef struct {
  const CpuBandBlock *block;
  CpuBandPixels pixels;
  int border;
} Filling;

/* @n numbers of the border at number @at. */
static void
fill_border (const Filling *f, guint8 *to, gsize at, gsize n)
{
  const guint size = f->block->band->size;

  memset (to + at * size, f->border, n * size);
}

/* A line with what lies left and right of the picture. */
static void
fill_line (const Filling *f, int y, guint8 *to)
{
  const CpuBand *b = f->block->band;
  const IrWindow *w = &b->s.window;
  const guint all = b->line * b->step;
  const guint left = MIN ((w->pad_w + b->take - 1) / b->take, all);
  const guint x = left * b->take - w->pad_w;
  guint n = 0;

  if (y >= 0 && y < w->in_h && x < (guint) w->in_w)
    n = MIN ((w->in_w - x + b->take - 1) / b->take, all - left);
  fill_border (f, to, 0, (gsize) left * b->pitch);
  if (n > 0)
    f->pixels (f->block, y, x, n, to + (gsize) left * b->pitch * b->size);
  fill_border (f, to, (gsize) (left + n) * b->pitch,
      (gsize) (all - left - n) * b->pitch);
}

void
cpu_band_fill (
    const CpuBandBlock *block, int border, CpuBandPixels pixels, gpointer to)
{
  const CpuBand *b = block->band;
  const Filling f = { block, pixels, border };
  const IrWindow *w = &b->s.window;
  const gsize line = line_size (b) * b->size;
  const guint lines = plane_lines (b, b->rows);
  const guint wanted = plane_lines (b, block->n_rows);
  const int top = (int) block->first_row * w->stride_h - w->pad_h;

  for (int plane = 0; plane < w->stride_h; plane++) {
    guint8 *at = (guint8 *) to + plane * lines * line;

    if (!plane_is_seen (w, plane))
      continue;
    for (guint i = 0; i < wanted; i++)
      fill_line (&f, top + (int) i * w->stride_h + plane, at + i * line);
    /* The last window may look past the end of its line. */
    fill_border (&f, at + wanted * line, 0,
        (gsize) span (w->kernel_w, w->dilation_w) * b->pitch);
  }
}

/* --- choosing ---------------------------------------------------------------- */

/* Cuts a run of @n numbers into the fewest equal chunks; 0 if they would be too many
 * for what there is to do. */
static guint
cut (const CpuBand *b, guint n, guint *chunk)
{
  const guint most = CHUNK_BYTES / b->size, quad = QUAD_BYTES / b->size;
  const guint least = (n + most - 1) / most;

  for (guint parts = least; parts <= least + least / 4; parts++)
    if (n % (quad * parts) == 0) {
      *chunk = n / parts;
      return parts;
    }
  return 0;
}

/* Taps of a line lie side by side if nothing is between them. */
static guint
runs_of_line (const IrWindow *w)
{
  return w->dilation_w == 1 ? 1 : w->kernel_w;
}

static void
choose_chunks (CpuBand *b)
{
  const IrWindow *w = &b->s.window;
  const guint runs = runs_of_line (w), taps = w->kernel_w / runs;

  b->pitch = b->planes ? PLANES : b->s.in_channels;
  while (!(b->chunks_of_run = cut (b, taps * b->pitch, &b->chunk)))
    b->pitch++;
  b->n_chunks = w->kernel_h * runs * b->chunks_of_run;
}

static void
choose_line (CpuBand *b)
{
  const IrWindow *w = &b->s.window;
  guint needed, left, used;

  b->take = w->kernel_w == 1 ? w->stride_w : 1;
  b->step = w->kernel_w == 1 ? 1 : w->stride_w;
  needed = (w->out_w - 1) * b->step + span (w->kernel_w, w->dilation_w);
  left = (w->pad_w + b->take - 1) / b->take;
  used = MIN (needed, left + (w->in_w + b->take - 1) / b->take);
  /* Zeros at the beginning of a line serve the end of the one before. */
  used = MAX (used, needed - MIN (left, needed));
  b->line = (used + b->step - 1) / b->step;
  b->line = MAX (b->line, (guint) w->out_w);
}

static gboolean
sees_itself (const CpuBand *b)
{
  const IrWindow *w = &b->s.window;
  guint chunk;

  return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 &&
      w->stride_w == 1 && w->pad_h == 0 && w->pad_w == 0 &&
      w->out_w == w->in_w && w->out_h == w->in_h &&
      b->pitch == b->s.in_channels && cut (b, b->pitch, &chunk);
}

static void
choose_blocks (CpuBand *b, const CpuModel *model, guint speed)
{
  const IrWindow *w = &b->s.window;
  const guint parts = cpu_parts (model, cpu_conv_flops (&b->s) / speed);
  const guint images = b->s.batch * b->s.groups;
  const guint each = (parts + images - 1) / images;
  const gsize line = line_size (b) * b->size;
  const guint fewest = (MIN_ROWS + b->line - 1) / b->line;
  const guint most = MAX (BAND_BYTES / (line * w->stride_h), 1);

  b->rows = MIN (most, ((guint) w->out_h + each - 1) / each);
  b->rows = MIN (MAX (b->rows, fewest), (guint) w->out_h);
  b->n_row_blocks = (w->out_h + b->rows - 1) / b->rows;
  b->panels = b->n_panels;
  if (b->n_row_blocks < each)
    b->panels = MAX (b->n_panels * b->n_row_blocks / each, 1);
  b->n_panel_blocks = (b->n_panels + b->panels - 1) / b->panels;
}

static void
choose_memory (CpuBand *b)
{
  const IrWindow *w = &b->s.window;
  const gsize lines = (gsize) w->stride_h * plane_lines (b, b->rows);

  b->bytes = (lines * b->line * b->step + span (w->kernel_w, w->dilation_w)) *
      b->pitch * b->size;
}

static void
place_chunks (CpuBand *b)
{
  const IrWindow *w = &b->s.window;
  const guint runs = runs_of_line (w), lines = plane_lines (b, b->rows);
  const gsize line = line_size (b);
  ptrdiff_t *at = b->at = g_new (ptrdiff_t, b->n_chunks);

  for (int ky = 0; ky < w->kernel_h; ky++)
    for (guint run = 0; run < runs; run++)
      for (guint i = 0; i < b->chunks_of_run; i++) {
        const guint y = ky * w->dilation_h;
        const gsize top = (gsize) (y % w->stride_h) * lines + y / w->stride_h;

        *at++ =
            top * line + (gsize) run * w->dilation_w * b->pitch + i * b->chunk;
      }
}

gboolean
cpu_band_init (CpuBand *b, const CpuModel *model, guint speed)
{
  choose_chunks (b);
  choose_line (b);
  b->direct = sees_itself (b);
  b->n_panels = (b->s.out_channels + CPU_BAND_COLUMNS - 1) / CPU_BAND_COLUMNS;
  choose_blocks (b, model, speed);
  choose_memory (b);
  if (b->bytes > MAX_BAND_BYTES)
    return FALSE;
  place_chunks (b);
  return TRUE;
}

void
cpu_band_clear (CpuBand *b)
{
  g_clear_pointer (&b->at, g_free);
}

/* --- weights ---------------------------------------------------------------- */

gint
cpu_band_weight (const CpuBand *b, guint chunk, guint i)
{
  const IrWindow *w = &b->s.window;
  const guint runs = runs_of_line (w), line = chunk / b->chunks_of_run;
  const guint at = chunk % b->chunks_of_run * b->chunk + i;
  const guint kx = at / b->pitch + line % runs, channel = at % b->pitch;

  return channel < b->s.in_channels
      ? (gint) ((channel * w->kernel_h + line / runs) * w->kernel_w + kx)
      : -1;
}

guint
cpu_band_place (const CpuBand *b, guint column, guint i)
{
  const guint quad = QUAD_BYTES / b->size;

  return column / 16 * b->chunk * 16 + i / quad * 16 * quad +
      column % 16 * quad + i % quad;
}

float *
cpu_band_bias (const CpuBand *b, const CpuFusion *f)
{
  const gsize width = (gsize) b->n_panels * CPU_BAND_COLUMNS;
  float *bias = cpu_alloc_floats (b->s.groups * width);

  for (guint g = 0; bias && f->bias && g < b->s.groups; g++)
    for (guint o = 0; o < b->s.out_channels; o++)
      bias[g * width + o] =
          f->bias[f->bias_n > 1 ? (gsize) g * b->s.out_channels + o : 0];
  return bias;
}
