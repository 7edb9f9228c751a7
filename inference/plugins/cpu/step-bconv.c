/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions in bf16: a band of the picture is laid out with its border, rows of
 * pixels that are steps apart each in a plane of their own, so that all windows of
 * the band lie at one distance from each other. */
#include "cpu.h"

#include <string.h>

#define CHUNK IR_BGEMM_CHUNK
#define COLUMNS IR_BGEMM_COLUMNS
/* Of the source's numbers of a task, for the second-level cache. */
#define BAND_BYTES (256 << 10)
/* Fewer windows than this leave tiles half empty: then columns are shared out. */
#define MIN_ROWS 96
/* What one multiply-add of f32 costs more than one of bf16. */
#define SPEED 8
/* Bands of windows that are spread far would take more than the others' way is worth. */
#define MAX_BAND_BYTES (64 << 20)

typedef struct {
  CpuFusion fusion;
  CpuConvShape s;
  const IrBgemmKernels *kernels;
  const guint16 *packed;
  float *bias;
  /* Numbers of a pixel in the band; what is multiplied at once. */
  guint pitch;
  guint chunk, chunks_of_run, n_chunks;
  ptrdiff_t *at;
  /* Pixels of the source per pixel of the band, of the band per window. */
  guint take, step;
  /* Windows per line of the band, those without a result included. */
  guint line;
  /* Whether windows are pixels and channels make whole chunks. */
  gboolean direct;
  gboolean planes;
  guint rows, n_row_blocks;
  guint panels, n_panels, n_panel_blocks;
  gsize band_bytes;
  float low, high;
} Bconv;

/* What a task makes; its memory. */
typedef struct {
  const Bconv *c;
  const CpuWork *work;
  guint image, group;
  guint first_row, n_rows;
  guint panel, end_panel;
  /* Nothing of the step begins after it. */
  gboolean last;
  guint16 *band;
} Block;

static guint
span (guint kernel, guint dilation)
{
  return (kernel - 1) * dilation + 1;
}

