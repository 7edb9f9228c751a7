/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PARTS_H
#define IR_PARTS_H

#include <gst/video/video.h>
#include <ir/preproc.h>

G_BEGIN_DECLS

/** IrRegionMode: what of a frame the network sees. */
typedef enum {
  IR_REGION_FULL_FRAME,
  IR_REGION_ROI,
} IrRegionMode;

/**
 * IrPart: a part of a frame that the network is to see
 * @region: in pixels, inside the frame; zero width for the whole frame
 * @roi_id: id of the region-of-interest meta, -1 for the whole frame
 * @object_id: what a tracker calls the object, -1 if none did
 */
typedef struct {
  IrRegion region;
  gint roi_id;
  gint64 object_id;
} IrPart;

/**
 * ir_parts_collect:
 * @classes: (nullable): labels of regions to take, with commas between; %NULL or
 *   "" for all
 * @parts: (element-type IrPart): gets the parts of @buffer appended
 *
 * Regions are cut at the frame's borders; those that lie outside are left out.
 */
void ir_parts_collect (GstBuffer *buffer, IrRegionMode mode,
    const char *classes, const GstVideoInfo *info, GArray *parts);

/** ir_parts_object_id: what a tracker calls the object of region @roi_id of
 * @buffer, -1 if none did. */
gint64 ir_parts_object_id (GstBuffer *buffer, gint roi_id);

G_END_DECLS

#endif
