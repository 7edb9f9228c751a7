/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irframe.h"

struct _IrFrameReader {
  GstVideoInfo info;
  GstVideoFrame mapped;

  /* Unset for formats that are read in place. */
  GstVideoConverter *converter;
  GstVideoInfo scratch_info;
  GstBuffer *scratch;
  GstVideoFrame scratch_mapped;
};

/* clang-format off */
static const struct {
  GstVideoFormat gst;
  IrPixelFormat ir;
} formats[] = {
  { GST_VIDEO_FORMAT_NV12,  IR_PIXEL_NV12 },
  { GST_VIDEO_FORMAT_I420,  IR_PIXEL_I420 },
  { GST_VIDEO_FORMAT_YUY2,  IR_PIXEL_YUY2 },
  { GST_VIDEO_FORMAT_BGRx,  IR_PIXEL_BGRX },
  { GST_VIDEO_FORMAT_BGRA,  IR_PIXEL_BGRX },
  { GST_VIDEO_FORMAT_RGBx,  IR_PIXEL_RGBX },
  { GST_VIDEO_FORMAT_RGBA,  IR_PIXEL_RGBX },
  { GST_VIDEO_FORMAT_BGR,   IR_PIXEL_BGR },
  { GST_VIDEO_FORMAT_RGB,   IR_PIXEL_RGB },
  { GST_VIDEO_FORMAT_GRAY8, IR_PIXEL_GRAY8 },
};
/* clang-format on */

static gboolean
lookup_format (GstVideoFormat format, IrPixelFormat *pixel)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    if (formats[i].gst == format) {
      *pixel = formats[i].ir;
      return TRUE;
    }
  }

  return FALSE;
}

/* The nearest format that is read in place and loses nothing the network could
 * see: chroma that is subsampled anyway stays so. */
static GstVideoFormat
substitute_format (const GstVideoFormatInfo *info)
{
  if (GST_VIDEO_FORMAT_INFO_IS_GRAY (info))
    return GST_VIDEO_FORMAT_GRAY8;
  if (GST_VIDEO_FORMAT_INFO_IS_YUV (info) &&
      GST_VIDEO_FORMAT_INFO_N_COMPONENTS (info) >= 3 &&
      GST_VIDEO_FORMAT_INFO_W_SUB (info, 1) == 1)
    return GST_VIDEO_FORMAT_INFO_H_SUB (info, 1) == 1 ? GST_VIDEO_FORMAT_I420
                                                      : GST_VIDEO_FORMAT_YUY2;

  return GST_VIDEO_FORMAT_BGRx;
}

gboolean
ir_buffer_is_gap (GstBuffer *buffer)
{
  return GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP) &&
      gst_buffer_get_size (buffer) == 0;
}

IrFrameReader *
ir_frame_reader_new (const GstVideoInfo *info)
{
  IrFrameReader *reader = g_new0 (IrFrameReader, 1);
  IrPixelFormat pixel;

  reader->info = *info;
  if (lookup_format (GST_VIDEO_INFO_FORMAT (info), &pixel))
    return reader;

  gst_video_info_set_format (&reader->scratch_info,
      substitute_format (info->finfo), GST_VIDEO_INFO_WIDTH (info),
      GST_VIDEO_INFO_HEIGHT (info));
  /* The converter changes neither rate nor fields. */
  GST_VIDEO_INFO_FPS_N (&reader->scratch_info) = GST_VIDEO_INFO_FPS_N (info);
  GST_VIDEO_INFO_FPS_D (&reader->scratch_info) = GST_VIDEO_INFO_FPS_D (info);
  GST_VIDEO_INFO_INTERLACE_MODE (&reader->scratch_info) =
      GST_VIDEO_INFO_INTERLACE_MODE (info);
  if (GST_VIDEO_INFO_IS_YUV (info) &&
      GST_VIDEO_INFO_IS_YUV (&reader->scratch_info))
    reader->scratch_info.colorimetry = info->colorimetry;
  reader->converter =
      gst_video_converter_new (&reader->info, &reader->scratch_info, NULL);

  return reader;
}

