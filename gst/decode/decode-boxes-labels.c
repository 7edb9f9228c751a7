/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  BOXES,
  LABELS
};

static gboolean
is_list (const IrPort *port, gint64 n)
{
  gint64 count[1];

  /* [N], or [1,N] */
  return port->shape.rank <= 2 && ir_port_as (port, 1, count) && *count == n;
}

IrFit
ir_match_boxes_labels (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  gint64 dims[2];

  if (ports->n < 2)
    return IR_FIT_NONE;
  for (guint b = 0; b < ports->n; b++) {
    if (!ir_port_as (&ports->port[b], 2, dims) || dims[1] != 5)
      continue;
    for (guint l = 0; l < ports->n; l++) {
      if (l == b || !is_list (&ports->port[l], dims[0]))
        continue;
      roles->slot[BOXES] = b;
      roles->slot[LABELS] = l;
      return ports->n == 2 ? IR_FIT_EXACT : IR_FIT_LIKELY;
    }
  }
  return IR_FIT_NONE;
}

gboolean
ir_decode_boxes_labels (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const IrPort *boxes = &ports->port[roles->slot[BOXES]];
  const float *row = boxes->data;
  const float *label = ports->port[roles->slot[LABELS]].data;
  gint64 dims[2];
  double sx = 1, sy = 1;

  ir_port_as (boxes, 2, dims);
  if (ir_looks_relative (row, dims[0], 5, 4, 1)) {
    sx = params->width;
    sy = params->height;
  }
  for (gint64 n = 0; n < dims[0]; n++, row += 5) {
    if (label[n] >= 0 && label[n] < G_MAXINT16)
      ir_detections_add (out, params, row[0] * sx, row[1] * sy, row[2] * sx,
          row[3] * sy, row[4], (gint) label[n]);
  }
  return TRUE;
}
