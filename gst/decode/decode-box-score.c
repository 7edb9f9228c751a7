/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

enum {
  BOXES,
  SCORES
};

#define BOX_WORDS "box loc reg"
#define SCORE_WORDS "score conf cls prob class"

IrFit
ir_match_box_score (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  IrFit best = IR_FIT_NONE;
  gint64 b[2], s[2];

  if (ports->n != 2)
    return IR_FIT_NONE;
  for (guint i = 0; i < 2; i++) {
    const IrPort *boxes = &ports->port[i], *scores = &ports->port[1 - i];
    gboolean named =
        ir_port_is (boxes, BOX_WORDS) && ir_port_is (scores, SCORE_WORDS);
    IrFit fit = named ? IR_FIT_EXACT : IR_FIT_LIKELY;

    if (!ir_port_as (boxes, 2, b) || !ir_port_as (scores, 2, s) || b[1] != 4 ||
        b[0] != s[0] || s[1] < 1 || boxes->shape.rank < 3)
      continue;
    /* Four classes: only the names tell which is which. */
    if (s[1] == 4 && !named)
      fit = IR_FIT_POSSIBLE;
    if (fit > best) {
      best = fit;
      roles->slot[BOXES] = i;
      roles->slot[SCORES] = 1 - i;
    }
  }
  return best;
}

static gboolean
are_probabilities (const float *scores, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (scores[i] < -1e-3f || scores[i] > 1.001f)
      return FALSE;
  }
  return TRUE;
}

static gboolean
rows_sum_to_one (const float *scores, gsize rows, gsize columns)
{
  for (gsize r = 0; r < MIN (rows, 64); r++) {
    float sum = 0;

    for (gsize c = 0; c < columns; c++)
      sum += scores[r * columns + c];
    if (!(fabsf (sum - 1) < 0.02f))
      return FALSE;
  }
  return rows > 0;
}

/* Whether column 0 means "nothing": as the labels say, else as SSD does it. */
static gboolean
has_background (const float *scores, gsize rows, gsize columns,
    gboolean probabilities, const IrDecodeParams *params)
{
  guint labels = params->labels ? g_strv_length (params->labels) : 0;

  if (columns == 1)
    return FALSE;
  if (labels == columns)
    return g_ascii_strcasecmp (params->labels[0], "background") == 0;
  if (labels == columns - 1)
    return TRUE;
  return columns == 2 ||
      (probabilities && rows_sum_to_one (scores, rows, columns));
}

/* Softmax or sigmoid of the score of @best among @n. */
static float
to_probability (const float *scores, gsize n, gint best, gboolean exclusive)
{
  double sum = 0;

  if (!exclusive)
    return 1.0 / (1.0 + exp (-scores[best]));
  for (gsize c = 0; c < n; c++)
    sum += exp ((double) scores[c] - scores[best]);
  return 1.0 / sum;
}

gboolean
ir_decode_box_score (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  const float *box = ports->port[roles->slot[BOXES]].data;
  const float *score = ports->port[roles->slot[SCORES]].data;
  guint labels = params->labels ? g_strv_length (params->labels) : 0;
  gboolean probabilities, background;
  double sx = 1, sy = 1;
  gint64 dims[2];
  gint shift;

  ir_port_as (&ports->port[roles->slot[SCORES]], 2, dims);
  probabilities = are_probabilities (score, dims[0] * dims[1]);
  background = has_background (score, dims[0], dims[1], probabilities, params);
  shift = background && labels == dims[1] - 1;
  if (ir_looks_relative (box, dims[0], 4, 4, 1)) {
    sx = params->width;
    sy = params->height;
  }
  for (gint64 n = 0; n < dims[0]; n++, box += 4, score += dims[1]) {
    float best;
    gint label =
        ir_best_class (score + background, dims[1] - background, 1, &best);

    if (label < 0)
      continue;
    label += background;
    if (!probabilities)
      best = to_probability (score, dims[1], label, background);
    ir_detections_add (out, params, box[0] * sx, box[1] * sy, box[2] * sx,
        box[3] * sy, best, label - shift);
  }
  out->suppress = TRUE;
  return TRUE;
}
