/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "onnx.h"

#include <string.h>

/* --- scopes --------------------------------------------------------------------- */

OnnxScope *
onnx_scope_new (OnnxScope *outer, IrSourceGraph *source, IrGraph *graph)
{
  OnnxScope *scope = g_new0 (OnnxScope, 1);

  scope->outer = outer;
  scope->source = source;
  scope->graph = graph;
  scope->ports = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  scope->captures = g_array_new (FALSE, FALSE, sizeof (OnnxCapture));
  scope->prefix = "";
  if (outer != NULL) {
    scope->prefix = outer->prefix;
    scope->opsets = outer->opsets;
    scope->caller = outer->caller;
    scope->depth = outer->depth + 1;
  }
  return scope;
}

void
onnx_scope_free (OnnxScope *scope)
{
  g_hash_table_unref (scope->ports);
  g_array_unref (scope->captures);
  g_free (scope);
}

void
onnx_scope_set (OnnxScope *scope, const char *name, IrPort port)
{
  IrPort *entry = g_new (IrPort, 1);

  *entry = port;
  g_hash_table_replace (scope->ports, (gpointer) name, entry);
}

static gboolean
find_here (OnnxScope *scope, const char *name, IrPort *port, GError **error)
{
  IrPort *entry = g_hash_table_lookup (scope->ports, name);
  IrTensor *value;
  IrNode *node;

  if (entry == NULL) {
    value = g_hash_table_lookup (scope->source->initializers, name);
    if (value == NULL)
      return FALSE;
    node = ir_graph_add_const (scope->graph, name, value);
    if (!ir_node_infer (node, error))
      return FALSE;
    *port = ir_port (node, 0);
    ir_port_add_name (*port, name);
    onnx_scope_set (scope, name, *port);
    return TRUE;
  }
  *port = *entry;
  return TRUE;
}

/* A body can't see the graph around it: constants are put into it once more,
 * all else comes in through a Parameter. */
static gboolean
capture (OnnxScope *scope, const char *name, IrPort outside, IrPort *port,
    GError **error)
{
  const IrOutput *output = ir_port_output (outside);
  IrNode *node;

  if (outside.node->op->flags & IR_OP_CONST) {
    node = ir_graph_add_const (scope->graph, name, output->value);
  } else {
    OnnxCapture entry;

    node = ir_graph_add_parameter (
        scope->graph, name, output->dtype, &output->shape);
    entry.outside = outside;
    entry.parameter = node;
    g_array_append_val (scope->captures, entry);
  }
  if (!ir_node_infer (node, error))
    return FALSE;
  *port = ir_port (node, 0);
  onnx_scope_set (scope, name, *port);
  return TRUE;
}

gboolean
onnx_scope_find (OnnxConvert *convert, OnnxScope *scope, const char *name,
    IrPort *port, GError **error)
{
  g_autoptr (GError) problem = NULL;
  IrPort outside;

  if (find_here (scope, name, port, &problem))
    return TRUE;
  if (problem != NULL) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (scope->outer == NULL)
    return ir_fail (error, IR_ERROR_PARSE,
        "reads the tensor \"%s\", which is no input, no initializer and no "
        "node's output",
        name);
  if (!onnx_scope_find (convert, scope->outer, name, &outside, error))
    return FALSE;
  /* A branch that is put in the place of its If. */
  if (scope->graph == scope->outer->graph) {
    *port = outside;
    return TRUE;
  }
  return capture (scope, name, outside, port, error);
}

void
onnx_log (OnnxConvert *convert, GLogLevelFlags level, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (convert->log == NULL)
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  convert->log (level, text, convert->user_data);
}

/* --- one node ------------------------------------------------------------------- */

static void
copy_attr (OnnxNode *n, IrNode *op, const OnnxAttrRow *row)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, row->onnx);

  if (attr == NULL) {
    if (row->def != NULL)
      onnx_set_text (n, op, row->ir, row->def);
    return;
  }
  switch (attr->kind) {
    case IR_SOURCE_I64:
      /* What the IR calls a boolean is a number in ONNX. */
      if (!onnx_failed (n) && !ir_node_set_i64 (op, row->ir, attr->u.i, NULL))
        onnx_set_bool (n, op, row->ir, attr->u.i != 0);
      break;
    case IR_SOURCE_F64:
      onnx_set_f64 (n, op, row->ir, attr->u.f);
      break;
    case IR_SOURCE_TEXT:
      onnx_set_text (n, op, row->ir, attr->u.text);
      break;
    case IR_SOURCE_I64S:
      onnx_set_i64s (n, op, row->ir, attr->u.i64s.v, attr->u.i64s.n);
      break;
    default:
      onnx_fail (n, IR_ERROR_PARSE, "has an attribute \"%s\" of a wrong kind",
          row->onnx);
  }
}

static void
map_by_row (OnnxNode *n)
{
  const OnnxRow *row = n->row;
  gsize n_in = n->n_inputs;
  IrNode *op;

  while (n_in > 0 && n->in[n_in - 1].node == NULL)
    n_in--;
  op = onnx_add_v (n, row->ir, row->ir_opset, n->in, n_in, 0);
  for (gsize i = 0; i < ONNX_MAX_ATTRS && row->attrs[i].onnx != NULL; i++)
    copy_attr (n, op, &row->attrs[i]);
  onnx_done (n, op);
  for (gsize i = 0; !onnx_failed (n) && i < n->n_outputs; i++) {
    if (i < op->n_outputs)
      n->out[i] = ir_port (op, (guint) i);
  }
}

