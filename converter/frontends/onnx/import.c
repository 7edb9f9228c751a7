/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "onnx.h"

#include "reader.h"

#include <string.h>

/* --- what can't be converted ------------------------------------------------------ */

/* Ops without a rule, in the order in which they were found. */
typedef struct {
  GPtrArray *entries; /* IrUnsupported */
  GHashTable *by_op;
} Unsupported;

static guint
hash_op (gconstpointer key)
{
  const IrUnsupported *entry = key;

  return g_str_hash (entry->type) ^ (g_str_hash (entry->domain) * 31);
}

static gboolean
equal_op (gconstpointer a, gconstpointer b)
{
  const IrUnsupported *one = a, *other = b;

  return strcmp (one->type, other->type) == 0 &&
      strcmp (one->domain, other->domain) == 0;
}

static IrUnsupported *
unsupported_entry (
    Unsupported *list, const IrSourceNode *node, const char *reason)
{
  const IrUnsupported key = { (char *) node->type, (char *) node->domain };
  IrUnsupported *entry = g_hash_table_lookup (list->by_op, &key);

  if (entry != NULL)
    return entry;
  entry = g_new0 (IrUnsupported, 1);
  entry->type = g_strdup (node->type);
  entry->domain = g_strdup (node->domain);
  entry->reason = g_strdup (reason);
  entry->nodes = g_ptr_array_new_with_free_func (g_free);
  entry->cuts = g_ptr_array_new_with_free_func (g_free);
  entry->ends = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (list->entries, entry);
  g_hash_table_add (list->by_op, entry);
  return entry;
}

static void
add_unsupported (Unsupported *list, const IrSourceNode *node,
    const char *reason, const IrSourceGraph *graph)
{
  IrUnsupported *entry = unsupported_entry (list, node, reason);

  g_ptr_array_add (entry->nodes, g_strdup (ir_source_node_label (node)));
  for (gsize i = 0; i < node->n_outputs; i++) {
    if (node->outputs[i][0] != '\0')
      g_ptr_array_add (entry->cuts, g_strdup (node->outputs[i]));
  }
  for (gsize i = 0; i < node->n_inputs; i++) {
    if (node->inputs[i][0] != '\0' &&
        !g_hash_table_contains (graph->initializers, node->inputs[i]))
      g_ptr_array_add (entry->ends, g_strdup (node->inputs[i]));
  }
}

static void
collect_unsupported (const OnnxConvert *convert, const GPtrArray *opsets,
    const IrSourceGraph *graph, Unsupported *list)
{
  for (guint i = 0; i < graph->nodes->len; i++) {
    const IrSourceNode *node = graph->nodes->pdata[i];
    const char *reason;

    if (onnx_function_find (convert, node) == NULL &&
        onnx_row_find (node->domain, node->type,
            onnx_opset_of (opsets, node->domain), &reason) == NULL)
      add_unsupported (list, node, reason, graph);
    for (gsize a = 0; a < node->n_attrs; a++) {
      if (node->attrs[a].kind == IR_SOURCE_GRAPH)
        collect_unsupported (convert, opsets, node->attrs[a].u.graph, list);
    }
  }
}

/* (transfer full): everything without a rule in what is left of the model, in
 * functions that it may call too. */
static GPtrArray *
find_unsupported (const OnnxConvert *convert)
{
  const IrSource *source = convert->source;
  Unsupported list = {
    g_ptr_array_new_with_free_func ((GDestroyNotify) ir_unsupported_free),
    g_hash_table_new (hash_op, equal_op),
  };

  collect_unsupported (convert, source->opsets, source->graph, &list);
  for (guint i = 0; i < source->functions->len; i++) {
    const IrSourceFunction *function = source->functions->pdata[i];

    collect_unsupported (convert, function->opsets, function->graph, &list);
  }
  g_hash_table_unref (list.by_op);
  return list.entries;
}

static void
append_some (GString *text, const char *before, const GPtrArray *names)
{
  enum {
    SHOWN = 5
  };

  if (names->len == 0)
    return;
  g_string_append (text, before);
  for (guint i = 0; i < MIN (names->len, SHOWN); i++)
    g_string_append_printf (
        text, "%s\"%s\"", i == 0 ? "" : ", ", (char *) names->pdata[i]);
  if (names->len > SHOWN)
    g_string_append_printf (text, " and %u more", names->len - SHOWN);
}

