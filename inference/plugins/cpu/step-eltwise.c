/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Functions of one number or two, element by element, in the layout that the data
 * have. */
#include "cpu.h"

#include <string.h>

/* Elements of one part; of one that is widened and narrowed in between. */
#define PART 16384
#define PART_BF16 4096

typedef struct {
  IrUnary unary;
  float a, b;
  IrBinary binary;
  IrBinaryForm form;
  /* Elements, or pixels of @width numbers, channels filled up; of one part. */
  gsize n, part;
  gsize width;
  /* Where the second operand has one element per channel, in planes of @inner
   * elements. */
  guint channels;
  gsize inner;
} Eltwise;

static CpuStep *
add_step (CpuModel *model, const IrNode *node, CpuLayout layout,
    const guint *slots, guint n_slots,
    gboolean (*run) (const CpuStep *, CpuRun *, GError **), const Eltwise *e)
{
  CpuStep *step = cpu_add_step_on (model, node, layout, slots, n_slots);

  step->kernel = model->eltwise->name;
  step->run = run;
  step->data = g_memdup2 (e, sizeof *e);
  step->free_data = g_free;
  return step;
}

/* One long array, or pixels. */
static void
find_parts (
    Eltwise *e, const CpuModel *model, const IrShape *shape, CpuLayout layout)
{
  e->n = ir_shape_size (shape, 0, shape->rank);
  e->part = PART;
  if (layout == CPU_LAST) {
    e->width = CPU_PITCH (shape->dim[1]);
    e->n /= shape->dim[1];
    e->part = MAX ((model->bgemm ? PART_BF16 : PART) / e->width, 1);
  }
}

static void
run_parts (const CpuStep *step, CpuRun *run, CpuTask part)
{
  const Eltwise *e = step->data;
  CpuWork work = { step, run };

  cpu_pool_run (
      run->model->threads, (e->n + e->part - 1) / e->part, part, &work);
}

/* --- one operand ----------------------------------------------------------- */

/* Numbers of one part, for each operand that has to be widened or narrowed. */
static gsize
part_floats (const Eltwise *e)
{
  return e->part * e->width;
}

static void
unary_pixels (const CpuWork *work, gsize first, gsize n, float *buffer)
{
  const Eltwise *e = work->step->data;
  gsize from_pitch, to_pitch;
  const float *from =
      cpu_get_pixels (work, 0, first, e->width, n, buffer, &from_pitch);
  float *to = cpu_begin_pixels (work, first, e->width, buffer, &to_pitch);

  cpu_unary_pixels (work->run->model->eltwise, e->unary, e->a, e->b, from,
      from_pitch, to, to_pitch, e->width, n);
  cpu_end_pixels (work, first, e->width, n, to);
}

static void
unary_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Eltwise *e = work->step->data;
  const IrEltwiseKernels *k = work->run->model->eltwise;
  const gsize first = task * e->part, n = MIN (e->part, e->n - first);

  if (e->width)
    unary_pixels (work, first, n, cpu_scratch (work->run, worker));
  else
    k->unary (e->unary, e->a, e->b, cpu_in (work, 0) + first,
        cpu_out (work, 0) + first, n);
}

static gboolean
run_unary (const CpuStep *step, CpuRun *run, GError **error)
{
  run_parts (step, run, unary_part);
  return TRUE;
}

gboolean
cpu_lower_unary (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrPort out = ir_port ((IrNode *) node, 0);
  Eltwise e = { 0 };
  CpuLayout layout;
  CpuStep *step;
  guint slot;

  if (!cpu_port_is_f32 (node->inputs[0]) || !cpu_port_is_f32 (out) ||
      !cpu_match_unary (node, &e.unary, &e.a, &e.b))
    return FALSE;
  layout = cpu_port_layout (model, node->inputs[0]);
  find_parts (&e, model, &node->outputs[0].shape, layout);
  slot = cpu_take (model, node->inputs[0], layout);
  step = add_step (model, node, layout, &slot, 1, run_unary, &e);
  step->takes_bf16 = step->gives_bf16 = layout == CPU_LAST;
  if (model->bgemm)
    step->scratch = part_floats (&e) * sizeof (float);
  return TRUE;
}

/* --- two operands ---------------------------------------------------------- */

