/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  CX,
  CY,
  W,
  H,
  OBJECT,
  CLASSES
};

#define ANCHORS 3

static IrFit
fit (const IrPort *port, const IrDecodeParams *params)
{
  guint labels = params->labels ? g_strv_length (params->labels) : 0;
  gint64 dims[2];

  if (!ir_port_as (port, 2, dims) || port->shape.rank < 3 || dims[1] <= CLASSES)
    return IR_FIT_NONE;
  if (dims[0] % ANCHORS == 0 && ir_grid_strides (params, dims[0] / ANCHORS))
    return IR_FIT_EXACT;
  if (dims[0] < 100 || dims[0] < dims[1] || ir_grid_strides (params, dims[0]))
    return IR_FIT_NONE;
  return labels > 0 && labels == dims[1] - CLASSES ? IR_FIT_LIKELY
                                                   : IR_FIT_POSSIBLE;
}

IrFit
ir_match_yolov5 (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  for (guint i = 0; i < ports->n; i++) {
    IrFit found = fit (&ports->port[i], params);

    roles->slot[0] = i;
    /* Exports often carry the heads beside the decoded list. */
    if (found != IR_FIT_NONE)
      return found;
  }
  return IR_FIT_NONE;
}

gboolean
ir_decode_yolov5 (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const IrPort *port = &ports->port[roles->slot[0]];
  const float *row = port->data;
  const float least = ir_least_threshold (params);
  double sx = 1, sy = 1;
  gint64 dims[2];

  ir_port_as (port, 2, dims);
  if (ir_looks_relative (row, dims[0], dims[1], 4, 1)) {
    sx = params->width;
    sy = params->height;
  }
  out->suppress = TRUE;
  for (gint64 n = 0; n < dims[0]; n++, row += dims[1]) {
    float best;
    gint label;

    /* Class scores are probabilities. */
    if (!(row[OBJECT] >= least))
      continue;
    label = ir_best_class (row + CLASSES, dims[1] - CLASSES, 1, &best);
    if (label >= 0)
      ir_detections_add_center (out, params, row[CX] * sx, row[CY] * sy,
          row[W] * sx, row[H] * sy, best * row[OBJECT], label);
  }
  return TRUE;
}
