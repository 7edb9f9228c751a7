/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer.h"

#include <ir/xml.h>

#include <string.h>

#include "files.h"
#include "lower.h"
#include "write-old.h"

#define NEWEST 11
#define OPSETS 10
#define LAYERS 7

/* Sorts a graph and its bodies. */
static gboolean
sort_all (IrGraph *graph, GError **error)
{
  IrNode *node;
  gsize b;

  if (!ir_graph_sort (graph, error))
    return FALSE;
  for (node = graph->first; node; node = node->next)
    for (b = 0; b < node->n_bodies; b++)
      if (!sort_all (node->bodies[b], error))
        return FALSE;
  return TRUE;
}

/* (transfer full): the graph in what the version has. */
static IrGraph *
form_of (IrGraph *graph, guint version, GError **error)
{
  if (version == NEWEST)
    return ir_graph_ref (graph);
  if (version == OPSETS || version == LAYERS)
    return ir_lower_to_10 (graph, error);
  ir_fail (error, IR_ERROR_UNSUPPORTED,
      "IR version %u cannot be written, only %d, %d and %d", version, LAYERS,
      OPSETS, NEWEST);
  return NULL;
}

static gboolean
compose (
    IrGraph *graph, guint version, GString *xml, IrBlobs *blobs, GError **error)
{
  IrWriter writer = { { xml, 0, FALSE }, blobs };
  g_auto (IrLayerIds) ids = { NULL, NULL };

  if (!sort_all (graph, error))
    return FALSE;
  ir_layer_ids_init (&ids, graph);
  g_string_append (xml, "<?xml version=\"1.0\"?>");
  ir_text_open (&writer.text, "net");
  ir_text_attr (&writer.text, "name", graph->name);
  ir_text_attr_f (&writer.text, "version", "%u", version);
  if (version == LAYERS) {
    ir_text_attr (&writer.text, "batch", "1");
    if (!ir_write_old (&writer, graph, error))
      return FALSE;
  } else {
    ir_write_layers (&writer, graph, &ids);
  }
  ir_blobs_finish (blobs);
  if (version != NEWEST)
    ir_write_meta_10 (&writer.text, graph);
  else
    ir_write_meta (&writer.text, graph);
  ir_text_close (&writer.text, "net");
  g_string_append_c (xml, '\n');
  return TRUE;
}

static gboolean
write_piece (gpointer out, gconstpointer data, gsize size, GError **error)
{
  return ir_file_out_write (out, data, size, error);
}

/* Version 10 has a file more. */
static gboolean
write_mapping (const IrGraph *graph, const char *bin_path, guint version,
    IrFileOut *file, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;

  if (version != OPSETS)
    return TRUE;
  path = g_strdup_printf (
      "%.*s.mapping", (int) (strlen (bin_path) - strlen (".bin")), bin_path);
  text = ir_write_mapping (graph);
  return ir_file_out_open (file, path, error) &&
      ir_file_out_write (file, text, strlen (text), error) &&
      ir_file_out_sync (file, error);
}

gboolean
ir_graph_write (
    IrGraph *graph, const char *xml_path, guint version, GError **error)
{
  g_autoptr (IrGraph) form = form_of (graph, version, error);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *bin_path = ir_file_bin_path (xml_path);
  g_auto (IrFileOut) xml = { NULL, NULL, -1 };
  g_auto (IrFileOut) bin = { NULL, NULL, -1 };
  g_auto (IrFileOut) mapping = { NULL, NULL, -1 };
  g_auto (IrBlobs) blobs;

  ir_blobs_init (&blobs);
  return form && compose (form, version, text, &blobs, error) &&
      ir_file_out_open (&bin, bin_path, error) &&
      ir_file_out_open (&xml, xml_path, error) &&
      ir_blobs_write (&blobs, write_piece, &bin, error) &&
      ir_file_out_write (&xml, text->str, text->len, error) &&
      ir_file_out_sync (&bin, error) && ir_file_out_sync (&xml, error) &&
      write_mapping (form, bin_path, version, &mapping, error) &&
      ir_file_out_commit (&bin, error) && ir_file_out_commit (&xml, error) &&
      (!mapping.path || ir_file_out_commit (&mapping, error));
}

static gboolean
append_piece (gpointer at, gconstpointer data, gsize size, GError **error)
{
  guint8 **end = at;

  memcpy (*end, data, size);
  *end += size;
  return TRUE;
}

gboolean
ir_graph_write_memory (IrGraph *graph, guint version, GBytes **xml,
    GBytes **weights, GError **error)
{
  g_autoptr (IrGraph) form = form_of (graph, version, error);
  GString *text = g_string_new (NULL);
  g_auto (IrBlobs) blobs;
  guint8 *bin = NULL, *end;

  ir_blobs_init (&blobs);
  if (!form || !compose (form, version, text, &blobs, error)) {
    g_string_free (text, TRUE);
    return FALSE;
  }
  if (blobs.end > 0)
    bin = g_try_malloc (blobs.end);
  if (blobs.end > 0 && !bin) {
    g_string_free (text, TRUE);
    return ir_fail (error, IR_ERROR_LIMIT,
        "no memory for %" G_GUINT64_FORMAT " bytes of weights", blobs.end);
  }
  end = bin;
  ir_blobs_write (&blobs, append_piece, &end, NULL);
  *weights = g_bytes_new_take (bin, (gsize) blobs.end);
  *xml = g_string_free_to_bytes (text);
  return TRUE;
}
