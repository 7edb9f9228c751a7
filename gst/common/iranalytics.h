/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_ANALYTICS_H
#define IR_ANALYTICS_H

#include "irresult.h"
#include "irtensormeta.h"

G_BEGIN_DECLS

/*
 * The same results as GstAnalyticsRelationMeta, for readers of GStreamer 1.24
 * and later, and the same tensors as GstTensorMeta, for those of 1.26. Without
 * that library at build time these functions do nothing.
 */

/** ir_analytics_add_object: an object detection with the class and pixels of
 * @roi. */
void ir_analytics_add_object (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, double confidence);

/** ir_analytics_add_class: a classification, contained in @roi's detection.
 * @roi: (nullable): %NULL for the frame */
void ir_analytics_add_class (GstBuffer *buffer,
    const GstVideoRegionOfInterestMeta *roi, const IrClassResult *result);

/** ir_analytics_add_tensors: the tensors of @meta, whose contents are shared, not
 * copied. Their ids are the quarks of their names. Tensors of a part of the frame
 * are left out: that meta can't say which part it is. */
void ir_analytics_add_tensors (GstBuffer *buffer, const IrTensorMeta *meta);

G_END_DECLS

#endif
