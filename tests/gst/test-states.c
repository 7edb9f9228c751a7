/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "line.h"
#include "usage.h"

/* --- events ----------------------------------------------------------------- */

static void
begin_again (GstHarness *h)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (h, gst_event_new_segment (&segment)));
}

/* @line has requests under way when the flush comes: none of the old frames comes
 * out after it. */
static void
check_flush (const char *line)
{
  GstHarness *h = open_line ("%s", line);
  GstBuffer *old;
  gint64 began;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint round = 0; round < 5; round++) {
    for (gint i = 0; i < 3; i++)
      push_frame (h, i);
    began = g_get_monotonic_time ();
    g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
    g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
    /* What runs is told to stop, not waited for. */
    g_assert_cmpint (g_get_monotonic_time () - began, <, 3000000);
    while ((old = gst_harness_try_pull (h)))
      gst_buffer_unref (old);
    begin_again (h);
    push_frame (h, 5 + round);
    pull_inferred (h, 5 + round);
  }
  gst_harness_teardown (h);
}

static void
test_flush (void)
{
  g_autofree char *line = g_strdup_printf (
      "irconvert model=%s ! irinfer device=REFERENCE", model_path);
  g_autofree char *slow = g_strdup_printf (
      "irinfer device=SLOW config=DELAY=10 nireq=3 model=%s", model_path);
  g_autofree char *batch = g_strdup_printf ("irinfer device=REFERENCE "
                                            "batch-size=4 batch-timeout=10 "
                                            "model=%s",
      model_path);

  check_flush (line);
  check_flush (slow);
  check_flush (batch);
}

/* An inference that would take ten seconds does not hold a flush up. */
static void
test_flush_cancels (void)
{
  GstHarness *h = open_line (
      "irinfer device=SLOW config=DELAY=10000 nireq=2 streams=2 model=%s",
      model_path);
  gint64 began = g_get_monotonic_time ();

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 0);
  push_frame (h, 1);
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  begin_again (h);
  push_frame (h, 2);
  gst_harness_teardown (h);
  g_assert_cmpint (g_get_monotonic_time () - began, <, 8000000);
}

/* Types of what leaves, in order: a letter for an event, 'B' for a buffer. */
typedef struct {
  GMutex lock;
  GString *text;
} Order;

static char
letter_of (const GstPadProbeInfo *info)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    return 'B';
  switch (GST_EVENT_TYPE (info->data)) {
    case GST_EVENT_GAP:
      return 'G';
    case GST_EVENT_EOS:
      return 'E';
    case GST_EVENT_SEGMENT_DONE:
      return 'D';
    case GST_EVENT_SEGMENT:
      return 'S';
    default:
      return 0;
  }
}

static GstPadProbeReturn
note (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Order *order = user_data;
  char letter = letter_of (info);

  g_mutex_lock (&order->lock);
  if (letter)
    g_string_append_c (order->text, letter);
  g_mutex_unlock (&order->lock);
  return GST_PAD_PROBE_OK;
}

static Order *
watch_order (GstHarness *h)
{
  Order *order = g_new0 (Order, 1);

  g_mutex_init (&order->lock);
  order->text = g_string_new (NULL);
  gst_pad_add_probe (h->sinkpad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note,
      order, NULL);
  return order;
}

/* Pushes EOS, waits until it has left, and compares what left so far. */
static void
end_order (GstHarness *h, Order *order, const char *expected)
{
  gboolean ended = FALSE;

  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  for (guint ms = 0; ms < 10000 && !ended; ms++) {
    g_usleep (1000);
    g_mutex_lock (&order->lock);
    ended = strchr (order->text->str, 'E') != NULL;
    g_mutex_unlock (&order->lock);
  }
  g_mutex_lock (&order->lock);
  g_assert_cmpstr (order->text->str, ==, expected);
  g_mutex_unlock (&order->lock);
  gst_harness_teardown (h);
  g_string_free (order->text, TRUE);
  g_mutex_clear (&order->lock);
  g_free (order);
}

/* EOS and other events leave after the frames before them, though those take
 * their time. */
