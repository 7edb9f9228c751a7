/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "line.h"

static void
test_recipe (void)
{
  GstHarness *h = open_line ("irconvert model=%s mean-values=10 scale=2 "
                             "reverse-input-channels=true ! "
                             "irinfer device=REFERENCE",
      model_path);
  g_autoptr (GstBuffer) buffer = NULL;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  gst_harness_push (h, make_frame (1, NET_WIDTH, NET_HEIGHT));
  buffer = gst_harness_pull (h);
  check_output (buffer, 1, 0, 0, rgb, 10, 2, 0);
  gst_harness_teardown (h);
}

/* The buffer that comes out holds the memory that went in, and the caller's own
 * reference shows nothing that was attached. */
static void
test_untouched (void)
{
  GstHarness *h =
      open_line ("irconvert model=%s ! irinfer device=REFERENCE", model_path);
  g_autoptr (GstBuffer) in = make_frame (0, NET_WIDTH, NET_HEIGHT);
  g_autoptr (GstBuffer) out = NULL;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  gst_harness_push (h, gst_buffer_ref (in));
  out = gst_harness_pull (h);
  g_assert_true (
      gst_buffer_peek_memory (in, 0) == gst_buffer_peek_memory (out, 0));
  g_assert_null (gst_buffer_get_meta (in, IR_TENSOR_META_API_TYPE));
  g_assert_nonnull (output_of (out, 0));
  gst_harness_teardown (h);
}

static void
check_affine (const char *resize, gint width, gint height, double sx, double sy,
    double ox, double oy)
{
  GstHarness *h =
      open_line ("irconvert resize=%s model=%s ! irinfer device=REFERENCE",
          resize, model_path);
  g_autoptr (GstBuffer) buffer = NULL;
  const IrTensorMeta *meta;

  set_caps (h, "BGR", width, height);
  gst_harness_push (h, make_frame (0, width, height));
  buffer = gst_harness_pull (h);
  meta = output_of (buffer, 0);
  g_assert_cmpfloat_with_epsilon (meta->affine.m[0], sx, 1e-9);
  g_assert_cmpfloat_with_epsilon (meta->affine.m[2], ox, 1e-9);
  g_assert_cmpfloat_with_epsilon (meta->affine.m[4], sy, 1e-9);
  g_assert_cmpfloat_with_epsilon (meta->affine.m[5], oy, 1e-9);
  g_assert_cmpfloat (meta->region.width, ==, width);
  gst_harness_teardown (h);
}

static void
test_affine (void)
{
  check_affine ("stretch", 12, 4, 2, 1, 0, 0);
  /* 12x4 becomes 6x2 with a row above and below. */
  check_affine ("letterbox", 12, 4, 2, 2, 0, -2);
  /* The middle 6 of 12 columns. */
  check_affine ("crop", 12, 4, 1, 1, 3, 0);
}

static void
test_formats (void)
{
  static const char *const formats[] = { "NV12", "I420", "YUY2", "BGRx", "RGBA",
    "RGB", "GRAY8", "P010_10LE", "AYUV", "Y42B" };

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autoptr (GstMessage) message = run_pipeline (
        "videotestsrc num-buffers=3 ! "
        "video/x-raw,format=%s,width=33,height=17 ! "
        "irconvert model=%s ! irinfer device=REFERENCE ! fakesink",
        formats[i], model_path);

    g_test_message ("%s", formats[i]);
    g_assert_nonnull (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  }
}

static void
test_scaled_meta (void)
{
  g_autoptr (GstBuffer) from = gst_buffer_new (), to = gst_buffer_new ();
  IrTensorMeta *meta =
      ir_buffer_add_tensor_meta (from, IR_TENSORS_OUTPUT, NULL, "a", 0);
  GstVideoInfo in, out;
  GstVideoMetaTransform transform = { &in, &out };

  meta->region = (IrRegion){ 4, 6, 8, 10 };
  gst_video_info_set_format (&in, GST_VIDEO_FORMAT_RGB, 40, 20);
  gst_video_info_set_format (&out, GST_VIDEO_FORMAT_RGB, 20, 30);
  g_assert_true (meta->meta.info->transform_func (to, &meta->meta, from,
      gst_video_meta_transform_scale_get_quark (), &transform));
  meta = output_of (to, 0);
  g_assert_cmpfloat (meta->region.x, ==, 2);
  g_assert_cmpfloat (meta->region.height, ==, 15);
  g_assert_cmpfloat (meta->affine.m[0], ==, 0.5);
  g_assert_cmpfloat (meta->affine.m[4], ==, 1.5);
}

