/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef IR_BENCH_REPORT_H
#define IR_BENCH_REPORT_H

#include <ir/core.h>
#include <stdio.h>

G_BEGIN_DECLS

/* What ir-bench has measured. @latencies holds milliseconds as double; printing
 * sorts them. */
typedef struct {
  IrCompiledModel *model;
  double read_ms;
  double compile_ms;
  double first_ms;
  double seconds;
  double peak_rss_mb;
  double bare_rss_mb; /* before the model was read */
  GArray *latencies;
} IrBenchReport;

void ir_bench_print_text (const IrBenchReport *report);
void ir_bench_print_json (const IrBenchReport *report, FILE *to);
/* Writes it to benchmark_report.json in @folder. */
gboolean ir_bench_save_json (
    const IrBenchReport *report, const char *folder, GError **error);
/* A table per layer, with its share of what the device's threads can reach. */
void ir_bench_print_layers (const IrBenchReport *report);

G_END_DECLS

#endif
