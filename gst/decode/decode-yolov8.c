/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  CX,
  CY,
  W,
  H,
  CLASSES
};

/* slot[1]: whether it is [1,N,4+C] instead of [1,4+C,N] */
static IrFit
fit (const IrPort *port, const IrDecodeParams *params, guint *transposed)
{
  guint labels = params->labels ? g_strv_length (params->labels) : 0;
  gint64 dims[2];

  if (!ir_port_as (port, 2, dims) || port->shape.rank < 3)
    return IR_FIT_NONE;
  *transposed = FALSE;
  if (dims[0] > CLASSES && ir_grid_strides (params, dims[1]))
    return IR_FIT_EXACT;
  if (dims[1] > CLASSES && ir_grid_strides (params, dims[0]) && labels > 0 &&
      labels == dims[1] - CLASSES) {
    *transposed = TRUE;
    return IR_FIT_EXACT;
  }
  if (dims[0] > CLASSES && dims[0] < dims[1] && dims[1] >= 100)
    return labels > 0 && labels == dims[0] - CLASSES ? IR_FIT_LIKELY
                                                     : IR_FIT_POSSIBLE;
  return IR_FIT_NONE;
}

IrFit
ir_match_yolov8 (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  if (ports->n != 1)
    return IR_FIT_NONE;
  roles->slot[0] = 0;
  return fit (&ports->port[0], params, &roles->slot[1]);
}

gboolean
ir_decode_yolov8 (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const IrPort *port = &ports->port[roles->slot[0]];
  gboolean transposed = roles->slot[1];
  gsize boxes, columns, step, across;
  double sx = 1, sy = 1;
  gint64 dims[2];

  ir_port_as (port, 2, dims);
  boxes = transposed ? dims[0] : dims[1];
  columns = transposed ? dims[1] : dims[0];
  step = transposed ? columns : 1;
  across = transposed ? 1 : boxes;
  if (ir_looks_relative (port->data, boxes, step, 4, across)) {
    sx = params->width;
    sy = params->height;
  }
  out->suppress = TRUE;
  for (gsize n = 0; n < boxes; n++) {
    const float *box = port->data + n * step;
    float best;
    gint label = ir_best_class (
        box + CLASSES * across, columns - CLASSES, across, &best);

    if (label >= 0)
      ir_detections_add_center (out, params, box[CX * across] * sx,
          box[CY * across] * sy, box[W * across] * sx, box[H * across] * sy,
          best, label);
  }
  return TRUE;
}
