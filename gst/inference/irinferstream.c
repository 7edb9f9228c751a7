/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irinferstream.h"
#include "irtensormeta.h"

/* Objects whose last inference is remembered for reclassify-interval. */
#define MAX_OBJECTS 4096

typedef enum {
  ITEM_WAITING, /* no inference begun; may be dropped for a later one */
  ITEM_RUNNING,
  ITEM_READY,
} ItemState;

/* One inference of a frame: which part it shows. */
typedef struct {
  IrJob *job;
  IrPart part;
  IrAffine affine;
  guint64 preprocess_ns;
  IrTensor *picture; /* if it came with the buffer */
} Flight;

/* A buffer or event on its way through. */
typedef struct {
  IrInferStream *stream;
  GstMiniObject *object;
  ItemState state;
  GArray *flights;
  guint pending;
  GError *error;
  gint64 arrived;
  guint64 age;
  guint64 number;
} Item;

struct _IrInferStream {
  IrEngine *engine;
  char *instance;
  gboolean own_tensors;

  /* Held while pictures are prepared and submitted: the streaming thread and
   * the task both may. Taken before @lock. */
  GMutex submit;
  IrFrameReader *reader;
  GstVideoInfo info;
  GHashTable *objects;

  GMutex lock;
  GCond changed;
  IrInferSettings settings;
  GQueue items;
  Item *taken;
  guint in_flight;
  gint64 open_since;
  gboolean flushing;
  guint64 n_frames;
  gint64 began;
  IrInferStats stats;
};

/* --- items --------------------------------------------------------------- */

static Item *
item_new (IrInferStream *stream, gpointer object)
{
  Item *item = g_new0 (Item, 1);

  item->stream = stream;
  item->object = object;
  item->state = ITEM_READY;
  item->arrived = g_get_monotonic_time ();
  item->flights = g_array_new (FALSE, TRUE, sizeof (Flight));
  return item;
}

