/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdarg.h>

#include "decode.h"

/* Expected numbers are worked out by hand from the published formulas. */

#define MOST_OUTPUTS 16

typedef struct {
  IrOutput list[MOST_OUTPUTS];
  gsize n;
} Outputs;

/* Adds a zeroed output; @shape such as "1,1,7". Returns its numbers. */
static float *
add (Outputs *outputs, const char *name, const char *text)
{
  IrShape shape;
  IrTensor *tensor;
  GError *error = NULL;

  ir_shape_parse (text, &shape, &error);
  g_assert_no_error (error);
  tensor = ir_tensor_new (IR_DTYPE_F32, &shape, &error);
  g_assert_no_error (error);
  outputs->list[outputs->n++] = (IrOutput){ name, tensor };
  return tensor->data;
}

static void
clear (Outputs *outputs)
{
  for (gsize i = 0; i < outputs->n; i++)
    ir_tensor_unref (outputs->list[i].tensor);
  outputs->n = 0;
}

static IrDecodeParams
params_for (guint width, guint height)
{
  return (IrDecodeParams){ .width = width,
    .height = height,
    .threshold = 0.5f,
    .nms_threshold = NAN,
    .head_thresholds = TRUE };
}

/* Chooses by shape, expects @name and decodes. */
static IrDetections *
run (const Outputs *outputs, const IrDecodeParams *params, const char *name)
{
  GError *error = NULL;
  const IrDecoder *decoder =
      ir_decoder_choose (outputs->list, outputs->n, params, &error);
  IrDetections *found;

  g_assert_no_error (error);
  g_assert_cmpstr (ir_decoder_name (decoder), ==, name);
  found = ir_decoder_run (decoder, outputs->list, outputs->n, params, &error);
  g_assert_no_error (error);
  return found;
}

static void
check_box (const IrDetections *found, guint index, double x0, double y0,
    double x1, double y1, double confidence, gint label)
{
  const IrDetection *object;

  g_assert_cmpuint (found->objects->len, >, index);
  object = &g_array_index (found->objects, IrDetection, index);
  g_assert_cmpfloat_with_epsilon (object->x0, x0, 1e-4);
  g_assert_cmpfloat_with_epsilon (object->y0, y0, 1e-4);
  g_assert_cmpfloat_with_epsilon (object->x1, x1, 1e-4);
  g_assert_cmpfloat_with_epsilon (object->y1, y1, 1e-4);
  g_assert_cmpfloat_with_epsilon (object->confidence, confidence, 1e-5);
  g_assert_cmpint (object->label_id, ==, label);
}

static void
check_point (
    const IrDetections *found, guint object, guint index, float x, float y)
{
  const IrDetection *o = &g_array_index (found->objects, IrDetection, object);
  const IrPoint *point =
      &g_array_index (found->points, IrPoint, o->first_point + index);

  g_assert_cmpfloat_with_epsilon (point->x, x, 1e-4);
  g_assert_cmpfloat_with_epsilon (point->y, y, 1e-4);
}

static void
set (float *to, guint n, ...)
{
  va_list args;

  va_start (args, n);
  for (guint i = 0; i < n; i++)
    to[i] = va_arg (args, double);
  va_end (args);
}

static void
test_ssd (void)
{
  IrDecodeParams params = params_for (300, 200);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *row = add (&outputs, "detection_out", "1,1,6,7");

  set (row, 7, 0., 1., 0.4, 0.1, 0.2, 0.5, 0.6);
  set (row + 7, 7, 0., 2., 0.9, 0.1, 0.2, 0.5, 0.6);
  set (row + 14, 7, 0., 1., (double) NAN, 0.1, 0.2, 0.5, 0.6);
  set (row + 21, 7, 0., 1., 0.8, 0.1, (double) INFINITY, 0.5, 0.6);
  set (row + 28, 7, -1., 0., 0., 0., 0., 0., 0.);
  set (row + 35, 7, 0., 1., 1.0, 0.1, 0.2, 0.5, 0.6);
  found = run (&outputs, &params, "ssd");
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 30, 40, 150, 120, 0.9, 2);
  clear (&outputs);
}

