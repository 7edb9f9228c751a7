/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  X0,
  Y0,
  X1,
  Y1,
  SCORE,
  LABEL,
  COLUMNS
};

/* Ends of NMS-free heads keep a few hundred boxes. */
#define USUAL 1000

IrFit
ir_match_yolo_e2e (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  gint64 dims[2];

  if (ports->n != 1 || ports->port[0].shape.rank != 3 ||
      !ir_port_as (&ports->port[0], 2, dims) || dims[1] != COLUMNS)
    return IR_FIT_NONE;
  roles->slot[0] = 0;
  return dims[0] <= USUAL ? IR_FIT_LIKELY : IR_FIT_POSSIBLE;
}

gboolean
ir_decode_yolo_e2e (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const float *row = ports->port[roles->slot[0]].data;
  double sx = 1, sy = 1;
  gint64 dims[2];

  ir_port_as (&ports->port[roles->slot[0]], 2, dims);
  if (ir_looks_relative (row, dims[0], COLUMNS, 4, 1)) {
    sx = params->width;
    sy = params->height;
  }
  for (gint64 n = 0; n < dims[0]; n++, row += COLUMNS) {
    if (row[LABEL] >= 0 && row[LABEL] < G_MAXINT16)
      ir_detections_add (out, params, row[X0] * sx, row[Y0] * sy, row[X1] * sx,
          row[Y1] * sy, row[SCORE], (gint) row[LABEL]);
  }
  return TRUE;
}