static void
item_free (Item *item)
{
  gsize n_outputs;

  ir_engine_get_outputs (item->stream->engine, &n_outputs);
  for (guint i = 0; i < item->flights->len; i++) {
    Flight *flight = &g_array_index (item->flights, Flight, i);

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
item_settle (Item *item)
{
  if (--item->pending == 0)
    item->state = ITEM_READY;
  g_cond_broadcast (&item->stream->changed);
}

static void
on_done (IrJob *job, const GError *error, gpointer user_data)
{
  Item *item = job->user_data;
  IrInferStream *stream = user_data;

  g_mutex_lock (&stream->lock);
  if (error && item->error == NULL)
    item->error = g_error_copy (error);
  stream->in_flight--;
  stream->stats.inferences += error == NULL;
  stream->stats.infer = job->infer_ns;
  item_settle (item);
  g_mutex_unlock (&stream->lock);
}

/* --- life ---------------------------------------------------------------- */

IrInferStream *
ir_infer_stream_new (const IrEngineOptions *options, gboolean own_tensors,
    const char *instance, GError **error)
{
  IrInferStream *stream = g_new0 (IrInferStream, 1);

  stream->engine = ir_engine_new (options, on_done, stream, error);
  if (stream->engine == NULL) {
    g_free (stream);
    return NULL;
  }
  stream->instance = g_strdup (instance ? instance : "");
  stream->own_tensors = own_tensors;
  stream->open_since = -1;
  stream->objects =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  g_mutex_init (&stream->submit);
  g_mutex_init (&stream->lock);
  g_cond_init (&stream->changed);
  g_queue_init (&stream->items);
  return stream;
}

/* Everything inside goes once nothing runs any more. */
static void
drop_all (IrInferStream *stream)
{
  g_mutex_lock (&stream->submit);
  ir_engine_forget (stream->engine);
  g_mutex_lock (&stream->lock);
  while (stream->in_flight > 0)
    g_cond_wait (&stream->changed, &stream->lock);
  g_queue_clear_full (&stream->items, (GDestroyNotify) item_free);
  g_clear_pointer (&stream->taken, item_free);
  stream->open_since = -1;
  stream->began = 0;
  g_hash_table_remove_all (stream->objects);
  g_mutex_unlock (&stream->lock);
  g_mutex_unlock (&stream->submit);
}

void
ir_infer_stream_set_flushing (IrInferStream *stream, gboolean flushing)
{
  if (flushing) {
    g_mutex_lock (&stream->lock);
    stream->flushing = TRUE;
    g_cond_broadcast (&stream->changed);
    g_mutex_unlock (&stream->lock);
    ir_engine_set_flushing (stream->engine, TRUE);
    return;
  }
  drop_all (stream);
  ir_engine_set_flushing (stream->engine, FALSE);
  g_mutex_lock (&stream->lock);
  stream->flushing = FALSE;
  g_mutex_unlock (&stream->lock);
}

void
ir_infer_stream_free (IrInferStream *stream)
{
  ir_infer_stream_set_flushing (stream, TRUE);
  drop_all (stream);
  ir_engine_free (stream->engine);
  g_clear_pointer (&stream->reader, ir_frame_reader_free);
  g_hash_table_unref (stream->objects);
  g_free (stream->settings.object_class);
  g_free (stream->instance);
  g_mutex_clear (&stream->submit);
  g_mutex_clear (&stream->lock);
  g_cond_clear (&stream->changed);
  g_free (stream);
}

void
ir_infer_stream_set_info (IrInferStream *stream, const GstVideoInfo *info)
{
  g_mutex_lock (&stream->submit);
  g_clear_pointer (&stream->reader, ir_frame_reader_free);
  stream->info = *info;
  stream->reader = ir_frame_reader_new (info);
  g_mutex_unlock (&stream->submit);
}

/* --- what to infer ------------------------------------------------------- */

/* Whether the object's last inference is long enough ago. */
static gboolean
is_due (IrInferStream *stream, const Item *item, const IrPart *part)
{
  guint every = stream->settings.reclassify_interval;
  guint64 *last;

  if (part->object_id < 0 || every == 1)
    return TRUE;
  last = g_hash_table_lookup (stream->objects, &part->object_id);
  if (last && (every == 0 || item->number - *last < every))
    return FALSE;
  if (g_hash_table_size (stream->objects) >= MAX_OBJECTS)
    g_hash_table_remove_all (stream->objects);
  g_hash_table_insert (stream->objects,
      g_memdup2 (&part->object_id, sizeof part->object_id),
      g_memdup2 (&item->number, sizeof item->number));
  return TRUE;
}

static void
add_flight (Item *item, const IrPart *part, const IrTensorMeta *meta)
{
  Flight flight = { ir_job_new (item), *part };

  if (meta) {
    flight.affine = meta->affine;
    flight.part.region = meta->region;
    flight.preprocess_ns = meta->preprocess_ns;
    flight.picture = ir_tensor_ref (meta->tensors[0].tensor);
  }
  g_array_append_val (item->flights, flight);
}

static void
plan_own (IrInferStream *stream, Item *item)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (IrPart));

  ir_parts_collect (GST_BUFFER_CAST (item->object), stream->settings.region,
      stream->settings.object_class, &stream->info, parts);
  for (guint i = 0; i < parts->len; i++) {
    const IrPart *part = &g_array_index (parts, IrPart, i);

    if (is_due (stream, item, part))
      add_flight (item, part, NULL);
  }
}

/* The tensors that irconvert attached for this model are used up. */
static void
plan_attached (IrInferStream *stream, Item *item)
{
  const IrModel *model = ir_engine_get_model (stream->engine);
  GstBuffer *buffer = GST_BUFFER_CAST (item->object);
  g_autoptr (GPtrArray) used = g_ptr_array_new ();
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, IR_TENSOR_META_API_TYPE))) {
    const IrTensorMeta *tensors = (const IrTensorMeta *) meta;
    IrPart part = { tensors->region, tensors->roi_id, -1 };

    if (tensors->role != IR_TENSORS_INPUT || tensors->info != model->info ||
        tensors->n_tensors == 0)
      continue;
    part.object_id = ir_parts_object_id (buffer, tensors->roi_id);
    if (is_due (stream, item, &part))
      add_flight (item, &part, tensors);
    g_ptr_array_add (used, meta);
  }
  for (guint i = 0; i < used->len; i++)
    gst_buffer_remove_meta (buffer, g_ptr_array_index (used, i));
}

/* --- submitting, with the submit lock held ------------------------------- */

