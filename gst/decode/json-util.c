/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-util.h"

#include <math.h>
#include <string.h>

#define MOST_BYTES (64u << 20)
#define MOST_LEVELS 64

/* The parser recurses, so depth is bounded before it sees the text. */
static gboolean
too_deep (const char *text, gsize size)
{
  gboolean quoted = FALSE;
  guint level = 0;

  for (gsize i = 0; i < size; i++) {
    if (quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == '[' || text[i] == '{') &&
        ++level > MOST_LEVELS)
      return TRUE;
    else if (!quoted && (text[i] == ']' || text[i] == '}') && level > 0)
      level--;
  }
  return FALSE;
}

JsonNode *
ir_json_load (const char *path, GError **error)
{
  g_autoptr (GMappedFile) file = NULL;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) reason = NULL;
  const char *text;
  gsize size;

  file = g_mapped_file_new (path, FALSE, &reason);
  if (file == NULL) {
    ir_fail (error, IR_ERROR_NOT_FOUND, "%s", reason->message);
    return NULL;
  }
  text = g_mapped_file_get_contents (file);
  size = g_mapped_file_get_length (file);
  if (size > MOST_BYTES || too_deep (text, size)) {
    ir_fail (error, IR_ERROR_LIMIT,
        "%s: more than %u MiB or more than %d levels of JSON", path,
        MOST_BYTES >> 20, MOST_LEVELS);
    return NULL;
  }
  if (size == 0 || !json_parser_load_from_data (parser, text, size, &reason)) {
    ir_fail (error, IR_ERROR_PARSE, "%s: not JSON: %s", path,
        reason ? reason->message : "the file is empty");
    return NULL;
  }
  if (json_parser_get_root (parser) == NULL ||
      !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser))) {
    ir_fail (error, IR_ERROR_PARSE, "%s: not a JSON object", path);
    return NULL;
  }
  return json_parser_steal_root (parser);
}

static gboolean
is_number (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) &&
      (json_node_get_value_type (node) == G_TYPE_INT64 ||
          json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_STRING;
}

gboolean
ir_json_string (JsonNode *node, const char *what, char **value, GError **error)
{
  if (!is_string (node))
    return ir_fail (error, IR_ERROR_PARSE, "%s: must be a string", what);
  g_free (*value);
  *value = json_node_dup_string (node);
  return TRUE;
}

gboolean
ir_json_fraction (
    JsonNode *node, const char *what, float *value, GError **error)
{
  double number = is_number (node) ? json_node_get_double (node) : NAN;

  if (!(number >= 0 && number <= 1))
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: must be a number from 0 to 1", what);
  *value = number;
  return TRUE;
}

gboolean
ir_json_count (JsonNode *node, const char *what, gint *value, GError **error)
{
  gint64 number = -1;

  if (JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_INT64)
    number = json_node_get_int (node);
  if (number < 0 || number > G_MAXINT)
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: must be a whole number, 0 or more", what);
  *value = number;
  return TRUE;
}

gboolean
ir_json_strings (JsonNode *node, const char *what, GStrv *value, GError **error)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: must be an array of strings", what);
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *item = json_array_get_element (array, i);

    if (!is_string (item))
      return ir_fail (
          error, IR_ERROR_PARSE, "%s: item %u must be a string", what, i);
    g_strv_builder_add (list, json_node_get_string (item));
  }
  g_strfreev (*value);
  *value = g_strv_builder_end (list);
  return TRUE;
}

gboolean
ir_json_numbers (
    JsonNode *node, const char *what, GArray **value, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (double));
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return ir_fail (
        error, IR_ERROR_PARSE, "%s: must be an array of numbers", what);
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *item = json_array_get_element (array, i);
    double number = is_number (item) ? json_node_get_double (item) : NAN;

    if (!isfinite (number))
      return ir_fail (
          error, IR_ERROR_PARSE, "%s: item %u must be a number", what, i);
    g_array_append_val (list, number);
  }
  g_clear_pointer (value, g_array_unref);
  *value = g_steal_pointer (&list);
  return TRUE;
}

gboolean
ir_json_labels (JsonNode *node, const char *path, const char *what,
    GStrv *value, GError **error)
{
  g_autofree char *folder = NULL;
  g_autofree char *file = NULL;
  GStrv labels;

  if (!is_string (node))
    return ir_json_strings (node, what, value, error);
  folder = g_path_get_dirname (path);
  file = g_path_is_absolute (json_node_get_string (node))
      ? g_strdup (json_node_get_string (node))
      : g_build_filename (folder, json_node_get_string (node), NULL);
  labels = ir_labels_load (file, error);
  if (labels == NULL)
    return FALSE;
  g_strfreev (*value);
  *value = labels;
  return TRUE;
}
