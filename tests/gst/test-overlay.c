/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <gst/check/gstharness.h>

#include "irresult.h"

#define WIDTH 320
#define HEIGHT 240

static const char *const formats[] = { "NV12", "NV21", "I420", "YV12", "Y42B",
  "Y444", "YUY2", "UYVY", "BGRx", "RGBx", "xRGB", "xBGR", "BGRA", "RGBA",
  "ARGB", "ABGR", "BGR", "RGB", "GRAY8" };

static const IrObject face = { .label = "face",
  .label_id = 0,
  .confidence = 0.9,
  .x0 = 40,
  .y0 = 60,
  .x1 = 120,
  .y1 = 160,
  .track_id = -1 };

static GstHarness *
harness_new (const char *line, const char *format)
{
  g_autofree char *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format, WIDTH,
      HEIGHT);
  GstHarness *harness = gst_harness_new_parse (line);

  gst_harness_set_src_caps_str (harness, caps);
  return harness;
}

/* A picture of nothing but 128, with an object on it. */
static GstBuffer *
picture_new (const char *format, const IrObject *object)
{
  GstVideoInfo info;
  GstBuffer *buffer;

  gst_video_info_set_format (
      &info, gst_video_format_from_string (format), WIDTH, HEIGHT);
  buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  gst_buffer_memset (buffer, 0, 128, info.size);
  GST_BUFFER_PTS (buffer) = 0;
  if (object)
    ir_buffer_add_object (buffer, WIDTH, HEIGHT, object, -1, "test");
  return buffer;
}

/* The picture as a viewer sees it: RGB, three bytes a pixel. */
static guint8 *
shown (GstBuffer *buffer, const char *format)
{
  GstVideoInfo in, out;
  GstVideoFrame from, to;
  GstVideoConverter *converter;
  GstBuffer *rgb;
  guint8 *pixels = g_malloc (3 * WIDTH * HEIGHT);

  gst_video_info_set_format (
      &in, gst_video_format_from_string (format), WIDTH, HEIGHT);
  gst_video_info_set_format (&out, GST_VIDEO_FORMAT_RGB, WIDTH, HEIGHT);
  converter = gst_video_converter_new (&in, &out, NULL);
  rgb = gst_buffer_new_allocate (NULL, out.size, NULL);
  gst_video_frame_map (&from, &in, buffer, GST_MAP_READ);
  gst_video_frame_map (&to, &out, rgb, GST_MAP_WRITE);
  gst_video_converter_frame (converter, &from, &to);
  gst_video_frame_unmap (&from);
  gst_video_frame_unmap (&to);
  gst_buffer_extract (rgb, 0, pixels, 3 * WIDTH * HEIGHT);
  gst_buffer_unref (rgb);
  gst_video_converter_free (converter);
  return pixels;
}

static void
check_pixel (
    const guint8 *pixels, const char *format, gint x, gint y, const gint *color)
{
  const guint8 *pixel = pixels + 3 * (y * WIDTH + x);

  for (guint i = 0; i < 3; i++) {
    if (ABS (pixel[i] - color[i]) > 6)
      g_error ("%s: (%d, %d) is %d,%d,%d instead of %d,%d,%d", format, x, y,
          pixel[0], pixel[1], pixel[2], color[0], color[1], color[2]);
  }
}

/* Every format shows the same box at the same place. */
static void
test_formats (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstHarness *harness = harness_new (
        "iroverlay palette=#ff0000 line-width=4 fields=0", formats[i]);
    GstBuffer *buffer = picture_new (formats[i], &face);
    g_autofree guint8 *before = shown (buffer, formats[i]);
    g_autofree guint8 *after = NULL;
    gint grey[3] = { before[0], before[1], before[2] };
    gint red[3] = { 255, 0, 0 };

    /* 0.299 of white. */
    if (g_str_equal (formats[i], "GRAY8"))
      red[0] = red[1] = red[2] = 76;
    buffer = gst_harness_push_and_pull (harness, buffer);
    after = shown (buffer, formats[i]);
    check_pixel (after, formats[i], 80, 60, red);
    check_pixel (after, formats[i], 40, 100, red);
    check_pixel (after, formats[i], 120, 100, red);
    check_pixel (after, formats[i], 80, 160, red);
    check_pixel (after, formats[i], 80, 100, grey);
    check_pixel (after, formats[i], 80, 50, grey);
    check_pixel (after, formats[i], 130, 100, grey);
    gst_buffer_unref (buffer);
    gst_harness_teardown (harness);
  }
}

