/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Inference after inference on the CPU asks for no memory: this program's own
 * allocator counts. */
#include <errno.h>
#include <stdlib.h>
#include "case-net.h"

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);
extern void *__libc_memalign (size_t align, size_t size);

static gint counting, calls;

static void
count (void)
{
  if (g_atomic_int_get (&counting))
    g_atomic_int_inc (&calls);
}

IR_API void *
malloc (size_t size)
{
  count ();
  return __libc_malloc (size);
}

IR_API void *
calloc (size_t n, size_t size)
{
  count ();
  return __libc_calloc (n, size);
}

IR_API void *
realloc (void *memory, size_t size)
{
  count ();
  return __libc_realloc (memory, size);
}

IR_API void *
aligned_alloc (size_t align, size_t size)
{
  count ();
  return __libc_memalign (align, size);
}

IR_API int
posix_memalign (void **memory, size_t align, size_t size)
{
  count ();
  *memory = __libc_memalign (align, size);
  return *memory ? 0 : ENOMEM;
}

/* --- the model -------------------------------------------------------------- */

static IrPort
constant (IrGraph *graph, const char *shape_text)
{
  g_autoptr (IrTensor) value = NULL;
  IrShape shape;

  g_assert_true (ir_shape_parse (shape_text, &shape, NULL));
  value = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
  for (guint64 i = 0; i < ir_tensor_count (value); i++)
    ((float *) value->data)[i] = g_test_rand_double_range (-0.2, 0.2);
  return ir_port (ir_graph_add_const (graph, "c", value), 0);
}

static IrPort
conv (IrGraph *graph, IrPort in, const char *weights)
{
  IrNode *node = ir_graph_add_op (
      graph, "Convolution", 1, "conv", 2, in, constant (graph, weights));

  g_assert_true (ir_node_set_text (node, "strides", "1,1", NULL));
  g_assert_true (ir_node_set_text (node, "dilations", "1,1", NULL));
  g_assert_true (ir_node_set_text (node, "pads_begin", "1,1", NULL));
  g_assert_true (ir_node_set_text (node, "pads_end", "1,1", NULL));
  return ir_port (node, 0);
}

/* A stem, a Winograd convolution, a sum and SoftMax; two outputs. */
static IrGraph *
make_layers (void)
{
  IrGraph *graph = ir_graph_new ("steady");
  IrShape shape = { 4, { 1, 3, 32, 32 } };
  IrPort x =
      ir_port (ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape), 0);
  IrNode *sum;

  x = conv (graph, x, "16,3,3,3");
  x = ir_port (ir_graph_add_op (graph, "ReLU", 1, "relu", 1, x), 0);
  sum = ir_graph_add_op (
      graph, "Add", 1, "sum", 2, conv (graph, x, "16,16,3,3"), x);
  ir_graph_add_result (graph, "first", ir_port (sum, 0));
  sum = ir_graph_add_op (graph, "SoftMax", 8, "soft", 1, ir_port (sum, 0));
  ir_graph_add_result (graph, "second", ir_port (sum, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  return graph;
}

static IrInferRequest *
make_request (IrCore *core, const char *config)
{
  g_autoptr (IrGraph) graph = make_layers ();
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, "CPU", config, &error);

  g_assert_no_error (error);
  return ir_compiled_model_create_request (model, NULL);
}

static void
infer (IrInferRequest *request, IrTensor *input)
{
  g_assert_true (ir_infer_request_set_input (request, 0, input, NULL));
  g_assert_true (ir_infer_request_infer (request, NULL));
}

static IrTensor *
make_picture (float value)
{
  IrShape shape = { 4, { 1, 3, 32, 32 } };
  IrTensor *input = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);

  for (guint64 i = 0; i < ir_tensor_count (input); i++)
    ((float *) input->data)[i] = value;
  return input;
}

/* --- the tests -------------------------------------------------------------- */

static void
infer_queued (IrInferRequest *request, IrTensor *input)
{
  g_assert_true (ir_infer_request_set_input (request, 0, input, NULL));
  g_assert_true (ir_infer_request_start (request, NULL, NULL, NULL));
  g_assert_true (ir_infer_request_wait (request, -1, NULL));
}

static gint
end_count (void)
{
  g_atomic_int_set (&counting, 0);
  return g_atomic_int_get (&calls);
}

static void
begin_count (void)
{
  g_atomic_int_set (&calls, 0);
  g_atomic_int_set (&counting, 1);
}

/* What 20 inferences of each kind ask for. */
static gint
count_inferences (IrInferRequest *request, IrTensor *input)
{
  begin_count ();
  for (gint i = 0; i < 20; i++) {
    g_autoptr (IrTensor) output = NULL;

    infer (request, input);
    infer_queued (request, input);
    output = ir_infer_request_get_output (request, 0);
    g_assert_nonnull (output);
  }
  return end_count ();
}

