/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

/* Input dimensions, plus as many new ones. */
#define MAX_ITEMS (2 * IR_MAX_RANK)

/* The lists of the op; those that are not known stay NULL. */
typedef struct {
  const IrStridedSliceAttrs *attrs;
  gsize n;
  const gint64 *begin;
  const gint64 *end;
  const gint64 *stride;
} Items;

/* What one item does to the shape, and where its elements are. */
typedef struct {
  IrShape out;
  IrStrided strided;
} Plan;

static gboolean
masked (IrI64s mask, gsize i)
{
  return i < mask.n && mask.v[i] != 0;
}

static gboolean
keep (Plan *plan, gint64 dim, gint64 stride, GError **error)
{
  if (plan->out.rank == IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "the result has more than %d dimensions", IR_MAX_RANK);
  plan->strided.step[plan->out.rank] = stride;
  plan->out.dim[plan->out.rank++] = dim;
  return TRUE;
}

static gboolean
shrink (Plan *plan, const Items *items, gsize i, gint64 dim, gint64 stride,
    GError **error)
{
  gint64 index;

  if (dim == IR_DIM_UNKNOWN ||
      (!items->begin && !masked (items->attrs->begin_mask, i)))
    return TRUE;
  index = masked (items->attrs->begin_mask, i) ? 0 : items->begin[i];
  if (index < -dim || index >= dim)
    return ir_fail (error, IR_ERROR_SHAPE,
        "element %" G_GSIZE_FORMAT " of begin is %" G_GINT64_FORMAT
        ", outside a dimension of %" G_GINT64_FORMAT,
        i, index, dim);
  plan->strided.offset += (index < 0 ? index + dim : index) * stride;
  return TRUE;
}

static gboolean
slice (Plan *plan, const Items *items, gsize i, gint64 dim, gint64 stride,
    GError **error)
{
  const gboolean no_begin = masked (items->attrs->begin_mask, i);
  const gboolean no_end = masked (items->attrs->end_mask, i);
  IrSpan span;

  if (items->stride && items->stride[i] == 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "element %" G_GSIZE_FORMAT " of strides is 0", i);
  if (dim == IR_DIM_UNKNOWN || !items->stride || (!items->begin && !no_begin) ||
      (!items->end && !no_end))
    return keep (plan, IR_DIM_UNKNOWN, 0, error);
  span = ir_span (dim, no_begin ? 0 : items->begin[i],
      no_end ? 0 : items->end[i], items->stride[i], no_begin, no_end);
  plan->strided.offset += span.first * stride;
  return keep (plan, span.count, span.step * stride, error);
}

/* How many dimensions of the input the items from @first on take. */
static gint
count_consumed (const Items *items, gsize first)
{
  gint count = 0;

  for (gsize i = first; i < items->n; i++)
    if (!masked (items->attrs->new_axis_mask, i) &&
        !masked (items->attrs->ellipsis_mask, i))
      count++;
  return count;
}

static gboolean
make_plan (const Items *items, const IrShape *in, const gint64 *strides,
    Plan *plan, GError **error)
{
  const IrStridedSliceAttrs *attrs = items->attrs;
  gboolean ellipsis = FALSE;
  gint axis = 0;

  memset (plan, 0, sizeof *plan);
  if (count_consumed (items, 0) > in->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "begin takes %d dimensions of an input that has %d",
        count_consumed (items, 0), in->rank);
  for (gsize i = 0; i < items->n; i++) {
    gboolean ok;

    if (masked (attrs->ellipsis_mask, i)) {
      if (ellipsis)
        return ir_fail (
            error, IR_ERROR_SHAPE, "ellipsis_mask has more than a single 1");
      ellipsis = ok = TRUE;
      for (; ok && axis < in->rank - count_consumed (items, i); axis++)
        ok = keep (plan, in->dim[axis], strides[axis], error);
    } else if (masked (attrs->new_axis_mask, i)) {
      ok = keep (plan, 1, 0, error);
    } else if (masked (attrs->shrink_axis_mask, i)) {
      ok = shrink (plan, items, i, in->dim[axis], strides[axis], error);
      axis++;
    } else {
      ok = slice (plan, items, i, in->dim[axis], strides[axis], error);
      axis++;
    }
    if (!ok)
      return FALSE;
  }
  for (; axis < in->rank; axis++)
    if (!keep (plan, in->dim[axis], strides[axis], error))
      return FALSE;
  return TRUE;
}

