/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Converting once what is opened often. */
#include "kept.h"

#include <ir/xml.h>

static void
warn (IrConvertLog log, gpointer user_data, char *text)
{
  if (log)
    log (G_LOG_LEVEL_WARNING, text, user_data);
  g_free (text);
}

/* NULL if there is none, or it has to be made anew. */
static IrGraph *
read_kept (const char *path, IrConvertLog log, gpointer user_data)
{
  g_autoptr (GError) cause = NULL;
  IrGraph *graph;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return NULL;
  graph = ir_graph_read (path, NULL, &cause);
  if (!graph)
    warn (log, user_data,
        g_strdup_printf (
            "the converted model that was kept can't be read; it is "
            "made anew: %s",
            cause->message));
  return graph;
}

/* NULL if it can't be kept. */
static IrGraph *
write_and_read (IrGraph *graph, const char *folder, const char *path,
    IrConvertLog log, gpointer user_data)
{
  g_autoptr (GError) cause = NULL;
  IrGraph *read = NULL;

  g_mkdir_with_parents (folder, 0755);
  if (ir_graph_write (graph, path, 11, &cause))
    read = ir_graph_read (path, NULL, &cause);
  if (!read)
    warn (log, user_data,
        g_strdup_printf ("the converted model can't be kept in %s: %s", folder,
            cause->message));
  return read;
}

IrGraph *
ir_convert_kept (const IrConvertOptions *options, const char *folder,
    IrConvertLog log, gpointer user_data, IrKeptModel *kept, GError **error)
{
  g_autoptr (IrGraph) converted = NULL;
  g_autofree char *path = NULL;
  IrGraph *graph;

  if (!ir_convert_options_check (options, error) ||
      !(path = ir_kept_path (options, folder, error)))
    return NULL;
  graph = read_kept (path, log, user_data);
  kept->path = NULL;
  kept->fresh = graph == NULL;
  if (!graph) {
    converted = ir_convert (options, log, user_data, error);
    if (!converted)
      return NULL;
    graph = write_and_read (converted, folder, path, log, user_data);
  }
  if (graph)
    kept->path = g_steal_pointer (&path);
  return graph ? graph : g_steal_pointer (&converted);
}
