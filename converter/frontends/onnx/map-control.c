/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* If and Loop. */
#include "body.h"
#include "map.h"

static void
check_condition (IrBuild *n, gsize index)
{
  IrDType dtype = ir_build_has (n, index) ? ir_build_dtype_of (n->in[index])
                                          : IR_DTYPE_BOOLEAN;

  if (dtype != IR_DTYPE_BOOLEAN && dtype != IR_DTYPE_DYNAMIC)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has a condition of the type %s, not boolean", ir_dtype_name (dtype));
}

/* --- Loop ------------------------------------------------------------------------ */

/* The IR counts without an end from -1 on; a count that never ends is written in
 * that way, too. */
static IrPort
trip_count (IrBuild *n)
{
  g_autoptr (IrTensor) value = NULL;
  gint64 count;

  if (!ir_build_has (n, 0))
    return ir_build_int (n, -1);
  if (ir_build_dtype_of (n->in[0]) != IR_DTYPE_I64)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has a trip count of the type %s, not i64",
        ir_dtype_name (ir_build_dtype_of (n->in[0])));
  value = ir_build_value (n, n->in[0]);
  if (value == NULL)
    return ir_build_op (
        n, "Maximum", 1, 2, n->in[0], ir_build_like (n, n->in[0], 0));
  if (ir_tensor_count (value) != 1) {
    ir_build_fail (
        n, IR_ERROR_SHAPE, "has a trip count that is not one number");
    return IR_NO_PORT;
  }
  count = ir_tensor_get_i64 (value, 0);
  return ir_build_int (n, count > G_MAXINT32 ? -1 : MAX (count, 0));
}

void
onnx_map_loop (IrBuild *n)
{
  OnnxIteration loop = { onnx_body_attr (n, "body"), TRUE };
  g_autofree OnnxSlicing *joined = NULL;
  IrNode *node;

  if (n->n_inputs < 2)
    ir_build_fail (n, IR_ERROR_PARSE, "has fewer than two inputs");
  check_condition (n, 1);
  if (ir_build_failed (n))
    return;
  loop.n_states = n->n_inputs - 2;
  if (n->n_outputs < loop.n_states) {
    ir_build_fail (n, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " outputs for %" G_GSIZE_FORMAT " states",
        n->n_outputs, loop.n_states);
    return;
  }
  loop.trip_count = trip_count (n);
  loop.condition =
      ir_build_has (n, 1) ? n->in[1] : ir_build_number (n, IR_DTYPE_BOOLEAN, 1);
  loop.in = n->in + 2;
  loop.n_joined = n->n_outputs - loop.n_states;
  joined = g_new0 (OnnxSlicing, loop.n_joined + 1);
  loop.joined = joined;
  node = onnx_iterate (n, &loop);
  for (guint i = 0; node != NULL && i < n->n_outputs; i++)
    ir_build_out (n, i, ir_port (node, i));
}

/* --- If ---------------------------------------------------------------------------- */

static gboolean
check_branch (IrBuild *n, const char *name)
{
  IrSourceGraph *graph = onnx_body_attr (n, name);

  if (graph == NULL)
    return FALSE;
  if (graph->inputs->len != 0 || graph->outputs->len != n->n_outputs)
    ir_build_fail (n, IR_ERROR_PARSE,
        "has a \"%s\" with %u inputs and %u outputs, where 0 and "
        "%" G_GSIZE_FORMAT " are wanted",
        name, graph->inputs->len, graph->outputs->len, n->n_outputs);
  return !ir_build_failed (n);
}

/* A branch that is known to be taken needs no If. */
static void
put_in_place (IrBuild *n, IrSourceGraph *source)
{
  g_autoptr (OnnxScope) scope =
      onnx_scope_new (onnx_node (n)->scope, source, n->graph);

  if (!onnx_convert_nodes (onnx_node (n)->convert, scope, &n->error))
    return;
  for (guint i = 0; i < n->n_outputs && !ir_build_failed (n); i++) {
    const IrSourceValue *value = source->outputs->pdata[i];

    onnx_scope_find (
        onnx_node (n)->convert, scope, value->name, &n->out[i], &n->error);
  }
}

