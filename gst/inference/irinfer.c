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
 * one of the last frames spent inside (before the first frame: the time of the
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
#include "irenums.h"
#include "irgsterror.h"
#include "irinferpriv.h"
#include "irproperty.h"

GST_DEBUG_CATEGORY_STATIC (ir_infer_element_debug);
#define GST_CAT_DEFAULT ir_infer_element_debug

G_DEFINE_TYPE (IrInferElement, ir_infer_element, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (irinfer, "irinfer", GST_RANK_NONE,
    IR_TYPE_INFER,
    GST_DEBUG_CATEGORY_INIT (
        ir_infer_element_debug, "irinfer", 0, "inference of neural networks"));

/* --- properties ---------------------------------------------------------- */

static void
read_stats (gpointer object, GValue *value)
{
  IrInferElement *self = object;
  IrInferStats stats = { 0 };

  GST_OBJECT_LOCK (self);
  if (self->stream)
    ir_infer_stream_get_stats (self->stream, &stats);
  GST_OBJECT_UNLOCK (self);
  g_value_take_boxed (value,
      gst_structure_new ("irinfer-stats",
#define COUNT(field, name, what) name, G_TYPE_UINT64, stats.field,
          IR_INFER_COUNTS (COUNT)
#undef COUNT
              "fps",
          G_TYPE_DOUBLE, stats.fps, NULL));
}

static void
read_explain (gpointer object, GValue *value)
{
  IrInferElement *self = object;
  g_autofree char *model = NULL;
  g_autofree char *device = NULL;

  GST_OBJECT_LOCK (self);
  if (self->stream) {
    IrEngine *engine = ir_infer_stream_get_engine (self->stream);

    model = ir_model_explain (ir_engine_get_model (engine));
    device = ir_engine_explain (engine);
  }
  GST_OBJECT_UNLOCK (self);
  if (model)
    g_value_take_string (value, g_strdup_printf ("%s\n%s", model, device));
  else
    g_value_set_static_string (
        value, "the model is compiled when the first frame comes");
}

static char *
describe_stats (void)
{
  GString *text =
      g_string_new ("What happened since the start: fps (average) and");

#define COUNT(field, name, what)                                               \
  g_string_append_printf (text, "; %s (%s)", name, what);
  IR_INFER_COUNTS (COUNT)
#undef COUNT
  return g_string_free (text, FALSE);
}

#define AT(field) G_STRUCT_OFFSET (IrInferElement, field)

/* clang-format off */
static const IrProperty properties[] = {
  { "model", "Model",
    "Path of the model: an IR (.xml) or a source model such as .onnx; default: that of irconvert upstream",
    IR_PROPERTY_TEXT, AT (options.model) },
  { "device", "Device", "Device that runs the network: CPU, REFERENCE, a plugin's name, or AUTO for the best",
    IR_PROPERTY_TEXT, AT (device), .text = "AUTO" },
  { "config", "Configuration", "Settings of the device as KEY=VALUE,KEY=VALUE",
    IR_PROPERTY_TEXT, AT (config) },
  { "precision", "Precision", "Type that the network computes in: auto, f32 or what else the device offers",
    IR_PROPERTY_TEXT, AT (precision), .text = "auto" },
  { "instance-id", "Instance id",
    "Elements of one process with the same id share one compiled model; the first one's settings hold",
    IR_PROPERTY_TEXT, AT (instance) },
  { "object-class", "Object class", "Labels of the regions to take, with commas between; default: all",
    IR_PROPERTY_TEXT, AT (settings.object_class), .live = TRUE },
  { "nireq", "Requests", "Inferences under way at a time, 0 for what suits the device",
    IR_PROPERTY_UINT, AT (nireq), 0, 1024, 0 },
  { "streams", "Streams", "Inferences that the device runs side by side; 0 for one of live sources, else for as many as suit the device",
    IR_PROPERTY_UINT, AT (streams), 0, 1024, 0 },
  { "threads", "Threads", "Processor cores that the device may use, 0 for all that the process may use",
    IR_PROPERTY_UINT, AT (threads), 0, 1024, 0 },
  { "batch-size", "Batch size", "Pictures per inference",
    IR_PROPERTY_UINT, AT (batch_size), 1, 1024, 1 },
  { "batch-timeout", "Batch timeout",
    "Milliseconds after which a batch that is not full is inferred, -1 for never",
    IR_PROPERTY_INT, AT (settings.batch_timeout), -1, G_MAXINT, 40, .live = TRUE },
  { "interval", "Interval", "Every how many frames one is inferred; the others pass",
    IR_PROPERTY_UINT, AT (settings.interval), 1, G_MAXINT, 1, .live = TRUE },
  { "region", "Region",
    "What of the frame the network sees, if irinfer prepares the pictures: the frame, or each region of interest",
    IR_PROPERTY_ENUM, AT (settings.region), .def = IR_REGION_FULL_FRAME, .values = ir_region_mode_get_type, .live = TRUE },
  { "reclassify-interval", "Reclassify interval",
    "After how many frames a tracked object is inferred again, its last outputs are attached meanwhile: "
    "1 in every frame, 0 never again",
    IR_PROPERTY_UINT, AT (settings.reclassify_interval), 0, G_MAXINT, 1, .live = TRUE },
  { "policy", "Policy", "Which frames are inferred when they come too fast",
    IR_PROPERTY_ENUM, AT (settings.policy), .def = IR_POLICY_ALL, .values = ir_infer_policy_get_type, .live = TRUE },
  { "max-age", "Maximum age",
    "Frames that are later than this many nanoseconds when their inference could begin are dropped, 0 for none",
    IR_PROPERTY_UINT64, AT (settings.max_age), .def = 0, .live = TRUE },
  { "warmup", "Warm-up", "Inferences to run before the first frame",
    IR_PROPERTY_UINT, AT (warmup), 0, 1000, 0 },
  { "stats", "Statistics", NULL, IR_PROPERTY_STRUCTURE, .read = read_stats, .describe = describe_stats },
  { "explain", "Explain", "Model, preprocessing and device in plain words, once frames flow",
    IR_PROPERTY_TEXT, .read = read_explain },
};
/* clang-format on */

static const IrPropertyTable table = { properties, G_N_ELEMENTS (properties),
  AT (changed) };

/* --- the model ----------------------------------------------------------- */

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
  self->own =
      ir_model_load_logged (&self->options, GST_CAT_DEFAULT, self, &error);
  if (self->own == NULL)
    ir_element_error (self, error);
  return self->own != NULL;
}

static void
report_warning (IrInferElement *self)
{
  const char *warning =
      ir_engine_get_warning (ir_infer_stream_get_engine (self->stream));

  if (warning)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS, ("%s", warning), (NULL));
}

