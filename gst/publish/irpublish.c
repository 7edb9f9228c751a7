/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-irpublish
 *
 * Writes the results that ride on each frame as a line of JSON and passes the
 * frame on untouched.
 *
 * ## Example
 * |[
 * gst-launch-1.0 ... ! irinfer ! irdecode ! irpublish uri=file:out.jsonl ! fakesink
 * ]|
 */

#include <math.h>

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include "irgsterror.h"
#include "irproperty.h"
#include "irtensormeta.h"
#include "message.h"
#include "output.h"

GST_DEBUG_CATEGORY_STATIC (irpublish_debug);
#define GST_CAT_DEFAULT irpublish_debug

#define IR_TYPE_PUBLISH (ir_publish_get_type ())
G_DECLARE_FINAL_TYPE (IrPublish, ir_publish, IR, PUBLISH, GstBaseTransform)

typedef enum {
  FORMAT_DLS,
  FORMAT_DEEPSTREAM,
} Format;

struct _IrPublish {
  GstBaseTransform parent;

  /* properties, under the object lock */
  char *uri;
  Format format;
  char *fields;
  char *source;
  guint every;
  char *spool_dir;
  guint64 spool_size;

  /* streaming thread */
  IrOutputStream *output;
  guint chosen;
  GstVideoInfo info;
  gboolean live;
  guint64 number;
};

G_DEFINE_TYPE (IrPublish, ir_publish, GST_TYPE_BASE_TRANSFORM)

#define DEFAULT_URI "-"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw(ANY)"));

static GType
ir_publish_format_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { FORMAT_DLS, "DL Streamer's fields and ours, a line per frame", "dls" },
    { FORMAT_DEEPSTREAM, "DeepStream's minimal schema, a line per frame",
        "deepstream-minimal" },
    { 0 },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("IrPublishFormat", values));
  return type;
}

#define AT(field) G_STRUCT_OFFSET (IrPublish, field)

/* clang-format off */
static const IrProperty properties[] = {
  { "uri", "URI",
    "Where lines go: - for standard output, file:PATH or file:///PATH (emptied at start); "
    "mqtt://, mqtts:// and kafka:// are not supported by this build",
    IR_PROPERTY_TEXT, AT (uri), .text = DEFAULT_URI },
  { "format", "Format", "Schema of a line",
    IR_PROPERTY_ENUM, AT (format), .def = FORMAT_DLS, .values = ir_publish_format_get_type, .live = TRUE },
  { "fields", "Fields",
    "Keys of the format dls to write, separated by commas: frame, latency_ms, model, objects, pts, resolution, "
    "schema, source, tensors, timestamp, utc; all if empty",
    IR_PROPERTY_TEXT, AT (fields) },
  { "source", "Source", "Name of the camera or file, written as \"source\" or \"sensorId\"",
    IR_PROPERTY_TEXT, AT (source), .live = TRUE },
  { "every", "Every", "Publishes one frame out of so many",
    IR_PROPERTY_UINT, AT (every), 1, G_MAXUINT, 1, .live = TRUE },
  { "spool-dir", "Spool folder",
    "Path of a folder that keeps lines while a broker is away; not used for files and standard output",
    IR_PROPERTY_TEXT, AT (spool_dir) },
  { "spool-size", "Spool size",
    "Most bytes that the spool folder may take; not used for files and standard output",
    IR_PROPERTY_UINT64, AT (spool_size), .def = 64 << 20 },
};
/* clang-format on */

static const IrPropertyTable table = { properties, G_N_ELEMENTS (properties),
  0 };

static gboolean
ir_publish_start (GstBaseTransform *base)
{
  IrPublish *self = IR_PUBLISH (base);
  g_autofree char *uri = NULL;
  g_autofree char *fields = NULL;
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  uri = g_strdup (self->uri);
  fields = g_strdup (self->fields);
  GST_OBJECT_UNLOCK (self);
  self->number = 0;
  if (!ir_fields_parse (fields ? fields : "", &self->chosen, &error)) {
    ir_element_error (self, error);
    return FALSE;
  }
  self->output = ir_output_open (uri ? uri : DEFAULT_URI, &error);
  if (self->output == NULL) {
    if (error->domain == G_FILE_ERROR) {
      GST_ELEMENT_ERROR (
          self, RESOURCE, OPEN_WRITE, ("%s", error->message), (NULL));
      g_error_free (error);
    } else {
      ir_element_error (self, error);
    }
    return FALSE;
  }
  return TRUE;
}

static gboolean
ir_publish_stop (GstBaseTransform *base)
{
  IrPublish *self = IR_PUBLISH (base);
  g_autoptr (GError) error = NULL;

  if (self->output &&
      !ir_output_close (g_steal_pointer (&self->output), &error))
    GST_ELEMENT_WARNING (self, RESOURCE, CLOSE, ("%s", error->message), (NULL));
  return TRUE;
}

