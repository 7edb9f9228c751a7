/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irresult.h"

#include <math.h>
#include <string.h>

/* DL Streamer's enums for `precision` and `layout`, which its readers expect. */
enum {
  PRECISION_UNSPECIFIED = 255,
  PRECISION_FP32 = 10
};
enum {
  LAYOUT_ANY = 0
};

GstVideoRegionOfInterestMeta *
ir_buffer_find_object (GstBuffer *buffer, gint id)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    if (((GstVideoRegionOfInterestMeta *) meta)->id == id)
      return (GstVideoRegionOfInterestMeta *) meta;
  }
  return NULL;
}

static gint
next_id (GstBuffer *buffer)
{
  gpointer state = NULL;
  GstMeta *meta;
  gint id = -1;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
    id = MAX (id, ((GstVideoRegionOfInterestMeta *) meta)->id);
  return id == G_MAXINT ? 0 : id + 1;
}

/* Names come from files of all kinds; structures hold UTF-8 only. */
static void
set_text (GstStructure *structure, const char *field, const char *text)
{
  g_autofree char *valid = text ? g_utf8_make_valid (text, -1) : NULL;

  if (valid)
    gst_structure_set (structure, field, G_TYPE_STRING, valid, NULL);
}

/* Rounds a side so that the pixels stay inside @limit. */
static void
to_pixels (double from, double to, guint limit, guint *start, guint *length)
{
  *start = MIN ((guint) lround (from), limit);
  *length = MIN ((guint) lround (to - from), limit - *start);
}

GstVideoRegionOfInterestMeta *
ir_buffer_add_object (GstBuffer *buffer, guint width, guint height,
    const IrObject *object, gint parent, const char *model)
{
  GstVideoRegionOfInterestMeta *roi;
  double x0 = CLAMP (object->x0, 0, (double) width);
  double x1 = CLAMP (object->x1, 0, (double) width);
  double y0 = CLAMP (object->y0, 0, (double) height);
  double y1 = CLAMP (object->y1, 0, (double) height);
  guint x, y, w, h;
  GstStructure *detection;
  gint id;

  if (!(x1 > x0 && y1 > y0))
    return NULL;
  to_pixels (x0, x1, width, &x, &w);
  to_pixels (y0, y1, height, &y, &h);
  id = next_id (buffer);
  roi = gst_buffer_add_video_region_of_interest_meta (
      buffer, object->label, x, y, w, h);
  roi->id = id;
  roi->parent_id = parent;
  detection = gst_structure_new ("detection", "x_min", G_TYPE_DOUBLE,
      x0 / width, "x_max", G_TYPE_DOUBLE, x1 / width, "y_min", G_TYPE_DOUBLE,
      y0 / height, "y_max", G_TYPE_DOUBLE, y1 / height, "confidence",
      G_TYPE_DOUBLE, object->confidence, NULL);
  if (object->label_id >= 0)
    gst_structure_set (
        detection, "label_id", G_TYPE_INT, object->label_id, NULL);
  if (*object->label)
    set_text (detection, "label", object->label);
  set_text (detection, "model_name", model);
  gst_video_region_of_interest_meta_add_param (roi, detection);
  return roi;
}

GstVideoRegionOfInterestMeta *
ir_buffer_whole_frame (GstBuffer *buffer, guint width, guint height)
{
  GstVideoRegionOfInterestMeta *roi;
  gpointer state = NULL;
  GstMeta *meta;
  IrObject object;
  gint id;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    roi = (GstVideoRegionOfInterestMeta *) meta;
    ir_object_read (roi, width, height, &object);
    if (object.whole_frame)
      return roi;
  }
  id = next_id (buffer);
  roi = gst_buffer_add_video_region_of_interest_meta (
      buffer, "", 0, 0, width, height);
  roi->id = id;
  roi->parent_id = -1;
  return roi;
}

/* GStreamer restricts the names of structures; other names survive in their
 * `attribute_name`. */
static char *
structure_name (const char *wanted)
{
  char *name = g_strdup_printf (
      "%s%s", g_ascii_isalpha (*wanted) ? "" : "layer:", wanted);

  for (char *c = name; *c; c++) {
    if (!g_ascii_isalnum (*c) && !strchr ("/-_.:+", *c))
      *c = '_';
  }
  return name;
}

