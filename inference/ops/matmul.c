/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "typed.h"

static const IrAttrDesc matmul_attrs[] = {
  IR_ATTR_ROW (IrMatMulAttrs, transpose_a, BOOL, "false"),
  IR_ATTR_ROW (IrMatMulAttrs, transpose_b, BOOL, "false"),
  IR_ATTR_END,
};

/* A factor as a stack of matrices. */
typedef struct {
  IrShape batch;
  gint64 rows, columns;
  gboolean vector;
} Factor;

/* A vector is a row on the left and a column on the right, transposed or
 * not. */
static Factor
look_at (const IrShape *shape, gboolean transposed, gboolean right)
{
  Factor f = { .vector = shape->rank == 1 };

  if (f.vector) {
    f.rows = right ? shape->dim[0] : 1;
    f.columns = right ? 1 : shape->dim[0];
    return f;
  }

  f.batch.rank = shape->rank - 2;
  for (gint d = 0; d < f.batch.rank; d++)
    f.batch.dim[d] = shape->dim[d];
  f.rows = shape->dim[shape->rank - (transposed ? 1 : 2)];
  f.columns = shape->dim[shape->rank - (transposed ? 2 : 1)];
  return f;
}

static gboolean
multiply_shapes (const Factor *a, const Factor *b, IrShape *out, GError **error)
{
  char text[2][IR_SHAPE_TEXT];

  if (a->columns != IR_DIM_UNKNOWN && b->rows != IR_DIM_UNKNOWN &&
      a->columns != b->rows) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "matrices with %" G_GINT64_FORMAT " columns and %" G_GINT64_FORMAT
        " rows can't be multiplied",
        a->columns, b->rows);
  }
  *out = a->batch;
  if (!ir_shape_broadcast (out, &b->batch)) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "stacks of matrices of shapes %s and %s don't go together",
        ir_shape_print (&a->batch, text[0]),
        ir_shape_print (&b->batch, text[1]));
  }
  if (!a->vector)
    out->dim[out->rank++] = a->rows;
  if (!b->vector)
    out->dim[out->rank++] = b->columns;
  return TRUE;
}

static gboolean
matmul_infer (IrInferCtx *ctx, GError **error)
{
  const IrMatMulAttrs *attrs = ctx->attrs;
  IrShape out = ir_shape_unknown ();
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, 2, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_NUMBER, "the data", error) ||
      !ir_infer_rank (ctx, 0, ~1u, "the left matrix", error) ||
      !ir_infer_rank (ctx, 1, ~1u, "the right matrix", error))
    return FALSE;
  if (ctx->in_shape[0].rank != IR_RANK_UNKNOWN &&
      ctx->in_shape[1].rank != IR_RANK_UNKNOWN) {
    const Factor a = look_at (&ctx->in_shape[0], attrs->transpose_a, FALSE);
    const Factor b = look_at (&ctx->in_shape[1], attrs->transpose_b, TRUE);

    if (!multiply_shapes (&a, &b, &out, error))
      return FALSE;
  }

  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* Element (m, k) of the left matrix is at m * a_row + k * a_column. */
typedef struct {
  gint64 rows, inner, columns;
  gint64 a_row, a_column;
  gint64 b_row, b_column;
} Product;

typedef void (*ProductFunc) (
    const Product *p, gconstpointer left, gconstpointer right, gpointer out);

/* The sums of a few columns are kept at a time, so that the right matrix is read
 * along its rows. */
#define BLOCK 64

#define PRODUCT(id, T, S)                                                      \
  static void product_##id (                                                   \
      const Product *p, gconstpointer left, gconstpointer right, gpointer out) \
  {                                                                            \
    T *to = out;                                                               \
                                                                               \
    for (gint64 m = 0; m < p->rows; m++) {                                     \
      for (gint64 first = 0; first < p->columns; first += BLOCK) {             \
        const gint64 n = MIN (BLOCK, p->columns - first);                      \
        const T *a = (const T *) left + m * p->a_row;                          \
        const T *b = (const T *) right + first * p->b_column;                  \
        S sum[BLOCK] = { 0 };                                                  \
                                                                               \
        for (gint64 k = 0; k < p->inner; k++) {                                \
          const S x = (S) a[k * p->a_column];                                  \
          const T *row = b + k * p->b_row;                                     \
                                                                               \
          for (gint64 i = 0; i < n; i++)                                       \
            sum[i] += x * (S) row[i * p->b_column];                            \
        }                                                                      \
        for (gint64 i = 0; i < n; i++)                                         \
          *to++ = (T) sum[i];                                                  \
      }                                                                        \
    }                                                                          \
  }
IR_FLOAT_TYPES (PRODUCT, double)
IR_INTEGER_TYPES (PRODUCT, guint64)

#define PRODUCT_ENTRY(id, T, ...) [IR_DTYPE_##id] = product_##id,
static const ProductFunc products[IR_DTYPE_COUNT] = { IR_NUMBER_TYPES (
    PRODUCT_ENTRY, 0) };

static Product
describe (const IrMatMulAttrs *attrs, const Factor *a, const Factor *b)
{
  const gboolean a_turned = attrs->transpose_a && !a->vector;
  const gboolean b_turned = attrs->transpose_b && !b->vector;
  Product p = { a->rows, a->columns, b->columns };

  p.a_row = a_turned ? 1 : a->columns;
  p.a_column = a_turned ? a->rows : 1;
  p.b_row = b_turned ? 1 : b->columns;
  p.b_column = b_turned ? b->rows : 1;
  return p;
}

static gboolean
matmul_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrMatMulAttrs *attrs = ctx->attrs;
  const Factor a = look_at (&ctx->in[0]->shape, attrs->transpose_a, FALSE);
  const Factor b = look_at (&ctx->in[1]->shape, attrs->transpose_b, TRUE);
  const Product p = describe (attrs, &a, &b);
  const IrDType dtype = ctx->in[0]->dtype;
  const gsize size = ir_dtype_size (dtype);
  gint64 a_step[IR_MAX_RANK], b_step[IR_MAX_RANK], index[IR_MAX_RANK] = { 0 };
  guint8 *out = ctx->out[0]->data;
  IrShape batch = a.batch;

  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;
  ir_shape_broadcast (&batch, &b.batch);
  ir_broadcast_strides (&a.batch, &batch, a_step);
  ir_broadcast_strides (&b.batch, &batch, b_step);

  do {
    gint64 a_at = 0, b_at = 0;

    for (gint d = 0; d < batch.rank; d++) {
      a_at += index[d] * a_step[d];
      b_at += index[d] * b_step[d];
    }
    products[dtype](&p,
        (const guint8 *) ctx->in[0]->data +
            (gsize) (a_at * p.rows * p.inner) * size,
        (const guint8 *) ctx->in[1]->data +
            (gsize) (b_at * p.inner * p.columns) * size,
        out);
    out += (gsize) (p.rows * p.columns) * size;
  } while (ir_next_index (&batch, index));

  return TRUE;
}

const IrOpDesc ir_op_matmul_1 = {
  .type = "MatMul",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrMatMulAttrs),
  .attrs = matmul_attrs,
  .infer = matmul_infer,
  .evaluate = matmul_evaluate,
  .summary = "Matrix product, stacks of matrices broadcast",
};
