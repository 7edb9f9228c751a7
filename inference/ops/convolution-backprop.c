/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conv-common.h"

/* Reads the wanted spatial sizes; @known tells whether there are any to use. */
static gboolean
wanted_sizes (
    IrInferCtx *ctx, gint rank, gint64 *wanted, gboolean *given, GError **error)
{
  gboolean known;
  gsize n = 0;

  *given = ctx->n_inputs > 2;
  for (guint i = 0; i < IR_MAX_SPATIAL; i++)
    wanted[i] = IR_DIM_UNKNOWN;
  if (!*given)
    return TRUE;

  if (!ir_infer_ints (ctx, 2, wanted, IR_MAX_SPATIAL, &n, &known, error))
    return FALSE;
  if (!known)
    return TRUE;
  if (n != (gsize) rank - 2) {
    return ir_fail (error, IR_ERROR_SHAPE,
        "output_shape has %" G_GSIZE_FORMAT " values for %d spatial dimensions",
        n, rank - 2);
  }
  for (gsize i = 0; i < n; i++) {
    if (wanted[i] < 0) {
      return ir_fail (error, IR_ERROR_SHAPE,
          "output_shape has the value %" G_GINT64_FORMAT, wanted[i]);
    }
  }
  return TRUE;
}

static gboolean
backprop_infer (IrInferCtx *ctx, gboolean grouped, GError **error)
{
  const IrConvKind kind = { .grouped = grouped, .backprop = TRUE };
  gint64 kernel[IR_MAX_SPATIAL], wanted[IR_MAX_SPATIAL];
  const IrShape *data = &ctx->in_shape[0];
  gboolean given;
  IrConvGeometry g;
  IrShape out;
  gint rank;

  if (!ir_conv_infer_channels (ctx, kind, &rank, &out, kernel, error))
    return FALSE;
  if (rank != IR_RANK_UNKNOWN) {
    IrShape spatial =
        data->rank == IR_RANK_UNKNOWN ? ir_shape_of_rank (rank) : *data;

    if (!wanted_sizes (ctx, rank, wanted, &given, error) ||
        !ir_conv_backprop_geometry (ctx->attrs, (guint) rank - 2,
            spatial.dim + 2, kernel, given ? wanted : NULL, &g, error))
      return FALSE;
    ir_conv_set_spatial (&out, g.out);
  }

  ctx->out_shape[0] = out;
  return TRUE;
}

static gboolean
convolution_backprop_infer (IrInferCtx *ctx, GError **error)
{
  return backprop_infer (ctx, FALSE, error);
}

static gboolean
group_convolution_backprop_infer (IrInferCtx *ctx, GError **error)
{
  return backprop_infer (ctx, TRUE, error);
}

/* Adds one row of the input, spread by the window's row, to a row of the sums.
 * In @g the op's input and output have changed places. */
static void
spread_row (
    const IrConvGeometry *g, const float *in, const float *weights, double *sum)
{
  gint64 k, k_end;

  ir_conv_useful (g, 2, &k, &k_end);
  for (; k < k_end; k++) {
    const gint64 shift = k * g->dilation[2] - g->pad_begin[2];
    const gint64 stride = g->stride[2];
    const double weight = weights[k];
    gint64 first, end;

    ir_conv_tap (g, 2, k, &first, &end);
    for (gint64 i = first; i < end; i++)
      sum[i * stride + shift] += weight * in[i];
  }
}

static void
spread_plane (
    const IrConvGeometry *g, const float *in, const float *weights, double *sum)
{
  for (gint64 kd = 0; kd < g->kernel[0]; kd++) {
    gint64 d, d_end;

    ir_conv_tap (g, 0, kd, &d, &d_end);
    for (; d < d_end; d++) {
      const gint64 od =
          d * g->stride[0] + kd * g->dilation[0] - g->pad_begin[0];

      for (gint64 kh = 0; kh < g->kernel[1]; kh++) {
        gint64 h, h_end;

        ir_conv_tap (g, 1, kh, &h, &h_end);
        for (; h < h_end; h++) {
          const gint64 oh =
              h * g->stride[1] + kh * g->dilation[1] - g->pad_begin[1];

          spread_row (g, in + (d * g->out[1] + h) * g->out[2],
              weights + (kd * g->kernel[1] + kh) * g->kernel[2],
              sum + (od * g->in[1] + oh) * g->in[2]);
        }
      }
    }
  }
}

