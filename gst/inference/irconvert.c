/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-irconvert
 * @title: irconvert
 *
 * Prepares video frames for a neural network: attaches the network's input
 * tensor to each buffer, or one per region of interest, and announces the model
 * to irinfer downstream. The picture itself is not touched.
 *
 * ## Example
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin ! videoconvert ! \
 *     irconvert model=face.onnx mean-values=127 scale=128 \
 *     reverse-input-channels=true ! irinfer ! irdecode ! iroverlay ! \
 *     videoconvert ! autovideosink
 * ]|
 *
 * Since: 0.1
 */
#include "irconvert.h"
#include "ircoreshared.h"
#include "irframe.h"
#include "irgsterror.h"
#include "irmodel.h"
#include "irparts.h"

#include <gst/video/video.h>
#include <string.h>

GST_DEBUG_CATEGORY_STATIC (ir_convert_element_debug);
#define GST_CAT_DEFAULT ir_convert_element_debug

struct _IrConvertElement {
  GstBaseTransform parent;

  /* Properties, under the object lock. */
  IrModelOptions options;
  char *device;
  IrRegionMode region;
  char *object_class;

  /* Under the object lock, changed by state changes only. */
  IrModel *model;

  /* Of the streaming thread. */
  IrCore *core;
  GstVideoInfo info;
  IrFrameReader *reader;
  gboolean announced;
};

enum {
  PROP_0,
  PROP_MODEL,
  PROP_INPUT,
  PROP_OUTPUT,
  PROP_INPUT_SHAPE,
  PROP_MEAN_VALUES,
  PROP_SCALE_VALUES,
  PROP_SCALE,
  PROP_MEAN_FILE,
  PROP_REVERSE_INPUT_CHANNELS,
  PROP_DATA_TYPE,
  PROP_TRANSFORMATIONS_CONFIG,
  PROP_EXTENSIONS,
  PROP_RESIZE,
  PROP_INTERPOLATION,
  PROP_PAD_VALUE,
  PROP_REGION,
  PROP_OBJECT_CLASS,
  PROP_CACHE_DIR,
  PROP_DEVICE,
  PROP_DESCRIPTION,
  PROP_EXPLAIN,
};

/* clang-format off */
/* Texts: id, name, field, default, nick, what it is. */
#define TEXTS(X) \
  X (PROP_MODEL, "model", options.model, NULL, "Model", \
      "Path of the model: an IR (.xml) or a source model such as .onnx, which is converted once and kept in cache-dir") \
  X (PROP_INPUT, "input", options.input, NULL, "Input", \
      "Inputs of the network to keep, cut at or freeze (name->value), in ir-convert's syntax") \
  X (PROP_OUTPUT, "output", options.output, NULL, "Output", \
      "Outputs of the network to keep, in ir-convert's syntax") \
  X (PROP_INPUT_SHAPE, "input-shape", options.input_shape, NULL, "Input shape", \
      "Shape of the network's input in elements, such as 1,3,480,640") \
  X (PROP_MEAN_VALUES, "mean-values", options.mean_values, NULL, "Mean values", \
      "Subtracted from each channel (0..255), one value or one per channel in the network's own order; default: what the model's description says, else 0") \
  X (PROP_SCALE_VALUES, "scale-values", options.scale_values, NULL, "Scale values", \
      "Divisors of each channel after subtraction of the mean, one value or one per channel in the network's own order; default: what the model's description says, else 1") \
  X (PROP_MEAN_FILE, "mean-file", options.mean_file, NULL, "Mean file", \
      "Path of a mean image (.binaryproto) that is subtracted") \
  X (PROP_DATA_TYPE, "data-type", options.data_type, "float", "Data type", \
      "Type of the network's weights: float (as they come), FP32, half or FP16") \
  X (PROP_TRANSFORMATIONS_CONFIG, "transformations-config", options.transformations_config, NULL, "Transformations config", \
      "Path of a JSON file with sub-graph replacements for the converter") \
  X (PROP_EXTENSIONS, "extensions", options.extensions, NULL, "Extensions", \
      "Paths of extensions of the converter, with commas between") \
  X (PROP_CACHE_DIR, "cache-dir", options.cache_dir, NULL, "Cache folder", \
      "Folder that keeps converted models; default: IR_CACHE_DIR, else gst-ir in the user's cache folder") \
  X (PROP_DEVICE, "device", device, "auto", "Device", \
      "Device that does the preprocessing; auto takes the best") \
  X (PROP_DESCRIPTION, "description", options.description, "auto", "Description", \
      "Path of a file that describes the model (model-proc JSON); auto takes a .json of that kind beside the model, and model_info in the IR")
