/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "line.h"

/* --- numbers ------------------------------------------------------------- */

static void
test_line (gconstpointer data)
{
  const char *tail = data;
  GstHarness *h = open_line (
      "irconvert model=%s ! irinfer device=REFERENCE %s", model_path, tail);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 9; i++)
    g_assert_cmpint (
        gst_harness_push (h, make_frame (i, NET_WIDTH, NET_HEIGHT)), ==,
        GST_FLOW_OK);
  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  for (gint i = 0; i < 9; i++) {
    g_autoptr (GstBuffer) buffer = gst_harness_pull (h);

    g_assert_nonnull (buffer);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, i * 40 * GST_MSECOND);
    check_output (buffer, i, 0, 0, bgr, 0, 1, 0);
    g_assert_null (output_of (buffer, 1));
  }
  g_assert_cmpuint (gst_harness_buffers_in_queue (h), ==, 0);
  gst_harness_teardown (h);
}

static void
test_alone (void)
{
  GstHarness *h = open_line ("irinfer device=REFERENCE model=%s", model_path);
  g_autoptr (GstBuffer) buffer = NULL;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  gst_harness_push (h, make_frame (3, NET_WIDTH, NET_HEIGHT));
  buffer = gst_harness_pull (h);
  check_output (buffer, 3, 0, 0, bgr, 0, 1, 0);
  gst_harness_teardown (h);
}

static void
test_roi (void)
{
  GstHarness *h = open_line ("irinfer device=REFERENCE model=%s region=roi "
                             "object-class=car,face",
      model_path);
  GstBuffer *in = make_frame (0, 20, 10);
  GstVideoRegionOfInterestMeta *roi;
  g_autoptr (GstBuffer) out = NULL;

  gst_buffer_add_video_region_of_interest_meta (in, "tree", 0, 0, 5, 5);
  roi = gst_buffer_add_video_region_of_interest_meta (
      in, "face", 8, 3, NET_WIDTH, NET_HEIGHT);
  roi->id = 17;
  set_caps (h, "BGR", 20, 10);
  gst_harness_push (h, in);
  out = gst_harness_pull (h);
  check_output (out, 0, 8, 3, bgr, 0, 1, 0);
  g_assert_cmpint (output_of (out, 0)->roi_id, ==, 17);
  g_assert_cmpfloat (output_of (out, 0)->affine.m[2], ==, 8);
  g_assert_cmpfloat (output_of (out, 0)->affine.m[5], ==, 3);
  g_assert_null (output_of (out, 1));
  gst_harness_teardown (h);
}

static void
test_interval (void)
{
  GstHarness *h =
      open_line ("irinfer device=REFERENCE interval=3 model=%s", model_path);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 7; i++)
    gst_harness_push (h, make_frame (i, NET_WIDTH, NET_HEIGHT));
  for (gint i = 0; i < 7; i++) {
    g_autoptr (GstBuffer) buffer = gst_harness_pull (h);

    if (i % 3 == 0)
      check_output (buffer, i, 0, 0, bgr, 0, 1, 0);
    else
      g_assert_null (output_of (buffer, 0));
  }
  gst_harness_teardown (h);
}

static void
test_told (void)
{
  GstHarness *h = open_line (
      "irinfer name=i device=REFERENCE warmup=1 model=%s", model_path);
  g_autoptr (GstElement) infer =
      gst_bin_get_by_name (GST_BIN (h->element), "i");
  g_autoptr (GstStructure) stats = NULL;
  g_autofree char *explain = NULL;
  guint64 frames = 0, inferences = 0;

  g_assert_nonnull (infer);
  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 4; i++) {
    gst_harness_push (h, make_frame (i, NET_WIDTH, NET_HEIGHT));
    gst_buffer_unref (gst_harness_pull (h));
  }
  g_object_get (infer, "stats", &stats, "explain", &explain, NULL);
  g_assert_true (gst_structure_get (stats, "frames", G_TYPE_UINT64, &frames,
      "inferences", G_TYPE_UINT64, &inferences, NULL));
  g_assert_cmpuint (frames, ==, 4);
  g_assert_cmpuint (inferences, ==, 4);
  g_assert_nonnull (strstr (explain, "REFERENCE"));
  g_assert_nonnull (strstr (explain, model_path));
  g_assert_cmpuint (gst_harness_query_latency (h), >, 0);
  gst_harness_teardown (h);
}

/* Downstream has had enough: the line must not hang. */
static void
test_downstream_eos (void)
{
  g_autoptr (GstMessage) message = run_pipeline (
      "videotestsrc ! irconvert model=%s ! "
      "irinfer device=REFERENCE ! identity eos-after=5 ! fakesink",
      model_path);

  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
}

