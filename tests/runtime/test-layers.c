/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Single layers of random shape on the CPU against REFERENCE: between two
 * convolutions, so that they get what the CPU keeps its channels innermost for; with
 * one thread and several, which must give the same bits. */
#include "layer-net.h"

static IrPort
any_conv (Net *net, IrPort x)
{
  const gint64 out = pick (1, 40);

  x = op (net, "Convolution", 1, x,
      constant (net, 4, out, net->c, pick (1, 3), pick (1, 3), 0,
          even_size (net->c * 9)));
  set_window (x, 3, 2);
  return finish (net, x, out);
}

/* One that Winograd's way can take, with something to add. */
static IrPort
square_conv (Net *net, IrPort x)
{
  const int pad = pick (0, 2);
  IrPort y = op (net, "Convolution", 1, x,
      constant (net, 4, net->c, net->c, 3, 3, 0, even_size (net->c * 9)));

  set (y, "strides", "%d,%d", 1, 1);
  set (y, "dilations", "%d,%d", 1, 1);
  set (y, "pads_begin", "%d,%d", pad, pad);
  set (y, "pads_end", "%d,%d", pad, pad);
  if (pad == 1 && pick (0, 1))
    y = op (net, "Add", 1, y, x);
  return finish (net, y, net->c);
}

/* Channels of a group that do and don't fill what kernels write at a time. */
static IrPort
grouped_conv (Net *net, IrPort x)
{
  const gint64 groups = net->c,
               out = pick (0, 1) ? 1 << pick (0, 3) : pick (1, 40);

  net->c *= pick (1, 3);
  x = op (net, "Convolution", 1, x,
      constant (net, 4, net->c, groups, 1, 1, 0, 0.5));
  set (x, "strides", "%d,%d", 1, 1);
  set (x, "dilations", "%d,%d", 1, 1);
  set (x, "pads_begin", "%d,%d", 0, 0);
  set (x, "pads_end", "%d,%d", 0, 0);
  x = op (net, "GroupConvolution", 1, x,
      constant (
          net, 5, groups, out, net->c / groups, pick (1, 3), pick (1, 3), 0.3));
  set_window (x, 2, 2);
  return finish (net, x, groups * out);
}

/* Weights that the network computes. */
static IrPort
computed_weights (Net *net, IrPort x)
{
  const gint64 out = pick (1, 40);
  IrPort sum = op (
      net, "ReduceMean", 1, x, integers (net, 3, (const gint64[]){ 0, 2, 3 }));
  IrPort weights;

  set (sum, "keep_dims", "true");
  weights = constant (net, 4, out, net->c, pick (1, 3), pick (1, 3), 0, 0.3);
  sum = op (net, "Tanh", 1, sum, (IrPort){ NULL, 0 });
  weights = op (net, "Multiply", 1, weights, sum);
  x = op (net, "Convolution", 1, x, weights);
  set_window (x, 3, 2);
  return finish (net, x, out);
}

static IrPort
transposed_conv (Net *net, IrPort x)
{
  const gint64 out = pick (1, 40), kernel_h = pick (1, 5),
               kernel_w = pick (1, 5);
  const int room = MIN (kernel_h, kernel_w) - 1;

  x = op (net, "ConvolutionBackpropData", 1, x,
      constant (net, 4, net->c, out, kernel_h, kernel_w, 0,
          even_size (net->c * kernel_h * kernel_w)));
  set_window (x, room, 2);
  set (x, "output_padding", "%d,%d", pick (0, 1), pick (0, 1));
  return finish (net, x, out);
}

static IrPort
grouped_transposed_conv (Net *net, IrPort x)
{
  const gint64 groups = net->c % 3 == 0 ? 3 : net->c % 2 == 0 ? 2 : net->c;
  const gint64 out = pick (0, 1) ? 1 << pick (0, 3) : pick (1, 20);
  const gint64 kernel = pick (2, 4);

  x = op (net, "GroupConvolutionBackpropData", 1, x,
      constant (net, 5, groups, net->c / groups, out, kernel, kernel,
          even_size (net->c / groups * kernel * kernel)));
  set_window (x, 1, 2);
  return finish (net, x, groups * out);
}

