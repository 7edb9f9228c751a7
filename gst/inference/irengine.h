/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ENGINE_H
#define IR_ENGINE_H

#include "irmodel.h"

#include <ir/core.h>

G_BEGIN_DECLS

/*
 * Runs pictures through a compiled model, several to an inference and several
 * inferences at a time. What it knows nothing of: buffers, pads, order.
 *
 * Threads: jobs are submitted by one thread at a time; ir_engine_set_flushing()
 * may be called from any. Completion is told from threads of the runtime.
 */

/**
 * IrEngineOptions: what irinfer's properties of these names say
 * @model: (nullable): %NULL takes that of the shared @instance
 * @live: results are wanted soon: unless @streams says otherwise, a frame gets all
 *   threads, instead of several frames one each
 */
typedef struct {
  IrModel *model;
  const char *device;
  const char *config;
  const char *precision;
  guint streams;
  gboolean live;
  guint threads;
  guint nireq;
  guint batch;
  guint warmup;
  const char *instance;
} IrEngineOptions;

/**
 * IrJob: one picture on its way through the network
 * @user_data: of the submitter
 * @outputs: (array): one tensor per output with a batch of 1, once done
 * @infer_ns: from start of the inference to its end
 */
typedef struct {
  gpointer user_data;
  IrTensor **outputs;
  guint64 infer_ns;
} IrJob;

/** IrJobDone: tells that @job is finished, with @error if it failed. Must not
 * block. */
typedef void (*IrJobDone) (IrJob *job, const GError *error, gpointer user_data);

typedef struct _IrEngine IrEngine;

/** ir_engine_new: compiles the model, or takes the shared one that has that
 * instance name already. */
IrEngine *ir_engine_new (const IrEngineOptions *options, IrJobDone done,
    gpointer user_data, GError **error);
/** ir_engine_free: cancels what is under way and waits for it. */
void ir_engine_free (IrEngine *engine);

/**
 * ir_engine_acquire:
 * @tensor: (out) (transfer none): where the picture of the next job goes
 * @index: (out): as which one of the batch
 *
 * Waits until there is room. The picture is then put in place and
 * ir_engine_commit() called, or nothing.
 *
 * Returns: %FALSE with %IR_ERROR_CANCELLED while flushing
 */
gboolean ir_engine_acquire (
    IrEngine *engine, IrTensor **tensor, guint *index, GError **error);
/** ir_engine_commit: adds @job for the picture that was put in place; a batch
 * that is full is started. On failure @job is done with the same error. */
void ir_engine_commit (IrEngine *engine, IrJob *job);
/** ir_engine_submit: acquire and commit in one for a picture that is ready; it is
 * not copied if the batch is 1. */
gboolean ir_engine_submit (
    IrEngine *engine, IrJob *job, IrTensor *picture, GError **error);
/** ir_engine_flush: starts a batch that is not full. */
void ir_engine_flush (IrEngine *engine);
/** ir_engine_opened: monotonic time in microseconds at which the batch that is not
 * full got its first picture, -1 if there is none. */
gint64 ir_engine_opened (const IrEngine *engine);

/** ir_engine_set_flushing: while %TRUE nothing is accepted, what is under way is
 * cancelled, and waiting ends. */
void ir_engine_set_flushing (IrEngine *engine, gboolean flushing);

/** ir_engine_forget: jobs of a batch that was not started are done with
 * %IR_ERROR_CANCELLED. To be called by the submitter. */
void ir_engine_forget (IrEngine *engine);

/** ir_engine_get_model: (transfer none): what it was made from. */
IrModel *ir_engine_get_model (const IrEngine *engine);
/** ir_engine_get_info: (transfer none): the model's, with the device. */
IrModelInfo *ir_engine_get_info (const IrEngine *engine);
/** ir_engine_get_core: (transfer none). */
IrCore *ir_engine_get_core (const IrEngine *engine);
/** ir_engine_get_outputs: (array length=n) (transfer none). */
const IrPortInfo *ir_engine_get_outputs (const IrEngine *engine, gsize *n);
/** ir_engine_get_nireq: inferences at a time. */
guint ir_engine_get_nireq (const IrEngine *engine);
/** ir_engine_get_batch: pictures per inference. */
guint ir_engine_get_batch (const IrEngine *engine);
/** ir_engine_get_warmup_ns: time of the last inference of the warm-up, 0 if there
 * was none. */
guint64 ir_engine_get_warmup_ns (const IrEngine *engine);
/** ir_engine_get_warning: (transfer none) (nullable): that of the compiled model. */
const char *ir_engine_get_warning (const IrEngine *engine);
/** ir_engine_explain: (transfer full): the device and how it is used, a line. */
char *ir_engine_explain (const IrEngine *engine);

/** ir_job_new: (transfer full). */
IrJob *ir_job_new (gpointer user_data);
/** ir_job_free: @n_outputs: of the engine that did it. */
void ir_job_free (IrJob *job, gsize n_outputs);

G_END_DECLS

#endif
