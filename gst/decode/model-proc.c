/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "json-util.h"

#include <math.h>
#include <string.h>

/* Keys that say what the shapes say anyway, or what other parts read. */
static const char *const read_past[] = { "classes", "masks",
  "bbox_number_on_cell", "cells_number", "cells_number_x", "cells_number_y",
  "do_cls_softmax", "output_sigmoid_activation", "layer_names", "format",
  "precision", "json_schema_version", "text_scale", "text_precision",
  "minimum_side", "binarize_threshold", NULL };

static const struct {
  const char *name;
  IrHeadMethod method;
} methods[] = {
  { "max", IR_HEAD_MAX },
  { "softmax", IR_HEAD_SOFTMAX },
  { "multi", IR_HEAD_MULTI },
  { "softmax_multi", IR_HEAD_SOFTMAX_MULTI },
};

static gboolean
read_method (
    JsonNode *node, const char *what, IrHeadMethod *method, GError **error)
{
  g_autofree char *name = NULL;

  if (!ir_json_string (node, what, &name, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    if (g_str_equal (methods[i].name, name)) {
      *method = methods[i].method;
      return TRUE;
    }
  }
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "%s: '%s' is not supported; there are max, softmax, multi, softmax_multi",
      what, name);
}

/* "point_connections": ["nose", "eye_l", ...]: pairs of names, flat */
static gboolean
resolve_connections (const GStrv names, const GStrv points, const char *path,
    IrDescription *into, GError **error)
{
  g_autoptr (GArray) list = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n = g_strv_length (names);

  for (guint i = 0; i < n; i++) {
    guint at = 0;

    while (points && points[at] && !g_str_equal (points[at], names[i]))
      at++;
    if (points == NULL || points[at] == NULL || n % 2 != 0)
      return ir_fail (error, IR_ERROR_PARSE,
          "%s: \"point_connections\" must be pairs of names out of "
          "\"point_names\"; '%s' is not",
          path, names[i]);
    g_array_append_val (list, at);
  }
  into->connections = g_steal_pointer (&list);
  return TRUE;
}

static gboolean
read_key (const char *key, JsonNode *node, const char *path, IrHead *head,
    GStrv *connections, IrDescription *into, GError **error)
{
  g_autofree char *what =
      g_strdup_printf ("%s: output_postproc \"%s\"", path, key);

  if (g_str_equal (key, "converter"))
    return ir_json_string (node, what, &into->decoder, error);
  if (g_str_equal (key, "layer_name"))
    return ir_json_string (node, what, &head->layer, error);
  if (g_str_equal (key, "attribute_name"))
    return ir_json_string (node, what, &head->attribute, error);
  if (g_str_equal (key, "labels"))
    return ir_json_labels (node, path, what, &head->labels, error);
  if (g_str_equal (key, "method"))
    return read_method (node, what, &head->method, error);
  if (g_str_equal (key, "threshold") ||
      g_str_equal (key, "confidence_threshold"))
    return ir_json_fraction (node, what, &head->threshold, error);
  if (g_str_equal (key, "iou_threshold") || g_str_equal (key, "nms_threshold"))
    return ir_json_fraction (node, what, &into->nms_threshold, error);
  if (g_str_equal (key, "anchors"))
    return ir_json_numbers (node, what, &into->anchors, error);
  if (g_str_equal (key, "point_names"))
    return ir_json_strings (node, what, &into->point_names, error);
  if (g_str_equal (key, "point_connections"))
    return ir_json_strings (node, what, connections, error);
  if (!g_strv_contains (read_past, key))
    g_ptr_array_add (into->warnings, g_strdup_printf ("%s is not known", what));
  return TRUE;
}

static gboolean
read_entry (
    JsonObject *entry, const char *path, IrDescription *into, GError **error)
{
  IrHead *head = g_new0 (IrHead, 1);
  g_auto (GStrv) connections = NULL;
  JsonObjectIter iter;
  const char *key;
  JsonNode *node;

  head->threshold = NAN;
  g_ptr_array_add (into->heads, head);
  json_object_iter_init (&iter, entry);
  while (json_object_iter_next (&iter, &key, &node)) {
    if (!read_key (key, node, path, head, &connections, into, error))
      return FALSE;
  }
  return !connections || into->connections ||
      resolve_connections (connections, into->point_names, path, into, error);
}

gboolean
ir_model_proc_read (
    JsonObject *root, const char *path, IrDescription *into, GError **error)
{
  JsonNode *node = json_object_get_member (root, "output_postproc");
  const IrHead *first;
  JsonArray *entries;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return ir_fail (error, IR_ERROR_PARSE,
        "%s: \"output_postproc\" must be an array", path);
  entries = json_node_get_array (node);
  into->heads = g_ptr_array_new_with_free_func ((GDestroyNotify) ir_head_free);
  for (guint i = 0; i < json_array_get_length (entries); i++) {
    JsonNode *entry = json_array_get_element (entries, i);

    if (!JSON_NODE_HOLDS_OBJECT (entry))
      return ir_fail (error, IR_ERROR_PARSE,
          "%s: \"output_postproc\" item %u must be an object", path, i);
    if (!read_entry (json_node_get_object (entry), path, into, error))
      return FALSE;
  }
  if (into->heads->len == 0)
    return TRUE;
  first = g_ptr_array_index (into->heads, 0);
  into->labels = g_strdupv (first->labels);
  into->threshold = first->threshold;
  return TRUE;
}
