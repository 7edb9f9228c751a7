/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Convolutions that read the same tensor in the same way become one that computes
 * the channels of all of them, together with the biases and activations that they
 * have in common, and a VariadicSplit gives each reader its own. Fewer and larger
 * products; devices on which parts of a tensor have to be copied lose by it.
 */
#include "../../config.h"
#include "../passes.h"
#include "branches.h"

/* Each is compared with each. */
#define MAX_READERS 256

/* What one convolution can be made of. */
static gboolean
is_alike (const IrNode *a, const IrNode *b)
{
  const IrShape *a_shape = &ir_node_input (a, 1)->shape;
  IrShape b_shape = ir_node_input (b, 1)->shape;

  b_shape.dim[0] = a_shape->dim[0];
  return ir_same_op (a, b) && ir_shape_equal (a_shape, &b_shape) &&
      ir_node_input (a, 1)->dtype == ir_node_input (b, 1)->dtype;
}

static gboolean
is_candidate (const IrConvertConfig *config, const IrUse *use)
{
  return use->index == 0 && ir_node_is (use->node, "Convolution") &&
      ir_branch_is_conv (use->node) && ir_sole_reader (use->node->inputs[1]) &&
      ir_config_may_fuse (config, use->node);
}

/* Those like the first one among the readers from @from on. */
static GPtrArray *
find_like (const IrConvertConfig *config, const GArray *uses, guint from)
{
  g_autoptr (GPtrArray) convs = g_ptr_array_new ();

  for (guint i = from; i < uses->len; i++) {
    const IrUse *use = &g_array_index (uses, IrUse, i);

    if (is_candidate (config, use) &&
        (convs->len == 0 || is_alike (g_ptr_array_index (convs, 0), use->node)))
      g_ptr_array_add (convs, use->node);
    else if (convs->len == 0)
      return NULL;
  }
  return convs->len > 1 ? g_steal_pointer (&convs) : NULL;
}

/* The layer behind @nodes, if it is the same for all; they are replaced by it. */
static gboolean
step (const IrConvertConfig *config, IrNode **nodes, gsize n)
{
  g_autofree IrNode **next = g_new (IrNode *, n);

  for (gsize i = 0; i < n; i++) {
    IrPort x;

    next[i] = ir_sole_reader (ir_port (nodes[i], 0));
    if (!next[i] || !ir_branch_input (next[i], &x) || x.node != nodes[i] ||
        !ir_same_op (next[i], next[0]) || !ir_config_may_fuse (config, next[i]))
      return FALSE;
  }
  for (gsize i = 0; i < n; i++)
    nodes[i] = next[i];
  return TRUE;
}

static gboolean
add_conv (IrNode *const *convs, gsize n, IrPort *tail, GError **error)
{
  IrShape shape = ir_node_input (convs[0], 1)->shape;
  IrPort inputs[2] = { convs[0]->inputs[0] };
  IrNode *weights, *conv;

  for (gsize i = 1; i < n; i++)
    shape.dim[0] += ir_node_input (convs[i], 1)->shape.dim[0];
  weights = ir_branches_weights (convs, n, &shape, error);
  if (!weights)
    return FALSE;
  inputs[1] = ir_port (weights, 0);
  conv = ir_add_like (convs[0], inputs);
  *tail = ir_port (conv, 0);
  return ir_node_infer (conv, error);
}

/* The readers of @ends read the parts of @tail. */
static gboolean
add_split (IrNode *const *ends, gsize n, IrPort tail, GError **error)
{
  IrGraph *graph = tail.node->graph;
  g_autofree char *name = g_strconcat (tail.node->name, "/split", NULL);
  g_autoptr (IrTensor) axis = ir_tensor_new_scalar (IR_DTYPE_I64, 1);
  g_autofree gint64 *lengths = g_new (gint64, n);
  IrPort inputs[3] = { tail };
  IrNode *split;

  for (gsize i = 0; i < n; i++)
    lengths[i] = ends[i]->outputs[0].shape.dim[1];
  inputs[1] = ir_port (ir_graph_add_const (graph, name, axis), 0);
  inputs[2] = ir_port (ir_graph_add_const_i64 (graph, name, lengths, n), 0);
  split = ir_graph_add (graph, ir_op_lookup_number ("VariadicSplit", 1), name,
      inputs, G_N_ELEMENTS (inputs), n);
  for (gsize i = 0; i < n; i++)
    ir_graph_replace (graph, ir_port (ends[i], 0), ir_port (split, (guint) i));
  return ir_node_infer (split, error);
}

static gboolean
join (const IrConvertConfig *config, GPtrArray *convs, GError **error)
{
  gsize n = convs->len;
  g_autofree IrNode **nodes = g_memdup2 (convs->pdata, n * sizeof (IrNode *));
  IrPort tail;

  if (!add_conv (nodes, n, &tail, error))
    return FALSE;
  while (step (config, nodes, n))
    if (!ir_branches_add_layer (nodes, n, &tail, error))
      return FALSE;
  return add_split (nodes, n, tail, error);
}

/* What is joined is swept away at once, so that it is not found again. */
static gboolean
join_readers (
    const IrConvertConfig *config, IrPort port, gsize *changes, GError **error)
{
  const GArray *uses = ir_port_output (port)->uses;
  guint i = 0;

  while (i < uses->len && uses->len <= MAX_READERS) {
    g_autoptr (GPtrArray) convs = find_like (config, uses, i);

    if (!convs) {
      i++;
      continue;
    }
    if (!join (config, convs, error))
      return FALSE;
    ir_graph_sweep (port.node->graph);
    *changes += 1;
  }
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  for (IrNode *node = graph->first; node; node = node->next)
    for (guint i = 0; i < node->n_outputs; i++)
      if (!join_readers (data, ir_port (node, i), changes, error))
        return FALSE;
  return TRUE;
}

const IrPass ir_pass_join_convolutions = {
  "join-convolutions",
  "Makes one convolution of those that read the same tensor.",
  run,
};
