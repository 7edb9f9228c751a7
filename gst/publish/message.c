/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "message.h"

#include <math.h>
#include <string.h>

#include "irresult.h"
#include "irtensormeta.h"
#include "json-out.h"

static const char *const field_names[] = {
#define X(id, name, meaning) name,
  IR_MESSAGE_FIELDS (X)
#undef X
};

gboolean
ir_fields_parse (const char *text, guint *fields, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  guint chosen = 0;

  for (guint i = 0; names[i]; i++) {
    const char *name = g_strstrip (names[i]);
    guint bit = 0;

    if (*name == 0)
      continue;
    while (bit < IR_FIELD_COUNT && !g_str_equal (field_names[bit], name))
      bit++;
    if (bit == IR_FIELD_COUNT)
      return ir_fail (error, IR_ERROR_NOT_FOUND,
          "fields: no field is called '%s'; there are frame, latency_ms, "
          "model, objects, pts, resolution, schema, source, tensors, "
          "timestamp, utc",
          name);
    chosen |= 1u << bit;
  }
  /* Tensors sit inside of objects. */
  if (chosen & IR_FIELD_TENSORS)
    chosen |= IR_FIELD_OBJECTS;
  *fields = chosen ? chosen : IR_FIELD_ALL;
  return TRUE;
}

char *
ir_message_utc (gint64 utc)
{
  g_autoptr (GDateTime) seconds =
      g_date_time_new_from_unix_utc (utc / G_USEC_PER_SEC);
  g_autofree char *text =
      seconds ? g_date_time_format (seconds, "%Y-%m-%dT%H:%M:%S") : NULL;

  return text ? g_strdup_printf ("%s.%03dZ", text, (gint) (utc / 1000 % 1000))
              : NULL;
}

static char *
bounding_box (const IrMessage *message, const IrObject *object)
{
  IrJsonObject *box = ir_json_object_new ();

  ir_json_set (box, "x_min", ir_json_number (object->x0 / message->width));
  ir_json_set (box, "x_max", ir_json_number (object->x1 / message->width));
  ir_json_set (box, "y_min", ir_json_number (object->y0 / message->height));
  ir_json_set (box, "y_max", ir_json_number (object->y1 / message->height));
  return ir_json_end (box);
}

static char *
detection (const IrMessage *message, const IrObject *object)
{
  IrJsonObject *out = ir_json_object_new ();

  ir_json_set (out, "bounding_box", bounding_box (message, object));
  if (!isnan (object->confidence))
    ir_json_set (out, "confidence", ir_json_number (object->confidence));
  if (object->label_id >= 0)
    ir_json_set (out, "label_id", ir_json_integer (object->label_id));
  if (*object->label)
    ir_json_set (out, "label", ir_json_text (object->label));
  return ir_json_end (out);
}

static char *
classification (const IrClassResult *result)
{
  IrJsonObject *out = ir_json_object_new ();

  ir_json_set (out, "label", ir_json_text (result->label));
  if (!isnan (result->confidence))
    ir_json_set (out, "confidence", ir_json_number (result->confidence));
  if (result->label_id >= 0)
    ir_json_set (out, "label_id", ir_json_integer (result->label_id));
  if (result->model) {
    IrJsonObject *model = ir_json_object_new ();

    ir_json_set (model, "name", ir_json_text (result->model));
    ir_json_set (out, "model", ir_json_end (model));
  }
  return ir_json_end (out);
}

/* A list of strings or integers. */
static void
set_list (IrJsonObject *out, const GstStructure *structure, const char *field)
{
  const GValue *list = gst_structure_get_value (structure, field);
  GPtrArray *items;

  if (list == NULL || !GST_VALUE_HOLDS_ARRAY (list))
    return;
  items = g_ptr_array_new ();
  for (guint i = 0; i < gst_value_array_get_size (list); i++) {
    const GValue *item = gst_value_array_get_value (list, i);

    if (G_VALUE_HOLDS_STRING (item) && g_value_get_string (item))
      g_ptr_array_add (items, ir_json_text (g_value_get_string (item)));
    else if (G_VALUE_HOLDS_INT (item))
      g_ptr_array_add (items, ir_json_integer (g_value_get_int (item)));
  }
  ir_json_set (out, field, ir_json_array (items));
}