static void
convert_branch (OnnxBody *body)
{
  onnx_body_convert (body);
  for (guint i = 0; i < body->scope->source->outputs->len; i++)
    onnx_body_result (body, onnx_body_output (body, i));
}

/* The input of the node that reads @port; a new one if there is none yet. */
static gint64
find_input (GArray *ports, IrPort port)
{
  for (guint i = 1; i < ports->len; i++) {
    const IrPort *known = &g_array_index (ports, IrPort, i);

    if (known->node == port.node && known->index == port.index)
      return i;
  }
  g_array_append_val (ports, port);
  return ports->len - 1;
}

static IrI64s
input_links (OnnxBody *body, GArray *ports)
{
  const GArray *captures = body->scope->captures;
  g_autofree IrBodyLink *links = g_new (IrBodyLink, captures->len + 1);

  for (guint i = 0; i < captures->len; i++) {
    const OnnxCapture *capture = &g_array_index (captures, OnnxCapture, i);
    guint index = 0;

    g_ptr_array_find (
        body->n.build.graph->parameters, capture->parameter, &index);
    links[i].from = find_input (ports, capture->outside);
    links[i].to = index;
  }
  return ir_body_links (body->outer->graph, links, captures->len);
}

static IrI64s
output_links (IrBuild *n)
{
  g_autofree IrBodyLink *links = g_new (IrBodyLink, n->n_outputs + 1);

  for (gsize i = 0; i < n->n_outputs; i++)
    links[i] = (IrBodyLink){ (gint64) i, (gint64) i };
  return ir_body_links (n->graph, links, n->n_outputs);
}

static void
add_if (IrBuild *n, OnnxBody *yes, OnnxBody *no)
{
  g_autoptr (GArray) ports = g_array_new (FALSE, FALSE, sizeof (IrPort));
  IrIfAttrs attrs;
  IrNode *node;

  g_array_append_val (ports, n->in[0]);
  attrs.then_inputs = input_links (yes, ports);
  attrs.else_inputs = input_links (no, ports);
  attrs.then_outputs = output_links (n);
  attrs.else_outputs = attrs.then_outputs;
  node = ir_build_add_v (
      n, "If", 8, (const IrPort *) ports->data, ports->len, n->n_outputs);
  if (node == NULL)
    return;
  *(IrIfAttrs *) node->attrs = attrs;
  ir_graph_sweep (yes->n.build.graph);
  ir_graph_sweep (no->n.build.graph);
  ir_node_add_body (node, g_steal_pointer (&yes->n.build.graph));
  ir_node_add_body (node, g_steal_pointer (&no->n.build.graph));
  ir_build_done (n, node);
  for (guint i = 0; !ir_build_failed (n) && i < n->n_outputs; i++)
    ir_build_out (n, i, ir_port (node, i));
}

static void
convert_both (IrBuild *n)
{
  g_auto (OnnxBody) yes;
  g_auto (OnnxBody) no;

  onnx_body_init (&yes, n, onnx_body_attr (n, "then_branch"), NULL, 0);
  onnx_body_init (&no, n, onnx_body_attr (n, "else_branch"), NULL, 0);
  convert_branch (&yes);
  convert_branch (&no);
  if (!onnx_body_failed (&yes) && !onnx_body_failed (&no))
    add_if (n, &yes, &no);
}

void
onnx_map_if (IrBuild *n)
{
  g_autoptr (IrTensor) condition = ir_build_value (n, ir_build_in (n, 0));

  check_condition (n, 0);
  if (!check_branch (n, "then_branch") || !check_branch (n, "else_branch"))
    return;
  if (condition == NULL || ir_tensor_count (condition) != 1)
    convert_both (n);
  else if (ir_tensor_get_i64 (condition, 0) != 0)
    put_in_place (n, onnx_body_attr (n, "then_branch"));
  else
    put_in_place (n, onnx_body_attr (n, "else_branch"));
}
