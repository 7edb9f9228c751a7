/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The numbers of each layer. The input counts from -3 on; what is expected was
 * worked out by hand from Caffe's definitions. */
#include "files.h"

#include <math.h>
#include <string.h>

#define MAX_BLOBS 3
#define MAX_VALUES 8

typedef struct {
  gint64 dims[4];
  gsize n_dims;
  float values[MAX_VALUES];
} Blob;

typedef struct {
  const char *type;
  const char *params;
  const char *dims; /* of the input */
  gsize n;
  double values[12]; /* of the output */
  Blob blobs[MAX_BLOBS];
} Case;

#define V(...)                                                                 \
  (sizeof ((double[]){ __VA_ARGS__ }) / sizeof (double)),                      \
  {                                                                            \
    __VA_ARGS__                                                                \
  }
#define NONE                                                                   \
  {                                                                            \
    {                                                                          \
      { 0 }, 0,                                                                \
      {                                                                        \
        0                                                                      \
      }                                                                        \
    }                                                                          \
  }
#define B1(a, ...)                                                             \
  {                                                                            \
    { a }, 1,                                                                  \
    {                                                                          \
      __VA_ARGS__                                                              \
    }                                                                          \
  }
#define B2(a, b, ...)                                                          \
  {                                                                            \
    { a, b }, 2,                                                               \
    {                                                                          \
      __VA_ARGS__                                                              \
    }                                                                          \
  }
#define B4(a, b, c, d, ...)                                                    \
  {                                                                            \
    { a, b, c, d }, 4,                                                         \
    {                                                                          \
      __VA_ARGS__                                                              \
    }                                                                          \
  }

