/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PASS_H
#define IR_PASS_H

#include <ir/graph.h>

G_BEGIN_DECLS

/**
 * IrPass:
 * @name: short, with dashes; what switches and reports use
 * @summary: one sentence for people
 * @run: edits a sorted, inferred graph and adds to @changes how many places it
 *   changed. It keeps shapes inferred only as far as it needs them itself: the
 *   runner infers and validates after each pass that changed something
 *
 * One rewrite of the graph. @data is what the list's owner passes to all of
 * them.
 *
 * Since: 0.1
 */
typedef struct {
  const char *name;
  const char *summary;
  gboolean (*run) (
      IrGraph *graph, gconstpointer data, gsize *changes, GError **error);
} IrPass;

/** IrPassReport: (scope call): called after each pass of a run with the number
 * of places it changed. Since: 0.1 */
typedef void (*IrPassReport) (const IrPass *pass, const IrGraph *graph,
    gsize changes, gpointer user_data);

/**
 * ir_passes_run:
 * @passes: (array length=n): in the order in which they run
 * @data: (nullable): passed to each
 * @report: (nullable): called after each
 *
 * Sub-graph bodies are rewritten too. With `IR_DEBUG=passes` changes are printed
 * on stderr, with `IR_DEBUG=roundtrip` the graph is written and read again
 * after each pass.
 *
 * Returns: %FALSE with the name of the pass in the message; the graph is then
 *   fit for ir_graph_unref() only
 *
 * Since: 0.1
 */
IR_API gboolean ir_passes_run (IrGraph *graph, const IrPass *const *passes,
    gsize n, gconstpointer data, IrPassReport report, gpointer user_data,
    GError **error);

/** ir_pass_fold: nodes whose inputs are all constant become Consts, as long as
 * the result is at most 64 MiB or not larger than what it was made from, and all
 * results together are in proportion to the model's own constants; a
 * Convert that only decompresses weights is folded too. Since: 0.1 */
IR_API extern const IrPass ir_pass_fold;
/** ir_node_fold: ir_pass_fold for one node; @changes is counted up if it became
 * Consts, and then the node is gone. Since: 0.1 */
IR_API gboolean ir_node_fold (IrNode *node, gsize *changes, GError **error);
/** ir_pass_fold_values: outputs whose value shape inference has found, such as
 * those of ShapeOf of a static shape, become Consts; what depends on constants
 * only is left to ir_pass_fold. Since: 0.1 */
IR_API extern const IrPass ir_pass_fold_values;
/** ir_pass_cse: nodes with the same op, attributes and inputs become one, equal
 * constants too. Since: 0.1 */
IR_API extern const IrPass ir_pass_cse;
/** ir_pass_dce: ir_graph_sweep(). Since: 0.1 */
IR_API extern const IrPass ir_pass_dce;
/** ir_pass_nop: removes nodes that change nothing: Convert to the same type,
 * Reshape, Transpose, Pad, Slice, Concat, Broadcast, Tile, MaxPool without effect.
 * Since: 0.1 */
IR_API extern const IrPass ir_pass_nop;

G_END_DECLS

#endif
