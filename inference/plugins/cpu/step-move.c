/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What only picks, repeats and permutes elements (Transpose, Slice, Pad, Tile, …):
 * nested loops with a distance on each side, whatever the layouts are. */
#include "cpu.h"
#include "loops.h"

#include <string.h>

/* Longer maps are left to the op. */
#define MAX_MAP (1 << 22)

/* Pixels whose gaps a task clears. */
#define GAP_PIXELS 4096

typedef struct {
  guint n;
  CpuLoops loops[];
} Moves;

typedef struct {
  CpuWork work;
  guint index;
} MoveWork;

/* --- running --------------------------------------------------------------- */

static void
move_part (gpointer data, guint task, guint worker)
{
  const MoveWork *work = data;
  const CpuStep *step = work->work.step;
  const CpuRun *run = work->work.run;
  const Moves *moves = step->data;

  cpu_loops_run (&moves->loops[work->index], task, run->model->layout,
      run->data[step->in[0]], run->data[step->out[work->index]]);
}

static gsize
count_pixels (const CpuSlot *slot)
{
  return slot->shape.dim[0] * slot->shape.dim[2] * slot->shape.dim[3];
}

static void
clear_part (gpointer data, guint task, guint worker)
{
  const MoveWork *work = data;
  const CpuSlot *slot =
      cpu_slot (work->work.run->model, work->work.step->out[work->index]);
  const gsize channels = slot->shape.dim[1];
  const gsize gap = CPU_PITCH (channels) - channels;
  const gsize first = (gsize) task * GAP_PIXELS;
  const gsize end = MIN (first + GAP_PIXELS, count_pixels (slot));
  float *to = cpu_out (&work->work, work->index);

  for (gsize p = first; p < end; p++)
    memset (to + p * slot->pitch + channels, 0, gap * sizeof *to);
}

/* What lies between pixels has to be finite. */
static void
clear_gaps (MoveWork *work)
{
  const CpuModel *model = work->work.run->model;
  const CpuSlot *slot = cpu_slot (model, work->work.step->out[work->index]);

  if (slot->layout == CPU_LAST && slot->shape.dim[1] % IR_IGEMM_GROUP != 0)
    cpu_pool_run (model->threads,
        (count_pixels (slot) + GAP_PIXELS - 1) / GAP_PIXELS, clear_part, work);
}

