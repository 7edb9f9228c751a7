/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the layers of an old file to a graph. */
#include "write-old.h"

#include <errno.h>
#include <string.h>

static const IrOldRow rows[] = {
#define VARIANT(type, key, value, op, opset, min_in, max_in, read)             \
  { #type, key, value, op, opset, min_in, max_in, ir_old_##read },
#define LAYER(type, op, opset, min_in, max_in, read)                           \
  VARIANT (type, NULL, NULL, op, opset, min_in, max_in, read)
#include "old-layers.inc"
#undef VARIANT
#undef LAYER
};

const IrOldRow *
ir_old_find (const char *type, const xmlNode *data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const char *value = rows[i].key ? ir_old_attr (data, rows[i].key) : NULL;

    if (g_ascii_strcasecmp (rows[i].type, type) == 0 &&
        (!rows[i].key ||
            (value && g_ascii_strcasecmp (rows[i].value, value) == 0)))
      return &rows[i];
  }
  return NULL;
}

const IrOldRow *
ir_old_row_of (const IrOpDesc *op)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    const IrOldRead read = rows[i].read;

    if ((read == ir_old_direct || read == ir_old_eltwise ||
            read == ir_old_sum) &&
        ir_op_lookup_number (rows[i].op, rows[i].opset) == op)
      return &rows[i];
  }
  return NULL;
}

/* --- shapes of the file ---------------------------------------------------- */

static gboolean
read_dim (const xmlNode *xml, gint64 *dim, GError **error)
{
  const char *text = xml->children && xml->children->content
      ? (const char *) xml->children->content
      : "";
  char *end;

  errno = 0;
  *dim = g_ascii_strtoll (text, &end, 10);
  if (errno || end == text || end[strspn (end, " \t\r\n")] || *dim < 1)
    return ir_dom_fail (xml, error, IR_ERROR_PARSE,
        "<dim>%.32s</dim> is not a size from 1 on", text);
  return TRUE;
}

static gboolean
read_shape (const IrLayerPort *port, IrShape *shape, GError **error)
{
  gint64 dims[IR_MAX_RANK];
  guint64 count;
  gsize n = 0;

  for (const xmlNode *xml = ir_dom_child (port->xml, "dim"); xml;
       xml = ir_dom_next (xml, "dim")) {
    if (n == IR_MAX_RANK)
      return ir_dom_fail (port->xml, error, IR_ERROR_LIMIT,
          "the port has more than %d dimensions", IR_MAX_RANK);
    if (!read_dim (xml, &dims[n++], error))
      return FALSE;
  }
  if (!ir_shape_init (shape, n, dims, error)) {
    ir_dom_prefix (port->xml, error);
    return FALSE;
  }
  if (!ir_shape_count (shape, &count) || count > G_MAXINT64)
    return ir_dom_fail (port->xml, error, IR_ERROR_LIMIT,
        "the port has more elements than can be counted");
  return TRUE;
}

static gboolean
read_shapes (IrLayers *layers, IrGraph *graph, IrLayer *layer, GError **error)
{
  layer->shapes = ir_graph_alloc (graph, layer->n_out * sizeof (IrShape));
  layer->outs = ir_graph_alloc (graph, layer->n_out * sizeof (IrPort));
  for (gsize i = 0; i < layer->n_out; i++)
    if (!read_shape (ir_layers_port (layers, layer->first_out + i),
            &layer->shapes[i], error))
      return FALSE;
  return TRUE;
}

/* Both ends of an edge say the same. */
static gboolean
check_in_shapes (const IrOld *old, GError **error)
{
  char was[IR_SHAPE_TEXT], now[IR_SHAPE_TEXT];

  for (gsize i = 0; i < old->layer->n_in; i++) {
    const IrLayerPort *port =
        ir_layers_port (old->layers, old->layer->first_in + i);
    const IrShape *from = ir_old_in_shape (old, i);
    IrShape shape;

    if (!read_shape (port, &shape, error))
      return FALSE;
    if (!ir_shape_equal (&shape, from))
      return ir_layer_fail (old->layer, error, IR_ERROR_PARSE,
          "input port %" G_GUINT64_FORMAT " is %s, but what it reads is %s",
          port->id, ir_shape_print (&shape, was), ir_shape_print (from, now));
  }
  return TRUE;
}

/* --- layers ---------------------------------------------------------------- */

static gboolean
check_ports (const IrLayer *layer, GError **error)
{
  if (layer->n_in < layer->old->min_in || layer->n_in > layer->old->max_in)
    return ir_layer_fail (layer, error, IR_ERROR_PARSE,
        "has %" G_GSIZE_FORMAT " inputs; it takes %u to %u", layer->n_in,
        layer->old->min_in, layer->old->max_in);
  if (layer->n_out == 0)
    return ir_layer_fail (layer, error, IR_ERROR_PARSE, "has no output");
  return TRUE;
}

