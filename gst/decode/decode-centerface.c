/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  HEAT,
  SIZE,
  OFFSET,
  POINTS
};

#define STRIDE 4
#define N_POINTS 5

/* Both have two channels: by name if that says it, else in the order of the
 * network, which numbers its layers. */
static gboolean
in_order (const IrPort *size, const IrPort *offset)
{
  gint64 a, b;

  if (ir_port_is (size, "off") || ir_port_is (offset, "scale size wh hw"))
    return FALSE;
  if (ir_port_is (offset, "off") || ir_port_is (size, "scale size wh hw"))
    return TRUE;
  a = g_ascii_strtoll (size->name, NULL, 10);
  b = g_ascii_strtoll (offset->name, NULL, 10);
  return a <= b;
}

static gboolean
same_grid (const IrPorts *ports)
{
  const IrShape *first = &ports->port[0].shape;

  for (guint i = 0; i < ports->n; i++) {
    const IrShape *shape = &ports->port[i].shape;

    if (shape->rank != 4 || shape->dim[0] != 1 ||
        shape->dim[2] != first->dim[2] || shape->dim[3] != first->dim[3])
      return FALSE;
  }
  return TRUE;
}

IrFit
ir_match_centerface (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  guint heat = 0, pairs = 0, points = 0;

  if ((ports->n != 3 && ports->n != 4) || !same_grid (ports))
    return IR_FIT_NONE;
  for (guint i = 0; i < ports->n; i++) {
    switch (ports->port[i].shape.dim[1]) {
      case 1:
        heat++;
        roles->slot[HEAT] = i;
        break;
      case 2:
        roles->slot[pairs++ ? OFFSET : SIZE] = i;
        break;
      case 2 * N_POINTS:
        points++;
        roles->slot[POINTS] = i;
        break;
      default:
        return IR_FIT_NONE;
    }
  }
  if (heat != 1 || pairs != 2 || points != ports->n - 3)
    return IR_FIT_NONE;
  if (!in_order (
          &ports->port[roles->slot[SIZE]], &ports->port[roles->slot[OFFSET]])) {
    guint other = roles->slot[SIZE];

    roles->slot[SIZE] = roles->slot[OFFSET];
    roles->slot[OFFSET] = other;
  }
  return IR_FIT_EXACT;
}

gboolean
ir_decode_centerface (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const IrPort *heat = &ports->port[roles->slot[HEAT]];
  const float *size = ports->port[roles->slot[SIZE]].data;
  const float *offset = ports->port[roles->slot[OFFSET]].data;
  const float *points =
      ports->n == 4 ? ports->port[roles->slot[POINTS]].data : NULL;
  gsize width = heat->shape.dim[3];
  gsize cells = (gsize) heat->shape.dim[2] * width;

  out->n_points = points ? N_POINTS : 0;
  out->suppress = TRUE;
  for (gsize i = 0; i < cells; i++) {
    double h, w, x0, y0;
    IrDetection *face;

    if (!ir_keep (params, 0, heat->data[i]))
      continue;
    h = exp (size[i]) * STRIDE;
    w = exp (size[cells + i]) * STRIDE;
    y0 = (i / width + offset[i] + 0.5) * STRIDE - h / 2;
    x0 = (i % width + offset[cells + i] + 0.5) * STRIDE - w / 2;
    face = ir_detections_add (
        out, params, x0, y0, x0 + w, y0 + h, heat->data[i], 0);
    for (guint p = 0; face && p < out->n_points; p++)
      ir_detections_add_point (out, face,
          points[(2 * p + 1) * cells + i] * w + x0,
          points[2 * p * cells + i] * h + y0, 1);
  }
  return TRUE;
}
