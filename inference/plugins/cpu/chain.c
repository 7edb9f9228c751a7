/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "chain.h"

typedef struct {
  const char *type;
  IrBinary op;
} BinaryRow;

/* Truths are 0 and 1. */
static const BinaryRow binary_rows[] = {
  { "Add", IR_BINARY_ADD },
  { "Subtract", IR_BINARY_SUB },
  { "Multiply", IR_BINARY_MUL },
  { "Divide", IR_BINARY_DIV },
  { "Maximum", IR_BINARY_MAX },
  { "Minimum", IR_BINARY_MIN },
  { "SquaredDifference", IR_BINARY_SQDIFF },
  { "PReLU", IR_BINARY_PRELU },
  { "Power", IR_BINARY_POW },
  { "Equal", IR_BINARY_EQUAL },
  { "NotEqual", IR_BINARY_DIFFERS },
  { "Greater", IR_BINARY_ABOVE },
  { "GreaterEqual", IR_BINARY_NOT_BELOW },
  { "Less", IR_BINARY_BELOW },
  { "LessEqual", IR_BINARY_NOT_ABOVE },
  { "LogicalAnd", IR_BINARY_MIN },
  { "LogicalOr", IR_BINARY_MAX },
  { "LogicalXor", IR_BINARY_DIFFERS },
  { "Xor", IR_BINARY_DIFFERS },
};

/* --- single nodes ---------------------------------------------------------- */

