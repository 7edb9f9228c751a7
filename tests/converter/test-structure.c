/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rewrites that change what layers there are: padding, groups, strides. Numbers
 * before and after, counts of ops, and the switches. */
#include "graphs.h"

#include <ir/attrs.h>
#include <ir/convert.h>

#include <string.h>

/* Converts with --optimize and @option=@value, if that is not NULL, and compares. */
static IrGraph *
optimize (IrGraph *graph, const char *option, const char *value)
{
  g_autoptr (GError) error = NULL;
  IrGraph *after =
      convert (graph, &error, "optimize", "true", option, value, NULL);

  g_assert_no_error (error);
  compare_graphs (graph, after, 2e-6);
  return after;
}

static void
check_count (IrGraph *graph, const char *option, const char *value,
    const char *type, gsize n)
{
  g_autoptr (IrGraph) after = optimize (graph, option, value);

  g_test_message ("%s %s: %s", option, value, type);
  g_assert_cmpuint (count (after, type), ==, n);
}

static IrPort
unary (IrGraph *graph, const char *type, IrPort x)
{
  return ir_port (ir_graph_add_op (graph, type, 1, type, 1, x), 0);
}

static IrPort
stride (IrPort x, gint64 step)
{
  gint64 steps[] = { step, step };

  ir_node_set_i64s (x.node, "strides", steps, 2, NULL);
  return x;
}

static guint64
macs (const IrGraph *graph)
{
  guint64 sum = 0;

  for (const IrNode *node = graph->first; node; node = node->next) {
    guint64 own;

    g_assert_true (ir_node_macs (node, &own));
    sum += own;
  }
  return sum;
}

/* --- padding ---------------------------------------------------------------------------- */

static IrPort
pad (IrGraph *graph, IrPort x, const gint64 *begin, const gint64 *end,
    float value)
{
  g_autoptr (IrTensor) fill = ir_tensor_new_scalar (IR_DTYPE_F32, value);
  IrNode *node = ir_graph_add_op (graph, "Pad", 1, "pad", 4, x,
      ir_port (ir_graph_add_const_i64 (graph, "begin", begin, 4), 0),
      ir_port (ir_graph_add_const_i64 (graph, "end", end, 4), 0),
      ir_port (ir_graph_add_const (graph, "fill", fill), 0));

  ir_node_set_text (node, "pad_mode", "constant", NULL);
  return ir_port (node, 0);
}

static IrPort
pool (IrGraph *graph, const char *type, IrPort x, gint64 own, gboolean exclude)
{
  IrNode *node = ir_graph_add_op (graph, type, 1, "pool", 1, x);
  gint64 twos[] = { 2, 2 }, kernel[] = { 3, 3 }, pads[] = { own, own };

  ir_node_set_i64s (node, "strides", twos, 2, NULL);
  ir_node_set_i64s (node, "kernel", kernel, 2, NULL);
  ir_node_set_i64s (node, "pads_begin", pads, 2, NULL);
  ir_node_set_i64s (node, "pads_end", pads, 2, NULL);
  if (strcmp (type, "AvgPool") == 0)
    ir_node_set_bool (node, "exclude-pad", exclude, NULL);
  return ir_port (node, 0);
}

static const gint64 begin[] = { 0, 0, 1, 2 }, end[] = { 0, 0, 2, 1 };
static const gint64 channels[] = { 0, 1, 0, 0 }, nothing[] = { 0, 0, 0, 0 };

