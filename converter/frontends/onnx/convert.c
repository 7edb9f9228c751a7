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

/* --- one node ------------------------------------------------------------------- */

static void
copy_attr (IrBuild *n, IrNode *op, const OnnxAttrRow *row)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, row->onnx);

  if (attr == NULL) {
    if (row->def != NULL)
      ir_build_set_text (n, op, row->ir, row->def);
    return;
  }
  switch (attr->kind) {
    case IR_SOURCE_I64:
      /* What the IR calls a boolean is a number in ONNX. */
      if (!ir_build_failed (n) &&
          !ir_node_set_i64 (op, row->ir, attr->u.i, NULL))
        ir_build_set_bool (n, op, row->ir, attr->u.i != 0);
      break;
    case IR_SOURCE_F64:
      ir_build_set_f64 (n, op, row->ir, attr->u.f);
      break;
    case IR_SOURCE_TEXT:
      ir_build_set_text (n, op, row->ir, attr->u.text);
      break;
    case IR_SOURCE_I64S:
      ir_build_set_i64s (n, op, row->ir, attr->u.i64s.v, attr->u.i64s.n);
      break;
    default:
      ir_build_fail (n, IR_ERROR_PARSE,
          "has an attribute \"%s\" of a wrong kind", row->onnx);
  }
}

static void
map_by_row (IrBuild *n)
{
  const OnnxRow *row = onnx_node (n)->row;
  gsize n_in = n->n_inputs;
  IrNode *op;

  while (n_in > 0 && n->in[n_in - 1].node == NULL)
    n_in--;
  op = ir_build_add_v (n, row->ir, row->ir_opset, n->in, n_in, 0);
  for (gsize i = 0; i < ONNX_MAX_ATTRS && row->attrs[i].onnx != NULL; i++)
    copy_attr (n, op, &row->attrs[i]);
  ir_build_done (n, op);
  for (gsize i = 0; !ir_build_failed (n) && i < n->n_outputs; i++) {
    if (i < op->n_outputs)
      n->out[i] = ir_port (op, (guint) i);
  }
}

static void
name_outputs (IrBuild *n)
{
  OnnxScope *scope = onnx_node (n)->scope;

  ir_build_name (n);
  for (gsize i = 0; !ir_build_failed (n) && i < n->n_outputs; i++) {
    if (!ir_build_wants (n, i))
      continue;
    if (scope->caller == NULL)
      ir_port_add_name (n->out[i], n->source->outputs[i]);
    onnx_scope_set (scope, n->source->outputs[i], n->out[i]);
  }
}

static gboolean
find_inputs (IrBuild *n)
{
  for (gsize i = 0; i < n->n_inputs; i++) {
    const char *name = n->source->inputs[i];

    n->in[i] = IR_NO_PORT;
    if (name[0] != '\0' &&
        !onnx_scope_find (onnx_node (n)->convert, onnx_node (n)->scope, name,
            &n->in[i], &n->error))
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

static void
map_node (IrBuild *n)
{
  const IrSourceFunction *function =
      onnx_function_find (onnx_node (n)->convert, n->source);
  const char *reason;

  onnx_node (n)->row = onnx_row_find (
      n->source->domain, n->source->type, onnx_node (n)->opset, &reason);
  if (function != NULL)
    onnx_function_inline (n, function);
  else if (onnx_node (n)->row == NULL)
    ir_build_fail (n, IR_ERROR_UNSUPPORTED, "is not supported: %s", reason);
  else if (onnx_node (n)->row->map != NULL)
    onnx_node (n)->row->map (n);
  else
    map_by_row (n);
}

static gboolean
convert_node (OnnxConvert *convert, OnnxScope *scope,
    const IrSourceNode *source, GError **error)
{
  OnnxNode node = { .convert = convert, .scope = scope };
  IrBuild *n = &node.build;

  node.opset = onnx_opset_of (scope->opsets, source->domain);
  ir_build_init (n, resolve_refs (convert, scope, source), scope->graph,
      ir_source_printf (convert->source, "%s%s", scope->prefix,
          ir_source_node_label (source)));
  if (find_inputs (n)) {
    n->first_id = scope->graph->next_id;
    map_node (n);
  }
  if (!ir_build_failed (n))
    name_outputs (n);
  return ir_build_finish (n, error);
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
