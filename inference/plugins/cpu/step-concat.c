/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <string.h>

/* What a task copies of an output that is ordered as its shape says. */
#define TASK_BYTES ((gsize) 256 << 10)

/* --- as shapes say --------------------------------------------------------- */

/* The bytes of an output from @first to @end, of which each row has one piece of each
 * input. */
static void
copy_pieces (const CpuWork *work, gsize outer, gsize first, gsize end)
{
  const CpuModel *model = work->run->model;
  const CpuStep *step = work->step;
  const gsize row = cpu_slot (model, step->out[0])->bytes / outer;
  guint8 *to = work->run->data[step->out[0]];

  for (gsize o = first / row, at = o * row; at < end; o++)
    for (guint i = 0; i < step->n_in; i++) {
      const gsize bytes = cpu_slot (model, step->in[i])->bytes / outer;
      const gsize low = MAX (at, first), high = MIN (at + bytes, end);
      const guint8 *from = work->run->data[step->in[i]];

      if (low < high)
        memcpy (to + low, from + o * bytes + (low - at), high - low);
      at += bytes;
    }
}

static void
concat_bytes (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const gsize all = cpu_slot (work->run->model, work->step->out[0])->bytes;
  const gsize first = (gsize) task * TASK_BYTES;

  copy_pieces (work, *(const gsize *) work->step->data, first,
      MIN (first + TASK_BYTES, all));
}

static gboolean
run_concat (const CpuStep *step, CpuRun *run, GError **error)
{
  const gsize all = cpu_slot (run->model, step->out[0])->bytes;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads, (all + TASK_BYTES - 1) / TASK_BYTES,
      concat_bytes, &work);
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

static gboolean
same_pixels (const CpuSlot *a, const CpuSlot *b)
{
  return a->layout == CPU_LAST && b->layout == CPU_LAST &&
      a->shape.dim[0] == b->shape.dim[0] &&
      a->shape.dim[2] == b->shape.dim[2] && a->shape.dim[3] == b->shape.dim[3];
}

/* The slot to be adopted for the input @index: its own, or the one that this input and
 * those behind it, @parts in all, are the parts of. */
static guint
find_whole (
    const CpuModel *model, const CpuStep *step, guint index, guint *parts)
{
  const CpuSlot *slot = cpu_slot (model, step->in[index]);
  const guint root = slot->root;
  gsize end = 0;
  guint i = index;

  *parts = 1;
  if (slot->place != CPU_VIEW || slot->shift != 0 ||
      !same_pixels (slot, cpu_slot (model, root)))
    return step->in[index];
  for (; i < step->n_in; i++) {
    const CpuSlot *part = cpu_slot (model, step->in[i]);

    if (part->root != root || part->shift != end * sizeof (float))
      break;
    end += part->shape.dim[1];
  }
  if (end != (gsize) cpu_slot (model, root)->shape.dim[1])
    return step->in[index];
  *parts = i - index;
  return root;
}

/* Has the inputs written where the output keeps them, those that can be: FALSE if
 * some are left. */
static gboolean
adopt_inputs (CpuModel *model, const CpuStep *step)
{
  gboolean all = TRUE;
  gsize at = 0;
  guint parts;

  for (guint i = 0; i < step->n_in; i += parts) {
    const guint part = find_whole (model, step, i, &parts);

    all &= cpu_adopt (model, step->out[0], part, at);
    at += cpu_slot (model, part)->shape.dim[1];
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