static gboolean
ir_publish_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
  IrPublish *self = IR_PUBLISH (base);
  g_autoptr (GstQuery) query = gst_query_new_latency ();

  self->live = FALSE;
  if (gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (base), query))
    gst_query_parse_latency (query, &self->live, NULL, NULL);
  return gst_video_info_from_caps (&self->info, in);
}

/* How long ago the frame was due, NAN without clock or timestamp, or when the
 * frame runs ahead of the clock. What is not live is due when it comes. */
static double
age_ms (IrPublish *self, GstBuffer *buffer)
{
  GstBaseTransform *base = GST_BASE_TRANSFORM (self);
  g_autoptr (GstClock) clock = gst_element_get_clock (GST_ELEMENT (self));
  GstClockTime due, now;

  if (!self->live || clock == NULL || !GST_BUFFER_PTS_IS_VALID (buffer))
    return NAN;
  due = gst_segment_to_running_time (
      &base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  now = gst_clock_get_time (clock);
  if (!GST_CLOCK_TIME_IS_VALID (due))
    return NAN;
  due += gst_element_get_base_time (GST_ELEMENT (self));
  return now >= due ? (now - due) / 1e6 : NAN;
}

/* A file is not late for anything: the time that the network took, pictures
 * included, then stands for the latency. */
static double
spent_ms (GstBuffer *buffer)
{
  double most = NAN;
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, IR_TENSOR_META_API_TYPE))) {
    const IrTensorMeta *tensors = (const IrTensorMeta *) meta;

    if (tensors->role == IR_TENSORS_OUTPUT)
      most = fmax (most, (tensors->preprocess_ns + tensors->infer_ns) / 1e6);
  }
  return most;
}

/* A camera's own wall clock if the buffer carries it, else when it was due. */
static gint64
utc_of (GstBuffer *buffer, double age)
{
  static GstStaticCaps unix_caps = GST_STATIC_CAPS ("timestamp/x-unix");
  g_autoptr (GstCaps) caps = gst_static_caps_get (&unix_caps);
  GstReferenceTimestampMeta *meta =
      gst_buffer_get_reference_timestamp_meta (buffer, caps);

  if (meta && GST_CLOCK_TIME_IS_VALID (meta->timestamp))
    return meta->timestamp / 1000;
  return g_get_real_time () - (isnan (age) ? 0 : (gint64) (age * 1000));
}

static void
report (IrPublish *self, GError *error)
{
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
    GST_ELEMENT_ERROR (
        self, RESOURCE, NO_SPACE_LEFT, ("%s", error->message), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE, ("%s", error->message), (NULL));
}

static GstFlowReturn
ir_publish_transform_ip (GstBaseTransform *base, GstBuffer *buffer)
{
  IrPublish *self = IR_PUBLISH (base);
  g_autoptr (GError) error = NULL;
  g_autofree char *source = NULL;
  g_autofree char *line = NULL;
  IrMessage message;
  Format format;
  guint every;

  GST_OBJECT_LOCK (self);
  every = self->every;
  format = self->format;
  source = g_strdup (self->source);
  GST_OBJECT_UNLOCK (self);
  message = (IrMessage){ .buffer = buffer,
    .number = self->number++,
    .width = self->info.width,
    .height = self->info.height,
    .source = source,
    .fields = self->chosen };
  if (message.number % every != 0)
    return GST_FLOW_OK;
  message.timestamp = gst_segment_to_stream_time (
      &base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  message.latency_ms = age_ms (self, buffer);
  message.utc = utc_of (buffer, message.latency_ms);
  if (isnan (message.latency_ms))
    message.latency_ms = spent_ms (buffer);
  line = format == FORMAT_DLS ? ir_message_dls (&message)
                              : ir_message_deepstream (&message);
  if (!ir_output_write (self->output, line, &error)) {
    report (self, error);
    return GST_FLOW_ERROR;
  }
  return GST_FLOW_OK;
}

static void
ir_publish_finalize (GObject *object)
{
  ir_properties_clear (object, &table);
  G_OBJECT_CLASS (ir_publish_parent_class)->finalize (object);
}

static void
ir_publish_class_init (IrPublishClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (irpublish_debug, "irpublish", 0, "irpublish");
  object_class->finalize = ir_publish_finalize;
  ir_properties_install (object_class, &table);
  gst_element_class_set_static_metadata (element_class, "Results to JSON lines",
      "Filter/Analyzer/Video", "Writes detections and classes as JSON lines",
      "gst-ir");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  base_class->passthrough_on_same_caps = TRUE;
  base_class->start = ir_publish_start;
  base_class->stop = ir_publish_stop;
  base_class->set_caps = ir_publish_set_caps;
  base_class->transform_ip = ir_publish_transform_ip;
}

static void
ir_publish_init (IrPublish *self)
{
  ir_properties_init (self, &table);
  self->chosen = IR_FIELD_ALL;
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (
      plugin, "irpublish", GST_RANK_NONE, IR_TYPE_PUBLISH);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, irpublish,
    "Detections as JSON lines", plugin_init, IR_VERSION, "LGPL", PACKAGE,
    PACKAGE)
