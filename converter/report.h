/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_REPORT_H
#define IR_REPORT_H

#include "config.h"

G_BEGIN_DECLS

/*
 * What --report writes. Filled while the conversion runs, as far as it gets.
 */
typedef struct {
  const char *framework;
  GHashTable *ops_before; /* type -> number as pointer; NULL: not read */
  gsize nodes_before;
  GArray *passes;         /* IrPassCount */
  GPtrArray *unsupported; /* IrUnsupported, or NULL */
} IrReport;

IrReport *ir_report_new (void);
void ir_report_free (IrReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IrReport, ir_report_free)

/* Counts one op of the model as it was read. */
void ir_report_count (IrReport *report, const char *type);

/* (transfer full): the text; @graph is NULL if the conversion failed with
 * @error. */
char *ir_report_to_json (const IrReport *report, const IrConvertConfig *config,
    const IrGraph *graph, const GError *error);

G_END_DECLS

#endif
