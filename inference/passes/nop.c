/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ir/attrs.h>
#include <ir/pass.h>

typedef gboolean (*IsNop) (const IrNode *node);

static gboolean
same_static_shape (const IrNode *node)
{
  const IrShape *in = &ir_node_input (node, 0)->shape;

  return ir_shape_is_static (in) &&
      ir_shape_equal (in, &node->outputs[0].shape);
}

/* Input @index is constant and all its elements are @value; an input that is
 * left out counts as such. */
static gboolean
all_equal (const IrNode *node, guint index, gint64 value)
{
  const IrTensor *tensor;

  if (index >= node->n_inputs)
    return TRUE;
  tensor = ir_node_input (node, index)->value;
  if (!tensor)
    return FALSE;
  for (guint64 i = 0; i < ir_tensor_count (tensor); i++)
    if (ir_tensor_get_i64 (tensor, i) != value)
      return FALSE;
  return TRUE;
}

static gboolean
nop_convert (const IrNode *node)
{
  return ir_node_input (node, 0)->dtype == node->outputs[0].dtype;
}

static gboolean
nop_transpose (const IrNode *node)
{
  const IrTensor *order = ir_node_input (node, 1)->value;
  gint rank = ir_node_input (node, 0)->shape.rank;

  if (!order || rank < 0)
    return FALSE;
  /* An empty order reverses the dimensions. */
  if (ir_tensor_count (order) == 0)
    return rank <= 1;
  for (guint64 i = 0; i < ir_tensor_count (order); i++)
    if (ir_tensor_get_i64 (order, i) != (gint64) i)
      return FALSE;
  return TRUE;
}

static gboolean
nop_pad (const IrNode *node)
{
  return all_equal (node, 1, 0) && all_equal (node, 2, 0);
}

static gboolean
nop_tile (const IrNode *node)
{
  return all_equal (node, 1, 1) && same_static_shape (node);
}

/* With steps of 1 only the whole has the size of the whole. */
static gboolean
nop_slice (const IrNode *node)
{
  return all_equal (node, 3, 1) && same_static_shape (node);
}

static gboolean
nop_concat (const IrNode *node)
{
  return node->n_inputs == 1;
}

/* A window of one element that stays on every element. */
static gboolean
nop_pool (const IrNode *node)
{
  const IrPoolAttrs *attrs = node->attrs;
  const IrI64s lists[] = { attrs->kernel, attrs->strides };

  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++)
    for (gsize j = 0; j < lists[i].n; j++)
      if (lists[i].v[j] != 1)
        return FALSE;
  return same_static_shape (node) &&
      (node->n_outputs == 1 || node->outputs[1].uses->len == 0);
}

static gboolean
nop_split (const IrNode *node)
{
  return node->n_outputs == 1;
}

static const struct {
  const char *type;
  IsNop is_nop;
} rows[] = {
  { "Broadcast", same_static_shape },
  { "Concat", nop_concat },
  { "Convert", nop_convert },
  { "MaxPool", nop_pool },
  { "Pad", nop_pad },
  { "Reshape", same_static_shape },
  { "Slice", nop_slice },
  { "Split", nop_split },
  { "Squeeze", same_static_shape },
  { "StridedSlice", nop_slice },
  { "Tile", nop_tile },
  { "Transpose", nop_transpose },
  { "VariadicSplit", nop_split },
};

static gboolean
is_nop (const IrNode *node)
{
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (ir_node_is (node, rows[i].type))
      return rows[i].is_nop (node);
  return FALSE;
}

static gboolean
run (IrGraph *graph, gconstpointer data, gsize *changes, GError **error)
{
  IrNode *next;

  for (IrNode *node = graph->first; node; node = next) {
    next = node->next;
    /* An output of the model keeps its own node: taking the node away would mix its
     * names with those of an inner tensor or of an input. */
    if (!is_nop (node) || ir_node_feeds_result (node))
      continue;
    ir_graph_replace (graph, ir_port (node, 0), node->inputs[0]);
    ir_graph_remove (graph, node);
    *changes += 1;
  }
  return TRUE;
}

const IrPass ir_pass_nop = {
  "nop",
  "Removes nodes that change nothing.",
  run,
};
