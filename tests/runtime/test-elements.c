/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As test-layers.c: what is computed element by element, and what joins elements over
 * any axes. */
#include "layer-net.h"

/* Some of the axes, whose bits lie between. */
static IrPort
some_axes (Net *net, int low, int high)
{
  const int chosen = pick (low, high);
  gint64 axes[4];
  gsize n = 0;

  for (int d = 0; d < 4; d++)
    if (chosen >> d & 1)
      axes[n++] = d;
  return integers (net, n, axes);
}

/* So large now and then that threads share a group. */
static IrPort
enlarge (Net *net, IrPort x)
{
  const gint64 sizes[] = { 96, 96 }, axes[] = { 2, 3 };
  IrPort y;

  if (pick (0, 9))
    return x;
  y = ir_port (
      ir_graph_add_op (net->graph, "Interpolate", 4, "Resize", 4, x,
          integers (net, 2, sizes), constant (net, 1, 2, 0, 0, 0, 0, 1),
          integers (net, 2, axes)),
      0);
  set (y, "mode", "nearest");
  set (y, "shape_calculation_mode", "sizes");
  net->h = net->w = sizes[0];
  return y;
}

static IrPort
reduce_any (Net *net, IrPort x)
{
  static const char *const types[] = { "ReduceSum", "ReduceL2", "ReduceL1",
    "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd" };
  static const guint opsets[] = { 1, 4, 4, 1, 1, 1, 1 };
  const guint i = pick (0, G_N_ELEMENTS (types) - 1);
  const gint64 axis = pick (0, 3);
  IrPort size = constant (net, 0, 0, 0, 0, 0, 0, 1);
  double n;

  if (i < 6)
    x = enlarge (net, x);
  n = net->n * net->c * net->h * net->w;
  /* Errors are measured by sums of the order of 1. */
  *(float *) ir_port_const (size)->data = i == 2 ? 1 / n : even_size (n);
  if (i < 3)
    x = op (net, "Multiply", 1, x, size);
  x = op (net, types[i], opsets[i], x,
      i == 6 ? integers (net, 1, &axis) : some_axes (net, 1, 15));
  set (x, "keep_dims", "%s", pick (0, 1) ? "true" : "false");
  return x;
}

/* Neighbours along any axis that are apart: numbers whose mean is of the order of their
 * deviation, as it is not the rounding of what cancels that is to be measured. */
static IrPort
uneven (Net *net, IrPort x)
{
  IrPort signs = constant (net, 4, 1, net->c, net->h, net->w, 0, 1);
  float *sign = ir_port_const (signs)->data;

  for (gint64 c = 0; c < net->c; c++)
    for (gint64 y = 0; y < net->h; y++)
      for (gint64 i = 0; i < net->w; i++)
        *sign++ = (c + y + i) % 2 ? 1 : -1;
  return op (net, "Add", 1, x, signs);
}

static IrPort
deviations (Net *net, IrPort x)
{
  const IrPort none = { NULL, 0 };

  x = uneven (net, enlarge (net, op (net, "ReLU", 1, x, none)));
  if (pick (0, 2)) {
    /* Two numbers that are nearly the same would have no deviation. */
    x = op (net, "MVN", 6, x,
        net->c > 15 && pick (0, 1) ? some_axes (net, 2, 2)
                                   : some_axes (net, 4, 15));
    set (x, "eps_mode", "%s", pick (0, 1) ? "inside_sqrt" : "outside_sqrt");
  } else {
    x = op (net, "MVN", 2, x, none);
    set (x, "across_channels", "%s", pick (0, 1) ? "true" : "false");
  }
  set (x, "eps", "1e-%d", pick (1, 6));
  set (x, "normalize_variance", "%s", pick (0, 3) ? "true" : "false");
  return x;
}

/* Vectors that are not short because parts of sums cancel. */
static IrPort
lengths (Net *net, IrPort x)
{
  const IrPort none = { NULL, 0 };

  x = enlarge (net, op (net, "Sigmoid", 1, x, none));
  if (pick (0, 2) == 0) {
    x = op (net, "GRN", 1, x, none);
    set (x, "bias", "1e-%d", pick (1, 6));
    return x;
  }
  x = op (net, "NormalizeL2", 1, x, some_axes (net, 1, 15));
  set (x, "eps", "1e-%d", pick (1, 6));
  set (x, "eps_mode", "%s", pick (0, 1) ? "add" : "max");
  return x;
}

