/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_MODEL_H
#define IR_MODEL_H

#include <ir/plugin.h>

#include "queue.h"
#include "variants.h"

G_BEGIN_DECLS

/*
 * A compiled model: the graph, what its ports are, its compiled forms and the
 * queue of its requests.
 */
struct _IrCompiledModel {
  GObject parent;
  const IrDevicePlugin *plugin;
  IrGraph *graph;
  IrPortInfo *inputs;
  gsize n_inputs;
  IrPortInfo *outputs;
  gsize n_outputs;
  IrDeviceModelInfo info;
  IrVariants *variants;
  IrQueue *queue;
};

/* (transfer full): @config is kept by reference. */
IrCompiledModel *ir_compiled_model_new (const IrDevicePlugin *plugin,
    const IrGraph *graph, GHashTable *config, GError **error);

/* (transfer full): a request in its idle state. */
IrInferRequest *ir_infer_request_new (IrCompiledModel *model);

/* Runs a request that the queue has put under way, in the calling thread, and
 * reports its end. */
void ir_infer_request_execute (IrInferRequest *request);
/* Its place in the queue, where it is once at the most. */
GList *ir_infer_request_link (IrInferRequest *request);

G_END_DECLS

#endif
