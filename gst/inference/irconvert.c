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
#include "irattach.h"
#include "ircoreshared.h"
#include "irenums.h"
#include "irframe.h"
#include "irgsterror.h"
#include "irmodel.h"
#include "irparts.h"
#include "irproperty.h"
#include "irqos.h"
#include "irtensorpool.h"

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
  guint changed;

  /* Under the object lock; the model is changed by state changes only. */
  IrModel *model;
  IrQos qos;

  /* Of the streaming thread. */
  IrCore *core;
  GstVideoInfo info;
  IrFrameReader *reader;
  IrTensorPool *pool;
  GArray *parts;
  gboolean announced;
};

G_DEFINE_TYPE (IrConvertElement, ir_convert_element, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (irconvert, "irconvert", GST_RANK_NONE,
    IR_TYPE_CONVERT,
    GST_DEBUG_CATEGORY_INIT (ir_convert_element_debug, "irconvert", 0,
        "preparation of frames for neural networks"));

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (IR_VIDEO_CAPS));

/* --- properties ---------------------------------------------------------- */

static void
read_explain (gpointer object, GValue *value)
{
  IrConvertElement *self = object;
  g_autoptr (IrModel) model = NULL;

  GST_OBJECT_LOCK (self);
  if (self->model)
    model = ir_model_ref (self->model);
  GST_OBJECT_UNLOCK (self);
  if (model)
    g_value_take_string (value, ir_model_explain (model));
  else
    g_value_set_static_string (
        value, "the model is loaded when the element is PAUSED");
}

#define AT(field) G_STRUCT_OFFSET (IrConvertElement, field)
#define MARK(of) .mark = AT (options.recipe_set), .bit = of

