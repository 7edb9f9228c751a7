/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reader.h"
#include "writer.h"

#include <ir/body.h>

static guint
parameter_id (const IrLayerIds *ids, const IrGraph *body, gint64 index)
{
  return ir_layer_ids_get (ids, body->parameters->pdata[index]);
}

static guint
result_id (const IrLayerIds *ids, const IrGraph *body, gint64 index)
{
  return ir_layer_ids_get (ids, body->results->pdata[index]);
}

static void
write_ends (IrText *text, gint64 port, guint inner)
{
  ir_text_attr_f (text, "external_port_id", "%" G_GINT64_FORMAT, port);
  ir_text_attr_f (text, "internal_layer_id", "%u", inner);
}

static void
write_map (IrText *text, const char *tag, const IrBodyMap *map, gint64 port,
    guint inner)
{
  ir_text_open (text, tag);
  if (map->axis != IR_BODY_WHOLE)
    ir_text_attr_f (text, "axis", "%" G_GINT64_FORMAT, map->axis);
  write_ends (text, port, inner);
  if (map->axis != IR_BODY_WHOLE) {
    ir_text_attr_f (text, "start", "%" G_GINT64_FORMAT, map->start);
    ir_text_attr_f (text, "end", "%" G_GINT64_FORMAT, map->end);
    ir_text_attr_f (text, "stride", "%" G_GINT64_FORMAT, map->stride);
    ir_text_attr_f (text, "part_size", "%" G_GINT64_FORMAT, map->part_size);
  }
  ir_text_close (text, tag);
}

static void
write_purpose (IrText *text, const char *tag, const char *purpose, guint inner)
{
  ir_text_open (text, tag);
  write_ends (text, -1, inner);
  ir_text_attr (text, "purpose", purpose);
  ir_text_close (text, tag);
}

static void
write_loop_map (IrText *text, const IrNode *node, const IrLayerIds *ids)
{
  const IrLoopAttrs *attrs = node->attrs;
  const IrGraph *body = node->bodies[0];
  gsize i;

  ir_text_open (text, "port_map");
  for (i = 0; i < ir_body_map_count (&attrs->inputs); i++) {
    IrBodyMap map = ir_body_map_get (&attrs->inputs, i);

    write_map (
        text, "input", &map, map.port, parameter_id (ids, body, map.inner));
  }
  if (attrs->current_iteration >= 0)
    write_purpose (text, "input", "current_iteration",
        parameter_id (ids, body, attrs->current_iteration));
  for (i = 0; i < ir_body_map_count (&attrs->outputs); i++) {
    IrBodyMap map = ir_body_map_get (&attrs->outputs, i);

    write_map (text, "output", &map, (gint64) node->n_inputs + map.port,
        result_id (ids, body, map.inner));
  }
  if (attrs->execution_condition >= 0)
    write_purpose (text, "output", "execution_condition",
        result_id (ids, body, attrs->execution_condition));
  ir_text_close (text, "port_map");
}

static void
write_back_edges (IrText *text, const IrNode *node, const IrLayerIds *ids)
{
  const IrLoopAttrs *attrs = node->attrs;
  const IrGraph *body = node->bodies[0];
  gsize i;

  ir_text_open (text, "back_edges");
  for (i = 0; i < ir_body_link_count (&attrs->back_edges); i++) {
    IrBodyLink link = ir_body_link_get (&attrs->back_edges, i);

    ir_text_open (text, "edge");
    ir_text_attr_f (text, "from-layer", "%u", result_id (ids, body, link.from));
    ir_text_attr_f (text, "to-layer", "%u", parameter_id (ids, body, link.to));
    ir_text_close (text, "edge");
  }
  ir_text_close (text, "back_edges");
}

static void
write_branch_map (IrText *text, const IrNode *node, guint b, const char *tag,
    const IrLayerIds *ids)
{
  const IrIfAttrs *attrs = node->attrs;
  const IrI64s *inputs = b == 0 ? &attrs->then_inputs : &attrs->else_inputs;
  const IrI64s *outputs = b == 0 ? &attrs->then_outputs : &attrs->else_outputs;
  gsize i;

  ir_text_open (text, tag);
  for (i = 0; i < ir_body_link_count (inputs); i++) {
    IrBodyLink link = ir_body_link_get (inputs, i);

    ir_text_open (text, "input");
    write_ends (text, link.from, parameter_id (ids, node->bodies[b], link.to));
    ir_text_close (text, "input");
  }
  for (i = 0; i < ir_body_link_count (outputs); i++) {
    IrBodyLink link = ir_body_link_get (outputs, i);

    ir_text_open (text, "output");
    write_ends (text, (gint64) node->n_inputs + link.from,
        result_id (ids, node->bodies[b], link.to));
    ir_text_close (text, "output");
  }
  ir_text_close (text, tag);
}

static void
write_body (IrWriter *writer, const char *tag, const IrGraph *body,
    const IrLayerIds *ids)
{
  ir_text_open (&writer->text, tag);
  ir_write_layers (writer, body, ids);
  ir_text_close (&writer->text, tag);
}

void
ir_write_bodies (IrWriter *writer, const IrNode *node)
{
  const IrBodyTags *tags = ir_body_tags_of (node->op);
  guint b;

  for (b = 0; b < node->n_bodies; b++) {
    g_auto (IrLayerIds) ids;

    ir_layer_ids_init (&ids, node->bodies[b]);
    if (tags->body[1]) {
      write_branch_map (&writer->text, node, b, tags->port_map[b], &ids);
    } else {
      write_loop_map (&writer->text, node, &ids);
      write_back_edges (&writer->text, node, &ids);
    }
    write_body (writer, tags->body[b], node->bodies[b], &ids);
  }
}
