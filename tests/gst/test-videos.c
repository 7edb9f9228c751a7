/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole line on real videos: frames after a seek have the timestamps and the
 * tensors that they have without one. */
#include "line.h"
#include "usage.h"

/* What left irinfer since the last flush. */
typedef struct {
  GMutex lock;
  GCond came;
  GPtrArray *frames;
  GstSegment segment;
  GstClockTime entered; /* first one that the decoder gave */
  guint segments;       /* that ended */
} Record;

typedef struct {
  GstClockTime pts;
  GstClockTime time; /* of the stream, which edits of a file may shift */
  char *digest;      /* NULL without tensor */
} Frame;

typedef struct {
  GstElement *pipeline;
  GstBus *bus;
  Record record;
} Line;

static void
frame_free (gpointer data)
{
  g_free (((Frame *) data)->digest);
  g_free (data);
}

static char *
digest_of (GstBuffer *buffer)
{
  const IrTensorMeta *meta = output_of (buffer, 0);
  const IrTensor *tensor;

  if (meta == NULL)
    return NULL;
  tensor = meta->tensors[0].tensor;
  return g_compute_checksum_for_data (
      G_CHECKSUM_SHA1, tensor->data, tensor->size);
}

static GstPadProbeReturn
note (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Record *record = user_data;

  g_mutex_lock (&record->lock);
  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER) {
    Frame *frame = g_new (Frame, 1);

    frame->pts = GST_BUFFER_PTS (info->data);
    frame->time = gst_segment_to_stream_time (
        &record->segment, GST_FORMAT_TIME, frame->pts);
    frame->digest = digest_of (GST_BUFFER (info->data));
    g_ptr_array_add (record->frames, frame);
    g_cond_signal (&record->came);
  } else if (GST_EVENT_TYPE (info->data) == GST_EVENT_FLUSH_STOP) {
    g_ptr_array_set_size (record->frames, 0);
  } else if (GST_EVENT_TYPE (info->data) == GST_EVENT_SEGMENT_DONE) {
    record->segments++;
    g_cond_signal (&record->came);
  } else if (GST_EVENT_TYPE (info->data) == GST_EVENT_SEGMENT) {
    gst_event_copy_segment (GST_EVENT (info->data), &record->segment);
  }
  g_mutex_unlock (&record->lock);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
note_entry (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Record *record = user_data;

  g_mutex_lock (&record->lock);
  if (GST_IS_EVENT (info->data)) {
    if (GST_EVENT_TYPE (info->data) == GST_EVENT_SEGMENT)
      record->entered = GST_CLOCK_TIME_NONE;
  } else if (!GST_CLOCK_TIME_IS_VALID (record->entered)) {
    record->entered = GST_BUFFER_PTS (info->data);
  }
  g_mutex_unlock (&record->lock);
  return GST_PAD_PROBE_OK;
}

static void
watch (GstElement *element, const char *pad_name, GstPadProbeCallback note_one,
    Record *record)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, pad_name);

  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
          GST_PAD_PROBE_TYPE_EVENT_FLUSH,
      note_one, record, NULL);
}

/* A described line links decodebin once in its life only. */
static void
link_decoder (GstElement *decoder, GstPad *pad, gpointer convert)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (convert, "sink");

  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
}

static void
line_open (Line *line, const char *video)
{
  g_autofree char *text = g_strdup_printf (
      "filesrc location=%s ! decodebin name=d videoconvert name=c ! irconvert "
      "model=%s ! "
      "irinfer name=i device=REFERENCE nireq=3 ! irdecode decoder=raw ! "
      "iroverlay ! irpublish uri=file:/dev/null ! fakesink name=s",
      video, model_path);
  g_autoptr (GstElement) infer = NULL, decoder = NULL, convert = NULL;
  g_autoptr (GError) error = NULL;

  line->pipeline = gst_parse_launch (text, &error);
  g_assert_no_error (error);
  line->bus = gst_element_get_bus (line->pipeline);
  g_mutex_init (&line->record.lock);
  g_cond_init (&line->record.came);
  line->record.frames = g_ptr_array_new_with_free_func (frame_free);
  infer = gst_bin_get_by_name (GST_BIN (line->pipeline), "i");
  decoder = gst_bin_get_by_name (GST_BIN (line->pipeline), "d");
  convert = gst_bin_get_by_name (GST_BIN (line->pipeline), "c");
  g_signal_connect_object (
      decoder, "pad-added", G_CALLBACK (link_decoder), convert, 0);
  watch (convert, "sink", note_entry, &line->record);
  watch (infer, "src", note, &line->record);
}

