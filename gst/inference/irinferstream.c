/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irinferstreampriv.h"

/* Frames after which the longest time that one was inside is looked at anew. */
#define PEAK_FRAMES 64

/* --- waiting -------------------------------------------------------------- */

/* Broadcasts cost a system call even if nobody waits. */
void
ir_infer_stream_changed (IrInferStream *stream)
{
  if (stream->waiters > 0)
    g_cond_broadcast (&stream->changed);
}

/* With the lock held. @until: monotonic time, -1 for no end. FALSE if it is over. */
static gboolean
wait_until_changed (IrInferStream *stream, gint64 until)
{
  gboolean changed = TRUE;

  stream->waiters++;
  if (until < 0)
    g_cond_wait (&stream->changed, &stream->lock);
  else
    changed = g_cond_wait_until (&stream->changed, &stream->lock, until);
  stream->waiters--;
  return changed;
}

/* --- life ---------------------------------------------------------------- */

IrInferStream *
ir_infer_stream_new (const IrEngineOptions *options, gboolean own_tensors,
    const char *instance, GError **error)
{
  IrInferStream *stream = g_new0 (IrInferStream, 1);
  gsize n_outputs;

  stream->engine = ir_engine_new (options, ir_item_done, stream, error);
  if (stream->engine == NULL) {
    g_free (stream);
    return NULL;
  }
  stream->instance = g_strdup (instance ? instance : "");
  stream->own_tensors = own_tensors;
  stream->open_since = -1;
  ir_engine_get_outputs (stream->engine, &n_outputs);
  stream->objects = ir_object_cache_new (n_outputs);
  stream->parts = g_array_new (FALSE, FALSE, sizeof (IrPart));
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
    wait_until_changed (stream, -1);
  g_queue_clear_full (&stream->items, (GDestroyNotify) ir_item_free);
  g_clear_pointer (&stream->taken, ir_item_free);
  stream->open_since = -1;
  stream->began = 0;
  ir_object_cache_clear (stream->objects);
  g_mutex_unlock (&stream->lock);
  g_mutex_unlock (&stream->submit);
}