/* clang-format on */

G_DEFINE_TYPE (IrConvertElement, ir_convert_element, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (irconvert, "irconvert", GST_RANK_NONE,
    IR_TYPE_CONVERT,
    GST_DEBUG_CATEGORY_INIT (ir_convert_element_debug, "irconvert", 0,
        "preparation of frames for neural networks"));

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));

static GType
resize_get_type (void)
{
  static const GEnumValue values[] = {
    { IR_RESIZE_STRETCH, "Each axis by itself", "stretch" },
    { IR_RESIZE_LETTERBOX, "Whole picture with its aspect ratio, rest padded",
        "letterbox" },
    { IR_RESIZE_CROP, "Middle of the picture with the network's aspect ratio",
        "crop" },
    { IR_RESIZE_NONE, "Sizes must be equal", "none" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("IrResize", values));

  return type;
}

static GType
interpolation_get_type (void)
{
  static const GEnumValue values[] = {
    { IR_INTERPOLATION_BILINEAR, "Between the two nearest pixels", "bilinear" },
    { IR_INTERPOLATION_NEAREST, "The nearest pixel", "nearest" },
    { IR_INTERPOLATION_AREA, "Mean of the covered area", "area" },
    { IR_INTERPOLATION_CUBIC, "Between the four nearest pixels", "cubic" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("IrInterpolation", values));

  return type;
}

/* --- properties ---------------------------------------------------------- */

static char *
explain (IrConvertElement *self)
{
  g_autoptr (IrModel) model = NULL;

  GST_OBJECT_LOCK (self);
  if (self->model)
    model = ir_model_ref (self->model);
  GST_OBJECT_UNLOCK (self);

  return model ? ir_model_explain (model)
               : g_strdup ("the model is loaded when the element is PAUSED");
}

/* Where a text property lives, NULL for the others. */
static char **
text_of (IrConvertElement *self, guint id)
{
  switch (id) {
#define CASE(id, name, field, def, nick, blurb)                                \
  case id:                                                                     \
    return &self->field;
    TEXTS (CASE)
#undef CASE
    case PROP_OBJECT_CLASS:
      return &self->object_class;
    default:
      return NULL;
  }
}

/* What changes the model is taken up when it is loaded the next time. */
static gboolean
is_live (guint id)
{
  return id == PROP_REGION || id == PROP_OBJECT_CLASS || id == PROP_DEVICE;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (object);
  IrModelOptions *options = &self->options;
  g_autoptr (IrModel) stale = NULL;
  char **text = text_of (self, id);

  GST_OBJECT_LOCK (self);
  if (text) {
    g_free (*text);
    *text = g_value_dup_string (value);
  }
  switch (id) {
    case PROP_SCALE:
      options->scale = g_value_get_double (value);
      break;
    case PROP_REVERSE_INPUT_CHANNELS:
      options->reverse = g_value_get_boolean (value);
      options->recipe_set |= IR_RECIPE_COLOR;
      break;
    case PROP_RESIZE:
      options->recipe.resize = g_value_get_enum (value);
      options->recipe_set |= IR_RECIPE_RESIZE;
      break;
    case PROP_INTERPOLATION:
      options->recipe.interpolation = g_value_get_enum (value);
      options->recipe_set |= IR_RECIPE_INTERPOLATION;
      break;
    case PROP_PAD_VALUE:
      options->recipe.pad_value = g_value_get_double (value);
      options->recipe_set |= IR_RECIPE_PAD;
      break;
    case PROP_REGION:
      self->region = g_value_get_enum (value);
      break;
    default:
      if (text == NULL)
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  if (!is_live (id) && GST_STATE (self) < GST_STATE_PAUSED)
    stale = g_steal_pointer (&self->model);
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (object);
  const IrModelOptions *options = &self->options;
  char **text = text_of (self, id);

  if (id == PROP_EXPLAIN) {
    g_value_take_string (value, explain (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  if (text)
    g_value_set_string (value, *text);
  switch (id) {
    case PROP_SCALE:
      g_value_set_double (value, options->scale != 0 ? options->scale : 1);
      break;
    case PROP_REVERSE_INPUT_CHANNELS:
      g_value_set_boolean (value, options->reverse);
      break;
    case PROP_RESIZE:
      g_value_set_enum (value, options->recipe.resize);
      break;
    case PROP_INTERPOLATION:
      g_value_set_enum (value, options->recipe.interpolation);
      break;
    case PROP_PAD_VALUE:
      g_value_set_double (value, options->recipe.pad_value);
      break;
    case PROP_REGION:
      g_value_set_enum (value, self->region);
      break;
    default:
      if (text == NULL)
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

/* --- the model ----------------------------------------------------------- */

static void
log_convert (GLogLevelFlags level, const char *message, gpointer user_data)
{
  GstDebugLevel to = level & G_LOG_LEVEL_WARNING ? GST_LEVEL_WARNING
      : level & G_LOG_LEVEL_MESSAGE              ? GST_LEVEL_INFO
                                                 : GST_LEVEL_DEBUG;

  GST_CAT_LEVEL_LOG (GST_CAT_DEFAULT, to, user_data, "%s", message);
}

static IrModel *
load_model (IrConvertElement *self, GError **error)
{
  if (self->options.model == NULL || *self->options.model == '\0') {
    ir_fail (error, IR_ERROR_NOT_FOUND,
        "no model is given; set the property 'model' to an IR (.xml) or a "
        "source model such as .onnx");
    return NULL;
  }

  return ir_model_load (&self->options, log_convert, self, error);
}

static gboolean
start (GstBaseTransform *trans)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);
  GError *error = NULL;
  IrModel *model;

  self->announced = FALSE;
  self->core = ir_core_shared ();
  if (self->model)
    return TRUE;

  /* Properties of the model are not set by others between READY and PAUSED. */
  model = load_model (self, &error);
  if (model == NULL) {
    ir_element_error (self, error);
    g_clear_object (&self->core);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->model = model;
  GST_OBJECT_UNLOCK (self);

  return TRUE;
}

static gboolean
stop (GstBaseTransform *trans)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);

  g_clear_pointer (&self->reader, ir_frame_reader_free);
  g_clear_object (&self->core);

  return TRUE;
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (element);
  GstStateChangeReturn ret = GST_ELEMENT_CLASS (ir_convert_element_parent_class)
                                 ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_READY_TO_NULL) {
    g_autoptr (IrModel) old = NULL;

    GST_OBJECT_LOCK (self);
    old = g_steal_pointer (&self->model);
    GST_OBJECT_UNLOCK (self);
  }

  return ret;
}

/* --- streaming ----------------------------------------------------------- */

static gboolean
set_caps (GstBaseTransform *trans, GstCaps *in, GstCaps *out)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);

  if (!gst_video_info_from_caps (&self->info, in))
    return FALSE;
  g_clear_pointer (&self->reader, ir_frame_reader_free);
  self->reader = ir_frame_reader_new (&self->info);
  if (ir_frame_reader_converts (self->reader))
    GST_INFO_OBJECT (self, "%s frames are converted to %s for the tensor",
        GST_VIDEO_INFO_NAME (&self->info),
        ir_frame_reader_converts (self->reader));

  return TRUE;
}

static gboolean
announce (IrConvertElement *self)
{
  self->announced = TRUE;

  return gst_pad_push_event (
      GST_BASE_TRANSFORM_SRC_PAD (self), ir_model_event_new (self->model));
}

static gboolean
sink_event (GstBaseTransform *trans, GstEvent *event)
{
  IrModel *other = ir_model_event_get (event);

  /* That one's tensors are used up: an irinfer stands between. */
  if (other) {
    ir_model_unref (other);
    gst_event_unref (event);
    return TRUE;
  }

  return GST_BASE_TRANSFORM_CLASS (ir_convert_element_parent_class)
      ->sink_event (trans, event);
}

static gboolean
attach (IrConvertElement *self, GstBuffer *buffer, const IrFrame *frame,
    const char *device, const IrPart *part, GError **error)
{
  const IrPreproc *recipe = &self->model->recipe;
  IrShape shape = ir_preproc_shape (recipe);
  g_autoptr (IrTensor) tensor = ir_tensor_new (recipe->dtype, &shape, error);
  const IrRegion *region = part->region.width > 0 ? &part->region : NULL;
  gint64 began = g_get_monotonic_time ();
  IrNode *image;
  IrTensorMeta *meta;

  if (tensor == NULL ||
      !ir_core_preprocess (
          self->core, device, recipe, frame, region, 0, tensor, error))
    return FALSE;

  image =
      g_ptr_array_index (self->model->graph->parameters, self->model->image);
  meta = ir_buffer_add_tensor_meta (
      buffer, IR_TENSORS_INPUT, self->model->info, "", 1);
  meta->tensors[0].name = g_strdup (ir_port_name (ir_port (image, 0)));
  meta->tensors[0].tensor = g_steal_pointer (&tensor);
  meta->affine = ir_preproc_affine (recipe, frame, region);
  meta->region = part->region;
  if (region == NULL)
    meta->region = (IrRegion){ 0, 0, frame->width, frame->height };
  meta->roi_id = part->roi_id;
  meta->preprocess_ns = (g_get_monotonic_time () - began) * 1000;

  return TRUE;
}

static gboolean
attach_parts (IrConvertElement *self, GstBuffer *buffer, GArray *parts,
    const char *device, GError **error)
{
  IrFrame frame;
  gboolean ok = TRUE;

  if (parts->len == 0)
    return TRUE;
  if (!ir_frame_reader_map (self->reader, buffer, &frame, error))
    return FALSE;
  for (guint i = 0; ok && i < parts->len; i++)
    ok = attach (
        self, buffer, &frame, device, &g_array_index (parts, IrPart, i), error);
  ir_frame_reader_unmap (self->reader);

  return ok;
}

static GstFlowReturn
prepare (IrConvertElement *self, GstBuffer *buffer)
{
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (IrPart));
  g_autofree char *device = NULL;
  GError *error = NULL;

  if (self->reader == NULL)
    return GST_FLOW_NOT_NEGOTIATED;
  if (!self->announced)
    announce (self);
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP) &&
      gst_buffer_get_size (buffer) == 0)
    return GST_FLOW_OK;

  GST_OBJECT_LOCK (self);
  ir_parts_collect (
      buffer, self->region, self->object_class, &self->info, parts);
  if (self->device && *self->device &&
      g_ascii_strcasecmp (self->device, "auto") != 0)
    device = g_strdup (self->device);
  GST_OBJECT_UNLOCK (self);

  if (!attach_parts (self, buffer, parts, device, &error)) {
    ir_element_error (self, error);
    return GST_FLOW_ERROR;
  }

  return GST_FLOW_OK;
}

