/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers that become integers and real numbers again at once,
 *
 *   (clamp (round (x / s) + z, min, max) - z) * s
 *
 * are what FakeQuantize gives, from which devices see that they may compute in
 * integers. It rounds x / s - (min - z): halves go to the same side if min - z is
 * even, and only then it is taken.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <math.h>

typedef struct {
  IrPort x;
  IrPort scale;
  IrPort zero; /* its node is NULL: there is none */
  double min;
  double max;
} Pair;

/* Two different constants may be the same number; NULL nodes are equal. */
static gboolean
same_value (IrPort a, IrPort b)
{
  if (!a.node || !b.node)
    return a.node == b.node;
  return ir_tensor_equal (ir_port_output (a)->value, ir_port_output (b)->value);
}

/* @type (@x, @c), or only @x if there is no such node: @c has none then. */
static void
split_optional (IrPort port, const char *type, IrPort *x, IrPort *c)
{
  *x = port;
  *c = (IrPort){ NULL, 0 };
  if (ir_node_is (port.node, type) && ir_is_const (port.node->inputs[1])) {
    *x = port.node->inputs[0];
    *c = port.node->inputs[1];
  }
}

/* Back over conversions to the Clamp that gave integers. */
static const IrNode *
find_clamp (const IrNode *node)
{
  gboolean integer = FALSE;

  while (ir_node_is (node, "Convert")) {
    integer = integer || ir_dtype_is_integer (node->outputs[0].dtype);
    node = node->inputs[0].node;
  }
  return integer && ir_node_is (node, "Clamp") ? node : NULL;
}

static gboolean
find_integers (const IrNode *clamp, Pair *pair)
{
  const IrClampAttrs *attrs = clamp->attrs;
  IrPort rounded, zero;
  const IrNode *divide;

  pair->min = attrs->min;
  pair->max = attrs->max;
  split_optional (clamp->inputs[0], "Add", &rounded, &zero);
  if (!ir_node_is (rounded.node, "Round") || !same_value (zero, pair->zero) ||
      ((const IrRoundAttrs *) rounded.node->attrs)->mode != 0)
    return FALSE;
  divide = rounded.node->inputs[0].node;
  if (!ir_node_is (divide, "Divide") || !ir_is_const (divide->inputs[1]) ||
      !same_value (divide->inputs[1], pair->scale))
    return FALSE;
  pair->x = divide->inputs[0];
  return ir_port_output (pair->x)->dtype == IR_DTYPE_F32;
}

/* Scales are above 0, and halves go where they went. */
static gboolean
is_exact (const Pair *pair)
{
  const IrTensor *scale = ir_port_output (pair->scale)->value;
  const IrTensor *zero =
      pair->zero.node ? ir_port_output (pair->zero)->value : NULL;

  for (guint64 i = 0; i < ir_tensor_count (scale); i++)
    if (!(ir_tensor_get_f64 (scale, i) > 0))
      return FALSE;
  for (guint64 i = 0; zero && i < ir_tensor_count (zero); i++)
    if (fmod (pair->min - ir_tensor_get_f64 (zero, i), 2) != 0)
      return FALSE;
  return fmod (pair->min, 1) == 0 && fmod (pair->max, 1) == 0 &&
      pair->max > pair->min && pair->max - pair->min <= G_MAXUINT16 &&
      (zero || fmod (pair->min, 2) == 0);
}

static gboolean
find (const IrConvertConfig *config, const IrNode *node, Pair *pair)
{
  const IrNode *clamp;
  IrPort centred, data;

  if (!ir_split_linear (node, "Multiply", &centred, &pair->scale) ||
      node->outputs[0].dtype != IR_DTYPE_F32)
    return FALSE;
  split_optional (centred, "Subtract", &data, &pair->zero);
  clamp = find_clamp (data.node);
  return clamp && find_integers (clamp, pair) && is_exact (pair) &&
      ir_config_may_fuse (config, node) &&
      ir_shape_equal (
          &ir_port_output (pair->x)->shape, &node->outputs[0].shape);
}

/* (@limit - zero) * scale */
static gboolean
add_limit (
    IrNode *node, const Pair *pair, double limit, IrPort *out, GError **error)
{
  IrGraph *graph = node->graph;
  IrShape shape = ir_shape_of_rank (0);
  IrNode *constant = ir_add_const_f64 (
      graph, node->name, IR_DTYPE_F32, &shape, &limit, 1, error);

  if (!constant)
    return FALSE;
  *out = ir_port (constant, 0);
  if (pair->zero.node &&
      !ir_add_binary (
          graph, "Subtract", node->name, *out, pair->zero, out, error))
    return FALSE;
  return ir_add_binary (
      graph, "Multiply", node->name, *out, pair->scale, out, error);
}

static gboolean
replace (IrNode *node, const Pair *pair, GError **error)
{
  IrPort low, high;
  IrNode *quantize;

  if (!add_limit (node, pair, pair->min, &low, error) ||
      !add_limit (node, pair, pair->max, &high, error))
    return FALSE;
  quantize = ir_graph_add_op (node->graph, "FakeQuantize", 1, node->name, 5,
      pair->x, low, high, low, high);
  if (!ir_node_set_i64 (
          quantize, "levels", (gint64) (pair->max - pair->min) + 1, error) ||
      !ir_node_infer (quantize, error))
    return FALSE;
  ir_take_place (node, quantize);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    Pair pair;

    next = node->next;
    if (!find (data, node, &pair))
      continue;
    if (!replace (node, &pair, error))
      return FALSE;
    *changes += 1;
  }
  if (*changes > 0)
    ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_quantize_pairs = {
  "quantize-pairs",
  "Makes a FakeQuantize of quantization and its reversal.",
  run,
};