/* Groups of channels; numbers as for deviations(). */
static IrPort
groups (Net *net, IrPort x)
{
  const IrPort none = { NULL, 0 };
  gint64 n = pick (1, 8);
  IrNode *node;

  while (net->c % n)
    n--;
  x = uneven (net, enlarge (net, op (net, "ReLU", 1, x, none)));
  node = ir_graph_add_op (net->graph, "GroupNormalization", 12, "groups", 3, x,
      constant (net, 1, net->c, 0, 0, 0, 0, 1),
      constant (net, 1, net->c, 0, 0, 0, 0, 1));
  x = ir_port (node, 0);
  set (x, "num_groups", "%d", (int) n);
  set (x, "epsilon", "1e-%d", pick (1, 6));
  return x;
}

/* Along one axis: what is around, what is before; and around in planes. */
static IrPort
lines (Net *net, IrPort x)
{
  const gint64 axis = pick (0, 3), axes[] = { 2, -1 };
  IrPort y;

  if (pick (0, 2)) {
    y = op (net, "LRN", 1, x,
        pick (0, 1) ? integers (net, 1, &axis) : integers (net, 2, axes));
    set (y, "alpha", "0.%d", pick (1, 9));
    set (y, "beta", "0.%d", pick (1, 9));
    set (y, "bias", "1.%d", pick (0, 9));
    set (y, "size", "%d", pick (1, 7));
    return y;
  }
  y = op (net, "CumSum", 3, x, integers (net, 1, &axis));
  set (y, "exclusive", "%s", pick (0, 1) ? "true" : "false");
  set (y, "reverse", "%s", pick (0, 1) ? "true" : "false");
  return y;
}

/* A constant that goes with [n, c, h, w]. */
static IrPort
broadcast (Net *net)
{
  switch (pick (0, 7)) {
    case 0:
      return constant (net, 0, 0, 0, 0, 0, 0, 1);
    case 1:
      return constant (net, 4, 1, 1, net->h, net->w, 0, 1);
    case 2:
      return constant (net, 1, net->w, 0, 0, 0, 0, 1);
    case 3:
      return constant (net, 4, net->n, 1, net->h, 1, 0, 1);
    case 4:
      return constant (net, 4, net->n, net->c, net->h, net->w, 0, 1);
    case 5:
      return constant (net, 3, net->c, 1, net->w, 0, 0, 1);
    default:
      return constant (net, 4, 1, net->c, 1, 1, 0, 1);
  }
}

static IrPort
three (Net *net, const char *type, IrPort a, IrPort b, IrPort c)
{
  return ir_port (ir_graph_add_op (net->graph, type, 1, type, 3, a, b, c), 0);
}

/* Truths for each pixel or for each number, that rounding does not turn around. */
static IrPort
truths (Net *net)
{
  const gint64 channels = 1;
  IrPort x = ir_port (g_ptr_array_index (net->graph->parameters, 0), 0);
  IrPort most = op (net, "ReduceMax", 1, x, integers (net, 1, &channels)),
         limit;

  set (most, "keep_dims", "true");
  if (pick (0, 1))
    most = op (net, pick (0, 1) ? "Maximum" : "Minimum", 1, most,
        constant (net, 4, 1, net->c, 1, 1, 0, 1));
  limit = constant (net, 0, 0, 0, 0, 0, 0, 1);
  return op (net, pick (0, 1) ? "Greater" : "LessEqual", 1, most, limit);
}

static IrPort
chosen (Net *net, IrPort x, IrPort y)
{
  const IrPort none = { NULL, 0 };
  IrPort which = truths (net);

  if (pick (0, 1))
    which = op (net, pick (0, 1) ? "LogicalAnd" : "LogicalXor", 1, which,
        op (net, "LogicalNot", 1, truths (net), none));
  return three (net, "Select", which, x, y);
}

/* Without a jump at 0. */
static IrPort
half_of (Net *net, IrPort x)
{
  IrPort zero = constant (net, 0, 0, 0, 0, 0, 0, 0), y;

  y = op (net, pick (0, 1) ? "Greater" : "GreaterEqual", 1, x, zero);
  y = op (net, "Convert", 1, y, (IrPort){ NULL, 0 });
  set (y, "destination_type", "f32");
  return op (net, "Multiply", 1, y, x);
}