static gboolean
submit_own (
    IrInferStream *stream, Flight *flight, const IrFrame *frame, GError **error)
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
  flight->affine = ir_preproc_affine (recipe, frame, region);
  if (region == NULL)
    flight->part.region = (IrRegion){ 0, 0, frame->width, frame->height };
  ir_engine_commit (stream->engine, flight->job);
  return TRUE;
}

static gboolean
submit_flights (IrInferStream *stream, Item *item, GError **error)
{
  IrFrame frame;
  guint sent;
  gboolean ok = TRUE;

  if (stream->own_tensors &&
      !ir_frame_reader_map (
          stream->reader, GST_BUFFER_CAST (item->object), &frame, error))
    return FALSE;
  for (sent = 0; ok && sent < item->flights->len; sent++) {
    Flight *flight = &g_array_index (item->flights, Flight, sent);

    g_mutex_lock (&stream->lock);
    item->pending++;
    stream->in_flight++;
    g_mutex_unlock (&stream->lock);
    if (stream->own_tensors)
      ok = submit_own (stream, flight, &frame, error);
    else
      ok = ir_engine_submit (
          stream->engine, flight->job, flight->picture, error);
    if (!ok) {
      g_mutex_lock (&stream->lock);
      item->pending--;
      stream->in_flight--;
      g_mutex_unlock (&stream->lock);
    }
  }
  if (stream->own_tensors)
    ir_frame_reader_unmap (stream->reader);
  return ok;
}

/* Begins the inferences of an item whose `pending` is 1 on our account. */
static void
submit_item (IrInferStream *stream, Item *item)
{
  GError *error = NULL;

  if (stream->own_tensors)
    plan_own (stream, item);
  else
    plan_attached (stream, item);
  submit_flights (stream, item, &error);
  g_mutex_lock (&stream->lock);
  if (error && item->error == NULL)
    item->error = g_steal_pointer (&error);
  stream->open_since = ir_engine_opened (stream->engine);
  if (item->flights->len > 0)
    stream->stats.preprocess =
        g_array_index (item->flights, Flight, 0).preprocess_ns;
  item_settle (item);
  g_mutex_unlock (&stream->lock);
  g_clear_error (&error);
}

static void
start_partial_batch (IrInferStream *stream)
{
  ir_engine_flush (stream->engine);
  g_mutex_lock (&stream->lock);
  stream->open_since = -1;
  g_mutex_unlock (&stream->lock);
}

/* --- adding -------------------------------------------------------------- */

static gsize
capacity (const IrInferStream *stream)
{
  return ir_engine_get_nireq (stream->engine) *
      ir_engine_get_batch (stream->engine);
}

/* With the lock held: what waits is dropped in favour of a later one. */
static void
drop_waiting (IrInferStream *stream)
{
  GList *next;

  for (GList *link = stream->items.head; link; link = next) {
    Item *item = link->data;

    next = link->next;
    if (item->state == ITEM_WAITING) {
      g_queue_delete_link (&stream->items, link);
      stream->stats.dropped++;
      item_free (item);
    }
  }
}

/* A slow sink must not pile up frames that need no inference. */
static gboolean
wait_for_room (IrInferStream *stream)
{
  gsize most = (capacity (stream) + 2) * MAX (stream->settings.interval, 1) + 2;
  gboolean flushing;
  gboolean full;

  g_mutex_lock (&stream->lock);
  full = stream->items.length >= most;
  g_mutex_unlock (&stream->lock);
  if (full) {
    g_mutex_lock (&stream->submit);
    start_partial_batch (stream);
    g_mutex_unlock (&stream->submit);
  }
  g_mutex_lock (&stream->lock);
  while (stream->items.length >= most && !stream->flushing)
    g_cond_wait (&stream->changed, &stream->lock);
  flushing = stream->flushing;
  g_mutex_unlock (&stream->lock);
  return !flushing;
}

static void
take_settings (IrInferStream *stream, const IrInferSettings *settings)
{
  g_mutex_lock (&stream->submit);
  g_mutex_lock (&stream->lock);
  g_free (stream->settings.object_class);
  stream->settings = *settings;
  stream->settings.object_class = g_strdup (settings->object_class);
  g_mutex_unlock (&stream->lock);
  g_mutex_unlock (&stream->submit);
}

