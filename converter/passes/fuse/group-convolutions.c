/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions of the parts of a tensor whose results are joined again,
 *
 *   Split -> n x (Convolution [-> Add, Multiply, activation]) -> Concat
 *
 * become one convolution with n times the groups, and one of each layer behind it.
 * The branches must be alike: weights of the same shape, the same strides, pads
 * and dilations, the same layers in the same order.
 */
#include "../../config.h"
#include "../passes.h"
#include "branches.h"

#include <string.h>

/* Layers between a convolution and the Concat. */
#define MAX_LAYERS 8

/* The nodes of one layer, a branch each. */
typedef IrNode **Layer;

typedef struct {
  IrNode *concat;
  IrPort whole; /* what is split */
  gsize n;      /* branches */
  gsize n_layers;
  Layer layers[MAX_LAYERS]; /* last one first; the convolutions at the end */
} Match;

static void
match_clear (Match *match)
{
  for (gsize i = 0; i < match->n_layers; i++)
    g_free (match->layers[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Match, match_clear)

/* --- finding -------------------------------------------------------------------------- */

/* @ports are the outputs of nodes that do the same and that nobody else reads. */
static Layer
find_layer (const IrConvertConfig *config, const IrPort *ports, gsize n)
{
  const IrNode *first = ports[0].node;
  g_autofree Layer layer = g_new (IrNode *, n);

  for (gsize i = 0; i < n; i++) {
    layer[i] = ports[i].node;
    if (ports[i].index != 0 || !ir_sole_reader (ports[i]) ||
        !ir_same_op (layer[i], first) ||
        !ir_shape_equal (
            &layer[i]->outputs[0].shape, &first->outputs[0].shape) ||
        !ir_config_may_fuse (config, layer[i]))
      return NULL;
  }
  return g_steal_pointer (&layer);
}

/* Fills @ports with what the layer's nodes read. */
static gboolean
step_back (const Layer layer, IrPort *ports, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (!ir_branch_input (layer[i], &ports[i]))
      return FALSE;
  return TRUE;
}

static gboolean
find_layers (const IrConvertConfig *config, Match *match)
{
  g_autofree IrPort *ports =
      g_memdup2 (match->concat->inputs, match->n * sizeof (IrPort));

  while (match->n_layers < MAX_LAYERS) {
    Layer layer = find_layer (config, ports, match->n);

    if (!layer)
      return FALSE;
    match->layers[match->n_layers++] = layer;
    if (ir_branch_is_conv (layer[0]))
      return TRUE;
    if (!step_back (layer, ports, match->n))
      return FALSE;
  }
  return FALSE;
}

/* The convolutions read the parts of one tensor, in their order and all of them. */
static gboolean
find_split (const IrConvertConfig *config, Match *match)
{
  const Layer convs = match->layers[match->n_layers - 1];
  IrNode *split = convs[0]->inputs[0].node;
  const IrShape *weights = &ir_node_input (convs[0], 1)->shape;
  guint axis;

  if ((!ir_node_is (split, "Split") && !ir_node_is (split, "VariadicSplit")) ||
      split->n_outputs != match->n || !ir_config_may_fuse (config, split) ||
      !ir_const_axis (split, 1, &ir_node_input (split, 0)->shape, &axis) ||
      axis != 1)
    return FALSE;
  for (gsize i = 0; i < match->n; i++) {
    if (!ir_branch_is_conv (convs[i]) || convs[i]->inputs[0].node != split ||
        convs[i]->inputs[0].index != i ||
        /* Else so many copies of it were made as there are readers. */
        !ir_sole_reader (convs[i]->inputs[1]) ||
        ir_node_input (convs[i], 1)->dtype !=
            ir_node_input (convs[0], 1)->dtype ||
        !ir_shape_equal (&ir_node_input (convs[i], 1)->shape, weights))
      return FALSE;
  }
  match->whole = split->inputs[0];
  return TRUE;
}

static gboolean
find (const IrConvertConfig *config, IrNode *node, Match *match)
{
  const IrShape *shape = &node->outputs[0].shape;
  guint axis;

  match->concat = node;
  match->n = node->n_inputs;
  return ir_node_is (node, "Concat") && match->n > 1 && shape->rank >= 3 &&
      ir_shape_axis (
          shape, ((const IrAxisAttrs *) node->attrs)->axis, &axis, NULL) &&
      axis == 1 && ir_config_may_fuse (config, node) &&
      find_layers (config, match) && find_split (config, match);
}

/* --- joining ---------------------------------------------------------------------------- */

/* With groups, weights one behind the other are in the right order. */
static IrShape
grouped_shape (const IrShape *part, gboolean grouped, gsize n)
{
  IrShape shape = *part;

  if (!grouped) {
    shape.rank++;
    memmove (shape.dim + 1, part->dim, (gsize) part->rank * sizeof *shape.dim);
    shape.dim[0] = 1;
  }
  shape.dim[0] *= (gint64) n;
  return shape;
}

static gboolean
add_conv (const Match *match, IrPort *out, GError **error)
{
  const Layer convs = match->layers[match->n_layers - 1];
  IrNode *first = convs[0];
  IrGraph *graph = first->graph;
  IrConvDims dims;
  IrShape shape;
  g_autofree char *type = NULL;
  IrNode *weights, *conv;

  ir_conv_dims (first, &dims);
  shape =
      grouped_shape (&ir_node_input (first, 1)->shape, dims.grouped, match->n);
  type = g_strconcat (dims.grouped ? "" : "Group", first->op->type, NULL);
  weights = ir_branches_weights (convs, match->n, &shape, error);
  if (!weights)
    return FALSE;
  conv = ir_graph_add_op (graph, type, first->op->opset, first->name, 2,
      match->whole, ir_port (weights, 0));
  /* The four kinds have the same attributes. */
  *(IrConvAttrs *) conv->attrs = *(const IrConvAttrs *) first->attrs;
  *out = ir_port (conv, 0);
  return ir_node_infer (conv, error);
}

static gboolean
join (const Match *match, GError **error)
{
  IrPort out;

  if (!add_conv (match, &out, error))
    return FALSE;
  for (gsize i = match->n_layers - 1; i-- > 0;)
    if (!ir_branches_add_layer (match->layers[i], match->n, &out, error))
      return FALSE;
  ir_take_place (match->concat, out.node);
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    g_auto (Match) match = { 0 };

    next = node->next;
    if (!find (data, node, &match))
      continue;
    if (!join (&match, error))
      return FALSE;
    *changes += 1;
  }
  /* What is left of the branches would keep others from seeing who reads what. */
  if (*changes > 0)
    ir_graph_sweep (graph);
  return TRUE;
}

const IrPass ir_pass_group_convolutions = {
  "group-convolutions",
  "Makes one convolution with groups of those of a tensor's parts.",
  run,
};
