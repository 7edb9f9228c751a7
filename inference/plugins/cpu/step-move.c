/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What only picks and permutes elements (Transpose, Slice, Split, …): nested loops
 * with a distance on each side, whatever the layouts are. */
#include "cpu.h"

#include <string.h>

/* One output's loops, outermost first; distances in elements. */
typedef struct {
  guint rank;
  gint64 size[IR_MAX_RANK];
  gint64 from[IR_MAX_RANK];
  gint64 to[IR_MAX_RANK];
  gint64 offset;
  /* The first loop is cut into tasks of so many rounds. */
  gint64 part;
  /* Of an output with its channels innermost, 0 else. */
  gsize channels, pitch;
} Move;

typedef struct {
  gsize bytes;
  Move moves[];
} Moves;

typedef struct {
  CpuWork work;
  guint index;
} MoveWork;

/* --- running --------------------------------------------------------------- */

/* A constant size lets the compiler turn memcpy into one move. */
#define COPY_ROW(bytes)                                                        \
  for (gint64 i = 0; i < n; i++, from += from_step, to += to_step)             \
  memcpy (to, from, bytes)

static void
copy_row (const guint8 *from, gint64 from_step, guint8 *to, gint64 to_step,
    gint64 n, gsize bytes)
{
  if (from_step == (gint64) bytes && to_step == (gint64) bytes) {
    memcpy (to, from, n * bytes);
    return;
  }
  switch (bytes) {
    case 1:
      COPY_ROW (1);
      break;
    case 2:
      COPY_ROW (2);
      break;
    case 4:
      COPY_ROW (4);
      break;
    default:
      COPY_ROW (8);
      break;
  }
}

/* The two innermost loops; those of a matrix that is transposed have a kernel. */
static void
copy_matrix (const CpuRun *run, const Move *m, gsize bytes, guint at,
    const guint8 *from, guint8 *to)
{
  const gint64 from_step = m->from[at] * (gint64) bytes;
  const gint64 to_step = m->to[at] * (gint64) bytes;

  if (bytes == sizeof (float) && m->from[at] == 1 && m->to[at + 1] == 1 &&
      m->from[at + 1] > 0 && m->to[at] > 0) {
    run->model->layout->transpose ((const float *) from, m->from[at + 1],
        m->size[at + 1], m->size[at], (float *) to, m->to[at]);
    return;
  }
  for (gint64 i = 0; i < m->size[at]; i++)
    copy_row (from + i * from_step, m->from[at + 1] * (gint64) bytes,
        to + i * to_step, m->to[at + 1] * (gint64) bytes, m->size[at + 1],
        bytes);
}

static void
copy_loops (const CpuRun *run, const Move *m, gsize bytes, guint at,
    const guint8 *from, guint8 *to)
{
  if (at + 2 == m->rank) {
    copy_matrix (run, m, bytes, at, from, to);
    return;
  }
  for (gint64 i = 0; i < m->size[at]; i++)
    copy_loops (run, m, bytes, at + 1, from + i * m->from[at] * (gint64) bytes,
        to + i * m->to[at] * (gint64) bytes);
}

static void
move_part (gpointer data, guint task, guint worker)
{
  const MoveWork *work = data;
  const CpuStep *step = work->work.step;
  const CpuRun *run = work->work.run;
  const Moves *moves = step->data;
  Move m = moves->moves[work->index];
  const gint64 first = task * m.part;
  const gint64 bytes = moves->bytes;
  const guint8 *from = run->data[step->in[0]];
  guint8 *to = run->data[step->out[work->index]];

  m.size[0] = MIN (m.part, m.size[0] - first);
  copy_loops (run, &m, bytes, 0, from + (m.offset + first * m.from[0]) * bytes,
      to + first * m.to[0] * bytes);
}

/* What lies between pixels has to be finite. */
static void
clear_gaps (const Move *m, const CpuSlot *slot, float *to)
{
  const gsize floats = slot->bytes / sizeof *to;

  if (m->channels < m->pitch)
    for (gsize p = 0; p < floats; p += m->pitch)
      memset (to + p + m->channels, 0, (m->pitch - m->channels) * sizeof *to);
}

