/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running the bodies of TensorIterator and Loop. */
#include "body-util.h"

#include <string.h>

/* Far beyond any model: a file cannot keep us busy, or eat memory, for ever. What
 * loops inside of others do counts, too. */
#define MAX_ITERATIONS (1 << 22)
/* Of slices, states, and what the body computes in between. */
#define MAX_BYTES ((gsize) 512 << 20)
/* What a slice takes besides its data. */
#define SLICE_BYTES (sizeof (IrTensor) + 2 * IR_TENSOR_ALIGN)

/* Loops that this thread is inside of, and the iterations of all since it entered
 * the outermost. */
static _Thread_local guint depth;
static _Thread_local gint64 total_iterations;

typedef struct {
  IrEvalCtx *ctx;
  const IrLoopAttrs *attrs;
  const IrGraph *body;
  IrTensor **parameters;
  IrTensor **results;
  GPtrArray **joined;
  gsize max_bytes;
  gsize slice_bytes;
  gint64 n_slices;
} Run;

static void
run_init (Run *run, IrEvalCtx *ctx)
{
  gsize i;

  run->ctx = ctx;
  run->attrs = ctx->attrs;
  run->body = ctx->node->bodies[0];
  run->parameters = g_new0 (IrTensor *, run->body->parameters->len + 1);
  run->results = g_new0 (IrTensor *, run->body->results->len + 1);
  run->joined = g_new0 (GPtrArray *, ctx->n_outputs + 1);
  run->max_bytes = MIN (ctx->max_bytes, MAX_BYTES);
  run->slice_bytes = 0;
  run->n_slices = -1;
  for (i = 0; i < ctx->n_outputs; i++)
    run->joined[i] =
        g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
}

static void
drop (IrTensor **tensors, gsize n)
{
  gsize i;

  for (i = 0; i < n; i++)
    g_clear_pointer (&tensors[i], ir_tensor_unref);
}

static void
run_clear (Run *run)
{
  gsize i;

  drop (run->parameters, run->body->parameters->len);
  drop (run->results, run->body->results->len);
  for (i = 0; i < run->ctx->n_outputs; i++)
    g_ptr_array_unref (run->joined[i]);
  g_free (run->parameters);
  g_free (run->results);
  g_free (run->joined);
}

static void
set_parameter (Run *run, gint64 index, IrTensor *tensor)
{
  ir_tensor_ref (tensor);
  g_clear_pointer (&run->parameters[index], ir_tensor_unref);
  run->parameters[index] = tensor;
}

