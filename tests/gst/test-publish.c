/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <math.h>

#include <glib/gstdio.h>
#include <gst/check/gstharness.h>
#include <json-glib/json-glib.h>

#include "irresult.h"
#include "irtensormeta.h"
#include "json-out.h"

#define CAPS "video/x-raw,format=GRAY8,width=768,height=576,framerate=25/1"

typedef struct {
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("ir-publish-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->folder, "out put.jsonl", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_rmdir (fixture->folder);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static GstBuffer *
frame_new (GstClockTime pts)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 768 * 576, NULL);

  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

/* The first object of DL Streamer's own sample line, with a class and points. */
static void
add_results (GstBuffer *buffer)
{
  static const float points[] = { 0.25f, 0.5f };
  static const char *const names[] = { "nose \"tip\"" };
  const IrObject object = { .label = "vehicle",
    .label_id = 0,
    .confidence = 0.5719449520111084,
    .x0 = 0.948114812374115 * 768,
    .y0 = 0.08424283564090729 * 576,
    .x1 = 768,
    .y1 = 0.1658826321363449 * 576 };
  const IrClassResult color = { .attribute = "color",
    .label = "white",
    .label_id = 0,
    .confidence = 0.75,
    .model = "attributes" };
  IrModelInfo *info = ir_model_info_new ();
  GstVideoRegionOfInterestMeta *roi =
      ir_buffer_add_object (buffer, 768, 576, &object, -1, "detector");

  ir_object_add_class (roi, &color);
  ir_object_add_points (roi, points, 1, names, NULL, 0, NULL);
  gst_video_region_of_interest_meta_add_param (
      roi, gst_structure_new ("object_id", "id", G_TYPE_INT, 7, NULL));
  info->name = g_strdup ("detector");
  info->digest = ir_digest_new_sum ("00ff");
  ir_buffer_add_tensor_meta (buffer, IR_TENSORS_OUTPUT, info, NULL, 0);
  ir_model_info_unref (info);
}

/* Publishes @n frames, every second one with results, and reads the lines. */
static GStrv
publish (const Fixture *fixture, const char *options, guint n)
{
  g_autofree char *uri = g_filename_to_uri (fixture->path, NULL, NULL);
  g_autofree char *line = g_strdup_printf ("irpublish uri=%s %s", uri, options);
  GstHarness *harness = gst_harness_new_parse (line);
  g_autofree char *text = NULL;

  gst_harness_set_src_caps_str (harness, CAPS);
  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer = frame_new (i * 40 * GST_MSECOND);

    if (i % 2 == 0)
      add_results (buffer);
    gst_buffer_unref (gst_harness_push_and_pull (harness, buffer));
  }
  /* A line is there as soon as its frame has passed. */
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  gst_harness_teardown (harness);
  g_assert_true (g_str_has_suffix (text, "\n"));
  text[strlen (text) - 1] = 0;
  return g_strsplit (text, "\n", -1);
}

static JsonObject *
parse (JsonParser *parser, const char *line)
{
  GError *error = NULL;

  json_parser_load_from_data (parser, line, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

/* What does not come from a clock is not late: the time that the network took
 * stands for its latency. */
static void
test_latency_of_files (Fixture *fixture, gconstpointer data)
{
  g_autofree char *uri = g_filename_to_uri (fixture->path, NULL, NULL);
  g_autofree char *line = g_strdup_printf ("irpublish uri=%s", uri);
  GstHarness *harness = gst_harness_new_parse (line);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autofree char *text = NULL;
  IrModelInfo *info = ir_model_info_new ();
  GstBuffer *buffer = frame_new (0);
  IrTensorMeta *meta;

  meta = ir_buffer_add_tensor_meta (buffer, IR_TENSORS_OUTPUT, info, NULL, 0);
  meta->preprocess_ns = 2 * GST_MSECOND;
  meta->infer_ns = 5 * GST_MSECOND;
  ir_model_info_unref (info);
  gst_harness_set_live (harness, FALSE);
  gst_harness_set_src_caps_str (harness, CAPS);
  gst_harness_use_systemclock (harness);
  gst_buffer_unref (gst_harness_push_and_pull (harness, buffer));
  g_assert_true (g_file_get_contents (fixture->path, &text, NULL, NULL));
  g_assert_cmpfloat (
      json_object_get_double_member (parse (parser, text), "latency_ms"), ==,
      7);
  gst_harness_teardown (harness);
}

static void
test_dls (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) lines = publish (fixture, "source=cam0", 2);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *root = parse (parser, lines[0]);
  JsonObject *object, *detection, *color;

  g_assert_cmpuint (g_strv_length (lines), ==, 2);
  g_assert_cmpint (json_object_get_int_member (root, "frame"), ==, 0);
  g_assert_cmpint (json_object_get_int_member (root, "pts"), ==, 0);
  g_assert_cmpstr (json_object_get_string_member (root, "source"), ==, "cam0");
  g_assert_cmpstr (json_object_get_string_member (root, "schema"), ==,
      "gst-ir.detections/1");
  g_assert_true (json_object_has_member (root, "latency_ms"));
  g_assert_true (
      g_str_has_suffix (json_object_get_string_member (root, "utc"), "Z"));
  g_assert_cmpstr (json_object_get_string_member (
                       json_object_get_object_member (root, "model"), "sha256"),
      ==, "00ff");
  object = json_array_get_object_element (
      json_object_get_array_member (root, "objects"), 0);
  g_assert_cmpint (json_object_get_int_member (object, "x"), ==, 728);
  g_assert_cmpint (json_object_get_int_member (object, "y"), ==, 49);
  g_assert_cmpint (json_object_get_int_member (object, "w"), ==, 40);
  g_assert_cmpint (json_object_get_int_member (object, "h"), ==, 47);
  g_assert_cmpint (json_object_get_int_member (object, "id"), ==, 7);
  detection = json_object_get_object_member (object, "detection");
  g_assert_cmpstr (
      json_object_get_string_member (detection, "label"), ==, "vehicle");
  color = json_object_get_object_member (object, "color");
  g_assert_cmpfloat (
      json_object_get_double_member (color, "confidence"), ==, 0.75);
  g_assert_nonnull (strstr (lines[0],
      "\"bounding_box\":{\"x_max\":1,\"x_min\":0.948114812374115,\"y_max\":"
      "0.1658826321363449,\"y_min\":0.08424283564090729}"));
  g_assert_nonnull (strstr (lines[0], "\"confidence\":0.5719449520111084,"));
  g_assert_nonnull (
      strstr (lines[0], "\"point_names\":[\"nose \\\"tip\\\"\"]"));
  g_assert_nonnull (strstr (lines[0], "\"data\":[0.25,0.5]"));
  g_assert_nonnull (strstr (lines[1], "\"objects\":[],"));
  g_assert_nonnull (strstr (lines[1], "\"timestamp\":40000000"));
}

static void
test_fields (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) lines =
      publish (fixture, "fields=\"frame, objects\" every=2", 5);

  g_assert_cmpuint (g_strv_length (lines), ==, 3);
  g_assert_true (g_str_has_prefix (lines[1], "{\"frame\":2,\"objects\":[{"));
  g_assert_null (strstr (lines[1], "tensors"));
  g_assert_null (strstr (lines[1], "utc"));
}