/* Lines of one plane of a band of @rows rows. */
static guint
plane_lines (const Bconv *c, guint rows)
{
  const IrWindow *w = &c->s.window;

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

/* --- running ---------------------------------------------------------------- */

static void
copy_halves (
    const Bconv *c, const guint16 *from, gsize from_pitch, guint n, guint16 *to)
{
  const guint channels = c->s.in_channels;

  if (from_pitch == channels && c->pitch == channels) {
    memcpy (to, from, (gsize) n * channels * sizeof *to);
    return;
  }
  for (guint x = 0; x < n; x++, from += from_pitch, to += c->pitch) {
    memcpy (to, from, channels * sizeof *to);
    memset (to + channels, 0, (c->pitch - channels) * sizeof *to);
  }
}

/* @n pixels from @x on of line @y of the source. */
static void
fill_pixels (const Block *b, guint y, guint x, guint n, guint16 *to)
{
  const Bconv *c = b->c;
  const IrWindow *w = &c->s.window;
  const gpointer in = b->work->run->data[b->work->step->in[0]];
  const guint channels = c->s.in_channels;
  const gsize pitch = cpu_in_pitch (b->work, 0);
  const gsize pixel = ((gsize) b->image * w->in_h + y) * w->in_w + x;
  const gsize at = pixel * pitch + (gsize) b->group * channels;
  IrBgemmPixels pixels = { n, channels, pitch * c->take, c->pitch, c->pitch };

  if (c->planes) {
    const gsize plane = (gsize) w->in_h * w->in_w;
    const IrBgemmPlanes planes = { channels, n,
      (const float *) in + b->image * channels * plane + (gsize) y * w->in_w +
          x,
      plane, to };

    c->kernels->join (&planes);
  } else if (cpu_is_bf16 (b->work, b->work->step->in[0])) {
    copy_halves (c, (const guint16 *) in + at, pixels.from_pitch, n, to);
  } else {
    c->kernels->narrow (&pixels, (const float *) in + at, to);
  }
}

/* A line with what lies left and right of the picture. */
static void
fill_line (const Block *b, int y, guint16 *to)
{
  const Bconv *c = b->c;
  const IrWindow *w = &c->s.window;
  const guint all = c->line * c->step;
  const guint left = MIN ((w->pad_w + c->take - 1) / c->take, all);
  const guint x = left * c->take - w->pad_w;
  guint n = 0;

  if (y >= 0 && y < w->in_h && x < (guint) w->in_w)
    n = MIN ((w->in_w - x + c->take - 1) / c->take, all - left);
  memset (to, 0, left * c->pitch * sizeof *to);
  if (n > 0)
    fill_pixels (b, y, x, n, to + left * c->pitch);
  memset (
      to + (left + n) * c->pitch, 0, (all - left - n) * c->pitch * sizeof *to);
}

static void
fill_band (const Block *b)
{
  const Bconv *c = b->c;
  const IrWindow *w = &c->s.window;
  const gsize line = (gsize) c->line * c->step * c->pitch;
  const guint lines = plane_lines (c, c->rows);
  const guint wanted = plane_lines (c, b->n_rows);

  for (int plane = 0; plane < w->stride_h; plane++) {
    guint16 *to = b->band + plane * lines * line;

    if (!plane_is_seen (w, plane))
      continue;
    for (guint i = 0; i < wanted; i++)
      fill_line (b, (int) (b->first_row + i) * w->stride_h - w->pad_h + plane,
          to + i * line);
    /* The last window may look past the end of its line. */
    memset (to + wanted * line, 0,
        span (w->kernel_w, w->dilation_w) * c->pitch * sizeof *to);
  }
}

/* Functions that are no mere limits, over what the kernel is about to write. */
static void
change (const void *data, float *numbers, int rows, int column, int columns)
{
  const Block *b = data;
  const CpuFusion *f = &b->c->fusion;
  const IrEltwiseKernels *k = b->work->run->model->eltwise;
  const int width = ir_bgemm_width (columns);
  const gsize channel =
      (gsize) b->group * b->c->s.out_channels + b->panel * COLUMNS + column;

  if (!f->slopes) {
    k->unary (f->unary, f->a, f->b, numbers, numbers, (gsize) rows * width);
    return;
  }
  for (int r = 0; r < rows; r++, numbers += width)
    k->binary (IR_BINARY_PRELU, IR_BINARY_BOTH, numbers, f->slopes + channel,
        numbers, columns);
}

/* The number @at of a slot, and its type. */
static gpointer
find_numbers (const CpuWork *work, guint slot, gsize at, IrBgemmType *type)
{
  *type = cpu_is_bf16 (work, slot) ? IR_BGEMM_BF16 : IR_BGEMM_F32;
  return (guint8 *) work->run->data[slot] +
      at * (*type == IR_BGEMM_BF16 ? 2 : 4);
}

static void
multiply (const Block *b)
{
  const Bconv *c = b->c;
  const IrWindow *w = &c->s.window;
  const CpuStep *step = b->work->step;
  const guint column = b->panel * COLUMNS;
  const gsize channel = (gsize) b->group * c->s.out_channels + column;
  const gsize panel = (gsize) c->n_chunks * c->chunk * COLUMNS;
  const gsize panels = (gsize) b->group * c->n_panels + b->panel;
  const gsize pixel = ((gsize) b->image * w->out_h + b->first_row) * w->out_w;
  const IrBgemmFunction function = { change, b };
  IrBgemmProduct p = { .rows = (b->n_rows - 1) * c->line + w->out_w,
    .columns = MIN (b->end_panel * COLUMNS, c->s.out_channels) - column,
    .chunks = c->n_chunks,
    .chunk = c->chunk,
    .from = b->band,
    .stride = (gsize) c->step * c->pitch,
    .at = c->at,
    .weights = c->packed + panels * panel,
    .bias = c->bias + panels * COLUMNS,
    .line = c->line,
    .wanted = w->out_w,
    .to_pitch = cpu_out_pitch (b->work, 0),
    .low = c->low,
    .high = c->high,
    .function = cpu_fusion_is_clamp (&c->fusion) ? NULL : &function };

  p.to = find_numbers (
      b->work, step->out[0], pixel * p.to_pitch + channel, &p.to_type);
  if (step->n_in > 1) {
    p.residual_pitch = cpu_in_pitch (b->work, 1);
    p.residual = find_numbers (b->work, step->in[1],
        pixel * p.residual_pitch + channel, &p.residual_type);
  }
  if (!b->band) {
    IrBgemmType bf16;

    p.stride = cpu_in_pitch (b->work, 0);
    p.from = find_numbers (b->work, step->in[0],
        pixel * p.stride + (gsize) b->group * c->s.in_channels, &bf16);
  }
  if (b->last) {
    p.later = step->later;
    p.later_bytes = step->later_bytes;
  }
  c->kernels->multiply (&p);
}

static void
bconv_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Bconv *c = work->step->data;
  const guint images = task / c->n_row_blocks / c->n_panel_blocks;
  Block b = { .c = c,
    .work = work,
    .image = images / c->s.groups,
    .group = images % c->s.groups,
    .first_row = task % c->n_row_blocks * c->rows,
    .panel = task / c->n_row_blocks % c->n_panel_blocks * c->panels };

  b.last = images + 1 == c->s.batch * c->s.groups &&
      b.first_row + c->rows >= (guint) c->s.window.out_h;
  b.n_rows = MIN (c->rows, c->s.window.out_h - b.first_row);
  b.end_panel = MIN (b.panel + c->panels, c->n_panels);
  if (!c->direct || !cpu_is_bf16 (work, work->step->in[0])) {
    b.band = cpu_scratch (work->run, worker);
    fill_band (&b);
  }
  multiply (&b);
}

