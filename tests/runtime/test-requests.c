/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Devices, configuration and the life of a request, on a device that does nothing
 * but wait. */
#include <glib/gstdio.h>
#include <ir/core.h>
#include <string.h>

static IrGraph *
make_graph (const char *shape_text)
{
  IrGraph *graph = ir_graph_new ("pass");
  IrShape shape;
  IrNode *in;

  g_assert_true (ir_shape_parse (shape_text, &shape, NULL));
  in = ir_graph_add_parameter (graph, "in", IR_DTYPE_F32, &shape);
  ir_graph_add_result (graph, "out", ir_port (in, 0));
  g_assert_true (ir_graph_infer (graph, NULL));
  return graph;
}

static IrCompiledModel *
compile (IrCore *core, const char *config)
{
  g_autoptr (IrGraph) graph = make_graph ("1,2");
  g_autoptr (GError) error = NULL;
  IrCompiledModel *model =
      ir_core_compile (core, graph, "slow", config, &error);

  g_assert_no_error (error);
  return model;
}

static IrInferRequest *
make_request (IrCompiledModel *model, float value)
{
  const float values[] = { value, value };
  g_autoptr (IrTensor) flat = ir_tensor_new_f32 (values, 2);
  IrShape shape = { 2, { 1, 2 } };
  g_autoptr (IrTensor) tensor = ir_tensor_reshaped (flat, &shape, NULL);
  IrInferRequest *request = ir_compiled_model_create_request (model, NULL);

  g_assert_true (ir_infer_request_set_input (request, 0, tensor, NULL));
  return request;
}

static void
test_infer (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) model = compile (core, NULL);
  g_autoptr (IrInferRequest) request = make_request (model, 5);
  g_autoptr (IrTensor) out = NULL, again = NULL;

  g_assert_null (ir_infer_request_get_output (request, 0));
  g_assert_true (ir_infer_request_infer (request, NULL));
  out = ir_infer_request_get_output (request, 0);
  again = ir_infer_request_get_output (request, 0);
  g_assert_true (out == again);
  g_assert_cmpfloat (((float *) out->data)[1], ==, 5);
  g_assert_null (ir_infer_request_get_output (request, 1));
}

