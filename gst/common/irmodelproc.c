/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irmodelproc.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* What travels through the readers of one file. */
typedef struct {
  const char *path;
  IrModelProc *proc;
  /* x becomes x * range_scale + range_offset before mean and std. */
  double range_scale;
  double range_offset;
} Reader;

typedef gboolean (*ReadKey) (Reader *reader, JsonNode *node, GError **error);

typedef struct {
  const char *key;
  ReadKey read;
} Key;

void
ir_model_proc_clear (IrModelProc *proc)
{
  g_clear_pointer (&proc->image_layer, g_free);
  g_clear_pointer (&proc->info_layer, g_free);
}

static gboolean
fail (const Reader *reader, GError **error, const char *key, const char *must)
{
  return ir_fail (error, IR_ERROR_PARSE, "%s: '%s' in input_preproc %s",
      reader->path, key, must);
}

static const char *
node_text (JsonNode *node)
{
  return json_node_get_value_type (node) == G_TYPE_STRING
      ? json_node_get_string (node)
      : NULL;
}

static gboolean
node_number (JsonNode *node, double *value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                            : G_TYPE_INVALID;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = json_node_get_double (node);

  return TRUE;
}

/* One number, or an array of @min to @max of them. */
static gboolean
node_numbers (
    JsonNode *node, guint min, guint max, double *values, guint *n_values)
{
  double read[3];
  JsonArray *array;
  guint n;

  if (min == 1 && node_number (node, values)) {
    *n_values = 1;
    return TRUE;
  }
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;

  array = json_node_get_array (node);
  n = json_array_get_length (array);
  if (n < min || n > max || (min == 1 && n == 2))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (!node_number (json_array_get_element (array, i), &read[i]))
      return FALSE;
  }
  memcpy (values, read, n * sizeof read[0]);
  *n_values = n;

  return TRUE;
}

static gboolean
read_object (Reader *reader, JsonNode *node, const Key *keys, gsize n_keys,
    const char *what, GError **error)
{
  g_autoptr (GList) members = NULL;
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reader, error, what, "must be an object");

  object = json_node_get_object (node);
  members = json_object_get_members (object);
  for (GList *l = members; l; l = l->next) {
    gsize i = 0;

    while (i < n_keys && strcmp (keys[i].key, l->data) != 0)
      i++;
    if (i == n_keys)
      return fail (reader, error, l->data, "is not a known key");
    if (keys[i].read &&
        !keys[i].read (reader, json_object_get_member (object, l->data), error))
      return FALSE;
  }

  return TRUE;
}

static gboolean
read_resize (Reader *reader, JsonNode *node, GError **error)
{
  static const struct {
    const char *name;
    IrResize resize;
    gboolean top_left;
  } table[] = {
    { "no", IR_RESIZE_NONE, FALSE },
    { "no-aspect-ratio", IR_RESIZE_STRETCH, FALSE },
    { "aspect-ratio", IR_RESIZE_LETTERBOX, TRUE },
    { "aspect-ratio-pad", IR_RESIZE_LETTERBOX, FALSE },
  };
  IrRecipeSource *source = &reader->proc->source;
  const char *text = node_text (node);

  for (gsize i = 0; text && i < G_N_ELEMENTS (table); i++) {
    if (strcmp (text, table[i].name) != 0)
      continue;
    /* A crop that was read before takes the picture's middle, not the rest. */
    if (!(source->fields & IR_RECIPE_RESIZE)) {
      source->resize = table[i].resize;
      source->top_left = table[i].top_left;
      source->fields |= IR_RECIPE_RESIZE;
    }
    return TRUE;
  }

  return fail (reader, error, "resize",
      "must be no, no-aspect-ratio, aspect-ratio or aspect-ratio-pad");
}

static gboolean
read_crop (Reader *reader, JsonNode *node, GError **error)
{
  const char *text = node_text (node);

  if (text == NULL || strcmp (text, "central") != 0)
    return fail (reader, error, "crop", "can only be 'central'");
  reader->proc->source.resize = IR_RESIZE_CROP;
  reader->proc->source.fields |= IR_RECIPE_RESIZE;

  return TRUE;
}

static gboolean
read_color (Reader *reader, JsonNode *node, GError **error)
{
  static const struct {
    const char *name;
    IrColorOrder color;
  } table[] = {
    { "RGB", IR_COLOR_RGB },
    { "BGR", IR_COLOR_BGR },
    { "GRAYSCALE", IR_COLOR_GRAY },
  };
  const char *text = node_text (node);

  for (gsize i = 0; text && i < G_N_ELEMENTS (table); i++) {
    if (strcmp (text, table[i].name) == 0) {
      reader->proc->source.color = table[i].color;
      reader->proc->source.fields |= IR_RECIPE_COLOR;
      return TRUE;
    }
  }

  return fail (reader, error, "color_space", "must be RGB, BGR or GRAYSCALE");
}

static gboolean
read_range (Reader *reader, JsonNode *node, GError **error)
{
  double range[3];
  guint n;

  if (!node_numbers (node, 2, 2, range, &n) || !(range[0] < range[1]))
    return fail (reader, error, "range", "must be two ascending numbers");
  reader->range_scale = (range[1] - range[0]) / 255;
  reader->range_offset = range[0];

  return TRUE;
}

static gboolean
read_mean (Reader *reader, JsonNode *node, GError **error)
{
  IrRecipeSource *source = &reader->proc->source;

  if (!node_numbers (node, 1, 3, source->mean, &source->n_mean))
    return fail (reader, error, "mean", "must be one number or three");
  source->fields |= IR_RECIPE_MEAN;

  return TRUE;
}

