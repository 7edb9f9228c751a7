/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TensorIterator, Loop and If: run as they were built, then written, read and
 * run again. */
#include <ir/body.h>
#include <ir/xml.h>

#include <string.h>

#define F32(...)                                                               \
  ir_tensor_new_f32 ((const float[]){ __VA_ARGS__ },                           \
      sizeof ((const float[]){ __VA_ARGS__ }) / sizeof (float))
#define WANT(...)                                                              \
  (const float[]){ __VA_ARGS__ },                                              \
      sizeof ((const float[]){ __VA_ARGS__ }) / sizeof (float)

static IrGraph *
write_and_read (IrGraph *graph)
{
  g_autoptr (GBytes) xml = NULL;
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;
  IrGraph *back;
  gsize size;

  ir_graph_write_memory (graph, 11, &xml, &weights, &error);
  g_assert_no_error (error);
  text = g_bytes_get_data (xml, &size);
  back = ir_graph_read_memory (text, size, weights, "back", &error);
  g_assert_no_error (error);
  g_assert_true (ir_graph_validate (back, NULL));
  return back;
}

static void
check_values (const IrTensor *tensor, const float *want, gsize n)
{
  gsize i;

  g_assert_cmpuint (ir_tensor_count (tensor), ==, n);
  for (i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (
        ir_tensor_get_f64 (tensor, i), want[i], 1e-6);
}

/* Runs the graph and compares Result @index. */
static void
check_result (IrGraph *graph, IrTensor *const *in, guint index,
    const float *want, gsize n)
{
  g_autofree IrTensor **out = g_new0 (IrTensor *, graph->results->len);
  g_autoptr (GError) error = NULL;
  guint i;

  ir_graph_evaluate (graph, in, out, &error);
  g_assert_no_error (error);
  check_values (out[index], want, n);
  for (i = 0; i < graph->results->len; i++)
    ir_tensor_unref (out[i]);
}

/* The same for the graph itself, a copy of it and what is read back. */
static void
check_everywhere (IrGraph *graph, IrTensor *const *in, guint index,
    const float *want, gsize n)
{
  g_autoptr (IrGraph) clone = ir_graph_clone (graph);
  g_autoptr (IrGraph) back = write_and_read (graph);

  check_result (graph, in, index, want, n);
  check_result (clone, in, index, want, n);
  check_result (back, in, index, want, n);
}

/* A body with Parameters x and s that gives s' = 2 s + x, twice: as state and
 * to be joined. */
static IrGraph *
make_body (const IrShape *shape)
{
  IrGraph *body = ir_graph_new ("body");
  g_autoptr (IrTensor) two = F32 (2);
  IrNode *x = ir_graph_add_parameter (body, "x", IR_DTYPE_F32, shape);
  IrNode *s = ir_graph_add_parameter (body, "s", IR_DTYPE_F32, shape);
  IrNode *c = ir_graph_add_const (body, "two", two);
  IrNode *twice = ir_graph_add_op (
      body, "Multiply", 1, "twice", 2, ir_port (s, 0), ir_port (c, 0));
  IrNode *sum = ir_graph_add_op (
      body, "Add", 1, "sum", 2, ir_port (twice, 0), ir_port (x, 0));

  ir_graph_add_result (body, "state", ir_port (sum, 0));
  ir_graph_add_result (body, "slice", ir_port (sum, 0));
  return body;
}

/* x is cut into slices of @part elements. */
static IrGraph *
make_iterator (gint64 start, gint64 end, gint64 stride, gint64 part)
{
  IrGraph *graph = ir_graph_new ("g");
  IrShape x_shape = ir_shape_1d (4), s_shape = ir_shape_1d (part);
  IrShape loose = ir_shape_of_rank (1);
  IrNode *s = ir_graph_add_parameter (graph, "s", IR_DTYPE_F32, &s_shape);
  IrNode *x = ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, &x_shape);
  IrPort in[] = { ir_port (s, 0), ir_port (x, 0) };
  IrNode *node = ir_graph_add (
      graph, ir_op_lookup_number ("TensorIterator", 1), "ti", in, 2, 2);
  IrLoopAttrs *attrs = node->attrs;
  IrBodyMap inputs[] = {
    { 1, 0, 0, start, end, stride, part },
    { 0, 1, IR_BODY_WHOLE, 0, -1, 1, 1 },
  };
  IrBodyMap outputs[] = {
    { 0, 1, 0, start, end, stride, part },
    { 1, 0, IR_BODY_WHOLE, 0, -1, 1, 1 },
  };
  IrBodyLink back[] = { { 0, 1 } };

  attrs->inputs = ir_body_maps (graph, inputs, 2);
  attrs->outputs = ir_body_maps (graph, outputs, 2);
  attrs->back_edges = ir_body_links (graph, back, 1);
  ir_node_add_body (node, make_body (&loose));
  ir_graph_add_result (graph, "joined", ir_port (node, 0));
  ir_graph_add_result (graph, "last", ir_port (node, 1));
  return graph;
}