/* clang-format off */
static const Case cases[] = {
  { "AbsVal", "", "1,3", V (3, 2, 1), NONE },
  { "ReLU", "", "1,5", V (0, 0, 0, 0, 1), NONE },
  { "ReLU", "relu_param { negative_slope: 0.5 }", "1,5", V (-1.5, -1, -0.5, 0, 1), NONE },
  { "ReLU6", "", "1,11", V (0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 6), NONE },
  { "Clip", "clip_param { min: -2 max: 0 }", "1,5", V (-2, -2, -1, 0, 0), NONE },
  { "Threshold", "threshold_param { threshold: -1 }", "1,5", V (0, 0, 0, 1, 1), NONE },
  { "Sigmoid", "", "1,4", V (0.0474259, 0.1192029, 0.2689414, 0.5), NONE },
  { "TanH", "", "1,4", V (-0.9950548, -0.9640276, -0.7615942, 0), NONE },
  { "ELU", "elu_param { alpha: 2 }", "1,5", V (-1.9004259, -1.7293294, -1.2642411, 0, 1), NONE },
  { "BNLL", "", "1,4", V (0.0485874, 0.1269280, 0.3132617, 0.6931472), NONE },
  { "Power", "power_param { power: 2 scale: 2 shift: 1 }", "1,4", V (25, 9, 1, 1), NONE },
  { "Power", "", "1,2", V (-3, -2), NONE },
  { "Exp", "exp_param { base: 2 shift: 1 scale: 2 }", "1,4", V (0.03125, 0.125, 0.5, 2), NONE },
  { "Log", "log_param { base: 2 shift: 4 }", "1,5", V (0, 1, 1.5849625, 2, 2.3219281), NONE },
  { "Softmax", "", "1,2", V (0.2689414, 0.7310586), NONE },
  { "MVN", "mvn_param { eps: 1 }", "1,1,1,4", V (-0.7082039, -0.2360680, 0.2360680, 0.7082039), NONE },
  { "MVN", "mvn_param { normalize_variance: false across_channels: true }", "1,2,1,2", V (-1.5, -0.5, 0.5, 1.5), NONE },
  { "LRN", "lrn_param { local_size: 3 alpha: 3 beta: 1 }", "1,3,1,1", V (-0.2142857, -0.1333333, -0.1666667), NONE },
  { "Flatten", "", "1,2,1,2", V (-3, -2, -1, 0), NONE },
  { "Permute", "permute_param { order: 0 order: 2 }", "1,2,2", V (-3, -1, -2, 0), NONE },
  { "Tile", "tile_param { tiles: 2 }", "1,2", V (-3, -2, -3, -2), NONE },
  { "Reduction", "reduction_param { operation: ASUM axis: 1 coeff: 2 }", "1,3", V (12), NONE },
  { "Reduction", "reduction_param { operation: SUMSQ axis: 1 }", "2,2", V (13, 1), NONE },
  { "Reduction", "reduction_param { operation: MEAN }", "1,3", V (-2), NONE },
  { "ArgMax", "", "1,2,2", V (3), NONE },
  { "ArgMax", "argmax_param { top_k: 2 out_max_val: true }", "1,4", V (3, 2, 0, -1), NONE },
  { "ArgMax", "argmax_param { axis: 1 }", "1,2,2", V (1, 1), NONE },
  { "ShuffleChannel", "shuffle_channel_param { group: 2 }", "1,4,1,1", V (-3, -1, -2, 0), NONE },
  { "Interp", "interp_param { zoom_factor: 2 }", "1,1,1,2", V (-3, -2.5, -2), NONE },
  { "Upsample", "upsample_param { scale: 2 }", "1,1,1,2", V (-3, -3, -2, -2, -3, -3, -2, -2), NONE },
  { "Pooling", "pooling_param { kernel_size: 2 stride: 2 pad: 1 }", "1,1,3,3", V (-3, -1, 3, 5), NONE },
  { "Pooling", "pooling_param { pool: AVE kernel_size: 2 stride: 2 pad: 1 }", "1,1,3,3", V (-0.75, -0.75, 0.75, 3), NONE },
  { "Pooling", "pooling_param { pool: AVE kernel_h: 1 kernel_w: 2 stride: 2 }", "1,1,1,3", V (-2.5, -1), NONE },
  { "Pooling", "pooling_param { pool: AVE kernel_size: 2 stride: 2 pad_h: 1 }", "1,1,3,3", V (-1.25, -0.5, 2, 3.5), NONE },
  { "Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }", "1,1,2,2", V (-0.6666667, -0.3333333, -0.1666667, 0), NONE },
  { "Pooling", "pooling_param { kernel_h: 2 kernel_w: 2 stride: 2 pad_h: 1 }", "1,1,3,3", V (-2, -1, 4, 5), NONE },
  { "Pooling", "pooling_param { kernel_size: 2 stride: 2 ceil_mode: false }", "1,1,3,3", V (1), NONE },
  { "Pooling", "pooling_param { kernel_size: 2 stride: 2 round_mode: FLOOR }", "1,1,3,3", V (1), NONE },
  { "Pooling", "pooling_param { pool: AVE global_pooling: true }", "1,2,1,2", V (-2.5, -0.5), NONE },
  { "BatchNorm", "batch_norm_param { eps: 0 }", "1,2,1,1", V (-2, -1.5),
    { B1 (2, -2, 2), B1 (2, 2, 8), B1 (1, 2) } },
  { "BatchNorm", "batch_norm_param { use_global_stats: false eps: 0 }", "1,1,1,2", V (-1, 1), NONE },
  { "Scale", "scale_param { bias_term: true }", "1,2,1,1", V (-5, -5),
    { B1 (2, 2, 3), B1 (2, 1, 1) } },
  { "Bias", "", "1,2,1,1", V (-1, 1), { B1 (2, 2, 3) } },
  { "PReLU", "", "1,2,1,1", V (-6, -6), { B1 (2, 2, 3) } },
  { "PReLU", "prelu_param { channel_shared: true }", "1,2,1,1", V (-6, -4), { { { 0 }, 0, { 2 } } } },
  { "Normalize", "norm_param { across_spatial: false channel_shared: false }", "1,2,1,1", V (-1.6641006, -1.6641006),
    { B1 (2, 2, 3) } },
  { "InnerProduct", "inner_product_param { num_output: 2 }", "1,1,1,2", V (-7, -2),
    { B2 (2, 2, 1, 2, 0, 1), B1 (2, 0, 0) } },
  { "InnerProduct", "inner_product_param { num_output: 2 transpose: true bias_term: false }", "1,2", V (-3, -8),
    { B4 (1, 1, 2, 2, 1, 2, 0, 1) } },
  { "Convolution", "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 pad_w: 1 pad_h: 0 }", "1,1,1,2", V (-5, -6, -1),
    { B4 (1, 1, 1, 2, 1, 2), B1 (1, 1) } },
  { "Convolution", "convolution_param { num_output: 2 kernel_size: 1 group: 2 bias_term: false }", "1,2,1,1", V (-6, -6),
    { B4 (2, 1, 1, 1, 2, 3) } },
  { "Deconvolution", "convolution_param { num_output: 1 kernel_h: 1 kernel_w: 2 stride: 2 bias_term: false }", "1,1,1,2", V (-3, -6, -2, -4),
    { B4 (1, 1, 1, 2, 1, 2) } },
};
/* clang-format on */

