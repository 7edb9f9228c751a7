/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include "quant/quant.h"

/* --- one range for all, pixels --------------------------------------------- */

/* Pixels of one part, for the first-level cache. */
#define PART 4096

typedef struct {
  const IrQgemmKernels *kernels;
  IrQgemmLevels levels;
  /* Whether the source are planes. */
  gboolean planes;
  gsize channels;
  /* Of one image; of one part. */
  gsize pixels, part, n_parts;
} Pixels;

/* Levels of @n pixels from @first on of image @image, @pitch apart. */
static void
find_pixels (const Pixels *q, const CpuWork *work, gsize image, gsize first,
    gsize n, guint8 *to, gsize pitch)
{
  const float *in = cpu_in (work, 0);
  const gsize from_pitch = cpu_in_pitch (work, 0);
  const IrQgemmPixels pixels = { n, q->channels, from_pitch, pitch };
  const IrQgemmPlanes planes = { (int) q->channels, n,
    in + image * q->channels * q->pixels + first, q->pixels, to, pitch };

  if (q->planes)
    q->kernels->join (&q->levels, &planes);
  else
    q->kernels->quantize (
        &q->levels, &pixels, in + (image * q->pixels + first) * from_pitch, to);
}

static void
quantize_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Pixels *q = work->step->data;
  const guint slot = work->step->out[0];
  const gsize image = task / q->n_parts, first = task % q->n_parts * q->part;
  const gsize n = MIN (q->part, q->pixels - first);
  const gsize pitch = cpu_out_pitch (work, 0);
  const gsize at = (image * q->pixels + first) * pitch;
  guint8 *buffer = cpu_scratch (work->run, worker);
  const gsize width = CPU_PITCH (q->channels);
  const IrQgemmPixels pixels = { n, q->channels, width, pitch };

  if (cpu_is_levels (work, slot)) {
    find_pixels (
        q, work, image, first, n, (guint8 *) work->run->data[slot] + at, pitch);
    return;
  }
  find_pixels (q, work, image, first, n, buffer, width);
  q->kernels->dequantize (&q->levels, &pixels, buffer, cpu_out (work, 0) + at);
}

static gboolean
run_pixels (const CpuStep *step, CpuRun *run, GError **error)
{
  const Pixels *q = step->data;
  const gint64 images = cpu_slot (run->model, step->out[0])->shape.dim[0];
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, images * q->n_parts, quantize_part, &work);
  return TRUE;
}

/* Whether somebody reads pixels in the end. */
static gboolean
is_read_last (IrPort port)
{
  const GArray *uses = ir_port_output (port)->uses;

  for (guint i = 0; uses && i < uses->len; i++) {
    const IrNode *node = g_array_index (uses, IrUse, i).node;

    if (ir_node_is (node, "Convolution") ||
        ir_node_is (node, "GroupConvolution") || ir_node_is (node, "MaxPool"))
      return TRUE;
  }
  return FALSE;
}

static gboolean
lower_pixels (CpuModel *model, const IrNode *node)
{
  const IrPort in = node->inputs[0], out = ir_port ((IrNode *) node, 0);
  const IrShape *shape = &node->outputs[0].shape;
  Pixels q = { .kernels = model->qgemm };
  const gboolean plain = cpu_port_layout (model, in) == CPU_PLAIN;
  CpuStep *step;
  guint slot;

  if (!cpu_quantizer_levels (model, node, &q.levels) ||
      !cpu_port_can_be_last (out) ||
      !ir_shape_equal (&ir_node_input (node, 0)->shape, shape) ||
      (plain && !is_read_last (out)))
    return FALSE;
  q.channels = shape->dim[1];
  q.planes = plain && q.channels <= IR_QGEMM_PLANES;
  q.pixels = ir_shape_size (shape, 2, 4);
  q.part = MAX (PART / CPU_PITCH (q.channels), 16);
  q.n_parts = (q.pixels + q.part - 1) / q.part;
  if (q.n_parts > (gsize) G_MAXINT32 / shape->dim[0])
    return FALSE;
  slot = cpu_take (model, in, q.planes ? CPU_PLAIN : CPU_LAST);
  step = cpu_add_step_on (model, node, CPU_LAST, &slot, 1);
  step->kernel = q.kernels->name;
  step->run = run_pixels;
  step->data = g_memdup2 (&q, sizeof q);
  step->free_data = g_free;
  step->gives_levels = TRUE;
  step->scratch = q.part * CPU_PITCH (q.channels);
  return TRUE;
}

