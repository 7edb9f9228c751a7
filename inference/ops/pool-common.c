/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-common.h"

gboolean
ir_pool_infer_shape (IrInferCtx *ctx, GError **error)
{
  const IrPoolAttrs *attrs = ctx->attrs;
  IrShape out = ctx->in_shape[0];
  IrConvGeometry g;

  if (!ir_infer_rank (ctx, 0, IR_CONV_RANKS, "data", error))
    return FALSE;
  if (out.rank == IR_RANK_UNKNOWN)
    out = ir_shape_of_rank ((gint) MIN (attrs->kernel.n, IR_MAX_SPATIAL) + 2);
  if (!ir_pool_geometry (attrs, (guint) out.rank - 2, out.dim + 2, &g, error))
    return FALSE;

  ir_conv_set_spatial (&out, g.out);
  for (gsize i = 0; i < ctx->n_outputs; i++)
    ctx->out_shape[i] = out;
  return TRUE;
}

gboolean
ir_pool_infer_index (IrInferCtx *ctx, gint dtype, GError **error)
{
  if (dtype != IR_DTYPE_I32 && dtype != IR_DTYPE_I64) {
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "index_element_type is %s, only i32 and i64 are supported",
        ir_dtype_name ((IrDType) dtype));
  }

  ctx->out_dtype[1] = (IrDType) dtype;
  return TRUE;
}
