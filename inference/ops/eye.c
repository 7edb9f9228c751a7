/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"
#include "typed.h"

typedef struct {
  gint output_type;
} EyeAttrs;

enum {
  ROWS,
  COLUMNS,
  DIAGONAL,
  BATCH
};

static gboolean
read_size (IrInferCtx *ctx, guint index, const char *what, gint64 *size,
    GError **error)
{
  gboolean known;

  if (!ir_infer_integers (ctx, index, what, error) ||
      !ir_infer_int (ctx, index, what, size, &known, error))
    return FALSE;
  if (!known)
    *size = IR_DIM_UNKNOWN;
  else if (*size < 0)
    return ir_fail (
        error, IR_ERROR_SHAPE, "%s is %" G_GINT64_FORMAT, what, *size);
  return TRUE;
}

/* Dimensions in front of the matrix. */
static gboolean
batch_shape (IrInferCtx *ctx, IrShape *out, GError **error)
{
  const gint64 length = ir_list_length (&ctx->in_shape[BATCH]);
  gint64 dims[IR_MAX_RANK];
  gboolean known;
  gsize n;

  if (!ir_infer_integers (ctx, BATCH, "batch_shape", error) ||
      !ir_infer_rank (ctx, BATCH, 1 << 1, "batch_shape", error))
    return FALSE;
  if (length > IR_MAX_RANK - 2)
    return ir_fail (error, IR_ERROR_LIMIT,
        "the result would have %" G_GINT64_FORMAT
        " dimensions, at most %d are possible",
        length, IR_MAX_RANK);
  if (!ir_infer_ints (ctx, BATCH, dims, IR_MAX_RANK, &n, &known, error))
    return FALSE;
  *out = length < 0 ? ir_shape_unknown () : ir_shape_of_rank ((gint) length);
  for (gsize i = 0; known && i < n; i++) {
    if (dims[i] < 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %" G_GSIZE_FORMAT " of batch_shape is %" G_GINT64_FORMAT,
          i, dims[i]);
    out->dim[i] = dims[i];
  }
  return TRUE;
}

static gboolean
infer_eye (IrInferCtx *ctx, GError **error)
{
  const IrDType dtype = (IrDType) ((const EyeAttrs *) ctx->attrs)->output_type;
  IrShape out = ir_shape_scalar ();
  gint64 rows, columns, diagonal;
  gboolean known;

  if (dtype == IR_DTYPE_DYNAMIC)
    return ir_fail (error, IR_ERROR_UNSUPPORTED, "output_type is not given");
  if (!ir_infer_accept (dtype, IR_ACCEPT_ANY, "output_type", error) ||
      !read_size (ctx, ROWS, "the number of rows", &rows, error) ||
      !read_size (ctx, COLUMNS, "the number of columns", &columns, error) ||
      !ir_infer_integers (ctx, DIAGONAL, "the diagonal", error) ||
      !ir_infer_int (ctx, DIAGONAL, "the diagonal", &diagonal, &known, error) ||
      (ctx->n_inputs > BATCH && !batch_shape (ctx, &out, error)))
    return FALSE;
  if (out.rank != IR_RANK_UNKNOWN) {
    out.dim[out.rank++] = rows;
    out.dim[out.rank++] = columns;
  }
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
evaluate_eye (IrEvalCtx *ctx, GError **error)
{
  const IrShape *shape = &ctx->out[0]->shape;
  const gint64 rows = shape->dim[shape->rank - 2];
  const gint64 columns = shape->dim[shape->rank - 1];
  const gint64 n = (gint64) ir_shape_size (shape, 0, shape->rank - 2);
  gint64 diagonal, first, end;

  if (!ir_eval_int (ctx, DIAGONAL, &diagonal, error))
    return FALSE;
  /* Beyond the corners there is nothing, and sums stay in range. */
  diagonal = CLAMP (diagonal, -rows, columns);
  first = MAX (0, -diagonal);
  end = MIN (rows, columns - diagonal);
  for (gint64 b = 0; b < n; b++)
    for (gint64 row = first; row < end; row++)
      ir_tensor_set_f64 (
          ctx->out[0], (b * rows + row) * columns + row + diagonal, 1);
  return TRUE;
}

static const IrAttrDesc eye_attrs[] = {
  IR_ATTR_ROW (EyeAttrs, output_type, DTYPE, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_eye_9 = {
  .type = "Eye",
  .opset = 9,
  .min_inputs = 3,
  .max_inputs = 4,
  .n_outputs = 1,
  .attrs_size = sizeof (EyeAttrs),
  .attrs = eye_attrs,
  .infer = infer_eye,
  .evaluate = evaluate_eye,
  .summary = "matrices of zeros with ones on a diagonal",
};
