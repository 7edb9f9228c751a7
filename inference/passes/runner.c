/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/pass.h>
#include <ir/xml.h>

#include <string.h>

enum {
  DEBUG_PASSES = 1 << 0,
  DEBUG_ROUNDTRIP = 1 << 1,
};

static guint
debug_flags (void)
{
  static const GDebugKey keys[] = {
    { "passes", DEBUG_PASSES },
    { "roundtrip", DEBUG_ROUNDTRIP },
  };

  return g_parse_debug_string (
      g_getenv ("IR_DEBUG"), keys, G_N_ELEMENTS (keys));
}

static gboolean
run_on (IrGraph *graph, const IrPass *pass, gconstpointer data, gsize *changes,
    GError **error)
{
  for (IrNode *node = graph->first; node; node = node->next)
    for (gsize i = 0; i < node->n_bodies; i++)
      if (!run_on (node->bodies[i], pass, data, changes, error))
        return FALSE;
  return pass->run (graph, data, changes, error);
}

/* What was written must be read back as the same interface. */
static gboolean
compare_interface (const IrGraph *graph, const IrGraph *again, GError **error)
{
  if (graph->parameters->len != again->parameters->len ||
      graph->results->len != again->results->len)
    return ir_fail (error, IR_ERROR_INTERNAL,
        "written and read again it has %u inputs and %u outputs, not %u and %u",
        again->parameters->len, again->results->len, graph->parameters->len,
        graph->results->len);
  for (guint i = 0; i < graph->results->len; i++) {
    const IrOutput *a =
        ir_node_input (g_ptr_array_index (graph->results, i), 0);
    const IrOutput *b =
        ir_node_input (g_ptr_array_index (again->results, i), 0);
    char a_text[IR_SHAPE_TEXT], b_text[IR_SHAPE_TEXT];

    if (a->dtype != b->dtype || !ir_shape_equal (&a->shape, &b->shape))
      return ir_fail (error, IR_ERROR_INTERNAL,
          "written and read again output %u is %s%s, not %s%s", i,
          ir_dtype_name (b->dtype), ir_shape_print (&b->shape, b_text),
          ir_dtype_name (a->dtype), ir_shape_print (&a->shape, a_text));
  }
  return TRUE;
}

static gboolean
roundtrip (IrGraph *graph, GError **error)
{
  g_autoptr (GBytes) xml = NULL;
  g_autoptr (GBytes) weights = NULL;
  g_autoptr (IrGraph) again = NULL;

  if (!ir_graph_write_memory (graph, 11, &xml, &weights, error))
    return FALSE;
  again = ir_graph_read_memory (g_bytes_get_data (xml, NULL),
      g_bytes_get_size (xml), weights, "round trip", error);
  return again && compare_interface (graph, again, error);
}

static gboolean
run_pass (IrGraph *graph, const IrPass *pass, gconstpointer data, guint debug,
    gsize *changes, GError **error)
{
  *changes = 0;
  if (!run_on (graph, pass, data, changes, error))
    return FALSE;
  if (*changes > 0 &&
      (!ir_graph_infer (graph, error) || !ir_graph_validate (graph, error)))
    return FALSE;
  if (*changes > 0 && (debug & DEBUG_PASSES))
    g_printerr ("pass %s: %" G_GSIZE_FORMAT " changes, %" G_GSIZE_FORMAT
                " nodes\n",
        pass->name, *changes, graph->n_nodes);
  if ((debug & DEBUG_ROUNDTRIP) && !roundtrip (graph, error))
    return FALSE;
  return TRUE;
}

gboolean
ir_passes_run (IrGraph *graph, const IrPass *const *passes, gsize n,
    gconstpointer data, IrPassReport report, gpointer user_data, GError **error)
{
  guint debug = debug_flags ();

  for (gsize i = 0; i < n; i++) {
    gsize changes;

    if (!run_pass (graph, passes[i], data, debug, &changes, error)) {
      g_prefix_error (error, "pass %s: ", passes[i]->name);
      return FALSE;
    }
    if (report)
      report (passes[i], graph, changes, user_data);
  }
  return TRUE;
}