static void
check_iterator (gint64 start, gint64 end, gint64 stride, gint64 part,
    const float *joined, gsize n_joined, const float *last, gsize n_last)
{
  g_autoptr (IrGraph) graph = make_iterator (start, end, stride, part);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrTensor) x = F32 (1, 2, 3, 4);
  g_autoptr (IrTensor) s = part == 1 ? F32 (10) : F32 (10, 20);
  IrTensor *in[] = { s, x };
  const IrNode *node, *inner;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  node = ir_graph_find (graph, "ti");
  g_assert_cmpint (node->outputs[0].shape.dim[0], ==, (gint64) n_joined);
  g_assert_cmpint (node->outputs[1].shape.dim[0], ==, part);
  /* The body is inferred too. */
  inner = ir_graph_find (node->bodies[0], "sum");
  g_assert_cmpint (inner->outputs[0].shape.dim[0], ==, part);
  check_everywhere (graph, in, 0, joined, n_joined);
  check_everywhere (graph, in, 1, last, n_last);
}

static void
test_tensor_iterator (void)
{
  check_iterator (0, -1, 1, 1, WANT (21, 44, 91, 186), WANT (186));
  check_iterator (-1, 0, -1, 1, WANT (209, 104, 51, 24), WANT (209));
  check_iterator (0, -1, 2, 2, WANT (21, 42, 45, 88), WANT (45, 88));
  check_iterator (1, 3, 1, 1, WANT (22, 47), WANT (47));
}

static void
test_tensor_iterator_errors (void)
{
  const gint64 wrong[][4] = {
    { 0, -1, 0, 1 },
    { 0, 9, 1, 1 },
    { 0, -1, 3, 3 },
    { 3, 1, 1, 1 },
    { -9, -1, 1, 1 },
    { 0, -1, 1, 0 },
    { 0, -1, G_MININT64, 1 },
    { 3, -1, 1, 2 },
  };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (wrong); i++) {
    const gint64 *w = wrong[i];
    g_autoptr (IrGraph) graph = make_iterator (w[0], w[1], w[2], w[3]);
    g_autoptr (GError) error = NULL;

    g_assert_false (ir_graph_infer (graph, &error));
    g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
    g_assert_nonnull (strstr (error->message, "'ti'"));
  }
}

/* i counts iterations; the state is s + i, the loop goes on while it is < 10. */
static IrGraph *
make_loop_body (void)
{
  IrGraph *body = ir_graph_new ("body");
  IrShape one = ir_shape_1d (1), scalar = ir_shape_scalar ();
  g_autoptr (IrTensor) ten = F32 (10);
  IrNode *i = ir_graph_add_parameter (body, "i", IR_DTYPE_I64, &scalar);
  IrNode *s = ir_graph_add_parameter (body, "s", IR_DTYPE_F32, &one);
  IrNode *limit = ir_graph_add_const (body, "ten", ten);
  IrNode *real =
      ir_graph_add_op (body, "Convert", 1, "real", 1, ir_port (i, 0));
  IrNode *sum, *less;

  ir_node_set_dtype (real, "destination_type", IR_DTYPE_F32, NULL);
  sum = ir_graph_add_op (
      body, "Add", 1, "sum", 2, ir_port (s, 0), ir_port (real, 0));
  less = ir_graph_add_op (
      body, "Less", 1, "less", 2, ir_port (sum, 0), ir_port (limit, 0));
  ir_graph_add_result (body, "go_on", ir_port (less, 0));
  ir_graph_add_result (body, "state", ir_port (sum, 0));
  return body;
}