/* A buffer that others hold is replaced by one that shares its memory: what is
 * attached must not show up elsewhere. The base class would copy pixels. */
static GstFlowReturn
generate_output (GstBaseTransform *trans, GstBuffer **out)
{
  GstBuffer *buffer = g_steal_pointer (&trans->queued_buf);
  GstFlowReturn flow;

  *out = NULL;
  if (buffer == NULL)
    return GST_FLOW_OK;
  buffer = gst_buffer_make_writable (buffer);
  flow = prepare (IR_CONVERT_ELEMENT (trans), buffer);
  if (flow == GST_FLOW_OK)
    *out = buffer;
  else
    gst_buffer_unref (buffer);
  return flow;
}

/* --- class --------------------------------------------------------------- */

static void
finalize (GObject *object)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (object);

  ir_model_options_clear (&self->options);
  g_free (self->device);
  g_free (self->object_class);
  g_clear_pointer (&self->model, ir_model_unref);
  G_OBJECT_CLASS (ir_convert_element_parent_class)->finalize (object);
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;
  const GParamFlags live =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

#define INSTALL(id, name, field, def, nick, blurb)                             \
  g_object_class_install_property (klass, id,                                  \
      g_param_spec_string (                                                    \
          name, nick, blurb, def, is_live (id) ? live : flags));
  TEXTS (INSTALL)
