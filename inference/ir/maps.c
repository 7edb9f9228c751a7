/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Port maps and back edges of ops with bodies: from layer and port ids to
 * positions. */
#include "reader.h"

#include <ir/body.h>

#include <string.h>

#define MAX_ENTRIES IR_MAX_INPUTS

/* The position of body layer @attr among those with @flag. */
static gboolean
get_inner (const IrLayers *body, const xmlNode *xml, const char *attr,
    IrOpFlags flag, gint64 *slot, GError **error)
{
  const IrLayer *layer;
  guint64 id;

  if (!ir_dom_get_u64 (xml, attr, &id, error))
    return FALSE;
  layer = ir_layers_find (body, id);
  if (!layer || !layer->op || !(layer->op->flags & flag))
    return ir_dom_fail (xml, error, IR_ERROR_PARSE,
        "%s=\"%" G_GUINT64_FORMAT "\" is not a %s of the body", attr, id,
        flag == IR_OP_PARAMETER ? "Parameter" : "Result");
  *slot = layer->slot;
  return TRUE;
}

static gboolean
get_port (const IrLayers *layers, const IrLayer *layer, const xmlNode *xml,
    gboolean is_input, gint64 *port, GError **error)
{
  guint64 id;
  guint index;

  if (!ir_dom_get_u64 (xml, "external_port_id", &id, error))
    return FALSE;
  if (!ir_layers_find_port (layers,
          is_input ? layer->first_in : layer->first_out,
          is_input ? layer->n_in : layer->n_out, id, &index))
    return ir_dom_fail (xml, error, IR_ERROR_PARSE,
        "external_port_id=\"%" G_GUINT64_FORMAT "\" is not an %s of layer '%s'",
        id, is_input ? "input" : "output", layer->name);
  *port = index;
  return TRUE;
}

static gboolean
read_slices (const xmlNode *xml, IrBodyMap *map, GError **error)
{
  map->axis = IR_BODY_WHOLE;
  map->start = 0;
  map->end = -1;
  map->stride = 1;
  map->part_size = 1;
  if (!ir_dom_get_i64 (xml, "axis", &map->axis, error))
    return FALSE;
  return map->axis == IR_BODY_WHOLE ||
      (ir_dom_get_i64 (xml, "start", &map->start, error) &&
          ir_dom_get_i64 (xml, "end", &map->end, error) &&
          ir_dom_get_i64 (xml, "stride", &map->stride, error) &&
          ir_dom_get_i64 (xml, "part_size", &map->part_size, error));
}

/* Entries that have a purpose instead of a port. */
static gboolean
read_purpose (const IrLayers *body, const xmlNode *xml, const char *purpose,
    IrLoopAttrs *attrs, GError **error)
{
  if (ir_dom_is (xml, "input") && strcmp (purpose, "current_iteration") == 0)
    return get_inner (body, xml, "internal_layer_id", IR_OP_PARAMETER,
        &attrs->current_iteration, error);
  if (ir_dom_is (xml, "output") && strcmp (purpose, "execution_condition") == 0)
    return get_inner (body, xml, "internal_layer_id", IR_OP_RESULT,
        &attrs->execution_condition, error);
  return ir_dom_fail (
      xml, error, IR_ERROR_PARSE, "unknown purpose \"%.64s\"", purpose);
}

static gboolean
read_loop_entry (const IrLayers *layers, const IrLayer *layer,
    const xmlNode *xml, GArray *list, IrLoopAttrs *attrs, GError **error)
{
  gboolean is_input = ir_dom_is (xml, "input");
  const char *purpose = ir_dom_attr (xml, "purpose");
  const IrLayers *body = layer->bodies[0];
  IrBodyMap map;
  gint64 id = 0;

  if (purpose && *purpose && !read_purpose (body, xml, purpose, attrs, error))
    return FALSE;
  if (!ir_dom_get_i64 (xml, "external_port_id", &id, error))
    return FALSE;
  if (id == -1)
    return TRUE;
  if (!get_port (layers, layer, xml, is_input, &map.port, error) ||
      !get_inner (body, xml, "internal_layer_id",
          is_input ? IR_OP_PARAMETER : IR_OP_RESULT, &map.inner, error) ||
      !read_slices (xml, &map, error))
    return FALSE;
  g_array_append_val (list, map);
  return TRUE;
}

