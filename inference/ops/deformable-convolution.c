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

typedef struct {
  const DeformAttrs *attrs;
  IrConvGeometry g;
  gint64 channels;
  gint64 per_group;  /* input channels that one output channel reads */
  gint64 per_deform; /* input channels that share offsets */
  gint64 n_taps;
  gint64 plane; /* of the input */
  gint64 out_plane;
  const float *data;
  const float *offsets;
  const float *mask; /* NULL: ones */
  float *samples;    /* [channels, taps] of one output place */
} Deform;

static float
pixel (const Deform *d, const float *plane, gint64 y, gint64 x)
{
  if (y < 0 || y >= d->g.in[0] || x < 0 || x >= d->g.in[1])
    return 0;
  return plane[y * d->g.in[1] + x];
}

/* The data at a point: with padding, the image goes on as zeros around it; else
 * points outside are zero and the last pixels reach up to the border. */
static float
sample (const Deform *d, const float *plane, float y, float x)
{
  const float height = (float) d->g.in[0], width = (float) d->g.in[1];
  gint64 top, left;
  float down, across;

  if (!d->attrs->bilinear_interpolation_pad)
    return y >= 0 && y < height && x >= 0 && x < width
        ? ir_roi_between (plane, d->g.in[0], d->g.in[1], y, x)
        : 0;
  if (!(y > -1 && y < height && x > -1 && x < width))
    return 0;
  top = (gint64) floorf (y);
  left = (gint64) floorf (x);
  down = y - (float) top;
  across = x - (float) left;
  return (1 - down) * (1 - across) * pixel (d, plane, top, left) +
      (1 - down) * across * pixel (d, plane, top, left + 1) +
      down * (1 - across) * pixel (d, plane, top + 1, left) +
      down * across * pixel (d, plane, top + 1, left + 1);
}

/* Reads what the output place @place sees of all channels. */
static void
sample_place (const Deform *d, gint64 place)
{
  const IrConvGeometry *g = &d->g;
  const gint64 row = place / g->out[1], column = place % g->out[1];
  float *to = d->samples;

  for (gint64 c = 0; c < d->channels; c++) {
    const gint64 first = c / d->per_deform * d->n_taps;
    const float *plane = d->data + c * d->plane;

    for (gint64 tap = 0; tap < d->n_taps; tap++, to++) {
      const float *offset =
          d->offsets + (first + tap) * 2 * d->out_plane + place;
      const float y = (float) (row * g->stride[0] - g->pad_begin[0] +
                          tap / g->kernel[1] * g->dilation[0]) +
          offset[0];
      const float x = (float) (column * g->stride[1] - g->pad_begin[1] +
                          tap % g->kernel[1] * g->dilation[1]) +
          offset[d->out_plane];

      *to = sample (d, plane, y, x);
      if (d->mask)
        *to *= d->mask[(first + tap) * d->out_plane + place];
    }
  }
}

static void
convolve (
    const Deform *d, const float *weights, gint64 out_channels, float *out)
{
  const gint64 n = d->per_group * d->n_taps;
  const gint64 per_group = out_channels / d->attrs->group;

  for (gint64 place = 0; place < d->out_plane; place++) {
    sample_place (d, place);
    for (gint64 o = 0; o < out_channels; o++) {
      const float *seen = d->samples + o / per_group * n;
      double sum = 0;

      for (gint64 i = 0; i < n; i++)
        sum += (double) seen[i] * weights[o * n + i];
      out[o * d->out_plane + place] = (float) sum;
    }
  }
}

static gboolean
evaluate (IrEvalCtx *ctx, GError **error)
{
  const IrShape *in = &ctx->in[DATA]->shape,
                *weights = &ctx->in[WEIGHTS]->shape;
  const IrShape *out = &ctx->out[0]->shape;
  g_autofree float *samples = NULL;
  Deform d = { .attrs = ctx->attrs };

  if (ir_tensor_count (ctx->out[0]) == 0 || in->dim[1] == 0)
    return TRUE;
  if (!ir_conv_geometry (
          &d.attrs->conv, 2, in->dim + 2, weights->dim + 2, &d.g, error))
    return FALSE;
  d.channels = in->dim[1];
  d.per_group = weights->dim[1];
  d.per_deform = d.channels / d.attrs->deformable_group;
  d.n_taps = d.g.kernel[0] * d.g.kernel[1];
  d.plane = d.g.in[0] * d.g.in[1];
  d.out_plane = d.g.out[0] * d.g.out[1];
  d.samples = samples = g_try_new (float, d.channels *d.n_taps);
  if (!samples)
    return ir_fail (error, IR_ERROR_LIMIT, "out of memory");

  for (gint64 b = 0; b < in->dim[0]; b++) {
    const gint64 maps = d.attrs->deformable_group * d.n_taps * d.out_plane;

    d.data = ir_eval_f32 (ctx, DATA) + b * d.channels * d.plane;
    d.offsets = ir_eval_f32 (ctx, OFFSETS) + b * 2 * maps;
    if (ctx->n_inputs > MASK)
      d.mask = ir_eval_f32 (ctx, MASK) + b * maps;
    convolve (&d, ir_eval_f32 (ctx, WEIGHTS), out->dim[1],
        ir_eval_out_f32 (ctx, 0) + b * out->dim[1] * d.out_plane);
  }
  return TRUE;
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
    .summary = text,                                                           \
  };

DEFORMABLE (
    1, 3, "2-D convolution whose window's elements are moved by offsets")
DEFORMABLE (
    8, 4, "The same with a mask and a choice of what lies around the data")
