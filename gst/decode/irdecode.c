/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-irdecode
 *
 * Turns the output tensors that irinfer attached into objects, classes and
 * points, and attaches those to the frame as GstVideoRegionOfInterestMeta. The
 * picture is not touched.
 *
 * ## Example
 * |[
 * gst-launch-1.0 ... ! irinfer model=face.xml ! irdecode threshold=0.6 ! iroverlay ! ...
 * ]|
 */

#include <math.h>

#include <gst/base/gstbasetransform.h>

#include "emit.h"
#include "irattach.h"
#include "irgsterror.h"
#include "irproperty.h"

GST_DEBUG_CATEGORY_STATIC (irdecode_debug);
#define GST_CAT_DEFAULT irdecode_debug

#define IR_TYPE_DECODE (ir_decode_get_type ())
G_DECLARE_FINAL_TYPE (IrDecode, ir_decode, IR, DECODE, GstBaseTransform)

struct _IrDecode {
  GstBaseTransform parent;

  /* under the object lock */
  IrDecodeProps props;
  guint changed;

  /* streaming thread */
  GstVideoInfo info;
  GPtrArray *setups;
  gboolean seen;
  guint64 frames;
};

G_DEFINE_TYPE (IrDecode, ir_decode, GST_TYPE_BASE_TRANSFORM)

/* "auto" and every row of the decoder table. */
static char *
describe_decoder (void)
{
  g_autofree char *list = ir_decoder_list ();

  return g_strdup_printf (
      "How the outputs are read: auto (by number, names and "
      "shapes of the outputs), %s",
      list);
}

#define AT(field) G_STRUCT_OFFSET (IrDecode, props.field)
#define MARK(of) .mark = AT (set), .bit = of

/* clang-format off */
static const IrProperty properties[] = {
  { "decoder", "Decoder", NULL,
    IR_PROPERTY_TEXT, AT (decoder), .text = "auto", .live = TRUE, .describe = describe_decoder },
  { "labels", "Labels", "Names of the classes, from class 0 on: a,b,c or <a,b,c>",
    IR_PROPERTY_TEXT, AT (labels), .live = TRUE },
  { "labels-file", "Labels file", "Path of a file with one class name per line, from class 0 on; `labels` goes first",
    IR_PROPERTY_TEXT, AT (labels_file), .live = TRUE },
  { "threshold", "Threshold", "Least confidence, 0 to 1. Set, it goes before the one of a description",
    IR_PROPERTY_FLOAT, AT (threshold), 0, 1, 0.5f, .live = TRUE, MARK (IR_DECODE_THRESHOLD) },
  { "class-thresholds", "Class thresholds", "Least confidence of single classes by name or number, 0 to 1: person=0.6,car=0.4",
    IR_PROPERTY_TEXT, AT (class_thresholds), .live = TRUE },
  { "nms-threshold", "NMS threshold",
    "Overlap (intersection over union, 0 to 1) above which the weaker of two objects of a class goes. Not set, "
    "a description's or the decoder's own is used (0.3 for faces). Networks that have done it themselves are left as they are",
    IR_PROPERTY_FLOAT, AT (nms_threshold), 0, 1, 0.45f, .live = TRUE, MARK (IR_DECODE_NMS_THRESHOLD) },
  { "max-objects", "Most objects", "Most objects per frame or region, and classes per output, the best ones; 0 for no limit",
    IR_PROPERTY_UINT, AT (max_objects), 0, G_MAXUINT, 0, .live = TRUE, MARK (IR_DECODE_MAX_OBJECTS) },
  { "description", "Description",
    "Path of a JSON file with labels and post-processing: our own or DL Streamer's model-proc; auto takes irconvert's "
    "and the model's own (rt_info/model_info), none ignores them",
    IR_PROPERTY_TEXT, AT (description), .text = "auto", .live = TRUE },
};
/* clang-format on */

static const IrPropertyTable table = { properties, G_N_ELEMENTS (properties),
  G_STRUCT_OFFSET (IrDecode, changed) };

/* Models whose outputs one element reads at a time; more means that somebody
 * makes a model per frame. */
#define MOST_SETUPS 16

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw(ANY)"));

static gboolean
ir_decode_start (GstBaseTransform *base)
{
  IrDecode *self = IR_DECODE (base);
  g_autofree char *name = NULL;
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->props.decoder);
  GST_OBJECT_UNLOCK (self);
  self->seen = FALSE;
  self->frames = 0;
  /* The rest is checked when the model is known; a name can be now. */
  if (name && *name && !g_str_equal (name, "auto") &&
      !ir_decoder_find (name, &error)) {
    ir_element_error (self, error);
    return FALSE;
  }
  return TRUE;
}

static gboolean
ir_decode_stop (GstBaseTransform *base)
{
  g_ptr_array_set_size (IR_DECODE (base)->setups, 0);
  return TRUE;
}

static gboolean
ir_decode_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
  return gst_video_info_from_caps (&IR_DECODE (base)->info, in);
}

static gboolean
ir_decode_sink_event (GstBaseTransform *base, GstEvent *event)
{
  IrDecode *self = IR_DECODE (base);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS && self->frames > 0 &&
      !self->seen)
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("none of the %" G_GUINT64_FORMAT " frames carried output tensors; "
         "put irinfer in front of irdecode",
            self->frames),
        (NULL));
  return GST_BASE_TRANSFORM_CLASS (ir_decode_parent_class)
      ->sink_event (base, event);
}

