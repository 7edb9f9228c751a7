/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions whose channels are innermost: each tile of pixels points at what its
 * window sees and multiplies it with packed weights. */
#include "cpu.h"

#include <math.h>

/* Packed weights that stay in the second-level cache while tiles go by. */
#define CALL_BYTES (128 << 10)
/* A longer panel is cut into pieces that stay in the first-level one. */
#define WHOLE_BYTES (96 << 10)
#define PIECE_BYTES (16 << 10)
/* Data of one block of pixels. */
#define BLOCK_BYTES (192 << 10)
#define MAX_TAPS 64

/* An element of the window: where it is, how many pixels from the window's corner. */
typedef struct {
  int y, x;
  ptrdiff_t offset;
} Tap;

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  const IrIgemmKernels *kernels;
  /* Whether groups begin where the kernel may write. */
  gboolean aligned;
  /* Whether each pixel sees the one at its own place. */
  gboolean direct;
  guint n_taps;
  Tap *taps;
  /* Per group: panels of n_taps * in_channels rows of nr columns; NULL if the
   * weights are computed, and packed into scratch memory. */
  const float *packed;
  gsize panel;
  guint n_panels;
  float *bias;
  float *zeros;
  /* How many panels one call takes; how a panel is cut. */
  guint call_panels, piece_taps, piece_k;
  guint pixels, n_pixel_blocks;
  guint block_panels, n_panel_blocks;
  float low, high;
} Conv;

/* One tile's rows: the corner of each one's window. */
typedef struct {
  guint n;
  gboolean inside;
  const float *from[IR_IGEMM_MAX_ROWS];
  int y[IR_IGEMM_MAX_ROWS], x[IR_IGEMM_MAX_ROWS];
} Rows;

/* Which pixels and panels of which group a task makes. */
typedef struct {
  const float *in, *residual, *packed;
  float *out;
  gsize in_pitch, residual_pitch, out_pitch;
  guint group, pixel, end, panel, end_panel;
} Block;

static void
find_rows (const Conv *c, const Block *b, guint pixel, guint n, Rows *rows)
{
  const IrWindow *w = &c->s.window;
  const int last_y = w->in_h - 1 - (w->kernel_h - 1) * w->dilation_h;
  const int last_x = w->in_w - 1 - (w->kernel_w - 1) * w->dilation_w;
  int oy = pixel / w->out_w, ox = pixel % w->out_w;

  rows->n = n;
  rows->inside = TRUE;
  for (guint r = 0; r < n; r++) {
    const int y = oy * w->stride_h - w->pad_h, x = ox * w->stride_w - w->pad_w;

    rows->y[r] = y;
    rows->x[r] = x;
    rows->from[r] =
        b->in + ((ptrdiff_t) y * w->in_w + x) * (ptrdiff_t) b->in_pitch;
    rows->inside &= y >= 0 && y <= last_y && x >= 0 && x <= last_x;
    if (++ox == w->out_w) {
      ox = 0;
      oy++;
    }
  }
}

/* What @n taps see; where the window leaves the picture that is zeros. */
static void
point (const Conv *c, const Block *b, const Rows *rows, const Tap *tap, guint n,
    guint k, const float **at)
{
  const guint height = c->s.window.in_h, width = c->s.window.in_w;

  for (guint t = 0; t < n; t++, tap++, at += rows->n) {
    const ptrdiff_t offset =
        tap->offset * (ptrdiff_t) b->in_pitch + (ptrdiff_t) k;

    if (rows->inside) {
      for (guint r = 0; r < rows->n; r++)
        at[r] = rows->from[r] + offset;
      continue;
    }
    for (guint r = 0; r < rows->n; r++)
      at[r] = (guint) (rows->y[r] + tap->y) < height &&
              (guint) (rows->x[r] + tap->x) < width
          ? rows->from[r] + offset
          : c->zeros;
  }
}

/* What the tile after this one takes: of weights half with each of the first two,
 * for all tiles see the same. */