static IrPort
element_wise (Net *net, IrPort x, IrPort other)
{
  static const char *const functions[] = { "Sigmoid", "Tanh", "Abs", "Erf",
    "SoftSign", "Sin", "Cos" };
  static const guint opsets[] = { 1, 1, 1, 1, 9, 1, 1 };
  static const char *const linear[] = { "Add", "Subtract", "Maximum",
    "Minimum" };
  const int function = pick (0, 6);

  switch (pick (0, 7)) {
    case 0:
      return op (
          net, functions[function], opsets[function], x, (IrPort){ NULL, 0 });
    case 1:
      return op (net, linear[pick (0, 3)], 1, x, other);
    case 2:
      return op (net, "PReLU", 1, x, constant (net, 1, net->c, 0, 0, 0, 0, 1));
    case 3:
      return chosen (net, x, other);
    case 4:
      return half_of (net, x);
    case 5:
      return op (net, linear[pick (0, 3)], 1, broadcast (net), x);
    case 6:
      x = op (net, "HSigmoid", 5, x, (IrPort){ NULL, 0 });
      x = op (net, "Add", 1, x, constant (net, 0, 0, 0, 0, 0, 0, 0.1));
      x = op (net, "Maximum", 1, x, op (net, "Exp", 1, x, (IrPort){ NULL, 0 }));
      return op (net, "Power", 1, x, broadcast (net));
    default:
      return op (net, "Multiply", 1, x, broadcast (net));
  }
}

/* Any of them behind each other, with branches that come together again or are needed
 * elsewhere, too; of a convolution or of the network's input. */
static IrPort
chain (Net *net, IrPort x)
{
  const int n = pick (2, 16);
  IrPort values[18];

  values[0] = x;
  if (pick (0, 2) == 0) {
    values[0] = ir_port (g_ptr_array_index (net->graph->parameters, 0), 0);
    net->c = ir_port_output (values[0])->shape.dim[1];
  }
  for (int i = 0; i < n; i++)
    values[i + 1] = element_wise (net, values[pick (MAX (i - 1, 0), i)],
        values[pick (MAX (i - 4, 0), i)]);
  if (pick (0, 2))
    return op (net, "Add", 1, values[n], values[pick (0, n)]);
  x = op (net, "Convolution", 1, values[n],
      constant (net, 4, 5, net->c, 1, 1, 0, even_size (net->c)));
  set_window (x, 0, 1);
  return op (net, "Add", 1, x,
      op (net, "ReduceMean", 1, values[pick (0, n)],
          integers (net, 4, (const gint64[]){ 0, 1, 2, 3 })));
}

static const struct {
  const char *name;
  IrPort (*layer) (Net *net, IrPort x);
} layers[] = {
  { "chain", chain },
  { "reduction", reduce_any },
  { "deviations", deviations },
  { "groups", groups },
  { "lengths", lengths },
  { "lines", lines },
};

static void
test_layer (gconstpointer data)
{
  g_autoptr (IrCore) core = ir_core_new ();

  for (int round = 0; round < ROUNDS; round++) {
    Net net = { ir_graph_new ("layer"), pick (1, 2), pick (1, 40),
      pick (12, 30), pick (12, 30) };
    g_autoptr (IrGraph) graph = net.graph;
    const gint64 in = pick (1, 5);
    const IrShape shape = { 4, { net.n, in, net.h, net.w } };
    IrPort x = ir_port (
        ir_graph_add_parameter (net.graph, "in", IR_DTYPE_F32, &shape), 0);

    x = layers[GPOINTER_TO_INT (data)].layer (
        &net, point_conv (&net, x, in, net.c));
    ir_graph_add_result (net.graph, "out", x);
    check_layer (core, graph);
  }
}

/* --- what becomes of them --------------------------------------------------- */

static IrCompiledModel *
compile (IrCore *core, IrGraph *graph, IrPort x)
{
  g_autoptr (GError) error = NULL;
  IrCompiledModel *model;

  ir_graph_add_result (graph, "out", x);
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  model = ir_core_compile (core, graph, "CPU", "PRECISION=f32", &error);
  g_assert_no_error (error);
  return model;
}

static IrPort
input (Net *net)
{
  const IrShape shape = { 4, { net->n, net->c, net->h, net->w } };

  return ir_port (
      ir_graph_add_parameter (net->graph, "in", IR_DTYPE_F32, &shape), 0);
}

/* Branches that meet again; what is read elsewhere, too, and what a convolution takes
 * into its own step are not in the chain. */
static void
test_steps (void)
{
  Net net = { ir_graph_new ("chain"), 1, 16, 20, 20 };
  const IrPort none = { NULL, 0 };
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = net.graph;
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (GPtrArray) profile = NULL;
  IrPort x, y;
  guint seen = 0;

  x = op (&net, "Multiply", 1, input (&net), broadcast (&net));
  y = op (&net, "Greater", 1, x, constant (&net, 0, 0, 0, 0, 0, 0, 1));
  y = three (&net, "Select", y, x, op (&net, "Sigmoid", 1, x, none));
  x = op (&net, "Add", 1, point_conv (&net, y, 16, 16), y);
  model = compile (core, graph, op (&net, "Tanh", 1, x, none));
  profile = ir_compiled_model_get_profile (model);
  for (guint i = 0; i < profile->len; i++) {
    const IrProfile *step = g_ptr_array_index (profile, i);

    if (!g_str_equal (step->kernel, "reorder"))
      seen++;
  }
  g_assert_cmpuint (seen, ==, 2);
}

