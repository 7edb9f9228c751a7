/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "body.h"

static const IrShape scalar = { 0, { 0 } };

void
onnx_body_init (OnnxBody *body, IrBuild *outer, IrSourceGraph *source,
    const IrPort *first, gsize n_first)
{
  IrGraph *graph = ir_graph_new (
      source != NULL && source->name[0] != '\0' ? source->name : "body");

  if (source == NULL)
    source = ir_source_graph_new (onnx_node (outer)->convert->source, "");
  body->outer = outer;
  body->n = *onnx_node (outer);
  body->n.build.error = NULL;
  body->n.build.graph = graph;
  body->scope = onnx_scope_new (onnx_node (outer)->scope, source, graph);
  body->n.scope = body->scope;
  body->ports = g_array_new (FALSE, FALSE, sizeof (IrPort));
  body->inputs = g_array_new (FALSE, FALSE, sizeof (IrBodyMap));
  body->outputs = g_array_new (FALSE, FALSE, sizeof (IrBodyMap));
  body->back_edges = g_array_new (FALSE, FALSE, sizeof (IrBodyLink));
  body->current_iteration = -1;
  body->condition = -1;
  g_array_append_vals (body->ports, first, (guint) n_first);
}

void
onnx_body_clear (OnnxBody *body)
{
  g_clear_error (&body->n.build.error);
  g_clear_pointer (&body->n.build.graph, ir_graph_unref);
  onnx_scope_free (body->scope);
  g_array_unref (body->ports);
  g_array_unref (body->inputs);
  g_array_unref (body->outputs);
  g_array_unref (body->back_edges);
}

/* --- inputs ------------------------------------------------------------------- */

static IrPort
add_parameter (OnnxBody *body, IrDType dtype, const IrShape *shape)
{
  g_autofree char *name = g_strconcat (body->n.build.label, "/in", NULL);
  IrNode *node;

  if (ir_build_failed (&body->n.build))
    return IR_NO_PORT;
  node = ir_graph_add_parameter (body->n.build.graph, name, dtype, shape);
  return ir_build_done (&body->n.build, node);
}

/* The port of the node that reads @outside, and the last Parameter. */
static void
add_input (OnnxBody *body, IrPort outside, gint64 axis, gboolean backwards)
{
  IrBodyMap map = { body->ports->len,
    (gint64) body->n.build.graph->parameters->len - 1, axis, backwards ? -1 : 0,
    backwards ? 0 : -1, backwards ? -1 : 1, 1 };

  g_array_append_val (body->ports, outside);
  g_array_append_val (body->inputs, map);
}

/* An input may be missing only after a failure. */
static gboolean
check_outside (OnnxBody *body, IrPort outside)
{
  if (outside.node == NULL)
    ir_build_fail (&body->n.build, IR_ERROR_PARSE, "lacks an input");
  return !ir_build_failed (&body->n.build);
}

IrPort
onnx_body_whole (OnnxBody *body, IrPort outside)
{
  IrTensor *value;
  IrPort port;

  if (!check_outside (body, outside))
    return IR_NO_PORT;
  value = ir_build_value (body->outer, outside);
  if (value != NULL)
    return ir_build_const (&body->n.build, value);
  port = add_parameter (
      body, ir_build_dtype_of (outside), ir_build_shape_of (outside));
  add_input (body, outside, IR_BODY_WHOLE, FALSE);
  return port;
}

IrPort
onnx_body_slice (
    OnnxBody *body, IrPort outside, gint64 axis, gboolean backwards)
{
  IrShape shape = *ir_build_shape_of (outside);
  guint index = 0;
  IrPort port;

  if (!check_outside (body, outside))
    return IR_NO_PORT;
  if (shape.rank >= 0) {
    if (!ir_shape_axis (&shape, axis, &index, &body->n.build.error))
      return IR_NO_PORT;
    shape.dim[index] = 1;
  }
  port = add_parameter (body, ir_build_dtype_of (outside), &shape);
  add_input (body, outside, axis, backwards);
  return port;
}

IrPort
onnx_body_state (OnnxBody *body, IrPort start, const IrShape *shape)
{
  IrPort port;

  if (!check_outside (body, start))
    return IR_NO_PORT;
  port = add_parameter (body, ir_build_dtype_of (start),
      shape != NULL ? shape : ir_build_shape_of (start));
  add_input (body, start, IR_BODY_WHOLE, FALSE);
  return port;
}

IrPort
onnx_body_iteration (OnnxBody *body, const IrShape *shape)
{
  guint64 count;

  if (shape == NULL || !ir_shape_count (shape, &count) || count != 1)
    shape = &scalar;
  body->current_iteration = body->n.build.graph->parameters->len;
  return add_parameter (body, IR_DTYPE_I64, shape);
}

/* --- outputs ------------------------------------------------------------------ */

