/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Strides of 1x1 convolutions move up, as in ResNet: what such a convolution skips
 * need not be computed before it. A convolution all of whose readers want every
 * s-th element only gets their stride, and they lose it. Element-wise layers pass
 * the wish on; where one of their inputs has other readers too, a MaxPool with a
 * window of 1x1 takes the elements out.
 *
 * Down to up it is found out what is wanted, then up to down what of it can be
 * had: an element-wise layer passes a wish on only if that reaches a convolution.
 * A 1x1 convolution one of whose fellow readers wants something else keeps its
 * stride.
 */
#include "../../config.h"
#include "../passes.h"
#include "../rewrite.h"

#include <ir/conv.h>

typedef struct {
  gint64 step[IR_MAX_SPATIAL];
} Steps;

typedef enum {
  OTHER,       /* needs all of its input */
  ELEMENTWISE, /* element i of the output needs element i of the input */
  CONV,        /* can skip elements of its output */
  POINT,       /* CONV, and its window has one element */
} Kind;

typedef struct {
  IrNode *node;
  Kind kind;
  guint n;        /* spatial dimensions */
  Steps wanted;   /* by all of its readers; ones if they don't agree */
  Steps own;      /* strides of a CONV or POINT */
  gboolean gives; /* computes only what is wanted */
} Entry;

static const Steps ones = { { 1, 1, 1 } };

/* The node's mark is the index of its entry. */
static Entry *
entry_of (const GArray *entries, const IrNode *node)
{
  return &g_array_index (entries, Entry, node->mark);
}

static gboolean
is_equal (const Steps *a, const Steps *b)
{
  for (guint i = 0; i < IR_MAX_SPATIAL; i++)
    if (a->step[i] != b->step[i])
      return FALSE;
  return TRUE;
}

/* FALSE if it gets too large. */
static gboolean
multiply (const Steps *a, const Steps *b, Steps *product)
{
  for (guint i = 0; i < IR_MAX_SPATIAL; i++) {
    product->step[i] = a->step[i] * b->step[i];
    if (product->step[i] > IR_CONV_LIMIT)
      return FALSE;
  }
  return TRUE;
}

/* --- what nodes are ------------------------------------------------------------------ */

/* All spatial dimensions of a tensor that broadcasts against one of @rank are 1. */
static gboolean
is_spread (const IrShape *shape, gint rank)
{
  for (gint i = 0; i < shape->rank; i++)
    if (i + rank - shape->rank >= 2 && shape->dim[i] != 1)
      return FALSE;
  return shape->rank >= 0;
}

static gboolean
same_spatial (const IrShape *a, const IrShape *b)
{
  for (gint i = 2; i < b->rank; i++)
    if (a->rank != b->rank || a->dim[i] != b->dim[i] || a->dim[i] < 0)
      return FALSE;
  return TRUE;
}

static gboolean
is_elementwise (const IrNode *node)
{
  const IrShape *out = &node->outputs[0].shape;

  if (!(node->op->flags & IR_OP_ELEMENTWISE) || node->n_outputs != 1)
    return FALSE;
  for (guint i = 0; i < node->n_inputs; i++) {
    const IrShape *in = &ir_node_input (node, i)->shape;

    if (!is_spread (in, out->rank) && !same_spatial (in, out))
      return FALSE;
  }
  return TRUE;
}

static void
take_strides (Entry *entry, IrI64s strides)
{
  for (guint i = 0; i < entry->n && i < strides.n; i++)
    entry->own.step[i] = strides.v[i];
}

static Kind
conv_kind (Entry *entry, const IrNode *node)
{
  const IrConvAttrs *attrs = node->attrs;
  const IrShape *data = &ir_node_input (node, 0)->shape;
  const IrShape *weights = &ir_node_input (node, 1)->shape;
  IrConvGeometry g;
  gboolean point = TRUE;

  /* Pads that follow from the strides would change with them. */
  if ((attrs->auto_pad != IR_PAD_EXPLICIT && attrs->auto_pad != IR_PAD_VALID) ||
      data->rank != (gint) entry->n + 2 || weights->rank < (gint) entry->n ||
      !ir_conv_geometry (attrs, entry->n, data->dim + 2,
          weights->dim + weights->rank - entry->n, &g, NULL))
    return OTHER;
  take_strides (entry, attrs->strides);
  for (guint i = 0; i < g.n; i++)
    point =
        point && g.kernel[i] == 1 && g.pad_begin[i] == 0 && g.pad_end[i] == 0;
  return point ? POINT : CONV;
}

/* As the ones that this pass makes, and those of the original. */
static Kind
pool_kind (Entry *entry, const IrNode *node)
{
  const IrPoolAttrs *attrs = node->attrs;
  const IrShape *data = &ir_node_input (node, 0)->shape;
  IrConvGeometry g;

  if (attrs->rounding_type != IR_ROUNDING_FLOOR ||
      data->rank != (gint) entry->n + 2 ||
      attrs->auto_pad == IR_PAD_SAME_UPPER ||
      attrs->auto_pad == IR_PAD_SAME_LOWER ||
      (node->n_outputs > 1 && node->outputs[1].uses->len > 0) ||
      !ir_pool_geometry (attrs, entry->n, data->dim + 2, &g, NULL))
    return OTHER;
  for (guint i = 0; i < g.n; i++)
    if (g.kernel[i] != 1 || g.pad_begin[i] != 0 || g.pad_end[i] != 0)
      return OTHER;
  take_strides (entry, attrs->strides);
  return POINT;
}