#undef INSTALL

  g_object_class_install_property (klass, PROP_SCALE,
      g_param_spec_double ("scale", "Scale",
          "Divisor of all channels after subtraction of the mean; not together "
          "with scale-values",
          1e-30, 1e30, 1, flags));
  g_object_class_install_property (klass, PROP_REVERSE_INPUT_CHANNELS,
      g_param_spec_boolean ("reverse-input-channels", "Reverse input channels",
          "The network was trained on R,G,B: feed it R,G,B instead of B,G,R; "
          "if not set, the model's description decides",
          FALSE, flags));
  g_object_class_install_property (klass, PROP_RESIZE,
      g_param_spec_enum ("resize", "Resize",
          "How the picture meets the network's size; if not set, the model's "
          "description decides",
          resize_get_type (), IR_RESIZE_STRETCH, flags));
  g_object_class_install_property (klass, PROP_INTERPOLATION,
      g_param_spec_enum ("interpolation", "Interpolation",
          "How pixels are sampled when the picture is resized",
          interpolation_get_type (), IR_INTERPOLATION_BILINEAR, flags));
  g_object_class_install_property (klass, PROP_PAD_VALUE,
      g_param_spec_double ("pad-value", "Pad value",
          "Value (0..255) of all channels beside the picture, before mean and "
          "scale; if not set, the model's description decides",
          0, 255, 0, flags));
  g_object_class_install_property (klass, PROP_REGION,
      g_param_spec_enum ("region", "Region",
          "What of the frame the network sees: one tensor is attached for the "
          "frame, or one per region of interest",
          IR_TYPE_REGION_MODE, IR_REGION_FULL_FRAME, live));
  g_object_class_install_property (klass, PROP_OBJECT_CLASS,
      g_param_spec_string ("object-class", "Object class",
          "Labels of the regions to take, with commas between; default: all",
          NULL, live));
  g_object_class_install_property (klass, PROP_EXPLAIN,
      g_param_spec_string ("explain", "Explain",
          "Model, input and preprocessing in plain words, once PAUSED", NULL,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
ir_convert_element_class_init (IrConvertElementClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties (object_class);

  element_class->change_state = change_state;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Neural network input",
      "Filter/Analyzer/Video",
      "Attaches a neural network's input tensors to video frames",
      "The gst-ir authors");

  trans_class->start = start;
  trans_class->stop = stop;
  trans_class->set_caps = set_caps;
  trans_class->sink_event = sink_event;
  trans_class->generate_output = generate_output;
  trans_class->passthrough_on_same_caps = TRUE;

  gst_type_mark_as_plugin_api (IR_TYPE_REGION_MODE, 0);
  gst_type_mark_as_plugin_api (resize_get_type (), 0);
  gst_type_mark_as_plugin_api (interpolation_get_type (), 0);
}

static void
ir_convert_element_init (IrConvertElement *self)
{
#define INIT(id, name, field, def, nick, blurb) self->field = g_strdup (def);
  TEXTS (INIT)
#undef INIT
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), TRUE);
}