static void
test_allocations (gconstpointer config)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrInferRequest) request = make_request (core, config);
  g_autoptr (IrTensor) input = make_picture (1);
  g_autofree gpointer probe = NULL;
  gint rounds = 0;

  /* Threads are made with the first inference and may begin to run late. */
  while (count_inferences (request, input) > 0)
    g_assert_cmpint (rounds++, <, 50);
  g_assert_cmpint (count_inferences (request, input), ==, 0);

  /* It does count. */
  begin_count ();
  probe = g_malloc (100);
  g_assert_cmpint (end_count (), ==, 1);
}

/* --- every kind of step ------------------------------------------------------ */

#define WINDOW "strides=1,1;dilations=1,1;pads_begin=1,1;pads_end=1,1"

static const Case steps[] = {
  { "Convolution", 1, WINDOW, { "normal 1,16,20,30", "weights 24,16,3,3" } },
  { "Convolution", 1, WINDOW, { "normal 1,8,9,9", "normal 4,8,3,3" } },
  { "Convolution", 1,
      "strides=1,1,1;dilations=1,1,1;pads_begin=0,0,0;pads_end=0,0,0",
      { "normal 1,4,5,6,7", "weights 3,4,2,2,2" } },
  { "GroupConvolution", 1, WINDOW,
      { "normal 1,16,20,30", "weights 16,1,1,3,3" } },
  { "ConvolutionBackpropData", 1, WINDOW,
      { "normal 1,16,9,9", "weights 16,8,3,3" } },
  { "BinaryConvolution", 1, WINDOW, { "normal 1,8,9,9", "weights 8,8,3,3" } },
  { "MaxPool", 1, "strides=2,2;kernel=2,2;pads_begin=0,0;pads_end=0,0",
      { "normal 1,16,20,30" } },
  { "MaxPool", 8, "strides=2,2;kernel=2,2;pads_begin=0,0;pads_end=0,0",
      { "normal 1,16,20,30" } },
  { "AvgPool", 1,
      "strides=2,2,2;kernel=2,2,2;pads_begin=0,0,0;pads_end=0,0,0;"
      "exclude-pad=true",
      { "normal 1,4,6,8,10" } },
  { "MatMul", 1, "", { "normal 1,200", "weights 200,90" } },
  { "MatMul", 1, "", { "normal 3,20,30", "normal 3,30,40" } },
  { "GRUCell", 3, "hidden_size=8",
      { "normal 2,4", "normal 2,8", "weights 24,4", "weights 24,8",
          "weights 24" } },
  { "Swish", 4, "", { "normal 1,16,20,30" } },
  { "Swish", 4, "", { "halves 1,16,20,30" } },
  { "Less", 1, "", { "normal 1,16,20,30", "normal 1,16,1,1" } },
  { "SoftMax", 8, "axis=1", { "normal 1,16,20,30" } },
  { "MVN", 6, "normalize_variance=true;eps=1e-6;eps_mode=inside_sqrt",
      { "normal 1,16,20,30", "=3" } },
  { "NormalizeL2", 1, "eps=1e-6;eps_mode=add", { "normal 1,16,20,30", "=1" } },
  { "LRN", 1, "alpha=0.1;beta=0.7;bias=1;size=5",
      { "normal 1,16,20,30", "=1" } },
  { "GroupNormalization", 12, "num_groups=4;epsilon=1e-5",
      { "normal 1,16,20,30", "weights 16", "weights 16" } },
  { "ReduceL2", 4, "keep_dims=true", { "normal 1,16,20,30", "=2" } },
  { "CumSum", 3, "", { "normal 1,16,20,30", "=1" } },
  { "DFT", 7, "", { "normal 6,20,2", "=[1]" } },
  { "TopK", 3, "axis=1;mode=max;sort=value", { "normal 4,500,6", "=1" } },
  { "DepthToSpace", 1, "mode=blocks_first;block_size=2",
      { "normal 1,16,20,30" } },
  { "Reverse", 1, "mode=index", { "normal 1,16,20,30", "=[2]" } },
  { "Gather", 8, "", { "normal 1,16,20,30", "images 7 16", "=1" } },
  { "Reverse", 1, "mode=index", { "images 4,20 9", "=[1]" } },
  { "Interpolate", 4,
      "mode=linear_onnx;shape_calculation_mode=scales;"
      "coordinate_transformation_mode=half_pixel",
      { "normal 1,16,20,30", "=[40]", "=[2.0]", "=[2]" } },
  { "FakeQuantize", 1, "levels=255",
      { "normal 1,16,20,30", "=-1.0", "=1.0", "=-1.0", "=1.0" } },
  { "Concat", 1, "axis=1", { "normal 1,16,20,30", "normal 1,9,20,30" } },
  { "Concat", 1, "axis=0", { "images 2,5 9", "images 3,5 9" } },
  { "ScatterElementsUpdate", 12, "reduction=mean;use_init_val=true",
      { "normal 16,20", "images 4,20 16", "normal 4,20", "=0" } },
};