static gboolean
fail_unsupported (const GPtrArray *list, GError **error)
{
  enum {
    SHOWN = 50
  };
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (list->len, SHOWN); i++) {
    const IrUnsupported *entry = list->pdata[i];

    g_string_append_printf (text, "\n  %s%s%s, %u time%s (%s)", entry->domain,
        entry->domain[0] != '\0' ? ":" : "", entry->type, entry->nodes->len,
        entry->nodes->len == 1 ? "" : "s", entry->reason);
    append_some (text, ": ", entry->nodes);
    append_some (
        text, "\n    end the model before with --output ", entry->ends);
    append_some (text, "\n    begin it behind with --input ", entry->cuts);
  }
  if (list->len > SHOWN)
    g_string_append_printf (
        text, "\n  and %u more, all of them with --report", list->len - SHOWN);
  return ir_fail (error, IR_ERROR_UNSUPPORTED,
      "the model has %u op%s that can't be converted:%s", list->len,
      list->len == 1 ? "" : "s", text->str);
}

/* --allow_unsupported: what the unknown ops make comes from outside instead. */
static gboolean
cut_unsupported (OnnxConvert *convert, const GPtrArray *list, GError **error)
{
  IrImportOptions options = { 0 };
  g_autoptr (GArray) inputs = g_array_new (FALSE, TRUE, sizeof (IrImportInput));

  for (guint i = 0; i < list->len; i++) {
    const IrUnsupported *entry = list->pdata[i];

    onnx_log (convert, G_LOG_LEVEL_WARNING,
        "%u node%s of the unknown type %s: outputs become inputs of the model",
        entry->nodes->len, entry->nodes->len == 1 ? "" : "s", entry->type);
    for (guint k = 0; k < entry->cuts->len; k++) {
      IrImportInput input = { entry->cuts->pdata[k] };

      g_array_append_val (inputs, input);
    }
  }
  options.n_inputs = inputs->len;
  options.inputs = (const IrImportInput *) inputs->data;
  return ir_source_apply (convert->source, &options, error);
}

static gboolean
check_supported (OnnxConvert *convert, GPtrArray **unsupported, GError **error)
{
  g_autoptr (GPtrArray) list = find_unsupported (convert);

  if (list->len == 0)
    return TRUE;
  if (convert->options->allow_unsupported) {
    g_autoptr (GPtrArray) rest = NULL;

    if (!cut_unsupported (convert, list, error))
      return FALSE;
    rest = find_unsupported (convert);
    if (rest->len == 0)
      return TRUE;
  }
  fail_unsupported (list, error);
  if (unsupported != NULL)
    *unsupported = g_steal_pointer (&list);
  return FALSE;
}

/* --- the whole graph -------------------------------------------------------------- */

static gboolean
add_input (OnnxScope *scope, const IrSourceValue *value, GError **error)
{
  IrDType dtype =
      value->dtype == IR_DTYPE_DYNAMIC ? IR_DTYPE_F32 : value->dtype;
  IrDType outside = value->asked == IR_DTYPE_DYNAMIC ? dtype : value->asked;
  IrNode *node = ir_graph_add_parameter (scope->graph,
      value->label != NULL ? value->label : value->name, outside,
      &value->shape);
  IrPort port = ir_port (node, 0);

  ir_port_add_name (port, value->name);
  if (!ir_node_infer (node, error))
    return FALSE;
  if (outside != dtype) {
    g_autofree char *name = g_strconcat (value->name, "/Convert", NULL);
    IrNode *convert =
        ir_graph_add_op (scope->graph, "Convert", 1, name, 1, port);

    if (!ir_node_set_dtype (convert, "destination_type", dtype, error) ||
        !ir_node_infer (convert, error))
      return FALSE;
    port = ir_port (convert, 0);
  }
  onnx_scope_set (scope, value->name, port);
  return TRUE;
}

static gboolean
add_output (OnnxConvert *convert, OnnxScope *scope, const IrSourceValue *value,
    GError **error)
{
  g_autofree char *name = g_strconcat (value->name, "/sink_port_0", NULL);
  IrNode *node;
  IrPort port;

  if (!onnx_scope_find (convert, scope, value->name, &port, error)) {
    g_prefix_error (error, "output \"%s\" ", value->name);
    return FALSE;
  }
  ir_port_add_name (port, value->name);
  node = ir_graph_add_result (scope->graph, name, port);
  return ir_node_infer (node, error);
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
  OnnxConvert convert = { source, options, log, user_data, NULL };
  g_autoptr (IrGraph) graph = NULL;

  if (onnx_functions_init (&convert, error) &&
      check_supported (&convert, unsupported, error) &&
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
  .probe = onnx_probe,
  .read = onnx_read,
  .convert = onnx_convert,
};
