/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What detectors end in, on the CPU against REFERENCE: the same numbers where both
 * compute the same, and the same bits with one thread and several, on data of which
 * there is enough for these. */
#include "case-net.h"

#define ROUNDS 4

static void
run (IrCore *core, const IrGraph *graph, const char *device, const char *config,
    IrTensor **in, IrTensor **out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, device, config, &error);
  g_autoptr (IrInferRequest) request = NULL;

  g_assert_no_error (error);
  request = ir_compiled_model_create_request (model, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < graph->parameters->len; i++)
    g_assert_true (ir_infer_request_set_input (request, i, in[i], NULL));
  ir_infer_request_infer (request, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < graph->results->len; i++)
    out[i] = ir_infer_request_get_output (request, i);
}

static void
assert_near (const IrTensor *a, const IrTensor *b, double bound)
{
  double worst = 0, size = 1;

  g_assert_true (ir_shape_equal (&a->shape, &b->shape));
  for (guint64 i = 0; i < ir_tensor_count (a); i++) {
    const double x = ir_tensor_get_f64 (a, i), y = ir_tensor_get_f64 (b, i);

    size = fmax (size, fabs (y));
    worst = fmax (worst, fabs (x - y));
  }
  g_assert_cmpfloat (worst, <=, bound * size);
}

static void
test_case (gconstpointer data)
{
  g_autoptr (IrCore) core = ir_core_new ();
  const Case *c = data;

  for (int round = 0; round < ROUNDS; round++) {
    IrTensor *in[MAX_IN] = { NULL }, *want[MAX_OUT], *one[MAX_OUT];
    IrTensor *many[MAX_OUT];
    g_autoptr (IrGraph) graph = make_graph (c, in);
    g_autoptr (GError) error = NULL;

    ir_graph_infer (graph, &error);
    g_assert_no_error (error);
    run (core, graph, "REFERENCE", NULL, in, want);
    run (core, graph, "CPU", "THREADS=1,PRECISION=f32", in, one);
    run (core, graph, "CPU", "THREADS=3,PRECISION=f32", in, many);
    for (guint i = 0; i < graph->results->len; i++) {
      assert_near (one[i], want[i], c->bound);
      g_assert_true (ir_tensor_equal (one[i], many[i]));
      ir_tensor_unref (want[i]);
      ir_tensor_unref (one[i]);
      ir_tensor_unref (many[i]);
    }
    for (guint i = 0; i < graph->parameters->len; i++)
      ir_tensor_unref (in[i]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    g_autofree char *path = g_strdup_printf ("/heads/%s/%u", heads[i].type, i);

    g_test_add_data_func (path, &heads[i], test_case);
  }
  return g_test_run ();
}
