/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_XML_H
#define IR_XML_H

#include <ir/graph.h>

G_BEGIN_DECLS

/**
 * ir_graph_read:
 * @xml_path: the `.xml` of an IR v2 to v7, v10 or v11
 * @bin_path: (nullable): its weights; %NULL takes the `.bin` beside it, which
 *   may be missing if the model has no constants
 *
 * Reads a model and infers its shapes. The weights are mapped, not copied;
 * single constants that are not aligned for their type are. The files must not
 * be changed in place as long as the graph or a tensor of it lives (replacing
 * them by rename is fine).
 *
 * Returns: (transfer full): the graph, or %NULL with an error that names the
 *   file and the layer: %IR_ERROR_NOT_FOUND, %IR_ERROR_PARSE,
 *   %IR_ERROR_UNSUPPORTED (version, op, type; every unsupported op is listed at
 *   once), %IR_ERROR_SHAPE, %IR_ERROR_LIMIT
 *
 * Since: 0.1
 */
IR_API IrGraph *ir_graph_read (
    const char *xml_path, const char *bin_path, GError **error);

/**
 * ir_graph_read_memory:
 * @xml: (array length=xml_size): the text
 * @weights: (nullable): the contents of the `.bin`; a reference is kept
 * @label: what to call it in messages
 *
 * Returns: (transfer full): as ir_graph_read()
 *
 * Since: 0.1
 */
IR_API IrGraph *ir_graph_read_memory (const char *xml, gsize xml_size,
    GBytes *weights, const char *label, GError **error);

/**
 * ir_graph_write:
 * @graph: an inferred graph
 * @xml_path: where the `.xml` goes; the `.bin` goes beside it
 * @version: 11; 10, which has the opsets up to 7 and known sizes only; or 7, which has
 *   layers with their weights inside. What they can't hold is
 *   %IR_ERROR_UNSUPPORTED, as are other versions
 *
 * Writes both files under temporary names, syncs them and renames them. Equal
 * constants are stored once, each aligned to 64 bytes. Version 10 has a third one,
 * `.mapping`, which says what layer makes which tensor.
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_write (
    IrGraph *graph, const char *xml_path, guint version, GError **error);

/**
 * ir_graph_write_memory:
 * @xml: (out) (transfer full): the text
 * @weights: (out) (transfer full): the contents of the `.bin`
 *
 * Since: 0.1
 */
IR_API gboolean ir_graph_write_memory (IrGraph *graph, guint version,
    GBytes **xml, GBytes **weights, GError **error);

/** ir_probe_xml: whether the file begins as an IR does; @version (out) (optional)
 * gets its version. Since: 0.1 */
IR_API gboolean ir_probe_xml (const char *path, guint *version);

G_END_DECLS

#endif
