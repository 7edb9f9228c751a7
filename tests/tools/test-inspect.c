/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ir-inspect counts and what it calls a difference. */
#include "inspect.h"

static IrNode *
zeros (IrGraph *graph, const char *name, const char *shape_text)
{
  g_autoptr (IrTensor) value = NULL;
  IrShape shape;

  g_assert_true (ir_shape_parse (shape_text, &shape, NULL));
  value = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  return ir_graph_add_const (graph, name, value);
}

static IrNode *
input (IrGraph *graph, const char *shape_text)
{
  IrShape shape;

  g_assert_true (ir_shape_parse (shape_text, &shape, NULL));
  return ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, &shape);
}

static void
set_lists (IrNode *node, gint64 pad)
{
  const gint64 ones[] = { 1, 1 };
  const gint64 pads[] = { pad, pad };

  ir_node_set_i64s (node, "strides", ones, 2, NULL);
  ir_node_set_i64s (node, "dilations", ones, 2, NULL);
  ir_node_set_i64s (node, "pads_begin", pads, 2, NULL);
  ir_node_set_i64s (node, "pads_end", pads, 2, NULL);
}

static void
check_conv (const char *type, const char *x_shape, const char *w_shape,
    gint64 pad, guint64 want)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  IrNode *x = input (graph, x_shape);
  IrNode *w = zeros (graph, "w", w_shape);
  IrNode *conv = ir_graph_add_op (
      graph, type, 1, "conv", 2, ir_port (x, 0), ir_port (w, 0));
  guint64 macs = 0;

  set_lists (conv, pad);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  g_assert_true (ir_node_macs (conv, &macs));
  g_assert_cmpuint (macs, ==, want);
}

static void
check_matmul (const char *x_shape, const char *w_shape, gboolean transpose_a,
    gboolean transpose_b, guint64 want)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  IrNode *x = input (graph, x_shape);
  IrNode *w = zeros (graph, "w", w_shape);
  IrNode *node = ir_graph_add_op (
      graph, "MatMul", 1, "product", 2, ir_port (x, 0), ir_port (w, 0));
  guint64 macs = 0;

  ir_node_set_bool (node, "transpose_a", transpose_a, NULL);
  ir_node_set_bool (node, "transpose_b", transpose_b, NULL);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  g_assert_true (ir_node_macs (node, &macs));
  g_assert_cmpuint (macs, ==, want);
}

static void
test_macs (void)
{
  check_conv ("Convolution", "1,3,8,8", "4,3,3,3", 1, 64 * 4 * 27);
  check_conv ("GroupConvolution", "2,4,8,8", "2,3,2,3,3", 0, 2 * 6 * 36 * 18);
  check_conv ("ConvolutionBackpropData", "1,3,4,4", "3,5,2,2", 0, 48 * 20);
  check_conv (
      "GroupConvolutionBackpropData", "1,4,4,4", "2,2,3,2,2", 0, 64 * 12);
  check_matmul ("2,5", "5,7", FALSE, FALSE, 70);
  check_matmul ("5,2", "7,5", TRUE, TRUE, 70);
  check_matmul ("3,2,5", "1,5,7", FALSE, FALSE, 210);
  check_matmul ("5,5", "5,5", FALSE, TRUE, 125);
}

/* x * w + w, where @value is an element of w and things have other names. */
static IrGraph *
make_graph (const char *prefix, float value, gboolean twice)
{
  g_autofree char *a = g_strconcat (prefix, "a", NULL);
  g_autofree char *b = g_strconcat (prefix, "b", NULL);
  g_autofree char *c = g_strconcat (prefix, "c", NULL);
  IrGraph *graph = ir_graph_new (prefix);
  float values[] = { 1, value };
  g_autoptr (IrTensor) w = ir_tensor_new_f32 (values, 2);
  IrNode *x = input (graph, "3,2");
  IrNode *k = ir_graph_add_const (graph, a, w);
  IrNode *other = twice ? ir_graph_add_const (graph, c, w) : k;
  IrNode *product = ir_graph_add_op (
      graph, "Multiply", 1, b, 2, ir_port (x, 0), ir_port (k, 0));
  IrNode *sum = ir_graph_add_op (
      graph, "Add", 1, "sum", 2, ir_port (product, 0), ir_port (other, 0));

  ir_graph_add_result (graph, "r", ir_port (sum, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  return graph;
}

static void
test_counts (void)
{
  g_autoptr (IrGraph) graph = make_graph ("p", 2, TRUE);
  g_auto (IrStats) stats = { 0 };
  const guint64 *adds;

  ir_stats_init (&stats, graph);
  adds = g_hash_table_lookup (stats.ops, "Add-1");
  g_assert_cmpuint (stats.n_nodes, ==, 6);
  g_assert_cmpuint (*adds, ==, 1);
  /* The two constants share their memory. */
  g_assert_cmpuint (stats.parameters, ==, 2);
  g_assert_cmpuint (stats.weight_bytes, ==, 8);
}

static void
test_diff (void)
{
  g_autoptr (IrGraph) a = make_graph ("p", 2, FALSE);
  g_autoptr (IrGraph) same = make_graph ("q", 2, FALSE);
  g_autoptr (IrGraph) value = make_graph ("p", 3, FALSE);
  g_autoptr (IrGraph) twice = make_graph ("p", 2, TRUE);
  g_autoptr (IrGraph) attribute = make_graph ("p", 2, FALSE);
  g_autoptr (IrGraph) output = make_graph ("p", 2, FALSE);

  ir_node_set_text (
      ir_graph_find (attribute, "sum"), "auto_broadcast", "none", NULL);
  ir_graph_add_result (output, "s", ir_port (ir_graph_find (output, "sum"), 0));
  g_assert_cmpuint (ir_inspect_diff (a, same), ==, 0);
  g_assert_cmpuint (ir_inspect_diff (a, value), ==, 1);
  g_assert_cmpuint (ir_inspect_diff (a, twice), ==, 1);
  g_assert_cmpuint (ir_inspect_diff (twice, a), ==, 1);
  g_assert_cmpuint (ir_inspect_diff (a, attribute), ==, 1);
  g_assert_cmpuint (ir_inspect_diff (a, output), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inspect/macs", test_macs);
  g_test_add_func ("/inspect/counts", test_counts);
  g_test_add_func ("/inspect/diff", test_diff);
  return g_test_run ();
}