static void
test_boxes_labels (void)
{
  IrDecodeParams params = params_for (100, 100);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *label = add (&outputs, "labels", "2");
  float *row = add (&outputs, "boxes", "2,5");

  set (label, 2, 3., 1.);
  set (row, 5, 10., 20., 30., 40., 0.6);
  set (row + 5, 5, 11., 20., 30., 40., 0.7);
  found = run (&outputs, &params, "boxes-labels");
  /* NMS is the network's: both stay. */
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 11, 20, 30, 40, 0.7, 1);
  check_box (found, 1, 10, 20, 30, 40, 0.6, 3);
  clear (&outputs);
}

static void
test_box_score (void)
{
  IrDecodeParams params = params_for (320, 240);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *score = add (&outputs, "scores", "1,4,2");
  float *box = add (&outputs, "boxes", "1,4,4");

  set (score, 8, 0.1, 0.9, 0.2, 0.8, 0.9, 0.1, 0.3, 0.7);
  set (box, 4, 0.25, 0.25, 0.5, 0.5);
  /* Overlaps the first by 1 / 3, above this decoder's own 0.3. */
  set (box + 4, 4, 0.375, 0.25, 0.625, 0.5);
  set (box + 8, 4, 0., 0., 1., 1.);
  set (box + 12, 4, -0.1, 0.75, 0.1, 1.);
  found = run (&outputs, &params, "box-score");
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 80, 60, 160, 120, 0.9, 1);
  check_box (found, 1, -32, 180, 32, 240, 0.7, 1);
  ir_detections_free (g_steal_pointer (&found));

  /* With a name for each class but the background, that one doesn't count. */
  params.labels = g_strsplit ("face", ",", -1);
  params.nms_threshold = 0.34f;
  found = run (&outputs, &params, "box-score");
  g_assert_cmpuint (found->objects->len, ==, 3);
  check_box (found, 0, 80, 60, 160, 120, 0.9, 0);
  g_strfreev (params.labels);
  clear (&outputs);
}

/* Of boxes whose scores are equal, the network's first one stays. */
static void
test_ties (void)
{
  IrDecodeParams params = params_for (100, 100);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *score = add (&outputs, "scores", "1,3,2");
  float *box = add (&outputs, "boxes", "1,3,4");

  set (score, 6, 0., 1., 0., 1., 0.1, 0.9);
  set (box, 4, 0.3, 0.2, 0.7, 0.6);
  set (box + 4, 4, 0.2, 0.2, 0.6, 0.6);
  set (box + 8, 4, 0.3, 0.3, 0.7, 0.7);
  found = run (&outputs, &params, "box-score");
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 30, 20, 70, 60, 1, 1);
  clear (&outputs);
}

static void
test_box_score_logits (void)
{
  IrDecodeParams params = params_for (100, 100);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *box = add (&outputs, "loc", "1,2,4");
  float *score = add (&outputs, "conf", "1,2,3");

  set (box, 8, 10., 10., 20., 20., 50., 50., 60., 60.);
  set (score, 6, 2., -1., -2., -3., -3., -3.);
  found = run (&outputs, &params, "box-score");
  /* Sigmoid of 2. */
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 10, 10, 20, 20, 0.880797, 0);
  clear (&outputs);
}

static void
test_centerface (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  const guint cell = 3 * 8 + 2;
  float *heat = add (&outputs, "537", "1,1,8,8");
  float *size = add (&outputs, "538", "1,2,8,8");
  float *offset = add (&outputs, "539", "1,2,8,8");
  float *points = add (&outputs, "540", "1,10,8,8");

  heat[cell] = 0.8f;
  heat[cell + 20] = NAN;
  size[cell] = logf (2);
  size[64 + cell] = logf (3);
  offset[cell] = 0.25f;
  offset[64 + cell] = 0.5f;
  points[cell] = 0.5f;
  points[64 + cell] = 0.25f;
  found = run (&outputs, &params, "centerface");
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 6, 11, 18, 19, 0.8, 0);
  g_assert_cmpuint (found->n_points, ==, 5);
  check_point (found, 0, 0, 9, 15);
  check_point (found, 0, 4, 6, 11);
  ir_detections_free (g_steal_pointer (&found));

  /* The names win over the order. */
  outputs.list[1].name = "offset";
  outputs.list[2].name = "wh";
  found = run (&outputs, &params, "centerface");
  check_box (found, 0, (2 + logf (3) + 0.5) * 4 - 2 * expf (0.5),
      (3 + logf (2) + 0.5) * 4 - 2 * expf (0.25),
      (2 + logf (3) + 0.5) * 4 + 2 * expf (0.5),
      (3 + logf (2) + 0.5) * 4 + 2 * expf (0.25), 0.8, 0);
  clear (&outputs);
}