static void
line_close (Line *line)
{
  gst_element_set_state (line->pipeline, GST_STATE_NULL);
  gst_object_unref (line->bus);
  gst_object_unref (line->pipeline);
  g_ptr_array_unref (line->record.frames);
  g_mutex_clear (&line->record.lock);
  g_cond_clear (&line->record.came);
}

static void
line_wait (Line *line, GstMessageType type)
{
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      line->bus, 60 * GST_SECOND, type | GST_MESSAGE_ERROR);

  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;

    gst_message_parse_error (message, &error, NULL);
    g_assert_no_error (error);
  }
}

static void
line_go (Line *line, GstState state)
{
  gst_element_set_state (line->pipeline, state);
  g_assert_cmpint (
      gst_element_get_state (line->pipeline, NULL, NULL, 60 * GST_SECOND), ==,
      GST_STATE_CHANGE_SUCCESS);
}

/* All frames, played from the start to the end. */
static GPtrArray *
play_through (const char *video, GstClockTime *end)
{
  GPtrArray *all;
  GstClockTime last = 0;
  Line line = { 0 };

  line_open (&line, video);
  line_go (&line, GST_STATE_PLAYING);
  line_wait (&line, GST_MESSAGE_EOS);
  all = g_ptr_array_ref (line.record.frames);
  line_close (&line);
  g_assert_cmpuint (all->len, >=, 50);
  for (guint i = 0; i < all->len; i++) {
    const Frame *frame = g_ptr_array_index (all, i);

    g_assert_nonnull (frame->digest);
    g_assert_true (i == 0 || frame->pts > last);
    last = frame->pts;
  }
  *end = last;
  return all;
}

/* The frame that is shown at @pts: decoders let the first one begin where the seek
 * went to. */
static const Frame *
shown_at (GPtrArray *all, GstClockTime pts)
{
  const Frame *shown = NULL;

  for (guint i = 0; i < all->len; i++) {
    const Frame *frame = g_ptr_array_index (all, i);

    if (frame->pts > pts)
      break;
    shown = frame;
  }
  g_assert_nonnull (shown);
  return shown;
}

/* Waits for @n frames since the last flush and compares them. */
static void
check_frames (Line *line, GPtrArray *all, GstClockTime from, guint n)
{
  Record *record = &line->record;
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;
  GstClockTime last = 0;

  g_mutex_lock (&record->lock);
  while (record->frames->len < n)
    g_assert_true (g_cond_wait_until (&record->came, &record->lock, end));
  for (guint i = 0; i < record->frames->len; i++) {
    const Frame *frame = g_ptr_array_index (record->frames, i);

    g_assert_cmpstr (frame->digest, ==, shown_at (all, frame->pts)->digest);
    g_assert_true (i == 0 || frame->pts == shown_at (all, frame->pts)->pts);
    g_assert_nonnull (frame->digest);
    if (i == 0) {
      g_assert_cmpuint (frame->pts, ==, record->entered);
      /* AVI is entered where a key frame is. */
      g_assert_cmpuint (frame->time + GST_SECOND, >=, from);
      g_assert_cmpuint (frame->time, <=, from + GST_SECOND);
    } else {
      g_assert_cmpuint (frame->pts, >, last);
    }
    last = frame->pts;
  }
  g_mutex_unlock (&record->lock);
}

static void
seek (Line *line, double rate, GstSeekFlags flags, GstClockTime from,
    GstClockTime to)
{
  g_assert_true (gst_element_seek (line->pipeline, rate, GST_FORMAT_TIME, flags,
      GST_SEEK_TYPE_SET, from,
      GST_CLOCK_TIME_IS_VALID (to) ? GST_SEEK_TYPE_SET : GST_SEEK_TYPE_NONE,
      to));
  if (flags & GST_SEEK_FLAG_FLUSH)
    line_wait (line, GST_MESSAGE_ASYNC_DONE);
}

#define FLUSH (GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE)