/* With the lock held: what becomes of a new buffer. */
static ItemState
decide (IrInferStream *stream, const Item *item)
{
  const IrInferSettings *settings = &stream->settings;

  if (item->number % MAX (settings->interval, 1) != 0) {
    stream->stats.skipped++;
    return ITEM_READY;
  }
  if (settings->policy == IR_POLICY_LATEST &&
      stream->in_flight >= capacity (stream)) {
    drop_waiting (stream);
    return ITEM_WAITING;
  }
  return ITEM_RUNNING;
}

gboolean
ir_infer_stream_add_buffer (IrInferStream *stream, GstBuffer *buffer,
    guint64 age, const IrInferSettings *settings, GError **error)
{
  Item *item;
  ItemState state;

  take_settings (stream, settings);
  if (settings->max_age > 0 && age > settings->max_age) {
    ir_infer_stream_count_drop (stream);
    gst_buffer_unref (buffer);
    return TRUE;
  }
  if (!wait_for_room (stream)) {
    gst_buffer_unref (buffer);
    return ir_fail (error, IR_ERROR_CANCELLED, "flushing");
  }
  item = item_new (stream, gst_buffer_make_writable (buffer));
  item->age = age;
  g_mutex_lock (&stream->lock);
  item->number = stream->n_frames++;
  state = item->state = decide (stream, item);
  if (state == ITEM_RUNNING)
    item->pending = 1;
  if (stream->began == 0)
    stream->began = item->arrived;
  g_queue_push_tail (&stream->items, item);
  g_cond_broadcast (&stream->changed);
  g_mutex_unlock (&stream->lock);
  if (state == ITEM_RUNNING) {
    g_mutex_lock (&stream->submit);
    submit_item (stream, item);
    g_mutex_unlock (&stream->submit);
  }
  return TRUE;
}

void
ir_infer_stream_add_event (IrInferStream *stream, GstEvent *event)
{
  Item *item = item_new (stream, event);

  /* Nothing may wait for pictures that come after the event. */
  g_mutex_lock (&stream->submit);
  start_partial_batch (stream);
  g_mutex_unlock (&stream->submit);
  g_mutex_lock (&stream->lock);
  g_queue_push_tail (&stream->items, item);
  g_cond_broadcast (&stream->changed);
  g_mutex_unlock (&stream->lock);
}

/* --- taking -------------------------------------------------------------- */

static void
attach_outputs (IrInferStream *stream, GstBuffer *buffer, Flight *flight)
{
  gsize n;
  const IrPortInfo *ports = ir_engine_get_outputs (stream->engine, &n);
  IrTensorMeta *meta = ir_buffer_add_tensor_meta (buffer, IR_TENSORS_OUTPUT,
      ir_engine_get_info (stream->engine), stream->instance, n);

  for (gsize i = 0; i < n; i++) {
    meta->tensors[i].name = g_strdup (ports[i].name);
    meta->tensors[i].tensor = g_steal_pointer (&flight->job->outputs[i]);
  }
  meta->affine = flight->affine;
  meta->region = flight->part.region;
  meta->roi_id = flight->part.roi_id;
  meta->preprocess_ns = flight->preprocess_ns;
  meta->infer_ns = flight->job->infer_ns;
}

/* With the lock held: begins what waits, if there is room again. */
static gboolean
begin_waiting (IrInferStream *stream)
{
  Item *item = NULL;

  if (stream->in_flight >= capacity (stream))
    return FALSE;
  for (GList *link = stream->items.head; link && item == NULL;
       link = link->next) {
    Item *candidate = link->data;

    if (candidate->state == ITEM_WAITING)
      item = candidate;
  }
  if (item == NULL)
    return FALSE;
  if (stream->settings.max_age > 0 &&
      item->age + (guint64) (g_get_monotonic_time () - item->arrived) * 1000 >
          stream->settings.max_age) {
    g_queue_remove (&stream->items, item);
    stream->stats.dropped++;
    item_free (item);
    return TRUE;
  }
  item->state = ITEM_RUNNING;
  item->pending = 1;
  g_mutex_unlock (&stream->lock);
  g_mutex_lock (&stream->submit);
  submit_item (stream, item);
  g_mutex_unlock (&stream->submit);
  g_mutex_lock (&stream->lock);
  return TRUE;
}

/* With the lock held: waits for a change, or until a batch that is not full is
 * due. */
