/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irframe.h"
#include "irgsterror.h"
#include "irinferpriv.h"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));

static GstFlowReturn
get_flow (IrInferElement *self)
{
  return g_atomic_int_get (&self->flow);
}

/* --- downstream: the source pad's task ------------------------------------ */

/* Small changes are not worth a redistribution. */
static gboolean
is_news (guint64 latency, guint64 told)
{
  return latency > told + told / 4 || latency < told / 2;
}

static void
tell_latency (IrInferElement *self)
{
  guint64 latency = ir_infer_stream_get_latency (self->stream);
  gboolean news;

  GST_OBJECT_LOCK (self);
  news = is_news (latency, self->told_latency);
  if (news)
    self->told_latency = latency;
  GST_OBJECT_UNLOCK (self);
  if (news)
    gst_element_post_message (
        GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* Nothing more can leave: upstream must not wait for room. It learns of @flow
 * with its next buffer, or with the one that waits. */
static void
stop_flow (IrInferElement *self, GstFlowReturn flow)
{
  g_atomic_int_set (&self->flow, flow);
  ir_infer_stream_set_flushing (self->stream, TRUE);
  gst_pad_pause_task (self->srcpad);
}

static void
fail_stream (IrInferElement *self, GError *error)
{
  if (g_error_matches (error, IR_ERROR, IR_ERROR_CANCELLED)) {
    g_error_free (error);
    gst_pad_pause_task (self->srcpad);
    return;
  }
  ir_element_error (self, error);
  stop_flow (self, GST_FLOW_ERROR);
  gst_pad_push_event (self->srcpad, gst_event_new_eos ());
}

static void
loop (gpointer user_data)
{
  IrInferElement *self = IR_INFER_ELEMENT (user_data);
  GstMiniObject *object = NULL;
  GError *error = NULL;
  GstFlowReturn flow;

  if (!ir_infer_stream_take (self->stream, &object, &error)) {
    fail_stream (self, error);
    return;
  }
  if (GST_IS_EVENT (object)) {
    gst_pad_push_event (self->srcpad, GST_EVENT_CAST (object));
    ir_infer_stream_pushed (self->stream);
    return;
  }
  flow = gst_pad_push (self->srcpad, GST_BUFFER_CAST (object));
  ir_infer_stream_pushed (self->stream);
  tell_latency (self);
  if (flow != GST_FLOW_OK)
    stop_flow (self, flow);
}

/* Compiling takes long enough for a state change to end the streaming
 * meanwhile: then nothing may start. */
static gboolean
start_task (IrInferElement *self)
{
  g_atomic_int_set (&self->flow, GST_FLOW_OK);
  ir_infer_stream_set_flushing (self->stream, FALSE);
  g_mutex_lock (&self->starting);
  self->started = self->active;
  if (self->started)
    gst_pad_start_task (self->srcpad, loop, self, NULL);
  else
    ir_infer_stream_set_flushing (self->stream, TRUE);
  g_mutex_unlock (&self->starting);
  return self->started;
}

static void
flush_stream (IrInferElement *self)
{
  GST_OBJECT_LOCK (self);
  if (self->stream)
    ir_infer_stream_set_flushing (self->stream, TRUE);
  GST_OBJECT_UNLOCK (self);
}

/* --- upstream: buffers ----------------------------------------------------- */

static GstFlowReturn
open_and_start (IrInferElement *self)
{
  GError *error = NULL;

  if (self->started)
    return get_flow (self);
  if (!ir_infer_open (self, &error)) {
    ir_element_error (self, error);
    return GST_FLOW_ERROR;
  }
  if (self->has_info)
    ir_infer_stream_set_info (self->stream, &self->info);
  return start_task (self) ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

/* How late a buffer is, in nanoseconds; 0 if that has no meaning. */
static guint64
age_of (IrInferElement *self, GstBuffer *buffer)
{
  GstClockTime due = gst_segment_to_running_time (
      &self->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));

  if (!GST_CLOCK_TIME_IS_VALID (now) || !GST_CLOCK_TIME_IS_VALID (due) ||
      now <= due)
    return 0;
  return now - due;
}

static gboolean
add_buffer (IrInferElement *self, GstBuffer *buffer)
{
  g_autofree char *classes = NULL;
  IrInferSettings settings;
  IrArrival arrival = { 0 };

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  settings.object_class = classes = g_strdup (self->settings.object_class);
  GST_OBJECT_UNLOCK (self);
  if (settings.max_age > 0)
    arrival.age = age_of (self, buffer);
  arrival.gap = ir_buffer_is_gap (buffer);
  arrival.late = !arrival.gap &&
      !ir_qos_admit (GST_ELEMENT (self), &self->qos, &self->segment, buffer);
  return ir_infer_stream_add_buffer (
      self->stream, buffer, &arrival, &settings, NULL);
}

static GstFlowReturn
chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);
  GstFlowReturn flow =
      self->has_info ? open_and_start (self) : GST_FLOW_NOT_NEGOTIATED;

  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  if (add_buffer (self, buffer))
    return GST_FLOW_OK;
  flow = get_flow (self);
  return flow != GST_FLOW_OK ? flow : GST_FLOW_FLUSHING;
}

/* --- upstream: events ------------------------------------------------------ */

/* What comes before the first frame, or when no more frames leave, goes on at
 * once; all else goes through the stream. */