static IrPort
depthwise_conv (Net *net, IrPort x)
{
  x = op (net, "GroupConvolution", 1, x,
      constant (net, 5, net->c, 1, 1, pick (1, 5), pick (1, 5), 0.3));
  set_window (x, 4, 2);
  return finish (net, x, net->c);
}

/* Heads of a few channels each, with biases, functions and depthwise convolutions
 * behind all of them or some. */
static IrPort
siblings (Net *net, IrPort x)
{
  const int n = pick (2, 5), size = pick (0, 1) ? 3 : 1, last = pick (0, 3);
  const IrPort none = { NULL, 0 };
  IrPort heads[5] = { none }, y;

  for (int i = 0; i < n; i++) {
    const gint64 channels = pick (1, 9);

    y = op (net, "Convolution", 1, x,
        constant (net, 4, channels, net->c, size, size, 0,
            even_size (net->c * size * size)));
    set (y, "strides", "%d,%d", 1, 1);
    set (y, "dilations", "%d,%d", 1, 1);
    set (y, "pads_begin", "%d,%d", size / 2, size / 2);
    set (y, "pads_end", "%d,%d", size / 2, size / 2);
    if (last != 1)
      y = op (net, "Add", 1, y, constant (net, 4, 1, channels, 1, 1, 0, 1));
    if (last > 1 && (last == 2 || pick (0, 3))) {
      y = channels == 1 && pick (0, 1)
          ? op (net, "Convolution", 1, y, constant (net, 4, 1, 1, 3, 3, 0, 1))
          : op (net, "GroupConvolution", 1, y,
                constant (net, 5, channels, 1, 1, 3, 3, 0.3));
      set (y, "strides", "%d,%d", 1, 1);
      set (y, "dilations", "%d,%d", 1, 1);
      set (y, "pads_begin", "%d,%d", 1, 1);
      set (y, "pads_end", "%d,%d", 1, 1);
      y = op (net, "ReLU", 1, y, none);
    }
    heads[n - 1 - i] = i == last ? op (net, "Sigmoid", 1, y, none) : y;
  }
  y = heads[0];
  for (int i = 1; i < n; i++) {
    y = op (net, "Concat", 1, y, heads[i]);
    set (y, "axis", "%d", 1);
  }
  return y;
}

static IrPort
pool (Net *net, IrPort x)
{
  const IrPort none = { NULL, 0 };
  const gboolean average = pick (0, 1);

  x = op (net, average ? "AvgPool" : "MaxPool", 1, x, none);
  set (x, "kernel", "%d,%d", pick (2, 4), pick (2, 4));
  set_window (x, 1, 0);
  ir_node_set_text (
      x.node, "rounding_type", pick (0, 1) ? "floor" : "ceil", NULL);
  if (average)
    ir_node_set_text (
        x.node, "exclude-pad", pick (0, 1) ? "true" : "false", NULL);
  return x;
}

/* Functions of one number, by themselves. */
static IrPort
one_operand (Net *net, IrPort x)
{
  static const char *const types[] = { "SoftPlus", "Mish", "Gelu", "HSwish",
    "HSigmoid", "Exp", "Abs", "Swish", "Power" };
  const guint i = pick (0, G_N_ELEMENTS (types) - 1);
  const IrPort none = { NULL, 0 };
  IrPort y;

  x = op (net, "Add", 1, x, constant (net, 1, 1, 0, 0, 0, 0, 4));
  if (i < 7) {
    y = op (net, types[i], 7, x, none);
    if (i == 2)
      set (y, "approximation_mode", "%s", pick (0, 1) ? "erf" : "tanh");
    return y;
  }
  y = constant (net, 0, 0, 0, 0, 0, 0, 2);
  if (i == 8)
    *(float *) ir_port_const (y)->data = pick (0, 1) ? 2 : 1;
  return op (net, types[i], 4, x, y);
}

/* Height and width as one window. */
static IrPort
reduce (Net *net, IrPort x)
{
  const gint64 axes[] = { 3, 2 };

  x = op (net, pick (0, 1) ? "ReduceMean" : "ReduceMax", 1, x,
      integers (net, 2, axes));
  set (x, "keep_dims", "%s", pick (0, 1) ? "true" : "false");
  return x;
}

