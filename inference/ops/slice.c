/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "move.h"

#include <string.h>

/* The lists of a Slice or SliceScatter: start, stop, step and axes. */
typedef enum {
  START,
  STOP,
  STEP,
  AXES,
  N_LISTS
} List;

typedef struct {
  gsize n;
  gint64 v[N_LISTS][IR_MAX_RANK];
  gboolean known[N_LISTS];
} Bounds;

static const char *const list_names[] = { "start", "stop", "step", "axes" };

static gboolean
infer_bounds (IrInferCtx *ctx, guint first, Bounds *bounds, gboolean *has_n,
    GError **error)
{
  memset (bounds, 0, sizeof *bounds);
  *has_n = FALSE;
  for (guint i = 0; first + i < ctx->n_inputs; i++) {
    const gint64 length = ir_list_length (&ctx->in_shape[first + i]);
    gsize n;

    if (!ir_infer_integers (ctx, first + i, list_names[i], error) ||
        !ir_infer_rank (ctx, first + i, 1 << 1, list_names[i], error) ||
        !ir_infer_ints (ctx, first + i, bounds->v[i], IR_MAX_RANK, &n,
            &bounds->known[i], error))
      return FALSE;
    if (length > IR_MAX_RANK ||
        (length >= 0 && *has_n && length != (gint64) bounds->n))
      return ir_fail (error, IR_ERROR_SHAPE,
          "start, stop, step and axes must have the same length, at most %d",
          IR_MAX_RANK);
    if (length < 0)
      continue;
    *has_n = TRUE;
    bounds->n = length;
  }
  if (first + AXES >= ctx->n_inputs)
    for (gsize i = 0; i < IR_MAX_RANK; i++)
      bounds->v[AXES][i] = i;
  bounds->known[AXES] |= first + AXES >= ctx->n_inputs;
  return TRUE;
}

static gboolean
eval_bounds (const IrEvalCtx *ctx, guint first, Bounds *bounds, GError **error)
{
  for (guint i = 0; i < N_LISTS; i++) {
    bounds->known[i] = TRUE;
    if (first + i < ctx->n_inputs) {
      if (!ir_eval_ints (
              ctx, first + i, bounds->v[i], IR_MAX_RANK, &bounds->n, error))
        return FALSE;
    } else {
      for (gsize k = 0; k < IR_MAX_RANK; k++)
        bounds->v[i][k] = k;
    }
  }
  return TRUE;
}

/* The spans of all dimensions of @in; a count of IR_DIM_UNKNOWN where it is
 * not known. The axes are. */
static gboolean
make_spans (
    const Bounds *bounds, const IrShape *in, IrSpan *spans, GError **error)
{
  const gboolean known =
      bounds->known[START] && bounds->known[STOP] && bounds->known[STEP];
  guint seen = 0;

  for (gint i = 0; i < in->rank; i++)
    spans[i] = (IrSpan){ 0, in->dim[i], 1 };
  for (gsize i = 0; i < bounds->n; i++) {
    guint axis;

    if (!ir_shape_axis (in, bounds->v[AXES][i], &axis, error))
      return FALSE;
    if (seen & (1u << axis))
      return ir_fail (error, IR_ERROR_SHAPE, "axis %u is given twice", axis);
    seen |= 1u << axis;
    if (bounds->known[STEP] && bounds->v[STEP][i] == 0)
      return ir_fail (
          error, IR_ERROR_SHAPE, "element %" G_GSIZE_FORMAT " of step is 0", i);
    if (!known || in->dim[axis] == IR_DIM_UNKNOWN)
      spans[axis].count = IR_DIM_UNKNOWN;
    else
      spans[axis] = ir_span (in->dim[axis], bounds->v[START][i],
          bounds->v[STOP][i], bounds->v[STEP][i], FALSE, FALSE);
  }
  return TRUE;
}

