/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "roi.h"

#include <math.h>

/* --- infer ---------------------------------------------------------------- */

gboolean
ir_roi_check_attr (
    const char *name, gint64 value, gint64 low, gint64 high, GError **error)
{
  if (value >= low && value <= high)
    return TRUE;
  return ir_fail (error, value < low ? IR_ERROR_SHAPE : IR_ERROR_LIMIT,
      "%s is %" G_GINT64_FORMAT "; it must be from %" G_GINT64_FORMAT
      " to %" G_GINT64_FORMAT,
      name, value, low, high);
}

gboolean
ir_roi_check_floats (
    IrInferCtx *ctx, guint first, guint end, IrDType *dtype, GError **error)
{
  return ir_infer_same_dtype (ctx, first, end, dtype, error) &&
      ir_infer_accept (*dtype, IR_ACCEPT_FLOAT, "the data", error);
}

gboolean
ir_roi_check_rank (
    IrInferCtx *ctx, guint index, gint rank, const char *what, GError **error)
{
  return ir_infer_rank (ctx, index, 1u << rank, what, error);
}

gint64
ir_roi_dim (const IrInferCtx *ctx, guint index, guint d)
{
  const IrShape *shape = &ctx->in_shape[index];

  return (gint) d < shape->rank ? shape->dim[d] : IR_DIM_UNKNOWN;
}

gboolean
ir_roi_check_dim (IrInferCtx *ctx, guint index, guint d, gint64 want,
    const char *what, GError **error)
{
  const gint64 dim = ir_roi_dim (ctx, index, d);
  char text[IR_SHAPE_TEXT];

  if (dim == IR_DIM_UNKNOWN || want == IR_DIM_UNKNOWN || dim == want)
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "%s (input %u) cannot have the shape %s: dimension %u must be "
      "%" G_GINT64_FORMAT,
      what, index, ir_shape_print (&ctx->in_shape[index], text), d, want);
}

/* --- regions -------------------------------------------------------------- */

IrMaps
ir_roi_maps (const IrEvalCtx *ctx, gint64 batch)
{
  const IrShape *shape = &ctx->in[0]->shape;
  IrMaps maps = { ir_eval_f32 (ctx, 0), shape->dim[1], shape->dim[2],
    shape->dim[3] };

  maps.data += batch * maps.channels * maps.height * maps.width;
  return maps;
}

gboolean
ir_roi_batch (double number, gint64 n_batches, gint64 region, gint64 *batch,
    GError **error)
{
  if (!(number >= 0 && number < (double) n_batches))
    return ir_fail (error, IR_ERROR_SHAPE,
        "region %" G_GINT64_FORMAT " is of image %g, but the batch has "
        "%" G_GINT64_FORMAT,
        region, number, n_batches);
  *batch = (gint64) number;
  return TRUE;
}

gint64
ir_roi_count (const IrEvalCtx *ctx, guint index)
{
  const IrShape *shape = &ctx->in[index]->shape;
  const float *rois = ir_eval_f32 (ctx, index);
  gint64 n = 0;

  while (n < shape->dim[0] && rois[n * shape->dim[1]] != -1)
    n++;
  return n;
}

gboolean
ir_roi_check_batches (
    const IrEvalCtx *ctx, guint index, gint64 n, GError **error)
{
  const gint64 step = ctx->in[index]->shape.dim[1];
  const float *rois = ir_eval_f32 (ctx, index);
  gint64 batch;

  for (gint64 i = 0; i < n; i++)
    if (!ir_roi_batch (
            rois[i * step], ctx->in[0]->shape.dim[0], i, &batch, error))
      return FALSE;
  return TRUE;
}

gint64
ir_roi_whole (double value)
{
  const double most = 1 << 30;

  if (isnan (value))
    return 0;
  return (gint64) CLAMP (value, -most, most);
}

void
ir_roi_point (
    float y, float x, gint64 height, gint64 width, gint64 *pixel, float *weight)
{
  const gint64 top = (gint64) y, left = (gint64) x;
  const gint64 upper = top * width, lower = MIN (top + 1, height - 1) * width;
  const gint64 right = MIN (left + 1, width - 1);
  const float down = y - (float) top, across = x - (float) left;

  pixel[0] = upper + left;
  pixel[1] = upper + right;
  pixel[2] = lower + left;
  pixel[3] = lower + right;
  weight[0] = (1 - down) * (1 - across);
  weight[1] = (1 - down) * across;
  weight[2] = down * (1 - across);
  weight[3] = down * across;
}

/* --- boxes ---------------------------------------------------------------- */

IrBox
ir_box_refine (const IrBox *box, const float *delta, float max_log, float extra)
{
  const float width = box->x2 - box->x1 + extra;
  const float height = box->y2 - box->y1 + extra;
  const float x = delta[0] * width + (box->x1 + 0.5f * width);
  const float y = delta[1] * height + (box->y1 + 0.5f * height);
  const float half_w = 0.5f * (expf (MIN (delta[2], max_log)) * width);
  const float half_h = 0.5f * (expf (MIN (delta[3], max_log)) * height);
  const IrBox refined = { x - half_w, y - half_h, x + half_w, y + half_h };

  return refined;
}

void
ir_box_clip (IrBox *box, float width, float height)
{
  box->x1 = fmaxf (0, fminf (box->x1, width));
  box->y1 = fmaxf (0, fminf (box->y1, height));
  box->x2 = fmaxf (0, fminf (box->x2, width));
  box->y2 = fmaxf (0, fminf (box->y2, height));
}
