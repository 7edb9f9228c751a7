/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The passes of the graph library: the numbers are the same before and after,
 * and what should go is gone. */
#include <ir/attrs.h>
#include <ir/pass.h>

#include <math.h>
#include <string.h>

static IrShape
shape_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  IrShape shape;

  ir_shape_parse (text, &shape, &error);
  g_assert_no_error (error);
  return shape;
}

static IrNode *
parameter (IrGraph *graph, const char *name, const char *shape)
{
  IrShape s = shape_of (shape);
  IrNode *node = ir_graph_add_parameter (graph, name, IR_DTYPE_F32, &s);

  ir_port_add_name (ir_port (node, 0), name);
  return node;
}

/* Counts up from @first. */
static IrPort
constant (IrGraph *graph, const char *name, const char *shape, float first)
{
  IrShape s = shape_of (shape);
  g_autoptr (IrTensor) tensor = ir_tensor_new (IR_DTYPE_F32, &s, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_f64 (tensor, i, first + (double) i);
  return ir_port (ir_graph_add_const (graph, name, tensor), 0);
}

static IrPort
ints (IrGraph *graph, gsize n, const gint64 *values)
{
  return ir_port (ir_graph_add_const_i64 (graph, "ints", values, n), 0);
}

#define INTS(graph, ...)                                                       \
  ints (graph, G_N_ELEMENTS (((const gint64[]){ __VA_ARGS__ })),               \
      (const gint64[]){ __VA_ARGS__ })

static IrPort
unary (IrGraph *graph, const char *type, const char *name, IrPort x)
{
  return ir_port (ir_graph_add_op (graph, type, 1, name, 1, x), 0);
}

static IrPort
binary (IrGraph *graph, const char *type, const char *name, IrPort a, IrPort b)
{
  return ir_port (ir_graph_add_op (graph, type, 3, name, 2, a, b), 0);
}

static void
result (IrGraph *graph, IrPort source)
{
  ir_graph_add_result (graph, "out", source);
}

static void
infer (IrGraph *graph)
{
  g_autoptr (GError) error = NULL;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
}

static gsize
count (const IrGraph *graph, const char *type)
{
  gsize n = 0;

  for (const IrNode *node = graph->first; node; node = node->next)
    n += ir_node_is (node, type);
  return n;
}

static void
evaluate (const IrGraph *graph, IrTensor **out)
{
  g_autoptr (GPtrArray) in =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  g_autoptr (GError) error = NULL;

  for (guint p = 0; p < graph->parameters->len; p++) {
    const IrNode *node = g_ptr_array_index (graph->parameters, p);
    IrTensor *tensor =
        ir_tensor_new (node->outputs[0].dtype, &node->outputs[0].shape, &error);

    g_assert_no_error (error);
    for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
      ir_tensor_set_f64 (tensor, i, sin ((double) i * 1.7 + p));
    g_ptr_array_add (in, tensor);
  }
  ir_graph_evaluate (graph, (IrTensor **) in->pdata, out, &error);
  g_assert_no_error (error);
}

static void
note_changes (
    const IrPass *pass, const IrGraph *graph, gsize changes, gpointer user_data)
{
  *(gsize *) user_data += changes;
}

/* Runs one pass and dce on @graph; returns the first one's changes. */
static gsize
check_pass (IrGraph *graph, const IrPass *pass)
{
  const IrPass *clean = &ir_pass_dce;
  g_autofree IrTensor **before = g_new0 (IrTensor *, graph->results->len);
  g_autofree IrTensor **after = g_new0 (IrTensor *, graph->results->len);
  g_autoptr (GError) error = NULL;
  gsize changes = 0;

  infer (graph);
  evaluate (graph, before);
  ir_passes_run (graph, &pass, 1, NULL, note_changes, &changes, &error);
  g_assert_no_error (error);
  ir_passes_run (graph, &clean, 1, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  evaluate (graph, after);
  for (guint i = 0; i < graph->results->len; i++) {
    g_assert_true (ir_tensor_equal (before[i], after[i]));
    ir_tensor_unref (before[i]);
    ir_tensor_unref (after[i]);
  }
  return changes;
}

static void
test_fold (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);
  IrPort sum = binary (graph, "Add", "sum", constant (graph, "a", "3", 1),
      constant (graph, "b", "3", 5));
  IrPort twice = binary (graph, "Multiply", "twice", sum, sum);

  result (graph, binary (graph, "Add", "y", x, twice));
  g_assert_cmpuint (check_pass (graph, &ir_pass_fold), ==, 2);
  g_assert_cmpuint (count (graph, "Const"), ==, 1);
  g_assert_cmpuint (count (graph, "Add"), ==, 1);
  g_assert_nonnull (ir_graph_find (graph, "twice"));
}

static void
test_fold_splits (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2"), 0);
  IrPort data = constant (graph, "a", "6", 1);
  IrPort in[] = { data, INTS (graph, 0), INTS (graph, 2, 2, 2) };
  IrNode *split = ir_graph_add (
      graph, ir_op_lookup ("VariadicSplit", "opset1"), "s", in, 3, 3);

  result (graph, binary (graph, "Add", "y", x, ir_port (split, 0)));
  result (graph, binary (graph, "Add", "z", x, ir_port (split, 2)));
  g_assert_cmpuint (check_pass (graph, &ir_pass_fold), ==, 1);
  g_assert_cmpuint (count (graph, "VariadicSplit"), ==, 0);
  g_assert_cmpuint (count (graph, "Const"), ==, 2);
}

/* 100 MB out of four bytes are not worth it. */
static void
test_fold_limit (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  const IrPass *fold = &ir_pass_fold;
  gsize changes = 0;

  result (graph,
      binary (graph, "Broadcast", "b", constant (graph, "a", "1", 1),
          INTS (graph, 5000, 5000)));
  infer (graph);
  ir_passes_run (graph, &fold, 1, NULL, note_changes, &changes, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (changes, ==, 0);
}

static void
test_fold_values (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);
  IrPort y = unary (graph, "ReLU", "r", x);
  IrPort shape = unary (graph, "ShapeOf", "s", x);

  result (graph, binary (graph, "Reshape", "y", y, shape));
  g_assert_cmpuint (check_pass (graph, &ir_pass_fold), ==, 0);
  g_assert_cmpuint (check_pass (graph, &ir_pass_fold_values), ==, 1);
  g_assert_cmpuint (count (graph, "ShapeOf"), ==, 0);
}

/* What comes from constants alone is not about sizes. */
static void
test_fold_values_keeps (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);
  IrPort sum = binary (graph, "Add", "sum", constant (graph, "a", "3", 1),
      constant (graph, "b", "3", 5));

  result (graph, binary (graph, "Add", "y", x, sum));
  g_assert_cmpuint (check_pass (graph, &ir_pass_fold_values), ==, 0);
}

