/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_INSPECT_H
#define IR_INSPECT_H

#include <ir/graph.h>

G_BEGIN_DECLS

/* What ir-inspect knows about a model. Bodies count once, however often they
 * are run.
 * @macs: multiplications of convolutions and matrix products
 * @n_unknown: nodes whose multiplications are not known for want of shapes
 * @parameters: numbers in constants, integers of 32 bits and more excepted:
 *   those are axes, shapes and the like
 * @weight_bytes: bytes of all constants, shared ones once
 * @ops: (element-type utf8 guint): "Type-opset" to number of nodes
 * @dtypes: (element-type utf8 guint64): type to bytes of constants */
typedef struct {
  guint64 macs;
  guint n_nodes;
  guint n_unknown;
  guint64 parameters;
  guint64 weight_bytes;
  GHashTable *ops;
  GHashTable *dtypes;
} IrStats;

void ir_stats_init (IrStats *stats, const IrGraph *graph);
void ir_stats_clear (IrStats *stats);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (IrStats, ir_stats_clear)

void ir_inspect_summary (const IrGraph *graph, const IrStats *stats);
void ir_inspect_ops (const IrGraph *graph);
/* (transfer full): one object. */
char *ir_inspect_json (const IrGraph *graph, const IrStats *stats);

/* Compares structure, attributes and values from the Results on, whatever things
 * are called, and prints the differences. Returns how many there are. */
guint ir_inspect_diff (const IrGraph *a, const IrGraph *b);

G_END_DECLS

#endif