static void
test_yunet (void)
{
  static const char *const names[] = { "cls_8", "cls_16", "cls_32", "obj_8",
    "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32", "kps_8", "kps_16",
    "kps_32" };
  static const char *const shapes[] = { "1,16,1", "1,4,1", "1,1,1", "1,16,1",
    "1,4,1", "1,1,1", "1,16,4", "1,4,4", "1,1,4", "1,16,10", "1,4,10",
    "1,1,10" };
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *data[12];

  for (guint i = 0; i < 12; i++)
    data[i] = add (&outputs, names[i], shapes[i]);
  data[1][2] = 0.81f;
  data[4][2] = 1.5f;
  set (data[7] + 8, 4, 0.5, 0.25, 0., log (0.5));
  set (data[10] + 20, 4, 0.5, 0.5, 1., 0.25);
  found = run (&outputs, &params, "yunet");
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 0, 16, 16, 24, 0.9, 0);
  check_point (found, 0, 0, 8, 24);
  check_point (found, 0, 1, 16, 20);
  clear (&outputs);
}

static void
test_yolox (void)
{
  IrDecodeParams params = params_for (64, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *row = add (&outputs, "output", "1,42,7");

  /* Stride 8 has 8 x 4 cells: row 1, column 2. */
  set (row + 10 * 7, 7, 0.5, 0.5, log (2), 0., 0.9, 0.1, 1.);
  /* Stride 32 has 2 x 1 cells: column 1. */
  set (row + 41 * 7, 7, 0., 0., 0., 0., 0.5, 1., 0.);
  found = run (&outputs, &params, "yolox");
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 12, 8, 28, 16, 0.9, 1);
  check_box (found, 1, 16, -16, 48, 16, 0.5, 0);
  ir_detections_free (g_steal_pointer (&found));

  /* Exported with the grid. */
  for (guint i = 0; i < 42; i++)
    set (row + i * 7, 7, 32., 16., 8., 8., 0.1, 0.5, 0.5);
  set (row + 5 * 7, 7, 20., 10., 8., 4., 1., 0.75, 0.);
  found = run (&outputs, &params, "yolox");
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 16, 8, 24, 12, 0.75, 0);
  clear (&outputs);
}

static void
test_yolov5 (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *row = add (&outputs, "output0", "1,63,7");

  set (row, 7, 16., 16., 8., 4., 0.9, 0.5, 1.);
  set (row + 7, 7, 16., 17., 8., 4., 0.8, 0.5, 1.);
  set (row + 14, 7, 16., 17., 8., 4., 0.8, 0.9, 0.5);
  found = run (&outputs, &params, "yolov5");
  /* The second overlaps the first by 0.6; the third is of another class. */
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 12, 14, 20, 18, 0.9, 1);
  check_box (found, 1, 12, 15, 20, 19, 0.72, 0);
  clear (&outputs);
}

static void
test_yolov8 (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *column = add (&outputs, "output0", "1,6,21");
  const float box[6] = { 16, 8, 10, 4, 0.2f, 0.85f };

  for (guint i = 0; i < 6; i++)
    column[i * 21 + 13] = box[i];
  column[4 * 21 + 2] = NAN;
  found = run (&outputs, &params, "yolov8");
  g_assert_cmpuint (found->objects->len, ==, 1);
  check_box (found, 0, 11, 6, 21, 10, 0.85, 1);
  clear (&outputs);
  ir_detections_free (g_steal_pointer (&found));

  /* Transposed, as the number of labels tells. */
  column = add (&outputs, "output0", "1,21,6");
  for (guint i = 0; i < 6; i++)
    column[13 * 6 + i] = box[i];
  params.labels = g_strsplit ("cat,dog", ",", -1);
  found = run (&outputs, &params, "yolov8");
  check_box (found, 0, 11, 6, 21, 10, 0.85, 1);
  g_strfreev (params.labels);
  clear (&outputs);
}

