/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_QOS_H
#define IR_QOS_H

#include <gst/gst.h>

G_BEGIN_DECLS

/*
 * Sparing the network what the sink would show too late: such frames pass, but
 * nothing is computed for them.
 */

/**
 * IrQos: under the element's object lock
 * @earliest: running time before which frames are late
 * @proportion: how much faster the element would have to be
 * @processed: frames that were in time
 * @dropped: frames that were late
 */
typedef struct {
  GstClockTime earliest;
  double proportion;
  guint64 processed;
  guint64 dropped;
} IrQos;

/** ir_qos_reset: forgets reports and counts. */
void ir_qos_reset (GstElement *element, IrQos *qos);
/** ir_qos_flush: forgets reports: time begins anew. */
void ir_qos_flush (GstElement *element, IrQos *qos);
/** ir_qos_take: takes up a QOS @event from downstream. */
void ir_qos_take (GstElement *element, IrQos *qos, GstEvent *event);

/**
 * ir_qos_admit:
 *
 * Counts @buffer as in time or late; a QOS message is posted for a late one.
 *
 * Returns: whether it is in time
 */
gboolean ir_qos_admit (GstElement *element, IrQos *qos,
    const GstSegment *segment, GstBuffer *buffer);

G_END_DECLS

#endif
