/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_GRAPH_PRIVATE_H
#define IR_GRAPH_PRIVATE_H

#include <ir/graph.h>
#include "arena.h"

G_BEGIN_DECLS

/* @halves need not be aligned. */
void ir_f16s_to_f32 (gconstpointer halves, float *out, gsize n);

/* Its elements are not set; what kernels may read behind them is. */
IrTensor *ir_tensor_new_unset (
    IrDType dtype, const IrShape *shape, GError **error);

/* A node of the same op and attributes without edges, bodies included. */
IrNode *ir_graph_copy_node (IrGraph *graph, const IrNode *node);

/* Forgets what was inferred, names stay. */
void ir_output_clear (IrOutput *output);

/* Finds entries of rt_info by their path. */
GHashTable *ir_meta_table_new (void);

void ir_output_add_use (IrPort port, IrNode *user, guint index);
void ir_output_remove_use (IrPort port, IrNode *user, guint index);

G_END_DECLS

#endif
