/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CASE_NET_H
#define CASE_NET_H

/* Networks of one op, written as text, and those of the ops that detectors end in. */
#include <ir/core.h>
#include <math.h>
#include <string.h>

#define MAX_IN 6
#define MAX_OUT 3

/* What an input holds: "kind shape size"; "=number", "=[number]" and weights are
 * constants. */
typedef struct {
  const char *type;
  guint opset;
  const char *attrs;
  const char *inputs[MAX_IN];
  double bound;
} Case;

static inline double
pick (double low, double high)
{
  return g_test_rand_double_range (low, high);
}

static inline void
fill_boxes (float *x, gsize n, gsize each, double size, double images)
{
  for (gsize i = 0; i < n; i += each, x += each) {
    float *box = x + each - 4;

    if (each == 5)
      x[0] = floor (pick (0, images));
    for (guint d = 0; d < 2; d++) {
      box[d] = pick (-0.1, 0.8) * size;
      box[d + 2] = box[d] + pick (-0.02, 0.5) * size;
    }
  }
}

/* Few are large, many equal. */
static inline float
score (void)
{
  return rint (pow (pick (0, 1), 8) * 200) / 200;
}

static inline void
fill (IrTensor *tensor, const char *kind, double size, double images)
{
  const gsize n = ir_tensor_count (tensor);
  float *x = tensor->data;

  if (g_str_equal (kind, "boxes") || g_str_equal (kind, "priors"))
    fill_boxes (x, n, 4, size, 0);
  else if (g_str_equal (kind, "regions"))
    fill_boxes (x, n, 5, size, images);
  for (gsize i = 0; i < n; i++) {
    if (g_str_equal (kind, "normal") || g_str_equal (kind, "weights"))
      x[i] = pick (-size, size);
    else if (g_str_equal (kind, "steps"))
      x[i] = rint (pick (-size, size) * 16) / 16;
    else if (g_str_equal (kind, "scores"))
      x[i] = score ();
    else if (g_str_equal (kind, "images"))
      ((gint32 *) tensor->data)[i] = pick (0, size);
    else if (g_str_equal (kind, "halves"))
      ir_tensor_set_f64 (tensor, i, pick (-size, size));
  }
  if (g_str_equal (kind, "image")) {
    x[0] = 480;
    x[1] = 640;
    x[2] = 1;
  }
  /* The second row of priors are variances. */
  for (gsize i = n / 2; g_str_equal (kind, "priors") && i < n; i++)
    x[i] = 0.1f;
}

static inline IrTensor *
make_input (const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 4);
  const guint n = g_strv_length (words);
  const IrDType dtype = g_str_equal (words[0], "images") ? IR_DTYPE_I32
      : g_str_equal (words[0], "halves")                 ? IR_DTYPE_F16
                                                         : IR_DTYPE_F32;
  IrTensor *tensor;
  IrShape shape;

  g_assert_true (ir_shape_parse (words[1], &shape, NULL));
  tensor = ir_tensor_new (dtype, &shape, NULL);
  fill (tensor, words[0], n > 2 ? g_ascii_strtod (words[2], NULL) : 1,
      n > 3 ? g_ascii_strtod (words[3], NULL) : 1);
  return tensor;
}

static inline IrPort
add_weights (IrGraph *graph, const char *text)
{
  g_autoptr (IrTensor) value = make_input (text);

  return ir_port (ir_graph_add_const (graph, "weights", value), 0);
}

static inline IrPort
add_constant (IrGraph *graph, const char *text)
{
  const gboolean list = text[0] == '[';
  const IrShape shape = list ? ir_shape_1d (1) : (IrShape){ 0 };
  const gboolean whole = !strchr (text, '.');
  g_autoptr (IrTensor) value =
      ir_tensor_new (whole ? IR_DTYPE_I64 : IR_DTYPE_F32, &shape, NULL);

  text += list;
  if (whole)
    *(gint64 *) value->data = g_ascii_strtoll (text, NULL, 10);
  else
    *(float *) value->data = g_ascii_strtod (text, NULL);
  return ir_port (ir_graph_add_const (graph, "c", value), 0);
}

static inline void
set_attrs (IrNode *node, const char *attrs)
{
  g_auto (GStrv) parts = g_strsplit (attrs, ";", 0);

  for (guint i = 0; parts[i]; i++) {
    char *value = strchr (parts[i], '=');
    g_autoptr (GError) error = NULL;

    *value++ = 0;
    ir_node_set_text (node, parts[i], value, &error);
    g_assert_no_error (error);
  }
}

