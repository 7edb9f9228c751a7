/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irqos.h"

/* What GStreamer's messages count as full quality. */
#define FULL_QUALITY 1000000

void
ir_qos_reset (GstElement *element, IrQos *qos)
{
  GST_OBJECT_LOCK (element);
  *qos = (IrQos){ .earliest = GST_CLOCK_TIME_NONE, .proportion = 1 };
  GST_OBJECT_UNLOCK (element);
}

void
ir_qos_flush (GstElement *element, IrQos *qos)
{
  GST_OBJECT_LOCK (element);
  qos->earliest = GST_CLOCK_TIME_NONE;
  qos->proportion = 1;
  GST_OBJECT_UNLOCK (element);
}

void
ir_qos_take (GstElement *element, IrQos *qos, GstEvent *event)
{
  GstClockTime timestamp, earliest = GST_CLOCK_TIME_NONE;
  GstClockTimeDiff diff;
  gdouble proportion;

  gst_event_parse_qos (event, NULL, &proportion, &diff, &timestamp);
  if (GST_CLOCK_TIME_IS_VALID (timestamp)) {
    /* Catching up takes as long again. */
    if (diff > 0)
      earliest = timestamp + 2 * (GstClockTime) diff;
    else
      earliest = timestamp > (GstClockTime) -diff ? timestamp + diff : 0;
  }
  GST_OBJECT_LOCK (element);
  qos->earliest = earliest;
  qos->proportion = proportion;
  GST_OBJECT_UNLOCK (element);
}

static void
post (GstElement *element, const IrQos *qos, const GstSegment *segment,
    GstBuffer *buffer, GstClockTime running_time)
{
  GstClockTime stream_time = gst_segment_to_stream_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GstMessage *message =
      gst_message_new_qos (GST_OBJECT (element), FALSE, running_time,
          stream_time, GST_BUFFER_PTS (buffer), GST_BUFFER_DURATION (buffer));

  gst_message_set_qos_values (message,
      GST_CLOCK_DIFF (running_time, qos->earliest), qos->proportion,
      FULL_QUALITY);
  gst_message_set_qos_stats (
      message, GST_FORMAT_BUFFERS, qos->processed, qos->dropped);
  gst_element_post_message (element, message);
}

gboolean
ir_qos_admit (GstElement *element, IrQos *qos, const GstSegment *segment,
    GstBuffer *buffer)
{
  GstClockTime running_time = gst_segment_to_running_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  gboolean late;
  IrQos now;

  GST_OBJECT_LOCK (element);
  late = GST_CLOCK_TIME_IS_VALID (running_time) &&
      GST_CLOCK_TIME_IS_VALID (qos->earliest) && running_time < qos->earliest;
  if (late)
    qos->dropped++;
  else
    qos->processed++;
  now = *qos;
  GST_OBJECT_UNLOCK (element);

  if (late)
    post (element, &now, segment, buffer, running_time);
  return !late;
}