void
ir_object_add_class (
    GstVideoRegionOfInterestMeta *roi, const IrClassResult *result)
{
  g_autofree char *name = structure_name (result->attribute);
  GstStructure *structure = gst_structure_new (name, "label_id", G_TYPE_INT,
      result->label_id, "confidence", G_TYPE_DOUBLE, result->confidence, NULL);

  set_text (structure, "label", result->label);
  set_text (structure, "attribute_name", result->attribute);
  set_text (structure, "model_name", result->model);
  set_text (structure, "layer_name", result->layer);
  gst_video_region_of_interest_meta_add_param (roi, structure);
}

static void
set_list (GstStructure *structure, const char *field, GType type,
    void (*fill) (GValue *item, guint index, gconstpointer data), guint n,
    gconstpointer data)
{
  GValue list = G_VALUE_INIT;

  gst_value_array_init (&list, n);
  for (guint i = 0; i < n; i++) {
    GValue item = G_VALUE_INIT;

    g_value_init (&item, type);
    fill (&item, i, data);
    gst_value_array_append_and_take_value (&list, &item);
  }
  gst_structure_take_value (structure, field, &list);
}

static void
fill_name (GValue *item, guint index, gconstpointer data)
{
  g_value_take_string (
      item, g_utf8_make_valid (((const char *const *) data)[index], -1));
}

static void
fill_dim (GValue *item, guint index, gconstpointer data)
{
  g_value_set_int (item, MIN (((const gint64 *) data)[index], G_MAXINT));
}

/* A structure with a block of bytes and the fields that go with it. */
static GstStructure *
numbers_new (const char *name, const char *format, gint precision,
    const gint64 *dims, guint rank, gconstpointer data, gsize size,
    const char *model)
{
  GBytes *bytes = g_bytes_new (data, size);
  GVariant *block = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
  GstStructure *structure = gst_structure_new (name, "format", G_TYPE_STRING,
      format, "precision", G_TYPE_INT, precision, "layout", G_TYPE_INT,
      LAYOUT_ANY, "data_buffer", G_TYPE_VARIANT, block, NULL);

  g_variant_unref (block);
  g_bytes_unref (bytes);
  set_list (structure, "dims", G_TYPE_INT, fill_dim, rank, dims);
  set_text (structure, "model_name", model);
  return structure;
}

void
ir_object_add_points (GstVideoRegionOfInterestMeta *roi, const float *xy,
    guint n, const char *const *names, const guint *connections,
    guint n_connections, const char *model)
{
  const gint64 dims[2] = { n, 2 };
  GstStructure *structure = numbers_new ("landmarks", "landmark_points",
      PRECISION_FP32, dims, 2, xy, 2 * n * sizeof *xy, model);

  if (names)
    set_list (structure, "point_names", G_TYPE_STRING, fill_name, n, names);
  if (names && n_connections > 0) {
    g_autofree const char **ends = g_new (const char *, n_connections);

    for (guint i = 0; i < n_connections; i++)
      ends[i] = names[MIN (connections[i], n - 1)];
    set_list (structure, "point_connections", G_TYPE_STRING, fill_name,
        n_connections, ends);
  }
  gst_video_region_of_interest_meta_add_param (roi, structure);
}

void
ir_object_add_mask (GstVideoRegionOfInterestMeta *roi, const float *data,
    guint rows, guint columns, const char *model)
{
  const gint64 dims[2] = { rows, columns };

  gst_video_region_of_interest_meta_add_param (roi,
      numbers_new ("mask", "segmentation_mask", PRECISION_FP32, dims, 2, data,
          (gsize) rows * columns * sizeof *data, model));
}

void
ir_object_add_tensor (GstVideoRegionOfInterestMeta *roi, const char *layer,
    const IrTensor *tensor, const char *model)
{
  gint precision =
      tensor->dtype == IR_DTYPE_F32 ? PRECISION_FP32 : PRECISION_UNSPECIFIED;
  GstStructure *structure = numbers_new ("tensor", "raw", precision,
      tensor->shape.dim, tensor->shape.rank, tensor->data, tensor->size, model);

  set_text (structure, "layer_name", layer);
  set_text (structure, "type", ir_dtype_name (tensor->dtype));
  gst_video_region_of_interest_meta_add_param (roi, structure);
}

/* The corners as written by a detector, if they make sense. */
static gboolean
read_corners (
    const GstStructure *detection, guint width, guint height, IrObject *object)
{
  double x0, x1, y0, y1;

  if (!gst_structure_get (detection, "x_min", G_TYPE_DOUBLE, &x0, "x_max",
          G_TYPE_DOUBLE, &x1, "y_min", G_TYPE_DOUBLE, &y0, "y_max",
          G_TYPE_DOUBLE, &y1, NULL) ||
      !(x0 >= 0 && x1 >= x0 && x1 <= 1 && y0 >= 0 && y1 >= y0 && y1 <= 1))
    return FALSE;
  object->x0 = x0 * width;
  object->x1 = x1 * width;
  object->y0 = y0 * height;
  object->y1 = y1 * height;
  return TRUE;
}