static void
test_pad_conv (void)
{
  static const struct {
    const char *type, *weights;
    const gint64 *begin, *end;
    float value;
    gint64 own;
    gsize left;
  } rows[] = {
    { "Convolution", "4,3,3,3", begin, end, 0, 1, 0 },
    { "GroupConvolution", "3,2,1,3,3", begin, end, 0, 0, 0 },
    { "ConvolutionBackpropData", "3,5,6,6", begin, end, 0, 4, 0 },
    { "GroupConvolutionBackpropData", "3,1,2,6,6", begin, end, 0, 4, 0 },
    /* More than the output can be cut off less. */
    { "ConvolutionBackpropData", "3,5,6,6", begin, end, 0, 3, 1 },
    { "Convolution", "4,3,3,3", begin, end, 1, 1, 1 },
    { "Convolution", "4,4,3,3", channels, nothing, 0, 1, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "1,3,6,5");

    g_test_message ("%" G_GSIZE_FORMAT, i);
    x = pad (graph, x, rows[i].begin, rows[i].end, rows[i].value);
    x = conv (graph, rows[i].type, x,
        constant (graph, rows[i].weights, -1, 1, 9), rows[i].own);
    output (graph, stride (x, 2));
    check_count (graph, NULL, NULL, "Pad", rows[i].left);
    check_count (graph, "disable_fusing", "true", "Pad", 1);
    check_count (graph, "finegrain_fusing", "^pa", "Pad", 1);
    check_count (graph, "finegrain_fusing", "nowhere,onv", "Pad", 1);
  }
}