static void
test_yolo_e2e (void)
{
  IrDecodeParams params = params_for (640, 640);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *row = add (&outputs, "output0", "1,300,6");

  set (row, 6, 1., 2., 30., 40., 0.75, 5.);
  set (row + 6, 6, 1., 2., 30., 40., 0.6, 5.);
  set (row + 12, 6, 30., 2., 1., 40., 0.9, 5.);
  found = run (&outputs, &params, "yolo-e2e");
  /* No NMS; a box that ends before it begins is none. */
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 1, 2, 30, 40, 0.75, 5);
  clear (&outputs);
}

static void
test_yolov3 (void)
{
  static const double anchors[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *coarse = add (&outputs, "a", "1,21,1,1");
  float *fine = add (&outputs, "b", "1,21,2,2");

  params.anchors = g_array_new (FALSE, FALSE, sizeof (double));
  g_array_append_vals (params.anchors, anchors, G_N_ELEMENTS (anchors));
  /* Anchor 1, cell (1, 0) of the finer grid, class 1, RegionYolo applied. */
  fine[(7 + 0) * 4 + 2] = 0.5f;
  fine[(7 + 1) * 4 + 2] = 0.25f;
  fine[(7 + 2) * 4 + 2] = logf (2);
  fine[(7 + 4) * 4 + 2] = 0.9f;
  fine[(7 + 6) * 4 + 2] = 1.0f;
  /* The coarse one is bare: sigmoid of 3 and of 2, 0.5 at the centre. */
  for (guint i = 0; i < 21; i++)
    coarse[i] = i % 7 == 4 ? -9 : 0;
  coarse[4] = 3;
  coarse[5] = 2;
  found = run (&outputs, &params, "yolov3");
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 8 - 3, 20 - 2, 8 + 3, 20 + 2, 0.9, 1);
  check_box (
      found, 1, 16 - 3.5, 16 - 4, 16 + 3.5, 16 + 4, 0.9525741 * 0.8807971, 0);
  g_array_unref (params.anchors);
  clear (&outputs);
}

static void
check_class (const IrDetections *found, guint index, guint output, gint label,
    double confidence)
{
  const IrClass *item;

  g_assert_cmpuint (found->classes->len, >, index);
  item = &g_array_index (found->classes, IrClass, index);
  g_assert_cmpuint (item->output, ==, output);
  g_assert_cmpint (item->label_id, ==, label);
  g_assert_cmpfloat_with_epsilon (item->confidence, confidence, 1e-5);
}

static void
test_classification (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *logits = add (&outputs, "fc", "1,3");
  float *ready = add (&outputs, "color", "1,4,1,1");

  set (logits, 3, 1., 3., (double) NAN);
  set (ready, 4, 0.1, 0.2, 0.6, 0.1);
  found = run (&outputs, &params, "classification");
  g_assert_cmpuint (found->classes->len, ==, 2);
  check_class (found, 0, 0, 1, 1 / (1 + exp (-2)));
  check_class (found, 1, 1, 2, 0.6);
  ir_detections_free (g_steal_pointer (&found));

  params.threshold = 0.7f;
  found = run (&outputs, &params, "classification");
  g_assert_cmpuint (found->classes->len, ==, 1);
  clear (&outputs);
}

static void
test_classification_heads (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *scores = add (&outputs, "tags", "1,4");
  IrHead *head = g_new0 (IrHead, 1);

  set (scores, 4, 0.9, 0.1, 0.75, 0.3);
  head->layer = g_strdup ("tags");
  head->method = IR_HEAD_MULTI;
  head->threshold = 0.25f;
  params.heads = g_ptr_array_new_with_free_func ((GDestroyNotify) ir_head_free);
  g_ptr_array_add (params.heads, head);
  found = run (&outputs, &params, "classification");
  g_assert_cmpuint (found->classes->len, ==, 3);
  check_class (found, 0, 0, 0, 0.9);
  check_class (found, 2, 0, 3, 0.3);
  ir_detections_free (g_steal_pointer (&found));

  params.head_thresholds = FALSE;
  params.max_objects = 1;
  found = run (&outputs, &params, "classification");
  g_assert_cmpuint (found->classes->len, ==, 1);
  g_ptr_array_unref (params.heads);
  clear (&outputs);
}

