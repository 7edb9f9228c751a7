/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_PAINT_H
#define IR_PAINT_H

#include <gst/video/video.h>

G_BEGIN_DECLS

/*
 * Painting into a mapped frame of any 8-bit format, component by component, so
 * that nothing is converted. Coordinates are pixels; everything is clipped to
 * the frame.
 */

/** IR_PAINT_FORMATS: what can be painted on. */
#define IR_PAINT_FORMATS                                                       \
  "{ NV12, NV21, I420, YV12, Y42B, Y444, YUY2, UYVY, BGRx, RGBx, xRGB, xBGR, " \
  "BGRA, RGBA, ARGB, ABGR, BGR, RGB, GRAY8 }"

/** IrColor: R'G'B' as seen, before the frame's own encoding. */
typedef struct {
  guint8 red;
  guint8 green;
  guint8 blue;
} IrColor;

/** IrCoverage: how much of each pixel is covered, 0..255. */
typedef struct {
  gint width;
  gint height;
  gsize stride;
  const guint8 *data;
} IrCoverage;

/** ir_paint_rect: fills; @alpha: 0..255 */
void ir_paint_rect (GstVideoFrame *frame, gint x, gint y, gint width,
    gint height, IrColor color, guint alpha);
/** ir_paint_frame: the outline of a box, @line pixels wide, half outside. */
void ir_paint_frame (GstVideoFrame *frame, gint x, gint y, gint width,
    gint height, gint line, IrColor color, guint alpha);
/** ir_paint_coverage: a colour through a mask with its top left at (@x, @y). */
void ir_paint_coverage (GstVideoFrame *frame, gint x, gint y,
    const IrCoverage *mask, IrColor color, guint alpha);
/** ir_paint_line: a line with round ends; a dot if they are the same. */
void ir_paint_line (GstVideoFrame *frame, double x0, double y0, double x1,
    double y1, double width, IrColor color, guint alpha);
/** ir_paint_mosaic: every cell of @cell x @cell pixels gets its mean. */
void ir_paint_mosaic (
    GstVideoFrame *frame, gint x, gint y, gint width, gint height, gint cell);

G_END_DECLS

#endif