static gboolean
read_std (Reader *reader, JsonNode *node, GError **error)
{
  IrRecipeSource *source = &reader->proc->source;
  double values[3];
  guint n;

  if (!node_numbers (node, 1, 3, values, &n))
    return fail (reader, error, "std", "must be one number or three");

  return ir_recipe_set_scale (source, values, n, "std", error);
}

static gboolean
read_fill (Reader *reader, JsonNode *node, GError **error)
{
  double values[3];
  guint n;

  if (!node_numbers (node, 1, 3, values, &n) || values[0] < 0 ||
      values[0] > 255 ||
      (n == 3 && (values[0] != values[1] || values[1] != values[2])))
    return fail (reader, error, "fill_value",
        "must be a number from 0 to 255, the same for all channels");
  reader->proc->source.pad_value = values[0];
  reader->proc->source.fields |= IR_RECIPE_PAD;

  return TRUE;
}

static gboolean
read_padding (Reader *reader, JsonNode *node, GError **error)
{
  static const Key keys[] = { { "fill_value", read_fill } };

  return read_object (
      reader, node, keys, G_N_ELEMENTS (keys), "padding", error);
}

static gboolean
read_params (Reader *reader, JsonNode *node, GError **error)
{
  static const Key keys[] = {
    { "resize", read_resize },
    { "crop", read_crop },
    { "color_space", read_color },
    { "range", read_range },
    { "mean", read_mean },
    { "std", read_std },
    { "padding", read_padding },
    { "scale", NULL },
  };

  return read_object (reader, node, keys, G_N_ELEMENTS (keys), "params", error);
}

/* (x * k + a - mean) / std in one step. */
static void
fold_range (const Reader *reader)
{
  IrRecipeSource *source = &reader->proc->source;
  double k = reader->range_scale, a = reader->range_offset;

  if (k == 1 && a == 0)
    return;
  if (!(source->fields & IR_RECIPE_MEAN)) {
    source->n_mean = 1;
    source->mean[0] = 0;
  }
  if (!(source->fields & IR_RECIPE_SCALE)) {
    source->n_scale = 1;
    source->scale[0] = 1;
  }
  for (guint i = 0; i < source->n_mean; i++)
    source->mean[i] = (source->mean[i] - a) / k;
  for (guint i = 0; i < source->n_scale; i++)
    source->scale[i] /= k;
  source->fields |= IR_RECIPE_MEAN | IR_RECIPE_SCALE;
}

static const char *
member_text (JsonNode *node, const char *key)
{
  JsonObject *object = json_node_get_object (node);
  JsonNode *member = json_object_get_member (object, key);

  return member ? node_text (member) : NULL;
}

static gboolean
read_entry (Reader *reader, JsonNode *node, gboolean *seen, GError **error)
{
  static const Key keys[] = {
    { "layer_name", NULL },
    { "format", NULL },
    { "precision", NULL },
    { "params", read_params },
    { "color_format", read_color },
    { "object_class", NULL },
    { "converter", NULL },
    { "method", NULL },
  };
  const char *format, *layer;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (reader, error, "[]", "must hold objects");

  format = member_text (node, "format");
  layer = member_text (node, "layer_name");
  if (g_strcmp0 (format, "image_info") == 0) {
    g_free (reader->proc->info_layer);
    reader->proc->info_layer = g_strdup (layer);
    return TRUE;
  }
  if (format && strcmp (format, "image") != 0)
    return fail (reader, error, "format", "must be image or image_info");
  if (*seen)
    return fail (reader, error, "[]", "may describe one image only");
  *seen = TRUE;
  reader->proc->image_layer = g_strdup (layer);
  if (!read_object (reader, node, keys, G_N_ELEMENTS (keys), "an entry", error))
    return FALSE;
  fold_range (reader);

  return TRUE;
}

static JsonNode *
load (JsonParser *parser, const char *path, GError **error)
{
  g_autoptr (GError) cause = NULL;
  JsonNode *root;

  if (!json_parser_load_from_file (parser, path, &cause)) {
    ir_fail (error,
        g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)
            ? IR_ERROR_NOT_FOUND
            : IR_ERROR_PARSE,
        "description %s can't be read: %s", path, cause->message);
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root) ||
      !(json_object_has_member (json_node_get_object (root), "input_preproc") ||
          json_object_has_member (
              json_node_get_object (root), "output_postproc"))) {
    ir_fail (error, IR_ERROR_PARSE,
        "description %s is JSON, but has neither input_preproc nor "
        "output_postproc: it must be a model-proc file",
        path);
    return NULL;
  }

  return root;
}

gboolean
ir_model_proc_probe (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  return load (parser, path, NULL) != NULL;
}

gboolean
ir_model_proc_read (const char *path, IrModelProc *proc, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_auto (IrModelProc) read = { 0 };
  Reader reader = { path, &read, 1, 0 };
  JsonNode *root = load (parser, path, error);
  gboolean seen = FALSE;
  JsonNode *list;

  if (root == NULL)
    return FALSE;
  list = json_object_get_member (json_node_get_object (root), "input_preproc");
  if (list && !JSON_NODE_HOLDS_ARRAY (list))
    return fail (&reader, error, "[]", "must be an array");
  for (guint i = 0;
       list && i < json_array_get_length (json_node_get_array (list)); i++) {
    if (!read_entry (&reader,
            json_array_get_element (json_node_get_array (list), i), &seen,
            error))
      return FALSE;
  }
  *proc = read;
  memset (&read, 0, sizeof read);

  return TRUE;
}
