/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect.h"

#include <json-glib/json-glib.h>

/* Names come from files; JSON is UTF-8. */
static void
add_text (JsonBuilder *json, const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  json_builder_add_string_value (json, valid);
}

static void
set_number (JsonBuilder *json, const char *key, guint64 value)
{
  json_builder_set_member_name (json, key);
  json_builder_add_int_value (json, (gint64) MIN (value, G_MAXINT64));
}

static void
add_port (JsonBuilder *json, IrPort port)
{
  const IrOutput *output = ir_port_output (port);

  json_builder_begin_object (json);
  json_builder_set_member_name (json, "name");
  add_text (json, ir_port_name (port));
  json_builder_set_member_name (json, "tensor_names");
  json_builder_begin_array (json);
  for (gsize i = 0; i < output->n_names; i++)
    add_text (json, output->names[i]);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "type");
  add_text (json, ir_dtype_name (output->dtype));
  json_builder_set_member_name (json, "shape");
  if (output->shape.rank < 0) {
    json_builder_add_null_value (json);
  } else {
    json_builder_begin_array (json);
    for (gint i = 0; i < output->shape.rank; i++)
      json_builder_add_int_value (json, output->shape.dim[i]);
    json_builder_end_array (json);
  }
  json_builder_end_object (json);
}

static void
set_table (JsonBuilder *json, const char *key, GHashTable *table)
{
  g_autoptr (GList) keys = g_hash_table_get_keys (table);

  keys = g_list_sort (keys, (GCompareFunc) g_strcmp0);
  json_builder_set_member_name (json, key);
  json_builder_begin_object (json);
  for (GList *l = keys; l; l = l->next)
    set_number (
        json, l->data, *(guint64 *) g_hash_table_lookup (table, l->data));
  json_builder_end_object (json);
}

static void
set_ports (JsonBuilder *json, const IrGraph *graph)
{
  json_builder_set_member_name (json, "inputs");
  json_builder_begin_array (json);
  for (guint i = 0; i < graph->parameters->len; i++)
    add_port (json, ir_port (graph->parameters->pdata[i], 0));
  json_builder_end_array (json);
  json_builder_set_member_name (json, "outputs");
  json_builder_begin_array (json);
  for (guint i = 0; i < graph->results->len; i++) {
    const IrNode *result = graph->results->pdata[i];

    add_port (json, result->inputs[0]);
  }
  json_builder_end_array (json);
}

static void
set_meta (JsonBuilder *json, const IrGraph *graph)
{
  const IrMeta *const *meta;
  gsize n;

  meta = ir_graph_list_meta (graph, &n);
  json_builder_set_member_name (json, "metadata");
  json_builder_begin_object (json);
  for (gsize i = 0; i < n; i++) {
    g_autofree char *path = g_strjoinv ("/", (char **) meta[i]->path);
    g_autofree char *valid = g_utf8_make_valid (path, -1);

    json_builder_set_member_name (json, valid);
    add_text (json, meta[i]->value);
  }
  json_builder_end_object (json);
}

char *
ir_inspect_json (const IrGraph *graph, const IrStats *stats)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (json);
  json_builder_set_member_name (json, "name");
  add_text (json, graph->name);
  set_ports (json, graph);
  set_number (json, "nodes", stats->n_nodes);
  set_number (json, "macs", stats->macs);
  set_number (json, "nodes_of_unknown_macs", stats->n_unknown);
  set_number (json, "parameters", stats->parameters);
  set_number (json, "weight_bytes", stats->weight_bytes);
  set_table (json, "weight_bytes_by_type", stats->dtypes);
  set_table (json, "ops", stats->ops);
  set_meta (json, graph);
  json_builder_end_object (json);
  root = json_builder_get_root (json);
  return json_to_string (root, TRUE);
}