/* The shape of what the bounds in the inputs from @first on take of @in. */
static gboolean
infer_part (IrInferCtx *ctx, guint first, const IrShape *in, IrShape *part,
    GError **error)
{
  IrSpan spans[IR_MAX_RANK];
  gboolean has_n;
  Bounds bounds;

  *part = *in;
  if (!infer_bounds (ctx, first, &bounds, &has_n, error))
    return FALSE;
  if (in->rank == IR_RANK_UNKNOWN)
    return TRUE;
  *part = ir_shape_of_rank (in->rank);
  if (!has_n || !bounds.known[AXES])
    return TRUE;
  if (!make_spans (&bounds, in, spans, error))
    return FALSE;
  for (gint i = 0; i < in->rank; i++)
    part->dim[i] = spans[i].count;
  return TRUE;
}

static gboolean
infer_slice (IrInferCtx *ctx, GError **error)
{
  IrShape out;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !infer_part (ctx, 1, &ctx->in_shape[0], &out, error))
    return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
strided_slice (const IrEvalCtx *ctx, guint index, const gint64 *steps,
    IrStrided *strided, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape;
  IrSpan spans[IR_MAX_RANK];
  Bounds bounds;

  if (!eval_bounds (ctx, 1, &bounds, error) ||
      !make_spans (&bounds, in, spans, error))
    return FALSE;
  strided->offset = 0;
  for (gint i = 0; i < in->rank; i++) {
    strided->offset += spans[i].first * steps[i];
    strided->step[i] = spans[i].step * steps[i];
  }
  return TRUE;
}

const IrOpDesc ir_op_slice_8 = {
  .type = "Slice",
  .opset = 8,
  .min_inputs = 4,
  .max_inputs = 5,
  .n_outputs = 1,
  .infer = infer_slice,
  .evaluate = ir_eval_strided,
  .summary = "every step'th index from start to stop of the given axes",
  .strided = strided_slice,
};

static gboolean
infer_slice_scatter (IrInferCtx *ctx, GError **error)
{
  char want[IR_SHAPE_TEXT], have[IR_SHAPE_TEXT];
  IrDType dtype;
  IrShape part;

  if (!ir_infer_whole_bytes (ctx, 0, error) ||
      !ir_infer_same_dtype (ctx, 0, 2, &dtype, error) ||
      !infer_part (ctx, 2, &ctx->in_shape[0], &part, error))
    return FALSE;
  if (!ir_shape_fits (&part, &ctx->in_shape[1]))
    return ir_fail (error, IR_ERROR_SHAPE,
        "the updates have shape %s, the slice that they replace %s",
        ir_shape_print (&ctx->in_shape[1], have), ir_shape_print (&part, want));
  ir_infer_set (ctx, 0, dtype, &ctx->in_shape[0]);
  return TRUE;
}

static gboolean
evaluate_slice_scatter (IrEvalCtx *ctx, GError **error)
{
  const IrTensor *in = ctx->in[0];
  const gsize bytes = ir_dtype_size (in->dtype);
  gint64 strides[IR_MAX_RANK], part[IR_MAX_RANK], offset = 0;
  IrSpan spans[IR_MAX_RANK];
  IrMove move = { 0 };
  Bounds bounds;

  if (!eval_bounds (ctx, 2, &bounds, error) ||
      !make_spans (&bounds, &in->shape, spans, error))
    return FALSE;
  if (in->size)
    memcpy (ctx->out[0]->data, in->data, in->size);
  ir_strides (&in->shape, strides);
  ir_strides (&ctx->in[1]->shape, part);
  for (gint i = 0; i < in->shape.rank; i++) {
    offset += spans[i].first * strides[i];
    ir_move_add (&move, spans[i].count, part[i], spans[i].step * strides[i]);
  }
  if (ctx->in[1]->size)
    ir_move_run (&move, bytes, ctx->in[1]->data,
        (guint8 *) ctx->out[0]->data + offset * (gssize) bytes);
  return TRUE;
}

const IrOpDesc ir_op_slice_scatter_15 = {
  .type = "SliceScatter",
  .opset = 15,
  .min_inputs = 5,
  .max_inputs = 6,
  .n_outputs = 1,
  .infer = infer_slice_scatter,
  .evaluate = evaluate_slice_scatter,
  .summary = "the input with a slice of it replaced",
};
