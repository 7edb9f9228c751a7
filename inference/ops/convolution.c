/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conv-common.h"

static gboolean
conv_infer (IrInferCtx *ctx, gboolean grouped, GError **error)
{
  const IrConvKind kind = { .grouped = grouped };
  const IrShape *data = &ctx->in_shape[0];
  gint64 kernel[IR_MAX_SPATIAL];
  IrConvGeometry g;
  IrShape out;
  gint rank;

  if (!ir_conv_infer_channels (ctx, kind, &rank, &out, kernel, error))
    return FALSE;
  if (data->rank != IR_RANK_UNKNOWN) {
    if (!ir_conv_geometry (
            ctx->attrs, (guint) rank - 2, data->dim + 2, kernel, &g, error))
      return FALSE;
    ir_conv_set_spatial (&out, g.out);
  }

  ctx->out_shape[0] = out;
  return TRUE;
}

static gboolean
convolution_infer (IrInferCtx *ctx, GError **error)
{
  return conv_infer (ctx, FALSE, error);
}

static gboolean
group_convolution_infer (IrInferCtx *ctx, GError **error)
{
  return conv_infer (ctx, TRUE, error);
}

typedef struct {
  IrConvGeometry g;
  gint64 in_plane;
  gint64 taps;
  gint64 channels; /* of the input per group */
  double *sum;     /* one row of the output */
} Conv;

/* A window of one element that moves by one sees no rows: let the innermost
 * dimension be the whole plane, so that the inner loop gets long. */
static void
join_rows (IrConvGeometry *g)
{
  for (guint i = 1; i < IR_MAX_SPATIAL; i++) {
    if (g->kernel[i] != 1 || g->stride[i] != 1 || g->pad_begin[i] != 0 ||
        g->pad_end[i] != 0)
      return;
  }
  g->in[2] *= g->in[1];
  g->out[2] *= g->out[1];
  g->in[1] = g->out[1] = 1;
}

/* Adds the taps of one row of the window. */
static void
add_row (const Conv *c, const float *in, const float *weights)
{
  const IrConvGeometry *g = &c->g;
  gint64 k, k_end;

  ir_conv_useful (g, 2, &k, &k_end);
  for (; k < k_end; k++) {
    const gint64 shift = k * g->dilation[2] - g->pad_begin[2];
    const gint64 stride = g->stride[2];
    const double weight = weights[k];
    gint64 first, end;

    ir_conv_tap (g, 2, k, &first, &end);
    if (stride == 1) {
      for (gint64 o = first; o < end; o++)
        c->sum[o] += weight * in[o + shift];
    } else {
      for (gint64 o = first; o < end; o++)
        c->sum[o] += weight * in[o * stride + shift];
    }
  }
}

/* Sums up the output row (@d, @h) over the channels of @in. */
static void
sum_row (
    const Conv *c, gint64 d, gint64 h, const float *in, const float *weights)
{
  const IrConvGeometry *g = &c->g;
  gint64 kd, kd_end;

  ir_conv_window (g, 0, d, &kd, &kd_end);
  for (; kd < kd_end; kd++) {
    const gint64 id = d * g->stride[0] + kd * g->dilation[0] - g->pad_begin[0];
    gint64 kh, kh_end;

    ir_conv_window (g, 1, h, &kh, &kh_end);
    for (; kh < kh_end; kh++) {
      const gint64 ih =
          h * g->stride[1] + kh * g->dilation[1] - g->pad_begin[1];
      const float *row = in + (id * g->in[1] + ih) * g->in[2];
      const float *tap = weights + (kd * g->kernel[1] + kh) * g->kernel[2];

      for (gint64 c_in = 0; c_in < c->channels; c_in++)
        add_row (c, row + c_in * c->in_plane, tap + c_in * c->taps);
    }
  }
}

static void
convolve_plane (
    const Conv *c, const float *in, const float *weights, float *out)
{
  const IrConvGeometry *g = &c->g;

  for (gint64 d = 0; d < g->out[0]; d++) {
    for (gint64 h = 0; h < g->out[1]; h++) {
      for (gint64 w = 0; w < g->out[2]; w++)
        c->sum[w] = 0;
      sum_row (c, d, h, in, weights);
      for (gint64 w = 0; w < g->out[2]; w++)
        *out++ = (float) c->sum[w];
    }
  }
}

static gboolean
conv_evaluate (IrEvalCtx *ctx, gint64 groups, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape, *weights = &ctx->in[1]->shape;
  const IrShape *out = &ctx->out[0]->shape;
  gint64 out_channels;
  gint64 out_plane;
  Conv c;

  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;
  if (!ir_conv_geometry (ctx->attrs, (guint) in->rank - 2, in->dim + 2,
          weights->dim + weights->rank - in->rank + 2, &c.g, error))
    return FALSE;
  c.g = ir_conv_3d (&c.g);
  join_rows (&c.g);
  c.in_plane = (gint64) ir_shape_size (in, 2, in->rank);
  c.taps = c.g.kernel[0] * c.g.kernel[1] * c.g.kernel[2];
  c.channels = in->dim[1] / groups;
  out_plane = (gint64) ir_shape_size (out, 2, out->rank);
  out_channels = out->dim[1] / groups;
  c.sum = ir_scratch_take (ctx->scratch, (gsize) c.g.out[2], sizeof *c.sum);
  if (!c.sum)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");

  for (gint64 n = 0; n < in->dim[0]; n++) {
    for (gint64 o = 0; o < out->dim[1]; o++) {
      const gint64 group = o / out_channels;

      convolve_plane (&c,
          ir_eval_f32 (ctx, 0) +
              (n * in->dim[1] + group * c.channels) * c.in_plane,
          ir_eval_f32 (ctx, 1) + o * c.channels * c.taps,
          ir_eval_out_f32 (ctx, 0) + (n * out->dim[1] + o) * out_plane);
    }
  }

  return TRUE;
}

static gboolean
convolution_evaluate (IrEvalCtx *ctx, GError **error)
{
  return conv_evaluate (ctx, 1, error);
}

static gboolean
group_convolution_evaluate (IrEvalCtx *ctx, GError **error)
{
  return conv_evaluate (ctx, ctx->in[1]->shape.dim[0], error);
}

const IrOpDesc ir_op_convolution_1 = {
  .type = "Convolution",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrConvAttrs),
  .attrs = ir_conv_attrs,
  .infer = convolution_infer,
  .evaluate = convolution_evaluate,
  .summary = "Convolution of 1 to 3 spatial dimensions",
};

const IrOpDesc ir_op_group_convolution_1 = {
  .type = "GroupConvolution",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrConvAttrs),
  .attrs = ir_conv_attrs,
  .infer = group_convolution_infer,
  .evaluate = group_convolution_evaluate,
  .summary = "Convolution whose channels are split into groups",
};
