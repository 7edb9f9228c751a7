/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "broadcast-infer.h"

const IrAttrDesc ir_auto_broadcast_attrs[] = {
  IR_ATTR_ENUM_ROW (
      IrBroadcastAttrs, auto_broadcast, "numpy", ir_broadcast_names),
  IR_ATTR_END,
};

/* @other stretches to @into, which keeps its size. */
static gboolean
join_one_way (IrShape *into, const IrShape *other)
{
  IrShape joined = *into;

  if (into->rank == IR_RANK_UNKNOWN || other->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (other->rank > into->rank || !ir_shape_broadcast (&joined, other))
    return FALSE;
  for (gint d = 0; d < into->rank; d++) {
    if (into->dim[d] != IR_DIM_UNKNOWN && into->dim[d] != joined.dim[d])
      return FALSE;
  }
  return TRUE;
}

gboolean
ir_infer_join (
    IrInferCtx *ctx, guint index, gint mode, IrShape *into, GError **error)
{
  const IrShape *shape = &ctx->in_shape[index];
  char text[2][IR_SHAPE_TEXT];
  gboolean ok;

  switch (mode) {
    case IR_BROADCAST_NONE:
      ok = ir_shape_merge (into, shape);
      break;
    case IR_BROADCAST_NUMPY:
      ok = ir_shape_broadcast (into, shape);
      break;
    case IR_BROADCAST_PDPD:
      ok = join_one_way (into, shape);
      break;
    default:
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "auto_broadcast is %s; none, numpy and pdpd are supported",
          ir_broadcast_names[mode]);
  }
  if (ok)
    return TRUE;

  return ir_fail (error, IR_ERROR_SHAPE,
      "the shape %s of input %u does not go with %s (auto_broadcast is %s)",
      ir_shape_print (shape, text[0]), index, ir_shape_print (into, text[1]),
      ir_broadcast_names[mode]);
}

gboolean
ir_infer_binary (IrInferCtx *ctx, guint accept, IrDType dtype, GError **error)
{
  const IrBroadcastAttrs *attrs = ctx->attrs;
  IrShape shape = ctx->in_shape[0];
  IrDType common;

  if (!ir_infer_same_dtype (ctx, 0, 2, &common, error) ||
      !ir_infer_accept (common, accept, "the data", error) ||
      !ir_infer_join (ctx, 1, attrs->auto_broadcast, &shape, error))
    return FALSE;

  ctx->out_dtype[0] = dtype == IR_DTYPE_DYNAMIC ? common : dtype;
  ctx->out_shape[0] = shape;
  return TRUE;
}
