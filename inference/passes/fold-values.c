/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/pass.h>

#define KEEP_FLAGS (IR_OP_PARAMETER | IR_OP_RESULT | IR_OP_CONST | IR_OP_SINK)

/* Its readers take a Const instead; the node goes with the next sweep. */
static void
fold_output (IrNode *node, guint index)
{
  IrGraph *graph = node->graph;
  IrNode *constant =
      ir_graph_add_const (graph, node->name, node->outputs[index].value);

  ir_graph_move_before (graph, constant, node);
  ir_graph_replace (graph, ir_port (node, index), ir_port (constant, 0));
}

enum {
  FROM_SIZES,
  FROM_CONSTS
};

/* Weights are ir_pass_fold's business: whoever runs this pass alone, to get rid
 * of sizes, wants to keep what tells that weights are quantized. */
static guint32
origin (const IrNode *node)
{
  if (node->op->flags & IR_OP_CONST)
    return FROM_CONSTS;
  if (node->n_inputs == 0)
    return FROM_SIZES;
  for (gsize i = 0; i < node->n_inputs; i++)
    if (node->inputs[i].node->mark != FROM_CONSTS)
      return FROM_SIZES;
  return FROM_CONSTS;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = node->next)
    node->mark = origin (node);
  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    if ((node->op->flags & KEEP_FLAGS) || node->mark == FROM_CONSTS)
      continue;
    for (guint i = 0; i < node->n_outputs; i++) {
      if (!node->outputs[i].value || node->outputs[i].uses->len == 0)
        continue;
      fold_output (node, i);
      *changes += 1;
    }
  }
  return TRUE;
}

const IrPass ir_pass_fold_values = {
  "fold-values",
  "Makes constants of what shape inference could tell, such as sizes.",
  run,
};