static gboolean
is_live (IrInferElement *self)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (self->sinkpad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  return live;
}

gboolean
ir_infer_open (IrInferElement *self, GError **error)
{
  IrModel *model = self->own ? self->own : self->announced;
  IrEngineOptions options = { .model = model,
    .device = self->device,
    .config = self->config,
    .precision = self->precision,
    .streams = self->streams,
    .live = is_live (self),
    .threads = self->threads,
    .nireq = self->nireq,
    .batch = self->batch_size,
    .warmup = self->warmup,
    .instance = self->instance };
  IrInferStream *stream;

  if (model == NULL && !has_text (self->instance))
    return ir_fail (error, IR_ERROR_NOT_FOUND,
        "there is no model; set the property 'model', or put irconvert "
        "upstream of irinfer");
  if (self->stream && self->used == model)
    return TRUE;
  ir_infer_close (self);
  stream = ir_infer_stream_new (&options,
      self->own != NULL || self->announced == NULL, self->instance, error);
  if (stream == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->stream = stream;
  self->used = model ? ir_model_ref (model) : NULL;
  GST_OBJECT_UNLOCK (self);
  report_warning (self);
  return TRUE;
}

void
ir_infer_close (IrInferElement *self)
{
  IrInferStream *stream;

  GST_OBJECT_LOCK (self);
  stream = g_steal_pointer (&self->stream);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&stream, ir_infer_stream_free);
  g_clear_pointer (&self->used, ir_model_unref);
}

/* --- states --------------------------------------------------------------- */

static void
forget_model (IrInferElement *self)
{
  ir_infer_close (self);
  g_clear_pointer (&self->own, ir_model_unref);
}

/* The model stays compiled unless something was set that it depends on. */
static gboolean
prepare_start (IrInferElement *self)
{
  gboolean stale;

  GST_OBJECT_LOCK (self);
  stale = self->changed & IR_CHANGED_READY;
  self->changed = 0;
  GST_OBJECT_UNLOCK (self);
  if (stale)
    forget_model (self);
  ir_infer_start (self);
  return load_own (self);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  IrInferElement *self = IR_INFER_ELEMENT (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !prepare_start (self))
    return GST_STATE_CHANGE_FAILURE;
  ret = GST_ELEMENT_CLASS (ir_infer_element_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    g_clear_pointer (&self->announced, ir_model_unref);
  else if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    forget_model (self);
  return ret;
}

/* --- class --------------------------------------------------------------- */

static void
finalize (GObject *object)
{
  IrInferElement *self = IR_INFER_ELEMENT (object);

  forget_model (self);
  ir_properties_clear (self, &table);
  g_mutex_clear (&self->starting);
  G_OBJECT_CLASS (ir_infer_element_parent_class)->finalize (object);
}

static void
ir_infer_element_class_init (IrInferElementClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = finalize;
  ir_properties_install (object_class, &table);
  element_class->change_state = change_state;
  ir_infer_add_templates (element_class);
  gst_element_class_set_static_metadata (element_class,
      "Neural network inference", "Filter/Analyzer/Video",
      "Runs a neural network and attaches its output tensors to video frames",
      "The gst-ir authors");
}

static void
ir_infer_element_init (IrInferElement *self)
{
  ir_properties_init (self, &table);
  g_mutex_init (&self->starting);
  ir_infer_add_pads (self);
}
