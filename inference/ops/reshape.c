/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

/* The product of the dimensions of @shape whose bit in @skip is not set. */
static gboolean
product (const IrShape *shape, guint skip, gint64 *size, GError **error)
{
  *size = 1;
  for (gint i = 0; i < shape->rank; i++)
    if (!(skip & (1u << i)) && !ir_dim_mul (size, shape->dim[i], error))
      return FALSE;
  return TRUE;
}

/* The dimension written as -1 takes what the others leave. Copied dimensions
 * (@copied) cancel out, so that they may be unknown. */
static gboolean
fill_wildcard (const IrShape *in, IrShape *out, gint wildcard, guint copied,
    GError **error)
{
  const guint skip = copied | (1u << wildcard);
  gint64 have, others;

  if (!product (in, copied, &have, error) ||
      !product (out, skip, &others, error))
    return FALSE;
  if (have == IR_DIM_UNKNOWN || others == IR_DIM_UNKNOWN)
    return TRUE;
  if (others == 0 ? have != 0 : have % others != 0) {
    char text[IR_SHAPE_TEXT];

    return ir_fail (error, IR_ERROR_SHAPE,
        "shape %s cannot be divided by the dimensions that are given beside "
        "-1 (product %" G_GINT64_FORMAT ")",
        ir_shape_print (in, text), others);
  }
  out->dim[wildcard] = others == 0 ? 0 : have / others;
  return TRUE;
}

static gboolean
check_count (const IrShape *in, const IrShape *out, GError **error)
{
  char from[IR_SHAPE_TEXT], to[IR_SHAPE_TEXT];
  gint64 have, want;

  if (!product (in, 0, &have, error) || !product (out, 0, &want, error))
    return FALSE;
  if (have == want || have == IR_DIM_UNKNOWN || want == IR_DIM_UNKNOWN)
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "%s cannot become %s: %" G_GINT64_FORMAT " elements against "
      "%" G_GINT64_FORMAT,
      ir_shape_print (in, from), ir_shape_print (out, to), have, want);
}

/* Turns the target with its 0 and -1 into the output's shape. */
static gboolean
resolve (const IrShape *in, const gint64 *target, gsize n, gboolean zero_copies,
    IrShape *out, GError **error)
{
  gint wildcard = -1;
  guint copied = 0;

  for (gsize i = 0; i < n; i++) {
    out->dim[i] = target[i];
    if (target[i] < -1 || (target[i] == -1 && wildcard >= 0))
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GSIZE_FORMAT " of the target shape is "
          "%" G_GINT64_FORMAT "; only sizes and a single -1 are allowed",
          i, target[i]);
    if (target[i] == -1)
      wildcard = i;
    if (target[i] != 0 || !zero_copies)
      continue;
    if (in->rank != IR_RANK_UNKNOWN && (gint) i >= in->rank)
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GSIZE_FORMAT " of the target shape copies a dimension "
          "that an input of rank %d does not have",
          i, in->rank);
    out->dim[i] = in->rank == IR_RANK_UNKNOWN ? IR_DIM_UNKNOWN : in->dim[i];
    copied |= 1u << i;
  }
  if (in->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (wildcard >= 0 && !fill_wildcard (in, out, wildcard, copied, error))
    return FALSE;
  return check_count (in, out, error);
}

