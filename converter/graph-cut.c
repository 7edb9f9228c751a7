/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "graph-cut.h"

#include "passes/rewrite.h"

#include <string.h>

/* --- batch ---------------------------------------------------------------------- */

const char *
ir_config_layout (const IrConvertConfig *config, const char *name)
{
  for (guint i = 0; config->layouts && i < config->layouts->len; i++) {
    const IrLayoutSpec *spec = g_ptr_array_index (config->layouts, i);

    if (!spec->name || strcmp (spec->name, name) == 0)
      return spec->source;
  }
  return NULL;
}

gboolean
ir_shape_set_batch (const IrConvertConfig *config, const char *name,
    IrShape *shape, GError **error)
{
  const char *layout = ir_config_layout (config, name);
  guint dim = 0;
  char text[IR_SHAPE_TEXT];

  if (config->batch == 0)
    return TRUE;
  if (shape->rank < 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "--batch: input '%s' has the shape %s, there is no batch in it", name,
        ir_shape_print (shape, text));
  if (layout && !ir_layout_find (layout, shape->rank, 'n', &dim))
    return TRUE;
  if (shape->dim[dim] > 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "--batch: dimension %u of the shape %s of input '%s' is neither 1 nor "
        "unknown, so it may be no batch; use --input_shape instead",
        dim, ir_shape_print (shape, text), name);
  shape->dim[dim] = config->batch;
  return TRUE;
}

/* --- names ---------------------------------------------------------------------- */

static gboolean
fail_unknown (const IrConvertConfig *config, const IrGraph *graph,
    const char *option, const char *name, GError **error)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < graph->parameters->len; i++)
    g_string_append_printf (list, "%s%s", i ? ", " : "",
        ir_port_name (ir_port (g_ptr_array_index (graph->parameters, i), 0)));
  return ir_fail (error, IR_ERROR_NOT_FOUND,
      "%s: --%s: there is no tensor or layer '%s'; the inputs are %s",
      config->model, option, name, list->str);
}

/* "0:node": an input. */
static gboolean
find_input_port (const IrGraph *graph, const char *name, IrUse *use)
{
  gsize digits = strspn (name, "0123456789");
  IrNode *node;
  gint64 index;

  if (digits == 0 || digits > 5 || name[digits] != ':')
    return FALSE;
  index = g_ascii_strtoll (name, NULL, 10);
  node = ir_graph_find (graph, name + digits + 1);
  if (!node || index >= (gint64) node->n_inputs)
    return FALSE;
  use->node = node;
  use->index = (guint) index;
  return TRUE;
}

/* --- outputs -------------------------------------------------------------------- */

static gboolean
find_output (const IrConvertConfig *config, const IrGraph *graph,
    const char *name, IrPort *port, GError **error)
{
  IrUse use;

  if (find_input_port (graph, name, &use)) {
    *port = use.node->inputs[use.index];
    return TRUE;
  }
  if (!ir_graph_find_tensor (graph, name, port))
    return fail_unknown (config, graph, "output", name, error);
  if (port->node->op->flags & IR_OP_RESULT)
    *port = port->node->inputs[0];
  return TRUE;
}

static gboolean
cut_outputs (const IrConvertConfig *config, IrGraph *graph, GError **error)
{
  gsize n = g_strv_length (config->outputs);
  g_autofree IrPort *ports = g_new (IrPort, n);
  g_autoptr (GPtrArray) old = NULL;

  for (gsize i = 0; i < n; i++)
    if (!find_output (config, graph, config->outputs[i], &ports[i], error))
      return FALSE;
  old = g_ptr_array_copy (graph->results, NULL, NULL);
  for (guint i = 0; i < old->len; i++)
    ir_graph_remove (graph, g_ptr_array_index (old, i));
  for (gsize i = 0; i < n; i++) {
    g_autofree char *name = g_strdup_printf (
        "%s/sink_port_%u", ports[i].node->name, ports[i].index);

    if (ir_port_output (ports[i])->n_names == 0)
      ir_port_add_name (ports[i], config->outputs[i]);
    ir_graph_add_result (graph, name, ports[i]);
  }
  return TRUE;
}

