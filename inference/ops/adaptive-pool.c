/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pooling to a given size: window i of n reaches from floor (i * in / n) to
 * ceil ((i + 1) * in / n). */
#include "move.h"
#include "pool-common.h"
#include "typed.h"

#define MAX_SPATIAL 3

typedef struct {
  gint index_element_type;
} AdaptiveMaxAttrs;

/* The size of one spatial dimension; both are multiplied with each other. */
static gboolean
check_size (gint64 in, gint64 out, guint d, GError **error)
{
  gint64 product = in;

  if (out < 1 || in == 0)
    return ir_fail (error, IR_ERROR_SHAPE,
        "spatial dimension %u of %" G_GINT64_FORMAT
        " cannot be pooled to %" G_GINT64_FORMAT,
        d, in, out);
  return ir_dim_mul (&product, out, error);
}

static gboolean
adaptive_shape (IrInferCtx *ctx, IrShape *out, GError **error)
{
  const IrShape *in = &ctx->in_shape[0];
  const gint64 length = ir_list_length (&ctx->in_shape[1]);
  gint64 sizes[MAX_SPATIAL];
  gboolean known;
  gsize n;

  if (!ir_infer_rank (ctx, 0, 1 << 3 | 1 << 4 | 1 << 5, "data", error) ||
      !ir_infer_integers (ctx, 1, "the output's size", error) ||
      !ir_infer_rank (ctx, 1, 3, "the output's size", error))
    return FALSE;
  *out = *in;
  if (in->rank == IR_RANK_UNKNOWN)
    return TRUE;
  if (length >= 0 && length != in->rank - 2)
    return ir_fail (error, IR_ERROR_SHAPE,
        "the output's size has %" G_GINT64_FORMAT
        " elements, the data %d spatial dimensions",
        length, in->rank - 2);
  if (!ir_infer_ints (ctx, 1, sizes, MAX_SPATIAL, &n, &known, error))
    return FALSE;
  for (gint d = 2; d < in->rank; d++) {
    out->dim[d] = known ? sizes[d - 2] : IR_DIM_UNKNOWN;
    if (known && !check_size (in->dim[d], out->dim[d], d - 2, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
infer_adaptive_avg (IrInferCtx *ctx, GError **error)
{
  IrShape out;

  if (!ir_infer_accept_input (ctx, 0, IR_ACCEPT_FLOAT, "the data", error) ||
      !adaptive_shape (ctx, &out, error))
    return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static gboolean
infer_adaptive_max (IrInferCtx *ctx, GError **error)
{
  const AdaptiveMaxAttrs *attrs = ctx->attrs;
  IrShape out;

  if (!ir_infer_accept_input (ctx, 0, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_pool_infer_index (ctx, attrs->index_element_type, error) ||
      !adaptive_shape (ctx, &out, error))
    return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  ctx->out_shape[1] = out;
  return TRUE;
}

/* A window in the three dimensions that every plane is seen in. */
typedef struct {
  gint64 in[MAX_SPATIAL];
  gint64 begin[MAX_SPATIAL];
  gint64 end[MAX_SPATIAL];
} Window;

static void
place_window (Window *w, const gint64 *out, gint64 at)
{
  for (gint d = MAX_SPATIAL - 1; d >= 0; d--) {
    const gint64 i = at % out[d];

    w->begin[d] = i * w->in[d] / out[d];
    w->end[d] = ((i + 1) * w->in[d] + out[d] - 1) / out[d];
    at /= out[d];
  }
}

static float
mean_of (const Window *w, const float *plane)
{
  double sum = 0;

  for (gint64 z = w->begin[0]; z < w->end[0]; z++)
    for (gint64 y = w->begin[1]; y < w->end[1]; y++)
      for (gint64 x = w->begin[2]; x < w->end[2]; x++)
        sum += plane[(z * w->in[1] + y) * w->in[2] + x];
  for (gint d = 0; d < MAX_SPATIAL; d++)
    sum /= (double) (w->end[d] - w->begin[d]);
  return (float) sum;
}

/* The place of the first of the largest. */
static gint64
largest_of (const Window *w, const float *plane)
{
  gint64 best = (w->begin[0] * w->in[1] + w->begin[1]) * w->in[2] + w->begin[2];

  for (gint64 z = w->begin[0]; z < w->end[0]; z++)
    for (gint64 y = w->begin[1]; y < w->end[1]; y++)
      for (gint64 x = w->begin[2]; x < w->end[2]; x++) {
        const gint64 at = (z * w->in[1] + y) * w->in[2] + x;

        if (plane[at] > plane[best])
          best = at;
      }
  return best;
}

static gboolean
evaluate_adaptive (IrEvalCtx *ctx, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape, *out = &ctx->out[0]->shape;
  const gint64 planes = (gint64) ir_shape_size (in, 0, 2);
  const gint64 in_plane = (gint64) ir_shape_size (in, 2, in->rank);
  const gint64 out_plane = (gint64) ir_shape_size (out, 2, out->rank);
  const float *from = ir_eval_f32 (ctx, 0);
  float *to = ir_eval_out_f32 (ctx, 0);
  gint64 sizes[MAX_SPATIAL] = { 1, 1, 1 };
  Window w = { .in = { 1, 1, 1 } };
  gsize at = 0;

  for (gint d = 2; d < in->rank; d++) {
    w.in[MAX_SPATIAL - in->rank + d] = in->dim[d];
    sizes[MAX_SPATIAL - in->rank + d] = out->dim[d];
  }
  for (gint64 p = 0; p < planes; p++, from += in_plane)
    for (gint64 i = 0; i < out_plane; i++, at++) {
      place_window (&w, sizes, i);
      if (ctx->n_outputs == 1) {
        to[at] = mean_of (&w, from);
      } else {
        const gint64 best = largest_of (&w, from);

        to[at] = from[best];
        ir_pool_set_index (ctx->out[1], at, best);
      }
    }
  return TRUE;
}

const IrOpDesc ir_op_adaptive_avg_pool_8 = {
  .type = "AdaptiveAvgPool",
  .opset = 8,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .infer = infer_adaptive_avg,
  .evaluate = evaluate_adaptive,
  .summary = "Means of windows that fit the output's size",
};

static const IrAttrDesc adaptive_max_attrs[] = {
  IR_ATTR_ROW (AdaptiveMaxAttrs, index_element_type, DTYPE, "i64"),
  IR_ATTR_END,
};

const IrOpDesc ir_op_adaptive_max_pool_8 = {
  .type = "AdaptiveMaxPool",
  .opset = 8,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 2,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (AdaptiveMaxAttrs),
  .attrs = adaptive_max_attrs,
  .infer = infer_adaptive_max,
  .evaluate = evaluate_adaptive,
  .summary = "Maxima of windows that fit the output's size, and where they are",
};
