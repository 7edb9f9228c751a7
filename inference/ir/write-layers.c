/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "writer.h"

void
ir_layer_ids_init (IrLayerIds *ids, const IrGraph *graph)
{
  const guint ends = IR_OP_PARAMETER | IR_OP_RESULT;
  const IrNode *node;
  guint i;

  ids->order = g_ptr_array_new ();
  ids->ids = g_hash_table_new (NULL, NULL);
  for (i = 0; i < graph->parameters->len; i++)
    g_ptr_array_add (ids->order, graph->parameters->pdata[i]);
  for (node = graph->first; node; node = node->next)
    if (!(node->op->flags & ends))
      g_ptr_array_add (ids->order, (gpointer) node);
  for (i = 0; i < graph->results->len; i++)
    g_ptr_array_add (ids->order, graph->results->pdata[i]);
  for (i = 0; i < ids->order->len; i++)
    g_hash_table_insert (ids->ids, ids->order->pdata[i], GUINT_TO_POINTER (i));
}

void
ir_layer_ids_clear (IrLayerIds *ids)
{
  g_clear_pointer (&ids->order, g_ptr_array_unref);
  g_clear_pointer (&ids->ids, g_hash_table_unref);
}

guint
ir_layer_ids_get (const IrLayerIds *ids, const IrNode *node)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (ids->ids, node));
}

/* --- one layer ------------------------------------------------------------- */

static void
write_const_data (IrWriter *writer, const IrTensor *value)
{
  g_autoptr (GString) shape = g_string_new (NULL);
  gint i;

  for (i = 0; i < value->shape.rank; i++)
    g_string_append_printf (
        shape, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "", value->shape.dim[i]);
  ir_text_open (&writer->text, "data");
  ir_text_attr (&writer->text, "element_type", ir_dtype_name (value->dtype));
  ir_text_attr (&writer->text, "shape", shape->str);
  ir_text_attr_f (&writer->text, "offset", "%" G_GUINT64_FORMAT,
      ir_blobs_add (writer->blobs, value->data, value->size));
  ir_text_attr_f (&writer->text, "size", "%" G_GSIZE_FORMAT, value->size);
  ir_text_close (&writer->text, "data");
}

static gboolean
is_data (const IrAttrDesc *attr)
{
  return (attr->flags & IR_ATTR_STRUCTURAL) == 0;
}

static void
write_data (IrWriter *writer, const IrNode *node)
{
  const IrAttrDesc *attr = node->op->attrs;
  gboolean any = FALSE;

  for (; attr && attr->name; attr++) {
    g_autofree char *value = NULL;

    if (!is_data (attr))
      continue;
    if (!any)
      ir_text_open (&writer->text, "data");
    any = TRUE;
    value = ir_attr_to_string (attr, node->attrs);
    ir_text_attr (&writer->text, attr->name, value);
  }
  if (any)
    ir_text_close (&writer->text, "data");
}

static void
write_names (IrText *text, const IrOutput *output)
{
  g_autoptr (GString) names = g_string_new (NULL);
  const char *at;
  gsize i;

  if (output->n_names == 0)
    return;
  for (i = 0; i < output->n_names; i++) {
    if (i > 0)
      g_string_append_c (names, ',');
    for (at = output->names[i]; *at; at++) {
      if (*at == ',')
        g_string_append_c (names, '\\');
      g_string_append_c (names, *at);
    }
  }
  ir_text_attr (text, "names", names->str);
}

/* @is_output ports carry names and rt_info too. */
static void
write_port (IrText *text, gsize id, const IrOutput *output, gboolean is_output)
{
  gint i;

  ir_text_open (text, "port");
  ir_text_attr_f (text, "id", "%" G_GSIZE_FORMAT, id);
  ir_text_attr (text, "precision", ir_dtype_precision (output->dtype));
  if (is_output)
    write_names (text, output);
  for (i = 0; i < output->shape.rank; i++)
    ir_text_number (text, "dim", output->shape.dim[i]);
  if (is_output)
    ir_write_rt_info (text, output->rt_info);
  ir_text_close (text, "port");
}

static void
write_ports (IrText *text, const IrNode *node)
{
  gsize i;

  if (node->n_inputs > 0) {
    ir_text_open (text, "input");
    for (i = 0; i < node->n_inputs; i++)
      write_port (text, i, ir_node_input (node, (guint) i), FALSE);
    ir_text_close (text, "input");
  }
  if (node->n_outputs > 0) {
    ir_text_open (text, "output");
    for (i = 0; i < node->n_outputs; i++)
      write_port (text, node->n_inputs + i, &node->outputs[i], TRUE);
    ir_text_close (text, "output");
  }
}

static void
write_name (IrText *text, const IrNode *node)
{
  if (*node->name || !(node->op->flags & IR_OP_RESULT))
    ir_text_attr (text, "name", node->name);
  else
    ir_text_attr_f (text, "name", "%s/sink_port_%u", node->inputs[0].node->name,
        node->inputs[0].index);
}

static void
write_layer (IrWriter *writer, guint id, const IrNode *node)
{
  IrText *text = &writer->text;

  ir_text_open (text, "layer");
  ir_text_attr_f (text, "id", "%u", id);
  write_name (text, node);
  ir_text_attr (text, "type", node->op->type);
  ir_text_attr_f (text, "version", "opset%u", node->op->opset);
  if (node->op->flags & IR_OP_CONST)
    write_const_data (writer, node->outputs[0].value);
  else
    write_data (writer, node);
  ir_write_rt_info (text, node->rt_info);
  write_ports (text, node);
  if (node->n_bodies > 0)
    ir_write_bodies (writer, node);
  ir_text_close (text, "layer");
}

/* --- all of them ----------------------------------------------------------- */

static void
write_edges (IrText *text, const IrLayerIds *ids, const IrNode *node)
{
  gsize i;

  for (i = 0; i < node->n_inputs; i++) {
    IrPort from = node->inputs[i];

    ir_text_open (text, "edge");
    ir_text_attr_f (
        text, "from-layer", "%u", ir_layer_ids_get (ids, from.node));
    ir_text_attr_f (text, "from-port", "%" G_GSIZE_FORMAT,
        from.node->n_inputs + from.index);
    ir_text_attr_f (text, "to-layer", "%u", ir_layer_ids_get (ids, node));
    ir_text_attr_f (text, "to-port", "%" G_GSIZE_FORMAT, i);
    ir_text_close (text, "edge");
  }
}

void
ir_write_layers (IrWriter *writer, const IrGraph *graph, const IrLayerIds *ids)
{
  guint i;

  ir_text_open (&writer->text, "layers");
  for (i = 0; i < ids->order->len; i++)
    write_layer (writer, i, ids->order->pdata[i]);
  ir_text_close (&writer->text, "layers");
  ir_text_open (&writer->text, "edges");
  for (i = 0; i < ids->order->len; i++)
    write_edges (&writer->text, ids, ids->order->pdata[i]);
  ir_text_close (&writer->text, "edges");
}
