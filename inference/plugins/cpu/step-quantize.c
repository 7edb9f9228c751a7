/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include "quant/quant.h"

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
