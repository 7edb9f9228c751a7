/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "body-util.h"

#include <string.h>

/* Whether the context has what the node's edges carry. */
static gboolean
is_of_graph (const IrInferCtx *ctx)
{
  const IrNode *node = ctx->node;
  gsize i;

  if (node->n_inputs != ctx->n_inputs)
    return FALSE;
  for (i = 0; i < ctx->n_inputs; i++) {
    const IrOutput *input;

    if (!node->inputs[i].node)
      return FALSE;
    input = ir_node_input (node, (guint) i);
    if (input->dtype != ctx->in_dtype[i] ||
        !ir_shape_equal (&input->shape, &ctx->in_shape[i]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parameter_has (const IrGraph *body, guint index, const IrBodyValue *value)
{
  const IrNode *node = body->parameters->pdata[index];

  return node->outputs[0].dtype == value->dtype &&
      ir_shape_equal (&node->outputs[0].shape, &value->shape);
}

static gboolean
is_up_to_date (const IrGraph *body, const IrBodyValue *parameters)
{
  const IrNode *node;
  gsize i;

  for (i = 0; i < body->parameters->len; i++)
    if (!parameter_has (body, (guint) i, &parameters[i]))
      return FALSE;
  for (node = body->first; node; node = node->next)
    for (i = 0; i < node->n_outputs; i++)
      if (node->outputs[i].dtype == IR_DTYPE_DYNAMIC)
        return FALSE;
  return TRUE;
}

static gboolean
infer_body (IrGraph *body, const IrBodyValue *parameters, GError **error)
{
  guint i;

  for (i = 0; i < body->parameters->len; i++)
    if (!parameter_has (body, i, &parameters[i]))
      ir_node_set_parameter (body->parameters->pdata[i], parameters[i].dtype,
          &parameters[i].shape);
  return ir_graph_infer (body, error);
}

gboolean
ir_body_infer (const IrInferCtx *ctx, guint b, const IrBodyValue *parameters,
    IrBodyValue *results, GError **error)
{
  g_autoptr (IrGraph) body = NULL;
  guint i;

  if (is_up_to_date (ctx->node->bodies[b], parameters)) {
    body = ir_graph_ref (ctx->node->bodies[b]);
  } else {
    body = ir_graph_clone (ctx->node->bodies[b]);
    if (!infer_body (body, parameters, error))
      return FALSE;
  }
  for (i = 0; i < body->results->len; i++) {
    const IrOutput *source = ir_node_input (body->results->pdata[i], 0);

    results[i].dtype = source->dtype;
    results[i].shape = source->shape;
  }
  return TRUE;
}

gboolean
ir_body_adopt (const IrInferCtx *ctx, guint b, const IrBodyValue *parameters,
    GError **error)
{
  IrGraph *body = ctx->node->bodies[b];

  return is_up_to_date (body, parameters) || !is_of_graph (ctx) ||
      infer_body (body, parameters, error);
}

gboolean
ir_body_value_join (IrBodyValue *into, const IrBodyValue *other, GError **error)
{
  gint i;

  if (into->dtype == IR_DTYPE_DYNAMIC)
    into->dtype = other->dtype;
  else if (other->dtype != IR_DTYPE_DYNAMIC && other->dtype != into->dtype)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the same value is %s here and %s there", ir_dtype_name (into->dtype),
        ir_dtype_name (other->dtype));
  if (into->shape.rank != other->shape.rank) {
    into->shape = ir_shape_unknown ();
    return TRUE;
  }
  for (i = 0; i < into->shape.rank; i++)
    if (into->shape.dim[i] != other->shape.dim[i])
      into->shape.dim[i] = IR_DIM_UNKNOWN;
  return TRUE;
}

gboolean
ir_body_give (IrEvalCtx *ctx, gint64 index, IrTensor *tensor, GError **error)
{
  IrTensor **out = &ctx->out[index];

  if (*out && (*out)->dtype == tensor->dtype &&
      ir_shape_equal (&(*out)->shape, &tensor->shape)) {
    if (tensor->size > 0)
      memcpy ((*out)->data, tensor->data, tensor->size);
    return TRUE;
  }
  if (*out)
    return ir_fail (error, IR_ERROR_INTERNAL,
        "output %" G_GINT64_FORMAT " is not what was inferred", index);
  *out = ir_tensor_ref (tensor);
  return TRUE;
}

gboolean
ir_body_check_single (
    const IrInferCtx *ctx, guint index, const char *what, GError **error)
{
  const IrShape *shape = &ctx->in_shape[index];
  char text[IR_SHAPE_TEXT];
  guint64 count;

  if (ir_shape_count (shape, &count) && count != 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%s has the shape %s, not one element", what,
        ir_shape_print (shape, text));
  return TRUE;
}

/* --- slices --------------------------------------------------------------- */

gboolean
ir_slice_count (const IrBodyMap *map, gint64 dim, gint64 *n, GError **error)
{
  gint64 start = map->start < 0 ? map->start + dim + 1 : map->start;
  gint64 end = map->end < 0 ? map->end + dim + 1 : map->end;
  gint64 low = map->stride < 0 ? end : start;
  gint64 high = map->stride < 0 ? start : end;
  gint64 step;

  if (map->stride == 0 || map->stride == G_MININT64 || map->part_size < 1 ||
      low < 0 || low > high || high > dim)
    return ir_fail (error, IR_ERROR_SHAPE,
        "slices from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
        " with stride %" G_GINT64_FORMAT " and size %" G_GINT64_FORMAT
        " cannot be taken from %" G_GINT64_FORMAT " elements",
        map->start, map->end, map->stride, map->part_size, dim);
  step = ABS (map->stride);
  *n = (high - low) / step;
  if ((high - low) % step != 0 ||
      (*n > 0 && map->part_size > dim - low - (*n - 1) * step))
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT
        " elements are no whole number of slices of %" G_GINT64_FORMAT
        " with stride %" G_GINT64_FORMAT,
        high - low, map->part_size, map->stride);
  return TRUE;
}

/* Copies between a tensor and @at on, for @thick elements along the axis. */
static void
copy_part (
    IrTensor *whole, guint axis, gint64 at, IrTensor *part, gboolean from_whole)
{
  gint rank = part->shape.rank;
  gsize outer = (gsize) ir_shape_size (&part->shape, 0, (gint) axis);
  gsize inner = (gsize) ir_shape_size (&part->shape, (gint) axis + 1, rank) *
      ir_dtype_size (part->dtype);
  gsize part_row = inner * (gsize) part->shape.dim[axis];
  gsize whole_row = inner * (gsize) whole->shape.dim[axis];
  gsize i;

  if (part->size == 0)
    return;
  for (i = 0; i < outer; i++) {
    guint8 *a = (guint8 *) whole->data + i * whole_row + (gsize) at * inner;
    guint8 *b = (guint8 *) part->data + i * part_row;

    memcpy (from_whole ? b : a, from_whole ? a : b, part_row);
  }
}

IrTensor *
ir_slice_take (
    const IrBodyMap *map, const IrTensor *tensor, gint64 index, GError **error)
{
  IrShape shape = tensor->shape;
  gint64 dim, start, at;
  IrTensor *slice;
  guint axis;

  if (!ir_shape_axis (&shape, map->axis, &axis, error))
    return NULL;
  dim = shape.dim[axis];
  start = map->start < 0 ? map->start + dim + 1 : map->start;
  at = start + index * map->stride + (map->stride < 0 ? map->stride : 0);
  shape.dim[axis] = map->part_size;
  slice = ir_tensor_new (tensor->dtype, &shape, error);
  if (slice)
    copy_part ((IrTensor *) tensor, axis, at, slice, TRUE);
  return slice;
}

IrTensor *
ir_slice_join (const IrBodyMap *map, const GPtrArray *slices, GError **error)
{
  const IrTensor *first = slices->pdata[0];
  IrShape shape = first->shape;
  IrTensor *whole;
  gint64 thick;
  guint axis, i;

  if (!ir_shape_axis (&shape, map->axis, &axis, error))
    return NULL;
  thick = shape.dim[axis];
  for (i = 0; i < slices->len; i++) {
    const IrTensor *slice = slices->pdata[i];

    if (!ir_shape_equal (&slice->shape, &first->shape)) {
      ir_fail (error, IR_ERROR_SHAPE,
          "iterations give slices of different shapes, which cannot be joined");
      return NULL;
    }
  }
  if (__builtin_mul_overflow (thick, (gint64) slices->len, &shape.dim[axis])) {
    ir_fail (error, IR_ERROR_LIMIT, "the joined slices are too large");
    return NULL;
  }
  whole = ir_tensor_new (first->dtype, &shape, error);
  for (i = 0; whole && i < slices->len; i++) {
    guint at = map->stride < 0 ? slices->len - 1 - i : i;

    copy_part (whole, axis, (gint64) at * thick, slices->pdata[i], FALSE);
  }
  return whole;
}
