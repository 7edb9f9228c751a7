/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "bench-report.h"
#include "ir-cli.h"
#include "tool.h"

typedef struct {
  char *model;
  char *device;
  char *hint;
  char *api;
  char *precision;
  char *shape;
  char *config;
  char *report_folder;
  char *niter, *time, *nireq, *nstreams, *nthreads, *batch;
  gboolean counters, json, json_stats, silent;
  GPtrArray *inputs;
} Options;

/* clang-format off */
static const IrCliOption options[] = {
  { "model", "m", "Model", "FILE", NULL,
    "The model: an IR's .xml, or anything that ir-convert reads." },
  { "shape", NULL, "Model", "SHAPE", NULL,
    "Other input shapes: \"[1,3,224,224]\" or \"name[1,3,224,224],other[1,4]\"." },
  { "batch", "b", "Model", "N", NULL, "Outermost dimension of every input." },
  { "input", "i", "Model", "[NAME=]FILE.npy", NULL,
    "Contents of an input, as for ir-infer." },
  { "device", "d", "Device", "DEVICE", "AUTO", "What runs it." },
  { "hint", NULL, "Device", "WORD", "latency",
    "latency: one inference at a time on all cores. throughput: one stream per "
    "core. none: what the other options say." },
  { "nstreams", NULL, "Device", "N", NULL, "Inferences side by side." },
  { "nthreads", NULL, "Device", "N", NULL, "Processor cores to use." },
  { "infer_precision", NULL, "Device", "P", "auto", "auto or f32." },
  { "config", NULL, "Device", "K=V,…", NULL, "Configuration of the device." },
  { "api", NULL, "Run", "WORD", NULL,
    "sync: one after the other, the default with the hint latency. async: "
    "requests in flight." },
  { "nireq", NULL, "Run", "N", NULL, "Requests in flight (async)." },
  { "niter", NULL, "Run", "N", NULL, "Number of inferences." },
  { "time", "t", "Run", "SECONDS", "10",
    "How long to run, unless the number is given." },
  { "pc", NULL, "Report", NULL, NULL, "A table per layer." },
  { "json", NULL, "Report", NULL, NULL, "One JSON object on stdout." },
  { "json_stats", NULL, "Report", NULL, NULL,
    "Writes the report to the folder as JSON." },
  { "report_folder", NULL, "Report", "DIR", ".", "Where --json_stats writes." },
  { "silent", NULL, "Messages", NULL, NULL, "Print errors only." },
};

static const char *const examples[] = {
  "Latency on the CPU", "ir-bench -m model.xml -d CPU",
  "Throughput for five seconds", "ir-bench -m model.xml -hint throughput -t 5",
  "Which layers take the time", "ir-bench -m model.xml -pc -niter 50",
  NULL
};
/* clang-format on */

static const IrCliProgram program = {
  .name = "ir-bench",
  .summary = "Measure how fast a model runs",
  .usage = "-m MODEL [-d DEVICE] [-hint WORD] [-t SECONDS]",
  .options = options,
  .n_options = G_N_ELEMENTS (options),
  .examples = examples,
};

static gboolean
set_option (const IrCliOption *option, const char *value, gpointer user_data,
    GError **error)
{
  Options *o = user_data;
  const struct {
    const char *name;
    char **text;
    gboolean *flag;
    guint64 min, max;
  } rows[] = {
    { "model", &o->model },
    { "shape", &o->shape },
    { "device", &o->device },
    { "hint", &o->hint },
    { "api", &o->api },
    { "infer_precision", &o->precision },
    { "config", &o->config },
    { "report_folder", &o->report_folder },
    { "batch", &o->batch, NULL, 1, 65536 },
    { "nstreams", &o->nstreams, NULL, 0, 1024 },
    { "nthreads", &o->nthreads, NULL, 0, 1024 },
    { "nireq", &o->nireq, NULL, 1, 1024 },
    { "niter", &o->niter, NULL, 1, 1000000000 },
    { "time", &o->time, NULL, 1, 86400 },
    { "pc", NULL, &o->counters },
    { "json", NULL, &o->json },
    { "json_stats", NULL, &o->json_stats },
    { "silent", NULL, &o->silent },
  };

  if (!option)
    return ir_fail (error, IR_ERROR_PARSE,
        "'%s' is not an option; the model is given with -m", value);
  if (strcmp (option->name, "input") == 0) {
    g_ptr_array_add (o->inputs, g_strdup (value));
    return TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (strcmp (rows[i].name, option->name) != 0)
      continue;
    if (rows[i].flag) {
      *rows[i].flag = !value || g_ascii_strcasecmp (value, "false") != 0;
      return TRUE;
    }
    if (rows[i].max &&
        !g_ascii_string_to_unsigned (
            value, 10, rows[i].min, rows[i].max, NULL, error))
      return FALSE;
    g_free (*rows[i].text);
    *rows[i].text = g_strdup (value);
  }
  return TRUE;
}

