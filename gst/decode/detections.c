/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decoder.h"

#include <string.h>

IrDetections *
ir_detections_new (void)
{
  IrDetections *out = g_new0 (IrDetections, 1);

  out->objects = g_array_new (FALSE, FALSE, sizeof (IrDetection));
  out->points = g_array_new (FALSE, FALSE, sizeof (IrPoint));
  out->classes = g_array_new (FALSE, FALSE, sizeof (IrClass));
  return out;
}

void
ir_detections_free (IrDetections *detections)
{
  g_array_unref (detections->objects);
  g_array_unref (detections->points);
  g_array_unref (detections->classes);
  g_free (detections);
}

void
ir_head_free (IrHead *head)
{
  g_free (head->layer);
  g_free (head->attribute);
  g_strfreev (head->labels);
  g_free (head);
}

gboolean
ir_port_as (const IrPort *port, guint rank, gint64 *dims)
{
  gint skip = port->shape.rank - (gint) rank;

  if (skip < 0)
    return FALSE;
  for (gint i = 0; i < skip; i++) {
    if (port->shape.dim[i] != 1)
      return FALSE;
  }
  memcpy (dims, port->shape.dim + skip, rank * sizeof *dims);
  return TRUE;
}

gboolean
ir_port_vector (const IrPort *port, gint64 *count)
{
  *count = 1;
  for (gint i = 0; i < port->shape.rank; i++) {
    if (port->shape.dim[i] == 1)
      continue;
    if (*count != 1)
      return FALSE;
    *count = port->shape.dim[i];
  }
  return port->shape.rank >= 1;
}

gboolean
ir_port_is (const IrPort *port, const char *words)
{
  g_autofree char *name = g_ascii_strdown (port->name, -1);
  g_auto (GStrv) list = g_strsplit (words, " ", -1);

  for (guint i = 0; list[i] != NULL; i++) {
    if (strstr (name, list[i]))
      return TRUE;
  }
  return FALSE;
}

static float
threshold_of (const IrDecodeParams *params, gint label_id)
{
  const GArray *list = params->class_thresholds;

  if (list && label_id >= 0 && (guint) label_id < list->len) {
    float own = g_array_index (list, float, label_id);

    if (!isnan (own))
      return own;
  }
  return params->threshold;
}

gboolean
ir_keep (const IrDecodeParams *params, gint label_id, float score)
{
  return score >= threshold_of (params, label_id);
}

float
ir_least_threshold (const IrDecodeParams *params)
{
  float least = params->threshold;

  for (guint i = 0;
       params->class_thresholds && i < params->class_thresholds->len; i++) {
    float own = g_array_index (params->class_thresholds, float, i);

    if (own < least)
      least = own;
  }
  return least;
}

gint
ir_best_class (const float *scores, gsize n, gsize step, float *best)
{
  gint index = -1;

  *best = -INFINITY;
  for (gsize i = 0; i < n; i++) {
    if (scores[i * step] > *best) {
      *best = scores[i * step];
      index = i;
    }
  }
  return index;
}

gboolean
ir_looks_relative (
    const float *rows, gsize n, gsize row_step, gsize columns, gsize step)
{
  for (gsize i = 0; i < n; i++) {
    for (gsize c = 0; c < columns; c++) {
      float value = rows[i * row_step + c * step];

      if (isfinite (value) && fabsf (value) > 2.0f)
        return FALSE;
    }
  }
  return TRUE;
}

IrDetection *
ir_detections_add (IrDetections *out, const IrDecodeParams *params, double x0,
    double y0, double x1, double y1, float confidence, gint label_id)
{
  IrDetection object = { x0, y0, x1, y1, MIN (confidence, 1.0f), label_id, -1 };

  if (!ir_keep (params, label_id, confidence) || !isfinite (confidence) ||
      confidence < 0 || !isfinite (x0) || !isfinite (y0) || !isfinite (x1) ||
      !isfinite (y1) || x1 < x0 || y1 < y0)
    return NULL;
  g_array_append_val (out->objects, object);
  return &g_array_index (out->objects, IrDetection, out->objects->len - 1);
}

IrDetection *
ir_detections_add_center (IrDetections *out, const IrDecodeParams *params,
    double cx, double cy, double w, double h, float confidence, gint label_id)
{
  return ir_detections_add (out, params, cx - w / 2, cy - h / 2, cx + w / 2,
      cy + h / 2, confidence, label_id);
}

void
ir_detections_add_point (
    IrDetections *out, IrDetection *object, float x, float y, float confidence)
{
  IrPoint point = { x, y, confidence };

  if (object->first_point < 0)
    object->first_point = out->points->len;
  g_array_append_val (out->points, point);
}

static double
overlap (const IrDetection *a, const IrDetection *b)
{
  double w = MIN (a->x1, b->x1) - MAX (a->x0, b->x0);
  double h = MIN (a->y1, b->y1) - MAX (a->y0, b->y0);
  double common, both;

  if (w <= 0 || h <= 0)
    return 0;
  common = w * h;
  both = (a->x1 - a->x0) * (a->y1 - a->y0) + (b->x1 - b->x0) * (b->y1 - b->y0) -
      common;
  return both > 0 ? common / both : 0;
}

void
ir_detections_nms (IrDetections *out, float threshold)
{
  IrDetection *list = (IrDetection *) (void *) out->objects->data;
  guint n = MIN (out->objects->len, IR_MAX_CANDIDATES);
  guint kept = 0;

  for (guint i = 0; i < n; i++) {
    gboolean hidden = FALSE;

    for (guint k = 0; k < kept && !hidden; k++) {
      hidden = list[k].label_id == list[i].label_id &&
          overlap (&list[k], &list[i]) > threshold;
    }
    if (!hidden)
      list[kept++] = list[i];
  }
  g_array_set_size (out->objects, kept);
}

gint64
ir_grid_cells (const IrDecodeParams *params, guint n_strides)
{
  gint64 cells = 0;

  for (guint i = 0; i < n_strides; i++)
    cells += (gint64) (params->width >> (3 + i)) * (params->height >> (3 + i));
  return cells;
}

guint
ir_grid_strides (const IrDecodeParams *params, gint64 cells)
{
  for (guint n = 3; n <= 4; n++) {
    if (cells > 0 && ir_grid_cells (params, n) == cells)
      return n;
  }
  return 0;
}