/* clang-format off */
static const IrProperty properties[] = {
  { "model", "Model",
    "Path of the model: an IR (.xml) or a source model such as .onnx, which is converted once and kept in cache-dir",
    IR_PROPERTY_TEXT, AT (options.model) },
  { "input", "Input", "Inputs of the network to keep, cut at or freeze (name->value), in ir-convert's syntax",
    IR_PROPERTY_TEXT, AT (options.input) },
  { "output", "Output", "Outputs of the network to keep, in ir-convert's syntax",
    IR_PROPERTY_TEXT, AT (options.output) },
  { "input-shape", "Input shape", "Shape of the network's input in elements, such as 1,3,480,640",
    IR_PROPERTY_TEXT, AT (options.input_shape) },
  { "mean-values", "Mean values",
    "Subtracted from each channel (0..255), one value or one per channel in the network's own order; "
    "default: what the model's description says, else 0",
    IR_PROPERTY_TEXT, AT (options.mean_values) },
  { "scale-values", "Scale values",
    "Divisors of each channel after subtraction of the mean, one value or one per channel in the network's own order; "
    "default: what the model's description says, else 1",
    IR_PROPERTY_TEXT, AT (options.scale_values) },
  { "scale", "Scale", "Divisor of all channels after subtraction of the mean; not together with scale-values",
    IR_PROPERTY_DOUBLE, AT (options.scale), 1e-30, 1e30, 1, MARK (IR_RECIPE_SCALE) },
  { "mean-file", "Mean file", "Path of a mean image (.binaryproto) that is subtracted",
    IR_PROPERTY_TEXT, AT (options.mean_file) },
  { "reverse-input-channels", "Reverse input channels",
    "The network was trained on R,G,B: feed it R,G,B instead of B,G,R; if not set, the model's description decides",
    IR_PROPERTY_BOOLEAN, AT (options.reverse), MARK (IR_RECIPE_COLOR) },
  { "data-type", "Data type", "Type of the network's weights: float (as they come), FP32, half or FP16",
    IR_PROPERTY_TEXT, AT (options.data_type), .text = "float" },
  { "transformations-config", "Transformations config",
    "Path of a JSON file with sub-graph replacements for the converter",
    IR_PROPERTY_TEXT, AT (options.transformations_config) },
  { "extensions", "Extensions", "Paths of extensions of the converter, with commas between",
    IR_PROPERTY_TEXT, AT (options.extensions) },
  { "resize", "Resize", "How the picture meets the network's size; if not set, the model's description decides",
    IR_PROPERTY_ENUM, AT (options.recipe.resize), .def = IR_RESIZE_STRETCH, .values = ir_resize_get_type,
    MARK (IR_RECIPE_RESIZE) },
  { "interpolation", "Interpolation", "How pixels are sampled when the picture is resized",
    IR_PROPERTY_ENUM, AT (options.recipe.interpolation), .def = IR_INTERPOLATION_BILINEAR,
    .values = ir_interpolation_get_type, MARK (IR_RECIPE_INTERPOLATION) },
  { "pad-value", "Pad value",
    "Value (0..255) of all channels beside the picture, before mean and scale; if not set, the model's description decides",
    IR_PROPERTY_DOUBLE, AT (options.recipe.pad_value), 0, 255, 0, MARK (IR_RECIPE_PAD) },
  { "region", "Region",
    "What of the frame the network sees: one tensor is attached for the frame, or one per region of interest",
    IR_PROPERTY_ENUM, AT (region), .def = IR_REGION_FULL_FRAME, .values = ir_region_mode_get_type, .live = TRUE },
  { "object-class", "Object class", "Labels of the regions to take, with commas between; default: all",
    IR_PROPERTY_TEXT, AT (object_class), .live = TRUE },
  { "cache-dir", "Cache folder",
    "Folder that keeps converted models; default: IR_CACHE_DIR, else gst-ir in the user's cache folder",
    IR_PROPERTY_TEXT, AT (options.cache_dir) },
  { "device", "Device", "Device that does the preprocessing; auto takes the best",
    IR_PROPERTY_TEXT, AT (device), .text = "auto", .live = TRUE },
  { "description", "Description",
    "Path of a file that describes the model (model-proc JSON); auto takes a .json of that kind beside the model, "
    "and model_info in the IR",
    IR_PROPERTY_TEXT, AT (options.description), .text = "auto" },
  { "explain", "Explain", "Model, input and preprocessing in plain words, once PAUSED",
    IR_PROPERTY_TEXT, .read = read_explain },
};
/* clang-format on */

static const IrPropertyTable table = { properties, G_N_ELEMENTS (properties),
  AT (changed) };

/* --- the model ----------------------------------------------------------- */

/* A property that was set since makes the model another one. */
static void
drop_stale_model (IrConvertElement *self)
{
  g_autoptr (IrModel) stale = NULL;

  GST_OBJECT_LOCK (self);
  if (self->changed & IR_CHANGED_READY)
    stale = g_steal_pointer (&self->model);
  self->changed = 0;
  GST_OBJECT_UNLOCK (self);
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

  return ir_model_load_logged (&self->options, GST_CAT_DEFAULT, self, error);
}

static gboolean
make_pool (IrConvertElement *self)
{
  const IrPreproc *recipe = &self->model->recipe;
  IrShape shape = ir_preproc_shape (recipe);

  self->pool = ir_tensor_pool_new (recipe->dtype, &shape);

  return TRUE;
}

static gboolean
start (GstBaseTransform *trans)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);
  GError *error = NULL;
  IrModel *model;

  self->announced = FALSE;
  self->core = ir_core_shared ();
  ir_qos_reset (GST_ELEMENT (self), &self->qos);
  drop_stale_model (self);
  if (self->model)
    return make_pool (self);

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

  return make_pool (self);
}

