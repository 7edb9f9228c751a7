/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far scores of classes are from the right ones. */
#include "map.h"

#include <string.h>

/* The weight of each target: its class's, 0 if it is to be ignored. Without a
 * node if all count the same. */
static IrPort
weigh (IrBuild *n, IrPort target, IrPort counts, IrDType dtype)
{
  IrPort weight;

  if (!ir_build_has (n, 2) && counts.node == NULL)
    return IR_NO_PORT;
  if (!ir_build_has (n, 2))
    return ir_build_cast (n, counts, dtype);
  weight = ir_build_gather (n, n->in[2], target, 0);
  if (counts.node == NULL)
    return weight;
  return ir_build_op (
      n, "Select", 1, 3, counts, weight, ir_build_number (n, dtype, 0));
}

static IrPort
sum (IrBuild *n, const char *type, IrPort data)
{
  return ir_build_reduce (
      n, type, data, ir_build_axes_from (n, data, 0), FALSE);
}

/* The mean is that of the weighted targets, not of all. */
static IrPort
summarise (IrBuild *n, IrPort loss, IrPort weight)
{
  const char *how = ir_build_text (n, "reduction", "mean");

  if (strcmp (how, "none") == 0)
    return loss;
  if (strcmp (how, "sum") == 0)
    return sum (n, "ReduceSum", loss);
  if (strcmp (how, "mean") != 0)
    ir_build_fail (n, IR_ERROR_PARSE, "has the unknown reduction \"%s\"", how);
  if (weight.node == NULL)
    return sum (n, "ReduceMean", loss);
  return ir_build_op (n, "Divide", 1, 2, sum (n, "ReduceSum", loss),
      sum (n, "ReduceSum", weight));
}

/* @scores are logarithms of probabilities, classes along axis 1. */
static IrPort
log_likelihood_loss (IrBuild *n, IrPort scores)
{
  IrPort target = ir_build_in (n, 1), counts = IR_NO_PORT, weight, loss;
  IrNode *op;

  /* What is ignored needs not even be a class: it is looked up as the first. */
  if (ir_source_attr (n->source, "ignore_index") != NULL) {
    IrPort ignored =
        ir_build_like (n, target, (double) ir_build_i64 (n, "ignore_index", 0));

    counts = ir_build_op (n, "NotEqual", 1, 2, target, ignored);
    target = ir_build_op (
        n, "Select", 1, 3, counts, target, ir_build_like (n, target, 0));
  }
  weight = weigh (n, target, counts, ir_build_dtype_of (scores));
  op = ir_build_add (
      n, "GatherElements", 6, 2, scores, ir_build_unsqueeze (n, target, 1));
  ir_build_set_i64 (n, op, "axis", 1);
  loss = ir_build_op (
      n, "Negative", 1, 1, ir_build_squeeze (n, ir_build_done (n, op), 1));
  if (weight.node)
    loss = ir_build_op (n, "Multiply", 1, 2, loss, weight);
  return summarise (n, loss, weight);
}

void
onnx_map_nll_loss (IrBuild *n)
{
  ir_build_out (n, 0, log_likelihood_loss (n, ir_build_in (n, 0)));
}

void
onnx_map_softmax_loss (IrBuild *n)
{
  IrNode *op = ir_build_add (n, "LogSoftmax", 5, 1, ir_build_in (n, 0));
  IrPort scores;

  ir_build_set_i64 (n, op, "axis", 1);
  scores = ir_build_done (n, op);
  ir_build_out (n, 0, log_likelihood_loss (n, scores));
  ir_build_out (n, 1, scores);
}
