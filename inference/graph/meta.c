/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rt_info of models, layers and ports. */
#include <string.h>
#include "graph-private.h"

static guint
path_hash (gconstpointer key)
{
  const IrMeta *meta = key;
  guint hash = 0;

  for (gsize i = 0; i < meta->depth; i++)
    hash = hash * 31 + g_str_hash (meta->path[i]);
  return hash;
}

static gboolean
path_equal (gconstpointer a, gconstpointer b)
{
  const IrMeta *x = a;
  const IrMeta *y = b;

  if (x->depth != y->depth)
    return FALSE;
  for (gsize i = 0; i < x->depth; i++) {
    if (strcmp (x->path[i], y->path[i]) != 0)
      return FALSE;
  }
  return TRUE;
}

GHashTable *
ir_meta_table_new (void)
{
  return g_hash_table_new (path_hash, path_equal);
}

static IrMeta *
find_meta (const IrGraph *graph, GStrv path)
{
  IrMeta wanted = { (const char *const *) path, g_strv_length (path), NULL };

  return g_hash_table_lookup (graph->meta_by_path, &wanted);
}

void
ir_graph_set_meta (IrGraph *graph, const char *path, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  IrMeta *meta = find_meta (graph, parts);

  if (meta != NULL && value != NULL)
    meta->value = ir_graph_strdup (graph, value);
  if (meta != NULL && value == NULL) {
    g_hash_table_remove (graph->meta_by_path, meta);
    g_ptr_array_remove (graph->meta, meta);
  }
  if (meta != NULL || value == NULL)
    return;
  meta = ir_graph_alloc (graph, sizeof *meta);
  meta->depth = g_strv_length (parts);
  meta->path =
      ir_graph_strings (graph, (const char *const *) parts, meta->depth).v;
  meta->value = ir_graph_strdup (graph, value);
  g_ptr_array_add (graph->meta, meta);
  g_hash_table_add (graph->meta_by_path, meta);
}

const char *
ir_graph_get_meta (const IrGraph *graph, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  const IrMeta *meta = find_meta (graph, parts);

  return meta != NULL ? meta->value : NULL;
}

const IrMeta *const *
ir_graph_list_meta (const IrGraph *graph, gsize *n)
{
  *n = graph->meta->len;
  return (const IrMeta *const *) graph->meta->pdata;
}

void
ir_graph_add_rt_info (IrGraph *graph, IrRtInfo **list, const char *name,
    const char *version, const char *const *keys, const char *const *values,
    gsize n)
{
  IrRtInfo *info = ir_graph_alloc (graph, sizeof *info);

  info->name = ir_graph_strdup (graph, name);
  info->version = ir_graph_strdup (graph, version);
  info->n = n;
  info->keys = ir_graph_strings (graph, keys, n).v;
  info->values = ir_graph_strings (graph, values, n).v;
  while (*list != NULL)
    list = &(*list)->next;
  *list = info;
}
