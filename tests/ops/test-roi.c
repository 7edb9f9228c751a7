/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expected numbers are OpenVINO's, or follow from the comment beside them. */
#include "op-test.h"

#include <math.h>

/* 0, 1, 2, ... */
static IrTensor *
ramp (const char *shape)
{
  IrTensor *tensor = op_tensor_empty (IR_DTYPE_F32, shape);

  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, (double) i);
  return tensor;
}

/* Runs the op and drops what it gives: it must only not break. */
static void
survive (const char *op, const char *attrs, IrTensor **in)
{
  g_autofree IrTensor **out = op_run (op, attrs, in, 1);

  op_free (out);
}

/* --- regions of maps ---------------------------------------------------------- */

static void
test_roi_align (void)
{
  op_check ("ROIAlign-3",
      "pooled_h=2;pooled_w=2;sampling_ratio=2;spatial_scale=0.5;mode=avg",
      OP_LIST (ramp ("1,1,4,4"), op_tensor (F32, "2,4", 0, 0, 4, 4, 1, 1, 9, 5),
          op_tensor (I32, "2", 0, 0)),
      OP_LIST (
          op_tensor (F32, "2,1,2,2", 2.5, 3.5, 6.5, 7.5, 5.5, 7, 9.5, 11)));
  op_check ("ROIAlign-9",
      "pooled_h=1;pooled_w=2;sampling_ratio=0;spatial_scale=1.0;"
      "mode=max;aligned_mode=half_pixel",
      OP_LIST (ramp ("1,1,4,4"), op_tensor (F32, "2,4", 0, 0, 4, 4, 1, 1, 9, 5),
          op_tensor (I32, "2", 0, 0)),
      OP_LIST (op_tensor (F32, "2,1,1,2", 13.5, 15, 15, 0)));
}

#define ALIGN "pooled_h=2;pooled_w=2;spatial_scale=1;mode=avg;"

static void
test_roi_align_edges (void)
{
  static const double odd[] = { 0, -1, NAN, INFINITY, -INFINITY, 1e30, -1e30 };

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++) {
    for (gsize j = 0; j < G_N_ELEMENTS (odd); j++) {
      survive ("ROIAlign-9", ALIGN "sampling_ratio=0;aligned_mode=half_pixel",
          OP_LIST (ramp ("1,1,4,4"),
              op_tensor (F32, "1,4", odd[i], 1, odd[j], odd[i]),
              op_tensor (I64, "1", 0)));
      survive ("ROIAlign-3", ALIGN "sampling_ratio=3",
          OP_LIST (ramp ("1,1,4,4"),
              op_tensor (F32, "1,4", odd[i], odd[j], 2, odd[j]),
              op_tensor (I64, "1", 0)));
    }
  }
  /* The centre of a region far larger than the map: the picture's share of it is
   * next to nothing. */
  op_check ("ROIAlign-3",
      "pooled_h=1;pooled_w=1;spatial_scale=1;mode=avg;sampling_ratio=0",
      OP_LIST (ramp ("1,1,2,2"), op_tensor (F32, "1,4", -1e9, -1e9, 1e9, 1e9),
          op_tensor (I64, "1", 0)),
      OP_LIST (op_tensor (F32, "1,1,1,1", 0)));
  survive ("ROIAlign-3", ALIGN "sampling_ratio=2",
      OP_LIST (op_tensor_empty (IR_DTYPE_F32, "1,1,0,4"),
          op_tensor (F32, "1,4", 0, 0, 2, 2), op_tensor (I64, "1", 0)));
}

