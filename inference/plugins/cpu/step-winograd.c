/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* 3x3 convolutions at step 1 by Winograd's F(4x4, 3x3), small pictures by F(2x2,
 * 3x3): blocks of tiles are transformed, multiplied matrix by matrix and transformed
 * back while they are in the cache. */
#include "cpu.h"

#include <math.h>
#include <string.h>

/* A block and what becomes of it, at least: few weights are read again sooner than
 * data. */
#define BLOCK_BYTES (320 << 10)
/* Weights that all tiles of a block see while these are in the first-level one. */
#define CALL_BYTES (16 << 10)
/* Less work than this is not worth reading several times as many weights. */
#define MIN_TILES 12
#define MIN_CHANNELS 16

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  const IrIgemmKernels *igemm;
  const IrWinogradForm *form;
  guint matrices;
  /* Channels, filled up. */
  gsize in_pitch, out_pitch;
  /* For each matrix panels of in_channels rows of nr columns. */
  const float *packed;
  gsize panel;
  guint n_panels, call_panels;
  float *bias;
  float *zeros;
  guint tiles_x, n_tiles;
  guint block, n_blocks;
  gboolean shared;
  /* Floats from one matrix of a block to the next. */
  gsize in_step, out_step;
  float low, high;
} Winograd;

/* What one task works on, in its scratch memory. */
typedef struct {
  const Winograd *c;
  guint first, n;
  const float *in, *residual;
  float *out;
  /* Of these three. */
  gsize in_pitch, residual_pitch, out_pitch;
  float *data;
  float *products;
} Block;

static void
transform_tiles (const Block *b)
{
  const Winograd *c = b->c;
  const int tile = c->form->tile;
  const IrWindow *w = &c->s.window;
  IrWinogradInput input = { .channels = c->in_pitch,
    .in_h = w->in_h,
    .in_w = w->in_w,
    .source = b->in,
    .pitch = b->in_pitch,
    .step = c->in_step };

  for (guint t = 0; t < b->n; t++) {
    input.y = (int) ((b->first + t) / c->tiles_x) * tile - w->pad_h;
    input.x = (int) ((b->first + t) % c->tiles_x) * tile - w->pad_w;
    input.to = b->data + t * c->in_pitch;
    c->form->input (&input);
  }
}

static void
multiply (const Block *b, guint matrix, guint panel)
{
  const Winograd *c = b->c;
  const guint nr = c->igemm->nr, column = panel * nr;
  const guint n_panels = MIN (c->call_panels, c->n_panels - panel);
  const gsize size = n_panels * c->panel;
  const float *at[IR_IGEMM_MAX_ROWS];
  IrIgemmTile tile = { .taps = 1,
    .k = c->s.in_channels,
    .columns = MIN (n_panels * nr, c->s.out_channels - column),
    .at = at,
    .weights = c->packed + ((gsize) matrix * c->n_panels + panel) * c->panel,
    .bias = c->zeros,
    .to_stride = c->out_pitch,
    .low = -INFINITY,
    .high = INFINITY };

  for (guint t = 0, call = 0; t < b->n; t += tile.rows, call++) {
    const guint left = b->n - t;
    const guint calls = (left + c->igemm->mr - 1) / c->igemm->mr;
    const float *rows = b->data + matrix * c->in_step + t * c->in_pitch;

    tile.rows = (left + calls - 1) / calls;
    for (int r = 0; r < tile.rows; r++)
      at[r] = rows + r * c->in_pitch;
    tile.to = b->products + matrix * c->out_step + t * c->out_pitch + column;
    tile.next_rows = rows + tile.rows * c->in_pitch;
    tile.next_weights = call < 2 ? tile.weights + (2 + call) * size / 2 : NULL;
    c->igemm->tile (&tile);
  }
}

static void
transform_back (const Block *b)
{
  const Winograd *c = b->c;
  const int tile = c->form->tile;
  const IrWindow *w = &c->s.window;
  IrWinogradOutput output = { .channels = c->out_pitch,
    .step = c->out_step,
    .bias = c->bias,
    .pitch = b->out_pitch,
    .row_pitch = w->out_w * b->out_pitch,
    .residual_pitch = b->residual_pitch,
    .residual_row_pitch = w->out_w * b->residual_pitch,
    .low = c->low,
    .high = c->high };

  for (guint t = 0; t < b->n; t++) {
    const guint y = (b->first + t) / c->tiles_x * tile;
    const guint x = (b->first + t) % c->tiles_x * tile;
    output.rows = MIN (tile, w->out_h - (int) y);
    output.columns = MIN (tile, w->out_w - (int) x);
    output.from = b->products + t * c->out_pitch;
    if (b->residual)
      output.residual = b->residual + y * output.residual_row_pitch +
          x * output.residual_pitch;
    output.to = b->out + y * output.row_pitch + x * output.pitch;
    c->form->output (&output);
  }
}

