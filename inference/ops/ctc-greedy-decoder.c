/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CTCGreedyDecoder and CTCGreedyDecoderSeqLen: the likeliest class of every step,
 * without blanks and, if wanted, without repetitions. */
#include "op-util.h"

typedef struct {
  gboolean ctc_merge_repeated;
} DecoderAttrs;

typedef struct {
  gboolean merge_repeated;
  IrDType classes_index_type;
  IrDType sequence_length_type;
} SeqLenAttrs;

/* One sequence: @steps steps with @stride elements from one to the next. */
typedef struct {
  const float *data;
  gsize steps;
  gsize stride;
  gsize classes;
  gsize blank;
  gboolean merge;
} Sequence;

static gsize
likeliest (const float *scores, gsize n)
{
  gsize best = 0;

  for (gsize i = 1; i < n; i++)
    if (scores[i] > scores[best])
      best = i;
  return best;
}

/* Writes the classes to @out from @at on; their number. */
static gsize
decode (const Sequence *s, IrTensor *out, gsize at)
{
  gsize previous = G_MAXSIZE, n = 0;

  for (gsize t = 0; t < s->steps; t++) {
    const gsize class = likeliest (s->data + t * s->stride, s->classes);

    if (class != s->blank && !(s->merge && class == previous))
      ir_tensor_set_i64 (out, at + n++, (gint64) class);
    previous = class;
  }
  return n;
}

static void
fill (IrTensor *tensor, gint64 value)
{
  for (gsize i = 0; i < ir_tensor_count (tensor); i++)
    ir_tensor_set_i64 (tensor, i, value);
}

/* Dimension @d of input @index is @want, or gives it (inout). */
static gboolean
join_dim (const IrInferCtx *ctx, guint index, gint d, gint64 *want,
    const char *what, GError **error)
{
  const IrShape *shape = &ctx->in_shape[index];

  if (shape->rank < 0 || shape->dim[d] < 0)
    return TRUE;
  if (*want < 0)
    *want = shape->dim[d];
  return *want == shape->dim[d] ||
      ir_fail (error, IR_ERROR_SHAPE,
          "there are %" G_GINT64_FORMAT " %s in the data and %" G_GINT64_FORMAT
          " in input %u",
          *want, what, shape->dim[d], index);
}

static gboolean
check_data (IrInferCtx *ctx, GError **error)
{
  const IrDType dtype = ctx->in_dtype[0];
  const IrShape *shape = &ctx->in_shape[0];

  if (dtype != IR_DTYPE_DYNAMIC && !ir_dtype_is_float (dtype))
    return ir_fail (error, IR_ERROR_UNSUPPORTED, "the data are %s, not floats",
        ir_dtype_name (dtype));
  if (!ir_infer_rank (ctx, 0, 1 << 3, "the data", error))
    return FALSE;
  if (shape->rank == 3 && shape->dim[2] == 0)
    return ir_fail (error, IR_ERROR_SHAPE, "there are no classes");
  return TRUE;
}

/* --- with a mask -------------------------------------------------------------- */

/* Data [T,N,C] and mask [T,N] give [N,T,1,1]. */
static gboolean
infer_ctc_greedy_decoder (IrInferCtx *ctx, GError **error)
{
  gint64 time = IR_DIM_UNKNOWN, batch = IR_DIM_UNKNOWN;
  IrShape shape = ir_shape_of_rank (4);
  IrDType dtype;

  if (!check_data (ctx, error) ||
      !ir_infer_same_dtype (ctx, 0, 2, &dtype, error) ||
      !ir_infer_rank (ctx, 1, 1 << 2, "the mask", error) ||
      !join_dim (ctx, 0, 0, &time, "steps", error) ||
      !join_dim (ctx, 1, 0, &time, "steps", error) ||
      !join_dim (ctx, 0, 1, &batch, "sequences", error) ||
      !join_dim (ctx, 1, 1, &batch, "sequences", error))
    return FALSE;
  shape.dim[0] = batch;
  shape.dim[1] = time;
  shape.dim[2] = 1;
  shape.dim[3] = 1;
  ir_infer_set (ctx, 0, dtype, &shape);
  return TRUE;
}

static gboolean
evaluate_ctc_greedy_decoder (IrEvalCtx *ctx, GError **error)
{
  const DecoderAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  const gsize time = (gsize) shape->dim[0], batches = (gsize) shape->dim[1];
  const float *mask = ir_eval_f32 (ctx, 1);
  Sequence s = { .classes = (gsize) shape->dim[2],
    .merge = attrs->ctc_merge_repeated };

  s.blank = s.classes - 1;
  s.stride = batches * s.classes;
  fill (ctx->out[0], -1);
  for (gsize n = 0; n < batches; n++) {
    s.data = ir_eval_f32 (ctx, 0) + n * s.classes;
    s.steps = 0;
    while (s.steps < time && mask[s.steps * batches + n] != 0)
      s.steps++;
    decode (&s, ctx->out[0], n * time);
  }
  return TRUE;
}