static void
classify (const IrConvertConfig *config, Entry *entry, IrNode *node)
{
  gint rank = node->n_outputs > 0 ? node->outputs[0].shape.rank : 0;

  *entry = (Entry){ .node = node, .kind = OTHER, .wanted = ones, .own = ones };
  if (rank < 3 || rank > IR_MAX_SPATIAL + 2 ||
      !ir_config_may_fuse (config, node))
    return;
  entry->n = (guint) rank - 2;
  if (is_elementwise (node))
    entry->kind = ELEMENTWISE;
  else if (ir_node_is (node, "Convolution") ||
      ir_node_is (node, "GroupConvolution"))
    entry->kind = conv_kind (entry, node);
  else if (ir_node_is (node, "MaxPool"))
    entry->kind = pool_kind (entry, node);
}

/* --- what is wanted -------------------------------------------------------------------- */

/* What the reader at the end of an edge wants of its source. */
static Steps
wish (const GArray *entries, const IrUse *use)
{
  const Entry *entry = entry_of (entries, use->node);
  Steps product;

  if (entry->kind == ELEMENTWISE)
    return is_spread (&ir_node_input (use->node, use->index)->shape,
               (gint) entry->n + 2)
        ? ones
        : entry->wanted;
  if (entry->kind == POINT && use->index == 0 &&
      multiply (&entry->own, &entry->wanted, &product))
    return product;
  return ones;
}

static void
ask_readers (const GArray *entries, Entry *entry)
{
  const GArray *uses;
  Steps product;

  if (entry->kind == OTHER)
    return;
  uses = entry->node->outputs[0].uses;
  for (guint i = 0; i < uses->len; i++) {
    Steps wanted = wish (entries, &g_array_index (uses, IrUse, i));

    if (i > 0 && !is_equal (&wanted, &entry->wanted)) {
      entry->wanted = ones;
      return;
    }
    entry->wanted = wanted;
  }
  if (!multiply (&entry->own, &entry->wanted, &product))
    entry->wanted = ones;
}

/* --- what can be had --------------------------------------------------------------------- */

static gboolean
is_given (const GArray *entries, const IrNode *node, guint input)
{
  IrPort port = node->inputs[input];

  return port.index == 0 && entry_of (entries, port.node)->gives;
}

static void
settle (const GArray *entries, Entry *entry)
{
  const IrNode *node = entry->node;

  if (is_equal (&entry->wanted, &ones))
    return;
  if (entry->kind != ELEMENTWISE) {
    entry->gives = TRUE;
    return;
  }
  for (guint i = 0; i < node->n_inputs; i++)
    if (is_given (entries, node, i))
      entry->gives = TRUE;
  if (!entry->gives)
    entry->wanted = ones;
}

/* --- the change ----------------------------------------------------------------------------- */

/* The window of one element that takes every s-th one out. */
static gboolean
add_pooling (IrNode *node, guint input, const Entry *entry, GError **error)
{
  static const gint64 zeros[IR_MAX_SPATIAL];
  IrNode *pool = ir_graph_add_op (
      node->graph, "MaxPool", 1, "Pooling_", 1, node->inputs[input]);

  if (!ir_node_set_i64s (
          pool, "strides", entry->wanted.step, entry->n, error) ||
      !ir_node_set_i64s (pool, "kernel", ones.step, entry->n, error) ||
      !ir_node_set_i64s (pool, "pads_begin", zeros, entry->n, error) ||
      !ir_node_set_i64s (pool, "pads_end", zeros, entry->n, error))
    return FALSE;
  ir_node_set_input (node, input, ir_port (pool, 0));
  return ir_node_infer (pool, error);
}

static gboolean
reduce_inputs (const GArray *entries, const Entry *entry, GError **error)
{
  IrNode *node = entry->node;

  for (guint i = 0; i < node->n_inputs; i++) {
    const IrShape *shape = &ir_node_input (node, i)->shape;

    if (!is_spread (shape, (gint) entry->n + 2) &&
        !is_given (entries, node, i) && !add_pooling (node, i, entry, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
change (
    const GArray *entries, const Entry *entry, gsize *changes, GError **error)
{
  IrNode *node = entry->node;
  Steps steps = entry->own;

  if (entry->kind == OTHER)
    return TRUE;
  if (entry->kind == ELEMENTWISE)
    return !entry->gives || reduce_inputs (entries, entry, error);
  if (entry->kind == POINT && is_given (entries, node, 0))
    steps = ones;
  else if (entry->gives)
    multiply (&entry->own, &entry->wanted, &steps);
  if (is_equal (&steps, &entry->own))
    return TRUE;
  *changes += 1;
  return ir_node_set_i64s (node, "strides", steps.step, entry->n, error);
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  g_autoptr (GArray) entries =
      g_array_sized_new (FALSE, TRUE, sizeof (Entry), (guint) graph->n_nodes);

  for (IrNode *node = graph->first; node; node = node->next) {
    Entry entry;

    classify (data, &entry, node);
    node->mark = entries->len;
    g_array_append_val (entries, entry);
  }
  for (guint i = entries->len; i-- > 0;)
    ask_readers (entries, &g_array_index (entries, Entry, i));
  for (guint i = 0; i < entries->len; i++)
    settle (entries, &g_array_index (entries, Entry, i));
  for (guint i = 0; i < entries->len; i++)
    if (!change (entries, &g_array_index (entries, Entry, i), changes, error))
      return FALSE;
  return TRUE;
}

const IrPass ir_pass_strides = {
  "strides",
  "Moves strides of 1x1 convolutions up to earlier layers.",
  run,
};