/* Functions that are no mere limits, row by row of each tile. */
static void
finish_tiles (const Block *b, const CpuRun *run)
{
  const Winograd *c = b->c;
  const int tile = c->form->tile;
  const IrWindow *w = &c->s.window;

  for (guint t = 0; t < b->n; t++) {
    const guint y = (b->first + t) / c->tiles_x * tile;
    const guint x = (b->first + t) % c->tiles_x * tile;
    const guint rows = MIN (tile, w->out_h - (int) y);
    const guint columns = MIN (tile, w->out_w - (int) x);

    for (guint r = 0; r < rows; r++)
      cpu_finish_pixels (run, &c->fusion, 0, c->s.out_channels,
          b->out + ((gsize) (y + r) * w->out_w + x) * b->out_pitch,
          b->out_pitch, columns);
  }
}

static Block
find_block (const CpuWork *work, guint index, float *scratch)
{
  const Winograd *c = work->step->data;
  const IrWindow *w = &c->s.window;
  const guint image = index / c->n_blocks;
  const gsize pixels = (gsize) image * w->out_h * w->out_w;
  Block b = { .c = c,
    .first = index % c->n_blocks * c->block,
    .in_pitch = cpu_in_pitch (work, 0),
    .out_pitch = cpu_out_pitch (work, 0),
    .data = scratch,
    .products = scratch + c->matrices * c->in_step };

  b.n = MIN (c->block, c->n_tiles - b.first);
  b.in = cpu_in (work, 0) + (gsize) image * w->in_h * w->in_w * b.in_pitch;
  b.out = cpu_out (work, 0) + pixels * b.out_pitch;
  if (work->step->n_in > 1) {
    b.residual_pitch = cpu_in_pitch (work, 1);
    b.residual = cpu_in (work, 1) + pixels * b.residual_pitch;
  }
  return b;
}

static void
multiply_matrix (const Block *b, guint matrix)
{
  for (guint p = 0; p < b->c->n_panels; p += b->c->call_panels)
    multiply (b, matrix, p);
}

static void
give_tiles (const Block *b, const CpuRun *run)
{
  transform_back (b);
  if (!cpu_fusion_is_clamp (&b->c->fusion))
    finish_tiles (b, run);
}

static void
winograd_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Block b = find_block (work, task, cpu_scratch (work->run, worker));

  transform_tiles (&b);
  for (guint m = 0; m < b.c->matrices; m++)
    multiply_matrix (&b, m);
  give_tiles (&b, work->run);
}

/* A block that all threads make together. */
typedef struct {
  Block block;
  guint parts;
  const CpuRun *run;
} Shared;

static Block
part_of (const Shared *shared, guint part)
{
  Block b = shared->block;
  const guint first = b.n * part / shared->parts;

  b.n = b.n * (part + 1) / shared->parts - first;
  b.first += first;
  b.data += first * b.c->in_pitch;
  b.products += first * b.c->out_pitch;
  return b;
}

static void
shared_input (gpointer data, guint task, guint worker)
{
  const Block b = part_of (data, task);

  transform_tiles (&b);
}

static void
shared_matrix (gpointer data, guint task, guint worker)
{
  const Shared *shared = data;

  multiply_matrix (&shared->block, task);
}

static void
shared_output (gpointer data, guint task, guint worker)
{
  const Shared *shared = data;
  const Block b = part_of (shared, task);

  give_tiles (&b, shared->run);
}

static void
run_shared (const CpuWork *work, guint index)
{
  const guint threads = work->run->model->threads;
  Shared shared = { find_block (work, index, cpu_scratch (work->run, 0)),
    .run = work->run };

  shared.parts = MIN (4 * threads, shared.block.n);
  cpu_pool_run (threads, shared.parts, shared_input, &shared);
  cpu_pool_run (threads, shared.block.c->matrices, shared_matrix, &shared);
  cpu_pool_run (threads, shared.parts, shared_output, &shared);
}

