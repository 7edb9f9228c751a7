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

IrFit
ir_match_yolox (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  guint labels = params->labels ? g_strv_length (params->labels) : 0;
  gint64 dims[2];

  for (guint i = 0; i < ports->n; i++) {
    if (!ir_port_as (&ports->port[i], 2, dims) || dims[1] <= CLASSES ||
        ir_grid_strides (params, dims[0]) == 0)
      continue;
    /* Without an object score it is a transposed YOLOv8. */
    if (labels > 0 && labels == dims[1] - 4)
      continue;
    roles->slot[0] = i;
    return ports->n == 1 ? IR_FIT_EXACT : IR_FIT_POSSIBLE;
  }
  return IR_FIT_NONE;
}

/* Exported with the grid, centres spread over the picture; without, they are
 * offsets of a cell or two. */
static gboolean
has_grid (const float *rows, gsize n, gsize step, guint width)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++) {
    if (isfinite (rows[i * step]))
      sum += fabs (rows[i * step]);
  }
  return sum > 0.2 * width * n;
}

gboolean
ir_decode_yolox (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const IrPort *port = &ports->port[roles->slot[0]];
  const float *row = port->data;
  const float least = ir_least_threshold (params);
  guint strides;
  gboolean grid;
  gint64 dims[2];

  ir_port_as (port, 2, dims);
  strides = ir_grid_strides (params, dims[0]);
  grid = has_grid (row, dims[0], dims[1], params->width);
  out->suppress = TRUE;
  for (guint s = 0; s < strides; s++) {
    double stride = 8u << s;
    gsize columns = params->width >> (3 + s);
    gsize cells = columns * (params->height >> (3 + s));

    for (gsize i = 0; i < cells; i++, row += dims[1]) {
      float best;
      gint label;

      /* Class scores are probabilities. */
      if (!(row[OBJECT] >= least))
        continue;
      label = ir_best_class (row + CLASSES, dims[1] - CLASSES, 1, &best);
      if (label < 0 || !ir_keep (params, label, best * row[OBJECT]))
        continue;
      if (grid)
        ir_detections_add_center (out, params, row[CX], row[CY], row[W], row[H],
            best * row[OBJECT], label);
      else
        ir_detections_add_center (out, params, (row[CX] + i % columns) * stride,
            (row[CY] + i / columns) * stride, exp (row[W]) * stride,
            exp (row[H]) * stride, best * row[OBJECT], label);
    }
  }
  return TRUE;
}
