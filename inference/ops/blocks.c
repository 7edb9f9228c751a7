/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DepthToSpace, SpaceToDepth and ShuffleChannels: dimensions are split, the
 * parts change places and are joined again. */
#include "move.h"

typedef struct {
  gint64 block_size;
  gint mode;
} BlockAttrs;

enum {
  BLOCKS_FIRST,
  DEPTH_FIRST
};

/* Checks what both ops ask for; @blocks (out) is the number of elements of a
 * block, or unknown. */
static gboolean
infer_blocks (IrInferCtx *ctx, gint64 *blocks, GError **error)
{
  const BlockAttrs *attrs = ctx->attrs;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_rank (ctx, 0, 1 << 3 | 1 << 4 | 1 << 5, "data", error))
    return FALSE;
  if (attrs->block_size < 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "block_size is %" G_GINT64_FORMAT ", at least 1 is needed",
        attrs->block_size);
  *blocks = 1;
  for (gint i = 2; i < ctx->in_shape[0].rank; i++)
    if (!ir_dim_mul (blocks, attrs->block_size, error))
      return FALSE;
  return TRUE;
}

static gboolean
divide (gint64 *dim, guint axis, gint64 by, GError **error)
{
  if (*dim == IR_DIM_UNKNOWN)
    return TRUE;
  if (*dim % by != 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "dimension %u of %" G_GINT64_FORMAT
        " is no multiple of %" G_GINT64_FORMAT,
        axis, *dim, by);
  *dim /= by;
  return TRUE;
}

