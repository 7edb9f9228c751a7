/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bench-report.h"

/* As the kernel counts what is resident. */
#define MB (1024.0 * 1024)

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The value below which @part of the latencies lie. */
static double
quantile (const IrBenchReport *r, double part)
{
  if (r->latencies->len == 0)
    return 0;
  g_array_sort (r->latencies, compare_doubles);
  return g_array_index (
      r->latencies, double, (guint) (part * (r->latencies->len - 1) + 0.5));
}

static double
fps (const IrBenchReport *r)
{
  gsize n;
  const IrPortInfo *in = ir_compiled_model_get_inputs (r->model, &n);
  gint64 batch = n && in[0].shape.rank > 1 ? MAX (in[0].shape.dim[0], 1) : 1;

  return r->seconds > 0 ? r->latencies->len * batch / r->seconds : 0;
}

static void
print_memory (const IrBenchReport *r)
{
  IrModelMemory memory;

  if (ir_compiled_model_get_memory (r->model, &memory))
    printf ("Memory:     weights %.2f MB; of each request: arena %.2f MB, "
            "scratch %.2f MB\n",
        memory.weights / MB, memory.arena / MB, memory.scratch / MB);
}

void
ir_bench_print_text (const IrBenchReport *r)
{
  printf ("Device:     %s, %s, %u stream(s) of %u thread(s)\n",
      ir_compiled_model_get_device (r->model),
      ir_compiled_model_get_precision (r->model),
      ir_compiled_model_get_streams (r->model),
      ir_compiled_model_get_threads (r->model));
  printf ("Read:       %.2f ms\nCompile:    %.2f ms\nFirst:      %.2f ms\n",
      r->read_ms, r->compile_ms, r->first_ms);
  printf (
      "Count:      %u inferences in %.2f s\n", r->latencies->len, r->seconds);
  printf ("Latency:    min %.3f, median %.3f, p95 %.3f, max %.3f ms\n",
      quantile (r, 0), quantile (r, 0.5), quantile (r, 0.95), quantile (r, 1));
  printf ("Throughput: %.2f FPS\nPeak RSS:   %.1f MB, %.1f before the model\n",
      fps (r), r->peak_rss_mb, r->bare_rss_mb);
  print_memory (r);
}

/* Numbers in JSON have a point, whatever the locale. */
static char *
to_json (const IrBenchReport *r)
{
  IrModelMemory memory = { 0 };
  const gboolean told = ir_compiled_model_get_memory (r->model, &memory);
  const struct {
    const char *key;
    double value;
  } rows[] = {
    { "read_ms", r->read_ms },
    { "compile_ms", r->compile_ms },
    { "first_ms", r->first_ms },
    { "latency_min_ms", quantile (r, 0) },
    { "latency_median_ms", quantile (r, 0.5) },
    { "latency_p95_ms", quantile (r, 0.95) },
    { "latency_max_ms", quantile (r, 1) },
    { "fps", fps (r) },
    { "peak_rss_mb", r->peak_rss_mb },
    { "bare_rss_mb", r->bare_rss_mb },
    /* Where the device tells. */
    { "weights_mb", memory.weights / MB },
    { "arena_mb", memory.arena / MB },
    { "scratch_mb", memory.scratch / MB },
  };
  const guint n = G_N_ELEMENTS (rows) - (told ? 0 : 3);
  GString *json = g_string_new ("{");
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  for (guint i = 0; i < n; i++)
    g_string_append_printf (json, "\"%s\": %s, ", rows[i].key,
        g_ascii_formatd (text, sizeof text, "%.4f", rows[i].value));
  g_string_append_printf (json,
      "\"device\": \"%s\", \"precision\": \"%s\", \"threads\": %u, "
      "\"streams\": %u}\n",
      ir_compiled_model_get_device (r->model),
      ir_compiled_model_get_precision (r->model),
      ir_compiled_model_get_threads (r->model),
      ir_compiled_model_get_streams (r->model));
  return g_string_free (json, FALSE);
}

void
ir_bench_print_json (const IrBenchReport *r, FILE *to)
{
  g_autofree char *json = to_json (r);

  fputs (json, to);
}

gboolean
ir_bench_save_json (const IrBenchReport *r, const char *folder, GError **error)
{
  g_autofree char *json = to_json (r);
  g_autofree char *path =
      g_build_filename (folder, "benchmark_report.json", NULL);

  return g_file_set_contents (path, json, -1, error);
}

void
ir_bench_print_layers (const IrBenchReport *r)
{
  g_autoptr (GPtrArray) profile = ir_compiled_model_get_profile (r->model);
  const double peak = ir_compiled_model_get_peak_gflops (r->model);

  if (!profile) {
    printf ("Layers:     device %s does not count them\n",
        ir_compiled_model_get_device (r->model));
    return;
  }
  printf ("%-40s %-24s %-20s %10s %10s %7s\n", "layer", "op", "kernel", "ms",
      "GFLOP/s", "% peak");
  for (guint i = 0; i < profile->len; i++) {
    const IrProfile *p = g_ptr_array_index (profile, i);
    double rate = p->ns ? (double) p->flops * p->calls / p->ns : 0;

    printf ("%-40.40s %-24s %-20s %10.4f", p->name, p->type, p->kernel,
        p->calls ? p->ns / 1e6 / p->calls : 0);
    if (p->flops > 0 && peak > 0)
      printf (" %10.2f %7.1f\n", rate, 100 * rate / peak);
    else
      printf (" %10s %7s\n", "-", "-");
  }
  if (peak > 0)
    printf ("Peak:       %.1f GFLOP/s measured on %u thread(s)\n", peak,
        ir_compiled_model_get_threads (r->model));
}
