/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

#include <string.h>

/* Elements of one part of a long array. */
#define PART 16384

typedef struct {
  IrWindow window;
  guint planes;
  gboolean average, count_pad;
  guint end_h, end_w;
} Pool;

typedef struct {
  IrUnary unary;
  float a, b;
  IrBinary binary;
  IrBinaryForm form;
  /* Of a product of @outer runs of @inner elements, each with one of @y. */
  gsize n, outer, inner;
} Eltwise;

typedef struct {
  gsize outer, n, inner;
} Axis;

typedef struct {
  const CpuStep *step;
  const CpuRun *run;
} Work;

static CpuStep *
add (CpuModel *model, const CpuFusion *fusion, const char *kernel,
    gboolean (*run) (const CpuStep *, CpuRun *, GError **), gconstpointer data,
    gsize size)
{
  const IrNode *node = fusion->head;
  CpuStep *step = cpu_add_step (model, node, node->inputs, node->n_inputs);

  step->kernel = kernel;
  step->run = run;
  step->data = g_memdup2 (data, size);
  step->free_data = g_free;
  return step;
}

/* --- pooling --------------------------------------------------------------- */

static void
pool_plane (gpointer data, guint task, guint worker)
{
  const Work *work = data;
  const Pool *p = work->step->data;
  const IrWindow *w = &p->window;
  const IrPoolKernels *k = work->run->model->pool;
  const float *in = (const float *) work->run->data[work->step->in[0]] +
      (gsize) task * w->in_h * w->in_w;
  float *out = (float *) work->run->data[work->step->out[0]] +
      (gsize) task * w->out_h * w->out_w;

  if (p->average)
    k->average (w, p->count_pad, p->end_h, p->end_w, in, out);
  else
    k->max (w, in, out);
}

static gboolean
run_pool (const CpuStep *step, CpuRun *run, GError **error)
{
  const Pool *p = step->data;
  Work work = { step, run };

  cpu_pool_run (run->model->threads, p->planes, pool_plane, &work);
  return TRUE;
}

gboolean
cpu_lower_pool (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrPoolAttrs *attrs = node->attrs;
  const IrShape *in = &ir_node_input (node, 0)->shape;
  Pool p = { .average = ir_node_is (node, "AvgPool") };
  IrConvGeometry g;

  if (in->rank != 4 || !cpu_port_is_f32 (node->inputs[0]) ||
      (node->n_outputs > 1 && node->outputs[1].uses &&
          node->outputs[1].uses->len) ||
      !ir_pool_geometry (attrs, 2, in->dim + 2, &g, NULL))
    return FALSE;
  for (guint d = 0; d < 2; d++)
    if (g.in[d] < 1 || g.out[d] < 1 || g.pad_begin[d] < 0 || g.pad_end[d] < 0 ||
        g.in[d] > 32768 || g.out[d] > 32768 || g.kernel[d] > 32768 ||
        g.stride[d] > 32768 || g.dilation[d] > 1024 ||
        (p.average && g.dilation[d] != 1))
      return FALSE;
  if (in->dim[0] * in->dim[1] > G_MAXINT32)
    return FALSE;
  p.window = (IrWindow){ g.in[0], g.in[1], g.out[0], g.out[1], g.kernel[0],
    g.kernel[1], g.stride[0], g.stride[1], g.dilation[0], g.dilation[1],
    g.pad_begin[0], g.pad_begin[1] };
  p.planes = in->dim[0] * in->dim[1];
  p.count_pad = p.average && !attrs->exclude_pad;
  p.end_h = g.pad_end[0];
  p.end_w = g.pad_end[1];
  add (model, fusion, model->pool->name, run_pool, &p, sizeof p);
  return TRUE;
}

/* --- element by element ---------------------------------------------------- */

static void
unary_part (gpointer data, guint task, guint worker)
{
  const Work *work = data;
  const Eltwise *e = work->step->data;
  const gsize first = (gsize) task * PART;

  work->run->model->eltwise->unary (e->unary, e->a, e->b,
      (const float *) work->run->data[work->step->in[0]] + first,
      (float *) work->run->data[work->step->out[0]] + first,
      MIN (PART, e->n - first));
}

static gboolean
run_unary (const CpuStep *step, CpuRun *run, GError **error)
{
  const Eltwise *e = step->data;
  Work work = { step, run };

  cpu_pool_run (
      run->model->threads, (e->n + PART - 1) / PART, unary_part, &work);
  return TRUE;
}

gboolean
cpu_lower_unary (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  Eltwise e = { 0 };

  if (!cpu_port_is_f32 (node->inputs[0]) ||
      !cpu_port_is_f32 (ir_port ((IrNode *) node, 0)) ||
      !cpu_match_unary (node, &e.unary, &e.a, &e.b))
    return FALSE;
  e.n = ir_shape_size (&node->outputs[0].shape, 0, node->outputs[0].shape.rank);
  add (model, fusion, model->eltwise->name, run_unary, &e, sizeof e);
  return TRUE;
}

static void
binary_part (gpointer data, guint task, guint worker)
{
  const Work *work = data;
  const Eltwise *e = work->step->data;
  const float *x = work->run->data[work->step->in[0]];
  const float *y = work->run->data[work->step->in[1]];
  float *to = work->run->data[work->step->out[0]];
  const gsize first = (gsize) task * PART;
  const gsize n = MIN (PART, e->n - first);

  work->run->model->eltwise->binary (e->binary, e->form,
      x + (e->form == IR_BINARY_LEFT_ONE ? 0 : first),
      y + (e->form == IR_BINARY_RIGHT_ONE ? 0 : first), to + first, n);
}