static void
test_cse (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);
  IrPort a = binary (graph, "Add", "a", x, constant (graph, "c1", "3", 1));
  IrPort b = binary (graph, "Add", "b", x, constant (graph, "c2", "3", 1));
  IrPort c = binary (graph, "Add", "c", x, constant (graph, "c3", "3", 2));

  result (graph, binary (graph, "Multiply", "y", a, b));
  result (graph, binary (graph, "Multiply", "z", a, c));
  /* One constant, one Add. */
  g_assert_cmpuint (check_pass (graph, &ir_pass_cse), ==, 2);
  g_assert_cmpuint (count (graph, "Add"), ==, 2);
  g_assert_cmpuint (count (graph, "Const"), ==, 2);
}

static IrPort
large_constant (IrGraph *graph, const char *name, gsize at)
{
  const IrPort port = constant (graph, name, "4,1024", 0);

  ir_tensor_set_f64 (port.node->outputs[0].value, at, 1);
  return port;
}

/* Large constants that are alike at both ends may be others in between. */
static void
test_cse_large (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort a = large_constant (graph, "a", 2000),
         b = large_constant (graph, "b", 2001),
         c = large_constant (graph, "c", 2000);

  result (graph, binary (graph, "Multiply", "y", a, b));
  result (graph, binary (graph, "Multiply", "z", b, c));
  g_assert_cmpuint (check_pass (graph, &ir_pass_cse), ==, 1);
  g_assert_cmpuint (count (graph, "Const"), ==, 2);
}

/* Attributes make a difference, and two outputs stay two. */
static void
test_cse_keeps (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  g_autoptr (GError) error = NULL;
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);
  IrPort a = unary (graph, "Clamp", "a", x), b = unary (graph, "Clamp", "b", x);

  if (!ir_node_set_f64 (a.node, "max", 1.0, &error) ||
      !ir_node_set_f64 (b.node, "max", 0.5, &error))
    g_assert_no_error (error);
  result (graph, binary (graph, "Add", "sum", a, b));
  result (graph, unary (graph, "Exp", "e1", x));
  result (graph, unary (graph, "Exp", "e2", x));
  g_assert_cmpuint (check_pass (graph, &ir_pass_cse), ==, 0);
}

