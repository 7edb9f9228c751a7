/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irengine.h"
#include "irbatch.h"
#include "ircoreshared.h"
#include "irshared.h"

#include <string.h>

/* One inference: its request, its input and the jobs of its pictures. @input: NULL
 * until a picture is put into it. */
typedef struct {
  IrEngine *engine;
  IrInferRequest *request;
  IrTensor *input;
  IrJob **jobs;
  guint n_jobs;
  gint64 opened;
  gint64 started;
} Batch;

struct _IrEngine {
  IrCore *core;
  IrShared *shared;
  IrModelInfo *info;
  const IrPortInfo *outputs;
  gsize n_outputs;
  guint nireq;
  guint64 warmup_ns;
  IrJobDone done;
  gpointer user_data;

  /* All batches; those in @idle and @open among them. */
  GPtrArray *batches;
  Batch *open;

  /* @waiters: on @changed. */
  GMutex lock;
  GCond changed;
  guint waiters;
  GPtrArray *idle;
  guint running;
  gboolean flushing;
};

IrJob *
ir_job_new (gpointer user_data)
{
  IrJob *job = g_new0 (IrJob, 1);

  job->user_data = user_data;

  return job;
}

void
ir_job_free (IrJob *job, gsize n_outputs)
{
  for (gsize i = 0; job->outputs && i < n_outputs; i++)
    g_clear_pointer (&job->outputs[i], ir_tensor_unref);
  g_free (job->outputs);
  g_free (job);
}

/* With the lock held. Broadcasts cost a system call even if nobody waits. */
static void
wait_for_change (IrEngine *engine)
{
  engine->waiters++;
  g_cond_wait (&engine->changed, &engine->lock);
  engine->waiters--;
}

/* --- making -------------------------------------------------------------- */

static void
batch_free (gpointer data)
{
  Batch *batch = data;

  g_clear_object (&batch->request);
  g_clear_pointer (&batch->input, ir_tensor_unref);
  g_free (batch->jobs);
  g_free (batch);
}

static gboolean
bind_picture (const IrEngine *engine, Batch *batch, GError **error)
{
  const IrModel *model = engine->shared->model;
  const IrNode *image =
      g_ptr_array_index (model->graph->parameters, model->image);
  g_autoptr (IrTensor) view = NULL;

  if (image->outputs[0].shape.rank == 3)
    view = ir_tensor_reshaped (batch->input, &image->outputs[0].shape, error);
  else
    view = ir_tensor_ref (batch->input);
  return view &&
      ir_infer_request_set_input (batch->request, model->image, view, error);
}

static gboolean
bind_size (const IrEngine *engine, Batch *batch, GError **error)
{
  const IrModel *model = engine->shared->model;
  g_autoptr (IrTensor) size = NULL;

  if (model->size_input < 0)
    return TRUE;
  size = ir_model_size_tensor (model, engine->shared->batch, error);

  return size &&
      ir_infer_request_set_input (
          batch->request, model->size_input, size, error);
}

/* Pictures that come as tensors need no memory here. */
static gboolean
make_input (const IrEngine *engine, Batch *batch, GError **error)
{
  const IrPreproc *recipe = &engine->shared->model->recipe;
  IrShape shape = ir_preproc_shape (recipe);

  if (batch->input)
    return TRUE;
  shape.dim[0] = engine->shared->batch;
  batch->input = ir_tensor_new (recipe->dtype, &shape, error);
  return batch->input && bind_picture (engine, batch, error);
}

static Batch *
batch_new (IrEngine *engine, GError **error)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->engine = engine;
  batch->jobs = g_new0 (IrJob *, engine->shared->batch);
  batch->request =
      ir_compiled_model_create_request (engine->shared->compiled, error);
  if (batch->request == NULL || !bind_size (engine, batch, error)) {
    batch_free (batch);
    return NULL;
  }

  return batch;
}

