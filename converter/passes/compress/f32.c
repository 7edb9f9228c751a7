/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "../passes.h"
#include "../rewrite.h"

static gboolean
is_decompression (const IrNode *node)
{
  return ir_node_is (node, "Convert") && ir_is_const (node->inputs[0]) &&
      ir_node_input (node, 0)->dtype == IR_DTYPE_F16 &&
      node->outputs[0].dtype == IR_DTYPE_F32;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    if (is_decompression (node) && !ir_node_fold (node, changes, error))
      return FALSE;
  }
  return TRUE;
}

const IrPass ir_pass_f32 = {
  "expand-f32",
  "Stores weights as FP32 that were stored as FP16.",
  run,
};
