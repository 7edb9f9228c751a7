/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types and shapes of what TensorIterator and Loop give. */
#include "body-util.h"

/* Merged values are made vaguer until they fit; ranks and dimensions can become
 * unknown once each. */
#define MAX_ROUNDS (2 * IR_MAX_RANK * 64)

static gboolean
check_index (gint64 index, gsize n, const char *what, GError **error)
{
  if (index < 0 || (guint64) index >= n)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the port map names %s %" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT, what,
        index, n);
  return TRUE;
}

/* Marks @index as given; each may be only once. */
static gboolean
claim (
    gboolean *claimed, gint64 index, gsize n, const char *what, GError **error)
{
  if (!check_index (index, n, what, error))
    return FALSE;
  if (claimed[index])
    return ir_fail (error, IR_ERROR_SHAPE,
        "the port map names %s %" G_GINT64_FORMAT " twice", what, index);
  claimed[index] = TRUE;
  return TRUE;
}

static gboolean
check_all (const gboolean *claimed, gsize n, const char *what, GError **error)
{
  gsize i;

  for (i = 0; i < n; i++)
    if (!claimed[i])
      return ir_fail (error, IR_ERROR_SHAPE,
          "%s %" G_GSIZE_FORMAT " is missing in the port map", what, i);
  return TRUE;
}

static gboolean
check_inputs (const IrInferCtx *ctx, const IrLoopAttrs *attrs, gboolean is_loop,
    GError **error)
{
  gsize n = ctx->node->bodies[0]->parameters->len, i;
  g_autofree gboolean *claimed = g_new0 (gboolean, n + 1);

  for (i = 0; i < ir_body_map_count (&attrs->inputs); i++) {
    IrBodyMap map = ir_body_map_get (&attrs->inputs, i);

    if (!check_index (map.port, ctx->n_inputs, "input", error) ||
        !claim (claimed, map.inner, n, "Parameter", error))
      return FALSE;
  }
  if (attrs->current_iteration >= 0 && !is_loop)
    return ir_fail (
        error, IR_ERROR_SHAPE, "only a Loop has a current iteration");
  if (attrs->current_iteration >= 0 &&
      !claim (claimed, attrs->current_iteration, n, "Parameter", error))
    return FALSE;
  return check_all (claimed, n, "Parameter", error);
}

static gboolean
check_outputs (const IrInferCtx *ctx, const IrLoopAttrs *attrs,
    gboolean is_loop, GError **error)
{
  gsize n = ctx->node->bodies[0]->results->len, i;
  g_autofree gboolean *claimed = g_new0 (gboolean, ctx->n_outputs + 1);

  for (i = 0; i < ir_body_map_count (&attrs->outputs); i++) {
    IrBodyMap map = ir_body_map_get (&attrs->outputs, i);

    if (!check_index (map.inner, n, "Result", error) ||
        !claim (claimed, map.port, ctx->n_outputs, "output", error))
      return FALSE;
  }
  if (attrs->execution_condition >= 0 && !is_loop)
    return ir_fail (
        error, IR_ERROR_SHAPE, "only a Loop has an execution condition");
  if (attrs->execution_condition >= 0 &&
      !check_index (attrs->execution_condition, n, "Result", error))
    return FALSE;
  return check_all (claimed, ctx->n_outputs, "output", error);
}

static const IrBodyMap *
find_whole_input (const IrLoopAttrs *attrs, gint64 parameter, IrBodyMap *map)
{
  gsize i;

  for (i = 0; i < ir_body_map_count (&attrs->inputs); i++) {
    *map = ir_body_map_get (&attrs->inputs, i);
    if (map->inner == parameter && map->axis == IR_BODY_WHOLE)
      return map;
  }
  return NULL;
}

static gboolean
check_back_edges (
    const IrInferCtx *ctx, const IrLoopAttrs *attrs, GError **error)
{
  const IrGraph *body = ctx->node->bodies[0];
  gsize n = body->parameters->len, i;
  g_autofree gboolean *claimed = g_new0 (gboolean, n + 1);
  IrBodyMap map;

  for (i = 0; i < ir_body_link_count (&attrs->back_edges); i++) {
    IrBodyLink link = ir_body_link_get (&attrs->back_edges, i);

    if (!check_index (link.from, body->results->len, "Result", error) ||
        !claim (claimed, link.to, n, "Parameter", error))
      return FALSE;
    if (!find_whole_input (attrs, link.to, &map))
      return ir_fail (error, IR_ERROR_SHAPE,
          "a back edge leads to Parameter %" G_GINT64_FORMAT
          ", which has no start value",
          link.to);
  }
  return TRUE;
}

static gboolean
set_sliced (const IrInferCtx *ctx, const IrBodyMap *map, IrBodyValue *value,
    gint64 *n_iterations, GError **error)
{
  guint axis;
  gint64 n;

  if (ir_dtype_bits (value->dtype) % 8 != 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "input %" G_GINT64_FORMAT " cannot be cut into slices: its type %s is "
        "packed",
        map->port, ir_dtype_name (value->dtype));
  if (value->shape.rank < 0)
    return TRUE;
  if (!ir_shape_axis (&value->shape, map->axis, &axis, error))
    return FALSE;
  if (value->shape.dim[axis] >= 0) {
    if (!ir_slice_count (map, value->shape.dim[axis], &n, error))
      return FALSE;
    if (*n_iterations >= 0 && *n_iterations != n)
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT
          " slices where others have %" G_GINT64_FORMAT,
          map->port, n, *n_iterations);
    *n_iterations = n;
  }
  value->shape.dim[axis] = map->part_size;
  return TRUE;
}