static void
check_error (const char *line, const char *text)
{
  g_autoptr (GstMessage) message =
      run_pipeline ("videotestsrc num-buffers=5 ! %s ! fakesink", line);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, text));
}

static void
test_errors (void)
{
  g_autofree char *device =
      g_strdup_printf ("irinfer device=NOSUCH model=%s", model_path);
  g_autofree char *values =
      g_strdup_printf ("irconvert mean-values=1,2 model=%s", model_path);

  check_error ("irconvert model=missing.xml", "missing.xml");
  check_error ("irconvert", "'model'");
  check_error ("irinfer", "'model'");
  check_error (device, "NOSUCH");
  check_error (values, "mean-values");
}

/* --- which frames are inferred -------------------------------------------- */

/* With one slow request at a time nobody waits: frames between are dropped. */
static void
test_latest (void)
{
  GstHarness *h = open_line ("irinfer device=SLOW config=DELAY=60 nireq=1 "
                             "policy=latest model=%s",
      model_path);
  GstBuffer *buffer;
  guint n = 0;
  GstClockTime last = 0;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 8; i++)
    push_frame (h, i);
  gst_harness_push_event (h, gst_event_new_eos ());
  while ((buffer = gst_harness_try_pull (h)) ||
      gst_harness_events_in_queue (h) < 4) {
    gint frame;

    if (buffer == NULL) {
      g_usleep (2000);
      continue;
    }
    frame = GST_BUFFER_PTS (buffer) / FRAME_TIME;
    g_assert_true (n == 0 ? frame == 0 : GST_BUFFER_PTS (buffer) > last);
    last = GST_BUFFER_PTS (buffer);
    check_output (buffer, frame, 0, 0, bgr, 0, 1, 0);
    gst_buffer_unref (buffer);
    n++;
  }
  /* The last one is never dropped. */
  g_assert_cmpuint (last, ==, 7 * FRAME_TIME);
  g_assert_cmpuint (n, <, 8);
  g_assert_cmpuint (stat_of (h, "dropped"), ==, 8 - n);
  g_assert_cmpuint (stat_of (h, "frames"), ==, 8);
  gst_harness_teardown (h);
}

static void
test_max_age (void)
{
  GstHarness *h = open_line (
      "irinfer device=REFERENCE max-age=500000000 model=%s", model_path);

  gst_harness_use_testclock (h);
  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  gst_harness_set_time (h, GST_SECOND);
  /* 1000, 520, 480 and 0 ms late. */
  push_frame (h, 0);
  push_frame (h, 12);
  push_frame (h, 13);
  push_frame (h, 25);
  pull_inferred (h, 13);
  pull_inferred (h, 25);
  g_assert_cmpuint (stat_of (h, "dropped"), ==, 2);
  gst_harness_teardown (h);
}

/* The sink says that it got a frame late: what it would drop passes without
 * inference, and a message counts. */
static void
check_late (const char *line, const char *poster)
{
  GstHarness *h = open_line ("%s", line);
  g_autoptr (GstBus) bus = watch_bus (h);
  g_autoptr (GstMessage) last = NULL;
  guint64 processed, dropped, running_time;
  GstFormat format;
  guint n = 0;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 0);
  pull_inferred (h, 0);
  g_assert_true (gst_harness_push_upstream_event (
      h, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5, 50 * GST_MSECOND, 0)));
  for (gint i = 1; i < 6; i++)
    push_frame (h, i);
  /* Until 0 + 2 * 50 ms. */
  pull_passed (h, 1);
  pull_passed (h, 2);
  for (gint i = 3; i < 6; i++)
    pull_inferred (h, i);
  g_assert_cmpuint (stat_of (h, "late"), ==, 2);
  g_assert_cmpuint (stat_of (h, "inferences"), ==, 4);
  while (TRUE) {
    g_autoptr (GstMessage) message =
        gst_bus_pop_filtered (bus, GST_MESSAGE_QOS);

    if (message == NULL)
      break;
    if (!g_str_has_prefix (GST_MESSAGE_SRC_NAME (message), poster))
      continue;
    n++;
    gst_message_replace (&last, message);
  }
  g_assert_cmpuint (n, ==, 2);
  gst_message_parse_qos (last, NULL, &running_time, NULL, NULL, NULL);
  g_assert_cmpuint (running_time, ==, 2 * FRAME_TIME);
  gst_message_parse_qos_stats (last, &format, &processed, &dropped);
  g_assert_cmpint (format, ==, GST_FORMAT_BUFFERS);
  g_assert_cmpuint (processed, ==, 1);
  g_assert_cmpuint (dropped, ==, 2);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

