/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

/* Classes that one head may report. */
#define MOST_CLASSES 16

IrFit
ir_match_classification (
    const IrPorts *ports, const IrDecodeParams *params, IrRoles *roles)
{
  gint64 count;

  for (guint i = 0; i < ports->n; i++) {
    if (!ir_port_vector (&ports->port[i], &count) || count < 2)
      return IR_FIT_NONE;
  }
  return IR_FIT_POSSIBLE;
}

static gint
head_of (const IrPort *port, const IrDecodeParams *params)
{
  for (guint i = 0; params->heads && i < params->heads->len; i++) {
    const IrHead *head = g_ptr_array_index (params->heads, i);

    if (head->layer == NULL || g_str_equal (head->layer, port->name))
      return i;
  }
  return -1;
}

static gboolean
is_distribution (const float *p, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++) {
    if (!(p[i] >= -1e-3f && p[i] <= 1.001f))
      return FALSE;
    sum += p[i];
  }
  return fabs (sum - 1) < 0.02;
}

static gboolean
wants_softmax (IrHeadMethod method, const float *p, gsize n)
{
  switch (method) {
    case IR_HEAD_MAX:
    case IR_HEAD_MULTI:
      return FALSE;
    case IR_HEAD_SOFTMAX:
    case IR_HEAD_SOFTMAX_MULTI:
      return TRUE;
    default:
      return !is_distribution (p, n);
  }
}

/* The scores as probabilities, those that are not numbers as 0. */
static float *
probabilities (const IrPort *port, gsize n, IrHeadMethod method)
{
  /* Quantised outputs count in steps of 1/255. */
  float scale = port->dtype == IR_DTYPE_U8 ? 1.0f / 255 : 1.0f;
  float *p = g_new (float, n);
  float top = -INFINITY;
  double sum = 0;

  for (gsize i = 0; i < n; i++) {
    p[i] = port->data[i] * scale;
    if (isfinite (p[i]))
      top = MAX (top, p[i]);
  }
  if (wants_softmax (method, p, n) && port->dtype != IR_DTYPE_U8) {
    for (gsize i = 0; i < n; i++) {
      p[i] = isfinite (p[i]) ? exp ((double) p[i] - top) : 0;
      sum += p[i];
    }
    for (gsize i = 0; i < n && sum > 0; i++)
      p[i] /= sum;
  }
  for (gsize i = 0; i < n; i++)
    p[i] = isfinite (p[i]) ? CLAMP (p[i], 0, 1) : 0;
  return p;
}

static gboolean
passes (
    const IrHead *head, const IrDecodeParams *params, gint label, float score)
{
  if (head && params->head_thresholds && !isnan (head->threshold))
    return score >= head->threshold;
  return ir_keep (params, label, score);
}

static void
decode_head (const IrPorts *ports, guint index, const IrDecodeParams *params,
    IrDetections *out)
{
  const IrPort *port = &ports->port[index];
  gint h = head_of (port, params);
  const IrHead *head = h < 0 ? NULL : g_ptr_array_index (params->heads, h);
  IrHeadMethod method = head ? head->method : IR_HEAD_AUTO;
  gboolean many = method == IR_HEAD_MULTI || method == IR_HEAD_SOFTMAX_MULTI;
  g_autofree float *p = NULL;
  guint most = many ? MOST_CLASSES : 1;
  gint64 n;

  if (params->max_objects > 0)
    most = MIN (most, params->max_objects);
  ir_port_vector (port, &n);
  p = probabilities (port, n, method);
  for (guint k = 0; k < most; k++) {
    float best;
    gint label = ir_best_class (p, n, 1, &best);
    IrClass item = { index, h, label, best };

    if (label < 0 || !passes (head, params, label, best))
      break;
    g_array_append_val (out->classes, item);
    p[label] = -1;
  }
}

gboolean
ir_decode_classification (const IrPorts *ports, const IrRoles *roles,
    const IrDecodeParams *params, IrDetections *out, GError **error)
{
  for (guint i = 0; i < ports->n; i++)
    decode_head (ports, i, params, out);
  return TRUE;
}
