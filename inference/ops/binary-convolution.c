/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BinaryConvolution: sums of -1 and 1, where data and weights hold 0 and 1. */
#include "conv-common.h"
#include "roi.h"

typedef struct {
  IrConvAttrs conv;
  gint mode;
  double pad_value;
} BinaryAttrs;

static const char *const mode_names[] = { "xnor-popcount", NULL };

enum {
  DATA,
  WEIGHTS
};

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const BinaryAttrs *attrs = ctx->attrs;
  const gint64 in[2] = { ir_roi_dim (ctx, DATA, 2), ir_roi_dim (ctx, DATA, 3) };
  const gint64 kernel[2] = { ir_roi_dim (ctx, WEIGHTS, 2),
    ir_roi_dim (ctx, WEIGHTS, 3) };
  IrShape out = { 4,
    { ir_roi_dim (ctx, DATA, 0), ir_roi_dim (ctx, WEIGHTS, 0) } };
  IrConvGeometry g;

  if (!ir_infer_accept_input (ctx, DATA, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_roi_check_rank (ctx, DATA, 4, "data", error) ||
      !ir_roi_check_rank (ctx, WEIGHTS, 4, "weights", error) ||
      !ir_roi_check_dim (
          ctx, WEIGHTS, 1, ir_roi_dim (ctx, DATA, 1), "weights", error) ||
      !ir_conv_geometry (&attrs->conv, 2, in, kernel, &g, error))
    return FALSE;
  ir_conv_set_spatial (&out, g.out);
  ir_infer_set (ctx, 0, ctx->in_dtype[DATA], &out);
  return TRUE;
}

/* The sum of products: 0 and 1 stand for -1 and 1, what lies around the data is
 * @pad itself. @weights is one filter's, one number per element. */
static double
correlate (const IrMaps *maps, const IrConvGeometry *g, double pad,
    const guint8 *weights, gint64 row, gint64 column)
{
  const gint64 n_taps = g->kernel[0] * g->kernel[1];
  double sum = 0;

  for (gint64 i = 0; i < maps->channels * n_taps; i++) {
    const gint64 tap = i % n_taps;
    const gint64 y = row * g->stride[0] - g->pad_begin[0] +
        tap / g->kernel[1] * g->dilation[0];
    const gint64 x = column * g->stride[1] - g->pad_begin[1] +
        tap % g->kernel[1] * g->dilation[1];
    const float *plane = maps->data + i / n_taps * maps->height * maps->width;

    if (y < 0 || y >= maps->height || x < 0 || x >= maps->width)
      sum += weights[i] ? pad : -pad;
    else
      sum += plane[y * maps->width + x] == (float) weights[i] ? 1 : -1;
  }
  return sum;
}

/* The weights, a byte each; NULL if there is no memory. */
static guint8 *
unpack (const IrTensor *weights, IrScratch *scratch)
{
  const gsize n = (gsize) ir_tensor_count (weights);
  guint8 *bytes = ir_scratch_take (scratch, n, 1);

  for (gsize i = 0; bytes && i < n; i++)
    bytes[i] = ir_tensor_get_f64 (weights, i) != 0;
  return bytes;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const BinaryAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in[DATA]->shape;
  const IrShape *weights = &ctx->in[WEIGHTS]->shape;
  const gint64 size = (gint64) ir_shape_size (weights, 1, 4);
  const guint8 *bits = unpack (ctx->in[WEIGHTS], ctx->scratch);
  float *out = ir_eval_out_f32 (ctx, 0);
  IrConvGeometry g;

  if (!bits)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");
  if (!ir_conv_geometry (
          &attrs->conv, 2, in->dim + 2, weights->dim + 2, &g, error))
    return FALSE;
  for (gint64 b = 0; b < in->dim[0]; b++) {
    const IrMaps maps = ir_roi_maps (ctx, b);

    for (gint64 o = 0; o < weights->dim[0]; o++) {
      for (gint64 i = 0; i < g.out[0] * g.out[1]; i++)
        *out++ = (float) correlate (&maps, &g, attrs->pad_value,
            bits + o * size, i / g.out[1], i % g.out[1]);
    }
  }
  return TRUE;
}

/* clang-format off */
#define CONV_ROW(name)                                                         \
  { #name, IR_ATTR_I64S, G_STRUCT_OFFSET (BinaryAttrs, conv.name), NULL, NULL }

static const IrAttrDesc attrs[] = {
  CONV_ROW (strides),
  CONV_ROW (pads_begin),
  CONV_ROW (pads_end),
  CONV_ROW (dilations),
  IR_ATTR_ENUM_ROW (BinaryAttrs, mode, "xnor-popcount", mode_names),
  IR_ATTR_ROW (BinaryAttrs, pad_value, F64, "0"),
  { "auto_pad", IR_ATTR_ENUM, G_STRUCT_OFFSET (BinaryAttrs, conv.auto_pad),
    "explicit", ir_auto_pad_names },
  IR_ATTR_END,
};
/* clang-format on */

const IrOpDesc ir_op_binary_convolution_1 = {
  .type = "BinaryConvolution",
  .opset = 1,
  .min_inputs = 2,
  .max_inputs = 2,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (BinaryAttrs),
  .attrs = attrs,
  .infer = infer,
  .evaluate = evaluate,
  .summary = "2-D convolution of bits that stand for -1 and 1",
};
