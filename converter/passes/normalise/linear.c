/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x - c becomes x + (-c), x / c becomes x * (1/c): two kinds of nodes to merge
 * instead of four.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

/* x op c with a float constant that the change does not spoil. */
static gboolean
is_candidate (const IrNode *node, gboolean divide)
{
  const IrTensor *value;

  if (!ir_dtype_is_float (node->outputs[0].dtype) ||
      !ir_is_const (node->inputs[1]) || ir_is_weights (node->inputs[0]))
    return FALSE;
  value = ir_node_input (node, 1)->value;
  for (guint64 i = 0; divide && i < ir_tensor_count (value); i++)
    if (ir_tensor_get_f64 (value, i) == 0.0)
      return FALSE;
  return TRUE;
}

static gboolean
rewrite (IrNode *node, gboolean divide, GError **error)
{
  IrGraph *graph = node->graph;
  const IrTensor *value = ir_node_input (node, 1)->value;
  gsize n = (gsize) ir_tensor_count (value);
  g_autofree double *values = g_new (double, n);
  IrNode *constant;
  IrPort out;

  for (gsize i = 0; i < n; i++) {
    double v = ir_tensor_get_f64 (value, i);

    values[i] = divide ? 1.0 / v : -v;
  }
  constant = ir_add_const_f64 (graph, node->inputs[1].node->name, value->dtype,
      &value->shape, values, n, error);
  if (!constant ||
      !ir_add_binary (graph, divide ? "Multiply" : "Add", node->name,
          node->inputs[0], ir_port (constant, 0), &out, error))
    return FALSE;
  ir_take_place (node, out.node);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    gboolean divide = ir_node_is (node, "Divide");

    next = node->next;
    if ((!divide && !ir_node_is (node, "Subtract")) ||
        !is_candidate (node, divide) || !ir_config_may_fuse (data, node))
      continue;
    if (!rewrite (node, divide, error))
      return FALSE;
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_linear = {
  "linear",
  "Writes subtraction and division of constants as addition and "
  "multiplication.",
  run,
};
