/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The converter's rewrites, through its public door: an IR is written, converted
 * and evaluated. What comes out is compared with the graph as it was, or with the
 * same graph on inputs preprocessed by hand. */
#include "graphs.h"

#include <ir/attrs.h>
#include <ir/convert.h>
#include <ir/xml.h>

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

/* Optimizes @graph and compares; nothing of @type is left. */
static void
check_fused (IrGraph *graph, const char *type, gsize adds)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = convert (graph, &error, "optimize", "true", NULL);

  g_assert_no_error (error);
  compare_graphs (graph, after, 2e-6);
  g_assert_cmpuint (count (after, type), ==, 0);
  g_assert_cmpuint (count (after, "Add"), ==, adds);
}

/* --- fusing ------------------------------------------------------------------------- */

static void
test_batch_norm (void)
{
  static const struct {
    const char *type, *weights, *channels;
  } rows[] = {
    { "Convolution", "4,3,3,3", "4" },
    { "GroupConvolution", "3,2,1,3,3", "6" },
    { "ConvolutionBackpropData", "3,5,3,3", "5" },
    { "GroupConvolutionBackpropData", "3,1,2,3,3", "6" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "1,3,6,5");

    x = conv (
        graph, rows[i].type, x, constant (graph, rows[i].weights, -1, 1, 9), 1);
    output (graph, batch_norm (graph, x, rows[i].channels));
    check_fused (graph, "BatchNormInference", 1);
  }
}

/* conv + bias, BN, and a scale of one's own: one Add is left. */
static void
test_chain (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,3,6,5");

  x = conv (graph, "Convolution", x, constant (graph, "4,3,3,3", -1, 1, 9), 1);
  x = binary (graph, "Add", x, constant (graph, "1,4,1,1", -1, 1, 5));
  x = batch_norm (graph, x, "4");
  x = binary (graph, "Divide", x, constant (graph, "1,4,1,1", 1, 2, 6));
  x = binary (graph, "Subtract", constant (graph, "1,4,1,1", 1, 2, 7), x);
  output (graph, x);
  check_fused (graph, "Multiply", 1);
}

static void
test_forward (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,4,6,5");

  x = binary (graph, "Multiply", x, constant (graph, "4,1,1", 1, 2, 5));
  x = conv (
      graph, "GroupConvolution", x, constant (graph, "2,3,2,3,3", -1, 1, 9), 1);
  output (graph, x);
  check_fused (graph, "Multiply", 0);
}

static void
test_matmul (void)
{
  for (guint transpose = 0; transpose < 2; transpose++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "2,3");

    x = binary (graph, "Multiply", x, constant (graph, "3", 1, 2, 5));
    x = binary (graph, "MatMul", x,
        constant (graph, transpose ? "4,3" : "3,4", -1, 1, 9));
    ((IrMatMulAttrs *) x.node->attrs)->transpose_b = transpose != 0;
    x = binary (graph, "Multiply", x, constant (graph, "1,4", 1, 2, 6));
    output (graph, x);
    check_fused (graph, "Multiply", 0);
  }
}

/* Somebody else reads the convolution: its weights must stay. */
static void
test_not_fused (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;
  IrPort x = input (graph, "x", "1,3,6,5"), y, z;

  y = conv (graph, "Convolution", x, constant (graph, "4,3,3,3", -1, 1, 9), 1);
  z = binary (graph, "Multiply", y, constant (graph, "1,4,1,1", 1, 2, 5));
  output (graph, binary (graph, "Add", y, z));
  after = convert (graph, &error, "optimize", "true", NULL);
  g_assert_no_error (error);
  compare_graphs (graph, after, 2e-6);
  g_assert_cmpuint (count (after, "Multiply"), ==, 1);
}