gint64
onnx_body_result (OnnxBody *body, IrPort port)
{
  g_autofree char *name = g_strconcat (body->n.build.label, "/out", NULL);

  if (!check_outside (body, port))
    return -1;
  ir_build_done (
      &body->n.build, ir_graph_add_result (body->n.build.graph, name, port));
  return (gint64) body->n.build.graph->results->len - 1;
}

static void
add_output (OnnxBody *body, gint64 result, gint64 axis, gboolean backwards)
{
  IrBodyMap map = { body->outputs->len, result, axis, backwards ? -1 : 0,
    backwards ? 0 : -1, backwards ? -1 : 1, 1 };

  g_array_append_val (body->outputs, map);
}

void
onnx_body_next (OnnxBody *body, IrPort state, IrPort next)
{
  IrBodyLink link = { onnx_body_result (body, next), 0 };
  guint index;

  if (ir_build_failed (&body->n.build))
    return;
  if (!g_ptr_array_find (body->n.build.graph->parameters, state.node, &index))
    return;
  link.to = index;
  g_array_append_val (body->back_edges, link);
  add_output (body, link.from, IR_BODY_WHOLE, FALSE);
}

void
onnx_body_join (OnnxBody *body, IrPort slice, gint64 axis, gboolean backwards)
{
  gint64 result = onnx_body_result (body, slice);

  if (!ir_build_failed (&body->n.build))
    add_output (body, result, axis, backwards);
}

void
onnx_body_condition (OnnxBody *body, IrPort condition)
{
  body->condition = onnx_body_result (body, condition);
}

/* --- a body of the model's ------------------------------------------------------- */

void
onnx_body_convert (OnnxBody *body)
{
  if (!ir_build_failed (&body->n.build))
    onnx_convert_nodes (body->n.convert, body->scope, &body->n.build.error);
}

IrPort
onnx_body_output (OnnxBody *body, guint index)
{
  const IrSourceValue *value = body->scope->source->outputs->pdata[index];
  IrPort port = IR_NO_PORT;

  if (!ir_build_failed (&body->n.build) &&
      !onnx_scope_find (body->n.convert, body->scope, value->name, &port,
          &body->n.build.error))
    g_prefix_error (
        &body->n.build.error, "the body's output \"%s\" ", value->name);
  return port;
}

IrSourceGraph *
onnx_body_attr (IrBuild *n, const char *name)
{
  const IrSourceAttr *attr = ir_source_attr (n->source, name);

  if (attr != NULL && attr->kind == IR_SOURCE_GRAPH)
    return attr->u.graph;
  ir_build_fail (n, IR_ERROR_PARSE, "has no graph \"%s\"", name);
  return NULL;
}

/* --- the node ------------------------------------------------------------------ */

static void
add_captures (OnnxBody *body)
{
  for (guint i = 0; i < body->scope->captures->len; i++) {
    const OnnxCapture *capture =
        &g_array_index (body->scope->captures, OnnxCapture, i);
    IrBodyMap map = { body->ports->len, 0, IR_BODY_WHOLE, 0, -1, 1, 1 };
    guint index = 0;

    g_ptr_array_find (
        body->n.build.graph->parameters, capture->parameter, &index);
    map.inner = index;
    g_array_append_val (body->ports, capture->outside);
    g_array_append_val (body->inputs, map);
  }
}

static void
set_records (const OnnxBody *body, IrNode *node)
{
  IrLoopAttrs *attrs = node->attrs;

  attrs->inputs = ir_body_maps (
      node->graph, (const IrBodyMap *) body->inputs->data, body->inputs->len);
  attrs->outputs = ir_body_maps (
      node->graph, (const IrBodyMap *) body->outputs->data, body->outputs->len);
  attrs->back_edges = ir_body_links (node->graph,
      (const IrBodyLink *) body->back_edges->data, body->back_edges->len);
  attrs->current_iteration = body->current_iteration;
  attrs->execution_condition = body->condition;
}

gboolean
onnx_body_failed (OnnxBody *body)
{
  if (ir_build_failed (&body->n.build) && !ir_build_failed (body->outer))
    body->outer->error = g_steal_pointer (&body->n.build.error);
  return ir_build_failed (body->outer);
}

IrNode *
onnx_body_finish (OnnxBody *body, const char *type, guint opset)
{
  IrBuild *n = body->outer;
  IrNode *node;

  if (onnx_body_failed (body))
    return NULL;
  add_captures (body);
  if (body->outputs->len == 0)
    ir_build_fail (n, IR_ERROR_PARSE, "has no outputs");
  node = ir_build_add_v (n, type, opset, (const IrPort *) body->ports->data,
      body->ports->len, body->outputs->len);
  if (node == NULL)
    return NULL;
  ir_graph_sweep (body->n.build.graph);
  ir_node_add_body (node, g_steal_pointer (&body->n.build.graph));
  set_records (body, node);
  ir_build_done (n, node);
  return ir_build_failed (n) ? NULL : node;
}
