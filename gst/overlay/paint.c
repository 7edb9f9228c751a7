/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paint.h"

#include <math.h>

/* A component of a frame: where its samples are and what they hold. */
typedef struct {
  guint8 *data;
  gint stride;
  gint step;
  gint width;
  gint height;
  gint shift_x;
  gint shift_y;
  guint value;
} Component;

static guint
clamp_byte (double value)
{
  return CLAMP (value + 0.5, 0, 255);
}

/* Y', Cb and Cr of a colour in the frame's own matrix and range. */
static void
to_ycc (const GstVideoInfo *info, IrColor color, guint *values)
{
  GstVideoColorMatrix matrix = info->colorimetry.matrix;
  double kr = 0.299, kb = 0.114, y, cb, cr;
  gint offset[4], scale[4];

  if (matrix != GST_VIDEO_COLOR_MATRIX_RGB)
    gst_video_color_matrix_get_Kr_Kb (matrix, &kr, &kb);
  gst_video_color_range_offsets (
      info->colorimetry.range, info->finfo, offset, scale);
  y = (kr * color.red + (1 - kr - kb) * color.green + kb * color.blue) / 255;
  cb = (color.blue / 255.0 - y) / (2 * (1 - kb));
  cr = (color.red / 255.0 - y) / (2 * (1 - kr));
  values[0] = clamp_byte (offset[0] + y * scale[0]);
  values[1] = clamp_byte (offset[1] + cb * scale[1]);
  values[2] = clamp_byte (offset[2] + cr * scale[2]);
}

static void
encode (const GstVideoInfo *info, IrColor color, guint *values)
{
  if (GST_VIDEO_INFO_IS_RGB (info)) {
    values[0] = color.red;
    values[1] = color.green;
    values[2] = color.blue;
  } else {
    to_ycc (info, color, values);
  }
  /* Paint is opaque where the format has alpha. */
  values[3] = 255;
}

static Component
component_of (GstVideoFrame *frame, guint c, const guint *values)
{
  const GstVideoFormatInfo *format = frame->info.finfo;

  return (Component){ GST_VIDEO_FRAME_COMP_DATA (frame, c),
    GST_VIDEO_FRAME_COMP_STRIDE (frame, c),
    GST_VIDEO_FRAME_COMP_PSTRIDE (frame, c),
    GST_VIDEO_FRAME_COMP_WIDTH (frame, c),
    GST_VIDEO_FRAME_COMP_HEIGHT (frame, c),
    GST_VIDEO_FORMAT_INFO_W_SUB (format, c),
    GST_VIDEO_FORMAT_INFO_H_SUB (format, c), values ? values[c] : 0 };
}

static void
blend (guint8 *sample, guint value, guint alpha)
{
  *sample = (*sample * (255 - alpha) + value * alpha + 127) / 255;
}

/* Cuts [from, from + length) to [0, limit). */
static gboolean
clip (gint *from, gint *length, gint limit)
{
  gint64 end = MIN ((gint64) *from + *length, limit);

  *from = MAX (*from, 0);
  *length = MAX (end - *from, 0);
  return *length > 0;
}

static void
fill (const Component *c, gint x, gint y, gint width, gint height, guint alpha)
{
  gint x0 = x >> c->shift_x, x1 = (x + width - 1) >> c->shift_x;
  gint y0 = y >> c->shift_y, y1 = (y + height - 1) >> c->shift_y;

  for (gint row = y0; row <= MIN (y1, c->height - 1); row++) {
    guint8 *sample = c->data + (gsize) row * c->stride + (gsize) x0 * c->step;

    for (gint i = x0; i <= MIN (x1, c->width - 1); i++, sample += c->step)
      blend (sample, c->value, alpha);
  }
}

void
ir_paint_rect (GstVideoFrame *frame, gint x, gint y, gint width, gint height,
    IrColor color, guint alpha)
{
  guint values[4];

  if (!clip (&x, &width, GST_VIDEO_FRAME_WIDTH (frame)) ||
      !clip (&y, &height, GST_VIDEO_FRAME_HEIGHT (frame)))
    return;
  encode (&frame->info, color, values);
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (frame); i++) {
    Component c = component_of (frame, i, values);

    fill (&c, x, y, width, height, alpha);
  }
}

void
ir_paint_frame (GstVideoFrame *frame, gint x, gint y, gint width, gint height,
    gint line, IrColor color, guint alpha)
{
  gint out = line / 2;
  gint w = width + 2 * out, h = height + 2 * out;

  x -= out;
  y -= out;
  if (w <= 2 * line || h <= 2 * line) {
    ir_paint_rect (frame, x, y, w, h, color, alpha);
    return;
  }
  ir_paint_rect (frame, x, y, w, line, color, alpha);
  ir_paint_rect (frame, x, y + h - line, w, line, color, alpha);
  ir_paint_rect (frame, x, y + line, line, h - 2 * line, color, alpha);
  ir_paint_rect (
      frame, x + w - line, y + line, line, h - 2 * line, color, alpha);
}

/* Mean coverage of the pixels that one sample of a component stands for. */
static guint
coverage_at (const IrCoverage *mask, gint x, gint y, gint nx, gint ny)
{
  guint sum = 0;

  for (gint row = MAX (y, 0); row < MIN (y + ny, mask->height); row++) {
    for (gint i = MAX (x, 0); i < MIN (x + nx, mask->width); i++)
      sum += mask->data[(gsize) row * mask->stride + i];
  }
  return sum / (nx * ny);
}