static const IrAttrDesc ctc_greedy_decoder_attrs[] = {
  IR_ATTR_ROW (DecoderAttrs, ctc_merge_repeated, BOOL, "true"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_ctc_greedy_decoder_1 = {
  .type = "CTCGreedyDecoder",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (DecoderAttrs),
  .attrs = ctc_greedy_decoder_attrs,
  .infer = infer_ctc_greedy_decoder,
  .evaluate = evaluate_ctc_greedy_decoder,
  .summary = "The likeliest classes of sequences that a mask ends",
};

/* --- with lengths -------------------------------------------------------------- */

static gboolean
check_index_input (
    const IrInferCtx *ctx, guint index, const char *what, GError **error)
{
  const IrDType dtype = ctx->in_dtype[index];

  return dtype == IR_DTYPE_DYNAMIC || dtype == IR_DTYPE_I32 ||
      dtype == IR_DTYPE_I64 ||
      ir_fail (error, IR_ERROR_UNSUPPORTED, "%s is %s, not i32 or i64", what,
          ir_dtype_name (dtype));
}

static gboolean
check_index_type (IrDType dtype, const char *what, GError **error)
{
  return dtype == IR_DTYPE_I32 || dtype == IR_DTYPE_I64 ||
      ir_fail (error, IR_ERROR_UNSUPPORTED, "%s is %s, not i32 or i64", what,
          ir_dtype_name (dtype));
}

/* Data [N,T,C] and lengths [N] give classes [N,T] and their numbers [N]. */
static gboolean
infer_ctc_greedy_decoder_seq_len (IrInferCtx *ctx, GError **error)
{
  const SeqLenAttrs *attrs = ctx->attrs;
  gint64 batch = IR_DIM_UNKNOWN;
  IrShape shape = ir_shape_of_rank (2);

  if (!check_index_type (
          attrs->classes_index_type, "classes_index_type", error) ||
      !check_index_type (
          attrs->sequence_length_type, "sequence_length_type", error) ||
      !check_data (ctx, error) ||
      !check_index_input (ctx, 1, "the list of lengths", error) ||
      !ir_infer_rank (ctx, 1, 1 << 1, "the list of lengths", error) ||
      !join_dim (ctx, 0, 0, &batch, "sequences", error) ||
      !join_dim (ctx, 1, 0, &batch, "sequences", error))
    return FALSE;
  if (ctx->n_inputs > 2 &&
      (!check_index_input (ctx, 2, "the blank", error) ||
          !ir_infer_rank (ctx, 2, 1 << 0 | 1 << 1, "the blank", error)))
    return FALSE;
  shape.dim[0] = batch;
  shape.dim[1] =
      ctx->in_shape[0].rank < 0 ? IR_DIM_UNKNOWN : ctx->in_shape[0].dim[1];
  ir_infer_set (ctx, 0, attrs->classes_index_type, &shape);
  shape.rank = 1;
  ir_infer_set (ctx, 1, attrs->sequence_length_type, &shape);
  return TRUE;
}

/* The class that means nothing: the last one if no input says another. */
static gboolean
read_blank (const IrEvalCtx *ctx, gsize classes, gsize *blank, GError **error)
{
  gint64 value;

  *blank = classes - 1;
  if (ctx->n_inputs <= 2)
    return TRUE;
  if (ir_tensor_count (ctx->in[2]) != 1)
    return ir_fail (error, IR_ERROR_SHAPE, "the blank is not one number");
  value = ir_tensor_get_i64 (ctx->in[2], 0);
  if (value < 0 || (guint64) value >= classes)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the blank is class %" G_GINT64_FORMAT " of %" G_GSIZE_FORMAT, value,
        classes);
  *blank = (gsize) value;
  return TRUE;
}

static gboolean
evaluate_ctc_greedy_decoder_seq_len (IrEvalCtx *ctx, GError **error)
{
  const SeqLenAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  const gsize batches = (gsize) shape->dim[0], time = (gsize) shape->dim[1];
  Sequence s = { .classes = (gsize) shape->dim[2],
    .merge = attrs->merge_repeated };

  if (!read_blank (ctx, s.classes, &s.blank, error))
    return FALSE;
  s.stride = s.classes;
  fill (ctx->out[0], -1);
  for (gsize n = 0; n < batches; n++) {
    const gint64 length = ir_tensor_get_i64 (ctx->in[1], n);

    if (length < 0 || (guint64) length > time)
      return ir_fail (error, IR_ERROR_SHAPE,
          "the length %" G_GINT64_FORMAT " of sequence %" G_GSIZE_FORMAT
          " is not between 0 and %" G_GSIZE_FORMAT,
          length, n, time);
    s.data = ir_eval_f32 (ctx, 0) + n * time * s.classes;
    s.steps = (gsize) length;
    ir_tensor_set_i64 (
        ctx->out[1], n, (gint64) decode (&s, ctx->out[0], n * time));
  }
  return TRUE;
}

static const IrAttrDesc ctc_greedy_decoder_seq_len_attrs[] = {
  IR_ATTR_ROW (SeqLenAttrs, merge_repeated, BOOL, "true"),
  IR_ATTR_ROW (SeqLenAttrs, classes_index_type, DTYPE, "i32"),
  IR_ATTR_ROW (SeqLenAttrs, sequence_length_type, DTYPE, "i32"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_ctc_greedy_decoder_seq_len_6 = {
  .type = "CTCGreedyDecoderSeqLen",
  .opset = 6,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 2,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (SeqLenAttrs),
  .attrs = ctc_greedy_decoder_seq_len_attrs,
  .infer = infer_ctc_greedy_decoder_seq_len,
  .evaluate = evaluate_ctc_greedy_decoder_seq_len,
  .summary = "The likeliest classes of sequences of given lengths",
};
