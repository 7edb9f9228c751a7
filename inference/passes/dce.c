/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/pass.h>

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  *changes += ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_dce = {
  "dce",
  "Removes nodes that no output needs.",
  run,
};
