/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The .mapping file of versions up to 10: which layer makes which tensor. */
#include "writer.h"

static void
write_tensor (IrText *text, guint id, const IrNode *node, gsize index)
{
  const IrOutput *output = &node->outputs[index];

  ir_text_open (text, "map");
  ir_text_open (text, "framework");
  ir_text_attr (
      text, "name", output->n_names > 0 ? output->names[0] : node->name);
  ir_text_attr_f (text, "out_port_id", "%" G_GSIZE_FORMAT, index);
  ir_text_close (text, "framework");
  ir_text_open (text, "IR");
  ir_text_attr_f (text, "id", "%u", id);
  ir_text_attr (text, "name", node->name);
  ir_text_attr_f (
      text, "out_port_id", "%" G_GSIZE_FORMAT, node->n_inputs + index);
  ir_text_close (text, "IR");
  ir_text_close (text, "map");
}

char *
ir_write_mapping (const IrGraph *graph)
{
  GString *xml = g_string_new ("<?xml version=\"1.0\"?>");
  IrText text = { xml, 0, FALSE };
  g_auto (IrLayerIds) ids = { NULL, NULL };

  ir_layer_ids_init (&ids, graph);
  ir_text_open (&text, "mapping");
  for (guint i = 0; i < ids.order->len; i++) {
    const IrNode *node = ids.order->pdata[i];

    if (node->op->flags & IR_OP_CONST)
      continue;
    for (gsize out = 0; out < node->n_outputs; out++)
      write_tensor (&text, i, node, out);
  }
  ir_text_close (&text, "mapping");
  g_string_append_c (xml, '\n');
  return g_string_free (xml, FALSE);
}
