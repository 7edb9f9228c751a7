/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BRANCHES_H
#define IR_BRANCHES_H

#include "../rewrite.h"

G_BEGIN_DECLS

/*
 * Branches of like layers that become one layer with more channels. A layer is an
 * array with the node of each branch.
 */

/* A convolution of any kind with constant weights. */
gboolean ir_branch_is_conv (const IrNode *node);

/* The tensor that a layer behind a convolution works on, if it does the same to
 * all elements of a channel: an activation, or a constant added or multiplied. */
gboolean ir_branch_input (const IrNode *node, IrPort *x);

/* (transfer none): a Const of @shape with the weights one behind the other. */
IrNode *ir_branches_weights (
    IrNode *const *convs, gsize n, const IrShape *shape, GError **error);

/* Adds what @layer does, for all channels of the branches one behind the other, to
 * @tail. */
gboolean ir_branches_add_layer (
    IrNode *const *layer, gsize n, IrPort *tail, GError **error);

G_END_DECLS

#endif