static void
wait_for_change (IrInferStream *stream)
{
  gint64 due;

  if (stream->open_since < 0 || stream->settings.batch_timeout < 0) {
    g_cond_wait (&stream->changed, &stream->lock);
    return;
  }
  due = stream->open_since + (gint64) stream->settings.batch_timeout * 1000;
  if (g_cond_wait_until (&stream->changed, &stream->lock, due))
    return;
  g_mutex_unlock (&stream->lock);
  /* A submitter at work fills the batch or starts it itself. */
  if (g_mutex_trylock (&stream->submit)) {
    start_partial_batch (stream);
    g_mutex_unlock (&stream->submit);
  } else {
    g_usleep (1000);
  }
  g_mutex_lock (&stream->lock);
}

static Item *
next_item (IrInferStream *stream, GError **error)
{
  Item *item = NULL;

  g_mutex_lock (&stream->lock);
  while (item == NULL && !stream->flushing) {
    Item *head = g_queue_peek_head (&stream->items);

    if (head && head->state == ITEM_READY)
      item = g_queue_pop_head (&stream->items);
    else if (!begin_waiting (stream))
      wait_for_change (stream);
  }
  if (item) {
    stream->taken = item;
    g_cond_broadcast (&stream->changed);
  }
  g_mutex_unlock (&stream->lock);
  if (item == NULL)
    ir_fail (error, IR_ERROR_CANCELLED, "flushing");
  return item;
}

gboolean
ir_infer_stream_take (
    IrInferStream *stream, GstMiniObject **object, GError **error)
{
  Item *item = next_item (stream, error);

  if (item == NULL)
    return FALSE;
  if (item->error) {
    g_propagate_error (error, g_steal_pointer (&item->error));
    ir_infer_stream_pushed (stream);
    return FALSE;
  }
  for (guint i = 0; i < item->flights->len; i++)
    attach_outputs (stream, GST_BUFFER_CAST (item->object),
        &g_array_index (item->flights, Flight, i));
  *object = g_steal_pointer (&item->object);
  return TRUE;
}

void
ir_infer_stream_pushed (IrInferStream *stream)
{
  gint64 now = g_get_monotonic_time ();
  Item *item;

  g_mutex_lock (&stream->lock);
  item = g_steal_pointer (&stream->taken);
  if (item && item->flights->len > 0) {
    stream->stats.latency = (guint64) (now - item->arrived) * 1000;
    stream->stats.latency_max =
        MAX (stream->stats.latency_max, stream->stats.latency);
  }
  if (item && item->number + 1 == stream->n_frames && now > stream->began)
    stream->stats.fps =
        (double) stream->n_frames * 1e6 / (double) (now - stream->began);
  g_cond_broadcast (&stream->changed);
  g_mutex_unlock (&stream->lock);
  g_clear_pointer (&item, item_free);
}

gboolean
ir_infer_stream_drain (IrInferStream *stream)
{
  gboolean flushing;

  g_mutex_lock (&stream->submit);
  start_partial_batch (stream);
  g_mutex_unlock (&stream->submit);
  g_mutex_lock (&stream->lock);
  while ((stream->items.length > 0 || stream->taken) && !stream->flushing)
    g_cond_wait (&stream->changed, &stream->lock);
  flushing = stream->flushing;
  g_mutex_unlock (&stream->lock);
  return !flushing;
}

/* --- looking ------------------------------------------------------------- */

void
ir_infer_stream_count_drop (IrInferStream *stream)
{
  g_mutex_lock (&stream->lock);
  stream->stats.dropped++;
  g_mutex_unlock (&stream->lock);
}

void
ir_infer_stream_get_stats (IrInferStream *stream, IrInferStats *stats)
{
  g_mutex_lock (&stream->lock);
  *stats = stream->stats;
  stats->frames = stream->n_frames;
  g_mutex_unlock (&stream->lock);
}

guint64
ir_infer_stream_get_latency (IrInferStream *stream)
{
  guint64 latency;

  g_mutex_lock (&stream->lock);
  latency = stream->stats.latency_max;
  if (latency == 0)
    latency = ir_engine_get_warmup_ns (stream->engine) *
        ir_engine_get_nireq (stream->engine);
  g_mutex_unlock (&stream->lock);
  return latency;
}

IrEngine *
ir_infer_stream_get_engine (IrInferStream *stream)
{
  return stream->engine;
}