static void
test_order (void)
{
  GstHarness *h = open_line ("irconvert model=%s ! irinfer device=SLOW "
                             "config=DELAY=20 nireq=4 streams=4",
      model_path);
  Order *order = watch_order (h);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 0);
  push_frame (h, 1);
  gst_harness_push_event (h, gst_event_new_gap (80 * GST_MSECOND, FRAME_TIME));
  push_frame (h, 3);
  gst_harness_push_event (
      h, gst_event_new_segment_done (GST_FORMAT_TIME, 160 * GST_MSECOND));
  begin_again (h);
  push_frame (h, 4);
  push_frame (h, 5);
  end_order (h, order, "SBBGBDSBBE");
}

static void
test_empty (void)
{
  GstHarness *h = open_line (
      "irconvert model=%s ! irinfer device=REFERENCE ! irdecode", model_path);
  Order *order = watch_order (h);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  g_assert_cmpuint (stat_of (h, "frames"), ==, 0);
  end_order (h, order, "SE");
}

/* A gap as a buffer without picture. */
static void
check_gap (const char *line)
{
  GstHarness *h = open_line ("%s", line);
  GstBuffer *gap = gst_buffer_new ();

  GST_BUFFER_PTS (gap) = FRAME_TIME;
  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  push_frame (h, 0);
  g_assert_cmpint (gst_harness_push (h, gap), ==, GST_FLOW_OK);
  push_frame (h, 2);
  pull_inferred (h, 0);
  pull_passed (h, 1);
  pull_inferred (h, 2);
  gst_harness_teardown (h);
}

static void
test_gap (void)
{
  g_autofree char *alone =
      g_strdup_printf ("irinfer device=REFERENCE model=%s", model_path);
  g_autofree char *both = g_strdup_printf (
      "irconvert model=%s ! irinfer device=REFERENCE", model_path);

  check_gap (alone);
  check_gap (both);
}

/* --- caps ------------------------------------------------------------------- */

static const struct {
  const char *caps;
  guint width;
  guint height;
} pictures[] = {
  { "format=BGR", 64, 48 },
  { "format=NV12", 640, 360 },
  { "format=I420,interlace-mode=interleaved,field-order=top-field-first", 720,
      576 },
  { "format=I420", 17, 3 },
  { "format=RGBA", 1, 1 },
  { "format=YUY2,pixel-aspect-ratio=4/3", 33, 7 },
  { "format=GRAY8", 1, 1 },
  { "format=BGRx", 1, 300 },
  { "format=NV12", 3, 1 },
  { "format=RGB", 17, 3 },
  { "format=NV12", 64, 48 },
};

static void
push_picture (GstHarness *h, gsize row)
{
  g_autofree char *caps =
      g_strdup_printf ("video/x-raw,%s,width=%u,height=%u,framerate=25/1",
          pictures[row].caps, pictures[row].width, pictures[row].height);
  GstCaps *parsed = gst_caps_from_string (caps);
  GstVideoInfo info;

  g_assert_true (gst_video_info_from_caps (&info, parsed));
  gst_harness_set_src_caps (h, parsed);
  for (gint k = 0; k < 2; k++) {
    GstBuffer *in = gst_buffer_new_allocate (NULL, info.size, NULL);

    gst_buffer_memset (in, 0, 77, info.size);
    GST_BUFFER_PTS (in) = (2 * row + k) * FRAME_TIME;
    g_assert_cmpint (gst_harness_push (h, in), ==, GST_FLOW_OK);
  }
}

/* One axis of a box: around the middle of @size, @half to each side unless the
 * picture ends before. */
static void
check_axis (const GstStructure *detection, const char *axis, double size,
    double half, double tolerance)
{
  g_autofree char *low = g_strdup_printf ("%s_min", axis);
  g_autofree char *high = g_strdup_printf ("%s_max", axis);
  double from, to;

  g_assert_true (gst_structure_get (
      detection, low, G_TYPE_DOUBLE, &from, high, G_TYPE_DOUBLE, &to, NULL));
  half = MIN (half, size / 2);
  g_assert_cmpfloat_with_epsilon ((to - from) / 2 * size, half, tolerance);
  g_assert_cmpfloat_with_epsilon ((from + to) / 2 * size, size / 2, tolerance);
}

