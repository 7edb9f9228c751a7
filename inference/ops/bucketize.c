/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bucketize and SearchSorted: where numbers belong in a sorted list. */
#include "move.h"
#include "typed.h"

/* Whether element @i of @a comes before element @j of @b. */
static gboolean
is_less (const IrTensor *a, guint64 i, const IrTensor *b, guint64 j)
{
  if (ir_dtype_is_float (a->dtype) || ir_dtype_is_float (b->dtype))
    return ir_tensor_get_f64 (a, i) < ir_tensor_get_f64 (b, j);
  return ir_tensor_get_i64 (a, i) < ir_tensor_get_i64 (b, j);
}

/* How many of the @n numbers from element @first of @sorted on are less than
 * element @i of @values or, with @right, not greater. */
static gint64
search (const IrTensor *sorted, guint64 first, gint64 n, const IrTensor *values,
    guint64 i, gboolean right)
{
  gint64 low = 0, high = n;

  while (low < high) {
    const gint64 middle = low + (high - low) / 2;
    const gboolean before = right ? !is_less (values, i, sorted, first + middle)
                                  : is_less (sorted, first + middle, values, i);

    if (before)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static gboolean
infer_places (
    IrInferCtx *ctx, IrDType dtype, const IrShape *shape, GError **error)
{
  if (dtype != IR_DTYPE_I32 && dtype != IR_DTYPE_I64)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "output_type must be i32 or i64, not %s", ir_dtype_name (dtype));
  if (!ir_infer_accept_input (ctx, 0, IR_ACCEPT_NUMBER, "input 0", error) ||
      !ir_infer_accept_input (ctx, 1, IR_ACCEPT_NUMBER, "input 1", error))
    return FALSE;
  ir_infer_set (ctx, 0, dtype, shape);
  return TRUE;
}

/* --- Bucketize ------------------------------------------------------------- */

typedef struct {
  gint output_type;
  gboolean with_right_bound;
} BucketizeAttrs;

static gboolean
infer_bucketize (IrInferCtx *ctx, GError **error)
{
  const BucketizeAttrs *attrs = ctx->attrs;

  return ir_infer_rank (ctx, 1, 1 << 1, "buckets", error) &&
      infer_places (
          ctx, (IrDType) attrs->output_type, &ctx->in_shape[0], error);
}

static gboolean
evaluate_bucketize (IrEvalCtx *ctx, GError **error)
{
  const BucketizeAttrs *attrs = ctx->attrs;
  const guint64 n = ir_tensor_count (ctx->in[0]);
  const gint64 buckets = ctx->in[1]->shape.dim[0];

  for (guint64 i = 0; i < n; i++)
    ir_tensor_set_i64 (ctx->out[0], i,
        search (
            ctx->in[1], 0, buckets, ctx->in[0], i, !attrs->with_right_bound));
  return TRUE;
}

static const IrAttrDesc bucketize_attrs[] = {
  IR_ATTR_ROW (BucketizeAttrs, output_type, DTYPE, "i64"),
  IR_ATTR_ROW (BucketizeAttrs, with_right_bound, BOOL, "true"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_bucketize_3 = {
  .type = "Bucketize",
  .opset = 3,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (BucketizeAttrs),
  .attrs = bucketize_attrs,
  .infer = infer_bucketize,
  .evaluate = evaluate_bucketize,
  .summary = "the number of the bucket that each element falls into",
};

/* --- SearchSorted ---------------------------------------------------------- */

typedef struct {
  gboolean right_mode;
  gint output_type;
} SearchAttrs;

/* A list serves all values; else there is one list per row of values. */
static gboolean
check_rows (const IrShape *sorted, const IrShape *values, GError **error)
{
  IrShape rows = *values;
  char text[2][IR_SHAPE_TEXT];

  if (sorted->rank == IR_RANK_UNKNOWN || sorted->rank == 1 ||
      values->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (sorted->rank > 1)
    rows.dim[sorted->rank - 1] = sorted->dim[sorted->rank - 1];
  if (sorted->rank == values->rank && sorted->rank > 0 &&
      ir_shape_fits (&rows, sorted))
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "sorted lists of shape %s do not go with values of shape %s",
      ir_shape_print (sorted, text[0]), ir_shape_print (values, text[1]));
}

static gboolean
infer_search (IrInferCtx *ctx, GError **error)
{
  const SearchAttrs *attrs = ctx->attrs;
  IrDType dtype;

  return ir_infer_same_dtype (ctx, 0, 2, &dtype, error) &&
      check_rows (&ctx->in_shape[0], &ctx->in_shape[1], error) &&
      infer_places (
          ctx, (IrDType) attrs->output_type, &ctx->in_shape[1], error);
}

static gboolean
evaluate_search (IrEvalCtx *ctx, GError **error)
{
  const SearchAttrs *attrs = ctx->attrs;
  const IrShape *sorted = &ctx->in[0]->shape, *values = &ctx->in[1]->shape;
  const gint64 length = sorted->dim[sorted->rank - 1];
  const guint64 n = ir_tensor_count (ctx->in[1]);
  const gboolean one_list = sorted->rank == 1;
  const gint64 row = one_list ? 0 : values->dim[values->rank - 1];

  for (guint64 i = 0; i < n; i++) {
    const guint64 first = one_list ? 0 : i / row * length;

    ir_tensor_set_i64 (ctx->out[0], i,
        search (ctx->in[0], first, length, ctx->in[1], i, attrs->right_mode));
  }
  return TRUE;
}

static const IrAttrDesc search_attrs[] = {
  IR_ATTR_ROW (SearchAttrs, right_mode, BOOL, "false"),
  IR_ATTR_ROW (SearchAttrs, output_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_search_sorted_15 = {
  .type = "SearchSorted",
  .opset = 15,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (SearchAttrs),
  .attrs = search_attrs,
  .infer = infer_search,
  .evaluate = evaluate_search,
  .summary = "where each value is to be put into a sorted row",
};