static void
test_roi_align_refused (void)
{
  static const double images[] = { -1, 1, 1e9, -1e9 };

  for (gsize i = 0; i < G_N_ELEMENTS (images); i++)
    op_reject ("ROIAlign-3", ALIGN "sampling_ratio=2",
        OP_LIST (ramp ("1,1,4,4"), op_tensor (F32, "1,4", 0, 0, 4, 4),
            op_tensor (I64, "1", images[i])),
        IR_ERROR_SHAPE);
  op_check_shape ("ROIAlign-3", ALIGN "sampling_ratio=2", "f32[?,3,2,2]",
      "f32 ?,3,?,?", "f32 ?,4", "i64 ?", NULL);
  op_check_shape ("ROIAlign-3", ALIGN "sampling_ratio=2", "f32[5,?,2,2]",
      "f32 ...", "f32 ...", "i64 5", NULL);
  op_check_shape ("ROIAlign-3", ALIGN "sampling_ratio=2", NULL, "f32 1,3,8,8",
      "f32 2,5", "i64 2", NULL);
  op_check_shape ("ROIAlign-3", ALIGN "sampling_ratio=2", NULL, "f32 1,3,8,8",
      "f32 2,4", "i64 3", NULL);
  op_check_shape ("ROIAlign-3", ALIGN "sampling_ratio=1000000000", NULL,
      "f32 1,3,8,8", "f32 2,4", "i64 2", NULL);
  op_check_shape ("ROIAlign-3",
      "pooled_h=1000000000000;pooled_w=2;sampling_ratio=2;spatial_scale=1;"
      "mode=avg",
      NULL, "f32 1,3,8,8", "f32 2,4", "i64 2", NULL);
}

static void
test_roi_pooling (void)
{
  op_check ("ROIPooling-2",
      "pooled_h=2;pooled_w=2;spatial_scale=0.5;method=max",
      OP_LIST (op_tensor (F32, "2,1,4,4", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
                   12, 13, 14, 15, 0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10,
                   -11, -12, -13, -14, -15),
          op_tensor (F32, "2,5", 1, 0, 0, 6, 6, 0, 2, 2, 20, 3)),
      OP_LIST (op_tensor (F32, "2,1,2,2", 0, -2, -8, -10, 7, 0, 11, 0)));
  op_check ("ROIPooling-2",
      "pooled_h=2;pooled_w=3;spatial_scale=1.0;method=bilinear",
      OP_LIST (ramp ("1,1,4,4"),
          op_tensor (F32, "2,5", 0, 0.25, 0, 0.75, 1, -1, 0, 0, 0, 0)),
      OP_LIST (op_tensor (F32, "2,1,2,3", 0.75, 1.5, 2.25, 12.75, 13.5, 14.25,
          0, 0, 0, 0, 0, 0)));
  op_check_shape ("ROIPooling-2", "pooled_h=2;pooled_w=3;spatial_scale=1",
      "f32[?,3,2,3]", "f32 ?,3,8,?", "f32 ?,5", NULL);
  op_check_shape ("ROIPooling-2", "pooled_h=0;pooled_w=3;spatial_scale=1", NULL,
      "f32 1,3,8,8", "f32 2,5", NULL);
}

static void
test_roi_pooling_edges (void)
{
  static const double odd[] = { 0, -3, NAN, INFINITY, -INFINITY, 1e30, -1e30 };
  static const char *const methods[] = {
    "pooled_h=2;pooled_w=2;spatial_scale=1;method=max",
    "pooled_h=2;pooled_w=2;spatial_scale=1;method=bilinear"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (odd) * 2; i++) {
    for (gsize j = 0; j < G_N_ELEMENTS (odd); j++)
      survive ("ROIPooling-2", methods[i % 2],
          OP_LIST (ramp ("1,1,4,4"),
              op_tensor (F32, "1,5", 0, odd[i / 2], 1, odd[j], odd[i / 2])));
  }
  for (gsize i = 1; i < G_N_ELEMENTS (odd); i++)
    op_reject ("ROIPooling-2", methods[i % 2],
        OP_LIST (ramp ("1,1,4,4"), op_tensor (F32, "1,5", odd[i], 0, 0, 1, 1)),
        IR_ERROR_SHAPE);
}

