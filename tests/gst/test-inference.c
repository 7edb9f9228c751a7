/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "irtensormeta.h"

/* A network that gives back what it is fed, so that tensors can be compared
 * with pixels; values below 0 would become 0. */
#define NET_WIDTH 6
#define NET_HEIGHT 4
#define NET_SIZE (3 * NET_WIDTH * NET_HEIGHT)
#define DIMS "<dim>1</dim><dim>3</dim><dim>4</dim><dim>6</dim>"

static const char net[] =
    "<?xml version=\"1.0\"?><net name=\"same\" version=\"11\"><layers>"
    "<layer id=\"0\" name=\"in\" type=\"Parameter\" version=\"opset1\">"
    "<data shape=\"1,3,4,6\" element_type=\"f32\"/><output>"
    "<port id=\"0\" precision=\"FP32\" names=\"in\">" DIMS "</port></output>"
    "</layer><layer id=\"1\" name=\"same\" type=\"ReLU\" version=\"opset1\">"
    "<input><port id=\"0\" precision=\"FP32\">" DIMS "</port></input><output>"
    "<port id=\"1\" precision=\"FP32\" names=\"out\">" DIMS "</port></output>"
    "</layer><layer id=\"2\" name=\"result\" type=\"Result\" "
    "version=\"opset1\"><input><port id=\"0\" precision=\"FP32\">" DIMS
    "</port></input></layer></layers><edges>"
    "<edge from-layer=\"0\" from-port=\"0\" to-layer=\"1\" to-port=\"0\"/>"
    "<edge from-layer=\"1\" from-port=\"1\" to-layer=\"2\" to-port=\"0\"/>"
    "</edges></net>";

static char *model_path;

static GstHarness *open_line (const char *format, ...) G_GNUC_PRINTF (1, 2);

static GstHarness *
open_line (const char *format, ...)
{
  g_autofree char *line = NULL;
  va_list args;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  return gst_harness_new_parse (line);
}

static void
set_caps (GstHarness *h, const char *format, gint width, gint height)
{
  g_autofree char *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format, width,
      height);

  gst_harness_set_src_caps_str (h, caps);
}

static guint8
pixel (gint frame, gint x, gint y, gint c)
{
  return (guint8) (1 + frame * 29 + x * 7 + y * 31 + c * 53);
}

/* A BGR picture whose bytes are pixel(), c in the order of memory. */
static GstBuffer *
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
  GST_BUFFER_PTS (buffer) = frame * 40 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 40 * GST_MSECOND;
  return buffer;
}

static IrTensorMeta *
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

/* @order: channel of memory for each of the tensor; compares
 * (pixel - mean) / scale. */
static void
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

static const gint bgr[] = { 0, 1, 2 };
static const gint rgb[] = { 2, 1, 0 };

/* --- properties ---------------------------------------------------------- */

/* clang-format off */
static const struct {
  const char *element;
  const char *name;
  const char *def;
} properties[] = {
  { "irconvert", "model", NULL },
  { "irconvert", "input", NULL },
  { "irconvert", "output", NULL },
  { "irconvert", "input-shape", NULL },
  { "irconvert", "mean-values", NULL },
  { "irconvert", "scale-values", NULL },
  { "irconvert", "scale", "1" },
  { "irconvert", "mean-file", NULL },
  { "irconvert", "reverse-input-channels", "false" },
  { "irconvert", "data-type", "float" },
  { "irconvert", "transformations-config", NULL },
  { "irconvert", "extensions", NULL },
  { "irconvert", "resize", "stretch" },
  { "irconvert", "interpolation", "bilinear" },
  { "irconvert", "pad-value", "0" },
  { "irconvert", "region", "full-frame" },
  { "irconvert", "object-class", NULL },
  { "irconvert", "cache-dir", NULL },
  { "irconvert", "device", "auto" },
  { "irconvert", "description", "auto" },
  { "irinfer", "model", NULL },
  { "irinfer", "device", "AUTO" },
  { "irinfer", "config", NULL },
  { "irinfer", "precision", "auto" },
  { "irinfer", "nireq", "0" },
  { "irinfer", "streams", "0" },
  { "irinfer", "threads", "0" },
  { "irinfer", "batch-size", "1" },
  { "irinfer", "batch-timeout", "40" },
  { "irinfer", "interval", "1" },
  { "irinfer", "region", "full-frame" },
  { "irinfer", "object-class", NULL },
  { "irinfer", "reclassify-interval", "1" },
  { "irinfer", "policy", "all" },
  { "irinfer", "max-age", "0" },
  { "irinfer", "instance-id", NULL },
  { "irinfer", "warmup", "0" },
};
/* clang-format on */