static gboolean
infer_reshape (IrInferCtx *ctx, GError **error)
{
  const IrReshapeAttrs *attrs = ctx->attrs;
  const gint64 length = ir_list_length (&ctx->in_shape[1]);
  gint64 target[IR_MAX_RANK];
  gboolean known;
  gsize n;
  IrShape out;

  if (!ir_infer_integers (ctx, 1, "the target shape", error) ||
      !ir_infer_rank (ctx, 1, 1 << 0 | 1 << 1, "the target shape", error) ||
      !ir_infer_ints (ctx, 1, target, IR_MAX_RANK, &n, &known, error))
    return FALSE;
  if (length > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "%" G_GINT64_FORMAT " dimensions are more than %d", length,
        IR_MAX_RANK);
  out = length < 0 ? ir_shape_unknown () : ir_shape_of_rank (length);
  /* A target that is a scalar itself asks for a scalar. */
  if (ctx->in_shape[1].rank == 0) {
    out = ir_shape_scalar ();
    if (!check_count (&ctx->in_shape[0], &out, error))
      return FALSE;
  } else if (known) {
    out = ir_shape_of_rank (n);
    if (!resolve (
            &ctx->in_shape[0], target, n, attrs->special_zero, &out, error))
      return FALSE;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
evaluate_reshape (IrEvalCtx *ctx, GError **error)
{
  if (ctx->out[0]->size)
    memcpy (ctx->out[0]->data, ctx->in[0]->data, ctx->out[0]->size);
  return TRUE;
}

static const IrAttrDesc reshape_attrs[] = {
  IR_ATTR_ROW (IrReshapeAttrs, special_zero, BOOL, NULL),
  IR_ATTR_END,
};

const IrOpDesc ir_op_reshape_1 = {
  .type = "Reshape",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (IrReshapeAttrs),
  .attrs = reshape_attrs,
  .infer = infer_reshape,
  .evaluate = evaluate_reshape,
  .summary = "the same elements under another shape; -1 is computed, 0 copied "
             "with special_zero",
};

/* --- Squeeze and Unsqueeze ------------------------------------------------ */

typedef struct {
  gboolean allow_axis_skip;
} SqueezeAttrs;

/* Without axes every 1 goes, which an unknown dimension leaves open. */
static IrShape
squeeze_all (const IrShape *in)
{
  IrShape out = ir_shape_scalar ();

  for (gint i = 0; i < in->rank; i++) {
    if (in->dim[i] == IR_DIM_UNKNOWN)
      return ir_shape_unknown ();
    if (in->dim[i] != 1)
      out.dim[out.rank++] = in->dim[i];
  }
  return out;
}

static gboolean
squeeze_axes (const IrShape *in, const guint *axes, gsize n, gboolean skip,
    IrShape *out, GError **error)
{
  guint drop = 0;

  for (gsize i = 0; i < n; i++) {
    const gint64 dim = in->dim[axes[i]];

    if (dim == 1 || (dim == IR_DIM_UNKNOWN && !skip)) {
      drop |= 1u << axes[i];
    } else if (dim == IR_DIM_UNKNOWN) {
      *out = ir_shape_unknown ();
      return TRUE;
    } else if (!skip) {
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %u is %" G_GINT64_FORMAT ", only one of 1 can be removed",
          axes[i], dim);
    }
  }
  *out = ir_shape_scalar ();
  for (gint i = 0; i < in->rank; i++)
    if (!(drop & (1u << i)))
      out->dim[out->rank++] = in->dim[i];
  return TRUE;
}

static gboolean
infer_squeeze (IrInferCtx *ctx, gboolean skip, GError **error)
{
  const IrShape *in = &ctx->in_shape[0];
  IrShape out = ir_shape_unknown ();
  guint axes[IR_MAX_RANK];
  gboolean known = FALSE;
  gsize n = 0;

  if (ctx->n_inputs > 1 &&
      (!ir_infer_integers (ctx, 1, "axes", error) ||
          !ir_infer_rank (ctx, 1, 1 << 0 | 1 << 1, "axes", error) ||
          !ir_infer_axes (ctx, 1, 0, axes, &n, &known, error)))
    return FALSE;
  if (in->rank != IR_RANK_UNKNOWN) {
    if (ctx->n_inputs == 1 || (known && n == 0))
      out = squeeze_all (in);
    else if (known && !squeeze_axes (in, axes, n, skip, &out, error))
      return FALSE;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
infer_squeeze_1 (IrInferCtx *ctx, GError **error)
{
  return infer_squeeze (ctx, FALSE, error);
}

static gboolean
infer_squeeze_15 (IrInferCtx *ctx, GError **error)
{
  return infer_squeeze (
      ctx, ((const SqueezeAttrs *) ctx->attrs)->allow_axis_skip, error);
}

const IrOpDesc ir_op_squeeze_1 = {
  .type = "Squeeze",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 2,
  .n_outputs = 1,
  .infer = infer_squeeze_1,
  .evaluate = evaluate_reshape,
  .summary = "removes dimensions of 1: the given axes, or all",
};

static const IrAttrDesc squeeze_attrs[] = {
  IR_ATTR_ROW (SqueezeAttrs, allow_axis_skip, BOOL, "false"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_squeeze_15 = {
  .type = "Squeeze",
  .opset = 15,
  .min_inputs = 1,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (SqueezeAttrs),
  .attrs = squeeze_attrs,
  .infer = infer_squeeze_15,
  .evaluate = evaluate_reshape,
  .summary = "removes dimensions of 1; with allow_axis_skip others are left",
};

/* The axes are those of the output. */
static gboolean
unsqueeze_axes (const IrShape *in, const gint64 *axes, gsize n, IrShape *out,
    GError **error)
{
  const gint rank = in->rank + (gint) n;
  guint added = 0;
  gint from = 0;

  if (rank > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT, "%d dimensions are more than %d",
        rank, IR_MAX_RANK);
  for (gsize i = 0; i < n; i++) {
    guint axis;

    if (!ir_normalise_axis (rank, axes[i], &axis, error))
      return FALSE;
    if (added & (1u << axis))
      return ir_fail (error, IR_ERROR_SHAPE, "axis %u is given twice", axis);
    added |= 1u << axis;
  }
  *out = ir_shape_of_rank (rank);
  for (gint i = 0; i < rank; i++)
    out->dim[i] = added & (1u << i) ? 1 : in->dim[from++];
  return TRUE;
}

static gboolean
infer_unsqueeze (IrInferCtx *ctx, GError **error)
{
  const IrShape *in = &ctx->in_shape[0];
  const gint64 length = ir_list_length (&ctx->in_shape[1]);
  IrShape out = ir_shape_unknown ();
  gint64 axes[IR_MAX_RANK];
  gboolean known;
  gsize n;

  if (!ir_infer_integers (ctx, 1, "axes", error) ||
      !ir_infer_rank (ctx, 1, 1 << 0 | 1 << 1, "axes", error) ||
      !ir_infer_ints (ctx, 1, axes, IR_MAX_RANK, &n, &known, error))
    return FALSE;
  if (in->rank != IR_RANK_UNKNOWN) {
    if (known && !unsqueeze_axes (in, axes, n, &out, error))
      return FALSE;
    if (!known && length >= 0 && length <= IR_MAX_RANK - in->rank)
      out = ir_shape_of_rank (in->rank + (gint) length);
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

const IrOpDesc ir_op_unsqueeze_1 = {
  .type = "Unsqueeze",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .infer = infer_unsqueeze,
  .evaluate = evaluate_reshape,
  .summary = "inserts dimensions of 1 at the axes, which count in the output",
};