static IrGraph *
make_loop (void)
{
  IrGraph *graph = ir_graph_new ("g");
  IrShape one = ir_shape_1d (1), scalar = ir_shape_scalar ();
  IrPort in[] = {
    ir_port (ir_graph_add_parameter (graph, "n", IR_DTYPE_I64, &scalar), 0),
    ir_port (ir_graph_add_parameter (graph, "c", IR_DTYPE_BOOLEAN, &scalar), 0),
    ir_port (ir_graph_add_parameter (graph, "s", IR_DTYPE_F32, &one), 0),
  };
  IrNode *node =
      ir_graph_add (graph, ir_op_lookup_number ("Loop", 5), "loop", in, 3, 2);
  IrLoopAttrs *attrs = node->attrs;
  IrBodyMap inputs[] = { { 2, 1, IR_BODY_WHOLE, 0, -1, 1, 1 } };
  IrBodyMap outputs[] = {
    { 0, 1, IR_BODY_WHOLE, 0, -1, 1, 1 },
    { 1, 1, 0, 0, -1, 1, 1 },
  };
  IrBodyLink back[] = { { 1, 1 } };

  attrs->inputs = ir_body_maps (graph, inputs, 1);
  attrs->outputs = ir_body_maps (graph, outputs, 2);
  attrs->back_edges = ir_body_links (graph, back, 1);
  attrs->current_iteration = 0;
  attrs->execution_condition = 0;
  ir_node_add_body (node, make_loop_body ());
  ir_graph_add_result (graph, "last", ir_port (node, 0));
  ir_graph_add_result (graph, "joined", ir_port (node, 1));
  return graph;
}

static void
check_loop (gint64 count, gboolean go_on, const float *last, gsize n_last,
    const float *joined, gsize n_joined)
{
  g_autoptr (IrGraph) graph = make_loop ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IrTensor) n = ir_tensor_new_scalar (IR_DTYPE_I64, (double) count);
  g_autoptr (IrTensor) c = ir_tensor_new_scalar (IR_DTYPE_BOOLEAN, go_on);
  g_autoptr (IrTensor) s = F32 (1);
  IrTensor *in[] = { n, c, s };
  const IrNode *node;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  node = ir_graph_find (graph, "loop");
  g_assert_cmpint (node->outputs[0].shape.dim[0], ==, 1);
  g_assert_cmpint (node->outputs[1].shape.dim[0], ==, IR_DIM_UNKNOWN);
  check_everywhere (graph, in, 0, last, n_last);
  check_everywhere (graph, in, 1, joined, n_joined);
}

static void
test_loop (void)
{
  check_loop (3, TRUE, WANT (4), WANT (1, 2, 4));
  check_loop (-1, TRUE, WANT (11), WANT (1, 2, 4, 7, 11));
  check_loop (0, TRUE, WANT (1), NULL, 0);
  check_loop (3, FALSE, WANT (1), NULL, 0);
}

/* Nothing would end it: that is said at once. */
static void
test_endless_loop (void)
{
  const gint64 counts[] = { -1, G_GINT64_CONSTANT (1) << 62 };
  gsize i;

  for (i = 0; i < G_N_ELEMENTS (counts); i++) {
    g_autoptr (IrGraph) graph = make_loop ();
    g_autoptr (GError) error = NULL;
    g_autoptr (IrTensor) n = ir_tensor_new_i64 (&counts[i], 1);
    g_autoptr (IrTensor) c = ir_tensor_new_scalar (IR_DTYPE_BOOLEAN, TRUE);
    g_autoptr (IrTensor) s = F32 (1);
    IrTensor *in[] = { n, c, s }, *out[2];
    IrShape one = ir_shape_1d (1);
    IrGraph *body = ir_graph_find (graph, "loop")->bodies[0];
    IrNode *always = ir_graph_add_const (body, "always", c);

    ir_node_set_parameter (graph->parameters->pdata[0], IR_DTYPE_I64, &one);
    ir_node_set_input (body->results->pdata[0], 0, ir_port (always, 0));
    ir_graph_infer (graph, &error);
    g_assert_no_error (error);
    g_assert_false (ir_graph_evaluate (graph, in, out, &error));
    g_assert_error (error, IR_ERROR, IR_ERROR_LIMIT);
    g_assert_nonnull (strstr (error->message, "'loop'"));
  }
}

