/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/pass.h>

/* Results beyond it are folded only if that saves memory. */
#define MAX_GROWN_BYTES ((gsize) 64 << 20)
/* All that is folded comes to no more than that many times the model's own
 * constants beyond it: few nodes of a file can ask for any amount of memory. */
#define MAX_GROWTH 8
/* Elements that are read and written, and products, of all that is folded: so many,
 * and so many per byte of the model's own constants. */
#define MAX_WORK ((guint64) 1 << 30)
#define MAX_WORK_PER_BYTE 64

#define KEEP_FLAGS                                                             \
  (IR_OP_PARAMETER | IR_OP_RESULT | IR_OP_CONST | IR_OP_SINK | IR_OP_NO_FOLD)

static gboolean
is_foldable (const IrNode *node)
{
  if ((node->op->flags & KEEP_FLAGS) || !node->op->evaluate ||
      node->n_bodies > 0 || node->n_inputs == 0)
    return FALSE;
  for (gsize i = 0; i < node->n_inputs; i++)
    if (!(node->inputs[i].node->op->flags & IR_OP_CONST))
      return FALSE;
  return TRUE;
}

/* FALSE also where the size can't be told before; ops whose output depends on
 * values don't make more of it than there was. */
static gboolean
is_too_large (const IrNode *node)
{
  gsize in = 0, out = 0;

  for (gsize i = 0; i < node->n_inputs; i++)
    in += ir_node_input (node, (guint) i)->value->size;
  for (gsize i = 0; i < node->n_outputs; i++) {
    const IrOutput *output = &node->outputs[i];
    guint64 count;
    gsize bytes;

    if (!ir_shape_is_static (&output->shape))
      continue;
    if (!ir_shape_count (&output->shape, &count) ||
        !ir_dtype_bytes (output->dtype, count, &bytes) ||
        !g_size_checked_add (&out, out, bytes))
      return TRUE;
  }
  return out > MAX_GROWN_BYTES && out > in;
}

static gboolean
is_used_up (const IrGraph *graph)
{
  gsize own = graph->const_bytes - graph->folded_bytes;

  return graph->folded_bytes > MAX_GROWN_BYTES &&
      (graph->folded_bytes - MAX_GROWN_BYTES) / MAX_GROWTH > own;
}

static guint64
work_of (const IrNode *node)
{
  guint64 work, count;

  if (!ir_node_macs (node, &work))
    work = 0;
  for (gsize i = 0; i < node->n_inputs; i++)
    work += ir_tensor_count (ir_node_input (node, (guint) i)->value);
  for (gsize i = 0; i < node->n_outputs; i++)
    if (ir_shape_count (&node->outputs[i].shape, &count))
      work += count;
  return work;
}

static gboolean
is_too_long (const IrGraph *graph, guint64 work)
{
  guint64 own = graph->const_bytes - graph->folded_bytes;
  guint64 done = graph->folded_work;

  return done + work > MAX_WORK &&
      (done + work - MAX_WORK) / MAX_WORK_PER_BYTE > own;
}

static void
replace_by_consts (IrNode *node, IrTensor **values)
{
  IrGraph *graph = node->graph;
  g_autofree char *name = g_strdup (node->name);
  IrNode *first = NULL;

  for (guint i = 0; i < node->n_outputs; i++) {
    IrNode *constant;

    if (node->outputs[i].uses->len == 0 && node->n_outputs > 1)
      continue;
    constant = ir_graph_add_const (graph, name, values[i]);
    graph->folded_bytes += values[i]->size;
    ir_graph_move_before (graph, constant, node);
    ir_graph_replace (graph, ir_port (node, i), ir_port (constant, 0));
    if (!first)
      first = constant;
  }
  ir_graph_remove (graph, node);
  if (first)
    ir_graph_rename (graph, first, name);
}

gboolean
ir_node_fold (IrNode *node, gsize *changes, GError **error)
{
  gsize n_outputs = node->n_outputs;
  g_autofree IrTensor **in = NULL;
  g_autofree IrTensor **out = NULL;
  guint64 work;

  if (!is_foldable (node) || is_too_large (node) || is_used_up (node->graph))
    return TRUE;
  work = work_of (node);
  if (is_too_long (node->graph, work))
    return TRUE;
  node->graph->folded_work += work;
  in = g_new (IrTensor *, node->n_inputs);
  out = g_new0 (IrTensor *, n_outputs);
  for (guint i = 0; i < node->n_inputs; i++)
    in[i] = ir_node_input (node, i)->value;
  if (!ir_node_evaluate (node, in, out, error))
    return FALSE;
  replace_by_consts (node, out);
  for (gsize i = 0; i < n_outputs; i++)
    ir_tensor_unref (out[i]);
  *changes += 1;
  return TRUE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  /* Sorted, so that what a fold makes constant is seen further down. */
  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    if (!ir_node_fold (node, changes, error))
      return FALSE;
  }
  return TRUE;
}

const IrPass ir_pass_fold = {
  "fold",
  "Computes what depends on constants only.",
  run,
};
