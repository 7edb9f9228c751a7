/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DeformableConvolution: every element of the window is moved by an offset. */
#include <math.h>
#include "conv-common.h"
#include "roi.h"

typedef struct {
  IrConvAttrs conv;
  gint64 group;
  gint64 deformable_group;
  gboolean bilinear_interpolation_pad;
} DeformAttrs;

enum {
  DATA,
  OFFSETS,
  WEIGHTS,
  MASK
};

/* --- infer ------------------------------------------------------------------- */

static gboolean
check_multiple (
    const char *what, gint64 value, gint64 of, const char *attr, GError **error)
{
  if (value == IR_DIM_UNKNOWN || value % of == 0)
    return TRUE;
  return ir_fail (error, IR_ERROR_SHAPE,
      "%" G_GINT64_FORMAT " %s are no multiple of %s %" G_GINT64_FORMAT, value,
      what, attr, of);
}

static gboolean
check_channels (IrInferCtx *ctx, GError **error)
{
  const DeformAttrs *attrs = ctx->attrs;
  const gint64 per_group = ir_roi_dim (ctx, WEIGHTS, 1);
  gint64 channels;

  return ir_conv_product (per_group, attrs->group, &channels, error) &&
      ir_roi_check_dim (ctx, DATA, 1, channels, "data", error) &&
      check_multiple ("input channels", ir_roi_dim (ctx, DATA, 1),
          attrs->deformable_group, "deformable_group", error) &&
      check_multiple ("input channels", channels, attrs->deformable_group,
          "deformable_group", error) &&
      check_multiple ("output channels", ir_roi_dim (ctx, WEIGHTS, 0),
          attrs->group, "group", error);
}

/* Offsets and mask have @per_tap channels per element of the window and the
 * output's sizes. */
static gboolean
check_map (IrInferCtx *ctx, guint index, gint64 per_tap,
    const IrConvGeometry *g, const char *what, GError **error)
{
  const DeformAttrs *attrs = ctx->attrs;
  gint64 channels;

  return ir_conv_product (g->kernel[0], g->kernel[1], &channels, error) &&
      ir_conv_product (
          channels, per_tap * attrs->deformable_group, &channels, error) &&
      ir_roi_check_dim (
          ctx, index, 0, ir_roi_dim (ctx, DATA, 0), what, error) &&
      ir_roi_check_dim (ctx, index, 1, channels, what, error) &&
      ir_roi_check_dim (ctx, index, 2, g->out[0], what, error) &&
      ir_roi_check_dim (ctx, index, 3, g->out[1], what, error);
}

