/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-irinfer
 * @title: irinfer
 *
 * Runs a neural network on video frames and attaches its output tensors to them.
 * Several inferences are under way at a time; frames leave in the order in which
 * they came. With irconvert upstream the model and the input tensors are
 * irconvert's; with a `model` of its own irinfer prepares the pictures itself.
 *
 * In answer to a LATENCY query of a live pipeline it adds the longest time that
 * a frame has spent inside so far (before the first frame: the time of the
 * warm-up inference times the number of requests).
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin ! videoconvert ! \
 *     irinfer model=face.xml device=CPU ! irdecode ! iroverlay ! videoconvert ! \
 *     autovideosink
 * ]|
 *
 * Since: 0.1
 */
#include "irinfer.h"
#include "irgsterror.h"
#include "irinferstream.h"

#include <gst/video/video.h>

GST_DEBUG_CATEGORY_STATIC (ir_infer_element_debug);
#define GST_CAT_DEFAULT ir_infer_element_debug

struct _IrInferElement {
  GstElement parent;
  GstPad *sinkpad;
  GstPad *srcpad;

  /* Properties, under the object lock. */
  IrModelOptions options;
  char *device;
  char *config;
  char *precision;
  char *instance;
  guint nireq;
  guint streams;
  guint threads;
  guint batch_size;
  guint warmup;
  IrInferSettings settings;

  /* Under the object lock; changed by the streaming thread and when there is
   * none. */
  IrInferStream *stream;
  IrModel *announced;
  GstClockTime earliest;
  GstFlowReturn flow;
  guint64 told_latency;

  /* Of the streaming thread. */
  IrModel *own;
  GstSegment segment;
  GstVideoInfo info;
  gboolean has_info;
};

enum {
  PROP_0,
  PROP_MODEL,
  PROP_DEVICE,
  PROP_CONFIG,
  PROP_PRECISION,
  PROP_INSTANCE_ID,
  PROP_OBJECT_CLASS,
  PROP_NIREQ,
  PROP_STREAMS,
  PROP_THREADS,
  PROP_BATCH_SIZE,
  PROP_BATCH_TIMEOUT,
  PROP_INTERVAL,
  PROP_REGION,
  PROP_RECLASSIFY_INTERVAL,
  PROP_POLICY,
  PROP_MAX_AGE,
  PROP_WARMUP,
  PROP_STATS,
  PROP_EXPLAIN,
};

/* clang-format off */
/* Texts: id, name, field, default, live, nick, what it is. */
#define TEXTS(X) \
  X (PROP_MODEL, "model", options.model, NULL, FALSE, "Model", \
      "Path of the model: an IR (.xml) or a source model such as .onnx; default: that of irconvert upstream") \
  X (PROP_DEVICE, "device", device, "AUTO", FALSE, "Device", \
      "Device that runs the network: CPU, REFERENCE, a plugin's name, or AUTO for the best") \
  X (PROP_CONFIG, "config", config, NULL, FALSE, "Configuration", \
      "Settings of the device as KEY=VALUE,KEY=VALUE") \
  X (PROP_PRECISION, "precision", precision, "auto", FALSE, "Precision", \
      "Type that the network computes in: auto, f32 or what else the device offers") \
  X (PROP_INSTANCE_ID, "instance-id", instance, NULL, FALSE, "Instance id", \
      "Elements of one process with the same id share one compiled model; the first one's settings hold") \
  X (PROP_OBJECT_CLASS, "object-class", settings.object_class, NULL, TRUE, "Object class", \
      "Labels of the regions to take, with commas between; default: all")

/* Numbers: id, name, field, least, most, default, live, nick, what it is. */
#define NUMBERS(X) \
  X (PROP_NIREQ, "nireq", nireq, 0, 1024, 0, FALSE, "Requests", \
      "Inferences under way at a time, 0 for what suits the device") \
  X (PROP_STREAMS, "streams", streams, 0, 1024, 0, FALSE, "Streams", \
      "Inferences that the device runs side by side, 0 for its default") \
  X (PROP_THREADS, "threads", threads, 0, 1024, 0, FALSE, "Threads", \
      "Processor cores that the device may use, 0 for all that the process may use") \
  X (PROP_BATCH_SIZE, "batch-size", batch_size, 1, 1024, 1, FALSE, "Batch size", \
      "Pictures per inference") \
  X (PROP_INTERVAL, "interval", settings.interval, 1, G_MAXINT, 1, TRUE, "Interval", \
      "Every how many frames one is inferred; the others pass") \
  X (PROP_RECLASSIFY_INTERVAL, "reclassify-interval", settings.reclassify_interval, 0, G_MAXINT, 1, TRUE, "Reclassify interval", \
      "After how many frames a tracked object is inferred again: 1 in every frame, 0 never again") \
  X (PROP_WARMUP, "warmup", warmup, 0, 1000, 0, FALSE, "Warm-up", \
      "Inferences to run before the first frame")
