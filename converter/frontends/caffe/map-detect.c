/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detection: prior boxes, proposals, regions, and what is made of them. */
#include "map.h"

#include <string.h>

/* --- copying fields -------------------------------------------------------------------- */

static void
copy_f64 (IrBuild *n, IrNode *op, const char *field, double def)
{
  ir_build_set_f64 (n, op, field, caffe_f64 (n, field, def));
}

static void
copy_i64 (IrBuild *n, IrNode *op, const char *field, gint64 def)
{
  ir_build_set_i64 (n, op, field, caffe_i64 (n, field, def));
}

static void
copy_bool (IrBuild *n, IrNode *op, const char *field, gboolean def)
{
  ir_build_set_bool (n, op, field, caffe_bool (n, field, def));
}

/* Nothing is set if the field is absent and has no default (@n_def 0). */
static void
copy_f64s (
    IrBuild *n, IrNode *op, const char *field, const double *def, gsize n_def)
{
  IrF64s list;

  if (caffe_f64s (n, field, &list))
    ir_build_set_f64s (n, op, field, list.v, list.n);
  else if (n_def > 0)
    ir_build_set_f64s (n, op, field, def, n_def);
}

static void
need (IrBuild *n, const char *field)
{
  if (!caffe_has (n, field))
    ir_build_fail (n, IR_ERROR_PARSE, "lacks its %s", field);
}

/* --- prior boxes ------------------------------------------------------------------------- */

/* Height and width of a bottom. */
static IrPort
plane_of (IrBuild *n, gsize input)
{
  static const gint64 planes[] = { 2, 3 };

  return ir_build_gather (n, ir_build_shape (n, ir_build_in (n, input)),
      ir_build_list (n, planes, G_N_ELEMENTS (planes)), 0);
}

/* Of the picture, which the prototxt may say in place of the second bottom. */
static IrPort
picture_of (IrBuild *n)
{
  gint64 size = caffe_i64 (n, "img_size", 0);
  const gint64 dims[] = { caffe_i64 (n, "img_h", size),
    caffe_i64 (n, "img_w", size) };

  if (dims[0] > 0 && dims[1] > 0)
    return ir_build_list (n, dims, G_N_ELEMENTS (dims));
  return plane_of (n, 1);
}

static IrNode *
add_priors (IrBuild *n, const char *type)
{
  static const double variance[] = { 0.1 };
  IrNode *op = ir_build_add (n, type, 1, 2, plane_of (n, 0), picture_of (n));

  copy_bool (n, op, "clip", FALSE);
  copy_f64 (n, op, "offset", 0.5);
  copy_f64s (n, op, "variance", variance, G_N_ELEMENTS (variance));
  return op;
}

static void
finish_priors (IrBuild *n, IrNode *op)
{
  IrPort boxes = ir_build_done (n, op);

  caffe_name (n, boxes, "naked_not_unsqueezed");
  ir_build_out (n, 0, ir_build_unsqueeze (n, boxes, 0));
}

void
caffe_map_prior_box (IrBuild *n)
{
  IrNode *op = add_priors (n, "PriorBox");
  double step_h = caffe_f64 (n, "step_h", 0);

  if (step_h != caffe_f64 (n, "step_w", 0))
    ir_build_fail (n, IR_ERROR_UNSUPPORTED,
        "has steps that differ, which the IR's PriorBox can't have");
  ir_build_set_f64 (n, op, "step", caffe_f64 (n, "step", step_h));
  copy_f64s (n, op, "min_size", NULL, 0);
  copy_f64s (n, op, "max_size", NULL, 0);
  copy_f64s (n, op, "aspect_ratio", NULL, 0);
  copy_f64s (n, op, "fixed_size", NULL, 0);
  copy_f64s (n, op, "fixed_ratio", NULL, 0);
  copy_f64s (n, op, "density", NULL, 0);
  copy_bool (n, op, "flip", TRUE);
  finish_priors (n, op);
}

void
caffe_map_prior_box_clustered (IrBuild *n)
{
  IrNode *op = add_priors (n, "PriorBoxClustered");
  double step = caffe_f64 (n, "step", 0);

  need (n, "width");
  need (n, "height");
  copy_f64 (n, op, "step_h", step);
  copy_f64 (n, op, "step_w", step);
  copy_f64s (n, op, "width", NULL, 0);
  copy_f64s (n, op, "height", NULL, 0);
  finish_priors (n, op);
}

/* --- DetectionOutput ------------------------------------------------------------------------ */