/* --- inputs --------------------------------------------------------------------- */

/* A Parameter in place of an output: everybody reads it from now on. */
static IrNode *
cut_output (IrGraph *graph, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  g_autofree char *name = g_strdup_printf (
      "%s/placeholder_out_port_%u", port.node->name, port.index);
  IrNode *parameter;

  if (port.node->op->flags & IR_OP_PARAMETER)
    return port.node;
  parameter =
      ir_graph_add_parameter (graph, name, output->dtype, &output->shape);
  ir_graph_replace (graph, port, ir_port (parameter, 0));
  return parameter;
}

static IrNode *
cut_input (IrGraph *graph, IrNode *node, guint index)
{
  const IrOutput *output = ir_node_input (node, index);
  g_autofree char *name =
      g_strdup_printf ("%s/placeholder_port_%u", node->name, index);
  IrNode *parameter;

  if (node->inputs[index].node->op->flags & IR_OP_PARAMETER)
    return node->inputs[index].node;
  parameter =
      ir_graph_add_parameter (graph, name, output->dtype, &output->shape);
  ir_port_add_name (ir_port (parameter, 0), name);
  ir_node_set_input (node, index, ir_port (parameter, 0));
  return parameter;
}

/* A tensor's name, "node:port" or the name of a Parameter. */
static gboolean
find_source (const IrGraph *graph, const char *name, IrPort *port)
{
  IrNode *node = ir_graph_find (graph, name);

  if (!ir_graph_find_tensor (graph, name, port))
    return FALSE;
  return !node || (node->op->flags & IR_OP_PARAMETER) ||
      ir_port_has_name (*port, name);
}

/* The Parameters that one item of --input stands for. */
static gboolean
cut_at (const IrConvertConfig *config, IrGraph *graph, const char *name,
    GPtrArray *parameters, GError **error)
{
  IrNode *node;
  IrPort port;
  IrUse use;

  if (*name == '\0') {
    if (graph->parameters->len != 1)
      return ir_fail (error, IR_ERROR_PARSE,
          "--input_shape has one shape, but the model has %u inputs: name the "
          "one that it is for with --input",
          graph->parameters->len);
    g_ptr_array_add (parameters, g_ptr_array_index (graph->parameters, 0));
  } else if (find_source (graph, name, &port)) {
    g_ptr_array_add (parameters, cut_output (graph, port));
  } else if (find_input_port (graph, name, &use)) {
    g_ptr_array_add (parameters, cut_input (graph, use.node, use.index));
  } else if ((node = ir_graph_find (graph, name))) {
    for (guint i = 0; i < node->n_inputs; i++)
      if (!(node->inputs[i].node->op->flags & IR_OP_CONST))
        g_ptr_array_add (parameters, cut_input (graph, node, i));
  }
  return parameters->len > 0 ||
      fail_unknown (config, graph, "input", name, error);
}

static gboolean
freeze (IrNode *parameter, IrTensor *value, GError **error)
{
  IrGraph *graph = parameter->graph;
  const IrOutput *port = &parameter->outputs[0];
  g_autofree char *name = g_strdup (parameter->name);
  g_autoptr (IrTensor) typed = NULL;
  g_autoptr (IrTensor) shaped = NULL;
  char text[IR_SHAPE_TEXT];

  if (!ir_shape_is_static (&port->shape))
    return ir_fail (error, IR_ERROR_SHAPE,
        "input '%s' has the shape %s; to freeze it, give it a static one: "
        "--input '%s[...]->VALUE'",
        name, ir_shape_print (&port->shape, text), name);
  if (!(typed = ir_tensor_convert (value, port->dtype, error)))
    return FALSE;
  if (!(shaped = ir_tensor_reshaped (typed, &port->shape, error))) {
    g_prefix_error (error, "--input: value for '%s': ", name);
    return FALSE;
  }
  ir_take_place (parameter, ir_graph_add_const (graph, name, shaped));
  return TRUE;
}

