/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INFER_PRIVATE_H
#define IR_INFER_PRIVATE_H

#include <ir/graph.h>

G_BEGIN_DECLS

/* An inference context with what it reads. */
typedef struct {
  IrInferCtx ctx;
  IrDType *in_dtype;
  IrShape *in_shape;
  const IrTensor **in_value;
} IrInfer;

/* FALSE if @scratch has no memory for it; to be cleared if there is. */
gboolean ir_infer_init (
    IrInfer *infer, const IrNode *node, IrScratch *scratch, GError **error);
void ir_infer_clear (IrInfer *infer);

/* Calls the op's infer and checks what it says; errors name the node. */
gboolean ir_infer_run (IrInfer *infer, GError **error);

/* Puts the node's name in front of a message. */
void ir_prefix_node (GError **error, const IrNode *node);

G_END_DECLS

#endif
