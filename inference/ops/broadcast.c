/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

typedef struct {
  gint mode;
} BroadcastAttrs;

/* OpenVINO writes "none" for "explicit" of Broadcast-1. */
static gboolean
is_explicit (const void *attrs)
{
  const gint mode = ((const BroadcastAttrs *) attrs)->mode;

  return mode == IR_BROADCAST_EXPLICIT || mode == IR_BROADCAST_NONE;
}

/* Checks that @data, whose dimension i lies at axes[i] of @target, stretches
 * to it, and keeps what @data knows beyond @target. */
static gboolean
stretch (
    const IrShape *data, const guint *axes, IrShape *target, GError **error)
{
  for (gint i = 0; i < data->rank; i++) {
    gint64 *dim = &target->dim[axes[i]];

    if (*dim == IR_DIM_UNKNOWN && data->dim[i] > 1)
      *dim = data->dim[i];
    if (data->dim[i] > 1 || data->dim[i] == 0) {
      if (*dim != data->dim[i] && *dim != IR_DIM_UNKNOWN) {
        char a[IR_SHAPE_TEXT], b[IR_SHAPE_TEXT];

        return ir_fail (error, IR_ERROR_SHAPE,
            "%s does not stretch to %s: dimension %d is %" G_GINT64_FORMAT
            ", not 1 or %" G_GINT64_FORMAT,
            ir_shape_print (data, a), ir_shape_print (target, b), i,
            data->dim[i], *dim);
      }
    }
  }
  return TRUE;
}

static gboolean
align (const IrShape *data, gint rank, guint *axes, GError **error)
{
  if (data->rank > rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "data of rank %d cannot be stretched to %d dimensions", data->rank,
        rank);
  for (gint i = 0; i < data->rank; i++)
    axes[i] = rank - data->rank + i;
  return TRUE;
}

static gboolean
check_mapping (const IrShape *data, gint rank, const gint64 *mapping, gsize n,
    guint *axes, GError **error)
{
  if ((gsize) data->rank != n)
    return ir_fail (error, IR_ERROR_SHAPE,
        "axes_mapping has %" G_GSIZE_FORMAT " axes for data of rank %d", n,
        data->rank);
  for (gsize i = 0; i < n; i++) {
    if (mapping[i] < 0 || mapping[i] >= rank ||
        (i > 0 && mapping[i] <= mapping[i - 1]))
      return ir_fail (error, IR_ERROR_SHAPE,
          "axes_mapping must ascend within the %d dimensions of the target, "
          "element %" G_GSIZE_FORMAT " is %" G_GINT64_FORMAT,
          rank, i, mapping[i]);
    axes[i] = mapping[i];
  }
  return TRUE;
}

/* The target shape as far as it is known; unknown rank if not even that. */
static gboolean
infer_target (IrInferCtx *ctx, IrShape *target, GError **error)
{
  const gint64 length = ir_list_length (&ctx->in_shape[1]);
  gint64 values[IR_MAX_RANK];
  gboolean known;
  gsize n;

  if (!ir_infer_integers (ctx, 1, "the target shape", error) ||
      !ir_infer_rank (ctx, 1, 1 << 1, "the target shape", error) ||
      !ir_infer_ints (ctx, 1, values, IR_MAX_RANK, &n, &known, error))
    return FALSE;
  if (length > IR_MAX_RANK)
    return ir_fail (error, IR_ERROR_LIMIT,
        "%" G_GINT64_FORMAT " dimensions are more than %d", length,
        IR_MAX_RANK);
  *target = length < 0 ? ir_shape_unknown () : ir_shape_of_rank (length);
  for (gsize i = 0; known && i < n; i++) {
    if (values[i] < 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GSIZE_FORMAT
          " of the target shape is %" G_GINT64_FORMAT,
          i, values[i]);
    target->dim[i] = values[i];
  }
  return TRUE;
}

