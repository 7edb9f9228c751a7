/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BatchToSpace and SpaceToBatch: blocks of the picture against items of the
 * batch. */
#include "move.h"

#include <string.h>

enum {
  DATA,
  BLOCK,
  BEGIN,
  END
};

/* A block per dimension and what is cut off or put on at its ends. */
typedef struct {
  gint64 block[IR_MAX_RANK];
  gint64 begin[IR_MAX_RANK];
  gint64 end[IR_MAX_RANK];
} Blocks;

static gboolean
check_blocks (const Blocks *b, gint rank, GError **error)
{
  for (gint d = 0; d < rank; d++)
    if (b->block[d] < 1 || b->begin[d] < 0 || b->end[d] < 0)
      return ir_fail (error, IR_ERROR_SHAPE,
          "dimension %d has a block of %" G_GINT64_FORMAT
          ", which must be at least 1, and ends of %" G_GINT64_FORMAT
          " and %" G_GINT64_FORMAT ", which must not be negative",
          d, b->block[d], b->begin[d], b->end[d]);
  if (rank > 0 && (b->block[0] != 1 || b->begin[0] != 0 || b->end[0] != 0))
    return ir_fail (error, IR_ERROR_SHAPE,
        "dimension 0 is the batch and must have a block of 1 and no ends");
  return TRUE;
}

/* Reads the lists if all are known. */
static gboolean
infer_blocks (IrInferCtx *ctx, Blocks *b, gboolean *known, GError **error)
{
  static const char *const names[] = { "data", "the list of blocks",
    "the list of begins", "the list of ends" };
  gint64 *const lists[] = { NULL, b->block, b->begin, b->end };
  const gint rank = ctx->in_shape[DATA].rank;

  *known = rank != IR_RANK_UNKNOWN;
  if (!ir_infer_whole_bytes (ctx, DATA, error))
    return FALSE;
  if (rank == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "a scalar has no batch");
  for (guint i = BLOCK; i <= END; i++) {
    const gint64 length = ir_list_length (&ctx->in_shape[i]);
    gboolean own;
    gsize n;

    if (!ir_infer_integers (ctx, i, names[i], error) ||
        !ir_infer_rank (ctx, i, 1 << 1, names[i], error) ||
        !ir_infer_ints (ctx, i, lists[i], IR_MAX_RANK, &n, &own, error))
      return FALSE;
    if (rank != IR_RANK_UNKNOWN && length >= 0 && length != rank)
      return ir_fail (error, IR_ERROR_SHAPE,
          "%s has %" G_GINT64_FORMAT " elements, the data %d dimensions",
          names[i], length, rank);
    *known = *known && own;
  }
  return !*known || check_blocks (b, rank, error);
}

static gboolean
block_size (const Blocks *b, gint rank, gint64 *size, GError **error)
{
  *size = 1;
  for (gint d = 1; d < rank; d++)
    if (!ir_dim_mul (size, b->block[d], error))
      return FALSE;
  return TRUE;
}

static gboolean
divide (gint64 *dim, gint64 by, gint d, GError **error)
{
  if (*dim == IR_DIM_UNKNOWN)
    return TRUE;
  if (*dim % by != 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "dimension %d of %" G_GINT64_FORMAT
        " is no multiple of %" G_GINT64_FORMAT,
        d, *dim, by);
  *dim /= by;
  return TRUE;
}

static gboolean
infer_batch_to_space (IrInferCtx *ctx, GError **error)
{
  IrShape out = ctx->in_shape[DATA];
  gboolean known;
  gint64 size;
  Blocks b;

  if (!infer_blocks (ctx, &b, &known, error))
    return FALSE;
  if (!known) {
    out = ir_shape_of_rank (out.rank);
    if (ctx->in_shape[DATA].rank == IR_RANK_UNKNOWN)
      out = ir_shape_unknown ();
  } else if (!block_size (&b, out.rank, &size, error) ||
      !divide (&out.dim[0], size, 0, error)) {
    return FALSE;
  }
  for (gint d = 1; known && d < out.rank; d++) {
    if (!ir_dim_mul (&out.dim[d], b.block[d], error))
      return FALSE;
    if (out.dim[d] == IR_DIM_UNKNOWN)
      continue;
    if (b.begin[d] > out.dim[d] || b.end[d] > out.dim[d] - b.begin[d])
      return ir_fail (error, IR_ERROR_SHAPE,
          "more is cut off dimension %d than its %" G_GINT64_FORMAT " elements",
          d, out.dim[d]);
    out.dim[d] -= b.begin[d] + b.end[d];
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[DATA], &out);
  return TRUE;
}

