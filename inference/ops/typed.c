/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "typed.h"

gboolean
ir_infer_accept (IrDType dtype, guint accept, const char *what, GError **error)
{
  guint kind;

  if (dtype == IR_DTYPE_DYNAMIC)
    return TRUE;
  if (dtype == IR_DTYPE_BOOLEAN)
    kind = IR_ACCEPT_BOOLEAN;
  else if (ir_dtype_is_float (dtype))
    kind = IR_ACCEPT_FLOAT;
  else
    kind = ir_dtype_size (dtype) != 0 ? IR_ACCEPT_INT : IR_ACCEPT_PACKED;
  if (kind & accept)
    return TRUE;

  return ir_fail (error, IR_ERROR_UNSUPPORTED, "%s is %s; this op takes%s%s%s",
      what, ir_dtype_name (dtype), accept & IR_ACCEPT_FLOAT ? " floats" : "",
      accept & IR_ACCEPT_PACKED    ? " integers"
          : accept & IR_ACCEPT_INT ? " integers of whole bytes"
                                   : "",
      accept & IR_ACCEPT_BOOLEAN ? " booleans" : "");
}

gboolean
ir_infer_accept_input (IrInferCtx *ctx, guint index, guint accept,
    const char *what, GError **error)
{
  return ir_infer_accept (ctx->in_dtype[index], accept, what, error);
}

gboolean
ir_infer_unary (IrInferCtx *ctx, guint accept, GError **error)
{
  return ir_infer_accept_input (ctx, 0, accept, "the data", error) &&
      ir_infer_same (ctx, error);
}

/* The output as few dimensions as possible, with the inputs' byte strides. */
typedef struct {
  gint rank;
  gint64 dim[IR_MAX_RANK];
  gint64 stride[IR_ROW_INPUTS][IR_MAX_RANK];
} Walk;

static gboolean
mergeable (const Walk *w, guint n_inputs, gint64 dim,
    gint64 (*stride)[IR_MAX_RANK], gint d)
{
  gint last = w->rank - 1;

  for (guint i = 0; i < n_inputs; i++) {
    if (w->stride[i][last] != stride[i][d] * dim)
      return FALSE;
  }
  return TRUE;
}

static void
make_walk (
    Walk *w, const IrShape *out, guint n_inputs, gint64 (*stride)[IR_MAX_RANK])
{
  w->rank = 0;
  for (gint d = 0; d < out->rank; d++) {
    if (out->dim[d] == 1)
      continue;
    if (w->rank > 0 && mergeable (w, n_inputs, out->dim[d], stride, d)) {
      w->dim[w->rank - 1] *= out->dim[d];
    } else {
      w->dim[w->rank] = out->dim[d];
      w->rank++;
    }
    for (guint i = 0; i < n_inputs; i++)
      w->stride[i][w->rank - 1] = stride[i][d];
  }

  if (w->rank == 0) {
    w->rank = 1;
    w->dim[0] = 1;
    for (guint i = 0; i < n_inputs; i++)
      w->stride[i][0] = 0;
  }
}

/* Steps to the next run, innermost dimension last; FALSE after the last one. */
static gboolean
next_run (const Walk *w, guint n_inputs, gint64 *index, gint64 *offset)
{
  for (gint d = w->rank - 2; d >= 0; d--) {
    if (++index[d] < w->dim[d]) {
      for (guint i = 0; i < n_inputs; i++)
        offset[i] += w->stride[i][d];
      return TRUE;
    }
    index[d] = 0;
    for (guint i = 0; i < n_inputs; i++)
      offset[i] -= w->stride[i][d] * (w->dim[d] - 1);
  }

  return FALSE;
}

void
ir_eval_rows (const IrEvalCtx *ctx, guint n_inputs, const IrShape *shapes,
    IrRowFunc func, gconstpointer data)
{
  const IrTensor *out = ctx->out[0];
  gint64 stride[IR_ROW_INPUTS][IR_MAX_RANK] = { 0 };
  gint64 index[IR_MAX_RANK] = { 0 }, offset[IR_ROW_INPUTS] = { 0 };
  gconstpointer in[IR_ROW_INPUTS];
  gsize step[IR_ROW_INPUTS];
  guint8 *to = out->data;
  Walk w;

  if (ir_tensor_count (out) == 0)
    return;

  for (guint i = 0; i < n_inputs; i++)
    ir_broadcast_strides (
        shapes ? &shapes[i] : &ctx->in[i]->shape, &out->shape, stride[i]);
  make_walk (&w, &out->shape, n_inputs, stride);
  for (guint i = 0; i < n_inputs; i++)
    step[i] = (gsize) w.stride[i][w.rank - 1];

  do {
    for (guint i = 0; i < n_inputs; i++)
      in[i] = (const guint8 *) ctx->in[i]->data +
          (gsize) offset[i] * ir_dtype_size (ctx->in[i]->dtype);
    func (in, step, to, (gsize) w.dim[w.rank - 1], data);
    to += (gsize) w.dim[w.rank - 1] * ir_dtype_size (out->dtype);
  } while (next_run (&w, n_inputs, index, offset));
}

IrShape
ir_channel_shape (const IrShape *shape, gint rank)
{
  IrShape seen = { .rank = rank };

  for (gint d = 0; d < rank; d++)
    seen.dim[d] = 1;
  if (rank > 0)
    seen.dim[rank > 1 ? 1 : 0] = (gint64) ir_shape_size (shape, 0, shape->rank);
  return seen;
}
