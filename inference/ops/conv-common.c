/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conv-common.h"

const IrAttrDesc ir_conv_attrs[] = {
  IR_ATTR_ROW (IrConvAttrs, strides, I64S, NULL),
  IR_ATTR_ROW (IrConvAttrs, dilations, I64S, NULL),
  IR_ATTR_ROW (IrConvAttrs, pads_begin, I64S, NULL),
  IR_ATTR_ROW (IrConvAttrs, pads_end, I64S, NULL),
  IR_ATTR_ENUM_ROW (IrConvAttrs, auto_pad, "explicit", ir_auto_pad_names),
  IR_ATTR_END,
};

const IrAttrDesc ir_conv_backprop_attrs[] = {
  IR_ATTR_ROW (IrConvAttrs, strides, I64S, NULL),
  IR_ATTR_ROW (IrConvAttrs, dilations, I64S, NULL),
  IR_ATTR_ROW (IrConvAttrs, pads_begin, I64S, NULL),
  IR_ATTR_ROW (IrConvAttrs, pads_end, I64S, NULL),
  IR_ATTR_ENUM_ROW (IrConvAttrs, auto_pad, "explicit", ir_auto_pad_names),
  IR_ATTR_ROW (IrConvAttrs, output_padding, I64S, ""),
  IR_ATTR_END,
};

gboolean
ir_conv_product (gint64 a, gint64 b, gint64 *product, GError **error)
{
  *product = IR_DIM_UNKNOWN;
  if (a == IR_DIM_UNKNOWN || b == IR_DIM_UNKNOWN)
    return TRUE;
  if (__builtin_mul_overflow (a, b, product)) {
    return ir_fail (error, IR_ERROR_LIMIT,
        "the product of the sizes %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
        " is too large",
        a, b);
  }
  return TRUE;
}

static gboolean
check_types_and_ranks (
    IrInferCtx *ctx, gboolean grouped, gint *rank, GError **error)
{
  const gint weights_rank = ctx->in_shape[1].rank;
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, 2, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_infer_rank (ctx, 0, IR_CONV_RANKS, "data", error) ||
      !ir_infer_rank (
          ctx, 1, IR_CONV_RANKS << (grouped ? 1 : 0), "weights", error))
    return FALSE;

  *rank = ctx->in_shape[0].rank;
  if (*rank == IR_RANK_UNKNOWN && weights_rank != IR_RANK_UNKNOWN)
    *rank = weights_rank - (grouped ? 1 : 0);
  if (weights_rank != IR_RANK_UNKNOWN &&
      weights_rank != *rank + (grouped ? 1 : 0)) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "data of rank %d take weights of rank %d, not %d", *rank,
        *rank + (grouped ? 1 : 0), weights_rank);
  }

  ctx->out_dtype[0] = dtype;
  return TRUE;
}

/* Channels of input and output that the weights' shape stands for. */
static gboolean
weights_channels (const IrShape *weights, IrConvKind kind, gint64 *in,
    gint64 *out, GError **error)
{
  const gint64 *dim = weights->dim + (kind.grouped ? 1 : 0);
  const gint64 groups = kind.grouped ? weights->dim[0] : 1;

  if (groups == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "the weights have no groups");
  if (!ir_conv_product (groups, dim[kind.backprop ? 0 : 1], in, error) ||
      !ir_conv_product (groups, dim[kind.backprop ? 1 : 0], out, error))
    return FALSE;
  if (*in == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "the weights are for no channels");
  return TRUE;
}

gboolean
ir_conv_infer_channels (IrInferCtx *ctx, IrConvKind kind, gint *rank,
    IrShape *out, gint64 *kernel, GError **error)
{
  const IrShape *data = &ctx->in_shape[0], *weights = &ctx->in_shape[1];
  gint64 wanted;

  if (!check_types_and_ranks (ctx, kind.grouped, rank, error))
    return FALSE;
  *out = ir_shape_unknown ();
  if (*rank == IR_RANK_UNKNOWN)
    return TRUE;

  *out = ir_shape_of_rank (*rank);
  if (data->rank != IR_RANK_UNKNOWN)
    out->dim[0] = data->dim[0];
  for (gint i = 0; i < *rank - 2; i++)
    kernel[i] = weights->rank == IR_RANK_UNKNOWN
        ? IR_DIM_UNKNOWN
        : weights->dim[weights->rank - *rank + 2 + i];
  if (weights->rank == IR_RANK_UNKNOWN)
    return TRUE;

  if (!weights_channels (weights, kind, &wanted, &out->dim[1], error))
    return FALSE;
  if (data->rank != IR_RANK_UNKNOWN && data->dim[1] != IR_DIM_UNKNOWN &&
      wanted != IR_DIM_UNKNOWN && data->dim[1] != wanted) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "the data have %" G_GINT64_FORMAT
        " channels, the weights are for %" G_GINT64_FORMAT,
        data->dim[1], wanted);
  }
  return TRUE;
}

void
ir_conv_set_spatial (IrShape *shape, const gint64 *sizes)
{
  for (gint i = 2; i < shape->rank; i++)
    shape->dim[i] = sizes[i - 2];
}

IrConvGeometry
ir_conv_3d (const IrConvGeometry *geometry)
{
  const guint missing = IR_MAX_SPATIAL - geometry->n;
  IrConvGeometry g = { .n = IR_MAX_SPATIAL };

  for (guint i = 0; i < IR_MAX_SPATIAL; i++) {
    const guint from = i < missing ? 0 : i - missing;
    const gboolean given = i >= missing;

    g.in[i] = given ? geometry->in[from] : 1;
    g.kernel[i] = given ? geometry->kernel[from] : 1;
    g.stride[i] = given ? geometry->stride[from] : 1;
    g.dilation[i] = given ? geometry->dilation[from] : 1;
    g.pad_begin[i] = given ? geometry->pad_begin[from] : 0;
    g.pad_end[i] = given ? geometry->pad_end[from] : 0;
    g.out[i] = given ? geometry->out[from] : 1;
  }

  return g;
}

/* a / b rounded up, b > 0, but not below 0. */
static gint64
divide_up (gint64 a, gint64 b)
{
  return a <= 0 ? 0 : (a + b - 1) / b;
}

void
ir_conv_window (const IrConvGeometry *geometry, guint i, gint64 out,
    gint64 *first, gint64 *end)
{
  const gint64 shift = geometry->pad_begin[i] - out * geometry->stride[i];

  *first = divide_up (shift, geometry->dilation[i]);
  *end = divide_up (geometry->in[i] + shift, geometry->dilation[i]);
  *end = MIN (*end, geometry->kernel[i]);
  *first = MIN (*first, *end);
}

void
ir_conv_useful (
    const IrConvGeometry *geometry, guint i, gint64 *first, gint64 *end)
{
  gint64 unused;

  ir_conv_window (geometry, i, geometry->out[i] - 1, first, &unused);
  ir_conv_window (geometry, i, 0, &unused, end);
  *first = MIN (*first, *end);
}

void
ir_conv_tap (const IrConvGeometry *geometry, guint i, gint64 k, gint64 *first,
    gint64 *end)
{
  const gint64 shift = geometry->pad_begin[i] - k * geometry->dilation[i];

  *first = divide_up (shift, geometry->stride[i]);
  *end = divide_up (geometry->in[i] + shift, geometry->stride[i]);
  *end = MIN (*end, geometry->out[i]);
  *first = MIN (*first, *end);
}
