/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pixel.h"

typedef struct {
  guint planes;
  /* Bytes per pixel in plane 0, and per chroma block in the others. */
  guint bytes[3];
  /* Of packed RGB: where R, G and B are. */
  guint rgb[3];
} PixelLayout;

static const PixelLayout layouts[IR_PIXEL_COUNT] = {
  [IR_PIXEL_NV12] = { 2, { 1, 2 } },
  [IR_PIXEL_I420] = { 3, { 1, 1, 1 } },
  [IR_PIXEL_YUY2] = { 1, { 2 } },
  [IR_PIXEL_BGRX] = { 1, { 4 }, { 2, 1, 0 } },
  [IR_PIXEL_RGBX] = { 1, { 4 }, { 0, 1, 2 } },
  [IR_PIXEL_BGR] = { 1, { 3 }, { 2, 1, 0 } },
  [IR_PIXEL_RGB] = { 1, { 3 }, { 0, 1, 2 } },
  [IR_PIXEL_GRAY8] = { 1, { 1 }, { 0, 0, 0 } },
};

/* Kr and Kb of each matrix. */
static const double weights[][2] = {
  [IR_MATRIX_BT601] = { 0.299, 0.114 },
  [IR_MATRIX_BT709] = { 0.2126, 0.0722 },
  [IR_MATRIX_BT2020] = { 0.2627, 0.0593 },
};

guint
ir_pixel_planes (IrPixelFormat format)
{
  return layouts[format].planes;
}

gsize
ir_pixel_row_bytes (IrPixelFormat format, guint plane, guint width)
{
  gsize columns = plane ? (width + 1) / 2 : width;

  if (format == IR_PIXEL_YUY2)
    columns = (columns + 1) / 2 * 2;
  return columns * layouts[format].bytes[plane];
}

static void
fetch_ycc (const IrFrame *frame, guint x, guint y, double *ycc)
{
  const guint8 *luma = frame->plane[0] + y * frame->stride[0];
  gsize row = y / 2, block = x / 2;

  switch (frame->format) {
    case IR_PIXEL_NV12: {
      const guint8 *chroma =
          frame->plane[1] + row * frame->stride[1] + 2 * block;

      ycc[0] = luma[x];
      ycc[1] = chroma[0];
      ycc[2] = chroma[1];
      break;
    }
    case IR_PIXEL_I420:
      ycc[0] = luma[x];
      ycc[1] = frame->plane[1][row * frame->stride[1] + block];
      ycc[2] = frame->plane[2][row * frame->stride[2] + block];
      break;
    default:
      ycc[0] = luma[2 * x];
      ycc[1] = luma[4 * block + 1];
      ycc[2] = luma[4 * block + 3];
      break;
  }
}

static void
ycc_to_rgb (const IrFrame *frame, const double *ycc, double *rgb)
{
  const double kr = weights[frame->matrix][0], kb = weights[frame->matrix][1];
  const double kg = 1 - kr - kb;
  double y = ycc[0], cb = ycc[1] - 128, cr = ycc[2] - 128;

  if (!frame->full_range) {
    y = (y - 16) * 255 / 219;
    cb = cb * 255 / 224;
    cr = cr * 255 / 224;
  }
  rgb[0] = y + 2 * (1 - kr) * cr;
  rgb[1] = y - 2 * kr * (1 - kr) / kg * cr - 2 * kb * (1 - kb) / kg * cb;
  rgb[2] = y + 2 * (1 - kb) * cb;
  for (guint c = 0; c < 3; c++)
    rgb[c] = CLAMP (rgb[c], 0, 255);
}

void
ir_pixel_fetch (const IrFrame *frame, guint x, guint y, double *rgb)
{
  const PixelLayout *layout = &layouts[frame->format];

  if (frame->format <= IR_PIXEL_YUY2) {
    double ycc[3];

    fetch_ycc (frame, x, y, ycc);
    ycc_to_rgb (frame, ycc, rgb);
  } else {
    const guint8 *p =
        frame->plane[0] + y * frame->stride[0] + (gsize) x * layout->bytes[0];

    for (guint c = 0; c < 3; c++)
      rgb[c] = p[layout->rgb[c]];
  }
}