/* The IR's node is called as the model's, if it is one that was made for it. */
static void
name_outputs (OnnxNode *n)
{
  gboolean renamed = FALSE;

  for (gsize i = 0; i < n->n_outputs; i++) {
    IrPort port = n->out[i];

    if (!onnx_wants (n, i))
      continue;
    if (port.node == NULL) {
      onnx_fail (n, IR_ERROR_UNSUPPORTED,
          "has the output %" G_GSIZE_FORMAT ", which the IR has no op for", i);
      return;
    }
    if (!renamed && port.node->id >= n->first_id &&
        !(port.node->op->flags & IR_OP_PARAMETER)) {
      ir_graph_rename (n->graph, port.node, n->label);
      renamed = TRUE;
    }
    if (n->scope->caller == NULL)
      ir_port_add_name (port, n->source->outputs[i]);
    onnx_scope_set (n->scope, n->source->outputs[i], port);
  }
}

static gboolean
find_inputs (OnnxNode *n)
{
  for (gsize i = 0; i < n->n_inputs; i++) {
    const char *name = n->source->inputs[i];

    n->in[i] = ONNX_NONE;
    if (name[0] != '\0' &&
        !onnx_scope_find (n->convert, n->scope, name, &n->in[i], &n->error))
      return FALSE;
  }
  return TRUE;
}

/* Attributes that mean those of the function's caller are replaced by them. */
static const IrSourceNode *
resolve_refs (OnnxConvert *convert, OnnxScope *scope, const IrSourceNode *node)
{
  IrSourceNode *copy;

  if (scope->caller == NULL)
    return node;
  copy = ir_source_alloc (convert->source, 1, sizeof *copy);
  *copy = *node;
  copy->n_attrs = 0;
  copy->attrs =
      ir_source_alloc (convert->source, node->n_attrs, sizeof (IrSourceAttr));
  for (gsize i = 0; i < node->n_attrs; i++) {
    const IrSourceAttr *attr = &node->attrs[i];
    const char *name = attr->name;

    if (attr->kind == IR_SOURCE_REF)
      attr = ir_source_attr (scope->caller, attr->u.text);
    if (attr == NULL)
      continue;
    copy->attrs[copy->n_attrs] = *attr;
    copy->attrs[copy->n_attrs++].name = name;
  }
  return copy;
}

gint64
onnx_opset_of (const GPtrArray *opsets, const char *domain)
{
  for (guint i = 0; i < opsets->len; i++) {
    const IrSourceOpset *opset = opsets->pdata[i];

    if (strcmp (opset->domain, domain) == 0)
      return opset->version;
  }
  return domain[0] == '\0' ? 0 : 1;
}

/* --- all nodes ---------------------------------------------------------------------- */

static gboolean
convert_node (OnnxConvert *convert, OnnxScope *scope,
    const IrSourceNode *source, GError **error)
{
  const IrSourceFunction *function = onnx_function_find (convert, source);
  OnnxNode n = { convert, scope };
  const char *reason;

  n.source = resolve_refs (convert, scope, source);
  n.graph = scope->graph;
  n.opset = onnx_opset_of (scope->opsets, source->domain);
  n.label = ir_source_printf (
      convert->source, "%s%s", scope->prefix, ir_source_node_label (source));
  n.n_inputs = source->n_inputs;
  n.n_outputs = source->n_outputs;
  n.in = g_new0 (IrPort, n.n_inputs + 1);
  n.out = g_new0 (IrPort, n.n_outputs + 1);
  n.first_id = scope->graph->next_id;
  if (find_inputs (&n)) {
    n.first_id = scope->graph->next_id;
    n.row = onnx_row_find (source->domain, source->type, n.opset, &reason);
    if (function != NULL)
      onnx_function_inline (&n, function);
    else if (n.row == NULL)
      onnx_fail (&n, IR_ERROR_UNSUPPORTED, "is not supported: %s", reason);
    else if (n.row->map != NULL)
      n.row->map (&n);
    else
      map_by_row (&n);
  }
  if (!onnx_failed (&n))
    name_outputs (&n);
  g_free (n.in);
  g_free (n.out);
  if (!onnx_failed (&n))
    return TRUE;
  g_propagate_prefixed_error (
      error, n.error, "node \"%s\" (%s): ", n.label, source->type);
  return FALSE;
}

gboolean
onnx_convert_nodes (OnnxConvert *convert, OnnxScope *scope, GError **error)
{
  IrSourceGraph *source = scope->source;

  if (scope->depth > ONNX_MAX_DEPTH)
    return ir_fail (error, IR_ERROR_LIMIT,
        "graphs and functions are nested more than %d deep", ONNX_MAX_DEPTH);
  if (!ir_source_sort (source, error))
    return FALSE;
  for (guint i = 0; i < source->nodes->len; i++) {
    if (!convert_node (convert, scope, source->nodes->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}
