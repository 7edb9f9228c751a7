/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Resizing two neighbouring dimensions, as height and width, with the numbers of a
 * pixel side by side: a row is made of rows, then each pixel of pixels. */
#include "cpu.h"

#include <ir/resample.h>
#include <string.h>

/* Fewer numbers of a pixel than these are not worth it. */
#define MIN_INNER 4
#define MAX_TAPS 64

typedef struct {
  gboolean nearest;
  gsize outer;
  gint64 in_h, in_w, out_h, out_w;
  gboolean last;
  /* Floats of a pixel. */
  gsize inner;
  /* Of mode nearest: which row and pixel. */
  gint64 *row, *column;
  IrTaps rows, columns;
  guint part;
} Interpolate;

static void
nearest_row (const Interpolate *p, const float *in, gsize in_pitch, gint64 y,
    float *to, gsize pitch)
{
  const gsize bytes = p->inner * sizeof *to;
  const float *from = in + p->row[y] * p->in_w * (gint64) in_pitch;

  for (gint64 x = 0; x < p->out_w; x++, to += pitch) {
    if (p->row[y] < 0 || p->column[x] < 0)
      memset (to, 0, bytes);
    else
      memcpy (to, from + p->column[x] * (gint64) in_pitch, bytes);
  }
}

/* The weighted sum of the @n numbers at what @taps takes of @from, @step apart, for
 * position @i; all zeros if that is nothing. */
static void
weigh (const CpuRun *run, const IrTaps *taps, gint64 i, const float *from,
    gsize step, gsize n, float *to)
{
  const gint64 count = taps->count[i];
  const float *rows[MAX_TAPS];

  for (gint64 k = 0; k < count; k++)
    rows[k] = from + (taps->first[i] + k) * (gint64) step;
  run->model->reduce->weigh (
      rows, taps->weight + i * taps->width, count, to, n);
}

/* One row of the input's width, its pixels side by side. */
static void
weigh_rows (const Interpolate *p, const CpuRun *run, gint64 y, const float *in,
    gsize pitch, float *row)
{
  const gsize width = p->in_w * pitch;

  if (pitch == p->inner) {
    weigh (run, &p->rows, y, in, width, width, row);
    return;
  }
  for (gint64 x = 0; x < p->in_w; x++)
    weigh (
        run, &p->rows, y, in + x * pitch, width, p->inner, row + x * p->inner);
}

static void
interpolate_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Interpolate *p = work->step->data;
  const gsize in_pitch = p->last ? cpu_in_pitch (work, 0) : p->inner;
  const gsize pitch = p->last ? cpu_out_pitch (work, 0) : p->inner;
  const gsize row_in = p->in_w * in_pitch;
  const gsize all = p->outer * p->out_h;
  const gsize end = MIN ((gsize) (task + 1) * p->part, all);

  for (gsize r = (gsize) task * p->part; r < end; r++) {
    const gint64 y = r % p->out_h;
    const float *in = cpu_in (work, 0) + r / p->out_h * p->in_h * row_in;
    float *to = cpu_out (work, 0) + r * p->out_w * pitch;
    float *row = cpu_scratch (work->run, worker);

    if (p->nearest) {
      nearest_row (p, in, in_pitch, y, to, pitch);
      continue;
    }
    weigh_rows (p, work->run, y, in, in_pitch, row);
    for (gint64 x = 0; x < p->out_w; x++)
      weigh (
          work->run, &p->columns, x, row, p->inner, p->inner, to + x * pitch);
  }
}

