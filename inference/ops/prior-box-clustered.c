/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PriorBoxClustered: anchors of given widths and heights. */
#include "op-util.h"
#include "prior-box.h"

typedef struct {
  double step;
  double step_w;
  double step_h;
  IrF64s width;
  IrF64s height;
  gboolean clip;
  double offset;
  IrF64s variance;
} ClusteredAttrs;

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const ClusteredAttrs *attrs = ctx->attrs;

  if (attrs->width.n == 0 || attrs->width.n != attrs->height.n ||
      attrs->width.n > 4096)
    return ir_fail (error, IR_ERROR_SHAPE,
        "width and height must list the same number of sizes, 1 to 4096");
  if (attrs->variance.n != 0 && attrs->variance.n != 1 &&
      attrs->variance.n != 4)
    return ir_fail (
        error, IR_ERROR_SHAPE, "variance must have no, one or four values");
  return ir_infer_priors (ctx, (gint64) attrs->width.n, error);
}

/* Distance of cells along one axis. */
static float
step_of (double own, double common, float image, gint64 cells)
{
  if (own != 0)
    return (float) own;
  return common != 0 ? (float) common : image / (float) cells;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const ClusteredAttrs *attrs = ctx->attrs;
  gint64 rows = ir_tensor_get_i64 (ctx->in[0], 0);
  gint64 columns = ir_tensor_get_i64 (ctx->in[0], 1);
  float image_h = (float) ir_tensor_get_f64 (ctx->in[1], 0);
  float image_w = (float) ir_tensor_get_f64 (ctx->in[1], 1);
  float step_w = step_of (attrs->step_w, attrs->step, image_w, columns);
  float step_h = step_of (attrs->step_h, attrs->step, image_h, rows);
  float *at = ctx->out[0]->data;

  for (gint64 h = 0; h < rows; h++) {
    for (gint64 w = 0; w < columns; w++) {
      float x = ((float) w + (float) attrs->offset) * step_w;
      float y = ((float) h + (float) attrs->offset) * step_h;

      for (gsize s = 0; s < attrs->width.n; s++, at += 4) {
        float half_w = (float) attrs->width.v[s] / 2;
        float half_h = (float) attrs->height.v[s] / 2;

        at[0] = (x - half_w) / image_w;
        at[1] = (y - half_h) / image_h;
        at[2] = (x + half_w) / image_w;
        at[3] = (y + half_h) / image_h;
      }
    }
  }
  if (attrs->clip)
    ir_clip_priors (ctx->out[0]);
  ir_fill_variances (ctx->out[0], &attrs->variance);
  return TRUE;
}

#define A(field, kind, def) IR_ATTR_ROW (ClusteredAttrs, field, kind, def)

static const IrAttrDesc attr_table[] = {
  A (step, F64, "0"),
  A (step_w, F64, "0"),
  A (step_h, F64, "0"),
  A (width, F64S, "1"),
  A (height, F64S, "1"),
  A (clip, BOOL, "true"),
  A (offset, F64, NULL),
  A (variance, F64S, ""),
  IR_ATTR_END,
};

const IrOpDesc ir_op_prior_box_clustered_1 = {
  .type = "PriorBoxClustered",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .attrs_size = sizeof (ClusteredAttrs),
  .attrs = attr_table,
  .infer = infer,
  .evaluate = evaluate,
  .summary = "SSD's anchors of listed widths and heights, with variances",
};