static gboolean
stop (GstBaseTransform *trans)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);

  g_clear_pointer (&self->reader, ir_frame_reader_free);
  g_clear_pointer (&self->pool, ir_tensor_pool_unref);
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
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);
  IrModel *other = ir_model_event_get (event);

  /* That one's tensors are used up: an irinfer stands between. */
  if (other) {
    ir_model_unref (other);
    gst_event_unref (event);
    return TRUE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    ir_qos_flush (GST_ELEMENT (self), &self->qos);

  return GST_BASE_TRANSFORM_CLASS (ir_convert_element_parent_class)
      ->sink_event (trans, event);
}

static gboolean
src_event (GstBaseTransform *trans, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS)
    ir_qos_take (GST_ELEMENT (trans), &IR_CONVERT_ELEMENT (trans)->qos, event);

  return GST_BASE_TRANSFORM_CLASS (ir_convert_element_parent_class)
      ->src_event (trans, event);
}

static gboolean
attach (IrConvertElement *self, GstBuffer *buffer, const IrFrame *frame,
    const char *device, const IrPart *part, GError **error)
{
  const IrPreproc *recipe = &self->model->recipe;
  g_autoptr (IrTensor) tensor = ir_tensor_pool_take (self->pool, error);
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
attach_parts (IrConvertElement *self, GstBuffer *buffer, const char *device,
    GError **error)
{
  IrFrame frame;
  gboolean ok = TRUE;

  if (self->parts->len == 0)
    return TRUE;
  if (!ir_frame_reader_map (self->reader, buffer, &frame, error))
    return FALSE;
  for (guint i = 0; ok && i < self->parts->len; i++)
    ok = attach (self, buffer, &frame, device,
        &g_array_index (self->parts, IrPart, i), error);
  ir_frame_reader_unmap (self->reader);

  return ok;
}

/* Nothing to see: a gap in the stream, or a frame that comes too late anyway. */
static gboolean
is_skipped (IrConvertElement *self, GstBuffer *buffer)
{
  return ir_buffer_is_gap (buffer) ||
      !ir_qos_admit (GST_ELEMENT (self), &self->qos,
          &GST_BASE_TRANSFORM (self)->segment, buffer);
}

static GstFlowReturn
prepare (GstBaseTransform *trans, GstBuffer *buffer)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (trans);
  g_autofree char *device = NULL;
  GError *error = NULL;

  if (self->reader == NULL)
    return GST_FLOW_NOT_NEGOTIATED;
  if (!self->announced)
    announce (self);
  if (is_skipped (self, buffer))
    return GST_FLOW_OK;

  GST_OBJECT_LOCK (self);
  g_array_set_size (self->parts, 0);
  ir_parts_collect (
      buffer, self->region, self->object_class, &self->info, self->parts);
  if (self->device && *self->device &&
      g_ascii_strcasecmp (self->device, "auto") != 0)
    device = g_strdup (self->device);
  GST_OBJECT_UNLOCK (self);

  if (!attach_parts (self, buffer, device, &error)) {
    ir_element_error (self, error);
    return GST_FLOW_ERROR;
  }

  return GST_FLOW_OK;
}

static GstFlowReturn
generate_output (GstBaseTransform *trans, GstBuffer **out)
{
  return ir_attach_generate_output (trans, out, prepare);
}

/* --- class --------------------------------------------------------------- */

static void
finalize (GObject *object)
{
  IrConvertElement *self = IR_CONVERT_ELEMENT (object);

  ir_properties_clear (self, &table);
  g_array_unref (self->parts);
  g_clear_pointer (&self->model, ir_model_unref);
  G_OBJECT_CLASS (ir_convert_element_parent_class)->finalize (object);
}

static void
ir_convert_element_class_init (IrConvertElementClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->finalize = finalize;
  ir_properties_install (object_class, &table);

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
  trans_class->src_event = src_event;
  trans_class->generate_output = generate_output;
  trans_class->passthrough_on_same_caps = TRUE;
}

static void
ir_convert_element_init (IrConvertElement *self)
{
  ir_properties_init (self, &table);
  self->parts = g_array_new (FALSE, FALSE, sizeof (IrPart));
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
