/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Activations that were written as their formulas become one node:
 *
 *   x * sigmoid (x)                    Swish
 *   x * clamp (x + 3, 0, 6) / 6        HSwish
 *   clamp (x + 3, 0, 6) / 6            HSigmoid
 *   x * tanh (softplus (x))            Mish
 *   x * (1 + erf (x / sqrt (2))) / 2   Gelu
 *   ln (1 + e^x)                       SoftPlus
 *
 * A product is taken apart into a constant and what else is multiplied, in
 * whatever order that was done.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <math.h>

/* Constants come as floats with six or more digits. */
#define CLOSE 1e-6
#define MAX_FACTORS 2
/* Formulas are short. */
#define MAX_VISITED 8

typedef struct {
  gsize visited;
  double constant;
  gsize n;
  IrPort factors[MAX_FACTORS];
} Product;

static gboolean
is_close (double a, double b)
{
  return fabs (a - b) <= CLOSE * fabs (b);
}

static gboolean
same_port (IrPort a, IrPort b)
{
  return a.node == b.node && a.index == b.index;
}

/* @port is @x plus @value, or times it. */
static gboolean
is_linear (IrPort port, const char *type, double value, IrPort *x)
{
  double found;
  IrPort c;

  return ir_split_linear (port.node, type, x, &c) &&
      ir_const_scalar (c, &found) && is_close (found, value);
}

/* The only reader of @port takes it into a formula. */
static gboolean
is_inner (IrPort port)
{
  return ir_sole_reader (port) != NULL;
}

/* --- products ---------------------------------------------------------------------- */

static gboolean
collect (IrPort port, gboolean inner, Product *product)
{
  const IrNode *node = port.node;
  double value;

  if (++product->visited > MAX_VISITED)
    return FALSE;
  if (ir_const_scalar (port, &value)) {
    product->constant *= value;
    return TRUE;
  }
  if (!inner || is_inner (port)) {
    if (ir_node_is (node, "Multiply"))
      return collect (node->inputs[0], TRUE, product) &&
          collect (node->inputs[1], TRUE, product);
    if (ir_node_is (node, "Divide") &&
        ir_const_scalar (node->inputs[1], &value) && value != 0) {
      product->constant /= value;
      return collect (node->inputs[0], TRUE, product);
    }
  }
  if (product->n == MAX_FACTORS)
    return FALSE;
  product->factors[product->n++] = port;
  return TRUE;
}

/* --- gates --------------------------------------------------------------------------- */

/* Whether @gate is that function of a tensor, which @x gets. */
typedef gboolean (*Gate) (IrPort gate, IrPort *x);

static gboolean
is_unary (IrPort port, const char *type, IrPort *x)
{
  if (!ir_node_is (port.node, type) || port.node->n_inputs != 1)
    return FALSE;
  *x = port.node->inputs[0];
  return TRUE;
}

static gboolean
gate_sigmoid (IrPort gate, IrPort *x)
{
  return is_unary (gate, "Sigmoid", x);
}

static gboolean
gate_clamp (IrPort gate, IrPort *x)
{
  const IrClampAttrs *attrs = gate.node->attrs;
  IrPort sum;

  return is_unary (gate, "Clamp", &sum) && attrs->min == 0 && attrs->max == 6 &&
      is_inner (sum) && is_linear (sum, "Add", 3, x);
}

static gboolean
gate_hard_sigmoid (IrPort gate, IrPort *x)
{
  return is_unary (gate, "HSigmoid", x);
}

static gboolean
gate_tanh (IrPort gate, IrPort *x)
{
  IrPort inner;

  return is_unary (gate, "Tanh", &inner) && is_inner (inner) &&
      is_unary (inner, "SoftPlus", x);
}

static gboolean
gate_erf (IrPort gate, IrPort *x)
{
  IrPort erf, inner, divisor;
  double value;

  if (!is_linear (gate, "Add", 1, &erf) || !is_inner (erf) ||
      !is_unary (erf, "Erf", &inner) || !is_inner (inner))
    return FALSE;
  if (is_linear (inner, "Multiply", sqrt (0.5), x))
    return TRUE;
  if (!ir_node_is (inner.node, "Divide"))
    return FALSE;
  *x = inner.node->inputs[0];
  divisor = inner.node->inputs[1];
  return ir_const_scalar (divisor, &value) && is_close (value, sqrt (2));
}

static const struct {
  Gate gate;
  gboolean times_x;
  double constant;
  const char *type;
  guint opset;
} rows[] = {
  { gate_sigmoid, TRUE, 1, "Swish", 4 },
  { gate_clamp, TRUE, 1.0 / 6, "HSwish", 4 },
  { gate_hard_sigmoid, TRUE, 1, "HSwish", 4 },
  { gate_clamp, FALSE, 1.0 / 6, "HSigmoid", 5 },
  { gate_tanh, TRUE, 1, "Mish", 4 },
  { gate_erf, TRUE, 0.5, "Gelu", 7 },
};

/* One of the two factors is the gate of the other, or the only one is a gate. */
static gboolean
fits (const Product *product, gsize row, IrPort *x)
{
  gsize n = rows[row].times_x ? 2 : 1;

  if (product->n != n || !is_close (product->constant, rows[row].constant))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (is_inner (product->factors[i]) &&
        rows[row].gate (product->factors[i], x) &&
        (n == 1 || same_port (*x, product->factors[1 - i])))
      return TRUE;
  return FALSE;
}

/* --- the pass -------------------------------------------------------------------------- */

static gboolean
replace (IrNode *node, const char *type, guint opset, IrPort x, GError **error)
{
  IrNode *activation =
      ir_graph_add_op (node->graph, type, opset, node->name, 1, x);

  if (!ir_node_infer (activation, error))
    return FALSE;
  ir_take_place (node, activation);
  return TRUE;
}

static gboolean
fuse_product (IrNode *node, gboolean *done, GError **error)
{
  Product product = { .constant = 1 };
  IrPort x;

  if ((!ir_node_is (node, "Multiply") && !ir_node_is (node, "Divide")) ||
      !collect (ir_port (node, 0), FALSE, &product))
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (!fits (&product, i, &x) ||
        !ir_shape_equal (&ir_port_output (x)->shape, &node->outputs[0].shape))
      continue;
    *done = TRUE;
    return replace (node, rows[i].type, rows[i].opset, x, error);
  }
  return TRUE;
}

static gboolean
fuse_softplus (IrNode *node, gboolean *done, GError **error)
{
  IrPort sum, power, x;

  *done = is_unary (ir_port (node, 0), "Log", &sum) && is_inner (sum) &&
      is_linear (sum, "Add", 1, &power) && is_inner (power) &&
      is_unary (power, "Exp", &x) &&
      ir_shape_equal (&ir_port_output (x)->shape, &node->outputs[0].shape);
  return !*done || replace (node, "SoftPlus", 4, x, error);
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    gboolean done = FALSE;

    next = node->next;
    if (node->n_outputs != 1 || !ir_dtype_is_float (node->outputs[0].dtype) ||
        !ir_config_may_fuse (data, node))
      continue;
    if (!fuse_softplus (node, &done, error) ||
        (!done && !fuse_product (node, &done, error)))
      return FALSE;
    *changes += done;
  }
  /* What was the formula would be more readers of x. */
  if (*changes > 0)
    ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_activations = {
  "activations",
  "Finds activations that are written as formulas.",
  run,
};