/* The op behind its Parameters, whose values go to @in. */
static inline IrGraph *
make_graph (const Case *c, IrTensor **in)
{
  IrGraph *graph = ir_graph_new (c->type);
  IrPort ports[MAX_IN];
  guint n = 0, n_in = 0;
  IrNode *node;

  for (; n < MAX_IN && c->inputs[n]; n++) {
    if (c->inputs[n][0] == '=') {
      ports[n] = add_constant (graph, c->inputs[n] + 1);
      continue;
    }
    if (g_str_has_prefix (c->inputs[n], "weights")) {
      ports[n] = add_weights (graph, c->inputs[n]);
      continue;
    }
    in[n_in] = make_input (c->inputs[n]);
    ports[n] = ir_port (
        ir_graph_add_parameter (graph, "in", in[n_in]->dtype, &in[n_in]->shape),
        0);
    n_in++;
  }
  node = ir_graph_add (
      graph, ir_op_lookup_number (c->type, c->opset), c->type, ports, n, 0);
  set_attrs (node, c->attrs);
  for (gsize i = 0; i < node->n_outputs; i++)
    ir_graph_add_result (graph, "out", ir_port (node, i));
  return graph;
}

#define DETECTION(threshold, top, keep)                                        \
  "nms_threshold=0.45;normalized=true;code_type=caffe.PriorBoxParameter."      \
  "CENTER_SIZE;confidence_threshold=" #threshold ";top_k=" #top                \
  ";keep_top_k=" #keep
#define CLASSES                                                                \
  "score_threshold=0.1;nms_top_k=80;keep_top_k=100;sort_result_type=classid;"
#define ROI "pooled_h=7;pooled_w=6;spatial_scale=0.1;"

#define DEFORMABLE "strides=1,1;dilations=1,1;pads_begin=1,1;pads_end=1,1;"