static gboolean
check_ranks (IrInferCtx *ctx, GError **error)
{
  static const char *const names[] = { "data", "offsets", "weights", "mask" };

  for (guint i = 0; i < ctx->n_inputs; i++) {
    if (!ir_roi_check_rank (ctx, i, 4, names[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
infer (IrInferCtx *ctx, GError **error)
{
  const DeformAttrs *attrs = ctx->attrs;
  const gint64 in[2] = { ir_roi_dim (ctx, DATA, 2), ir_roi_dim (ctx, DATA, 3) };
  const gint64 kernel[2] = { ir_roi_dim (ctx, WEIGHTS, 2),
    ir_roi_dim (ctx, WEIGHTS, 3) };
  IrShape out = { 4,
    { ir_roi_dim (ctx, DATA, 0), ir_roi_dim (ctx, WEIGHTS, 0) } };
  IrConvGeometry g;
  IrDType dtype;

  if (!ir_roi_check_attr ("group", attrs->group, 1, 1 << 24, error) ||
      !ir_roi_check_attr (
          "deformable_group", attrs->deformable_group, 1, 1 << 24, error) ||
      !ir_roi_check_floats (ctx, 0, (guint) ctx->n_inputs, &dtype, error) ||
      !check_ranks (ctx, error) || !check_channels (ctx, error) ||
      !ir_conv_geometry (&attrs->conv, 2, in, kernel, &g, error) ||
      !check_map (ctx, OFFSETS, 2, &g, "offsets", error) ||
      (ctx->n_inputs > MASK && !check_map (ctx, MASK, 1, &g, "mask", error)))
    return FALSE;
  ir_conv_set_spatial (&out, g.out);
  ir_infer_set (ctx, 0, dtype, &out);
  return TRUE;
}

/* --- evaluate ---------------------------------------------------------------- */

/* The pixels around a point and their shares: with padding, the image goes on as zeros
 * around it; else points outside are zero and the last pixels reach up to the border. */
static void
find_point (const IrSampling *s, float y, float x, gint64 *pixel, float *weight)
{
  const DeformAttrs *attrs = s->ctx->attrs;
  const gint64 height = s->window.in[0], width = s->window.in[1];
  const gint64 least = attrs->bilinear_interpolation_pad ? -1 : 0;
  gint64 top, left;

  for (guint i = 0; i < IR_POINT; i++) {
    pixel[i] = -1;
    weight[i] = 0;
  }
  if (!attrs->bilinear_interpolation_pad) {
    if (y >= 0 && y < (float) height && x >= 0 && x < (float) width)
      ir_roi_point (y, x, height, width, pixel, weight);
    return;
  }
  if (!(y > (float) least && y < (float) height && x > (float) least &&
          x < (float) width))
    return;
  top = (gint64) floorf (y);
  left = (gint64) floorf (x);
  for (guint i = 0; i < IR_POINT; i++) {
    const gint64 row = top + i / 2, column = left + i % 2;
    const float down = y - (float) top, across = x - (float) left;

    weight[i] = (i / 2 ? down : 1 - down) * (i % 2 ? across : 1 - across);
    if (row >= 0 && row < height && column >= 0 && column < width)
      pixel[i] = row * width + column;
  }
}

static gboolean
find (const IrSampling *s, gint64 index, gint64 row, gint64 column,
    IrSamples *samples)
{
  const IrConvGeometry *g = &s->window;
  const gint64 n_taps = g->kernel[0] * g->kernel[1];
  const gint64 plane = g->out[0] * g->out[1], place = row * g->out[1] + column;
  const float *offset =
      ir_eval_f32 (s->ctx, OFFSETS) + index * n_taps * 2 * plane + place;
  const float *mask = s->ctx->n_inputs > MASK
      ? ir_eval_f32 (s->ctx, MASK) + index * n_taps * plane + place
      : NULL;

  if (!ir_samples_begin (samples, (gsize) n_taps, IR_POINT))
    return FALSE;
  for (gint64 t = 0; t < n_taps; t++, offset += 2 * plane) {
    const float y = (float) (row * g->stride[0] - g->pad_begin[0] +
                        t / g->kernel[1] * g->dilation[0]) +
        offset[0];
    const float x = (float) (column * g->stride[1] - g->pad_begin[1] +
                        t % g->kernel[1] * g->dilation[1]) +
        offset[plane];
    float *weight = samples->weight + t * IR_POINT;

    find_point (s, y, x, samples->pixel + t * IR_POINT, weight);
    for (guint i = 0; mask && i < IR_POINT; i++)
      weight[i] *= mask[t * plane];
  }
  return TRUE;
}

static gboolean
sampling (const IrEvalCtx *ctx, IrSampling *s, GError **error)
{
  const DeformAttrs *attrs = ctx->attrs;
  const gint64 *in = ctx->in[DATA]->shape.dim;

  *s = (IrSampling){
    .ctx = ctx, .images = in[0] * attrs->deformable_group, .find = find
  };
  return ir_conv_geometry (&attrs->conv, 2, in + 2,
      ctx->in[WEIGHTS]->shape.dim + 2, &s->window, error);
}

/* What the window at a place sees of all channels: [channels, taps]. */
static gboolean
see (const IrSampling *s, gint64 image, gint64 row, gint64 column,
    IrSamples *samples, float *seen)
{
  const DeformAttrs *attrs = s->ctx->attrs;
  const IrMaps maps = ir_roi_maps (s->ctx, image);
  const gint64 plane = maps.height * maps.width;
  const gint64 moved = maps.channels / attrs->deformable_group;

  for (gint64 c = 0; c < maps.channels; c++) {
    if (c % moved == 0 &&
        !s->find (s, image * attrs->deformable_group + c / moved, row, column,
            samples))
      return FALSE;
    for (gsize t = 0; t < samples->n; t++, seen++) {
      *seen = 0;
      for (gsize i = t * IR_POINT; i < (t + 1) * IR_POINT; i++)
        if (samples->pixel[i] >= 0)
          *seen +=
              samples->weight[i] * maps.data[c * plane + samples->pixel[i]];
    }
  }
  return TRUE;
}

/* Row @i of all images. */
static gboolean
convolve_row (gconstpointer data, gint64 i, IrSamples *samples)
{
  const IrSampling *s = data;
  const DeformAttrs *attrs = s->ctx->attrs;
  const gint64 *out = s->ctx->out[0]->shape.dim;
  const gint64 n = ir_shape_size (&s->ctx->in[WEIGHTS]->shape, 1, 4);
  const gint64 per_group = out[1] / attrs->group, plane = out[2] * out[3];
  const float *weights = ir_eval_f32 (s->ctx, WEIGHTS);
  float *to = ir_eval_out_f32 (s->ctx, 0) + i / out[2] * out[1] * plane +
      i % out[2] * out[3];
  float *seen = samples->own;

  for (gint64 x = 0; x < out[3]; x++) {
    if (!see (s, i / out[2], i % out[2], x, samples, seen))
      return FALSE;
    for (gint64 o = 0; o < out[1]; o++) {
      const float *part = seen + o / per_group * n;
      double sum = 0;

      for (gint64 k = 0; k < n; k++)
        sum += (double) part[k] * weights[o * n + k];
      to[o * plane + x] = (float) sum;
    }
  }
  return TRUE;
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const gint64 *out = ctx->out[0]->shape.dim;
  const gsize seen = (gsize) ctx->in[DATA]->shape.dim[1] *
      ir_shape_size (&ctx->in[WEIGHTS]->shape, 2, 4);
  IrSampling s;

  if (ir_tensor_count (ctx->out[0]) == 0 || ctx->in[DATA]->shape.dim[1] == 0)
    return TRUE;
  return sampling (ctx, &s, error) &&
      ir_eval_samples (ctx, out[0] * out[2], seen, convolve_row, &s, error);
}

/* --- descriptors ------------------------------------------------------------- */

/* clang-format off */
#define CONV_ROW(name)                                                         \
  { #name, IR_ATTR_I64S, G_STRUCT_OFFSET (DeformAttrs, conv.name), NULL, NULL }
#define COMMON_ATTRS                                                           \
  CONV_ROW (strides), CONV_ROW (dilations),                                    \
  CONV_ROW (pads_begin), CONV_ROW (pads_end),                                  \
  { "auto_pad", IR_ATTR_ENUM, G_STRUCT_OFFSET (DeformAttrs, conv.auto_pad),    \
    "explicit", ir_auto_pad_names },                                           \
  IR_ATTR_ROW (DeformAttrs, group, I64, "1"),                                  \
  IR_ATTR_ROW (DeformAttrs, deformable_group, I64, "1")
/* clang-format on */

static const IrAttrDesc attrs_1[] = { COMMON_ATTRS, IR_ATTR_END };
static const IrAttrDesc attrs_8[] = { COMMON_ATTRS,
  IR_ATTR_ROW (DeformAttrs, bilinear_interpolation_pad, BOOL, "false"),
  IR_ATTR_END };

#define DEFORMABLE(number, inputs, text)                                       \
  const IrOpDesc ir_op_deformable_convolution_##number = {                     \
    .type = "DeformableConvolution",                                           \
    .opset = number,                                                           \
    .min_inputs = 3,                                                           \
    .max_inputs = inputs,                                                      \
    .n_outputs = 1,                                                            \
    .flags = IR_OP_F32,                                                        \
    .attrs_size = sizeof (DeformAttrs),                                        \
    .attrs = attrs_##number,                                                   \
    .infer = infer,                                                            \
    .evaluate = evaluate,                                                      \
    .sampling = sampling,                                                      \
    .summary = text,                                                           \
  };

DEFORMABLE (
    1, 3, "2-D convolution whose window's elements are moved by offsets")
DEFORMABLE (
    8, 4, "The same with a mask and a choice of what lies around the data")
