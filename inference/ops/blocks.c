/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DepthToSpace, SpaceToDepth and ShuffleChannels: dimensions are split, the
 * parts change places and are joined again. */
#include "move.h"

#include <string.h>

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

static gint64
block_elements (const BlockAttrs *attrs, gint rank)
{
  gint64 blocks = 1;

  for (gint i = 2; i < rank; i++)
    blocks *= attrs->block_size;
  return blocks;
}

static gboolean
strided_depth_to_space (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const BlockAttrs *attrs = ctx->attrs;
  const IrShape *out = &ctx->out[0]->shape;
  const gint64 size = attrs->block_size;
  const gint64 blocks = block_elements (attrs, out->rank);
  const gboolean blocks_first = attrs->mode == BLOCKS_FIRST;
  gint64 next = steps[1] * blocks * (blocks_first ? out->dim[1] : 1), *map;

  strided->step[0] = steps[0];
  strided->step[1] = steps[1] * (blocks_first ? 1 : blocks);
  for (gint d = 2; d < out->rank; d++) {
    next /= size;
    if (!(map = ir_strided_map (strided, d, out->dim[d], error)))
      return FALSE;
    for (gint64 i = 0; i < out->dim[d]; i++)
      map[i] = i / size * steps[d] + i % size * next;
  }
  return TRUE;
}

/* Where the block of a channel of the deep tensor begins, and the channel in it. */
static gint64
place_of_channel (
    const BlockAttrs *attrs, const IrShape *in, const gint64 *steps, gint64 i)
{
  const gint64 blocks = block_elements (attrs, in->rank);
  const gboolean blocks_first = attrs->mode == BLOCKS_FIRST;
  gint64 block = blocks_first ? i / in->dim[1] : i % blocks;
  gint64 place = (blocks_first ? i % in->dim[1] : i / blocks) * steps[1];

  for (gint d = in->rank - 1; d >= 2; d--) {
    place += block % attrs->block_size * steps[d];
    block /= attrs->block_size;
  }
  return place;
}

static gboolean
strided_space_to_depth (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const BlockAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in[0]->shape;
  const gint64 channels = ctx->out[0]->shape.dim[1];
  gint64 *map = ir_strided_map (strided, 1, channels, error);

  if (!map)
    return FALSE;
  for (gint64 i = 0; i < channels; i++)
    map[i] = place_of_channel (attrs, in, steps, i);
  strided->step[0] = steps[0];
  for (gint d = 2; d < in->rank; d++)
    strided->step[d] = steps[d] * attrs->block_size;
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
  .evaluate = ir_eval_strided,
  .summary = "lays channels out as blocks of the picture",
  .strided = strided_depth_to_space,
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
  .evaluate = ir_eval_strided,
  .summary = "stacks blocks of the picture as channels",
  .strided = strided_space_to_depth,
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
strided_shuffle_channels (const IrEvalCtx *ctx, guint index,
    const gint64 *steps, IrStrided *strided, GError **error)
{
  const ShuffleAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  const gint64 group = attrs->group;
  gint64 size, *map;
  guint axis;

  if (!ir_shape_axis (shape, attrs->axis, &axis, error) ||
      !(map = ir_strided_map (strided, axis, shape->dim[axis], error)))
    return FALSE;
  size = shape->dim[axis] / group;
  for (gint64 i = 0; i < shape->dim[axis]; i++)
    map[i] = (i % group * size + i / group) * steps[axis];
  memcpy (strided->step, steps, shape->rank * sizeof *steps);
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
  .evaluate = ir_eval_strided,
  .summary = "deals the channels of the groups out in turn",
  .strided = strided_shuffle_channels,
};