static IrPort
two_operands (Net *net, IrPort x)
{
  static const char *const types[] = { "Add", "Multiply", "Subtract", "Maximum",
    "Minimum", "SquaredDifference" };
  const char *type = types[pick (0, 5)];
  IrPort other = constant (net, 4, 1, net->c, 1, 1, 0, 1);

  switch (pick (0, 3)) {
    case 0:
      return op (net, type, 1, x, other);
    case 1:
      return op (net, type, 1, other, x);
    case 2:
      return op (net, type, 1, constant (net, 1, 1, 0, 0, 0, 0, 1), x);
    default:
      return op (net, type, 1, x, op (net, "Tanh", 1, x, (IrPort){ NULL, 0 }));
  }
}

static IrPort
over_channels (Net *net, IrPort x)
{
  const IrPort none = { NULL, 0 };
  IrPort y;

  if (pick (0, 2)) {
    y = pick (0, 1) ? op (net, "SoftMax", 1, x, none)
                    : op (net, "LogSoftmax", 5, x, none);
    set (y, "axis", "%d", pick (1, 3));
    return y;
  }
  y = op (net, "Concat", 1, x, op (net, "ReLU", 1, x, none));
  set (y, "axis", "%d", pick (1, 3));
  return y;
}

/* Weights that are numbers of few bits may be kept as f16. */
static IrPort
few_bits (IrPort weights)
{
  IrTensor *value = ir_port_const (weights);

  for (guint64 i = 0; i < ir_tensor_count (value); i++)
    ((float *) value->data)[i] = rintf (((float *) value->data)[i] * 512) / 512;
  return weights;
}

static IrPort
product (Net *net, IrPort x)
{
  const gboolean row = pick (0, 1), transposed = pick (0, 1);
  const gint64 k = row ? net->n * net->c * net->h * net->w : net->w;
  const gint64 n = pick (1, 70);
  IrPort y,
      weights = constant (
          net, 2, transposed ? n : k, transposed ? k : n, 0, 0, 0, 0.1);

  if (row)
    x = op (
        net, "Reshape", 1, x, integers (net, 3, (const gint64[]){ 1, 1, -1 }));
  y = op (net, "MatMul", 1, x, pick (0, 1) ? few_bits (weights) : weights);
  set (y, "transpose_b", transposed ? "true" : "false");
  if (pick (0, 1))
    y = op (net, "Add", 1, y, constant (net, 1, n, 0, 0, 0, 0, 1));
  if (n == k)
    y = op (net, "Add", 1, y, x);
  if (pick (0, 1))
    return op (net, "ReLU", 1, y, (IrPort){ NULL, 0 });
  if (pick (0, 1))
    return op (
        net, "Multiply", 1, y, op (net, "Sigmoid", 1, y, (IrPort){ NULL, 0 }));
  return y;
}

/* Every other row and column of a picture from (y, x) on, in one step or two. */
static IrPort
quarter (Net *net, IrPort x, gint64 row, gint64 column)
{
  const gint64 starts[] = { row, column }, stops[] = { G_MAXINT32, G_MAXINT32 };
  const gint64 steps[] = { 2, 2 }, axes[] = { 2, 3 };

  for (guint i = 0; i < 2; i++) {
    const guint n = pick (0, 1) && i == 0 ? 2 : 1;

    x = ir_port (
        ir_graph_add_op (net->graph, "Slice", 8, "Slice", 5, x,
            integers (net, n, starts + i), integers (net, n, stops + i),
            integers (net, n, steps + i), integers (net, n, axes + i)),
        0);
    if (n == 2)
      break;
  }
  return x;
}

