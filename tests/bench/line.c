/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a pipeline whose last element is called sink, to its end, and prints as JSON
 * what its frames took from the first to the last that arrived there: frames per
 * second, CPU time of the whole process per frame; and how long the first one took
 * from the start of the process, and the memory at the most. Not part of the tests.
 *
 * usage: bench-line 'filesrc location=… ! … ! fakesink name=sink' */
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

typedef struct {
  gint64 wall;
  gint64 cpu;
} Times;

typedef struct {
  Times first, last;
  guint frames;
} Arrivals;

static gint64
microseconds (struct timeval time)
{
  return (gint64) time.tv_sec * G_USEC_PER_SEC + time.tv_usec;
}

static Times
now (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (Times){ g_get_monotonic_time (),
    microseconds (usage.ru_utime) + microseconds (usage.ru_stime) };
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Arrivals *arrivals = user_data;

  arrivals->last = now ();
  if (arrivals->frames++ == 0)
    arrivals->first = arrivals->last;
  return GST_PAD_PROBE_OK;
}

/* What rusage says counts the process that started this one, too. */
static double
peak_mb (void)
{
  static const char key[] = "\nVmHWM:";
  g_autofree char *status = NULL;
  const char *at;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL) ||
      !(at = strstr (status, key)))
    return 0;
  return g_ascii_strtoull (at + strlen (key), NULL, 10) / 1024.0;
}

static gboolean
run (GstElement *pipeline, GError **error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return TRUE;
  gst_message_parse_error (message, error, NULL);
  return FALSE;
}

static gboolean
measure (const char *text, Arrivals *arrivals, GError **error)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (text, error);
  g_autoptr (GstElement) sink =
      pipeline ? gst_bin_get_by_name (GST_BIN (pipeline), "sink") : NULL;
  g_autoptr (GstPad) pad =
      sink ? gst_element_get_static_pad (sink, "sink") : NULL;
  gboolean ok;

  if (!pad) {
    if (error && !*error)
      g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
          "no element that is called sink has a sink pad");
    return FALSE;
  }
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, arrivals, NULL);
  ok = run (pipeline, error);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return ok;
}

int
main (int argc, char **argv)
{
  const gint64 began = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;
  Arrivals arrivals = { { 0 } };
  double seconds;

  gst_init (&argc, &argv);
  if (argc != 2) {
    fprintf (stderr, "usage: bench-line PIPELINE\n");
    return 2;
  }
  if (!measure (argv[1], &arrivals, &error) || arrivals.frames < 2) {
    fprintf (stderr, "%s\n", error ? error->message : "too few frames");
    return 1;
  }
  seconds = (double) (arrivals.last.wall - arrivals.first.wall) / 1e6;
  printf ("{\"frames\": %u, \"fps\": %.2f, \"cpu_ms\": %.4f, "
          "\"first_ms\": %.2f, \"peak_rss_mb\": %.1f}\n",
      arrivals.frames, (arrivals.frames - 1) / seconds,
      (double) (arrivals.last.cpu - arrivals.first.cpu) / 1e3 /
          (arrivals.frames - 1),
      (double) (arrivals.first.wall - began) / 1e3, peak_mb ());
  return 0;
}