static void
look_ahead (const Conv *c, const Block *b, guint pixel, IrIgemmTile *tile)
{
  const guint nr = c->kernels->nr, tiles = (pixel - b->pixel) / tile->rows;
  const gsize panels = (tile->columns + nr - 1) / nr;
  const gsize size = panels * tile->taps * tile->k * nr;

  tile->next_rows = c->direct ? tile->at[0] + tile->rows * b->in_pitch : NULL;
  tile->next_weights =
      tiles < 2 ? tile->weights + size + tiles * size / 2 : NULL;
}

/* Adds one piece of the window to all tiles of a block. */
static void
add_piece (const Conv *c, const Block *b, guint panel, guint tap, guint k)
{
  const IrIgemmKernels *kernels = c->kernels;
  const guint n_panels = MIN (c->call_panels, b->end_panel - panel);
  const guint n_taps = MIN (c->piece_taps, c->n_taps - tap);
  const guint n_k = MIN (c->piece_k, c->s.in_channels - k);
  const gboolean first = tap == 0 && k == 0;
  const gboolean last =
      tap + n_taps == c->n_taps && k + n_k == c->s.in_channels;
  const guint column = panel * kernels->nr;
  const guint all_columns =
      MIN (n_panels * kernels->nr, c->s.out_channels - column);
  const gsize channel = (gsize) b->group * c->s.out_channels + column;
  const float *at[MAX_TAPS * IR_IGEMM_MAX_ROWS];
  IrIgemmTile tile = { .taps = n_taps,
    .k = n_k,
    .columns = all_columns,
    .at = at,
    .weights = b->packed + ((gsize) b->group * c->n_panels + panel) * c->panel +
        ((gsize) tap * c->s.in_channels + k) * kernels->nr,
    .bias = first ? c->bias + channel : c->zeros,
    .to_stride = b->out_pitch,
    .residual_stride = first ? b->residual_pitch : b->out_pitch,
    .low = last ? c->low : -INFINITY,
    .high = last ? c->high : INFINITY };
  Rows rows;

  for (guint p = b->pixel, n; p < b->end; p += n) {
    const guint left = b->end - p;
    const guint tiles = (left + kernels->mr - 1) / kernels->mr;

    n = (left + tiles - 1) / tiles;
    if (c->direct) {
      for (guint r = 0; r < n; r++)
        at[r] = b->in + (p + r) * b->in_pitch + k;
    } else {
      find_rows (c, b, p, n, &rows);
      point (c, b, &rows, c->taps + tap, n_taps, k, at);
    }
    tile.rows = n;
    tile.to = b->out + p * b->out_pitch + channel;
    tile.residual = !first ? tile.to
        : b->residual      ? b->residual + p * b->residual_pitch + channel
                           : NULL;
    look_ahead (c, b, p, &tile);
    if (c->aligned)
      kernels->tile (&tile);
    else
      ir_igemm_tile_exact (kernels, &tile);
  }
}

/* Functions that are no mere limits, over what is still in the cache. */
static void
finish_block (const Conv *c, const Block *b, const CpuRun *run)
{
  const guint column = b->panel * c->kernels->nr;
  const gsize channel = (gsize) b->group * c->s.out_channels + column;

  cpu_finish_pixels (run, &c->fusion, channel,
      MIN (b->end_panel * c->kernels->nr, c->s.out_channels) - column,
      b->out + b->pixel * b->out_pitch + channel, b->out_pitch,
      b->end - b->pixel);
}

