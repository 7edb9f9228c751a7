/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "line.h"

#include <glib/gstdio.h>

#define DIMS "<dim>1</dim><dim>3</dim><dim>4</dim><dim>6</dim>"
#define BOX_DIMS "<dim>1</dim><dim>1</dim><dim>1</dim><dim>7</dim>"
#define INPUT                                                                  \
  "<layer id=\"0\" name=\"in\" type=\"Parameter\" version=\"opset1\">"         \
  "<data shape=\"1,3,4,6\" element_type=\"f32\"/><output>"                     \
  "<port id=\"0\" precision=\"FP32\" names=\"in\">" DIMS "</port></output>"    \
  "</layer>"

static const char net[] =
    "<?xml version=\"1.0\"?><net name=\"same\" version=\"11\"><layers>" INPUT
    "<layer id=\"1\" name=\"same\" type=\"ReLU\" version=\"opset1\">"
    "<input><port id=\"0\" precision=\"FP32\">" DIMS "</port></input><output>"
    "<port id=\"1\" precision=\"FP32\" names=\"out\">" DIMS "</port></output>"
    "</layer><layer id=\"2\" name=\"result\" type=\"Result\" "
    "version=\"opset1\"><input><port id=\"0\" precision=\"FP32\">" DIMS
    "</port></input></layer></layers><edges>"
    "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" to-port=\"0\"/>"
    "<edge from-layer=\"1\" from-port=\"1\" to-layer=\"2\" to-port=\"0\"/>"
    "</edges></net>";

static const char box_net[] =
    "<?xml version=\"1.0\"?><net name=\"box\" version=\"11\"><layers>" INPUT
    "<layer id=\"1\" name=\"box\" type=\"Const\" version=\"opset1\">"
    "<data element_type=\"f32\" shape=\"1,1,1,7\" offset=\"0\" size=\"28\"/>"
    "<output><port id=\"0\" precision=\"FP32\" names=\"boxes\">" BOX_DIMS
    "</port></output></layer>"
    "<layer id=\"2\" name=\"result\" type=\"Result\" version=\"opset1\">"
    "<input><port id=\"0\" precision=\"FP32\">" BOX_DIMS
    "</port></input></layer></layers><edges>"
    "<edge from-layer=\"1\" from-port=\"0\" to-layer=\"2\" to-port=\"0\"/>"
    "</edges></net>";

static const float box[7] = { 0, 1, 0.9f, 0.25f, 0.25f, 0.75f, 0.75f };

char *model_path;
char *box_path;
static char *folder;

const gint bgr[3] = { 0, 1, 2 };
const gint rgb[3] = { 2, 1, 0 };

void
line_setup (int *argc, char ***argv)
{
  g_autofree char *weights = NULL;

  gst_init (argc, argv);
  g_test_init (argc, argv, NULL);
  folder = g_dir_make_tmp ("ir-gst-XXXXXX", NULL);
  model_path = g_build_filename (folder, "same.xml", NULL);
  box_path = g_build_filename (folder, "box.xml", NULL);
  weights = g_build_filename (folder, "box.bin", NULL);
  g_assert_true (g_file_set_contents (model_path, net, -1, NULL));
  g_assert_true (g_file_set_contents (box_path, box_net, -1, NULL));
  g_assert_true (
      g_file_set_contents (weights, (const char *) box, sizeof box, NULL));
}

int
line_run (void)
{
  int result = g_test_run ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir))) {
    g_autofree char *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
  }
  g_rmdir (folder);
  g_free (folder);
  g_free (model_path);
  g_free (box_path);
  return result;
}

GstHarness *
open_line (const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  return gst_harness_new_parse (line);
}

void
set_caps (GstHarness *h, const char *format, gint width, gint height)
{
  g_autofree char *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format, width,
      height);

  gst_harness_set_src_caps_str (h, caps);
}

guint8
pixel (gint frame, gint x, gint y, gint c)
{
  return (guint8) (1 + frame * 29 + x * 7 + y * 31 + c * 53);
}

GstBuffer *
make_frame (gint frame, gint width, gint height)
{
  gsize stride = GST_ROUND_UP_4 (width * 3);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, stride * height, NULL);
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
  for (gint y = 0; y < height; y++)
    for (gint x = 0; x < width; x++)
      for (gint c = 0; c < 3; c++)
        map.data[y * stride + x * 3 + c] = pixel (frame, x, y, c);
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = frame * FRAME_TIME;
  GST_BUFFER_DURATION (buffer) = FRAME_TIME;
  return buffer;
}

void
push_frame (GstHarness *h, gint frame)
{
  g_assert_cmpint (
      gst_harness_push (h, make_frame (frame, NET_WIDTH, NET_HEIGHT)), ==,
      GST_FLOW_OK);
}

IrTensorMeta *
output_of (GstBuffer *buffer, gsize index)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (
              buffer, &state, IR_TENSOR_META_API_TYPE))) {
    IrTensorMeta *tensors = (IrTensorMeta *) meta;

    if (tensors->role == IR_TENSORS_OUTPUT && index-- == 0)
      return tensors;
  }
  return NULL;
}

void
check_output (GstBuffer *buffer, gint frame, gint x0, gint y0,
    const gint order[3], double mean, double scale, gsize index)
{
  IrTensorMeta *meta = output_of (buffer, index);
  const float *values;

  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->n_tensors, ==, 1);
  g_assert_cmpstr (meta->tensors[0].name, ==, "out");
  g_assert_cmpuint (ir_tensor_count (meta->tensors[0].tensor), ==, NET_SIZE);
  values = meta->tensors[0].tensor->data;
  for (gint c = 0; c < 3; c++)
    for (gint y = 0; y < NET_HEIGHT; y++)
      for (gint x = 0; x < NET_WIDTH; x++) {
        double want = (pixel (frame, x + x0, y + y0, order[c]) - mean) / scale;

        g_assert_cmpfloat_with_epsilon (
            values[(c * NET_HEIGHT + y) * NET_WIDTH + x], MAX (want, 0), 1e-4);
      }
}

void
pull_inferred (GstHarness *h, gint frame)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (h);

  g_assert_nonnull (buffer);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, frame * FRAME_TIME);
  check_output (buffer, frame, 0, 0, bgr, 0, 1, 0);
  g_assert_null (output_of (buffer, 1));
}

void
pull_passed (GstHarness *h, gint frame)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (h);

  g_assert_nonnull (buffer);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, frame * FRAME_TIME);
  g_assert_null (output_of (buffer, 0));
  /* Nor is a tensor left that nobody would use. */
  g_assert_null (gst_buffer_get_meta (buffer, IR_TENSOR_META_API_TYPE));
}

guint64
stat_of_element (GstElement *element, const char *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_nonnull (stats);
  g_assert_true (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

guint64
stat_of (GstHarness *h, const char *name)
{
  g_autoptr (GstElement) infer = gst_harness_find_element (h, "irinfer");

  return stat_of_element (infer, name);
}

GstBus *
watch_bus (GstHarness *h)
{
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  return bus;
}

guint
count_messages (GstBus *bus, GstMessageType type, GstMessage **last)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, type))) {
    n++;
    if (last)
      gst_message_replace (last, message);
    gst_message_unref (message);
  }
  return n;
}

GstMessage *
run_pipeline (const char *format, ...)
{
  g_autofree char *line = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstBus) bus = NULL;
  GstMessage *message;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, 30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return message;
}