static void
test_psroi_pooling (void)
{
  op_check ("PSROIPooling-1",
      "output_dim=1;group_size=2;spatial_scale=1.0;mode=average;"
      "spatial_bins_x=1;spatial_bins_y=1",
      OP_LIST (ramp ("1,4,4,4"), op_tensor (F32, "1,5", 0, 0, 0, 3, 3)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 2.5, 20.5, 42.5, 60.5)));
  op_check ("PSROIPooling-1",
      "output_dim=2;group_size=2;spatial_scale=1.0;mode=bilinear;"
      "spatial_bins_x=2;spatial_bins_y=1",
      OP_LIST (ramp ("1,4,4,4"), op_tensor (F32, "1,5", 0, 0, 0, 1, 0.5)),
      OP_LIST (op_tensor (F32, "1,2,2,2", 16.75, 18.25, 22.75, 24.25, 32.75,
          34.25, 38.75, 40.25)));
  op_check ("DeformablePSROIPooling-1",
      "output_dim=1;group_size=2;spatial_scale=1.0;"
      "mode=bilinear_deformable;spatial_bins_x=1;spatial_bins_y=1;"
      "trans_std=0.5;part_size=1",
      OP_LIST (ramp ("1,4,4,4"), op_tensor (F32, "1,5", 0, 0, 0, 2, 2),
          op_tensor (F32, "1,2,1,1", 1, -1)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 0, 0, 33, 50.5)));
  op_check_shape ("PSROIPooling-1", "output_dim=2;group_size=3;spatial_scale=1",
      "f32[?,2,3,3]", "f32 1,18,?,?", "f32 ?,5", NULL);
  op_check_shape ("PSROIPooling-1", "output_dim=2;group_size=3;spatial_scale=1",
      NULL, "f32 1,17,8,8", "f32 1,5", NULL);
  op_check_shape ("DeformablePSROIPooling-1",
      "output_dim=3;group_size=2;spatial_scale=1;part_size=2", NULL,
      "f32 1,12,8,8", "f32 1,5", "f32 1,4,2,2", NULL);
}

static void
test_psroi_pooling_edges (void)
{
  static const double odd[] = { 0, -3, NAN, INFINITY, -INFINITY, 1e30, -1e30 };
  static const char *const modes[] = {
    "output_dim=1;group_size=2;spatial_scale=1;mode=average",
    "output_dim=4;group_size=2;spatial_scale=1;mode=bilinear"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (odd) * 2; i++) {
    for (gsize j = 0; j < G_N_ELEMENTS (odd); j++) {
      survive ("PSROIPooling-1", modes[i % 2],
          OP_LIST (ramp ("1,4,4,4"),
              op_tensor (F32, "1,5", 0, odd[i / 2], 1, odd[j], odd[i / 2])));
      survive ("DeformablePSROIPooling-1",
          "output_dim=1;group_size=2;spatial_scale=1;part_size=1",
          OP_LIST (ramp ("1,4,4,4"),
              op_tensor (F32, "1,5", 0, odd[i / 2], 1, 2, 3),
              op_tensor (F32, "1,2,1,1", odd[i / 2], odd[j])));
    }
  }
  op_reject ("PSROIPooling-1", modes[0],
      OP_LIST (ramp ("1,4,4,4"), op_tensor (F32, "1,5", 1, 0, 0, 1, 1)),
      IR_ERROR_SHAPE);
}

/* --- moved samples ------------------------------------------------------------ */

#define DEFORM "strides=1,1;pads_begin=0,0;pads_end=0,0;dilations=1,1;"

static void
test_deformable_convolution (void)
{
  static const double odd[] = { NAN, INFINITY, -INFINITY, 1e30 };

  op_check ("DeformableConvolution-1",
      "strides=1,1;pads_begin=0,0;pads_end=0,0;dilations=1,1;"
      "auto_pad=explicit;group=1;deformable_group=1",
      OP_LIST (ramp ("1,1,3,3"),
          op_tensor (F32, "1,8,2,2", 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0,
              -0.25, -0.25, -0.25, -0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
              0, 0, 1.5),
          op_tensor (F32, "1,1,2,2", 1, 2, 3, 4)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 28, 38, 58, 36)));
  op_check ("DeformableConvolution-8",
      "bilinear_interpolation_pad=true;strides=1,1;pads_begin=0,0;"
      "pads_end=0,0;dilations=1,1;auto_pad=explicit;group=1;"
      "deformable_group=1",
      OP_LIST (ramp ("1,1,3,3"),
          op_tensor (F32, "1,8,2,2", 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0,
              -0.25, -0.25, -0.25, -0.25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
              0, 0, 1.5),
          op_tensor (F32, "1,1,2,2", 1, 2, 3, 4),
          op_tensor (F32, "1,4,2,2", 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5,
              0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 14, 19, 29, 18)));
  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++) {
    survive ("DeformableConvolution-1", DEFORM,
        OP_LIST (ramp ("1,1,2,2"),
            op_tensor (F32, "1,2,2,2", odd[i], 0, 0, 1, 1, odd[i], odd[i], 0),
            ramp ("1,1,1,1")));
    survive ("DeformableConvolution-8",
        DEFORM "bilinear_interpolation_pad=true",
        OP_LIST (ramp ("1,1,2,2"),
            op_tensor (F32, "1,2,2,2", odd[i], 0, 0, 1, 1, odd[i], odd[i], 0),
            ramp ("1,1,1,1")));
  }
  op_check_shape ("DeformableConvolution-8", DEFORM, "f32[?,5,?,4]",
      "f32 ?,2,?,6", "f32 ?,18,?,4", "f32 5,2,3,3", NULL);
  op_check_shape ("DeformableConvolution-8", DEFORM, NULL, "f32 1,2,6,6",
      "f32 1,17,4,4", "f32 5,2,3,3", NULL);
  op_check_shape ("DeformableConvolution-8", DEFORM "deformable_group=3", NULL,
      "f32 1,2,6,6", "f32 1,54,4,4", "f32 5,2,3,3", NULL);
  op_check_shape ("DeformableConvolution-8", DEFORM "group=2", NULL,
      "f32 1,2,6,6", "f32 1,18,4,4", "f32 5,1,3,3", NULL);
}

