/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ops that the model itself defines by a graph each. */
#include "onnx.h"

#include <string.h>

/* A file of a few lines can call functions that call functions: what they come to
 * is known before anything is made of it. */
#define MAX_NODES 200000

static guint
hash (gconstpointer key)
{
  const IrSourceFunction *function = key;

  return g_str_hash (function->type) ^ (g_str_hash (function->domain) * 31);
}

static gboolean
equal (gconstpointer a, gconstpointer b)
{
  const IrSourceFunction *f = a, *g = b;

  return strcmp (f->type, g->type) == 0 && strcmp (f->domain, g->domain) == 0;
}

IrSourceFunction *
onnx_function_find (const OnnxConvert *convert, const IrSourceNode *node)
{
  const IrSourceFunction key = { .type = node->type, .domain = node->domain };

  return g_hash_table_lookup (convert->functions, &key);
}

gboolean
onnx_functions_init (OnnxConvert *convert, GError **error)
{
  const GPtrArray *functions = convert->source->functions;

  convert->functions = g_hash_table_new (hash, equal);
  for (guint i = 0; i < functions->len; i++) {
    IrSourceFunction *function = functions->pdata[i];

    if (!g_hash_table_add (convert->functions, function))
      return ir_fail (error, IR_ERROR_PARSE,
          "there are two functions called \"%s\" in the domain \"%s\"",
          function->type, function->domain);
  }
  return TRUE;
}

/* --- how much they come to --------------------------------------------------------- */

static gboolean count_graph (const OnnxConvert *convert,
    const IrSourceGraph *graph, guint depth, gsize *count, GError **error);

static gboolean
count_function (const OnnxConvert *convert, IrSourceFunction *function,
    guint depth, gsize *count, GError **error)
{
  gsize own = 0;

  if (function->is_open)
    return ir_fail (error, IR_ERROR_PARSE, "the function \"%s\" calls itself",
        function->type);
  if (function->n_nodes == 0) {
    function->is_open = TRUE;
    if (!count_graph (convert, function->graph, depth + 1, &own, error))
      return FALSE;
    function->is_open = FALSE;
    function->n_nodes = own;
  }
  *count += function->n_nodes;
  return TRUE;
}

static gboolean
count_node (const OnnxConvert *convert, const IrSourceNode *node, guint depth,
    gsize *count, GError **error)
{
  IrSourceFunction *function = onnx_function_find (convert, node);

  *count += 1;
  if (function != NULL &&
      !count_function (convert, function, depth, count, error))
    return FALSE;
  for (gsize i = 0; i < node->n_attrs; i++) {
    if (node->attrs[i].kind == IR_SOURCE_GRAPH &&
        !count_graph (convert, node->attrs[i].u.graph, depth + 1, count, error))
      return FALSE;
  }
  if (*count > MAX_NODES)
    return ir_fail (error, IR_ERROR_LIMIT,
        "with all functions written out there are more than %d nodes",
        MAX_NODES);
  return TRUE;
}

static gboolean
count_graph (const OnnxConvert *convert, const IrSourceGraph *graph,
    guint depth, gsize *count, GError **error)
{
  if (depth > ONNX_MAX_DEPTH)
    return ir_fail (error, IR_ERROR_LIMIT,
        "graphs and functions are nested more than %d deep", ONNX_MAX_DEPTH);
  for (guint i = 0; i < graph->nodes->len; i++) {
    const IrSourceNode *node = graph->nodes->pdata[i];

    if (count_node (convert, node, depth, count, error))
      continue;
    if (depth == 0)
      g_prefix_error (
          error, "node \"%s\" (%s): ", ir_source_node_label (node), node->type);
    return FALSE;
  }
  return TRUE;
}

gboolean
onnx_functions_check (const OnnxConvert *convert, GError **error)
{
  gsize count = 0;

  return count_graph (convert, convert->source->graph, 0, &count, error);
}

/* --- calling ------------------------------------------------------------------------ */

/* The node that calls, with the function's defaults for what it leaves out. */
static const IrSourceNode *
with_defaults (IrBuild *n, const IrSourceFunction *function)
{
  IrSource *source = onnx_node (n)->convert->source;
  IrSourceNode *copy;

  if (function->n_attrs == 0)
    return n->source;
  copy = ir_source_alloc (source, 1, sizeof *copy);
  *copy = *n->source;
  copy->attrs = ir_source_alloc (
      source, copy->n_attrs + function->n_attrs, sizeof (IrSourceAttr));
  memcpy (copy->attrs, n->source->attrs,
      n->source->n_attrs * sizeof (IrSourceAttr));
  for (gsize i = 0; i < function->n_attrs; i++) {
    if (ir_source_attr (n->source, function->attrs[i].name) == NULL)
      copy->attrs[copy->n_attrs++] = function->attrs[i];
  }
  return copy;
}

static gboolean
check_call (IrBuild *n, const IrSourceFunction *function)
{
  if (n->n_inputs > function->graph->inputs->len)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " inputs, but the function takes %u",
        n->n_inputs, function->graph->inputs->len);
  if (n->n_outputs > function->graph->outputs->len)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " outputs, but the function gives %u",
        n->n_outputs, function->graph->outputs->len);
  return !ir_build_failed (n);
}

void
onnx_function_inline (IrBuild *n, const IrSourceFunction *function)
{
  g_autoptr (OnnxScope) scope =
      onnx_scope_new (NULL, function->graph, n->graph);
  const GPtrArray *inputs = function->graph->inputs;
  const GPtrArray *outputs = function->graph->outputs;

  if (!check_call (n, function))
    return;
  scope->opsets = function->opsets;
  scope->caller = with_defaults (n, function);
  scope->depth = onnx_node (n)->scope->depth + 1;
  scope->prefix =
      ir_source_printf (onnx_node (n)->convert->source, "%s/", n->label);
  for (guint i = 0; i < inputs->len && i < n->n_inputs; i++) {
    const IrSourceValue *value = inputs->pdata[i];

    if (n->in[i].node != NULL)
      onnx_scope_set (scope, value->name, n->in[i]);
  }
  if (!onnx_convert_nodes (onnx_node (n)->convert, scope, &n->error))
    return;
  for (guint i = 0; i < outputs->len && i < n->n_outputs; i++) {
    const IrSourceValue *value = outputs->pdata[i];

    if (ir_build_wants (n, i) && !ir_build_failed (n))
      onnx_scope_find (
          onnx_node (n)->convert, scope, value->name, &n->out[i], &n->error);
  }
}