static gboolean
run_winograd (const CpuStep *step, CpuRun *run, GError **error)
{
  const Winograd *c = step->data;
  CpuWork work = { step, run };
  const guint n = c->s.batch * c->n_blocks;

  if (!c->shared)
    cpu_pool_run (run->model->threads, n, winograd_block, &work);
  for (guint i = 0; c->shared && i < n; i++)
    run_shared (&work, i);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
winograd_free (gpointer data)
{
  Winograd *c = data;

  free (c->bias);
  free (c->zeros);
  g_free (c);
}

/* Input channels of which the transformed weights fit the first-level cache: the
 * matrices lie too far apart to be written number by number. */
#define PACK_CHANNELS 8

typedef struct {
  const Winograd *c;
  const float *weights;
  float *to;
} Packing;

/* IR_IGEMM_GROUP output channels from @o on, input channels from @first on: from
 * [out][in][3][3] to [matrix][in][group]. */
static void
transform_group (const Packing *p, guint o, guint first, guint n, float *to)
{
  const CpuConvShape *s = &p->c->s;
  const guint n_out = CLAMP ((int) (s->out_channels - o), 0, IR_IGEMM_GROUP);
  float in[9 * IR_IGEMM_GROUP] = { 0 },
               out[IR_WINOGRAD_MAX_MATRICES * IR_IGEMM_GROUP];

  for (guint i = 0; i < n; i++) {
    for (guint l = 0; l < n_out; l++) {
      const float *w =
          p->weights + 9 * ((gsize) (o + l) * s->in_channels + first + i);

      for (guint t = 0; t < 9; t++)
        in[t * IR_IGEMM_GROUP + l] = w[t];
    }
    ir_winograd_weights (p->c->form->tile, in, out);
    for (guint m = 0; m < p->c->matrices; m++)
      memcpy (to + (m * PACK_CHANNELS + i) * IR_IGEMM_GROUP,
          out + m * IR_IGEMM_GROUP, sizeof (float) * IR_IGEMM_GROUP);
  }
}

static void
pack_panel (gpointer data, guint task, guint worker)
{
  const Packing *p = data;
  const Winograd *c = p->c;
  const guint nr = c->igemm->nr;
  const gsize matrix = c->n_panels * c->panel;
  float block[IR_WINOGRAD_MAX_MATRICES * PACK_CHANNELS * IR_IGEMM_GROUP];

  for (guint first = 0; first < c->s.in_channels; first += PACK_CHANNELS)
    for (guint l = 0; l < nr; l += IR_IGEMM_GROUP) {
      const guint n = MIN (PACK_CHANNELS, c->s.in_channels - first);
      float *to = p->to + task * c->panel + (gsize) first * nr + l;

      transform_group (p, task * nr + l, first, n, block);
      for (guint m = 0; m < c->matrices; m++)
        for (guint i = 0; i < n; i++)
          memcpy (to + m * matrix + i * nr,
              block + (m * PACK_CHANNELS + i) * IR_IGEMM_GROUP,
              sizeof (float) * IR_IGEMM_GROUP);
    }
}

static gboolean
pack (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Winograd *c = data;
  Packing packing = { c, weights, to };

  cpu_pool_run (model->threads, c->n_panels, pack_panel, &packing);
  return TRUE;
}

static gboolean
fill (Winograd *c, CpuModel *model, IrPort weights)
{
  const guint nr = c->igemm->nr;

  c->n_panels = (c->s.out_channels + nr - 1) / nr;
  c->panel = (gsize) c->s.in_channels * nr;
  c->call_panels =
      CLAMP (CALL_BYTES / (c->panel * sizeof (float)), 1, c->n_panels);
  c->packed = cpu_pack (model, weights,
      c->matrices * c->n_panels * c->panel * sizeof (float), pack, c,
      "winograd %d %u: %u %u", c->form->tile, nr, c->s.out_channels,
      c->s.in_channels);
  c->bias = cpu_pack_bias (c->igemm, &c->s, &c->fusion);
  c->zeros = cpu_alloc_floats ((gsize) c->call_panels * nr);
  return c->packed && c->bias && c->zeros;
}

/* An odd number of lines of the cache: the same place of all matrices would be in
 * the same set of it otherwise. */
static gsize
odd_lines (gsize floats)
{
  return ((floats + 15) / 16 | 1) * 16;
}

/* Blocks of even size, as many for each thread: several where their weights are few
 * enough to be read that often. Where weights are so many that reading them sets the
 * pace, threads share blocks instead: then each reads those of its matrices only. */
static void
choose_blocks (Winograd *c, const CpuModel *model)
{
  const gsize tile =
      c->matrices * (c->in_pitch + c->out_pitch) * sizeof (float);
  const gsize weights = c->matrices * c->n_panels * c->panel * sizeof (float);
  const gsize cache = cpu_second_cache (), room = cache / 8 * 5;
  const gsize bytes = CLAMP (weights, MIN (BLOCK_BYTES, room), room);
  const guint most = MAX (bytes / tile, MIN_TILES);
  guint parts = cpu_parts (model, cpu_conv_flops (&c->s));
  const guint threads = MIN (parts, model->threads);

  c->shared = parts > 1 && weights > 2 * cache;
  if (weights > BLOCK_BYTES)
    parts = c->shared ? 1 : threads;
  parts = MAX (MIN (parts, c->n_tiles / (MIN_TILES / 2)), 1);
  c->n_blocks = MAX ((c->n_tiles + most - 1) / most, parts);
  if (c->n_blocks > 1 && !c->shared)
    c->n_blocks = (c->n_blocks + threads - 1) / threads * threads;
  c->block = (c->n_tiles + c->n_blocks - 1) / c->n_blocks;
  c->n_blocks = (c->n_tiles + c->block - 1) / c->block;
  c->in_step = odd_lines (c->block * c->in_pitch);
  c->out_step = odd_lines (c->block * c->out_pitch);
}

/* The form of most pixels that has tiles enough, or the one that is wanted. */
static gboolean
choose_form (Winograd *c, const IrWinogradKernels *kernels, guint wanted)
{
  const IrWindow *w = &c->s.window;

  for (guint i = 0; i < IR_WINOGRAD_FORMS; i++) {
    const guint tile = kernels->forms[i].tile;

    c->form = &kernels->forms[i];
    c->matrices = (tile + 2) * (tile + 2);
    c->tiles_x = (w->out_w + tile - 1) / tile;
    c->n_tiles = c->tiles_x * ((w->out_h + tile - 1) / tile);
    if (wanted ? tile == wanted : c->n_tiles >= MIN_TILES)
      return TRUE;
  }
  return FALSE;
}

static gboolean
fits (const CpuModel *model, const CpuFusion *fusion, Winograd *c)
{
  const IrWindow *w = &c->s.window;

  return model->winograd && cpu_conv_shape (fusion->head, &c->s) &&
      cpu_port_is_known (model, fusion->head->inputs[1]) &&
      cpu_port_can_be_last (fusion->head->inputs[0]) && c->s.groups == 1 &&
      w->kernel_h == 3 && w->kernel_w == 3 && w->stride_h == 1 &&
      w->stride_w == 1 && w->dilation_h == 1 && w->dilation_w == 1 &&
      c->s.in_channels >= MIN_CHANNELS && c->s.out_channels >= MIN_CHANNELS &&
      choose_form (c, model->winograd, model->way ? model->way->tile : 0);
}

/* Of each of @threads threads that share a block. */
static gsize
scratch_bytes (const Winograd *c, guint threads)
{
  const gsize bytes = c->matrices * (c->in_step + c->out_step) * sizeof (float);

  return (bytes + threads - 1) / threads;
}

gboolean
cpu_lower_winograd (CpuModel *model, const CpuFusion *fusion)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->residual };
  Winograd shape = { .fusion = *fusion, .igemm = model->igemm };
  Winograd *c;
  CpuStep *step;

  if (!fits (model, fusion, &shape))
    return FALSE;
  shape.in_pitch = CPU_PITCH (shape.s.in_channels);
  shape.out_pitch = CPU_PITCH (shape.s.out_channels);
  c = g_memdup2 (&shape, sizeof shape);
  if (!fill (c, model, fusion->head->inputs[1])) {
    winograd_free (c);
    return FALSE;
  }
  choose_blocks (c, model);
  cpu_fusion_limits (fusion, &c->low, &c->high);
  step = cpu_add_step (model, fusion->last, CPU_LAST, CPU_LAST, ports,
      fusion->residual.node ? 2 : 1);
  step->head = fusion->head;
  step->kernel = "winograd";
  step->flops = cpu_conv_flops (&c->s);
  step->run = run_winograd;
  step->data = c;
  step->free_data = winograd_free;
  step->scratch = scratch_bytes (c, c->shared ? model->threads : 1);
  step->scratch_is_values = TRUE;
  return TRUE;
}
