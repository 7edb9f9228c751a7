/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rt_info of models, layers and ports. */
#include <string.h>
#include <ir/graph.h>

static gboolean
path_equal (const IrMeta *meta, GStrv path, gsize depth)
{
  if (meta->depth != depth)
    return FALSE;
  for (gsize i = 0; i < depth; i++) {
    if (strcmp (meta->path[i], path[i]) != 0)
      return FALSE;
  }
  return TRUE;
}

static gboolean
find_meta (const IrGraph *graph, GStrv path, guint *index)
{
  gsize depth = g_strv_length (path);

  for (guint i = 0; i < graph->meta->len; i++) {
    if (path_equal (g_ptr_array_index (graph->meta, i), path, depth)) {
      *index = i;
      return TRUE;
    }
  }
  return FALSE;
}

void
ir_graph_set_meta (IrGraph *graph, const char *path, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  IrMeta *meta;
  guint index;

  if (find_meta (graph, parts, &index)) {
    meta = g_ptr_array_index (graph->meta, index);
    if (value == NULL)
      g_ptr_array_remove_index (graph->meta, index);
    else
      meta->value = ir_graph_strdup (graph, value);
    return;
  }
  if (value == NULL)
    return;
  meta = ir_graph_alloc (graph, sizeof *meta);
  meta->depth = g_strv_length (parts);
  meta->path =
      ir_graph_strings (graph, (const char *const *) parts, meta->depth).v;
  meta->value = ir_graph_strdup (graph, value);
  g_ptr_array_add (graph->meta, meta);
}

const char *
ir_graph_get_meta (const IrGraph *graph, const char *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  guint index;

  if (!find_meta (graph, parts, &index))
    return NULL;
  return ((const IrMeta *) g_ptr_array_index (graph->meta, index))->value;
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