static IrModelInfo *
info_with_device (const IrModelInfo *from, const char *device)
{
  IrModelInfo *info = ir_model_info_new ();

  info->name = g_strdup (from->name);
  info->path = g_strdup (from->path);
  info->digest = from->digest ? ir_digest_ref (from->digest) : NULL;
  info->device = g_strdup (device);
  info->width = from->width;
  info->height = from->height;
  info->meta = from->meta ? g_hash_table_ref (from->meta) : NULL;
  info->description = g_strdup (from->description);

  return info;
}

static gboolean
warm_up (IrEngine *engine, guint times, GError **error)
{
  Batch *batch = g_ptr_array_index (engine->batches, 0);

  if (times > 0 && !make_input (engine, batch, error))
    return FALSE;
  for (guint i = 0; i < times; i++) {
    gint64 began = g_get_monotonic_time ();

    if (!ir_infer_request_infer (batch->request, error))
      return FALSE;
    engine->warmup_ns = (g_get_monotonic_time () - began) * 1000;
  }

  return TRUE;
}

/* One more than the device runs at a time, so that the next picture is prepared
 * meanwhile. */
static gboolean
make_batches (IrEngine *engine, GError **error)
{
  const guint running = MIN (
      engine->nireq, ir_compiled_model_get_streams (engine->shared->compiled));

  for (guint i = 0; i < MAX (engine->nireq, running + 1); i++) {
    Batch *batch = batch_new (engine, error);

    if (batch == NULL)
      return FALSE;
    g_ptr_array_add (engine->batches, batch);
    g_ptr_array_add (engine->idle, batch);
  }

  return TRUE;
}

IrEngine *
ir_engine_new (const IrEngineOptions *options, IrJobDone done,
    gpointer user_data, GError **error)
{
  IrEngine *engine = g_new0 (IrEngine, 1);
  IrCompiledModel *compiled;

  g_mutex_init (&engine->lock);
  g_cond_init (&engine->changed);
  engine->done = done;
  engine->user_data = user_data;
  engine->batches = g_ptr_array_new_with_free_func (batch_free);
  engine->idle = g_ptr_array_new ();
  engine->core = ir_core_shared ();
  engine->shared = ir_shared_get (engine->core, options, error);
  if (engine->shared == NULL) {
    ir_engine_free (engine);
    return NULL;
  }

  compiled = engine->shared->compiled;
  engine->info = info_with_device (
      engine->shared->model->info, ir_compiled_model_get_device (compiled));
  engine->outputs =
      ir_compiled_model_get_outputs (compiled, &engine->n_outputs);
  engine->nireq = options->nireq
      ? options->nireq
      : MAX (ir_compiled_model_get_optimal_requests (compiled), 1);
  if (!make_batches (engine, error) ||
      !warm_up (engine, options->warmup, error)) {
    ir_engine_free (engine);
    return NULL;
  }

  return engine;
}

void
ir_engine_free (IrEngine *engine)
{
  ir_engine_set_flushing (engine, TRUE);
  ir_engine_forget (engine);

  g_mutex_lock (&engine->lock);
  while (engine->running > 0)
    wait_for_change (engine);
  g_mutex_unlock (&engine->lock);
  /* Their callbacks have given the batches back, but may not have returned. */
  for (guint i = 0; i < engine->batches->len; i++) {
    Batch *batch = g_ptr_array_index (engine->batches, i);

    ir_infer_request_wait (batch->request, -1, NULL);
  }

  g_ptr_array_unref (engine->batches);
  g_ptr_array_unref (engine->idle);
  g_clear_pointer (&engine->info, ir_model_info_unref);
  g_clear_pointer (&engine->shared, ir_shared_release);
  g_clear_object (&engine->core);
  g_mutex_clear (&engine->lock);
  g_cond_clear (&engine->changed);
  g_free (engine);
}

/* --- running ------------------------------------------------------------- */

/* With the last picture's the request lets them go. */
static IrTensor *
whole_output (Batch *batch, guint index, gsize i)
{
  return index + 1 == batch->n_jobs
      ? ir_infer_request_take_output (batch->request, i)
      : ir_infer_request_get_output (batch->request, i);
}

