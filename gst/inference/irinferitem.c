/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iranalytics.h"
#include "irinferstreampriv.h"
#include "irtensormeta.h"

IrItem *
ir_item_new (IrInferStream *stream, gpointer object)
{
  IrItem *item = g_new0 (IrItem, 1);

  item->stream = stream;
  item->object = object;
  item->state = IR_ITEM_READY;
  item->arrived = g_get_monotonic_time ();
  item->flights = g_array_new (FALSE, TRUE, sizeof (IrFlight));
  return item;
}

void
ir_item_free (IrItem *item)
{
  gsize n_outputs;

  ir_engine_get_outputs (item->stream->engine, &n_outputs);
  for (guint i = 0; i < item->flights->len; i++) {
    IrFlight *flight = &g_array_index (item->flights, IrFlight, i);

    if (flight->job)
      ir_job_free (flight->job, n_outputs);
    g_clear_pointer (&flight->picture, ir_tensor_unref);
  }
  g_array_unref (item->flights);
  g_clear_pointer (&item->object, gst_mini_object_unref);
  g_clear_error (&item->error);
  g_free (item);
}

/* With the lock held: one thing less that the item waits for. */
static void
settle (IrItem *item)
{
  if (--item->pending == 0)
    item->state = IR_ITEM_READY;
}

void
ir_item_done (IrJob *job, const GError *error, gpointer user_data)
{
  IrItem *item = job->user_data;
  IrInferStream *stream = user_data;

  g_mutex_lock (&stream->lock);
  if (error && item->error == NULL)
    item->error = g_error_copy (error);
  stream->in_flight--;
  stream->stats.inferences += error == NULL;
  stream->stats.infer = job->infer_ns;
  settle (item);
  ir_infer_stream_changed (stream);
  g_mutex_unlock (&stream->lock);
}

/* --- what to infer ------------------------------------------------------- */

/* @meta: (nullable): the tensor, if it came with the buffer. */
static void
add_flight (IrItem *item, const IrPart *part, const IrTensorMeta *meta)
{
  IrInferStream *stream = item->stream;
  IrFlight flight = { NULL, *part };
  gboolean due;

  g_mutex_lock (&stream->lock);
  due = ir_object_cache_ask (stream->objects, part->object_id, item->number,
      stream->settings.reclassify_interval);
  stream->stats.reused += !due;
  g_mutex_unlock (&stream->lock);
  if (due)
    flight.job = ir_job_new (item);
  if (meta) {
    flight.affine = meta->affine;
    flight.part.region = meta->region;
    flight.preprocess_ns = meta->preprocess_ns;
    if (due)
      flight.picture = ir_tensor_ref (meta->tensors[0].tensor);
  }
  g_array_append_val (item->flights, flight);
}

static void
plan_own (IrItem *item)
{
  IrInferStream *stream = item->stream;

  g_array_set_size (stream->parts, 0);
  ir_parts_collect (GST_BUFFER_CAST (item->object), stream->settings.region,
      stream->settings.object_class, &stream->info, stream->parts);
  for (guint i = 0; i < stream->parts->len; i++)
    add_flight (item, &g_array_index (stream->parts, IrPart, i), NULL);
}

/* The next tensor that irconvert attached for this model. */
static IrTensorMeta *
next_attached (IrItem *item, gpointer *state)
{
  const IrModel *model = ir_engine_get_model (item->stream->engine);
  GstMeta *meta;

  while (
      (meta = gst_buffer_iterate_meta_filtered (
           GST_BUFFER_CAST (item->object), state, IR_TENSOR_META_API_TYPE))) {
    IrTensorMeta *tensors = (IrTensorMeta *) meta;

    if (tensors->role == IR_TENSORS_INPUT && tensors->info == model->info &&
        tensors->n_tensors > 0)
      return tensors;
  }
  return NULL;
}

void
ir_item_drop_attached (IrItem *item)
{
  gpointer state = NULL;
  IrTensorMeta *tensors;

  while ((tensors = next_attached (item, &state))) {
    gst_buffer_remove_meta (GST_BUFFER_CAST (item->object), &tensors->meta);
    state = NULL;
  }
}

static void
plan_attached (IrItem *item)
{
  GstBuffer *buffer = GST_BUFFER_CAST (item->object);
  gpointer state = NULL;
  const IrTensorMeta *tensors;

  while ((tensors = next_attached (item, &state))) {
    IrPart part = { tensors->region, tensors->roi_id,
      ir_parts_object_id (buffer, tensors->roi_id) };

    add_flight (item, &part, tensors);
  }
  ir_item_drop_attached (item);
}

/* --- submitting, with the submit lock held ------------------------------- */

/* Where the part lies, which does not depend on pixels. */
static void
locate (IrInferStream *stream, IrFlight *flight, const IrFrame *frame)
{
  const IrPreproc *recipe = &ir_engine_get_model (stream->engine)->recipe;
  const IrRegion *region =
      flight->part.region.width > 0 ? &flight->part.region : NULL;

  flight->affine = ir_preproc_affine (recipe, frame, region);
  if (region == NULL)
    flight->part.region = (IrRegion){ 0, 0, frame->width, frame->height };
}

