/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PIPELINE_H
#define IR_PIPELINE_H

#include "config.h"

#include <ir/pass.h>

G_BEGIN_DECLS

/* How often a pass changed something; part of the report. */
typedef struct {
  const IrPass *pass;
  gsize changes;
} IrPassCount;

/* Runs the passes that @config asks for. @counts (element-type IrPassCount) gets
 * one entry for each that ran. */
gboolean ir_pipeline_run (
    IrConvertConfig *config, IrGraph *graph, GArray *counts, GError **error);

G_END_DECLS

#endif