static gboolean
infer_depth_to_space (IrInferCtx *ctx, GError **error)
{
  const BlockAttrs *attrs = ctx->attrs;
  IrShape out = ctx->in_shape[0];
  gint64 blocks;

  if (!infer_blocks (ctx, &blocks, error))
    return FALSE;
  if (out.rank != IR_RANK_UNKNOWN && !divide (&out.dim[1], 1, blocks, error))
    return FALSE;
  for (gint i = 2; i < out.rank; i++)
    if (!ir_dim_mul (&out.dim[i], attrs->block_size, error))
      return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
infer_space_to_depth (IrInferCtx *ctx, GError **error)
{
  const BlockAttrs *attrs = ctx->attrs;
  IrShape out = ctx->in_shape[0];
  gint64 blocks;

  if (!infer_blocks (ctx, &blocks, error))
    return FALSE;
  for (gint i = 2; i < out.rank; i++)
    if (!divide (&out.dim[i], i, attrs->block_size, error))
      return FALSE;
  if (out.rank != IR_RANK_UNKNOWN && !ir_dim_mul (&out.dim[1], blocks, error))
    return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

/* Pairs every element of the deep tensor with its place in the wide one. */
static void
describe (const BlockAttrs *attrs, const IrShape *deep, const IrShape *wide,
    gint64 blocks, IrMove *move)
{
  const gint64 size = attrs->block_size, depth = wide->dim[1];
  const gboolean blocks_first = attrs->mode == BLOCKS_FIRST;
  gint64 from[IR_MAX_RANK], to[IR_MAX_RANK];
  gint64 inner = blocks;

  ir_strides (deep, from);
  ir_strides (wide, to);
  ir_move_add (move, deep->dim[0], from[0], to[0]);
  ir_move_add (move, depth, from[1] * (blocks_first ? 1 : blocks), to[1]);
  for (gint i = 2; i < deep->rank; i++) {
    inner /= size;
    ir_move_add (
        move, size, from[1] * inner * (blocks_first ? depth : 1), to[i]);
  }
  for (gint i = 2; i < deep->rank; i++)
    ir_move_add (move, deep->dim[i], from[i], to[i] * size);
}

static gint64
block_elements (const BlockAttrs *attrs, gint rank)
{
  gint64 blocks = 1;

  for (gint i = 2; i < rank; i++)
    blocks *= attrs->block_size;
  return blocks;
}

static gboolean
evaluate_depth_to_space (IrEvalCtx *ctx, GError **error)
{
  const IrTensor *in = ctx->in[0];
  IrMove move = { 0 };

  if (in->size == 0)
    return TRUE;
  describe (ctx->attrs, &in->shape, &ctx->out[0]->shape,
      block_elements (ctx->attrs, in->shape.rank), &move);
  ir_move_run (&move, ir_dtype_size (in->dtype), in->data, ctx->out[0]->data);
  return TRUE;
}

static gboolean
evaluate_space_to_depth (IrEvalCtx *ctx, GError **error)
{
  const IrTensor *in = ctx->in[0];
  IrMove move = { 0 };

  if (in->size == 0)
    return TRUE;
  describe (ctx->attrs, &ctx->out[0]->shape, &in->shape,
      block_elements (ctx->attrs, in->shape.rank), &move);
  for (guint i = 0; i < move.rank; i++) {
    const gint64 step = move.from[i];

    move.from[i] = move.to[i];
    move.to[i] = step;
  }
  ir_move_run (&move, ir_dtype_size (in->dtype), in->data, ctx->out[0]->data);
  return TRUE;
}

static const char *const block_modes[] = { "blocks_first", "depth_first",
  NULL };

static const IrAttrDesc block_attrs[] = {
  IR_ATTR_ROW (BlockAttrs, block_size, I64, "1"),
  IR_ATTR_ENUM_ROW (BlockAttrs, mode, NULL, block_modes),
  IR_ATTR_END,
};

const IrOpDesc ir_op_depth_to_space_1 = {
  .type = "DepthToSpace",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .attrs_size = sizeof (BlockAttrs),
  .attrs = block_attrs,
  .infer = infer_depth_to_space,
  .evaluate = evaluate_depth_to_space,
  .summary = "lays channels out as blocks of the picture",
};

const IrOpDesc ir_op_space_to_depth_1 = {
  .type = "SpaceToDepth",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .attrs_size = sizeof (BlockAttrs),
  .attrs = block_attrs,
  .infer = infer_space_to_depth,
  .evaluate = evaluate_space_to_depth,
  .summary = "stacks blocks of the picture as channels",
};

/* --- ShuffleChannels ------------------------------------------------------- */

typedef struct {
  gint64 axis;
  gint64 group;
} ShuffleAttrs;

static gboolean
infer_shuffle_channels (IrInferCtx *ctx, GError **error)
{
  const ShuffleAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in_shape[0];

  if (!ir_infer_whole_bytes (ctx, 0, error))
    return FALSE;
  if (attrs->group < 1)
    return ir_fail (error, IR_ERROR_SHAPE,
        "group is %" G_GINT64_FORMAT ", at least 1 is needed", attrs->group);
  if (in->rank != IR_RANK_UNKNOWN) {
    gint64 dim;
    guint axis;

    if (!ir_shape_axis (in, attrs->axis, &axis, error))
      return FALSE;
    dim = in->dim[axis];
    if (!divide (&dim, axis, attrs->group, error))
      return FALSE;
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], in);
  return TRUE;
}

static gboolean
evaluate_shuffle_channels (IrEvalCtx *ctx, GError **error)
{
  const ShuffleAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  gint64 inner, outer, size;
  IrMove move = { 0 };
  guint axis;

  if (!ir_shape_axis (shape, attrs->axis, &axis, error))
    return FALSE;
  if (ctx->in[0]->size == 0)
    return TRUE;
  outer = ir_shape_size (shape, 0, axis);
  inner = ir_shape_size (shape, axis + 1, shape->rank);
  size = shape->dim[axis] / attrs->group;
  ir_move_add (&move, outer, shape->dim[axis] * inner, 0);
  ir_move_add (&move, size, inner, 0);
  ir_move_add (&move, attrs->group, size * inner, 0);
  ir_move_add (&move, inner, 1, 0);
  ir_move_dense_to (&move);
  ir_move_run (&move, ir_dtype_size (ctx->in[0]->dtype), ctx->in[0]->data,
      ctx->out[0]->data);
  return TRUE;
}

static const IrAttrDesc shuffle_attrs[] = {
  IR_ATTR_ROW (ShuffleAttrs, axis, I64, "1"),
  IR_ATTR_ROW (ShuffleAttrs, group, I64, "1"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_shuffle_channels_1 = {
  .type = "ShuffleChannels",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .attrs_size = sizeof (ShuffleAttrs),
  .attrs = shuffle_attrs,
  .infer = infer_shuffle_channels,
  .evaluate = evaluate_shuffle_channels,
  .summary = "deals the channels of the groups out in turn",
};
