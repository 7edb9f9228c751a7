/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench-report.h"
#include "ir-cli.h"
#include "tool.h"

/* How often the bar moves while requests are in flight. */
#define PROGRESS_US (G_USEC_PER_SEC / 10)

typedef struct {
  char *model;
  char *device;
  char *hint;
  char *api;
  char *precision;
  char *shape;
  char *config;
  char *cache_dir;
  char *report_folder;
  guint64 niter, seconds, nireq, nstreams, nthreads, batch;
  gboolean counters, json, json_stats;
  GPtrArray *inputs;
} Options;

/* clang-format off */
static const IrCliOption options[] = {
  { "model", "m", "Model", "FILE", NULL,
    "The model: an IR's .xml, or anything that ir-convert reads.",
    IR_CLI_TO (TEXT, Options, model) },
  { "shape", NULL, "Model", "SHAPE", NULL,
    "Other input shapes: \"[1,3,224,224]\" or \"name[1,3,224,224],other[1,4]\".",
    IR_CLI_TO (TEXT, Options, shape) },
  { "batch", "b", "Model", "N", NULL, "Outermost dimension of every input.",
    IR_CLI_TO (NUMBER, Options, batch), 1, 65536 },
  { "input", "i", "Model", "[NAME=]FILE.npy", NULL,
    "Contents of an input, as for ir-infer.",
    IR_CLI_TO (LIST, Options, inputs) },
  { "device", "d", "Device", "DEVICE", "AUTO", "What runs it.",
    IR_CLI_TO (TEXT, Options, device) },
  { "hint", NULL, "Device", "{latency,throughput,tput,none}", "latency",
    "latency: one inference at a time on all cores. throughput: one stream per "
    "core. none: what the other options say.",
    IR_CLI_TO (WORD, Options, hint) },
  { "nstreams", NULL, "Device", "N", NULL, "Inferences side by side.",
    IR_CLI_TO (NUMBER, Options, nstreams), 0, 1024 },
  { "nthreads", NULL, "Device", "N", NULL, "Processor cores to use.",
    IR_CLI_TO (NUMBER, Options, nthreads), 0, 1024 },
  { "infer_precision", NULL, "Device", "P", "auto",
    "auto, f32 or bf16.",
    IR_CLI_TO (TEXT, Options, precision) },
  IR_TOOL_CACHE_DIR (Options, cache_dir),
  { "config", NULL, "Device", "K=V,…", NULL, "Configuration of the device.",
    IR_CLI_TO (TEXT, Options, config) },
  { "api", NULL, "Run", "{sync,async}", NULL,
    "sync: one after the other, the default with the hint latency. async: "
    "requests in flight.",
    IR_CLI_TO (WORD, Options, api) },
  { "nireq", NULL, "Run", "N", NULL, "Requests in flight (async).",
    IR_CLI_TO (NUMBER, Options, nireq), 1, 1024 },
  { "niter", NULL, "Run", "N", NULL, "Number of inferences.",
    IR_CLI_TO (NUMBER, Options, niter), 1, 1000000000 },
  { "time", "t", "Run", "SECONDS", "10",
    "How long to run, unless the number is given.",
    IR_CLI_TO (NUMBER, Options, seconds), 1, 86400 },
  { "pc", NULL, "Report", NULL, NULL,
    "A table per layer: op, chosen kernel, milliseconds, GFLOP/s and their share "
    "of what the device's threads can do, which is measured.",
    IR_CLI_TO (FLAG, Options, counters) },
  { "json", NULL, "Report", NULL, NULL, "One JSON object on stdout.",
    IR_CLI_TO (FLAG, Options, json) },
  { "json_stats", NULL, "Report", NULL, NULL,
    "Writes the report to the folder as JSON.",
    IR_CLI_TO (FLAG, Options, json_stats) },
  { "report_folder", NULL, "Report", "DIR", ".", "Where --json_stats writes.",
    IR_CLI_TO (TEXT, Options, report_folder) },
};

static const char *const examples[] = {
  "Latency on the CPU", "ir-bench -m model.xml -d CPU",
  "Throughput for five seconds", "ir-bench -m model.xml -hint throughput -t 5",
  "Which layers take the time", "ir-bench -m model.xml -pc -niter 50",
  NULL
};
/* clang-format on */

static gboolean
check (gconstpointer fields, GError **error)
{
  const Options *o = fields;

  return o->model ||
      ir_fail (error, IR_ERROR_PARSE, "which model? Give it with -m");
}