static void
test_deepstream (Fixture *fixture, gconstpointer data)
{
  g_auto (GStrv) lines =
      publish (fixture, "format=deepstream-minimal source=cam0", 1);

  g_assert_nonnull (strstr (lines[0],
      "\"objects\":[\"7|728.2|48.5|768.0|95.5|vehicle|#|white|0.5719\"]"));
  g_assert_nonnull (strstr (lines[0], "\"version\":\"4.0\""));
  g_assert_nonnull (strstr (lines[0], "\"sensorId\":\"cam0\""));
  g_assert_nonnull (strstr (lines[0], "\"id\":\"0\""));
}

static void
expect_failure (const char *uri, const char *fields, const char *word)
{
  GstElement *element =
      gst_object_ref_sink (gst_element_factory_make ("irpublish", NULL));
  GstBus *bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  gst_element_set_bus (element, bus);
  g_object_set (element, "uri", uri, "fields", fields, NULL);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, word));
  gst_message_unref (message);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR));
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (bus);
}

static void
test_refused (void)
{
  expect_failure ("mqtt://host/topic", NULL, "not supported by this build");
  expect_failure ("kafka://host/topic", NULL, "not supported by this build");
  expect_failure ("out.jsonl", NULL, "file:out.jsonl");
  expect_failure ("file:", NULL, "no path");
  expect_failure ("file:/does/not/exist/out", NULL, "/does/not/exist/out");
  expect_failure ("-", "frame,colour", "colour");
}

/* A full disk ends the stream with one error. */
static void
test_full (void)
{
  GstHarness *harness = gst_harness_new_parse ("irpublish uri=file:/dev/full");
  GstBus *bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  if (!g_file_test ("/dev/full", G_FILE_TEST_EXISTS)) {
    g_test_skip ("there is no /dev/full");
  } else {
    gst_element_set_bus (harness->element, bus);
    gst_harness_set_src_caps_str (harness, CAPS);
    g_assert_cmpint (
        gst_harness_push (harness, frame_new (0)), ==, GST_FLOW_ERROR);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    gst_message_parse_error (message, &error, NULL);
    g_assert_error (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
    gst_message_unref (message);
    gst_element_set_bus (harness->element, NULL);
  }
  gst_harness_teardown (harness);
  gst_object_unref (bus);
}

static void
check (char *value, const char *expected)
{
  g_assert_cmpstr (value, ==, expected);
  g_free (value);
}

/* The same text everywhere, and nothing that is not JSON. */
static void
test_text (void)
{
  IrJsonObject *object = ir_json_object_new ();

  setlocale (LC_ALL, "de_DE.UTF-8");
  check (ir_json_number (0.1), "0.1");
  check (ir_json_number (1.0 / 3), "0.3333333333333333");
  check (ir_json_number (-1e300), "-1e+300");
  check (ir_json_number (NAN), "null");
  check (ir_json_number (-INFINITY), "null");
  check (ir_json_single (0.1f), "0.1");
  check (ir_json_integer (G_MININT64), "-9223372036854775808");
  check (ir_json_text ("a\"b\\c\n\t\x01 \xc3\xa4"),
      "\"a\\\"b\\\\c\\n\\t\\u0001 \xc3\xa4\"");
  check (ir_json_text ("\xff"), "\"\xef\xbf\xbd\"");
  ir_json_set (object, "b", ir_json_integer (1));
  ir_json_set (object, "a", ir_json_integer (2));
  ir_json_set (object, "b", ir_json_integer (3));
  check (ir_json_end (object), "{\"a\":2,\"b\":1,\"b-2\":3}");
  setlocale (LC_ALL, "C");
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/publish/dls", Fixture, NULL, set_up, test_dls, tear_down);
  g_test_add ("/publish/latency-of-files", Fixture, NULL, set_up,
      test_latency_of_files, tear_down);
  g_test_add ("/publish/fields", Fixture, NULL, set_up, test_fields, tear_down);
  g_test_add (
      "/publish/deepstream", Fixture, NULL, set_up, test_deepstream, tear_down);
  g_test_add_func ("/publish/refused", test_refused);
  g_test_add_func ("/publish/full", test_full);
  g_test_add_func ("/publish/text", test_text);
  return g_test_run ();
}
