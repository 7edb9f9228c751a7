/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"
#include "typed.h"

typedef struct {
  gint output_type;
} NonZeroAttrs;

static gboolean
infer_nonzero (IrInferCtx *ctx, GError **error)
{
  const IrDType dtype = ((const NonZeroAttrs *) ctx->attrs)->output_type;
  IrShape out = ir_shape_of_rank (2);

  if (dtype != IR_DTYPE_I32 && dtype != IR_DTYPE_I64)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "output_type must be i32 or i64, not %s", ir_dtype_name (dtype));
  if (ctx->in_shape[0].rank != IR_RANK_UNKNOWN)
    out.dim[0] = ctx->in_shape[0].rank;
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* Zero is what equals it; NaN does not, -0 does. Writes the places of the others to
 * @found, where there is room for @n, and gives their number. */
#define FIND(ID, type, ...)                                                    \
  static gint64 find_##ID (gconstpointer data, gint64 n, gint64 *found)        \
  {                                                                            \
    const type *x = data;                                                      \
    gint64 count = 0;                                                          \
                                                                               \
    for (gint64 i = 0; i < n; i++) {                                           \
      found[count] = i;                                                        \
      count += x[i] != 0;                                                      \
    }                                                                          \
    return count;                                                              \
  }
IR_NUMBER_TYPES (FIND, )
IR_DOUBLE_TYPES (FIND, )

typedef gint64 (*FindFunc) (gconstpointer data, gint64 n, gint64 *found);

static FindFunc
find_func (IrDType dtype)
{
  switch (dtype) {
#define CASE(ID, type, ...)                                                    \
  case IR_DTYPE_##ID:                                                          \
    return find_##ID;
    IR_NUMBER_TYPES (CASE, )
    IR_DOUBLE_TYPES (CASE, )
    default:
      return NULL;
  }
}

/* A type with a function that holds all values of @dtype. */
static IrDType
working_dtype (IrDType dtype)
{
  if (find_func (dtype))
    return dtype;
  return ir_dtype_is_float (dtype) ? IR_DTYPE_F32 : IR_DTYPE_I8;
}

/* Column by column into the rows of @out: which row of the innermost dimension, and
 * where in it. */
static void
store_run (IrTensor *out, gint64 total, gint64 column, const gint64 *index,
    const gint64 *found, gint64 count)
{
  const gint rank = out->shape.dim[0];

  for (gint d = 0; d < rank; d++) {
    const gsize to = d * total + column;

    for (gint64 j = 0; j < count; j++) {
      const gint64 value = d == rank - 1 ? found[j] : index[d];

      if (out->dtype == IR_DTYPE_I32)
        ((gint32 *) out->data)[to + j] = (gint32) value;
      else
        ((gint64 *) out->data)[to + j] = value;
    }
  }
}

typedef struct {
  const IrTensor *data;
  gint64 rows, row; /* of the innermost dimension */
  gint64 *found;    /* room for a row */
} Runs;

/* Walks row by row; NULL @out only counts. */
static gint64
walk (const Runs *runs, IrTensor *out, gint64 total)
{
  const IrTensor *data = runs->data;
  const gsize bytes = runs->row * ir_dtype_size (data->dtype);
  const FindFunc find = find_func (data->dtype);
  IrShape outer = data->shape;
  gint64 index[IR_MAX_RANK] = { 0 }, column = 0;

  outer.rank = MAX (outer.rank - 1, 0);
  for (gint64 r = 0; r < runs->rows; r++, ir_next_index (&outer, index)) {
    const gint64 count =
        find ((const guint8 *) data->data + r * bytes, runs->row, runs->found);

    if (out)
      store_run (out, total, column, index, runs->found, count);
    column += count;
  }
  return column;
}

static gboolean
evaluate_nonzero (IrEvalCtx *ctx, GError **error)
{
  const IrDType dtype = ((const NonZeroAttrs *) ctx->attrs)->output_type;
  const IrShape *in = &ctx->in[0]->shape;
  const gint outer = MAX (in->rank - 1, 0);
  g_autoptr (IrTensor) data =
      ir_tensor_convert (ctx->in[0], working_dtype (ctx->in[0]->dtype), error);
  Runs runs = { data, ir_shape_size (in, 0, outer),
    ir_shape_size (in, outer, in->rank) };
  g_autofree gint64 *found = NULL;
  IrShape shape = { 2, { in->rank } };

  if (!data || !ir_new_map (&found, runs.row, error))
    return FALSE;
  runs.found = found;
  shape.dim[1] = walk (&runs, NULL, 0);
  ctx->out[0] = ir_tensor_new (dtype, &shape, error);
  if (!ctx->out[0])
    return FALSE;
  walk (&runs, ctx->out[0], shape.dim[1]);
  return TRUE;
}

static const IrAttrDesc nonzero_attrs[] = {
  IR_ATTR_ROW (NonZeroAttrs, output_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_nonzero_3 = {
  .type = "NonZero",
  .opset = 3,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_DYNAMIC,
  .attrs_size = sizeof (NonZeroAttrs),
  .attrs = nonzero_attrs,
  .infer = infer_nonzero,
  .evaluate = evaluate_nonzero,
  .summary = "the indices of the elements that are not zero, one per column",
};