static gboolean
match_binary (const IrNode *node, CpuChainOp *op)
{
  for (guint i = 0; i < G_N_ELEMENTS (binary_rows); i++) {
    if (ir_node_is (node, binary_rows[i].type)) {
      op->kind = CPU_CHAIN_BINARY;
      op->binary = binary_rows[i].op;
      op->n_from = 2;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
is_truth (IrPort port)
{
  return ir_port_output (port)->dtype == IR_DTYPE_BOOLEAN;
}

/* Of one number, f32 or truth, or of one byte. */
static gboolean
match_unary (const IrNode *node, CpuChainOp *op)
{
  const IrDType from = ir_node_input (node, 0)->dtype;
  const gboolean makes_truth = is_truth (ir_port ((IrNode *) node, 0));

  op->kind = CPU_CHAIN_UNARY;
  op->n_from = 1;
  op->a = 1;
  if (ir_node_is (node, "Convert")) {
    op->unary = makes_truth ? IR_UNARY_TRUTH : IR_UNARY_COPY;
    return from == IR_DTYPE_F32 || from == IR_DTYPE_BOOLEAN ||
        from == IR_DTYPE_U8;
  }
  if (ir_node_is (node, "LogicalNot")) {
    op->unary = IR_UNARY_LINEAR;
    op->a = -1;
    op->b = 1;
    return TRUE;
  }
  return from == IR_DTYPE_F32 &&
      cpu_match_unary (node, &op->unary, &op->a, &op->b);
}

static gboolean
match_op (const IrNode *node, CpuChainOp *op)
{
  *op = (CpuChainOp){ 0 };
  if (node->n_inputs == 0 || node->n_outputs != 1)
    return FALSE;
  if (ir_node_is (node, "Select")) {
    op->kind = CPU_CHAIN_CHOOSE;
    op->n_from = 3;
    return TRUE;
  }
  /* Some powers are functions of one number. */
  return match_unary (node, op) || match_binary (node, op);
}

/* An operand's shape with ones before it; a slope of rank 1 may be one per channel. */
static IrShape
seen_shape (const IrNode *node, guint index)
{
  const IrShape *out = &node->outputs[0].shape;
  const IrShape *shape = &ir_node_input (node, index)->shape;
  const gboolean per_channel = ir_node_is (node, "PReLU") && index == 1 &&
      shape->rank == 1 && out->rank > 1 && shape->dim[0] == out->dim[1];
  const gint before = per_channel ? 1 : out->rank - shape->rank;
  IrShape seen = { out->rank, { 0 } };

  for (gint d = 0; d < out->rank; d++)
    seen.dim[d] =
        d >= before && d - before < shape->rank ? shape->dim[d - before] : 1;
  return seen;
}

static gboolean
goes_with (const IrNode *node, guint index)
{
  const IrShape *out = &node->outputs[0].shape;
  const IrShape *shape = &ir_node_input (node, index)->shape;
  IrShape seen;

  if (!ir_shape_is_static (shape) || shape->rank > out->rank)
    return FALSE;
  seen = seen_shape (node, index);
  for (gint d = 0; d < out->rank; d++)
    if (seen.dim[d] != 1 && seen.dim[d] != out->dim[d])
      return FALSE;
  return TRUE;
}

/* Comparisons and Select take numbers that f32 can't hold, too. */
static gboolean
is_seen (const IrNode *node, guint index)
{
  const IrDType dtype = ir_node_input (node, index)->dtype;

  return dtype == IR_DTYPE_F32 || dtype == IR_DTYPE_BOOLEAN ||
      (dtype == IR_DTYPE_U8 && ir_node_is (node, "Convert"));
}

static gboolean
broadcasts_by_rank (const IrNode *node)
{
  const IrBroadcastAttrs *attrs = node->attrs;

  return !attrs || ir_node_is (node, "PReLU") ||
      attrs->auto_broadcast != IR_BROADCAST_PDPD;
}

gboolean
cpu_can_chain (const IrNode *node)
{
  const IrOutput *out = &node->outputs[0];
  CpuChainOp op;
  guint64 count;

  if (!match_op (node, &op) || !ir_shape_is_static (&out->shape) ||
      !ir_shape_count (&out->shape, &count) || count == 0 ||
      count > G_MAXINT32 ||
      (out->dtype != IR_DTYPE_F32 && out->dtype != IR_DTYPE_BOOLEAN) ||
      (op.n_from > 1 && !broadcasts_by_rank (node)))
    return FALSE;
  for (guint i = 0; i < op.n_from; i++)
    if (!is_seen (node, i) || !goes_with (node, i))
      return FALSE;
  return TRUE;
}

/* --- what belongs together ------------------------------------------------- */

typedef struct {
  const IrNode *nodes[CPU_CHAIN_OPS];
  guint n;
} Region;

static gboolean
is_in (const Region *region, const IrNode *node)
{
  for (guint i = 0; i < region->n; i++)
    if (region->nodes[i] == node)
      return TRUE;
  return FALSE;
}

static gboolean
has_no_slot (const CpuModel *model, const IrNode *node)
{
  return cpu_port_slot (model, ir_port ((IrNode *) node, 0)) == CPU_NO_SLOT;
}

/* Whether a convolution or matrix product that has not been reached yet may take @node
 * into its step. */
static gboolean
is_reserved (const CpuModel *model, const IrNode *node, guint depth)
{
  for (gsize i = 0; i < node->n_inputs && depth > 0; i++) {
    const IrNode *from = node->inputs[i].node;

    if (from->mark || !has_no_slot (model, from) ||
        !cpu_has_follower (node->inputs[i]))
      continue;
    if (cpu_takes_fusion (from) ||
        (ir_node_is (from, "Add") && is_reserved (model, from, depth - 1)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_constant (const CpuModel *model, const IrNode *node)
{
  for (gsize i = 0; i < node->n_inputs; i++)
    if (!cpu_port_is_known (model, node->inputs[i]))
      return FALSE;
  return TRUE;
}

/* The chains that end there are whole. */
static gboolean
ends_chain (const IrNode *node)
{
  for (gsize i = 0; i < node->n_inputs; i++)
    if (node->inputs[i].node->mark == CPU_MARK_CHAINED)
      return TRUE;
  return FALSE;
}

/* Whether no step has been made of @node, nor will be with others. */
static gboolean
is_free (const CpuModel *model, const IrNode *node, const IrShape *shape)
{
  return !node->mark && cpu_can_chain (node) && !ends_chain (node) &&
      has_no_slot (model, node) &&
      ir_shape_equal (&node->outputs[0].shape, shape) &&
      !is_reserved (model, node, CPU_MAX_ABSORBED) &&
      !is_constant (model, node);
}

static gboolean
is_read_inside (const Region *region, const IrNode *node)
{
  const GArray *uses = node->outputs[0].uses;

  for (guint u = 0; uses && u < uses->len; u++)
    if (!is_in (region, g_array_index (uses, IrUse, u).node))
      return FALSE;
  return uses && uses->len > 0;
}

static gboolean
add_operands (const CpuModel *model, Region *region, const IrNode *node,
    const IrShape *shape)
{
  const guint before = region->n;

  for (gsize p = 0; p < node->n_inputs; p++) {
    const IrNode *from = node->inputs[p].node;

    if (region->n < CPU_CHAIN_OPS && !is_in (region, from) &&
        is_free (model, from, shape) && is_read_inside (region, from))
      region->nodes[region->n++] = from;
  }
  return region->n > before;
}

/* What ends in @last. */
static void
find_region (const CpuModel *model, const IrNode *last, Region *region)
{
  const IrShape *shape = &last->outputs[0].shape;

  gboolean grown;

  *region = (Region){ { last }, 1 };
  do {
    grown = FALSE;
    for (guint i = 0; i < region->n; i++)
      grown |= add_operands (model, region, region->nodes[i], shape);
  } while (grown);
}

/* Goes on to a reader of what @region makes if @node would still be in. */
static gboolean
grow (const CpuModel *model, const IrNode *node, Region *region)
{
  const IrNode *last = region->nodes[0];
  const GArray *uses = last->outputs[0].uses;
  Region longer;

  for (guint u = 0; uses && u < uses->len; u++) {
    const IrNode *reader = g_array_index (uses, IrUse, u).node;

    if (!is_free (model, reader, &last->outputs[0].shape))
      continue;
    find_region (model, reader, &longer);
    if (is_in (&longer, node)) {
      *region = longer;
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
cpu_begin_chain (const CpuModel *model, IrNode *node)
{
  Region region;

  if (!is_free (model, node, &node->outputs[0].shape))
    return FALSE;
  find_region (model, node, &region);
  while (grow (model, node, &region))
    continue;
  if (region.nodes[0] == node)
    return FALSE;
  for (guint i = 1; i < region.n; i++)
    ((IrNode *) region.nodes[i])->mark = CPU_MARK_CHAINED;
  return TRUE;
}

/* --- the chain ------------------------------------------------------------- */

static guint
add_input (CpuChain *chain, const IrNode *node, guint index)
{
  const IrPort port = node->inputs[index];
  const IrShape shape = seen_shape (node, index);

  for (guint i = 0; i < chain->n_in; i++)
    if (chain->in[i].node == port.node && chain->in[i].index == port.index &&
        ir_shape_equal (&chain->shapes[i], &shape))
      return i;
  chain->in[chain->n_in] = port;
  chain->shapes[chain->n_in] = shape;
  return chain->n_in++;
}

/* Operands first; what is there already is not made again. */
static guint
add_op (CpuChain *chain, const IrNode *node)
{
  CpuChainOp op;

  for (guint i = 0; i < chain->n_ops; i++)
    if (chain->nodes[i] == node)
      return CPU_CHAIN_INPUTS + i;
  match_op (node, &op);
  for (guint i = 0; i < op.n_from; i++)
    op.from[i] = node->inputs[i].node->mark == CPU_MARK_CHAINED
        ? add_op (chain, node->inputs[i].node)
        : add_input (chain, node, i);
  chain->nodes[chain->n_ops] = node;
  chain->ops[chain->n_ops] = op;
  return CPU_CHAIN_INPUTS + chain->n_ops++;
}

void
cpu_chain_init (CpuChain *chain, const IrNode *node)
{
  *chain = (CpuChain){ 0 };
  add_op (chain, node);
}
