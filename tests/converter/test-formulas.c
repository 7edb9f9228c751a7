/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrites that change what single layers do: activations written as formulas, and
 * the ranges of FakeQuantize. */
#include "graphs.h"

#include <ir/attrs.h>

#include <math.h>
#include <string.h>

static IrPort
unary (IrGraph *graph, const char *type, IrPort x)
{
  return ir_port (ir_graph_add_op (graph, type, 5, type, 1, x), 0);
}

static IrPort
number (IrGraph *graph, double value)
{
  g_autoptr (IrTensor) tensor = ir_tensor_new_scalar (IR_DTYPE_F32, value);

  return ir_port (ir_graph_add_const (graph, "number", tensor), 0);
}

static void
check (IrGraph *graph, const char *option, const char *value, const char *type,
    gsize n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrGraph) after =
      convert (graph, &error, "optimize", "true", option, value, NULL);

  g_assert_no_error (error);
  g_test_message ("%s, %s", type, option);
  compare_graphs (graph, after, 2e-6);
  g_assert_cmpuint (count (after, type), ==, n);
}

/* --- activations ------------------------------------------------------------------------ */

static IrPort
clamped (IrGraph *graph, IrPort x)
{
  IrPort y =
      unary (graph, "Clamp", binary (graph, "Add", x, number (graph, 3)));

  ir_node_set_f64 (y.node, "min", 0, NULL);
  ir_node_set_f64 (y.node, "max", 6, NULL);
  return y;
}

static IrPort
swish (IrGraph *graph, IrPort x)
{
  return binary (graph, "Multiply", unary (graph, "Sigmoid", x), x);
}

static IrPort
hswish_divided (IrGraph *graph, IrPort x)
{
  return binary (graph, "Divide",
      binary (graph, "Multiply", x, clamped (graph, x)), number (graph, 6));
}

static IrPort
hswish_gate (IrGraph *graph, IrPort x)
{
  IrPort gate =
      binary (graph, "Multiply", number (graph, 1.0 / 6), clamped (graph, x));

  return binary (graph, "Multiply", gate, x);
}

static IrPort
hsigmoid (IrGraph *graph, IrPort x)
{
  return binary (graph, "Divide", clamped (graph, x), number (graph, 6));
}

static IrPort
softplus (IrGraph *graph, IrPort x)
{
  return unary (graph, "Log",
      binary (graph, "Add", number (graph, 1), unary (graph, "Exp", x)));
}

static IrPort
mish (IrGraph *graph, IrPort x)
{
  return binary (
      graph, "Multiply", x, unary (graph, "Tanh", softplus (graph, x)));
}

static IrPort
erf_gate (IrGraph *graph, IrPort inner)
{
  return binary (graph, "Add", unary (graph, "Erf", inner), number (graph, 1));
}

static IrPort
gelu_divided (IrGraph *graph, IrPort x)
{
  IrPort gate =
      erf_gate (graph, binary (graph, "Divide", x, number (graph, sqrt (2))));

  return binary (graph, "Multiply", binary (graph, "Multiply", x, gate),
      number (graph, 0.5));
}

static IrPort
gelu_halved (IrGraph *graph, IrPort x)
{
  IrPort gate = erf_gate (
      graph, binary (graph, "Multiply", x, number (graph, sqrt (0.5))));

  return binary (graph, "Multiply",
      binary (graph, "Multiply", x, number (graph, 0.5)), gate);
}

static IrPort
not_hswish (IrGraph *graph, IrPort x)
{
  return binary (graph, "Divide",
      binary (graph, "Multiply", x, clamped (graph, x)), number (graph, 5));
}

static const struct {
  const char *name;
  IrPort (*build) (IrGraph *graph, IrPort x);
  const char *type;
  gsize n;
} formulas[] = {
  { "swish", swish, "Swish", 1 },
  { "hswish-divided", hswish_divided, "HSwish", 1 },
  { "hswish-gate", hswish_gate, "HSwish", 1 },
  { "hsigmoid", hsigmoid, "HSigmoid", 1 },
  { "softplus", softplus, "SoftPlus", 1 },
  { "mish", mish, "Mish", 1 },
  { "gelu-divided", gelu_divided, "Gelu", 1 },
  { "gelu-halved", gelu_halved, "Gelu", 1 },
  { "not-hswish", not_hswish, "HSwish", 0 },
};

