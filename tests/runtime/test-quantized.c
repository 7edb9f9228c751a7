/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Quantized networks on the CPU against REFERENCE, in bytes where the processor can
 * and in f32; with one thread and several, which must give the same bits. */
#include "layer-net.h"

/* What has levels here is a whole multiple of a power of two, and what is rounded to
 * levels lies well between two of them: so every way has to find the same. */

static IrPort
number (Net *net, double value)
{
  IrPort port = constant (net, 0, 0, 0, 0, 0, 0, 1);

  *(float *) ir_port_const (port)->data = (float) value;
  return port;
}

static IrPort
fake_quantize (Net *net, IrPort x, IrPort low, IrPort high, int levels)
{
  x = ir_port (ir_graph_add_op (net->graph, "FakeQuantize", 1, "FakeQuantize",
                   5, x, low, high, low, high),
      0);
  set (x, "levels", "%d", levels);
  return x;
}

/* To 256 levels of 2 to the power of @exponent, half of them below zero or none. */
static IrPort
to_levels (Net *net, IrPort x, int exponent, gboolean with_negative)
{
  const double step = ldexp (1, exponent);
  const int zero = with_negative ? 128 : 0;

  return fake_quantize (net, x, number (net, -zero * step),
      number (net, (255 - zero) * step), 256);
}

/* Bytes times a number of each channel. */
static IrPort
stored_bytes (Net *net, const IrShape *shape, IrPort scale)
{
  const gboolean has_sign = pick (0, 1);
  const IrDType dtype = has_sign ? IR_DTYPE_I8 : IR_DTYPE_U8;
  g_autoptr (IrTensor) value = ir_tensor_new (dtype, shape, NULL);
  const IrPort none = { NULL, 0 };
  IrPort w;

  for (guint64 i = 0; i < ir_tensor_count (value); i++)
    ((guint8 *) value->data)[i] = pick (0, 255);
  w = ir_port (ir_graph_add_const (net->graph, "w", value), 0);
  w = op (net, "Convert", 1, w, none);
  set (w, "destination_type", "f32");
  if (!has_sign || pick (0, 1))
    w = op (net, "Subtract", 1, w, number (net, has_sign ? 0 : 128));
  return op (net, "Multiply", 1, w, scale);
}

/* Weights of a step of 1/1024 or 1/2048 for each element of the first @n dimensions. */
static IrPort
byte_weights (Net *net, const IrShape *shape, gint n)
{
  IrShape channels = *shape;
  g_autoptr (IrTensor) low = NULL, high = NULL, value = NULL;
  float *ends[2];

  for (gint d = n; d < shape->rank; d++)
    channels.dim[d] = 1;
  low = random_tensor (&channels, 1);
  high = random_tensor (&channels, 1);
  ends[0] = low->data;
  ends[1] = high->data;
  for (guint64 i = 0; i < ir_tensor_count (low); i++) {
    ends[1][i] = pick (0, 1) ? 1.0f / 1024 : 1.0f / 2048;
    ends[0][i] = -127 * ends[1][i];
  }
  if (pick (0, 1))
    return stored_bytes (
        net, shape, ir_port (ir_graph_add_const (net->graph, "s", high), 0));
  for (guint64 i = 0; i < ir_tensor_count (low); i++)
    ends[1][i] *= 127;
  value = random_tensor (shape, 1);
  return fake_quantize (net,
      ir_port (ir_graph_add_const (net->graph, "w", value), 0),
      ir_port (ir_graph_add_const (net->graph, "l", low), 0),
      ir_port (ir_graph_add_const (net->graph, "h", high), 0), 255);
}

/* Biases that bring sums of such products between two levels. */
static IrPort
add_odd_bias (Net *net, IrPort x, gint64 channels, int exponent)
{
  IrPort bias = constant (net, 4, 1, channels, 1, 1, 0, 1);
  float *numbers = ir_port_const (bias)->data;

  for (gint64 i = 0; i < channels; i++)
    numbers[i] = ldexp (2 * pick (-200, 200) + 1, exponent - 1);
  return op (net, "Add", 1, x, bias);
}

/* A convolution of levels whose products are multiples of 2^@exponent. */
static IrPort
level_conv (
    Net *net, IrPort x, gint64 in, gint64 out, int exponent, gboolean same_size)
{
  const int size = pick (0, 1) ? 3 : 1;
  const IrShape dense = { 4, { out, in, size, size } };
  const IrShape grouped = { 5, { 2, out / 2, in / 2, size, size } };

  x = in % 16 == 0 && out % 2 == 0 && pick (0, 1)
      ? op (net, "GroupConvolution", 1, x, byte_weights (net, &grouped, 2))
      : op (net, "Convolution", 1, x, byte_weights (net, &dense, 1));
  set_window (x, size / 2, 2);
  if (same_size) {
    set (x, "strides", "%d,%d", 1, 1);
    set (x, "dilations", "%d,%d", 1, 1);
    set (x, "pads_begin", "%d,%d", size / 2, size / 2);
    set (x, "pads_end", "%d,%d", size / 2, size / 2);
  }
  return add_odd_bias (net, x, out, exponent);
}

/* What keeps the levels of its input, or the largest ones. */
static IrPort
keep_levels (Net *net, IrPort x)
{
  const IrPort none = { NULL, 0 };
  IrPort y = op (net, "MaxPool", 1, x, none);

  set (y, "kernel", "%d,%d", 3, 3);
  set (y, "strides", "%d,%d", 1, 1);
  set (y, "pads_begin", "%d,%d", 1, 1);
  set (y, "pads_end", "%d,%d", 1, 1);
  if (pick (0, 1))
    return y;
  y = op (net, "Concat", 1, y, x);
  set (y, "axis", "%d", 1);
  return y;
}

