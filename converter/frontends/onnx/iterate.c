/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "body.h"

/* Rounds in which a state's dimensions may get vaguer one by one. */
#define MAX_ROUNDS 3

static const IrSourceValue *
input_of (const OnnxIteration *it, gsize index)
{
  return it->body->inputs->pdata[(it->is_loop ? 2 : 0) + index];
}

static gboolean
check_counts (IrBuild *n, const OnnxIteration *it)
{
  const gsize inputs = (it->is_loop ? 2 : 0) + it->n_states + it->n_slices;
  const gsize outputs = (it->is_loop ? 1 : 0) + it->n_states + it->n_joined;

  if (it->body->inputs->len != inputs)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has a body with %u inputs, where %" G_GSIZE_FORMAT " are wanted",
        it->body->inputs->len, inputs);
  if (it->body->outputs->len != outputs)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has a body with %u outputs, where %" G_GSIZE_FORMAT " are wanted",
        it->body->outputs->len, outputs);
  return !ir_build_failed (n);
}

/* The body only runs while the condition holds: in there it is true. */
static void
set_loop_inputs (OnnxBody *body, const OnnxIteration *it)
{
  const IrSourceValue *iteration = it->body->inputs->pdata[0];
  const IrSourceValue *condition = it->body->inputs->pdata[1];
  IrPort yes = ir_build_number (&body->n.build, IR_DTYPE_BOOLEAN, 1);

  if (condition->shape.rank == 1)
    yes = ir_build_reshape_to (&body->n.build, yes, (const gint64[]){ 1 }, 1);
  onnx_scope_set (body->scope, iteration->name,
      onnx_body_iteration (body, &iteration->shape));
  onnx_scope_set (body->scope, condition->name, yes);
}

/* Without a rank an axis that does not count from the end still says all. */
static gint64
plain_axis (IrBuild *n, IrPort port, gint64 axis)
{
  if (axis >= 0 && ir_build_shape_of (port)->rank < 0)
    return axis;
  return ir_build_axis (n, port, axis);
}

static void
set_inputs (OnnxBody *body, const OnnxIteration *it, const IrShape *shapes,
    IrPort *states)
{
  if (it->is_loop)
    set_loop_inputs (body, it);
  for (gsize i = 0; i < it->n_states; i++) {
    states[i] = onnx_body_state (body, it->in[i], &shapes[i]);
    onnx_scope_set (body->scope, input_of (it, i)->name, states[i]);
  }
  for (gsize i = 0; i < it->n_slices; i++) {
    IrPort whole = it->in[it->n_states + i];
    const gint64 axis = plain_axis (body->outer, whole, it->slices[i].axis);
    IrPort slice = onnx_body_slice (body, whole, axis, it->slices[i].backwards);

    onnx_scope_set (body->scope, input_of (it, it->n_states + i)->name,
        ir_build_squeeze (&body->n.build, slice, axis));
  }
}

/* Makes @shape as vague as it must be to be @other as well; whether it was. */
static gboolean
fits (IrShape *shape, const IrShape *other, gboolean be_quick)
{
  gboolean same = TRUE;

  if (shape->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (shape->rank != other->rank) {
    *shape = ir_shape_unknown ();
    return FALSE;
  }
  for (gint d = 0; d < shape->rank; d++) {
    if (shape->dim[d] < 0 || shape->dim[d] == other->dim[d])
      continue;
    shape->dim[d] = IR_DIM_UNKNOWN;
    same = FALSE;
  }
  if (!same && be_quick)
    *shape = ir_shape_unknown ();
  return same;
}

/* Of a Scan: how many slices the first of its inputs has. */
static IrPort
trip_count (IrBuild *n, const OnnxIteration *it)
{
  IrPort slices = it->in[it->n_states], count;
  IrTensor *value;

  if (it->is_loop)
    return it->trip_count;
  count = ir_build_squeeze (n,
      ir_build_dim (n, slices, plain_axis (n, slices, it->slices[0].axis)), 0);
  value = ir_build_value (n, count);
  return value != NULL ? ir_build_const (n, value) : count;
}

static IrPort
go_on (OnnxBody *body, const OnnxIteration *it)
{
  IrPort condition;

  if (!it->is_loop)
    return ir_build_number (&body->n.build, IR_DTYPE_BOOLEAN, 1);
  condition = onnx_body_output (body, 0);
  if (!ir_build_failed (&body->n.build) &&
      ir_build_dtype_of (condition) != IR_DTYPE_BOOLEAN)
    ir_build_fail (&body->n.build, IR_ERROR_PARSE,
        "has a condition of the type %s, not boolean",
        ir_dtype_name (ir_build_dtype_of (condition)));
  return condition;
}

/* Converts the body for states of the @shapes. NULL also if they turn out to
 * change from one iteration to the next: @shapes are vaguer then. */
static IrNode *
convert_body (
    IrBuild *n, const OnnxIteration *it, IrShape *shapes, gboolean be_quick)
{
  const IrPort first[] = { trip_count (n, it),
    it->is_loop ? it->condition : ir_build_number (n, IR_DTYPE_BOOLEAN, 1) };
  const guint skip = it->is_loop ? 1 : 0;
  g_autofree IrPort *states = g_new0 (IrPort, it->n_states + 1);
  g_auto (OnnxBody) body;
  gboolean settled = TRUE;

  onnx_body_init (&body, n, it->body, first, 2);
  set_inputs (&body, it, shapes, states);
  onnx_body_convert (&body);
  for (guint i = 0; i < it->n_states; i++) {
    IrPort next = onnx_body_output (&body, skip + i);

    onnx_body_next (&body, states[i], next);
    if (!ir_build_failed (&body.n.build) &&
        !fits (&shapes[i], ir_build_shape_of (next), be_quick))
      settled = FALSE;
  }
  if (onnx_body_failed (&body) || !settled)
    return NULL;
  for (guint i = 0; i < it->n_joined; i++) {
    IrPort slice = ir_build_unsqueeze (&body.n.build,
        onnx_body_output (&body, skip + (guint) it->n_states + i),
        it->joined[i].axis);

    onnx_body_join (&body, slice,
        plain_axis (&body.n.build, slice, it->joined[i].axis),
        it->joined[i].backwards);
  }
  onnx_body_condition (&body, go_on (&body, it));
  return onnx_body_finish (&body, "Loop", 5);
}

IrNode *
onnx_iterate (IrBuild *n, const OnnxIteration *it)
{
  g_autofree IrShape *shapes = g_new0 (IrShape, it->n_states + 1);
  IrNode *node = NULL;

  if (!check_counts (n, it))
    return NULL;
  for (gsize i = 0; i < it->n_states; i++)
    shapes[i] = *ir_build_shape_of (it->in[i]);
  /* What ops are converted to depends on shapes; so they have to be known
   * before, and become so by trying. */
  for (guint round = 0; node == NULL && !ir_build_failed (n); round++)
    node = convert_body (n, it, shapes, round >= MAX_ROUNDS);
  return node;
}