static void
test_bad_inputs (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) model = compile (core, NULL);
  g_autoptr (IrInferRequest) request =
      ir_compiled_model_create_request (model, NULL);
  const float values[] = { 1, 2, 3 };
  g_autoptr (IrTensor) tensor = ir_tensor_new_f32 (values, 3);
  g_autoptr (GError) error = NULL;

  g_assert_false (ir_infer_request_infer (request, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (ir_infer_request_set_input (request, 0, tensor, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_SHAPE);
  g_assert_nonnull (
      strstr (error->message, "'in' takes f32 [1,2], got f32 [3]"));
  g_clear_error (&error);
  g_assert_false (ir_infer_request_set_input (request, 7, tensor, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_NOT_FOUND);
}

typedef struct {
  GMutex lock;
  GCond cond;
  guint done;
  guint cancelled;
  guint order[64];
} Log;

typedef struct {
  Log *log;
  guint index;
} Entry;

static void
on_done (IrInferRequest *request, const GError *error, gpointer user_data)
{
  Entry *entry = user_data;
  Log *log = entry->log;

  g_mutex_lock (&log->lock);
  log->order[log->done++] = entry->index;
  log->cancelled += g_error_matches (error, IR_ERROR, IR_ERROR_CANCELLED);
  g_cond_signal (&log->cond);
  g_mutex_unlock (&log->lock);
}

static void
test_order (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) model = compile (core, "DELAY=2");
  Log log = { .done = 0 };
  IrInferRequest *requests[8];
  Entry entries[8];

  for (guint i = 0; i < 8; i++) {
    entries[i] = (Entry){ &log, i };
    requests[i] = make_request (model, i);
    g_assert_true (
        ir_infer_request_start (requests[i], on_done, &entries[i], NULL));
  }
  for (guint i = 0; i < 8; i++) {
    g_assert_true (ir_infer_request_wait (requests[i], -1, NULL));
    g_object_unref (requests[i]);
  }
  g_assert_cmpuint (log.done, ==, 8);
  for (guint i = 0; i < 8; i++)
    g_assert_cmpuint (log.order[i], ==, i);
}

static void
test_busy_and_timeout (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) model = compile (core, "DELAY=200");
  g_autoptr (IrInferRequest) request = make_request (model, 1);
  g_autoptr (GError) error = NULL;

  g_assert_true (ir_infer_request_start (request, NULL, NULL, NULL));
  g_assert_false (ir_infer_request_start (request, NULL, NULL, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_false (ir_infer_request_wait (request, 1000, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_BUSY);
  g_assert_true (ir_infer_request_wait (request, -1, NULL));
}

static void
test_cancel (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) model = compile (core, "DELAY=5000");
  g_autoptr (IrInferRequest) running = make_request (model, 1);
  g_autoptr (IrInferRequest) waiting = make_request (model, 2);
  Log log = { .done = 0 };
  Entry entries[2] = { { &log, 0 }, { &log, 1 } };
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  g_assert_true (ir_infer_request_start (running, on_done, &entries[0], NULL));
  g_assert_true (ir_infer_request_start (waiting, on_done, &entries[1], NULL));
  ir_infer_request_cancel (waiting);
  ir_infer_request_cancel (running);
  g_assert_false (ir_infer_request_wait (running, -1, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (ir_infer_request_wait (waiting, -1, &error));
  g_assert_error (error, IR_ERROR, IR_ERROR_CANCELLED);
  g_assert_cmpuint (log.cancelled, ==, 2);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC);
}

/* Everything is dropped while requests are under way: they end, their callbacks
 * are called, and nothing is left over (as the sanitizer sees). */
static void
test_drop (void)
{
  IrCore *core = ir_core_new ();
  IrCompiledModel *model = compile (core, "DELAY=5,STREAMS=2");
  Log log = { .done = 0 };
  Entry entry = { &log, 0 };

  for (guint i = 0; i < 6; i++) {
    IrInferRequest *request = make_request (model, i);

    g_assert_true (ir_infer_request_start (request, on_done, &entry, NULL));
    g_object_unref (request);
  }
  g_object_unref (model);
  g_object_unref (core);
  g_mutex_lock (&log.lock);
  while (log.done < 6)
    g_cond_wait (&log.cond, &log.lock);
  g_mutex_unlock (&log.lock);
}

static gpointer
hammer (gpointer data)
{
  for (guint i = 0; i < 50; i++) {
    g_autoptr (IrInferRequest) request = make_request (data, i);
    g_autoptr (IrTensor) out = NULL;

    g_assert_true (ir_infer_request_infer (request, NULL));
    out = ir_infer_request_get_output (request, 0);
    g_assert_cmpfloat (((float *) out->data)[0], ==, i);
  }
  return NULL;
}

static void
test_concurrency (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) model = compile (core, "STREAMS=2");
  GThread *threads[4];

  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("hammer", hammer, model);
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
}

static void
check_error (
    const char *device, const char *config, gint code, const char *text)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph ("1,2");
  g_autoptr (GError) error = NULL;

  g_assert_null (ir_core_compile (core, graph, device, config, &error));
  g_assert_error (error, IR_ERROR, code);
  if (!strstr (error->message, text))
    g_error ("'%s' is not in '%s'", text, error->message);
}

static void
test_config (void)
{
  check_error ("SLOW", "DELAI=1", IR_ERROR_NOT_FOUND, "DELAY (0..10000)");
  check_error ("SLOW", "thread=1", IR_ERROR_NOT_FOUND, "is THREADS meant?");
  check_error ("SLOW", "DELAI=1", IR_ERROR_NOT_FOUND, "is DELAY meant?");
  check_error ("SLOW", "COLOUR=1", IR_ERROR_NOT_FOUND, "'COLOUR'; it takes");
  check_error ("SLOW", "DELAY", IR_ERROR_PARSE, "KEY=VALUE");
  check_error ("SLOW", "THREADS=many", IR_ERROR_PARSE, "0..1024");
  check_error ("SLOW", "PRECISION=f8", IR_ERROR_PARSE, "auto or f32");
}

static void
test_warning (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrCompiledModel) silent = compile (core, "CACHE_DIR=/nowhere");
  g_autoptr (IrCompiledModel) model = compile (core, "WARNING=it is late");

  g_assert_null (ir_compiled_model_get_warning (silent));
  g_assert_cmpstr (ir_compiled_model_get_warning (model), ==, "it is late");
}

static void
test_devices (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (GPtrArray) reports = ir_core_describe_devices (core);
  guint seen = 0;

  for (guint i = 0; i < reports->len; i++) {
    const IrDeviceReport *r = g_ptr_array_index (reports, i);

    if (strcmp (r->device, "OLD") == 0 || strcmp (r->device, "BROKEN") == 0) {
      g_assert_false (r->available);
      g_assert_nonnull (strstr (r->text, r->path));
      seen++;
    }
  }
  g_assert_cmpuint (seen, ==, 2);
  check_error ("OLD", NULL, IR_ERROR_DEVICE, "ABI 99");
  check_error ("BROKEN", NULL, IR_ERROR_DEVICE, "does not load");
  check_error ("NPU", NULL, IR_ERROR_NOT_FOUND, "SLOW");
}

static void
test_dynamic (void)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (IrGraph) graph = make_graph ("?,2");
  g_autoptr (IrCompiledModel) model =
      ir_core_compile (core, graph, "SLOW", NULL, NULL);
  g_autoptr (IrInferRequest) request =
      ir_compiled_model_create_request (model, NULL);

  for (gint64 n = 1; n < 40; n++) {
    IrShape shape = { 2, { n % 20 + 1, 2 } };
    g_autoptr (IrTensor) tensor = ir_tensor_new (IR_DTYPE_F32, &shape, NULL);
    g_autoptr (IrTensor) out = NULL;

    g_assert_true (ir_infer_request_set_input (request, 0, tensor, NULL));
    g_assert_true (ir_infer_request_infer (request, NULL));
    out = ir_infer_request_get_output (request, 0);
    g_assert_true (ir_shape_equal (&out->shape, &shape));
    g_assert_true (out->data != tensor->data);
  }
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("ir-XXXXXX", NULL);
  g_autofree char *broken =
      g_build_filename (folder, "libir-device-broken.so", NULL);
  g_autofree char *path = g_strdup_printf ("%s:%s", TEST_PLUGINS, folder);
  int result;

  g_test_init (&argc, &argv, NULL);
  g_assert_true (g_file_set_contents (broken, "not a library", -1, NULL));
  g_setenv ("IR_PLUGIN_PATH", path, TRUE);
  g_test_add_func ("/requests/infer", test_infer);
  g_test_add_func ("/requests/bad-inputs", test_bad_inputs);
  g_test_add_func ("/requests/order", test_order);
  g_test_add_func ("/requests/busy-and-timeout", test_busy_and_timeout);
  g_test_add_func ("/requests/cancel", test_cancel);
  g_test_add_func ("/requests/drop", test_drop);
  g_test_add_func ("/requests/concurrency", test_concurrency);
  g_test_add_func ("/requests/dynamic", test_dynamic);
  g_test_add_func ("/core/config", test_config);
  g_test_add_func ("/core/warning", test_warning);
  g_test_add_func ("/core/devices", test_devices);
  result = g_test_run ();
  g_unlink (broken);
  g_rmdir (folder);
  return result;
}
