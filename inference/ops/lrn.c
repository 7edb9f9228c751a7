/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "axes-walk.h"

static const IrAttrDesc lrn_attrs[] = {
  IR_ATTR_ROW (IrLrnAttrs, alpha, F64, NULL),
  IR_ATTR_ROW (IrLrnAttrs, beta, F64, NULL),
  IR_ATTR_ROW (IrLrnAttrs, bias, F64, NULL),
  IR_ATTR_ROW (IrLrnAttrs, size, I64, NULL),
  IR_ATTR_END,
};

static gboolean
lrn_infer (IrInferCtx *ctx, GError **error)
{
  const IrLrnAttrs *attrs = ctx->attrs;
  gboolean known;
  guint axes;

  if (attrs->size < 1) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "size is %" G_GINT64_FORMAT ", at least 1 is needed", attrs->size);
  }
  return ir_infer_unary (ctx, IR_ACCEPT_FLOAT, error) &&
      ir_infer_rank (ctx, 1, 3, "axes", error) &&
      ir_infer_axes_mask (ctx, 1, 0, &axes, &known, error);
}

/* Replaces each number by the sum of those up to @half before and behind it
 * along dimension @axis. @line has room for the dimension. */
static void
sum_window (
    const IrShape *shape, gint axis, gint64 half, double *numbers, double *line)
{
  const gint64 n = shape->dim[axis];
  const gint64 step = (gint64) ir_shape_size (shape, axis + 1, shape->rank);
  const gint64 lines = (gint64) ir_shape_size (shape, 0, axis) * step;

  for (gint64 l = 0; l < lines; l++) {
    double *first = numbers + l / step * n * step + l % step;

    for (gint64 i = 0; i < n; i++)
      line[i] = first[i * step];
    for (gint64 i = 0; i < n; i++) {
      const gint64 begin = i > half ? i - half : 0;
      const gint64 end = n - 1 - i > half ? i + half + 1 : n;
      double sum = 0;

      for (gint64 k = begin; k < end; k++)
        sum += line[k];
      first[i * step] = sum;
    }
  }
}

static gint64
longest (const IrShape *shape)
{
  gint64 length = 1;

  for (gint d = 0; d < shape->rank; d++)
    length = MAX (length, shape->dim[d]);
  return length;
}

static gboolean
lrn_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrLrnAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  const gsize n = ir_tensor_count (ctx->in[0]);
  const float *in = ir_eval_f32 (ctx, 0);
  float *out = ir_eval_out_f32 (ctx, 0);
  double *squares, *line;
  double alpha = attrs->alpha;
  guint axes;

  if (!ir_eval_axes_mask (ctx, 1, 0, &axes, error))
    return FALSE;
  if (n == 0)
    return TRUE;
  squares = ir_scratch_take (ctx->scratch, n, sizeof *squares);
  line = ir_scratch_take (ctx->scratch, (gsize) longest (shape), sizeof *line);
  if (!squares || !line)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");

  for (gsize i = 0; i < n; i++)
    squares[i] = (double) in[i] * in[i];
  for (gint d = 0; d < shape->rank; d++) {
    if (!((axes >> d) & 1))
      continue;
    sum_window (shape, d, (attrs->size - 1) / 2, squares, line);
    alpha /= (double) attrs->size;
  }
  for (gsize i = 0; i < n; i++)
    out[i] =
        (float) (in[i] / pow (attrs->bias + alpha * squares[i], attrs->beta));
  return TRUE;
}

const IrOpDesc ir_op_lrn_1 = {
  .type = "LRN",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrLrnAttrs),
  .attrs = lrn_attrs,
  .infer = lrn_infer,
  .evaluate = lrn_evaluate,
  .summary = "Numbers divided by a power of the squares around them",
};
