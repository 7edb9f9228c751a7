/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

typedef struct {
  gint64 axis;
  gint mode;
  gint sort;
  gint index_element_type;
  gboolean stable;
} TopKAttrs;

enum {
  MODE_MIN,
  MODE_MAX
};
enum {
  SORT_NONE,
  SORT_INDEX,
  SORT_VALUE
};

static gboolean
infer_topk (IrInferCtx *ctx, GError **error)
{
  const TopKAttrs *attrs = ctx->attrs;
  const IrDType indices = attrs->index_element_type;
  IrShape out = ctx->in_shape[0];
  gboolean known;
  guint axis;
  gint64 k;

  if (indices != IR_DTYPE_I32 && indices != IR_DTYPE_I64)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "index_element_type must be i32 or i64, not %s",
        ir_dtype_name (indices));
  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_integers (ctx, 1, "k", error) ||
      !ir_infer_int (ctx, 1, "k", &k, &known, error))
    return FALSE;
  if (known && k < 0)
    return ir_fail (error, IR_ERROR_SHAPE, "k is %" G_GINT64_FORMAT, k);
  if (out.rank != IR_RANK_UNKNOWN) {
    if (!ir_shape_axis (&out, attrs->axis, &axis, error))
      return FALSE;
    if (known && out.dim[axis] != IR_DIM_UNKNOWN && k > out.dim[axis])
      return ir_fail (error, IR_ERROR_SHAPE,
          "k is %" G_GINT64_FORMAT ", dimension %u has %" G_GINT64_FORMAT
          " elements",
          k, axis, out.dim[axis]);
    out.dim[axis] = known ? k : IR_DIM_UNKNOWN;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  ir_infer_set (ctx, 1, indices, &out);
  return TRUE;
}

/* A row of the data along the axis. */
typedef struct {
  const IrTensor *data;
  gint64 base;
  gint64 step;
  gboolean is_float;
  gint sign;
} Row;

/* Equal values stand in the order of their indices. */
static gint
compare_values (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Row *row = user_data;
  const gint64 i = *(const gint64 *) a, j = *(const gint64 *) b;
  const gint64 p = row->base + i * row->step, q = row->base + j * row->step;
  gint order;

  if (row->is_float) {
    const double x = ir_tensor_get_f64 (row->data, p);
    const double y = ir_tensor_get_f64 (row->data, q);

    order = (x > y) - (x < y);
  } else {
    const gint64 x = ir_tensor_get_i64 (row->data, p);
    const gint64 y = ir_tensor_get_i64 (row->data, q);

    order = (x > y) - (x < y);
  }
  return order != 0 ? order * row->sign : (i > j) - (i < j);
}

static gint
compare_indices (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const gint64 i = *(const gint64 *) a, j = *(const gint64 *) b;

  return (i > j) - (i < j);
}

/* Sorts one row's indices in @order and stores the first @k of them. */
static void
store_row (
    IrEvalCtx *ctx, Row *row, gint64 *order, gint64 n, gint64 k, gint64 to)
{
  const TopKAttrs *attrs = ctx->attrs;
  const gsize bytes = ir_dtype_size (row->data->dtype);

  for (gint64 i = 0; i < n; i++)
    order[i] = i;
  g_qsort_with_data (order, n, sizeof *order, compare_values, row);
  if (attrs->sort == SORT_INDEX)
    g_qsort_with_data (order, k, sizeof *order, compare_indices, NULL);
  for (gint64 i = 0; i < k; i++) {
    const gint64 from = row->base + order[i] * row->step;

    ir_fill ((guint8 *) ctx->out[0]->data + (to + i * row->step) * bytes,
        (const guint8 *) row->data->data + from * bytes, bytes, 1);
    ir_tensor_set_i64 (ctx->out[1], to + i * row->step, order[i]);
  }
}

static gboolean
evaluate_topk (IrEvalCtx *ctx, GError **error)
{
  const TopKAttrs *attrs = ctx->attrs;
  const IrTensor *data = ctx->in[0];
  g_autofree gint64 *order = NULL;
  gint64 outer, inner, n, k;
  guint axis;

  if (!ir_shape_axis (&data->shape, attrs->axis, &axis, error))
    return FALSE;
  if (ctx->out[0]->size == 0)
    return TRUE;
  outer = ir_shape_size (&data->shape, 0, axis);
  inner = ir_shape_size (&data->shape, axis + 1, data->shape.rank);
  n = data->shape.dim[axis];
  k = ctx->out[0]->shape.dim[axis];
  if (!ir_new_map (&order, n, error))
    return FALSE;
  for (gint64 o = 0; o < outer; o++)
    for (gint64 i = 0; i < inner; i++) {
      Row row = { data, o * n * inner + i, inner,
        ir_dtype_is_float (data->dtype), attrs->mode == MODE_MAX ? -1 : 1 };

      store_row (ctx, &row, order, n, k, o * k * inner + i);
    }
  return TRUE;
}

static const char *const mode_names[] = { "min", "max", NULL };
static const char *const sort_names[] = { "none", "index", "value", NULL };

#define ROWS                                                                   \
  IR_ATTR_ROW (TopKAttrs, axis, I64, NULL),                                    \
      IR_ATTR_ENUM_ROW (TopKAttrs, mode, NULL, mode_names),                    \
      IR_ATTR_ENUM_ROW (TopKAttrs, sort, NULL, sort_names),                    \
      IR_ATTR_ROW (TopKAttrs, index_element_type, DTYPE, "i32")

static const IrAttrDesc topk_attrs[] = { ROWS, IR_ATTR_END };
static const IrAttrDesc topk_11_attrs[] = {
  ROWS,
  IR_ATTR_ROW (TopKAttrs, stable, BOOL, "false"),
  IR_ATTR_END,
};

#define TOPK(number, table)                                                    \
  const IrOpDesc ir_op_topk_##number = {                                       \
    .type = "TopK",                                                            \
    .opset = number,                                                           \
    .min_inputs = 2,                                                           \
    .max_inputs = 2,                                                           \
    .n_outputs = 2,                                                            \
    .attrs_size = sizeof (TopKAttrs),                                          \
    .attrs = table,                                                            \
    .infer = infer_topk,                                                       \
    .evaluate = evaluate_topk,                                                 \
    .summary = "the k largest or smallest elements of an axis and their "      \
               "indices; of equal ones the first",                             \
  }

TOPK (1, topk_attrs);
TOPK (3, topk_attrs);
TOPK (11, topk_11_attrs);
