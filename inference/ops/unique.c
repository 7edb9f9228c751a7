/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"
#include "typed.h"

#include <math.h>
#include <string.h>

typedef struct {
  gboolean sorted;
  gint index_element_type;
  gint count_element_type;
} UniqueAttrs;

enum {
  DATA,
  AXIS
};
enum {
  VALUES,
  INDICES,
  INVERSE,
  COUNTS
};

static gboolean
infer_unique (IrInferCtx *ctx, GError **error)
{
  const UniqueAttrs *attrs = ctx->attrs;
  const gint types[] = { attrs->index_element_type, attrs->count_element_type };
  const IrShape list = ir_shape_1d (IR_DIM_UNKNOWN);
  IrShape values = ctx->n_inputs > AXIS ? ctx->in_shape[DATA] : list;
  gboolean known;
  gint64 value;
  guint axis;

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i] != IR_DTYPE_I32 && types[i] != IR_DTYPE_I64)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "the types of indices and counts must be i32 or i64, not %s",
          ir_dtype_name ((IrDType) types[i]));
  if (!ir_infer_accept_input (ctx, DATA, IR_ACCEPT_ANY, "the data", error))
    return FALSE;
  if (ctx->n_inputs > AXIS) {
    if (!ir_infer_int (ctx, AXIS, "the axis", &value, &known, error))
      return FALSE;
    if (values.rank != IR_RANK_UNKNOWN && !known)
      values = ir_shape_of_rank (values.rank);
    else if (values.rank != IR_RANK_UNKNOWN) {
      if (!ir_shape_axis (&values, value, &axis, error))
        return FALSE;
      values.dim[axis] = IR_DIM_UNKNOWN;
    }
  }
  ir_infer_set (ctx, VALUES, ctx->in_dtype[DATA], &values);
  ir_infer_set (ctx, INDICES, (IrDType) types[0], &list);
  ir_infer_set (ctx, INVERSE, (IrDType) types[0], &list);
  ir_infer_set (ctx, COUNTS, (IrDType) types[1], &list);
  return TRUE;
}

/* The data as @n slices of @outer rows with @inner elements each. */
typedef struct {
  const IrTensor *data;
  gint64 outer, n, inner;
} Slices;

/* NaN equals itself and comes last, so that there is an order. */
static gint
compare_floats (double x, double y)
{
  if (isnan (x) || isnan (y))
    return !!isnan (x) - !!isnan (y);
  return (x > y) - (x < y);
}

static gint
compare_integers (gint64 x, gint64 y)
{
  return (x > y) - (x < y);
}

static gint
compare_elements (const IrTensor *data, gint64 i, gint64 j)
{
  if (ir_dtype_is_float (data->dtype))
    return compare_floats (
        ir_tensor_get_f64 (data, i), ir_tensor_get_f64 (data, j));
  if (data->dtype == IR_DTYPE_U64) {
    const guint64 x = ((const guint64 *) data->data)[i];
    const guint64 y = ((const guint64 *) data->data)[j];

    return (x > y) - (x < y);
  }
  return compare_integers (
      ir_tensor_get_i64 (data, i), ir_tensor_get_i64 (data, j));
}

static gint
compare_contents (const Slices *s, gint64 i, gint64 j)
{
  gint order = 0;

  for (gint64 o = 0; o < s->outer && order == 0; o++)
    for (gint64 k = 0; k < s->inner && order == 0; k++)
      order = compare_elements (s->data, (o * s->n + i) * s->inner + k,
          (o * s->n + j) * s->inner + k);
  return order;
}

static gint
compare_slices (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const gint64 i = *(const gint64 *) a, j = *(const gint64 *) b;
  const gint order = compare_contents (user_data, i, j);

  return order != 0 ? order : (i > j) - (i < j);
}

/* Slices that are equal: @first is the earliest, @start where they begin in the
 * order of their contents. */
typedef struct {
  gint64 first;
  gint64 start;
  gint64 count;
} Group;

static gint
compare_groups (gconstpointer a, gconstpointer b)
{
  const Group *x = a, *y = b;

  return (x->first > y->first) - (x->first < y->first);
}

static GArray *
find_groups (const Slices *s, const gint64 *order)
{
  GArray *groups = g_array_new (FALSE, FALSE, sizeof (Group));

  for (gint64 i = 0; i < s->n; i++) {
    Group group = { order[i], i, 1 };

    if (i > 0 && compare_contents (s, order[i - 1], order[i]) == 0)
      g_array_index (groups, Group, groups->len - 1).count++;
    else
      g_array_append_val (groups, group);
  }
  return groups;
}