static void
fill_blob (const Blob *blob, Caffe__BlobShape *shape, Caffe__BlobProto *proto)
{
  caffe__blob_proto__init (proto);
  caffe__blob_shape__init (shape);
  shape->n_dim = blob->n_dims;
  shape->dim = (gint64 *) blob->dims;
  if (blob->n_dims > 0)
    proto->shape = shape;
  proto->n_data = 1;
  for (gsize i = 0; i < blob->n_dims; i++)
    proto->n_data *= (gsize) blob->dims[i];
  proto->data = (float *) blob->values;
}

static gsize
count_blobs (const Case *c)
{
  gsize n = 0;

  while (
      n < MAX_BLOBS && (c->blobs[n].n_dims > 0 || c->blobs[n].values[0] != 0))
    n++;
  return n;
}

static IrGraph *
convert (const Case *c, const char *text)
{
  Caffe__BlobShape shapes[MAX_BLOBS];
  Caffe__BlobProto protos[MAX_BLOBS];
  Caffe__BlobProto *blobs[MAX_BLOBS];
  const TestNet net = { text, blobs, count_blobs (c) };
  g_autoptr (GError) error = NULL;
  IrGraph *graph;

  for (gsize i = 0; i < net.n_blobs; i++) {
    fill_blob (&c->blobs[i], &shapes[i], &protos[i]);
    blobs[i] = &protos[i];
  }
  graph = test_net_convert (&net, &error);
  g_assert_no_error (error);
  return graph;
}

/* What the only output is for an input that counts from -3 on. */
static IrTensor *
evaluate (IrGraph *graph)
{
  const IrNode *parameter = graph->parameters->pdata[0];
  IrTensor *in =
      ir_tensor_new (IR_DTYPE_F32, &parameter->outputs[0].shape, NULL);
  IrTensor *out = NULL;
  g_autoptr (GError) error = NULL;

  for (guint64 i = 0; i < ir_tensor_count (in); i++)
    ir_tensor_set_f64 (in, i, (double) i - 3);
  ir_graph_sort (graph, &error);
  g_assert_no_error (error);
  ir_graph_validate (graph, &error);
  g_assert_no_error (error);
  ir_graph_evaluate (graph, &in, &out, &error);
  g_assert_no_error (error);
  ir_tensor_unref (in);
  return out;
}

static void
compare (const char *what, const IrTensor *out, const double *values, gsize n)
{
  g_assert_cmpuint (ir_tensor_count (out), ==, n);
  for (gsize i = 0; i < n; i++) {
    double got = ir_tensor_get_f64 (out, i);

    if (fabs (got - values[i]) > 1e-5)
      g_error ("%s: number %" G_GSIZE_FORMAT " is %g, not %g", what, i, got,
          values[i]);
  }
}

static void
test_layer (gconstpointer data)
{
  const Case *c = data;
  g_autofree char *text = g_strdup_printf (
      "input: 'in' input_shape { dim: [%s] } layer { name: 'l' "
      "type: '%s' bottom: 'in' top: 'l' %s }",
      c->dims, c->type, c->params);
  g_autoptr (IrGraph) graph = convert (c, text);
  IrTensor *out = evaluate (graph);

  compare (text, out, c->values, c->n);
  ir_tensor_unref (out);
}