static gboolean
for_throughput (const Options *o)
{
  return strcmp (o->hint, "throughput") == 0 || strcmp (o->hint, "tput") == 0;
}

/* More threads than processors only take turns. */
static guint64
clip_threads (guint64 wanted)
{
  const guint there = g_get_num_processors ();

  if (wanted <= there)
    return wanted;
  ir_cli_message (IR_CLI_WARNING,
      "-nthreads %" G_GUINT64_FORMAT " is more than the %u processor(s) that "
      "there are; %u are used",
      wanted, there, there);
  return there;
}

static char *
make_config (const Options *o)
{
  const guint64 nthreads = clip_threads (o->nthreads);
  GString *more = g_string_new (o->config);
  char *text;

  if (nthreads)
    g_string_append_printf (more, ",THREADS=%" G_GUINT64_FORMAT, nthreads);
  if (o->nstreams || for_throughput (o))
    g_string_append_printf (more, ",STREAMS=%" G_GUINT64_FORMAT,
        o->nstreams    ? o->nstreams
            : nthreads ? nthreads
                       : g_get_num_processors ());
  text = ir_tool_config (o->precision, o->cache_dir, more->str);
  g_string_free (more, TRUE);
  return text;
}

/* --- the run ---------------------------------------------------------------- */

typedef struct {
  GMutex lock;
  GCond ended;
  GArray *latencies;
  guint64 left, niter;
  gint64 begun, deadline;
  guint running;
  GError *error;
} Loop;

typedef struct {
  Loop *loop;
  IrInferRequest *request;
  gint64 started;
} Slot;

/* With the lock held: whether another inference is due. */
static gboolean
next (Loop *loop)
{
  if (loop->error || loop->left == 0)
    return FALSE;
  if (loop->deadline && g_get_monotonic_time () >= loop->deadline)
    return FALSE;
  loop->left--;
  return TRUE;
}

/* Of the main thread. */
static void
show_progress (const Loop *loop)
{
  const gint64 now = g_get_monotonic_time ();

  ir_cli_progress ("running",
      loop->deadline
          ? (double) (now - loop->begun) / (loop->deadline - loop->begun)
          : (double) loop->latencies->len / loop->niter);
}

static void
on_done (IrInferRequest *request, const GError *error, gpointer user_data)
{
  Slot *slot = user_data;
  Loop *loop = slot->loop;
  gint64 now = g_get_monotonic_time ();
  double ms = (now - slot->started) / 1000.0;
  gboolean again;

  g_mutex_lock (&loop->lock);
  if (error && !loop->error)
    loop->error = g_error_copy (error);
  else
    g_array_append_val (loop->latencies, ms);
  again = next (loop);
  g_mutex_unlock (&loop->lock);

  slot->started = now;
  if (again && ir_infer_request_start (request, on_done, slot, NULL))
    return;
  g_mutex_lock (&loop->lock);
  loop->running--;
  g_cond_signal (&loop->ended);
  g_mutex_unlock (&loop->lock);
}

static gboolean
run_async (Loop *loop, const GPtrArray *requests, GError **error)
{
  g_autofree Slot *slots = g_new0 (Slot, requests->len);

  for (guint i = 0; i < requests->len; i++) {
    gboolean due;

    slots[i] = (Slot){ loop, requests->pdata[i], g_get_monotonic_time () };
    g_mutex_lock (&loop->lock);
    due = next (loop);
    loop->running += due;
    g_mutex_unlock (&loop->lock);
    if (due &&
        !ir_infer_request_start (requests->pdata[i], on_done, &slots[i], error))
      return FALSE;
  }
  g_mutex_lock (&loop->lock);
  while (loop->running) {
    g_cond_wait_until (
        &loop->ended, &loop->lock, g_get_monotonic_time () + PROGRESS_US);
    show_progress (loop);
  }
  g_mutex_unlock (&loop->lock);
  for (guint i = 0; i < requests->len; i++)
    ir_infer_request_wait (requests->pdata[i], -1, NULL);
  return TRUE;
}

static gboolean
run_sync (Loop *loop, IrInferRequest *request, GError **error)
{
  while (next (loop)) {
    gint64 start = g_get_monotonic_time ();
    double ms;

    if (!ir_infer_request_infer (request, error))
      return FALSE;
    ms = (g_get_monotonic_time () - start) / 1000.0;
    g_array_append_val (loop->latencies, ms);
    show_progress (loop);
  }
  return TRUE;
}