/* Who asks only for the size of a convolution's output does not keep the bias, whose
 * shape comes from it, out of its step. */
static void
test_sizes (void)
{
  Net net = { ir_graph_new ("sizes"), 1, 16, 20, 20 };
  const IrPort none = { NULL, 0 };
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = net.graph;
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (GPtrArray) profile = NULL;
  IrPort x, means, bias;

  x = point_conv (&net, input (&net), 16, 16);
  means = op (&net, "ReduceMean", 1, x, some_axes (&net, 12, 12));
  set (means, "keep_dims", "true");
  bias = op (&net, "Reshape", 1, constant (&net, 1, 16, 0, 0, 0, 0, 1),
      op (&net, "ShapeOf", 3, means, none));
  model = compile (core, graph, op (&net, "Add", 1, x, bias));
  profile = ir_compiled_model_get_profile (model);
  for (guint i = 0; i < profile->len; i++) {
    const IrProfile *step = g_ptr_array_index (profile, i);

    g_assert_true (g_str_equal (step->kernel, "reorder") ||
        g_str_equal (step->type, "Convolution"));
  }
}

/* Normalizations that have no step of their own are made of those that have. */
static void
test_norms (void)
{
  const gint64 axes[] = { 2, 3 };

  for (guint i = 0; i < 2; i++) {
    Net net = { ir_graph_new ("norm"), 1, 16, 20, 20 };
    g_autoptr (IrCore) core = ir_core_new ();
    g_autoptr (IrGraph) graph = net.graph;
    g_autoptr (IrCompiledModel) model = NULL;
    g_autoptr (GPtrArray) profile = NULL;
    IrPort x = input (&net);

    if (i == 0) {
      x = groups (&net, x);
    } else {
      x = op (&net, "LRN", 1, x, integers (&net, 2, axes));
      set (x, "alpha", "0.1");
      set (x, "beta", "0.75");
      set (x, "bias", "1");
      set (x, "size", "4");
    }
    model = compile (core, graph, x);
    profile = ir_compiled_model_get_profile (model);
    for (guint s = 0; s < profile->len; s++)
      g_assert_cmpstr (
          ((const IrProfile *) profile->pdata[s])->kernel, !=, "reference");
  }
}

/* Step after step in the memory of the first one's output. */
static void
test_place (void)
{
  Net net = { ir_graph_new ("chain"), 1, 16, 20, 20 };
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = net.graph;
  g_autoptr (IrCompiledModel) model = NULL;
  IrModelMemory memory;
  IrPort x;

  x = op (&net, "SoftMax", 1, input (&net), (IrPort){ NULL, 0 });
  x = op (&net, "MVN", 6, x, some_axes (&net, 4, 15));
  set (x, "eps", "1e-3");
  set (x, "eps_mode", "inside_sqrt");
  set (x, "normalize_variance", "true");
  x = op (&net, "Multiply", 1, x, broadcast (&net));
  model = compile (core, graph, x);
  g_assert_true (ir_compiled_model_get_memory (model, &memory));
  g_assert_cmpuint (memory.arena, ==, 16 * 20 * 20 * sizeof (float));
}

/* There is no memory for places of maxima that nobody asks for. */
static void
test_places (void)
{
  Net net = { ir_graph_new ("pool"), 1, 16, 20, 20 };
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = net.graph;
  g_autoptr (IrCompiledModel) model = NULL;
  const gsize in = 16 * 20 * 20 * sizeof (float), out = in / 4;
  IrModelMemory memory;
  IrPort x = op (&net, "MaxPool", 8, input (&net), (IrPort){ NULL, 0 });

  set (x, "kernel", "2,2");
  set (x, "strides", "2,2");
  set (x, "dilations", "1,1");
  set (x, "pads_begin", "0,0");
  set (x, "pads_end", "0,0");
  model = compile (core, graph, x);
  g_assert_true (ir_compiled_model_get_memory (model, &memory));
  g_assert_cmpuint (memory.arena, >=, in + out);
  g_assert_cmpuint (memory.arena, <, in + 2 * out);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    g_autofree char *path = g_strdup_printf ("/elements/%s", layers[i].name);

    g_test_add_data_func (path, GINT_TO_POINTER (i), test_layer);
  }
  g_test_add_func ("/elements/steps", test_steps);
  g_test_add_func ("/elements/sizes", test_sizes);
  g_test_add_func ("/elements/norms", test_norms);
  g_test_add_func ("/elements/place", test_place);
  g_test_add_func ("/elements/places", test_places);
  return g_test_run ();
}