/* Layers with several bottoms or tops, after others. */
static const struct {
  const char *layers;
  gsize n;
  double values[8];
} nets[] = {
  { "layer { name: 's' type: 'Slice' bottom: 'in' top: 'p' top: 'q' "
    "slice_param { slice_point: 1 } } layer { name: 'e' type: 'Eltwise' "
    "bottom: "
    "'p' bottom: 'q' top: 'e' eltwise_param { coeff: [1, -1] } }",
      V (-2, -2) },
  { "layer { name: 's' type: 'Slice' bottom: 'in' top: 'p' top: 'q' } layer { "
    "name: 'e' type: 'Eltwise' bottom: 'p' bottom: 'q' top: 'e' eltwise_param "
    "{ "
    "operation: PROD } }",
      V (3, 0) },
  { "layer { name: 's' type: 'Slice' bottom: 'in' top: 'p' top: 'q' } layer { "
    "name: 'e' type: 'Eltwise' bottom: 'p' bottom: 'q' top: 'e' eltwise_param "
    "{ "
    "operation: MAX } }",
      V (-1, 0) },
  { "layer { name: 's' type: 'Slice' bottom: 'in' top: 'p' top: 'q' } layer { "
    "name: 'c' type: 'Concat' bottom: 'q' bottom: 'p' top: 'c' }",
      V (-1, 0, -3, -2) },
  { "layer { name: 's' type: 'Slice' bottom: 'in' top: 'p' top: 'q' "
    "slice_param "
    "{ axis: 3 } } layer { name: 'c' type: 'Crop' bottom: 'in' bottom: 'p' "
    "top: "
    "'c' crop_param { axis: 3 offset: 1 } } layer { name: 'e' type: 'Eltwise' "
    "bottom: 'c' bottom: 'q' top: 'e' }",
      V (-4, 0) },
  { "layer { name: 'r' type: 'Reshape' bottom: 'in' top: 'r' reshape_param { "
    "shape { dim: [0, -1] } axis: 1 num_axes: 2 } } layer { name: 'p' type: "
    "'Permute' bottom: 'r' top: 'p' permute_param { order: [0, 3, 1, 2] } }",
      V (-3, -1, -2, 0) },
};

static void
test_several (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (nets); i++) {
    static const Case none = { 0 };
    g_autofree char *text = g_strconcat (
        "input: 'in' input_dim: [1, 2, 1, 2] ", nets[i].layers, NULL);
    g_autoptr (IrGraph) graph = convert (&none, text);
    IrTensor *out = evaluate (graph);

    compare (nets[i].layers, out, nets[i].values, nets[i].n);
    ir_tensor_unref (out);
  }
}

/* Weights that don't fit are named with both shapes. */
static void
test_misfit (void)
{
  static const Case c = { .blobs = { B4 (1, 3, 1, 1, 1, 2, 3) } };
  Caffe__BlobShape shape;
  Caffe__BlobProto proto, *blobs[] = { &proto };
  const TestNet net = { "input: 'in' input_dim: [1, 2, 1, 1] layer { name: 'l' "
                        "type: 'Convolution' bottom: 'in' top: 'l' "
                        "convolution_param { num_output: 1 kernel_size: 1 } }",
    blobs, 1 };
  g_autoptr (GError) error = NULL;

  fill_blob (&c.blobs[0], &shape, &proto);
  g_assert_null (test_net_convert (&net, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message,
      "node \"l\" (Convolution): has weights of the shape [1,3,1,1] in the "
      ".caffemodel, where the .prototxt asks for [1,2,1,1]"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path =
        g_strdup_printf ("/caffe/layers/%s/%" G_GSIZE_FORMAT, cases[i].type, i);

    g_test_add_data_func (path, &cases[i], test_layer);
  }
  g_test_add_func ("/caffe/layers/several", test_several);
  g_test_add_func ("/caffe/layers/misfit", test_misfit);
  return g_test_run ();
}