static void
test_late (void)
{
  g_autofree char *alone =
      g_strdup_printf ("irinfer device=REFERENCE model=%s", model_path);
  g_autofree char *both = g_strdup_printf (
      "irconvert model=%s ! irinfer device=REFERENCE", model_path);

  check_late (alone, "irinfer");
  check_late (both, "irconvert");
}

/* --- batches and requests -------------------------------------------------- */

static void
test_batch_timeout (void)
{
  GstHarness *h = open_line ("irinfer name=i device=REFERENCE batch-size=4 "
                             "batch-timeout=-1 model=%s",
      model_path);
  g_autoptr (GstElement) infer = gst_harness_find_element (h, "irinfer");

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 5; i++)
    push_frame (h, i);
  for (gint i = 0; i < 4; i++)
    pull_inferred (h, i);
  /* The fifth waits for more without end, until the time is limited. */
  g_usleep (100000);
  g_assert_null (gst_harness_try_pull (h));
  g_object_set (infer, "batch-timeout", 20, NULL);
  push_frame (h, 5);
  pull_inferred (h, 4);
  pull_inferred (h, 5);
  push_frame (h, 6);
  pull_inferred (h, 6);
  gst_harness_teardown (h);
}

/* An event does not wait for a batch to fill. */
static void
test_batch_event (void)
{
  GstHarness *h = open_line (
      "irinfer device=REFERENCE batch-size=4 batch-timeout=-1 model=%s",
      model_path);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 0);
  g_assert_true (
      gst_harness_push_event (h, gst_event_new_gap (FRAME_TIME, FRAME_TIME)));
  pull_inferred (h, 0);
  gst_harness_teardown (h);
}

/* Regions of one frame share inferences too. */
static void
test_batch_regions (void)
{
  GstHarness *h = open_line (
      "irinfer device=REFERENCE batch-size=2 region=roi model=%s", model_path);
  GstBuffer *in = make_frame (0, 20, 10);
  g_autoptr (GstBuffer) out = NULL;

  for (gint i = 0; i < 3; i++)
    gst_buffer_add_video_region_of_interest_meta (in, "a", 4 * i, i, 6, 4);
  set_caps (h, "BGR", 20, 10);
  gst_harness_push (h, in);
  out = gst_harness_pull (h);
  for (gint i = 0; i < 3; i++)
    check_output (out, 0, 4 * i, i, bgr, 0, 1, i);
  gst_harness_teardown (h);
}

/* Requests side by side take less time than one after the other, and the order
 * stays. */
static void
test_streams (void)
{
  GstHarness *h = open_line ("irinfer device=SLOW config=DELAY=100 streams=4 "
                             "nireq=4 model=%s",
      model_path);
  g_autoptr (GstElement) infer = gst_harness_find_element (h, "irinfer");
  g_autofree char *explain = NULL;
  gint64 began;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 0);
  pull_inferred (h, 0);
  began = g_get_monotonic_time ();
  for (gint i = 1; i < 9; i++)
    push_frame (h, i);
  for (gint i = 1; i < 9; i++)
    pull_inferred (h, i);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 700000);
  g_object_get (infer, "explain", &explain, NULL);
  g_assert_nonnull (strstr (explain, "4 stream(s)"));
  g_assert_nonnull (strstr (explain, "4 request(s)"));
  gst_harness_teardown (h);
}

