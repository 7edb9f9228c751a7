/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ANALYTICS_H
#define IR_ANALYTICS_H

#include "irresult.h"

G_BEGIN_DECLS

/*
 * The same results as GstAnalyticsRelationMeta, for readers of GStreamer 1.24
 * and later. Without that library at build time these functions do nothing.
 */

/** ir_analytics_add_object: an object detection with the class and pixels of
 * @roi. */
void ir_analytics_add_object (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, double confidence);

/** ir_analytics_add_class: a classification, contained in @roi's detection.
 * @roi: (nullable): %NULL for the frame */
void ir_analytics_add_class (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, const IrClassResult *result);

G_END_DECLS

#endif