/* A state that doubles each time runs into the limit of memory at once. */
static void
test_growing_loop (void)
{
  g_autoptr (IrGraph) graph = make_loop ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IrTensor) n = ir_tensor_new_scalar (IR_DTYPE_I64, 1000);
  g_autoptr (IrTensor) c = ir_tensor_new_scalar (IR_DTYPE_BOOLEAN, TRUE);
  g_autoptr (IrTensor) s = F32 (1);
  IrTensor *in[] = { n, c, s }, *out[2];
  IrShape loose = ir_shape_of_rank (1);
  IrGraph *body = ir_graph_find (graph, "loop")->bodies[0];
  IrNode *state = body->parameters->pdata[1];
  IrNode *always = ir_graph_add_const (body, "always", c);
  IrNode *twice = ir_graph_add_op (
      body, "Concat", 1, "twice", 2, ir_port (state, 0), ir_port (state, 0));

  ir_node_set_parameter (state, IR_DTYPE_F32, &loose);
  ir_node_set_input (body->results->pdata[0], 0, ir_port (always, 0));
  ir_node_set_input (body->results->pdata[1], 0, ir_port (twice, 0));
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  g_assert_false (ir_graph_evaluate (graph, in, out, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "'loop'"));
}

/* then: x + y, else: x */
static IrGraph *
make_if (void)
{
  IrGraph *graph = ir_graph_new ("g");
  IrGraph *yes = ir_graph_new ("yes"), *no = ir_graph_new ("no");
  IrShape two = ir_shape_1d (2), one = ir_shape_1d (1);
  IrShape scalar = ir_shape_scalar ();
  IrPort in[] = {
    ir_port (ir_graph_add_parameter (graph, "c", IR_DTYPE_BOOLEAN, &scalar), 0),
    ir_port (ir_graph_add_parameter (graph, "x", IR_DTYPE_F32, &one), 0),
    ir_port (ir_graph_add_parameter (graph, "y", IR_DTYPE_F32, &two), 0),
  };
  IrNode *node =
      ir_graph_add (graph, ir_op_lookup_number ("If", 8), "if", in, 3, 1);
  IrIfAttrs *attrs = node->attrs;
  IrBodyLink both[] = { { 2, 0 }, { 1, 1 } }, single[] = { { 1, 0 } };
  IrBodyLink out[] = { { 0, 0 } };
  IrNode *y = ir_graph_add_parameter (yes, "y", IR_DTYPE_F32, &two);
  IrNode *x = ir_graph_add_parameter (yes, "x", IR_DTYPE_F32, &one);
  IrNode *sum =
      ir_graph_add_op (yes, "Add", 1, "sum", 2, ir_port (x, 0), ir_port (y, 0));

  ir_graph_add_result (yes, "r", ir_port (sum, 0));
  x = ir_graph_add_parameter (no, "x", IR_DTYPE_F32, &one);
  ir_graph_add_result (no, "r", ir_port (x, 0));
  attrs->then_inputs = ir_body_links (graph, both, 2);
  attrs->else_inputs = ir_body_links (graph, single, 1);
  attrs->then_outputs = ir_body_links (graph, out, 1);
  attrs->else_outputs = ir_body_links (graph, out, 1);
  ir_node_add_body (node, yes);
  ir_node_add_body (node, no);
  ir_graph_add_result (graph, "r", ir_port (node, 0));
  return graph;
}

static void
test_if (void)
{
  g_autoptr (IrGraph) graph = make_if ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IrTensor) yes = ir_tensor_new_scalar (IR_DTYPE_BOOLEAN, 1);
  g_autoptr (IrTensor) no = ir_tensor_new_scalar (IR_DTYPE_BOOLEAN, 0);
  g_autoptr (IrTensor) x = F32 (5);
  g_autoptr (IrTensor) y = F32 (1, 2);
  IrTensor *in_yes[] = { yes, x, y }, *in_no[] = { no, x, y };
  IrIfAttrs *attrs;
  IrNode *node;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  node = ir_graph_find (graph, "if");
  g_assert_cmpint (node->outputs[0].shape.rank, ==, 1);
  g_assert_cmpint (node->outputs[0].shape.dim[0], ==, IR_DIM_UNKNOWN);
  check_everywhere (graph, in_yes, 0, WANT (6, 7));
  check_everywhere (graph, in_no, 0, WANT (5));

  attrs = node->attrs;
  attrs->else_inputs.n = 0;
  g_assert_false (ir_graph_infer (graph, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ir/bodies/tensor-iterator", test_tensor_iterator);
  g_test_add_func (
      "/ir/bodies/tensor-iterator-errors", test_tensor_iterator_errors);
  g_test_add_func ("/ir/bodies/loop", test_loop);
  g_test_add_func ("/ir/bodies/endless-loop", test_endless_loop);
  g_test_add_func ("/ir/bodies/growing-loop", test_growing_loop);
  g_test_add_func ("/ir/bodies/if", test_if);
  return g_test_run ();
}
