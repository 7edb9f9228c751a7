/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_TENSOR_POOL_H
#define IR_TENSOR_POOL_H

#include <ir/tensor.h>

G_BEGIN_DECLS

/**
 * IrTensorPool: tensors of one type and shape whose memory is used again
 *
 * A tensor keeps the pool alive; its memory comes back with its last reference.
 * The contents are those of an earlier use. Any thread may do anything.
 */
typedef struct _IrTensorPool IrTensorPool;

/** ir_tensor_pool_new: (transfer full): an empty pool. */
IrTensorPool *ir_tensor_pool_new (IrDType dtype, const IrShape *shape);
/** ir_tensor_pool_unref: */
void ir_tensor_pool_unref (IrTensorPool *pool);

/** ir_tensor_pool_take: (transfer full): a tensor, or %NULL with
 * %IR_ERROR_LIMIT. */
IrTensor *ir_tensor_pool_take (IrTensorPool *pool, GError **error);

G_END_DECLS

#endif