static void
check_seeks (Line *line, GPtrArray *all, GstClockTime end)
{
  static const double places[] = { 0.5, 0.8, 0.1, 0, 0.6, 0.6 };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++) {
    GstClockTime from = places[i] * end;

    seek (line, 1, FLUSH, from, GST_CLOCK_TIME_NONE);
    /* In PAUSED only the frame that is shown leaves, and what fills requests. */
    check_frames (line, all, from, 1);
  }
}

/* The message of that name comes from the demuxer, before the last frames. */
static void
wait_segment (Record *record, guint n)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&record->lock);
  while (record->segments < n)
    g_assert_true (g_cond_wait_until (&record->came, &record->lock, end));
  g_mutex_unlock (&record->lock);
}

static void
check_segments (Line *line, GPtrArray *all, GstClockTime end)
{
  GstClockTime from = end / 4, to = end / 2;
  const Frame *last;
  guint n;

  seek (line, 1, FLUSH | GST_SEEK_FLAG_SEGMENT, from, to);
  wait_segment (&line->record, 1);
  check_frames (line, all, from, 5);
  n = line->record.frames->len;
  last = g_ptr_array_index (line->record.frames, n - 1);
  g_assert_cmpuint (last->time, <, to);
  line_wait (line, GST_MESSAGE_SEGMENT_DONE);
  /* A loop without flush: the same frames once more. */
  g_mutex_lock (&line->record.lock);
  g_ptr_array_set_size (line->record.frames, 0);
  g_mutex_unlock (&line->record.lock);
  seek (line, 1, GST_SEEK_FLAG_SEGMENT | GST_SEEK_FLAG_ACCURATE, from, to);
  line_wait (line, GST_MESSAGE_SEGMENT_DONE);
  wait_segment (&line->record, 2);
  check_frames (line, all, from, n);
  g_assert_cmpuint (line->record.frames->len, ==, n);
}

static void
test_seeks (gconstpointer video)
{
  GstClockTime end;
  g_autoptr (GPtrArray) all = play_through (video, &end);
  Line line = { 0 };

  g_test_message ("%u frames", all->len);
  line_open (&line, video);
  line_go (&line, GST_STATE_PAUSED);
  line_wait (&line, GST_MESSAGE_ASYNC_DONE);
  check_seeks (&line, all, end);
  line_go (&line, GST_STATE_PLAYING);
  check_seeks (&line, all, end);
  check_segments (&line, all, end);
  seek (&line, 2, FLUSH, end / 8, GST_CLOCK_TIME_NONE);
  check_frames (&line, all, end / 8, 10);
  g_assert_cmpfloat (line.record.segment.rate, ==, 2);
  line_wait (&line, GST_MESSAGE_EOS);
  check_frames (&line, all, end / 8, 10);
  line_close (&line);
}

static void
skip (gconstpointer video)
{
  g_test_skip ("the videos are not there (IR_TESTDATA)");
}

/* Fifty times from NULL to PLAYING and back: no file, thread or memory stays. */
static void
test_cycles (gconstpointer video)
{
  Usage before;
  Line line = { 0 };

  line_open (&line, video);
  for (gint i = 0; i < 60; i++) {
    if (i == 10)
      before = usage_now ();
    gst_element_set_state (line.pipeline, GST_STATE_PLAYING);
    if (i % 2)
      g_assert_cmpint (
          gst_element_get_state (line.pipeline, NULL, NULL, 60 * GST_SECOND),
          ==, GST_STATE_CHANGE_SUCCESS);
    g_assert_cmpint (gst_element_set_state (line.pipeline, GST_STATE_NULL), ==,
        GST_STATE_CHANGE_SUCCESS);
  }
  usage_check (&before, 8 << 20);
  line_close (&line);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "bottle-detection.mp4",
    "car-detection_130frames.mp4", "pedestrians_768x576.avi" };
  const char *data = g_getenv ("IR_TESTDATA");

  line_setup (&argc, &argv);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *test = g_strdup_printf ("/gst/videos/seek/%s", names[i]);
    char *path = g_build_filename (data ? data : "", "videos", names[i], NULL);

    if (g_file_test (path, G_FILE_TEST_EXISTS)) {
      g_test_add_data_func_full (test, path, test_seeks, g_free);
      if (i == 1)
        g_test_add_data_func_full (
            "/gst/videos/cycles", g_strdup (path), test_cycles, g_free);
    } else {
      g_test_add_data_func_full (test, path, skip, g_free);
    }
  }
  return line_run ();
}