/* --- pictures in memory --------------------------------------------------- */

/* A frame's bytes somewhere in a buffer, as GstVideoMeta says. */
static GstBuffer *
make_padded (gint frame, gsize offset, gint stride)
{
  gsize offsets[GST_VIDEO_MAX_PLANES] = { offset };
  gint strides[GST_VIDEO_MAX_PLANES] = { stride };
  g_autoptr (GstBuffer) tight = make_frame (frame, NET_WIDTH, NET_HEIGHT);
  GstBuffer *buffer =
      gst_buffer_new_allocate (NULL, offset + stride * NET_HEIGHT, NULL);
  GstMapInfo from, to;

  gst_buffer_map (tight, &from, GST_MAP_READ);
  gst_buffer_map (buffer, &to, GST_MAP_WRITE);
  memset (to.data, 0xee, to.size);
  for (gint y = 0; y < NET_HEIGHT; y++)
    memcpy (to.data + offset + y * stride,
        from.data + y * GST_ROUND_UP_4 (3 * NET_WIDTH), 3 * NET_WIDTH);
  gst_buffer_unmap (tight, &from);
  gst_buffer_unmap (buffer, &to);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_BGR, NET_WIDTH, NET_HEIGHT, 1, offsets, strides);
  return buffer;
}

static void
test_padded (void)
{
  GstHarness *h =
      open_line ("irconvert model=%s ! irinfer device=REFERENCE", model_path);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 3; i++) {
    g_autoptr (GstBuffer) out = NULL;

    gst_harness_push (h, make_padded (i, 100 * i + 7 * i, 64 + 13 * i));
    out = gst_harness_pull (h);
    check_output (out, i, 0, 0, bgr, 0, 1, 0);
  }
  gst_harness_teardown (h);
}

/* NV12 of any bytes; @swapped: the plane of colour comes first in memory. */
static GstBuffer *
make_nv12 (gboolean swapped)
{
  enum {
    WIDTH = 17,
    HEIGHT = 3,
    STRIDE = 40
  };
  gsize luma = swapped ? 500 : 0, chroma = swapped ? 11 : STRIDE * HEIGHT;
  gsize offsets[GST_VIDEO_MAX_PLANES] = { luma, chroma };
  gint strides[GST_VIDEO_MAX_PLANES] = { STRIDE, STRIDE };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 800, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, swapped ? 0x55 : 0xaa, map.size);
  for (gint y = 0; y < HEIGHT; y++)
    for (gint x = 0; x < WIDTH; x++)
      map.data[luma + y * STRIDE + x] = pixel (0, x, y, 0);
  for (gint y = 0; y < (HEIGHT + 1) / 2; y++)
    for (gint x = 0; x < WIDTH + 1; x++)
      map.data[chroma + y * STRIDE + x] = pixel (1, x, y, 1);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_NV12, WIDTH, HEIGHT, 2, offsets, strides);
  return buffer;
}

static void
test_planes (void)
{
  GstHarness *h =
      open_line ("irconvert model=%s ! irinfer device=REFERENCE", model_path);
  g_autoptr (GstBuffer) plain = NULL, swapped = NULL;
  const IrTensor *first, *second;

  set_caps (h, "NV12", 17, 3);
  gst_harness_push (h, make_nv12 (FALSE));
  gst_harness_push (h, make_nv12 (TRUE));
  plain = gst_harness_pull (h);
  swapped = gst_harness_pull (h);
  first = output_of (plain, 0)->tensors[0].tensor;
  second = output_of (swapped, 0)->tensors[0].tensor;
  g_assert_cmpmem (first->data, first->size, second->data, second->size);
  gst_harness_teardown (h);
}