/* An IR stays as it is unless --optimize asks. */
static void
test_untouched (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;
  IrPort x = input (graph, "x", "1,3,6,5");

  x = conv (graph, "Convolution", x, constant (graph, "4,3,3,3", -1, 1, 9), 1);
  output (graph, batch_norm (graph, x, "4"));
  after = convert (graph, &error, NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (after->n_nodes, ==, graph->n_nodes);
  g_assert_cmpuint (count (after, "BatchNormInference"), ==, 1);
}

/* --- preprocessing ---------------------------------------------------------------------- */

static const double mean[] = { 0.25, 0.5, 1.0 };
static const double divisor[] = { 2, 4, 0.5 };

/* (x[reversed] - mean) / divisor of [1,3,H,W]. */
static IrTensor *
by_hand (IrTensor *in, gboolean reverse)
{
  IrTensor *out = ir_tensor_copy (in, NULL);
  guint64 plane = ir_tensor_count (in) / 3;

  for (guint64 c = 0; c < 3; c++)
    for (guint64 i = 0; i < plane; i++) {
      guint64 from = (reverse ? 2 - c : c) * plane + i;

      ir_tensor_set_f64 (out, c * plane + i,
          (ir_tensor_get_f64 (in, from) - mean[c]) / divisor[c]);
    }
  return out;
}

static IrGraph *
small_model (gboolean gap)
{
  IrGraph *graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,3,6,5");

  /* A node that reversal can't pass. */
  if (gap) {
    x = ir_port (ir_graph_add_op (graph, "SoftMax", 1, "soft", 1, x), 0);
    ir_node_set_i64 (x.node, "axis", 3, NULL);
  }
  x = conv (graph, "Convolution", x, constant (graph, "4,3,3,3", -1, 1, 9), 0);
  output (graph, x);
  return graph;
}

static void
check_preprocess (gboolean reverse, gboolean gap, gsize gathers)
{
  g_autoptr (IrGraph) graph = small_model (gap);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = convert (graph, &error, "mean_values",
      "(0.25,0.5,1)", "scale_values", "x[2,4,0.5]", "reverse_input_channels",
      reverse ? "true" : "false", NULL);
  g_autoptr (IrTensor) in = NULL, prepared = NULL, a = NULL, b = NULL;

  g_assert_no_error (error);
  in = ramp (g_ptr_array_index (graph->parameters, 0));
  prepared = by_hand (in, reverse);
  a = evaluate (graph, prepared);
  b = evaluate (after, in);
  compare (a, b, 2e-6);
  g_assert_nonnull (ir_graph_find (after, "x/mean"));
  g_assert_nonnull (ir_graph_find (after, "x/scale"));
  g_assert_cmpuint (count (after, "Gather"), ==, gathers);
}

static void
test_preprocess (void)
{
  check_preprocess (FALSE, FALSE, 0);
  check_preprocess (TRUE, FALSE, 0);
  check_preprocess (TRUE, TRUE, 1);
}

/* A part of an image of 8x7, its middle if @offsets is NULL. */
static void
check_mean_file (const char *path, const char *offsets, gsize top, gsize left)
{
  g_autoptr (IrGraph) graph = small_model (FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = convert (graph, &error, "mean_file", path,
      offsets ? "mean_file_offsets" : NULL, offsets, NULL);
  g_autoptr (IrTensor) in = NULL, less = NULL, a = NULL, b = NULL;

  g_assert_no_error (error);
  in = ramp (g_ptr_array_index (graph->parameters, 0));
  less = ir_tensor_copy (in, NULL);
  for (gsize c = 0; c < 3; c++)
    for (gsize y = 0; y < 6; y++)
      for (gsize x = 0; x < 5; x++) {
        gsize at = (c * 6 + y) * 5 + x;
        double mean_value = (double) ((c * 8 + y + top) * 7 + x + left) / 100;

        ir_tensor_set_f64 (less, at, ir_tensor_get_f64 (in, at) - mean_value);
      }
  a = evaluate (graph, less);
  b = evaluate (after, in);
  compare (a, b, 2e-6);
}

static void
check_bad_offsets (const char *path, const char *offsets, const char *says)
{
  g_autoptr (IrGraph) graph = small_model (FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = convert (
      graph, &error, "mean_file", path, "mean_file_offsets", offsets, NULL);

  g_assert_null (after);
  g_assert_nonnull (strstr (error->message, says));
}

static void
test_mean_file (void)
{
  g_autofree char *npy = g_build_filename (folder, "mean.npy", NULL);
  g_autofree char *proto = g_build_filename (folder, "mean.binaryproto", NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IrTensor) image = NULL;
  /* num 1, channels 3, height 8, width 7; then 672 bytes of packed floats. */
  static const guint8 head[] = { 8, 1, 16, 3, 24, 8, 32, 7, 42, 0xa0, 5 };
  IrShape shape;

  ir_shape_parse ("3,8,7", &shape, NULL);
  image = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  for (guint64 i = 0; i < ir_tensor_count (image); i++)
    ir_tensor_set_f64 (image, i, (double) i / 100);
  ir_tensor_save_npy (image, npy, &error);
  g_assert_no_error (error);
  g_byte_array_append (bytes, head, sizeof head);
  g_byte_array_append (bytes, image->data, (guint) image->size);
  g_file_set_contents (
      proto, (const char *) bytes->data, (gssize) bytes->len, &error);
  g_assert_no_error (error);
  check_mean_file (npy, NULL, 1, 1);
  check_mean_file (proto, NULL, 1, 1);
  check_mean_file (proto, "(2,0)", 2, 0);
  check_mean_file (proto, "0, 2", 0, 2);
  check_bad_offsets (proto, "(3,0)", "from row 3");
  /* Any shorter file is an error. */
  for (guint n = 0; n < bytes->len; n += n < 16 ? 1 : 37) {
    g_autoptr (IrGraph) graph = small_model (FALSE);
    g_autoptr (IrGraph) after = NULL;

    g_file_set_contents (proto, (const char *) bytes->data, n, NULL);
    after = convert (graph, &error, "mean_file", proto, NULL);
    g_assert_null (after);
    g_assert_nonnull (strstr (error->message, "mean.binaryproto"));
    g_clear_error (&error);
  }
  g_remove (npy);
  g_remove (proto);
}

static void
test_layout (void)
{
  g_autoptr (IrGraph) graph = small_model (FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after =
      convert (graph, &error, "layout", "x(nchw->nhwc)", NULL);
  g_autoptr (IrTensor) in = NULL, turned = NULL, a = NULL, b = NULL;
  const IrNode *parameter;
  const IrRtInfo *info;

  g_assert_no_error (error);
  parameter = g_ptr_array_index (after->parameters, 0);
  g_assert_cmpint (parameter->outputs[0].shape.dim[3], ==, 3);
  in = ramp (g_ptr_array_index (graph->parameters, 0));
  turned = ramp (parameter);
  for (gsize c = 0; c < 3; c++)
    for (gsize i = 0; i < 30; i++)
      ir_tensor_set_f64 (turned, i * 3 + c, ir_tensor_get_f64 (in, c * 30 + i));
  a = evaluate (graph, in);
  b = evaluate (after, turned);
  compare (a, b, 1e-7);
  info = parameter->outputs[0].rt_info;
  g_assert_cmpstr (info->name, ==, "layout");
  g_assert_cmpstr (info->values[0], ==, "[N,H,W,C]");
}

static void
test_bad_preprocess (void)
{
  static const char *const rows[][2] = {
    { "mean_values", "(1,2)" },
    { "mean_values", "y(1,2,3)" },
    { "mean_values", "(1),(2)" },
    { "layout", "nc" },
    { "layout", "z(nchw)" },
    { "batch", "2" },
    { "input", "nowhere" },
    { "output", "nowhere" },
    { "input_shape", "[1,3,2,2]" },
    { "input_shape", "[1,4,6,5]" },
    { "input", "x->1" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = small_model (FALSE);
    g_autoptr (GError) error = NULL;
    g_autoptr (IrGraph) after = NULL;

    g_test_message ("%s %s", rows[i][0], rows[i][1]);
    after = convert (graph, &error, rows[i][0], rows[i][1], NULL);
    /* A batch is not wrong where it is 1. */
    if (strcmp (rows[i][0], "batch") == 0) {
      g_assert_no_error (error);
      continue;
    }
    g_assert_null (after);
    g_assert_nonnull (error);
  }
}

/* --- cutting ------------------------------------------------------------------------------- */

static void
test_cut (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;
  IrPort x = input (graph, "x", "1,3,6,5"), y;
  const IrNode *parameter;

  y = binary (graph, "Add", x, constant (graph, "1", 1, 2, 1));
  ir_port_add_name (y, "middle");
  y = binary (graph, "Multiply", y, constant (graph, "1", 2, 3, 2));
  y = binary (graph, "Power", y, constant (graph, "1", 2, 3, 3));
  output (graph, y);
  after = convert (
      graph, &error, "input", "middle[2,3,4,4]", "output", "Multiply", NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (after->parameters->len, ==, 1);
  parameter = g_ptr_array_index (after->parameters, 0);
  g_assert_cmpstr (parameter->name, ==, "Add/placeholder_out_port_0");
  g_assert_cmpint (parameter->outputs[0].shape.dim[0], ==, 2);
  /* Parameter, constant, Multiply, Result. */
  g_assert_cmpuint (after->n_nodes, ==, 4);
}

static void
test_freeze (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;
  IrPort a = input (graph, "a", "2"), b = input (graph, "b", "2");

  output (graph, binary (graph, "Add", a, b));
  after = convert (graph, &error, "input", "b->[3 4]", NULL);
  g_assert_no_error (error);
  g_assert_cmpuint (after->parameters->len, ==, 1);
  {
    g_autoptr (IrTensor) in = ramp (g_ptr_array_index (after->parameters, 0));
    g_autoptr (IrTensor) out = evaluate (after, in);

    g_assert_cmpfloat_with_epsilon (
        ir_tensor_get_f64 (out, 1), ir_tensor_get_f64 (in, 1) + 4, 1e-6);
  }
}

static void
test_reorder (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;
  IrPort a = input (graph, "a", "2"), b = input (graph, "b", "2");

  output (graph, binary (graph, "Subtract", a, b));
  after = convert (graph, &error, "input", "b,a", NULL);
  g_assert_no_error (error);
  g_assert_cmpstr (
      ((IrNode *) g_ptr_array_index (after->parameters, 0))->name, ==, "b");
}

/* --- precision ------------------------------------------------------------------------------ */

static void
note_warning (GLogLevelFlags level, const char *message, gpointer user_data)
{
  if (level & G_LOG_LEVEL_WARNING)
    *(gboolean *) user_data = TRUE;
}

static void
test_f16 (void)
{
  g_autoptr (IrGraph) graph = small_model (FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after =
      convert (graph, &error, "data_type", "half", NULL);
  g_autoptr (IrGraph) back = NULL;
  const IrNode *convert_node;

  g_assert_no_error (error);
  compare_graphs (graph, after, 1e-3);
  convert_node = ir_graph_find (after, "c");
  g_assert_true (ir_node_is (convert_node, "Convert"));
  g_assert_cmpstr (convert_node->rt_info->name, ==, "decompression");
  g_assert_cmpint (ir_node_input (convert_node, 0)->dtype, ==, IR_DTYPE_F16);
  g_assert_nonnull (ir_graph_find (after, "c_compressed"));
  back = convert (after, &error, "data_type", "FP32", NULL);
  g_assert_no_error (error);
  compare_graphs (after, back, 1e-7);
  g_assert_cmpuint (count (back, "Convert"), ==, 0);
}

/* Some weights out of range are clipped and told about. */
static void
test_f16_range (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autofree char *path = g_build_filename (folder, "m.xml", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;
  static const float some[] = { 1e6f, -1e-9f, 3, 4, 5, 6, 7, 8 };
  static const float most[] = { 1e6f, -1e6f, 1e6f, 4 };
  IrPort x = input (graph, "x", "8"), z = input (graph, "z", "4");
  gboolean warned = FALSE;
  g_autoptr (IrTensor) a = ir_tensor_new_f32 (some, 8);
  g_autoptr (IrTensor) b = ir_tensor_new_f32 (most, 4);
  const IrNode *node;

  output (graph,
      binary (
          graph, "Add", x, ir_port (ir_graph_add_const (graph, "some", a), 0)));
  output (graph,
      binary (
          graph, "Add", z, ir_port (ir_graph_add_const (graph, "most", b), 0)));
  ir_graph_write (graph, path, 11, &error);
  g_assert_no_error (error);
  ir_convert_options_set (options, "input_model", path, NULL);
  ir_convert_options_set (options, "compress_to_fp16", NULL, NULL);
  after = ir_convert (options, note_warning, &warned, &error);
  g_assert_no_error (error);
  g_assert_true (warned);
  node = ir_graph_find (after, "some_compressed");
  g_assert_cmpfloat (
      ir_tensor_get_f64 (node->outputs[0].value, 0), ==, 65504.0);
  g_assert_cmpfloat (ir_tensor_get_f64 (node->outputs[0].value, 1), ==, 0.0);
  g_assert_null (ir_graph_find (after, "most_compressed"));
}

/* --- the report ------------------------------------------------------------------------------- */

static void
test_report (void)
{
  g_autoptr (IrGraph) graph = small_model (FALSE);
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autofree char *path = g_build_filename (folder, "m.xml", NULL);
  g_autofree char *json = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after = NULL;

  ir_graph_write (graph, path, 11, &error);
  ir_convert_options_set (options, "m", path, NULL);
  after = ir_convert_report (options, NULL, NULL, &json, &error);
  g_assert_no_error (error);
  /* 4 channels of 4x3, each 3*3*3 products. */
  g_assert_nonnull (strstr (json, "\"macs\": 1296"));
  g_assert_nonnull (strstr (json, "\"Convolution\": 1"));
  g_assert_nonnull (strstr (json, "\"weights_bytes\": 432"));
}

int
main (int argc, char **argv)
{
  graphs_init (&argc, &argv);
  g_test_add_func ("/fuse/batch-norm", test_batch_norm);
  g_test_add_func ("/fuse/chain", test_chain);
  g_test_add_func ("/fuse/forward", test_forward);
  g_test_add_func ("/fuse/matmul", test_matmul);
  g_test_add_func ("/fuse/not", test_not_fused);
  g_test_add_func ("/fuse/untouched", test_untouched);
  g_test_add_func ("/preprocess/all", test_preprocess);
  g_test_add_func ("/preprocess/mean-file", test_mean_file);
  g_test_add_func ("/preprocess/layout", test_layout);
  g_test_add_func ("/preprocess/bad", test_bad_preprocess);
  g_test_add_func ("/cut/cut", test_cut);
  g_test_add_func ("/cut/freeze", test_freeze);
  g_test_add_func ("/cut/reorder", test_reorder);
  g_test_add_func ("/precision/f16", test_f16);
  g_test_add_func ("/precision/f16-range", test_f16_range);
  g_test_add_func ("/report", test_report);
  return graphs_run ();
}