static void
test_classification_u8 (void)
{
  IrDecodeParams params = params_for (128, 128);
  g_autoptr (IrDetections) found = NULL;
  guint8 scores[3] = { 51, 204, 0 };
  IrShape shape = ir_shape_1d (3);
  Outputs outputs = { .n = 1 };

  outputs.list[0] = (IrOutput){ "p",
    ir_tensor_new_wrapped (IR_DTYPE_U8, &shape, scores, 3, NULL, NULL, NULL) };
  found = run (&outputs, &params, "classification");
  check_class (found, 0, 0, 1, 0.8);
  clear (&outputs);
}

static void
test_raw (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  GError *error = NULL;

  add (&outputs, "embedding", "1,2,3,4,5");
  found = ir_decoder_run (ir_decoder_find ("raw_data_copy", NULL), outputs.list,
      outputs.n, &params, &error);
  g_assert_no_error (error);
  g_assert_true (found->raw);
  g_assert_cmpuint (found->objects->len, ==, 0);
  clear (&outputs);
}

static void
expect_refused (const Outputs *outputs, const IrDecodeParams *params,
    const char *const *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ir_decoder_choose (outputs->list, outputs->n, params, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_UNSUPPORTED);
  for (guint i = 0; words[i]; i++)
    g_assert_nonnull (g_strstr_len (error->message, -1, words[i]));
}

static void
test_none_fits (void)
{
  static const char *const words[] = { "'embedding' f32[1,2,3,4,5]", "640x480",
    "`decoder`", "yolox", "`description`", NULL };
  IrDecodeParams params = params_for (640, 480);
  Outputs outputs = { 0 };

  add (&outputs, "embedding", "1,2,3,4,5");
  expect_refused (&outputs, &params, words);
  clear (&outputs);
}

static void
test_two_fit (void)
{
  static const char *const words[] = { "'out' f32[1,5000,6]", "yolov5",
    "yolo-e2e", "`decoder`", "`labels`", NULL };
  IrDecodeParams params = params_for (640, 480);
  Outputs outputs = { 0 };

  add (&outputs, "out", "1,5000,6");
  expect_refused (&outputs, &params, words);
  clear (&outputs);
}

