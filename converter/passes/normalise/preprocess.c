/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reversal of channels, mean and scale become nodes behind the inputs, in this
 * order: Parameter -> reverse -> mean -> scale -> model. Mean and scale are in
 * the model's own order of channels.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

/* [1,C,1,1] for a tensor of rank 4 with its channels in dimension 1. */
static IrShape
values_shape (const IrInputPlan *plan, gsize n)
{
  IrShape shape =
      ir_shape_of_rank (MAX (plan->parameter->outputs[0].shape.rank, 0));

  for (gint i = 0; i < shape.rank; i++)
    shape.dim[i] = 1;
  if (n > 1)
    shape.dim[plan->channel] = (gint64) n;
  return shape;
}

static gboolean
all_are (const double *values, gsize n, double value)
{
  for (gsize i = 0; i < n; i++)
    if (values[i] != value)
      return FALSE;
  return TRUE;
}

static gboolean
add_values (const IrInputPlan *plan, const char *type, const char *suffix,
    const double *values, gsize n, IrPort *tail, GError **error)
{
  IrGraph *graph = plan->parameter->graph;
  g_autofree char *name = g_strconcat (plan->parameter->name, suffix, NULL);
  g_autofree char *value_name = g_strconcat (name, "/value", NULL);
  IrShape shape = values_shape (plan, n);
  IrNode *constant = ir_add_const_f64 (graph, value_name,
      plan->parameter->outputs[0].dtype, &shape, values, n, error);

  return constant &&
      ir_add_binary (
          graph, type, name, *tail, ir_port (constant, 0), tail, error);
}

static gboolean
add_reverse (const IrInputPlan *plan, IrPort *tail, GError **error)
{
  static const gint64 order[] = { 2, 1, 0 };
  g_autofree char *name =
      g_strconcat (plan->parameter->name, "/reverse_input_channels", NULL);

  return ir_add_gather (plan->parameter->graph, name, *tail, order,
      G_N_ELEMENTS (order), plan->channel, tail, error);
}

static gboolean
add_mean (const IrInputPlan *plan, IrPort *tail, GError **error)
{
  g_autofree double *negative = g_new (double, plan->n_mean);

  for (gsize i = 0; i < plan->n_mean; i++)
    negative[i] = -plan->mean[i];
  return add_values (plan, "Add", "/mean", negative, plan->n_mean, tail, error);
}

static gboolean
add_image (const IrInputPlan *plan, IrPort *tail, GError **error)
{
  IrGraph *graph = plan->parameter->graph;
  g_autofree char *name = g_strconcat (plan->parameter->name, "/mean", NULL);
  g_autofree char *value_name = g_strconcat (name, "/value", NULL);
  g_autoptr (IrTensor) image =
      ir_tensor_convert (plan->image, plan->parameter->outputs[0].dtype, error);
  IrNode *constant;

  if (!image)
    return FALSE;
  constant = ir_graph_add_const (graph, value_name, image);
  return ir_add_binary (
      graph, "Add", name, *tail, ir_port (constant, 0), tail, error);
}

static gboolean
add_scale (const IrInputPlan *plan, IrPort *tail, GError **error)
{
  g_autofree double *factors = g_new (double, plan->n_divisor);

  for (gsize i = 0; i < plan->n_divisor; i++)
    factors[i] = 1.0 / plan->divisor[i];
  return add_values (
      plan, "Multiply", "/scale", factors, plan->n_divisor, tail, error);
}

/* Whoever read the input reads @tail now; sizes are those of the input itself. */
static void
redirect (GArray *uses, IrPort tail)
{
  for (guint i = 0; i < uses->len; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    if (!ir_node_is (use->node, "ShapeOf"))
      ir_node_set_input (use->node, use->index, tail);
  }
}

static gboolean
preprocess (const IrInputPlan *plan, gsize *changes, GError **error)
{
  IrPort head = ir_port (plan->parameter, 0), tail = head;
  g_autoptr (GArray) uses = g_array_copy (ir_port_output (head)->uses);

  if (plan->reverse && !add_reverse (plan, &tail, error))
    return FALSE;
  if (plan->mean && !all_are (plan->mean, plan->n_mean, 0.0) &&
      !add_mean (plan, &tail, error))
    return FALSE;
  if (plan->image && !add_image (plan, &tail, error))
    return FALSE;
  if (plan->divisor && !all_are (plan->divisor, plan->n_divisor, 1.0) &&
      !add_scale (plan, &tail, error))
    return FALSE;
  if (tail.node == head.node)
    return TRUE;
  redirect (uses, tail);
  *changes += 1;
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  const IrConvertConfig *config = data;

  if (graph != config->root)
    return TRUE;
  for (guint i = 0; i < config->input_plans->len; i++)
    if (!preprocess (&g_array_index (config->input_plans, IrInputPlan, i),
            changes, error))
      return FALSE;
  return TRUE;
}

const IrPass ir_pass_preprocess = {
  "preprocess",
  "Reverses channels, subtracts mean values and divides by scale values.",
  run,
};