void
ir_infer_stream_set_flushing (IrInferStream *stream, gboolean flushing)
{
  if (flushing) {
    g_mutex_lock (&stream->lock);
    stream->flushing = TRUE;
    ir_infer_stream_changed (stream);
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
ir_infer_stream_reset (IrInferStream *stream)
{
  drop_all (stream);
  g_mutex_lock (&stream->lock);
  stream->n_frames = 0;
  stream->peak = (IrLatencyPeak){ 0 };
  stream->stats = (IrInferStats){ 0 };
  g_mutex_unlock (&stream->lock);
}

void
ir_infer_stream_free (IrInferStream *stream)
{
  ir_infer_stream_set_flushing (stream, TRUE);
  drop_all (stream);
  ir_engine_free (stream->engine);
  g_clear_pointer (&stream->reader, ir_frame_reader_free);
  ir_object_cache_free (stream->objects);
  g_array_unref (stream->parts);
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
    IrItem *item = link->data;

    next = link->next;
    if (item->state == IR_ITEM_WAITING) {
      g_queue_delete_link (&stream->items, link);
      stream->stats.dropped++;
      ir_item_free (item);
    }
  }
}

/* A slow sink must not pile up frames that need no inference, nor a frame that takes
 * long those behind it that are done. More of them where later ones replace those
 * that wait, so that upstream never does. */
static gsize
most_items (const IrInferStream *stream)
{
  const gsize more = stream->settings.policy == IR_POLICY_LATEST ? 2 : 1;

  return (capacity (stream) + more) * MAX (stream->settings.interval, 1) + more;
}

static gboolean
wait_for_room (IrInferStream *stream)
{
  const gsize most = most_items (stream);
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
    wait_until_changed (stream, -1);
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
static IrItemState
decide (IrInferStream *stream, const IrItem *item, const IrArrival *arrival)
{
  const IrInferSettings *settings = &stream->settings;

  if (arrival->gap)
    return IR_ITEM_READY;
  if (item->number % MAX (settings->interval, 1) != 0) {
    stream->stats.skipped++;
    return IR_ITEM_READY;
  }
  if (arrival->late) {
    stream->stats.late++;
    return IR_ITEM_READY;
  }
  if (settings->policy == IR_POLICY_LATEST &&
      stream->in_flight >= capacity (stream)) {
    drop_waiting (stream);
    return IR_ITEM_WAITING;
  }
  return IR_ITEM_RUNNING;
}

static gboolean
is_too_old (IrInferStream *stream, const IrArrival *arrival)
{
  gboolean old;

  g_mutex_lock (&stream->lock);
  old = stream->settings.max_age > 0 && arrival->age > stream->settings.max_age;
  if (old) {
    stream->n_frames++;
    stream->stats.dropped++;
  }
  g_mutex_unlock (&stream->lock);
  return old;
}

gboolean
ir_infer_stream_add_buffer (IrInferStream *stream, GstBuffer *buffer,
    const IrArrival *arrival, const IrInferSettings *settings, GError **error)
{
  IrItem *item;
  IrItemState state;

  take_settings (stream, settings);
  if (is_too_old (stream, arrival)) {
    gst_buffer_unref (buffer);
    return TRUE;
  }
  if (!wait_for_room (stream)) {
    gst_buffer_unref (buffer);
    return ir_fail (error, IR_ERROR_CANCELLED, "flushing");
  }
  item = ir_item_new (stream, gst_buffer_make_writable (buffer));
  item->age = arrival->age;
  g_mutex_lock (&stream->lock);
  item->number = stream->n_frames++;
  state = item->state = decide (stream, item, arrival);
  if (state == IR_ITEM_RUNNING)
    item->pending = 1;
  else if (state == IR_ITEM_READY)
    ir_item_drop_attached (item);
  if (stream->began == 0)
    stream->began = item->arrived;
  g_queue_push_tail (&stream->items, item);
  if (state != IR_ITEM_RUNNING)
    ir_infer_stream_changed (stream);
  g_mutex_unlock (&stream->lock);
  if (state == IR_ITEM_RUNNING) {
    g_mutex_lock (&stream->submit);
    ir_item_submit (item);
    g_mutex_unlock (&stream->submit);
  }
  return TRUE;
}

void
ir_infer_stream_add_event (IrInferStream *stream, GstEvent *event)
{
  IrItem *item = ir_item_new (stream, event);

  /* Nothing may wait for pictures that come after the event. */
  g_mutex_lock (&stream->submit);
  start_partial_batch (stream);
  g_mutex_unlock (&stream->submit);
  g_mutex_lock (&stream->lock);
  g_queue_push_tail (&stream->items, item);
  ir_infer_stream_changed (stream);
  g_mutex_unlock (&stream->lock);
}

/* --- taking -------------------------------------------------------------- */

/* With the lock held: begins what waits, if there is room again. */
static gboolean
begin_waiting (IrInferStream *stream)
{
  IrItem *item = NULL;

  if (stream->in_flight >= capacity (stream))
    return FALSE;
  for (GList *link = stream->items.head; link && item == NULL;
       link = link->next) {
    IrItem *candidate = link->data;

    if (candidate->state == IR_ITEM_WAITING)
      item = candidate;
  }
  if (item == NULL)
    return FALSE;
  if (stream->settings.max_age > 0 &&
      item->age + (guint64) (g_get_monotonic_time () - item->arrived) * 1000 >
          stream->settings.max_age) {
    g_queue_remove (&stream->items, item);
    stream->stats.dropped++;
    ir_item_free (item);
    return TRUE;
  }
  item->state = IR_ITEM_RUNNING;
  item->pending = 1;
  g_mutex_unlock (&stream->lock);
  g_mutex_lock (&stream->submit);
  ir_item_submit (item);
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
    wait_until_changed (stream, -1);
    return;
  }
  due = stream->open_since + (gint64) stream->settings.batch_timeout * 1000;
  if (wait_until_changed (stream, due))
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

static IrItem *
next_item (IrInferStream *stream, GError **error)
{
  IrItem *item = NULL;

  g_mutex_lock (&stream->lock);
  while (item == NULL && !stream->flushing) {
    IrItem *head = g_queue_peek_head (&stream->items);

    if (head && head->state == IR_ITEM_READY)
      item = g_queue_pop_head (&stream->items);
    else if (!begin_waiting (stream))
      wait_for_change (stream);
  }
  if (item) {
    stream->taken = item;
    ir_infer_stream_changed (stream);
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
  IrItem *item = next_item (stream, error);

  if (item == NULL)
    return FALSE;
  if (item->error) {
    g_propagate_error (error, g_steal_pointer (&item->error));
    ir_infer_stream_pushed (stream);
    return FALSE;
  }
  ir_item_attach (item);
  *object = g_steal_pointer (&item->object);
  return TRUE;
}

/* With the lock held. */
static void
note_latency (IrInferStream *stream, guint64 latency)
{
  IrLatencyPeak *peak = &stream->peak;

  stream->stats.latency = latency;
  stream->stats.latency_max = MAX (stream->stats.latency_max, latency);
  peak->now = MAX (peak->now, latency);
  if (++peak->n == PEAK_FRAMES)
    *peak = (IrLatencyPeak){ 0, peak->now, 0 };
}

void
ir_infer_stream_pushed (IrInferStream *stream)
{
  gint64 now = g_get_monotonic_time ();
  IrItem *item;

  g_mutex_lock (&stream->lock);
  item = g_steal_pointer (&stream->taken);
  if (item && item->flights->len > 0)
    note_latency (stream, (guint64) (now - item->arrived) * 1000);
  if (item && item->number + 1 == stream->n_frames && now > stream->began)
    stream->stats.fps =
        (double) stream->n_frames * 1e6 / (double) (now - stream->began);
  ir_infer_stream_changed (stream);
  g_mutex_unlock (&stream->lock);
  g_clear_pointer (&item, ir_item_free);
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
    wait_until_changed (stream, -1);
  flushing = stream->flushing;
  g_mutex_unlock (&stream->lock);
  return !flushing;
}

/* --- looking ------------------------------------------------------------- */

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
  latency = MAX (stream->peak.now, stream->peak.before);
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