static void
conv_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Conv *c = work->step->data;
  const IrWindow *w = &c->s.window;
  const gsize pixels_in = (gsize) w->in_h * w->in_w;
  const gsize pixels_out = (gsize) w->out_h * w->out_w;
  const guint pixel_block = task % c->n_pixel_blocks;
  const guint panel_block = task / c->n_pixel_blocks % c->n_panel_blocks;
  const guint image = task / c->n_pixel_blocks / c->n_panel_blocks;
  const gsize batch = image / c->s.groups;
  Block b = { .group = image % c->s.groups,
    .pixel = pixel_block * c->pixels,
    .panel = panel_block * c->block_panels,
    .in_pitch = cpu_in_pitch (work, 0),
    .out_pitch = cpu_out_pitch (work, 0) };

  b.end = MIN (b.pixel + c->pixels, pixels_out);
  b.end_panel = MIN (b.panel + c->block_panels, c->n_panels);
  b.in = cpu_in (work, 0) + batch * pixels_in * b.in_pitch +
      (gsize) b.group * c->s.in_channels;
  b.out = cpu_out (work, 0) + batch * pixels_out * b.out_pitch;
  b.packed = c->packed ? c->packed : cpu_scratch (work->run, 0);
  if (c->fusion.residual.node) {
    const guint last = work->step->n_in - 1;

    b.residual_pitch = cpu_in_pitch (work, last);
    b.residual = cpu_in (work, last) + batch * pixels_out * b.residual_pitch;
  }

  for (guint p = b.panel; p < b.end_panel; p += c->call_panels)
    for (guint t = 0; t < c->n_taps; t += c->piece_taps)
      for (guint k = 0; k < c->s.in_channels; k += c->piece_k)
        add_piece (c, &b, p, t, k);
  if (!cpu_fusion_is_clamp (&c->fusion))
    finish_block (c, &b, work->run);
}