static gboolean
run_bconv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Bconv *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads,
      c->s.batch * c->s.groups * c->n_row_blocks * c->n_panel_blocks,
      bconv_block, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
bconv_free (gpointer data)
{
  Bconv *c = data;

  free (c->bias);
  g_free (c->at);
  g_free (c);
}

/* Cuts a run of @n numbers into the fewest equal chunks; 0 if they would be too many
 * for what there is to do. */
static guint
cut (guint n, guint *chunk)
{
  const guint least = (n + CHUNK - 1) / CHUNK;

  for (guint parts = least; parts <= least + least / 4; parts++)
    if (n % (2 * parts) == 0) {
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
choose_chunks (Bconv *c)
{
  const IrWindow *w = &c->s.window;
  const guint runs = runs_of_line (w), taps = w->kernel_w / runs;

  c->pitch = c->planes ? IR_BGEMM_PLANES : c->s.in_channels;
  while (!(c->chunks_of_run = cut (taps * c->pitch, &c->chunk)))
    c->pitch++;
  c->n_chunks = w->kernel_h * runs * c->chunks_of_run;
}

static void
choose_line (Bconv *c)
{
  const IrWindow *w = &c->s.window;
  guint needed, left, used;

  c->take = w->kernel_w == 1 ? w->stride_w : 1;
  c->step = w->kernel_w == 1 ? 1 : w->stride_w;
  needed = (w->out_w - 1) * c->step + span (w->kernel_w, w->dilation_w);
  left = (w->pad_w + c->take - 1) / c->take;
  used = MIN (needed, left + (w->in_w + c->take - 1) / c->take);
  /* Zeros at the beginning of a line serve the end of the one before. */
  used = MAX (used, needed - MIN (left, needed));
  c->line = (used + c->step - 1) / c->step;
  c->line = MAX (c->line, (guint) w->out_w);
}

static void
place_chunks (Bconv *c)
{
  const IrWindow *w = &c->s.window;
  const guint runs = runs_of_line (w), lines = plane_lines (c, c->rows);
  const gsize line = (gsize) c->line * c->step * c->pitch;
  ptrdiff_t *at = c->at = g_new (ptrdiff_t, c->n_chunks);

  for (int ky = 0; ky < w->kernel_h; ky++)
    for (guint run = 0; run < runs; run++)
      for (guint i = 0; i < c->chunks_of_run; i++) {
        const guint y = ky * w->dilation_h;
        const gsize top = (gsize) (y % w->stride_h) * lines + y / w->stride_h;

        *at++ =
            top * line + (gsize) run * w->dilation_w * c->pitch + i * c->chunk;
      }
}

static void
choose_blocks (Bconv *c, const CpuModel *model)
{
  const IrWindow *w = &c->s.window;
  const guint parts = cpu_parts (model, cpu_conv_flops (&c->s) / SPEED);
  const guint images = c->s.batch * c->s.groups;
  const guint each = (parts + images - 1) / images;
  const gsize line = (gsize) c->line * c->step * c->pitch * sizeof (guint16);
  const guint fewest = (MIN_ROWS + c->line - 1) / c->line;
  const guint most = MAX (BAND_BYTES / (line * w->stride_h), 1);

  c->rows = MIN (most, ((guint) w->out_h + each - 1) / each);
  c->rows = MIN (MAX (c->rows, fewest), (guint) w->out_h);
  c->n_row_blocks = (w->out_h + c->rows - 1) / c->rows;
  c->panels = c->n_panels;
  if (c->n_row_blocks < each)
    c->panels = MAX (c->n_panels * c->n_row_blocks / each, 1);
  c->n_panel_blocks = (c->n_panels + c->panels - 1) / c->panels;
}

static void
choose_memory (Bconv *c)
{
  const IrWindow *w = &c->s.window;
  const gsize lines = (gsize) w->stride_h * plane_lines (c, c->rows);

  c->band_bytes =
      (lines * c->line * c->step + span (w->kernel_w, w->dilation_w)) *
      c->pitch * sizeof (guint16);
}

/* The number of a weight's input channel and column of the window, for each number
 * of a chunk; -1 where there is none. */
static gint
find_source (const Bconv *c, guint run, guint i)
{
  const guint kx = i / c->pitch + run, channel = i % c->pitch;

  return channel < c->s.in_channels
      ? (gint) (channel * c->s.window.kernel_h * c->s.window.kernel_w + kx)
      : -1;
}

typedef struct {
  const Bconv *c;
  const float *weights;
  guint16 *to;
} Packing;

/* One chunk of one panel, as f32. */
static void
gather_chunk (
    const Packing *p, gsize column, guint columns, guint chunk, float *to)
{
  const Bconv *c = p->c;
  const IrWindow *w = &c->s.window;
  const guint runs = runs_of_line (w);
  const guint line = chunk / c->chunks_of_run;
  const guint first = chunk % c->chunks_of_run * c->chunk;
  const gsize each = (gsize) c->s.in_channels * w->kernel_h * w->kernel_w;
  const float *from = p->weights + column * each + line / runs * w->kernel_w;

  for (guint i = 0; i < c->chunk; i++) {
    const gint source = find_source (c, line % runs, first + i);

    for (guint o = 0; o < COLUMNS; o++)
      to[o / 16 * c->chunk * 16 + i / 2 * 32 + o % 16 * 2 + i % 2] =
          o < columns && source >= 0 ? from[o * each + source] : 0;
  }
}

static void
pack_panel (gpointer data, guint task, guint worker)
{
  const Packing *p = data;
  const Bconv *c = p->c;
  const guint column = task % c->n_panels * COLUMNS;
  const guint group = task / c->n_panels;
  const gsize size = (gsize) c->chunk * COLUMNS;
  const IrBgemmPixels pixels = { 1, size, size, size, size };
  guint16 *to = p->to + task * c->n_chunks * size;
  float chunk[CHUNK * COLUMNS];

  for (guint t = 0; t < c->n_chunks; t++) {
    gather_chunk (p, (gsize) group * c->s.out_channels + column,
        MIN (COLUMNS, c->s.out_channels - column), t, chunk);
    c->kernels->narrow (&pixels, chunk, to + t * size);
  }
}

/* Biases as the kernel reads them: whole panels of each group. */
static float *
pack_bias (const Bconv *c)
{
  const CpuFusion *f = &c->fusion;
  const gsize width = (gsize) c->n_panels * COLUMNS;
  float *bias = cpu_alloc_floats (c->s.groups * width);

  for (guint g = 0; bias && f->bias && g < c->s.groups; g++)
    for (guint o = 0; o < c->s.out_channels; o++)
      bias[g * width + o] =
          f->bias[f->bias_n > 1 ? (gsize) g * c->s.out_channels + o : 0];
  return bias;
}

static gboolean
pack (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Bconv *c = data;
  Packing packing = { c, weights, to };

  cpu_pool_run (
      model->threads, c->s.groups * c->n_panels, pack_panel, &packing);
  return TRUE;
}

static gboolean
fill (Bconv *c, CpuModel *model, IrPort weights)
{
  const gsize panels = (gsize) c->s.groups * c->n_panels;
  const gsize size = (gsize) c->n_chunks * c->chunk * COLUMNS;

  c->packed = cpu_pack (model, weights, panels * size * sizeof (guint16), pack,
      c, "bf16 %u %u: %u %u %u %dx%d", c->pitch, c->chunk, c->s.groups,
      c->s.out_channels, c->s.in_channels, c->s.window.kernel_h,
      c->s.window.kernel_w);
  c->bias = pack_bias (c);
  return c->packed && c->bias;
}

static gboolean
fits (const CpuModel *model, const CpuFusion *fusion, Bconv *c)
{
  const IrPort in = fusion->head->inputs[0];

  if (!model->bgemm || !cpu_conv_shape (fusion->head, &c->s) ||
      !cpu_port_is_known (model, fusion->head->inputs[1]) ||
      !cpu_port_can_be_last (in) ||
      !cpu_port_can_be_last (ir_port ((IrNode *) fusion->head, 0)))
    return FALSE;
  c->planes = c->s.groups == 1 && c->s.in_channels <= IR_BGEMM_PLANES &&
      (c->s.window.kernel_w > 1 || c->s.window.stride_w == 1) &&
      cpu_port_layout (model, in) == CPU_PLAIN;
  return TRUE;
}

static CpuStep *
add_step (CpuModel *model, const Bconv *c)
{
  const IrNode *head = c->fusion.head;
  guint slots[2], n = 0;

  slots[n++] =
      cpu_take (model, head->inputs[0], c->planes ? CPU_PLAIN : CPU_LAST);
  if (c->fusion.residual.node)
    slots[n++] = cpu_take (model, c->fusion.residual, CPU_LAST);
  return cpu_add_step_on (model, c->fusion.last, CPU_LAST, slots, n);
}

gboolean
cpu_lower_bconv (CpuModel *model, const CpuFusion *fusion)
{
  Bconv shape = { .fusion = *fusion, .kernels = model->bgemm }, *c;
  const IrWindow *w = &shape.s.window;
  guint chunk;
  CpuStep *step;

  if (!fits (model, fusion, &shape))
    return FALSE;
  choose_chunks (&shape);
  choose_line (&shape);
  shape.direct = w->kernel_h == 1 && w->kernel_w == 1 && w->stride_h == 1 &&
      w->stride_w == 1 && w->pad_h == 0 && w->pad_w == 0 &&
      w->out_w == w->in_w && w->out_h == w->in_h &&
      shape.pitch == shape.s.in_channels && cut (shape.pitch, &chunk);
  shape.n_panels = (shape.s.out_channels + COLUMNS - 1) / COLUMNS;
  choose_blocks (&shape, model);
  choose_memory (&shape);
  if (shape.band_bytes > MAX_BAND_BYTES)
    return FALSE;
  cpu_fusion_limits (fusion, &shape.low, &shape.high);
  c = g_memdup2 (&shape, sizeof shape);
  place_chunks (c);
  if (!fill (c, model, fusion->head->inputs[1])) {
    bconv_free (c);
    return FALSE;
  }
  step = add_step (model, c);
  step->head = fusion->head;
  step->kernel = "bf16";
  step->flops = cpu_conv_flops (&c->s);
  step->run = run_bconv;
  step->data = c;
  step->free_data = bconv_free;
  step->scratch = c->band_bytes;
  step->reads = c->packed;
  step->reads_bytes = (gsize) c->s.groups * c->n_panels * c->n_chunks *
      c->chunk * COLUMNS * sizeof *c->packed;
  step->takes_bf16 = step->gives_bf16 = TRUE;
  return TRUE;
}
