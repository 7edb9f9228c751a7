/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Convolutions of levels and weights that are bytes. */
#include "band.h"

#include <string.h>

#define COLUMNS IR_QGEMM_COLUMNS
/* What one multiply-add of f32 costs more than one of bytes. */
#define SPEED 8
/* Groups of fewer channels fill too little of a line. */
#define MIN_GROUP 4
/* Sums of so many products of bytes stay inside 32 bits. */
#define MAX_SUM 65535

typedef struct {
  CpuFusion fusion;
  CpuBand band;
  const IrQgemmKernels *kernels;
  IrQgemmLevels in;
  const gint8 *packed;
  /* Per column of all panels. */
  gint32 *offset;
  float *scale, *bias;
  float low, high;
} Qconv;

/* --- running ---------------------------------------------------------------- */

/* A pixel may be followed by anything, which meets weights of zero. */
static void
copy_levels (
    const CpuBand *b, const guint8 *from, gsize pitch, guint n, guint8 *to)
{
  const guint channels = b->s.in_channels;

  if (pitch == channels && b->pitch == channels) {
    memcpy (to, from, (gsize) n * channels);
  } else if (b->pitch == sizeof (guint32) && b->s.groups == 1) {
    for (guint x = 0; x < n; x++)
      memcpy (to + x * sizeof (guint32), from + x * pitch, sizeof (guint32));
  } else {
    for (guint x = 0; x < n; x++) {
      memcpy (to + (gsize) x * b->pitch, from + x * pitch, channels);
      memset (to + (gsize) x * b->pitch + channels, 0, b->pitch - channels);
    }
  }
}

/* The levels of @n pixels that are numbers. */
static void
find_levels (const CpuBandBlock *block, const float *from, gsize pitch, guint n,
    guint8 *to, gsize to_pitch)
{
  const Qconv *c = block->work->step->data;
  const IrQgemmPixels pixels = { n, c->band.s.in_channels, pitch, to_pitch };

  c->kernels->quantize (&c->in, &pixels, from, to);
}

static void
take_pixels (const CpuBandBlock *block, guint y, guint x, guint n, gpointer to)
{
  const Qconv *c = block->work->step->data;
  const CpuBand *b = &c->band;
  const guint slot = block->work->step->in[0];
  const gconstpointer in = block->work->run->data[slot];
  const gsize at = cpu_band_source (block, y, x);
  const gsize pitch = cpu_in_pitch (block->work, 0) * b->take;

  if (cpu_is_levels (block->work, slot)) {
    copy_levels (b, (const guint8 *) in + at, pitch, n, to);
    return;
  }
  if (b->pitch > b->s.in_channels)
    memset (to, 0, (gsize) n * b->pitch);
  find_levels (block, (const float *) in + at, pitch, n, to, b->pitch);
}

/* The same as numbers of 16 bits, less zero. */
static void
take_centered (
    const CpuBandBlock *block, guint y, guint x, guint n, gpointer to)
{
  const Qconv *c = block->work->step->data;
  const CpuBand *b = &c->band;
  const guint slot = block->work->step->in[0], channels = b->s.in_channels;
  const gconstpointer in = block->work->run->data[slot];
  const gsize at = cpu_band_source (block, y, x);
  const gsize pitch = cpu_in_pitch (block->work, 0) * b->take;
  IrQgemmPixels pixels = { n, channels, pitch, b->pitch };
  const guint8 *levels = (const guint8 *) in + at;

  if (!cpu_is_levels (block->work, slot)) {
    /* Where they become twice as large: from behind, nothing is overwritten before
     * it has been read. */
    guint8 *end = (guint8 *) to + (gsize) n * b->pitch;

    find_levels (block, (const float *) in + at, pitch, n, end, b->pitch);
    pixels.from_pitch = b->pitch;
    levels = end;
  }
  c->kernels->center (&c->in, &pixels, levels, to);
  for (guint p = 0; b->pitch > channels && p < n; p++)
    memset ((gint16 *) to + (gsize) p * b->pitch + channels, 0,
        (b->pitch - channels) * sizeof (gint16));
}

static void
change (const void *data, float *numbers, int rows, int column, int columns)
{
  const CpuBandBlock *block = data;
  const Qconv *c = block->work->step->data;

  cpu_finish_rows (block->work->run, &c->fusion,
      cpu_band_column (block) + column, numbers, rows, ir_qgemm_width (columns),
      columns);
}

/* The number @at of a slot, and its type. */
static gpointer
find_numbers (const CpuWork *work, guint slot, gsize at, IrQgemmType *type)
{
  *type = cpu_is_levels (work, slot) ? IR_QGEMM_LEVELS : IR_QGEMM_F32;
  return (guint8 *) work->run->data[slot] +
      at * (*type == IR_QGEMM_LEVELS ? 1 : sizeof (float));
}

