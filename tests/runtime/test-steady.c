/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Inference after inference on the CPU asks for no memory: this program's own
 * allocator counts. */
#include <errno.h>
#include <ir/core.h>
#include <stdlib.h>
#include <string.h>

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
make_graph (void)
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
  g_autoptr (IrGraph) graph = make_graph ();
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
make_input (float value)
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

/* What 20 inferences of each kind ask for. */
static gint
count_inferences (IrInferRequest *request, IrTensor *input)
{
  g_atomic_int_set (&calls, 0);
  g_atomic_int_set (&counting, 1);
  for (gint i = 0; i < 20; i++) {
    g_autoptr (IrTensor) output = NULL;

    infer (request, input);
    infer_queued (request, input);
    output = ir_infer_request_get_output (request, 0);
    g_assert_nonnull (output);
  }
  g_atomic_int_set (&counting, 0);
  return g_atomic_int_get (&calls);
}

static void
test_allocations (gconstpointer config)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrInferRequest) request = make_request (core, config);
  g_autoptr (IrTensor) input = make_input (1);
  g_autofree gpointer probe = NULL;
  gint rounds = 0;

  /* Threads are made with the first inference and may begin to run late. */
  while (count_inferences (request, input) > 0)
    g_assert_cmpint (rounds++, <, 50);
  g_assert_cmpint (count_inferences (request, input), ==, 0);

  /* It does count. */
  g_atomic_int_set (&counting, 1);
  probe = g_malloc (100);
  g_atomic_int_set (&counting, 0);
  g_assert_cmpint (g_atomic_int_get (&calls), ==, 1);
}

/* What a caller holds is not written to again, however many. */
static void
test_held_outputs (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrInferRequest) request = make_request (core, NULL);
  IrTensor *held[8], *copies[8];

  for (gint i = 0; i < 8; i++) {
    g_autoptr (IrTensor) input = make_input (i + 1);

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/steady/one-thread", "THREADS=1", test_allocations);
  g_test_add_data_func ("/steady/two-threads", "THREADS=2", test_allocations);
  g_test_add_func ("/steady/held-outputs", test_held_outputs);
  return g_test_run ();
}