static gboolean
new_outputs (IrEvalCtx *ctx, gint64 n, const IrShape *values, gint64 groups,
    GError **error)
{
  const UniqueAttrs *attrs = ctx->attrs;
  const IrShape all = ir_shape_1d (n), found = ir_shape_1d (groups);
  const IrDType indices = (IrDType) attrs->index_element_type;

  ctx->out[VALUES] = ir_tensor_new (ctx->in[DATA]->dtype, values, error);
  ctx->out[INDICES] =
      ctx->out[VALUES] ? ir_tensor_new (indices, &found, error) : NULL;
  ctx->out[INVERSE] =
      ctx->out[INDICES] ? ir_tensor_new (indices, &all, error) : NULL;
  ctx->out[COUNTS] = ctx->out[INVERSE]
      ? ir_tensor_new ((IrDType) attrs->count_element_type, &found, error)
      : NULL;
  return ctx->out[COUNTS] != NULL;
}

static void
write_groups (
    IrEvalCtx *ctx, const Slices *s, const GArray *groups, const gint64 *order)
{
  const gsize bytes = (gsize) s->inner * ir_dtype_size (s->data->dtype);
  guint8 *to = ctx->out[VALUES]->data;
  const guint8 *from = s->data->data;

  for (guint g = 0; g < groups->len; g++) {
    const Group *group = &g_array_index (groups, Group, g);

    for (gint64 o = 0; bytes > 0 && o < s->outer; o++)
      memcpy (to + (o * groups->len + g) * bytes,
          from + (o * s->n + group->first) * bytes, bytes);
    ir_tensor_set_i64 (ctx->out[INDICES], g, group->first);
    ir_tensor_set_i64 (ctx->out[COUNTS], g, group->count);
    for (gint64 i = 0; i < group->count; i++)
      ir_tensor_set_i64 (ctx->out[INVERSE], order[group->start + i], g);
  }
}

/* How the data is cut into slices; @values gets the shape of one that has all
 * of them. */
static gboolean
cut (const IrEvalCtx *ctx, Slices *s, IrShape *values, guint *axis,
    GError **error)
{
  const IrTensor *data = ctx->in[DATA];
  gint64 value;

  *s = (Slices){ data, 1, (gint64) ir_tensor_count (data), 1 };
  *values = ir_shape_1d (s->n);
  *axis = 0;
  if (ctx->n_inputs == AXIS)
    return TRUE;
  if (!ir_eval_int (ctx, AXIS, &value, error) ||
      !ir_shape_axis (&data->shape, value, axis, error))
    return FALSE;
  *values = data->shape;
  s->outer = (gint64) ir_shape_size (values, 0, (gint) *axis);
  s->n = values->dim[*axis];
  s->inner = (gint64) ir_shape_size (values, (gint) *axis + 1, values->rank);
  return TRUE;
}

static gboolean
evaluate_unique (IrEvalCtx *ctx, GError **error)
{
  const UniqueAttrs *attrs = ctx->attrs;
  g_autofree gint64 *order = NULL;
  g_autoptr (GArray) groups = NULL;
  IrShape values;
  Slices s;
  guint axis;

  if (!cut (ctx, &s, &values, &axis, error) || !ir_new_map (&order, s.n, error))
    return FALSE;
  for (gint64 i = 0; i < s.n; i++)
    order[i] = i;
  g_qsort_with_data (order, s.n, sizeof *order, compare_slices, &s);
  groups = find_groups (&s, order);
  if (!attrs->sorted)
    g_array_sort (groups, compare_groups);
  values.dim[axis] = groups->len;
  if (!new_outputs (ctx, s.n, &values, groups->len, error))
    return FALSE;
  write_groups (ctx, &s, groups, order);
  return TRUE;
}

static const IrAttrDesc unique_attrs[] = {
  IR_ATTR_ROW (UniqueAttrs, sorted, BOOL, "true"),
  IR_ATTR_ROW (UniqueAttrs, index_element_type, DTYPE, "i64"),
  IR_ATTR_ROW (UniqueAttrs, count_element_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_unique_10 = {
  .type = "Unique",
  .opset = 10,
  .min_inputs = 1,
  .max_inputs = 2,
  .n_outputs = 4,
  .flags = IR_OP_DYNAMIC,
  .attrs_size = sizeof (UniqueAttrs),
  .attrs = unique_attrs,
  .infer = infer_unique,
  .evaluate = evaluate_unique,
  .summary = "elements or slices without repetitions, where they are first, "
             "which of them each one is, how many there are",
};