/* Values that are there from the start, and the number of slices. */
static gboolean
set_whole_inputs (Run *run, GError **error)
{
  gsize i;

  for (i = 0; i < ir_body_map_count (&run->attrs->inputs); i++) {
    IrBodyMap map = ir_body_map_get (&run->attrs->inputs, i);
    IrTensor *in = run->ctx->in[map.port];
    guint axis;

    if (map.axis == IR_BODY_WHOLE)
      set_parameter (run, map.inner, in);
    else if (!ir_shape_axis (&in->shape, map.axis, &axis, error) ||
        !ir_slice_count (&map, in->shape.dim[axis], &run->n_slices, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
set_slices (Run *run, gint64 iteration, GError **error)
{
  gsize i;

  for (i = 0; i < ir_body_map_count (&run->attrs->inputs); i++) {
    IrBodyMap map = ir_body_map_get (&run->attrs->inputs, i);
    g_autoptr (IrTensor) slice = NULL;

    if (map.axis == IR_BODY_WHOLE)
      continue;
    slice = ir_slice_take (&map, run->ctx->in[map.port], iteration, error);
    if (!slice)
      return FALSE;
    set_parameter (run, map.inner, slice);
  }
  return TRUE;
}

static gboolean
set_iteration (Run *run, gint64 iteration, GError **error)
{
  gint64 index = run->attrs->current_iteration;
  g_autoptr (IrTensor) tensor = NULL;
  const IrOutput *output;
  IrShape shape;

  if (index < 0)
    return TRUE;
  output = &((const IrNode *) run->body->parameters->pdata[index])->outputs[0];
  shape = ir_shape_is_static (&output->shape) ? output->shape
      : output->shape.rank == 1               ? ir_shape_1d (1)
                                              : ir_shape_scalar ();
  tensor = ir_tensor_new (
      output->dtype == IR_DTYPE_DYNAMIC ? IR_DTYPE_I64 : output->dtype, &shape,
      error);
  if (!tensor)
    return FALSE;
  if (ir_tensor_count (tensor) != 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the Parameter for the current iteration is not one number");
  ir_tensor_set_i64 (tensor, 0, iteration);
  set_parameter (run, index, tensor);
  return TRUE;
}

/* Of what the next iteration reads. */
static gsize
state_bytes (const Run *run)
{
  gsize bytes = 0, i;

  for (i = 0; i < run->body->results->len; i++)
    bytes += run->results[i] ? run->results[i]->size : 0;
  return bytes;
}

static gboolean
run_body (Run *run, GError **error)
{
  gsize used = run->slice_bytes + state_bytes (run);

  if (used > run->max_bytes)
    return ir_fail (error, IR_ERROR_LIMIT,
        "what the loop keeps takes more than %" G_GSIZE_FORMAT " MB",
        run->max_bytes >> 20);
  drop (run->results, run->body->results->len);
  return ir_graph_evaluate_within (
      run->body, run->max_bytes - used, run->parameters, run->results, error);
}

static void
keep_slices (Run *run)
{
  gsize i;

  for (i = 0; i < ir_body_map_count (&run->attrs->outputs); i++) {
    IrBodyMap map = ir_body_map_get (&run->attrs->outputs, i);
    IrTensor *slice = run->results[map.inner];

    if (map.axis == IR_BODY_WHOLE)
      continue;
    run->slice_bytes += slice->size + SLICE_BYTES;
    g_ptr_array_add (run->joined[map.port], ir_tensor_ref (slice));
  }
}

static gboolean
run_once (Run *run, gint64 iteration, gboolean *go_on, GError **error)
{
  gint64 condition = run->attrs->execution_condition;
  gsize i;

  if (!set_slices (run, iteration, error) ||
      !set_iteration (run, iteration, error))
    return FALSE;
  if (!run_body (run, error))
    return FALSE;
  keep_slices (run);
  for (i = 0; i < ir_body_link_count (&run->attrs->back_edges); i++) {
    IrBodyLink link = ir_body_link_get (&run->attrs->back_edges, i);

    set_parameter (run, link.to, run->results[link.from]);
  }
  if (condition >= 0) {
    if (ir_tensor_count (run->results[condition]) != 1)
      return ir_fail (
          error, IR_ERROR_SHAPE, "the execution condition is not one value");
    *go_on = ir_tensor_get_i64 (run->results[condition], 0) != 0;
  }
  return TRUE;
}

/* The last value of a Result, or its start value if there was no iteration. */
static IrTensor *
last_value (const Run *run, gint64 result)
{
  gsize i;

  if (run->results[result])
    return run->results[result];
  for (i = 0; i < ir_body_link_count (&run->attrs->back_edges); i++) {
    IrBodyLink link = ir_body_link_get (&run->attrs->back_edges, i);

    if (link.from == result)
      return run->parameters[link.to];
  }
  return NULL;
}

/* What is joined from no slices at all. */
static IrTensor *
join_nothing (const Run *run, const IrBodyMap *map, GError **error)
{
  const IrNode *node = run->body->results->pdata[map->inner];
  const IrOutput *source = ir_node_input (node, 0);
  IrShape shape = source->shape;
  guint axis;
  gint i;

  if (!ir_shape_axis (&shape, map->axis, &axis, error))
    return NULL;
  for (i = 0; i < shape.rank; i++)
    shape.dim[i] = MAX (shape.dim[i], 0);
  shape.dim[axis] = 0;
  return ir_tensor_new (source->dtype, &shape, error);
}

static gboolean
give_output (Run *run, const IrBodyMap *map, GError **error)
{
  const GPtrArray *slices = run->joined[map->port];
  g_autoptr (IrTensor) tensor = NULL;

  if (map->axis == IR_BODY_WHOLE) {
    IrTensor *last = last_value (run, map->inner);

    if (!last)
      return ir_fail (error, IR_ERROR_SHAPE,
          "there was no iteration that could give output %" G_GINT64_FORMAT,
          map->port);
    return ir_body_give (run->ctx, map->port, last, error);
  }
  tensor = slices->len > 0 ? ir_slice_join (map, slices, error)
                           : join_nothing (run, map, error);
  return tensor && ir_body_give (run->ctx, map->port, tensor, error);
}

/* Whether the body may end the loop before the count does. */
static gboolean
may_stop (const Run *run)
{
  const gint64 condition = run->attrs->execution_condition;
  const IrTensor *value;
  const IrNode *result;

  if (condition < 0)
    return FALSE;
  result = run->body->results->pdata[condition];
  value = ir_port_const (result->inputs[0]);
  return value == NULL || ir_tensor_count (value) != 1 ||
      ir_tensor_get_i64 (value, 0) == 0;
}

static gboolean
iterate (Run *run, gint64 n, gboolean go_on, GError **error)
{
  gint64 i;

  if (go_on && (n < 0 || n > MAX_ITERATIONS) && !may_stop (run))
    return n < 0
        ? ir_fail (error, IR_ERROR_LIMIT,
              "the loop has neither a trip count nor a condition that ends it")
        : ir_fail (error, IR_ERROR_LIMIT,
              "%" G_GINT64_FORMAT " iterations are more than the %d that are "
              "allowed",
              n, MAX_ITERATIONS);
  for (i = 0; (n < 0 || i < n) && go_on; i++) {
    if (total_iterations++ >= MAX_ITERATIONS)
      return ir_fail (
          error, IR_ERROR_LIMIT, "more than %d iterations", MAX_ITERATIONS);
    if (run->n_slices >= 0 && i >= run->n_slices)
      return ir_fail (
          error, IR_ERROR_SHAPE, "there are more iterations than slices");
    if (!run_once (run, i, &go_on, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
ir_loop_evaluate (
    IrEvalCtx *ctx, gint64 max_iterations, gboolean go_on, GError **error)
{
  gboolean ok;
  gsize i;
  Run run;

  run_init (&run, ctx);
  if (depth++ == 0)
    total_iterations = 0;
  ok = set_whole_inputs (&run, error);
  if (max_iterations < 0)
    max_iterations = run.n_slices;
  ok = ok && iterate (&run, max_iterations, go_on, error);
  for (i = 0; ok && i < ir_body_map_count (&run.attrs->outputs); i++) {
    IrBodyMap map = ir_body_map_get (&run.attrs->outputs, i);

    ok = give_output (&run, &map, error);
  }
  depth--;
  run_clear (&run);
  return ok;
}
