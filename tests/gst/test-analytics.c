/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same results for readers of GStreamer 1.24 and later. Built only with its
 * analytics library. */
#define GST_USE_UNSTABLE_API
#include <gst/analytics/analytics.h>
#include <gst/check/gstharness.h>

#include "iranalytics.h"
#include "irresult.h"

#define CAPS "video/x-raw,format=GRAY8,width=640,height=480,framerate=25/1"

static IrTensorMeta *
add_tensor (GstBuffer *buffer, const char *name, const gint64 *dims, gint rank,
    const float *values)
{
  IrModelInfo *info = ir_model_info_new ();
  IrTensorMeta *meta =
      ir_buffer_add_tensor_meta (buffer, IR_TENSORS_OUTPUT, info, NULL, 1);
  IrShape shape;

  info->name = g_strdup ("model");
  info->width = 300;
  info->height = 300;
  ir_model_info_unref (info);
  g_assert_true (ir_shape_init (&shape, rank, dims, NULL));
  meta->tensors[0].name = g_strdup (name);
  meta->tensors[0].tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  memcpy (meta->tensors[0].tensor->data, values,
      ir_tensor_count (meta->tensors[0].tensor) * sizeof (float));
  meta->affine = (IrAffine){ { 640 / 300.0, 0, 0, 0, 480 / 300.0, 0 } };
  return meta;
}

static GstBuffer *
frame_new (void)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 640 * 480, NULL);

  GST_BUFFER_PTS (buffer) = 0;
  return buffer;
}

static GstBuffer *
decode (const char *line, GstBuffer *frame)
{
  GstHarness *harness = gst_harness_new_parse (line);
  GstBuffer *buffer;

  gst_harness_set_src_caps_str (harness, CAPS);
  buffer = gst_harness_push_and_pull (harness, frame);
  gst_harness_teardown (harness);
  g_assert_nonnull (buffer);
  return buffer;
}

static void
check_object (GstAnalyticsODMtd *object, const char *label, gint x, gint y,
    gint w, gint h, gfloat score)
{
  gint have_x, have_y, have_w, have_h;
  gfloat have_score;

  g_assert_cmpstr (
      g_quark_to_string (gst_analytics_od_mtd_get_obj_type (object)), ==,
      label);
  g_assert_true (gst_analytics_od_mtd_get_location (
      object, &have_x, &have_y, &have_w, &have_h, &have_score));
  g_assert_cmpint (have_x, ==, x);
  g_assert_cmpint (have_y, ==, y);
  g_assert_cmpint (have_w, ==, w);
  g_assert_cmpint (have_h, ==, h);
  g_assert_cmpfloat_with_epsilon (have_score, score, 1e-6);
}

static void
test_detections (void)
{
  static const gint64 dims[] = { 1, 1, 2, 7 };
  static const float rows[] = { 0, 1, 0.9f, 0.1f, 0.2f, 0.5f, 0.6f, 0, 2, 0.7f,
    0.5f, 0.5f, 0.75f, 0.75f };
  GstBuffer *buffer = frame_new ();
  GstAnalyticsRelationMeta *relations;
  GstAnalyticsODMtd object;
  gpointer state = NULL;

  add_tensor (buffer, "detection_out", dims, 4, rows);
  buffer = decode ("irdecode labels=nothing,face,car", buffer);
  relations = gst_buffer_get_analytics_relation_meta (buffer);
  g_assert_nonnull (relations);
  g_assert_true (gst_analytics_relation_meta_iterate (
      relations, &state, gst_analytics_od_mtd_get_mtd_type (), &object));
  check_object (&object, "face", 64, 96, 256, 192, 0.9f);
  g_assert_true (gst_analytics_relation_meta_iterate (
      relations, &state, gst_analytics_od_mtd_get_mtd_type (), &object));
  check_object (&object, "car", 320, 240, 160, 120, 0.7f);
  g_assert_false (gst_analytics_relation_meta_iterate (
      relations, &state, gst_analytics_od_mtd_get_mtd_type (), &object));
  gst_buffer_unref (buffer);
}

static void
check_class (GstAnalyticsClsMtd *class, const char *label, gfloat score)
{
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (class), ==, 1);
  g_assert_cmpstr (
      g_quark_to_string (gst_analytics_cls_mtd_get_quark (class, 0)), ==,
      label);
  g_assert_cmpfloat_with_epsilon (
      gst_analytics_cls_mtd_get_level (class, 0), score, 1e-5);
}