/* clang-format on */

G_DEFINE_TYPE (IrInferElement, ir_infer_element, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (irinfer, "irinfer", GST_RANK_NONE,
    IR_TYPE_INFER,
    GST_DEBUG_CATEGORY_INIT (
        ir_infer_element_debug, "irinfer", 0, "inference of neural networks"));

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));

static GType
policy_get_type (void)
{
  static const GEnumValue values[] = {
    { IR_POLICY_ALL, "Infer all frames, hold upstream back", "all" },
    { IR_POLICY_LATEST, "Drop frames that wait when a later one comes",
        "latest" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("IrInferPolicy", values));
  return type;
}

/* --- properties ---------------------------------------------------------- */

static char **
text_of (IrInferElement *self, guint id)
{
  switch (id) {
#define CASE(id, name, field, def, live, nick, blurb)                          \
  case id:                                                                     \
    return &self->field;
    TEXTS (CASE)
#undef CASE
    default:
      return NULL;
  }
}

static guint *
number_of (IrInferElement *self, guint id)
{
  switch (id) {
#define CASE(id, name, field, least, most, def, live, nick, blurb)             \
  case id:                                                                     \
    return &self->field;
    NUMBERS (CASE)
#undef CASE
    default:
      return NULL;
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  IrInferElement *self = IR_INFER_ELEMENT (object);
  char **text = text_of (self, id);
  guint *number = number_of (self, id);

  GST_OBJECT_LOCK (self);
  if (text) {
    g_free (*text);
    *text = g_value_dup_string (value);
  } else if (number) {
    *number = g_value_get_uint (value);
  } else if (id == PROP_BATCH_TIMEOUT) {
    self->settings.batch_timeout = g_value_get_int (value);
  } else if (id == PROP_REGION) {
    self->settings.region = g_value_get_enum (value);
  } else if (id == PROP_POLICY) {
    self->settings.policy = g_value_get_enum (value);
  } else if (id == PROP_MAX_AGE) {
    self->settings.max_age = g_value_get_uint64 (value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

/* With the object lock held. */
static GstStructure *
make_stats (IrInferElement *self)
{
  IrInferStats stats = { 0 };

  if (self->stream)
    ir_infer_stream_get_stats (self->stream, &stats);
  return gst_structure_new ("irinfer-stats", "frames", G_TYPE_UINT64,
      stats.frames, "inferences", G_TYPE_UINT64, stats.inferences, "dropped",
      G_TYPE_UINT64, stats.dropped, "skipped", G_TYPE_UINT64, stats.skipped,
      "latency", G_TYPE_UINT64, stats.latency, "latency-max", G_TYPE_UINT64,
      stats.latency_max, "preprocess", G_TYPE_UINT64, stats.preprocess, "infer",
      G_TYPE_UINT64, stats.infer, "fps", G_TYPE_DOUBLE, stats.fps, NULL);
}

static char *
make_explanation (IrInferElement *self)
{
  IrEngine *engine;
  g_autofree char *model = NULL;
  g_autofree char *device = NULL;

  if (self->stream == NULL)
    return g_strdup ("the model is compiled when the first frame comes");
  engine = ir_infer_stream_get_engine (self->stream);
  model = ir_model_explain (ir_engine_get_model (engine));
  device = ir_engine_explain (engine);
  return g_strdup_printf ("%s\n%s", model, device);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  IrInferElement *self = IR_INFER_ELEMENT (object);
  char **text = text_of (self, id);
  guint *number = number_of (self, id);

  GST_OBJECT_LOCK (self);
  if (text)
    g_value_set_string (value, *text);
  else if (number)
    g_value_set_uint (value, *number);
  else if (id == PROP_BATCH_TIMEOUT)
    g_value_set_int (value, self->settings.batch_timeout);
  else if (id == PROP_REGION)
    g_value_set_enum (value, self->settings.region);
  else if (id == PROP_POLICY)
    g_value_set_enum (value, self->settings.policy);
  else if (id == PROP_MAX_AGE)
    g_value_set_uint64 (value, self->settings.max_age);
  else if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else if (id == PROP_EXPLAIN)
    g_value_take_string (value, make_explanation (self));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

/* --- the model ----------------------------------------------------------- */

static void
log_convert (GLogLevelFlags level, const char *message, gpointer user_data)
{
  GST_INFO_OBJECT (user_data, "%s", message);
}

static gboolean
has_text (const char *text)
{
  return text && *text != '\0';
}

/* A model of its own is loaded early, so that what is wrong with it stops the
 * start and not the stream. */
static gboolean
load_own (IrInferElement *self)
{
  GError *error = NULL;

  if (!has_text (self->options.model) || self->own)
    return TRUE;
  self->own = ir_model_load (&self->options, log_convert, self, &error);
  if (self->own == NULL)
    ir_element_error (self, error);
  return self->own != NULL;
}

static gboolean
open_stream (IrInferElement *self, GError **error)
{
  IrModel *model = self->own ? self->own : self->announced;
  IrEngineOptions options = { .model = model,
    .device = self->device,
    .config = self->config,
    .precision = self->precision,
    .streams = self->streams,
    .threads = self->threads,
    .nireq = self->nireq,
    .batch = self->batch_size,
    .warmup = self->warmup,
    .instance = self->instance };
  IrInferStream *stream;

  if (self->stream)
    return TRUE;
  if (model == NULL && !has_text (self->instance))
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "there is no model; set the property 'model', or put irconvert "
        "upstream of irinfer");
  stream = ir_infer_stream_new (&options,
      self->own != NULL || self->announced == NULL, self->instance, error);
  if (stream == NULL)
    return FALSE;
  if (self->has_info)
    ir_infer_stream_set_info (stream, &self->info);
  GST_OBJECT_LOCK (self);
  self->stream = stream;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
close_stream (IrInferElement *self)
{
  IrInferStream *stream;

  GST_OBJECT_LOCK (self);
  stream = g_steal_pointer (&self->stream);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&stream, ir_infer_stream_free);
}

/* --- downstream: the source pad's task ------------------------------------ */

static void
tell_latency (IrInferElement *self)
{
  guint64 latency = ir_infer_stream_get_latency (self->stream);

  /* Small changes are not worth a redistribution. */
  if (latency <= self->told_latency + self->told_latency / 4)
    return;
  self->told_latency = latency;
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
}

/* Nothing more can leave: upstream must not wait for room. It learns of @flow
 * with its next buffer, or with the one that waits. */
static void
stop_flow (IrInferElement *self, GstFlowReturn flow)
{
  self->flow = flow;
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

static gboolean
start_task (IrInferElement *self)
{
  self->flow = GST_FLOW_OK;
  return gst_pad_start_task (self->srcpad, loop, self, NULL);
}

/* --- upstream: buffers and events ----------------------------------------- */

/* What comes before the first frame, or when no more frames leave, goes on at
 * once; all else goes through the stream. */
static gboolean
forward_event (IrInferElement *self, GstEvent *event)
{
  if (self->stream == NULL || self->flow != GST_FLOW_OK)
    return gst_pad_push_event (self->srcpad, event);
  ir_infer_stream_add_event (self->stream, event);
  return TRUE;
}

static GstFlowReturn
open_and_start (IrInferElement *self)
{
  GError *error = NULL;

  if (self->stream)
    return GST_FLOW_OK;
  if (!open_stream (self, &error)) {
    ir_element_error (self, error);
    return GST_FLOW_ERROR;
  }
  start_task (self);
  return GST_FLOW_OK;
}

/* How late a buffer is, in nanoseconds; 0 if that has no meaning. */
static guint64
age_of (IrInferElement *self, GstClockTime running_time)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));

  if (!GST_CLOCK_TIME_IS_VALID (now) ||
      !GST_CLOCK_TIME_IS_VALID (running_time) || now <= running_time)
    return 0;
  return now - running_time;
}

static gboolean
is_late (IrInferElement *self, GstClockTime running_time)
{
  gboolean late;

  GST_OBJECT_LOCK (self);
  late = GST_CLOCK_TIME_IS_VALID (running_time) &&
      GST_CLOCK_TIME_IS_VALID (self->earliest) && running_time < self->earliest;
  GST_OBJECT_UNLOCK (self);
  return late;
}

static GstFlowReturn
chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);
  GstClockTime running_time = gst_segment_to_running_time (
      &self->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  g_autofree char *classes = NULL;
  IrInferSettings settings;
  GstFlowReturn flow = open_and_start (self);

  if (flow == GST_FLOW_OK)
    flow = self->flow;
  if (flow == GST_FLOW_OK && !self->has_info)
    flow = GST_FLOW_NOT_NEGOTIATED;
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  if (is_late (self, running_time)) {
    ir_infer_stream_count_drop (self->stream);
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  GST_OBJECT_LOCK (self);
  settings = self->settings;
  settings.object_class = classes = g_strdup (self->settings.object_class);
  GST_OBJECT_UNLOCK (self);
  if (!ir_infer_stream_add_buffer (self->stream, buffer,
          settings.max_age > 0 ? age_of (self, running_time) : 0, &settings,
          NULL))
    return self->flow != GST_FLOW_OK ? self->flow : GST_FLOW_FLUSHING;
  return GST_FLOW_OK;
}

static void
take_announcement (IrInferElement *self, IrModel *model)
{
  /* Tensors of another model need another engine. */
  if (self->announced && self->announced != model && self->stream) {
    ir_infer_stream_drain (self->stream);
    ir_infer_stream_set_flushing (self->stream, TRUE);
    gst_pad_stop_task (self->srcpad);
    close_stream (self);
  }
  g_clear_pointer (&self->announced, ir_model_unref);
  self->announced = model;
}

static gboolean
flush_start (IrInferElement *self, GstEvent *event)
{
  gboolean ok;

  /* The waiting ends first, so that downstream's flush finds the task free. */
  GST_OBJECT_LOCK (self);
  if (self->stream)
    ir_infer_stream_set_flushing (self->stream, TRUE);
  GST_OBJECT_UNLOCK (self);
  ok = gst_pad_push_event (self->srcpad, event);
  gst_pad_pause_task (self->srcpad);
  return ok;
}

static gboolean
flush_stop (IrInferElement *self, GstEvent *event)
{
  gboolean ok;

  GST_OBJECT_LOCK (self);
  self->earliest = GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);
  gst_segment_init (&self->segment, GST_FORMAT_TIME);
  if (self->stream)
    ir_infer_stream_set_flushing (self->stream, FALSE);
  ok = gst_pad_push_event (self->srcpad, event);
  if (self->stream)
    start_task (self);
  return ok;
}

static void
take_caps (IrInferElement *self, GstEvent *event)
{
  GstCaps *caps;

  gst_event_parse_caps (event, &caps);
  self->has_info = gst_video_info_from_caps (&self->info, caps);
  /* Regions of frames that still wait refer to the old size. */
  if (self->stream && self->has_info) {
    ir_infer_stream_drain (self->stream);
    ir_infer_stream_set_info (self->stream, &self->info);
  }
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
      take_caps (self, event);
      return forward_event (self, event);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &self->segment);
      return forward_event (self, event);
    default:
      if (GST_EVENT_IS_SERIALIZED (event))
        return forward_event (self, event);
      return gst_pad_event_default (pad, parent, event);
  }
}