static gboolean
run_interpolate (const CpuStep *step, CpuRun *run, GError **error)
{
  const Interpolate *p = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (run->model->threads,
      (p->outer * p->out_h + p->part - 1) / p->part, interpolate_rows, &work);
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

static void
interpolate_free (gpointer data)
{
  Interpolate *p = data;

  g_free (p->row);
  g_free (p->column);
  ir_taps_clear (&p->rows);
  ir_taps_clear (&p->columns);
  g_free (p);
}

static gint64 *
nearest_map (const IrResample *r)
{
  gint64 *map = g_try_new (gint64, r->out);

  for (gint64 i = 0; map && i < r->out; i++)
    map[i] = ir_resample_nearest (r, i);
  return map;
}

static gboolean
fill (Interpolate *p, const IrResample *y, const IrResample *x)
{
  if (p->nearest) {
    p->row = nearest_map (y);
    p->column = nearest_map (x);
    return p->row && p->column;
  }
  return ir_taps_init (&p->rows, y, NULL) &&
      ir_taps_init (&p->columns, x, NULL) && p->rows.width <= MAX_TAPS &&
      p->columns.width <= MAX_TAPS;
}

/* The first of the two dimensions: nothing but these may change. */
static gboolean
find_axis (const gboolean *active, gint rank, gint *axis)
{
  for (gint d = rank - 2; d >= 0; d--) {
    gboolean others = FALSE;

    for (gint i = 0; i < rank; i++)
      others |= active[i] && i != d && i != d + 1;
    if (!others) {
      *axis = d;
      return TRUE;
    }
  }
  return FALSE;
}

/* Height and width of pictures in planes are resized with their channels
 * innermost. */
static gboolean
find_sizes (const IrNode *node, gint axis, CpuLayout *layout, Interpolate *p)
{
  const IrShape *in = &ir_node_input (node, 0)->shape;
  const IrShape *out = &node->outputs[0].shape;

  *layout = axis == 2 && cpu_port_can_be_last (node->inputs[0]) &&
          cpu_port_can_be_last (ir_port ((IrNode *) node, 0))
      ? CPU_LAST
      : CPU_PLAIN;
  p->last = *layout == CPU_LAST;
  p->in_h = in->dim[axis];
  p->in_w = in->dim[axis + 1];
  p->out_h = out->dim[axis];
  p->out_w = out->dim[axis + 1];
  p->outer = ir_shape_size (in, 0, *layout == CPU_LAST ? 1 : axis);
  p->inner = *layout == CPU_LAST ? CPU_PITCH (in->dim[1])
                                 : ir_shape_size (in, axis + 2, in->rank);
  return p->inner >= MIN_INNER && p->outer * p->out_h < G_MAXINT32;
}

static Interpolate *
make (const CpuModel *model, const IrNode *node, CpuLayout *layout)
{
  const gint rank = node->outputs[0].shape.rank;
  Interpolate shape = { 0 }, *p = NULL;
  IrResample axes[IR_MAX_RANK];
  gboolean active[IR_MAX_RANK];
  CpuStandIns s;
  gint axis;

  if (cpu_stand_ins_init (&s, model, node) &&
      ir_resample_describe (&s.ctx, axes, active, NULL) &&
      find_axis (active, rank, &axis) &&
      find_sizes (node, axis, layout, &shape)) {
    p = g_memdup2 (&shape, sizeof shape);
    p->nearest = axes[0].attrs.mode == IR_INTERPOLATE_NEAREST;
    if (!fill (p, &axes[axis], &axes[axis + 1]))
      g_clear_pointer (&p, interpolate_free);
  }
  cpu_stand_ins_clear (&s);
  return p;
}

gboolean
cpu_lower_interpolate (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  CpuLayout layout;
  Interpolate *p;
  CpuStep *step;
  gsize rows;

  if (!cpu_port_is_f32 (node->inputs[0]) || !(p = make (model, node, &layout)))
    return FALSE;
  rows = p->outer * p->out_h;
  p->part = cpu_split (model, rows * p->out_w * p->inner * 4, rows);
  step = cpu_add_step (model, node, layout, layout, node->inputs, 1);
  step->kernel = p->nearest ? "copy" : model->reduce->name;
  step->run = run_interpolate;
  step->data = p;
  step->free_data = interpolate_free;
  step->scratch = p->nearest ? 0 : p->in_w * p->inner * sizeof (float);
  return TRUE;
}