static gboolean
run_moves (const CpuStep *step, CpuRun *run, GError **error)
{
  const Moves *moves = step->data;

  for (guint i = 0; i < step->n_out; i++) {
    MoveWork work = { { step, run }, i };

    cpu_pool_run (run->model->threads, cpu_loops_tasks (&moves->loops[i]),
        move_part, &work);
    clear_gaps (&work);
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

/* Where the elements of all outputs come from, asked of the op. */
static gboolean
find_strided (const CpuModel *model, const IrNode *node, const gint64 *steps,
    IrStrided *strided)
{
  CpuStandIns s;
  gboolean ok = cpu_stand_ins_init (&s, model, node);

  for (gsize i = 0; ok && i < node->n_outputs; i++) {
    const IrShape *shape = &node->outputs[i].shape;

    ok = node->op->strided (&s.ctx, i, steps, &strided[i], NULL);
    if (ok)
      cpu_straighten (shape, &strided[i]);
    for (gint d = 0; d < shape->rank; d++)
      ok = ok && (!strided[i].map[d] || shape->dim[d] <= MAX_MAP);
  }
  cpu_stand_ins_clear (&s);
  return ok;
}

/* Whether only callers see the outputs. */
static gboolean
is_for_callers (const IrNode *node)
{
  for (gsize i = 0; i < node->n_outputs; i++) {
    const GArray *uses = node->outputs[i].uses;

    for (guint u = 0; uses && u < uses->len; u++)
      if (!(g_array_index (uses, IrUse, u).node->op->flags & IR_OP_RESULT))
        return FALSE;
  }
  return TRUE;
}

/* Channels stay innermost if each output's come from those of pixels, which are
 * @pitch apart. */
static CpuLayout
choose_layout (
    const IrNode *node, const IrStrided *strided, CpuLayout in, gint64 pitch)
{
  if (in == CPU_PLAIN || is_for_callers (node))
    return CPU_PLAIN;
  for (gsize i = 0; i < node->n_outputs; i++)
    if (!cpu_port_can_be_last (ir_port ((IrNode *) node, i)) ||
        (!strided[i].map[1] && ABS (strided[i].step[1]) >= pitch))
      return CPU_PLAIN;
  return in;
}

/* Whether what is picked lies together as it has to. Channels may begin anywhere:
 * nobody writes to a part, and who reads whole groups finds memory behind the last. */
static gboolean
is_view (const IrShape *shape, const IrStrided *strided, CpuLayout layout,
    gint64 pitch)
{
  gint64 steps[IR_MAX_RANK];

  find_steps (shape, layout, pitch, steps);
  for (gint d = 0; d < shape->rank; d++)
    if (strided->map[d] || (shape->dim[d] != 1 && strided->step[d] != steps[d]))
      return FALSE;
  return TRUE;
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
make_loops (const CpuModel *model, const CpuSlot *slot,
    const IrStrided *strided, CpuLoops *loops)
{
  const IrShape *shape = &slot->shape;
  const guint64 count = ir_shape_size (shape, 0, shape->rank);
  gint64 steps[IR_MAX_RANK];

  find_steps (shape, slot->layout, slot->pitch, steps);
  cpu_loops_init (loops, ir_dtype_size (slot->dtype), shape, strided, steps);
  cpu_loops_cut (loops, cpu_parts (model, count * 4));
}

static void
moves_free (gpointer data)
{
  Moves *moves = data;

  for (guint i = 0; i < moves->n; i++)
    cpu_loops_clear (&moves->loops[i]);
  g_free (moves);
}

static void
add_moves (CpuModel *model, const IrNode *node, guint slot,
    const IrStrided *strided, CpuLayout layout)
{
  CpuStep *step = cpu_add_step_on (model, node, layout, &slot, 1);
  Moves *moves = g_malloc (sizeof *moves + step->n_out * sizeof *moves->loops);

  moves->n = step->n_out;
  for (guint i = 0; i < moves->n; i++) {
    make_loops (
        model, cpu_slot (model, step->out[i]), &strided[i], &moves->loops[i]);
    cpu_pin (model, step->out[i]);
  }
  step->kernel = "copy";
  step->run = run_moves;
  step->data = moves;
  step->free_data = moves_free;
  cpu_pin (model, slot);
}

static gboolean
lower_picking (
    CpuModel *model, const IrNode *node, guint slot, IrStrided *strided)
{
  const CpuLayout in = cpu_slot (model, slot)->layout;
  const gsize pitch = cpu_slot (model, slot)->pitch;
  gint64 steps[IR_MAX_RANK];
  CpuLayout layout;

  find_steps (&ir_node_input (node, 0)->shape, in, pitch, steps);
  if (!find_strided (model, node, steps, strided))
    return FALSE;
  layout = choose_layout (node, strided, in, pitch);
  if (!add_views (model, node, slot, strided, layout))
    add_moves (model, node, slot, strided, layout);
  return TRUE;
}

gboolean
cpu_lower_move (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  g_autofree IrStrided *strided = g_new0 (IrStrided, node->n_outputs);
  gboolean ok;

  if (!ir_dtype_size (ir_node_input (node, 0)->dtype))
    return FALSE;
  ok = lower_picking (
      model, node, cpu_port_slot (model, node->inputs[0]), strided);
  for (gsize i = 0; i < node->n_outputs; i++)
    ir_strided_clear (&strided[i]);
  return ok;
}
