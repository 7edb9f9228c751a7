/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  IMAGE,
  LABEL,
  SCORE,
  X0,
  Y0,
  X1,
  Y1,
  COLUMNS
};

IrFit
ir_match_ssd (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  for (guint i = 0; i < ports->n; i++) {
    const IrShape *shape = &ports->port[i].shape;

    if (shape->rank == 4 && shape->dim[0] == 1 && shape->dim[1] == 1 &&
        shape->dim[3] == COLUMNS) {
      roles->slot[0] = i;
      return ports->n == 1 ? IR_FIT_EXACT : IR_FIT_LIKELY;
    }
  }
  return IR_FIT_NONE;
}

gboolean
ir_decode_ssd (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const IrPort *port = &ports->port[roles->slot[0]];
  const float *row = port->data;

  for (gint64 n = 0; n < port->shape.dim[2]; n++, row += COLUMNS) {
    /* The layer ends its list with a row for image -1. */
    if (row[IMAGE] < 0)
      break;
    if (!(row[LABEL] >= 0 && row[LABEL] < G_MAXINT16))
      continue;
    ir_detections_add (out, params, (double) row[X0] * params->width,
        (double) row[Y0] * params->height, (double) row[X1] * params->width,
        (double) row[Y1] * params->height, row[SCORE], (gint) row[LABEL]);
  }
  return TRUE;
}