static void
test_pad_pool (void)
{
  static const struct {
    const char *type, *before;
    float value;
    gint64 own;
    gboolean exclude;
    gsize left;
  } rows[] = {
    { "AvgPool", "Tanh", 0, 0, TRUE, 0 },
    { "AvgPool", "Tanh", 0, 0, FALSE, 0 },
    /* Pads that count and pads that don't. */
    { "AvgPool", "Tanh", 0, 1, TRUE, 1 },
    { "AvgPool", "Tanh", 1, 0, TRUE, 1 },
    { "MaxPool", "ReLU", 0, 0, FALSE, 0 },
    { "MaxPool", "Tanh", -G_MAXFLOAT, 0, FALSE, 0 },
    { "MaxPool", "Tanh", 0, 0, FALSE, 1 },
    /* Some windows would see padding only. */
    { "MaxPool", "ReLU", 0, 2, FALSE, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = unary (graph, rows[i].before, input (graph, "x", "1,3,7,6"));

    g_test_message ("%" G_GSIZE_FORMAT, i);
    x = pad (graph, x, begin, end, rows[i].value);
    output (graph, pool (graph, rows[i].type, x, rows[i].own, rows[i].exclude));
    check_count (graph, NULL, NULL, "Pad", rows[i].left);
  }
}

/* Both readers take it, or none does. */
static void
test_pad_readers (void)
{
  for (gint strange = 0; strange < 2; strange++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = input (graph, "x", "1,3,6,5"), a, b;

    x = pad (graph, x, begin, end, 0);
    a = conv (
        graph, "Convolution", x, constant (graph, "4,3,3,3", -1, 1, 9), 1);
    b = strange ? binary (graph, "Add", x, constant (graph, "1", 1, 2, 3))
                : conv (graph, "GroupConvolution", x,
                      constant (graph, "1,4,3,3,3", -1, 1, 8), 1);
    x = ir_port (ir_graph_add_op (graph, "Concat", 1, "cat", 2, a, b), 0);
    ir_node_set_i64 (x.node, "axis", 1, NULL);
    output (graph, x);
    check_count (graph, NULL, NULL, "Pad", strange ? 1 : 0);
  }
}

/* --- groups -------------------------------------------------------------------------------- */

typedef struct {
  const char *split; /* op */
  const char *type;
  const char *weights;
  const char *layers; /* letters: b bias, s scalar bias, r ReLU */
  gint64 pad;         /* of the last branch */
  gboolean swap;      /* the first two branches at the Concat */
  gsize left;         /* Concats */
} Groups;

static IrPort
split (IrGraph *graph, const char *type, IrPort x)
{
  g_autoptr (IrTensor) axis = ir_tensor_new_scalar (IR_DTYPE_I64, 1);
  IrPort at = ir_port (ir_graph_add_const (graph, "axis", axis), 0);
  static const gint64 lengths[] = { 2, 2, 2 };
  IrNode *node;

  if (strcmp (type, "Split") == 0) {
    IrPort inputs[] = { x, at };

    node = ir_graph_add (
        graph, ir_op_lookup_number (type, 1), "split", inputs, 2, 3);
    ir_node_set_i64 (node, "num_splits", 3, NULL);
  } else {
    IrPort inputs[] = { x, at,
      ir_port (ir_graph_add_const_i64 (graph, "lengths", lengths, 3), 0) };

    node = ir_graph_add (
        graph, ir_op_lookup_number (type, 1), "split", inputs, 3, 3);
  }
  return ir_port (node, 0);
}

static IrPort
add_layers (IrGraph *graph, const char *layers, IrPort x, guint seed)
{
  for (; *layers; layers++) {
    if (*layers == 'r')
      x = unary (graph, "ReLU", x);
    else
      x = binary (graph, "Add", x,
          constant (graph, *layers == 'b' ? "1,4,1,1" : "1", -1, 1, seed));
  }
  return x;
}

static IrGraph *
groups_graph (const Groups *row)
{
  IrGraph *graph = ir_graph_new ("g");
  IrPort parts = split (graph, row->split, input (graph, "x", "2,6,6,5"));
  IrPort ends[3];
  IrNode *concat;

  for (guint i = 0; i < 3; i++) {
    IrPort x = conv (graph, row->type, ir_port (parts.node, i),
        constant (graph, row->weights, -1, 1, 20 + i), i == 2 ? row->pad : 1);

    x = i == 2 ? x : stride (x, 1);
    ends[row->swap && i < 2 ? 1 - i : i] =
        add_layers (graph, row->layers, x, 30 + i);
  }
  concat = ir_graph_add (
      graph, ir_op_lookup_number ("Concat", 1), "cat", ends, 3, 1);
  ir_node_set_i64 (concat, "axis", -3, NULL);
  output (graph, ir_port (concat, 0));
  return graph;
}

static void
test_groups (void)
{
  static const Groups rows[] = {
    { "Split", "Convolution", "4,2,3,3", "", 1, FALSE, 0 },
    { "VariadicSplit", "Convolution", "4,2,3,3", "b", 1, FALSE, 0 },
    { "Split", "Convolution", "4,2,3,3", "br", 1, FALSE, 0 },
    { "Split", "GroupConvolution", "2,2,1,3,3", "rsb", 1, FALSE, 0 },
    { "Split", "ConvolutionBackpropData", "2,4,3,3", "b", 1, FALSE, 0 },
    { "Split", "GroupConvolutionBackpropData", "2,1,2,3,3", "", 1, FALSE, 0 },
    { "Split", "Convolution", "4,2,3,3", "b", 1, TRUE, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = groups_graph (&rows[i]);
    g_autoptr (IrGraph) after = optimize (graph, NULL, NULL);

    g_test_message ("%" G_GSIZE_FORMAT, i);
    g_assert_cmpuint (count (after, "Concat"), ==, rows[i].left);
    g_assert_cmpuint (count (after, rows[i].split), ==, rows[i].left);
    if (!rows[i].left)
      g_assert_cmpuint (count (after, "GroupConvolution") +
              count (after, "GroupConvolutionBackpropData"),
          ==, 1);
    if (!rows[i].left && strchr (rows[i].layers, 'b'))
      g_assert_cmpuint (count (after, "Add"), ==, 1);
    g_assert_cmpuint (macs (after), ==, macs (graph));
  }
}

/* Branches that differ in one attribute. */
static void
test_groups_unlike (void)
{
  static const Groups row = { "Split", "Convolution", "4,2,3,3", "b", 1, FALSE,
    1 };
  static const gint64 uneven[] = { 1, 2 };
  /* With pads that make the same shape of it. */
  static const struct {
    const char *attribute;
    gint64 pads[2];
  } rows[] = { { "dilations", { 1, 2 } }, { "strides", { 1, 3 } } };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (IrGraph) graph = groups_graph (&row);
    IrNode *node = graph->first;
    g_autoptr (GError) error = NULL;

    while (!ir_node_is (node, "Convolution"))
      node = node->next;
    ir_node_set_i64s (node, rows[i].attribute, uneven, 2, NULL);
    ir_node_set_i64s (node, "pads_begin", rows[i].pads, 2, NULL);
    ir_node_set_i64s (node, "pads_end", rows[i].pads, 2, NULL);
    ir_graph_infer (graph, &error);
    g_assert_no_error (error);
    check_count (graph, NULL, NULL, "Concat", 1);
  }
}

static void
test_groups_switches (void)
{
  static const Groups row = { "Split", "Convolution", "4,2,3,3", "b", 1, FALSE,
    0 };
  g_autoptr (IrGraph) graph = groups_graph (&row);
  g_autoptr (IrConvertOptions) options = ir_convert_options_new ();
  g_autoptr (GError) error = NULL;

  check_count (graph, "disable_gfusing", "true", "Concat", 1);
  check_count (graph, "disable_fusing", "true", "Concat", 0);
  check_count (graph, "finegrain_fusing", "split", "Concat", 1);
  check_count (graph, "finegrain_fusing", "conv", "Concat", 1);
  g_assert_false (
      ir_convert_options_set (options, "finegrain_fusing", "a,(", &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
  g_assert_nonnull (strstr (error->message, "'('"));
}

/* A factor behind the Concat goes into the joint weights. */
static void
test_groups_factor (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort parts = split (graph, "Split", input (graph, "x", "1,6,6,5"));
  IrPort ends[3], x;

  for (guint i = 0; i < 3; i++)
    ends[i] = conv (graph, "Convolution", ir_port (parts.node, i),
        constant (graph, "4,2,3,3", -1, 1, i), 1);
  x = ir_port (ir_graph_add (
                   graph, ir_op_lookup_number ("Concat", 1), "cat", ends, 3, 1),
      0);
  ir_node_set_i64 (x.node, "axis", 1, NULL);
  output (graph, batch_norm (graph, x, "12"));
  check_count (graph, NULL, NULL, "Multiply", 0);
  check_count (graph, NULL, NULL, "GroupConvolution", 1);
}

/* --- strides ------------------------------------------------------------------------------- */

/* relu (3x3 of @x) and what two 1x1 convolutions with strides @a and @b make of
 * it; a ReLU of its own between the first two if @between. */
static IrGraph *
fork_graph (gint64 a, gint64 b, gboolean between)
{
  IrGraph *graph = ir_graph_new ("g");
  IrPort x = conv (graph, "Convolution", input (graph, "x", "1,3,9,8"),
      constant (graph, "4,3,3,3", -1, 1, 1), 1);
  IrPort left, right;

  if (between)
    x = unary (graph, "ReLU", x);
  left = stride (
      conv (graph, "Convolution", x, constant (graph, "5,4,1,1", -1, 1, 2), 0),
      a);
  right = stride (
      conv (graph, "Convolution", x, constant (graph, "5,4,1,1", -1, 1, 3), 0),
      b);
  /* The same size again, by somebody who wants all of it. */
  if (a != b)
    right = stride (conv (graph, "Convolution", right,
                        constant (graph, "5,5,3,3", -1, 1, 4), 1),
        a);
  output (graph, binary (graph, "Add", left, right));
  return graph;
}

static const IrConvAttrs *
conv_of (const IrGraph *graph, guint n)
{
  const IrNode *node = graph->first;

  for (;; node = node->next)
    if (ir_node_is (node, "Convolution") && n-- == 0)
      return node->attrs;
}

static void
test_strides (void)
{
  for (gint between = 0; between < 2; between++) {
    g_autoptr (IrGraph) graph = fork_graph (2, 2, between);
    g_autoptr (IrGraph) after = optimize (graph, NULL, NULL);
    g_autoptr (IrGraph) off =
        optimize (graph, "disable_resnet_optimization", "true");

    g_assert_cmpint (conv_of (after, 0)->strides.v[0], ==, 2);
    g_assert_cmpint (conv_of (after, 1)->strides.v[0], ==, 1);
    g_assert_cmpint (conv_of (after, 2)->strides.v[1], ==, 1);
    g_assert_cmpuint (count (after, "MaxPool"), ==, 0);
    g_assert_cmpuint (macs (after), <, macs (graph));
    g_assert_cmpuint (macs (off), ==, macs (graph));
    check_count (graph, "finegrain_fusing", "conv", "MaxPool", 0);
  }
}

/* Readers of one convolution that want different things: nothing is skipped
 * twice. */
static void
test_strides_disagree (void)
{
  for (gint between = 0; between < 2; between++) {
    g_autoptr (IrGraph) graph = fork_graph (2, 1, between);
    g_autoptr (IrGraph) after = optimize (graph, NULL, NULL);

    g_assert_cmpint (conv_of (after, 0)->strides.v[0], ==, 1);
    g_assert_cmpuint (count (after, "MaxPool"), ==, 0);
    g_assert_cmpint (conv_of (after, 1)->strides.v[0], ==, 2);
    g_assert_cmpuint (macs (after), ==, macs (graph));
  }
}

/* A convolution in a row of 1x1, 3x3 and 1x1 with strides of 2 and 3. */
static void
test_strides_row (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,3,14,13");
  g_autoptr (IrGraph) after = NULL;

  x = conv (graph, "Convolution", x, constant (graph, "4,3,3,3", -1, 1, 1), 1);
  x = stride (
      conv (graph, "Convolution", x, constant (graph, "4,4,1,1", -1, 1, 2), 0),
      2);
  x = unary (graph, "Sigmoid", x);
  x = stride (
      conv (graph, "Convolution", x, constant (graph, "4,4,1,1", -1, 1, 3), 0),
      3);
  output (graph, x);
  after = optimize (graph, NULL, NULL);
  g_assert_cmpint (conv_of (after, 0)->strides.v[0], ==, 6);
  g_assert_cmpint (conv_of (after, 1)->strides.v[0], ==, 1);
  g_assert_cmpint (conv_of (after, 2)->strides.v[0], ==, 1);
}

/* conv, BN and ReLU as they are in ResNet. */
static IrPort
block_layer (IrGraph *graph, IrPort x, guint in, guint out, guint kernel,
    gint64 step, gboolean relu)
{
  g_autofree char *shape =
      g_strdup_printf ("%u,%u,%u,%u", out, in, kernel, kernel);
  g_autofree char *n = g_strdup_printf ("%u", out);

  x = stride (conv (graph, "Convolution", x,
                  constant (graph, shape, -0.3, 0.3, out + in), kernel / 2),
      step);
  x = batch_norm (graph, x, n);
  return relu ? unary (graph, "ReLU", x) : x;
}

static IrPort
block (IrGraph *graph, IrPort x, guint in, guint mid, gint64 step,
    gboolean project)
{
  guint out = 2 * mid;
  IrPort shortcut =
      project ? block_layer (graph, x, in, out, 1, step, FALSE) : x;

  x = block_layer (graph, x, in, mid, 1, step, TRUE);
  x = block_layer (graph, x, mid, mid, 3, 1, TRUE);
  x = block_layer (graph, x, mid, out, 1, 1, FALSE);
  return unary (graph, "ReLU", binary (graph, "Add", x, shortcut));
}

/* Two stages of two blocks each: the stride of the second stage goes to the 3x3 of
 * the first one's last block, and the shortcut gets a pooling. */
static void
test_resnet (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,4,12,12");
  g_autoptr (IrGraph) after = NULL, off = NULL;
  const IrNode *node;

  x = block (graph, x, 4, 3, 1, TRUE);
  x = block (graph, x, 6, 3, 1, FALSE);
  x = block (graph, x, 6, 5, 2, TRUE);
  output (graph, block (graph, x, 10, 5, 1, FALSE));
  after = optimize (graph, NULL, NULL);
  off = optimize (graph, "disable_resnet_optimization", "true");
  g_assert_cmpuint (count (graph, "BatchNormInference"), ==, 14);
  g_assert_cmpuint (count (after, "BatchNormInference"), ==, 0);
  g_assert_cmpuint (count (after, "Multiply"), ==, 0);
  /* A bias for each, and the four of the shortcuts. */
  g_assert_cmpuint (count (after, "Add"), ==, 18);
  g_assert_cmpuint (count (after, "MaxPool"), ==, 1);
  g_assert_nonnull (ir_graph_find (after, "Pooling_"));
  g_assert_cmpuint (count (off, "MaxPool"), ==, 0);
  g_assert_cmpuint (macs (after), <, macs (off));
  node = ir_graph_find (after, "Pooling_");
  g_assert_cmpint (node->outputs[0].shape.dim[2], ==, 6);
  g_test_message ("%" G_GSIZE_FORMAT " nodes, %" G_GSIZE_FORMAT
                  " after; %" G_GUINT64_FORMAT " products, %" G_GUINT64_FORMAT
                  " after",
      graph->n_nodes, after->n_nodes, macs (graph), macs (after));
}

/* Nothing is known of the sizes, or of the ranks either. */
static void
test_strides_unknown (void)
{
  static const char *const shapes[][2] = { { "1,3,?,?", "3,3,?,?" },
    { "...", "..." } };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    g_autoptr (IrGraph) after = NULL;
    g_autoptr (GError) error = NULL;
    IrPort weights = input (graph, "w", shapes[i][1]), x;

    x = conv (
        graph, "Convolution", input (graph, "x", shapes[i][0]), weights, 0);
    x = stride (conv (graph, "Convolution", unary (graph, "ReLU", x),
                    constant (graph, "4,3,1,1", -1, 1, 2), 0),
        2);
    output (graph, x);
    after = convert (graph, &error, "optimize", "true", NULL);
    g_assert_no_error (error);
    g_assert_cmpint (conv_of (after, 1)->strides.v[0], ==, 2);
  }
}

/* --- convolutions side by side -------------------------------------------------------------- */

static void
test_join (void)
{
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = unary (graph, "Tanh", input (graph, "x", "2,3,6,5")), ends[4];
  static const char *const weights[] = { "4,3,1,1", "2,3,1,1", "5,3,1,1",
    "4,3,3,3" };
  g_autoptr (IrGraph) after = NULL;

  for (guint i = 0; i < 4; i++) {
    g_autofree char *bias = g_strdup_printf ("1,%c,1,1", weights[i][0]);

    ends[i] = conv (graph, "Convolution", x,
        constant (graph, weights[i], -1, 1, i), i == 3 ? 1 : 0);
    ends[i] =
        binary (graph, "Add", ends[i], constant (graph, bias, -1, 1, 10 + i));
    ends[i] = unary (graph, "ReLU", ends[i]);
  }
  ends[1] = unary (graph, "Tanh", ends[1]);
  x = ir_port (ir_graph_add (
                   graph, ir_op_lookup_number ("Concat", 1), "cat", ends, 4, 1),
      0);
  ir_node_set_i64 (x.node, "axis", 1, NULL);
  output (graph, x);
  after = optimize (graph, "enable_horizontal_fusing", "true");
  g_assert_cmpuint (count (after, "Convolution"), ==, 2);
  g_assert_cmpuint (count (after, "Add"), ==, 2);
  g_assert_cmpuint (count (after, "ReLU"), ==, 2);
  g_assert_cmpuint (count (after, "VariadicSplit"), ==, 1);
  g_assert_cmpuint (macs (after), ==, macs (graph));
  check_count (graph, NULL, NULL, "Convolution", 4);
}

/* --- order and shape ------------------------------------------------------------------------ */

static IrPort
shaped (IrGraph *graph, const char *type, IrPort x, const gint64 *v, gsize n)
{
  return ir_port (ir_graph_add_op (graph, type, 1, type, 2, x,
                      ir_port (ir_graph_add_const_i64 (graph, "v", v, n), 0)),
      0);
}

/* To NHWC and back, with layers in between; or to something else. */
static void
test_transposes (void)
{
  static const gint64 there[] = { 0, 2, 3, 1 }, back[] = { 0, 3, 1, 2 };

  for (gint undone = 0; undone < 2; undone++) {
    g_autoptr (IrGraph) graph = ir_graph_new ("g");
    IrPort x = unary (graph, "Tanh", input (graph, "x", "2,3,6,5"));

    x = shaped (graph, "Transpose", x, there, 4);
    x = binary (graph, "Add", x, constant (graph, "3", -1, 1, 1));
    x = unary (graph, "ReLU", x);
    x = binary (graph, "Add", constant (graph, "1,6,1,1", -1, 1, 2), x);
    x = shaped (graph, "Transpose", x, undone ? back : there, 4);
    output (graph, unary (graph, "Sigmoid", x));
    check_count (graph, NULL, NULL, "Transpose", undone ? 0 : 1);
    check_count (graph, "disable_fusing", "true", "Transpose", 2);
    check_count (graph, "finegrain_fusing", "Transpose_", "Transpose", 2);
  }
}

/* Somebody else reads what is between the two. */
static void
test_transposes_shared (void)
{
  static const gint64 there[] = { 0, 2, 3, 1 }, back[] = { 0, 3, 1, 2 };
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = input (graph, "x", "1,4,4,4"), y;

  x = unary (graph, "ReLU", shaped (graph, "Transpose", x, there, 4));
  y = unary (graph, "Tanh", shaped (graph, "Transpose", x, back, 4));
  output (graph, binary (graph, "Add", x, y));
  check_count (graph, NULL, NULL, "Transpose", 2);
}

static void
test_pairs (void)
{
  static const gint64 one[] = { 2 }, flat[] = { 1, -1 }, cube[] = { 3, 2, 5 };
  g_autoptr (IrGraph) graph = ir_graph_new ("g");
  IrPort x = unary (graph, "Tanh", input (graph, "x", "3,2,1,5")), parts;

  x = shaped (graph, "Squeeze", x, one, 1);
  x = shaped (graph, "Unsqueeze", x, one, 1);
  x = unary (graph, "ReLU", x);
  x = shaped (graph, "Reshape", x, flat, 2);
  x = unary (graph, "Sigmoid", shaped (graph, "Reshape", x, cube, 3));
  x = shaped (graph, "Reshape", x, (const gint64[]){ 5, 6 }, 2);
  parts = split (graph, "Split", x);
  x = ir_port (
      ir_graph_add_op (graph, "Concat", 1, "cat", 3, ir_port (parts.node, 0),
          ir_port (parts.node, 1), ir_port (parts.node, 2)),
      0);
  ir_node_set_i64 (x.node, "axis", 1, NULL);
  output (graph, unary (graph, "Exp", x));
  check_count (graph, NULL, NULL, "Unsqueeze", 0);
  check_count (graph, NULL, NULL, "Squeeze", 0);
  check_count (graph, NULL, NULL, "Reshape", 2);
  check_count (graph, NULL, NULL, "Concat", 0);
  check_count (graph, NULL, NULL, "Split", 0);
}

int
main (int argc, char **argv)
{
  graphs_init (&argc, &argv);
  g_test_add_func ("/pad/conv", test_pad_conv);
  g_test_add_func ("/pad/pool", test_pad_pool);
  g_test_add_func ("/pad/readers", test_pad_readers);
  g_test_add_func ("/groups/all", test_groups);
  g_test_add_func ("/groups/unlike", test_groups_unlike);
  g_test_add_func ("/groups/switches", test_groups_switches);
  g_test_add_func ("/groups/factor", test_groups_factor);
  g_test_add_func ("/strides/fork", test_strides);
  g_test_add_func ("/strides/disagree", test_strides_disagree);
  g_test_add_func ("/strides/unknown", test_strides_unknown);
  g_test_add_func ("/strides/row", test_strides_row);
  g_test_add_func ("/strides/resnet", test_resnet);
  g_test_add_func ("/join", test_join);
  g_test_add_func ("/transposes/pair", test_transposes);
  g_test_add_func ("/transposes/shared", test_transposes_shared);
  g_test_add_func ("/pairs", test_pairs);
  return graphs_run ();
}