/* Two convolutions of levels, with what networks have between them. */
static IrPort
quantized (Net *net)
{
  const IrNode *parameter = g_ptr_array_index (net->graph->parameters, 0);
  const gint64 in = parameter->outputs[0].shape.dim[1];
  const gboolean adds = pick (0, 1);
  gint64 channels = pick (0, 1) ? 16 * pick (1, 3) : pick (1, 40);
  gint64 out;
  IrPort x, y;

  x = to_levels (net, ir_port ((IrNode *) parameter, 0), -7, pick (0, 1));
  x = level_conv (net, x, in, channels, -18, FALSE);
  if (pick (0, 1))
    x = op (net, "ReLU", 1, x, (IrPort){ NULL, 0 });
  x = to_levels (net, x, -7, pick (0, 1));
  if (pick (0, 1))
    x = keep_levels (net, x);
  if (ir_node_is (x.node, "Concat"))
    channels *= 2;
  out = adds ? channels : pick (1, 40);
  y = level_conv (net, x, channels, out, -18, adds);
  if (adds)
    y = op (net, "Add", 1, y, x);
  if (pick (0, 1))
    return finish (net, y, out);
  y = to_levels (net, y, -6, TRUE);
  return pick (0, 1) ? op (net, "Tanh", 1, y, (IrPort){ NULL, 0 }) : y;
}

static IrGraph *
make_graph (void)
{
  Net net = { ir_graph_new ("quantized"), pick (1, 2), pick (1, 5),
    pick (20, 30), pick (20, 30) };
  const IrShape shape = { 4, { net.n, net.c, net.h, net.w } };
  g_autoptr (GError) error = NULL;

  ir_graph_add_parameter (net.graph, "in", IR_DTYPE_F32, &shape);
  ir_graph_add_result (net.graph, "out", quantized (&net));
  ir_graph_infer (net.graph, &error);
  g_assert_no_error (error);
  return net.graph;
}

static void
test_layers (void)
{
  g_autoptr (IrCore) core = ir_core_new ();

  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (IrGraph) graph = make_graph ();
    g_autoptr (IrTensor) in =
        random_tensor (&graph->first->outputs[0].shape, 1);
    g_autoptr (IrTensor) want = run (core, graph, "REFERENCE", NULL, in);
    g_autoptr (IrTensor) one = run (core, graph, "CPU", "THREADS=1", in);
    g_autoptr (IrTensor) many = run (core, graph, "CPU", "THREADS=3", in);
    g_autoptr (IrTensor) plain =
        run (core, graph, "CPU", "WINOGRAD=NO,INT8=NO", in);

    assert_near (one, want, 5e-6);
    assert_near (plain, want, 5e-6);
    g_assert_true (ir_tensor_equal (one, many));
  }
}

/* Where a window sees nothing its largest number is no level. */
static void
test_nothing_seen (void)
{
  const IrShape shape = { 4, { 1, 1, 6, 6 } }, weights = { 4, { 1, 1, 1, 1 } };
  const IrPort none = { NULL, 0 };
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = ir_graph_new ("nothing");
  g_autoptr (IrTensor) in = random_tensor (&shape, 1), want = NULL, got = NULL;
  g_autoptr (GError) error = NULL;
  Net net = { graph, 1, 1, 6, 6 };
  IrPort x =
      ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape), 0);

  x = op (&net, "MaxPool", 1, to_levels (&net, x, -7, TRUE), none);
  set (x, "kernel", "%d,%d", 2, 2);
  set (x, "strides", "%d,%d", 1, 1);
  set (x, "pads_begin", "%d,%d", 2, 2);
  set (x, "pads_end", "%d,%d", 2, 2);
  x = op (&net, "Convolution", 1, x, byte_weights (&net, &weights, 1));
  set (x, "strides", "%d,%d", 1, 1);
  set (x, "dilations", "%d,%d", 1, 1);
  set (x, "pads_begin", "%d,%d", 0, 0);
  set (x, "pads_end", "%d,%d", 0, 0);
  ir_graph_add_result (graph, "out", x);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  want = run (core, graph, "REFERENCE", NULL, in);
  got = run (core, graph, "CPU", NULL, in);
  assert_near (got, want, 5e-6);
}

/* In bf16 what lies between quantized layers is. */
static void
test_bf16 (void)
{
  g_autoptr (IrCore) core = ir_core_new ();

  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr (IrGraph) graph = make_graph ();
    g_autoptr (IrTensor) in =
        random_tensor (&graph->first->outputs[0].shape, 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (IrCompiledModel) model =
        ir_core_compile (core, graph, "CPU", "PRECISION=bf16", &error);
    g_autoptr (IrTensor) want = NULL, got = NULL;

    if (!model) {
      g_test_skip ("no bf16 here");
      return;
    }
    want = run (core, graph, "REFERENCE", NULL, in);
    got = run (core, graph, "CPU", "PRECISION=bf16", in);
    assert_near (got, want, 2e-2);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/quantized/layers", test_layers);
  g_test_add_func ("/quantized/bf16", test_bf16);
  g_test_add_func ("/quantized/nothing-seen", test_nothing_seen);
  return g_test_run ();
}