static void
test_dce (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);

  parameter (graph, "unused", "1");
  unary (graph, "Exp", "dead", unary (graph, "Exp", "dead too", x));
  result (graph, unary (graph, "ReLU", "y", x));
  g_assert_cmpuint (check_pass (graph, &ir_pass_dce), ==, 2);
  /* Inputs are what the caller gives, needed or not. */
  g_assert_cmpuint (graph->parameters->len, ==, 2);
}

static void
test_nop (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);
  IrPort y = unary (graph, "ReLU", "start", x);
  IrNode *pad;

  y = binary (graph, "Reshape", "reshape", y, INTS (graph, 2, 3));
  y = binary (graph, "Transpose", "transpose", y, INTS (graph, 0, 1));
  y = unary (graph, "Concat", "concat", y);
  y = binary (graph, "Tile", "tile", y, INTS (graph, 1, 1));
  y = binary (graph, "Broadcast", "broadcast", y, INTS (graph, 2, 3));
  pad = ir_graph_add_op (
      graph, "Pad", 1, "pad", 3, y, INTS (graph, 0, 0), INTS (graph, 0, 0));
  y = unary (graph, "Convert", "convert", ir_port (pad, 0));
  ((IrConvertAttrs *) y.node->attrs)->destination_type = IR_DTYPE_F32;
  y = ir_port (ir_graph_add_op (graph, "Slice", 8, "slice", 4, y,
                   INTS (graph, 0, 0), INTS (graph, 2, 3), INTS (graph, 1, 1)),
      0);
  result (graph, unary (graph, "Exp", "end", y));
  g_assert_cmpuint (check_pass (graph, &ir_pass_nop), ==, 8);
  g_assert_cmpuint (graph->n_nodes, ==, 4);
}

/* A reversal has the same shape, but it is not nothing. */
static void
test_nop_keeps (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = ir_port (parameter (graph, "x", "3,3"), 0);
  IrPort y = unary (graph, "ReLU", "start", x);

  y = ir_port (
      ir_graph_add_op (graph, "Slice", 8, "reverse", 4, y, INTS (graph, -1, -1),
          INTS (graph, -9, -9), INTS (graph, -1, -1)),
      0);
  y = binary (graph, "Transpose", "turn", y, INTS (graph, 1, 0));
  result (graph, unary (graph, "Exp", "end", y));
  result (graph, binary (graph, "Reshape", "named", y, INTS (graph, 3, 3)));
  g_assert_cmpuint (check_pass (graph, &ir_pass_nop), ==, 0);
}

static gboolean
fail (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  return ir_fail (error, IR_ERROR_INTERNAL, "for a test");
}

/* A pass that leaves the graph in pieces is found out by its name. */
static gboolean
spoil (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *node = ir_graph_find (graph, "y");

  ir_node_set_input (node, 1, constant (graph, "wrong", "7", 0));
  *changes += 1;
  return TRUE;
}

static void
test_runner (void)
{
  static const IrPass failing = { "failing", "", fail };
  static const IrPass spoiling = { "spoiling", "", spoil };
  const IrPass *passes[] = { &failing, &spoiling };

  for (gsize i = 0; i < G_N_ELEMENTS (passes); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    g_autoptr (GError) error = NULL;
    IrPort x = ir_port (parameter (graph, "x", "2,3"), 0);

    result (
        graph, binary (graph, "Add", "y", x, constant (graph, "c", "3", 1)));
    infer (graph);
    g_assert_false (
        ir_passes_run (graph, &passes[i], 1, NULL, NULL, NULL, &error));
    g_assert_nonnull (strstr (error->message, passes[i]->name));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* All of them through the writer and the reader too. */
  g_setenv ("IR_DEBUG", "roundtrip", TRUE);
  g_test_add_func ("/passes/fold", test_fold);
  g_test_add_func ("/passes/fold-splits", test_fold_splits);
  g_test_add_func ("/passes/fold-limit", test_fold_limit);
  g_test_add_func ("/passes/fold-values", test_fold_values);
  g_test_add_func ("/passes/fold-values-keeps", test_fold_values_keeps);
  g_test_add_func ("/passes/cse", test_cse);
  g_test_add_func ("/passes/cse-large", test_cse_large);
  g_test_add_func ("/passes/cse-keeps", test_cse_keeps);
  g_test_add_func ("/passes/dce", test_dce);
  g_test_add_func ("/passes/nop", test_nop);
  g_test_add_func ("/passes/nop-keeps", test_nop_keeps);
  g_test_add_func ("/passes/runner", test_runner);
  return g_test_run ();
}
