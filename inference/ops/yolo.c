/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RegionYolo and ReorgYolo: the heads of YOLO v2 and v3. */
#include <math.h>
#include <string.h>
#include "op-util.h"

/* --- RegionYolo ------------------------------------------------------------ */

typedef struct {
  IrF64s anchors;
  gint64 axis;
  gint64 coords;
  gint64 classes;
  gint64 end_axis;
  gint64 num;
  gboolean do_softmax;
  IrI64s mask;
} RegionAttrs;

static gint64
count_regions (const RegionAttrs *attrs)
{
  return attrs->do_softmax ? attrs->num : (gint64) attrs->mask.n;
}

static gboolean
check_region (const RegionAttrs *attrs, GError **error)
{
  if (attrs->coords < 2 || attrs->coords > 64 || attrs->classes < 0 ||
      attrs->classes > 65536 || count_regions (attrs) < 1 ||
      count_regions (attrs) > 1024)
    return ir_fail (error, IR_ERROR_SHAPE,
        "coords, classes and num (with softmax) or mask (without) do not "
        "describe a region");
  return TRUE;
}

/* With softmax the dimensions from axis to end_axis become one. */
static gboolean
flatten (
    const RegionAttrs *attrs, const IrShape *in, IrShape *out, GError **error)
{
  guint first, last;
  gint64 flat = 1;

  if (!ir_shape_axis (in, attrs->axis, &first, error) ||
      !ir_shape_axis (in, attrs->end_axis, &last, error))
    return FALSE;
  if (last < first)
    return ir_fail (error, IR_ERROR_SHAPE, "end_axis comes before axis");
  *out = ir_shape_of_rank (in->rank - (gint) (last - first));
  for (guint i = first; i <= last; i++) {
    if (flat < 0 || in->dim[i] < 0)
      flat = IR_DIM_UNKNOWN;
    else if (in->dim[i] > 0 && flat > G_MAXINT32 / in->dim[i])
      return ir_fail (error, IR_ERROR_LIMIT, "the input is too large");
    else
      flat *= in->dim[i];
  }
  for (guint i = 0; i < first; i++)
    out->dim[i] = in->dim[i];
  out->dim[first] = flat;
  for (guint i = last + 1; i < (guint) in->rank; i++)
    out->dim[i - (last - first)] = in->dim[i];
  return TRUE;
}