void
caffe_map_detection_output (IrBuild *n)
{
  gint64 top_k = caffe_i64 (n, "nms_param.top_k", -1);
  gint64 keep = caffe_i64 (n, "keep_top_k", -1);
  g_autofree char *code = g_strconcat (
      "caffe.PriorBoxParameter.", caffe_text (n, "code_type", "CORNER"), NULL);
  IrNode *op =
      ir_build_add_v (n, "DetectionOutput", 1, n->in, caffe_n_bottoms (n), 0);

  need (n, "num_classes");
  copy_i64 (n, op, "num_classes", 0);
  copy_i64 (n, op, "background_label_id", 0);
  ir_build_set_i64 (n, op, "top_k", top_k == 0 ? -1 : top_k);
  ir_build_set_i64s (n, op, "keep_top_k", &keep, 1);
  ir_build_set_text (n, op, "code_type", code);
  ir_build_set_f64 (
      n, op, "nms_threshold", caffe_f64 (n, "nms_param.nms_threshold", 0.3));
  copy_bool (n, op, "share_location", TRUE);
  copy_bool (n, op, "variance_encoded_in_target", FALSE);
  copy_f64 (n, op, "confidence_threshold", 0);
  copy_bool (n, op, "clip_before_nms", FALSE);
  copy_bool (n, op, "clip_after_nms", FALSE);
  copy_bool (n, op, "decrease_label_id", FALSE);
  copy_bool (n, op, "normalized", TRUE);
  copy_i64 (n, op, "input_height", 1);
  copy_i64 (n, op, "input_width", 1);
  copy_f64 (n, op, "objectness_score", 0);
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* --- regions ---------------------------------------------------------------------------------- */

void
caffe_map_proposal (IrBuild *n)
{
  static const double ratio[] = { 0.5, 1, 2 }, scale[] = { 8, 16, 32 };
  static const gint64 flat = -1;
  IrNode *op =
      ir_build_add (n, "Proposal", 4, 3, ir_build_in (n, 0), ir_build_in (n, 1),
          ir_build_reshape_to (n, ir_build_in (n, 2), &flat, 1));

  copy_i64 (n, op, "base_size", 16);
  copy_i64 (n, op, "min_size", 16);
  copy_i64 (n, op, "feat_stride", 16);
  ir_build_set_i64 (n, op, "pre_nms_topn", caffe_i64 (n, "pre_nms_topn", 6000));
  copy_i64 (n, op, "post_nms_topn", 300);
  copy_f64 (n, op, "nms_thresh", 0.7);
  copy_f64s (n, op, "ratio", ratio, G_N_ELEMENTS (ratio));
  copy_f64s (n, op, "scale", scale, G_N_ELEMENTS (scale));
  ir_build_done (n, op);
  for (gsize i = 0; !ir_build_failed (n) && i < MIN (n->n_outputs, 2); i++)
    ir_build_out (n, i, ir_port (op, (guint) i));
}

void
caffe_map_roi_pooling (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "ROIPooling", 2, 2, ir_build_in (n, 0), ir_build_in (n, 1));

  copy_i64 (n, op, "pooled_h", 0);
  copy_i64 (n, op, "pooled_w", 0);
  copy_f64 (n, op, "spatial_scale", 1);
  ir_build_set_text (n, op, "method", "max");
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_psroi_pooling (IrBuild *n)
{
  IrNode *op = ir_build_add (
      n, "PSROIPooling", 2, 2, ir_build_in (n, 0), ir_build_in (n, 1));

  copy_i64 (n, op, "output_dim", 0);
  copy_i64 (n, op, "group_size", 1);
  copy_f64 (n, op, "spatial_scale", 1);
  ir_build_set_text (n, op, "mode", "average");
  ir_build_out (n, 0, ir_build_done (n, op));
}

void
caffe_map_reorg_yolo (IrBuild *n)
{
  const gint64 stride = caffe_i64 (n, "stride", 1);
  IrNode *op = ir_build_add (n, "ReorgYolo", 2, 1, ir_build_in (n, 0));

  ir_build_set_i64s (n, op, "stride", &stride, 1);
  ir_build_out (n, 0, ir_build_done (n, op));
}

/* The axes that it flattens are parameters of another layer. */
void
caffe_map_region_yolo (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "RegionYolo", 1, 1, ir_build_in (n, 0));
  IrI64s mask;

  copy_i64 (n, op, "coords", 4);
  copy_i64 (n, op, "classes", 20);
  copy_i64 (n, op, "num", 1);
  copy_bool (n, op, "do_softmax", TRUE);
  copy_f64s (n, op, "anchors", NULL, 0);
  if (caffe_i64s (n, "mask", &mask))
    ir_build_set_i64s (n, op, "mask", mask.v, mask.n);
  ir_build_set_i64 (n, op, "axis", ir_build_i64 (n, "flatten_param.axis", 1));
  ir_build_set_i64 (
      n, op, "end_axis", ir_build_i64 (n, "flatten_param.end_axis", -1));
  ir_build_out (n, 0, ir_build_done (n, op));
}