static void
test_grid_sample (void)
{
  static const char *const modes[] = { "mode=bilinear", "mode=bicubic",
    "mode=nearest" };
  static const char *const paddings[] = { "zeros", "border", "reflection" };

  op_check ("GridSample-9",
      "mode=bilinear;padding_mode=zeros;align_corners=false",
      OP_LIST (ramp ("1,1,4,4"),
          op_tensor (F32, "1,2,2,2", -1, -1, 0, 0.5, 1.2, 0, 0.3, -1.4)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 0, 11.5, 0.8999991, 0)));
  op_check ("GridSample-9",
      "mode=bicubic;padding_mode=reflection;align_corners=true",
      OP_LIST (ramp ("1,1,4,4"),
          op_tensor (F32, "1,2,2,2", -1, -1, 0, 0.5, 1.2, 0, 0.3, -1.4)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 0, 10.96875, 8.8785, 3.656625)));
  op_check ("GridSample-9",
      "mode=nearest;padding_mode=border;align_corners=false",
      OP_LIST (ramp ("1,1,4,4"),
          op_tensor (F32, "1,2,2,2", -1, -1, 0, 0.5, 1.2, 0, 0.3, -1.4)),
      OP_LIST (op_tensor (F32, "1,1,2,2", 0, 10, 11, 2)));
  for (guint i = 0; i < 18; i++) {
    g_autofree char *attrs =
        g_strdup_printf ("%s;padding_mode=%s;align_corners=%s", modes[i % 3],
            paddings[i / 3 % 3], i < 9 ? "true" : "false");

    survive ("GridSample-9", attrs,
        OP_LIST (ramp ("1,1,1,3"),
            op_tensor (
                F32, "1,1,3,2", NAN, 1e30, -1e30, INFINITY, -INFINITY, 3e9)));
  }
  op_check_shape (
      "GridSample-9", "", "f16[2,3,?,7]", "f16 ?,3,?,?", "f32 2,?,7,2", NULL);
  op_check_shape ("GridSample-9", "", NULL, "f32 1,3,4,4", "f32 1,2,2,3", NULL);
  op_check_shape ("GridSample-9", "", NULL, "f32 1,3,0,4", "f32 1,2,2,2", NULL);
}

/* --- boxes -------------------------------------------------------------------- */

