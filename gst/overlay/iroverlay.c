/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-iroverlay
 *
 * Draws the results that ride on each frame into the picture, in place and in
 * its own format.
 *
 * ## Example
 * |[
 * gst-launch-1.0 ... ! irdecode ! iroverlay style=corners blur=face ! videoconvert ! autovideosink
 * ]|
 */

#include <gst/base/gstbasetransform.h>

#include "draw.h"
#include "irgsterror.h"
#include "irproperty.h"

GST_DEBUG_CATEGORY_STATIC (iroverlay_debug);
#define GST_CAT_DEFAULT iroverlay_debug

#define IR_TYPE_OVERLAY (ir_overlay_get_type ())
G_DECLARE_FINAL_TYPE (IrOverlay, ir_overlay, IR, OVERLAY, GstBaseTransform)

struct _IrOverlay {
  GstBaseTransform parent;

  /* under the object lock */
  IrOverlayStyle style;
  guint fields;
  guint line_width;
  guint font_size;
  char *palette;
  char *blur;
  guint changed;

  /* streaming thread */
  GstVideoInfo info;
  IrDraw draw;
};

G_DEFINE_TYPE (IrOverlay, ir_overlay, GST_TYPE_BASE_TRANSFORM)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (IR_PAINT_FORMATS)));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (IR_PAINT_FORMATS)));

static GType
ir_overlay_style_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { IR_STYLE_BOX, "Outline", "box" },
    { IR_STYLE_CORNERS, "Corners of the outline", "corners" },
    { IR_STYLE_FILLED, "Outline and a tint", "filled" },
    { IR_STYLE_NONE, "No outline", "none" },
    { 0 },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_enum_register_static ("IrOverlayStyle", values));
  return type;
}

static GType
ir_overlay_fields_get_type (void)
{
  static gsize type;
  static const GFlagsValue values[] = {
    { IR_SHOW_LABEL, "Name of the class", "label" },
    { IR_SHOW_CONFIDENCE, "Confidence in percent", "confidence" },
    { IR_SHOW_ID, "Number given by a tracker", "id" },
    { IR_SHOW_CLASSES, "Classifications", "classes" },
    { IR_SHOW_KEYPOINTS, "Keypoints and landmarks", "keypoints" },
    { IR_SHOW_MASK, "Masks", "mask" },
    { 0 },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (
        &type, g_flags_register_static ("IrOverlayFields", values));
  return type;
}

#define AT(field) G_STRUCT_OFFSET (IrOverlay, field)

/* clang-format off */
static const IrProperty properties[] = {
  { "style", "Style", "How objects are marked",
    IR_PROPERTY_ENUM, AT (style), .def = IR_STYLE_BOX, .values = ir_overlay_style_get_type, .live = TRUE },
  { "fields", "Fields", "What is shown of an object: label+confidence+id and so on",
    IR_PROPERTY_FLAGS, AT (fields), .def = IR_SHOW_ALL, .values = ir_overlay_fields_get_type, .live = TRUE },
  { "palette", "Palette",
    "Colours: #RRGGBB for the classes in turn, CLASS=#RRGGBB for one, separated by commas; built-in ones if empty",
    IR_PROPERTY_TEXT, AT (palette), .live = TRUE },
  { "blur", "Blur", "Classes to make unrecognisable, separated by commas; * for all",
    IR_PROPERTY_TEXT, AT (blur), .live = TRUE },
  { "line-width", "Line width", "In pixels; 0 follows the frame's size",
    IR_PROPERTY_UINT, AT (line_width), 0, 64, 0, .live = TRUE },
  { "font-size", "Font size", "Height of text in pixels; 0 follows the frame's size",
    IR_PROPERTY_UINT, AT (font_size), 0, 256, 0, .live = TRUE },
};
/* clang-format on */

static const IrPropertyTable table = { properties, G_N_ELEMENTS (properties),
  AT (changed) };

static GStrv
parse_list (const char *text)
{
  GStrv list = g_strsplit (text ? text : "", ",", -1);

  for (guint i = 0; list[i]; i++)
    g_strstrip (list[i]);
  return list;
}

/* Takes over properties that were set since the last frame. */
static gboolean
refresh (IrOverlay *self, GError **error)
{
  IrDraw *draw = &self->draw;
  g_autofree char *palette = NULL;

  GST_OBJECT_LOCK (self);
  if (!self->changed) {
    GST_OBJECT_UNLOCK (self);
    return TRUE;
  }
  self->changed = 0;
  draw->style = self->style;
  draw->fields = self->fields;
  draw->line = self->line_width;
  draw->size = self->font_size;
  g_strfreev (draw->blur);
  draw->blur = parse_list (self->blur);
  palette = g_strdup (self->palette);
  GST_OBJECT_UNLOCK (self);

  g_clear_pointer (&draw->palette, ir_palette_free);
  draw->palette = ir_palette_parse (palette, error);
  return draw->palette != NULL;
}

static gboolean
ir_overlay_start (GstBaseTransform *base)
{
  IrOverlay *self = IR_OVERLAY (base);
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  self->changed = IR_CHANGED_LIVE;
  GST_OBJECT_UNLOCK (self);
  self->draw.text = ir_text_cache_new ();
  if (refresh (self, &error))
    return TRUE;
  ir_element_error (self, error);
  g_clear_pointer (&self->draw.text, ir_text_cache_free);
  return FALSE;
}

static gboolean
ir_overlay_stop (GstBaseTransform *base)
{
  IrDraw *draw = &IR_OVERLAY (base)->draw;

  g_clear_pointer (&draw->text, ir_text_cache_free);
  g_clear_pointer (&draw->palette, ir_palette_free);
  g_clear_pointer (&draw->blur, g_strfreev);
  return TRUE;
}

static gboolean
ir_overlay_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *out)
{
  return gst_video_info_from_caps (&IR_OVERLAY (base)->info, in);
}