static void
add_everything (GstBuffer *buffer)
{
  static const float points[] = { 0.25f, 0.25f, 0.75f, 0.75f, NAN, 0.5f };
  static const char *const names[] = { "a", "b", "c" };
  static const guint connections[] = { 0, 1 };
  static const float mask[] = { 1, 0, 0, 1 };
  const IrClassResult color = {
    .attribute = "color", .label = "white", .confidence = 0.8
  };
  GstVideoRegionOfInterestMeta *roi = ir_buffer_find_object (buffer, 0);

  ir_object_add_points (roi, points, 3, names, connections, 2, NULL);
  ir_object_add_mask (roi, mask, 2, 2, NULL);
  ir_object_add_class (roi, &color);
  gst_video_region_of_interest_meta_add_param (
      roi, gst_structure_new ("object_id", "id", G_TYPE_INT, 7, NULL));
}

/* How many pixels of a picture with everything on it are painted. */
static guint
painted (const char *line)
{
  GstHarness *harness = harness_new (line, "GRAY8");
  GstBuffer *buffer = picture_new ("GRAY8", &face);
  guint count = 0;
  GstMapInfo map;

  add_everything (buffer);
  buffer = gst_harness_push_and_pull (harness, buffer);
  g_assert_nonnull (buffer);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (gsize i = 0; i < map.size; i++)
    count += map.data[i] != 128;
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  gst_harness_teardown (harness);
  return count;
}

/* Each field adds something, and nothing is drawn without any. */
static void
test_fields (void)
{
  static const char *const names[] = { "label", "confidence", "id", "classes",
    "keypoints", "mask" };

  g_assert_cmpuint (painted ("iroverlay style=none fields=0"), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *line =
        g_strconcat ("iroverlay style=none fields=", names[i], NULL);

    g_assert_cmpuint (painted (line), >, 10);
  }
  /* Half of a box of 80 x 100. */
  g_assert_cmpuint (painted ("iroverlay style=none fields=mask"), ==, 4000);
  g_assert_cmpuint (painted ("iroverlay style=none fields=label+id"), >,
      painted ("iroverlay style=none fields=label"));
}

static void
test_styles (void)
{
  const guint outline = 82 * 102 - 78 * 98;

  g_assert_cmpuint (painted ("iroverlay fields=0 line-width=2"), ==, outline);
  g_assert_cmpuint (
      painted ("iroverlay fields=0 line-width=2 style=filled"), ==, 82 * 102);
  g_assert_cmpuint (
      painted ("iroverlay fields=0 line-width=2 style=corners"), <, outline);
  g_assert_cmpuint (
      painted ("iroverlay fields=0 line-width=2 style=corners"), >, 100);
  g_assert_cmpuint (painted ("iroverlay style=none fields=label font-size=40"),
      >, painted ("iroverlay style=none fields=label font-size=12"));
}

/* A gradient loses its detail inside of the box only. */
static void
test_blur (void)
{
  static const struct {
    const char *line;
    gboolean blurred;
  } cases[] = {
    { "iroverlay style=none fields=0 blur=car,face", TRUE },
    { "iroverlay style=none fields=0 blur=*", TRUE },
    { "iroverlay style=none fields=0 blur=car", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstHarness *harness = harness_new (cases[i].line, "GRAY8");
    GstBuffer *buffer = picture_new ("GRAY8", &face);
    const guint8 *row;
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (guint k = 0; k < WIDTH * HEIGHT; k++)
      map.data[k] = k % WIDTH % 256;
    gst_buffer_unmap (buffer, &map);
    buffer = gst_harness_push_and_pull (harness, buffer);
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    row = map.data + 100 * WIDTH;
    if (cases[i].blurred)
      g_assert_cmpint (row[41], ==, row[44]);
    else
      g_assert_cmpint (row[41], ==, 41);
    g_assert_cmpint (row[39], ==, 39);
    g_assert_cmpint (row[120], ==, 120);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
    gst_harness_teardown (harness);
  }
}

/* A box that fills the frame, lines and letters that don't fit, text that is
 * not UTF-8. */
static void
test_edges (void)
{
  IrObject object = face;

  object.x0 = object.y0 = -50;
  object.x1 = object.y1 = 1000;
  object.label = "b\xff"
                 "d \xe4\xb8\xad";
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstHarness *harness = harness_new (
        "iroverlay style=corners line-width=64 font-size=256 blur=*",
        formats[i]);
    GstBuffer *buffer = picture_new (formats[i], &object);

    add_everything (buffer);
    gst_buffer_unref (gst_harness_push_and_pull (harness, buffer));
    gst_harness_teardown (harness);
  }
}

static void
test_bad_palette (void)
{
  GstElement *element =
      gst_object_ref_sink (gst_element_factory_make ("iroverlay", NULL));
  GstBus *bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  gst_element_set_bus (element, bus);
  g_object_set (element, "palette", "red", NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (g_strstr_len (error->message, -1, "'red'"));
  gst_message_unref (message);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (bus);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/overlay/formats", test_formats);
  g_test_add_func ("/overlay/fields", test_fields);
  g_test_add_func ("/overlay/styles", test_styles);
  g_test_add_func ("/overlay/blur", test_blur);
  g_test_add_func ("/overlay/edges", test_edges);
  g_test_add_func ("/overlay/bad-palette", test_bad_palette);
  return g_test_run ();
}
