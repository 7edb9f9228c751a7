/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

/* How far @mode can extend a dimension of @dim elements. */
static gint64
reach (gint mode, gint64 dim)
{
  switch (mode) {
    case IR_PAD_REFLECT:
      return MAX (dim - 1, 0);
    case IR_PAD_SYMMETRIC:
      return dim;
    case IR_PAD_EDGE:
      return dim > 0 ? G_MAXINT64 : 0;
    default:
      return G_MAXINT64;
  }
}

static gboolean
pad_dim (gint mode, guint axis, gint64 begin, gint64 end, gint64 *dim,
    GError **error)
{
  gint64 size = *dim;

  if (size == IR_DIM_UNKNOWN)
    return TRUE;
  if (begin > reach (mode, size) || end > reach (mode, size))
    return ir_fail (error, IR_ERROR_SHAPE,
        "dimension %u of %" G_GINT64_FORMAT " cannot be extended by "
        "%" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " in this pad_mode",
        axis, size, begin, end);
  if (begin < -size || end < -size - MIN (begin, 0))
    return ir_fail (error, IR_ERROR_SHAPE,
        "pads %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
        " take more from dimension %u than its %" G_GINT64_FORMAT " elements",
        begin, end, axis, size);
  size += MIN (begin, 0) + MIN (end, 0);
  if (!ir_dim_add (&size, MAX (begin, 0), error) ||
      !ir_dim_add (&size, MAX (end, 0), error))
    return FALSE;
  *dim = size;
  return TRUE;
}

static gboolean
infer_value (IrInferCtx *ctx, GError **error)
{
  const IrDType data = ctx->in_dtype[0], value = ctx->in_dtype[3];

  if (data != value && data != IR_DTYPE_DYNAMIC && value != IR_DTYPE_DYNAMIC)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the pad value has type %s, the data %s", ir_dtype_name (value),
        ir_dtype_name (data));
  return ir_infer_rank (ctx, 3, 1 << 0, "the pad value", error);
}

static gboolean
infer_pad (IrInferCtx *ctx, gboolean may_crop, GError **error)
{
  const IrPadAttrs *attrs = ctx->attrs;
  gint64 pads[2][IR_MAX_RANK];
  IrShape out = ctx->in_shape[0];
  gboolean known[2];
  gsize n[2];

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      (ctx->n_inputs > 3 && !infer_value (ctx, error)))
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    const gint64 length = ir_list_length (&ctx->in_shape[1 + i]);

    if (!ir_infer_integers (ctx, 1 + i, "pads", error) ||
        !ir_infer_rank (ctx, 1 + i, 1 << 1, "pads", error) ||
        !ir_infer_ints (
            ctx, 1 + i, pads[i], IR_MAX_RANK, &n[i], &known[i], error))
      return FALSE;
    if (length < 0)
      continue;
    if (out.rank == IR_RANK_UNKNOWN && length <= IR_MAX_RANK)
      out = ir_shape_of_rank (length);
    if (length != out.rank)
      return ir_fail (error, IR_ERROR_SHAPE,
          "%" G_GINT64_FORMAT " pads are given for %d dimensions", length,
          out.rank);
  }
  for (gint i = 0; i < out.rank; i++) {
    if (!known[0] || !known[1]) {
      out.dim[i] = IR_DIM_UNKNOWN;
    } else if (!may_crop && (pads[0][i] < 0 || pads[1][i] < 0)) {
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "negative pads are possible from opset12 on");
    } else if (!pad_dim (attrs->pad_mode, i, pads[0][i], pads[1][i],
                   &out.dim[i], error)) {
      return FALSE;
    }
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
infer_pad_1 (IrInferCtx *ctx, GError **error)
{
  return infer_pad (ctx, FALSE, error);
}

static gboolean
infer_pad_12 (IrInferCtx *ctx, GError **error)
{
  return infer_pad (ctx, TRUE, error);
}

/* Which of @dim elements stands at @i, counted from the first; -1 for none. */
static gint64
source_of (gint mode, gint64 i, gint64 dim)
{
  if (i >= 0 && i < dim)
    return i;
  switch (mode) {
    case IR_PAD_EDGE:
      return i < 0 ? 0 : dim - 1;
    case IR_PAD_REFLECT:
      return i < 0 ? -i : 2 * (dim - 1) - i;
    case IR_PAD_SYMMETRIC:
      return i < 0 ? -1 - i : 2 * dim - 1 - i;
    default:
      return -1;
  }
}

static gboolean
strided_pad (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrPadAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in[0]->shape, *out = &ctx->out[0]->shape;
  gint64 begin[IR_MAX_RANK], end[IR_MAX_RANK], *map;
  gsize n;

  if (!ir_eval_ints (ctx, 1, begin, IR_MAX_RANK, &n, error) ||
      !ir_eval_ints (ctx, 2, end, IR_MAX_RANK, &n, error))
    return FALSE;
  strided->fill = ctx->n_inputs > 3 ? ctx->in[3]->data : NULL;
  for (gint d = 0; d < in->rank; d++) {
    strided->step[d] = steps[d];
    if (begin[d] == 0 && end[d] == 0)
      continue;
    if (!(map = ir_strided_map (strided, d, out->dim[d], error)))
      return FALSE;
    for (gint64 i = 0; i < out->dim[d]; i++) {
      const gint64 source =
          source_of (attrs->pad_mode, i - begin[d], in->dim[d]);

      map[i] = source < 0 ? IR_NOWHERE : source * steps[d];
    }
  }
  return TRUE;
}

static const char *const pad_modes[] = { "constant", "edge", "reflect",
  "symmetric", NULL };

static const IrAttrDesc pad_attrs[] = {
  IR_ATTR_ENUM_ROW (IrPadAttrs, pad_mode, NULL, pad_modes),
  IR_ATTR_END,
};

const IrOpDesc ir_op_pad_1 = {
  .type = "Pad",
  .opset = 1,
  .min_inputs = 3,
  .max_inputs = 4,
  .n_outputs = 1,
  .attrs_size = sizeof (IrPadAttrs),
  .attrs = pad_attrs,
  .infer = infer_pad_1,
  .evaluate = ir_eval_strided,
  .summary = "extends dimensions with a value, the edge or a mirror image",
  .strided = strided_pad,
};

const IrOpDesc ir_op_pad_12 = {
  .type = "Pad",
  .opset = 12,
  .min_inputs = 3,
  .max_inputs = 4,
  .n_outputs = 1,
  .attrs_size = sizeof (IrPadAttrs),
  .attrs = pad_attrs,
  .infer = infer_pad_12,
  .evaluate = ir_eval_strided,
  .summary = "as Pad-1; negative pads take elements away",
  .strided = strided_pad,
};
