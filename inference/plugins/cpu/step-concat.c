/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <string.h>

/* --- as shapes say --------------------------------------------------------- */

static gboolean
run_concat (const CpuStep *step, CpuRun *run, GError **error)
{
  const gsize outer = *(const gsize *) step->data;
  const gsize row = cpu_slot (run->model, step->out[0])->bytes / outer;
  guint8 *to = run->data[step->out[0]];

  for (guint i = 0; i < step->n_in; i++) {
    const gsize bytes = cpu_slot (run->model, step->in[i])->bytes / outer;
    const guint8 *from = run->data[step->in[i]];

    for (gsize o = 0; bytes && o < outer; o++)
      memcpy (to + o * row, from + o * bytes, bytes);
    to += bytes;
  }
  return TRUE;
}

/* --- channels of pixels ---------------------------------------------------- */

/* Channels of one input, between pixels that have others too. */
static void
copy_channels (const CpuModel *model, const CpuSlot *in, const guint8 *from,
    const CpuSlot *out, guint8 *to, gsize n)
{
  const gsize channels = in->shape.dim[1];
  const IrBgemmPixels pixels = { n, channels, in->pitch, channels, out->pitch };
  const IrQgemmPixels levels = { n, channels, in->pitch, out->pitch };
  const gsize size = cpu_number_bytes (in);

  if (in->dtype == IR_DTYPE_U8 && out->dtype != IR_DTYPE_U8) {
    model->qgemm->dequantize (&in->levels, &levels, from, (float *) to);
    return;
  }
  if (out->dtype == IR_DTYPE_U8 && in->dtype != IR_DTYPE_U8) {
    model->qgemm->quantize (&in->levels, &levels, (const float *) from, to);
    return;
  }
  if (in->dtype != out->dtype) {
    if (out->dtype == IR_DTYPE_BF16)
      model->bgemm->narrow (&pixels, (const float *) from, (guint16 *) to);
    else
      model->bgemm->widen (&pixels, (const guint16 *) from, (float *) to);
    return;
  }
  for (gsize p = 0; p < n; p++) {
    memcpy (to, from, channels * size);
    from += in->pitch * size;
    to += out->pitch * size;
  }
}

static gsize
count_pixels (const CpuSlot *slot)
{
  return slot->shape.dim[0] * slot->shape.dim[2] * slot->shape.dim[3];
}

/* What has not been written where it belongs by the steps that made it. */
static void
concat_pixels (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const CpuModel *model = work->run->model;
  const CpuSlot *out = cpu_slot (model, work->step->out[0]);
  const gsize part = *(const gsize *) work->step->data;
  const gsize first = task * part;
  const gsize pixels = MIN (part, count_pixels (out) - first);
  const gsize channels = out->shape.dim[1], size = cpu_number_bytes (out);
  const gsize rest = CPU_PITCH (channels) - channels;
  guint8 *to = (guint8 *) work->run->data[work->step->out[0]] +
      first * out->pitch * size;
  guint8 *part_to = to;

  for (guint i = 0; i < work->step->n_in; i++) {
    const CpuSlot *in = cpu_slot (model, work->step->in[i]);
    const guint8 *from = (const guint8 *) work->run->data[work->step->in[i]] +
        first * in->pitch * cpu_number_bytes (in);

    if (from != part_to)
      copy_channels (model, in, from, out, part_to, pixels);
    part_to += in->shape.dim[1] * size;
  }
  for (gsize p = 0; rest > 0 && p < pixels; p++)
    memset (to + (p * out->pitch + channels) * size, 0, rest * size);
}

static gboolean
run_concat_pixels (const CpuStep *step, CpuRun *run, GError **error)
{
  const gsize all = count_pixels (cpu_slot (run->model, step->out[0]));
  const gsize part = *(const gsize *) step->data;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, (all + part - 1) / part, concat_pixels, &work);
  return TRUE;
}

/* Has the inputs written where the output keeps them, those that can be: FALSE if
 * some are left. */
static gboolean
adopt_inputs (CpuModel *model, const CpuStep *step)
{
  gboolean all = TRUE;
  gsize at = 0;

  for (guint i = 0; i < step->n_in; i++) {
    all &= cpu_adopt (model, step->out[0], step->in[i], at);
    at += cpu_slot (model, step->in[i])->shape.dim[1];
  }
  return all;
}

static gboolean
run_nothing (const CpuStep *step, CpuRun *run, GError **error)
{
  return TRUE;
}

/* Whether the channels of an input lie innermost already, and those of all others
 * can. */
static gboolean
wants_pixels (const CpuModel *model, const IrNode *node, guint axis)
{
  gboolean any = FALSE;

  if (axis != 1 || !cpu_port_can_be_last (ir_port ((IrNode *) node, 0)))
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++) {
    if (!cpu_port_can_be_last (node->inputs[i]))
      return FALSE;
    any |= cpu_port_layout (model, node->inputs[i]) == CPU_LAST;
  }
  return any;
}

gboolean
cpu_lower_concat (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrAxisAttrs *attrs = node->attrs;
  const IrShape *shape = &node->outputs[0].shape;
  CpuLayout layout;
  CpuStep *step;
  gsize number;
  guint axis;

  if (!ir_dtype_size (node->outputs[0].dtype) ||
      !ir_shape_axis (shape, attrs->axis, &axis, NULL) ||
      ir_shape_size (shape, 0, shape->rank) == 0)
    return FALSE;
  layout = wants_pixels (model, node, axis) ? CPU_LAST : CPU_PLAIN;
  number = ir_shape_size (shape, 0, axis);
  if (layout == CPU_LAST) {
    const gsize pixels = number * ir_shape_size (shape, 2, 4);

    number =
        cpu_split (model, pixels * shape->dim[1] * 4, MIN (pixels, G_MAXINT32));
  }
  step =
      cpu_add_step (model, node, layout, layout, node->inputs, node->n_inputs);
  step->kernel = "copy";
  step->run = layout == CPU_LAST ? run_concat_pixels : run_concat;
  step->data = g_memdup2 (&number, sizeof number);
  step->free_data = g_free;
  step->takes_bf16 = step->gives_bf16 = layout == CPU_LAST;
  step->takes_levels = step->gives_levels =
      layout == CPU_LAST && cpu_slot (model, step->out[0])->levels.step != 0;
  if (layout == CPU_LAST && adopt_inputs (model, step)) {
    step->kernel = "view";
    step->run = run_nothing;
  }
  return TRUE;
}
