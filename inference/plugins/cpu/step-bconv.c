/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions in bf16. */
#include "band.h"

#include <string.h>

#define CHUNK IR_BGEMM_CHUNK
#define COLUMNS IR_BGEMM_COLUMNS
/* What one multiply-add of f32 costs more than one of bf16. */
#define SPEED 8

typedef struct {
  CpuFusion fusion;
  CpuBand band;
  const IrBgemmKernels *kernels;
  const guint16 *packed;
  float *bias;
  float low, high;
} Bconv;

/* --- running ---------------------------------------------------------------- */

static void
copy_halves (const CpuBand *b, const guint16 *from, gsize from_pitch, guint n,
    guint16 *to)
{
  const guint channels = b->s.in_channels;

  if (from_pitch == channels && b->pitch == channels) {
    memcpy (to, from, (gsize) n * channels * sizeof *to);
    return;
  }
  for (guint x = 0; x < n; x++, from += from_pitch, to += b->pitch) {
    memcpy (to, from, channels * sizeof *to);
    memset (to + channels, 0, (b->pitch - channels) * sizeof *to);
  }
}

static void
join_planes (const CpuBandBlock *block, guint y, guint x, guint n, gpointer to)
{
  const Bconv *c = block->work->step->data;
  const IrWindow *w = &c->band.s.window;
  const gsize plane = (gsize) w->in_h * w->in_w;
  const guint channels = c->band.s.in_channels;
  const IrBgemmPlanes planes = { channels, n,
    cpu_in (block->work, 0) + block->image * channels * plane +
        (gsize) y * w->in_w + x,
    plane, to };

  c->kernels->join (&planes);
}

static void
take_pixels (const CpuBandBlock *block, guint y, guint x, guint n, gpointer to)
{
  const Bconv *c = block->work->step->data;
  const CpuBand *b = &c->band;
  const guint slot = block->work->step->in[0];
  const gconstpointer in = block->work->run->data[slot];
  const gsize at = cpu_band_source (block, y, x);
  const gsize pitch = cpu_in_pitch (block->work, 0) * b->take;
  const IrBgemmPixels pixels = { n, b->s.in_channels, pitch, b->pitch,
    b->pitch };

  if (cpu_is_bf16 (block->work, slot))
    copy_halves (b, (const guint16 *) in + at, pitch, n, to);
  else
    c->kernels->narrow (&pixels, (const float *) in + at, to);
}

/* Functions that the kernel does not know, over what the kernel is about to write. */
static void
change (const void *data, float *numbers, int rows, int column, int columns)
{
  const CpuBandBlock *block = data;
  const Bconv *c = block->work->step->data;

  cpu_finish_rows (block->work->run, &c->fusion,
      cpu_band_column (block) + column, numbers, rows, ir_bgemm_width (columns),
      columns);
}

/* The number @at of a slot, and its type. */
static gpointer
find_numbers (const CpuWork *work, guint slot, gsize at, IrBgemmType *type)
{
  *type = cpu_is_bf16 (work, slot) ? IR_BGEMM_BF16 : IR_BGEMM_F32;
  return (guint8 *) work->run->data[slot] +
      at * (*type == IR_BGEMM_BF16 ? 2 : 4);
}

