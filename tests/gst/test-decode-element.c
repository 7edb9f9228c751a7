/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <glib/gstdio.h>
#include <gst/check/gstharness.h>

#include "irresult.h"
#include "irtensormeta.h"

/* irdecode over tensors attached by hand: mapping, properties, descriptions. */

#define CAPS "video/x-raw,format=GRAY8,width=640,height=480,framerate=25/1"

static IrModelInfo *
info_new (void)
{
  IrModelInfo *info = ir_model_info_new ();

  info->name = g_strdup ("detector");
  info->width = 300;
  info->height = 300;
  return info;
}

/* A frame with SSD rows: class, score, corners. */
static GstBuffer *
frame_new (IrModelInfo *info, const float (*rows)[6], guint n)
{
  const gint64 dims[] = { 1, 1, n, 7 };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 640 * 480, NULL);
  IrTensorMeta *meta =
      ir_buffer_add_tensor_meta (buffer, IR_TENSORS_OUTPUT, info, NULL, 1);
  IrShape shape;
  float *data;

  ir_shape_init (&shape, 4, dims, NULL);
  meta->tensors[0].name = g_strdup ("detection_out");
  meta->tensors[0].tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  data = meta->tensors[0].tensor->data;
  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < 6; k++)
      data[7 * i + 1 + k] = rows[i][k];
  }
  /* Stretched. */
  meta->affine = (IrAffine){ { 640 / 300.0, 0, 0, 0, 480 / 300.0, 0 } };
  GST_BUFFER_PTS (buffer) = 0;
  return buffer;
}

