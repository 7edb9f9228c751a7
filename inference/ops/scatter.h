/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SCATTER_H
#define IR_SCATTER_H

#include "move.h"

G_BEGIN_DECLS

/*
 * What the scatter ops share: data in input 0, indices in input 1, updates in
 * input 2, and a way to join an update with what is there already.
 */

typedef enum {
  IR_SCATTER_NONE,
  IR_SCATTER_SUM,
  IR_SCATTER_SUB,
  IR_SCATTER_PROD,
  IR_SCATTER_MIN,
  IR_SCATTER_MAX,
  IR_SCATTER_MEAN,
} IrScatterReduction;

extern const char *const ir_scatter_names[];

/* Checks the types of the inputs and that @reduction is of the mask @allowed;
 * sets output 0 to the shape of the data. */
gboolean ir_scatter_infer (
    IrInferCtx *ctx, gint reduction, guint allowed, GError **error);

/* Joins @n updates with what is at @into, element by element. */
typedef void (*IrScatterFunc) (gpointer into, gconstpointer updates, gint64 n);

/* How @reduction joins elements of @dtype, which ir_scatter_infer() accepted; of
 * IR_SCATTER_MEAN the sum. */
IrScatterFunc ir_scatter_func (IrDType dtype, IrScatterReduction reduction);

/* Divides element @i of @tensor by @count; integers are cut off. */
void ir_scatter_divide (IrTensor *tensor, gint64 i, gint64 count);

G_END_DECLS

#endif
