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
#define MOST_HEADS 4

/* Anchors of the published networks on COCO, finest stride first; taken when
 * the description brings none. */
static const double anchors_three[] = { 10, 13, 16, 30, 33, 23, 30, 61, 62, 45,
  59, 119, 116, 90, 156, 198, 373, 326 };
static const double anchors_tiny[] = { 10, 14, 23, 27, 37, 58, 81, 82, 135, 169,
  344, 319 };

IrFit
ir_match_yolov3 (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  if (ports->n < 2 || ports->n > MOST_HEADS || params->width == 0)
    return IR_FIT_NONE;
  for (guint i = 0; i < ports->n; i++) {
    const IrShape *shape = &ports->port[i].shape;
    guint at = i;

    if (shape->rank != 4 || shape->dim[0] != 1 || shape->dim[3] < 1 ||
        shape->dim[1] % ANCHORS != 0 || shape->dim[1] / ANCHORS <= CLASSES ||
        shape->dim[1] != ports->port[0].shape.dim[1] ||
        params->width % shape->dim[3] != 0)
      return IR_FIT_NONE;
    /* Finest grid first, as the anchors are. */
    while (at > 0 &&
        ports->port[roles->slot[at - 1]].shape.dim[3] < shape->dim[3]) {
      roles->slot[at] = roles->slot[at - 1];
      at--;
    }
    roles->slot[at] = i;
  }
  return IR_FIT_LIKELY;
}

static const double *
anchors_for (const IrDecodeParams *params, guint heads, GError **error)
{
  guint want = heads * ANCHORS * 2;

  if (params->anchors) {
    if (params->anchors->len == want)
      return (const double *) (void *) params->anchors->data;
    ir_fail (error, IR_ERROR_SHAPE,
        "decoder 'yolov3': %u outputs need %u numbers in `anchors`, the "
        "description has %u",
        heads, want, params->anchors->len);
    return NULL;
  }
  if (want == G_N_ELEMENTS (anchors_three))
    return anchors_three;
  if (want == G_N_ELEMENTS (anchors_tiny))
    return anchors_tiny;
  ir_fail (error, IR_ERROR_SHAPE,
      "decoder 'yolov3': %u outputs, and no `anchors` in a description", heads);
  return NULL;
}

/* RegionYolo has applied the sigmoid to these; a bare head has not. */
static gboolean
is_bare (const IrPort *port, gsize cells, gsize columns)
{
  for (guint a = 0; a < ANCHORS; a++) {
    const float *object = port->data + (a * columns + OBJECT) * cells;

    for (gsize i = 0; i < cells; i++) {
      if (object[i] < 0 || object[i] > 1)
        return TRUE;
    }
  }
  return FALSE;
}

static double
squash (double value, gboolean bare)
{
  return bare ? 1 / (1 + exp (-value)) : value;
}

static void
decode_head (const IrPort *port, const double *anchor,
    const IrDecodeParams *params, IrDetections *out)
{
  gsize columns = port->shape.dim[1] / ANCHORS;
  gsize width = port->shape.dim[3];
  gsize cells = (gsize) port->shape.dim[2] * width;
  double sx = (double) params->width / width;
  double sy = (double) params->height / port->shape.dim[2];
  gboolean bare = is_bare (port, cells, columns);

  for (gsize i = 0; i < ANCHORS * cells; i++) {
    gsize a = i / cells, cell = i % cells;
    const float *v = port->data + a * columns * cells + cell;
    double object = squash (v[OBJECT * cells], bare);
    float best;
    gint label;

    if (!(object >= ir_least_threshold (params)))
      continue;
    label =
        ir_best_class (v + CLASSES * cells, columns - CLASSES, cells, &best);
    if (label < 0)
      continue;
    ir_detections_add_center (out, params,
        (cell % width + squash (v[CX * cells], bare)) * sx,
        (cell / width + squash (v[CY * cells], bare)) * sy,
        exp (v[W * cells]) * anchor[2 * a],
        exp (v[H * cells]) * anchor[2 * a + 1], object * squash (best, bare),
        label);
  }
}

gboolean
ir_decode_yolov3 (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const double *anchors = anchors_for (params, ports->n, error);

  if (anchors == NULL)
    return FALSE;
  out->suppress = TRUE;
  for (guint i = 0; i < ports->n; i++)
    decode_head (
        &ports->port[roles->slot[i]], anchors + i * ANCHORS * 2, params, out);
  return TRUE;
}
