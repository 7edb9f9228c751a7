/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* CPU against REFERENCE on graphs with what the CPU fuses, and the same bits for
 * any number of threads. */
#include <ir/core.h>
#include <math.h>
#include <string.h>

static guint32 state;

static IrTensor *
random_tensor (const char *shape_text)
{
  IrShape shape;
  IrTensor *tensor;

  g_assert_true (ir_shape_parse (shape_text, &shape, NULL));
  tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  for (guint64 i = 0; i < ir_tensor_count (tensor); i++) {
    state = state * 1664525 + 1013904223;
    ((float *) tensor->data)[i] = (state >> 8) / 8388608.0f - 1;
  }
  return tensor;
}

static IrPort
constant (IrGraph *graph, const char *shape)
{
  g_autoptr (IrTensor) value = random_tensor (shape);

  /* Small enough that values neither grow from layer to layer nor saturate. */
  for (guint64 i = 0; i < ir_tensor_count (value); i++)
    ((float *) value->data)[i] *= 0.125f;
  return ir_port (ir_graph_add_const (graph, "c", value), 0);
}

static IrPort
op (IrGraph *graph, const char *type, guint opset, IrPort a, IrPort b)
{
  return ir_port (b.node ? ir_graph_add_op (graph, type, opset, type, 2, a, b)
                         : ir_graph_add_op (graph, type, opset, type, 1, a),
      0);
}

static IrPort
conv (IrGraph *graph, const char *type, IrPort x, const char *weights,
    const char *stride, const char *pad)
{
  IrPort y = op (graph, type, 1, x, constant (graph, weights));

  g_assert_true (ir_node_set_text (y.node, "strides", stride, NULL));
  g_assert_true (ir_node_set_text (y.node, "dilations", "1,1", NULL));
  g_assert_true (ir_node_set_text (y.node, "pads_begin", pad, NULL));
  g_assert_true (ir_node_set_text (y.node, "pads_end", pad, NULL));
  return y;
}

/* Bias, residual, Swish, PReLU, depthwise, strides, transposed, product. */
static IrGraph *
make_graph (void)
{
  const IrPort none = { NULL, 0 };
  IrGraph *graph = ir_graph_new ("mixed");
  IrShape shape = { 4, { 2, 6, 37, 45 } };
  IrPort x, y, z;

  state = 1;
  x = ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape), 0);
  x = conv (graph, "Convolution", x, "70,6,3,3", "1,1", "1,1");
  x = op (graph, "Add", 1, x, constant (graph, "1,70,1,1"));
  x = op (graph, "ReLU", 1, x, none);
  y = conv (graph, "GroupConvolution", x, "70,1,1,3,3", "1,1", "1,1");
  y = op (graph, "PReLU", 1, y, constant (graph, "70"));
  z = conv (graph, "Convolution", y, "70,70,1,1", "1,1", "0,0");
  z = op (graph, "Add", 1, z, constant (graph, "1,70,1,1"));
  z = op (graph, "Add", 1, z, x);
  z = op (graph, "Multiply", 1, z, op (graph, "Sigmoid", 1, z, none));
  z = conv (graph, "GroupConvolution", z, "70,1,1,5,5", "2,2", "2,2");
  y = conv (graph, "ConvolutionBackpropData", z, "70,9,4,4", "2,2", "1,1");
  y = op (graph, "Tanh", 1, y, none);
  ir_graph_add_result (graph, "r1", y);
  z = op (graph, "MatMul", 1, z, constant (graph, "23,300"));
  z = op (graph, "Add", 1, z, constant (graph, "300"));
  z = op (graph, "ReLU", 1, z, none);
  ir_graph_add_result (graph, "r2", z);
  return graph;
}

static IrInferRequest *
run (IrCore *core, const IrGraph *graph, const char *device, const char *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, device, config, &error);
  g_autoptr (IrTensor) in = NULL;
  IrInferRequest *request;

  g_assert_no_error (error);
  state = 99;
  in = random_tensor ("2,6,37,45");
  request = ir_compiled_model_create_request (model, &error);
  g_assert_no_error (error);
  g_assert_true (ir_infer_request_set_input (request, 0, in, NULL));
  ir_infer_request_infer (request, &error);
  g_assert_no_error (error);
  return request;
}

