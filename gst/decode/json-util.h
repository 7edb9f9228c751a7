/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_JSON_UTIL_H
#define IR_JSON_UTIL_H

#include <json-glib/json-glib.h>

#include "description.h"

G_BEGIN_DECLS

/* Readers of JSON values that check type and range. @what names file and key in
 * messages. Outputs are untouched on failure. */

/** ir_json_load: (transfer full): the object in a file; refuses more than 64 MiB
 * and more than 64 levels. */
JsonNode *ir_json_load (const char *path, GError **error);

gboolean ir_json_string (
    JsonNode *node, const char *what, char **value, GError **error);
gboolean ir_json_fraction (
    JsonNode *node, const char *what, float *value, GError **error);
gboolean ir_json_count (
    JsonNode *node, const char *what, gint *value, GError **error);
gboolean ir_json_strings (
    JsonNode *node, const char *what, GStrv *value, GError **error);
gboolean ir_json_numbers (
    JsonNode *node, const char *what, GArray **value, GError **error);
/** ir_json_labels: an array, or the name of a file beside @path. */
gboolean ir_json_labels (JsonNode *node, const char *path, const char *what,
    GStrv *value, GError **error);

/** ir_model_proc_read: @root of a model-proc file into @into. */
gboolean ir_model_proc_read (
    JsonObject *root, const char *path, IrDescription *into, GError **error);

G_END_DECLS

#endif
