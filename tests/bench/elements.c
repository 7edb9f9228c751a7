/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What irinfer adds to a frame: an NV12 picture of 640x360 is prepared and inferred
 *
 * library: by the calls of ir/core.h, one frame after the other
 * one: by irinfer, the next frame when the last one has come out
 * many: by irinfer, frames as fast as they go in
 *
 * Blocks of frames of the three take turns, and for each the least of a block's wall
 * and CPU time (of all threads) per frame is printed as Markdown, then medians; the
 * last lines are what `one` takes beyond `library`, and the rate of `many` in parts of
 * that of `library`. With more than one thread CPU time is also that of threads that
 * wait for the next step of the network. Not part of the tests.
 *
 * usage: bench-elements MODEL.xml [CONFIG [BLOCKS]]
 * CONFIG is the device's, PRECISION=f32,THREADS=1 if none is given. */
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <ir/core.h>
#include <ir/xml.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define WIDTH 640
#define HEIGHT 360
#define FRAMES 50

typedef struct {
  GstVideoInfo info;
  GstBuffer *picture;
  IrCore *core;
  IrPreproc recipe;
  IrTensor *tensor;
  IrInferRequest *request;
  GstHarness *element;
} Bench;

typedef struct {
  double wall;
  double cpu;
} Times;

static double
cpu_us (void)
{
  struct rusage u;

  getrusage (RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + u.ru_utime.tv_usec +
      u.ru_stime.tv_usec;
}

/* --- the three ways ---------------------------------------------------------- */

static void
run_library (Bench *b)
{
  for (guint i = 0; i < FRAMES; i++) {
    GstVideoFrame video;
    IrFrame frame = { .format = IR_PIXEL_NV12,
      .width = WIDTH,
      .height = HEIGHT,
      .matrix = IR_MATRIX_BT601 };
    g_autoptr (GError) error = NULL;

    gst_video_frame_map (&video, &b->info, b->picture, GST_MAP_READ);
    for (guint p = 0; p < 2; p++) {
      frame.plane[p] = GST_VIDEO_FRAME_PLANE_DATA (&video, p);
      frame.stride[p] = GST_VIDEO_FRAME_PLANE_STRIDE (&video, p);
    }
    if (!ir_core_preprocess (
            b->core, NULL, &b->recipe, &frame, NULL, 0, b->tensor, &error) ||
        !ir_infer_request_infer (b->request, &error))
      g_error ("%s", error->message);
    gst_video_frame_unmap (&video);
  }
}

/* Pixels are shared, as decoders' are. */
static void
push (Bench *b)
{
  if (gst_harness_push (b->element, gst_buffer_copy (b->picture)) !=
      GST_FLOW_OK)
    g_error ("irinfer takes no frame");
}

static void
pull (Bench *b)
{
  gst_buffer_unref (gst_harness_pull (b->element));
}

static void
run_one (Bench *b)
{
  for (guint i = 0; i < FRAMES; i++) {
    push (b);
    pull (b);
  }
}

static void
run_many (Bench *b)
{
  for (guint i = 0; i < FRAMES; i++)
    push (b);
  for (guint i = 0; i < FRAMES; i++)
    pull (b);
}

static const struct {
  const char *name;
  void (*run) (Bench *b);
} ways[] = { { "library", run_library }, { "one", run_one },
  { "many", run_many } };

#define N_WAYS G_N_ELEMENTS (ways)

/* --- measuring ----------------------------------------------------------------- */

static Times
measure (Bench *b, gsize way)
{
  const gint64 start = g_get_monotonic_time ();
  const double cpu = cpu_us ();

  ways[way].run (b);
  return (Times){ (double) (g_get_monotonic_time () - start) / FRAMES,
    (cpu_us () - cpu) / FRAMES };
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile (GArray *values, double part)
{
  g_array_sort (values, compare_doubles);
  return g_array_index (values, double, (guint) (part * (values->len - 1)));
}

static void
report (GArray *wall[N_WAYS], GArray *cpu[N_WAYS])
{
  double w[N_WAYS], c[N_WAYS];

  printf ("| us per frame | wall | CPU | wall, median | CPU, median |\n"
          "|---|---|---|---|---|\n");
  for (gsize i = 0; i < N_WAYS; i++) {
    w[i] = quantile (wall[i], 0);
    c[i] = quantile (cpu[i], 0);
    printf ("| %s | %.1f | %.1f | %.1f | %.1f |\n", ways[i].name, w[i], c[i],
        quantile (wall[i], 0.5), quantile (cpu[i], 0.5));
  }
  printf ("\nirinfer adds %.1f us of wall time and %.1f us of CPU time to a "
          "frame; its rate is %.3f of the library's.\n",
      w[1] - w[0], c[1] - c[0], w[0] / w[2]);
}

/* --- setting up ------------------------------------------------------------------ */

static void
open_library (Bench *b, const char *model, const char *config, GError **error)
{
  g_autoptr (IrGraph) graph = ir_graph_read (model, NULL, error);
  g_autoptr (IrCompiledModel) compiled = NULL;
  const IrPortInfo *input;
  gsize n;

  b->core = ir_core_new ();
  compiled =
      graph ? ir_core_compile (b->core, graph, "CPU", config, error) : NULL;
  if (!compiled)
    return;
  input = ir_compiled_model_get_inputs (compiled, &n);
  ir_preproc_init (&b->recipe, input->shape.dim[3], input->shape.dim[2]);
  b->recipe.color = IR_COLOR_BGR;
  b->tensor = ir_tensor_new (IR_DTYPE_F32, &input->shape, error);
  b->request = ir_compiled_model_create_request (compiled, error);
  if (b->tensor && b->request)
    ir_infer_request_set_input (b->request, 0, b->tensor, error);
}

static void
open_element (Bench *b, const char *model, const char *config)
{
  g_autofree char *text =
      g_strdup_printf ("irinfer model=%s device=CPU config=%s", model, config);

  b->element = gst_harness_new_parse (text);
  gst_harness_set_src_caps (b->element, gst_video_info_to_caps (&b->info));
}

static void
make_picture (Bench *b)
{
  gst_video_info_set_format (&b->info, GST_VIDEO_FORMAT_NV12, WIDTH, HEIGHT);
  b->info.fps_n = 25;
  b->picture =
      gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&b->info), NULL);
  gst_buffer_memset (b->picture, 0, 100, GST_VIDEO_INFO_SIZE (&b->info));
}

