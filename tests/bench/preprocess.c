/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Time that preparing a picture for a network takes, as a Markdown table:
 *
 * cpu: the CPU device
 * gstreamer: GstVideoConverter, bilinear, to packed R, G, B of the network's size,
 *   then a loop to planar f32 with mean and scale
 * floor: reading the rows that bilinear sampling looks at, writing the tensor
 * reference: the plain computation
 *
 * Microseconds of the thread's CPU time, median / least; ratios of the medians, in
 * brackets of the least. All take turns, so that what else the machine does hits all
 * of them. Frames come from a ring that no cache holds; "hot" is one frame again and
 * again. Not part of the tests.
 *
 * usage: bench-preprocess [ROUNDS]
 */
#include <gst/video/video.h>
#include <ir/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  GstVideoInfo info;
  GstVideoFrame *frames;
  guint n;
} Ring;

typedef struct {
  const Ring *ring;
  IrPreproc recipe;
  IrPixelFormat format;
  IrCore *core;
  IrTensor *tensor;
  GstVideoConverter *converter;
  GstVideoInfo small_info;
  GstVideoFrame small;
} Case;

typedef void (*Way) (Case *c, guint frame);

static IrFrame
describe (const Case *c, guint i)
{
  const GstVideoFrame *video = &c->ring->frames[i];
  IrFrame frame = { .format = c->format,
    .width = GST_VIDEO_FRAME_WIDTH (video),
    .height = GST_VIDEO_FRAME_HEIGHT (video),
    .matrix = IR_MATRIX_BT709 };

  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (video); p++) {
    frame.plane[p] = GST_VIDEO_FRAME_PLANE_DATA (video, p);
    frame.stride[p] = GST_VIDEO_FRAME_PLANE_STRIDE (video, p);
  }
  return frame;
}

static void
run_device (Case *c, guint i, const char *device)
{
  IrFrame frame = describe (c, i);

  if (!ir_core_preprocess (
          c->core, device, &c->recipe, &frame, NULL, 0, c->tensor, NULL))
    g_error ("%s can't prepare the picture", device);
}

static void
run_cpu (Case *c, guint i)
{
  run_device (c, i, "CPU");
}

static void
run_reference (Case *c, guint i)
{
  run_device (c, i, "REFERENCE");
}

/* What applications write after the converter: a plain loop. */
static void
run_gstreamer (Case *c, guint i)
{
  const guint8 *pixels = GST_VIDEO_FRAME_PLANE_DATA (&c->small, 0);
  const gsize stride = GST_VIDEO_FRAME_PLANE_STRIDE (&c->small, 0);
  const guint w = c->recipe.width, h = c->recipe.height;

  gst_video_converter_frame (c->converter, &c->ring->frames[i], &c->small);
  for (guint n = 0; n < 3; n++) {
    const float mean = c->recipe.mean[n], factor = 1 / c->recipe.scale[n];
    float *to = (float *) c->tensor->data + (gsize) n * w * h;

    for (guint y = 0; y < h; y++)
      for (guint x = 0; x < w; x++)
        *to++ = (pixels[y * stride + 3 * x + n] - mean) * factor;
  }
}

typedef guint64 Wide __attribute__ ((vector_size (64), aligned (1)));

/* The rows that two taps need, at most the whole picture. */
static void
run_floor (Case *c, guint i)
{
  const GstVideoFrame *video = &c->ring->frames[i];
  const guint rows =
      MIN (2 * c->recipe.height, (guint) GST_VIDEO_FRAME_HEIGHT (video));
  Wide sum = { 0 };

  for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES (video); p++) {
    const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (video, p);
    const gsize stride = GST_VIDEO_FRAME_PLANE_STRIDE (video, p);
    const guint height = GST_VIDEO_FRAME_COMP_HEIGHT (video, p);

    for (guint r = 0; r < MIN (rows, height); r++) {
      const guint8 *row =
          data + (gsize) r * height / MIN (rows, height) * stride;

      for (gsize x = 0; x + sizeof (Wide) <= stride; x += sizeof (Wide))
        sum ^= *(const Wide *) (row + x);
    }
  }
  memset (c->tensor->data, sum[0] & 1, c->tensor->size);
}

/* @share: of the rounds that it takes part in, one of so many. */
static const struct {
  const char *name;
  Way run;
  guint share;
} ways[] = {
  { "cpu", run_cpu, 1 },
  { "gstreamer", run_gstreamer, 1 },
  { "floor", run_floor, 1 },
  { "reference", run_reference, 20 },
};

#define N_WAYS G_N_ELEMENTS (ways)

static double
thread_us (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
ring_fill (Ring *ring, GstVideoFormat format, guint w, guint h, guint n)
{
  gst_video_info_set_format (&ring->info, format, w, h);
  ring->n = n;
  ring->frames = g_new0 (GstVideoFrame, n);
  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer =
        gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&ring->info), NULL);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    for (gsize b = 0; b < map.size; b++)
      map.data[b] = 16 + (b * 7 + b / 1920 * 3 + i) % 220;
    gst_buffer_unmap (buffer, &map);
    gst_video_frame_map (&ring->frames[i], &ring->info, buffer, GST_MAP_READ);
    gst_buffer_unref (buffer);
  }
}