static gboolean
forward_event (IrInferElement *self, GstEvent *event)
{
  if (!self->started || get_flow (self) != GST_FLOW_OK)
    return gst_pad_push_event (self->srcpad, event);
  ir_infer_stream_add_event (self->stream, event);
  return TRUE;
}

static void
take_announcement (IrInferElement *self, IrModel *model)
{
  /* Tensors of another model need another engine. */
  if (self->started && self->announced != model) {
    ir_infer_stream_drain (self->stream);
    flush_stream (self);
    gst_pad_stop_task (self->srcpad);
    self->started = FALSE;
  }
  g_clear_pointer (&self->announced, ir_model_unref);
  self->announced = model;
}

static gboolean
flush_start (IrInferElement *self, GstEvent *event)
{
  gboolean ok;

  /* The waiting ends first, so that downstream's flush finds the task free. */
  flush_stream (self);
  ok = gst_pad_push_event (self->srcpad, event);
  gst_pad_pause_task (self->srcpad);
  return ok;
}

static gboolean
flush_stop (IrInferElement *self, GstEvent *event)
{
  gboolean ok;

  /* It may have been started since the flush began. */
  flush_stream (self);
  gst_pad_pause_task (self->srcpad);
  ir_qos_flush (GST_ELEMENT (self), &self->qos);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  ok = gst_pad_push_event (self->srcpad, event);
  if (self->started)
    start_task (self);
  return ok;
}

static gboolean
take_caps (IrInferElement *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  self->has_info = gst_video_info_from_caps (&self->info, caps);
  if (!self->has_info)
    return FALSE;
  /* Regions of frames that still wait refer to the old size. */
  if (self->started) {
    ir_infer_stream_drain (self->stream);
    ir_infer_stream_set_info (self->stream, &self->info);
  }
  return TRUE;
}

static gboolean
sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);
  IrModel *model = ir_model_event_get (event);

  if (model && self->own == NULL) {
    take_announcement (self, model);
    gst_event_unref (event);
    return TRUE;
  }
  g_clear_pointer (&model, ir_model_unref);
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      return flush_start (self, event);
    case GST_EVENT_FLUSH_STOP:
      return flush_stop (self, event);
    case GST_EVENT_CAPS:
      if (take_caps (self, event))
        return forward_event (self, event);
      gst_event_unref (event);
      return FALSE;
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      return forward_event (self, event);
    default:
      if (GST_EVENT_IS_SERIALIZED (event))
        return forward_event (self, event);
      return gst_pad_event_default (pad, parent, event);
  }
}

static gboolean
src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS)
    ir_qos_take (GST_ELEMENT (parent), &IR_INFER_ELEMENT (parent)->qos, event);
  return gst_pad_event_default (pad, parent, event);
}

/* --- queries -------------------------------------------------------------- */

static gboolean
sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);

  if (GST_QUERY_IS_SERIALIZED (query) && self->started &&
      !ir_infer_stream_drain (self->stream))
    return FALSE;
  return gst_pad_query_default (pad, parent, query);
}

static gboolean
answer_latency (IrInferElement *self, GstQuery *query)
{
  GstClockTime least;
  GstClockTime most;
  guint64 own = 0;
  gboolean live;

  if (!gst_pad_peer_query (self->sinkpad, query))
    return FALSE;
  GST_OBJECT_LOCK (self);
  if (self->stream)
    own = ir_infer_stream_get_latency (self->stream);
  self->told_latency = own;
  GST_OBJECT_UNLOCK (self);
  gst_query_parse_latency (query, &live, &least, &most);
  least += own;
  if (GST_CLOCK_TIME_IS_VALID (most))
    most += own;
  gst_query_set_latency (query, live, least, most);
  return TRUE;
}

static gboolean
src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return answer_latency (IR_INFER_ELEMENT (parent), query);
  return gst_pad_query_default (pad, parent, query);
}

/* --- life ----------------------------------------------------------------- */

static gboolean
src_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&self->starting);
  self->active = active;
  if (!active)
    flush_stream (self);
  g_mutex_unlock (&self->starting);
  return active || gst_pad_stop_task (pad);
}

void
ir_infer_start (IrInferElement *self)
{
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  ir_qos_reset (GST_ELEMENT (self), &self->qos);
  self->has_info = FALSE;
  self->started = FALSE;
  g_atomic_int_set (&self->flow, GST_FLOW_OK);
  GST_OBJECT_LOCK (self);
  self->told_latency = 0;
  if (self->stream)
    ir_infer_stream_reset (self->stream);
  GST_OBJECT_UNLOCK (self);
}

void
ir_infer_add_templates (GstElementClass *klass)
{
  gst_element_class_add_static_pad_template (klass, &sink_template);
  gst_element_class_add_static_pad_template (klass, &src_template);
}

void
ir_infer_add_pads (IrInferElement *self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, chain);
  gst_pad_set_event_function (self->sinkpad, sink_event);
  gst_pad_set_query_function (self->sinkpad, sink_query);
  GST_PAD_SET_PROXY_CAPS (self->sinkpad);
  GST_PAD_SET_PROXY_ALLOCATION (self->sinkpad);
  GST_PAD_SET_PROXY_SCHEDULING (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_activatemode_function (self->srcpad, src_activate_mode);
  gst_pad_set_event_function (self->srcpad, src_event);
  gst_pad_set_query_function (self->srcpad, src_query);
  GST_PAD_SET_PROXY_CAPS (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}
