/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer.h"

#include <libxml/tree.h>

#include <string.h>

/* Keys come from files and may be no names of XML attributes. */
static gboolean
is_xml_name (const char *key)
{
  return xmlValidateNCName ((const xmlChar *) key, 0) == 0;
}

void
ir_write_rt_info (IrText *text, const IrRtInfo *list)
{
  const IrRtInfo *info;
  gsize i;

  if (!list)
    return;
  ir_text_open (text, "rt_info");
  for (info = list; info; info = info->next) {
    ir_text_open (text, "attribute");
    ir_text_attr (text, "name", info->name);
    ir_text_attr (text, "version", info->version);
    for (i = 0; i < info->n; i++)
      if (is_xml_name (info->keys[i]))
        ir_text_attr (text, info->keys[i], info->values[i]);
    ir_text_close (text, "attribute");
  }
  ir_text_close (text, "rt_info");
}

static gint
compare_meta (gconstpointer a, gconstpointer b)
{
  const IrMeta *x = *(const IrMeta *const *) a;
  const IrMeta *y = *(const IrMeta *const *) b;
  gsize i;

  for (i = 0; i < x->depth && i < y->depth; i++) {
    gint order = strcmp (x->path[i], y->path[i]);

    if (order != 0)
      return order;
  }
  return (x->depth > y->depth) - (x->depth < y->depth);
}

static gsize
common_depth (const IrMeta *a, const IrMeta *b)
{
  gsize i;

  for (i = 0; a && b && i < a->depth && i < b->depth; i++)
    if (strcmp (a->path[i], b->path[i]) != 0)
      break;
  return i;
}

static const char *
key_tag (const char *key)
{
  return is_xml_name (key) ? key : "info";
}

void
ir_write_meta (IrText *text, const IrGraph *graph)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  const IrMeta *last = NULL;
  const IrMeta *const *list;
  gsize n, i, d;

  list = ir_graph_list_meta (graph, &n);
  for (i = 0; i < n; i++)
    g_ptr_array_add (sorted, (gpointer) list[i]);
  g_ptr_array_sort (sorted, compare_meta);
  ir_text_open (text, "rt_info");
  for (i = 0; i <= n; i++) {
    const IrMeta *meta = i < n ? sorted->pdata[i] : NULL;
    gsize common = common_depth (last, meta);

    for (d = last ? last->depth : 0; d > common; d--)
      ir_text_close (text, key_tag (last->path[d - 1]));
    for (d = common; meta && d < meta->depth; d++) {
      const char *tag = key_tag (meta->path[d]);

      ir_text_open (text, tag);
      if (tag != meta->path[d])
        ir_text_attr (text, "name", meta->path[d]);
    }
    if (meta)
      ir_text_attr (text, "value", meta->value);
    last = meta;
  }
  ir_text_close (text, "rt_info");
}

/* One element for each parameter, with its name. */
void
ir_write_meta_10 (IrText *text, const IrGraph *graph)
{
  const char *version = ir_graph_get_meta (graph, "MO_version");
  const IrMeta *const *list;
  gsize n;

  list = ir_graph_list_meta (graph, &n);
  ir_text_open (text, "meta_data");
  ir_text_open (text, "MO_version");
  ir_text_attr (text, "value", version ? version : "");
  ir_text_close (text, "MO_version");
  ir_text_open (text, "cli_parameters");
  for (gsize i = 0; i < n; i++) {
    if (list[i]->depth != 2 || !is_xml_name (list[i]->path[1]) ||
        strcmp (list[i]->path[0], "conversion_parameters") != 0)
      continue;
    ir_text_open (text, list[i]->path[1]);
    ir_text_attr (text, "value", list[i]->value);
    ir_text_close (text, list[i]->path[1]);
  }
  ir_text_close (text, "cli_parameters");
  ir_text_close (text, "meta_data");
}
