/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "onnx.h"

#include "../unsupported.h"
#include "reader.h"

#include <string.h>

static void
collect_unsupported (const OnnxConvert *convert, const GPtrArray *opsets,
    const IrSourceGraph *graph, IrUnsupportedList *list)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const IrSourceNode *node = graph->nodes->pdata[i];
    const char *reason;

    if (onnx_function_find (convert, node) == NULL &&
        onnx_row_find (node->domain, node->type,
            onnx_opset_of (opsets, node->domain), &reason) == NULL)
      ir_unsupported_add (list, node, reason, graph);
    for (gsize a = 0; a < node->n_attrs; a++) {
      if (node->attrs[a].kind == IR_SOURCE_GRAPH)
        collect_unsupported (convert, opsets, node->attrs[a].u.graph, list);
    }
  }
}

/* Everything without a rule in what is left of the model, in functions that it may
 * call too. */
static void
find_unsupported (gpointer data, IrUnsupportedList *list)
{
  const OnnxConvert *convert = data;
  const IrSource *source = convert->source;

  collect_unsupported (convert, source->opsets, source->graph, list);
  for (guint i = 0; i < source->functions->len; i++) {
    const IrSourceFunction *function = source->functions->pdata[i];

    collect_unsupported (convert, function->opsets, function->graph, list);
  }
}

/* --- the whole graph -------------------------------------------------------------- */

static gboolean
add_input (OnnxScope *scope, const IrSourceValue *value, GError **error)
{
  IrPort port;

  if (!ir_build_input (scope->graph, value, &port, error))
    return FALSE;
  onnx_scope_set (scope, value->name, port);
  return TRUE;
}

static gboolean
add_output (OnnxConvert *convert, OnnxScope *scope, const IrSourceValue *value,
    GError **error)
{
  IrPort port;

  if (onnx_scope_find (convert, scope, value->name, &port, error))
    return ir_build_output (scope->graph, value, port, error);
  g_prefix_error (error, "output \"%s\" ", value->name);
  return FALSE;
}

static gboolean
build (OnnxConvert *convert, OnnxScope *scope, GError **error)
{
  const IrSourceGraph *graph = scope->source;

  for (guint i = 0; i < graph->inputs->len; i++) {
    if (!add_input (scope, graph->inputs->pdata[i], error))
      return FALSE;
  }
  if (!onnx_convert_nodes (convert, scope, error))
    return FALSE;
  for (guint i = 0; i < graph->outputs->len; i++) {
    if (!add_output (convert, scope, graph->outputs->pdata[i], error))
      return FALSE;
  }
  if (graph->outputs->len == 0)
    return ir_fail (error, IR_ERROR_PARSE, "the model has no outputs");
  return TRUE;
}

static void
copy_metadata (const IrSource *source, IrGraph *graph)
{
  g_autoptr (GList) keys = g_hash_table_get_keys (source->metadata);

  keys = g_list_sort (keys, (GCompareFunc) strcmp);
  for (GList *l = keys; l != NULL; l = l->next) {
    g_autofree char *path = g_strconcat ("framework/", l->data, NULL);

    ir_graph_set_meta (
        graph, path, g_hash_table_lookup (source->metadata, l->data));
  }
}

static IrGraph *
convert_model (OnnxConvert *convert, GError **error)
{
  const IrSource *source = convert->source;
  g_autoptr (IrGraph) graph = ir_graph_new (
      source->graph->name[0] != '\0' ? source->graph->name : "model");
  g_autoptr (OnnxScope) scope = onnx_scope_new (NULL, source->graph, graph);

  scope->opsets = source->opsets;
  if (!build (convert, scope, error))
    return NULL;
  copy_metadata (source, graph);
  ir_graph_sweep (graph);
  return g_steal_pointer (&graph);
}

static IrGraph *
onnx_convert (IrSource *source, const IrImportOptions *options,
    GPtrArray **unsupported, IrConvertLog log, gpointer user_data,
    GError **error)
{
  OnnxConvert convert = { source, NULL };
  g_autoptr (IrGraph) graph = NULL;

  if (onnx_functions_init (&convert, error) &&
      ir_unsupported_check (source, options, find_unsupported, &convert, log,
          user_data, unsupported, error) &&
      onnx_functions_check (&convert, error))
    graph = convert_model (&convert, error);
  g_hash_table_unref (convert.functions);
  if (graph == NULL)
    g_prefix_error (error, "%s: ", source->path);
  return g_steal_pointer (&graph);
}

static const char *const suffixes[] = { ".onnx", NULL };

const IrFrontend ir_frontend_onnx = {
  .name = "onnx",
  .title = "ONNX",
  .suffixes = suffixes,
  .tensors_name_ends = TRUE,
  .probe = onnx_probe,
  .read = onnx_read,
  .convert = onnx_convert,
};