/* What the Parameters are in the first iteration. */
static gboolean
start_values (const IrInferCtx *ctx, const IrLoopAttrs *attrs,
    IrBodyValue *parameters, gint64 *n_iterations, GError **error)
{
  gint64 n_slices = -1;
  gsize i;

  for (i = 0; i < ir_body_map_count (&attrs->inputs); i++) {
    IrBodyMap map = ir_body_map_get (&attrs->inputs, i);
    IrBodyValue *value = &parameters[map.inner];

    value->dtype = ctx->in_dtype[map.port];
    value->shape = ctx->in_shape[map.port];
    if (map.axis != IR_BODY_WHOLE &&
        !set_sliced (ctx, &map, value, &n_slices, error))
      return FALSE;
  }
  if (attrs->current_iteration >= 0) {
    const IrGraph *body = ctx->node->bodies[0];
    const IrNode *node = body->parameters->pdata[attrs->current_iteration];

    parameters[attrs->current_iteration].dtype = node->outputs[0].dtype;
    parameters[attrs->current_iteration].shape = node->outputs[0].shape;
  }
  /* A Loop may stop before its slices are used up, but not go beyond them. */
  if (n_slices >= 0 && *n_iterations > n_slices)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT
        " iterations are wanted, but there are %" G_GINT64_FORMAT " slices",
        *n_iterations, n_slices);
  if (*n_iterations < 0)
    *n_iterations = n_slices;
  return TRUE;
}

static gboolean
value_equal (const IrBodyValue *a, const IrBodyValue *b)
{
  return a->dtype == b->dtype && ir_shape_equal (&a->shape, &b->shape);
}

/* Infers the body until what comes back fits what went in. */
static gboolean
settle (const IrInferCtx *ctx, const IrLoopAttrs *attrs,
    IrBodyValue *parameters, IrBodyValue *results, GError **error)
{
  gboolean settled = FALSE;
  guint round;
  gsize i;

  for (round = 0; !settled && round < MAX_ROUNDS; round++) {
    if (!ir_body_infer (ctx, 0, parameters, results, error))
      return FALSE;
    settled = TRUE;
    for (i = 0; i < ir_body_link_count (&attrs->back_edges); i++) {
      IrBodyLink link = ir_body_link_get (&attrs->back_edges, i);
      IrBodyValue joined = parameters[link.to];

      if (!ir_body_value_join (&joined, &results[link.from], error))
        return FALSE;
      settled = settled && value_equal (&joined, &parameters[link.to]);
      parameters[link.to] = joined;
    }
  }
  return settled ||
      ir_fail (error, IR_ERROR_LIMIT,
          "too many values that change their shapes between iterations");
}

static gboolean
set_joined (IrInferCtx *ctx, const IrBodyMap *map, IrBodyValue *value,
    gint64 n_iterations, GError **error)
{
  guint axis;

  if (ir_dtype_bits (value->dtype) % 8 != 0)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "output %" G_GINT64_FORMAT " cannot be joined: its type %s is packed",
        map->port, ir_dtype_name (value->dtype));
  if (value->shape.rank < 0)
    return TRUE;
  if (!ir_shape_axis (&value->shape, map->axis, &axis, error))
    return FALSE;
  if (n_iterations < 0)
    value->shape.dim[axis] = IR_DIM_UNKNOWN;
  else if (value->shape.dim[axis] >= 0 &&
      __builtin_mul_overflow (
          value->shape.dim[axis], n_iterations, &value->shape.dim[axis]))
    return ir_fail (error, IR_ERROR_LIMIT,
        "output %" G_GINT64_FORMAT " would be too large", map->port);
  return TRUE;
}

static gboolean
set_outputs (IrInferCtx *ctx, const IrLoopAttrs *attrs,
    const IrBodyValue *parameters, const IrBodyValue *results,
    gint64 n_iterations, GError **error)
{
  gsize i, e;

  for (i = 0; i < ir_body_map_count (&attrs->outputs); i++) {
    IrBodyMap map = ir_body_map_get (&attrs->outputs, i);
    IrBodyValue value = results[map.inner];

    if (map.axis != IR_BODY_WHOLE &&
        !set_joined (ctx, &map, &value, n_iterations, error))
      return FALSE;
    /* Without an iteration the start value comes out. */
    for (e = 0; map.axis == IR_BODY_WHOLE && n_iterations <= 0 &&
         e < ir_body_link_count (&attrs->back_edges);
         e++) {
      IrBodyLink link = ir_body_link_get (&attrs->back_edges, e);

      if (link.from == map.inner &&
          !ir_body_value_join (&value, &parameters[link.to], error))
        return FALSE;
    }
    ir_infer_set (ctx, (guint) map.port, value.dtype, &value.shape);
  }
  return TRUE;
}

gboolean
ir_loop_infer (
    IrInferCtx *ctx, gboolean is_loop, gint64 n_iterations, GError **error)
{
  const IrLoopAttrs *attrs = ctx->attrs;
  g_autofree IrBodyValue *parameters = NULL;
  g_autofree IrBodyValue *results = NULL;
  const IrGraph *body;

  if (ctx->node->n_bodies != 1)
    return ir_fail (error, IR_ERROR_SHAPE, "has no body");
  body = ctx->node->bodies[0];
  parameters = g_new0 (IrBodyValue, body->parameters->len + 1);
  results = g_new0 (IrBodyValue, body->results->len + 1);
  return check_inputs (ctx, attrs, is_loop, error) &&
      check_outputs (ctx, attrs, is_loop, error) &&
      check_back_edges (ctx, attrs, error) &&
      start_values (ctx, attrs, parameters, &n_iterations, error) &&
      settle (ctx, attrs, parameters, results, error) &&
      ir_body_adopt (ctx, 0, parameters, error) &&
      set_outputs (ctx, attrs, parameters, results, n_iterations, error);
}