/* The number of items: that of begin, else of end or the strides. */
static gboolean
infer_length (IrInferCtx *ctx, gint64 *n, GError **error)
{
  *n = IR_DIM_UNKNOWN;
  for (gsize i = 1; i < ctx->n_inputs; i++) {
    const gint64 length = ir_list_length (&ctx->in_shape[i]);

    if (!ir_infer_integers (ctx, i, "a bound or stride", error) ||
        !ir_infer_rank (ctx, i, 1 << 1, "a list of bounds or strides", error))
      return FALSE;
    if (length > MAX_ITEMS || (length >= 0 && *n >= 0 && length != *n))
      return ir_fail (error, IR_ERROR_SHAPE,
          "begin, end and strides must have the same length, at most %d",
          MAX_ITEMS);
    *n = MAX (*n, length);
  }
  return TRUE;
}

static gboolean
infer_strided_slice (IrInferCtx *ctx, GError **error)
{
  const gint64 no_strides[IR_MAX_RANK] = { 0 };
  gint64 values[3][MAX_ITEMS], n;
  gboolean known[3] = { FALSE, FALSE, TRUE };
  Items items = { .attrs = ctx->attrs };
  Plan plan = { .out = ir_shape_unknown () };
  gsize count;

  if (!ir_infer_whole_bytes (ctx, 0, error) || !infer_length (ctx, &n, error))
    return FALSE;
  for (gsize i = 0; i < MAX_ITEMS; i++)
    values[2][i] = 1;
  for (gsize i = 1; i < ctx->n_inputs; i++)
    if (!ir_infer_ints (
            ctx, i, values[i - 1], MAX_ITEMS, &count, &known[i - 1], error))
      return FALSE;
  if (n >= 0 && ctx->in_shape[0].rank != IR_RANK_UNKNOWN) {
    items.n = n;
    items.begin = known[0] ? values[0] : NULL;
    items.end = known[1] ? values[1] : NULL;
    items.stride = known[2] ? values[2] : NULL;
    if (!make_plan (&items, &ctx->in_shape[0], no_strides, &plan, error))
      return FALSE;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &plan.out);
  return TRUE;
}

static gboolean
strided_slice (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  gint64 values[3][MAX_ITEMS];
  Items items = { ctx->attrs, 0, values[0], values[1], values[2] };
  Plan plan;

  for (gsize i = 0; i < MAX_ITEMS; i++)
    values[2][i] = 1;
  for (gsize i = 1; i < ctx->n_inputs; i++)
    if (!ir_eval_ints (ctx, i, values[i - 1], MAX_ITEMS, &items.n, error))
      return FALSE;
  if (!make_plan (&items, &ctx->in[0]->shape, steps, &plan, error))
    return FALSE;
  *strided = plan.strided;
  return TRUE;
}

static const IrAttrDesc strided_slice_attrs[] = {
  IR_ATTR_ROW (IrStridedSliceAttrs, begin_mask, I64S, NULL),
  IR_ATTR_ROW (IrStridedSliceAttrs, end_mask, I64S, NULL),
  IR_ATTR_ROW (IrStridedSliceAttrs, new_axis_mask, I64S, ""),
  IR_ATTR_ROW (IrStridedSliceAttrs, shrink_axis_mask, I64S, ""),
  IR_ATTR_ROW (IrStridedSliceAttrs, ellipsis_mask, I64S, ""),
  IR_ATTR_END,
};

const IrOpDesc ir_op_strided_slice_1 = {
  .type = "StridedSlice",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 4,
  .n_outputs = 1,
  .attrs_size = sizeof (IrStridedSliceAttrs),
  .attrs = strided_slice_attrs,
  .infer = infer_strided_slice,
  .evaluate = ir_eval_strided,
  .summary = "a part as Python's x[a:b:s, …, new axis, i] takes it",
  .strided = strided_slice,
};
