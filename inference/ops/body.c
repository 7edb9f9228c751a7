/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/body.h>

#include <string.h>

#define MAP_FIELDS (sizeof (IrBodyMap) / sizeof (gint64))
#define LINK_FIELDS (sizeof (IrBodyLink) / sizeof (gint64))

gsize
ir_body_map_count (const IrI64s *list)
{
  return list->n / MAP_FIELDS;
}

gsize
ir_body_link_count (const IrI64s *list)
{
  return list->n / LINK_FIELDS;
}

IrBodyMap
ir_body_map_get (const IrI64s *list, gsize index)
{
  IrBodyMap map;

  memcpy (&map, list->v + index * MAP_FIELDS, sizeof map);
  return map;
}

IrBodyLink
ir_body_link_get (const IrI64s *list, gsize index)
{
  IrBodyLink link;

  memcpy (&link, list->v + index * LINK_FIELDS, sizeof link);
  return link;
}

IrI64s
ir_body_maps (IrGraph *graph, const IrBodyMap *v, gsize n)
{
  return ir_graph_i64s (graph, (const gint64 *) v, n * MAP_FIELDS);
}

IrI64s
ir_body_links (IrGraph *graph, const IrBodyLink *v, gsize n)
{
  return ir_graph_i64s (graph, (const gint64 *) v, n * LINK_FIELDS);
}