/* @band: NULL if it is the source. */
static void
multiply (const CpuBandBlock *block, const guint16 *band)
{
  const CpuWork *work = block->work;
  const CpuStep *step = work->step;
  const Bconv *c = step->data;
  const CpuBand *b = &c->band;
  const gsize channel = cpu_band_column (block);
  const gsize pixel = cpu_band_result (block), panel = cpu_band_panel (block);
  const IrBgemmFunction function = { change, block };
  IrBgemmProduct p = { CPU_BAND_PRODUCT (block), .from = band,
    .weights = c->packed + panel * cpu_band_panel_size (b),
    .bias = c->bias + panel * COLUMNS, .to_pitch = cpu_out_pitch (work, 0),
    .low = c->low, .high = c->high };

  if (cpu_fusion_suits_bf16 (&c->fusion, &p.unary))
    p.a = c->fusion.a;
  else
    p.function = &function;
  p.to = find_numbers (
      work, step->out[0], pixel * p.to_pitch + channel, &p.to_type);
  if (step->n_in > 1) {
    p.residual_pitch = cpu_in_pitch (work, 1);
    p.residual = find_numbers (work, step->in[1],
        pixel * p.residual_pitch + channel, &p.residual_type);
  }
  if (!band) {
    p.stride = cpu_in_pitch (work, 0);
    p.from = (const guint16 *) work->run->data[step->in[0]] +
        cpu_band_source (block, block->first_row, 0);
  }
  if (block->last) {
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
  const CpuBandBlock block = cpu_band_block (&c->band, work, task);
  guint16 *band = NULL;

  if (!c->band.direct || !cpu_is_bf16 (work, work->step->in[0])) {
    band = cpu_scratch (work->run, worker);
    cpu_band_fill (&block, 0, c->band.planes ? join_planes : take_pixels, band);
  }
  multiply (&block, band);
}

static gboolean
run_bconv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Bconv *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, cpu_band_tasks (&c->band), bconv_block, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
bconv_free (gpointer data)
{
  Bconv *c = data;

  free (c->bias);
  cpu_band_clear (&c->band);
  g_free (c);
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
  const CpuBand *b = &p->c->band;
  const gsize each =
      (gsize) b->s.in_channels * b->s.window.kernel_h * b->s.window.kernel_w;
  const float *from = p->weights + column * each;

  for (guint i = 0; i < b->chunk; i++) {
    const gint weight = cpu_band_weight (b, chunk, i);

    for (guint o = 0; o < COLUMNS; o++)
      to[cpu_band_place (b, o, i)] =
          o < columns && weight >= 0 ? from[o * each + weight] : 0;
  }
}

static void
pack_panel (gpointer data, guint task, guint worker)
{
  const Packing *p = data;
  const CpuBand *b = &p->c->band;
  const guint column = task % b->n_panels * COLUMNS;
  const guint group = task / b->n_panels;
  const gsize size = (gsize) b->chunk * COLUMNS;
  const IrBgemmPixels pixels = { 1, size, size, size, size };
  guint16 *to = p->to + task * cpu_band_panel_size (b);
  float chunk[CHUNK * COLUMNS];

  for (guint t = 0; t < b->n_chunks; t++) {
    gather_chunk (p, (gsize) group * b->s.out_channels + column,
        MIN (COLUMNS, b->s.out_channels - column), t, chunk);
    p->c->kernels->narrow (&pixels, chunk, to + t * size);
  }
}

static gboolean
pack (const CpuModel *model, gconstpointer data, const float *weights,
    gpointer to)
{
  const Bconv *c = data;
  Packing packing = { c, weights, to };

  cpu_pool_run (model->threads, c->band.s.groups * c->band.n_panels, pack_panel,
      &packing);
  return TRUE;
}

static gboolean
fill (Bconv *c, CpuModel *model, IrPort weights)
{
  const CpuBand *b = &c->band;

  c->packed = cpu_pack (model, weights, cpu_band_packed_bytes (b), pack, c,
      "bf16 %u %u: %u %u %u %dx%d", b->pitch, b->chunk, b->s.groups,
      b->s.out_channels, b->s.in_channels, b->s.window.kernel_h,
      b->s.window.kernel_w);
  c->bias = cpu_band_bias (b, &c->fusion);
  return c->packed && c->bias;
}

static gboolean
fits (const CpuModel *model, const CpuFusion *fusion, Bconv *c)
{
  const IrPort in = fusion->head->inputs[0];
  CpuConvShape *s = &c->band.s;

  if (!model->bgemm || !cpu_conv_shape (fusion->head, s) ||
      !cpu_port_is_known (model, fusion->head->inputs[1]) ||
      !cpu_port_can_be_last (in) ||
      !cpu_port_can_be_last (ir_port ((IrNode *) fusion->head, 0)))
    return FALSE;
  c->band.planes = s->groups == 1 && s->in_channels <= IR_BGEMM_PLANES &&
      (s->window.kernel_w > 1 || s->window.stride_w == 1) &&
      cpu_port_layout (model, in) == CPU_PLAIN;
  return TRUE;
}

static CpuStep *
add_step (CpuModel *model, const Bconv *c)
{
  const IrNode *head = c->fusion.head;
  guint slots[2], n = 0;

  slots[n++] =
      cpu_take (model, head->inputs[0], c->band.planes ? CPU_PLAIN : CPU_LAST);
  if (c->fusion.residual.node)
    slots[n++] = cpu_take (model, c->fusion.residual, CPU_LAST);
  return cpu_add_step_on (model, c->fusion.last, CPU_LAST, slots, n);
}

gboolean
cpu_lower_bconv (CpuModel *model, const CpuFusion *fusion)
{
  Bconv shape = { .fusion = *fusion,
    .band = { .size = sizeof (guint16) },
    .kernels = model->bgemm };
  Bconv *c;
  CpuStep *step;

  if (!fits (model, fusion, &shape) ||
      !cpu_band_init (&shape.band, model, SPEED))
    return FALSE;
  cpu_fusion_limits (fusion, &shape.low, &shape.high);
  c = g_memdup2 (&shape, sizeof shape);
  if (!fill (c, model, fusion->head->inputs[1])) {
    bconv_free (c);
    return FALSE;
  }
  step = add_step (model, c);
  cpu_band_set_step (&c->band, step, fusion->head, c->packed);
  step->kernel = "bf16";
  step->run = run_bconv;
  step->data = c;
  step->free_data = bconv_free;
  step->scratch_is_values = TRUE;
  step->takes_bf16 = step->gives_bf16 = TRUE;
  return TRUE;
}