static gboolean
run_moves (const CpuStep *step, CpuRun *run, GError **error)
{
  const Moves *moves = step->data;

  for (guint i = 0; i < step->n_out; i++) {
    const Move *m = &moves->moves[i];
    MoveWork work = { { step, run }, i };

    cpu_pool_run (run->model->threads, (m->size[0] + m->part - 1) / m->part,
        move_part, &work);
    clear_gaps (
        m, cpu_slot (run->model, step->out[i]), run->data[step->out[i]]);
  }
  return TRUE;
}

/* --- compiling ------------------------------------------------------------- */

/* Distances between the elements of a value in this layout. */
static void
find_steps (const IrShape *shape, CpuLayout layout, gint64 pitch, gint64 *steps)
{
  gint64 step = 1;

  if (layout == CPU_LAST) {
    steps[3] = pitch;
    steps[2] = pitch * shape->dim[3];
    steps[1] = 1;
    steps[0] = steps[2] * shape->dim[2];
    return;
  }
  for (gint d = shape->rank; d-- > 0; step *= shape->dim[d])
    steps[d] = step;
}

static void
put_loop (Move *m, guint at, gint64 size, gint64 from, gint64 to)
{
  m->size[at] = size;
  m->from[at] = from;
  m->to[at] = to;
}

/* Sorts the loops by their distances in the output, leaves out those of one round
 * and makes one of those that follow each other on both sides. */
static void
order_loops (Move *m)
{
  const Move given = *m;
  guint n = 0;

  for (guint i = 0; i < given.rank; i++) {
    guint at = n;

    if (given.size[i] == 1)
      continue;
    for (; at > 0 && m->to[at - 1] < given.to[i]; at--)
      put_loop (m, at, m->size[at - 1], m->from[at - 1], m->to[at - 1]);
    put_loop (m, at, given.size[i], given.from[i], given.to[i]);
    n++;
  }
  m->rank = 0;
  for (guint i = 0; i < n; i++) {
    const guint last = m->rank - 1;

    if (m->rank && m->from[last] == m->from[i] * m->size[i] &&
        m->to[last] == m->to[i] * m->size[i])
      put_loop (m, last, m->size[last] * m->size[i], m->from[i], m->to[i]);
    else
      put_loop (m, m->rank++, m->size[i], m->from[i], m->to[i]);
  }
}

/* The loop that walks the input without gaps goes beside the innermost one, so
 * that both sides of a transposed matrix are read and written in blocks. There are
 * at least two. */
static void
finish_loops (Move *m)
{
  if (m->rank == 0)
    put_loop (m, m->rank++, 1, 0, 0);
  if (m->rank == 1) {
    put_loop (m, m->rank++, m->size[0], m->from[0], m->to[0]);
    put_loop (m, 0, 1, 0, 0);
  }
  for (guint i = 0; i + 2 < m->rank; i++) {
    const gint64 size = m->size[i], to = m->to[i];

    if (m->from[i] != 1 || m->from[m->rank - 1] == 1)
      continue;
    for (guint k = i; k + 2 < m->rank; k++)
      put_loop (m, k, m->size[k + 1], m->from[k + 1], m->to[k + 1]);
    put_loop (m, m->rank - 2, size, 1, to);
    break;
  }
}

/* Where the elements of all outputs come from, asked of the op. */
static gboolean
find_strided (const CpuModel *model, const IrNode *node, const gint64 *steps,
    IrStrided *strided)
{
  CpuStandIns s;
  gboolean ok = cpu_stand_ins_init (&s, model, node);

  for (gsize i = 0; ok && i < node->n_outputs; i++)
    ok = node->op->strided (&s.ctx, i, steps, &strided[i], NULL);
  cpu_stand_ins_clear (&s);
  return ok;
}