/* A class of a detection is joined to that one and to no other. */
static void
test_class_of_object (void)
{
  GstBuffer *buffer = frame_new ();
  const IrObject boxes[] = {
    { .x0 = 8, .y0 = 8, .x1 = 40, .y1 = 24, .label = "car", .confidence = 0.5 },
    { .x0 = 100,
        .y0 = 8,
        .x1 = 140,
        .y1 = 24,
        .label = "car",
        .confidence = 0.6 }
  };
  const IrClassResult result = { .label = "red",
    .label_id = 3,
    .confidence = 0.75,
    .attribute = "colour",
    .layer = "color",
    .model = "attributes" };
  GstVideoRegionOfInterestMeta *roi = NULL;
  GstAnalyticsRelationMeta *relations;
  GstAnalyticsODMtd object;
  GstAnalyticsClsMtd class;
  gpointer state = NULL, related = NULL;

  for (guint i = 0; i < 2; i++) {
    roi = ir_buffer_add_object (buffer, 640, 480, &boxes[i], -1, "detector");
    ir_analytics_add_object (buffer, roi, boxes[i].confidence);
  }
  ir_analytics_add_class (buffer, roi, &result);
  relations = gst_buffer_get_analytics_relation_meta (buffer);
  for (guint i = 0; i < 2; i++) {
    related = NULL;
    g_assert_true (gst_analytics_relation_meta_iterate (
        relations, &state, gst_analytics_od_mtd_get_mtd_type (), &object));
    g_assert_cmpint (
        gst_analytics_relation_meta_get_direct_related (relations, object.id,
            GST_ANALYTICS_REL_TYPE_CONTAIN,
            gst_analytics_cls_mtd_get_mtd_type (), &related, &class),
        ==, i == 1);
  }
  check_class (&class, "red", 0.75f);
  gst_buffer_unref (buffer);
}

#ifdef HAVE_GST_TENSOR_META
static void
test_tensors (void)
{
  static const gint64 dims[] = { 1, 2, 3 };
  static const float values[] = { 1, 2, 3, 4, 5, 6 };
  GstBuffer *buffer = frame_new ();
  IrTensorMeta *meta = add_tensor (buffer, "scores", dims, 3, values);
  GstTensorMeta *theirs;
  const GstTensor *tensor;
  GstMapInfo map;

  ir_analytics_add_tensors (buffer, meta);
  theirs = gst_buffer_get_tensor_meta (buffer);
  g_assert_nonnull (theirs);
  g_assert_cmpuint (theirs->num_tensors, ==, 1);
  g_assert_cmpint (gst_tensor_meta_get_index_from_id (
                       theirs, g_quark_from_string ("scores")),
      ==, 0);
  tensor = gst_tensor_meta_get (theirs, 0);
  g_assert_cmpint (tensor->data_type, ==, GST_TENSOR_DATA_TYPE_FLOAT32);
  g_assert_cmpint (tensor->dims_order, ==, GST_TENSOR_DIM_ORDER_ROW_MAJOR);
  g_assert_cmpuint (tensor->num_dims, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (tensor->dims[i], ==, dims[i]);
  g_assert_true (gst_buffer_map (tensor->data, &map, GST_MAP_READ));
  g_assert_cmpmem (map.data, map.size, values, sizeof values);
  g_assert_true (map.data == meta->tensors[0].tensor->data);
  gst_buffer_unmap (tensor->data, &map);
  gst_buffer_unref (buffer);
}

/* A meta that is read as the whole frame's must not be about a part. */
static void
test_tensors_of_part (void)
{
  static const gint64 dims[] = { 1, 1 };
  static const float values[] = { 1 };
  GstBuffer *buffer = frame_new ();
  IrTensorMeta *meta = add_tensor (buffer, "scores", dims, 2, values);

  meta->roi_id = 3;
  ir_analytics_add_tensors (buffer, meta);
  g_assert_null (gst_buffer_get_tensor_meta (buffer));
  gst_buffer_unref (buffer);
}
#endif

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/analytics/detections", test_detections);
  g_test_add_func ("/analytics/class-of-object", test_class_of_object);
#ifdef HAVE_GST_TENSOR_META
  g_test_add_func ("/analytics/tensors", test_tensors);
  g_test_add_func ("/analytics/tensors-of-part", test_tensors_of_part);
#endif
  return g_test_run ();
}