static void
set_text (IrJsonObject *out, const GstStructure *structure, const char *field)
{
  const char *text = gst_structure_get_string (structure, field);

  if (text)
    ir_json_set (out, field, ir_json_text (text));
}

static char *
tensor (const GstStructure *structure, const IrNumbers *numbers)
{
  IrJsonObject *out = ir_json_object_new ();

  ir_json_set (out, "name", ir_json_text (gst_structure_get_name (structure)));
  ir_json_set (out, "layout", ir_json_text ("ANY"));
  ir_json_set (
      out, "precision", ir_json_text (numbers->data ? "FP32" : "UNSPECIFIED"));
  set_text (out, structure, "format");
  set_text (out, structure, "type");
  set_text (out, structure, "model_name");
  set_text (out, structure, "layer_name");
  set_list (out, structure, "dims");
  set_list (out, structure, "point_names");
  set_list (out, structure, "point_connections");
  if (numbers->data) {
    gsize count = (gsize) numbers->rows * numbers->columns;
    GPtrArray *items = g_ptr_array_sized_new (MIN (count, G_MAXUINT));

    for (gsize i = 0; i < count; i++)
      g_ptr_array_add (items, ir_json_single (numbers->data[i]));
    ir_json_set (out, "data", ir_json_array (items));
  }
  return ir_json_end (out);
}

static char *
object_text (const IrMessage *message, const GstVideoRegionOfInterestMeta *roi)
{
  IrJsonObject *out = ir_json_object_new ();
  GPtrArray *tensors = g_ptr_array_new ();
  IrObject object;

  ir_object_read (roi, message->width, message->height, &object);
  ir_json_set (out, "x", ir_json_integer (roi->x));
  ir_json_set (out, "y", ir_json_integer (roi->y));
  ir_json_set (out, "w", ir_json_integer (roi->w));
  ir_json_set (out, "h", ir_json_integer (roi->h));
  ir_json_set (out, "region_id", ir_json_integer (roi->id));
  if (roi->parent_id >= 0)
    ir_json_set (out, "parent_id", ir_json_integer (roi->parent_id));
  if (object.track_id >= 0)
    ir_json_set (out, "id", ir_json_integer (object.track_id));
  if (*object.label)
    ir_json_set (out, "roi_type", ir_json_text (object.label));
  if (!object.whole_frame)
    ir_json_set (out, "detection", detection (message, &object));
  for (GList *l = roi->params; l; l = l->next) {
    IrClassResult result;
    IrNumbers numbers;

    if (ir_class_read (l->data, &result))
      ir_json_set (out, result.attribute, classification (&result));
    else if ((message->fields & IR_FIELD_TENSORS) &&
        ir_numbers_read (l->data, &numbers))
      g_ptr_array_add (tensors, tensor (l->data, &numbers));
  }
  if (tensors->len > 0)
    ir_json_set (out, "tensors", ir_json_array (tensors));
  else
    g_ptr_array_unref (tensors);
  return ir_json_end (out);
}

static char *
objects_text (const IrMessage *message)
{
  GPtrArray *items = g_ptr_array_new ();
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (message->buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
    g_ptr_array_add (
        items, object_text (message, (GstVideoRegionOfInterestMeta *) meta));
  return ir_json_array (items);
}

/* The network that looked at the whole frame, else the first. */
static const IrModelInfo *
model_of (GstBuffer *buffer)
{
  const IrModelInfo *model = NULL;
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, IR_TENSOR_META_API_TYPE))) {
    const IrTensorMeta *tensors = (const IrTensorMeta *) meta;

    if (tensors->role != IR_TENSORS_OUTPUT || tensors->info == NULL)
      continue;
    if (tensors->roi_id < 0)
      return tensors->info;
    if (model == NULL)
      model = tensors->info;
  }
  return model;
}

static void
set_model (IrJsonObject *out, GstBuffer *buffer)
{
  const IrModelInfo *info = model_of (buffer);
  const char *digest;
  IrJsonObject *model;

  if (info == NULL)
    return;
  digest = info->digest ? ir_digest_get (info->digest) : NULL;
  model = ir_json_object_new ();
  if (info->name)
    ir_json_set (model, "name", ir_json_text (info->name));
  if (digest)
    ir_json_set (model, "sha256", ir_json_text (digest));
  ir_json_set (out, "model", ir_json_end (model));
}