static void
check_picture (GstBuffer *buffer, gsize row, gboolean letterbox)
{
  double width = pictures[row].width, height = pictures[row].height;
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_get_video_region_of_interest_meta (buffer);
  /* Pixels of the picture per pixel of the tensor. */
  double scale = MAX (width / NET_WIDTH, height / NET_HEIGHT);
  /* A letterbox has whole pixels of picture. */
  double tolerance = letterbox ? scale : 1e-3;
  const GstStructure *detection;

  g_assert_nonnull (roi);
  detection = gst_video_region_of_interest_meta_get_param (roi, "detection");
  check_axis (detection, "x", width,
      letterbox ? NET_WIDTH / 4. * scale : width / 4, tolerance);
  check_axis (detection, "y", height,
      letterbox ? NET_HEIGHT / 4. * scale : height / 4, tolerance);
  g_assert_cmpuint (roi->x + roi->w, <=, pictures[row].width);
  g_assert_cmpuint (roi->y + roi->h, <=, pictures[row].height);
}

/* The same detection, the middle half of what the network sees, in pixels of
 * each picture: pictures of all sizes, formats and ways of scanning follow each
 * other while requests are under way. */
static void
test_caps_changes (gconstpointer data)
{
  gboolean letterbox = strcmp (data, "letterbox") == 0;
  GstHarness *h =
      open_line ("irconvert model=%s resize=%s ! irinfer device=REFERENCE "
                 "nireq=3 ! irdecode decoder=ssd ! iroverlay ! irpublish "
                 "uri=file:/dev/null",
          box_path, (const char *) data);

  for (gsize i = 0; i < G_N_ELEMENTS (pictures); i++)
    push_picture (h, i);
  for (gsize i = 0; i < 2 * G_N_ELEMENTS (pictures); i++) {
    g_autoptr (GstBuffer) out = gst_harness_pull (h);

    check_picture (out, i / 2, letterbox);
  }
  gst_harness_teardown (h);
}

/* --- states ----------------------------------------------------------------- */

static char *
explain_of (GstElement *element)
{
  char *text = NULL;

  g_object_get (element, "explain", &text, NULL);
  g_assert_nonnull (text);
  return text;
}

static gboolean
is_compiled (GstElement *infer)
{
  g_autofree char *text = explain_of (infer);

  stat_of_element (infer, "frames");
  return strstr (text, "device: REFERENCE") != NULL;
}

static void
go (GstElement *pipeline, GstState state)
{
  gst_element_set_state (pipeline, state);
  g_assert_cmpint (
      gst_element_get_state (pipeline, NULL, NULL, 30 * GST_SECOND), ==,
      GST_STATE_CHANGE_SUCCESS);
}

/* What is compiled stays so until NULL, unless it would become something else;
 * texts and counts can be read at any time. */
static void
check_keeps (const char *elements)
{
  g_autofree char *line =
      g_strdup_printf ("videotestsrc ! %s ! fakesink", elements);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) infer = gst_bin_get_by_name (GST_BIN (pipeline), "i");

  g_assert_false (is_compiled (infer));
  go (pipeline, GST_STATE_READY);
  g_assert_false (is_compiled (infer));
  for (gint i = 0; i < 3; i++) {
    go (pipeline, GST_STATE_PAUSED);
    g_assert_true (is_compiled (infer));
    go (pipeline, GST_STATE_PLAYING);
    g_assert_true (is_compiled (infer));
    go (pipeline, GST_STATE_READY);
    g_assert_true (is_compiled (infer));
    g_assert_cmpuint (stat_of_element (infer, "frames"), >, 0);
  }
  /* This one does not concern the model. */
  g_object_set (infer, "interval", 2, NULL);
  go (pipeline, GST_STATE_PAUSED);
  go (pipeline, GST_STATE_READY);
  g_assert_true (is_compiled (infer));
  /* This one does. */
  g_object_set (infer, "batch-size", 2, NULL);
  go (pipeline, GST_STATE_PLAYING);
  {
    g_autofree char *text = explain_of (infer);

    g_assert_nonnull (strstr (text, "batch 2"));
  }
  go (pipeline, GST_STATE_NULL);
  g_assert_false (is_compiled (infer));
}