static void
cover (const Component *c, gint x, gint y, const IrCoverage *mask, gint x0,
    gint y0, gint width, gint height, guint alpha)
{
  gint nx = 1 << c->shift_x, ny = 1 << c->shift_y;
  gint last_x = MIN ((x0 + width - 1) >> c->shift_x, c->width - 1);
  gint last_y = MIN ((y0 + height - 1) >> c->shift_y, c->height - 1);

  for (gint row = y0 >> c->shift_y; row <= last_y; row++) {
    for (gint i = x0 >> c->shift_x; i <= last_x; i++) {
      guint part = coverage_at (mask, i * nx - x, row * ny - y, nx, ny);

      if (part > 0)
        blend (c->data + (gsize) row * c->stride + (gsize) i * c->step,
            c->value, part * alpha / 255);
    }
  }
}

void
ir_paint_coverage (GstVideoFrame *frame, gint x, gint y, const IrCoverage *mask,
    IrColor color, guint alpha)
{
  gint x0 = x, y0 = y, width = mask->width, height = mask->height;
  guint values[4];

  if (!clip (&x0, &width, GST_VIDEO_FRAME_WIDTH (frame)) ||
      !clip (&y0, &height, GST_VIDEO_FRAME_HEIGHT (frame)))
    return;
  encode (&frame->info, color, values);
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (frame); i++) {
    Component c = component_of (frame, i, values);

    cover (&c, x, y, mask, x0, y0, width, height, alpha);
  }
}

/* Distance of a point from the line between two ends. */
static double
distance (double px, double py, double dx, double dy)
{
  double square = dx * dx + dy * dy;
  double t = square > 0 ? (px * dx + py * dy) / square : 0;

  t = CLAMP (t, 0, 1);
  return hypot (px - t * dx, py - t * dy);
}

void
ir_paint_line (GstVideoFrame *frame, double x0, double y0, double x1, double y1,
    double width, IrColor color, guint alpha)
{
  double most =
      4.0 * MAX (GST_VIDEO_FRAME_WIDTH (frame), GST_VIDEO_FRAME_HEIGHT (frame));
  double reach = width / 2 + 1;
  g_autofree guint8 *data = NULL;
  gint left, top, w, h;
  IrCoverage mask;

  if (!(fabs (x0) < most && fabs (y0) < most && fabs (x1) < most &&
          fabs (y1) < most && width < most))
    return;
  left = floor (MAX (MIN (x0, x1) - reach, -1));
  top = floor (MAX (MIN (y0, y1) - reach, -1));
  w = ceil (MIN (MAX (x0, x1) + reach, GST_VIDEO_FRAME_WIDTH (frame))) - left;
  h = ceil (MIN (MAX (y0, y1) + reach, GST_VIDEO_FRAME_HEIGHT (frame))) - top;
  if (w <= 0 || h <= 0)
    return;
  data = g_malloc ((gsize) w * h);
  for (gint row = 0; row < h; row++) {
    for (gint i = 0; i < w; i++) {
      double d = distance (
          left + i + 0.5 - x0, top + row + 0.5 - y0, x1 - x0, y1 - y0);

      data[(gsize) row * w + i] = 255 * CLAMP (width / 2 + 0.5 - d, 0.0, 1.0);
    }
  }
  mask = (IrCoverage){ w, h, w, data };
  ir_paint_coverage (frame, left, top, &mask, color, alpha);
}

static void
average (const Component *c, gint x0, gint y0, gint x1, gint y1)
{
  guint64 sum = 0, n = (guint64) (x1 - x0) * (y1 - y0);

  for (gint y = y0; y < y1; y++) {
    for (gint x = x0; x < x1; x++)
      sum += c->data[(gsize) y * c->stride + (gsize) x * c->step];
  }
  for (gint y = y0; n > 0 && y < y1; y++) {
    for (gint x = x0; x < x1; x++)
      c->data[(gsize) y * c->stride + (gsize) x * c->step] = (sum + n / 2) / n;
  }
}

void
ir_paint_mosaic (
    GstVideoFrame *frame, gint x, gint y, gint width, gint height, gint cell)
{
  /* Even, so that cells of chroma are cells of luma. */
  cell = MAX (cell + (cell & 1), 2);
  if (!clip (&x, &width, GST_VIDEO_FRAME_WIDTH (frame)) ||
      !clip (&y, &height, GST_VIDEO_FRAME_HEIGHT (frame)))
    return;
  for (guint i = 0; i < GST_VIDEO_FRAME_N_COMPONENTS (frame); i++) {
    Component c = component_of (frame, i, NULL);
    gint cx = cell >> c.shift_x, cy = cell >> c.shift_y;
    gint x0 = x >> c.shift_x, y0 = y >> c.shift_y;
    gint x1 = MIN (((x + width - 1) >> c.shift_x) + 1, c.width);
    gint y1 = MIN (((y + height - 1) >> c.shift_y) + 1, c.height);

    for (gint top = y0; top < y1; top += cy) {
      for (gint left = x0; left < x1; left += cx)
        average (&c, left, top, MIN (left + cx, x1), MIN (top + cy, y1));
    }
  }
}