static GstVideoRegionOfInterestMeta *
object_at (GstBuffer *buffer, guint index)
{
  gpointer state = NULL;
  GstMeta *meta = NULL;

  for (guint i = 0; i <= index; i++)
    meta = gst_buffer_iterate_meta_filtered (
        buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
  return (GstVideoRegionOfInterestMeta *) meta;
}

static guint
count (GstBuffer *buffer)
{
  return gst_buffer_get_n_meta (
      buffer, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
}

static const float rows[][6] = {
  { 1, 0.9f, 0.1f, 0.2f, 0.5f, 0.6f },
  { 2, 0.7f, -0.1f, 0.5f, 0.25f, 1.5f },
  { 1, 0.45f, 0.5f, 0.5f, 0.75f, 0.75f },
};

static GstHarness *
harness_new (const char *line)
{
  GstHarness *harness = gst_harness_new_parse (line);

  gst_harness_set_src_caps_str (harness, CAPS);
  return harness;
}

static GstBuffer *
push (GstHarness *harness, IrModelInfo *info)
{
  return gst_harness_push_and_pull (
      harness, frame_new (info, rows, G_N_ELEMENTS (rows)));
}

static guint
count_with (const char *line)
{
  GstHarness *harness = harness_new (line);
  IrModelInfo *info = info_new ();
  GstBuffer *buffer = push (harness, info);
  guint n;

  g_assert_nonnull (buffer);
  n = count (buffer);
  gst_buffer_unref (buffer);
  gst_harness_teardown (harness);
  ir_model_info_unref (info);
  return n;
}

static void
test_mapping (void)
{
  GstHarness *harness = harness_new ("irdecode labels=nothing,face,car");
  IrModelInfo *info = info_new ();
  GstBuffer *buffer = push (harness, info);
  GstVideoRegionOfInterestMeta *roi;
  IrObject object;
  GstMeta *tensors;

  g_assert_cmpuint (count (buffer), ==, 2);
  roi = object_at (buffer, 0);
  g_assert_cmpstr (g_quark_to_string (roi->roi_type), ==, "face");
  g_assert_cmpuint (roi->x, ==, 64);
  g_assert_cmpuint (roi->y, ==, 96);
  g_assert_cmpuint (roi->w, ==, 256);
  g_assert_cmpuint (roi->h, ==, 192);
  ir_object_read (roi, 640, 480, &object);
  g_assert_cmpint (object.label_id, ==, 1);
  g_assert_cmpfloat_with_epsilon (object.confidence, 0.9, 1e-6);

  /* Clipped to the frame. */
  roi = object_at (buffer, 1);
  g_assert_cmpuint (roi->x, ==, 0);
  g_assert_cmpuint (roi->y, ==, 240);
  g_assert_cmpuint (roi->w, ==, 160);
  g_assert_cmpuint (roi->h, ==, 240);

  /* The tensors are used up, what is known of the model is not. */
  tensors = gst_buffer_get_meta (buffer, IR_TENSOR_META_API_TYPE);
  g_assert_nonnull (tensors);
  g_assert_cmpuint (((IrTensorMeta *) tensors)->n_tensors, ==, 0);
  g_assert_true (((IrTensorMeta *) tensors)->info == info);
  gst_buffer_unref (buffer);
  gst_harness_teardown (harness);
  ir_model_info_unref (info);
}

static void
test_properties (void)
{
  g_assert_cmpuint (count_with ("irdecode"), ==, 2);
  g_assert_cmpuint (count_with ("irdecode threshold=0.4"), ==, 3);
  g_assert_cmpuint (count_with ("irdecode threshold=0.95"), ==, 0);
  g_assert_cmpuint (count_with ("irdecode max-objects=1"), ==, 1);
  g_assert_cmpuint (count_with ("irdecode class-thresholds=\"1=0.3\""), ==, 3);
  g_assert_cmpuint (count_with ("irdecode labels=a,face,car "
                                "class-thresholds=\"face=0.95,car=0.6\""),
      ==, 1);
  g_assert_cmpuint (count_with ("irdecode decoder=ssd"), ==, 2);
  /* Raw outputs come on the frame. */
  g_assert_cmpuint (count_with ("irdecode decoder=raw"), ==, 1);
}

/* Changed while PLAYING, a threshold holds from the next frame on. */
static void
test_live (void)
{
  GstHarness *harness = harness_new ("irdecode name=d");
  GstElement *element = gst_harness_find_element (harness, "irdecode");
  IrModelInfo *info = info_new ();
  static const float thresholds[] = { 0.5f, 0.8f, 0.1f };
  static const guint expected[] = { 2, 1, 3 };

  for (guint i = 0; i < 3; i++) {
    GstBuffer *buffer;

    g_object_set (element, "threshold", thresholds[i], NULL);
    buffer = push (harness, info);
    g_assert_cmpuint (count (buffer), ==, expected[i]);
    gst_buffer_unref (buffer);
  }
  gst_object_unref (element);
  gst_harness_teardown (harness);
  ir_model_info_unref (info);
}

static guint
count_described (const char *text, const char *options, const char **label)
{
  g_autofree char *folder = g_dir_make_tmp ("ir-decode-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "d.json", NULL);
  g_autofree char *line =
      g_strdup_printf ("irdecode description=%s %s", path, options);
  GstHarness *harness;
  IrModelInfo *info = info_new ();
  GstBuffer *buffer;
  guint n;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  harness = harness_new (line);
  buffer = push (harness, info);
  g_assert_nonnull (buffer);
  n = count (buffer);
  *label = n ? g_quark_to_string (object_at (buffer, 0)->roi_type) : NULL;
  gst_buffer_unref (buffer);
  gst_harness_teardown (harness);
  ir_model_info_unref (info);
  g_unlink (path);
  g_rmdir (folder);
  return n;
}

static void
test_descriptions (void)
{
  static const char own[] =
      "{\"schema\":\"gst-ir.description/1\",\"threshold\":0.4,"
      "\"labels\":[\"x\",\"face\",\"car\"],\"decoder\":\"ssd\"}";
  static const char proc[] =
      "{\"json_schema_version\":\"2.2.0\",\"output_postproc\":[{\"converter\":"
      "\"detection_output\",\"labels\":[\"x\",\"head\"],\"threshold\":0.8}]}";
  const char *label;

  g_assert_cmpuint (count_described (own, "", &label), ==, 3);
  g_assert_cmpstr (label, ==, "face");
  g_assert_cmpuint (count_described (proc, "", &label), ==, 1);
  g_assert_cmpstr (label, ==, "head");
  /* What the user sets goes first. */
  g_assert_cmpuint (
      count_described (proc, "threshold=0.5 labels=x,y", &label), ==, 2);
  g_assert_cmpstr (label, ==, "y");
}

static void
test_model_info (void)
{
  GstHarness *harness = harness_new ("irdecode");
  IrModelInfo *info = info_new ();
  GstBuffer *buffer;

  info->meta = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_insert (info->meta, g_strdup ("labels"), g_strdup ("a b c"));
  g_hash_table_insert (
      info->meta, g_strdup ("confidence_threshold"), g_strdup ("0.8"));
  g_hash_table_insert (info->meta, g_strdup ("model_type"), g_strdup ("ssd"));
  buffer = push (harness, info);
  g_assert_cmpuint (count (buffer), ==, 1);
  g_assert_cmpstr (
      g_quark_to_string (object_at (buffer, 0)->roi_type), ==, "b");
  gst_buffer_unref (buffer);
  gst_harness_teardown (harness);
  ir_model_info_unref (info);
}

/* One error whose text says what is wrong. */
static void
expect_error (const char *line, const char *word)
{
  GstHarness *harness = harness_new (line);
  GstElement *element = gst_harness_find_element (harness, "irdecode");
  GstBus *bus = gst_bus_new ();
  IrModelInfo *info = info_new ();
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_harness_push (harness, frame_new (info, rows, 3)), ==,
      GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  if (!strstr (error->message, word))
    g_error ("'%s' does not say '%s'", error->message, word);
  gst_message_unref (message);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR));
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_harness_teardown (harness);
  gst_object_unref (bus);
  ir_model_info_unref (info);
}

static void
test_errors (void)
{
  expect_error ("irdecode decoder=yolov8", "'detection_out' f32[1,1,3,7]");
  expect_error ("irdecode labels-file=/does/not/exist", "/does/not/exist");
  expect_error ("irdecode description=/does/not/exist", "/does/not/exist");
  expect_error ("irdecode class-thresholds=person", "class-thresholds");
  expect_error ("irdecode class-thresholds=\"dog=0.5\"", "dog");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/irdecode/mapping", test_mapping);
  g_test_add_func ("/irdecode/properties", test_properties);
  g_test_add_func ("/irdecode/live", test_live);
  g_test_add_func ("/irdecode/descriptions", test_descriptions);
  g_test_add_func ("/irdecode/model-info", test_model_info);
  g_test_add_func ("/irdecode/errors", test_errors);
  return g_test_run ();
}