/* @band: NULL if it is the source. */
static void
multiply (const CpuBandBlock *block, gconstpointer band)
{
  const CpuWork *work = block->work;
  const CpuStep *step = work->step;
  const Qconv *c = step->data;
  const CpuBand *b = &c->band;
  const gsize channel = cpu_band_column (block);
  const gsize pixel = cpu_band_result (block), panel = cpu_band_panel (block);
  const IrQgemmFunction function = { change, block };
  IrQgemmProduct p = { CPU_BAND_PRODUCT (block), .from = band,
    .weights = c->packed + panel * cpu_band_panel_size (b) * b->size,
    .offset = c->offset + panel * COLUMNS, .scale = c->scale + panel * COLUMNS,
    .bias = c->bias + panel * COLUMNS, .to_pitch = cpu_out_pitch (work, 0),
    .to_levels = c->fusion.quantizes ? &c->fusion.levels : NULL, .low = c->low,
    .high = c->high,
    .function = cpu_fusion_is_clamp (&c->fusion) ? NULL : &function };

  p.to = find_numbers (
      work, step->out[0], pixel * p.to_pitch + channel, &p.to_type);
  if (step->n_in > 1) {
    p.residual_pitch = cpu_in_pitch (work, 1);
    p.residual_levels = &cpu_slot (work->run->model, step->in[1])->levels;
    p.residual = find_numbers (work, step->in[1],
        pixel * p.residual_pitch + channel, &p.residual_type);
  }
  if (!band) {
    p.stride = cpu_in_pitch (work, 0);
    p.from = (const guint8 *) work->run->data[step->in[0]] +
        cpu_band_source (block, block->first_row, 0);
  }
  if (block->last) {
    p.later = step->later;
    p.later_bytes = step->later_bytes;
  }
  c->kernels->multiply (&p);
}

static void
qconv_block (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Qconv *c = work->step->data;
  const CpuBandBlock block = cpu_band_block (&c->band, work, task);
  gpointer band = NULL;

  if (c->band.size > 1) {
    band = cpu_scratch (work->run, worker);
    cpu_band_fill (&block, 0, take_centered, band);
  } else if (!c->band.direct || !cpu_is_levels (work, work->step->in[0])) {
    band = cpu_scratch (work->run, worker);
    cpu_band_fill (&block, (int) c->in.zero, take_pixels, band);
  }
  multiply (&block, band);
}

static gboolean
run_qconv (const CpuStep *step, CpuRun *run, GError **error)
{
  const Qconv *c = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, cpu_band_tasks (&c->band), qconv_block, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
qconv_free (gpointer data)
{
  Qconv *c = data;

  g_free (c->offset);
  free (c->scale);
  free (c->bias);
  cpu_band_clear (&c->band);
  g_free (c);
}

typedef struct {
  const Qconv *c;
  const CpuByteWeights *weights;
  gconstpointer values;
  gint8 *to;
  gint32 *sums;
} Packing;

/* Columns of all groups, whole panels. */
static gsize
all_columns (const Qconv *c)
{
  return (gsize) c->band.s.groups * c->band.n_panels * COLUMNS;
}

static void
pack_column (
    const Packing *p, guint channel, guint column, gint8 *to, gint32 *sum)
{
  const CpuBand *b = &p->c->band;
  const gsize each =
      (gsize) b->s.in_channels * b->s.window.kernel_h * b->s.window.kernel_w;

  for (guint t = 0; t < b->n_chunks; t++)
    for (guint i = 0; i < b->chunk; i++) {
      const gsize at =
          (gsize) t * b->chunk * COLUMNS + cpu_band_place (b, column, i);
      const gint weight = cpu_band_weight (b, t, i);
      gint value;

      if (weight < 0)
        continue;
      value = cpu_byte_weight (
          p->weights, p->values, channel, channel * each + weight);
      if (b->size == 1)
        ((gint8 *) to)[at] = (gint8) value;
      else
        ((gint16 *) to)[at] = (gint16) value;
      *sum += value;
    }
}

static void
pack_panel (gpointer data, guint task, guint worker)
{
  const Packing *p = data;
  const CpuBand *b = &p->c->band;
  const guint first = task % b->n_panels * COLUMNS;
  const guint columns = MIN (COLUMNS, b->s.out_channels - first);
  const guint channel = task / b->n_panels * b->s.out_channels + first;
  const gsize size = cpu_band_panel_size (b) * b->size;

  memset (p->to + task * size, 0, size);
  memset (p->sums + task * COLUMNS, 0, COLUMNS * sizeof *p->sums);
  for (guint o = 0; o < columns; o++)
    pack_column (
        p, channel + o, o, p->to + task * size, p->sums + task * COLUMNS + o);
}

/* Sums of each column's weights, behind the panels. */
static gint32 *
find_sums (const Qconv *c, gconstpointer packed)
{
  return (gint32 *) ((const gint8 *) packed + cpu_band_packed_bytes (&c->band));
}

typedef struct {
  const Qconv *c;
  const CpuByteWeights *weights;
} Source;

/* The values are of the weights' own type. */
static gboolean
pack (
    const CpuModel *model, gconstpointer data, const float *values, gpointer to)
{
  const Source *source = data;
  const CpuBand *b = &source->c->band;
  Packing packing = { source->c, source->weights, values, to,
    find_sums (source->c, to) };

  cpu_pool_run (
      model->threads, b->s.groups * b->n_panels, pack_panel, &packing);
  return TRUE;
}

/* What comes before the bias, per column: zero taken from every number, and what a
 * product of levels stands for. */
static gboolean
fill_columns (Qconv *c, const CpuByteWeights *weights)
{
  const CpuBand *b = &c->band;
  const gint32 *sums = find_sums (c, c->packed);
  const gsize n = all_columns (c);

  c->offset = g_new (gint32, n);
  c->scale = cpu_alloc_floats (n);
  c->bias = cpu_band_bias (b, &c->fusion);
  if (!c->scale || !c->bias)
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    const guint width = b->n_panels * COLUMNS, column = i % width;

    c->offset[i] = b->size > 1 ? 0 : -(gint32) c->in.zero * sums[i];
    if (column < b->s.out_channels)
      c->scale[i] =
          c->in.step * weights->steps[i / width * b->s.out_channels + column];
  }
  return TRUE;
}

