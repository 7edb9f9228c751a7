/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

/* The roles of a stride; class and object score are multiplied, so that it does
 * not matter which is which. */
enum {
  SCORE_A,
  SCORE_B,
  BOX,
  POINTS,
  ROLES
};

#define STRIDES 3
#define N_POINTS 5

/* Finds the four outputs of a stride by their number of anchors. */
static gboolean
find_stride (const IrPorts *ports, gint64 anchors, guint *slot)
{
  guint scores = 0, boxes = 0, points = 0;
  gint64 dims[2];

  for (guint i = 0; i < ports->n; i++) {
    if (!ir_port_as (&ports->port[i], 2, dims) || dims[0] != anchors)
      continue;
    switch (dims[1]) {
      case 1:
        if (scores == 2)
          return FALSE;
        slot[SCORE_A + scores++] = i;
        break;
      case 4:
        slot[BOX] = i;
        boxes++;
        break;
      case 2 * N_POINTS:
        slot[POINTS] = i;
        points++;
        break;
      default:
        return FALSE;
    }
  }
  return scores == 2 && boxes == 1 && points == 1;
}

IrFit
ir_match_yunet (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  if (ports->n != STRIDES * ROLES || params->width == 0 || params->height == 0)
    return IR_FIT_NONE;
  for (guint s = 0; s < STRIDES; s++) {
    gint64 anchors =
        (gint64) (params->width >> (3 + s)) * (params->height >> (3 + s));

    if (!find_stride (ports, anchors, roles->slot + s * ROLES))
      return IR_FIT_NONE;
  }
  return IR_FIT_EXACT;
}

static float
clamped (float value)
{
  return CLAMP (value, 0.0f, 1.0f);
}

static void
decode_stride (const IrPorts *ports, const guint *slot, guint stride,
    const IrDecodeParams *params, IrDetections *out)
{
  const float *a = ports->port[slot[SCORE_A]].data;
  const float *b = ports->port[slot[SCORE_B]].data;
  const float *box = ports->port[slot[BOX]].data;
  const float *point = ports->port[slot[POINTS]].data;
  gsize columns = params->width / stride;
  gsize rows = params->height / stride;

  for (gsize i = 0; i < rows * columns; i++, box += 4, point += 2 * N_POINTS) {
    float score = sqrtf (clamped (a[i]) * clamped (b[i]));
    double column = i % columns, row = i / columns;
    IrDetection *face;

    if (!ir_keep (params, 0, score))
      continue;
    face = ir_detections_add_center (out, params, (column + box[0]) * stride,
        (row + box[1]) * stride, exp (box[2]) * stride, exp (box[3]) * stride,
        score, 0);
    for (guint p = 0; face && p < N_POINTS; p++)
      ir_detections_add_point (out, face, (column + point[2 * p]) * stride,
          (row + point[2 * p + 1]) * stride, 1);
  }
}

gboolean
ir_decode_yunet (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  out->n_points = N_POINTS;
  out->suppress = TRUE;
  for (guint s = 0; s < STRIDES; s++)
    decode_stride (ports, roles->slot + s * ROLES, 8u << s, params, out);
  return TRUE;
}