/* The geometry in three dimensions, seen from the output. */
static gboolean
turned_geometry (IrEvalCtx *ctx, IrConvGeometry *g, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape, *weights = &ctx->in[1]->shape;
  const gint64 *wanted = ctx->n_inputs > 2 ? ctx->out[0]->shape.dim + 2 : NULL;

  if (!ir_conv_backprop_geometry (ctx->attrs, (guint) in->rank - 2, in->dim + 2,
          weights->dim + weights->rank - in->rank + 2, wanted, g, error))
    return FALSE;

  *g = ir_conv_3d (g);
  for (guint i = 0; i < IR_MAX_SPATIAL; i++) {
    gint64 in_size = g->in[i];

    g->in[i] = g->out[i];
    g->out[i] = in_size;
  }
  return TRUE;
}

static gboolean
backprop_evaluate (IrEvalCtx *ctx, gint64 groups, GError **error)
{
  const IrShape *in = &ctx->in[0]->shape, *out = &ctx->out[0]->shape;
  const gint64 in_plane = (gint64) ir_shape_size (in, 2, in->rank);
  const gint64 out_plane = (gint64) ir_shape_size (out, 2, out->rank);
  const gint64 in_group = in->dim[1] / groups, out_group = out->dim[1] / groups;
  const float *weights = ir_eval_f32 (ctx, 1);
  float *to = ir_eval_out_f32 (ctx, 0);
  double *sum;
  IrConvGeometry g;
  gint64 taps;

  if (ir_tensor_count (ctx->out[0]) == 0)
    return TRUE;
  if (!turned_geometry (ctx, &g, error))
    return FALSE;
  sum = ir_scratch_take (ctx->scratch, (gsize) out_plane, sizeof *sum);
  if (!sum)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");
  taps = g.kernel[0] * g.kernel[1] * g.kernel[2];

  for (gint64 n = 0; n < in->dim[0]; n++) {
    for (gint64 o = 0; o < out->dim[1]; o++) {
      const gint64 group = o / out_group, first = group * in_group;

      for (gint64 i = 0; i < out_plane; i++)
        sum[i] = 0;
      for (gint64 c = first; c < first + in_group; c++)
        spread_plane (&g,
            ir_eval_f32 (ctx, 0) + (n * in->dim[1] + c) * in_plane,
            weights + (c * out_group + o % out_group) * taps, sum);
      for (gint64 i = 0; i < out_plane; i++)
        *to++ = (float) sum[i];
    }
  }

  return TRUE;
}

static gboolean
convolution_backprop_evaluate (IrEvalCtx *ctx, GError **error)
{
  return backprop_evaluate (ctx, 1, error);
}

static gboolean
group_convolution_backprop_evaluate (IrEvalCtx *ctx, GError **error)
{
  return backprop_evaluate (ctx, ctx->in[1]->shape.dim[0], error);
}

const IrOpDesc ir_op_convolution_backprop_data_1 = {
  .type = "ConvolutionBackpropData",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrConvAttrs),
  .attrs = ir_conv_backprop_attrs,
  .infer = convolution_backprop_infer,
  .evaluate = convolution_backprop_evaluate,
  .summary = "Transposed convolution",
};

const IrOpDesc ir_op_group_convolution_backprop_data_1 = {
  .type = "GroupConvolutionBackpropData",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 3,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrConvAttrs),
  .attrs = ir_conv_backprop_attrs,
  .infer = group_convolution_backprop_infer,
  .evaluate = group_convolution_backprop_evaluate,
  .summary = "Transposed convolution whose channels are split into groups",
};