static void
test_forced (void)
{
  IrDecodeParams params = params_for (32, 32);
  g_autoptr (GError) error = NULL;
  Outputs outputs = { 0 };

  add (&outputs, "out", "1,1,4,7");
  g_assert_null (ir_decoder_run (ir_decoder_find ("YOLO_v8", NULL),
      outputs.list, outputs.n, &params, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_assert_nonnull (g_strstr_len (error->message, -1, "[1,4+C,N]"));
  g_assert_nonnull (g_strstr_len (error->message, -1, "'out' f32[1,1,4,7]"));
  g_clear_error (&error);

  g_assert_null (ir_decoder_find ("yolo99", &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
  g_assert_nonnull (g_strstr_len (error->message, -1, "centerface"));
  clear (&outputs);
}

/* Names and aliases must lead to one decoder each. */
static void
test_table (void)
{
  for (guint i = 0; ir_decoder_get (i); i++) {
    const IrDecoder *decoder = ir_decoder_get (i);

    g_assert_true (
        ir_decoder_find (ir_decoder_name (decoder), NULL) == decoder);
    g_assert_cmpstr (ir_decoder_summary (decoder), !=, "");
    g_assert_cmpstr (ir_decoder_reads (decoder), !=, "");
  }
  g_assert_cmpstr (
      ir_decoder_name (ir_decoder_find ("YOLOv11", NULL)), ==, "yolov8");
  g_assert_cmpstr (
      ir_decoder_name (ir_decoder_find ("tensor-to-bbox-atss", NULL)), ==,
      "boxes-labels");
}

static void
test_thresholds (void)
{
  const float own[] = { NAN, 0.3f };
  IrDecodeParams params = params_for (640, 640);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *row = add (&outputs, "output0", "1,10,6");

  set (row, 6, 1., 2., 30., 40., 0.4, 0.);
  set (row + 6, 6, 1., 2., 30., 40., 0.4, 1.);
  set (row + 12, 6, 1., 2., 30., 40., 0.6, 2.);
  set (row + 18, 6, 1., 2., 30., 40., 0.5, 7.);
  params.class_thresholds = g_array_new (FALSE, FALSE, sizeof (float));
  g_array_append_vals (params.class_thresholds, own, 2);
  found = run (&outputs, &params, "yolo-e2e");
  g_assert_cmpuint (found->objects->len, ==, 3);
  ir_detections_free (g_steal_pointer (&found));

  params.max_objects = 2;
  found = run (&outputs, &params, "yolo-e2e");
  g_assert_cmpuint (found->objects->len, ==, 2);
  check_box (found, 0, 1, 2, 30, 40, 0.6, 2);
  g_array_unref (params.class_thresholds);
  clear (&outputs);
}

/* Every cell a candidate: the cost stays bounded. */
static void
test_flood (void)
{
  IrDecodeParams params = params_for (1024, 1024);
  g_autoptr (IrDetections) found = NULL;
  Outputs outputs = { 0 };
  float *heat = add (&outputs, "1", "1,1,256,256");

  add (&outputs, "2", "1,2,256,256");
  add (&outputs, "3", "1,2,256,256");
  for (guint i = 0; i < 256 * 256; i++)
    heat[i] = 0.9f;
  params.nms_threshold = 1;
  found = run (&outputs, &params, "centerface");
  g_assert_cmpuint (found->objects->len, ==, 4096);
  clear (&outputs);
}

/* No contents may be read out of bounds or come out as a box that is none. */
static void
test_nonsense (void)
{
  static const char *const shapes[] = { "1,1,9,7", "1,10,6", "1,63,7", "1,6,21",
    "1,21,7", "1,9", "1,1,0,7", "1,0,6", "0,5" };
  static const float values[] = { NAN, INFINITY, -INFINITY, 1e38f, -1e38f,
    0.99f, 3.0f };
  IrDecodeParams params = params_for (32, 32);

  for (guint s = 0; s < G_N_ELEMENTS (shapes); s++) {
    for (guint v = 0; v < 49; v++) {
      Outputs outputs = { 0 };
      float *data = add (&outputs, "x", shapes[s]);
      guint64 n = ir_tensor_count (outputs.list[0].tensor);

      for (guint64 i = 0; i < n; i++)
        data[i] = values[(i % 2 ? v / 7 : v + i / 5) % 7];
      for (guint d = 0; ir_decoder_get (d); d++) {
        g_autoptr (IrDetections) found = ir_decoder_run (
            ir_decoder_get (d), outputs.list, outputs.n, &params, NULL);

        for (guint i = 0; found && i < found->objects->len; i++) {
          const IrDetection *o =
              &g_array_index (found->objects, IrDetection, i);

          g_assert_true (isfinite (o->x0) && isfinite (o->x1) &&
              isfinite (o->y0) && isfinite (o->y1) && o->x0 <= o->x1 &&
              o->y0 <= o->y1);
          g_assert_true (o->confidence >= 0.5f && o->confidence <= 1);
        }
      }
      clear (&outputs);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/ssd", test_ssd);
  g_test_add_func ("/decode/boxes-labels", test_boxes_labels);
  g_test_add_func ("/decode/box-score", test_box_score);
  g_test_add_func ("/decode/ties", test_ties);
  g_test_add_func ("/decode/box-score-logits", test_box_score_logits);
  g_test_add_func ("/decode/centerface", test_centerface);
  g_test_add_func ("/decode/yunet", test_yunet);
  g_test_add_func ("/decode/yolox", test_yolox);
  g_test_add_func ("/decode/yolov5", test_yolov5);
  g_test_add_func ("/decode/yolov8", test_yolov8);
  g_test_add_func ("/decode/yolo-e2e", test_yolo_e2e);
  g_test_add_func ("/decode/yolov3", test_yolov3);
  g_test_add_func ("/decode/classification", test_classification);
  g_test_add_func ("/decode/classification-heads", test_classification_heads);
  g_test_add_func ("/decode/classification-u8", test_classification_u8);
  g_test_add_func ("/decode/raw", test_raw);
  g_test_add_func ("/decode/none-fits", test_none_fits);
  g_test_add_func ("/decode/two-fit", test_two_fit);
  g_test_add_func ("/decode/forced", test_forced);
  g_test_add_func ("/decode/table", test_table);
  g_test_add_func ("/decode/thresholds", test_thresholds);
  g_test_add_func ("/decode/flood", test_flood);
  g_test_add_func ("/decode/nonsense", test_nonsense);
  return g_test_run ();
}