static gboolean
fill (Qconv *c, CpuModel *model, const CpuByteWeights *weights)
{
  const CpuBand *b = &c->band;
  const gsize bytes =
      cpu_band_packed_bytes (b) + all_columns (c) * sizeof (gint32);
  const Source source = { c, weights };

  c->packed = cpu_pack (model, weights->source, bytes, pack, &source,
      "int8 %u %u %u: %u %u %u %dx%d", b->size, b->pitch, b->chunk, b->s.groups,
      b->s.out_channels, b->s.in_channels, b->s.window.kernel_h,
      b->s.window.kernel_w);
  return c->packed && fill_columns (c, weights);
}

gboolean
cpu_takes_levels (const CpuModel *model, const IrNode *head)
{
  CpuByteWeights weights;
  CpuConvShape s;
  guint slot;

  if (!model->qgemm ||
      (!ir_node_is (head, "Convolution") &&
          !ir_node_is (head, "GroupConvolution")) ||
      !cpu_conv_shape (head, &s) ||
      (s.groups > 1 && s.in_channels < MIN_GROUP) ||
      (guint64) s.in_channels * s.window.kernel_h * s.window.kernel_w >
          MAX_SUM ||
      !cpu_port_can_be_last (head->inputs[0]) ||
      !cpu_port_can_be_last (ir_port ((IrNode *) head, 0)))
    return FALSE;
  slot = cpu_port_slot (model, head->inputs[0]);
  if (slot == CPU_NO_SLOT || cpu_slot (model, slot)->levels.step == 0 ||
      !cpu_byte_weights_find (
          model, head->inputs[1], s.groups * s.out_channels, &weights))
    return FALSE;
  cpu_byte_weights_clear (&weights);
  return TRUE;
}

static CpuStep *
add_step (CpuModel *model, const Qconv *c)
{
  guint slots[2], n = 0;

  slots[n++] = cpu_take (model, c->fusion.head->inputs[0], CPU_LAST);
  if (c->fusion.residual.node)
    slots[n++] = cpu_take (model, c->fusion.residual, CPU_LAST);
  return cpu_add_step_on (model, c->fusion.last, CPU_LAST, slots, n);
}

static Qconv *
qconv_new (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *head = fusion->head;
  Qconv *c = g_new0 (Qconv, 1);
  CpuByteWeights weights = { 0 };
  CpuConvShape *s = &c->band.s;
  gboolean ok;

  c->fusion = *fusion;
  c->kernels = model->qgemm;
  c->band.size = model->qgemm->size;
  c->in = cpu_slot (model, cpu_port_slot (model, head->inputs[0]))->levels;
  ok = cpu_conv_shape (head, s) && cpu_band_init (&c->band, model, SPEED) &&
      cpu_byte_weights_find (
          model, head->inputs[1], s->groups * s->out_channels, &weights) &&
      fill (c, model, &weights);
  cpu_byte_weights_clear (&weights);
  if (ok)
    return c;
  qconv_free (c);
  return NULL;
}

gboolean
cpu_lower_qconv (CpuModel *model, const CpuFusion *fusion)
{
  Qconv *c;
  CpuStep *step;

  if (!cpu_takes_levels (model, fusion->head))
    return FALSE;
  c = qconv_new (model, fusion);
  if (!c)
    return FALSE;
  cpu_fusion_limits (fusion, &c->low, &c->high);
  step = add_step (model, c);
  cpu_band_set_step (&c->band, step, fusion->head, c->packed);
  step->kernel = "int8";
  step->run = run_qconv;
  step->data = c;
  step->free_data = qconv_free;
  step->takes_levels = TRUE;
  step->gives_levels = fusion->quantizes;
  return TRUE;
}
