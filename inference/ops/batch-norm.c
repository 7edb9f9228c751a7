/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "typed.h"

static const IrAttrDesc batch_norm_attrs[] = {
  IR_ATTR_ROW (IrBatchNormAttrs, epsilon, F64, NULL),
  IR_ATTR_END,
};

/* Where the inputs are: the first form had the data in the middle. */
typedef struct {
  guint data;
  guint gamma;
  guint beta;
  guint mean;
  guint variance;
} Ports;

static const Ports ports_1 = { 2, 0, 1, 3, 4 };
static const Ports ports_5 = { 0, 1, 2, 3, 4 };

static gboolean
infer (IrInferCtx *ctx, const Ports *ports, GError **error)
{
  const IrBatchNormAttrs *attrs = ctx->attrs;
  const guint lists[] = { ports->gamma, ports->beta, ports->mean,
    ports->variance };
  IrShape out = ctx->in_shape[ports->data], channels = ir_shape_of_rank (1);
  IrDType dtype;

  if (!ir_infer_same_dtype (ctx, 0, 5, &dtype, error) ||
      !ir_infer_accept (dtype, IR_ACCEPT_FLOAT, "the data", error) ||
      !ir_infer_rank (ctx, ports->data, ~3u, "data", error))
    return FALSE;
  if (!(attrs->epsilon >= 0)) {
    return ir_fail (
        error, IR_ERROR_SHAPE, "epsilon is %g, below 0", attrs->epsilon);
  }

  if (out.rank != IR_RANK_UNKNOWN)
    channels.dim[0] = out.dim[1];
  for (gsize i = 0; i < G_N_ELEMENTS (lists); i++) {
    char text[2][IR_SHAPE_TEXT];

    if (!ir_shape_merge (&channels, &ctx->in_shape[lists[i]])) {
      return ir_fail (error, IR_ERROR_SHAPE,
          "input %u has the shape %s instead of %s", lists[i],
          ir_shape_print (&ctx->in_shape[lists[i]], text[0]),
          ir_shape_print (&channels, text[1]));
    }
  }
  if (out.rank != IR_RANK_UNKNOWN)
    out.dim[1] = channels.dim[0];
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

static gboolean
evaluate (IrEvalCtx *ctx, const Ports *ports)
{
  const IrBatchNormAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[ports->data]->shape;
  const gint64 plane = (gint64) ir_shape_size (shape, 2, shape->rank);
  const gint64 planes = (gint64) ir_shape_size (shape, 0, 2);
  const float *in = ir_eval_f32 (ctx, ports->data);
  float *out = ir_eval_out_f32 (ctx, 0);

  for (gint64 p = 0; p < planes; p++) {
    const gint64 c = p % shape->dim[1];
    const double variance = ir_eval_f32 (ctx, ports->variance)[c];
    const double scale =
        ir_eval_f32 (ctx, ports->gamma)[c] / sqrt (variance + attrs->epsilon);
    const double mean = ir_eval_f32 (ctx, ports->mean)[c];
    const double beta = ir_eval_f32 (ctx, ports->beta)[c];

    for (gint64 i = 0; i < plane; i++)
      *out++ = (float) ((*in++ - mean) * scale + beta);
  }
  return TRUE;
}

static gboolean
batch_norm_1_infer (IrInferCtx *ctx, GError **error)
{
  return infer (ctx, &ports_1, error);
}

static gboolean
batch_norm_1_evaluate (IrEvalCtx *ctx, GError **error)
{
  return evaluate (ctx, &ports_1);
}

static gboolean
batch_norm_5_infer (IrInferCtx *ctx, GError **error)
{
  return infer (ctx, &ports_5, error);
}

static gboolean
batch_norm_5_evaluate (IrEvalCtx *ctx, GError **error)
{
  return evaluate (ctx, &ports_5);
}

const IrOpDesc ir_op_batch_norm_inference_1 = {
  .type = "BatchNormInference",
  .opset = 1,
  .min_inputs = 5,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrBatchNormAttrs),
  .attrs = batch_norm_attrs,
  .infer = batch_norm_1_infer,
  .evaluate = batch_norm_1_evaluate,
  .summary = "Normalisation with stored statistics; inputs gamma, beta, data, "
             "mean, variance",
};

const IrOpDesc ir_op_batch_norm_inference_5 = {
  .type = "BatchNormInference",
  .opset = 5,
  .min_inputs = 5,
  .max_inputs = 5,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (IrBatchNormAttrs),
  .attrs = batch_norm_attrs,
  .infer = batch_norm_5_infer,
  .evaluate = batch_norm_5_evaluate,
  .summary = "Normalisation with stored statistics; inputs data, gamma, beta, "
             "mean, variance",
};