/* The setup for @info, made when the model is new or properties changed. */
static const IrSetup *
find_setup (IrDecode *self, IrModelInfo *info, const IrOutput *outputs, gsize n,
    GError **error)
{
  IrDecodeProps props;
  IrSetup *setup;

  GST_OBJECT_LOCK (self);
  if (self->changed)
    g_ptr_array_set_size (self->setups, 0);
  self->changed = 0;
  for (guint i = 0; i < self->setups->len; i++) {
    setup = g_ptr_array_index (self->setups, i);
    if (setup->info == info) {
      GST_OBJECT_UNLOCK (self);
      return setup;
    }
  }
  ir_decode_props_copy (&props, &self->props);
  GST_OBJECT_UNLOCK (self);

  setup = ir_setup_new (info, &props, outputs, n, error);
  ir_decode_props_clear (&props);
  if (setup == NULL)
    return NULL;
  for (guint i = 0; i < setup->warnings->len; i++)
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("%s", (const char *) g_ptr_array_index (setup->warnings, i)), (NULL));
  GST_INFO_OBJECT (self,
      "model '%s': decoder %s, threshold %g, NMS threshold %g, %u labels",
      GST_STR_NULL (info->name), ir_decoder_name (setup->decoder),
      setup->params.threshold, setup->params.nms_threshold,
      setup->params.labels ? g_strv_length (setup->params.labels) : 0);
  if (self->setups->len == MOST_SETUPS)
    g_ptr_array_remove_index (self->setups, 0);
  g_ptr_array_add (self->setups, setup);
  return setup;
}

/* Tensors are read once: a second irdecode behind a second irinfer sees only
 * what is new, and no buffer in a queue holds memory that nobody needs. What
 * the meta says about the model stays. */
static void
drop_tensors (IrTensorMeta *meta)
{
  for (gsize i = 0; i < meta->n_tensors; i++) {
    g_free (meta->tensors[i].name);
    g_clear_pointer (&meta->tensors[i].tensor, ir_tensor_unref);
  }
  meta->n_tensors = 0;
  g_clear_pointer (&meta->tensors, g_free);
}

static gboolean
decode_meta (
    IrDecode *self, GstBuffer *buffer, IrTensorMeta *meta, GError **error)
{
  g_autofree IrOutput *outputs = g_new (IrOutput, meta->n_tensors);
  g_autoptr (IrDetections) found = NULL;
  const IrSetup *setup;

  for (gsize i = 0; i < meta->n_tensors; i++) {
    outputs[i] = (IrOutput){ meta->tensors[i].name, meta->tensors[i].tensor };
    if (outputs[i].tensor == NULL)
      return ir_fail (error, IR_ERROR_INTERNAL, "output '%s' has no tensor",
          GST_STR_NULL (outputs[i].name));
  }
  setup = find_setup (self, meta->info, outputs, meta->n_tensors, error);
  if (setup == NULL)
    return FALSE;
  found = ir_decoder_run (
      setup->decoder, outputs, meta->n_tensors, &setup->params, error);
  if (found == NULL)
    return FALSE;
  GST_LOG_OBJECT (self, "%u objects, %u classes from '%s'", found->objects->len,
      found->classes->len, GST_STR_NULL (meta->info->name));
  ir_emit (buffer, &self->info, meta, setup, found);
  return TRUE;
}

/* Attaching results changes the list, so that it is collected first. */
static GPtrArray *
output_metas (GstBuffer *buffer)
{
  GPtrArray *list = g_ptr_array_new ();
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, IR_TENSOR_META_API_TYPE))) {
    IrTensorMeta *tensors = (IrTensorMeta *) meta;

    if (tensors->role == IR_TENSORS_OUTPUT && tensors->n_tensors > 0 &&
        tensors->info)
      g_ptr_array_add (list, tensors);
  }
  return list;
}

static GstFlowReturn
decode_buffer (GstBaseTransform *base, GstBuffer *buffer)
{
  IrDecode *self = IR_DECODE (base);
  g_autoptr (GPtrArray) metas = output_metas (buffer);
  GError *error = NULL;

  self->frames++;
  self->seen |= metas->len > 0;
  for (guint i = 0; i < metas->len; i++) {
    if (!decode_meta (self, buffer, g_ptr_array_index (metas, i), &error)) {
      ir_element_error (self, error);
      return GST_FLOW_ERROR;
    }
    drop_tensors (g_ptr_array_index (metas, i));
  }
  return GST_FLOW_OK;
}

static GstFlowReturn
ir_decode_generate_output (GstBaseTransform *base, GstBuffer **out)
{
  return ir_attach_generate_output (base, out, decode_buffer);
}

static void
ir_decode_finalize (GObject *object)
{
  IrDecode *self = IR_DECODE (object);

  ir_properties_clear (self, &table);
  g_ptr_array_unref (self->setups);
  G_OBJECT_CLASS (ir_decode_parent_class)->finalize (object);
}

static void
ir_decode_class_init (IrDecodeClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (irdecode_debug, "irdecode", 0, "irdecode");
  object_class->finalize = ir_decode_finalize;
  ir_properties_install (object_class, &table);
  gst_element_class_set_static_metadata (element_class, "Tensors to results",
      "Filter/Analyzer/Video",
      "Decodes output tensors into objects, classes and points", "gst-ir");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  base_class->start = ir_decode_start;
  base_class->stop = ir_decode_stop;
  base_class->set_caps = ir_decode_set_caps;
  base_class->sink_event = ir_decode_sink_event;
  base_class->generate_output = ir_decode_generate_output;
  base_class->passthrough_on_same_caps = TRUE;
}

static void
ir_decode_init (IrDecode *self)
{
  ir_properties_init (self, &table);
  self->setups =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_setup_free);
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (
      plugin, "irdecode", GST_RANK_NONE, IR_TYPE_DECODE);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, irdecode,
    "Output tensors to objects, classes and points", plugin_init, IR_VERSION,
    "LGPL", PACKAGE, PACKAGE)