static void
test_activations (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (formulas); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "1,3,6,5");

    g_test_message ("%s", formulas[i].name);
    output (graph, formulas[i].build (graph, x));
    check (graph, NULL, NULL, formulas[i].type, formulas[i].n);
    check (graph, "disable_fusing", "true", formulas[i].type, 0);
    check (graph, "finegrain_fusing", "Mul,Div,Log", formulas[i].type, 0);
  }
}

/* Somebody else reads the sigmoid. */
static void
test_activations_shared (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,3,6,5");
  IrPort gate = unary (graph, "Sigmoid", x);

  output (
      graph, binary (graph, "Add", binary (graph, "Multiply", gate, x), gate));
  check (graph, NULL, NULL, "Swish", 0);
}

/* --- normalisation ------------------------------------------------------------------------ */

static IrPort
mean (IrGraph *graph, IrPort x, gint64 axis)
{
  gint64 axes[] = { axis };
  IrPort y = ir_port (
      ir_graph_add_op (graph, "ReduceMean", 1, "mean", 2, x,
          ir_port (ir_graph_add_const_i64 (graph, "axes", axes, 1), 0)),
      0);

  ir_node_set_bool (y.node, "keep_dims", TRUE, NULL);
  return y;
}

static void
test_layer_norm (void)
{
  for (gint i = 0; i < 4; i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "2,3,8");
    IrPort d = binary (graph, "Subtract", x, mean (graph, x, -1)), square, root;

    square = i == 1 ? binary (graph, "Multiply", d, d)
                    : binary (graph, "Power", d, number (graph, 2));
    root = binary (graph, "Add", mean (graph, square, i == 3 ? 1 : -1),
        number (graph, 1e-3));
    root = i == 2 ? binary (graph, "Power", root, number (graph, 0.5))
                  : unary (graph, "Sqrt", root);
    x = binary (graph, "Divide", d, root);
    x = binary (graph, "Multiply", x, constant (graph, "8", 1, 2, 3));
    output (graph, binary (graph, "Add", x, constant (graph, "8", 1, 2, 4)));
    check (graph, NULL, NULL, "MVN", i == 3 ? 0 : 1);
    check (graph, NULL, NULL, "ReduceMean", i == 3 ? 2 : 0);
    check (graph, "disable_fusing", "true", "MVN", 0);
    check (graph, "finegrain_fusing", "Divide", "MVN", 0);
  }
}

/* --- FakeQuantize ------------------------------------------------------------------------- */

static IrPort
quantize (IrGraph *graph, IrPort x, double low, double high)
{
  IrNode *node = ir_graph_add_op (graph, "FakeQuantize", 1, "fq", 5, x,
      number (graph, low), number (graph, high), number (graph, low / 2),
      number (graph, high / 2));

  ir_node_set_i64 (node, "levels", 256, NULL);
  return ir_port (node, 0);
}

static void
test_quantize_before (void)
{
  static const struct {
    const char *type, *shape;
    double least, most;
    gsize left;
  } rows[] = {
    { "Add", "1", -1, 1, 0 },
    { "Add", "1,3,1,1", -1, 1, 0 },
    { "Multiply", "3,1,1", 0.5, 2, 0 },
    { "Multiply", "1,3,1,1", -2, -0.5, 1 },
    { "Multiply", "1,1,6,5", 0.5, 2, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "1,3,6,5");

    g_test_message ("%" G_GSIZE_FORMAT, i);
    x = binary (graph, rows[i].type, x,
        constant (graph, rows[i].shape, rows[i].least, rows[i].most, 4));
    output (graph, quantize (graph, x, -2, 2));
    check (graph, NULL, NULL, rows[i].type, rows[i].left);
    check (graph, "disable_fusing", "true", rows[i].type, 1);
    check (graph, "finegrain_fusing", "^fq$", rows[i].type, 1);
  }
}

/* Several in a row, and a ReLU that is needed and one that is not. */
static void
test_quantize_relu (void)
{
  for (gint needed = 0; needed < 2; needed++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "1,3,6,5");

    x = unary (graph, "ReLU", x);
    x = binary (graph, "Multiply", x, constant (graph, "1,3,1,1", 1, 2, 4));
    output (graph, quantize (graph, x, needed ? -1 : 0, 4));
    check (graph, NULL, NULL, "Multiply", 0);
    check (graph, NULL, NULL, "ReLU", needed ? 1 : 0);
  }
}