static void
check_streams (const char *live, const char *options, const char *want)
{
  g_autofree char *line = g_strdup_printf (
      "videotestsrc num-buffers=2 is-live=%s ! video/x-raw, format=BGR, "
      "framerate=100/1 ! irinfer name=i device=SLOW %s model=%s ! fakesink",
      live, options, model_path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) infer = gst_bin_get_by_name (GST_BIN (pipeline), "i");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  g_autofree char *explain = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_object_get (infer, "explain", &explain, NULL);
  g_assert_nonnull (strstr (explain, want));
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* The device says how many suit it, and is only asked if frames can wait. */
static void
test_default_streams (void)
{
  check_streams ("false", "", ", 2 stream(s)");
  check_streams ("true", "", ", 1 stream(s)");
  check_streams ("false", "streams=3", ", 3 stream(s)");
  check_streams ("false", "config=STREAMS=1", ", 1 stream(s)");
}

/* --- tracked objects -------------------------------------------------------- */

static GstBuffer *
make_tracked (gint frame, const gint *ids, guint n)
{
  GstBuffer *buffer = make_frame (frame, 20, 10);

  for (guint i = 0; i < n; i++) {
    GstVideoRegionOfInterestMeta *roi =
        gst_buffer_add_video_region_of_interest_meta (
            buffer, "face", frame + i, i, NET_WIDTH, NET_HEIGHT);

    roi->id = 10 * frame + i;
    if (ids[i] >= 0)
      gst_video_region_of_interest_meta_add_param (
          roi, gst_structure_new ("object_id", "id", G_TYPE_INT, ids[i], NULL));
  }
  return buffer;
}

/* Object 0 is in every frame, 1 from the second on; the third region has no
 * number and is inferred each time. What is not inferred has the pixels of the
 * frame before, and the place of the frame it is on. */
static void
check_reuse (const char *elements, guint every)
{
  static const gint ids[][3] = { { 5, -1, -1 }, { 5, 6, -1 } };
  GstHarness *h = open_line ("%s", elements);
  guint64 inferences = 0, reused = 0;

  set_caps (h, "BGR", 20, 10);
  for (gint i = 0; i < 7; i++)
    gst_harness_push (h, make_tracked (i, ids[i > 0], 3));
  for (gint i = 0; i < 7; i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (h);
    gint from[3] = { every ? i - i % every : 0, 0, i };

    from[1] = i == 0 ? 0 : every ? 1 + (i - 1) / every * every : 1;
    for (gint r = 0; r < 3; r++) {
      const IrTensorMeta *meta = output_of (out, r);

      g_assert_cmpint (meta->roi_id, ==, 10 * i + r);
      g_assert_cmpfloat (meta->affine.m[2], ==, i + r);
      g_assert_cmpfloat (meta->region.x, ==, i + r);
      check_output (out, from[r], from[r] + r, r, bgr, 0, 1, r);
      inferences += from[r] == i;
      reused += from[r] != i;
    }
  }
  g_assert_cmpuint (stat_of (h, "inferences"), ==, inferences);
  g_assert_cmpuint (stat_of (h, "reused"), ==, reused);
  gst_harness_teardown (h);
}

static void
test_reclassify (void)
{
  static const guint every[] = { 1, 3, 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (every); i++) {
    g_autofree char *alone = g_strdup_printf (
        "irinfer device=REFERENCE region=roi reclassify-interval=%u model=%s",
        every[i], model_path);
    g_autofree char *both =
        g_strdup_printf ("irconvert region=roi model=%s ! irinfer "
                         "device=REFERENCE reclassify-interval=%u",
            model_path, every[i]);

    check_reuse (alone, every[i]);
    check_reuse (both, every[i]);
  }
}

/* --- sharing ---------------------------------------------------------------- */

/* The second element has no model of its own, and takes the first one's. */
static void
test_instance (void)
{
  GstHarness *h =
      open_line ("irinfer name=a device=REFERENCE instance-id=x model=%s ! "
                 "irinfer name=b instance-id=x",
          model_path);
  g_autoptr (GstElement) b = gst_bin_get_by_name (GST_BIN (h->element), "b");
  g_autofree char *explain = NULL;
  g_autoptr (GstBuffer) out = NULL;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 1);
  out = gst_harness_pull (h);
  check_output (out, 1, 0, 0, bgr, 0, 1, 0);
  check_output (out, 1, 0, 0, bgr, 0, 1, 1);
  g_assert_cmpstr (output_of (out, 1)->instance, ==, "x");
  g_object_get (b, "explain", &explain, NULL);
  g_assert_nonnull (strstr (explain, "REFERENCE"));
  g_assert_nonnull (strstr (explain, model_path));
  gst_harness_teardown (h);
}

static void
test_instance_conflict (void)
{
  g_autofree char *line =
      g_strdup_printf ("irinfer device=REFERENCE instance-id=x model=%s ! "
                       "irinfer device=REFERENCE instance-id=x model=%s",
          model_path, box_path);

  check_error (line, "instance-id");
}

/* --- a device that warns ----------------------------------------------------- */

static void
test_warning (void)
{
  GstHarness *h = open_line (
      "irinfer device=SLOW config=WARNING=later model=%s", model_path);
  g_autoptr (GstBus) bus = watch_bus (h);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) warning = NULL;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 3; i++)
    gst_harness_push (h, make_frame (i, NET_WIDTH, NET_HEIGHT));
  g_assert_cmpuint (count_messages (bus, GST_MESSAGE_WARNING, &message), ==, 1);
  gst_message_parse_warning (message, &warning, NULL);
  g_assert_cmpstr (warning->message, ==, "later");
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

/* --- a device that breaks ---------------------------------------------------- */