static gboolean
measure (const Options *o, IrCompiledModel *model, const GPtrArray *inputs,
    gboolean sync, IrBenchReport *report, GError **error)
{
  g_autoptr (GPtrArray) requests =
      g_ptr_array_new_with_free_func (g_object_unref);
  Loop loop = { .latencies = report->latencies,
    .left = o->niter ? o->niter : G_MAXUINT64,
    .niter = o->niter };
  guint n = sync ? 1 : o->nireq;
  gint64 start;
  gboolean ok;

  if (!n)
    n = ir_compiled_model_get_optimal_requests (model);
  for (guint i = 0; i < n; i++) {
    IrInferRequest *request = ir_compiled_model_create_request (model, error);

    if (!request)
      return FALSE;
    g_ptr_array_add (requests, request);
    for (guint k = 0; k < inputs->len; k++)
      if (!ir_infer_request_set_input (request, k, inputs->pdata[k], error))
        return FALSE;
  }

  start = g_get_monotonic_time ();
  if (!ir_infer_request_infer (requests->pdata[0], error))
    return FALSE;
  report->first_ms = (g_get_monotonic_time () - start) / 1000.0;
  if (o->counters)
    ir_compiled_model_set_profiling (model, TRUE);

  loop.begun = start = g_get_monotonic_time ();
  if (!o->niter)
    loop.deadline = start + (gint64) o->seconds * G_USEC_PER_SEC;
  ir_cli_progress_begin (FALSE);
  ok = sync ? run_sync (&loop, requests->pdata[0], error)
            : run_async (&loop, requests, error);
  report->seconds = (g_get_monotonic_time () - start) / 1e6;
  ir_cli_progress_end ();
  if (ok && loop.error) {
    g_propagate_error (error, loop.error);
    return FALSE;
  }
  return ok;
}

/* What rusage says counts the process that started this one, too. */
static double
peak_rss_mb (void)
{
  static const char key[] = "\nVmHWM:";
  g_autofree char *status = NULL;
  struct rusage usage;
  const char *at;

  if (g_file_get_contents ("/proc/self/status", &status, NULL, NULL) &&
      (at = strstr (status, key)))
    return g_ascii_strtoull (at + strlen (key), NULL, 10) / 1024.0;
  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024.0;
}

static IrCompiledModel *
prepare (const Options *o, IrCore *core, IrBenchReport *report, GError **error)
{
  g_autofree char *config = make_config (o);
  g_autoptr (IrGraph) graph = NULL;
  IrCompiledModel *model;
  gint64 start = g_get_monotonic_time ();

  graph = ir_tool_read_model (o->model, o->cache_dir, error);
  if (!graph ||
      ((o->shape || o->batch) &&
          !ir_tool_reshape (graph, o->shape, o->batch, error)))
    return NULL;
  report->read_ms = (g_get_monotonic_time () - start) / 1000.0;
  start = g_get_monotonic_time ();
  model = ir_tool_compile (core, graph, o->device, config, error);
  report->compile_ms = (g_get_monotonic_time () - start) / 1000.0;
  return model;
}

static gboolean
bench (gconstpointer fields, GError **error)
{
  const Options *o = fields;
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (GPtrArray) inputs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  g_autoptr (GArray) latencies = g_array_new (FALSE, FALSE, sizeof (double));
  IrBenchReport report = { .latencies = latencies,
    .bare_rss_mb = peak_rss_mb () };
  g_autoptr (IrCompiledModel) model = prepare (o, core, &report, error);
  gboolean sync = o->api ? strcmp (o->api, "sync") == 0 : !for_throughput (o);

  if (!model ||
      !ir_tool_make_inputs (model, o->inputs, 0, inputs, NULL, error) ||
      !measure (o, model, inputs, sync, &report, error))
    return FALSE;
  report.peak_rss_mb = peak_rss_mb ();
  report.model = model;
  if (o->counters)
    ir_bench_print_layers (&report);
  if (o->json)
    ir_bench_print_json (&report, stdout);
  else if (!ir_cli_is_silent ())
    ir_bench_print_text (&report);
  return !o->json_stats ||
      ir_bench_save_json (&report, o->report_folder, error);
}

static const IrCliProgram program = {
  .name = "ir-bench",
  .summary = "Measure how fast a model runs",
  .usage = "-m MODEL [-d DEVICE] [-hint WORD] [-t SECONDS]",
  .options = options,
  .n_options = G_N_ELEMENTS (options),
  .examples = examples,
  .check = check,
  .run = bench,
};

int
main (int argc, char **argv)
{
  Options o = { 0 };

  return ir_cli_main (&program, argc, argv, &o);
}
