/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Gather by indices that come with the run, or are many. */
#include "cpu.h"
#include "loops.h"

#include <string.h>

/* Fewer known indices are places in a map. */
#define MAX_KNOWN 4096

/* Indices that are looked at together. */
#define CHUNK 256

/* [batch][middle][dim][bytes] by [batch][count] to [batch][middle][count][bytes]. */
typedef struct {
  gsize batch, middle, dim, count, bytes;
  gboolean wide;
  /* Rows of a task. */
  gsize part;
} Gather;

static gint64
index_at (const Gather *g, gconstpointer indices, gsize i)
{
  return g->wide ? ((const gint64 *) indices)[i]
                 : ((const gint32 *) indices)[i];
}

/* Rows @first to @end of each of @n blocks that go by the same indices. */
static void
copy_rows (const Gather *g, const CpuWork *work, gsize block, gsize n,
    gsize first, gsize end)
{
  const guint8 *from = work->run->data[work->step->in[0]];
  gconstpointer indices = work->run->data[work->step->in[1]];
  guint8 *to = work->run->data[work->step->out[0]];
  gint64 places[CHUNK];

  for (gsize at = first; at < end; at += CHUNK) {
    const gsize chunk = MIN (end - at, CHUNK);

    for (gsize i = 0; i < chunk; i++) {
      const gint64 index =
          index_at (g, indices, block / g->middle * g->count + at + i);

      places[i] = index < 0 ? index + (gint64) g->dim : index;
    }
    for (gsize k = block; k < block + n; k++)
      cpu_look_up (from + k * g->dim * g->bytes, places,
          to + (k * g->count + at) * g->bytes, chunk, g->bytes);
  }
}

static void
gather_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Gather *g = work->step->data;
  const gsize all = g->batch * g->middle * g->count;
  const gsize end = MIN ((task + 1) * g->part, all);

  for (gsize row = task * g->part, done; row < end; row += done) {
    const gsize block = row / g->count, at = row % g->count;
    const gsize left = g->middle - block % g->middle;

    if (at == 0 && end - row >= g->count) {
      const gsize n = MIN ((end - row) / g->count, left);

      copy_rows (g, work, block, n, 0, g->count);
      done = n * g->count;
    } else {
      done = MIN (g->count - at, end - row);
      copy_rows (g, work, block, 1, at, at + done);
    }
  }
}

static gboolean
check_indices (const CpuStep *step, gconstpointer indices, GError **error)
{
  const Gather *g = step->data;
  const gint64 dim = g->dim;

  for (gsize i = 0; i < g->batch * g->count; i++) {
    const gint64 index = index_at (g, indices, i);

    if (index < -dim || index >= dim)
      return ir_fail (error, IR_ERROR_SHAPE,
          "node '%s' (Gather): element %" G_GSIZE_FORMAT
          " of indices is %" G_GINT64_FORMAT
          ", outside a dimension of %" G_GINT64_FORMAT,
          step->node->name, i, index, dim);
  }
  return TRUE;
}

static gboolean
run_gather (const CpuStep *step, CpuRun *run, GError **error)
{
  const Gather *g = step->data;
  const gsize rows = g->batch * g->middle * g->count;
  CpuWork work = { step, run };

  if (!check_indices (step, run->data[step->in[1]], error))
    return FALSE;
  cpu_pool_run (
      run->model->threads, (rows + g->part - 1) / g->part, gather_part, &work);
  return TRUE;
}

static gboolean
gather_shape (const CpuModel *model, const IrNode *node, Gather *g)
{
  const IrTensor *value = cpu_port_value (model, node->inputs[2]);
  const IrOutput *indices = ir_node_input (node, 1);
  const IrShape *data = &ir_node_input (node, 0)->shape;
  const IrShape *out = &node->outputs[0].shape;
  const gint batch = data->rank - 1 + indices->shape.rank - out->rank;
  guint axis;

  g->wide = indices->dtype == IR_DTYPE_I64;
  if (!value || (!g->wide && indices->dtype != IR_DTYPE_I32) ||
      !ir_shape_axis (data, ir_tensor_get_i64 (value, 0), &axis, NULL) ||
      ir_shape_size (out, 0, out->rank) == 0)
    return FALSE;
  g->batch = ir_shape_size (data, 0, batch);
  g->middle = ir_shape_size (data, batch, axis);
  g->dim = data->dim[axis];
  g->count = ir_shape_size (&indices->shape, batch, indices->shape.rank);
  g->bytes = ir_shape_size (data, axis + 1, data->rank) *
      ir_dtype_size (node->outputs[0].dtype);
  return TRUE;
}

static gboolean
has_few_known (const CpuModel *model, IrPort indices)
{
  const IrShape *shape = &ir_port_output (indices)->shape;

  return cpu_port_is_known (model, indices) &&
      ir_shape_size (shape, 0, shape->rank) <= MAX_KNOWN;
}

gboolean
cpu_lower_gather (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  CpuStep *step;
  gsize rows;
  Gather g;

  if (has_few_known (model, node->inputs[1]) && cpu_lower_move (model, fusion))
    return TRUE;
  if (!gather_shape (model, node, &g))
    return FALSE;
  rows = g.batch * g.middle * g.count;
  g.part = cpu_split (model, rows * g.bytes, MIN (rows, G_MAXINT32));
  step = cpu_add_step (model, node, CPU_PLAIN, CPU_PLAIN, node->inputs, 2);
  step->kernel = "copy";
  step->run = run_gather;
  step->data = g_memdup2 (&g, sizeof g);
  step->free_data = g_free;
  return TRUE;
}
