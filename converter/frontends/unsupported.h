/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_UNSUPPORTED_H
#define IR_UNSUPPORTED_H

#include "frontend.h"

G_BEGIN_DECLS

/* Ops without a rule, in the order in which they were found. */
typedef struct {
  GPtrArray *entries; /* IrUnsupported */
  GHashTable *by_op;
} IrUnsupportedList;

/* @reason (nullable): why there is no rule for it. @graph is the node's. */
void ir_unsupported_add (IrUnsupportedList *list, const IrSourceNode *node,
    const char *reason, const IrSourceGraph *graph);

/* Adds everything without a rule in what is left of the model. */
typedef void (*IrFindUnsupported) (gpointer data, IrUnsupportedList *list);

/*
 * Fails if @find finds something, naming all of it and the places where the model
 * could be cut; with --allow_unsupported it is cut there instead.
 *
 * @unsupported (out) (optional) (nullable) (element-type IrUnsupported): set when
 *   it fails
 */
gboolean ir_unsupported_check (IrSource *source, const IrImportOptions *options,
    IrFindUnsupported find, gpointer data, IrConvertLog log, gpointer log_data,
    GPtrArray **unsupported, GError **error);

G_END_DECLS

#endif