/* --- queries -------------------------------------------------------------- */

static gboolean
sink_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);

  if (GST_QUERY_IS_SERIALIZED (query) && self->stream &&
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

static gboolean
src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    GstQOSType type;
    gdouble proportion;
    GstClockTimeDiff diff;
    GstClockTime timestamp;

    gst_event_parse_qos (event, &type, &proportion, &diff, &timestamp);
    GST_OBJECT_LOCK (self);
    if (!GST_CLOCK_TIME_IS_VALID (timestamp))
      self->earliest = GST_CLOCK_TIME_NONE;
    else if (diff > 0)
      self->earliest = timestamp + 2 * (GstClockTime) diff;
    else
      self->earliest = timestamp > (GstClockTime) -diff ? timestamp + diff : 0;
    GST_OBJECT_UNLOCK (self);
  }
  return gst_pad_event_default (pad, parent, event);
}

/* --- states --------------------------------------------------------------- */

static gboolean
src_activate_mode (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  IrInferElement *self = IR_INFER_ELEMENT (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (active) {
    self->flow = GST_FLOW_OK;
    return TRUE;
  }
  GST_OBJECT_LOCK (self);
  if (self->stream)
    ir_infer_stream_set_flushing (self->stream, TRUE);
  GST_OBJECT_UNLOCK (self);
  return gst_pad_stop_task (pad);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  IrInferElement *self = IR_INFER_ELEMENT (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    gst_segment_init (&self->segment, GST_FORMAT_TIME);
    self->earliest = GST_CLOCK_TIME_NONE;
    self->has_info = FALSE;
    self->told_latency = 0;
    if (!load_own (self))
      return GST_STATE_CHANGE_FAILURE;
  }
  ret = GST_ELEMENT_CLASS (ir_infer_element_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    close_stream (self);
    g_clear_pointer (&self->announced, ir_model_unref);
    g_clear_pointer (&self->own, ir_model_unref);
  }
  return ret;
}

/* --- class --------------------------------------------------------------- */

static void
finalize (GObject *object)
{
  IrInferElement *self = IR_INFER_ELEMENT (object);

  ir_model_options_clear (&self->options);
  g_free (self->device);
  g_free (self->config);
  g_free (self->precision);
  g_free (self->instance);
  g_free (self->settings.object_class);
  G_OBJECT_CLASS (ir_infer_element_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags ready =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags playing =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

#define INSTALL(id, name, field, def, live, nick, blurb)                       \
  g_object_class_install_property (klass, id,                                  \
      g_param_spec_string (name, nick, blurb, def, live ? playing : ready));
  TEXTS (INSTALL)
#undef INSTALL
#define INSTALL(id, name, field, least, most, def, live, nick, blurb)          \
  g_object_class_install_property (klass, id,                                  \
      g_param_spec_uint (                                                      \
          name, nick, blurb, least, most, def, live ? playing : ready));
  NUMBERS (INSTALL)
#undef INSTALL
  g_object_class_install_property (klass, PROP_BATCH_TIMEOUT,
      g_param_spec_int ("batch-timeout", "Batch timeout",
          "Milliseconds after which a batch that is not full is inferred, -1 "
          "for never",
          -1, G_MAXINT, 40, playing));
  g_object_class_install_property (klass, PROP_REGION,
      g_param_spec_enum ("region", "Region",
          "What of the frame the network sees, if irinfer prepares the "
          "pictures: the frame, or each region of interest",
          IR_TYPE_REGION_MODE, IR_REGION_FULL_FRAME, playing));
  g_object_class_install_property (klass, PROP_POLICY,
      g_param_spec_enum ("policy", "Policy",
          "Which frames are inferred when they come too fast",
          policy_get_type (), IR_POLICY_ALL, playing));
  g_object_class_install_property (klass, PROP_MAX_AGE,
      g_param_spec_uint64 ("max-age", "Maximum age",
          "Frames that are later than this many nanoseconds when their "
          "inference could begin are dropped, 0 for none",
          0, G_MAXUINT64, 0, playing));
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counts of frames, inferences, dropped and skipped frames; latency, "
          "latency-max, preprocess and infer in nanoseconds; fps",
          GST_TYPE_STRUCTURE, read));
  g_object_class_install_property (klass, PROP_EXPLAIN,
      g_param_spec_string ("explain", "Explain",
          "Model, preprocessing and device in plain words, once frames flow",
          NULL, read));
}

static void
ir_infer_element_class_init (IrInferElementClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties (object_class);
  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Neural network inference", "Filter/Analyzer/Video",
      "Runs a neural network and attaches its output tensors to video frames",
      "The gst-ir authors");
  gst_type_mark_as_plugin_api (IR_TYPE_REGION_MODE, 0);
  gst_type_mark_as_plugin_api (policy_get_type (), 0);
}

static void
ir_infer_element_init (IrInferElement *self)
{
#define INIT(id, name, field, def, live, nick, blurb)                          \
  self->field = g_strdup (def);
  TEXTS (INIT)
#undef INIT
#define INIT(id, name, field, least, most, def, live, nick, blurb)             \
  self->field = def;
  NUMBERS (INIT)
#undef INIT
  self->settings.batch_timeout = 40;
  self->earliest = GST_CLOCK_TIME_NONE;
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