/* --- any ranges, planes ---------------------------------------------------- */

/* Ranges of a FakeQuantize: one for all, or one per channel of axis 1. */
typedef struct {
  const IrQuantKernels *kernels;
  guint planes;
  gsize inner;
  guint n_ranges;
  IrQuantRange ranges[];
} Quantize;

static void
quantize_plane (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Quantize *q = work->step->data;
  const gsize at = task * q->inner;

  q->kernels->fake_quantize (&q->ranges[task % q->n_ranges],
      (const float *) work->run->data[work->step->in[0]] + at,
      (float *) work->run->data[work->step->out[0]] + at, q->inner);
}

static gboolean
run_quantize (const CpuStep *step, CpuRun *run, GError **error)
{
  const Quantize *q = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, q->planes, quantize_plane, &work);
  return TRUE;
}

/* Whether a limit is a single number or [1,C,1,…]; @n gets how many. */
static gboolean
limit_size (const IrTensor *value, const IrShape *like, guint *n)
{
  const gsize count = value ? ir_tensor_count (value) : 0;

  if (!value || value->dtype != IR_DTYPE_F32)
    return FALSE;
  if (count == 1)
    return TRUE;
  if (value->shape.rank != like->rank || value->shape.dim[1] != like->dim[1] ||
      count != (gsize) like->dim[1])
    return FALSE;
  *n = count;
  return TRUE;
}

static float
limit_at (const IrTensor *value, guint channel)
{
  const float *data = value->data;

  return data[ir_tensor_count (value) > 1 ? channel : 0];
}

gboolean
cpu_lower_quantize (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrBroadcastAttrs *attrs = node->attrs;
  const IrShape *shape = &node->outputs[0].shape;
  const IrTensor *limits[4];
  guint n = 1;
  Quantize *q;
  CpuStep *step;

  if (lower_pixels (model, node))
    return TRUE;
  if (!cpu_port_is_f32 (node->inputs[0]) || shape->rank < 2 ||
      attrs->levels < 2 || attrs->levels > 65536 ||
      attrs->auto_broadcast != IR_BROADCAST_NUMPY ||
      !ir_shape_equal (&ir_node_input (node, 0)->shape, shape) ||
      ir_shape_size (shape, 0, 2) > G_MAXINT32)
    return FALSE;
  for (guint i = 0; i < 4; i++) {
    limits[i] = cpu_port_value (model, node->inputs[1 + i]);
    if (!limit_size (limits[i], shape, &n))
      return FALSE;
  }

  q = g_malloc0 (sizeof *q + n * sizeof q->ranges[0]);
  q->kernels = ir_quant_select (ir_cpu_flags ());
  q->planes = ir_shape_size (shape, 0, 2);
  q->inner = ir_shape_size (shape, 2, shape->rank);
  q->n_ranges = n;
  for (guint c = 0; c < n; c++)
    q->ranges[c] =
        (IrQuantRange){ limit_at (limits[0], c), limit_at (limits[1], c),
          limit_at (limits[2], c), limit_at (limits[3], c), attrs->levels };
  step = cpu_add_step (
      model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, node->n_inputs);
  step->kernel = q->kernels->name;
  step->run = run_quantize;
  step->data = q;
  step->free_data = g_free;
  return TRUE;
}
