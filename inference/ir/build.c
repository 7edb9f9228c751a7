/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"

#include <ir/attrs.h>

#include <string.h>

#define MAX_NAMES 1024

/* Splits at commas and adds the names; "\," stands for a comma in a name. */
static gboolean
add_names (
    IrPort port, const IrLayerPort *xml, const char *names, GError **error)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint n = 0;

  for (;; names++) {
    if (names[0] == '\\' && names[1] == ',') {
      g_string_append_c (name, ',');
      names++;
      continue;
    }
    if (names[0] != ',' && names[0] != '\0') {
      g_string_append_c (name, names[0]);
      continue;
    }
    if (name->len > 0) {
      if (++n > MAX_NAMES)
        return ir_dom_fail (xml->xml, error, IR_ERROR_LIMIT,
            "more than %d tensor names at one port", MAX_NAMES);
      ir_port_add_name (port, name->str);
    }
    g_string_truncate (name, 0);
    if (names[0] == '\0')
      return TRUE;
  }
}

static gboolean
read_outputs (IrReader *reader, IrLayers *layers, const IrLayer *layer,
    GHashTable *tensors, GError **error)
{
  IrNode *node = layer->node;
  gsize i;

  for (i = 0; i < layer->n_out && i < node->n_outputs; i++) {
    const IrLayerPort *port = ir_layers_port (layers, layer->first_out + i);
    IrOutput *output = &node->outputs[i];
    const char *names = ir_dom_attr (port->xml, "names");
    gsize k;

    if (!ir_layer_read_rt_info (
            node->graph, port->xml, &output->rt_info, error))
      return FALSE;
    if (names && !add_names (ir_port (node, (guint) i), port, names, error))
      return FALSE;
    for (k = 0; k < output->n_names; k++)
      g_hash_table_add (tensors, (gpointer) output->names[k]);
  }
  return TRUE;
}

/* Old files know layer names only; readers of v11 look for tensor names. */
void
ir_graph_name_tensors (IrGraph *graph, GHashTable *tensors)
{
  IrNode *node;
  gsize i;

  for (node = graph->first; node; node = node->next) {
    if (node->op->flags & IR_OP_CONST)
      continue;
    for (i = 0; i < node->n_outputs; i++) {
      g_autofree char *name = node->n_outputs == 1
          ? g_strdup (node->name)
          : g_strdup_printf ("%s.%" G_GSIZE_FORMAT, node->name, i);

      if (node->outputs[i].n_names > 0 || !*name ||
          g_hash_table_contains (tensors, name))
        continue;
      ir_port_add_name (ir_port (node, (guint) i), name);
      g_hash_table_add (tensors, (gpointer) node->outputs[i].names[0]);
    }
  }
}

static gboolean
read_attrs (const IrLayer *layer, GError **error)
{
  IrNode *node = layer->node;
  const IrAttrDesc *attr;

  for (attr = layer->op->attrs; attr && attr->name; attr++) {
    const char *text =
        layer->data ? ir_dom_attr (layer->data, attr->name) : NULL;

    if (attr->flags & IR_ATTR_STRUCTURAL)
      continue;
    if (!text && !attr->def)
      return ir_layer_fail (
          layer, error, IR_ERROR_PARSE, "has no attribute '%s'", attr->name);
    if (text && !ir_attr_parse (node->graph, attr, text, node->attrs, error)) {
      g_prefix_error (error, "layer '%s' (%s): ", layer->name, layer->type);
      ir_dom_prefix (layer->xml, error);
      return FALSE;
    }
  }
  return TRUE;
}

/* The text keeps what a shape cannot hold, such as intervals. */
static gboolean
read_parameter (const IrLayer *layer, GError **error)
{
  IrParameterAttrs *attrs = layer->node->attrs;
  const char *text = attrs->shape;
  IrShape shape;

  if (!ir_shape_parse (text, &shape, error)) {
    g_prefix_error (error, "layer '%s' (%s): ", layer->name, layer->type);
    ir_dom_prefix (layer->xml, error);
    return FALSE;
  }
  ir_node_set_parameter (layer->node, (IrDType) attrs->element_type, &shape);
  attrs->shape = text;
  return TRUE;
}