static void
test_quantize_after (void)
{
  static const struct {
    const char *type, *shape;
    gsize left;
  } rows[] = {
    { "Add", "1", 0 },
    { "Multiply", "1,3,1,1", 0 },
    { "Multiply", "1,1,6,5", 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = quantize (graph, input (graph, "x", "1,3,6,5"), -2, 2);

    x = binary (
        graph, rows[i].type, x, constant (graph, rows[i].shape, -2, 2, 4));
    output (graph, unary (graph, "Tanh", x));
    check (graph, NULL, NULL, rows[i].type, rows[i].left);
    check (graph, "finegrain_fusing", "fq", rows[i].type, 1);
  }
}

static IrPort
to_type (IrGraph *graph, IrPort x, IrDType dtype)
{
  IrNode *node = ir_graph_add_op (graph, "Convert", 1, "to", 1, x);

  ir_node_set_dtype (node, "destination_type", dtype, NULL);
  return ir_port (node, 0);
}

/* Quantized and back, as ONNX has it; the input has halves between levels. */
static void
test_quantize_pairs (void)
{
  static const struct {
    double zero, scale;
    gboolean is_signed;
    gsize left;
  } rows[] = {
    { 0, 0.125, TRUE, 1 },
    { 128, 0.125, FALSE, 1 },
    { -6, 0.25, TRUE, 1 },
    { 3, 0.25, FALSE, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort zero = number (graph, rows[i].zero);
    IrPort scale = number (graph, rows[i].scale);
    IrPort x = input (graph, "x", "1,3,6,5");

    g_test_message ("%" G_GSIZE_FORMAT, i);
    x = binary (graph, "Multiply", x, number (graph, 16));
    x = unary (graph, "Floor", x);
    x = binary (graph, "Multiply", x, number (graph, 1.0 / 16));
    x = unary (graph, "Round", binary (graph, "Divide", x, scale));
    x = unary (graph, "Clamp", binary (graph, "Add", x, zero));
    ir_node_set_f64 (x.node, "min", rows[i].is_signed ? -128 : 0, NULL);
    ir_node_set_f64 (x.node, "max", rows[i].is_signed ? 127 : 255, NULL);
    x = to_type (graph, x, rows[i].is_signed ? IR_DTYPE_I8 : IR_DTYPE_U8);
    x = binary (graph, "Subtract", to_type (graph, x, IR_DTYPE_F32), zero);
    x = binary (graph, "Multiply", x, scale);
    output (graph, unary (graph, "Tanh", x));
    check (graph, NULL, NULL, "FakeQuantize", rows[i].left);
    check (graph, NULL, NULL, "Round", 1 - rows[i].left);
    check (graph, "disable_fusing", "true", "FakeQuantize", 0);
  }
}

/* A factor per channel goes to the convolution, or stays where the weights are
 * quantized, but not into the range before it; the bias of a convolution stays out
 * of the range behind it. */
static void
test_quantize_conv (void)
{
  for (gint quantized = 0; quantized < 2; quantized++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    g_autoptr (GError) error = NULL;
    g_autoptr (IrGraph) after = NULL;
    IrPort x = quantize (graph, input (graph, "x", "1,3,6,5"), -2, 2);
    IrPort weights = constant (graph, "4,3,3,3", -1, 1, 1);

    if (quantized)
      weights = quantize (graph, weights, -1, 1);
    x = binary (graph, "Multiply", x, constant (graph, "1,3,1,1", 1, 2, 4));
    x = conv (graph, "Convolution", x, weights, 1);
    x = binary (graph, "Add", x, constant (graph, "1,4,1,1", -1, 1, 3));
    output (graph, quantize (graph, x, -3, 3));
    after = convert (graph, &error, "optimize", "true", NULL);
    g_assert_no_error (error);
    compare_graphs (graph, after, 2e-6);
    g_assert_cmpuint (count (after, "Multiply"), ==, quantized);
    g_assert_cmpuint (count (after, "Add"), ==, 1);
    for (const IrNode *node = after->first; node; node = node->next)
      if (ir_node_is (node, "FakeQuantize"))
        for (guint i = 1; i < 5; i++)
          g_assert_cmpuint (
              ir_tensor_count (ir_node_input (node, i)->value), ==, 1);
  }
}

int
main (int argc, char **argv)
{
  graphs_init (&argc, &argv);
  g_test_add_func ("/activations/all", test_activations);
  g_test_add_func ("/activations/shared", test_activations_shared);
  g_test_add_func ("/layer-norm", test_layer_norm);
  g_test_add_func ("/quantize/before", test_quantize_before);
  g_test_add_func ("/quantize/relu", test_quantize_relu);
  g_test_add_func ("/quantize/after", test_quantize_after);
  g_test_add_func ("/quantize/pairs", test_quantize_pairs);
  g_test_add_func ("/quantize/conv", test_quantize_conv);
  return graphs_run ();
}
