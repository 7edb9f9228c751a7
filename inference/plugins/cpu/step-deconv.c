/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Transposed convolutions: pixels of the result that lie the same way between the
 * steps see the same weights, so each such phase is a convolution at step 1. */
#include "cpu.h"

#include <math.h>
#include <string.h>

/* Packed weights that stay in a cache while a band of rows goes by. */
#define CALL_BYTES (64 << 10)
/* Of the result's rows of a band. */
#define BAND_BYTES (192 << 10)

/* Where an element of the window looks, from the pixel of the same number. */
typedef struct {
  int y, x;
} Tap;

/* Pixels (y + j * stride_h, x + i * stride_w) of the result. */
typedef struct {
  int y, x, columns;
  guint n_taps;
  Tap *taps;
  /* Which element of the window each tap is. */
  guint *elements;
  /* Per group panels of n_taps * in_channels rows of nr columns. */
  gsize packed;
} Phase;

typedef struct {
  CpuFusion fusion;
  /* Before @merged groups each were made one, and after. */
  CpuConvShape given, s;
  guint merged;
  const IrIgemmKernels *kernels;
  void (*tile) (const IrIgemmKernels *kernels, const IrIgemmTile *tile);
  guint n_phases;
  Phase *phases;
  guint n_panels, call_panels;
  gsize n_packed;
  const float *packed;
  float *bias;
  float *zeros;
  /* Rows of a phase in a band. */
  guint rows, n_bands;
  guint block_panels, n_panel_blocks;
  float low, high;
} Deconv;

/* Which rows and panels of which group a task makes. */
typedef struct {
  const Deconv *c;
  const float *in, *residual;
  float *out;
  gsize in_pitch, residual_pitch, out_pitch;
  const float **at;
  guint group, panel, end_panel;
  int row, end;
} Block;

/* What @n pixels of a row see from pixel @x on. */
static void
point (const Block *b, const Phase *phase, int y, int x, int n)
{
  const Deconv *c = b->c;
  const int height = c->s.window.in_h, width = c->s.window.in_w;
  const float **at = b->at;

  for (guint t = 0; t < phase->n_taps; t++, at += n) {
    const int sy = y + phase->taps[t].y, sx = x + phase->taps[t].x;
    const float *from =
        b->in + ((ptrdiff_t) sy * width + sx) * (ptrdiff_t) b->in_pitch;

    for (int r = 0; r < n; r++, from += b->in_pitch)
      at[r] = sy >= 0 && sy < height && sx + r >= 0 && sx + r < width
          ? from
          : c->zeros;
  }
}

static void
make_row (const Block *b, const Phase *phase, int j, guint panel)
{
  const Deconv *c = b->c;
  const IrWindow *w = &c->s.window;
  const guint nr = c->kernels->nr, column = panel * nr;
  const int mr = c->kernels->mr;
  const gsize size = (gsize) phase->n_taps * c->s.in_channels * nr;
  const gsize channel = (gsize) b->group * c->s.out_channels + column;
  const gsize first =
      ((gsize) phase->y + (gsize) j * w->stride_h) * w->out_w + phase->x;
  IrIgemmTile tile = { .taps = phase->n_taps,
    .k = c->s.in_channels,
    .columns = MIN ((MIN (panel + c->call_panels, b->end_panel) - panel) * nr,
        c->s.out_channels - column),
    .at = b->at,
    .weights = c->packed + phase->packed +
        ((gsize) b->group * c->n_panels + panel) * size,
    .bias = c->bias + channel,
    .to_stride = w->stride_w * b->out_pitch,
    .residual_stride = w->stride_w * b->residual_pitch,
    .low = c->low,
    .high = c->high };

  for (int x = 0; x < phase->columns; x += tile.rows) {
    const int left = phase->columns - x, tiles = (left + mr - 1) / mr;
    const gsize pixel = first + (gsize) x * w->stride_w;

    tile.rows = (left + tiles - 1) / tiles;
    point (b, phase, j, x, tile.rows);
    tile.to = b->out + pixel * b->out_pitch + channel;
    tile.residual =
        b->residual ? b->residual + pixel * b->residual_pitch + channel : NULL;
    c->tile (c->kernels, &tile);
  }
}