static void
test_detectron (void)
{
  op_check ("ExperimentalDetectronPriorGridGenerator-6",
      "flatten=true;h=0;w=0;stride_x=0.0;stride_y=0.0",
      OP_LIST (op_tensor (F32, "1,4", -1, -2, 3, 4),
          op_tensor_empty (IR_DTYPE_F32, "1,1,1,2"),
          op_tensor_empty (IR_DTYPE_F32, "1,1,8,8")),
      OP_LIST (op_tensor (F32, "2,4", 1, 2, 5, 8, 5, 2, 9, 8)));
  op_check ("ExperimentalDetectronTopKROIs-6", "max_rois=2",
      OP_LIST (ramp ("3,4"), op_tensor (F32, "3", 0.3, 0.9, 0.5)),
      OP_LIST (op_tensor (F32, "2,4", 4, 5, 6, 7, 8, 9, 10, 11)));
  op_check ("ExperimentalDetectronROIFeatureExtractor-6",
      "output_size=2;sampling_ratio=1;pyramid_scales=4;aligned=false",
      OP_LIST (
          op_tensor (F32, "2,4", 0, 0, 8, 8, 0, 0, 0, 4), ramp ("1,1,4,4")),
      OP_LIST (op_tensor (F32, "2,1,2,2", 2.5, 3.5, 6.5, 7.5, 0, 0, 0, 0),
          op_tensor (F32, "2,4", 0, 0, 8, 8, 0, 0, 0, 4)));
  op_check ("ExperimentalDetectronDetectionOutput-6",
      "score_threshold=0.1;nms_threshold=0.5;max_delta_log_wh=2.0;"
      "num_classes=2;post_nms_count=5;max_detections_per_image=3;"
      "class_agnostic_box_regression=false;"
      "deltas_weights=1.0,1.0,1.0,1.0",
      OP_LIST (op_tensor (F32, "3,4", 0, 0, 9, 9, 1, 0, 10, 9, 20, 20, 29, 39),
          op_tensor_empty (IR_DTYPE_F32, "3,8"),
          op_tensor (F32, "3,2", 0.1, 0.9, 0.2, 0.8, 0.4, 0.6),
          op_tensor (F32, "1,3", 40, 40, 1)),
      OP_LIST (op_tensor (F32, "3,4", 0, 0, 9, 9, 20, 20, 29, 39, 0, 0, 0, 0),
          op_tensor (I32, "3", 1, 1, 0), op_tensor (F32, "3", 0.9, 0.6, 0)));
  op_check ("ExperimentalDetectronGenerateProposalsSingleImage-6",
      "min_size=0.0;nms_threshold=0.5;post_nms_count=3;pre_nms_count=5",
      OP_LIST (op_tensor (F32, "3", 40, 40, 1),
          op_tensor (F32, "3,4", 0, 0, 9, 9, 1, 0, 10, 9, 20, 20, 29, 39),
          op_tensor_empty (IR_DTYPE_F32, "12,1,1"),
          op_tensor (F32, "3,1,1", 0.9, 0.8, 0.6)),
      OP_LIST (op_tensor (F32, "3,4", 0, 0, 9, 9, 20, 20, 29, 39, 0, 0, 0, 0),
          op_tensor (F32, "3", 0.9, 0.6, 0)));
  op_check ("GenerateProposals-9",
      "min_size=3.0;nms_threshold=0.5;post_nms_count=3;pre_nms_count=5;"
      "normalized=false;nms_eta=1.0;roi_num_type=i32",
      OP_LIST (op_tensor (F32, "2,3", 40, 40, 1, 25, 25, 1),
          op_tensor (F32, "1,1,3,4", 0, 0, 9, 9, 1, 0, 10, 9, 20, 20, 29, 39),
          op_tensor_empty (IR_DTYPE_F32, "2,12,1,1"),
          op_tensor (F32, "2,3,1,1", 0.9, 0.8, 0.6, 0.5, 0.7, 0.4)),
      OP_LIST (op_tensor (F32, "4,4", 0, 0, 9, 9, 20, 20, 29, 39, 1, 0, 10, 9,
                   20, 20, 24, 24),
          op_tensor (F32, "4", 0.9, 0.6, 0.7, 0.4),
          op_tensor (I32, "2", 2, 2)));
  /* A grid smaller than the map leaves zeros behind it. */
  op_check ("ExperimentalDetectronPriorGridGenerator-6", "h=1;w=1;stride_x=2",
      OP_LIST (op_tensor (F32, "1,4", -1, -2, 3, 4),
          op_tensor_empty (IR_DTYPE_F32, "1,1,1,2"),
          op_tensor_empty (IR_DTYPE_F32, "1,1,8,8")),
      OP_LIST (op_tensor (F32, "2,4", 0, 2, 4, 8, 0, 0, 0, 0)));
  op_check_shape ("ExperimentalDetectronPriorGridGenerator-6", "h=5;w=1", NULL,
      "f32 1,4", "f32 1,1,4,4", "f32 1,1,8,8", NULL);
  op_check_shape ("ExperimentalDetectronPriorGridGenerator-6", "flatten=false",
      "f32[?,4,3,4]", "f32 3,4", "f32 1,1,?,4", "f32 ...", NULL);
  op_check ("ExperimentalDetectronTopKROIs-6", "max_rois=2",
      OP_LIST (ramp ("1,4"), op_tensor (F32, "1", NAN)),
      OP_LIST (op_tensor (F32, "2,4", 0, 1, 2, 3, 0, 0, 0, 0)));
  op_check_shape ("ExperimentalDetectronROIFeatureExtractor-6",
      "output_size=7;sampling_ratio=2;pyramid_scales=4", NULL, "f32 3,4",
      "f32 1,2,8,8", "f32 1,2,4,4", NULL);
  op_check_shape ("ExperimentalDetectronROIFeatureExtractor-6",
      "output_size=7;sampling_ratio=2;pyramid_scales=4,8",
      "f32[?,2,7,7] f32[?,4]", "f32 ?,4", "f32 1,?,8,8", "f32 1,2,4,4", NULL);
  op_check_shape ("GenerateProposals-9",
      "min_size=1;nms_threshold=0.5;post_nms_count=3;pre_nms_count=5",
      "f32[?,4] f32[?] i64[2]", "f32 ?,3", "f32 ...", "f32 ...", "f32 2,3,?,?",
      NULL);
}

