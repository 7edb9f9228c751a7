/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "emit.h"

#include <math.h>

#include "iranalytics.h"
#include "irresult.h"

typedef struct {
  GstBuffer *buffer;
  guint width;
  guint height;
  const IrTensorMeta *tensors;
  const IrSetup *setup;
  const IrDetections *found;
} Emit;

static const char *
label_in (const GStrv labels, gint id)
{
  if (labels == NULL || id < 0 || (guint) id >= g_strv_length (labels))
    return NULL;
  return labels[id];
}

/* The box around the four corners as they lie in the frame. */
static void
map_box (const IrAffine *affine, const IrDetection *from, IrObject *to)
{
  to->x0 = to->y0 = INFINITY;
  to->x1 = to->y1 = -INFINITY;
  for (guint corner = 0; corner < 4; corner++) {
    double x = corner & 1 ? from->x1 : from->x0;
    double y = corner & 2 ? from->y1 : from->y0;

    ir_affine_apply (affine, &x, &y);
    to->x0 = MIN (to->x0, x);
    to->x1 = MAX (to->x1, x);
    to->y0 = MIN (to->y0, y);
    to->y1 = MAX (to->y1, y);
  }
}

/* Relative to the box as it was attached, which may have been clipped. */
static void
add_points (
    const Emit *e, GstVideoRegionOfInterestMeta *roi, const IrDetection *object)
{
  guint n = e->found->n_points;
  g_autofree float *xy = g_new (float, 2 * n);
  const GStrv names = e->setup->point_names;
  const GArray *lines = e->setup->connections;
  IrObject box;

  ir_object_read (roi, e->width, e->height, &box);
  for (guint i = 0; i < n; i++) {
    const IrPoint *point =
        &g_array_index (e->found->points, IrPoint, object->first_point + i);
    double x = point->x, y = point->y;

    ir_affine_apply (&e->tensors->affine, &x, &y);
    xy[2 * i] = (x - box.x0) / (box.x1 - box.x0);
    xy[2 * i + 1] = (y - box.y0) / (box.y1 - box.y0);
  }
  ir_object_add_points (roi, xy, n,
      names && g_strv_length (names) >= n ? (const char *const *) names : NULL,
      lines ? (const guint *) (void *) lines->data : NULL,
      lines ? lines->len : 0, e->setup->info->name);
}

static void
emit_object (const Emit *e, const IrDetection *found)
{
  const char *label = label_in (e->setup->params.labels, found->label_id);
  GstVideoRegionOfInterestMeta *roi;
  IrObject object = { .label = label ? label : "",
    .label_id = found->label_id,
    .confidence = found->confidence };

  map_box (&e->tensors->affine, found, &object);
  roi = ir_buffer_add_object (e->buffer, e->width, e->height, &object,
      e->tensors->roi_id, e->setup->info->name);
  if (roi == NULL)
    return;
  if (found->first_point >= 0)
    add_points (e, roi, found);
  ir_analytics_add_object (e->buffer, roi, found->confidence);
}

/* What classes and raw outputs are attached to. */
static GstVideoRegionOfInterestMeta *
subject (const Emit *e)
{
  GstVideoRegionOfInterestMeta *roi = NULL;

  if (e->tensors->roi_id >= 0)
    roi = ir_buffer_find_object (e->buffer, e->tensors->roi_id);
  return roi ? roi : ir_buffer_whole_frame (e->buffer, e->width, e->height);
}

static void
emit_class (const Emit *e, const IrClass *found)
{
  const IrHead *head = found->head < 0
      ? NULL
      : g_ptr_array_index (e->setup->params.heads, found->head);
  const char *layer = e->tensors->tensors[found->output].name;
  GStrv labels = head && head->labels ? head->labels : e->setup->params.labels;
  const char *label = label_in (labels, found->label_id);
  g_autofree char *number = g_strdup_printf ("%d", found->label_id);
  IrClassResult result = { .label = label ? label : number,
    .label_id = found->label_id,
    .confidence = found->confidence,
    .model = e->setup->info->name,
    .layer = layer };

  result.attribute = head && head->attribute ? head->attribute
      : layer && *layer                      ? layer
                                             : "classification";
  ir_object_add_class (subject (e), &result);
  ir_analytics_add_class (
      e->buffer, e->tensors->roi_id >= 0 ? subject (e) : NULL, &result);
}

static void
emit_raw (const Emit *e)
{
  for (gsize i = 0; i < e->tensors->n_tensors; i++)
    ir_object_add_tensor (subject (e), e->tensors->tensors[i].name,
        e->tensors->tensors[i].tensor, e->setup->info->name);
}

void
ir_emit (GstBuffer *buffer, const GstVideoInfo *info,
    const IrTensorMeta *tensors, const IrSetup *setup,
    const IrDetections *found)
{
  Emit e = { buffer, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info),
    tensors, setup, found };

  for (guint i = 0; i < found->objects->len; i++)
    emit_object (&e, &g_array_index (found->objects, IrDetection, i));
  for (guint i = 0; i < found->classes->len; i++)
    emit_class (&e, &g_array_index (found->classes, IrClass, i));
  if (found->raw)
    emit_raw (&e);
}