static gboolean
shape_inputs (const IrConvertConfig *config, const IrInputSpec *spec,
    const GPtrArray *parameters, GError **error)
{
  if (spec->has_shape && parameters->len > 1)
    return ir_fail (error, IR_ERROR_PARSE,
        "--input: layer '%s' has %u inputs, but one shape is given; name one "
        "as "
        "'PORT:%s'",
        spec->name, parameters->len, spec->name);
  for (guint i = 0; i < parameters->len; i++) {
    IrNode *parameter = g_ptr_array_index (parameters, i);
    const IrOutput *port = &parameter->outputs[0];

    if (spec->has_shape || spec->dtype != IR_DTYPE_DYNAMIC) {
      ir_node_set_parameter (parameter,
          spec->dtype == IR_DTYPE_DYNAMIC ? port->dtype : spec->dtype,
          spec->has_shape ? &spec->shape : &port->shape);
      if (!ir_node_infer (parameter, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* @named first, in the user's order. */
static void
order_inputs (IrGraph *graph, const GPtrArray *named)
{
  g_autoptr (GPtrArray) rest = g_ptr_array_new ();

  for (guint i = 0; i < graph->parameters->len; i++) {
    gpointer parameter = g_ptr_array_index (graph->parameters, i);

    if (!g_ptr_array_find ((GPtrArray *) named, parameter, NULL))
      g_ptr_array_add (rest, parameter);
  }
  g_ptr_array_set_size (graph->parameters, 0);
  for (guint i = 0; i < named->len; i++)
    g_ptr_array_add (graph->parameters, g_ptr_array_index (named, i));
  for (guint i = 0; i < rest->len; i++)
    g_ptr_array_add (graph->parameters, g_ptr_array_index (rest, i));
}

static gboolean
cut_inputs (const IrConvertConfig *config, IrGraph *graph, GError **error)
{
  g_autoptr (GPtrArray) named = g_ptr_array_new ();

  for (guint i = 0; i < config->inputs->len; i++) {
    const IrInputSpec *spec = g_ptr_array_index (config->inputs, i);
    g_autoptr (GPtrArray) parameters = g_ptr_array_new ();

    if (!cut_at (config, graph, spec->name, parameters, error) ||
        !shape_inputs (config, spec, parameters, error))
      return FALSE;
    for (guint j = 0; j < parameters->len; j++) {
      gpointer parameter = g_ptr_array_index (parameters, j);

      if (spec->value) {
        if (!freeze (parameter, spec->value, error))
          return FALSE;
      } else if (!g_ptr_array_find (named, parameter, NULL)) {
        g_ptr_array_add (named, parameter);
      }
    }
  }
  order_inputs (graph, named);
  return TRUE;
}

/* --- all ------------------------------------------------------------------------ */

static gboolean
set_batch (const IrConvertConfig *config, IrGraph *graph, GError **error)
{
  for (guint i = 0; config->batch > 0 && i < graph->parameters->len; i++) {
    IrNode *parameter = g_ptr_array_index (graph->parameters, i);
    IrShape shape = parameter->outputs[0].shape;

    if (!ir_shape_set_batch (
            config, ir_port_name (ir_port (parameter, 0)), &shape, error))
      return FALSE;
    ir_node_set_parameter (parameter, parameter->outputs[0].dtype, &shape);
  }
  return TRUE;
}

/* A cut leaves inputs behind that nothing reads. */
static void
drop_inputs (IrGraph *graph)
{
  for (guint i = graph->parameters->len; i-- > 0;) {
    IrNode *parameter = g_ptr_array_index (graph->parameters, i);

    if (parameter->outputs[0].uses->len == 0)
      ir_graph_remove (graph, parameter);
  }
}

gboolean
ir_graph_cut (const IrConvertConfig *config, IrGraph *graph, GError **error)
{
  gboolean cut = config->inputs->len > 0 || config->outputs;

  if (config->outputs && !cut_outputs (config, graph, error))
    return FALSE;
  if (!cut_inputs (config, graph, error) || !set_batch (config, graph, error))
    return FALSE;
  if (!cut && config->batch == 0)
    return TRUE;
  if (cut) {
    ir_graph_sweep (graph);
    drop_inputs (graph);
  }
  return ir_graph_infer (graph, error);
}
