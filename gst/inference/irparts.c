/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irparts.h"

#include <string.h>

static gboolean
is_wanted (GQuark label, char **classes)
{
  const char *text = g_quark_to_string (label);

  if (classes == NULL || classes[0] == NULL)
    return TRUE;
  for (; text && *classes; classes++) {
    if (strcmp (g_strstrip (*classes), text) == 0)
      return TRUE;
  }

  return FALSE;
}

static gint64
object_id (GstVideoRegionOfInterestMeta *roi)
{
  const GstStructure *tracked =
      gst_video_region_of_interest_meta_get_param (roi, "object_id");
  gint id;

  return tracked && gst_structure_get_int (tracked, "id", &id) ? id : -1;
}

static gboolean
cut (const GstVideoRegionOfInterestMeta *roi, const GstVideoInfo *info,
    IrRegion *region)
{
  guint width = GST_VIDEO_INFO_WIDTH (info);
  guint height = GST_VIDEO_INFO_HEIGHT (info);

  if (roi->x >= width || roi->y >= height || roi->w == 0 || roi->h == 0)
    return FALSE;
  region->x = roi->x;
  region->y = roi->y;
  region->width = MIN (roi->w, width - roi->x);
  region->height = MIN (roi->h, height - roi->y);

  return TRUE;
}

static GstVideoRegionOfInterestMeta *
next_roi (GstBuffer *buffer, gpointer *state)
{
  return (GstVideoRegionOfInterestMeta *) gst_buffer_iterate_meta_filtered (
      buffer, state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
}

void
ir_parts_collect (GstBuffer *buffer, IrRegionMode mode, const char *classes,
    const GstVideoInfo *info, GArray *parts)
{
  IrPart part = { { 0, 0, 0, 0 }, -1, -1 };
  g_auto (GStrv) wanted =
      classes && *classes ? g_strsplit (classes, ",", -1) : NULL;
  GstVideoRegionOfInterestMeta *roi;
  gpointer state = NULL;

  if (mode == IR_REGION_FULL_FRAME) {
    g_array_append_val (parts, part);
    return;
  }

  while ((roi = next_roi (buffer, &state)) != NULL) {
    if (!is_wanted (roi->roi_type, wanted) || !cut (roi, info, &part.region))
      continue;
    part.roi_id = roi->id;
    part.object_id = object_id (roi);
    g_array_append_val (parts, part);
  }
}

gint64
ir_parts_object_id (GstBuffer *buffer, gint roi_id)
{
  GstVideoRegionOfInterestMeta *roi;
  gpointer state = NULL;

  if (roi_id < 0)
    return -1;
  while ((roi = next_roi (buffer, &state)) != NULL) {
    if (roi->id == roi_id)
      return object_id (roi);
  }

  return -1;
}