/* A convolution of the quarters of the picture or of another layer. */
static IrPort
focus (Net *net, IrPort x)
{
  const gint64 out = pick (1, 20), pad = pick (0, 2);
  const int first = pick (0, 3);
  gint64 channels = net->c;
  IrPort parts[4], y;

  if (pick (0, 3)) {
    const IrNode *in = g_ptr_array_index (net->graph->parameters, 0);

    channels = in->outputs[0].shape.dim[1];
    x = ir_port ((IrNode *) in, 0);
  }
  for (guint i = 0; i < 4; i++)
    parts[i] = quarter (net, x, (first + i) % 2, (first + i) / 2 % 2);
  y = ir_port (ir_graph_add_op (net->graph, "Concat", 1, "Concat", 4, parts[0],
                   parts[1], parts[2], parts[3]),
      0);
  set (y, "axis", "%d", 1);
  y = op (net, "Convolution", 1, y,
      constant (net, 4, out, 4 * channels, pick (1, 3), pick (1, 3), 0,
          even_size (4 * channels * 9)));
  set_window (y, pad, 0);
  set (y, "dilations", "%d,%d", 1, 1);
  return finish (net, y, out);
}

/* A convolution of channels that were weighed before, by constants or by what they
 * are on average. */
static IrPort
gated (Net *net, IrPort x)
{
  const gint64 axes[] = { 2, 3 }, out = pick (1, 40);
  const gint64 kernel = pick (0, 2) ? 1 : 3,
               channels = pick (0, 3) ? net->c : 1;
  const IrPort none = { NULL, 0 };
  IrPort gate, y;

  if (pick (0, 2)) {
    gate = op (net, "ReduceMean", 1, x, integers (net, 2, axes));
    set (gate, "keep_dims", "true");
    gate = op (net, "Sigmoid", 1, gate, none);
  } else {
    gate = constant (net, 4, 1, channels, 1, 1, 0, 1);
  }
  y = pick (0, 1) ? op (net, "Multiply", 1, x, gate)
                  : op (net, "Multiply", 1, gate, x);
  y = op (net, "Convolution", 1, y,
      constant (net, 4, out, net->c, kernel, kernel, 0,
          even_size (net->c * kernel * kernel)));
  set_window (y, 1, 0);
  set (y, "dilations", "%d,%d", 1, 1);
  return finish (net, y, out);
}

/* A layer whose output has the size of its input, and its channels. */
static IrPort
same_size (Net *net, IrPort x, gint64 channels)
{
  const IrPort none = { NULL, 0 };
  const int size = pick (0, 1) ? 3 : 1;
  IrPort y;

  switch (pick (0, 6)) {
    case 0:
      return op (net, "Tanh", 1, x, none);
    case 1:
      return op (net, "Add", 1, x, op (net, "ReLU", 1, x, none));
    case 2:
      return op (
          net, "Multiply", 1, x, constant (net, 4, 1, channels, 1, 1, 0, 1));
    case 3:
      y = op (net, "SoftMax", 1, x, none);
      set (y, "axis", "%d", 1);
      return y;
    case 4:
      y = op (net, "MaxPool", 1, x, none);
      set (y, "kernel", "%d,%d", 3, 3);
      break;
    case 5:
      y = op (net, "GroupConvolution", 1, x,
          constant (net, 5, channels, 1, 1, 3, 3, 0.3));
      set (y, "dilations", "%d,%d", 1, 1);
      break;
    default:
      y = op (net, "Convolution", 1, x,
          constant (net, 4, channels, channels, size, size, 0,
              even_size (channels * size * size)));
      set (y, "dilations", "%d,%d", 1, 1);
      set (y, "strides", "%d,%d", 1, 1);
      set (y, "pads_begin", "%d,%d", size / 2, size / 2);
      set (y, "pads_end", "%d,%d", size / 2, size / 2);
      if (pick (0, 1))
        y = op (net, "Add", 1, y, x);
      return finish (net, y, channels);
  }
  set (y, "strides", "%d,%d", 1, 1);
  set (y, "pads_begin", "%d,%d", 1, 1);
  set (y, "pads_end", "%d,%d", 1, 1);
  return pick (0, 1) ? op (net, "Add", 1, y, x) : finish (net, y, channels);
}

/* Outputs that are joined, and joined again, with layers before, between and
 * behind. */