/* Functions that are no mere limits, over what is still in the cache. */
static void
finish_band (const Block *b, const CpuRun *run)
{
  const Deconv *c = b->c;
  const IrWindow *w = &c->s.window;
  const guint column = b->panel * c->kernels->nr;
  const gsize channel = (gsize) b->group * c->s.out_channels + column;
  const gsize channels = c->fusion.head->outputs[0].shape.dim[1];
  const gsize first = (gsize) b->row * w->stride_h * w->out_w;
  const gsize end =
      (gsize) MIN (b->end * w->stride_h, w->out_h) * (gsize) w->out_w;

  cpu_finish_pixels (run, &c->fusion, channel,
      MIN (MIN (b->end_panel * c->kernels->nr, c->s.out_channels) - column,
          channels - channel),
      b->out + first * b->out_pitch + channel, b->out_pitch, end - first);
}

static void
deconv_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Deconv *c = work->step->data;
  const IrWindow *w = &c->s.window;
  const guint image = task / c->n_bands / c->n_panel_blocks / c->s.groups;
  const gsize pixels_out = (gsize) image * w->out_h * w->out_w;
  Block b = { .c = c,
    .in_pitch = cpu_in_pitch (work, 0),
    .out_pitch = cpu_out_pitch (work, 0),
    .at = (const float **) cpu_scratch (work->run, worker),
    .group = task / c->n_bands / c->n_panel_blocks % c->s.groups,
    .panel = task / c->n_bands % c->n_panel_blocks * c->block_panels,
    .row = task % c->n_bands * c->rows };

  b.end = b.row + c->rows;
  b.end_panel = MIN (b.panel + c->block_panels, c->n_panels);
  b.in = cpu_in (work, 0) + (gsize) image * w->in_h * w->in_w * b.in_pitch +
      (gsize) b.group * c->s.in_channels;
  b.out = cpu_out (work, 0) + pixels_out * b.out_pitch;
  if (work->step->n_in > 1) {
    b.residual_pitch = cpu_in_pitch (work, 1);
    b.residual = cpu_in (work, 1) + pixels_out * b.residual_pitch;
  }
  for (guint p = b.panel; p < b.end_panel; p += c->call_panels)
    for (guint i = 0; i < c->n_phases; i++)
      for (int j = b.row;
           j < b.end && c->phases[i].y + j * w->stride_h < w->out_h; j++)
        make_row (&b, &c->phases[i], j, p);
  if (!cpu_fusion_is_clamp (&c->fusion))
    finish_band (&b, work->run);
}

static gboolean
run_deconv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Deconv *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads,
      c->s.batch * c->s.groups * c->n_panel_blocks * c->n_bands, deconv_block,
      &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
deconv_free (gpointer data)
{
  Deconv *c = data;

  for (guint i = 0; i < c->n_phases; i++) {
    g_free (c->phases[i].taps);
    g_free (c->phases[i].elements);
  }
  g_free (c->phases);
  free (c->bias);
  free (c->zeros);
  g_free (c);
}

/* The elements of the window that reach the pixels of a phase: those whose place
 * is a whole number of steps away. */
static void
find_taps (Phase *phase, const IrWindow *w)
{
  const guint n = w->kernel_h * w->kernel_w;

  phase->taps = g_new (Tap, n);
  phase->elements = g_new (guint, n);
  for (guint e = 0; e < n; e++) {
    const int y = phase->y + w->pad_h - (int) e / w->kernel_w * w->dilation_h;
    const int x = phase->x + w->pad_w - (int) e % w->kernel_w * w->dilation_w;

    if (y % w->stride_h != 0 || x % w->stride_w != 0)
      continue;
    phase->taps[phase->n_taps] = (Tap){ y / w->stride_h, x / w->stride_w };
    phase->elements[phase->n_taps++] = e;
  }
}

