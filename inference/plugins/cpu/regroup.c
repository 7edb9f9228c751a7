/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Networks that shuffle channels, or turn them into blocks of the picture and back,
 * often come with a Reshape that splits dimensions, a Transpose, and a Reshape that
 * joins others. What they do together is one op, which moves pixels where they are
 * instead of planes. */
#include "cpu.h"

#define MAX_SPLIT 6

/* A dimension of the input, divided by so many blocks; or the size of a block. */
typedef struct {
  gint dim, divided;
} SplitDim;

#define A_BLOCK                                                                \
  {                                                                            \
    -1, 0                                                                      \
  }

typedef struct {
  const char *type;
  /* The op's attribute that has the size of a block, and what else it has. */
  const char *size;
  const char *name, *value;
  gint rank;
  SplitDim split[MAX_SPLIT];
  gint64 order[MAX_SPLIT];
  /* How often the size of a block is multiplied to each dimension of the input. */
  gint joined[4];
} RegroupRow;

static const RegroupRow rows[] = {
  { "ShuffleChannels", "group", "axis", "1", 5,
      { { 0, 0 }, A_BLOCK, { 1, 1 }, { 2, 0 }, { 3, 0 } }, { 0, 2, 1, 3, 4 },
      { 0, 0, 0, 0 } },
  { "DepthToSpace", "block_size", "mode", "blocks_first", 6,
      { { 0, 0 }, A_BLOCK, A_BLOCK, { 1, 2 }, { 2, 0 }, { 3, 0 } },
      { 0, 3, 4, 1, 5, 2 }, { 0, -2, 1, 1 } },
  { "DepthToSpace", "block_size", "mode", "depth_first", 6,
      { { 0, 0 }, { 1, 2 }, A_BLOCK, A_BLOCK, { 2, 0 }, { 3, 0 } },
      { 0, 1, 4, 2, 5, 3 }, { 0, -2, 1, 1 } },
  { "SpaceToDepth", "block_size", "mode", "blocks_first", 6,
      { { 0, 0 }, { 1, 0 }, { 2, 1 }, A_BLOCK, { 3, 1 }, A_BLOCK },
      { 0, 3, 5, 1, 2, 4 }, { 0, 2, -1, -1 } },
  { "SpaceToDepth", "block_size", "mode", "depth_first", 6,
      { { 0, 0 }, { 1, 0 }, { 2, 1 }, A_BLOCK, { 3, 1 }, A_BLOCK },
      { 0, 1, 3, 5, 2, 4 }, { 0, 2, -1, -1 } },
};

/* What @value becomes with @times blocks of @size more. */
static gint64
scale (gint64 value, gint64 size, gint times)
{
  for (; times > 0; times--)
    value *= size;
  for (; times < 0; times++)
    value /= size;
  return value;
}

/* The size of a block if a Reshape splits @in so, or 0. */
static gint64
find_size (const RegroupRow *row, const IrShape *in, const IrShape *split)
{
  gint64 size = 0;

  if (split->rank != row->rank)
    return 0;
  for (gint d = 0; d < row->rank && !size; d++)
    if (row->split[d].dim < 0)
      size = split->dim[d];
  for (gint d = 0; d < row->rank; d++) {
    const SplitDim *s = &row->split[d];
    const gint64 want =
        s->dim < 0 ? size : scale (in->dim[s->dim], size, -s->divided);

    if (size < 1 || split->dim[d] != want)
      return 0;
  }
  return size;
}

static gboolean
joins (
    const RegroupRow *row, const IrShape *in, gint64 size, const IrShape *out)
{
  if (out->rank != 4)
    return FALSE;
  for (gint d = 0; d < 4; d++)
    if (out->dim[d] != scale (in->dim[d], size, row->joined[d]))
      return FALSE;
  return TRUE;
}

static gboolean
permutes (const IrNode *transpose, const RegroupRow *row)
{
  const IrTensor *order = ir_port_const (transpose->inputs[1]);

  if (!order || ir_tensor_count (order) != (guint64) row->rank)
    return FALSE;
  for (gint d = 0; d < row->rank; d++)
    if (ir_tensor_get_i64 (order, d) != row->order[d])
      return FALSE;
  return TRUE;
}

static gboolean
is_read_once (const IrNode *node)
{
  return node->outputs[0].uses && node->outputs[0].uses->len == 1;
}

static IrNode *
add_op (
    IrGraph *graph, const RegroupRow *row, IrPort in, gint64 size, IrNode *last)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, size);
  IrNode *node = ir_graph_add_op (graph, row->type, 1, last->name, 1, in);

  ir_graph_move_before (graph, node, last);
  return ir_node_set_text (node, row->size, text, NULL) &&
          ir_node_set_text (node, row->name, row->value, NULL)
      ? node
      : NULL;
}

/* @join is the last of the three. */
static gboolean
rewrite (IrGraph *graph, IrNode *join)
{
  const IrNode *transpose, *split;
  const IrShape *in;
  IrNode *node;

  if (!ir_node_is (join, "Reshape"))
    return FALSE;
  transpose = join->inputs[0].node;
  if (!ir_node_is (transpose, "Transpose") || !is_read_once (transpose))
    return FALSE;
  split = transpose->inputs[0].node;
  if (!ir_node_is (split, "Reshape") || !is_read_once (split) ||
      !cpu_port_can_be_last (split->inputs[0]))
    return FALSE;
  in = &ir_node_input (split, 0)->shape;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const gint64 size = find_size (&rows[i], in, &split->outputs[0].shape);

    if (size == 0 || !permutes (transpose, &rows[i]) ||
        !joins (&rows[i], in, size, &join->outputs[0].shape))
      continue;
    node = add_op (graph, &rows[i], split->inputs[0], size, join);
    if (node)
      ir_graph_replace (graph, ir_port (join, 0), ir_port (node, 0));
    return node != NULL;
  }
  return FALSE;
}

gboolean
cpu_regroup (IrGraph *graph, GError **error)
{
  return cpu_rewrite (graph, rewrite, error);
}