char *
ir_message_dls (const IrMessage *message)
{
  IrJsonObject *out = ir_json_object_new ();
  guint fields = message->fields;

  if (fields & IR_FIELD_FRAME)
    ir_json_set (out, "frame", ir_json_integer (message->number));
  if (fields & IR_FIELD_LATENCY)
    ir_json_set (out, "latency_ms",
        ir_json_number (floor (message->latency_ms * 1000 + 0.5) / 1000));
  if (fields & IR_FIELD_MODEL)
    set_model (out, message->buffer);
  if (fields & IR_FIELD_OBJECTS)
    ir_json_set (out, "objects", objects_text (message));
  if ((fields & IR_FIELD_PTS) && GST_BUFFER_PTS_IS_VALID (message->buffer))
    ir_json_set (
        out, "pts", ir_json_integer (GST_BUFFER_PTS (message->buffer)));
  if (fields & IR_FIELD_RESOLUTION) {
    IrJsonObject *size = ir_json_object_new ();

    ir_json_set (size, "width", ir_json_integer (message->width));
    ir_json_set (size, "height", ir_json_integer (message->height));
    ir_json_set (out, "resolution", ir_json_end (size));
  }
  if (fields & IR_FIELD_SCHEMA)
    ir_json_set (out, "schema", ir_json_text (IR_MESSAGE_SCHEMA));
  if ((fields & IR_FIELD_SOURCE) && message->source)
    ir_json_set (out, "source", ir_json_text (message->source));
  if ((fields & IR_FIELD_TIMESTAMP) &&
      GST_CLOCK_TIME_IS_VALID (message->timestamp))
    ir_json_set (out, "timestamp", ir_json_integer (message->timestamp));
  if (fields & IR_FIELD_UTC) {
    g_autofree char *utc = ir_message_utc (message->utc);

    if (utc)
      ir_json_set (out, "utc", ir_json_text (utc));
  }
  return ir_json_end (out);
}

/* The schema separates with bars; a bar in a name would shift the rest. */
static void
append_word (GString *out, const char *word)
{
  for (const char *c = word; *c; c++)
    g_string_append_c (out, *c == '|' ? '/' : *c);
}

static void
append_number (GString *out, const char *format, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, format, value);
  g_string_append (out, text);
}

/* id|left|top|right|bottom|label|#|attribute ...|confidence */
static char *
deepstream_object (
    const IrMessage *message, const GstVideoRegionOfInterestMeta *roi)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const double *corner;
  IrClassResult result;
  IrObject object;

  ir_object_read (roi, message->width, message->height, &object);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, object.track_id);
  corner = (const double[]){ object.x0, object.y0, object.x1, object.y1 };
  for (guint i = 0; i < 4; i++) {
    g_string_append_c (out, '|');
    append_number (out, "%.1f", corner[i]);
  }
  g_string_append_c (out, '|');
  append_word (out, object.label);
  g_string_append (out, "|#");
  for (GList *l = roi->params; l; l = l->next) {
    if (ir_class_read (l->data, &result)) {
      g_string_append_c (out, '|');
      append_word (out, result.label);
      if (isnan (object.confidence))
        object.confidence = result.confidence;
    }
  }
  g_string_append_c (out, '|');
  append_number (
      out, "%.4f", isnan (object.confidence) ? 0 : object.confidence);
  return ir_json_text (out->str);
}

char *
ir_message_deepstream (const IrMessage *message)
{
  IrJsonObject *out = ir_json_object_new ();
  g_autofree char *number =
      g_strdup_printf ("%" G_GUINT64_FORMAT, message->number);
  g_autofree char *utc = ir_message_utc (message->utc);
  GPtrArray *items = g_ptr_array_new ();
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (message->buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
    g_ptr_array_add (items,
        deepstream_object (message, (GstVideoRegionOfInterestMeta *) meta));
  ir_json_set (out, "version", ir_json_text ("4.0"));
  ir_json_set (out, "id", ir_json_text (number));
  ir_json_set (out, "@timestamp", ir_json_text (utc ? utc : ""));
  ir_json_set (
      out, "sensorId", ir_json_text (message->source ? message->source : ""));
  ir_json_set (out, "objects", ir_json_array (items));
  return ir_json_end (out);
}
