/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../unsupported.h"
#include "reader.h"

#include <string.h>

typedef struct {
  IrSource *source;
  IrGraph *graph;
  GHashTable *ports; /* tensor name -> IrPort * */
} Convert;

static void
set_port (Convert *convert, const char *name, IrPort port)
{
  g_hash_table_replace (
      convert->ports, (gpointer) name, g_memdup2 (&port, sizeof port));
}

static gboolean
find_port (Convert *convert, const char *name, IrPort *port, GError **error)
{
  const IrPort *entry = g_hash_table_lookup (convert->ports, name);
  IrTensor *value =
      g_hash_table_lookup (convert->source->graph->initializers, name);
  IrNode *node;

  if (entry != NULL) {
    *port = *entry;
    return TRUE;
  }
  if (value == NULL)
    return ir_fail (error, IR_ERROR_PARSE,
        "reads \"%s\", which no layer and no input makes", name);
  node = ir_graph_add_const (convert->graph, name, value);
  *port = ir_port (node, 0);
  set_port (convert, name, *port);
  return ir_node_infer (node, error);
}

/* --- layers --------------------------------------------------------------------- */

static void
find_unsupported (gpointer data, IrUnsupportedList *list)
{
  const IrSource *source = data;

  for (guint i = 0; i < source->graph->nodes->len; i++) {
    const IrSourceNode *node = source->graph->nodes->pdata[i];

    if (caffe_row_find (node->type) == NULL)
      ir_unsupported_add (
          list, node, "there is no rule for this layer", source->graph);
  }
}

static void
map_by_row (IrBuild *n)
{
  const CaffeRow *row = caffe_node (n)->row;

  if (row->map != NULL)
    row->map (n);
  else
    ir_build_out (
        n, 0, ir_build_op (n, row->ir, row->ir_opset, 1, ir_build_in (n, 0)));
}

static void
name_outputs (Convert *convert, IrBuild *n)
{
  ir_build_name (n);
  for (gsize i = 0; !ir_build_failed (n) && i < n->n_outputs; i++) {
    const char *name = n->source->outputs[i];
    const char *alias = g_hash_table_lookup (convert->source->aliases, name);

    if (!ir_build_wants (n, i))
      continue;
    ir_port_add_name (n->out[i], name);
    if (alias != NULL)
      ir_port_add_name (n->out[i], alias);
    set_port (convert, name, n->out[i]);
  }
}

static gboolean
convert_layer (Convert *convert, const IrSourceNode *source, GError **error)
{
  CaffeNode node = { .row = caffe_row_find (source->type) };
  IrBuild *n = &node.build;
  gsize blobs = (gsize) ir_source_i64 (source, CAFFE_ATTR_BLOBS, 0);

  ir_build_init (n, source, convert->graph, ir_source_node_label (source));
  node.n_bottoms = n->n_inputs - blobs;
  for (gsize i = 0; i < n->n_inputs && !ir_build_failed (n); i++)
    find_port (convert, source->inputs[i], &n->in[i], &n->error);
  n->first_id = convert->graph->next_id;
  if (!ir_build_failed (n))
    map_by_row (n);
  if (!ir_build_failed (n))
    name_outputs (convert, n);
  return ir_build_finish (n, error);
}

/* --- the whole graph ---------------------------------------------------------------- */

static gboolean
add_inputs (Convert *convert, GError **error)
{
  const GPtrArray *inputs = convert->source->graph->inputs;

  for (guint i = 0; i < inputs->len; i++) {
    const IrSourceValue *value = inputs->pdata[i];
    IrPort port;

    if (!ir_build_input (convert->graph, value, &port, error))
      return FALSE;
    set_port (convert, value->name, port);
  }
  return TRUE;
}

static gboolean
add_outputs (Convert *convert, GError **error)
{
  const GPtrArray *outputs = convert->source->graph->outputs;

  for (guint i = 0; i < outputs->len; i++) {
    const IrSourceValue *value = outputs->pdata[i];
    IrPort port;

    if (!find_port (convert, value->name, &port, error) ||
        !ir_build_output (convert->graph, value, port, error)) {
      g_prefix_error (error, "output \"%s\" ", value->name);
      return FALSE;
    }
  }
  return outputs->len > 0 ||
      ir_fail (error, IR_ERROR_PARSE, "the model has no outputs");
}

static gboolean
convert_layers (Convert *convert, GError **error)
{
  IrSourceGraph *graph = convert->source->graph;

  if (!ir_source_sort (graph, error))
    return FALSE;
  for (guint i = 0; i < graph->nodes->len; i++) {
    if (!convert_layer (convert, graph->nodes->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

static IrGraph *
convert_net (IrSource *source, GError **error)
{
  g_autoptr (IrGraph) graph = ir_graph_new (
      source->graph->name[0] != '\0' ? source->graph->name : "model");
  g_autoptr (GHashTable) ports =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  Convert convert = { source, graph, ports };

  if (!add_inputs (&convert, error) || !convert_layers (&convert, error) ||
      !add_outputs (&convert, error))
    return NULL;
  ir_graph_sweep (graph);
  return g_steal_pointer (&graph);
}

static IrGraph *
caffe_convert (IrSource *source, const IrImportOptions *options,
    GPtrArray **unsupported, IrConvertLog log, gpointer user_data,
    GError **error)
{
  IrGraph *graph = NULL;

  if (ir_unsupported_check (source, options, find_unsupported, source, log,
          user_data, unsupported, error))
    graph = convert_net (source, error);
  if (graph == NULL)
    g_prefix_error (error, "%s: ", source->path);
  return graph;
}

static const char *const suffixes[] = { ".caffemodel", ".prototxt", NULL };

const IrFrontend ir_frontend_caffe = {
  .name = "caffe",
  .title = "Caffe",
  .suffixes = suffixes,
  .read = caffe_read,
  .convert = caffe_convert,
};