static gboolean
submit_own (IrInferStream *stream, IrFlight *flight, const IrFrame *frame,
    GError **error)
{
  const IrPreproc *recipe = &ir_engine_get_model (stream->engine)->recipe;
  const IrRegion *region =
      flight->part.region.width > 0 ? &flight->part.region : NULL;
  IrTensor *tensor;
  guint index;
  gint64 began;

  if (!ir_engine_acquire (stream->engine, &tensor, &index, error))
    return FALSE;
  began = g_get_monotonic_time ();
  if (!ir_core_preprocess (ir_engine_get_core (stream->engine), NULL, recipe,
          frame, region, index, tensor, error))
    return FALSE;
  flight->preprocess_ns = (guint64) (g_get_monotonic_time () - began) * 1000;
  locate (stream, flight, frame);
  ir_engine_commit (stream->engine, flight->job);
  return TRUE;
}

static void
count_flight (IrItem *item, gint by)
{
  IrInferStream *stream = item->stream;

  g_mutex_lock (&stream->lock);
  item->pending += by;
  stream->in_flight += by;
  g_mutex_unlock (&stream->lock);
}

/* @frame: (nullable): the picture, if tensors are made here. */
static gboolean
submit_flight (
    IrItem *item, IrFlight *flight, const IrFrame *frame, GError **error)
{
  IrInferStream *stream = item->stream;
  gboolean ok;

  if (flight->job == NULL) {
    if (frame)
      locate (stream, flight, frame);
    return TRUE;
  }
  count_flight (item, 1);
  ok = frame
      ? submit_own (stream, flight, frame, error)
      : ir_engine_submit (stream->engine, flight->job, flight->picture, error);
  /* The engine has it now, for no longer than it needs. */
  g_clear_pointer (&flight->picture, ir_tensor_unref);
  if (!ok)
    count_flight (item, -1);
  return ok;
}

static gboolean
submit_flights (IrItem *item, GError **error)
{
  IrInferStream *stream = item->stream;
  gboolean ok = TRUE, own = stream->own_tensors && item->flights->len > 0;
  IrFrame frame;

  if (own &&
      !ir_frame_reader_map (
          stream->reader, GST_BUFFER_CAST (item->object), &frame, error))
    return FALSE;
  for (guint i = 0; ok && i < item->flights->len; i++)
    ok = submit_flight (item, &g_array_index (item->flights, IrFlight, i),
        own ? &frame : NULL, error);
  if (own)
    ir_frame_reader_unmap (stream->reader);
  return ok;
}

void
ir_item_submit (IrItem *item)
{
  IrInferStream *stream = item->stream;
  GError *error = NULL;

  if (stream->own_tensors)
    plan_own (item);
  else
    plan_attached (item);
  submit_flights (item, &error);
  g_mutex_lock (&stream->lock);
  if (error && item->error == NULL)
    item->error = g_steal_pointer (&error);
  stream->open_since = ir_engine_opened (stream->engine);
  if (item->flights->len > 0)
    stream->stats.preprocess =
        g_array_index (item->flights, IrFlight, 0).preprocess_ns;
  settle (item);
  /* Waking somebody for nothing costs more than all else here. */
  if (item->state == IR_ITEM_READY || stream->open_since >= 0)
    ir_infer_stream_changed (stream);
  g_mutex_unlock (&stream->lock);
  g_clear_error (&error);
}

/* --- results ------------------------------------------------------------- */

/* The outputs of the flight, or those that its object had before. */
static IrTensor *const *
outputs_of (IrInferStream *stream, const IrFlight *flight)
{
  gint64 object = flight->part.object_id;

  if (flight->job == NULL)
    return ir_object_cache_find (stream->objects, object);
  if (object >= 0)
    ir_object_cache_store (stream->objects, object, flight->job->outputs);
  return flight->job->outputs;
}

static void
attach_flight (IrItem *item, const IrFlight *flight)
{
  IrInferStream *stream = item->stream;
  gsize n;
  const IrPortInfo *ports = ir_engine_get_outputs (stream->engine, &n);
  IrTensor *const *outputs;
  IrTensorMeta *meta;

  g_mutex_lock (&stream->lock);
  outputs = outputs_of (stream, flight);
  if (outputs) {
    meta = ir_buffer_add_tensor_meta (GST_BUFFER_CAST (item->object),
        IR_TENSORS_OUTPUT, ir_engine_get_info (stream->engine),
        stream->instance, n);
    for (gsize i = 0; i < n; i++) {
      meta->tensors[i].name = g_strdup (ports[i].name);
      meta->tensors[i].tensor = ir_tensor_ref (outputs[i]);
    }
    meta->affine = flight->affine;
    meta->region = flight->part.region;
    meta->roi_id = flight->part.roi_id;
    meta->preprocess_ns = flight->preprocess_ns;
    meta->infer_ns = flight->job ? flight->job->infer_ns : 0;
    ir_analytics_add_tensors (GST_BUFFER_CAST (item->object), meta);
  }
  g_mutex_unlock (&stream->lock);
}

void
ir_item_attach (IrItem *item)
{
  for (guint i = 0; i < item->flights->len; i++)
    attach_flight (item, &g_array_index (item->flights, IrFlight, i));
}
