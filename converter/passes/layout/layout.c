/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes the order of dimensions that the model's inputs and outputs have
 * outside; inside a Transpose restores what the model expects. Known layouts are
 * noted at the inputs.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <string.h>

/* order[i]: where dimension i of @to is in @from. */
static void
layout_order (const char *from, const char *to, gint64 *order)
{
  for (gsize i = 0; to[i]; i++)
    order[i] = strchr (from, to[i]) - from;
}

static gboolean
add_transpose (const char *name, IrPort data, const char *from, const char *to,
    IrPort *out, GError **error)
{
  IrGraph *graph = data.node->graph;
  g_autofree char *order_name = g_strconcat (name, "/order", NULL);
  gint64 order[IR_MAX_RANK];
  IrNode *constant, *node;

  layout_order (from, to, order);
  constant = ir_graph_add_const_i64 (graph, order_name, order, strlen (to));
  node = ir_graph_add_op (
      graph, "Transpose", 1, name, 2, data, ir_port (constant, 0));
  *out = ir_port (node, 0);
  return ir_node_infer (node, error);
}

static gboolean
change_input (const IrInputPlan *plan, GError **error)
{
  IrNode *parameter = plan->parameter;
  IrOutput *port = &parameter->outputs[0];
  g_autofree char *name = g_strconcat (parameter->name, "/layout", NULL);
  g_autoptr (GArray) uses = g_array_copy (port->uses);
  IrShape shape = port->shape;
  gint64 order[IR_MAX_RANK];
  IrPort out;

  layout_order (plan->layout, plan->target, order);
  for (gint i = 0; i < shape.rank; i++)
    shape.dim[i] = port->shape.dim[order[i]];
  ir_node_set_parameter (parameter, port->dtype, &shape);
  if (!ir_node_infer (parameter, error) ||
      !add_transpose (name, ir_port (parameter, 0), plan->target, plan->layout,
          &out, error))
    return FALSE;
  for (guint i = 0; i < uses->len; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    ir_node_set_input (use->node, use->index, out);
  }
  return TRUE;
}

/* The names of the tensor go along with the output. */
static gboolean
change_output (const IrOutputPlan *plan, GError **error)
{
  IrPort source = plan->result->inputs[0], out;
  IrOutput *from = ir_port_output (source);
  g_autofree char *name = g_strconcat (source.node->name, "/layout", NULL);

  if (!add_transpose (name, source, plan->layout, plan->target, &out, error))
    return FALSE;
  for (gsize i = 0; i < from->n_names; i++)
    ir_port_add_name (out, from->names[i]);
  from->n_names = 0;
  ir_node_set_input (plan->result, 0, out);
  return TRUE;
}

static void
note_layout (const IrInputPlan *plan)
{
  const char *layout = plan->target ? plan->target : plan->layout;
  g_autofree char *text = ir_layout_to_string (layout);
  const char *key = "layout", *value = text;

  ir_graph_add_rt_info (plan->parameter->graph,
      &plan->parameter->outputs[0].rt_info, "layout", "0", &key, &value, 1);
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  const IrConvertConfig *config = data;

  if (graph != config->root)
    return TRUE;
  for (guint i = 0; i < config->input_plans->len; i++) {
    const IrInputPlan *plan =
        &g_array_index (config->input_plans, IrInputPlan, i);

    if (!plan->layout)
      continue;
    if (plan->target && strcmp (plan->layout, plan->target) != 0 &&
        !change_input (plan, error))
      return FALSE;
    note_layout (plan);
    *changes += 1;
  }
  for (guint i = 0; i < config->output_plans->len; i++) {
    const IrOutputPlan *plan =
        &g_array_index (config->output_plans, IrOutputPlan, i);

    if (!plan->target || strcmp (plan->layout, plan->target) == 0)
      continue;
    if (!change_output (plan, error))
      return FALSE;
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_layout = {
  "layout",
  "Changes the layouts of inputs and outputs.",
  run,
};