static void
test_reference (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph ();
  g_autoptr (IrInferRequest) a = NULL, b = NULL;

  g_assert_true (ir_graph_infer (graph, NULL));
  a = run (core, graph, "CPU", "PRECISION=f32");
  b = run (core, graph, "REFERENCE", NULL);
  for (guint o = 0; o < 2; o++) {
    g_autoptr (IrTensor) x = ir_infer_request_get_output (a, o);
    g_autoptr (IrTensor) y = ir_infer_request_get_output (b, o);
    double low = INFINITY, high = -INFINITY, worst = 0;

    g_assert_true (ir_shape_equal (&x->shape, &y->shape));
    for (guint64 i = 0; i < ir_tensor_count (x); i++) {
      const double p = ir_tensor_get_f64 (x, i), q = ir_tensor_get_f64 (y, i);

      low = fmin (low, q);
      high = fmax (high, q);
      worst = fmax (worst, fabs (p - q));
    }
    g_assert_cmpfloat (high - low, >, 0.1);
    g_assert_cmpfloat (worst, <, 1e-5 * (high - low));
  }
}

static void
test_threads (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph ();
  g_autoptr (IrInferRequest) one = NULL;

  g_assert_true (ir_graph_infer (graph, NULL));
  one = run (core, graph, "CPU", "THREADS=1");
  for (guint threads = 2; threads < 6; threads++) {
    g_autofree char *config = g_strdup_printf ("THREADS=%u", threads);
    g_autoptr (IrInferRequest) many = run (core, graph, "CPU", config);

    for (guint o = 0; o < 2; o++) {
      g_autoptr (IrTensor) x = ir_infer_request_get_output (one, o);
      g_autoptr (IrTensor) y = ir_infer_request_get_output (many, o);

      g_assert_true (ir_tensor_equal (x, y));
    }
  }
}

/* The batch is found out at run time: the same numbers as when it is known. */
static void
test_dynamic (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) fixed = make_graph (), open = make_graph ();
  const IrShape shape = { 4, { IR_DIM_UNKNOWN, 6, 37, 45 } };
  g_autoptr (IrInferRequest) a = NULL, b = NULL;

  ir_node_set_parameter (open->parameters->pdata[0], IR_DTYPE_F32, &shape);
  g_assert_true (ir_graph_infer (fixed, NULL));
  g_assert_true (ir_graph_infer (open, NULL));
  a = run (core, fixed, "CPU", "PRECISION=f32");
  b = run (core, open, "CPU", "PRECISION=f32");
  for (guint o = 0; o < 2; o++) {
    g_autoptr (IrTensor) x = ir_infer_request_get_output (a, o);
    g_autoptr (IrTensor) y = ir_infer_request_get_output (b, o);

    g_assert_true (ir_tensor_equal (x, y));
  }
}

static void
check_refused (const char *device, const char *config, const char *text)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph ();
  g_autoptr (GError) error = NULL;

  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_null (ir_core_compile (core, graph, device, config, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_PARSE);
  g_assert_nonnull (strstr (error->message, text));
}

/* Levels that bf16 could not tell from each other stay f32 unless bf16 is asked for. */
static void
test_quantized (void)
{
  const IrShape shape = { 4, { 1, 8, 6, 6 } }, one = { 0 };
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = ir_graph_new ("quantized");
  g_autoptr (IrTensor) number = ir_tensor_new (IR_DTYPE_F32, &one, NULL);
  g_autoptr (IrCompiledModel) model = NULL;
  g_autoptr (GError) error = NULL;
  IrPort x, c;
  IrNode *node;

  *(float *) number->data = 1;
  x = ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape), 0);
  c = ir_port (ir_graph_add_const (graph, "c", number), 0);
  node = ir_graph_add_op (graph, "FakeQuantize", 1, "q", 5, x, c, c, c, c);
  ir_node_set_text (node, "levels", "256", &error);
  g_assert_no_error (error);
  ir_graph_add_result (graph, "out", ir_port (node, 0));
  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  model = ir_core_compile (core, graph, "CPU", "PRECISION=auto", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (ir_compiled_model_get_precision (model), ==, "f32");
}