static gboolean
infer_space_to_batch (IrInferCtx *ctx, GError **error)
{
  IrShape out = ctx->in_shape[DATA];
  gboolean known;
  gint64 size;
  Blocks b;

  if (!infer_blocks (ctx, &b, &known, error))
    return FALSE;
  if (!known) {
    out = ir_shape_of_rank (out.rank);
    if (ctx->in_shape[DATA].rank == IR_RANK_UNKNOWN)
      out = ir_shape_unknown ();
  } else if (!block_size (&b, out.rank, &size, error) ||
      !ir_dim_mul (&out.dim[0], size, error)) {
    return FALSE;
  }
  for (gint d = 1; known && d < out.rank; d++)
    if (!ir_dim_add (&out.dim[d], b.begin[d], error) ||
        !ir_dim_add (&out.dim[d], b.end[d], error) ||
        !divide (&out.dim[d], b.block[d], d, error))
      return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[DATA], &out);
  return TRUE;
}

static gboolean
eval_blocks (const IrEvalCtx *ctx, Blocks *b, GError **error)
{
  gsize n;

  return ir_eval_ints (ctx, BLOCK, b->block, IR_MAX_RANK, &n, error) &&
      ir_eval_ints (ctx, BEGIN, b->begin, IR_MAX_RANK, &n, error) &&
      ir_eval_ints (ctx, END, b->end, IR_MAX_RANK, &n, error);
}

static gboolean
strided_batch_to_space (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *out = &ctx->out[0]->shape;
  gint64 next = out->dim[0] * steps[0], *map;
  Blocks b;

  if (!eval_blocks (ctx, &b, error))
    return FALSE;
  strided->step[0] = steps[0];
  for (gint d = out->rank - 1; d > 0; d--) {
    if (!(map = ir_strided_map (strided, d, out->dim[d], error)))
      return FALSE;
    for (gint64 i = 0; i < out->dim[d]; i++) {
      const gint64 place = i + b.begin[d];

      map[i] = place / b.block[d] * steps[d] + place % b.block[d] * next;
    }
    next *= b.block[d];
  }
  return TRUE;
}

/* Without anything put on, that is: places beyond the data depend on block and
 * index at once. */
static gboolean
strided_space_to_batch (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *in = &ctx->in[DATA]->shape;
  const gint64 n = ctx->out[0]->shape.dim[0];
  gint64 *map;
  Blocks b;

  if (!eval_blocks (ctx, &b, error) ||
      !(map = ir_strided_map (strided, 0, n, error)))
    return FALSE;
  for (gint d = 1; d < in->rank; d++) {
    strided->step[d] = steps[d] * b.block[d];
    if (b.begin[d] != 0 || b.end[d] != 0)
      return ir_fail (error, IR_ERROR_UNSUPPORTED,
          "padded data has to be padded before its blocks have steps");
  }
  for (gint64 i = 0; i < n; i++) {
    gint64 block = i / in->dim[0];

    map[i] = i % in->dim[0] * steps[0];
    for (gint d = in->rank - 1; d > 0; d--) {
      map[i] += block % b.block[d] * steps[d];
      block /= b.block[d];
    }
  }
  return TRUE;
}

/* Where an element of the output is in the data; -1 for what was put on. */
static gint64
place_in_space (const Blocks *b, const gint64 *index, const IrShape *space,
    const gint64 *strides)
{
  gint64 block = index[0] / space->dim[0];
  gint64 at = index[0] % space->dim[0] * strides[0];

  for (gint d = space->rank - 1; d > 0; d--) {
    const gint64 place =
        index[d] * b->block[d] + block % b->block[d] - b->begin[d];

    if (place < 0 || place >= space->dim[d])
      return -1;
    at += place * strides[d];
    block /= b->block[d];
  }
  return at;
}

static gboolean
evaluate_space_to_batch (IrEvalCtx *ctx, GError **error)
{
  const IrTensor *in = ctx->in[DATA], *out = ctx->out[0];
  const gsize bytes = ir_dtype_size (in->dtype);
  gint64 strides[IR_MAX_RANK], index[IR_MAX_RANK] = { 0 };
  guint8 *to = out->data;
  Blocks b;

  if (!eval_blocks (ctx, &b, error))
    return FALSE;
  if (in->size == 0 || out->size == 0)
    return TRUE;
  ir_strides (&in->shape, strides);
  do {
    const gint64 place = place_in_space (&b, index, &in->shape, strides);

    if (place >= 0)
      memcpy (to, (const guint8 *) in->data + place * bytes, bytes);
    to += bytes;
  } while (ir_next_index (&out->shape, index));
  return TRUE;
}

const IrOpDesc ir_op_batch_to_space_2 = {
  .type = "BatchToSpace",
  .opset = 2,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .infer = infer_batch_to_space,
  .evaluate = ir_eval_strided,
  .summary = "lays items of the batch out as blocks, less what is cut off",
  .strided = strided_batch_to_space,
};

const IrOpDesc ir_op_space_to_batch_2 = {
  .type = "SpaceToBatch",
  .opset = 2,
  .min_inputs = 4,
  .max_inputs = 4,
  .n_outputs = 1,
  .infer = infer_space_to_batch,
  .evaluate = evaluate_space_to_batch,
  .summary = "stacks blocks of the padded data as items of the batch",
  .strided = strided_space_to_batch,
};