static gboolean
run_conv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Conv *c = step->data;
  CpuWork work = { step, run };

  if (!c->packed)
    cpu_pack_weights_to (
        run->model, &c->s, cpu_in (&work, 1), cpu_scratch (run, 0));
  cpu_pool_run (run->model->threads,
      c->s.batch * c->s.groups * c->n_pixel_blocks * c->n_panel_blocks,
      conv_block, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
conv_free (gpointer data)
{
  Conv *c = data;

  g_free (c->taps);
  free (c->bias);
  free (c->zeros);
  g_free (c);
}

static void
find_taps (Conv *c)
{
  const IrWindow *w = &c->s.window;

  c->n_taps = w->kernel_h * w->kernel_w;
  c->taps = g_new (Tap, c->n_taps);
  for (guint t = 0; t < c->n_taps; t++) {
    Tap *tap = &c->taps[t];

    tap->y = (int) t / w->kernel_w * w->dilation_h;
    tap->x = (int) t % w->kernel_w * w->dilation_w;
    tap->offset = (ptrdiff_t) tap->y * w->in_w + tap->x;
  }
}

static void
choose_pieces (Conv *c)
{
  const gsize row = c->kernels->nr * sizeof (float);
  const gsize bytes = c->panel * sizeof (float);

  c->call_panels = CLAMP (CALL_BYTES / bytes, 1, c->n_panels);
  c->piece_taps = MIN (c->n_taps, MAX_TAPS);
  c->piece_k = c->s.in_channels;
  if (bytes > WHOLE_BYTES || c->n_taps > MAX_TAPS) {
    c->call_panels = 1;
    c->piece_k = MIN (c->s.in_channels, PIECE_BYTES / row);
    /* Parts of several taps do not lie side by side. */
    c->piece_taps = c->piece_k < c->s.in_channels
        ? 1
        : CLAMP (PIECE_BYTES / row / c->piece_k, 1, c->piece_taps);
  }
}

static void
choose_blocks (Conv *c, const CpuModel *model)
{
  const IrWindow *w = &c->s.window;
  const guint pixels = w->out_h * w->out_w, mr = c->kernels->mr;
  const guint wanted = cpu_parts (model, cpu_conv_flops (&c->s));
  const guint images = c->s.batch * c->s.groups;
  const guint each = (wanted + images - 1) / images;
  guint limit = BLOCK_BYTES /
      (CPU_PITCH (c->s.in_channels * c->s.groups) * sizeof (float));

  limit = MAX (limit / mr * mr, 4 * mr);
  c->pixels = MIN (limit, (pixels + each - 1) / each);
  c->pixels = MAX ((c->pixels + mr - 1) / mr * mr, 4 * mr);
  c->pixels = MIN (c->pixels, pixels);
  c->n_pixel_blocks = (pixels + c->pixels - 1) / c->pixels;
  c->block_panels = c->n_panels;
  if (c->n_pixel_blocks < each) {
    guint parts =
        MIN ((each + c->n_pixel_blocks - 1) / c->n_pixel_blocks, c->n_panels);

    c->block_panels = (c->n_panels + parts - 1) / parts;
  }
  c->n_panel_blocks = (c->n_panels + c->block_panels - 1) / c->block_panels;
}

/* @weights has no node if they are computed; @given is the shape before groups were
 * merged. */
static gboolean
fill (Conv *c, CpuModel *model, const CpuConvShape *given, guint merged,
    IrPort weights)
{
  const guint nr = c->kernels->nr;

  find_taps (c);
  c->n_panels = (c->s.out_channels + nr - 1) / nr;
  c->panel = cpu_panel_size (c->kernels, &c->s);
  choose_pieces (c);
  if (weights.node)
    c->packed = cpu_pack_weights (model, given, merged, weights);
  c->bias = cpu_pack_bias (c->kernels, &c->s, &c->fusion);
  c->zeros = cpu_alloc_floats (
      MAX (c->s.in_channels, (gsize) c->call_panels * nr) + nr);
  return (c->packed || !weights.node) && c->bias && c->zeros;
}

static gboolean
sees_itself (const IrWindow *w)
{
  return w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 &&
      w->stride_w == 1 && w->pad_h == 0 && w->pad_w == 0 &&
      w->out_h == w->in_h && w->out_w == w->in_w;
}

static gboolean
fits (const CpuFusion *fusion, Conv *c)
{
  return cpu_conv_shape (fusion->head, &c->s) &&
      cpu_port_can_be_last (fusion->head->inputs[0]) &&
      cpu_port_can_be_last (ir_port ((IrNode *) fusion->head, 0));
}

static CpuStep *
add_step (CpuModel *model, const CpuFusion *fusion, gboolean packed)
{
  guint slots[3], n = 0;

  slots[n++] = cpu_take (model, fusion->head->inputs[0], CPU_LAST);
  if (!packed)
    slots[n++] = cpu_take (model, fusion->head->inputs[1], CPU_PLAIN);
  if (fusion->residual.node)
    slots[n++] = cpu_take (model, fusion->residual, CPU_LAST);
  return cpu_add_step_on (model, fusion->last, CPU_LAST, slots, n);
}

gboolean
cpu_lower_igemm (CpuModel *model, const CpuFusion *fusion)
{
  IrPort weights = fusion->head->inputs[1];
  Conv shape = { .fusion = *fusion, .kernels = model->igemm }, *c;
  guint merged = 1;
  CpuConvShape given;
  CpuStep *step;

  if (!fits (fusion, &shape))
    return FALSE;
  given = shape.s;
  if (!cpu_port_is_known (model, weights))
    weights.node = NULL;
  else if (given.in_channels * given.out_channels > 1)
    merged = cpu_merge_groups (model, &given);
  shape.s = cpu_merged_shape (&given, merged);
  shape.aligned =
      shape.s.groups == 1 || shape.s.out_channels % IR_IGEMM_GROUP == 0;
  shape.direct = sees_itself (&shape.s.window);
  c = g_memdup2 (&shape, sizeof shape);
  if (!fill (c, model, &given, merged, weights)) {
    conv_free (c);
    return FALSE;
  }
  choose_blocks (c, model);
  cpu_fusion_limits (fusion, &c->low, &c->high);
  step = add_step (model, fusion, c->packed != NULL);
  step->head = fusion->head;
  step->kernel = c->kernels->name;
  step->flops = cpu_conv_flops (&given);
  step->run = run_conv;
  step->data = c;
  step->free_data = conv_free;
  if (!c->packed)
    step->scratch = c->panel * c->n_panels * c->s.groups * sizeof (float);
  return TRUE;
}

gboolean
cpu_lower_conv (CpuModel *model, const CpuFusion *fusion)
{
  if (cpu_lower_qconv (model, fusion))
    return TRUE;
  if (fusion->quantizes)
    return FALSE;
  return cpu_lower_dwconv (model, fusion) || cpu_lower_bconv (model, fusion) ||
      cpu_lower_stem (model, fusion) || cpu_lower_winograd (model, fusion) ||
      cpu_lower_igemm (model, fusion);
}