void
ir_frame_reader_free (IrFrameReader *reader)
{
  g_clear_pointer (&reader->converter, gst_video_converter_free);
  gst_clear_buffer (&reader->scratch);
  g_free (reader);
}

static IrColorMatrix
color_matrix (const GstVideoInfo *info)
{
  switch (info->colorimetry.matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT709:
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
      return IR_MATRIX_BT709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return IR_MATRIX_BT2020;
    default:
      return IR_MATRIX_BT601;
  }
}

static void
describe (const GstVideoFrame *video, IrFrame *frame)
{
  IrFrame out = { 0 };

  lookup_format (GST_VIDEO_FRAME_FORMAT (video), &out.format);
  out.width = GST_VIDEO_FRAME_WIDTH (video);
  out.height = GST_VIDEO_FRAME_HEIGHT (video);
  for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES (video) && i < 3; i++) {
    out.plane[i] = GST_VIDEO_FRAME_PLANE_DATA (video, i);
    out.stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE (video, i);
  }
  out.matrix = color_matrix (&video->info);
  out.full_range = video->info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
  *frame = out;
}

static gboolean
fail_map (const GstVideoInfo *info, GError **error)
{
  return ir_fail (error, IR_ERROR_SHAPE,
      "a buffer does not hold the %s picture of %dx%d that its caps promise; "
      "put videoconvert in front to find out which element is at fault",
      GST_VIDEO_INFO_NAME (info), GST_VIDEO_INFO_WIDTH (info),
      GST_VIDEO_INFO_HEIGHT (info));
}

static gboolean
convert (IrFrameReader *reader, GError **error)
{
  if (reader->converter == NULL)
    return ir_fail (error, IR_ERROR_UNSUPPORTED,
        "video of format %s can't be converted; put videoconvert in front",
        GST_VIDEO_INFO_NAME (&reader->info));
  if (reader->scratch == NULL)
    reader->scratch = gst_buffer_new_allocate (
        NULL, GST_VIDEO_INFO_SIZE (&reader->scratch_info), NULL);
  if (reader->scratch == NULL ||
      !gst_video_frame_map (&reader->scratch_mapped, &reader->scratch_info,
          reader->scratch, GST_MAP_READWRITE))
    return ir_fail (error, IR_ERROR_LIMIT, "no memory for a picture of %dx%d",
        GST_VIDEO_INFO_WIDTH (&reader->info),
        GST_VIDEO_INFO_HEIGHT (&reader->info));

  gst_video_converter_frame (
      reader->converter, &reader->mapped, &reader->scratch_mapped);

  return TRUE;
}

gboolean
ir_frame_reader_map (
    IrFrameReader *reader, GstBuffer *buffer, IrFrame *frame, GError **error)
{
  IrPixelFormat pixel;

  /* A reference would make the buffer read-only for what is attached to it. */
  if (!gst_video_frame_map (&reader->mapped, &reader->info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF))
    return fail_map (&reader->info, error);

  if (lookup_format (GST_VIDEO_INFO_FORMAT (&reader->info), &pixel)) {
    describe (&reader->mapped, frame);
    return TRUE;
  }

  if (!convert (reader, error)) {
    gst_video_frame_unmap (&reader->mapped);
    return FALSE;
  }
  describe (&reader->scratch_mapped, frame);

  return TRUE;
}

void
ir_frame_reader_unmap (IrFrameReader *reader)
{
  if (reader->converter)
    gst_video_frame_unmap (&reader->scratch_mapped);
  gst_video_frame_unmap (&reader->mapped);
}

const char *
ir_frame_reader_converts (const IrFrameReader *reader)
{
  return reader->converter ? GST_VIDEO_INFO_NAME (&reader->scratch_info) : NULL;
}
