/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iranalytics.h"

#ifdef HAVE_GST_ANALYTICS

/* The library is marked unstable by its authors, not by its version. */
#define GST_USE_UNSTABLE_API
#include <gst/analytics/analytics.h>

static GstAnalyticsRelationMeta *
relations_of (GstBuffer *buffer)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);

  return meta ? meta : gst_buffer_add_analytics_relation_meta (buffer);
}

void
ir_analytics_add_object (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, double confidence)
{
  GstAnalyticsRelationMeta *relations = relations_of (buffer);
  GstAnalyticsODMtd object;

  if (relations)
    gst_analytics_relation_meta_add_od_mtd (relations, roi->roi_type, roi->x,
        roi->y, roi->w, roi->h, confidence, &object);
}

/* The detection that was added for @roi. */
static gboolean
find_object (GstAnalyticsRelationMeta *relations,
    const GstVideoRegionOfInterestMeta *roi, GstAnalyticsODMtd *object)
{
  gpointer state = NULL;

  while (gst_analytics_relation_meta_iterate (
      relations, &state, gst_analytics_od_mtd_get_mtd_type (), object)) {
    gint x, y, w, h;
    gfloat confidence;

    if (gst_analytics_od_mtd_get_location (
            object, &x, &y, &w, &h, &confidence) &&
        (guint) x == roi->x && (guint) y == roi->y && (guint) w == roi->w &&
        (guint) h == roi->h &&
        gst_analytics_od_mtd_get_obj_type (object) == roi->roi_type)
      return TRUE;
  }
  return FALSE;
}

void
ir_analytics_add_class (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, const IrClassResult *result)
{
  GstAnalyticsRelationMeta *relations = relations_of (buffer);
  GstAnalyticsODMtd object;
  GstAnalyticsClsMtd class;

  if (relations == NULL ||
      !gst_analytics_relation_meta_add_one_cls_mtd (relations,
          result->confidence, g_quark_from_string (result->label), &class))
    return;
  if (roi && find_object (relations, roi, &object))
    gst_analytics_relation_meta_set_relation (
        relations, GST_ANALYTICS_REL_TYPE_CONTAIN, object.id, class.id);
}

#else

void
ir_analytics_add_object (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, double confidence)
{
}

void
ir_analytics_add_class (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, const IrClassResult *result)
{
}

#endif
