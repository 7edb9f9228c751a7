/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far scores of classes are from the right ones. */
#include "map.h"

#include <string.h>

/* The weight of each target: its class's, 0 if it is to be ignored. Without a
 * node if all count the same. */
static IrPort
weigh (OnnxNode *n, IrPort target, IrPort counts, IrDType dtype)
{
  IrPort weight;

  if (!onnx_has (n, 2) && counts.node == NULL)
    return ONNX_NONE;
  if (!onnx_has (n, 2))
    return onnx_cast (n, counts, dtype);
  weight = onnx_gather (n, n->in[2], target, 0);
  if (counts.node == NULL)
    return weight;
  return onnx_op (n, "Select", 1, 3, counts, weight, onnx_number (n, dtype, 0));
}

static IrPort
sum (OnnxNode *n, const char *type, IrPort data)
{
  return onnx_reduce (n, type, data, onnx_axes_from (n, data, 0), FALSE);
}

/* The mean is that of the weighted targets, not of all. */
static IrPort
summarise (OnnxNode *n, IrPort loss, IrPort weight)
{
  const char *how = onnx_text (n, "reduction", "mean");

  if (strcmp (how, "none") == 0)
    return loss;
  if (strcmp (how, "sum") == 0)
    return sum (n, "ReduceSum", loss);
  if (strcmp (how, "mean") != 0)
    onnx_fail (n, IR_ERROR_PARSE, "has the unknown reduction \"%s\"", how);
  if (weight.node == NULL)
    return sum (n, "ReduceMean", loss);
  return onnx_op (n, "Divide", 1, 2, sum (n, "ReduceSum", loss),
      sum (n, "ReduceSum", weight));
}

/* @scores are logarithms of probabilities, classes along axis 1. */
static IrPort
log_likelihood_loss (OnnxNode *n, IrPort scores)
{
  IrPort target = onnx_in (n, 1), counts = ONNX_NONE, weight, loss;
  IrNode *op;

  /* What is ignored needs not even be a class: it is looked up as the first. */
  if (ir_source_attr (n->source, "ignore_index") != NULL) {
    IrPort ignored =
        onnx_like (n, target, (double) onnx_i64 (n, "ignore_index", 0));

    counts = onnx_op (n, "NotEqual", 1, 2, target, ignored);
    target =
        onnx_op (n, "Select", 1, 3, counts, target, onnx_like (n, target, 0));
  }
  weight = weigh (n, target, counts, onnx_dtype_of (scores));
  op = onnx_add (
      n, "GatherElements", 6, 2, scores, onnx_unsqueeze (n, target, 1));
  onnx_set_i64 (n, op, "axis", 1);
  loss = onnx_op (n, "Negative", 1, 1, onnx_squeeze (n, onnx_done (n, op), 1));
  if (weight.node)
    loss = onnx_op (n, "Multiply", 1, 2, loss, weight);
  return summarise (n, loss, weight);
}

void
onnx_map_nll_loss (OnnxNode *n)
{
  onnx_out (n, 0, log_likelihood_loss (n, onnx_in (n, 0)));
}

void
onnx_map_softmax_loss (OnnxNode *n)
{
  IrNode *op = onnx_add (n, "LogSoftmax", 5, 1, onnx_in (n, 0));
  IrPort scores;

  onnx_set_i64 (n, op, "axis", 1);
  scores = onnx_done (n, op);
  onnx_out (n, 0, log_likelihood_loss (n, scores));
  onnx_out (n, 1, scores);
}
