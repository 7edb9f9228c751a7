/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-util.h"

#include <math.h>
#include <string.h>

#define SCHEMA "gst-ir.description/1"

static IrDescription *
description_new (void)
{
  IrDescription *description = g_new0 (IrDescription, 1);

  description->threshold = NAN;
  description->nms_threshold = NAN;
  description->max_objects = -1;
  description->warnings = g_ptr_array_new_with_free_func (g_free);
  return description;
}

void
ir_description_free (IrDescription *description)
{
  g_free (description->decoder);
  g_strfreev (description->labels);
  g_strfreev (description->class_thresholds);
  g_clear_pointer (&description->heads, g_ptr_array_unref);
  g_clear_pointer (&description->anchors, g_array_unref);
  g_strfreev (description->point_names);
  g_clear_pointer (&description->connections, g_array_unref);
  g_ptr_array_unref (description->warnings);
  g_free (description);
}

GStrv
ir_labels_parse (const char *text)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  g_autofree char *copy = g_strstrip (g_strdup (text));
  g_auto (GStrv) parts = NULL;
  gsize length = strlen (copy);
  guint count = 0;

  if (length >= 2 && copy[0] == '<' && copy[length - 1] == '>') {
    copy[length - 1] = 0;
    copy[0] = ' ';
  }
  parts = g_strsplit (copy, ",", -1);
  for (guint i = 0; parts[i] != NULL; i++) {
    char *part = g_strstrip (parts[i]);
    gsize n = strlen (part);

    if (n >= 2 && part[0] == '"' && part[n - 1] == '"') {
      part[n - 1] = 0;
      part++;
    }
    g_strv_builder_add (list, part);
    count += *part != 0;
  }
  return count ? g_strv_builder_end (list) : NULL;
}

GStrv
ir_labels_load (const char *path, GError **error)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  g_autoptr (GError) reason = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, &reason)) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "labels: %s", reason->message);
    return NULL;
  }
  if (!g_utf8_validate (text, size, NULL)) {
    ir_fail (error, IR_ERROR_PARSE,
        "labels file %s: not UTF-8 text with one name per line", path);
    return NULL;
  }
  lines = g_strsplit (text, "\n", -1);
  n = g_strv_length (lines);
  while (n > 0 && *g_strstrip (lines[n - 1]) == 0)
    n--;
  for (guint i = 0; i < n; i++)
    g_strv_builder_add (list, g_strstrip (lines[i]));
  if (n == 0) {
    ir_fail (error, IR_ERROR_PARSE, "labels file %s: no names in it", path);
    return NULL;
  }
  return g_strv_builder_end (list);
}

/* The number of a class from its name or from digits, -1 for neither. */
static gint
class_index (const char *name, const GStrv labels)
{
  guint64 index;

  for (guint i = 0; labels && labels[i]; i++) {
    if (g_str_equal (labels[i], name))
      return i;
  }
  if (g_ascii_string_to_unsigned (name, 10, 0, G_MAXINT16, &index, NULL))
    return index;
  return -1;
}

GArray *
ir_class_thresholds_parse (
    const GStrv list, const GStrv labels, const char *what, GError **error)
{
  g_autoptr (GArray) thresholds = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; list[i] != NULL; i++) {
    g_autofree char *item = g_strstrip (g_strdup (list[i]));
    char *sign = strrchr (item, '=');
    char *end = NULL;
    double value = NAN;
    gint index;

    if (sign != NULL) {
      *sign = 0;
      value = g_ascii_strtod (g_strstrip (sign + 1), &end);
    }
    if (sign == NULL || end == sign + 1 || *end != 0 ||
        !(value >= 0 && value <= 1)) {
      ir_fail (error, IR_ERROR_PARSE,
          "%s: '%s' is not CLASS=VALUE with a value from 0 to 1", what,
          list[i]);
      return NULL;
    }
    index = class_index (g_strstrip (item), labels);
    if (index < 0) {
      ir_fail (error, IR_ERROR_NOT_FOUND,
          "%s: no class is called '%s'; set `labels`, or use its number", what,
          item);
      return NULL;
    }
    while (thresholds->len <= (guint) index) {
      float none = NAN;

      g_array_append_val (thresholds, none);
    }
    g_array_index (thresholds, float, index) = value;
  }
  return g_steal_pointer (&thresholds);
}

/* "class_thresholds": { "person": 0.6 } */
static gboolean
read_class_thresholds (
    JsonNode *node, const char *what, GStrv *value, GError **error)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  JsonObjectIter iter;
  const char *name;
  JsonNode *item;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return ir_fail (error, IR_ERROR_PARSE,
        "%s: must be an object of class names and numbers", what);
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &item)) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *text = NULL;
    float fraction;

    if (!ir_json_fraction (item, what, &fraction, error))
      return FALSE;
    g_ascii_dtostr (number, sizeof number, fraction);
    text = g_strdup_printf ("%s=%s", name, number);
    g_strv_builder_add (list, text);
  }
  g_strfreev (*value);
  *value = g_strv_builder_end (list);
  return TRUE;
}

/* "point_connections": [[0, 1], [1, 2]] */
static gboolean
read_connections (
    JsonNode *node, const char *what, GArray **value, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (guint));
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: must be an array of pairs", what);
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *item = json_array_get_element (array, i);
    JsonArray *pair =
        JSON_NODE_HOLDS_ARRAY (item) ? json_node_get_array (item) : NULL;
    gint end = 0;

    if (pair == NULL || json_array_get_length (pair) != 2)
      return ir_fail (error, IR_ERROR_PARSE,
          "%s: item %u must be a pair of point numbers", what, i);
    for (guint k = 0; k < 2; k++) {
      if (!ir_json_count (json_array_get_element (pair, k), what, &end, error))
        return FALSE;
      g_array_append_val (list, end);
    }
  }
  g_clear_pointer (value, g_array_unref);
  *value = g_steal_pointer (&list);
  return TRUE;
}