static gboolean
build_layer (IrOld *old, GError **error)
{
  IrLayer *layer = old->layer;
  g_autofree IrPort *in = g_new (IrPort, layer->n_in + 1);

  if (!check_ports (layer, error) || !check_in_shapes (old, error))
    return FALSE;
  for (gsize i = 0; i < layer->n_in; i++) {
    const IrLayerPort *port = ir_layers_port (old->layers, layer->first_in + i);
    const IrLayer *source = ir_layers_get (old->layers, (gsize) port->source);

    in[i] = source->outs[port->source_port];
  }
  old->in = in;
  ir_old_out (old, 0, layer->old->read (old));
  for (gsize i = 0; i < layer->n_out && !old->error; i++)
    if (!layer->outs[i].node)
      ir_old_fail (old, IR_ERROR_PARSE,
          "has %" G_GSIZE_FORMAT " outputs, which it cannot have",
          layer->n_out);
  if (!old->error)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&old->error));
  return FALSE;
}

/* Tensors have the names of layers, whatever the nodes that make them are called. */
static void
name_outputs (const IrLayer *layer, GHashTable *tensors)
{
  for (gsize i = 0; i < layer->n_out; i++) {
    g_autofree char *name = layer->n_out == 1
        ? g_strdup (layer->name)
        : g_strdup_printf ("%s.%" G_GSIZE_FORMAT, layer->name, i);

    if (!*name || (layer->outs[i].node->op->flags & IR_OP_CONST) ||
        g_hash_table_contains (tensors, name))
      continue;
    ir_port_add_name (layer->outs[i], name);
    g_hash_table_add (tensors, g_steal_pointer (&name));
  }
}

static GHashTable *
find_read_ports (const IrLayers *layers)
{
  GHashTable *read = g_hash_table_new (NULL, NULL);

  for (gsize i = 0; i < layers->layers->len; i++) {
    const IrLayer *layer = ir_layers_get (layers, i);

    for (gsize in = 0; in < layer->n_in; in++) {
      const IrLayerPort *port = ir_layers_port (layers, layer->first_in + in);
      const IrLayer *source = ir_layers_get (layers, (gsize) port->source);

      g_hash_table_add (
          read, GSIZE_TO_POINTER (source->first_out + port->source_port));
    }
  }
  return read;
}

/* What nobody reads is an output of the model. */
static void
add_results (const IrLayers *layers, IrGraph *graph)
{
  g_autoptr (GHashTable) read = find_read_ports (layers);

  for (gsize i = 0; i < layers->layers->len; i++) {
    const IrLayer *layer = ir_layers_get (layers, i);

    for (gsize out = 0; out < layer->n_out; out++) {
      g_autofree char *name =
          g_strdup_printf ("%s/sink_port_%" G_GSIZE_FORMAT, layer->name, out);

      if (!g_hash_table_contains (
              read, GSIZE_TO_POINTER (layer->first_out + out)))
        ir_graph_add_result (graph, name, layer->outs[out]);
    }
  }
}

static gboolean
build_layers (
    IrReader *reader, IrLayers *layers, IrGraph *graph, GError **error)
{
  g_autoptr (GHashTable) tensors =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < layers->order->len; i++) {
    gsize index = g_array_index (layers->order, gsize, i);
    IrOld old = { reader, layers, ir_layers_get (layers, index), graph, NULL,
      NULL };

    if (!read_shapes (layers, graph, old.layer, error) ||
        !build_layer (&old, error))
      return FALSE;
    name_outputs (old.layer, tensors);
  }
  return TRUE;
}

/* The order of the file is that of the model's inputs. */
static void
sort_parameters (const IrLayers *layers, IrGraph *graph)
{
  g_ptr_array_set_size (graph->parameters, 0);
  for (gsize i = 0; i < layers->layers->len; i++) {
    IrNode *node = ir_layers_get (layers, i)->outs[0].node;

    if (ir_layers_get (layers, i)->n_in == 0 &&
        (node->op->flags & IR_OP_PARAMETER))
      g_ptr_array_add (graph->parameters, node);
  }
}

gboolean
ir_old_build (IrReader *reader, IrLayers *layers, const xmlNode *net,
    IrGraph *graph, GError **error)
{
  if (!build_layers (reader, layers, graph, error))
    return FALSE;
  sort_parameters (layers, graph);
  add_results (layers, graph);
  return ir_old_preprocess (reader, layers, net, graph, error);
}

gboolean
ir_old_check (const IrLayers *layers, GError **error)
{
  char said[IR_SHAPE_TEXT], is[IR_SHAPE_TEXT];

  for (gsize i = 0; i < layers->layers->len; i++) {
    const IrLayer *layer = ir_layers_get (layers, i);

    for (gsize out = 0; out < layer->n_out; out++) {
      const IrShape *shape = &ir_port_output (layer->outs[out])->shape;

      if (!ir_shape_fits (shape, &layer->shapes[out]))
        return ir_layer_fail (layer, error, IR_ERROR_SHAPE,
            "its output is %s, but the file says %s",
            ir_shape_print (shape, is),
            ir_shape_print (&layer->shapes[out], said));
    }
  }
  return TRUE;
}