/* Channels stay innermost if each output's lie side by side in the input. */
static CpuLayout
choose_layout (const IrNode *node, const IrStrided *strided, CpuLayout in)
{
  for (gsize i = 0; i < node->n_outputs; i++)
    if (!cpu_port_can_be_last (ir_port ((IrNode *) node, i)) ||
        strided[i].step[1] != 1)
      return CPU_PLAIN;
  return in;
}

/* Whether what is picked lies together as it has to; always false of what begins
 * between two groups of channels. */
static gboolean
is_view (const IrShape *shape, const IrStrided *strided, CpuLayout layout,
    gint64 pitch)
{
  gint64 steps[IR_MAX_RANK];

  find_steps (shape, layout, pitch, steps);
  for (gint d = 0; d < shape->rank; d++)
    if (shape->dim[d] != 1 && strided->step[d] != steps[d])
      return FALSE;
  return layout == CPU_PLAIN || strided->offset % IR_IGEMM_GROUP == 0;
}

/* No step at all, if all outputs are parts of the input as it is. */
static gboolean
add_views (CpuModel *model, const IrNode *node, guint slot,
    const IrStrided *strided, CpuLayout layout)
{
  g_autofree gsize *shift = g_new (gsize, node->n_outputs);
  const gsize bytes = ir_dtype_size (node->outputs[0].dtype);

  if (!cpu_in_arena (model, slot) || cpu_slot (model, slot)->layout != layout)
    return FALSE;
  for (gsize i = 0; i < node->n_outputs; i++) {
    if (!is_view (&node->outputs[i].shape, &strided[i], layout,
            cpu_slot (model, slot)->pitch))
      return FALSE;
    shift[i] = strided[i].offset * bytes;
  }
  cpu_add_views (model, node, layout, slot, shift);
  return TRUE;
}

static void
make_move (const CpuModel *model, const IrShape *shape,
    const IrStrided *strided, CpuLayout layout, Move *m)
{
  const guint64 count = ir_shape_size (shape, 0, shape->rank);

  *m = (Move){ .rank = shape->rank, .offset = strided->offset };
  memcpy (m->size, shape->dim, sizeof m->size);
  memcpy (m->from, strided->step, sizeof m->from);
  find_steps (shape, layout, CPU_PITCH (shape->dim[1]), m->to);
  order_loops (m);
  finish_loops (m);
  m->part = cpu_split (model, count * 4, MIN (m->size[0], G_MAXINT32));
  if (layout == CPU_LAST) {
    m->channels = shape->dim[1];
    m->pitch = CPU_PITCH (shape->dim[1]);
  }
}

gboolean
cpu_lower_move (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrPort port = node->inputs[0];
  const CpuLayout in = cpu_port_layout (model, port);
  g_autofree IrStrided *strided = g_new (IrStrided, node->n_outputs);
  gint64 steps[IR_MAX_RANK];
  CpuLayout layout;
  CpuStep *step;
  Moves *moves;
  guint slot;

  if (!ir_dtype_size (ir_port_output (port)->dtype))
    return FALSE;
  slot = cpu_take (model, port, in);
  find_steps (
      &ir_port_output (port)->shape, in, cpu_slot (model, slot)->pitch, steps);
  if (!find_strided (model, node, steps, strided))
    return FALSE;
  layout = choose_layout (node, strided, in);
  if (add_views (model, node, slot, strided, layout))
    return TRUE;
  moves = g_malloc (sizeof *moves + node->n_outputs * sizeof *moves->moves);
  moves->bytes = ir_dtype_size (ir_port_output (port)->dtype);
  for (gsize i = 0; i < node->n_outputs; i++)
    make_move (
        model, &node->outputs[i].shape, &strided[i], layout, &moves->moves[i]);
  step = cpu_add_step_on (model, node, layout, &slot, 1);
  step->kernel = "copy";
  step->run = run_moves;
  step->data = moves;
  step->free_data = g_free;
  cpu_pin (model, slot);
  for (guint i = 0; i < step->n_out; i++)
    cpu_pin (model, step->out[i]);
  return TRUE;
}
