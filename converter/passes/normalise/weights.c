/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constant folding that leaves quantized weights alone: a FakeQuantize of weights
 * and the Convert of 8-bit ones tell devices that they may compute in integers,
 * and the file stays small.
 */
#include "../passes.h"

static gboolean
is_quantized (const IrNode *node)
{
  const IrOutput *data;

  if (node->n_inputs == 0)
    return FALSE;
  if (ir_node_is (node, "FakeQuantize"))
    return TRUE;
  data = ir_node_input (node, 0);
  return ir_node_is (node, "Convert") && ir_dtype_is_integer (data->dtype) &&
      ir_dtype_bits (data->dtype) <= 8 &&
      ir_dtype_is_float (node->outputs[0].dtype) && data->value &&
      ir_tensor_count (data->value) > 1;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    if (!is_quantized (node) && !ir_node_fold (node, changes, error))
      return FALSE;
  }
  return TRUE;
}

const IrPass ir_pass_weights = {
  "fold-constants",
  "Computes what depends on constants only, quantized weights excepted.",
  run,
};
