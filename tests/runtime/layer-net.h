/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LAYER_NET_H
#define LAYER_NET_H

/* Networks of random layers for tests, and what runs them. */
#include <ir/core.h>
#include <math.h>

/* Sanitizers look at memory, for which fewer numbers do, and take ten times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ROUNDS 15
#else
#define ROUNDS 60
#endif

typedef struct {
  IrGraph *graph;
  gint64 n, c, h, w;
} Net;

static inline int
pick (int low, int high)
{
  return g_test_rand_int_range (low, high + 1);
}

static inline IrTensor *
random_tensor (const IrShape *shape, double size)
{
  IrTensor *tensor = ir_tensor_new (IR_DTYPE_F32, shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    ((float *) tensor->data)[i] = g_test_rand_double_range (-size, size);
  return tensor;
}

static inline IrPort
constant (Net *net, gint rank, gint64 a, gint64 b, gint64 c, gint64 d, gint64 e,
    double size)
{
  const IrShape shape = { rank, { a, b, c, d, e } };
  g_autoptr (IrTensor) value = random_tensor (&shape, size);

  return ir_port (ir_graph_add_const (net->graph, "c", value), 0);
}

static inline IrPort
integers (Net *net, gsize n, const gint64 *values)
{
  g_autoptr (IrTensor) value = ir_tensor_new_i64 (values, n);

  return ir_port (ir_graph_add_const (net->graph, "i", value), 0);
}

static inline IrPort
op (Net *net, const char *type, guint opset, IrPort a, IrPort b)
{
  return ir_port (b.node
          ? ir_graph_add_op (net->graph, type, opset, type, 2, a, b)
          : ir_graph_add_op (net->graph, type, opset, type, 1, a),
      0);
}

static inline void G_GNUC_PRINTF (3, 4)
    set (IrPort port, const char *name, const char *format, ...)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  ir_node_set_text (port.node, name, text, &error);
  g_assert_no_error (error);
}

static inline void
set_window (IrPort port, int pad, int max_dilation)
{
  const int dilation = pick (1, MAX (max_dilation, 1));

  set (port, "strides", "%d,%d", pick (1, 3), pick (1, 2));
  set (port, "pads_begin", "%d,%d", pick (0, pad), pick (0, pad));
  set (port, "pads_end", "%d,%d", pick (0, pad), pick (0, pad));
  if (max_dilation)
    set (port, "dilations", "%d,%d", dilation, dilation);
}

/* What can follow a convolution in its step. */
static inline IrPort
finish (Net *net, IrPort x, gint64 channels)
{
  const IrPort none = { NULL, 0 };

  if (pick (0, 1))
    x = op (net, "Add", 1, x, constant (net, 4, 1, channels, 1, 1, 0, 1));
  switch (pick (0, 4)) {
    case 0:
      return op (net, "ReLU", 1, x, none);
    case 1:
      return op (net, "Multiply", 1, x, op (net, "Sigmoid", 1, x, none));
    case 2:
      return op (
          net, "PReLU", 1, x, constant (net, 1, channels, 0, 0, 0, 0, 1));
    case 3:
      x = op (net, "Clamp", 1, x, none);
      set (x, "min", "-0.%d", pick (1, 9));
      set (x, "max", "0.%d", pick (1, 9));
      return x;
    default:
      return x;
  }
}

/* Of weights whose sums of @n products are of the order of 1: that is what errors
 * are measured by where a function cuts the sums. */
static inline double
even_size (gint64 n)
{
  return 1 / sqrt ((double) n);
}

static inline IrTensor *
run (IrCore *core, const IrGraph *graph, const char *device, const char *config,
    IrTensor *in)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, device, config, &error);
  g_autoptr (IrInferRequest) request = NULL;

  g_assert_no_error (error);
  request = ir_compiled_model_create_request (model, &error);
  g_assert_no_error (error);
  g_assert_true (ir_infer_request_set_input (request, 0, in, NULL));
  ir_infer_request_infer (request, &error);
  g_assert_no_error (error);
  return ir_infer_request_get_output (request, 0);
}

/* @bound: of the range, or of 1 where a function has cut it. */
static inline void
assert_near (const IrTensor *a, const IrTensor *b, double bound)
{
  double low = INFINITY, high = -INFINITY, worst = 0;

  g_assert_true (ir_shape_equal (&a->shape, &b->shape));
  for (guint64 i = 0; i < ir_tensor_count (a); i++) {
    const double p = ir_tensor_get_f64 (a, i), q = ir_tensor_get_f64 (b, i);

    low = fmin (low, q);
    high = fmax (high, q);
    worst = fmax (worst, fabs (p - q));
  }
  g_assert_cmpfloat (worst, <=, bound * fmax (high - low, 1));
}

/* A convolution behind which channels are innermost. */
static inline IrPort
point_conv (Net *net, IrPort x, gint64 in, gint64 out)
{
  x = op (net, "Convolution", 1, x, constant (net, 4, out, in, 1, 1, 0, 0.5));
  set (x, "strides", "%d,%d", 1, 1);
  set (x, "dilations", "%d,%d", 1, 1);
  set (x, "pads_begin", "%d,%d", 0, 0);
  set (x, "pads_end", "%d,%d", 0, 0);
  return x;
}

/* Whether a network that nobody asks more of is computed in bf16 here. */
static inline gboolean
is_bf16 (IrCore *core, const IrGraph *graph)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, "CPU", "PRECISION=auto", &error);

  g_assert_no_error (error);
  return g_str_equal (ir_compiled_model_get_precision (model), "bf16");
}

/* The CPU, in all its ways, against REFERENCE. */
static inline void
check_layer (IrCore *core, IrGraph *graph)
{
  const IrShape *shape = &graph->first->outputs[0].shape;
  g_autoptr (IrTensor) in = random_tensor (shape, 1);
  g_autoptr (IrTensor) want = NULL, one = NULL, many = NULL, plain = NULL;
  g_autoptr (IrTensor) half = NULL, halves = NULL;
  g_autoptr (GError) error = NULL;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  want = run (core, graph, "REFERENCE", NULL, in);
  one = run (core, graph, "CPU", "THREADS=1,PRECISION=f32", in);
  many = run (core, graph, "CPU", "THREADS=3,PRECISION=f32", in);
  plain = run (core, graph, "CPU", "WINOGRAD=NO,PRECISION=f32", in);
  /* Winograd's sums are of larger numbers. */
  assert_near (one, want, 3e-5);
  assert_near (plain, want, 5e-6);
  g_assert_true (ir_tensor_equal (one, many));
  if (!is_bf16 (core, graph))
    return;
  /* bf16 has eight digits of two. */
  half = run (core, graph, "CPU", "THREADS=1,PRECISION=auto", in);
  halves = run (core, graph, "CPU", "THREADS=3,PRECISION=auto", in);
  assert_near (half, want, 2e-2);
  g_assert_true (ir_tensor_equal (half, halves));
}

#endif
