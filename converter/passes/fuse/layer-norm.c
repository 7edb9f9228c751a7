/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Normalisation that was written as its formula becomes one MVN:
 *
 *   d = x - mean (x);  d / sqrt (mean (d * d) + eps)
 *
 * with means over the same axes, the square as a power or as a product, the root
 * as a root or as a power.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

static gboolean
is_power (const IrNode *node, double exponent)
{
  double value;

  return ir_node_is (node, "Power") &&
      ir_const_scalar (node->inputs[1], &value) && value == exponent;
}

/* @node is the mean of @of over constant axes, which stay as dimensions. */
static gboolean
is_mean (const IrNode *node, IrPort *of)
{
  if (!ir_node_is (node, "ReduceMean") || !ir_is_const (node->inputs[1]) ||
      !((const IrReduceAttrs *) node->attrs)->keep_dims)
    return FALSE;
  *of = node->inputs[0];
  return TRUE;
}

/* x minus its mean. */
static gboolean
is_difference (const IrNode *node, IrPort *x, const IrNode **mean)
{
  IrPort of;

  if (!ir_node_is (node, "Subtract") || !is_mean (node->inputs[1].node, &of))
    return FALSE;
  *x = node->inputs[0];
  *mean = node->inputs[1].node;
  return of.node == x->node && of.index == x->index;
}

static gboolean
is_square (const IrNode *node, IrPort *of)
{
  *of = node->n_inputs > 0 ? node->inputs[0] : (IrPort){ NULL, 0 };
  return is_power (node, 2) ||
      (ir_node_is (node, "Multiply") &&
          node->inputs[0].node == node->inputs[1].node &&
          node->inputs[0].index == node->inputs[1].index);
}

/* The square root of a variance plus @eps; @over is the mean of the squares of
 * @difference. */
static gboolean
is_deviation (
    const IrNode *node, IrPort *difference, const IrNode **over, double *eps)
{
  IrPort variance, c, squares;

  if ((!ir_node_is (node, "Sqrt") && !is_power (node, 0.5)) ||
      !ir_split_linear (node->inputs[0].node, "Add", &variance, &c) ||
      !ir_const_scalar (c, eps) || *eps < 0 ||
      !is_mean (variance.node, &squares))
    return FALSE;
  *over = variance.node;
  return is_square (squares.node, difference);
}

static gboolean
find (const IrNode *node, IrPort *x, IrPort *axes, double *eps)
{
  IrPort difference, other;
  const IrNode *mean, *second, *over;

  if (!ir_node_is (node, "Divide") ||
      !ir_dtype_is_float (node->outputs[0].dtype) ||
      !is_difference (node->inputs[0].node, x, &mean) ||
      !is_deviation (node->inputs[1].node, &difference, &over, eps) ||
      !is_difference (difference.node, &other, &second))
    return FALSE;
  *axes = mean->inputs[1];
  return other.node == x->node && other.index == x->index &&
      ir_tensor_equal (
          ir_port_output (*axes)->value, ir_node_input (second, 1)->value) &&
      ir_tensor_equal (
          ir_port_output (*axes)->value, ir_node_input (over, 1)->value);
}

static gboolean
replace (IrNode *node, IrPort x, IrPort axes, double eps, GError **error)
{
  IrNode *norm =
      ir_graph_add_op (node->graph, "MVN", 6, node->name, 2, x, axes);

  if (!ir_node_set_f64 (norm, "eps", eps, error) ||
      !ir_node_set_bool (norm, "normalize_variance", TRUE, error) ||
      !ir_node_set_text (norm, "eps_mode", "inside_sqrt", error) ||
      !ir_node_infer (norm, error))
    return FALSE;
  ir_take_place (node, norm);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    IrPort x, axes;
    double eps;

    next = node->next;
    if (!find (node, &x, &axes, &eps) || !ir_config_may_fuse (data, node))
      continue;
    if (!replace (node, x, axes, eps, error))
      return FALSE;
    *changes += 1;
  }
  if (*changes > 0)
    ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_layer_norm = {
  "layer-norm",
  "Finds normalisation that is written as a formula.",
  run,
};