static void
ring_clear (Ring *ring)
{
  for (guint i = 0; i < ring->n; i++)
    gst_video_frame_unmap (&ring->frames[i]);
  g_free (ring->frames);
}

/* @times: median and least. */
static void
measure (Case *c, guint rounds, double times[N_WAYS][2])
{
  GArray *t[N_WAYS];

  for (gsize w = 0; w < N_WAYS; w++)
    t[w] = g_array_new (FALSE, FALSE, sizeof (double));
  for (guint r = 0; r < rounds; r++)
    for (gsize w = 0; w < N_WAYS; w++) {
      double us = -thread_us ();

      if (r % ways[w].share != 0)
        continue;
      ways[w].run (c, (r * N_WAYS + w) % c->ring->n);
      us += thread_us ();
      g_array_append_val (t[w], us);
    }
  for (gsize w = 0; w < N_WAYS; w++) {
    g_array_sort (t[w], compare_times);
    times[w][0] = g_array_index (t[w], double, t[w]->len / 2);
    times[w][1] = g_array_index (t[w], double, 0);
    g_array_unref (t[w]);
  }
}

static void
run_case (IrCore *core, GstVideoFormat gst, IrPixelFormat format, guint width,
    guint height, guint side, guint frames, guint rounds)
{
  Ring ring;
  Case c = { .ring = &ring, .format = format, .core = core };
  double times[N_WAYS][2];
  IrShape shape;
  GstBuffer *small;

  ring_fill (&ring, gst, width, height, frames);
  ir_preproc_init (&c.recipe, side, side);
  for (guint n = 0; n < 3; n++) {
    c.recipe.mean[n] = 127.5;
    c.recipe.scale[n] = 127.5;
  }
  shape = ir_preproc_shape (&c.recipe);
  c.tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  gst_video_info_set_format (&c.small_info, GST_VIDEO_FORMAT_RGB, side, side);
  small =
      gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&c.small_info), NULL);
  gst_video_frame_map (&c.small, &c.small_info, small, GST_MAP_READWRITE);
  c.converter = gst_video_converter_new (&ring.info, &c.small_info,
      gst_structure_new ("options", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD,
          GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR,
          GST_VIDEO_RESAMPLER_OPT_MAX_TAPS, G_TYPE_INT, 2, NULL));

  measure (&c, rounds, times);
  printf ("| %s %ux%u -> %ux%u%s |", gst_video_format_to_string (gst), width,
      height, side, side, frames == 1 ? ", hot" : "");
  for (gsize w = 0; w < N_WAYS; w++)
    printf (" %.0f / %.0f |", times[w][0], times[w][1]);
  printf (" %.1f (%.1f) | %.1f (%.1f) |\n", times[1][0] / times[0][0],
      times[1][1] / times[0][1], times[0][0] / times[2][0],
      times[0][1] / times[2][1]);

  gst_video_converter_free (c.converter);
  gst_video_frame_unmap (&c.small);
  gst_buffer_unref (small);
  ir_tensor_unref (c.tensor);
  ring_clear (&ring);
}

int
main (int argc, char **argv)
{
  static const struct {
    GstVideoFormat gst;
    IrPixelFormat ir;
  } formats[] = {
    { GST_VIDEO_FORMAT_NV12, IR_PIXEL_NV12 },
    { GST_VIDEO_FORMAT_I420, IR_PIXEL_I420 },
    { GST_VIDEO_FORMAT_YUY2, IR_PIXEL_YUY2 },
    { GST_VIDEO_FORMAT_BGRx, IR_PIXEL_BGRX },
    { GST_VIDEO_FORMAT_RGB, IR_PIXEL_RGB },
    { GST_VIDEO_FORMAT_GRAY8, IR_PIXEL_GRAY8 },
  };
  const guint rounds = argc > 1 ? MAX (atoi (argv[1]), 1) : 200;
  g_autoptr (IrCore) core = ir_core_new ();

  gst_init (NULL, NULL);
  printf ("| us, median / least |");
  for (gsize w = 0; w < N_WAYS; w++)
    printf (" %s |", ways[w].name);
  printf (" gstreamer / cpu | cpu / floor |\n|---|---|---|---|---|---|---|\n");
  for (gsize f = 0; f < G_N_ELEMENTS (formats); f++)
    for (guint side = 300; side <= 640; side += 340)
      run_case (
          core, formats[f].gst, formats[f].ir, 1920, 1080, side, 48, rounds);
  run_case (core, formats[0].gst, formats[0].ir, 1920, 1080, 300, 1, rounds);
  run_case (core, formats[0].gst, formats[0].ir, 640, 480, 300, 48, rounds);
  run_case (core, formats[1].gst, formats[1].ir, 640, 360, 416, 8, rounds);
  return 0;
}