static gboolean
infer_region (IrInferCtx *ctx, GError **error)
{
  const RegionAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in_shape[0];
  IrShape out = *in;
  gint64 channels;

  if (!check_region (attrs, error) ||
      !ir_infer_rank (ctx, 0, 1u << 4, "data", error))
    return FALSE;
  if (in->rank < 0) {
    ir_infer_set (ctx, 0, ctx->in_dtype[0], in);
    return TRUE;
  }
  channels = count_regions (attrs) * (attrs->classes + attrs->coords + 1);
  if (in->dim[1] >= 0 && in->dim[1] != channels)
    return ir_fail (error, IR_ERROR_SHAPE,
        "%" G_GINT64_FORMAT " channels where the attributes ask for "
        "%" G_GINT64_FORMAT,
        in->dim[1], channels);
  if (!attrs->do_softmax)
    out.dim[1] = channels;
  else if (!flatten (attrs, in, &out, error))
    return FALSE;
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

static void
sigmoid (float *at, gint64 n)
{
  for (gint64 i = 0; i < n; i++)
    at[i] = 1 / (1 + expf (-at[i]));
}

/* Over the classes of one cell, `plane` elements apart. */
static void
softmax (float *at, gint64 n, gint64 plane)
{
  float most = at[0];
  float sum = 0;

  for (gint64 i = 1; i < n; i++)
    most = MAX (most, at[i * plane]);
  for (gint64 i = 0; i < n; i++) {
    at[i * plane] = expf (at[i * plane] - most);
    sum += at[i * plane];
  }
  for (gint64 i = 0; i < n; i++)
    at[i * plane] /= sum;
}

static gboolean
evaluate_region (IrEvalCtx *ctx, GError **error)
{
  const RegionAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  gint64 plane = shape->dim[2] * shape->dim[3];
  gint64 entries = attrs->classes + attrs->coords + 1;
  gint64 regions = shape->dim[0] * count_regions (attrs);
  float *region = ctx->out[0]->data;

  memcpy (region, ctx->in[0]->data, ctx->in[0]->size);
  for (gint64 r = 0; r < regions; r++, region += entries * plane) {
    float *scores = region + (attrs->coords + 1) * plane;

    sigmoid (region, 2 * plane);
    sigmoid (region + attrs->coords * plane, plane);
    if (!attrs->do_softmax)
      sigmoid (scores, attrs->classes * plane);
    else if (attrs->classes > 0)
      for (gint64 i = 0; i < plane; i++)
        softmax (scores + i, attrs->classes, plane);
  }
  return TRUE;
}

#define A(field, kind, def) IR_ATTR_ROW (RegionAttrs, field, kind, def)

static const IrAttrDesc region_attrs[] = {
  A (anchors, F64S, ""),
  A (axis, I64, NULL),
  A (coords, I64, NULL),
  A (classes, I64, NULL),
  A (end_axis, I64, NULL),
  A (num, I64, NULL),
  A (do_softmax, BOOL, "true"),
  A (mask, I64S, ""),
  IR_ATTR_END,
};

const IrOpDesc ir_op_region_yolo_1 = {
  .type = "RegionYolo",
  .opset = 1,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .flags = IR_OP_F32,
  .attrs_size = sizeof (RegionAttrs),
  .attrs = region_attrs,
  .infer = infer_region,
  .evaluate = evaluate_region,
  .summary = "Sigmoid and softmax over a YOLO head's channels",
};

/* --- ReorgYolo ------------------------------------------------------------- */

typedef struct {
  IrI64s strides;
} ReorgAttrs;

static gboolean
infer_reorg (IrInferCtx *ctx, GError **error)
{
  const ReorgAttrs *attrs = ctx->attrs;
  const IrShape *in = &ctx->in_shape[0];
  gint64 stride = attrs->strides.n > 0 ? attrs->strides.v[0] : 0;
  IrShape out = ir_shape_of_rank (4);

  if (stride < 1 || stride > 1024)
    return ir_fail (error, IR_ERROR_SHAPE, "stride must be 1 to 1024");
  if (!ir_infer_rank (ctx, 0, 1u << 4, "data", error))
    return FALSE;
  if (in->rank == 4) {
    out.dim[0] = in->dim[0];
    if (in->dim[1] > G_MAXINT32)
      return ir_fail (error, IR_ERROR_LIMIT, "too many channels");
    if (in->dim[1] >= 0) {
      if (in->dim[1] % (stride * stride) != 0)
        return ir_fail (error, IR_ERROR_SHAPE,
            "%" G_GINT64_FORMAT " channels are no multiple of stride squared",
            in->dim[1]);
      out.dim[1] = in->dim[1] * stride * stride;
    }
    for (gint i = 2; i < 4; i++) {
      if (in->dim[i] >= 0 && in->dim[i] % stride != 0)
        return ir_fail (error, IR_ERROR_SHAPE,
            "dimension %d is no multiple of the stride", i);
      if (in->dim[i] >= 0)
        out.dim[i] = in->dim[i] / stride;
    }
  }
  ir_infer_set (ctx, 0, ctx->in_dtype[0], &out);
  return TRUE;
}

/* Darknet's reorg: the output is written in the order of a tensor with the
 * input's height and width and its channels divided by stride squared. */
static gboolean
evaluate_reorg (IrEvalCtx *ctx, GError **error)
{
  const ReorgAttrs *attrs = ctx->attrs;
  const IrShape *shape = &ctx->in[0]->shape;
  gint64 s = attrs->strides.v[0];
  gint64 channels = shape->dim[1];
  gint64 height = shape->dim[2];
  gint64 width = shape->dim[3];
  gint64 out_c = channels / (s * s);
  gsize size = ir_dtype_size (ctx->in[0]->dtype);
  const guint8 *from = ctx->in[0]->data;
  guint8 *to = ctx->out[0]->data;

  for (gint64 b = 0; b < shape->dim[0]; b++) {
    for (gint64 c = 0; c < channels; c++) {
      gint64 offset = c / out_c;

      for (gint64 h = 0; h < height; h++) {
        for (gint64 w = 0; w < width; w++, to += size) {
          gint64 x = w * s + offset % s;
          gint64 y = h * s + offset / s;
          gint64 source =
              ((b * out_c + c % out_c) * height * s + y) * width * s + x;

          memcpy (to, from + (gsize) source * size, size);
        }
      }
    }
  }
  return TRUE;
}

static const IrAttrDesc reorg_attrs[] = {
  { "stride", IR_ATTR_I64S, G_STRUCT_OFFSET (ReorgAttrs, strides), NULL },
  IR_ATTR_END,
};

const IrOpDesc ir_op_reorg_yolo_2 = {
  .type = "ReorgYolo",
  .opset = 2,
  .min_inputs = 1,
  .max_inputs = 1,
  .n_outputs = 1,
  .attrs_size = sizeof (ReorgAttrs),
  .attrs = reorg_attrs,
  .infer = infer_reorg,
  .evaluate = evaluate_reorg,
  .summary = "Darknet's rearrangement of space into channels",
};