static IrPort
joined (Net *net, IrPort x)
{
  const gint64 c = net->c, rest = pick (1, 20);
  IrPort y = same_size (net, x, c), z;

  z = op (net, "Concat", 1, y, same_size (net, x, c));
  set (z, "axis", "%d", 1);
  if (pick (0, 1))
    y = same_size (net, y, c);
  y = op (net, "Concat", 1, z,
      pick (0, 1) ? y : same_size (net, same_size (net, y, c), c));
  set (y, "axis", "%d", 1);
  z = op (
      net, "Convolution", 1, y, constant (net, 4, rest, 3 * c, 1, 1, 0, 0.1));
  set (z, "dilations", "%d,%d", 1, 1);
  set (z, "strides", "%d,%d", 1, 1);
  set (z, "pads_begin", "%d,%d", 0, 0);
  set (z, "pads_end", "%d,%d", 0, 0);
  y = op (net, "Concat", 1, y, z);
  set (y, "axis", "%d", 1);
  return pick (0, 1) ? same_size (net, y, 3 * c + rest) : y;
}

/* Halves of a layer, which are channels or rows, joined with layers behind one of
 * them. */
static IrPort
parted (Net *net, IrPort x)
{
  const gint64 axis = pick (0, 3) ? 1 : 2;
  const gint64 c = axis == 1 ? net->c / 2 : net->c;
  IrPort in[2], y, z;
  IrNode *split;

  in[0] = same_size (net, x, net->c);
  in[1] = integers (net, 1, &axis);
  split = ir_graph_add (
      net->graph, ir_op_lookup ("Split", "opset1"), "Split", in, 2, 2);
  set (ir_port (split, 0), "num_splits", "2");
  y = same_size (net, ir_port (split, pick (0, 1)), c);
  z = ir_port (
      ir_graph_add_op (net->graph, "Concat", 1, "Concat", 4, ir_port (split, 0),
          ir_port (split, pick (0, 3) > 0), y, same_size (net, y, c)),
      0);
  set (z, "axis", "%d", 1);
  return same_size (net, z, 4 * c);
}

/* Borders before layers that have borders of their own. */
static IrPort
padded (Net *net, IrPort x)
{
  static IrPort (*const ways[]) (
      Net *, IrPort) = { any_conv, square_conv, depthwise_conv, pool };
  static const char *const modes[] = { "constant", "constant", "reflect",
    "edge" };
  const gint64 begin[] = { 0, 0, pick (0, 2), pick (0, 2) };
  const gint64 end[] = { 0, 0, pick (0, 2), pick (0, 2) };
  const IrPort none = { NULL, 0 };

  x = pick (0, 1) ? op (net, "ReLU", 1, x, none) : x;
  x = ir_port (ir_graph_add_op (net->graph, "Pad", 1, "Pad", 3, x,
                   integers (net, 4, begin), integers (net, 4, end)),
      0);
  set (x, "pad_mode", "%s", modes[pick (0, 3)]);
  return ways[pick (0, 3)](net, x);
}

static IrPort
transpose (Net *net, IrPort x)
{
  static const gint64 orders[][4] = { { 0, 2, 3, 1 }, { 0, 3, 2, 1 },
    { 0, 1, 3, 2 }, { 1, 0, 2, 3 }, { 2, 3, 1, 0 }, { 3, 2, 1, 0 } };

  if (pick (0, 1))
    x = op (net, "Transpose", 1, x, integers (net, 4, orders[pick (0, 5)]));
  return op (net, "Transpose", 1, x, integers (net, 4, orders[pick (0, 5)]));
}

static IrPort
slice (Net *net, IrPort x)
{
  const gint64 sizes[] = { net->n, net->c, net->h, net->w };
  gint64 start[4], stop[4], step[4];

  for (guint d = 0; d < 4; d++) {
    start[d] = pick (0, sizes[d] - 1);
    stop[d] = pick (start[d] + 1, sizes[d]);
    step[d] = pick (1, 3);
    if (pick (0, 3) == 0) {
      const gint64 last = stop[d] - 1;

      stop[d] = start[d] - 1 - sizes[d];
      start[d] = last;
      step[d] = -step[d];
    }
  }
  return ir_port (ir_graph_add_op (net->graph, "Slice", 8, "Slice", 4, x,
                      integers (net, 4, start), integers (net, 4, stop),
                      integers (net, 4, step)),
      0);
}