static gboolean
check_ports (const IrLayer *layer, GError **error)
{
  const IrOpDesc *op = layer->op;

  if (layer->n_in < op->min_inputs)
    return ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " inputs; the op takes at least %u", layer->n_in,
        op->min_inputs);
  if (op->max_inputs != IR_VARIADIC && layer->n_in > op->max_inputs)
    return ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " inputs; the op takes at most %u", layer->n_in,
        op->max_inputs);
  if (op->n_outputs == IR_VARIADIC ? layer->n_out == 0
                                   : layer->n_out > op->n_outputs)
    return ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " outputs, which the op cannot have",
        layer->n_out);
  return TRUE;
}

static gboolean
build_bodies (IrReader *reader, const IrLayers *layers, const IrLayer *layer,
    GError **error)
{
  guint b;

  for (b = 0; b < IR_LAYER_BODIES && layer->bodies[b]; b++) {
    g_autoptr (IrGraph) body = ir_graph_new (layer->name);

    if (!ir_layers_build (reader, layer->bodies[b], body, error))
      return FALSE;
    ir_node_add_body (layer->node, g_steal_pointer (&body));
  }
  return b == 0 || ir_layer_read_maps (layers, layer, error);
}

static void
gather_inputs (const IrLayers *layers, const IrLayer *layer, IrPort *inputs)
{
  gsize i;

  for (i = 0; i < layer->n_in; i++) {
    const IrLayerPort *port = ir_layers_port (layers, layer->first_in + i);
    const IrLayer *source = ir_layers_get (layers, (gsize) port->source);

    inputs[i] = ir_port (source->node, port->source_port);
  }
}

static gboolean
build_layer (IrReader *reader, IrLayers *layers, IrLayer *layer, IrGraph *graph,
    GHashTable *tensors, GError **error)
{
  g_autofree IrPort *inputs = g_new (IrPort, layer->n_in + 1);
  gboolean variadic = layer->op->n_outputs == IR_VARIADIC;
  g_autoptr (IrTensor) value = NULL;

  if (!check_ports (layer, error))
    return FALSE;
  if (layer->op->flags & IR_OP_CONST) {
    value = ir_layer_read_const (reader, layer, error);
    if (!value)
      return FALSE;
  }
  gather_inputs (layers, layer, inputs);
  layer->node = ir_graph_add (graph, layer->op, layer->name, inputs,
      layer->n_in, variadic ? layer->n_out : 0);
  if (value)
    ir_node_set_const (layer->node, value);
  else if (!read_attrs (layer, error))
    return FALSE;
  if ((layer->op->flags & IR_OP_PARAMETER) && !read_parameter (layer, error))
    return FALSE;
  return ir_layer_read_rt_info (
             graph, layer->xml, &layer->node->rt_info, error) &&
      read_outputs (reader, layers, layer, tensors, error) &&
      build_bodies (reader, layers, layer, error);
}

gboolean
ir_layers_build (
    IrReader *reader, IrLayers *layers, IrGraph *graph, GError **error)
{
  g_autoptr (GHashTable) tensors = g_hash_table_new (g_str_hash, g_str_equal);
  gsize i;

  /* Parameters in the order of the file: it is that of the model's inputs. */
  for (i = 0; i < layers->layers->len; i++) {
    IrLayer *layer = ir_layers_get (layers, i);

    if (layer->op && (layer->op->flags & IR_OP_PARAMETER) &&
        !build_layer (reader, layers, layer, graph, tensors, error))
      return FALSE;
  }
  for (i = 0; i < layers->order->len; i++) {
    IrLayer *layer =
        ir_layers_get (layers, g_array_index (layers->order, gsize, i));

    if (!layer->node &&
        !build_layer (reader, layers, layer, graph, tensors, error))
      return FALSE;
  }
  if (reader->version < 11)
    ir_graph_name_tensors (graph, tensors);
  return TRUE;
}