static IrTensor **
take_outputs (Batch *batch, guint index, GError **error)
{
  IrEngine *engine = batch->engine;
  IrTensor **outputs = g_new0 (IrTensor *, engine->n_outputs);

  for (gsize i = 0; i < engine->n_outputs; i++) {
    g_autoptr (IrTensor) whole = whole_output (batch, index, i);

    if (whole)
      outputs[i] = ir_batch_take (whole, engine->shared->splits[i],
          engine->shared->batch, index, error);
    if (outputs[i] == NULL) {
      while (i-- > 0)
        ir_tensor_unref (outputs[i]);
      g_free (outputs);
      return NULL;
    }
  }

  return outputs;
}

static void
give_back (Batch *batch)
{
  IrEngine *engine = batch->engine;

  g_mutex_lock (&engine->lock);
  batch->n_jobs = 0;
  g_ptr_array_add (engine->idle, batch);
  engine->running--;
  if (engine->waiters > 0)
    g_cond_broadcast (&engine->changed);
  g_mutex_unlock (&engine->lock);
}

static void
finish (Batch *batch, const GError *error)
{
  IrEngine *engine = batch->engine;
  guint64 ns = (g_get_monotonic_time () - batch->started) * 1000;

  for (guint i = 0; i < batch->n_jobs; i++) {
    IrJob *job = batch->jobs[i];
    g_autoptr (GError) own = NULL;

    job->infer_ns = ns;
    if (error == NULL)
      job->outputs = take_outputs (batch, i, &own);
    engine->done (job, error ? error : own, engine->user_data);
  }
  give_back (batch);
}

static void
on_completed (IrInferRequest *request, const GError *error, gpointer user_data)
{
  finish (user_data, error);
}

/* The open batch leaves the submitter's hands. */
static void
start_open (IrEngine *engine)
{
  Batch *batch = g_steal_pointer (&engine->open);
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&engine->lock);
  while (engine->running >= engine->nireq && !engine->flushing)
    wait_for_change (engine);
  engine->running++;
  if (engine->flushing)
    ir_fail (&error, IR_ERROR_CANCELLED, "flushing");
  batch->started = g_get_monotonic_time ();
  /* With the lock held, so that a flush either comes before or cancels it. */
  if (error == NULL)
    ir_infer_request_start (batch->request, on_completed, batch, &error);
  g_mutex_unlock (&engine->lock);

  if (error)
    finish (batch, error);
}

static gboolean
open_batch (IrEngine *engine, GError **error)
{
  gboolean flushing;

  g_mutex_lock (&engine->lock);
  while (engine->open == NULL && engine->idle->len == 0 && !engine->flushing)
    wait_for_change (engine);
  flushing = engine->flushing;
  if (!flushing && engine->open == NULL)
    engine->open =
        g_ptr_array_steal_index (engine->idle, engine->idle->len - 1);
  g_mutex_unlock (&engine->lock);

  return !flushing || ir_fail (error, IR_ERROR_CANCELLED, "flushing");
}

gboolean
ir_engine_acquire (
    IrEngine *engine, IrTensor **tensor, guint *index, GError **error)
{
  if (!open_batch (engine, error) || !make_input (engine, engine->open, error))
    return FALSE;
  *tensor = engine->open->input;
  *index = engine->open->n_jobs;

  return TRUE;
}

void
ir_engine_commit (IrEngine *engine, IrJob *job)
{
  Batch *batch = engine->open;

  if (batch->n_jobs == 0)
    batch->opened = g_get_monotonic_time ();
  batch->jobs[batch->n_jobs++] = job;
  if (batch->n_jobs == engine->shared->batch)
    start_open (engine);
}