static gboolean
infer_mapped (IrInferCtx *ctx, IrShape *target, GError **error)
{
  const IrShape *data = &ctx->in_shape[0];
  gint64 mapping[IR_MAX_RANK];
  guint axes[IR_MAX_RANK];
  gboolean known;
  gsize n;

  if (ctx->n_inputs < 3)
    return ir_fail (error, IR_ERROR_SHAPE,
        "mode \"explicit\" needs a third input, axes_mapping");
  if (!ir_infer_integers (ctx, 2, "axes_mapping", error) ||
      !ir_infer_rank (ctx, 2, 1 << 1, "axes_mapping", error) ||
      !ir_infer_ints (ctx, 2, mapping, IR_MAX_RANK, &n, &known, error))
    return FALSE;
  if (!known || data->rank == IR_RANK_UNKNOWN ||
      target->rank == IR_RANK_UNKNOWN)
    return TRUE;
  return check_mapping (data, target->rank, mapping, n, axes, error) &&
      stretch (data, axes, target, error);
}

static gboolean
infer_broadcast (IrInferCtx *ctx, GError **error)
{
  const BroadcastAttrs *attrs = ctx->attrs;
  const IrShape *data = &ctx->in_shape[0];
  char a[IR_SHAPE_TEXT], b[IR_SHAPE_TEXT];
  guint axes[IR_MAX_RANK];
  IrShape out;

  if (!ir_infer_whole_bytes (ctx, 0, error) || !infer_target (ctx, &out, error))
    return FALSE;
  if (is_explicit (attrs)) {
    if (!infer_mapped (ctx, &out, error))
      return FALSE;
  } else if (data->rank != IR_RANK_UNKNOWN && out.rank != IR_RANK_UNKNOWN) {
    if (attrs->mode == IR_BROADCAST_BIDIRECTIONAL) {
      if (!ir_shape_broadcast (&out, data))
        return ir_fail (error, IR_ERROR_SHAPE,
            "%s and %s have no common broadcast shape",
            ir_shape_print (data, a), ir_shape_print (&out, b));
    } else if (!align (data, out.rank, axes, error) ||
        !stretch (data, axes, &out, error)) {
      return FALSE;
    }
  } else if (attrs->mode == IR_BROADCAST_BIDIRECTIONAL) {
    out = ir_shape_unknown ();
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
strided_broadcast (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape;
  const gint rank = ctx->out[0]->shape.rank;
  gint64 mapping[IR_MAX_RANK];
  guint axes[IR_MAX_RANK];
  gsize n;

  if (is_explicit (ctx->attrs)) {
    if (!ir_eval_ints (ctx, 2, mapping, IR_MAX_RANK, &n, error) ||
        !check_mapping (in, rank, mapping, n, axes, error))
      return FALSE;
  } else if (!align (in, rank, axes, error)) {
    return FALSE;
  }
  for (gint i = 0; i < in->rank; i++)
    if (in->dim[i] != 1)
      strided->step[axes[i]] = steps[i];
  return TRUE;
}

static const IrAttrDesc broadcast_attrs[] = {
  IR_ATTR_ENUM_ROW (BroadcastAttrs, mode, "numpy", ir_broadcast_names),
  IR_ATTR_END,
};

const IrOpDesc ir_op_broadcast_1 = {
  .type = "Broadcast",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .attrs_size = sizeof (BroadcastAttrs),
  .attrs = broadcast_attrs,
  .infer = infer_broadcast,
  .evaluate = ir_eval_strided,
  .summary = "repeats dimensions of 1 up to a target shape",
  .strided = strided_broadcast,
};

const IrOpDesc ir_op_broadcast_3 = {
  .type = "Broadcast",
  .opset = 3,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .attrs_size = sizeof (BroadcastAttrs),
  .attrs = broadcast_attrs,
  .infer = infer_broadcast,
  .evaluate = ir_eval_strided,
  .summary = "repeats dimensions of 1 up to a target shape, or of both",
  .strided = strided_broadcast,
};
