/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LINE_H
#define LINE_H

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "irtensormeta.h"

/*
 * What the tests of irconvert and irinfer share: a network, frames whose pixels
 * are known, and lines of elements.
 */

/* The network gives back what it is fed, so that tensors can be compared with
 * pixels; values below 0 would become 0. */
#define NET_WIDTH 6
#define NET_HEIGHT 4
#define NET_SIZE (3 * NET_WIDTH * NET_HEIGHT)

#define FRAME_TIME (40 * GST_MSECOND)

/* Path of the network's IR, between line_setup() and line_teardown(). */
extern char *model_path;
/* That of one with a single detection whatever it sees: class 1, 0.9, the middle
 * half of the picture both ways. */
extern char *box_path;

/* Initializes GStreamer and GLib's tests. */
void line_setup (int *argc, char ***argv);
/* Runs the tests. */
int line_run (void);

GstHarness *open_line (const char *format, ...) G_GNUC_PRINTF (1, 2);
void set_caps (GstHarness *h, const char *format, gint width, gint height);

/* Value of channel @c, in the order of memory. */
guint8 pixel (gint frame, gint x, gint y, gint c);
/* A BGR picture of pixel() with the timestamp of that frame. */
GstBuffer *make_frame (gint frame, gint width, gint height);
/* Pushes it, which must work. */
void push_frame (GstHarness *h, gint frame);

/* The tensors of output meta @index, NULL if there are not that many. */
IrTensorMeta *output_of (GstBuffer *buffer, gsize index);

/* Compares output @index with the pixels at (@x0, @y0) of @frame: (pixel - mean)
 * / scale; @order: channel of memory for each of the tensor. */
void check_output (GstBuffer *buffer, gint frame, gint x0, gint y0,
    const gint order[3], double mean, double scale, gsize index);

extern const gint bgr[3];
extern const gint rgb[3];

/* Pulls the next buffer, which must be @frame with its own pixels as output. */
void pull_inferred (GstHarness *h, gint frame);
/* The same without output. */
void pull_passed (GstHarness *h, gint frame);

/* A number of the statistics of the line's irinfer, or of that of @element. */
guint64 stat_of (GstHarness *h, const char *name);
guint64 stat_of_element (GstElement *element, const char *name);

/* A bus for the elements of the harness; counts what was posted of a type and
 * takes it off, @last is the last one. */
GstBus *watch_bus (GstHarness *h);
guint count_messages (GstBus *bus, GstMessageType type, GstMessage **last);

/* Runs a pipeline until EOS or an error, at most 30 s. */
GstMessage *run_pipeline (const char *format, ...) G_GNUC_PRINTF (1, 2);

#endif