/* Puts the picture where the request reads it. */
static gboolean
place (IrEngine *engine, IrTensor *picture, GError **error)
{
  const IrPreproc *recipe = &engine->shared->model->recipe;
  const IrShape shape = ir_preproc_shape (recipe);
  Batch *batch = engine->open;

  if (picture->dtype != recipe->dtype ||
      !ir_shape_equal (&picture->shape, &shape))
    return ir_fail (error, IR_ERROR_SHAPE,
        "a tensor on the buffer does not fit the input of model %s",
        engine->info->path);
  if (engine->shared->batch > 1) {
    if (!make_input (engine, batch, error))
      return FALSE;
    memcpy ((guint8 *) batch->input->data + batch->n_jobs * picture->size,
        picture->data, picture->size);
    return TRUE;
  }
  g_clear_pointer (&batch->input, ir_tensor_unref);
  batch->input = ir_tensor_ref (picture);

  return bind_picture (engine, batch, error);
}

gboolean
ir_engine_submit (
    IrEngine *engine, IrJob *job, IrTensor *picture, GError **error)
{
  if (!open_batch (engine, error) || !place (engine, picture, error))
    return FALSE;
  ir_engine_commit (engine, job);

  return TRUE;
}

void
ir_engine_flush (IrEngine *engine)
{
  if (engine->open && engine->open->n_jobs > 0)
    start_open (engine);
}

gint64
ir_engine_opened (const IrEngine *engine)
{
  return engine->open && engine->open->n_jobs > 0 ? engine->open->opened : -1;
}

void
ir_engine_forget (IrEngine *engine)
{
  Batch *batch = engine->open;
  g_autoptr (GError) error =
      g_error_new_literal (IR_ERROR, IR_ERROR_CANCELLED, "flushing");

  for (guint i = 0; batch && i < batch->n_jobs; i++)
    engine->done (batch->jobs[i], error, engine->user_data);
  if (batch)
    batch->n_jobs = 0;
}

void
ir_engine_set_flushing (IrEngine *engine, gboolean flushing)
{
  g_mutex_lock (&engine->lock);
  engine->flushing = flushing;
  g_cond_broadcast (&engine->changed);
  g_mutex_unlock (&engine->lock);

  /* Those that are idle ignore it. */
  for (guint i = 0; flushing && i < engine->batches->len; i++) {
    Batch *batch = g_ptr_array_index (engine->batches, i);

    ir_infer_request_cancel (batch->request);
  }
}

/* --- looking ------------------------------------------------------------- */

IrModel *
ir_engine_get_model (const IrEngine *engine)
{
  return engine->shared->model;
}

IrModelInfo *
ir_engine_get_info (const IrEngine *engine)
{
  return engine->info;
}

IrCore *
ir_engine_get_core (const IrEngine *engine)
{
  return engine->core;
}

const IrPortInfo *
ir_engine_get_outputs (const IrEngine *engine, gsize *n)
{
  *n = engine->n_outputs;

  return engine->outputs;
}

const char *
ir_engine_get_warning (const IrEngine *engine)
{
  return ir_compiled_model_get_warning (engine->shared->compiled);
}

guint
ir_engine_get_nireq (const IrEngine *engine)
{
  return engine->nireq;
}

guint
ir_engine_get_batch (const IrEngine *engine)
{
  return engine->shared->batch;
}

guint64
ir_engine_get_warmup_ns (const IrEngine *engine)
{
  return engine->warmup_ns;
}

char *
ir_engine_explain (const IrEngine *engine)
{
  IrCompiledModel *compiled = engine->shared->compiled;
  GString *text = g_string_new (NULL);
  IrModelMemory memory;

  g_string_printf (text,
      "device: %s, precision %s, %u stream(s) of %u "
      "thread(s); %u request(s) at a time, batch %u",
      ir_compiled_model_get_device (compiled),
      ir_compiled_model_get_precision (compiled),
      ir_compiled_model_get_streams (compiled),
      ir_compiled_model_get_threads (compiled), engine->nireq,
      engine->shared->batch);
  if (ir_compiled_model_get_memory (compiled, &memory))
    g_string_append_printf (text,
        "; bytes: weights %" G_GUINT64_FORMAT
        ", of each request arena %" G_GUINT64_FORMAT
        " and scratch %" G_GUINT64_FORMAT,
        memory.weights, memory.arena, memory.scratch);
  return g_string_free (text, FALSE);
}