static void
test_one_pixel (void)
{
  static const char *const resizes[] = { "stretch", "letterbox", "crop" };

  for (gsize i = 0; i < G_N_ELEMENTS (resizes); i++) {
    GstHarness *h =
        open_line ("irconvert resize=%s model=%s ! irinfer device=REFERENCE",
            resizes[i], model_path);
    g_autoptr (GstBuffer) out = NULL;
    const float *values;

    set_caps (h, "BGR", 1, 1);
    gst_harness_push (h, make_frame (2, 1, 1));
    out = gst_harness_pull (h);
    values = output_of (out, 0)->tensors[0].tensor->data;
    /* The middle of the tensor shows the pixel in any case. */
    for (gint c = 0; c < 3; c++)
      g_assert_cmpfloat_with_epsilon (
          values[(c * NET_HEIGHT + NET_HEIGHT / 2) * NET_WIDTH + NET_WIDTH / 2],
          pixel (2, 0, 0, c), 1e-4);
    gst_harness_teardown (h);
  }
}

static void
test_roi (void)
{
  GstHarness *h =
      open_line ("irconvert region=roi object-class=face model=%s ! "
                 "irinfer device=REFERENCE",
          model_path);
  GstBuffer *in = make_frame (0, 20, 10);
  g_autoptr (GstBuffer) out = NULL;

  gst_buffer_add_video_region_of_interest_meta (in, "face", 1, 2, 6, 4)->id = 3;
  gst_buffer_add_video_region_of_interest_meta (in, "car", 0, 0, 6, 4);
  gst_buffer_add_video_region_of_interest_meta (in, "face", 9, 5, 6, 4)->id = 4;
  /* Outside, and without size. */
  gst_buffer_add_video_region_of_interest_meta (in, "face", 20, 0, 6, 4);
  gst_buffer_add_video_region_of_interest_meta (in, "face", 0, 0, 0, 4);
  set_caps (h, "BGR", 20, 10);
  gst_harness_push (h, in);
  out = gst_harness_pull (h);
  check_output (out, 0, 1, 2, bgr, 0, 1, 0);
  check_output (out, 0, 9, 5, bgr, 0, 1, 1);
  g_assert_cmpint (output_of (out, 0)->roi_id, ==, 3);
  g_assert_cmpint (output_of (out, 1)->roi_id, ==, 4);
  g_assert_null (output_of (out, 2));
  gst_harness_teardown (h);
}

/* A frame that the caller holds too gets nothing attached, and its memory goes
 * on uncopied, through irdecode as well. */
static void
test_same_memory (void)
{
  GstHarness *h =
      open_line ("irconvert model=%s ! irinfer device=REFERENCE ! "
                 "irdecode decoder=raw ! irpublish uri=file:/dev/null",
          model_path);
  g_autoptr (GstBuffer) in = make_frame (0, NET_WIDTH, NET_HEIGHT);
  g_autoptr (GstBuffer) out = NULL;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  gst_harness_push (h, gst_buffer_ref (in));
  out = gst_harness_pull (h);
  g_assert_true (
      gst_buffer_peek_memory (in, 0) == gst_buffer_peek_memory (out, 0));
  g_assert_null (gst_buffer_get_video_region_of_interest_meta (in));
  g_assert_nonnull (gst_buffer_get_video_region_of_interest_meta (out));
  gst_harness_teardown (h);
}

int
main (int argc, char **argv)
{
  line_setup (&argc, &argv);
  g_test_add_func ("/gst/convert/recipe", test_recipe);
  g_test_add_func ("/gst/convert/untouched", test_untouched);
  g_test_add_func ("/gst/convert/same-memory", test_same_memory);
  g_test_add_func ("/gst/convert/affine", test_affine);
  g_test_add_func ("/gst/convert/formats", test_formats);
  g_test_add_func ("/gst/convert/padded", test_padded);
  g_test_add_func ("/gst/convert/planes", test_planes);
  g_test_add_func ("/gst/convert/one-pixel", test_one_pixel);
  g_test_add_func ("/gst/convert/roi", test_roi);
  g_test_add_func ("/gst/convert/scaled-meta", test_scaled_meta);
  return line_run ();
}