static void
test_keeps (void)
{
  g_autofree char *alone =
      g_strdup_printf ("irinfer name=i device=REFERENCE model=%s", model_path);
  g_autofree char *both = g_strdup_printf (
      "irconvert model=%s ! irinfer name=i device=REFERENCE", model_path);

  check_keeps (alone);
  check_keeps (both);
}

static gsize
count_lines (const char *path)
{
  g_autofree char *text = NULL;
  gsize n = 0;

  g_assert_true (g_file_get_contents (path, &text, &n, NULL));
  return n;
}

/* The same compiled model runs on: no compilation between READY and PAUSED. */
static void
test_compiles_once (void)
{
  g_autofree char *folder = g_path_get_dirname (model_path);
  g_autofree char *log = g_build_filename (folder, "log", NULL);
  g_autofree char *line =
      g_strdup_printf ("videotestsrc ! irconvert model=%s ! "
                       "irinfer name=i device=SLOW config=LOG=%s ! fakesink",
          model_path, log);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) infer = gst_bin_get_by_name (GST_BIN (pipeline), "i");

  for (gint i = 0; i < 4; i++) {
    go (pipeline, GST_STATE_PLAYING);
    go (pipeline, GST_STATE_READY);
  }
  g_assert_cmpuint (count_lines (log), ==, 1);
  g_object_set (infer, "streams", 2, NULL);
  go (pipeline, GST_STATE_PLAYING);
  go (pipeline, GST_STATE_NULL);
  g_assert_cmpuint (count_lines (log), ==, 2);
}

static void
cycle (GstElement *pipeline, gint i)
{
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
  /* Half of them end before the first frame, or while the model is compiled. */
  if (i % 2)
    g_assert_cmpint (
        gst_element_get_state (pipeline, NULL, NULL, 30 * GST_SECOND), ==,
        GST_STATE_CHANGE_SUCCESS);
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_NULL), ==,
      GST_STATE_CHANGE_SUCCESS);
}

/* @device: of irinfer. */
static void
test_cycles (gconstpointer device)
{
  g_autofree char *line = g_strdup_printf (
      "videotestsrc ! irconvert model=%s ! irinfer device=%s ! "
      "irdecode decoder=raw ! iroverlay ! irpublish uri=file:/dev/null ! "
      "fakesink",
      model_path, (const char *) device);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  Usage before;

  for (gint i = 0; i < 10; i++)
    cycle (pipeline, i);
  before = usage_now ();
  for (gint i = 0; i < 50; i++)
    cycle (pipeline, i);
  usage_check (&before, 4 << 20);
}

int
main (int argc, char **argv)
{
  g_autofree char *path =
      g_strdup_printf ("%s:%s", TEST_PLUGINS, g_getenv ("IR_PLUGIN_PATH"));

  g_setenv ("IR_PLUGIN_PATH", path, TRUE);
  line_setup (&argc, &argv);
  g_test_add_func ("/gst/states/flush", test_flush);
  g_test_add_func ("/gst/states/flush-cancels", test_flush_cancels);
  g_test_add_func ("/gst/states/order", test_order);
  g_test_add_func ("/gst/states/empty", test_empty);
  g_test_add_func ("/gst/states/gap", test_gap);
  g_test_add_data_func (
      "/gst/states/caps/stretch", "stretch", test_caps_changes);
  g_test_add_data_func (
      "/gst/states/caps/letterbox", "letterbox", test_caps_changes);
  g_test_add_func ("/gst/states/keeps", test_keeps);
  g_test_add_func ("/gst/states/compiles-once", test_compiles_once);
  g_test_add_data_func (
      "/gst/states/cycles/reference", "REFERENCE", test_cycles);
  g_test_add_data_func ("/gst/states/cycles/cpu", "CPU", test_cycles);
  return line_run ();
}