/* Each device says which ones it has. */
/* The machine has eight processors: see many-processors.c. */
static void
test_too_many_threads (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph ();
  g_autoptr (IrCompiledModel) all = NULL, more = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (ir_graph_infer (graph, NULL));
  all = ir_core_compile (core, graph, "CPU", "THREADS=8", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ir_compiled_model_get_threads (all), ==, 8);
  g_assert_null (ir_compiled_model_get_warning (all));
  more = ir_core_compile (core, graph, "CPU", "THREADS=9", &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ir_compiled_model_get_threads (more), ==, 8);
  g_assert_nonnull (strstr (ir_compiled_model_get_warning (more),
      "THREADS=9 is more than the 8 processor(s)"));
}

/* Known at once where shapes are, otherwise once they have been seen. */
static void
test_memory (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph (), open = make_graph ();
  const IrShape shape = { 4, { IR_DIM_UNKNOWN, 6, 37, 45 } };
  g_autoptr (IrCompiledModel) fixed = NULL, later = NULL, other = NULL;
  g_autoptr (IrInferRequest) request = NULL;
  g_autoptr (IrTensor) in = random_tensor ("2,6,37,45");
  IrModelMemory memory, same;

  ir_node_set_parameter (open->parameters->pdata[0], IR_DTYPE_F32, &shape);
  g_assert_true (ir_graph_infer (graph, NULL));
  g_assert_true (ir_graph_infer (open, NULL));
  fixed = ir_core_compile (core, graph, "CPU", "THREADS=2", NULL);
  g_assert_true (ir_compiled_model_get_memory (fixed, &memory));
  g_assert_cmpuint (memory.weights, >, 0);
  g_assert_cmpuint (memory.arena, >=, in->size);
  later = ir_core_compile (core, open, "CPU", "THREADS=2", NULL);
  g_assert_false (ir_compiled_model_get_memory (later, &same));
  request = ir_compiled_model_create_request (later, NULL);
  g_assert_true (ir_infer_request_set_input (request, 0, in, NULL));
  g_assert_true (ir_infer_request_infer (request, NULL));
  g_assert_true (ir_compiled_model_get_memory (later, &same));
  g_assert_cmpmem (&same, sizeof same, &memory, sizeof memory);
  other = ir_core_compile (core, graph, "REFERENCE", NULL, NULL);
  g_assert_false (ir_compiled_model_get_memory (other, &same));
}

static void
test_switches (void)
{
  check_refused ("CPU", "TUNE=maybe", "TUNE takes YES or NO, not 'maybe'");
  check_refused ("CPU", "WINOGRAD=", "WINOGRAD takes YES or NO, not ''");
}

static void
test_precisions (void)
{
  check_refused ("CPU", "PRECISION=f8", "auto, f32 or bf16");
  check_refused ("REFERENCE", "PRECISION=bf16", "auto or f32");
}

/* IR_DEBUG in a process of its own. */
static void
test_debug (void)
{
  if (g_test_subprocess ()) {
    g_autoptr (IrCore) core = ir_core_new ();
    g_autoptr (IrGraph) graph = make_graph ();
    g_autoptr (IrInferRequest) request = NULL;

    g_assert_true (ir_graph_infer (graph, NULL));
    request = run (core, graph, "CPU", "PRECISION=f32");
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr_unmatched ("*plan*");
  g_setenv ("IR_DEBUG", "plan,kernels", TRUE);
  g_test_trap_subprocess (NULL, 0, 0);
  g_unsetenv ("IR_DEBUG");
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*kernels igemm: *kernels bgemm: *");
  g_test_trap_assert_stderr (
      "*plan of 'mixed': * steps, * slots, arena of *, weights of *");
  g_test_trap_assert_stderr ("*slot *: f32 [2,70,37,45], channels last*");
  g_test_trap_assert_stderr ("*step *: Convolution * to *, slots * to *");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/results/reference", test_reference);
  g_test_add_func ("/results/threads", test_threads);
  g_test_add_func ("/results/dynamic", test_dynamic);
  g_test_add_func ("/results/precisions", test_precisions);
  g_test_add_func ("/results/memory", test_memory);
  g_test_add_func ("/results/switches", test_switches);
  g_test_add_func ("/results/too-many-threads", test_too_many_threads);
  g_test_add_func ("/results/quantized", test_quantized);
  g_test_add_func ("/results/debug", test_debug);
  return g_test_run ();
}
