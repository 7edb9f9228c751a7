/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report.h"
#include "json.h"
#include "pipeline.h"

#include "ir-cli.h"

#include "frontends/frontend.h"

IrReport *
ir_report_new (void)
{
  IrReport *report = g_new0 (IrReport, 1);

  report->ops_before =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  report->passes = g_array_new (FALSE, FALSE, sizeof (IrPassCount));
  return report;
}

void
ir_report_free (IrReport *report)
{
  if (!report)
    return;
  g_hash_table_unref (report->ops_before);
  g_array_unref (report->passes);
  g_clear_pointer (&report->unsupported, g_ptr_array_unref);
  g_free (report);
}

static void
count (GHashTable *counts, const char *type)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, type));

  g_hash_table_insert (counts, g_strdup (type), GUINT_TO_POINTER (n + 1));
}

void
ir_report_count (IrReport *report, const char *type)
{
  count (report->ops_before, type);
  report->nodes_before++;
}

/* --- parts of the text ------------------------------------------------------------- */

static void
put_counts (IrJson *json, const char *key, GHashTable *counts)
{
  g_autoptr (GList) types =
      g_list_sort (g_hash_table_get_keys (counts), (GCompareFunc) g_strcmp0);

  ir_json_open (json, key, '{');
  for (const GList *l = types; l; l = l->next)
    ir_json_number (json, l->data,
        GPOINTER_TO_UINT (g_hash_table_lookup (counts, l->data)));
  ir_json_close (json, '}');
}

static void
put_port (IrJson *json, IrPort port)
{
  const IrOutput *output = ir_port_output (port);
  char text[IR_SHAPE_TEXT];

  ir_json_open (json, NULL, '{');
  ir_json_text (json, "name", ir_port_name (port));
  ir_json_text (json, "type", ir_dtype_name (output->dtype));
  ir_json_text (json, "shape", ir_shape_print (&output->shape, text));
  ir_json_close (json, '}');
}

/* Bodies count once; 0 where shapes aren't known. */
static guint64
count_macs (const IrGraph *graph)
{
  guint64 sum = 0;

  for (const IrNode *node = graph->first; node; node = node->next) {
    guint64 macs;

    if (ir_node_macs (node, &macs))
      sum += macs;
    for (gsize i = 0; i < node->n_bodies; i++)
      sum += count_macs (node->bodies[i]);
  }
  return sum;
}

/* Elements and bytes of all constants. */
static void
count_constants (const IrGraph *graph, guint64 *elements, guint64 *bytes)
{
  for (const IrNode *node = graph->first; node; node = node->next) {
    if (node->op->flags & IR_OP_CONST) {
      *elements += ir_tensor_count (node->outputs[0].value);
      *bytes += node->outputs[0].value->size;
    }
    for (gsize i = 0; i < node->n_bodies; i++)
      count_constants (node->bodies[i], elements, bytes);
  }
}

static void
put_graph (IrJson *json, const IrGraph *graph)
{
  g_autoptr (GHashTable) ops =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint64 elements = 0, bytes = 0;

  for (const IrNode *node = graph->first; node; node = node->next)
    count (ops, node->op->type);
  count_constants (graph, &elements, &bytes);
  ir_json_number (json, "nodes_after", graph->n_nodes);
  put_counts (json, "ops_after", ops);
  ir_json_number (json, "weights", elements);
  ir_json_number (json, "weights_bytes", bytes);
  ir_json_number (json, "macs", count_macs (graph));
  ir_json_open (json, "inputs", '[');
  for (guint i = 0; i < graph->parameters->len; i++)
    put_port (json, ir_port (g_ptr_array_index (graph->parameters, i), 0));
  ir_json_close (json, ']');
  ir_json_open (json, "outputs", '[');
  for (guint i = 0; i < graph->results->len; i++) {
    const IrNode *result = g_ptr_array_index (graph->results, i);

    put_port (json, result->inputs[0]);
  }
  ir_json_close (json, ']');
}

static void
put_strings (IrJson *json, const char *key, const GPtrArray *strings)
{
  ir_json_open (json, key, '[');
  for (guint i = 0; i < strings->len; i++)
    ir_json_text (json, NULL, g_ptr_array_index (strings, i));
  ir_json_close (json, ']');
}

static void
put_unsupported (IrJson *json, const GPtrArray *list)
{
  ir_json_open (json, "unsupported", '[');
  for (guint i = 0; list && i < list->len; i++) {
    const IrUnsupported *op = g_ptr_array_index (list, i);

    ir_json_open (json, NULL, '{');
    ir_json_text (json, "type", op->type);
    ir_json_text (json, "domain", op->domain);
    if (op->reason)
      ir_json_text (json, "reason", op->reason);
    ir_json_number (json, "count", op->nodes->len);
    put_strings (json, "nodes", op->nodes);
    put_strings (json, "cut_with_input", op->cuts);
    put_strings (json, "end_with_output", op->ends);
    ir_json_close (json, '}');
  }
  ir_json_close (json, ']');
}

static void
put_passes (IrJson *json, const GArray *passes)
{
  ir_json_open (json, "passes", '[');
  for (guint i = 0; i < passes->len; i++) {
    const IrPassCount *entry = &g_array_index (passes, IrPassCount, i);

    ir_json_open (json, NULL, '{');
    ir_json_text (json, "name", entry->pass->name);
    ir_json_text (json, "summary", entry->pass->summary);
    ir_json_number (json, "changes", entry->changes);
    ir_json_close (json, '}');
  }
  ir_json_close (json, ']');
}

char *
ir_report_to_json (const IrReport *report, const IrConvertConfig *config,
    const IrGraph *graph, const GError *error)
{
  IrJson json;

  ir_json_init (&json);
  ir_json_open (&json, NULL, '{');
  ir_json_number (&json, "schema", 1);
  ir_json_text (&json, "converter", ir_cli_version ());
  ir_json_text (&json, "model", config->model);
  ir_json_text (&json, "framework", report->framework);
  ir_json_text (&json, "status", graph ? "converted" : "failed");
  if (error)
    ir_json_text (&json, "error", error->message);
  ir_json_number (&json, "nodes_before", report->nodes_before);
  put_counts (&json, "ops_before", report->ops_before);
  if (graph)
    put_graph (&json, graph);
  put_passes (&json, report->passes);
  put_unsupported (&json, report->unsupported);
  ir_json_close (&json, '}');
  return ir_json_finish (&json);
}