static void
test_properties (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (properties); i++) {
    g_autoptr (GstElement) element = gst_object_ref_sink (
        gst_element_factory_make (properties[i].element, NULL));
    GParamSpec *spec = g_object_class_find_property (
        G_OBJECT_GET_CLASS (element), properties[i].name);
    g_auto (GValue) is = G_VALUE_INIT, want = G_VALUE_INIT;

    g_test_message ("%s %s", properties[i].element, properties[i].name);
    g_assert_nonnull (spec);
    g_assert_cmpuint (strlen (g_param_spec_get_blurb (spec)), >, 10);
    g_assert_true (
        spec->flags & (GST_PARAM_MUTABLE_READY | GST_PARAM_MUTABLE_PLAYING));
    g_value_init (&is, spec->value_type);
    g_object_get_property (G_OBJECT (element), properties[i].name, &is);
    if (properties[i].def == NULL) {
      g_assert_null (g_value_get_string (&is));
      continue;
    }
    g_value_init (&want, spec->value_type);
    g_assert_true (gst_value_deserialize (&want, properties[i].def));
    g_assert_cmpint (gst_value_compare (&is, &want), ==, GST_VALUE_EQUAL);
    g_assert_true (g_param_value_defaults (spec, &is));
  }
}

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

/* --- streams ------------------------------------------------------------- */

static void
test_caps_change (void)
{
  GstHarness *h =
      open_line ("irconvert model=%s ! irinfer device=REFERENCE", model_path);

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  gst_harness_push (h, make_frame (0, NET_WIDTH, NET_HEIGHT));
  set_caps (h, "BGR", 12, 8);
  gst_harness_push (h, make_frame (1, 12, 8));
  for (gint i = 0; i < 2; i++) {
    g_autoptr (GstBuffer) buffer = gst_harness_pull (h);

    g_assert_cmpfloat (output_of (buffer, 0)->affine.m[0], ==, i ? 2 : 1);
  }
  gst_harness_teardown (h);
}

static void
test_flush (void)
{
  GstHarness *h =
      open_line ("irconvert model=%s ! irinfer device=REFERENCE", model_path);
  g_autoptr (GstBuffer) buffer = NULL;
  GstSegment segment;

  set_caps (h, "BGR", NET_WIDTH, NET_HEIGHT);
  for (gint i = 0; i < 3; i++)
    gst_harness_push (h, make_frame (i, NET_WIDTH, NET_HEIGHT));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  while ((buffer = gst_harness_try_pull (h)))
    gst_clear_buffer (&buffer);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  g_assert_cmpint (gst_harness_push (h, make_frame (5, NET_WIDTH, NET_HEIGHT)),
      ==, GST_FLOW_OK);
  buffer = gst_harness_pull (h);
  check_output (buffer, 5, 0, 0, bgr, 0, 1, 0);
  gst_harness_teardown (h);
}

static GstMessage *run_pipeline (const char *format, ...) G_GNUC_PRINTF (1, 2);

static GstMessage *
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

static void
test_cycles (void)
{
  g_autofree char *line =
      g_strdup_printf ("videotestsrc ! irconvert model=%s ! "
                       "irinfer device=REFERENCE ! fakesink",
          model_path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);

  for (gint i = 0; i < 50; i++) {
    g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING), !=,
        GST_STATE_CHANGE_FAILURE);
    if (i % 2)
      g_assert_cmpint (
          gst_element_get_state (pipeline, NULL, NULL, 30 * GST_SECOND), ==,
          GST_STATE_CHANGE_SUCCESS);
    g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_NULL), ==,
        GST_STATE_CHANGE_SUCCESS);
  }
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

int
main (int argc, char **argv)
{
  g_autofree char *dir = g_dir_make_tmp ("ir-gst-XXXXXX", NULL);
  int ret;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  model_path = g_build_filename (dir, "same.xml", NULL);
  g_assert_true (g_file_set_contents (model_path, net, -1, NULL));

  g_test_add_func ("/gst/inference/properties", test_properties);
  g_test_add_data_func ("/gst/inference/line", "", test_line);
  g_test_add_data_func ("/gst/inference/nireq", "nireq=3", test_line);
  g_test_add_data_func ("/gst/inference/batch", "batch-size=4", test_line);
  g_test_add_func ("/gst/inference/alone", test_alone);
  g_test_add_func ("/gst/inference/recipe", test_recipe);
  g_test_add_func ("/gst/inference/untouched", test_untouched);
  g_test_add_func ("/gst/inference/affine", test_affine);
  g_test_add_func ("/gst/inference/roi", test_roi);
  g_test_add_func ("/gst/inference/interval", test_interval);
  g_test_add_func ("/gst/inference/told", test_told);
  g_test_add_func ("/gst/inference/caps-change", test_caps_change);
  g_test_add_func ("/gst/inference/flush", test_flush);
  g_test_add_func ("/gst/inference/cycles", test_cycles);
  g_test_add_func ("/gst/inference/formats", test_formats);
  g_test_add_func ("/gst/inference/downstream-eos", test_downstream_eos);
  g_test_add_func ("/gst/inference/errors", test_errors);
  g_test_add_func ("/gst/inference/scaled-meta", test_scaled_meta);
  ret = g_test_run ();

  g_remove (model_path);
  g_rmdir (dir);
  g_free (model_path);
  return ret;
}