#define PROPOSAL                                                               \
  "base_size=4;pre_nms_topn=8;post_nms_topn=3;nms_thresh=0.3;feat_stride=4;"   \
  "min_size=1;ratio=1;scale=1;"

/* The anchor is [0,0,3,3], 4 pixels wide; the box around its centre reaches from
 * 0 to 4. At the second place it is cut off by the image. */
static void
test_proposal (void)
{
  op_check ("Proposal-4", PROPOSAL,
      OP_LIST (op_tensor (F32, "1,2,1,2", 0, 0, 0.3, 0.9),
          op_tensor_empty (IR_DTYPE_F32, "1,4,1,2"),
          op_tensor (F32, "3", 8, 8, 1)),
      OP_LIST (
          op_tensor (F32, "3,5", 0, 4, 0, 7, 4, 0, 0, 0, 4, 4, -1, 0, 0, 0, 0),
          op_tensor (F32, "3", 0.9, 0.3, 0)));
  /* TensorFlow's anchor is [-2,-2,2,2], cut off at the image; x runs along its
   * height. */
  op_check ("Proposal-1", PROPOSAL "framework=tensorflow;normalize=true",
      OP_LIST (op_tensor (F32, "1,2,1,1", 0, 0.5),
          op_tensor_empty (IR_DTYPE_F32, "1,4,1,1"),
          op_tensor (F32, "4", 8, 4, 1, 1)),
      OP_LIST (op_tensor (
          F32, "3,5", 0, 0, 0, 0.25, 0.5, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
  survive ("Proposal-1", PROPOSAL,
      OP_LIST (op_tensor (F32, "1,2,1,2", 0, 0, NAN, NAN),
          op_tensor (F32, "1,4,1,2", NAN, 1e30, INFINITY, 0, 1e30, 0, NAN, 1),
          op_tensor (F32, "3", NAN, -5, INFINITY)));
  op_check_shape ("Proposal-4", PROPOSAL, "f32[6,5] f32[6]", "f32 2,2,?,?",
      "f32 ?,4,?,?", "f32 3", NULL);
  op_check_shape ("Proposal-4", PROPOSAL, NULL, "f32 2,4,1,1", "f32 2,4,1,1",
      "f32 3", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ops/roi/align", test_roi_align);
  g_test_add_func ("/ops/roi/align/edges", test_roi_align_edges);
  g_test_add_func ("/ops/roi/align/refused", test_roi_align_refused);
  g_test_add_func ("/ops/roi/pooling", test_roi_pooling);
  g_test_add_func ("/ops/roi/pooling/edges", test_roi_pooling_edges);
  g_test_add_func ("/ops/roi/psroi", test_psroi_pooling);
  g_test_add_func ("/ops/roi/psroi/edges", test_psroi_pooling_edges);
  g_test_add_func (
      "/ops/roi/deformable-convolution", test_deformable_convolution);
  g_test_add_func ("/ops/roi/grid-sample", test_grid_sample);
  g_test_add_func ("/ops/roi/detectron", test_detectron);
  g_test_add_func ("/ops/roi/proposal", test_proposal);
  return g_test_run ();
}
