/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes before a FakeQuantize goes into the range that it takes:
 *
 *   x * c, all c above 0   low / c, high / c
 *   x + c                  low - c, high - c
 *   relu (x), low >= 0     nothing
 *
 * Factors below 0 would turn the range round, and values half way between two
 * levels go to the even one: another one then. The bias of a convolution stays
 * where it is: devices that compute in integers add it for nothing, but want one
 * range for all channels behind it.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <float.h>
#include <math.h>

enum {
  DATA,
  LOW,
  HIGH,
};

static gboolean
is_channels (IrPort c, gint rank)
{
  gsize n;

  return ir_per_channel (c, rank, rank > 1 ? 1 : 0, &n);
}

static gboolean
has_ranges (const IrNode *node)
{
  gint rank = node->outputs[0].shape.rank;

  return rank > 0 && is_channels (node->inputs[LOW], rank) &&
      is_channels (node->inputs[HIGH], rank);
}

/* The range divided by it is no less of a range. */
static gboolean
divides (const IrNode *node, IrPort c)
{
  const IrTensor *factors = ir_port_output (c)->value;
  double least = G_MAXDOUBLE, most = 0;

  for (guint64 i = 0; i < ir_tensor_count (factors); i++)
    least = MIN (least, ir_tensor_get_f64 (factors, i));
  for (guint input = LOW; input <= HIGH; input++) {
    const IrTensor *range = ir_node_input (node, input)->value;

    for (guint64 i = 0; i < ir_tensor_count (range); i++)
      most = MAX (most, fabs (ir_tensor_get_f64 (range, i)));
  }
  return least >= FLT_MIN && most / least <= FLT_MAX;
}

static gboolean
change_range (IrNode *node, const char *type, IrPort c, GError **error)
{
  for (guint input = LOW; input <= HIGH; input++) {
    IrPort range = node->inputs[input], out;

    if (!ir_add_binary (
            node->graph, type, range.node->name, range, c, &out, error))
      return FALSE;
    ir_node_set_input (node, input, out);
  }
  return TRUE;
}

static gboolean
fuse_linear (IrNode *node, IrPort x, const char *type, IrPort c, gboolean *done,
    GError **error)
{
  *done = is_channels (c, node->outputs[0].shape.rank) &&
      !ir_is_product (x.node) &&
      ir_shape_equal (&ir_port_output (x)->shape, &node->outputs[0].shape);
  if (!*done)
    return TRUE;
  if (!change_range (node, type, c, error))
    return FALSE;
  ir_node_set_input (node, DATA, x);
  return TRUE;
}

/* Nothing below 0 is told from 0. */
static gboolean
clips_negative (const IrNode *node)
{
  for (guint input = LOW; input <= HIGH; input++) {
    const IrTensor *limit = ir_node_input (node, input)->value;

    for (guint64 i = 0; i < ir_tensor_count (limit); i++)
      if (!(ir_tensor_get_f64 (limit, i) >= 0))
        return FALSE;
  }
  return TRUE;
}

static gboolean
fuse (IrNode *node, gboolean *done, GError **error)
{
  IrNode *before = node->inputs[DATA].node;
  IrPort x, c;

  *done = FALSE;
  if (ir_node_is (before, "ReLU") && clips_negative (node)) {
    ir_node_set_input (node, DATA, before->inputs[0]);
    *done = TRUE;
    return TRUE;
  }
  if (ir_split_linear (before, "Add", &x, &c))
    return fuse_linear (node, x, "Subtract", c, done, error);
  if (ir_split_linear (before, "Multiply", &x, &c) && divides (node, c))
    return fuse_linear (node, x, "Divide", c, done, error);
  return TRUE;
}

/* As long as something is in front that nobody else reads. */
static gboolean
fuse_all (
    const IrConvertConfig *config, IrNode *node, gsize *changes, GError **error)
{
  gboolean done = has_ranges (node) && ir_config_may_fuse (config, node);

  while (done) {
    IrNode *before = node->inputs[DATA].node;

    if (ir_sole_reader (node->inputs[DATA]) != node ||
        !ir_config_may_fuse (config, before))
      return TRUE;
    if (!fuse (node, &done, error))
      return FALSE;
    if (done) {
      ir_graph_remove (node->graph, before);
      *changes += 1;
    }
  }
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  for (IrNode *node = graph->first; node; node = node->next)
    if (ir_node_is (node, "FakeQuantize") &&
        !fuse_all (data, node, changes, error))
      return FALSE;
  return TRUE;
}

const IrPass ir_pass_quantize_before = {
  "quantize-before",
  "Merges what comes before a FakeQuantize into the range that it takes.",
  run,
};
