/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_POOL_COMMON_H
#define IR_POOL_COMMON_H

#include "conv-common.h"

G_BEGIN_DECLS

/* Sets every output to the shape that pooling input 0 gives; types are the
 * caller's business. */
gboolean ir_pool_infer_shape (IrInferCtx *ctx, GError **error);

/* Checks and sets the type of an index output. */
gboolean ir_pool_infer_index (IrInferCtx *ctx, gint dtype, GError **error);

/* Stores @value as i32 or i64. */
static inline void
ir_pool_set_index (IrTensor *tensor, gsize at, gint64 value)
{
  if (tensor->dtype == IR_DTYPE_I32)
    ((gint32 *) tensor->data)[at] = (gint32) value;
  else
    ((gint64 *) tensor->data)[at] = value;
}

G_END_DECLS

#endif