static const Case heads[] = {
  { "TopK", 3, "axis=1;mode=max;sort=value", { "steps 3,9000", "=50" } },
  { "TopK", 3, "axis=1;mode=min;sort=index", { "steps 3,9000", "=300" } },
  { "TopK", 3, "axis=0;mode=min;sort=index", { "steps 100,900 8", "=7" } },
  { "TopK", 3, "axis=1;mode=max;sort=value", { "steps 2,70,3000", "=1" } },
  { "TopK", 3, "axis=1;mode=max;sort=value", { "steps 2,200,15,13 30", "=5" } },
  { "TopK", 3, "axis=0;mode=min;sort=none;index_element_type=i64",
      { "steps 33,25,37", "=16" } },
  { "TopK", 3, "axis=1;mode=max;sort=value", { "steps 2,4,70", "=4" } },
  { "TopK", 3, "axis=0;mode=min;sort=index;index_element_type=i64",
      { "steps 33,25,37", "=1" } },
  { "TopK", 3, "axis=-1;mode=max;sort=none", { "steps 4,500,21", "=1" } },
  { "TopK", 11, "axis=1;mode=min;sort=none", { "steps 1,10,7", "=1" } },
  { "DetectionOutput", 8, DETECTION (0.2, 40, 100),
      { "normal 2,4000", "scores 2,21000", "priors 1,2,4000" } },
  { "DetectionOutput", 8, DETECTION (0, -1, -1) ";share_location=false",
      { "normal 1,12600", "scores 1,3150", "priors 1,2,600" } },
  { "DetectionOutput", 8, DETECTION (0.3, 60, 30) ";decrease_label_id=true",
      { "normal 2,4000", "scores 2,21000", "priors 1,2,4000" } },
  { "DetectionOutput", 8, DETECTION (0.1, 50, 60) ";objectness_score=0.2",
      { "normal 1,2000", "scores 1,3000", "priors 1,2,2000", "scores 1,1000",
          "normal 1,2000" } },
  { "NonMaxSuppression", 9, "box_encoding=corner",
      { "boxes 2,600,4 100", "scores 2,200,600", "=20", "=0.5", "=0.1" } },
  { "NonMaxSuppression", 9, "box_encoding=center",
      { "normal 2,600,4", "scores 2,200,600", "=20", "=0.1", "=0.1" } },
  { "NonMaxSuppression", 9, "sort_result_descending=false",
      { "boxes 1,600,4", "scores 1,400,600", "=20", "=0.6", "=0.1", "=0.5" } },
  { "MatrixNms", 8, CLASSES "normalized=false;decay_function=gaussian",
      { "boxes 2,500,4 100", "scores 2,50,500" } },
  { "MatrixNms", 8, CLASSES "decay_function=linear;post_threshold=0.2",
      { "boxes 2,500,4", "scores 2,50,500" } },
  { "MulticlassNms", 9, CLASSES "iou_threshold=0.5;nms_eta=0.9",
      { "boxes 2,500,4", "scores 2,500,500" } },
  { "Proposal", 4,
      "base_size=16;pre_nms_topn=2000;post_nms_topn=100;nms_thresh=0.6;"
      "feat_stride=16;min_size=10;ratio=0.5,1,2;scale=2,4",
      { "scores 2,12,30,40", "normal 2,24,30,40 0.3", "image 3" } },
  { "ROIAlign", 9, ROI "sampling_ratio=2;mode=avg;aligned_mode=half_pixel",
      { "normal 2,21,20,30", "boxes 90,4 300", "images 90 2" }, 2e-6 },
  { "ROIAlign", 9, ROI "sampling_ratio=0;mode=avg;aligned_mode=asymmetric",
      { "normal 2,5,20,30", "boxes 90,4 300", "images 90 2" }, 2e-6 },
  { "ROIAlign", 3, ROI "sampling_ratio=3;mode=max",
      { "normal 2,40,20,30", "boxes 90,4 300", "images 90 2" }, 2e-6 },
  { "ROIPooling", 2, ROI "method=max",
      { "normal 2,21,20,30", "regions 90,5 300 2" } },
  { "ROIPooling", 2, ROI "method=bilinear",
      { "normal 2,21,20,30", "regions 90,5 1 2" }, 2e-6 },
  { "PSROIPooling", 1,
      "output_dim=8;group_size=3;spatial_scale=0.1;mode=average",
      { "normal 2,72,20,30", "regions 300,5 300 2" } },
  { "PSROIPooling", 1,
      "output_dim=8;group_size=4;spatial_scale=1;mode=bilinear;"
      "spatial_bins_x=2;spatial_bins_y=3",
      { "normal 2,48,20,30", "regions 300,5 1 2" } },
  { "DeformablePSROIPooling", 1,
      "output_dim=8;group_size=3;spatial_scale=0.1;mode=bilinear_deformable;"
      "spatial_bins_x=4;spatial_bins_y=4;part_size=3;trans_std=0.1",
      { "normal 2,72,20,30", "regions 300,5 300 2", "normal 300,4,3,3" } },
  { "ExperimentalDetectronROIFeatureExtractor", 6,
      "output_size=7;sampling_ratio=2;pyramid_scales=4,8;aligned=false",
      { "boxes 200,4 500", "normal 1,16,40,60", "normal 1,16,20,30" } },
  { "DeformableConvolution", 1, DEFORMABLE "group=1;deformable_group=1",
      { "normal 2,24,20,30", "normal 2,18,20,30 3", "weights 40,24,3,3" },
      5e-6 },
  { "DeformableConvolution", 8,
      DEFORMABLE "group=2;deformable_group=4;bilinear_interpolation_pad=true",
      { "normal 1,24,20,30", "normal 1,72,20,30 3", "weights 48,12,3,3",
          "scores 1,36,20,30" },
      5e-6 },
  /* Groups that do not begin where a kernel may write. */
  { "DeformableConvolution", 8, DEFORMABLE "group=2;deformable_group=1",
      { "normal 1,6,20,30", "normal 1,18,20,30 3", "weights 6,3,3,3" }, 5e-6 },
  { "DeformableConvolution", 8, DEFORMABLE "group=1;deformable_group=1",
      { "normal 1,300,9,9", "normal 1,18,9,9 3", "weights 70,300,3,3" }, 5e-6 },
  { "GridSample", 9, "mode=bilinear;padding_mode=zeros",
      { "normal 2,19,20,30", "normal 2,40,50,2 1.5" }, 2e-6 },
  { "GridSample", 9, "mode=bicubic;padding_mode=reflection;align_corners=true",
      { "normal 2,19,20,30", "normal 2,40,50,2 1.5" }, 2e-6 },
  { "GridSample", 9, "mode=nearest;padding_mode=border",
      { "normal 2,19,20,30", "normal 2,40,50,2 1.5" }, 2e-6 },
};

#endif
