/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements in the opposite order: whole axes, or the beginnings of sequences. */
#include "move.h"
#include "typed.h"

#include <string.h>

typedef struct {
  gint mode;
} ReverseAttrs;

enum {
  MODE_INDEX,
  MODE_MASK
};

static gboolean
check_mask (const IrShape *data, gint64 n, GError **error)
{
  if (n >= 0 && data->rank != IR_RANK_UNKNOWN && n != data->rank)
    return ir_fail (error, IR_ERROR_SHAPE,
        "a mask of %" G_GINT64_FORMAT " axes for data of %d dimensions", n,
        data->rank);
  return TRUE;
}

static gboolean
infer_reverse (IrInferCtx *ctx, GError **error)
{
  const ReverseAttrs *attrs = ctx->attrs;
  guint axes[IR_MAX_RANK];
  gboolean known;
  gsize n;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_rank (ctx, 1, 1 << 1, "axes", error))
    return FALSE;
  if (attrs->mode == MODE_MASK
          ? !ir_infer_accept_input (
                ctx, 1, IR_ACCEPT_BOOLEAN, "the mask of axes", error) ||
              !check_mask (
                  &ctx->in_shape[0], ir_list_length (&ctx->in_shape[1]), error)
          : !ir_infer_integers (ctx, 1, "axes", error) ||
              !ir_infer_axes (ctx, 1, 0, axes, &n, &known, error))
    return FALSE;
  return ir_infer_same (ctx, error);
}

/* @turned (out) is set for the axes to reverse. */
static gboolean
read_turned (const IrEvalCtx *ctx, gboolean turned[IR_MAX_RANK], GError **error)
{
  const ReverseAttrs *attrs = ctx->attrs;
  guint axes[IR_MAX_RANK];
  gsize n;

  if (attrs->mode == MODE_MASK) {
    for (gint d = 0; d < ctx->in[0]->shape.rank; d++)
      turned[d] = ir_tensor_get_i64 (ctx->in[1], d) != 0;
    return TRUE;
  }
  if (!ir_eval_axes (ctx, 1, 0, axes, &n, error))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    turned[axes[i]] = TRUE;
  return TRUE;
}

static gboolean
strided_reverse (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape;
  gboolean turned[IR_MAX_RANK] = { FALSE };

  if (!read_turned (ctx, turned, error))
    return FALSE;
  for (gint d = 0; d < in->rank; d++) {
    strided->step[d] = turned[d] ? -steps[d] : steps[d];
    if (turned[d])
      strided->offset += (in->dim[d] - 1) * steps[d];
  }
  return TRUE;
}

static const char *const mode_names[] = { "index", "mask", NULL };

static const IrAttrDesc reverse_attrs[] = {
  IR_ATTR_ENUM_ROW (ReverseAttrs, mode, NULL, mode_names),
  IR_ATTR_END,
};

const IrOpDesc ir_op_reverse_1 = {
  .type = "Reverse",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (ReverseAttrs),
  .attrs = reverse_attrs,
  .infer = infer_reverse,
  .evaluate = ir_eval_strided,
  .summary = "the data with the order along axes reversed",
  .strided = strided_reverse,
};

/* --- ReverseSequence --------------------------------------------------------- */

typedef struct {
  gint64 batch_axis;
  gint64 seq_axis;
} SequenceAttrs;

static gboolean
sequence_axes (const SequenceAttrs *attrs, const IrShape *data, guint *batch,
    guint *seq, GError **error)
{
  if (!ir_shape_axis (data, attrs->batch_axis, batch, error) ||
      !ir_shape_axis (data, attrs->seq_axis, seq, error))
    return FALSE;
  if (*batch == *seq)
    return ir_fail (error, IR_ERROR_SHAPE,
        "axis %u is both the batch's and the sequence's", *batch);
  return TRUE;
}

static gboolean
infer_sequence (IrInferCtx *ctx, GError **error)
{
  const IrShape *lengths = &ctx->in_shape[1];
  IrShape out = ctx->in_shape[0];
  guint batch, seq;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_accept_input (
          ctx, 1, IR_ACCEPT_NUMBER, "the list of lengths", error) ||
      !ir_infer_rank (ctx, 1, 1 << 1, "lengths", error))
    return FALSE;
  if (out.rank != IR_RANK_UNKNOWN) {
    IrShape n;

    if (!sequence_axes (ctx->attrs, &out, &batch, &seq, error))
      return FALSE;
    n = ir_shape_1d (out.dim[batch]);
    if (!ir_shape_merge (&n, lengths))
      return ir_fail (error, IR_ERROR_SHAPE,
          "%" G_GINT64_FORMAT " lengths for a batch of %" G_GINT64_FORMAT,
          lengths->dim[0], out.dim[batch]);
    out.dim[batch] = n.dim[0];
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
check_lengths (const IrTensor *lengths, gint64 dim, GError **error)
{
  for (guint64 i = 0; i < ir_tensor_count (lengths); i++) {
    const gint64 length = ir_tensor_get_i64 (lengths, i);

    if (length < 0 || length > dim)
      return ir_fail (error, IR_ERROR_SHAPE,
          "element %" G_GUINT64_FORMAT " of the lengths is %" G_GINT64_FORMAT
          ", a sequence has %" G_GINT64_FORMAT " elements",
          i, length, dim);
  }
  return TRUE;
}

static gboolean
evaluate_sequence (IrEvalCtx *ctx, GError **error)
{
  const IrTensor *in = ctx->in[0], *lengths = ctx->in[1];
  gint64 strides[IR_MAX_RANK], index[IR_MAX_RANK] = { 0 };
  guint8 *to = ctx->out[0]->data;
  const guint8 *from = in->data;
  IrShape outer = in->shape;
  guint batch, seq;
  gsize bytes;

  if (!sequence_axes (ctx->attrs, &in->shape, &batch, &seq, error) ||
      !check_lengths (lengths, in->shape.dim[seq], error))
    return FALSE;
  if (in->size == 0)
    return TRUE;
  ir_strides (&in->shape, strides);
  outer.rank = (gint) MAX (batch, seq) + 1;
  bytes = ir_shape_size (&in->shape, outer.rank, in->shape.rank) *
      ir_dtype_size (in->dtype);
  do {
    const gint64 length = ir_tensor_get_i64 (lengths, index[batch]);
    const gint64 place = index[seq];
    const gint64 shift = place < length ? length - 1 - 2 * place : 0;

    memcpy (to,
        from + shift * strides[seq] * (gssize) ir_dtype_size (in->dtype),
        bytes);
    from += bytes;
    to += bytes;
  } while (ir_next_index (&outer, index));
  return TRUE;
}

static const IrAttrDesc sequence_attrs[] = {
  IR_ATTR_ROW (SequenceAttrs, batch_axis, I64, "0"),
  IR_ATTR_ROW (SequenceAttrs, seq_axis, I64, "1"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_reverse_sequence_1 = {
  .type = "ReverseSequence",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (SequenceAttrs),
  .attrs = sequence_attrs,
  .infer = infer_sequence,
  .evaluate = evaluate_sequence,
  .summary = "the data with the first elements of every sequence reversed",
};
