/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu.h"

gboolean
cpu_rewrite (IrGraph *graph, CpuRewrite rewrite, GError **error)
{
  gboolean changed = FALSE;

  for (IrNode *node = graph->first; node; node = node->next)
    changed |= rewrite (graph, node);
  if (!changed)
    return TRUE;
  ir_graph_sweep (graph);
  return ir_graph_sort (graph, error) && ir_graph_infer (graph, error);
}