void
ir_object_read (const GstVideoRegionOfInterestMeta *roi, guint width,
    guint height, IrObject *object)
{
  const GstStructure *detection = NULL;
  gint track;

  *object =
      (IrObject){ .label =
                      roi->roi_type ? g_quark_to_string (roi->roi_type) : "",
        .label_id = -1,
        .confidence = NAN,
        .x0 = roi->x,
        .y0 = roi->y,
        .x1 = (double) roi->x + roi->w,
        .y1 = (double) roi->y + roi->h,
        .track_id = -1 };
  for (GList *l = roi->params; l; l = l->next) {
    const GstStructure *s = l->data;

    if (gst_structure_has_name (s, "detection"))
      detection = s;
    else if (gst_structure_has_name (s, "object_id") &&
        gst_structure_get_int (s, "id", &track))
      object->track_id = track;
  }
  object->whole_frame = detection == NULL && *object->label == 0 &&
      roi->x == 0 && roi->y == 0 && roi->w == width && roi->h == height;
  if (detection == NULL)
    return;
  gst_structure_get_int (detection, "label_id", &object->label_id);
  if (!gst_structure_get_double (
          detection, "confidence", &object->confidence) ||
      !isfinite (object->confidence))
    object->confidence = NAN;
  read_corners (detection, width, height, object);
}

gboolean
ir_class_read (const GstStructure *structure, IrClassResult *result)
{
  const char *name = gst_structure_get_name (structure);
  const char *label = gst_structure_get_string (structure, "label");

  if (label == NULL || g_str_equal (name, "detection") ||
      g_str_equal (name, "object_id"))
    return FALSE;
  *result = (IrClassResult){
    .attribute = gst_structure_get_string (structure, "attribute_name"),
    .label = label,
    .label_id = -1,
    .confidence = NAN,
    .model = gst_structure_get_string (structure, "model_name"),
    .layer = gst_structure_get_string (structure, "layer_name"),
  };
  if (result->attribute == NULL || *result->attribute == 0)
    result->attribute = name;
  gst_structure_get_int (structure, "label_id", &result->label_id);
  gst_structure_get_double (structure, "confidence", &result->confidence);
  return TRUE;
}

/* Rows and columns of the last two of the dimensions. */
static gboolean
read_dims (const GstStructure *structure, guint64 *rows, guint64 *columns)
{
  const GValue *dims = gst_structure_get_value (structure, "dims");
  guint n;

  if (dims == NULL || !GST_VALUE_HOLDS_ARRAY (dims))
    return FALSE;
  n = gst_value_array_get_size (dims);
  *rows = *columns = 1;
  for (guint i = 0; i < n; i++) {
    const GValue *item = gst_value_array_get_value (dims, i);
    gint dim = G_VALUE_HOLDS_INT (item) ? g_value_get_int (item) : -1;

    if (dim < 0)
      return FALSE;
    if (i + 1 == n)
      *columns = dim;
    else if (*rows > G_MAXINT / (guint) MAX (dim, 1))
      return FALSE;
    else
      *rows *= dim;
  }
  return n > 0;
}

gboolean
ir_numbers_read (const GstStructure *structure, IrNumbers *numbers)
{
  const GValue *value = gst_structure_get_value (structure, "data_buffer");
  const char *format = gst_structure_get_string (structure, "format");
  guint64 rows, columns;
  gint precision = 0;
  GVariant *block;
  gsize size;

  if (value == NULL || format == NULL || !G_VALUE_HOLDS_VARIANT (value))
    return FALSE;
  block = g_value_get_variant (value);
  if (block == NULL ||
      !g_variant_is_of_type (block, G_VARIANT_TYPE_BYTESTRING) ||
      !read_dims (structure, &rows, &columns))
    return FALSE;
  *numbers = (IrNumbers){ .format = format, .rows = rows, .columns = columns };
  size = g_variant_get_size (block);
  gst_structure_get_int (structure, "precision", &precision);
  if (precision == PRECISION_FP32 && rows * columns == size / sizeof (float) &&
      size > 0 && (guintptr) g_variant_get_data (block) % sizeof (float) == 0)
    numbers->data = g_variant_get_data (block);
  return TRUE;
}
