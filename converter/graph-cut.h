/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_GRAPH_CUT_H
#define IR_GRAPH_CUT_H

#include "config.h"

G_BEGIN_DECLS

/*
 * --input, --input_shape and --output for a model that is a graph already: ends
 * it at other outputs, begins it at other inputs, freezes and shapes inputs, and
 * infers it again. Frontends do the same with their own form of a model.
 */
gboolean ir_graph_cut (
    const IrConvertConfig *config, IrGraph *graph, GError **error);

/*
 * --batch. Only inputs with a batch of 1 or an unknown one are changed; any other
 * is an error.
 */
gboolean ir_shape_set_batch (const IrConvertConfig *config, const char *name,
    IrShape *shape, GError **error);

/* The layout that the user gives for the input called @name, or NULL. */
const char *ir_config_layout (const IrConvertConfig *config, const char *name);

G_END_DECLS

#endif
