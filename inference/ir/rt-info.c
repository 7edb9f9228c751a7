/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include <string.h>

/* The graph keeps these in lists that it searches. */
#define MAX_ENTRIES 4096
#define MAX_META 16384
#define MAX_DEPTH 32

static gboolean
read_attribute (
    IrGraph *graph, const xmlNode *xml, IrRtInfo **list, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  g_autoptr (GPtrArray) values = g_ptr_array_new ();
  const char *name, *version;
  const xmlAttr *attr;

  if (!ir_dom_get_text (xml, "name", &name, error))
    return FALSE;
  version = ir_dom_attr (xml, "version");
  for (attr = xml->properties; attr; attr = attr->next) {
    const char *key = (const char *) attr->name;

    if (strcmp (key, "name") == 0 || strcmp (key, "version") == 0)
      continue;
    g_ptr_array_add (keys, (gpointer) key);
    g_ptr_array_add (values, (gpointer) ir_dom_attr_value (attr));
  }
  ir_graph_add_rt_info (graph, list, name, version ? version : "0",
      (const char *const *) keys->pdata, (const char *const *) values->pdata,
      keys->len);
  return TRUE;
}

gboolean
ir_layer_read_rt_info (
    IrGraph *graph, const xmlNode *parent, IrRtInfo **list, GError **error)
{
  const xmlNode *info = ir_dom_child (parent, "rt_info");
  const xmlNode *xml;
  guint n = 0;

  for (xml = ir_dom_child (info, "attribute"); xml;
       xml = ir_dom_next (xml, "attribute")) {
    if (++n > MAX_ENTRIES)
      return ir_dom_fail (xml, error, IR_ERROR_LIMIT,
          "more than %d attributes in an <rt_info>", MAX_ENTRIES);
    if (!read_attribute (graph, xml, list, error))
      return FALSE;
  }
  return TRUE;
}

typedef struct {
  IrGraph *graph;
  GString *path;
  guint depth;
  gsize count;
} Meta;

/* The key of a tag. Keys that are no XML names come as <info name="…">. */
static const char *
meta_key (const xmlNode *xml)
{
  const char *name = ir_dom_is (xml, "info") ? ir_dom_attr (xml, "name") : NULL;

  return name ? name : (const char *) xml->name;
}

static const char *
meta_value (const xmlNode *xml)
{
  const char *value = ir_dom_attr (xml, "value");
  const xmlNode *text = xml->children;

  if (value || !text || text->type != XML_TEXT_NODE)
    return value;
  return (const char *) text->content;
}

static gboolean
read_leaves (Meta *meta, const xmlNode *parent, GError **error)
{
  gsize length = meta->path->len;
  const xmlNode *xml;

  if (meta->depth > MAX_DEPTH)
    return ir_dom_fail (parent, error, IR_ERROR_LIMIT,
        "metadata is nested deeper than %d levels", MAX_DEPTH);
  for (xml = ir_dom_child (parent, NULL); xml; xml = ir_dom_next (xml, NULL)) {
    const char *value = meta_value (xml);

    if (length > 0)
      g_string_append_c (meta->path, '/');
    g_string_append (meta->path, meta_key (xml));
    if (value) {
      if (++meta->count > MAX_META)
        return ir_dom_fail (xml, error, IR_ERROR_LIMIT,
            "more than %d entries of metadata", MAX_META);
      ir_graph_set_meta (meta->graph, meta->path->str, value);
    }
    meta->depth++;
    if (!read_leaves (meta, xml, error))
      return FALSE;
    meta->depth--;
    g_string_truncate (meta->path, length);
  }
  return TRUE;
}

static gboolean
read_block (Meta *meta, const xmlNode *block, const char *path, GError **error)
{
  g_string_assign (meta->path, path);
  return !block || read_leaves (meta, block, error);
}

gboolean
ir_read_meta (IrGraph *graph, const xmlNode *net, GError **error)
{
  g_autoptr (GString) path = g_string_new (NULL);
  const xmlNode *v10 = ir_dom_child (net, "meta_data");
  const char *mo_version = NULL;
  Meta meta = { graph, path, 0, 0 };

  if (ir_dom_child (v10, "MO_version"))
    mo_version = ir_dom_attr (ir_dom_child (v10, "MO_version"), "value");
  if (mo_version)
    ir_graph_set_meta (graph, "MO_version", mo_version);
  return read_block (&meta, ir_dom_child (v10, "cli_parameters"),
             "conversion_parameters", error) &&
      read_block (&meta, ir_dom_child (net, "quantization_parameters"),
          "quantization_parameters", error) &&
      read_block (&meta, ir_dom_child (net, "rt_info"), "", error);
}