static GstFlowReturn
ir_overlay_transform_ip (GstBaseTransform *base, GstBuffer *buffer)
{
  IrOverlay *self = IR_OVERLAY (base);
  GError *error = NULL;
  GstVideoFrame frame;

  if (!refresh (self, &error)) {
    ir_element_error (self, error);
    return GST_FLOW_ERROR;
  }
  /* Without results the picture need not even be mapped, or copied if it is
   * shared. */
  if (!gst_buffer_get_video_region_of_interest_meta (buffer))
    return GST_FLOW_OK;
  if (!gst_video_frame_map (&frame, &self->info, buffer,
          GST_MAP_READWRITE | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ,
        ("a frame can't be mapped for writing; put videoconvert in front of "
         "iroverlay"),
        (NULL));
    return GST_FLOW_ERROR;
  }
  ir_draw (&self->draw, buffer, &frame);
  gst_video_frame_unmap (&frame);
  return GST_FLOW_OK;
}

static void
ir_overlay_finalize (GObject *object)
{
  IrOverlay *self = IR_OVERLAY (object);

  ir_overlay_stop (GST_BASE_TRANSFORM (self));
  ir_properties_clear (self, &table);
  G_OBJECT_CLASS (ir_overlay_parent_class)->finalize (object);
}

static void
ir_overlay_class_init (IrOverlayClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (iroverlay_debug, "iroverlay", 0, "iroverlay");
  object_class->finalize = ir_overlay_finalize;
  ir_properties_install (object_class, &table);
  gst_element_class_set_static_metadata (element_class, "Results onto video",
      "Filter/Effect/Video",
      "Draws boxes, labels, ids, masks and keypoints in place", "gst-ir");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  base_class->start = ir_overlay_start;
  base_class->stop = ir_overlay_stop;
  base_class->set_caps = ir_overlay_set_caps;
  base_class->transform_ip = ir_overlay_transform_ip;
}

static void
ir_overlay_init (IrOverlay *self)
{
  ir_properties_init (self, &table);
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  return gst_element_register (
      plugin, "iroverlay", GST_RANK_NONE, IR_TYPE_OVERLAY);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, iroverlay,
    "Draws results onto video", plugin_init, IR_VERSION, "LGPL", PACKAGE,
    PACKAGE)