/* Even and odd rows and columns, as the first layers of some networks take them. */
static IrPort
strided_slice (Net *net, IrPort x)
{
  const gint64 begin[] = { 0, 0, pick (0, 1), pick (0, 1) };
  const gint64 end[] = { 0, pick (1, net->c), 0, 0 };
  const gint64 strides[] = { 1, 1, 2, 2 };
  IrPort y = ir_port (ir_graph_add_op (net->graph, "StridedSlice", 1, "Slice",
                          4, x, integers (net, 4, begin),
                          integers (net, 4, end), integers (net, 4, strides)),
      0);

  set (y, "begin_mask", "1,1,0,0");
  set (y, "end_mask", "1,0,1,1");
  if (pick (0, 1))
    set (y, "new_axis_mask", "0,0,0,0,1");
  return y;
}

/* The parts in another order. */
static IrPort
split (Net *net, IrPort x)
{
  const gint64 sizes[] = { net->n, net->c, net->h, net->w };
  const gint64 axis = pick (1, 3), rest = sizes[axis] - 1;
  const gint64 first = rest ? pick (1, MIN (rest, 16)) : 1;
  const gint64 lengths[] = { first, sizes[axis] - first };
  IrNode *node, *joined;
  IrPort in[3];

  if (rest == 0)
    return op (net, "ReLU", 1, x, (IrPort){ NULL, 0 });
  in[0] = x;
  in[1] = integers (net, 1, &axis);
  in[2] = integers (net, 2, lengths);
  node = ir_graph_add (
      net->graph, ir_op_lookup ("VariadicSplit", "opset1"), "Split", in, 3, 2);
  joined =
      ir_graph_add_op (net->graph, "Concat", 1, "Concat", 3, ir_port (node, 1),
          op (net, "Tanh", 1, x, (IrPort){ NULL, 0 }), ir_port (node, 0));
  set (ir_port (joined, 0), "axis", "%d", (int) axis);
  return ir_port (joined, 0);
}

static IrPort
movement (Net *net, IrPort x)
{
  static IrPort (*const ways[]) (
      Net *, IrPort) = { transpose, slice, strided_slice, split };

  return ways[pick (0, 3)](net, x);
}

static const char *
one_of (const char *const *names, int n)
{
  return names[pick (0, n - 1)];
}

static IrPort
interpolate (Net *net, IrPort x)
{
  static const char *const modes[] = { "nearest", "linear", "linear_onnx",
    "cubic" };
  static const char *const coordinates[] = { "half_pixel", "pytorch_half_pixel",
    "asymmetric", "tf_half_pixel_for_nn", "align_corners" };
  static const char *const roundings[] = { "round_prefer_floor",
    "round_prefer_ceil", "floor", "ceil", "simple" };
  const gint64 last[] = { 2, 3 }, middle[] = { 1, 2 };
  const gint64 sizes[] = { pick (1, 40), pick (1, 40) };
  const gboolean in_planes = pick (0, 2);
  IrPort y, scales = constant (net, 1, 2, 0, 0, 0, 0, 1);

  y = ir_port (ir_graph_add_op (net->graph, "Interpolate", 4, "Resize", 4, x,
                   integers (net, 2, sizes), scales,
                   integers (net, 2, in_planes ? last : middle)),
      0);
  set (y, "mode", "%s", one_of (modes, 4));
  set (y, "shape_calculation_mode", "sizes");
  set (y, "coordinate_transformation_mode", "%s", one_of (coordinates, 5));
  set (y, "nearest_mode", "%s", one_of (roundings, 5));
  set (y, "antialias", "%s", pick (0, 1) ? "true" : "false");
  if (pick (0, 1))
    set (y, "pads_begin", "0,0,1,%d", pick (0, 2));
  return y;
}