static void
test_broken_device (void)
{
  GstHarness *h = open_line ("irinfer device=SLOW nireq=4 streams=2 "
                             "config=DELAY=5,FAIL_FROM=4 model=%s",
      model_path);
  g_autoptr (GstBus) bus = watch_bus (h);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow = GST_FLOW_OK;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 1000 && flow == GST_FLOW_OK; i++)
    flow = gst_harness_push (h, make_frame (i, NET_WIDTH, NET_HEIGHT));
  g_assert_cmpint (flow, ==, GST_FLOW_ERROR);
  g_assert_cmpuint (count_messages (bus, GST_MESSAGE_ERROR, &message), ==, 1);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "the device broke in run"));
  g_assert_true (
      g_error_matches (error, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED));
  /* What was done before comes out whole. */
  for (gint i = 0; i < 3; i++)
    pull_inferred (h, i);
  g_assert_null (gst_harness_try_pull (h));
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

/* --- latency ------------------------------------------------------------------ */

static void
push_and_pull (GstHarness *h, gint from, gint to)
{
  for (gint i = from; i < to; i++) {
    push_frame (h, i);
    pull_inferred (h, i);
  }
}

/* The answer follows the last frames, up and down, and a message comes only when
 * it changed. */
static void
test_latency (void)
{
  GstHarness *h = open_line ("irinfer device=REFERENCE model=%s ! "
                             "identity name=d sleep-time=60000",
      model_path);
  g_autoptr (GstElement) delay =
      gst_bin_get_by_name (GST_BIN (h->element), "d");
  g_autoptr (GstElement) infer = gst_harness_find_element (h, "irinfer");
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (infer, bus);
  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_and_pull (h, 0, 3);
  g_assert_cmpuint (gst_harness_query_latency (h), >=, 50 * GST_MSECOND);
  g_assert_cmpuint (count_messages (bus, GST_MESSAGE_LATENCY, NULL), >=, 1);
  g_object_set (delay, "sleep-time", 0, NULL);
  push_and_pull (h, 3, 10);
  g_assert_cmpuint (count_messages (bus, GST_MESSAGE_LATENCY, NULL), ==, 0);
  push_and_pull (h, 10, 140);
  /* Asks for it, so that what comes after is compared with this. */
  g_assert_cmpuint (gst_harness_query_latency (h), <, 50 * GST_MSECOND);
  g_assert_cmpuint (count_messages (bus, GST_MESSAGE_LATENCY, NULL), >=, 1);
  gst_element_set_bus (infer, NULL);
  gst_harness_teardown (h);
}

int
main (int argc, char **argv)
{
  g_autofree char *path =
      g_strdup_printf ("%s:%s", TEST_PLUGINS, g_getenv ("IR_PLUGIN_PATH"));

  g_setenv ("IR_PLUGIN_PATH", path, TRUE);
  line_setup (&argc, &argv);
  g_test_add_data_func ("/gst/infer/line", "", test_line);
  g_test_add_data_func ("/gst/infer/nireq", "nireq=3", test_line);
  g_test_add_data_func ("/gst/infer/batch", "batch-size=4", test_line);
  g_test_add_func ("/gst/infer/alone", test_alone);
  g_test_add_func ("/gst/infer/roi", test_roi);
  g_test_add_func ("/gst/infer/interval", test_interval);
  g_test_add_func ("/gst/infer/latest", test_latest);
  g_test_add_func ("/gst/infer/max-age", test_max_age);
  g_test_add_func ("/gst/infer/late", test_late);
  g_test_add_func ("/gst/infer/batch-timeout", test_batch_timeout);
  g_test_add_func ("/gst/infer/batch-event", test_batch_event);
  g_test_add_func ("/gst/infer/batch-regions", test_batch_regions);
  g_test_add_func ("/gst/infer/streams", test_streams);
  g_test_add_func ("/gst/infer/default-streams", test_default_streams);
  g_test_add_func ("/gst/infer/reclassify", test_reclassify);
  g_test_add_func ("/gst/infer/instance", test_instance);
  g_test_add_func ("/gst/infer/instance-conflict", test_instance_conflict);
  g_test_add_func ("/gst/infer/warning", test_warning);
  g_test_add_func ("/gst/infer/broken-device", test_broken_device);
  g_test_add_func ("/gst/infer/latency", test_latency);
  g_test_add_func ("/gst/infer/told", test_told);
  g_test_add_func ("/gst/infer/downstream-eos", test_downstream_eos);
  g_test_add_func ("/gst/infer/errors", test_errors);
  return line_run ();
}