/* Returns the floats of all packed weights. */
static gsize
find_phases (Deconv *c)
{
  const IrWindow *w = &c->s.window;
  const gsize row =
      (gsize) c->s.groups * c->n_panels * c->s.in_channels * c->kernels->nr;
  const int height = MIN (w->stride_h, w->out_h);
  const int width = MIN (w->stride_w, w->out_w);
  gsize n = 0;

  c->phases = g_new0 (Phase, height * width);
  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++) {
      Phase *phase = &c->phases[c->n_phases++];

      phase->y = y;
      phase->x = x;
      phase->columns = (w->out_w - x + w->stride_w - 1) / w->stride_w;
      phase->packed = n;
      find_taps (phase, w);
      n += phase->n_taps * row;
    }
  return n;
}

/* From [groups][in][out][window]. */
static void
pack_phase (
    const Deconv *c, const Phase *phase, const float *weights, float *packed)
{
  const guint nr = c->kernels->nr, in = c->s.in_channels;
  const guint window = c->s.window.kernel_h * c->s.window.kernel_w;
  const gsize panel = (gsize) phase->n_taps * in * nr;

  for (guint g = 0; g < c->s.groups; g++)
    for (guint i = 0; i < in; i++)
      for (guint o = 0; o < c->s.out_channels; o++, weights += window) {
        float *to = packed + phase->packed +
            ((gsize) g * c->n_panels + o / nr) * panel + (gsize) i * nr +
            o % nr;

        for (guint t = 0; t < phase->n_taps; t++)
          to[(gsize) t * in * nr] = weights[phase->elements[t]];
      }
}

static gboolean
pack (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Deconv *c = data;
  float *merged = NULL;

  if (c->merged > 1) {
    merged = cpu_merge_weights (&c->given, c->merged, TRUE, weights);
    if (!merged)
      return FALSE;
  }
  memset (to, 0, c->n_packed * sizeof (float));
  for (guint i = 0; i < c->n_phases; i++)
    pack_phase (c, &c->phases[i], merged ? merged : weights, to);
  free (merged);
  return TRUE;
}

static gboolean
fill (Deconv *c, CpuModel *model, IrPort weights)
{
  const IrWindow *w = &c->s.window;
  const guint nr = c->kernels->nr;
  gsize panel;

  c->n_panels = (c->s.out_channels + nr - 1) / nr;
  c->n_packed = find_phases (c);
  c->packed = cpu_pack (model, weights, c->n_packed * sizeof (float), pack, c,
      "transposed %u: %u %u %u %dx%d by %dx%d, %dx%d from %d,%d, %u", nr,
      c->given.groups, c->given.out_channels, c->given.in_channels, w->kernel_h,
      w->kernel_w, w->stride_h, w->stride_w, w->dilation_h, w->dilation_w,
      w->pad_h, w->pad_w, c->merged);
  panel = cpu_panel_size (c->kernels, &c->s) / c->n_phases * sizeof (float);
  c->call_panels = CLAMP (CALL_BYTES / MAX (panel, 1), 1, c->n_panels);
  c->bias = cpu_pack_bias (c->kernels, &c->s, &c->fusion);
  c->zeros = cpu_alloc_floats (c->s.in_channels);
  return c->packed && c->bias && c->zeros;
}

static guint64
flops (const Deconv *c)
{
  const IrWindow *w = &c->s.window;

  return 2ull * c->s.batch * c->s.groups * c->s.out_channels *
      c->s.in_channels * w->in_h * w->in_w * w->kernel_h * w->kernel_w;
}