static guint
number (const char *text)
{
  return text ? g_ascii_strtoull (text, NULL, 10) : 0;
}

static gboolean
one_of (const char *name, const char *value, const char *const *words,
    GError **error)
{
  g_autofree char *list = NULL;

  if (!value || g_strv_contains (words, value))
    return TRUE;
  list = g_strjoinv (", ", (char **) words);
  return ir_fail (
      error, IR_ERROR_PARSE, "--%s takes %s, not '%s'", name, list, value);
}

static gboolean
check (const Options *o, GError **error)
{
  static const char *const hints[] = { "latency", "throughput", "none", "tput",
    NULL };
  static const char *const apis[] = { "sync", "async", NULL };

  if (!o->model)
    return ir_fail (error, IR_ERROR_PARSE, "which model? Give it with -m");
  return one_of ("hint", o->hint, hints, error) &&
      one_of ("api", o->api, apis, error);
}

static gboolean
for_throughput (const Options *o)
{
  return g_strcmp0 (o->hint, "throughput") == 0 ||
      g_strcmp0 (o->hint, "tput") == 0;
}

static char *
make_config (const Options *o)
{
  GString *more = g_string_new (o->config);
  char *text;

  if (o->nthreads)
    g_string_append_printf (more, ",THREADS=%s", o->nthreads);
  if (o->nstreams)
    g_string_append_printf (more, ",STREAMS=%s", o->nstreams);
  else if (for_throughput (o))
    g_string_append_printf (more, ",STREAMS=%u",
        o->nthreads ? MAX (number (o->nthreads), 1) : g_get_num_processors ());
  text = ir_tool_config (o->precision, more->str);
  g_string_free (more, TRUE);
  return text;
}

/* --- the run ---------------------------------------------------------------- */

typedef struct {
  GMutex lock;
  GCond ended;
  GArray *latencies;
  guint64 left;
  gint64 deadline;
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
  while (loop->running)
    g_cond_wait (&loop->ended, &loop->lock);
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
    .left = o->niter ? number (o->niter) : G_MAXUINT64 };
  guint n = sync ? 1 : number (o->nireq);
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

  start = g_get_monotonic_time ();
  if (!o->niter)
    loop.deadline = start + number (o->time) * G_USEC_PER_SEC;
  ok = sync ? run_sync (&loop, requests->pdata[0], error)
            : run_async (&loop, requests, error);
  report->seconds = (g_get_monotonic_time () - start) / 1e6;
  if (ok && loop.error) {
    g_propagate_error (error, loop.error);
    return FALSE;
  }
  return ok;
}

static double
peak_rss_mb (void)
{
  struct rusage usage;

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

  graph = ir_tool_read_model (o->model, error);
  if (!graph ||
      ((o->shape || o->batch) &&
          !ir_tool_reshape (graph, o->shape, number (o->batch), error)))
    return NULL;
  report->read_ms = (g_get_monotonic_time () - start) / 1000.0;
  start = g_get_monotonic_time ();
  model = ir_core_compile (core, graph, o->device, config, error);
  report->compile_ms = (g_get_monotonic_time () - start) / 1000.0;
  return model;
}

static gboolean
bench (const Options *o, GError **error)
{
  g_autoptr (IrCore) core = ir_core_new ();
  g_autoptr (GPtrArray) inputs =
      g_ptr_array_new_with_free_func ((GDestroyNotify) ir_tensor_unref);
  g_autoptr (GArray) latencies = g_array_new (FALSE, FALSE, sizeof (double));
  IrBenchReport report = { .latencies = latencies };
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
  else if (!o->silent)
    ir_bench_print_text (&report);
  return !o->json_stats ||
      ir_bench_save_json (&report, o->report_folder, error);
}

static void
options_clear (Options *o)
{
  char *texts[] = { o->model, o->device, o->hint, o->api, o->precision,
    o->shape, o->config, o->report_folder, o->niter, o->time, o->nireq,
    o->nstreams, o->nthreads, o->batch };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_ptr_array_unref (o->inputs);
}

int
main (int argc, char **argv)
{
  Options o = { .device = g_strdup ("AUTO"),
    .time = g_strdup ("10"),
    .report_folder = g_strdup ("."),
    .inputs = g_ptr_array_new_with_free_func (g_free) };
  g_autoptr (GError) error = NULL;
  int code = ir_cli_begin (&program, argc, argv, set_option, &o);

  if (code < 0 && !check (&o, &error)) {
    code = ir_cli_usage (&program, error);
  } else if (code < 0) {
    if (o.silent)
      ir_cli_set_level (IR_CLI_ERROR);
    code = bench (&o, &error) ? IR_CLI_DONE : ir_cli_fail (error);
  }
  options_clear (&o);
  return code;
}