int
main (int argc, char **argv)
{
  const char *config = argc > 2 ? argv[2] : "PRECISION=f32,THREADS=1";
  const int blocks = argc > 3 ? MAX (atoi (argv[3]), 1) : 40;
  GArray *wall[N_WAYS], *cpu[N_WAYS];
  g_autoptr (GError) error = NULL;
  Bench b = { 0 };

  if (argc < 2) {
    fprintf (stderr, "usage: bench-elements MODEL.xml [CONFIG [BLOCKS]]\n");
    return 2;
  }
  gst_init (NULL, NULL);
  make_picture (&b);
  open_library (&b, argv[1], config, &error);
  if (error)
    g_error ("%s", error->message);
  open_element (&b, argv[1], config);
  for (gsize w = 0; w < N_WAYS; w++) {
    wall[w] = g_array_new (FALSE, FALSE, sizeof (double));
    cpu[w] = g_array_new (FALSE, FALSE, sizeof (double));
    measure (&b, w);
  }
  for (int i = 0; i < blocks; i++)
    for (gsize w = 0; w < N_WAYS; w++) {
      const Times times = measure (&b, w);

      g_array_append_val (wall[w], times.wall);
      g_array_append_val (cpu[w], times.cpu);
    }
  report (wall, cpu);
  for (gsize w = 0; w < N_WAYS; w++) {
    g_array_unref (wall[w]);
    g_array_unref (cpu[w]);
  }
  gst_harness_teardown (b.element);
  gst_buffer_unref (b.picture);
  ir_tensor_unref (b.tensor);
  g_object_unref (b.request);
  g_object_unref (b.core);
  return 0;
}
