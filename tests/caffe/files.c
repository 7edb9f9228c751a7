/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

#include <glib/gstdio.h>

static void
write_weights (const TestNet *net, const char *path)
{
  Caffe__WeightsLayer layer = CAFFE__WEIGHTS_LAYER__INIT;
  Caffe__Weights weights = CAFFE__WEIGHTS__INIT;
  Caffe__WeightsLayer *layers[] = { &layer };
  g_autofree guint8 *packed = NULL;
  gsize n;

  layer.name = (char *) "l";
  layer.n_blobs = net->n_blobs;
  layer.blobs = (Caffe__BlobProto **) net->blobs;
  weights.n_layer = 1;
  weights.layer = layers;
  packed = g_malloc (caffe__weights__get_packed_size (&weights));
  n = caffe__weights__pack (&weights, packed);
  g_assert_true (
      g_file_set_contents (path, (const char *) packed, (gssize) n, NULL));
}

IrSource *
test_net_read (const TestNet *net, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("caffe-XXXXXX", NULL);
  g_autofree char *text = g_build_filename (folder, "net.prototxt", NULL);
  g_autofree char *model = g_build_filename (folder, "net.caffemodel", NULL);
  const IrReadOptions options = { NULL };
  IrSource *source;

  g_assert_true (g_file_set_contents (text, net->text, -1, NULL));
  if (net->n_blobs > 0)
    write_weights (net, model);
  source =
      ir_frontend_caffe.read (net->n_blobs > 0 ? model : text, &options, error);
  g_unlink (text);
  g_unlink (model);
  g_rmdir (folder);
  return source;
}

IrGraph *
test_net_convert (const TestNet *net, GError **error)
{
  g_autoptr (IrSource) source = test_net_read (net, error);
  const IrImportOptions options = { 0 };

  if (source == NULL || !ir_source_apply (source, &options, error))
    return NULL;
  return ir_frontend_caffe.convert (source, &options, NULL, NULL, NULL, error);
}

char *
test_source_print (const IrSource *source)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < source->graph->nodes->len; i++) {
    const IrSourceNode *node = source->graph->nodes->pdata[i];

    g_string_append_printf (text, "%s%s(", i ? "; " : "", node->type);
    for (gsize k = 0; k < node->n_inputs; k++)
      g_string_append_printf (text, "%s%s", k ? "," : "", node->inputs[k]);
    g_string_append (text, ")->");
    for (gsize k = 0; k < node->n_outputs; k++)
      g_string_append_printf (text, "%s%s", k ? "," : "", node->outputs[k]);
  }
  return g_string_free (text, FALSE);
}