/* One element of the second operand per run. */
static void
binary_run (gpointer data, guint task, guint worker)
{
  const Work *work = data;
  const Eltwise *e = work->step->data;
  const float *x = work->run->data[work->step->in[0]];
  const float *y = work->run->data[work->step->in[1]];
  float *to = work->run->data[work->step->out[0]];

  work->run->model->eltwise->binary (e->binary, IR_BINARY_RIGHT_ONE,
      x + task * e->inner, y + task % e->outer, to + task * e->inner, e->inner);
}

static gboolean
run_binary (const CpuStep *step, CpuRun *run, GError **error)
{
  const Eltwise *e = step->data;
  Work work = { step, run };

  if (e->outer)
    cpu_pool_run (run->model->threads, e->n / e->inner, binary_run, &work);
  else
    cpu_pool_run (
        run->model->threads, (e->n + PART - 1) / PART, binary_part, &work);
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

static gboolean
binary_form (const IrNode *node, Eltwise *e)
{
  const IrShape *x = &ir_node_input (node, 0)->shape;
  const IrShape *y = &ir_node_input (node, 1)->shape;
  const IrShape *out = &node->outputs[0].shape;

  e->n = ir_shape_size (out, 0, out->rank);
  if (e->n == 0)
    return FALSE;
  if (ir_shape_equal (x, out) && ir_shape_equal (y, out))
    e->form = IR_BINARY_BOTH;
  else if (ir_shape_equal (x, out) && ir_shape_size (y, 0, y->rank) == 1)
    e->form = IR_BINARY_RIGHT_ONE;
  else if (ir_shape_equal (y, out) && ir_shape_size (x, 0, x->rank) == 1)
    e->form = IR_BINARY_LEFT_ONE;
  else if (ir_shape_equal (x, out) && is_channel (y, out)) {
    e->outer = out->dim[1];
    e->inner = ir_shape_size (out, 2, out->rank);
    return e->n / e->inner < G_MAXINT32;
  } else
    return FALSE;
  return TRUE;
}

gboolean
cpu_lower_binary (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  const IrBroadcastAttrs *attrs = node->attrs;
  Eltwise e = { 0 };

  if (!cpu_port_is_f32 (node->inputs[0]) ||
      !cpu_port_is_f32 (node->inputs[1]) ||
      attrs->auto_broadcast == IR_BROADCAST_PDPD ||
      !binary_op (node, &e.binary) || !binary_form (node, &e))
    return FALSE;
  add (model, fusion, model->eltwise->name, run_binary, &e, sizeof e);
  return TRUE;
}

/* --- along an axis --------------------------------------------------------- */

static gboolean
axis_of (const IrNode *node, Axis *axis)
{
  const IrAxisAttrs *attrs = node->attrs;
  const IrShape *shape = &node->outputs[0].shape;
  guint at;

  if (!ir_shape_axis (shape, attrs->axis, &at, NULL))
    return FALSE;
  axis->outer = ir_shape_size (shape, 0, at);
  axis->n = shape->dim[at];
  axis->inner = ir_shape_size (shape, at + 1, shape->rank);
  return axis->outer && axis->n && axis->inner && axis->outer < G_MAXINT32;
}

static void
softmax_part (gpointer data, guint task, guint worker)
{
  const Work *work = data;
  const Axis *a = work->step->data;
  const CpuRun *run = work->run;
  const gsize at = task * a->n * a->inner;
  const float *in = (const float *) run->data[work->step->in[0]] + at;
  float *out = (float *) run->data[work->step->out[0]] + at;

  if (a->inner == 1)
    run->model->reduce->softmax (in, out, a->n);
  else
    run->model->reduce->softmax_strided (
        in, out, a->n, a->inner, cpu_scratch (run, worker));
}

static gboolean
run_softmax (const CpuStep *step, CpuRun *run, GError **error)
{
  const Axis *a = step->data;
  Work work = { step, run };

  cpu_pool_run (run->model->threads, a->outer, softmax_part, &work);
  return TRUE;
}

gboolean
cpu_lower_softmax (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  CpuStep *step;
  Axis a;

  if (!cpu_port_is_f32 (node->inputs[0]) || !axis_of (node, &a))
    return FALSE;
  step = add (model, fusion, model->reduce->name, run_softmax, &a, sizeof a);
  step->scratch = a.inner > 1 ? 2 * a.inner * sizeof (float) : 0;
  return TRUE;
}

static gboolean
run_concat (const CpuStep *step, CpuRun *run, GError **error)
{
  const Axis *a = step->data;
  const gsize row = cpu_slot (run->model, step->out[0])->bytes / a->outer;
  guint8 *to = run->data[step->out[0]];

  for (guint i = 0; i < step->n_in; i++) {
    const gsize bytes = cpu_slot (run->model, step->in[i])->bytes / a->outer;
    const guint8 *from = run->data[step->in[i]];

    for (gsize o = 0; bytes && o < a->outer; o++)
      memcpy (to + o * row, from + o * bytes, bytes);
    to += bytes;
  }
  return TRUE;
}

gboolean
cpu_lower_concat (CpuModel *model, const CpuFusion *fusion)
{
  const IrNode *node = fusion->head;
  Axis a;

  if (!ir_dtype_size (node->outputs[0].dtype) || !axis_of (node, &a))
    return FALSE;
  add (model, fusion, "copy", run_concat, &a, sizeof a);
  return TRUE;
}
