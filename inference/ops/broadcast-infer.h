/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BROADCAST_INFER_H
#define IR_BROADCAST_INFER_H

#include "typed.h"

G_BEGIN_DECLS

/* The attribute table of ops whose only attribute is auto_broadcast. */
extern const IrAttrDesc ir_auto_broadcast_attrs[];

/* Joins the shape of input @index to @into by the rule @mode, an
 * #IrBroadcastMode. */
gboolean ir_infer_join (
    IrInferCtx *ctx, guint index, gint mode, IrShape *into, GError **error);

/* Output 0 of an op on two inputs of one type of the kinds @accept: @dtype, or
 * theirs for IR_DTYPE_DYNAMIC. The attributes are an IrBroadcastAttrs. */
gboolean ir_infer_binary (
    IrInferCtx *ctx, guint accept, IrDType dtype, GError **error);

G_END_DECLS

#endif