/* Regions of the picture, or all of it at other places. */
static IrPort
sampled (Net *net, IrPort x)
{
  const gint64 n = pick (1, 5), images[] = { 0, net->n - 1, 0, net->n - 1, 0 };
  IrPort y, places;

  if (pick (0, 1)) {
    places = constant (net, 4, net->n, pick (5, 20), pick (5, 20), 2, 0, 1.2);
    y = op (net, "GridSample", 9, x, places);
    set (y, "mode", "%s", pick (0, 1) ? "bilinear" : "bicubic");
  } else {
    places = constant (net, 2, n, 4, 0, 0, 0, 40);
    y = ir_port (ir_graph_add_op (net->graph, "ROIAlign", 3, "Align", 3, x,
                     places, integers (net, n, images)),
        0);
    set (y, "pooled_h", "%d", pick (5, 9));
    set (y, "pooled_w", "%d", pick (5, 9));
    set (y, "sampling_ratio", "%d", pick (0, 2));
    set (y, "spatial_scale", "0.5");
    set (y, "mode", "%s", pick (0, 1) ? "avg" : "max");
  }
  return pick (0, 1) ? any_conv (net, y) : y;
}

/* Which channel, row or column is the best one. */
static IrPort
best_of (Net *net, IrPort x)
{
  g_autoptr (IrTensor) k = ir_tensor_new_scalar (IR_DTYPE_I64, 1);
  IrPort y = op (
      net, "TopK", 3, x, ir_port (ir_graph_add_const (net->graph, "k", k), 0));

  set (y, "axis", "%d", pick (1, 3));
  set (y, "mode", "%s", pick (0, 1) ? "max" : "min");
  set (y, "sort", "value");
  return y;
}

static const struct {
  const char *name;
  IrPort (*layer) (Net *net, IrPort x);
} layers[] = {
  { "convolution", any_conv },
  { "square-convolution", square_conv },
  { "grouped-convolution", grouped_conv },
  { "depthwise-convolution", depthwise_conv },
  { "pooling", pool },
  { "one-operand", one_operand },
  { "two-operands", two_operands },
  { "reduction", reduce },
  { "over-channels", over_channels },
  { "product", product },
  { "focus", focus },
  { "gated", gated },
  { "computed-weights", computed_weights },
  { "transposed-convolution", transposed_conv },
  { "grouped-transposed-convolution", grouped_transposed_conv },
  { "joined", joined },
  { "siblings", siblings },
  { "parted", parted },
  { "padded", padded },
  { "movement", movement },
  { "interpolation", interpolate },
  { "sampled", sampled },
  { "best-of", best_of },
};

static Net
make_net (int kind)
{
  Net net = { ir_graph_new ("layer"), pick (1, 2), pick (1, 40), pick (12, 30),
    pick (12, 30) };
  const gint64 in = pick (1, 5);
  IrShape shape;
  IrPort x;

  if (layers[kind].layer == square_conv) {
    net.c += 15;
    net.h = pick (6, 30);
    /* So many weights that threads share them. */
    if (pick (0, 29) == 0) {
      net.c = pick (260, 270);
      net.h = net.w = pick (7, 8);
    }
  }
  if (layers[kind].layer == joined && pick (0, 3))
    net.c = 8 * pick (1, 3);
  if (layers[kind].layer == parted) {
    net.c = pick (0, 3) ? 16 * pick (1, 3) : 2 * pick (1, 20);
    net.h = net.h / 2 * 2;
  }
  /* Rounding grows with the length of a sum. */
  if (layers[kind].layer == product) {
    net.n = 1;
    net.c = pick (1, 8);
  }
  if (layers[kind].layer == focus) {
    net.h = net.h / 2 * 2;
    net.w = net.w / 2 * 2;
  }
  shape = (IrShape){ 4, { net.n, in, net.h, net.w } };
  x = ir_port (
      ir_graph_add_parameter (net.graph, "in", IR_DTYPE_F32, &shape), 0);
  x = point_conv (&net, x, in, net.c);
  x = layers[kind].layer (&net, x);
  ir_graph_add_result (net.graph, "out", x);
  return net;
}

static void
test_layer (gconstpointer data)
{
  g_autoptr (IrCore) core = ir_core_new ();

  for (int round = 0; round < ROUNDS; round++) {
    Net net = make_net (GPOINTER_TO_INT (data));
    g_autoptr (IrGraph) graph = net.graph;

    check_layer (core, graph);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    g_autofree char *path = g_strdup_printf ("/layers/%s", layers[i].name);

    g_test_add_data_func (path, GINT_TO_POINTER (i), test_layer);
  }
  return g_test_run ();
}
