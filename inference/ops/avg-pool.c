/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-common.h"

static const IrAttrDesc avg_pool_attrs[] = {
  IR_ATTR_ROW (IrPoolAttrs, kernel, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, strides, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, pads_begin, I64S, NULL),
  IR_ATTR_ROW (IrPoolAttrs, pads_end, I64S, NULL),
  { "exclude-pad", IR_ATTR_BOOL, G_STRUCT_OFFSET (IrPoolAttrs, exclude_pad),
      NULL, NULL },
  IR_ATTR_ENUM_ROW (IrPoolAttrs, auto_pad, "explicit", ir_auto_pad_names),
  IR_ATTR_ENUM_ROW (IrPoolAttrs, rounding_type, "floor", ir_rounding_names),
  IR_ATTR_END,
};

static gboolean
avg_pool_infer (IrInferCtx *ctx, GError **error)
{
  ctx->out_dtype[0] = ctx->in_dtype[0];
  return ir_infer_accept_input (ctx, 0, IR_ACCEPT_FLOAT, "the data", error) &&
      ir_pool_infer_shape (ctx, error);
}

/* Adds up the windows of the output row (@d, @h); returns how many rows of
 * the window lie inside the input. */
static gint64
sum_row (
    const IrConvGeometry *g, const float *in, gint64 d, gint64 h, double *sum)
{
  gint64 rows = 0, kd, kd_end;

  ir_conv_window (g, 0, d, &kd, &kd_end);
  for (; kd < kd_end; kd++) {
    const gint64 id = d * g->stride[0] + kd * g->dilation[0] - g->pad_begin[0];
    gint64 kh, kh_end;

    ir_conv_window (g, 1, h, &kh, &kh_end);
    for (; kh < kh_end; kh++) {
      const gint64 ih =
          h * g->stride[1] + kh * g->dilation[1] - g->pad_begin[1];
      gint64 kw, kw_end;

      ir_conv_useful (g, 2, &kw, &kw_end);
      rows++;
      for (; kw < kw_end; kw++) {
        const float *row = in + (id * g->in[1] + ih) * g->in[2];
        const gint64 shift = kw * g->dilation[2] - g->pad_begin[2];
        gint64 first, end;

        ir_conv_tap (g, 2, kw, &first, &end);
        for (gint64 o = first; o < end; o++)
          sum[o] += row[o * g->stride[2] + shift];
      }
    }
  }

  return rows;
}

/* How many elements of the window lie inside the input, along a row. */
static void
count_taps (const IrConvGeometry *g, gint64 *count)
{
  gint64 k, k_end;

  ir_conv_useful (g, 2, &k, &k_end);
  for (; k < k_end; k++) {
    gint64 first, end;

    ir_conv_tap (g, 2, k, &first, &end);
    for (gint64 o = first; o < end; o++)
      count[o]++;
  }
}

static gboolean
avg_pool_evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape;
  const gint64 plane = (gint64) ir_shape_size (in, 2, in->rank);
  const gint64 planes = (gint64) ir_shape_size (in, 0, 2);
  double *sum;
  gint64 *count;
  float *out = ir_eval_out_f32 (ctx, 0);
  IrConvGeometry g;
  gint64 full = 0;

  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;
  if (!ir_pool_geometry (
          ctx->attrs, (guint) in->rank - 2, in->dim + 2, &g, error))
    return FALSE;
  g = ir_conv_3d (&g);
  if (ir_pool_counts_pads (ctx->attrs, &g))
    full = g.kernel[0] * g.kernel[1] * g.kernel[2];
  sum = ir_scratch_take (ctx->scratch, (gsize) g.out[2], sizeof *sum);
  count = ir_scratch_take0 (ctx->scratch, (gsize) g.out[2], sizeof *count);
  if (!sum || !count)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");
  count_taps (&g, count);

  for (gint64 i = 0; i < planes; i++) {
    for (gint64 row = 0; row < g.out[0] * g.out[1]; row++) {
      gint64 rows;

      for (gint64 w = 0; w < g.out[2]; w++)
        sum[w] = 0;
      rows = sum_row (&g, ir_eval_f32 (ctx, 0) + i * plane, row / g.out[1],
          row % g.out[1], sum);
      for (gint64 w = 0; w < g.out[2]; w++) {
        const gint64 elements = full ? full : rows * count[w];

        *out++ = elements ? (float) (sum[w] / (double) elements) : 0;
      }
    }
  }

  return TRUE;
}

const IrOpDesc ir_op_avg_pool_1 = {
  .type = "AvgPool",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrPoolAttrs),
  .attrs = avg_pool_attrs,
  .infer = avg_pool_infer,
  .evaluate = avg_pool_evaluate,
  .summary = "Means of a sliding window",
};

const IrOpDesc ir_op_avg_pool_14 = {
  .type = "AvgPool",
  .opset = 14,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrPoolAttrs),
  .attrs = avg_pool_attrs,
  .infer = avg_pool_infer,
  .evaluate = avg_pool_evaluate,
  .summary = "Means of a sliding window, with ceil_torch",
};