static gboolean
check_count (const IrLayer *layer, const GArray *list, GError **error)
{
  if (list->len <= MAX_ENTRIES)
    return TRUE;
  return ir_layer_fail (layer, error, IR_ERROR_LIMIT,
      "%u entries in a port map; %d are the limit", list->len, MAX_ENTRIES);
}

static gboolean
read_back_edges (const IrLayer *layer, GArray *list, GError **error)
{
  const xmlNode *edges = ir_dom_child (layer->xml, "back_edges");
  const xmlNode *xml;
  IrBodyLink link;

  for (xml = ir_dom_child (edges, "edge"); xml;
       xml = ir_dom_next (xml, "edge")) {
    if (!get_inner (layer->bodies[0], xml, "from-layer", IR_OP_RESULT,
            &link.from, error) ||
        !get_inner (layer->bodies[0], xml, "to-layer", IR_OP_PARAMETER,
            &link.to, error))
      return FALSE;
    g_array_append_val (list, link);
  }
  return check_count (layer, list, error);
}

static gboolean
read_loop (const IrLayers *layers, const IrLayer *layer, GError **error)
{
  g_autoptr (GArray) in = g_array_new (FALSE, FALSE, sizeof (IrBodyMap));
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (IrBodyMap));
  g_autoptr (GArray) back = g_array_new (FALSE, FALSE, sizeof (IrBodyLink));
  const xmlNode *map = ir_dom_child (layer->xml, "port_map");
  IrGraph *graph = layer->node->graph;
  IrLoopAttrs *attrs = layer->node->attrs;
  const xmlNode *xml;

  attrs->current_iteration = -1;
  attrs->execution_condition = -1;
  for (xml = ir_dom_child (map, NULL); xml; xml = ir_dom_next (xml, NULL)) {
    GArray *list = ir_dom_is (xml, "input") ? in : out;

    if ((ir_dom_is (xml, "input") || ir_dom_is (xml, "output")) &&
        !read_loop_entry (layers, layer, xml, list, attrs, error))
      return FALSE;
  }
  if (!check_count (layer, in, error) || !check_count (layer, out, error) ||
      !read_back_edges (layer, back, error))
    return FALSE;
  attrs->inputs = ir_body_maps (graph, (IrBodyMap *) in->data, in->len);
  attrs->outputs = ir_body_maps (graph, (IrBodyMap *) out->data, out->len);
  attrs->back_edges =
      ir_body_links (graph, (IrBodyLink *) back->data, back->len);
  return TRUE;
}

static gboolean
read_branch (const IrLayers *layers, const IrLayer *layer, guint b,
    const char *tag, IrI64s *inputs, IrI64s *outputs, GError **error)
{
  g_autoptr (GArray) in = g_array_new (FALSE, FALSE, sizeof (IrBodyLink));
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (IrBodyLink));
  const xmlNode *map = ir_dom_child (layer->xml, tag);
  IrGraph *graph = layer->node->graph;
  const xmlNode *xml;
  IrBodyLink link;

  for (xml = ir_dom_child (map, NULL); xml; xml = ir_dom_next (xml, NULL)) {
    gboolean is_input = ir_dom_is (xml, "input");

    if (!is_input && !ir_dom_is (xml, "output"))
      continue;
    if (!get_port (layers, layer, xml, is_input, &link.from, error) ||
        !get_inner (layer->bodies[b], xml, "internal_layer_id",
            is_input ? IR_OP_PARAMETER : IR_OP_RESULT, &link.to, error))
      return FALSE;
    g_array_append_val (is_input ? in : out, link);
  }
  if (!check_count (layer, in, error) || !check_count (layer, out, error))
    return FALSE;
  *inputs = ir_body_links (graph, (IrBodyLink *) in->data, in->len);
  *outputs = ir_body_links (graph, (IrBodyLink *) out->data, out->len);
  return TRUE;
}

gboolean
ir_layer_read_maps (
    const IrLayers *layers, const IrLayer *layer, GError **error)
{
  const IrBodyTags *tags = ir_body_tags_of (layer->op);
  IrIfAttrs *attrs = layer->node->attrs;

  if (!tags->body[1])
    return read_loop (layers, layer, error);
  return read_branch (layers, layer, 0, tags->port_map[0], &attrs->then_inputs,
             &attrs->then_outputs, error) &&
      read_branch (layers, layer, 1, tags->port_map[1], &attrs->else_inputs,
          &attrs->else_outputs, error);
}