static void
binary_part (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Eltwise *e = work->step->data;
  const gsize first = task * e->part;

  work->run->model->eltwise->binary (e->binary, e->form,
      cpu_in (work, 0) + (e->form == IR_BINARY_LEFT_ONE ? 0 : first),
      cpu_in (work, 1) + (e->form == IR_BINARY_RIGHT_ONE ? 0 : first),
      cpu_out (work, 0) + first, MIN (e->part, e->n - first));
}

/* One element of the second operand per plane. */
static void
binary_plane (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Eltwise *e = work->step->data;

  work->run->model->eltwise->binary (e->binary, IR_BINARY_RIGHT_ONE,
      cpu_in (work, 0) + task * e->inner, cpu_in (work, 1) + task % e->channels,
      cpu_out (work, 0) + task * e->inner, e->inner);
}

/* Planes of one element: rows of channels. */
static void
binary_rows (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Eltwise *e = work->step->data;
  const gsize first = task * e->part, n = MIN (e->part, e->n - first);

  cpu_binary_pixels (work->run->model->eltwise, e->binary,
      cpu_in (work, 0) + first * e->channels, e->channels, cpu_in (work, 1), 0,
      cpu_out (work, 0) + first * e->channels, e->channels, e->channels, n);
}

/* An operand of one pixel's channels or of a single number, in scratch memory as a
 * whole pixel; filled up, so that what lies between pixels stays finite. */
static const float *
lone_operand (const CpuWork *work, guint operand, guint worker)
{
  const Eltwise *e = work->step->data;
  const guint n = e->form == IR_BINARY_BOTH ? e->channels : 1;
  float *y = cpu_scratch (work->run, worker);
  gsize pitch;
  const float *x = cpu_get_pixels (work, operand, 0, n, 1, y, &pitch);

  if (e->form == IR_BINARY_BOTH) {
    for (gsize c = 0; c < e->width; c++)
      y[c] = c < n ? x[c] : 1;
  } else {
    const float one = *x;

    for (gsize c = 0; c < e->width; c++)
      y[c] = one;
  }
  return y;
}

static void
binary_pixels (gpointer data, guint task, guint worker)
{
  const CpuWork *work = data;
  const Eltwise *e = work->step->data;
  const gsize first = task * e->part, n = MIN (e->part, e->n - first);
  float *buffer = (float *) cpu_scratch (work->run, worker) + e->width;
  const float *operand[2];
  gsize pitch[2], to_pitch;
  float *to;

  for (guint i = 0; i < 2; i++) {
    const gboolean lone = i == 0
        ? e->form == IR_BINARY_LEFT_ONE
        : e->form == IR_BINARY_RIGHT_ONE || e->channels;

    pitch[i] = 0;
    operand[i] = lone ? lone_operand (work, i, worker)
                      : cpu_get_pixels (work, i, first, e->width, n,
                            buffer + i * part_floats (e), &pitch[i]);
  }
  to = cpu_begin_pixels (work, first, e->width, buffer, &to_pitch);
  cpu_binary_pixels (work->run->model->eltwise, e->binary, operand[0], pitch[0],
      operand[1], pitch[1], to, to_pitch, e->width, n);
  cpu_end_pixels (work, first, e->width, n, to);
}

static gboolean
run_binary (const CpuStep *step, CpuRun *run, GError **error)
{
  const Eltwise *e = step->data;
  CpuWork work = { step, run };

  if (e->width)
    run_parts (step, run, binary_pixels);
  else if (e->inner == 1)
    run_parts (step, run, binary_rows);
  else if (e->inner)
    cpu_pool_run (run->model->threads, e->n / e->inner, binary_plane, &work);
  else
    run_parts (step, run, binary_part);
  return TRUE;
}

static gboolean
binary_op (const IrNode *node, IrBinary *op)
{
  static const struct {
    const char *type;
    IrBinary op;
  } rows[] = {
    { "Add", IR_BINARY_ADD },
    { "Subtract", IR_BINARY_SUB },
    { "Multiply", IR_BINARY_MUL },
    { "Divide", IR_BINARY_DIV },
    { "Maximum", IR_BINARY_MAX },
    { "Minimum", IR_BINARY_MIN },
    { "SquaredDifference", IR_BINARY_SQDIFF },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (ir_node_is (node, rows[i].type)) {
      *op = rows[i].op;
      return TRUE;
    }
  }
  return FALSE;
}