/* One key of our own format. */
static gboolean
read_own_key (const char *key, JsonNode *node, const char *path,
    IrDescription *into, GError **error)
{
  g_autofree char *what = g_strdup_printf ("%s: \"%s\"", path, key);

  /* clang-format off */
  if (g_str_equal (key, "schema") || g_str_equal (key, "input"))
    return TRUE; /* checked by the caller; read by irconvert */
  if (g_str_equal (key, "decoder"))
    return ir_json_string (node, what, &into->decoder, error);
  if (g_str_equal (key, "labels"))
    return ir_json_labels (node, path, what, &into->labels, error);
  if (g_str_equal (key, "threshold"))
    return ir_json_fraction (node, what, &into->threshold, error);
  if (g_str_equal (key, "nms_threshold"))
    return ir_json_fraction (node, what, &into->nms_threshold, error);
  if (g_str_equal (key, "class_thresholds"))
    return read_class_thresholds (node, what, &into->class_thresholds, error);
  if (g_str_equal (key, "max_objects"))
    return ir_json_count (node, what, &into->max_objects, error);
  if (g_str_equal (key, "anchors"))
    return ir_json_numbers (node, what, &into->anchors, error);
  if (g_str_equal (key, "point_names"))
    return ir_json_strings (node, what, &into->point_names, error);
  if (g_str_equal (key, "point_connections"))
    return read_connections (node, what, &into->connections, error);
  /* clang-format on */
  return ir_fail (error, IR_ERROR_PARSE,
      "%s: unknown key; known are schema, input, decoder, labels, threshold, "
      "nms_threshold, class_thresholds, max_objects, anchors, point_names, "
      "point_connections",
      what);
}

static gboolean
read_own (
    JsonObject *root, const char *path, IrDescription *into, GError **error)
{
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  json_object_iter_init (&iter, root);
  while (json_object_iter_next (&iter, &key, &node)) {
    if (!read_own_key (key, node, path, into, error))
      return FALSE;
  }
  for (guint i = 0; into->connections && i < into->connections->len; i++) {
    guint points = into->point_names ? g_strv_length (into->point_names) : 0;

    if (g_array_index (into->connections, guint, i) >= points)
      return ir_fail (error, IR_ERROR_PARSE,
          "%s: \"point_connections\" names point %u of %u in \"point_names\"",
          path, g_array_index (into->connections, guint, i), points);
  }
  return TRUE;
}

/* A decoder that does not exist is better said when the file is read. */
static gboolean
check_decoder (const char *path, const IrDescription *into, GError **error)
{
  if (into->decoder && !ir_decoder_find (into->decoder, error)) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  return TRUE;
}

IrDescription *
ir_description_load (const char *path, GError **error)
{
  g_autoptr (IrDescription) into = description_new ();
  g_autoptr (JsonNode) node = ir_json_load (path, error);
  JsonObject *root;
  gboolean ok;

  if (node == NULL)
    return NULL;
  root = json_node_get_object (node);
  if (json_object_has_member (root, "output_postproc") ||
      json_object_has_member (root, "input_preproc")) {
    ok = ir_model_proc_read (root, path, into, error);
  } else if (g_strcmp0 (json_object_get_string_member_with_default (
                            root, "schema", NULL),
                 SCHEMA) == 0) {
    ok = read_own (root, path, into, error);
  } else {
    ok = ir_fail (error, IR_ERROR_UNSUPPORTED,
        "%s: neither a description (\"schema\": \"" SCHEMA "\") nor a "
        "model-proc file (\"output_postproc\")",
        path);
  }
  if (!ok || !check_decoder (path, into, error))
    return NULL;
  return g_steal_pointer (&into);
}

static gboolean
read_info_fraction (
    GHashTable *info, const char *key, float *value, GError **error)
{
  const char *text = g_hash_table_lookup (info, key);
  char *end = NULL;
  double number;

  if (text == NULL || *text == 0)
    return TRUE;
  number = g_ascii_strtod (text, &end);
  if (*end != 0 || !(number >= 0 && number <= 1))
    return ir_fail (error, IR_ERROR_PARSE,
        "model_info: %s '%s' is not a number from 0 to 1", key, text);
  *value = number;
  return TRUE;
}

IrDescription *
ir_description_from_model_info (GHashTable *info, GError **error)
{
  g_autoptr (IrDescription) into = description_new ();
  const char *labels = g_hash_table_lookup (info, "labels");
  const char *type = g_hash_table_lookup (info, "model_type");

  if (!read_info_fraction (
          info, "confidence_threshold", &into->threshold, error) ||
      !read_info_fraction (info, "iou_threshold", &into->nms_threshold, error))
    return NULL;
  if (labels && *labels) {
    g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
    g_auto (GStrv) parts = g_strsplit_set (labels, " \t\r\n", -1);

    for (guint i = 0; parts[i]; i++) {
      if (*parts[i])
        g_strv_builder_add (list, parts[i]);
    }
    into->labels = g_strv_builder_end (list);
  }
  /* Model API's types are broader than ours: "SSD" also names two-output
   * networks, so shapes still decide where the name is not known. */
  if (type && *type) {
    const IrDecoder *decoder = ir_decoder_find (type, NULL);

    if (decoder)
      into->decoder = g_strdup (ir_decoder_name (decoder));
    else
      g_ptr_array_add (into->warnings,
          g_strdup_printf ("model_info: model_type '%s' is not known; the "
                           "decoder is chosen by shape",
              type));
  }
  return g_steal_pointer (&into);
}