/* All inputs are set at first; what is given back goes to the next inference. */
static IrInferRequest *
make_case (IrCore *core, const Case *c, const char *config, gboolean *makes)
{
  IrTensor *in[MAX_IN] = { NULL };
  g_autoptr (IrGraph) graph = make_graph (c, in);
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model = NULL;
  IrInferRequest *request;

  ir_graph_infer (graph, &error);
  g_assert_no_error (error);
  *makes = (ir_op_lookup_number (c->type, c->opset)->flags & IR_OP_DYNAMIC);
  model = ir_core_compile (core, graph, "CPU", config, &error);
  g_assert_no_error (error);
  request = ir_compiled_model_create_request (model, NULL);
  for (guint i = 0; i < graph->parameters->len; i++) {
    g_assert_true (ir_infer_request_set_input (request, i, in[i], NULL));
    ir_tensor_unref (in[i]);
  }
  return request;
}

static gint
count_case (IrInferRequest *request)
{
  begin_count ();
  for (gint i = 0; i < 4; i++)
    g_assert_true (ir_infer_request_infer (request, NULL));
  return end_count ();
}

static void
check_case (const Case *c, const char *config)
{
  g_autoptr (IrCore) core = ir_core_new ();
  gboolean makes;
  g_autoptr (IrInferRequest) request = make_case (core, c, config, &makes);
  gint rounds = 0;

  /* What has a size of its own each time is made each time. */
  while (count_case (request) > 0 && !makes)
    g_assert_cmpint (rounds++, <, 50);
}

static void
test_case (gconstpointer data)
{
  check_case (data, "THREADS=1");
  check_case (data, "THREADS=2");
}

/* What a caller holds is not written to again, however many. */
static void
test_held_outputs (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrInferRequest) request = make_request (core, NULL);
  IrTensor *held[8], *copies[8];

  for (gint i = 0; i < 8; i++) {
    g_autoptr (IrTensor) input = make_picture (i + 1);

    infer (request, input);
    held[i] = ir_infer_request_get_output (request, 0);
    copies[i] = ir_tensor_copy (held[i], NULL);
  }
  for (gint i = 0; i < 8; i++) {
    g_assert_true (ir_tensor_equal (held[i], copies[i]));
    g_assert_false (i > 0 && ir_tensor_equal (held[i], held[i - 1]));
  }
  for (gint i = 0; i < 8; i++) {
    ir_tensor_unref (held[i]);
    ir_tensor_unref (copies[i]);
  }
}

/* Nor are inputs that were converted, or are seen in another shape, and are given back as
 * outputs. */
static const Case passed[] = {
  { "Convert", 1, "destination_type=f32", { "halves 1,7" } },
  { "Reshape", 1, "special_zero=false", { "normal 1,7", "=[7]" } },
};

static void
test_held_inputs (gconstpointer data)
{
  const gboolean halves = data == &passed[0];
  g_autoptr (IrCore) core = ir_core_new ();
  gboolean makes;
  g_autoptr (IrInferRequest) request = make_case (core, data, "", &makes);
  IrTensor *held[4];

  for (guint i = 0; i < 4; i++) {
    const IrShape shape = { 2, { 1, 7 } };
    g_autoptr (IrTensor) input =
        ir_tensor_new (halves ? IR_DTYPE_F16 : IR_DTYPE_F32, &shape, NULL);

    for (guint k = 0; k < 7; k++)
      ir_tensor_set_f64 (input, k, i);
    infer (request, input);
    held[i] = ir_infer_request_get_output (request, 0);
  }
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpfloat (ir_tensor_get_f64 (held[i], 6), ==, i);
    ir_tensor_unref (held[i]);
  }
}

static void
add_cases (const char *group, const Case *cases, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *path =
        g_strdup_printf ("/steady/%s/%s/%u", group, cases[i].type, i);

    g_test_add_data_func (path, &cases[i], test_case);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/steady/one-thread", "THREADS=1", test_allocations);
  g_test_add_data_func ("/steady/two-threads", "THREADS=2", test_allocations);
  add_cases ("steps", steps, G_N_ELEMENTS (steps));
  add_cases ("heads", heads, G_N_ELEMENTS (heads));
  g_test_add_func ("/steady/held-outputs", test_held_outputs);
  g_test_add_data_func ("/steady/held-inputs/0", &passed[0], test_held_inputs);
  g_test_add_data_func ("/steady/held-inputs/1", &passed[1], test_held_inputs);
  return g_test_run ();
}