/* Whether @y, aligned to the end of @x, has one element per channel of axis 1. */
static gboolean
is_channel (const IrShape *y, const IrShape *x)
{
  const gint shift = x->rank - y->rank;

  if (x->rank < 2 || shift > 1 || shift < 0)
    return FALSE;
  for (gint d = 0; d < y->rank; d++)
    if (y->dim[d] != (d + shift == 1 ? x->dim[1] : 1))
      return FALSE;
  return TRUE;
}

/* Operands of the same shape, in the layout of one that has its channels
 * innermost; or one that is a single number. */
static gboolean
whole_form (CpuModel *model, const IrNode *node, Eltwise *e, guint *slots,
    CpuLayout *layout)
{
  const IrShape *out = &node->outputs[0].shape;
  guint full = 0;

  for (guint i = 0; i < 2; i++) {
    const IrShape *shape = &ir_node_input (node, i)->shape;

    if (ir_shape_equal (shape, out)) {
      full |= 1u << i;
      if (cpu_port_layout (model, node->inputs[i]) == CPU_LAST)
        *layout = CPU_LAST;
    } else if (ir_shape_size (shape, 0, shape->rank) != 1) {
      return FALSE;
    }
  }
  if (!full)
    return FALSE;
  e->form = full == 3 ? IR_BINARY_BOTH
      : full == 1     ? IR_BINARY_RIGHT_ONE
                      : IR_BINARY_LEFT_ONE;
  for (guint i = 0; i < 2; i++)
    slots[i] = full & 1u << i ? cpu_take (model, node->inputs[i], *layout)
                              : cpu_port_slot (model, node->inputs[i]);
  find_parts (e, model, out, *layout);
  return TRUE;
}

/* One operand per channel; a single pixel's channels lie side by side in either
 * layout. */
static gboolean
channel_form (CpuModel *model, const IrNode *node, Eltwise *e, guint *slots,
    CpuLayout *layout)
{
  const IrShape *out = &node->outputs[0].shape;
  const gboolean swaps =
      e->binary != IR_BINARY_SUB && e->binary != IR_BINARY_DIV;
  guint full = 0;

  if (swaps && !ir_shape_equal (&ir_node_input (node, 0)->shape, out))
    full = 1;
  if (!ir_shape_equal (&ir_node_input (node, full)->shape, out) ||
      !is_channel (&ir_node_input (node, !full)->shape, out))
    return FALSE;
  *layout = cpu_port_layout (model, node->inputs[full]);
  find_parts (e, model, out, *layout);
  e->channels = out->dim[1];
  slots[0] = cpu_take (model, node->inputs[full], *layout);
  slots[1] = cpu_port_slot (model, node->inputs[!full]);
  if (*layout == CPU_LAST)
    return TRUE;
  e->inner = ir_shape_size (out, 2, out->rank);
  if (e->inner == 1) {
    e->n /= e->channels;
    e->part = MAX (e->part / e->channels, 1);
  }
  return e->n / e->inner < G_MAXINT32;
}

gboolean
cpu_lower_binary (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrBroadcastAttrs *attrs = node->attrs;
  const IrShape *out = &node->outputs[0].shape;
  CpuLayout layout = CPU_PLAIN;
  CpuStep *step;
  Eltwise e = { 0 };
  guint slots[2];

  if (!cpu_port_is_f32 (node->inputs[0]) ||
      !cpu_port_is_f32 (node->inputs[1]) ||
      attrs->auto_broadcast == IR_BROADCAST_PDPD ||
      !binary_op (node, &e.binary) || ir_shape_size (out, 0, out->rank) == 0 ||
      (!whole_form (model, node, &e, slots, &layout) &&
          !channel_form (model, node, &e, slots, &layout)))
    return FALSE;
  step = add_step (model, node, layout, slots, 2, run_binary, &e);
  step->scratch = e.width * sizeof (float);
  if (model->bgemm)
    step->scratch += 2 * part_floats (&e) * sizeof (float);
  step->takes_bf16 = step->gives_bf16 = layout == CPU_LAST;
  return TRUE;
}