static void
choose_blocks (Deconv *c, const CpuModel *model)
{
  const IrWindow *w = &c->s.window;
  const guint images = c->s.batch * c->s.groups;
  const guint each = (cpu_parts (model, flops (c)) + images - 1) / images;
  const guint rows = (w->out_h + w->stride_h - 1) / w->stride_h;
  const gsize row = sizeof (float) * w->out_w * w->stride_h *
      CPU_PITCH (c->s.out_channels * c->s.groups);
  guint parts;

  c->rows = CLAMP (BAND_BYTES / row, 1, (rows + each - 1) / each);
  c->n_bands = (rows + c->rows - 1) / c->rows;
  parts = MIN ((each + c->n_bands - 1) / c->n_bands, c->n_panels);
  c->block_panels = (c->n_panels + parts - 1) / parts;
  c->n_panel_blocks = (c->n_panels + c->block_panels - 1) / c->block_panels;
}

static void
tile_whole (const IrIgemmKernels *kernels, const IrIgemmTile *tile)
{
  kernels->tile (tile);
}

static gboolean
fits (const CpuModel *model, const CpuFusion *fusion, Deconv *c)
{
  const IrNode *node = fusion->head;
  const IrPort out = ir_port ((IrNode *) node, 0);
  const gboolean grouped = ir_node_is (node, "GroupConvolutionBackpropData");
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrShape *weights = &ir_node_input (node, 1)->shape;
  const gint64 *dims = weights->dim + grouped;
  IrConvGeometry g;

  if (!cpu_port_can_be_last (node->inputs[0]) || !cpu_port_can_be_last (out) ||
      !cpu_port_is_f32 (node->inputs[1]) ||
      !cpu_port_is_known (model, node->inputs[1]) ||
      !ir_conv_backprop_geometry (node->attrs, 2, in->dim + 2, dims + 2,
          node->n_inputs > 2 ? ir_port_output (out)->shape.dim + 2 : NULL, &g,
          NULL) ||
      !cpu_window (&g, &c->s.window))
    return FALSE;
  if (in->dim[0] > 65536 || dims[0] > 65536 || dims[1] > 65536 || dims[0] < 1 ||
      dims[1] < 1 || (grouped && weights->dim[0] > 65536))
    return FALSE;
  c->s.batch = in->dim[0];
  c->s.groups = grouped ? weights->dim[0] : 1;
  c->s.in_channels = dims[0];
  c->s.out_channels = dims[1];
  return TRUE;
}

gboolean
cpu_lower_deconv (CpuModel *model, const CpuFusion *fusion)
{
  const IrPort ports[] = { fusion->head->inputs[0], fusion->residual };
  Deconv shape = { .fusion = *fusion, .kernels = model->igemm }, *c;
  guint64 n_flops;
  CpuStep *step;

  if (!fits (model, fusion, &shape))
    return FALSE;
  n_flops = flops (&shape);
  shape.given = shape.s;
  shape.merged = cpu_merge_groups (model, &shape.given);
  shape.s = cpu_merged_shape (&shape.given, shape.merged);
  shape.tile = shape.s.groups == 1 || shape.s.out_channels % IR_IGEMM_GROUP == 0
      ? tile_whole
      : ir_igemm_tile_exact;
  c = g_memdup2 (&shape, sizeof shape);
  if (!fill (c, model, fusion->head->inputs[1])) {
    deconv_free (c);
    return FALSE;
  }
  choose_blocks (c, model);
  cpu_fusion_limits (fusion, &c->low, &c->high);
  step = cpu_add_step (model, fusion->last, CPU_LAST, CPU_LAST, ports,
      fusion->residual.node ? 2 : 1);
  step->head = fusion->head;
  step->kernel = c->kernels->name;
  step->flops = n_flops;
  step->run = run_deconv;
  step->data = c;
  step->free_data = deconv_free;
  step->scratch = sizeof (float *) * IR_IGEMM_MAX_ROWS * c->s.window.kernel_h *
      c->s.window.kernel_w;
  return TRUE;
}
