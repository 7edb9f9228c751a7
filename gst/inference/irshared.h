/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_SHARED_H
#define IR_SHARED_H

#include "irbatch.h"
#include "irengine.h"

G_BEGIN_DECLS

/**
 * IrShared: a compiled model that elements with the same `instance-id` share; one
 * without an id has a single user
 * @batch: pictures per inference
 * @splits: (array): how each output is taken apart
 */
typedef struct {
  guint refs;
  char *id;
  IrModel *model;
  IrCompiledModel *compiled;
  guint batch;
  IrBatchSplit *splits;
} IrShared;

/** ir_shared_get: (transfer full): the shared model of @options' instance, which
 * is compiled with @options if it is not there yet. */
IrShared *ir_shared_get (
    IrCore *core, const IrEngineOptions *options, GError **error);
/** ir_shared_release: gives it back. */
void ir_shared_release (IrShared *shared);

G_END_DECLS

#endif
